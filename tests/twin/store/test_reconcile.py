"""Whatever is changed, removed or added in the database without the software shows when the trail is verified."""

from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from tests.servers import opened_sqlite, postgres_database
from tests.twin.store.test_elements import FIRST, checked, epoch, rows_of
from twin.audit import Tampering, Verification
from twin.operations.anchors import verify_streams
from twin.project import Organisation, Project
from twin.record import Actor
from twin.store import records
from twin.store.backup import restore_backup, write_backup
from twin.store.blobs import open_blobs
from twin.store.database import open_database
from twin.store.elements import digest_of_row
from twin.store.reconcile import KINDS, MOST_NAMED, verify_stream_and_records
from twin.store.repository import Context, Store
from twin.store.schema import ELEMENT_STATE, METADATA
from twin.store.trail import SYSTEM

P = "1" * 32
OWNER, GUEST = "0" * 32, "9" * 32


@pytest.fixture
def full(store: Store, context: Context) -> Store:
    """A store with an organisation, a project that was renamed and is shared, and element states of two checks."""
    return filled(store, context)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def untouched(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Store]:
    """Such a store for all tests that take back what they did."""
    context = Context(Actor("a" * 32, "Ann Auditor"), FIRST)
    if request.param == "sqlite":
        store = Store(opened_sqlite(tmp_path_factory.mktemp("untouched") / "qtems.db"))
        yield filled(store, context)
        store.database.close()
    else:
        with postgres_database() as url:
            store = Store(open_database(url))
            yield filled(store, context)
            store.database.close()


def filled(store: Store, context: Context) -> Store:
    with store.write(context) as unit:
        unit.add(records.ORGANISATION, Organisation(OWNER, "Builder"))
        unit.add(records.PROJECT, Project(P, OWNER, "TOWER", "Tower"))
        checked(unit, 1, rows_of(20, 1, {}))
        checked(unit, 2, rows_of(6, 2, {}))
        unit.share(records.CHECK_RUN, epoch(1).check, GUEST)
        unit.share(records.CHECK_RUN, epoch(2).check, GUEST)
        unit.unshare(records.CHECK_RUN, epoch(2).check, GUEST)
    later = Context(context.actor, context.now + timedelta(hours=1))
    with store.write(later) as unit:
        unit.save(records.PROJECT, Project(P, OWNER, "TOWER", "Harbour Tower"), expected=1)
    return store


def verified(store: Store, stream: str = P) -> Verification:
    with store.read() as view:
        return verify_stream_and_records(view.connection, stream)


def changed(store: Store, *statements: str) -> Verification:
    with store.database.engine.begin() as connection:
        for statement in statements:
            assert connection.execute(text(statement)).rowcount, statement
    return verified(store)


def told(found: Verification) -> list[tuple[str, str, Tampering]]:
    return [(fault.kind, fault.id, fault.fault) for fault in found.faults]


def test_what_nobody_touched_holds(full: Store) -> None:
    found = verified(full)
    assert (found.holds, found.faulty, found.faults) == (True, 0, ())
    assert found.records == 1 + 2 + 2 + 26 + 1  # the project, epochs, checks, element states, what is shared
    assert verified(full, SYSTEM).records == 1
    assert all(one.holds for one in verify_streams(full))


def test_every_kind_of_record_is_looked_at() -> None:
    with_body = {table.name for table in METADATA.sorted_tables if {"version", "body"} <= set(table.c.keys())}
    assert {kind.table.name for kind in KINDS} == with_body


DAMAGE = {
    "a body": ("UPDATE project SET body = '{{\"id\": \"{p}\"}}'", "project", P, Tampering.CHANGED),
    "a body with a float": ("UPDATE project SET body = '{{\"id\": 1.5}}'", "project", P, Tampering.CHANGED),
    "a column beside the body": ("UPDATE project SET name = 'Palace'", "project", P, Tampering.CHANGED),
    "a version": ("UPDATE project SET version = 1", "project", P, Tampering.CHANGED),
    "a time": ("UPDATE project SET changed_at = created_at", "project", P, Tampering.CHANGED),
    "which check counts": (
        "UPDATE check_run SET counts = false WHERE scan_epoch = '{e}'", "check_run", epoch(1).check, Tampering.CHANGED,
    ),
    "a row": ("DELETE FROM scan_epoch WHERE id = '{e}'", "scan_epoch", epoch(1).id, Tampering.MISSING),
    "what it is found by": (
        "INSERT INTO record_element (record, global_id) VALUES ('{e}', 'G1')", "scan_epoch", epoch(1).id,
        Tampering.CHANGED,
    ),
    "a row that was added": (
        "INSERT INTO scan_epoch SELECT '{x}', project, version, created_at, changed_at, captured_at, body "
        "FROM scan_epoch WHERE id = '{e}'", "scan_epoch", "e" * 32, Tampering.EXTRA,
    ),
    "a state": (
        "UPDATE element_state SET state = 'verified' WHERE check_run = '{c}' AND global_id = 'G00001'",
        "element_state", f"{epoch(1).check}/G00001", Tampering.CHANGED,
    ),
    "a measured value": (
        "UPDATE element_state SET body = '{{\"measured\": {{}}, \"state\": {{}}}}' "
        "WHERE check_run = '{c}' AND global_id = 'G00001'",
        "element_state", f"{epoch(1).check}/G00001", Tampering.CHANGED,
    ),
    "an element's state that is gone": (
        "DELETE FROM element_state WHERE check_run = '{c}' AND global_id = 'G00001'", "element_state",
        epoch(1).check, Tampering.MISSING,
    ),
    "all states of a check": (
        "DELETE FROM element_state WHERE check_run = '{c}'", "element_state", epoch(1).check, Tampering.MISSING,
    ),
    "a share": (
        "INSERT INTO share (record, organisation, kind) VALUES ('{e}', '{g}', 'anything')", "share",
        f"anything:{epoch(1).id}/{GUEST}", Tampering.EXTRA,
    ),
    "a share that is gone": (
        "DELETE FROM share WHERE organisation = '{g}'", "share", f"check_run:{epoch(1).check}/{GUEST}",
        Tampering.MISSING,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", DAMAGE)
def test_what_was_changed_beside_the_software_shows_by_kind_and_identifier(untouched: Store, what: str) -> None:
    statement, kind, identifier, fault = DAMAGE[what]
    with untouched.database.engine.connect() as connection:
        done = connection.execute(text(statement.format(p=P, e=epoch(1).id, c=epoch(1).check, x="e" * 32, g=GUEST)))
        assert done.rowcount
        found, others = (verify_stream_and_records(connection, stream) for stream in (P, SYSTEM))
        connection.rollback()
    assert others.holds
    assert not found.holds
    assert told(found) == [(kind, identifier, fault)]
    assert "\n" not in found.faults[0].reason
    assert found.first_bad is None


def test_a_state_written_anew_with_its_digest_shows_by_that_of_all(full: Store) -> None:
    with full.database.engine.begin() as connection:
        mine = (ELEMENT_STATE.c.check_run == epoch(1).check) & (ELEMENT_STATE.c.global_id == "G00001")
        row = dict(connection.execute(select(ELEMENT_STATE).where(mine)).mappings().one()) | {"state": "verified"}
        connection.execute(update(ELEMENT_STATE).where(mine).values(state="verified", digest=digest_of_row(row)))
    assert told(verified(full)) == [("element_state", epoch(1).check, Tampering.CHANGED)]


def test_a_record_moved_to_another_project_is_missing_in_one_and_extra_in_the_other(full: Store) -> None:
    elsewhere = "2" * 32
    found = changed(full, f"UPDATE scan_epoch SET project = '{elsewhere}' WHERE id = '{epoch(2).id}'")
    assert told(found) == [("scan_epoch", epoch(2).id, Tampering.MISSING)]
    streams = {one.stream: told(one) for one in verify_streams(full) if not one.holds}
    assert streams[elsewhere] == [("scan_epoch", epoch(2).id, Tampering.EXTRA)]


def test_a_broken_chain_does_not_hide_what_happened_to_records(full: Store) -> None:
    table = "audit_event"
    with full.database.engine.begin() as connection:
        if full.database.is_sqlite:
            connection.execute(text(f"DROP TRIGGER {table}_no_update"))
        else:
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
    found = changed(
        full,
        f"UPDATE {table} SET reason = 'forged' WHERE stream = '{P}' AND seq = 2",
        f"DELETE FROM scan_epoch WHERE id = '{epoch(2).id}'",
    )
    assert found.first_bad == 2
    assert told(found) == [("scan_epoch", epoch(2).id, Tampering.MISSING)]


def test_many_faults_are_counted_and_the_first_are_named(full: Store, context: Context) -> None:
    with full.write(context) as unit:
        checked(unit, 3, rows_of(300, 3, {}))
    found = changed(full, f"UPDATE element_state SET name = 'x' WHERE check_run = '{epoch(3).check}'")
    assert (found.faulty, len(found.faults)) == (300, MOST_NAMED)


def test_a_restored_backup_holds(full: Store, tmp_path: Path) -> None:
    blobs = open_blobs(f"file://{tmp_path}/blobs")
    write_backup(full.database, blobs, tmp_path / "a.qtems", now=FIRST, software="0.1.0")
    other = open_database(f"sqlite:///{tmp_path / 'other.db'}")
    restore_backup(tmp_path / "a.qtems", other, blobs)
    assert verified(Store(other)) == verified(full)
    other.close()
