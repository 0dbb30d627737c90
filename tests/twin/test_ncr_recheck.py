"""What follows a disposition: nothing closes without a re-inspection, or a proof, that passes."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal as D

import pytest

from geometry.verdict import Outcome
from tests.reference.ncr_cases import (
    CAPA,
    CONTAINED,
    DAY,
    LATER,
    NOW,
    OTHER,
    RAISER,
    REWORK,
    WORKER,
    assert_refused,
    close,
    closed_as_is,
    draft,
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
from twin.errors import Invalid, Refused
from twin.ncr import Event, State, missing_for
from twin.ncr_evidence import redated
from twin.ncr_parts import (
    Criteria,
    CycleEnd,
    Recheck,
)

# ------------------------------------------------------------------------------------------------- re-inspection


@pytest.mark.parametrize(
    ("take_away", "phrase"),
    [
        ({"rechecks": ()}, "a re-inspection of element A that passes"),
        ({"capa": None}, "a decision whether a CAPA is needed"),
        ({"capa": replace(CAPA, needed=True)}, "the CAPA that was found to be needed"),
        ({"cost": None}, "its cost"),
        ({"customer_to_be_informed": True}, "the customer's information"),
    ],
)
def test_closing_needs(take_away: dict[str, object], phrase: str) -> None:
    ready = settled(rechecked(in_reinspection()))
    assert missing_for(ready, Event.CLOSE, now=NOW) == ()
    assert_refused(replace(ready, **take_away), Event.CLOSE, phrase)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("verdict", [Outcome.INDETERMINATE, Outcome.NOT_MEASURED])
def test_what_leaves_it_open_never_closes(verdict: Outcome) -> None:
    ncr = settled(rechecked(in_reinspection(), recheck(("A", Outcome.PASS), ("B", verdict))))
    assert ncr.state is State.REINSPECTION
    assert ncr.cycle_count == 0
    assert_refused(ncr, Event.CLOSE, f"element B that passes, not {verdict.value}")
    later = rechecked(ncr, recheck(("B", Outcome.PASS), key="run3", at=NOW + 3 * DAY))
    assert close(later, now=LATER).state is State.CLOSED
    # a doubt from evidence taken after the pass takes the pass away, in whatever order they are recorded
    doubt = recheck(("B", verdict), key="run4", at=NOW + 4 * DAY)
    assert_refused(rechecked(later, doubt), Event.CLOSE, "element B")
    swapped = settled(rechecked(in_reinspection(), doubt, recheck()))
    assert_refused(swapped, Event.CLOSE, "element B")


def test_a_recheck_of_some_elements_is_none_of_the_others() -> None:
    ncr = settled(rechecked(in_reinspection(), recheck(("A", Outcome.PASS))))
    assert missing_for(ncr, Event.CLOSE, now=NOW) == ("rework of 2: a re-inspection of element B that passes",)


def test_a_failed_recheck_goes_back_to_review_and_keeps_what_was() -> None:
    ncr = rechecked(settled(in_reinspection()), recheck(("A", Outcome.PASS), ("B", Outcome.FAIL)))
    assert (ncr.state, ncr.cycle_count) == (State.UNDER_REVIEW, 1)
    assert (ncr.lines, ncr.signatures, ncr.rechecks, ncr.corrected_at) == ((), (), (), None)
    (past,) = ncr.history
    assert past.ended is CycleEnd.FAILED
    assert past.lines == (REWORK,)
    assert len(past.signatures) == 4
    assert "run2 failed: B" in past.reason
    # the old signatures do not sign the same decision of the next cycle
    again = replace(verbs.propose(ncr, (REWORK,)), signatures=past.signatures)
    assert verbs.valid_signatures(again) == ()
    second = verbs.dispose(signed(REWORK, before=ncr), actor=OTHER, now=NOW)
    assert second.state is State.DISPOSITIONED


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (replace(recheck(), reinspects="z" * 32), "linked to another record"),
        (replace(recheck(), id="run1"), "does not re-inspect it"),
        (recheck(at=NOW + DAY - timedelta(seconds=1)), "before the work was finished"),
        (recheck(at=NOW + 30 * DAY), "yet to be"),
        (recheck(("A", Outcome.PASS), ("Z", Outcome.PASS)), "Z was not corrected"),
        (replace(recheck(), criteria=Criteria.REPAIR), "judges by repair criteria"),
    ],
)
def test_not_everything_is_a_reinspection(check: Recheck, said: str) -> None:
    with pytest.raises((Refused, Invalid), match=said):
        rechecked(in_reinspection(), check)


def test_the_same_recheck_twice_is_one_and_another_under_its_name_is_refused() -> None:
    ncr = rechecked(in_reinspection())
    assert rechecked(ncr) == ncr
    with pytest.raises(Refused, match="says something else"):
        rechecked(ncr, recheck(("A", Outcome.PASS)))


def test_a_reinspection_whose_scan_was_dated_anew_speaks_as_of_then() -> None:
    """Older than the work it says nothing; older than a failure it is not the last word."""
    ready = settled(rechecked(in_reinspection()))
    assert missing_for(ready, Event.CLOSE, now=NOW) == ()
    assert missing_for(redated(ready, {"run2"}, NOW + DAY), Event.CLOSE, now=NOW) == ()
    for state in (redated(ready, {"run2"}, NOW), redated(ready, {"run2"}, NOW - 400 * DAY)):
        assert_refused(state, Event.CLOSE, "a re-inspection of element A that passes")
    assert redated(ready, {"another"}, NOW) == ready
    failed_before = rechecked(ready, recheck(("A", Outcome.FAIL), key="run3", at=NOW + DAY + DAY / 2))
    assert missing_for(failed_before, Event.CLOSE, now=NOW) == ()
    assert_refused(redated(failed_before, {"run2"}, NOW + DAY), Event.CLOSE, "that passes, not fail")


def test_work_is_finished_between_its_beginning_and_now() -> None:
    for finished in (NOW - DAY, NOW + 2 * DAY):
        with pytest.raises(Invalid, match="correct the time"):
            verbs.reinspect(in_correction(), finished_at=finished, actor=OTHER, now=NOW + DAY)


def test_a_repair_answers_to_its_own_criteria() -> None:
    repair = DispositionLine(
        "rp", Decision.REPAIR, D(2), "jacket", ("A", "B"), instruction="RP-3", repair_criteria="RP-3 4.2"
    )
    ncr = settled(in_reinspection(repair))
    original = recheck(("A", Outcome.FAIL), ("B", Outcome.PASS))
    seen = rechecked(ncr, original)
    assert seen.state is State.REINSPECTION  # that it does not fully conform was known
    assert missing_for(seen, Event.CLOSE, now=NOW) == ("repair of 2: a re-inspection of element A that passes",)
    passed = rechecked(seen, replace(recheck(("A", Outcome.PASS), key="run3"), criteria=Criteria.REPAIR))
    assert missing_for(passed, Event.CLOSE, now=NOW) == ()
    failed = rechecked(seen, replace(recheck(("A", Outcome.FAIL), key="run3"), criteria=Criteria.REPAIR))
    assert failed.state is State.UNDER_REVIEW


def test_material_without_elements_is_reinspected_by_its_line() -> None:
    lot = replace(REWORK, global_ids=())
    material = verbs.open_record(
        replace(draft(), global_ids=(), lot="delivery 88"), number="NCR-2", actor=RAISER, now=NOW
    )
    ncr = verbs.contain(verbs.record_containment(material, CONTAINED), actor=OTHER, now=NOW)
    ncr = verbs.dispose(signed(lot, before=under_review(ncr)), actor=OTHER, now=NOW)
    ncr = verbs.reinspect(verbs.correct(ncr, actor=WORKER, now=NOW), finished_at=NOW, actor=WORKER, now=NOW)
    assert_refused(settled(ncr), Event.CLOSE, "a re-inspection of it that passes")
    assert missing_for(settled(rechecked(ncr, recheck(("rw", Outcome.PASS)))), Event.CLOSE, now=NOW) == ()


# ------------------------------------------------------------------------------------------------- verification


def test_what_is_left_as_it_is_closes_with_its_proof_alone() -> None:
    ncr = settled(in_verification())
    assert_refused(ncr, Event.CLOSE, "as-built record")
    assert closed_as_is().state is State.CLOSED


def test_a_mixed_disposition_needs_both() -> None:
    rework = replace(REWORK, quantity=D(1), global_ids=("A",))
    scrap = DispositionLine("sc", Decision.SCRAP, D(1), "cracked", ("B",))
    ncr = settled(rechecked(in_reinspection(rework, scrap), recheck(("A", Outcome.PASS))))
    assert_refused(ncr, Event.CLOSE, "scrap of 1: irreversible marking")
    proven = verbs.record_proof(ncr, proof("sc"), now=NOW)
    assert close(proven, now=LATER).state is State.CLOSED


def test_a_replacement_is_scrapped_and_built_again() -> None:
    line = DispositionLine("rl", Decision.REPLACE, D(2), "too thin", ("A", "B"), instruction="MS-9")
    ncr = settled(rechecked(in_reinspection(line)))
    assert_refused(ncr, Event.CLOSE, "irreversible marking")
    proven = verbs.record_proof(ncr, replace(proof("rl"), counted=D(2)), now=NOW)
    assert missing_for(proven, Event.CLOSE, now=NOW) == ()


def test_a_failed_proof_goes_back_to_review() -> None:
    ncr = verbs.record_proof(in_verification(), proof("ai", Outcome.FAIL), now=NOW)
    assert (ncr.state, ncr.cycle_count) == (State.UNDER_REVIEW, 1)
    with pytest.raises(Invalid, match="no disposition line zz"):
        verbs.record_proof(in_verification(), proof("zz"), now=NOW)


def test_a_concession_that_ran_out_closes_nothing_and_the_board_decides_anew() -> None:
    ncr = settled(verbs.record_proof(in_verification(), proof("ai"), now=NOW))
    assert_refused(ncr, Event.CLOSE, "has not expired", now=NOW + 90 * DAY)
    anew = verbs.reconsider(ncr, reason="concession ran out", actor=OTHER, now=NOW + 90 * DAY)
    assert (anew.state, anew.cycle_count, anew.history[-1].ended) == (State.UNDER_REVIEW, 0, CycleEnd.RECONSIDERED)
