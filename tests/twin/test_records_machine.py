"""Nonconformances and CAPAs in the store, under any order of steps by anybody, also from versions long gone.

No illegal step is kept, no quantity lost, both sides of every link agree, what is refused leaves nothing behind; and
afterwards the trail holds and its events add up to each record.
"""

import atexit
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import insert

from geometry.verdict import Outcome
from tests.reference.ncr_cases import VIOLATION
from tests.servers import copied_sqlite, opened_sqlite
from twin import capa_edits as edits
from twin import capa_steps as steps
from twin import ncr as verbs
from twin.access import Capacity, Role
from twin.account import User
from twin.audit import replay
from twin.capa import TRANSITIONS as CAPA_TRANSITIONS
from twin.capa import Capa, CapaKind, CapaSource, CapaState, Risk, SourceKind
from twin.cause_analysis import CauseAnalysis
from twin.corrective_action import ActionKind
from twin.disposition import Decision, DispositionLine, Proof
from twin.effectiveness import Better, EffectivenessCriterion, Metric
from twin.eight_d import Prevention, PreventionKind, ProblemStatement, Team
from twin.errors import Overtaken, TwinError
from twin.finding import Severity
from twin.ncr_parts import Containment, ContainmentKind, Cost, Recheck, RecheckOutcome, RecheckSource
from twin.ncr_record import LIVE, TRANSITIONS, Event, NonConformance, State
from twin.operations import capa_links, capas, ncr_steps
from twin.operations.ncrs import close_ncr, open_ncr, raise_ncr, sign_ncr
from twin.operations.projects import add_member, found_organisation, found_project, membership
from twin.operations.steps import take_step
from twin.record import Actor, Evidence, EvidenceKind, Id
from twin.root_cause import Branch, WhyNode, WhyTree
from twin.store import records
from twin.store.accounts import USER
from twin.store.codec import to_json
from twin.store.repository import Context, Store
from twin.store.schema import UPLOAD
from twin.store.trail import events, head, verify_stream

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
OLGA, QUINN, QUENTIN, CARL, INES = (
    Actor(letter * 32, name) for letter, name in zip("abcde", ("Olga", "Quinn", "Quentin", "Carl", "Ines"), strict=True)
)
EVERYBODY = (OLGA, QUINN, QUENTIN, CARL, INES)
ROLES = {
    QUINN: (Role.QUALITY_MANAGER, Capacity.QUALITY_MANAGER), QUENTIN: (Role.QUALITY_MANAGER, Capacity.QUALITY_MANAGER),
    CARL: (Role.SITE_MANAGER, Capacity.CONTRACTOR), INES: (Role.INSPECTOR, Capacity.INSPECTOR),
}  # fmt: skip
PHOTO = Evidence(EvidenceKind.PICTURE, "1" * 64)
WHY = CauseAnalysis(
    WhyTree("off", tuple(WhyNode(b, b, f"why {b}", evidence=(PHOTO,), verified=True, is_root=True) for b in Branch)),
    "FORMWORK",
)
REWORK = DispositionLine("r1", Decision.REWORK, D(2), "move it", ("A", "B"), instruction="WI-7")
PART = DispositionLine("r2", Decision.REWORK, D(1), "move it", ("A",), instruction="WI-7")
SCRAP = DispositionLine("s1", Decision.SCRAP, D(1), "cracked", ("B",))
PROBLEM = ProblemStatement("off", "axis 1", "week 47", "scan", "beams", "shifted", "3")
CRITERION = EffectivenessCriterion(
    Metric.RECURRENCE, "again", D(3), D(0), Better.LOWER, 1, "NCRs", date(2027, 1, 1), INES.id
)
Step = Callable[["Life", Id, int, Context], object]


def on_ncr(action: str, verb: Callable[[NonConformance, Context], NonConformance]) -> Step:
    def step(life: "Life", ncr: Id, version: int, context: Context) -> object:
        return take_step(
            life.store, context, records.NCR, ncr, lambda n: verb(n, context), action=action, expected=version
        )

    return step


def on_capa(action: str, verb: Callable[[Capa, Context], Capa]) -> Step:
    def step(life: "Life", capa: Id, version: int, context: Context) -> object:
        return take_step(
            life.store, context, records.CAPA, capa, lambda c: verb(c, context), action=action, expected=version
        )

    return step


def _sign(life: "Life", ncr: Id, version: int, context: Context) -> object:
    with life.store.read() as view:
        member = membership(view, life.project, context.actor.id)
    return sign_ncr(life.store, context, ncr, member=member, expected=version)


def _seat(life: "Life", ncr: Id, version: int, context: Context) -> object:
    seats = [ncr_steps.Seat(QUINN.id, Capacity.QUALITY_MANAGER), ncr_steps.Seat(CARL.id, Capacity.CONTRACTOR)]
    return ncr_steps.seat_board(life.store, context, ncr, seats, expected=version)


def _recheck(outcome: Outcome) -> Callable[[NonConformance, Context], NonConformance]:
    def verb(ncr: NonConformance, context: Context) -> NonConformance:
        about = [g for line in ncr.corrections for g in line.global_ids] or ["A"]
        told = tuple(RecheckOutcome(g, outcome) for g in about)
        key = f"{int(context.now.timestamp()):032x}"
        recheck = Recheck(key, RecheckSource.INSPECTION, ncr.id, context.now, told, context.actor)
        return verbs.record_recheck(ncr, recheck, actor=context.actor, now=context.now)

    return verb


def _prove(ncr: NonConformance, context: Context) -> NonConformance:
    proof = Proof("s1", Outcome.PASS, context.actor, context.now, (PHOTO,), marking="cut", counted=D(1))
    return verbs.record_proof(ncr, proof, now=context.now)


NCR_STEPS: dict[str, Step] = {
    "open": lambda life, ncr, version, context: open_ncr(life.store, context, ncr, expected=version),
    "containment": on_ncr("record_containment", lambda n, c: verbs.record_containment(
        n, Containment(ContainmentKind.QUARANTINE, "yard", c.actor, c.now, affected_query="same crew"))),
    "contain": on_ncr("contain", lambda n, c: verbs.contain(n, actor=c.actor, now=c.now)),
    "board": _seat,
    "review": on_ncr("review", lambda n, c: verbs.review(n, actor=c.actor, now=c.now)),
    "rework": on_ncr("propose", lambda n, c: verbs.propose(n, (REWORK,))),
    "part": on_ncr("propose", lambda n, c: verbs.propose(n, (PART, SCRAP))),
    "too little": on_ncr("propose", lambda n, c: verbs.propose(n, (PART,))),
    "too much": on_ncr("propose", lambda n, c: verbs.propose(n, (REWORK, SCRAP))),
    "sign": _sign,
    "dispose": on_ncr("dispose", lambda n, c: verbs.dispose(n, actor=c.actor, now=c.now)),
    "correct": on_ncr("correct", lambda n, c: verbs.correct(n, actor=c.actor, now=c.now)),
    "reinspect": on_ncr("reinspect", lambda n, c: verbs.reinspect(n, finished_at=c.now, actor=c.actor, now=c.now)),
    "pass": on_ncr("record_recheck", _recheck(Outcome.PASS)),
    "fail": on_ncr("record_recheck", _recheck(Outcome.FAIL)),
    "prove": on_ncr("record_proof", _prove),
    "cost": on_ncr("capture_cost", lambda n, c: verbs.capture_cost(n, Cost(D(1), D(0), D(0), "EUR"))),
    "close": lambda life, ncr, version, context: close_ncr(
        life.store, context, ncr, member=life.member(context), expected=version),
    "reconsider": on_ncr("reconsider", lambda n, c: verbs.reconsider(n, reason="r", actor=c.actor, now=c.now)),
    "reopen": on_ncr("reopen", lambda n, c: verbs.reopen(n, reason="r", actor=c.actor, now=c.now)),
}  # fmt: skip
FORWARD = (
    "open", "containment", "contain", "board", "review", "rework", "sign", "dispose", "correct", "reinspect", "pass",
    "cost", "close",
)  # fmt: skip
WHO = {"sign": (QUINN, CARL), "correct": (CARL,), "reinspect": (CARL,), "pass": (INES,)}
CAPA_STEPS: dict[str, Step] = {
    "team": lambda life, capa, version, context: capas.name_team(
        life.store, context, capa, Team(OLGA.id, CARL.id), expected=version),
    "problem": on_capa("describe_problem", lambda c, _: edits.describe_problem(c, PROBLEM, emergency="stopped")),
    "investigate": on_capa("investigate", lambda c, x: steps.investigate(c, actor=x.actor, now=x.now)),
    "waive": on_capa("waive_containment", lambda c, _: edits.waive_containment(c, "stopped")),
    "analysis": lambda life, capa, version, context: capas.write_analysis(
        life.store, context, capa, WHY, expected=version),
    "approve": lambda life, capa, version, context: capas.sign_root_cause(
        life.store, context, capa, member=life.member(context), expected=version),
    "plan": on_capa("plan_actions", lambda c, x: steps.plan_actions(c, actor=x.actor, now=x.now)),
    "action": lambda life, capa, version, context: capas.plan_action(
        life.store, context, capa, kind=ActionKind.CORRECTIVE, description="brace", responsible=CARL.id,
        due=date(2026, 4, 1), expected=version),
    "criterion": lambda life, capa, version, context: capas.fix_criterion(
        life.store, context, capa, CRITERION, expected=version),
    "implement": on_capa("implement", lambda c, x: steps.implement(c, actor=x.actor, now=x.now)),
    "complete": on_capa("complete_action", lambda c, x: edits.complete_action(
        c, _open_action(c), (PHOTO,), actor=x.actor, now=x.now)),
    "prevent": on_capa("add_prevention", lambda c, _: edits.add_prevention(
        c, Prevention(PreventionKind.PROCEDURE, "checklist"))),
    "verify": on_capa("verify", lambda c, x: steps.verify_implementation(c, actor=x.actor, now=x.now)),
    "verify action": on_capa("verify_action", lambda c, x: edits.verify_action(
        c, c.actions[-1].id if c.actions else "", "watched", actor=x.actor, now=x.now)),
    "monitor": on_capa("monitor", lambda c, x: steps.monitor(c, actor=x.actor, now=x.now)),
    "recognise": on_capa("recognise", lambda c, _: edits.recognise(c, "well done")),
    "effective": lambda life, capa, version, context: capas.evaluate_capa(
        life.store, context, capa, capas.Judgement(D(0), (PHOTO,)), expected=version),
    "counted": lambda life, capa, version, context: capas.evaluate_capa(
        life.store, context, capa, capas.Judgement(None, (PHOTO,)), expected=version),
    "ineffective": lambda life, capa, version, context: capas.evaluate_capa(
        life.store, context, capa, capas.Judgement(D(3), (PHOTO,)), expected=version),
    "ask to give up": lambda life, capa, version, context: capas.ask_to_cancel(
        life.store, context, capa, "r", expected=version),
    "take back": lambda life, capa, version, context: capas.withdraw_request(
        life.store, context, capa, member=life.member(context), expected=version),
    "plan again": on_capa("plan_again", lambda c, x: steps.plan_again(c, "r", actor=x.actor, now=x.now)),
}  # fmt: skip


def _open_action(capa: Capa) -> Id:
    return next((action.id for action in capa.current_actions if not action.done), "")


@cache
def a_project() -> tuple[Path, Id, datetime]:
    """Return an SQLite file with a project and its people, the project, and the time it is then."""
    folder = tempfile.TemporaryDirectory(prefix="qtems-project-")
    atexit.register(folder.cleanup)
    file, now = Path(folder.name) / "qtems.db", NOW
    database = opened_sqlite(file)
    store, olga = Store(database), Context(OLGA, now)
    firm = found_organisation(store, olga, "Builder").record.id
    project = found_project(store, olga, organisation=firm, key="HOUSE", name="House").record.id
    with store.write(olga) as unit:
        for person in EVERYBODY:
            unit.add(USER, User(person.id, person.name.lower(), person.name, now))
        upload = {
            "id": "8" * 32, "project": project, "user": OLGA.id, "name": "a.jpg", "media_type": "image/jpeg",
            "size": 1, "received": 1, "sha256": PHOTO.sha256, "created_at": now, "expires_at": now,
            "completed_at": now,
        }  # fmt: skip
        unit.connection.execute(insert(UPLOAD).values(upload))
    for person, (role, capacity) in ROLES.items():
        add_member(store, olga, project, user=person.id, organisation=firm, role=role, capacities=[capacity])
    database.close()
    return file, project, now


class Life(RuleBasedStateMachine):
    """A project, its records, and a clock that only goes on."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="qtems-machine-"))
        file, self.project, self.now = a_project()
        self.database = copied_sqlite(file, self.folder / "qtems.db")
        self.store = Store(self.database)
        self.ncrs = [self.raised() for _ in range(2)]
        self.capas: list[Id] = []

    def by(self, actor: Actor) -> Context:
        self.now += timedelta(minutes=7)
        return Context(actor, self.now)

    def member(self, context: Context) -> Any:
        with self.store.read() as view:
            return membership(view, self.project, context.actor.id)

    def raised(self) -> Id:
        stored = raise_ncr(
            self.store, self.by(INES), self.project, title="off", severity=Severity.MINOR, quantity=D(2),
            unit="element", global_ids=("A", "B"), violations=(VIOLATION,), evidence=(PHOTO,),
        )  # fmt: skip
        return stored.record.id

    def version(self, kind: Any, record: Id) -> int:
        with self.store.read() as view:
            return view.get(kind, record).version

    def head(self) -> tuple[int, bytes]:
        with self.store.read() as view:
            return head(view.connection, self.project)

    def attempt(self, kind: Any, record: Id, step: Step, actor: Actor, *, late: bool = False) -> None:
        """What is refused leaves no trace; what is kept is a step of the table, and one version on."""
        with self.store.read() as view:
            before = view.get(kind, record)
        context, expected, trail = self.by(actor), before.version - int(late), self.head()
        try:
            step(self, record, expected, context)
        except TwinError as error:
            refusal = error
        else:
            refusal = None
        if refusal is not None:
            assert self.head() == trail
            assert not late or isinstance(refusal, Overtaken)
            return
        assert not late
        with self.store.read() as view:
            after = view.get(kind, record)
        assert after.version in (before.version, before.version + 1)
        state, was = after.record.state, before.record.state
        table = TRANSITIONS if kind is records.NCR else CAPA_TRANSITIONS
        assert state is was or any(old is was and new is state for (old, _), new in table.items())

    @rule(place=st.integers(0, 9), name=st.sampled_from(sorted(NCR_STEPS)), who=st.sampled_from(EVERYBODY))
    def any_ncr_step(self, place: int, name: str, who: Actor) -> None:
        self.attempt(records.NCR, self.ncrs[place % len(self.ncrs)], NCR_STEPS[name], who)

    @rule(place=st.integers(0, 9), name=st.sampled_from(sorted(NCR_STEPS)))
    def a_late_ncr_step(self, place: int, name: str) -> None:
        ncr = self.ncrs[place % len(self.ncrs)]
        if self.version(records.NCR, ncr) > 1:
            self.attempt(records.NCR, ncr, NCR_STEPS[name], QUINN, late=True)

    @rule(place=st.integers(0, 9), far=st.integers(1, len(FORWARD)))
    def lead_on(self, place: int, far: int) -> None:
        for name in FORWARD[:far]:
            for who in WHO.get(name, (QUINN,)):
                self.attempt(records.NCR, self.ncrs[place % len(self.ncrs)], NCR_STEPS[name], who)

    @rule(place=st.integers(0, 9), needed=st.booleans(), which=st.integers(0, 3))
    def decide(self, place: int, needed: bool, which: int) -> None:
        named = tuple(c for i, c in enumerate(self.capas) if which >> i & 1)

        def step(life: "Life", ncr: Id, version: int, context: Context) -> object:
            return capa_links.decide_on_capa(
                life.store, context, ncr, needed=needed, reason="r", capas=named, expected=version
            )

        self.attempt(records.NCR, self.ncrs[place % len(self.ncrs)], step, QUINN)

    @rule(place=st.integers(0, 9))
    def begin_capa(self, place: int) -> None:
        if len(self.capas) < 2:
            stored = capas.open_capa(
                self.store, self.by(QUINN), self.project, kind=CapaKind.CORRECTIVE, title="off", risk=Risk.HIGH,
                owner=OLGA.id, due=date(2026, 6, 1),
                sources=(CapaSource(SourceKind.NCR, self.ncrs[place % len(self.ncrs)]),),
            )  # fmt: skip
            self.capas.append(stored.record.id)

    @rule(place=st.integers(0, 9), ncr=st.integers(0, 9), linked=st.booleans())
    def link(self, place: int, ncr: int, linked: bool) -> None:
        if self.capas:
            source = CapaSource(SourceKind.NCR, self.ncrs[ncr % len(self.ncrs)])
            change = capa_links.link_capa if linked else capa_links.unlink_capa

            def step(life: "Life", capa: Id, version: int, context: Context) -> object:
                return change(life.store, context, capa, source, expected=version)

            self.attempt(records.CAPA, self.capas[place % len(self.capas)], step, QUINN)

    @rule(place=st.integers(0, 9), name=st.sampled_from(sorted(CAPA_STEPS)), who=st.sampled_from(EVERYBODY))
    def any_capa_step(self, place: int, name: str, who: Actor) -> None:
        if self.capas:
            self.attempt(records.CAPA, self.capas[place % len(self.capas)], CAPA_STEPS[name], who)

    @rule(place=st.integers(0, 9), far=st.sampled_from((3, 10, 17, 17, 17)))
    def lead_capa_on(self, place: int, far: int) -> None:
        for name in list(CAPA_STEPS)[:far] if self.capas else ():
            who = {"approve": QUENTIN, "complete": CARL, "effective": INES, "ineffective": INES}.get(name, QUINN)
            self.now += timedelta(days=1)
            self.attempt(records.CAPA, self.capas[place % len(self.capas)], CAPA_STEPS[name], who)

    @rule(place=st.integers(0, 9), who=st.sampled_from((QUINN, QUENTIN)))
    def give_up(self, place: int, who: Actor) -> None:
        def step(life: "Life", capa: Id, version: int, context: Context) -> object:
            return capas.sign_cancellation(life.store, context, capa, member=life.member(context), expected=version)

        if self.capas and place == 0:
            self.attempt(records.CAPA, self.capas[0], CAPA_STEPS["ask to give up"], QUINN)
            self.attempt(records.CAPA, self.capas[0], step, who)

    @invariant()
    def nothing_is_lost_and_both_sides_agree(self) -> None:
        if not hasattr(self, "capas"):
            return
        with self.store.read() as view:
            ncrs = [view.get(records.NCR, ncr).record for ncr in self.ncrs]
            by_id = {capa: view.get(records.CAPA, capa).record for capa in self.capas}
        for ncr in ncrs:
            assert ncr.quantity == D(2)
            total = sum((line.quantity for line in ncr.lines), D(0))
            assert total <= D(2)
            assert total == D(2) or not _decided(ncr)
            named = ncr.capa.capas if ncr.capa else ()
            assert all(ncr.id in by_id[capa].ncrs for capa in named)
            if ncr.state in LIVE:
                assert all(by_id[capa].state is not CapaState.CANCELLED for capa in named)
                if ncr.capa is not None:
                    live = [c for c in by_id.values() if c.state not in (CapaState.EFFECTIVE, CapaState.CANCELLED)]
                    assert all(c.id in named for c in live if ncr.id in c.ncrs)
            if ncr.state is State.CLOSED:
                worked = {step.by.id for step in ncr.steps if step.event in (Event.CORRECT, Event.REINSPECT)}
                assert ncr.closing is not None
                assert ncr.closing.content_sha256 == verbs.closing_sha256(ncr)
                assert len(ncr.history) or ncr.closing.signer not in worked
                assert len(ncr.history) or not worked & {recheck.by.id for recheck in ncr.rechecks}
                assert all(r.verdict is Outcome.PASS for r in ncr.rechecks[-1:])
        numbers = [ncr.number for ncr in ncrs if ncr.number]
        assert len(set(numbers)) == len(numbers)
        for capa in by_id.values():
            assert capa.state is not CapaState.EFFECTIVE or capa.checks[-1].value == D(0)
            assert capa.state is not CapaState.EFFECTIVE or capa.checks[-1].seen.recurred == ()
            signed = capa.root_cause_signature
            assert signed is None or signed.signer not in (capa.owner, *capa.analysed_by)
            gone = capa.cancellation
            assert gone is None or gone.signature.signer not in (capa.owner, gone.request.by.id)

    def teardown(self) -> None:
        if not hasattr(self, "capas"):
            return
        with self.store.read() as view:
            assert verify_stream(view.connection, self.project).holds
            told = [link.event for link in events(view.connection, self.project)]
            for kind, kept in ((records.NCR, self.ncrs), (records.CAPA, self.capas)):
                for record in kept:
                    stored = view.get(kind, record)  # pyright: ignore[reportArgumentType]
                    assert replay(told, f"{kind.name}:{record}") == to_json(stored.record)
        self.database.close()
        shutil.rmtree(self.folder)


def _decided(ncr: NonConformance) -> bool:
    """Say whether its disposition is in force."""
    return ncr.state in (
        State.DISPOSITIONED, State.IN_CORRECTION, State.REINSPECTION, State.VERIFICATION, State.CLOSED,
    )  # fmt: skip


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
