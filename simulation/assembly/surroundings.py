"""What space that has to be free is looked for in: the elements, which way they face, what is meant to be there."""

from collections.abc import Mapping
from dataclasses import dataclass

from geometry.arrays import FloatArray
from geometry.design import Element
from simulation.assembly.place import Places


@dataclass(frozen=True, slots=True)
class Facing:
    """Which way an element faces."""

    axes: FloatArray
    """(3, 3) rows: its own x, y and z, unit vectors."""
    operation: str = ""
    """How a door opens, as IFC says it."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something near that is meant to be there."""

    rule: str
    towards: str
    owner: str
    """GlobalId of the element whose space it is."""
    other: str
    because: str
    """``host``, ``floor``, ``ignored``, or the relation of the model that says so."""
    reaches: float
    """Metres from the face of the element up to which it is left out."""


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """What the spaces are looked for in."""

    elements: Mapping[str, Element]
    """By GlobalId, where they are."""
    facing: Mapping[str, Facing] | None
    """By GlobalId; None: the file has no placements, and the model's own axes stand for those of each element."""
    meant: Mapping[tuple[str, str], str]
    """Pairs of GlobalIds in order that are meant to meet, with the reason."""
    hosts: Mapping[str, Mapping[str, FloatArray | None]]
    """GlobalId of what sits in an opening -> its hosts, with the corners (8, 3) of the opening where it is a box."""
    places: Places | None = None
    """How sure it is where they are; None: exactly there."""
