"""A CAPA under any order of events, edits and answers by anybody."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.reference.capa_cases import (
    CHAMPION,
    CHECKER,
    DO,
    EDITS,
    EVALUATOR,
    FRESH,
    LEADER,
    MANAGER,
    NOW,
    OWNER,
    PROOF,
    READY,
    WHY,
    WORKER,
    action_of,
    signature_of,
)
from twin.capa import (
    OPEN_STATES,
    TRANSITIONS,
    Capa,
    CapaEvent,
    CapaState,
    Edit,
)
from twin.capa_edits import (
    add_action,
    complete_action,
    drop_action,
    remove_containment,
    request_cancellation,
    set_analysis,
    set_aside,
    set_team,
    verify_action,
    withdraw_cancellation,
)
from twin.capa_guards import allowed_events
from twin.capa_steps import (
    analysis_digest,
    approve_root_cause,
    cancel,
    cancellation_digest,
    evaluate,
)
from twin.cause_analysis import CauseAnalysis
from twin.corrective_action import ActionKind
from twin.effectiveness import Effect, Seen
from twin.eight_d import Team
from twin.errors import Conflict, Invalid, NotFound, Refused
from twin.record import Actor


class Machine(RuleBasedStateMachine):
    """Any order of events, edits and answers by anybody: what is refused changes nothing, what is done stays done."""

    def __init__(self) -> None:
        super().__init__()
        self.capa = FRESH
        self.now = NOW
        self.evaluations = 0
        self.done: set[str] = set()
        self.numbered = 0

    def _try(self, change: Callable[[Capa], Capa]) -> bool:
        before = self.capa
        try:
            after = change(before)
        except (Refused, Invalid, Conflict, NotFound):
            return False
        if after.state is not before.state:
            assert after.state in {TRANSITIONS.get((before.state, event)) for event in CapaEvent}
        if before.state is CapaState.EFFECTIVENESS_MONITORING and after.state is before.state:
            assert after.criterion == before.criterion
        self.capa = after
        return True

    @initialize(state=st.sampled_from(OPEN_STATES))
    def begin_anywhere(self, state: CapaState) -> None:
        self.capa = READY[state]()
        self.done = {a.id for a in self.capa.actions if a.done}

    @rule()
    def make_ready(self) -> None:
        """Bring everything that the next step asks, so that late states are visited often."""
        if self.capa.cycle == 0 and self.capa.state in OPEN_STATES:
            self.begin_anywhere(self.capa.state)

    @rule(days=st.integers(0, 40))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule(event=st.sampled_from([e for e in CapaEvent if e is not CapaEvent.CANCEL]))
    def move(self, event: CapaEvent) -> None:
        moved = self._try(DO[event])
        if moved and event in (CapaEvent.CONFIRM_EFFECTIVE, CapaEvent.FIND_INEFFECTIVE):
            self.evaluations += 1

    @rule()
    def advance(self) -> None:
        """Take the state's own step forward."""
        self.make_ready()
        for event in allowed_events(self.capa):
            if event not in (CapaEvent.CANCEL, CapaEvent.PLAN_AGAIN):
                self.move(event)
                return

    @rule(edit=st.sampled_from([Edit.PROBLEM, Edit.ANALYSIS, Edit.CRITERION, Edit.PREVENTION, Edit.RECOGNITION]))
    def fill_in(self, edit: Edit) -> None:
        self._try(EDITS[edit])

    @rule()
    def name_the_team_and_the_code(self) -> None:
        self._try(lambda c: set_team(c, Team(CHAMPION.id, LEADER.id)))
        self._try(lambda c: set_analysis(c, CauseAnalysis(WHY, "F-12"), actor=WORKER))

    @rule(who=st.sampled_from([WORKER, MANAGER]), signer=st.sampled_from([WORKER, MANAGER, CHECKER]))
    def write_and_sign(self, who: Actor, signer: Actor) -> None:
        self._try(lambda c: set_analysis(c, CauseAnalysis(WHY, "F-12"), actor=who))
        self._try(lambda c: approve_root_cause(c, signature_of(analysis_digest(c), signer), actor=signer, now=self.now))

    @rule(who=st.sampled_from([OWNER, CHECKER, MANAGER]), back=st.booleans())
    def ask_to_give_up(self, who: Actor, back: bool) -> None:
        self._try(lambda c: request_cancellation(c, "why", actor=who, now=self.now))
        if back:
            self._try(withdraw_cancellation)

    @rule(who=st.sampled_from([OWNER, CHECKER, MANAGER]), really=st.integers(0, 9))
    def give_up(self, who: Actor, really: int) -> None:
        if really == 0:
            self._try(lambda c: cancel(c, signature_of(cancellation_digest(c), who), actor=who, now=self.now))

    @rule(seen=st.integers(0, 3), value=st.sampled_from([None, 0, 1, 2, 3]), aside=st.integers(0, 3))
    def judge(self, seen: int, value: int | None, aside: int) -> None:
        what = Seen(tuple(f"n{n}" for n in range(10, 10 + seen)), ("n1",))
        for ncr in what.recurred[:aside]:
            self._try(lambda c, ncr=ncr: set_aside(c, ncr, "other", seen=what, actor=CHECKER, now=self.now))
        worth = None if value is None else Decimal(value)
        self.evaluations += self._try(
            lambda c: evaluate(c, worth, actor=EVALUATOR, now=self.now, evidence=PROOF, seen=what)
        )

    @rule(kind=st.sampled_from(list(ActionKind)))
    def plan(self, kind: ActionKind) -> None:
        self.numbered += 1
        self._try(lambda c: add_action(c, action_of(kind, f"a{self.numbered}")))

    @rule(data=st.data(), who=st.sampled_from([WORKER, CHECKER, EVALUATOR]))
    def work(self, data: st.DataObject, who: Actor) -> None:
        if not self.capa.actions:
            return
        ident = data.draw(st.sampled_from([a.id for a in self.capa.actions]))
        if self._try(lambda c: complete_action(c, ident, PROOF, actor=who, now=self.now)):
            self.done.add(ident)
        self._try(lambda c: verify_action(c, ident, "seen", actor=who, now=self.now))
        self._try(lambda c: remove_containment(c, ident, now=self.now))

    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        if self.capa.actions:
            ident = data.draw(st.sampled_from([a.id for a in self.capa.actions]))
            self._try(lambda c: drop_action(c, ident))

    @invariant()
    def nothing_done_is_lost(self) -> None:
        assert {a.id for a in self.capa.actions if a.done} == self.done
        assert len(self.capa.checks) == self.evaluations

    @invariant()
    def closed_means_proven(self) -> None:
        if self.capa.state is CapaState.EFFECTIVE:
            check = self.capa.checks[-1]
            assert check.effect is Effect.EFFECTIVE
            assert check.value >= len(set(check.seen.recurred) - {one.ncr for one in check.set_aside})
            assert self.capa.monitored_since is not None
            assert check.evaluated_at >= self.capa.monitored_since + timedelta(days=check.criterion.window_days)

    @invariant()
    def who_judges_does_not_do(self) -> None:
        if self.capa.criterion is not None:
            evaluator = self.capa.criterion.evaluator
            assert all(evaluator not in (a.responsible, a.done_by) for a in self.capa.actions)

    @invariant()
    def beyond_the_analysis_there_is_an_approval(self) -> None:
        before = (CapaState.INITIATED, CapaState.INVESTIGATION, CapaState.CANCELLED)
        if self.capa.state is not CapaState.CANCELLED:
            assert (self.capa.root_cause_signature is None) == (self.capa.state in before)
        if self.capa.root_cause_signature is not None:
            assert self.capa.root_cause_signature.signer not in (OWNER.id, *self.capa.analysed_by)

    @invariant()
    def given_up_means_two_people(self) -> None:
        gone = self.capa.cancellation
        assert (gone is None) == (self.capa.state is not CapaState.CANCELLED)
        if gone is not None:
            assert gone.signature.signer not in (OWNER.id, gone.request.by.id)


TestMachine = Machine.TestCase
