"""From a deviation to a closed record: two revisions of reality, one nonconformance, nothing lost, nothing twice."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from geometry.verdict import Outcome
from tests.reference.house import DESIGN, MOVED, STATIONS, T_SCAN_DESIGN, built
from tests.reference.scenes import scan_of
from tests.servers import opened_sqlite
from tests.twin.test_checks import obj_of
from twin.access import Capacity, Role
from twin.disposition import Decision, DispositionLine
from twin.errors import NotAllowed, Refused
from twin.finding import FindingStatus
from twin.ncr import (
    NonConformance,
    State,
    assemble,
    capture_cost,
    contain,
    correct,
    decide_capa,
    dispose,
    propose,
    record_containment,
    reinspect,
    review,
)
from twin.ncr_parts import CapaDecision, Containment, ContainmentKind, Cost
from twin.ncr_parts import Member as Seat
from twin.operations.change import change
from twin.operations.checks import CheckOrder, run_ordered_check
from twin.operations.models import import_model
from twin.operations.ncrs import close_ncr, confirm_finding, open_ncr, sign_ncr
from twin.operations.projects import add_member, found_organisation, found_project, membership
from twin.operations.scans import import_scans
from twin.operations.work import Upload, Work
from twin.record import Actor, Id
from twin.store import records
from twin.store.blobs import open_blobs
from twin.store.repository import Context, Store
from twin.store.trail import verify_stream

ANN, QUINN, DORA, CARL = (Actor(c * 32, name) for c, name in zip("abdc", ("Ann", "Quinn", "Dora", "Carl"), strict=True))
DAY = timedelta(days=1)


@dataclass
class Site:
    """A project whose time passes."""

    work: Work
    project: Id
    revision: Id
    at: list[datetime]
    epochs: list[Id] = field(default_factory=list[Id])

    def context(self, actor: Actor) -> Context:
        self.at[0] += timedelta(minutes=1)
        return Context(actor, self.at[0])

    def check(self, standing: list[str], number: int) -> Id:
        """Scan the building with these elements still out of place, and check it."""
        self.at[0] += DAY
        boxes = [
            b if b.name in standing or b.name not in MOVED else next(d for d in DESIGN if d.name == b.name)
            for b in built()
        ]
        scan = scan_of(boxes, STATIONS, step=0.035, noise=0.002, seed=number, T_scan_design=T_SCAN_DESIGN, poses=False)
        points = T_SCAN_DESIGN.inverse().apply(scan.points + scan.origin)
        content = "\n".join(f"{x:.5f} {y:.5f} {z:.5f}" for x, y, z in points).encode()
        upload = Upload(f"week-{number}.xyz", self.work.blobs.put([content]).sha256)
        epoch = import_scans(
            self.work, identifier=f"e{number:031x}", project=self.project, name=f"Week {number}",
            captured_at=self.at[0], files=[upload],
        ).record.id  # fmt: skip
        self.at[0] += timedelta(hours=1)
        order = CheckOrder(
            f"c{number:031x}", self.project, self.revision, epoch, tolerance_mm="10", registration="given", formats=()
        )
        return run_ordered_check(self.work, order).record.id

    def step(self, ncr: Id, verb: Callable[[NonConformance], NonConformance], actor: Actor) -> NonConformance:
        with self.work.store.read() as view:
            version = view.get(records.NCR, ncr).version
        context = self.context(actor)
        return change(self.work.store, context, records.NCR, ncr, verb, action="step", expected=version).record

    def close(self, ncr: Id) -> NonConformance:
        """Quinn, who did not correct, signs that it is closed."""
        with self.work.store.read() as view:
            version = view.get(records.NCR, ncr).version
            member = membership(view, self.project, QUINN.id)
        return close_ncr(self.work.store, self.context(QUINN), ncr, member=member, expected=version).record

    def ncrs(self) -> list[NonConformance]:
        with self.work.store.read() as view:
            return [s.record for s in view.all(records.NCR, project=self.project)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder: Path = tmp_path_factory.mktemp("site")
    database = opened_sqlite(folder / "qtems.db")
    at = [datetime(2026, 3, 2, 8, tzinfo=UTC)]
    work = Work(Store(database), open_blobs(f"file://{folder}/blobs"), ANN, lambda: at[0], lambda _s, _f: None)
    owner = found_organisation(work.store, work.context(), "Builder").record.id
    project = found_project(work.store, work.context(), organisation=owner, key="HOUSE", name="House").record.id
    for actor, role, capacity in (
        (QUINN, Role.QUALITY_MANAGER, Capacity.QUALITY_MANAGER), (DORA, Role.DESIGNER, Capacity.DESIGN_AUTHORITY),
        (CARL, Role.SITE_MANAGER, Capacity.CONTRACTOR),
    ):  # fmt: skip
        add_member(
            work.store, work.context(), project, user=actor.id, organisation=owner, role=role, capacities=[capacity]
        )
    sha256 = work.blobs.put([obj_of(DESIGN)]).sha256
    revision = import_model(work, identifier="f" * 32, project=project, file_name="house.obj", sha256=sha256).record.id
    return Site(work, project, revision, at)


def disposed(site: Site, ncr: Id) -> None:
    """Contain, review, propose rework, sign by two, dispose and correct."""
    at = site.at[0]
    tagged = Containment(ContainmentKind.IN_PLACE_TAG, "axis 1", QUINN, at, "NCR", "columns of the same crew")
    site.step(ncr, lambda n: record_containment(n, tagged), QUINN)
    site.step(ncr, lambda n: contain(n, actor=QUINN, now=site.at[0]), QUINN)
    board = (
        Seat(QUINN.id, "Quinn", Capacity.QUALITY_MANAGER), Seat(DORA.id, "Dora", Capacity.DESIGN_AUTHORITY),
        Seat(CARL.id, "Carl", Capacity.CONTRACTOR),
    )  # fmt: skip
    site.step(ncr, lambda n: assemble(n, board), QUINN)
    site.step(ncr, lambda n: review(n, actor=QUINN, now=site.at[0]), QUINN)

    def rework(record: NonConformance) -> NonConformance:
        line = DispositionLine(
            "l1", Decision.REWORK, record.quantity, "move it back", record.global_ids, instruction="WI-7"
        )
        return propose(record, (line,))

    site.step(ncr, rework, QUINN)
    signed_and_corrected(site, ncr)


def signed_and_corrected(site: Site, ncr: Id) -> None:
    """Sign what is proposed by two, put it into force, do the work and report it as finished."""
    for signer in (QUINN, DORA, CARL):
        with site.work.store.read() as view:
            stored, member = view.get(records.NCR, ncr), membership(view, site.project, signer.id)
        with pytest.raises(NotAllowed, match="owner can grant"):
            sign_ncr(
                site.work.store, site.context(signer), ncr, member=replace(member, capacities=()),
                expected=stored.version,
            )  # fmt: skip
        sign_ncr(site.work.store, site.context(signer), ncr, member=member, expected=stored.version)
    site.step(ncr, lambda n: dispose(n, actor=QUINN, now=site.at[0]), QUINN)
    site.step(ncr, lambda n: correct(n, actor=CARL, now=site.at[0]), CARL)
    site.step(ncr, lambda n: reinspect(n, finished_at=site.at[0], actor=CARL, now=site.at[0]), CARL)


def test_from_a_deviation_to_a_closed_record(site: Site) -> None:
    names = ["column 1", "wall east"]
    first = site.check(names, 1)
    with site.work.store.read() as view:
        findings = list(view.all(records.FINDING, check_run=first))
        mine = next(f for f in findings if f.record.defect.motion and f.record.defect.direction == "+x")
    draft = confirm_finding(site.work.store, site.context(ANN), mine.record.id, expected=mine.version).record
    opened = open_ncr(site.work.store, site.context(ANN), draft.id, expected=1).record
    assert (opened.number, opened.state) == ("HOUSE-NCR-0001", State.OPEN)

    # the same unchanged defect is noted, not raised again
    second = site.check(names, 2)
    (ncr,) = site.ncrs()
    assert [o.check_run for o in ncr.occurrences] == [second]
    assert ncr.occurrences[0].unchanged
    with site.work.store.read() as view:
        again = [
            f.record
            for f in view.all(records.FINDING, check_run=second)
            if f.record.defect.global_ids == ncr.global_ids
        ]
        assert [f.status for f in again] == [FindingStatus.CONFIRMED]
        assert again[0].decision
        assert again[0].decision.successor == ncr.id

    # a re-check that still fails sends it back to review
    disposed(site, ncr.id)
    site.check(names, 3)
    (ncr,) = site.ncrs()
    assert (ncr.state, ncr.cycle_count) == (State.UNDER_REVIEW, 1)

    # put right, re-checked, and closed by a person
    def again_rework(record: NonConformance) -> NonConformance:
        ids = record.global_ids
        return propose(
            record, (DispositionLine("l2", Decision.REWORK, record.quantity, "again", ids, instruction="WI-8"),)
        )

    site.step(ncr.id, again_rework, QUINN)
    signed_and_corrected(site, ncr.id)
    site.step(ncr.id, lambda n: decide_capa(n, CapaDecision(False, "single event", QUINN, site.at[0])), QUINN)
    site.step(ncr.id, lambda n: capture_cost(n, Cost(Decimal(120), Decimal(0), Decimal(0), "EUR")), QUINN)
    with pytest.raises(Refused, match="re-inspection"):
        site.close(ncr.id)
    fourth = site.check(["wall east"], 4)
    (ncr,) = site.ncrs()
    assert [(r.id, r.verdict) for r in ncr.rechecks] == [(fourth, Outcome.PASS)]
    assert ncr.state is State.REINSPECTION  # a machine closes nothing
    closed = site.close(ncr.id)
    assert closed.state is State.CLOSED
    assert len(closed.history) == 1
    with site.work.store.read() as view:
        assert verify_stream(view.connection, site.project).holds
