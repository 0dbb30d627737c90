"""A backup is proven by restoring it, onto the same kind of database and onto the other, and by damaging it."""

import json
import zipfile
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from tests import servers
from twin.errors import Conflict, Damaged, NotFound, Refused
from twin.operations.backup import backup, restore
from twin.record import Actor
from twin.store import jobs
from twin.store.backup import FORMAT, LEFT_OUT, check_backup
from twin.store.blob_register import keep, scrub
from twin.store.blobs import BlobStore, open_blobs
from twin.store.database import Database, open_database
from twin.store.repository import Context, Store
from twin.store.schema import METADATA
from twin.store.trail import SYSTEM, current_anchor, note_anchor, streams, verify_stream
from twin.store.upgrade import upgrade

CONTEXT = Context(Actor("a" * 32, "Ann 安"), datetime(2026, 11, 22, 8, 0, 1, 234567, tzinfo=UTC))
P = "1" * 32


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return open_blobs(f"file://{tmp_path}/blobs")


@pytest.fixture
def filled(store: Store, blobs: BlobStore) -> Store:
    return fill(store, blobs, events=40)


def fill(store: Store, blobs: BlobStore, *, events: int) -> Store:
    kept, loose, stray = (blobs.put([word * 1000]) for word in (b"scan", b"photo", b"never named"))
    with store.write(CONTEXT) as unit:
        keep(unit, blobs, kept, "model/e57")
        for i in range(events):
            unit.note("step", f"thing:{i}", {"i": i, "text": '质量 \u2028 "q"', "none": None}, project=P)
        unit.note("photo", "thing:1", {"evidence": loose.sha256}, project="2" * 32)
        for i in range(3):
            unit.tell(unit.new_id(), "topic", {"n": i}, project=P)
        note_anchor(unit.connection, current_anchor(unit.connection, P, CONTEXT.now), "ledger.txt")
        unit.number(P, "ncr")
        jobs.enqueue(unit, "check", {"list": [1, "2", None, True]}, project=P)
    assert stray
    return store


@pytest.fixture(params=["sqlite", "postgresql"])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Database]:
    if request.param == "sqlite":
        database = open_database(f"sqlite:///{tmp_path}/other.db")
        yield database
        database.close()
    else:
        with servers.postgres_database(tables=False) as url:
            database = open_database(url)
            yield database
            database.close()


def content(database: Database) -> dict[str, list[tuple[object, ...]]]:
    def plain(value: object) -> object:
        return json.dumps(value, sort_keys=True) if isinstance(value, (dict, list)) else value

    with database.read() as connection:
        return {
            table.name: [
                tuple(plain(v) for v in row)
                for row in connection.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in METADATA.sorted_tables
        }


def test_what_is_restored_is_what_was_saved(store: Store, blobs: BlobStore, other: Database, tmp_path: Path) -> None:
    filled = fill(store, blobs, events=1200)
    archive, elsewhere = tmp_path / "backup.zip", open_blobs(f"file://{tmp_path}/elsewhere")
    before = content(filled.database)
    manifest = backup(filled, blobs, CONTEXT, archive)
    assert check_backup(archive) == manifest
    assert archive.stat().st_mode & 0o077 == 0
    restored = Store(other)
    restore(restored, elsewhere, CONTEXT, archive)
    after = content(other)
    assert sum(map(len, before.values())) > 1200
    notes = after["audit_event"][-1:]
    assert "restore" in notes[0]
    after["audit_event"] = after["audit_event"][:-1]
    assert after == {name: [] if name in LEFT_OUT else rows for name, rows in before.items()}
    assert len(manifest.blobs) == 2
    assert {c.sha256 for c in elsewhere.list()} == {c.sha256 for c in manifest.blobs}
    assert scrub(restored, elsewhere).holds
    with restored.read() as view:
        assert streams(view.connection) == sorted([P, "2" * 32, SYSTEM])
        assert all(verify_stream(view.connection, s).holds for s in streams(view.connection))
    with restored.write(CONTEXT) as unit:  # numbering goes on
        unit.tell("e" * 32, "topic", {}, project=P)
        assert unit.connection.execute(text("SELECT max(seq), count(*) FROM outbox")).one() == (4, 4)
        assert unit.number(P, "ncr") == 2


def damaged(archive: Path, how: str) -> Path:
    """Return a copy of an archive with something wrong in it that ZIP's own checksums may or may not show."""
    broken = archive.with_name("broken.zip")
    if how == "cut":
        broken.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
        return broken
    if how == "bit":
        whole = bytearray(archive.read_bytes())
        with zipfile.ZipFile(archive) as good:  # within what is kept, not a header's date that nobody reads
            largest = max(good.infolist(), key=lambda info: info.compress_size)
        whole[largest.header_offset + 100 + largest.compress_size // 2] ^= 0x10
        broken.write_bytes(whole)
        return broken
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(broken, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if how == "row" and name == "rows/audit_event.jsonl":
                data = data.replace(b'"i":7,', b'"i":8,', 1)
            if how == "rows" and name == "rows/outbox.jsonl":
                data = data[data.index(b"\n") + 1 :]
            if how == "no json" and name == "rows/job.jsonl":
                data = b"{" + data
            if how == "blob" and name.startswith("blobs/"):
                data = data[:-1] + b"?"
            if how == "manifest" and name == "manifest.json":
                data = data[:-5]
            if how in ("no table", "no blob", "no manifest") and name.startswith(
                {"no table": "rows/job", "no blob": "blobs/", "no manifest": "manifest"}[how]
            ):
                continue
            new.writestr(name, data)
    return broken


DAMAGES = ("cut", "bit", "row", "rows", "no json", "blob", "manifest", "no table", "no blob", "no manifest")


def test_a_damaged_archive_is_told_in_one_line_and_restores_no_record(
    filled: Store, blobs: BlobStore, tmp_path: Path
) -> None:
    archive = tmp_path / "backup.zip"
    backup(filled, blobs, CONTEXT, archive)
    for i, how in enumerate(DAMAGES):
        broken = damaged(archive, how)
        empty = open_database(f"sqlite:///{tmp_path}/empty-{i}.db")
        with pytest.raises(Damaged, match=r"damaged.*take another backup") as told:
            restore(Store(empty), open_blobs(f"file://{tmp_path}/b-{i}"), CONTEXT, broken)
        assert "\n" not in str(told.value)
        with pytest.raises(Damaged, match="damaged"):
            check_backup(broken)
        upgrade(empty)
        assert not any(content(empty).values()), how
        restore(Store(empty), open_blobs(f"file://{tmp_path}/b-{i}"), CONTEXT, archive)  # with the good one it goes on
        empty.close()


def test_a_trail_that_was_bent_before_the_backup_does_not_pass_as_restored(
    filled: Store, blobs: BlobStore, tmp_path: Path
) -> None:
    archive = tmp_path / "backup.zip"
    with filled.database.engine.begin() as connection:
        if filled.database.is_sqlite:
            connection.execute(text("DROP TRIGGER audit_event_no_update"))
        else:
            connection.execute(text("ALTER TABLE audit_event DISABLE TRIGGER ALL"))
        connection.execute(text("UPDATE audit_event SET reason = 'x' WHERE seq = 5"))
    backup(filled, blobs, CONTEXT, archive)
    empty = open_database(f"sqlite:///{tmp_path}/empty.db")
    with pytest.raises(Damaged, match=f"audit stream {P}, event 5"):
        restore(Store(empty), open_blobs(f"file://{tmp_path}/b"), CONTEXT, archive)
    empty.close()


def test_what_cannot_be_saved_whole_is_not_saved(filled: Store, blobs: BlobStore, tmp_path: Path) -> None:
    archive = tmp_path / "backup.zip"
    (kept,) = [c for c in blobs.list() if c.size == 4000]
    path = Path(blobs.blob_path(kept.sha256))
    good = path.read_bytes()
    path.write_bytes(good[:-1] + b"?")
    with pytest.raises(Damaged, match="is damaged"):
        backup(filled, blobs, CONTEXT, archive)
    path.unlink()
    with pytest.raises(Damaged, match="are gone"):
        backup(filled, blobs, CONTEXT, archive)
    assert [f.name for f in tmp_path.glob("*backup*")] == []
    path.write_bytes(good)
    backup(filled, blobs, CONTEXT, archive)
    with pytest.raises(Conflict, match="exists already"):
        backup(filled, blobs, CONTEXT, archive)


def test_a_restore_writes_over_nothing_and_knows_its_limits(filled: Store, blobs: BlobStore, tmp_path: Path) -> None:
    archive, newer = tmp_path / "backup.zip", tmp_path / "newer.zip"
    backup(filled, blobs, CONTEXT, archive)
    with pytest.raises(Refused, match="records in the database already"):
        restore(filled, blobs, CONTEXT, archive)
    with pytest.raises(NotFound, match="no backup"):
        restore(filled, blobs, CONTEXT, tmp_path / "nothing.zip")
    for change, says in (
        ({"revision": "9999"}, "newer version"),
        ({"format": "qtems.backup/9"}, "no backup that this version"),
    ):
        with zipfile.ZipFile(archive) as old, zipfile.ZipFile(newer, "w") as new:
            manifest = json.loads(old.read("manifest.json"))
            assert manifest["format"] == FORMAT
            new.writestr("manifest.json", json.dumps({**manifest, **change}))
        empty = open_database(f"sqlite:///{tmp_path}/{change}.db")
        with pytest.raises(Refused, match=says):
            restore(Store(empty), blobs, CONTEXT, newer)
        empty.close()


def test_others_go_on_writing_while_a_backup_is_made(
    filled: Store, blobs: BlobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import twin.store.backup as module

    saved = module._save_table  # pyright: ignore[reportPrivateUsage]
    late = Context(CONTEXT.actor, CONTEXT.now + timedelta(minutes=1))

    def and_meanwhile(*args: object) -> object:
        with filled.write(late) as unit:
            unit.note("meanwhile", "thing:1", {"n": 1}, project=P)
        return saved(*args)  # pyright: ignore[reportArgumentType]

    before = len(content(filled.database)["audit_event"])
    monkeypatch.setattr(module, "_save_table", and_meanwhile)
    manifest = backup(filled, blobs, CONTEXT, tmp_path / "backup.zip")
    counts = {table.name: table.rows for table in manifest.tables}
    assert counts["audit_event"] in (before, before + 1)  # the moment of the first read, which the first one precedes
    assert len(content(filled.database)["audit_event"]) > before + 5
    empty = open_database(f"sqlite:///{tmp_path}/empty.db")
    restore(Store(empty), open_blobs(f"file://{tmp_path}/b"), CONTEXT, tmp_path / "backup.zip")
    empty.close()
