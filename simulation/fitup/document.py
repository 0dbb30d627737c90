"""Joints to fit up, as people write them: a YAML file (docs/fitup.md)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import cos, inf, radians, sin

import numpy as np

from geometry.arrays import FloatArray
from geometry.pose import Pose
from simulation.document import Section, read_document
from simulation.fitup.joint import Bolt, Face, Freedom, Gap, Hole, Joint, Part
from simulation.fitup.scanned import BEAM, SEARCH, ScanOrder

_UNITS = {"mm": 1e-3, "cm": 1e-2, "m": 1.0, "in": 0.0254}
_MOST_HOLES, _MOST_PAIRS = 2_000, 10_000
_WIDEST_BEAM, _SQUARE = 0.05, 0.02
_FARTHEST = 1e4
"""Metres: nothing that is bolted together is larger."""
_JOINT = ("name", "fixed", "moving", "freedom", "bolts", "gaps", "bolt", "ream_to")
_HOLE = ("name", "at", "axis", "diameter", "sd", "position", "sigmas", "covariance", "diameter_sd")


@dataclass(frozen=True, slots=True, eq=False)
class PairingTask:
    """Which of several parts shall go to which of several places."""

    joint: Joint
    """What has to be kept; its parts stand for all."""
    places: tuple[Part, ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, eq=False)
class FitupDocument:
    """What a file asks."""

    name: str
    unit: str
    metres: float
    """Per unit of the file."""
    confidence: float
    joints: tuple[Joint, ...]
    pairing: PairingTask | None
    scans: Mapping[str, ScanOrder]
    """By the name of the part that each shows."""

    def with_parts(self, parts: Mapping[str, Part]) -> "FitupDocument":
        """Return the same with some parts in place of those of their names."""

        def now(joint: Joint) -> Joint:
            fixed, moving = (parts.get(part.name, part) for part in (joint.fixed, joint.moving))
            return replace(joint, fixed=fixed, moving=moving)

        task = self.pairing
        if task is not None:
            places, movers = (tuple(parts.get(p.name, p) for p in some) for some in (task.places, task.parts))
            task = PairingTask(replace(task.joint, fixed=places[0], moving=movers[0]), places, movers)
        return replace(self, joints=tuple(now(joint) for joint in self.joints), pairing=task)


def read_fitup(content: bytes) -> FitupDocument:
    """Return what a file asks.

    Raises
    ------
    BadDocument
        It makes no sense; the text names line and place.
    """
    top = read_document(content, "fitup").knows("name", "unit", "confidence", "parts", "joints", "pairing")
    name = top.text("name", "")
    unit = top.choice("unit", list(_UNITS), "mm")
    confidence = top.number("confidence", 0.95, above=0.5)
    if confidence >= 1.0:
        raise top.fault("confidence", f"{confidence:g} is no share below 1, such as 0.95")
    reader = _Reader(_UNITS[unit], {}, {})
    reader.parts.update({word: reader.part(word, section) for word, section in top.sections("parts")})
    joints = tuple(reader.joint(section) for section in top.listed("joints"))
    pairing = reader.pairing(top.section("pairing")) if top.has("pairing") else None
    top.misspelt()
    if not joints and pairing is None:
        raise top.fault("joints", "there is none, so nothing is asked")
    top.close()
    return FitupDocument(name, unit, _UNITS[unit], confidence, joints, pairing, reader.scans)


@dataclass(slots=True)
class _Reader:
    """What the sections of one file are read with."""

    scale: float
    parts: dict[str, Part]
    scans: dict[str, ScanOrder]

    def part(self, name: str, section: Section) -> Part:
        holes, faces = dict[str, Hole](), dict[str, Face]()
        section.knows("holes", "grid", "ring", "faces", "scan")
        found = [self.hole(one) for one in section.listed("holes")]
        for word, made in (("grid", self.grid), ("ring", self.ring)):
            if section.has(word):
                found += made(section.section(word))
        for hole in found:
            if hole.name in holes:
                raise section.fault("", f"two holes are named {hole.name!r}")
            holes[hole.name] = hole
        if len(holes) > _MOST_HOLES:
            raise section.fault("", f"{len(holes)} holes; {_MOST_HOLES} at most")
        edges = dict[str, FloatArray]()
        for one in section.listed("faces"):
            face = self.face(one, edges)
            if face.name in faces:
                raise one.fault("name", f"two faces are named {face.name!r}")
            faces[face.name] = face
        if section.has("scan"):
            self.scans[name] = self.scan(section, edges)
        elif edges:
            raise section.fault("faces", f"{next(iter(edges))!r} is the edge of a plate to a scan only; add scan")
        section.close()
        return Part(name, holes, faces)

    def scan(self, section: Section, edges: Mapping[str, FloatArray]) -> ScanOrder:
        """Return which scan shows a part: the name of a file, or that with how to read it."""
        if isinstance(section.content.get("scan"), str):
            return ScanOrder(section.text("scan"), edges=edges)
        told = section.section("scan").knows("file", "beam", "search", "station", "shift", "turn_deg")
        beam = self.scale * told.number("beam", BEAM / self.scale, above=0.0)
        search = self.scale * told.number("search", SEARCH / self.scale, above=0.0)
        if beam > _WIDEST_BEAM or search > _WIDEST_BEAM:
            raise told.fault("beam" if beam > _WIDEST_BEAM else "search", "nothing is found as roughly as that")
        station = self.place(told, "station") if told.has("station") else None
        shift = self.place(told, "shift") if told.has("shift") else np.zeros(3)
        turn = np.radians(np.array(told.numbers("turn_deg", (0.0, 0.0, 0.0), count=3)))
        pose = Pose.from_parts(Pose.from_rotation_vector(turn).rotation, shift)
        order = ScanOrder(told.text("file"), beam, search, station, pose, edges)
        told.close()
        return order

    def hole(self, section: Section) -> Hole:
        section.knows(*_HOLE)
        name, at = section.text("name"), self.place(section, "at")
        hole = self.made(section, name, at)
        section.close()
        return hole

    def made(self, section: Section, name: str, at: FloatArray) -> Hole:
        """Return a hole at a place, the rest of it read from a section."""
        diameter = self.scale * section.number("diameter", above=0.0)
        if diameter > _FARTHEST:
            raise section.fault("diameter", "no hole is as wide as that")
        axis = _unit(section, "axis") if section.has("axis") else np.array([0.0, 0.0, 1.0])
        flat = section.has("at") and len(section.numbers("at")) == 2
        spread = self.spread(section, flat)
        return Hole(name, at, axis, diameter, spread, self.scale * section.number("diameter_sd", 0.0, low=0.0))

    def spread(self, section: Section, flat: bool) -> FloatArray:
        """Return the covariance (3, 3) of a centre: of sd, of a position tolerance, or as it was measured."""
        given = [word for word in ("sd", "position", "covariance") if section.has(word)]
        if len(given) > 1:
            raise section.fault(given[1], f"{given[0]} says it already; one of them")
        if section.has("covariance"):
            values = section.numbers("covariance", count=3 if flat else 6)
            covariance = np.zeros((3, 3))
            pairs = [(0, 0), (1, 1), (0, 1)] if flat else [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)]
            for (i, j), value in zip(pairs, values, strict=True):
                covariance[i, j] = covariance[j, i] = value * self.scale**2
            top = float(np.abs(covariance).max())
            if not np.isfinite(covariance).all() or float(np.linalg.eigvalsh(covariance).min()) < -1e-9 * top:
                raise section.fault("covariance", "it is that of nothing: negative along some direction")
            return covariance
        sigmas = section.number("sigmas", 3.0, above=0.0) if section.has("position") else 1.0
        sd = 0.5 * section.number("position", low=0.0) / sigmas if section.has("position") else 0.0
        sd = self.scale * (section.number("sd", 0.0, low=0.0) or sd)
        if sd > _FARTHEST:
            raise section.fault(given[0], "no place is as uncertain as that")
        return sd**2 * np.eye(3)

    def grid(self, section: Section) -> list[Hole]:
        section.knows("rows", "columns", "pitch", "at", *_HOLE)
        rows, columns = (section.whole(word, low=1) for word in ("rows", "columns"))
        if rows * columns > _MOST_HOLES:
            raise section.fault("rows", f"{rows * columns} holes; {_MOST_HOLES} at most")
        pitch = section.numbers("pitch", count=2)
        at = self.place(section, "at") if section.has("at") else np.zeros(3)
        step = self.scale * np.array([pitch[0], pitch[1]])
        places = {
            f"{r + 1}.{c + 1}": at + np.array([r * step[0], c * step[1], 0.0])
            for r in range(rows)
            for c in range(columns)
        }
        holes = [self.made(section, name, place) for name, place in places.items()]
        section.close()
        return holes

    def ring(self, section: Section) -> list[Hole]:
        section.knows("count", "across", "at", "start_deg", *_HOLE)
        count = section.whole("count", low=1)
        if count > _MOST_HOLES:
            raise section.fault("count", f"{count} holes; {_MOST_HOLES} at most")
        radius = 0.5 * self.scale * section.number("across", above=0.0)
        start = radians(section.number("start_deg", 0.0))
        at = self.place(section, "at") if section.has("at") else np.zeros(3)
        holes = list[Hole]()
        for k in range(count):
            angle = start + radians(360.0 * k / count)
            holes.append(self.made(section, str(k + 1), at + radius * np.array([cos(angle), sin(angle), 0.0])))
        section.close()
        return holes

    def face(self, section: Section, edges: dict[str, FloatArray]) -> Face:
        section.knows("name", "at", "normal", "sd", "edge_of")
        sd = self.scale * section.number("sd", 0.0, low=0.0)
        face = Face(section.text("name"), self.place(section, "at"), _unit(section, "normal"), sd)
        if section.has("edge_of"):
            edges[face.name] = _unit(section, "edge_of")
            if abs(edges[face.name] @ face.normal) > _SQUARE:
                raise section.fault("edge_of", "the normal of the plate is square to that of its edge")
        section.close()
        return face

    def joint(self, section: Section) -> Joint:
        section.knows(*_JOINT)
        fixed, moving = (self.named(section, word) for word in ("fixed", "moving"))
        if fixed.name == moving.name:
            raise section.fault("moving", f"{moving.name!r} is the fixed part, too; a joint takes two")
        joint = self.kept(section, fixed, moving, section.text("name", f"{fixed.name} + {moving.name}"))
        section.close()
        return joint

    def kept(self, section: Section, fixed: Part, moving: Part, name: str) -> Joint:
        """Return a joint of two parts, what has to be kept read from a section."""
        bolts = self.bolts(section, fixed, moving)
        gaps = tuple(self.gap(one, fixed, moving) for one in section.listed("gaps"))
        if not bolts and not gaps:
            section.misspelt()
            raise section.fault("", "it has neither bolts nor gaps, so nothing has to be kept")
        flat = all(part.holes[bolt.hole].at[2] == 0.0 for bolt in bolts for part in (fixed, moving)) and not gaps
        usual = Freedom.PLANE if flat else Freedom.SPACE
        freedom = Freedom(section.choice("freedom", [one.value for one in Freedom], usual.value))
        return Joint(name, fixed, moving, bolts, gaps, freedom)

    def bolts(self, section: Section, fixed: Part, moving: Part) -> tuple[Bolt, ...]:
        """Return the bolts: one through every hole of both parts, or those that are listed."""
        ream = self.scale * section.number("ream_to", above=0.0) if section.has("ream_to") else None
        found = list[Bolt]()
        for one in section.listed("bolts"):
            one.knows("hole", "diameter", "ream_to")
            own = self.scale * one.number("ream_to", above=0.0) if one.has("ream_to") else ream
            found.append(
                Bolt(_in_both(one, "hole", fixed, moving), self.scale * one.number("diameter", above=0.0), own)
            )
            one.close()
        if section.has("bolt"):
            diameter = self.scale * section.number("bolt", above=0.0)
            if found:
                raise section.fault("bolt", "bolts are listed already; one of the two")
            only = sorted(set(fixed.holes) ^ set(moving.holes))
            if only:
                raise section.fault("bolt", f"the hole {only[0]!r} is in one of the two parts only")
            found = [Bolt(hole, diameter, ream) for hole in fixed.holes]
        doubled = [bolt.hole for k, bolt in enumerate(found) if bolt.hole in {b.hole for b in found[:k]}]
        if doubled:
            raise section.fault("bolts", f"two bolts go through the hole {doubled[0]!r}")
        return tuple(found)

    def gap(self, section: Section, fixed: Part, moving: Part) -> Gap:
        section.knows("name", "fixed", "moving", "limits", "at_least", "at_most", "shim")
        faces = [_face(section, word, part) for word, part in (("fixed", fixed), ("moving", moving))]
        low, high = -inf, inf
        if section.has("limits"):
            low, high = (self.scale * value for value in section.numbers("limits", count=2))
            if low > high:
                raise section.fault("limits", "the lower one is above the upper one")
        else:
            low = self.scale * section.number("at_least") if section.has("at_least") else low
            high = self.scale * section.number("at_most") if section.has("at_most") else high
        if low == -inf and high == inf:
            raise section.fault("", "limits, at_least or at_most is missing: nothing is asked of it")
        gap = Gap(section.text("name", " / ".join(faces)), faces[0], faces[1], low, high)
        if section.has("shim"):
            gap = self.shimmed(section.section("shim"), gap)
        section.close()
        return gap

    def shimmed(self, section: Section, gap: Gap) -> Gap:
        section.knows("step", "most")
        step, most = (self.scale * section.number(word, above=0.0) for word in ("step", "most"))
        section.close()
        if gap.high == inf:
            raise section.fault("", "the gap has no upper limit, so no shim is needed")
        if step > gap.high - gap.low:
            raise section.fault("step", "it is larger than what the limits allow: a pack may be too thin and too thick")
        return replace(gap, shim_step=step, shim_most=most)

    def pairing(self, section: Section) -> PairingTask:
        section.knows("places", "parts", "freedom", "bolts", "gaps", "bolt", "ream_to")
        groups = [
            tuple(self.known(section, word, name) for name in section.texts(word)) for word in ("places", "parts")
        ]
        for word, group in zip(("places", "parts"), groups, strict=True):
            if not group or len({part.name for part in group}) < len(group):
                raise section.fault(word, "each has to be named once, and one at least")
        both = sorted({part.name for part in groups[0]} & {part.name for part in groups[1]})
        if both:
            raise section.fault("parts", f"{both[0]!r} is one of the places, too; a joint takes two parts")
        if len(groups[0]) * len(groups[1]) > _MOST_PAIRS:
            raise section.fault("", f"{len(groups[0]) * len(groups[1])} pairs; {_MOST_PAIRS} at most")
        joints = [self.kept(section, place, part, "") for place in groups[0] for part in groups[1]]
        section.close()
        return PairingTask(joints[0], groups[0], groups[1])

    def named(self, section: Section, word: str) -> Part:
        return self.known(section, word, section.text(word))

    def known(self, section: Section, word: str, name: str) -> Part:
        if name not in self.parts:
            raise section.fault(word, f"no part is named {name!r}; there are {', '.join(self.parts) or 'none'}")
        return self.parts[name]

    def place(self, section: Section, word: str) -> FloatArray:
        """Return a place (3,), metres; of two numbers z is 0."""
        values = section.numbers(word)
        if len(values) not in (2, 3) or max(abs(value) for value in values) * self.scale > _FARTHEST:
            raise section.fault(word, f"two or three numbers, up to {_FARTHEST:g} m, are a place")
        return self.scale * np.array([*values, 0.0][:3])


def _unit(section: Section, word: str) -> FloatArray:
    values = np.array(section.numbers(word, count=3))
    length = float(np.linalg.norm(values))
    if not 1e-12 < length < 1e12:
        raise section.fault(word, "a direction has a length")
    return values / length


def _in_both(section: Section, word: str, fixed: Part, moving: Part) -> str:
    name = section.text(word)
    for part in (fixed, moving):
        if name not in part.holes:
            raise section.fault(word, f"{part.name!r} has no hole {name!r}{_there(part.holes)}")
    return name


def _face(section: Section, word: str, part: Part) -> str:
    name = section.text(word)
    if name not in part.faces:
        raise section.fault(word, f"{part.name!r} has no face {name!r}{_there(part.faces)}")
    return name


def _there(names: Mapping[str, object]) -> str:
    return f"; there are {', '.join(list(names)[:8])}" if names else "; it has none"
