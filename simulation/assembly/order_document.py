"""What people say about an order: the steps, what stands already, what comes before what (docs/assembly.md)."""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, cast

import numpy as np

from geometry.arrays import FloatArray
from simulation.assembly.access import Tool
from simulation.assembly.lifting import Crane
from simulation.assembly.people import People
from simulation.assembly.people_document import read_people
from simulation.assembly.precedence import Before, read_rules, whole_rules
from simulation.assembly.validate import GivenStep
from simulation.document import Section, read_document, text_in
from simulation.errors import BadDocument

_MOST_BYTES, _MOST_STEPS = 16 * 2**20, 100_000
_WORDS = {
    "up": (0, 0, 1), "down": (0, 0, -1), "+x": (1, 0, 0), "-x": (-1, 0, 0), "+y": (0, 1, 0), "-y": (0, -1, 0),
    "+z": (0, 0, 1), "-z": (0, 0, -1),
}  # fmt: skip


Origin = tuple[float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class OrderDocument:
    """What a file says about an order."""

    steps: tuple[GivenStep, ...] = ()
    """Empty: an order is looked for."""
    base: frozenset[int] = frozenset()
    rules: tuple[Before, ...] = ()
    ground: float | None = None
    """Metres."""
    friction: float = 0.4
    tools: tuple[Tool, ...] = ()
    crane: Crane | None = None
    in_place: frozenset[int] = frozenset()
    """Parts that are made where they stay (cast, laid in masonry): nothing is in their way."""
    people: People | None = None


@dataclass(frozen=True, slots=True)
class PartNames:
    """How elements may be called: by GlobalId, or by a name that only one of them has."""

    numbers: Mapping[str, int]
    repeated: frozenset[str]
    """Names that several have."""
    classes: Mapping[str, frozenset[int]] = field(default_factory=dict[str, frozenset[int]])
    """The elements of each IFC class."""

    def number(self, word: object, place: str) -> int:
        """Return the number of an element, or refuse with the place."""
        text = str(word).strip()
        if text in self.numbers:
            return self.numbers[text]
        if text in self.repeated:
            raise BadDocument(place, f"several elements are called {text!r}; give its GlobalId")
        raise BadDocument(place, f"{text!r} is no element of the model" if text else "a name is missing")

    def several(self, word: str, place: str) -> frozenset[int]:
        """Return the numbers of the elements of a class, or of one element."""
        return self.classes[word] if word in self.classes else frozenset({self.number(word, place)})


def part_names(parts: Sequence[tuple[str, str]], classes: Sequence[str] = ()) -> PartNames:
    """Return how elements may be called, given their GlobalIds and names, and their IFC classes.

    Examples
    --------
    >>> names = part_names([("1", "wall"), ("2", "slab"), ("3", "wall")])
    >>> names.number("slab", ""), sorted(names.repeated)
    (1, ['wall'])
    """
    called = dict[str, list[int]]()
    for number, (_, name) in enumerate(parts):
        called.setdefault(name, []).append(number)
    numbers = {name: found[0] for name, found in called.items() if len(found) == 1 and name}
    numbers.update({global_id: number for number, (global_id, _) in enumerate(parts)})
    of_class = {name: frozenset(k for k, one in enumerate(classes) if one == name) for name in set(classes)}
    repeated = frozenset(name for name, found in called.items() if len(found) > 1) - numbers.keys()
    return PartNames(numbers, repeated, of_class)


def read_order(
    content: bytes, suffix: str, names: PartNames, *, origin: Origin = (0.0, 0.0, 0.0), ground: float | None = None
) -> OrderDocument:
    """Return what a file says about an order.

    Parameters
    ----------
    content
        The file's bytes, UTF-8.
    suffix
        ``.csv`` or ``.txt``: one element a line, in the first column. ``.json``: a list. Else YAML, ``order: 1``.
    names
        How elements may be called.
    origin
        The point that the parts are relative to, metres: the file's places are in the model's own coordinates.
    ground
        Where the file says nothing: height of the ground that people stand on, in the model's own coordinates, metres.

    Raises
    ------
    BadDocument
        It cannot be read, names something unknown, or names a part twice.
    """
    if len(content) > _MOST_BYTES:
        raise BadDocument("", f"{len(content)} bytes; {_MOST_BYTES} at most")
    if suffix in (".csv", ".txt"):
        return OrderDocument(steps=_once(_from_table(text_in(content), names)))
    if suffix == ".json":
        return OrderDocument(steps=_once(_from_json(text_in(content), names)))
    top = read_document(content, "order")
    base = frozenset(names.number(one, top.where("base")) for one in top.texts("base", ()))
    told = whole_rules(top.texts("before", ()))
    rules = read_rules(told, _called(names, told, top.where("before")), top.where("before")) if told else ()
    level, friction = top.number("ground", None), top.number("friction", 0.4)
    if not 0.0 <= friction <= 2.0:
        raise top.fault("friction", f"{friction:g} is no coefficient of friction from 0 to 2")
    steps = tuple(_step(item, names) for item in top.listed("sequence"))
    in_place = frozenset[int]().union(*(names.several(one, top.where("in_place")) for one in top.texts("in_place", ())))
    tools = tuple(_tool(item, names) for item in top.listed("tools"))
    crane = _crane(top.section("crane"), origin) if top.has("crane") else None
    people = None
    if top.has("people"):
        every = frozenset(names.numbers.values()) - base - in_place
        stood_on = ground if level is None else level
        people = read_people(top.section("people"), names.several, every, origin, stood_on, crane is not None)
    top.close()
    if twice := base.intersection(part for step in steps for part in step.parts):
        raise BadDocument(top.where("sequence"), f"{_name(names, min(twice))} is in the base: it stands already")
    return OrderDocument(
        _once(steps), base, rules, None if level is None else level - origin[2], friction, tools, crane, in_place,
        people,
    )  # fmt: skip


def _step(section: Section, names: PartNames) -> GivenStep:
    """Return a step: ``place`` one or several, one by one; ``together`` several as one; ``from`` where they come."""
    placed, together = section.texts("place", ()), section.texts("together", ())
    if bool(placed) == bool(together):
        raise section.fault("", "a step needs either 'place' (one by one) or 'together' (as one)")
    told = section.content.get("from")
    insertion = None
    if isinstance(told, str):
        insertion = -np.array(_WORDS[section.choice("from", tuple(_WORDS))], dtype=np.float64)
    elif told is not None:
        insertion = -_unit(np.array(section.numbers("from", count=3)), section)
    name = section.text("name", "")
    section.close()
    numbers = tuple(names.number(one, section.where()) for one in placed or together)
    return GivenStep(numbers, bool(together), insertion, name)


def _tool(section: Section, names: PartNames) -> Tool:
    """Return a tool: ``for`` which fasteners, ``diameter_mm`` and ``length_mm`` of the room that it needs."""
    parts = tuple(names.number(one, section.where("for")) for one in section.texts("for"))
    size = [1e-3 * float(section.number(word, above=0.0)) for word in ("diameter_mm", "length_mm")]
    section.close()
    return Tool(parts, size[0], size[1])


def _crane(section: Section, origin: Origin) -> Crane:
    """Return a crane: where it stands, its table of radius (m) and load (kg), densities by class."""
    at = np.array(section.numbers("at", count=3)) - np.array(origin)
    pick = np.array(section.numbers("pick", count=3)) - np.array(origin) if section.has("pick") else None
    table = section.section("capacity")
    rows = sorted((float(radius), float(table.number(radius, above=0.0))) for radius in _radii(table))
    if not rows:
        raise section.fault("capacity", "it is empty; write such as {10: 8000, 20: 3500}: metres, kilograms")
    if any(later[1] > earlier[1] for earlier, later in pairwise(rows)):
        raise section.fault("capacity", "a crane lifts no more farther out")
    density = section.section("density")
    weights = {word: float(density.number(word, above=0.0)) for word in density.content}
    if "default" not in weights:
        raise section.fault("density", "'default' is missing: the density of what no other line names, kg/m³")
    weights[""] = weights.pop("default")
    height = section.number("hook_height", None, above=0.0)
    rigging, clearance = section.number("rigging", 2.0, low=0.0), section.number("clearance", 1.0, low=0.0)
    section.close()
    radii, loads = np.array(rows).T
    return Crane(at, radii, loads, height, rigging, clearance, weights, pick)


def _radii(table: Section) -> list[str]:
    for word in table.content:
        try:
            good = 0.0 < float(word) < 1e4
        except ValueError:
            good = False
        if not good:
            raise table.fault(word, f"{word!r} is no radius in metres")
    return list(table.content)


def _unit(vector: FloatArray, section: Section) -> FloatArray:
    length = float(np.linalg.norm(vector))
    if not 1e-9 < length < 1e9:
        raise section.fault("from", "a direction needs a length")
    return vector / length


def _from_table(text: str, names: PartNames) -> tuple[GivenStep, ...]:
    steps = list[GivenStep]()
    for number, row in enumerate(csv.reader(io.StringIO(text)), 1):
        word = row[0].strip() if row else ""
        if (
            not word
            or word.startswith("#")
            or (not steps and word.lower() in ("globalid", "global_id", "element", "guid"))
        ):
            continue
        if len(steps) == _MOST_STEPS:
            raise BadDocument(f"line {number}", f"more than {_MOST_STEPS} steps")
        steps.append(GivenStep((names.number(word, f"line {number}"),)))
    if not steps:
        raise BadDocument("", "it names no element; write one GlobalId or name a line")
    return tuple(steps)


def _from_json(text: str, names: PartNames) -> tuple[GivenStep, ...]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadDocument("", f"it is no JSON: {error}") from None
    items = cast("list[Any]", told) if isinstance(told, list) else None
    if not items or len(items) > _MOST_STEPS:
        raise BadDocument("", 'it is no list of elements; write such as ["column", ["beam 1", "beam 2"]]')
    steps = list[GivenStep]()
    for number, item in enumerate(items):
        several = cast("list[Any]", item) if isinstance(item, list) else [item]
        steps.append(GivenStep(tuple(names.number(one, f"[{number}]") for one in several)))
    return tuple(steps)


def _once(steps: tuple[GivenStep, ...]) -> tuple[GivenStep, ...]:
    """Return the steps after looking that no part comes twice."""
    seen = dict[int, int]()
    for number, step in enumerate(steps, 1):
        for part in step.parts:
            if part in seen:
                raise BadDocument(f"step {number}", f"an element of it is placed in step {seen[part]} already")
            seen[part] = number
    return steps


def _called(names: PartNames, rules: Sequence[str], place: str) -> Mapping[str, int]:
    """Return what rules may name; a name that several have is refused where a rule uses it."""
    for index, text in enumerate(rules):
        for word in re.split(r"[<,()]", text):
            if word.strip() in names.repeated:
                names.number(word, f"{place}[{index}]")
    return names.numbers


def _name(names: PartNames, number: int) -> str:
    return next(name for name, found in names.numbers.items() if found == number)
