"""A record that was closed on a check which counts no more: said of it, until a person reopens it or the check counts.

A scan turns out to be of another day, a check is withdrawn or gives way to another one. What was signed stays as it was
signed (21 CFR 11.70), and nothing reopens by itself; but what closing rested on is weighed again, and where it no
longer bears it, the record is in doubt: told, listed, and no proof for anything that waits for it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from twin.ncr_evidence import rechecks
from twin.ncr_parts import Doubt, RecheckSource
from twin.ncr_record import NonConformance, State
from twin.record import Id


def weigh(ncr: NonConformance, counting: Mapping[Id, datetime], *, reason: str, now: datetime) -> NonConformance:
    """Return a closed record with the doubt about it, or without one; any other record as it is.

    Parameters
    ----------
    counting
        Every check that counts, and when its scan was captured as is known now.
    reason
        What became of a check.
    """
    if ncr.state is not State.CLOSED:
        return ncr
    stands = tuple(
        replace(r, captured_at=counting[r.id]) if r.source is RecheckSource.CHECK_RUN else r
        for r in ncr.rechecks
        if r.source is not RecheckSource.CHECK_RUN or r.id in counting
    )
    missing = rechecks(replace(ncr, rechecks=stands), now)
    if not missing:
        return replace(ncr, doubt=None)
    if ncr.doubt is not None and ncr.doubt.missing == missing:
        return ncr
    return replace(ncr, doubt=Doubt(now, reason, missing))
