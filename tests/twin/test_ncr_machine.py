"""A nonconformance record under any order of events: no illegal step, no lost quantity, no close without a pass."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal as D

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from geometry.verdict import Outcome
from tests.reference.ncr_cases import (
    AS_IS,
    BOARD,
    CAPA,
    CONTAINED,
    COST,
    IN_STATE,
    NOW,
    OTHER,
    PHOTO,
    RAISER,
    REWORK,
    SCANNER,
    WORKER,
    close,
    proof,
    signature,
)
from twin import ncr as verbs
from twin.disposition import Decision, DispositionLine
from twin.errors import IllegalTransition, Invalid, Refused
from twin.ncr import TRANSITIONS, Event, NonConformance, State, allowed_events, missing_for
from twin.ncr_parts import CustomerNotice, Occurrence, Recheck, RecheckOutcome, RecheckSource
from twin.ncr_record import LIVE
from twin.record import Actor
from twin.store.codec import from_json, to_json

SCRAP = DispositionLine("sc", Decision.SCRAP, D(1), "cracked", ("B",))
PART = replace(REWORK, quantity=D(1), global_ids=("A",))
TWICE = (PART, replace(SCRAP, global_ids=("A",)))
UNEVEN = (replace(PART, quantity=D("0.5")), replace(SCRAP, quantity=D("1.5")))
PEOPLE = (WORKER, OTHER, RAISER)
CLOSER = Actor(BOARD[0].person, BOARD[0].name)
STARTS = tuple(s for s in State if s not in (State.VOID, State.REJECTED))
DECIDED = (State.DISPOSITIONED, State.IN_CORRECTION, State.REINSPECTION, State.VERIFICATION, State.CLOSED)
MOVES: dict[Event, Callable[[NonConformance, datetime], NonConformance]] = {
    Event.OPEN: lambda n, now: verbs.open_record(n, number="NCR-0001", actor=RAISER, now=now),
    Event.CONTAIN: lambda n, now: verbs.contain(n, actor=OTHER, now=now),
    Event.REVIEW: lambda n, now: verbs.review(n, actor=OTHER, now=now),
    Event.DISPOSE: lambda n, now: verbs.dispose(n, actor=OTHER, now=now),
    Event.CORRECT: lambda n, now: verbs.correct(n, actor=WORKER, now=now),
    Event.VERIFY: lambda n, now: verbs.verify(n, actor=OTHER, now=now),
    Event.REINSPECT: lambda n, now: verbs.reinspect(n, finished_at=now, actor=WORKER, now=now),
    Event.CLOSE: lambda n, now: close(n, actor=CLOSER, now=now),
    Event.RECONSIDER: lambda n, now: verbs.reconsider(n, reason="no access", actor=OTHER, now=now),
    Event.REJECT: lambda n, now: verbs.reject(n, reason="scaffold", actor=OTHER, now=now),
    Event.VOID: lambda n, now: verbs.void(n, reason="twice", actor=OTHER, now=now),
    Event.REOPEN: lambda n, now: verbs.reopen(n, reason="cracked", actor=OTHER, now=now),
}
FORWARD = (Event.OPEN, Event.CONTAIN, Event.REVIEW, Event.DISPOSE, Event.CORRECT, Event.VERIFY, Event.REINSPECT,
           Event.CLOSE)  # fmt: skip


def ended(act: Callable[[], NonConformance]) -> NonConformance | Refused:
    """Return the next record, or the refusal."""
    try:
        return act()
    except Refused as refusal:
        return refusal


class Life(RuleBasedStateMachine):
    """One record, and a clock that only goes on."""

    @initialize(state=st.sampled_from([State.DRAFT, State.DRAFT, State.UNDER_REVIEW, *STARTS]))
    def begin(self, state: State) -> None:
        self.ncr = self.before = IN_STATE[state]()
        self.now, self.count = NOW + timedelta(days=3), 100

    def put(self, after: NonConformance) -> None:
        self.before, self.ncr = self.ncr, after

    def attempt(self, event: Event, act: Callable[[NonConformance, datetime], NonConformance]) -> None:
        """The table and the list of what is missing say beforehand how it ends."""
        self.now += timedelta(hours=1)
        missing = missing_for(self.ncr, event, now=self.now)
        legal = (self.ncr.state, event) in TRANSITIONS
        after = ended(lambda: act(self.ncr, self.now))
        if isinstance(after, Refused):
            assert isinstance(after, IllegalTransition) is not legal
            assert not legal or after.missing == missing != ()
            return
        assert legal
        assert missing == ()
        assert after.state is TRANSITIONS[self.ncr.state, event]
        self.put(after)

    @rule(event=st.sampled_from([e for e in MOVES if e not in (Event.VOID, Event.REJECT)]))
    def any_move(self, event: Event) -> None:
        self.attempt(event, MOVES[event])

    @rule(event=st.sampled_from(FORWARD))
    def move_on(self, event: Event) -> None:
        able = [e for e in FORWARD if e in allowed_events(self.ncr)]
        chosen = event if event in able or not able else able[0]
        self.attempt(chosen, MOVES[chosen])

    @precondition(lambda self: self.ncr.state in (State.DISPOSITIONED, State.IN_CORRECTION))
    @rule(who=st.sampled_from(PEOPLE))
    def somebody_works(self, who: Actor) -> None:
        """Any of several people begins or finishes the work."""
        event = Event.CORRECT if self.ncr.state is State.DISPOSITIONED else Event.REINSPECT
        acts: dict[Event, Callable[[NonConformance, datetime], NonConformance]] = {
            Event.CORRECT: lambda n, now: verbs.correct(n, actor=who, now=now),
            Event.REINSPECT: lambda n, now: verbs.reinspect(n, finished_at=now, actor=who, now=now),
        }
        self.attempt(event, acts[event])

    def worked(self) -> set[str]:
        """Who worked since the record was last before the board, told from its steps alone."""
        people: set[str] = set()
        for step in self.ncr.steps:
            if step.state in (State.UNDER_REVIEW, State.REOPENED):
                people = set()
            if step.event in (Event.CORRECT, Event.REINSPECT):
                people.add(step.by.id)
        return people

    @precondition(lambda self: self.ncr.state in (State.REINSPECTION, State.VERIFICATION))
    @rule(who=st.sampled_from(PEOPLE))
    def somebody_closes(self, who: Actor) -> None:
        """Whoever tries: refused to who worked and to who raised this major record, and to nobody else."""
        self.now += timedelta(hours=1)
        missing = missing_for(self.ncr, Event.CLOSE, now=self.now)
        after = ended(lambda: close(self.ncr, actor=who, now=self.now))
        barred = who.id in self.worked() or who is RAISER
        assert isinstance(after, Refused) is (bool(missing) or barred)
        if not isinstance(after, Refused):
            self.put(after)

    @rule(event=st.sampled_from([Event.VOID, Event.REJECT]), really=st.integers(0, 9))
    def end(self, event: Event, really: int) -> None:
        if really == 0 or (self.ncr.state, event) not in TRANSITIONS:
            self.attempt(event, MOVES[event])

    @precondition(lambda self: self.ncr.state is State.UNDER_REVIEW)
    @rule(lines=st.sampled_from([(REWORK,), (AS_IS,), (PART, SCRAP)]))
    def agree(self, lines: tuple[DispositionLine, ...]) -> None:
        """The board does all that it has to."""
        self.seat(4)
        self.propose(lines)
        self.sign(True)
        self.attempt(Event.DISPOSE, MOVES[Event.DISPOSE])
        assert self.ncr.state is State.DISPOSITIONED

    def in_states(self, event: Event) -> bool:
        return (self.ncr.state, event) in TRANSITIONS

    @precondition(lambda self: self.in_states(Event.RECORD_CONTAINMENT))
    @rule()
    def hold(self) -> None:
        self.put(verbs.record_containment(self.ncr, CONTAINED))

    @precondition(lambda self: self.in_states(Event.ASSEMBLE))
    @rule(size=st.sampled_from([4, 4, 4, 2]))
    def seat(self, size: int) -> None:
        self.put(verbs.assemble(self.ncr, BOARD[:size]))

    @precondition(lambda self: self.in_states(Event.PROPOSE))
    @rule(
        lines=st.sampled_from(
            [(REWORK,), (AS_IS,), (PART, SCRAP), (PART,), (SCRAP, SCRAP), (REWORK, SCRAP), TWICE, UNEVEN]
        )
    )
    def propose(self, lines: tuple[DispositionLine, ...]) -> None:
        try:
            self.put(verbs.propose(self.ncr, lines))
        except Invalid:
            named = [g for line in lines for g in line.global_ids]
            too_much = sum(line.quantity for line in lines) > 2 or len({line.id for line in lines}) < len(lines)
            assert too_much or len(set(named)) < len(named) or any(ln.quantity != len(ln.global_ids) for ln in lines)

    @precondition(lambda self: self.in_states(Event.SIGN))
    @rule(whole=st.booleans())
    def sign(self, whole: bool) -> None:
        for member in BOARD if whole else BOARD[:1]:
            ncr = self.ncr
            after = ended(lambda ncr=ncr, member=member: verbs.sign(ncr, signature(ncr, member), now=self.now))
            assert not isinstance(after, IllegalTransition)
            if not isinstance(after, Refused):
                self.put(after)

    @precondition(lambda self: self.in_states(Event.RECORD_RECHECK))
    @rule(
        a=st.sampled_from([Outcome.PASS, Outcome.PASS, *Outcome]),
        b=st.sampled_from([Outcome.PASS, Outcome.PASS, *Outcome]),
        stale=st.integers(-3, 2),
        who=st.sampled_from([SCANNER, SCANNER, *PEOPLE]),
    )
    def scan_again(self, a: Outcome, b: Outcome, stale: int, who: Actor = SCANNER) -> None:
        self.count += 1
        self.now += timedelta(hours=1)
        corrected = {g for line in self.ncr.corrections for g in line.global_ids}
        found = tuple(RecheckOutcome(g, v) for g, v in (("A", a), ("B", b)) if g in corrected)
        assert self.ncr.corrected_at is not None
        at = self.now if stale <= 0 else self.ncr.corrected_at - timedelta(minutes=stale)
        check = Recheck(f"run{self.count + 1}", RecheckSource.CHECK_RUN, self.ncr.id, at, found, who)
        after = ended(lambda: verbs.record_recheck(self.ncr, check, actor=OTHER, now=self.now))
        failed = any(o.verdict is Outcome.FAIL for o in found)
        assert isinstance(after, Refused) is (stale > 0 or (who.id in self.worked() and not failed))
        if not isinstance(after, Refused):
            self.put(after)
            assert self.ncr.state is (State.UNDER_REVIEW if failed else State.REINSPECTION)
            assert self.ncr.cycle_count == self.before.cycle_count + failed

    @precondition(lambda self: self.in_states(Event.RECORD_PROOF))
    @rule(
        verdict=st.sampled_from([Outcome.PASS, Outcome.PASS, Outcome.FAIL, Outcome.INDETERMINATE]),
        who=st.sampled_from(PEOPLE),
    )
    def prove(self, verdict: Outcome, who: Actor = OTHER) -> None:
        given = replace(proof(self.ncr.lines[-1].id, verdict), verified_by=who)
        after = ended(lambda: verbs.record_proof(self.ncr, given, now=self.now))
        assert isinstance(after, Refused) is (verdict is Outcome.PASS and who.id in self.worked())
        if not isinstance(after, Refused):
            self.put(after)

    @precondition(lambda self: self.ncr.state in LIVE)
    @rule()
    def settle(self) -> None:
        settled = verbs.capture_cost(verbs.decide_capa(self.ncr, CAPA), COST)
        self.put(verbs.inform_customer(verbs.add_evidence(settled, PHOTO), CustomerNotice("letter", OTHER, NOW)))

    @precondition(lambda self: self.ncr.state in (State.DRAFT, *LIVE))
    @rule()
    def see_again(self) -> None:
        self.count += 1
        seen = Occurrence(f"f{self.count}", f"run{self.count}", "e", self.now, ())
        after = verbs.note_recurrence(self.ncr, seen, now=self.now)
        assert after == replace(self.ncr, occurrences=(*self.ncr.occurrences, seen))
        self.put(after)

    @invariant()
    def keeps_what_was(self) -> None:
        old, new = self.before, self.ncr
        assert (new.id, new.quantity, new.global_ids) == (old.id, old.quantity, old.global_ids)
        assert not old.number or new.number == old.number
        assert bool(new.number) == any(step.event is Event.OPEN for step in new.steps)
        assert new.history[: len(old.history)] == old.history
        assert new.steps[: len(old.steps)] == old.steps
        assert new.occurrences[: len(old.occurrences)] == old.occurrences
        assert old.cycle_count <= new.cycle_count <= len(new.history)

    @invariant()
    def steps_are_in_the_table(self) -> None:
        state = State.DRAFT
        for step in self.ncr.steps:
            state = TRANSITIONS[state, step.event]
            assert step.state is state
        assert state is self.ncr.state

    @invariant()
    def loses_no_quantity(self) -> None:
        decided = sum(line.quantity for line in self.ncr.lines)
        assert decided <= self.ncr.quantity
        named = [g for line in self.ncr.lines for g in line.global_ids]
        assert len(named) == len(set(named))
        if self.ncr.state in DECIDED:
            assert decided == self.ncr.quantity
            assert {g for line in self.ncr.lines for g in line.global_ids} == set(self.ncr.global_ids)
            assert len({s.signer for s in verbs.valid_signatures(self.ncr)}) >= 3
            assert RAISER.id not in {s.signer for s in self.ncr.signatures}

    @invariant()
    def closed_only_with_a_pass(self) -> None:
        if self.ncr.state is not State.CLOSED:
            assert self.ncr.closing is None
            return
        assert self.ncr.closing is not None
        assert self.ncr.closing.content_sha256 == verbs.closing_sha256(self.ncr)
        assert self.ncr.closing.signer not in {RAISER.id, *self.worked()}
        assert not {r.by.id for r in self.ncr.rechecks} & self.worked()
        assert not {p.verified_by.id for p in self.ncr.proofs[-1:]} & self.worked()
        assert self.ncr.cost
        assert self.ncr.capa
        for line in self.ncr.corrections:
            for g in line.global_ids:
                told = [(r.captured_at, o.verdict) for r in self.ncr.rechecks for o in r.outcomes if o.about == g]
                assert self.ncr.corrected_at is not None
                assert all(at >= self.ncr.corrected_at for at, _ in told)
                assert max(told, key=lambda t: t[0])[1] is Outcome.PASS
        for line in self.ncr.lines:
            if line.decision in (Decision.SCRAP, Decision.USE_AS_IS):
                assert [p.verdict for p in self.ncr.proofs if p.line == line.id][-1] is Outcome.PASS

    @invariant()
    def is_stored_whole(self) -> None:
        assert from_json(to_json(self.ncr), NonConformance) == self.ncr


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=100, stateful_step_count=60)


def test_the_machine_can_close_and_reopen() -> None:
    """The rules above reach the end: else the invariants of a closed record would prove nothing."""
    life = Life()
    life.begin(State.DRAFT)
    steps: list[Callable[[], None]] = [
        lambda: life.move_on(Event.OPEN),
        life.hold,
        lambda: life.move_on(Event.CONTAIN),
        lambda: life.seat(4),
        lambda: life.move_on(Event.REVIEW),
        lambda: life.propose((PART, SCRAP)),
        lambda: life.sign(True),
        lambda: life.move_on(Event.DISPOSE),
        lambda: life.move_on(Event.CORRECT),
        lambda: life.move_on(Event.REINSPECT),
        lambda: life.scan_again(Outcome.PASS, Outcome.PASS, 0),
        lambda: life.prove(Outcome.PASS),
        life.settle,
        lambda: life.any_move(Event.CLOSE),
    ]
    for step in steps:
        step()
        life.keeps_what_was()
        life.steps_are_in_the_table()
        life.loses_no_quantity()
        life.closed_only_with_a_pass()
    assert life.ncr.state is State.CLOSED
    life.any_move(Event.REOPEN)
    assert life.ncr.state is State.REOPENED
