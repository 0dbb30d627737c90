"""A whole sample model on paper: its parts, what they are put together to, what joins them, and when they are built."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from samples.part import Part


@dataclass(frozen=True, slots=True)
class Assembly:
    """Parts that are one thing (IfcElementAssembly)."""

    name: str
    storey: str
    kind: str
    """What people call it: ``COLUMN``, ``BEAM`` ..."""
    place: str = "FACTORY"
    """``FACTORY``: it comes to the site in one piece; ``SITE``: it is put together there."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Two parts that are joined, by names, and what joins them (IfcRelConnectsWithRealizingElements)."""

    name: str
    first: str
    second: str
    realized_by: tuple[str, ...] = ()
    """Bolts, nuts, dowels; nothing: they only bear on each other (IfcRelConnectsElements)."""
    kind: str = "BOLTED"


@dataclass(frozen=True, slots=True)
class Activity:
    """One task of the schedule; each starts when the one before it has ended."""

    name: str
    days: int
    kind: str = "CONSTRUCTION"
    """Predefined type of the IfcTask."""


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """All that goes into one IFC file."""

    name: str
    long_name: str
    parts: tuple[Part, ...]
    storeys: Mapping[str, float]
    x_axes: Mapping[str, float]
    y_axes: Mapping[str, float]
    activities: tuple[Activity, ...]
    start: datetime.datetime
    assemblies: tuple[Assembly, ...] = ()
    connections: tuple[Connection, ...] = ()
