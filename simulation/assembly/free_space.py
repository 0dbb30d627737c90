"""What stands in the space that has to be free on a side of elements: before a door, above a valve."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from geometry.arrays import FloatArray
from geometry.design import Element
from geometry.note import Note
from simulation.assembly.access_rules import SWING, AccessRule, sides_of
from simulation.assembly.clash import Clash, ClashKind, Intrusion
from simulation.assembly.envelope import Envelope, HalfSpace, clipped, envelope_of
from simulation.assembly.gap_kernels import NOTHING
from simulation.assembly.selector import plain_class
from simulation.assembly.shared import Piece, Shared
from simulation.assembly.solid import make_body, surface_of

FLOORS = (
    "IfcSlab", "IfcCovering", "IfcFooting", "IfcSite", "IfcGeographicElement", "IfcPavement", "IfcCourse",
    "IfcEarthworksFill",
)  # fmt: skip
"""What other things stand on or in."""
_LEVEL = 0.5
"""Sine of the slope from which on a space goes up or down rather than along the floor."""
_SUNK = 0.5
"""Share of its height that something may stand in a floor; what reaches higher is no floor."""
_BOTH_WAYS = ("DOUBLE_SWING", "OPPOSITE")
"""In the operation of a door that swings to both sides."""


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
class FreeSpaces:
    """What was looked at beside elements."""

    rules: tuple[AccessRule, ...]
    spaces: tuple[int, ...]
    """How many spaces each rule has."""
    intrusions: tuple[Clash, ...]
    left_out: tuple[LeftOut, ...]
    unknown: Mapping[str, tuple[str, str]]
    """GlobalId -> name of the rule, and why it is not known where its space is."""


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


@dataclass(frozen=True, slots=True, eq=False)
class _Space:
    rule: AccessRule
    towards: str
    owner: Element
    envelope: Envelope


def free_spaces(around: Surroundings, rules: Sequence[AccessRule], touch_tolerance: float) -> FreeSpaces:
    """Return what intrudes on the spaces that rules ask for.

    A space is the rectangle that bounds the element along the rule's own directions, at its outermost point towards
    them, swept by the distance. Intruding is what shares a volume with it that is thicker than ``touch_tolerance``,
    metres. Left out, and listed: the wall that the element sits in, up to where its opening ends; the floor, up to the
    height that the element itself stands in it; what the model says is meant to meet it, where that begins at the very
    face; and what the rule ignores.
    """
    spaces, counts, unknown = list[_Space](), list[int](), dict[str, tuple[str, str]]()
    for rule in rules:
        before = len(spaces)
        for element in around.elements.values():
            if rule.of.holds(element) and len(element.mesh.faces):
                made = _spaces(rule, element, around.facing)
                if isinstance(made, str):
                    unknown[element.global_id] = (rule.name, made)
                else:
                    spaces += made
        counts.append(len(spaces) - before)
    search = _Search(around, touch_tolerance)
    intrusions = [clash for space in spaces for clash in search.intruders(space)]
    return FreeSpaces(tuple(rules), tuple(counts), tuple(intrusions), tuple(search.left_out), unknown)


def _spaces(rule: AccessRule, element: Element, facing: Mapping[str, Facing] | None) -> list[_Space] | str:
    """Return the spaces of a rule beside an element, or why it is not known where they are."""
    known = Facing(np.eye(3)) if facing is None else facing.get(element.global_id)
    if known is None:
        return Note("access_axes", "its placement says no directions")
    found, sides = list[_Space](), list[str]()
    for word in rule.towards:
        words = [word]
        if word == SWING:
            if "SWING" not in known.operation:
                return Note("access_swing", "nothing says to which side it swings")
            words += ["front"] if any(both in known.operation for both in _BOTH_WAYS) else []
        sides += words
    for word in dict.fromkeys(sides):
        envelope = envelope_of(element.mesh.vertices, sides_of(rule, word, known.axes), rule.distance)
        found.append(_Space(rule, word, element, envelope))
    return found


class _Search:
    """Looks into one space after the other; makes each solid once."""

    def __init__(self, around: Surroundings, touch_tolerance: float) -> None:
        self._around, self._touch = around, touch_tolerance
        self._names = [name for name, element in around.elements.items() if len(element.mesh.faces)]
        boxes = [around.elements[name].mesh.bounds() for name in self._names]
        self._boxes = np.array(boxes).reshape(-1, 2, 3)
        self._bodies = dict[str, Any]()
        self.left_out = list[LeftOut]()

    def intruders(self, space: _Space) -> Iterator[Clash]:
        """Yield what stands in a space."""
        low, high = space.envelope.bounds
        near = np.all((self._boxes[:, 0] <= high) & (self._boxes[:, 1] >= low), axis=1)
        for row in np.flatnonzero(near):
            name = self._names[row]
            if name != space.owner.global_id:
                clash = self._intrusion(space, self._around.elements[name])
                if clash is not None:
                    yield clash

    def _intrusion(self, space: _Space, other: Element) -> Clash | None:
        body = self._body(other)
        surface = isinstance(body, str)
        if space.rule.ignore is not None and space.rule.ignore.holds(other):
            if surface or float((space.envelope.body ^ body).volume()) > NOTHING:
                self._leave(space, other, "ignored", space.rule.distance)
            return None
        return self._by_faces(space, other, body) if surface else self._by_volume(space, other, body)

    def _by_volume(self, space: _Space, other: Element, body: Any) -> Clash | None:
        inside = space.envelope.body ^ body
        if float(inside.volume()) <= NOTHING:
            return None
        for normal, offset in self._limits(space, other, body):
            inside = inside.trim_by_plane(tuple(normal), offset)
        if float(inside.volume()) <= NOTHING:
            return None
        pieces = self._counted(space, other, Shared(inside, *surface_of(inside)).pieces)
        if max((piece.thickness(0.0) for piece in pieces), default=0.0) <= self._touch:
            return None
        corners = np.concatenate([piece.corners for piece in pieces])
        volume = sum(piece.volume for piece in pieces)
        return _clash(space, other, corners, volume, pieces[0].centre)

    def _counted(self, space: _Space, other: Element, pieces: Sequence[Piece]) -> list[Piece]:
        """Return the pieces that are not where the model says that the two meet: those that begin at the face."""
        owner, towards, face = space.owner.global_id, space.envelope.axes[0], float(space.envelope.low[0])
        reason = self._around.meant.get((min(owner, other.global_id), max(owner, other.global_id)))
        if reason is None or self._around.hosts.get(owner, {}).get(other.global_id) is not None:
            return list(pieces)  # of a host it is known where its opening ends
        starts = [float((piece.corners @ towards).min()) - face <= self._touch for piece in pieces]
        if any(starts):
            ends = [(one.corners @ towards).max() - face for one, begins in zip(pieces, starts, strict=True) if begins]
            self._leave(space, other, reason, float(max(ends)))
        return [piece for piece, begins in zip(pieces, starts, strict=True) if not begins]

    def _by_faces(self, space: _Space, other: Element, body: str) -> Clash | None:
        """Return what the faces of something that is no closed solid do in a space."""
        triangles, planes = other.mesh.triangles(), space.envelope.half_spaces(self._touch)
        if not len(clipped(triangles, planes)):
            return None
        corners = clipped(triangles, planes + list(self._limits(space, other, body)))
        if not len(corners):
            return None
        middle = 0.5 * (corners.min(axis=0) + corners.max(axis=0))
        clash = _clash(space, other, corners, None, middle)
        said = clash.intrusion
        why = Note("access_faces", "what stands there is no closed solid")
        return clash if said is None else replace(clash, intrusion=replace(said, by_faces=True), without_volume=why)

    def _limits(self, space: _Space, other: Element, body: Any) -> Iterator[HalfSpace]:
        """Yield beyond which planes something counts that the element stands in or on."""
        envelope, hosts = space.envelope, self._around.hosts.get(space.owner.global_id, {})
        if other.global_id in hosts:
            corners, face = hosts[other.global_id], float(envelope.low[0])
            end = face if corners is None else float((corners @ envelope.axes[0]).max())
            if end > face:
                yield envelope.axes[0], end
                self._leave(space, other, "host", min(end - face, space.rule.distance))
        top = self._floor(space, other, body)
        if top is not None:
            yield np.array([0.0, 0.0, 1.0]), top

    def _floor(self, space: _Space, other: Element, body: Any) -> float | None:
        """Return up to which height something is the floor that the element stands on or in; None: it is none."""
        if plain_class(other.ifc_class) not in FLOORS or abs(space.envelope.axes[0, 2]) > _LEVEL:
            return None
        low, high = space.owner.mesh.bounds()
        box = np.stack([low - [0.0, 0.0, self._touch], high])
        if isinstance(body, str):
            planes = [(axis, float(box[0, k])) for k, axis in enumerate(np.eye(3))]
            planes += [(-axis, -float(box[1, k])) for k, axis in enumerate(np.eye(3))]
            heights = clipped(other.mesh.triangles(), planes)[:, 2]
        else:
            inside = body ^ _cuboid(box)
            heights = surface_of(inside)[0][:, 2] if float(inside.volume()) > 0.0 else np.empty(0)
        top = float(heights.max()) if len(heights) else -np.inf
        if not low[2] - self._touch <= top <= low[2] + _SUNK * (high[2] - low[2]):
            return None
        self._leave(space, other, "floor", space.rule.distance)
        return top + self._touch

    def _body(self, element: Element) -> Any:
        """Return ``manifold3d.Manifold``, or why an element is no closed solid that can be trusted."""
        if element.global_id not in self._bodies:
            self._bodies[element.global_id] = element.suspect or make_body(element.mesh)
        return self._bodies[element.global_id]

    def _leave(self, space: _Space, other: Element, because: str, reaches: float) -> None:
        told = (space.rule.name, space.towards, space.owner.global_id, other.global_id, because)
        self.left_out.append(LeftOut(*told, reaches))


def _cuboid(box: FloatArray) -> Any:
    import manifold3d

    return manifold3d.Manifold.cube(tuple(box[1] - box[0])).translate(tuple(box[0]))


def _clash(space: _Space, other: Element, corners: FloatArray, volume: float | None, at: FloatArray) -> Clash:
    """Return an intrusion of something whose part in the space has these corners (k, 3)."""
    rule, envelope = space.rule, space.envelope
    free = float(np.clip((corners @ envelope.axes[0]).min() - envelope.low[0], 0.0, rule.distance))
    return Clash(
        first=space.owner.global_id, second=other.global_id, kind=ClashKind.ACCESS, volume=volume,
        depth=rule.distance - free, separation=0.0, gap=free, at=at, size=np.ptp(corners, axis=0),
        intrusion=Intrusion(rule.name, space.towards, rule.distance, free, envelope.corners),
    )  # fmt: skip
