"""What a worker does beside its jobs, each chore tried once."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.servers import opened_sqlite
from twin.jobs.queue import Periodic
from twin.operations.anchors import HmacKey, verify_anchors
from twin.operations.upkeep import Ledger, upkeep
from twin.operations.uploads import LIFETIME, begin_upload
from twin.record import Actor
from twin.store.blob_register import keep
from twin.store.blobs import open_blobs
from twin.store.outbox import Message
from twin.store.repository import Context, Store
from twin.store.uploads import known

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ANN = Context(Actor("a" * 32, "Ann"), NOW)


def test_each_chore_does_its_work(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    database = opened_sqlite(tmp_path / "qtems.db")
    store, blobs, got = Store(database), open_blobs(f"file://{tmp_path}/blobs"), list[Message]()
    content = blobs.put([b"scan"])
    begin_upload(store, ANN, "1" * 32, name="a.e57", size=1, sha256="0" * 64)
    with store.write(ANN) as unit:
        keep(unit, blobs, content, "model/e57")
        unit.tell(unit.new_id(), "before anybody listened", {}, project="1" * 32)
        unit.note("something", "thing:1", {}, project="1" * 32)
    ledger = Ledger(tmp_path / "elsewhere" / "ledger", HmacKey(b"x" * 32))
    later = NOW + LIFETIME + timedelta(days=1)
    chores: dict[str, Periodic] = {
        chore.name: chore for chore in upkeep(store, blobs, lambda: later, deliver=got.append, ledger=ledger)
    }
    with store.write(ANN) as unit:
        unit.tell(unit.new_id(), "hello", {}, project="1" * 32)
    for chore in chores.values():
        chore.run()
        chore.run()
    assert [message.topic for message in got] == ["hello"]
    assert [(v.holds, v.events) for v in verify_anchors(store, ledger.file, ledger.signer)] == [(True, 1)]
    with store.read() as view:
        assert known(view.connection) == set()
    Path(blobs.blob_path(content.sha256)).write_bytes(b"scam")
    chores["scrub"].run()
    Path(blobs.blob_path(content.sha256)).unlink()
    chores["scrub"].run()
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert told == [f"file {content.sha256} is {how}; bring it back from a backup" for how in ("damaged", "gone")]
    assert {chore.name for chore in upkeep(store, blobs, lambda: later)} == {
        "uploads", "reminders", "scrub", "letters", "glances",
    }  # fmt: skip
    database.close()
