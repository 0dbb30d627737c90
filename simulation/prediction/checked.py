"""What a check says of an element: what was measured under which limits, and what else its limits ask for."""

from dataclasses import dataclass

Kind = tuple[str, float, float]
"""A family: characteristic and limits, millimetres."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One characteristic of one element as it was measured, millimetres."""

    characteristic: str
    actual: float
    u: float
    lower: float
    upper: float
    verdict: str
    """``pass``, ``fail`` or ``indeterminate``."""
    source: str = ""
    """Where the limits come from: a clause, a contract, "user"."""

    @property
    def family(self) -> Kind:
        """Return what it is alike to."""
        return self.characteristic, self.lower, self.upper

    @property
    def doubted(self) -> bool:
        """Return whether the verdict is open for another reason than the limit's nearness: too few points, say.

        Such a value counts half, what is usual the other half.
        """
        nearest = min(abs(self.actual - self.lower), abs(self.actual - self.upper))
        return self.verdict == "indeterminate" and nearest > 2.0 * self.u


@dataclass(frozen=True, slots=True)
class Asked:
    """One characteristic of one element that its limits ask for, not measured, millimetres."""

    characteristic: str
    lower: float
    upper: float
    source: str = ""

    @property
    def family(self) -> Kind:
        """Return what it is alike to."""
        return self.characteristic, self.lower, self.upper


@dataclass(frozen=True, slots=True)
class Checked:
    """What is known of an element."""

    global_id: str
    name: str
    ifc_class: str
    storey: str
    missing: bool
    """Seen not to be there."""
    readings: tuple[Reading, ...]
    predefined_type: str = ""
    asked: tuple[Asked, ...] = ()
    """What its limits ask for and nobody could measure."""
    unknown: tuple[str, ...] = ()
    """Characteristics that it has, not measured, their limits not told."""
    exempt: bool = False
    """No limit applies to it."""

    @property
    def told(self) -> tuple["Reading | Asked", ...]:
        """Return what its own report says that its limits ask for, measured or not."""
        return (*self.readings, *self.asked)

    @property
    def feature(self) -> str:
        """Return the class and storey, within which pieces are alike."""
        return f"{self.ifc_class} · {self.storey}" if self.storey else self.ifc_class

    @property
    def failed(self) -> bool:
        """Return whether a measured value is known to be out of tolerance."""
        return any(reading.verdict == "fail" for reading in self.readings)
