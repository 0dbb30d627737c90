"""Audits of a run: what came in is somewhere, and Little's law holds on the run's own records. They are always on."""

from typing import TYPE_CHECKING

from simulation.errors import AuditFailed

if TYPE_CHECKING:
    from simulation.flow.engine import Engine

_CLOSE = 1e-9


def audit(engine: "Engine") -> None:
    """Check the books of a run at its present time.

    Three counts are held against each other that are kept apart while the line runs: units that came and went, units
    that lie somewhere now, and the time integral of their number against the sum of their times in the line. The same
    for each place where units wait.

    Raises
    ------
    AuditFailed
        With what does not agree.
    """
    found, now = engine.units_found(), engine.env.now
    came = engine.entered + engine.made
    went = engine.shipped + engine.scrapped + engine.joined_up
    if came != went + len(found) or engine.wip != len(found):
        raise AuditFailed(f"{came} units came, {went} went, {len(found)} are there, {engine.wip} were counted")
    if len({unit.number for unit in found}) != len(found):
        raise AuditFailed("a unit is in two places at once")
    wip_time = engine.wip_time + engine.wip * (now - engine.wip_last)
    stay = engine.stay + sum(now - unit.entered for unit in found)
    _agree("units in the line x time", wip_time, "their times in the line", stay, _scale(engine))
    for workplace in engine.workplaces:
        for place in workplace.places.values():
            level, waited = place.totals(now)
            _agree(f"{place.name}: units waiting x time", level, "their waiting times", waited, _scale(engine))
            most = place.capacity + len(workplace.machines) * (workplace.station.batch or _ONE).size
            if len(place.units) > most or place.reserved < 0:
                raise AuditFailed(f"{place.name}: {len(place.units)} units, {place.reserved} places kept")
        total = sum(workplace.times) + sum(now - machine.since for machine in workplace.machines)
        if abs(total - now * len(workplace.machines)) > _CLOSE * max(total, 1e-300):
            raise AuditFailed(f"{workplace.station.name}: its states last {total!r} of {now!r}")
    for name, pool in engine.pools.pools.items():
        if not 0 <= pool.in_use <= pool.count:
            raise AuditFailed(f"{name}: {pool.in_use} of {pool.count} in use")


class _One:
    size = 1


_ONE = _One()


def _scale(engine: "Engine") -> float:
    """Return the size below which a difference is rounding: that of the numbers added up."""
    return 1e-3 * engine.env.now + engine.wip_time + abs(engine.stay)


def _agree(one: str, value: float, other: str, against: float, scale: float) -> None:
    if abs(value - against) > _CLOSE * max(abs(value), abs(against), 1e-3 * scale):
        raise AuditFailed(f"{one} is {value!r}, {other} are {against!r}")
