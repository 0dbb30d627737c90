"""How soon nonconforming work has to be contained, by severity."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from twin.finding import Severity
from twin.record import require_utc

CONTAIN_WITHIN: Mapping[Severity, timedelta] = MappingProxyType(
    {
        Severity.CRITICAL: timedelta(hours=4),
        Severity.MAJOR: timedelta(hours=24),
        Severity.MINOR: timedelta(hours=72),
    }
)
"""From opening, or a reopening, by the clock: nights and holidays count, since unintended use does not wait."""


def containment_due(severity: Severity, now: datetime) -> datetime:
    """Return when what is opened ``now`` has to be contained.

    Examples
    --------
    >>> from datetime import UTC
    >>> containment_due(Severity.CRITICAL, datetime(2026, 3, 1, 22, tzinfo=UTC)).isoformat()
    '2026-03-02T02:00:00+00:00'
    """
    return require_utc(now) + CONTAIN_WITHIN[severity]
