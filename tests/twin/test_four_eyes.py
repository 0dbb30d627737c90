"""Who corrected does not say that it is right now, and does not close it; what is closed is signed."""

from dataclasses import replace
from decimal import Decimal as D

import pytest

from geometry.verdict import Outcome
from tests.reference.ncr_cases import (
    AS_IS,
    COST,
    DAY,
    LATER,
    NOW,
    OTHER,
    PHOTO,
    RAISER,
    REWORK,
    SCANNER,
    WORKER,
    close,
    closed,
    closing,
    in_correction,
    in_reinspection,
    in_verification,
    proof,
    recheck,
    rechecked,
    settled,
    signed,
    under_review,
)
from twin import ncr as verbs
from twin.disposition import Decision, DispositionLine
from twin.errors import Refused
from twin.finding import Severity
from twin.ncr import Event, NonConformance, State, missing_for
from twin.record import Actor, SignatureMeaning


def ready() -> NonConformance:
    return settled(rechecked(in_reinspection()))


def test_who_corrected_closes_nothing_neither_themselves_nor_through_another() -> None:
    for who in (WORKER, replace(SCANNER, on_behalf_of=WORKER.id)):
        with pytest.raises(Refused, match="may not close it") as caught:
            close(ready(), actor=who)
        assert caught.value.missing == ("a second person, who did not correct",)
    with pytest.raises(Refused, match="may not close it"):
        verbs.close(ready(), closing(ready(), WORKER), actor=OTHER, now=LATER)
    assert close(ready()).closing == closing(ready())


def test_who_only_began_the_work_corrected_too() -> None:
    begun = verbs.reinspect(in_correction(), finished_at=NOW + DAY, actor=OTHER, now=NOW + DAY)
    for who in (WORKER, OTHER):
        with pytest.raises(Refused, match="may not close it"):
            close(settled(rechecked(begun)), actor=who)


@pytest.mark.parametrize("severity", Severity)
def test_who_raised_it_closes_a_minor_one_only(severity: Severity) -> None:
    before = signed(REWORK, before=replace(under_review(), severity=severity))
    begun = verbs.correct(verbs.dispose(before, actor=OTHER, now=NOW), actor=WORKER, now=NOW)
    done = verbs.reinspect(begun, finished_at=NOW + DAY, actor=WORKER, now=NOW + DAY)
    ncr = settled(rechecked(done))
    if severity is Severity.MINOR:
        assert close(ncr, actor=RAISER).state is State.CLOSED
    else:
        with pytest.raises(Refused, match=f"raised this {severity.value} record"):
            close(ncr, actor=RAISER)
    assert close(ncr, actor=OTHER).state is State.CLOSED


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"role": "contractor"}, "signed as quality manager, not as contractor"),
        ({"meaning": SignatureMeaning.REVIEW}, "must mean approval"),
        ({"content_sha256": "0" * 64}, "another version"),
        ({"signer": "x" * 32}, "sign it yourself"),
    ],
)
def test_closing_is_signed_for_what_it_rests_on(change: dict[str, object], said: str) -> None:
    signature = replace(closing(ready()), **change)  # pyright: ignore[reportArgumentType]
    with pytest.raises(Refused, match=said):
        verbs.close(ready(), signature, actor=OTHER, now=LATER)


def test_the_signature_covers_the_evidence_the_recheck_and_the_cost() -> None:
    ncr = ready()
    for changed in (
        replace(ncr, cost=replace(COST, labour=D(1))),
        replace(ncr, rechecks=ncr.rechecks[:0]),
        replace(ncr, evidence=()),
        replace(ncr, proofs=(proof("rw"),)),
        replace(ncr, severity=Severity.MINOR),
    ):
        assert verbs.closing_sha256(changed) != verbs.closing_sha256(ncr)
    shut = closed()
    assert shut.closing is not None
    assert shut.closing.content_sha256 == verbs.closing_sha256(shut)


def test_who_corrected_does_not_re_inspect_to_a_pass_but_may_say_that_it_fails() -> None:
    mine = replace(recheck(), by=WORKER)
    for by in (WORKER, replace(SCANNER, on_behalf_of=WORKER.id)):
        with pytest.raises(Refused, match="may not re-inspect it"):
            rechecked(in_reinspection(), replace(recheck(), by=by))
    bad = replace(mine, outcomes=(replace(mine.outcomes[0], verdict=Outcome.FAIL),))
    assert rechecked(in_reinspection(), bad).state is State.UNDER_REVIEW
    assert rechecked(in_reinspection(), replace(mine, by=OTHER)).rechecks != ()


def test_of_the_next_cycle_another_may_have_corrected() -> None:
    failed = rechecked(settled(in_reinspection()), recheck(("A", Outcome.FAIL)))
    again = verbs.dispose(signed(REWORK, before=failed), actor=OTHER, now=NOW + 3 * DAY)
    again = verbs.correct(again, actor=OTHER, now=NOW + 3 * DAY)
    again = verbs.reinspect(again, finished_at=NOW + 4 * DAY, actor=OTHER, now=NOW + 4 * DAY)
    by_first = replace(recheck(key="run3", at=NOW + 5 * DAY), by=WORKER)
    assert rechecked(again, by_first).state is State.REINSPECTION
    with pytest.raises(Refused, match="may not re-inspect it"):
        rechecked(again, replace(by_first, by=OTHER))


def test_who_corrected_proves_nothing_of_it_whenever_that_was() -> None:
    rework = replace(REWORK, quantity=D(1), global_ids=("A",))
    scrap = DispositionLine("sc", Decision.SCRAP, D(1), "cracked", ("B",))
    begun = in_correction(rework, scrap)
    with pytest.raises(Refused, match="may not verify it"):
        verbs.record_proof(begun, replace(proof("sc"), verified_by=WORKER), now=NOW)
    early = verbs.record_proof(begun, proof("sc"), now=NOW)  # by OTHER, who then reports the work as finished
    done = verbs.reinspect(early, finished_at=NOW + DAY, actor=OTHER, now=NOW + DAY)
    ncr = settled(rechecked(done, recheck(("A", Outcome.PASS))))
    assert missing_for(ncr, Event.CLOSE, now=LATER) == ("scrap of 1: a verification by somebody who did not correct",)
    third = replace(proof("sc"), verified_by=RAISER)
    assert missing_for(verbs.record_proof(ncr, third, now=LATER), Event.CLOSE, now=LATER) == ()


def test_what_is_not_worked_on_has_no_corrector() -> None:
    ncr = settled(verbs.record_proof(in_verification(AS_IS), replace(proof("ai"), verified_by=OTHER), now=NOW))
    assert close(ncr, actor=OTHER).state is State.CLOSED


def test_the_cost_of_a_cycle_that_failed_is_that_cycles_and_the_next_has_its_own() -> None:
    failed = rechecked(settled(in_reinspection()), recheck(("A", Outcome.FAIL)))
    assert (failed.cost, failed.history[-1].cost) == (None, COST)
    assert verbs.total_cost(failed) == {"EUR": COST.total}
    second = verbs.capture_cost(failed, replace(COST, labour=D(10)))
    third = verbs.capture_cost(second, replace(COST, currency="CNY", labour=D(1), other=D(0)))
    assert verbs.total_cost(second) == {"EUR": COST.total + D(10) + COST.other}
    assert verbs.total_cost(third) == {"CNY": D(1), "EUR": COST.total}
    assert verbs.total_cost(in_reinspection()) == {}


def test_an_actor_without_a_part_is_nobody_in_particular() -> None:
    assert close(ready(), actor=Actor("z" * 32, "Zoe")).closing is not None
    assert PHOTO in ready().evidence
