"""Moments on one clock, where some say how far they are from UTC and others do not.

Where all do, they are compared as instants. Where none does, they are of one place. Where some do, what says nothing
may be anywhere on Earth: its earliest and latest instant lie 26 hours apart.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

from geometry.schedule import end_of_day

_WEST, _EAST = timedelta(hours=-12), timedelta(hours=14)
"""The offsets that are in use lie between these (Baker Island, Kiribati)."""


@dataclass(frozen=True, slots=True)
class Clock:
    """How moments become comparable."""

    offsets: tuple[timedelta, ...] = ()
    """From UTC, ascending, that a moment may have; empty: none says, and all are of one place."""
    mixed: bool = False
    """Whether some say their offset and some do not."""

    @property
    def doubt(self) -> timedelta:
        """Return how far apart the earliest and the latest instant of a moment without an offset are."""
        return self.offsets[-1] - self.offsets[0] if self.mixed else timedelta(0)

    def earliest(self, moment: datetime) -> datetime:
        """Return the earliest instant that a moment may be.

        Examples
        --------
        >>> found = clock_of([datetime.fromisoformat("2026-03-12T08:30Z"), datetime(2026, 3, 12, 10)])
        >>> found.earliest(datetime(2026, 3, 12, 10)).isoformat()
        '2026-03-11T20:00:00+00:00'
        """
        return self._placed(moment, self.offsets[-1]) if self.offsets else moment

    def latest(self, moment: datetime) -> datetime:
        """Return the latest instant that a moment may be."""
        return self._placed(moment, self.offsets[0]) if self.offsets else moment

    def day(self, day: date) -> tuple[datetime, datetime]:
        """Return between which instants it is that day, at whichever of the offsets."""
        return self.earliest(datetime.combine(day, time())), self.latest(end_of_day(day))

    def _placed(self, moment: datetime, offset: timedelta) -> datetime:
        """Return a moment in the one offset that all have, else in UTC; without its own it has ``offset``."""
        shown = self.offsets[0] if len(self.offsets) == 1 else timedelta(0)
        own = moment.utcoffset()
        shift = shown - (offset if own is None else own)
        return shifted(moment.replace(tzinfo=None), shift).replace(tzinfo=timezone(shown))


def clock_of(moments: Iterable[datetime]) -> Clock:
    """Return the clock on which moments are comparable."""
    told = {moment.utcoffset() for moment in moments}
    offsets = {offset for offset in told if offset is not None}
    if offsets and None in told:
        return Clock(tuple(sorted(offsets | {_WEST, _EAST})), mixed=True)
    return Clock(tuple(sorted(offsets)))


def shifted(moment: datetime, by: timedelta) -> datetime:
    """Return a moment so much later; the first or last one there is where calendars end.

    Examples
    --------
    >>> shifted(datetime(9999, 12, 31), timedelta(days=2)) == datetime.max
    True
    """
    try:
        return moment + by
    except OverflowError:
        edge = datetime.max if by > timedelta(0) else datetime.min
        return edge.replace(tzinfo=moment.tzinfo)
