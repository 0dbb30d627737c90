"""How well elements are placed, class by class: a YAML file that people write (docs/assembly.md)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulation.assembly.selector import plain_class
from simulation.document import Section, read_document

_MOST_MM = 10_000.0


@dataclass(frozen=True, slots=True)
class Positions:
    """Standard deviations of where elements are, along each axis, metres."""

    default: float
    """Of classes that are not named."""
    by_class: Mapping[str, float] = field(default_factory=dict[str, float])

    def sd(self, ifc_class: str) -> float:
        """Return the standard deviation of a class, metres; of ``IfcWallStandardCase`` also what ``IfcWall`` has.

        Examples
        --------
        >>> Positions(0.005, {"IfcWall": 0.008}).sd("IfcWallStandardCase")
        0.008
        """
        return self.by_class.get(ifc_class, self.by_class.get(plain_class(ifc_class), self.default))


def read_positions(content: bytes) -> Positions:
    """Return the positions of a file.

    Raises
    ------
    BadDocument
        It makes no sense; the text names line and place.
    """
    top = read_document(content, "positions")
    default = _sd(top.section("default"), 0.0)
    by_class = {name: _sd(section, None) for name, section in top.sections("classes")}
    top.close()
    return Positions(default, by_class)


def _sd(section: Section, without: float | None) -> float:
    """Return the standard deviation, metres, of ``sd_mm``, or of ``tolerance_mm`` at ``sigmas`` of them."""
    section.knows("sd_mm", "tolerance_mm", "sigmas").misspelt()
    if not section.has("sd_mm") and not section.has("tolerance_mm"):
        section.close()
        if without is None:
            raise section.fault("", "sd_mm or tolerance_mm is missing")
        return without
    if section.has("sd_mm") and section.has("tolerance_mm"):
        raise section.fault("tolerance_mm", "sd_mm says it already; one of the two")
    sigmas = section.number("sigmas", 3.0, above=0.0) if section.has("tolerance_mm") else 1.0
    word = "tolerance_mm" if section.has("tolerance_mm") else "sd_mm"
    sd = section.number(word, low=0.0) / sigmas
    if sd > _MOST_MM:
        raise section.fault(word, f"{sd:g} mm is no uncertainty of a place; {_MOST_MM:g} at most")
    section.close()
    return 1e-3 * sd
