"""The unit of a LAS file's coordinates, from its coordinate system: a survey in feet must not be read as metres."""

import re
import struct
from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from geometry.note import Note
from geometry.readers.las_header import LasHeader

_GEO_UNITS = {9001: 1.0, 9002: 0.3048, 9003: 1200.0 / 3937.0}
"""EPSG units of measure: metre, foot, US survey foot."""
_GEOGRAPHIC = 2
_TOKEN = re.compile(r'"(?:[^"]|"")*"|[\[\](),]|[^\s\[\](),"]+')


@dataclass(frozen=True, slots=True, eq=False)
class LasUnits:
    """``metres`` (3,): what one unit of x, y, z is; ``degrees``: the horizontal coordinates are angles."""

    metres: FloatArray
    degrees: bool
    note: str | None


def units_of(header: LasHeader) -> LasUnits:
    """Return the unit of the coordinates; metres when the file does not say.

    A height without its own vertical system has the horizontal unit.
    """
    wkt = _find(header, 2112).decode("utf-8", "replace").strip("\0 \r\n\t")
    keys = _geo_keys(_find(header, 34735))
    from_keys = _from_geo_keys(keys) if keys else None
    from_wkt = _from_wkt(wkt) if wkt else None
    found = (from_wkt or from_keys) if header.wkt_preferred else (from_keys or from_wkt)
    if found is None:
        note = Note("no_unit_stated", "its coordinate system does not state a unit: metres are assumed.")
        return LasUnits(np.ones(3), False, note if wkt or keys else None)
    horizontal, vertical = found
    if horizontal is None:
        return LasUnits(np.ones(3), True, None)
    metres = np.array([horizontal, horizontal, horizontal if vertical is None else vertical])
    note = None
    if (metres != 1.0).any():
        said = "its coordinates are not in metres and were converted (x, y times {xy}, z times {z})."
        note = Note("converted", said, xy=f"{metres[0]:.7g}", z=f"{metres[2]:.7g}")
    return LasUnits(metres, False, note)


def _find(header: LasHeader, record: int) -> bytes:
    return header.records.get(("LASF_Projection", record), b"")


def _geo_keys(raw: bytes) -> dict[int, int]:
    """Return the GeoTIFF keys that hold their value in place."""
    if len(raw) < 8:
        return {}
    numbers = struct.unpack(f"<{len(raw) // 2}H", raw[: len(raw) // 2 * 2])
    entries = [numbers[i : i + 4] for i in range(4, len(numbers) - 3, 4)][: numbers[3]]
    return {key: value for key, location, _, value in entries if location == 0 and key}


def _from_geo_keys(keys: dict[int, int]) -> tuple[float | None, float | None] | None:
    """Return (horizontal, vertical) metres per unit; horizontal None = degrees; None = not stated."""
    vertical = _GEO_UNITS.get(keys.get(4099, 0))
    if keys.get(1024) == _GEOGRAPHIC:
        return None, vertical
    horizontal = _GEO_UNITS.get(keys.get(3076, 0))
    return None if horizontal is None else (horizontal, vertical)


def _from_wkt(wkt: str) -> tuple[float | None, float | None] | None:
    """Return the same from well-known text, versions 1 and 2."""
    nodes = _parse_wkt(wkt)
    projected = _named(nodes, ("PROJCS", "PROJCRS", "PROJECTEDCRS", "LOCAL_CS", "ENGCRS"))
    vertical = _named(nodes, ("VERT_CS", "VERTCRS", "VERTICALCRS"))
    if projected is None:
        return (None, None) if _named(nodes, ("GEOGCS", "GEOGCRS", "GEODCRS", "GEOGRAPHICCRS")) else None
    horizontal = _length_unit(projected)
    return None if horizontal is None else (horizontal, _length_unit(vertical) if vertical else None)


@dataclass(frozen=True, slots=True)
class _Node:
    name: str
    parts: "tuple[_Node | str, ...]"

    @property
    def children(self) -> "tuple[_Node, ...]":
        return tuple(p for p in self.parts if isinstance(p, _Node))


def _parse_wkt(text: str) -> list[_Node]:
    """Return the nodes of well-known text; unbalanced brackets close at the end."""
    stack: list[tuple[str, list[_Node | str]]] = [("", [])]
    pending: str | None = None
    for token in _TOKEN.findall(text):
        if token in "[(":
            stack.append((pending or "", []))
            pending = None
            continue
        if pending is not None:
            stack[-1][1].append(pending)
            pending = None
        if token in "])" and len(stack) > 1:
            name, parts = stack.pop()
            stack[-1][1].append(_Node(name.upper(), tuple(parts)))
        elif token not in "]),":
            pending = token
    while len(stack) > 1:
        name, parts = stack.pop()
        stack[-1][1].append(_Node(name.upper(), tuple(parts)))
    return [p for p in stack[0][1] if isinstance(p, _Node)]


def _named(nodes: "list[_Node]", names: tuple[str, ...]) -> _Node | None:
    """Return the first node of one of these names, outermost first."""
    level = list(nodes)
    while level:
        for node in level:
            if node.name in names:
                return node
        level = [child for node in level for child in node.children]
    return None


def _length_unit(system: _Node) -> float | None:
    """Return the metres per unit of a coordinate system: its own unit or that of its axes."""
    axes = [child for child in system.children if child.name == "AXIS"]
    for node in (system, *axes):
        for unit in node.children:
            if unit.name in ("UNIT", "LENGTHUNIT") and len(unit.parts) > 1 and isinstance(unit.parts[1], str):
                try:
                    metres = float(unit.parts[1])
                except ValueError:
                    continue
                return metres if 1e-4 < metres < 1e4 else None
    return None
