"""What is known of elements when checks come out of order, another check counts, or the design changed since."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from geometry.verdict import Outcome
from twin.check_record import ElementRow
from twin.element_state import Epoch, Seen, Status, observe_all
from twin.errors import Refused
from twin.finding import CauseKind, Defect, Failure, Finding, Location, Origin, Severity
from twin.ncr_criteria import CheckedCharacteristic, CheckedElement
from twin.ncr_parts import Recheck, RecheckOutcome, RecheckSource
from twin.ncr_record import NonConformance
from twin.operations.check_standing import Found, count_check, derive_anew, is_over
from twin.operations.counting import require_counting, require_counting_rechecks
from twin.operations.design_changes import carried, changes_since
from twin.project import CheckRun, ModelRevision, RegistrationRecord, RegistrationStatus, ScanEpoch, ScanFile
from twin.record import Actor, Evidence, EvidenceKind, Id
from twin.revision_diff import Change, ElementFingerprint, diff_revisions
from twin.store import records
from twin.store.blobs import BlobStore, open_blobs
from twin.store.codec import to_json
from twin.store.elements import history_of, keep_states, latest_states, page_of
from twin.store.repository import Context, Store, Unit

P = "1" * 32
SHA = "a" * 64
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
IDENTITY = tuple(Decimal(int(i % 5 == 0)) for i in range(16))
ANN = Actor("a" * 32, "Ann")
SHAPES = {1: {"beam": "s", "column": "s", "wall": "s", "slab": "s"}}
SHAPES[2] = {**SHAPES[1], "beam": "longer"}
SHAPES[3] = {name: shape for name, shape in SHAPES[2].items() if name != "column"} | {"stair": "s"}
SHAPES[4] = {**SHAPES[3], "column": "s"}


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return open_blobs(f"file://{tmp_path}/blobs")


def revision(number: int) -> Id:
    return f"{number:032x}"


def elements_of(number: int) -> list[ElementFingerprint]:
    return [ElementFingerprint(name, shape, "p") for name, shape in SHAPES[number].items()]


def revise(unit: Unit, blobs: BlobStore, number: int, *, known: bool = True) -> None:
    mine = elements_of(number)
    columns = {
        "global_id": [e.global_id for e in mine], "geometry": [e.geometry_sha256 for e in mine],
        "properties": [e.properties_sha256 for e in mine],
    }  # fmt: skip
    kept = blobs.put([json.dumps(columns).encode()]).sha256 if known else ""
    unit.add(records.MODEL_REVISION, ModelRevision(
        revision(number), P, number, "a.ifc", SHA, "IFC4", Decimal(1), FIRST, fingerprints_sha256=kept,
        previous=revision(number - 1) if number > 1 else None,
        diff=diff_revisions(elements_of(number - 1), mine) if number > 1 else None,
    ))  # fmt: skip


def check(
    unit: Unit, blobs: BlobStore, day: int, seen: dict[str, Seen], *, of: int = 1, name: Id = "", counts: bool = True
) -> Id:
    """Keep a check of the epoch of a day as it would be kept when it is run."""
    identifier, epoch = name or f"{200 + day:032x}", Epoch(f"{100 + day:032x}", FIRST + timedelta(days=day), "", "")
    if not unit.has(records.SCAN_EPOCH, epoch.id):
        unit.add(records.SCAN_EPOCH, ScanEpoch(epoch.id, P, f"day {day}", epoch.captured_at, (ScanFile("a", SHA, 1),)))
    found = blobs.put([json.dumps(to_json(Found((), ()))).encode()]).sha256
    unit.add(records.CHECK_RUN, CheckRun(
        identifier, P, revision(of), epoch.id, SHA, (SHA,), "t", "0.1.0", 0, FIRST, FIRST,
        RegistrationRecord(RegistrationStatus.ACCEPTED, "given", IDENTITY), Evidence(EvidenceKind.REPORT, SHA),
        counts=counts, findings_sha256=found,
    ))  # fmt: skip
    known = carried(unit, blobs, latest_states(unit.connection, P, before=epoch.captured_at), revision(of))
    made = replace(epoch, revision=revision(of), check=identifier)
    states = observe_all(P, SHAPES[of], known, seen, epoch=made)
    keep_states(unit, [ElementRow(s, "IfcWall", s.global_id, "", "pass", {}) for s in states])
    if counts:
        derive_anew(unit, blobs, P, since=epoch.captured_at, reason="test")
    return identifier


def known(store: Store, day: int) -> dict[str, tuple[Status, bool]]:
    with store.read() as view:
        items = page_of(view.connection, P, f"{100 + day:032x}").items
    return {row.state.global_id: (row.state.status, row.state.stale) for row in items}


ALL = dict.fromkeys(SHAPES[1], Seen.PASSED)


def test_a_changed_shape_takes_the_verdict_back_when_the_next_epoch_does_not_see_it(
    store: Store, context: Context, blobs: BlobStore
) -> None:
    with store.write(context) as unit:
        revise(unit, blobs, 1)
        check(unit, blobs, 1, {**ALL, "wall": Seen.ABSENT})
        revise(unit, blobs, 2)
        check(unit, blobs, 2, {}, of=2)
    assert known(store, 1)["beam"] == (Status.VERIFIED, False)
    assert known(store, 2) == {
        "beam": (Status.UNRESOLVED, True), "column": (Status.VERIFIED, True), "slab": (Status.VERIFIED, True),
        "wall": (Status.MISSING, True),
    }  # fmt: skip


def test_an_element_that_was_out_of_the_design_meanwhile_is_known_no_more(
    store: Store, context: Context, blobs: BlobStore
) -> None:
    with store.write(context) as unit:
        for number in (1, 2, 3, 4):
            revise(unit, blobs, number)
        check(unit, blobs, 1, ALL)
        check(unit, blobs, 2, {}, of=3)
        check(unit, blobs, 3, {}, of=4)
    assert "column" not in known(store, 2)
    assert known(store, 2)["stair"] == (Status.PLANNED, True)
    assert known(store, 3)["column"] == (Status.PLANNED, True)


def test_revisions_that_cannot_be_compared_take_every_verdict_back(
    store: Store, context: Context, blobs: BlobStore
) -> None:
    with store.write(context) as unit:
        revise(unit, blobs, 1, known=False)
        check(unit, blobs, 1, ALL)
        revise(unit, blobs, 2)
        check(unit, blobs, 2, {}, of=2)
        assert changes_since(unit, blobs, P, revision(1)) is None
    assert set(known(store, 2).values()) == {(Status.UNRESOLVED, True)}


def test_what_the_design_did_since_is_told(store: Store, context: Context, blobs: BlobStore) -> None:
    with store.write(context) as unit:
        for number in (1, 2, 3):
            revise(unit, blobs, number)
        changes = changes_since(unit, blobs, P, revision(1))
        assert changes_since(unit, blobs, P, revision(3)) == {}
    assert changes == {
        "beam": Change.SHAPE, "column": Change.REMOVED, "stair": Change.ADDED, "wall": Change.NONE, "slab": Change.NONE,
    }  # fmt: skip


def test_an_epoch_that_was_captured_earlier_and_checked_later_takes_its_place(
    store: Store, context: Context, blobs: BlobStore
) -> None:
    late, early = {"beam": Seen.NOT_SEEN, "wall": Seen.PASSED}, {"beam": Seen.FAILED, "wall": Seen.FAILED}
    with store.write(context) as unit:
        revise(unit, blobs, 1)
        check(unit, blobs, 2, late)
    assert known(store, 2)["beam"] == (Status.PLANNED, True)
    with store.write(context) as unit:
        check(unit, blobs, 1, early)
    assert known(store, 2)["beam"] == (Status.DEVIATING, True)
    assert known(store, 2)["wall"] == (Status.VERIFIED, False)


def test_another_check_that_counts_changes_what_is_known_from_there_on_and_history_keeps_both(
    store: Store, context: Context, blobs: BlobStore
) -> None:
    with store.write(context) as unit:
        revise(unit, blobs, 1)
        first = check(unit, blobs, 1, {"beam": Seen.FAILED})
        other = check(unit, blobs, 1, {"beam": Seen.PASSED}, name="f" * 32, counts=False)
        check(unit, blobs, 2, {"beam": Seen.NOT_SEEN})
    assert known(store, 2)["beam"] == (Status.DEVIATING, True)
    stored = count_check(store, blobs, context, other, reason="pose corrected", expected=1)
    assert (stored.record.counts, stored.record.counting_reason) == (True, "pose corrected")
    assert known(store, 1)["beam"] == (Status.VERIFIED, False)
    assert known(store, 2)["beam"] == (Status.VERIFIED, True)
    with store.read() as view:
        told = [(r.state.epoch.check, counts) for r, counts in history_of(view.connection, P, "beam")]
        assert not view.get(records.CHECK_RUN, first).record.counts
    assert told[:2] == [(first, False), (other, True)]
    with pytest.raises(Refused, match="counts for its epoch already"):
        count_check(store, blobs, context, other, reason="again", expected=2)


def test_a_refused_registration_cannot_count(store: Store, context: Context, blobs: BlobStore) -> None:
    with store.write(context) as unit:
        revise(unit, blobs, 1)
        check(unit, blobs, 1, {})
        run = unit.get(records.CHECK_RUN, f"{201:032x}").record
        refused = RegistrationRecord(RegistrationStatus.REFUSED, "auto")
        unit.add(records.CHECK_RUN, replace(run, id="e" * 32, registration=refused, counts=False))
    with pytest.raises(Refused, match="registration was refused"):
        count_check(store, blobs, context, "e" * 32, reason="why not", expected=1)


def test_nothing_is_closed_on_a_check_that_does_not_count(store: Store, context: Context, blobs: BlobStore) -> None:
    with store.write(context) as unit:
        revise(unit, blobs, 1)
        first = check(unit, blobs, 1, {})
        other = check(unit, blobs, 1, {}, name="f" * 32, counts=False)
        told = (RecheckOutcome("beam", Outcome.PASS),)
        by_first, by_other = (
            Recheck(one, RecheckSource.CHECK_RUN, "n", FIRST, told, ANN) for one in (first, other)
        )  # fmt: skip
        ncr = NonConformance("n", P, "Beam", Severity.MAJOR, Decimal(1), "element", ANN, FIRST)
        require_counting_rechecks(unit, replace(ncr, rechecks=(by_other, by_first)))  # the last word counts
        with pytest.raises(Refused, match="does not count"):
            require_counting_rechecks(unit, replace(ncr, rechecks=(by_first, by_other)))
        with pytest.raises(Refused, match="does not count"):
            require_counting(unit.get(records.CHECK_RUN, other).record)


@pytest.mark.parametrize(("upper", "actual", "verdict", "over"), [
    ("10", "4", Outcome.PASS, True),
    ("500", "14", Outcome.PASS, False),  # passes by wider limits only
    ("500", "4", Outcome.PASS, True),  # its value passes those that were violated, too
    ("10", "9", Outcome.INDETERMINATE, False),
])  # fmt: skip
def test_a_finding_is_over_only_by_the_limits_that_it_failed(
    upper: str, actual: str, verdict: Outcome, over: bool
) -> None:
    failure = Failure("beam", "position", "user", Decimal(14), Decimal(-10), Decimal(10), Decimal(2))
    finding = Finding(
        "f", P, Origin("c", "m", "e"), Defect(CauseKind.FORM, ("beam",), (failure,)), Severity.MAJOR,
        Location(Decimal(0), Decimal(0), Decimal(0)), ANN, FIRST,
    )  # fmt: skip
    said = CheckedCharacteristic(
        "position", "user", verdict, Decimal(actual), -Decimal(upper), Decimal(upper), Decimal(2)
    )
    assert is_over(finding, {"beam": CheckedElement("beam", verdict, (said,))}) is over
    assert not is_over(finding, {})
    assert not is_over(finding, {"beam": CheckedElement("beam", Outcome.PASS, ())})
