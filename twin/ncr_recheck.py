"""What follows a disposition: re-inspection of what was corrected, proof of what was decided."""

from dataclasses import replace
from datetime import datetime

from geometry.verdict import Outcome
from twin.disposition import Proof
from twin.errors import Invalid, Refused
from twin.ncr_evidence import latest_verdicts, speaks_for
from twin.ncr_moves import fail, name_of, require_not_corrector, target
from twin.ncr_parts import Recheck, RecheckSource
from twin.ncr_record import TRANSITIONS, Event, NonConformance
from twin.record import Actor, require_past


def record_recheck(ncr: NonConformance, recheck: Recheck, *, actor: Actor, now: datetime) -> NonConformance:
    """Record a re-inspection. One that fails sends the record back to review; one that leaves it open changes nothing.

    Nor does one that fails where what was captured later passes: the newer evidence tells how it is now.

    Raises
    ------
    Refused
        If it is of something else, was captured before the work was finished, or judges by other criteria.
    """
    target(ncr, Event.RECORD_RECHECK)
    if recheck in ncr.rechecks:
        return ncr
    _require_fresh(ncr, recheck, now)
    named = {g for line in ncr.corrections for g in (line.global_ids or (line.id,))}
    strange = next((o.about for o in recheck.outcomes if o.about not in named), None)
    if strange is not None:
        raise Invalid(f"{strange} was not corrected under {name_of(ncr)}: leave it out of the re-inspection")
    telling = [o for o in recheck.outcomes for line in ncr.corrections if speaks_for(line, o, recheck.criteria)]
    if not telling:
        raise Refused(f"re-inspection {recheck.id} judges by {recheck.criteria.value} criteria: not what was decided")
    checked = replace(ncr, rechecks=(*ncr.rechecks, recheck))
    stands = {
        about for line in ncr.corrections for about, v in latest_verdicts(checked, line).items() if v is Outcome.FAIL
    }
    failed = sorted({o.about for o in telling if o.verdict is Outcome.FAIL} & stands)
    if not failed:  # against one's own work everybody may speak
        require_not_corrector(ncr, (recheck.by.id, recheck.by.on_behalf_of), "re-inspect it")
    if failed:
        return fail(checked, f"re-inspection {recheck.id} failed: {', '.join(failed)}", actor, now)
    return checked


def record_proof(ncr: NonConformance, proof: Proof, *, now: datetime) -> NonConformance:
    """Record that a line was carried out; a proof that fails sends the record back to review."""
    target(ncr, Event.RECORD_PROOF)
    if all(line.id != proof.line for line in ncr.lines):
        raise Invalid(f"{name_of(ncr)} has no disposition line {proof.line}: name one of its own")
    if proof.verdict is Outcome.PASS:
        require_not_corrector(ncr, (proof.verified_by.id, proof.verified_by.on_behalf_of), "verify it")
    proven = replace(ncr, proofs=(*ncr.proofs, proof))
    if proof.verdict is Outcome.FAIL and (ncr.state, Event.FAIL) in TRANSITIONS:
        return fail(proven, f"verification of line {proof.line} failed", proof.verified_by, now)
    return proven


def _require_fresh(ncr: NonConformance, recheck: Recheck, now: datetime) -> None:
    """Refuse a re-inspection that is of another record, older than the work, from the future, or the first check."""
    if recheck.reinspects != ncr.id:
        raise Refused(f"re-inspection {recheck.id} is linked to another record: link it to {name_of(ncr)}")
    if any(r.id == recheck.id for r in ncr.rechecks) and not recheck.reason.strip():
        raise Refused(f"re-inspection {recheck.id} is recorded already and says something else")
    if recheck.source is RecheckSource.CHECK_RUN and ncr.origin and recheck.id == ncr.origin.check_run:
        raise Refused("the check that found the nonconformance does not re-inspect it: scan again")
    if ncr.corrected_at is None or recheck.captured_at < ncr.corrected_at:
        raise Refused("this was captured before the work was finished: scan or inspect again")
    require_past(recheck.captured_at, now, "the capture of a re-inspection")
