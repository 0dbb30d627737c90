"""Looking after a server's records from the command line."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from api.cli import main
from twin.project import Organisation
from twin.record import Actor
from twin.store import records
from twin.store.blob_register import keep
from twin.store.blobs import open_blobs
from twin.store.database import Database, open_database
from twin.store.repository import Context, Store

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    assert main(["database", "upgrade", "--data-dir", str(folder)]) == 0
    database = opened(folder)
    with Store(database).write(Context(Actor("a" * 32, "Ann"), NOW)) as unit:
        for number in range(3):
            unit.note("sign_in", "user:ann", {"number": number})
    database.close()
    return folder


def opened(folder: Path) -> Database:
    return open_database(f"sqlite:///{folder / 'qtems.db'}")


def test_a_backup_is_checked_and_restored_elsewhere(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive, other = str(tmp_path / "all.qtems"), str(tmp_path / "other")
    assert main(["database", "backup", archive, "--data-dir", str(place)]) == 0
    assert main(["database", "check", archive]) == 0
    assert main(["database", "restore", archive, "--data-dir", other]) == 0
    assert main(["audit", "verify", "--data-dir", other]) == 0
    assert "the trail holds: 4 events" in capsys.readouterr().out  # the fourth tells of the restoring
    assert main(["database", "restore", archive, "--data-dir", other]) == 2
    assert "restore into an empty one" in capsys.readouterr().err


def test_files_that_nothing_refers_to_go_and_the_others_stay(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blobs = open_blobs(f"file://{place / 'blobs'}")
    kept, stray = (blobs.put(iter([text])) for text in (b"cited", b"stray"))
    database = opened(place)
    with Store(database).write(Context(Actor("a" * 32, "Ann"), NOW - timedelta(days=400))) as unit:
        for content in (kept, stray):
            keep(unit, blobs, content, "text/plain")
        unit.note("saw", "file", {"sha256": kept.sha256})
    database.close()
    for file in (place / "blobs").rglob("*"):
        os.utime(file, (0, 0))
    assert main(["database", "tidy", "--data-dir", str(place)]) == 0
    assert "removed 1 files" in capsys.readouterr().out
    assert [content.sha256 for content in blobs.list()] == [kept.sha256]
    assert main(["audit", "verify", "--data-dir", str(place)]) == 0


def test_a_cut_tail_shows_against_the_anchors_alone(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, heads = tmp_path / "key", tmp_path / "heads"
    key.write_bytes(bytes(range(32)))
    asked = [str(heads), "--key", str(key), "--data-dir", str(place)]
    assert main(["audit", "anchor", *asked]) == 0
    assert main(["audit", "verify", *asked]) == 0
    database = opened(place)
    with database.engine.begin() as connection:
        for table in ("audit_event", "audit_anchor"):
            connection.execute(text(f"DROP TRIGGER {table}_no_delete"))
        connection.execute(text("DELETE FROM audit_event WHERE seq = 3"))
        connection.execute(text("DELETE FROM audit_anchor"))
    database.close()
    assert main(["audit", "verify", "--data-dir", str(place)]) == 0
    assert "a cut tail would not show" in capsys.readouterr().out
    assert main(["audit", "verify", *asked]) == 1
    assert "broken at event 3" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["database", "backup"], "name the archive"),
        (["database", "check", "nowhere.qtems"], "there is no backup"),
        (["audit", "anchor"], "name the file"),
        (["audit", "verify", "heads"], "name the key"),
        (["database", "upgrade", "--database-url", "mysql://x/y"], "not supported"),
        (["audit", "verify", "--database-url", "sqlite:///{place}/empty.db"], "qtems database upgrade"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [argument.format(place=tmp_path) for argument in arguments]
    assert main([*given, "--data-dir", str(tmp_path / "data")]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert len(told.splitlines()) == 1


def test_a_record_changed_in_the_database_is_named(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = opened(place)
    with Store(database).write(Context(Actor("a" * 32, "Ann"), NOW)) as unit:
        unit.add(records.ORGANISATION, Organisation("0" * 32, "Builder"))
    assert main(["audit", "verify", "--data-dir", str(place)]) == 0
    assert "4 events in 1 streams, 1 records" in capsys.readouterr().out
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE organisation SET name = 'Palace'"))
    database.close()
    assert main(["audit", "verify", "--data-dir", str(place)]) == 1
    said = capsys.readouterr().out
    assert f"organisation {'0' * 32} changed: column name is not what its content says" in said
    assert "the trail does not hold" in said
