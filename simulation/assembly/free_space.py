"""What stands in the space that has to be free on a side of elements: before a door, above a valve."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from geometry.arrays import FloatArray
from geometry.design import Element
from geometry.note import Note
from simulation.assembly.access_rules import SWING, WORLD, AccessRule, sides_of
from simulation.assembly.chance import Decision
from simulation.assembly.clash import Clash, ClashKind, Intrusion
from simulation.assembly.envelope import Envelope, HalfSpace, clipped, envelope_of, trimmed
from simulation.assembly.gap_kernels import NOTHING
from simulation.assembly.place import Places
from simulation.assembly.selector import plain_class
from simulation.assembly.shared import Piece, Shared
from simulation.assembly.solid import make_body, surface_of
from simulation.assembly.space_chance import Intruder, UncertainSpace, chance_of_intrusion, reach_of, shrunk
from simulation.assembly.surroundings import Facing, LeftOut, Surroundings

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
class _Space:
    rule: AccessRule
    towards: str
    owner: Element
    envelope: Envelope
    axes: FloatArray
    """(3, 3) rows: the owner's own x, y and z."""

    def at(self, turn: FloatArray, shift: FloatArray) -> Envelope:
        """Return the space where its owner is moved by a turn (3, 3) and a shift (3,)."""
        sides = sides_of(self.rule, self.towards, self.axes @ turn.T)
        return envelope_of(self.owner.mesh.vertices @ turn.T + shift, sides, self.rule.distance)


def free_spaces(around: Surroundings, rules: Sequence[AccessRule], touch_tolerance: float) -> FreeSpaces:
    """Return what intrudes on the spaces that rules ask for.

    A space is the rectangle that bounds the element along the rule's own directions, at its outermost point towards
    them, swept by the distance. Intruding is what shares a volume with it that is thicker than ``touch_tolerance``,
    metres. Left out, and listed: the wall that the element sits in, up to where its opening ends; the floor, up to the
    height that the element itself stands in it; what the model says is meant to meet it, where that begins at the very
    face; and what the rule ignores. Where places are uncertain each has its probability, and what may only stand there
    is told, too.
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
        found.append(_Space(rule, word, element, envelope, known.axes))
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
        reach = self._reach(space)[:, None]
        near = np.all((self._boxes[:, 0] <= high + reach) & (self._boxes[:, 1] >= low - reach), axis=1)
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
        clash = self._by_faces(space, other, body) if surface else self._by_volume(space, other, body)
        return clash if self._around.places is None else self._perhaps(space, other, body, clash)

    def _reach(self, space: _Space) -> FloatArray:
        """Return how much nearer each of the others may come to a space, metres (n,)."""
        places = self._around.places
        if places is None:
            return np.zeros(len(self._names))
        uncertain = _uncertain(space, places, self._touch)
        return np.array(
            [
                reach_of(uncertain, places[name], box.mean(axis=0), box)
                for name, box in zip(self._names, self._boxes, strict=True)
            ]
        )

    def _perhaps(self, space: _Space, other: Element, body: Any, clash: Clash | None) -> Clash | None:
        """Return an intrusion with its probability; also where something only may stand there."""
        places = self._around.places
        if places is None:
            return clash
        uncertain, place, centre = _uncertain(space, places, self._touch), places[other.global_id], _middle(other)
        reach = reach_of(uncertain, place, centre, other.mesh.bounds())
        limits = [plane for plane, _ in self._limits(space, other, body, reach)]
        if isinstance(body, str):
            triangles = trimmed(other.mesh.triangles(), limits)
            intruder = Intruder(centre, place, triangles=triangles) if len(triangles) else None
        else:
            for normal, offset in limits:
                body = body.trim_by_plane(tuple(normal), offset)
            empty = float(body.volume()) <= NOTHING
            intruder = None if empty else Intruder(centre, place, body, self._meant_pieces(space, other, body))
        if intruder is None:
            return clash
        chance = chance_of_intrusion(uncertain, intruder, places)
        if clash is not None:
            return replace(clash, chance=chance)
        if chance.decision is Decision.NO_CLASH:
            return None
        low, high = space.envelope.bounds
        corners = intruder.corners
        at = 0.5 * (np.maximum(low, corners.min(axis=0)) + np.minimum(high, corners.max(axis=0)))
        distance = space.rule.distance
        said = Intrusion(space.rule.name, space.towards, distance, distance, space.envelope.corners)
        return Clash(
            space.owner.global_id, other.global_id, ClashKind.ACCESS, 0.0, 0.0, 0.0, distance, at, np.zeros(3), chance,
            intrusion=replace(said, by_faces=intruder.triangles is not None),
        )  # fmt: skip

    def _meant_pieces(self, space: _Space, other: Element, body: Any) -> list[Any]:
        """Return what of something in a space is meant to meet the element there: what begins at the face."""
        owner = space.owner.global_id
        pair = (min(owner, other.global_id), max(owner, other.global_id))
        if self._around.meant.get(pair) is None or other.global_id in self._around.hosts.get(owner, {}):
            return []
        towards, face = space.envelope.axes[0], float(space.envelope.low[0])
        pieces = (space.envelope.body ^ body).decompose()
        return [
            piece for piece in pieces
            if piece.volume() > NOTHING and float((surface_of(piece)[0] @ towards).min()) - face <= self._touch
        ]  # fmt: skip

    def _by_volume(self, space: _Space, other: Element, body: Any) -> Clash | None:
        inside = space.envelope.body ^ body
        if float(inside.volume()) <= NOTHING:
            return None
        for (normal, offset), left in self._limits(space, other, body):
            inside = inside.trim_by_plane(tuple(normal), offset)
            self.left_out.append(left)
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
        limits = list(self._limits(space, other, body))
        self.left_out += [left for _, left in limits]
        corners = clipped(triangles, planes + [plane for plane, _ in limits])
        if not len(corners):
            return None
        middle = 0.5 * (corners.min(axis=0) + corners.max(axis=0))
        clash = _clash(space, other, corners, None, middle)
        said = clash.intrusion
        why = Note("access_faces", "what stands there is no closed solid")
        return clash if said is None else replace(clash, intrusion=replace(said, by_faces=True), without_volume=why)

    def _limits(
        self, space: _Space, other: Element, body: Any, slack: float = 0.0
    ) -> Iterator[tuple[HalfSpace, LeftOut]]:
        """Yield beyond which planes something counts that the element stands in or on, and what is left out by that.

        ``slack``: how much nearer the two may come, metres; what the element stands in may then be behind its face.
        """
        envelope, hosts = space.envelope, self._around.hosts.get(space.owner.global_id, {})
        if other.global_id in hosts:
            corners, face = hosts[other.global_id], float(envelope.low[0])
            end = face if corners is None else float((corners @ envelope.axes[0]).max())
            if end > face or slack > 0.0:
                end = max(end, face)
                left = _left(space, other, "host", min(end - face, space.rule.distance))
                yield (envelope.axes[0], end), left
        top = self._floor(space, other, body, slack)
        if top is not None:
            yield (np.array([0.0, 0.0, 1.0]), top), _left(space, other, "floor", space.rule.distance)

    def _floor(self, space: _Space, other: Element, body: Any, slack: float) -> float | None:
        """Return up to which height something is the floor that the element stands on or in; None: it is none."""
        if plain_class(other.ifc_class) not in FLOORS or abs(space.envelope.axes[0, 2]) > _LEVEL:
            return None
        low, high = space.owner.mesh.bounds()
        under = self._touch + slack
        box = np.stack([low - [0.0, 0.0, under], high])
        if isinstance(body, str):
            planes = [(axis, float(box[0, k])) for k, axis in enumerate(np.eye(3))]
            planes += [(-axis, -float(box[1, k])) for k, axis in enumerate(np.eye(3))]
            heights = clipped(other.mesh.triangles(), planes)[:, 2]
        else:
            inside = body ^ _cuboid(box)
            heights = surface_of(inside)[0][:, 2] if float(inside.volume()) > 0.0 else np.empty(0)
        top = float(heights.max()) if len(heights) else -np.inf
        if not low[2] - under <= top <= low[2] + _SUNK * (high[2] - low[2]):
            return None
        return top + self._touch

    def _body(self, element: Element) -> Any:
        """Return ``manifold3d.Manifold``, or why an element is no closed solid that can be trusted."""
        if element.global_id not in self._bodies:
            self._bodies[element.global_id] = element.suspect or make_body(element.mesh)
        return self._bodies[element.global_id]

    def _leave(self, space: _Space, other: Element, because: str, reaches: float) -> None:
        self.left_out.append(_left(space, other, because, reaches))


def _left(space: _Space, other: Element, because: str, reaches: float) -> LeftOut:
    return LeftOut(space.rule.name, space.towards, space.owner.global_id, other.global_id, because, reaches)


def _middle(element: Element) -> FloatArray:
    """Return the middle (3,) of an element's box where it is: what its twist turns about."""
    return element.mesh.bounds().mean(axis=0)


def _uncertain(space: _Space, places: Places, touch: float) -> UncertainSpace:
    """Return a space without its margin; one that goes straight up or down is made anew where its element turns."""

    def remade(turn: FloatArray, shift: FloatArray) -> Envelope:
        return shrunk(space.at(turn, shift), touch)

    place, remake = places[space.owner.global_id], remade if space.towards in WORLD else None
    return UncertainSpace(shrunk(space.envelope, touch), _middle(space.owner), place, remake)


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
