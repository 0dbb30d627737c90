"""Defects as things: born at a station, latent for a while, spreading, found by a look or escaping."""

from typing import TYPE_CHECKING

from simulation.flow.model import SCRAP, Inspection, Station
from simulation.flow.parts import Defect, Unit
from simulation.flow.routes import Way

if TYPE_CHECKING:
    from simulation.flow.engine import Engine
    from simulation.flow.routes import Target
    from simulation.flow.workplace import Workplace

COUNTS = ("inspected", "rejected", "false_rejects", "false_accepts", "first_inspected", "first_passed", "passed_by")


class Quality:
    """What one station does to the defects of units."""

    def __init__(self, engine: "Engine", workplace: "Workplace") -> None:
        """Take what the station's description says of defects."""
        self.engine, self.workplace, self.station = engine, workplace, workplace.station
        name = self.station.name
        self.chances = [engine.draws.chance(f"{name}/defect/{birth.defect}") for birth in self.station.births]
        self.repair = engine.draws.chance(f"{name}/repair")
        self.look = engine.draws.chance(f"{name}/inspection")
        self.pick = engine.draws.chance(f"{name}/sample")
        self.spread = engine.draws.chance(f"{name}/spread")
        self.counts = dict.fromkeys(COUNTS, 0)
        self.passed = 0
        self.rejects: Way | None = None

    def outcome(self, units: list[Unit], targets: "list[Target]") -> "list[tuple[Unit, Target]]":
        """Let work happen to units and return where each goes."""
        for unit in units:
            self._work_on(unit)
        inspection, way = self.station.inspection, self.workplace.way
        if inspection is None:
            return [(unit, targets[0] if targets else way.choose(unit)) for unit in units]
        if inspection.sample:
            rejected = [self._lot_is_rejected(units, inspection)] * len(units)
        else:
            rejected = [self._is_looked_at(inspection) and self._is_rejected(unit, inspection) for unit in units]
        return [
            (unit, self._after_rejection(unit, inspection) if bad else way.choose(unit))
            for unit, bad in zip(units, rejected, strict=True)
        ]

    def _work_on(self, unit: Unit) -> None:
        name = self.station.name
        if unit.defects:
            self._put_right(unit)
            for defect in list(unit.defects):
                if defect.latent == name:
                    defect.latent = ""
                spread = defect.spread
                if spread is not None and spread[0] == name and not defect.found and self.spread() < spread[2]:
                    unit.defects.append(Defect(spread[1], name))
                    self.engine.born(name, spread[1])
        for birth, chance in zip(self.station.births, self.chances, strict=True):
            if chance() < birth.probability:
                spread = (birth.spreads_at, birth.spreads_as, birth.spreads) if birth.spreads_at else None
                if unit.defects is None:
                    unit.defects = []
                unit.defects.append(Defect(birth.defect, name, birth.shows_after, spread))
                self.engine.born(name, birth.defect)

    def _put_right(self, unit: Unit) -> None:
        repairs = self.station.repairs
        if not repairs or not unit.defects:
            return
        left = list[Defect]()
        for defect in unit.defects:
            share = repairs.get(defect.kind, repairs.get("", 0.0))
            if not (defect.found and share and self.repair() < share):
                left.append(defect)
        unit.defects = left

    def _is_looked_at(self, inspection: Inspection) -> bool:
        self.passed += 1
        looked = self.passed % inspection.every == 0
        if inspection.share < 1.0:
            looked = self.pick() < inspection.share and looked
        if not looked:
            self.counts["passed_by"] += 1
        return looked

    def _is_rejected(self, unit: Unit, inspection: Inspection) -> bool:
        """Look at a unit; count what a look can get wrong."""
        name, counts = self.station.name, self.counts
        first = not unit.rounds or name not in unit.rounds
        sought = [d for d in unit.defects or () if d.kind in inspection.catches and not d.latent]
        number, found = self.look(), False
        missed = 1.0
        for defect in sought:
            # one number decides on all defects of a unit in turn: what is left of it serves the next
            share = inspection.catches[defect.kind]
            if number < share:
                found = True
                number = number / share
                if not defect.found:
                    defect.found = True
                    self.engine.detected(defect.origin, defect.kind, name)
            else:
                missed *= 1.0 - share
                number = (number - share) / (1.0 - share) if share < 1.0 else 0.0
        if not sought:
            found = number < inspection.false_reject
            counts["false_rejects"] += found
        elif not found:
            counts["false_accepts"] += 1
        counts["inspected"] += 1
        counts["first_inspected"] += first
        counts["first_passed"] += first and not found
        counts["rejected"] += found
        if unit.rounds is None:
            unit.rounds = {}
        unit.rounds[name] = unit.rounds.get(name, 0) + found
        return found

    def _lot_is_rejected(self, units: list[Unit], inspection: Inspection) -> bool:
        """Look at a sample of a lot, drawn without putting back."""
        left, bad = list(units), 0
        for _ in range(min(inspection.sample, len(units))):
            unit = left.pop(int(self.pick() * len(left)))
            bad += self._is_rejected(unit, inspection)
        self.counts["passed_by"] += len(left)
        return bad > inspection.accept

    def _after_rejection(self, unit: Unit, inspection: Inspection) -> "Target":
        engine, most = self.engine, inspection.most_rounds
        if self.rejects is None:
            chance = engine.draws.chance(f"{self.station.name}/reject")
            self.rejects = Way(inspection.reject, engine.targets, chance)
        if most and (unit.rounds or {}).get(self.station.name, 0) > most:
            return engine.target(SCRAP)
        return self.rejects.choose(unit)


def has_quality(station: Station) -> bool:
    """Return whether a station has anything to do with defects by itself."""
    return bool(station.births or station.repairs or station.inspection)
