"""A tolerance stack as people write it (docs/stackup.md): the document becomes a :class:`Stack`, or a named fault."""

import unicodedata
from dataclasses import dataclass
from difflib import get_close_matches
from keyword import iskeyword
from math import radians
from typing import Any

import numpy as np

from geometry.arrays import FloatArray
from geometry.note import Note
from simulation.distribution import Distribution, Empirical, Normal, Triangular, TruncatedNormal, Uniform
from simulation.document import Section, read_document
from simulation.errors import NoSolution
from simulation.formula import CONSTANTS, FUNCTIONS, Formula, read_formula
from simulation.stackup.allocate import Target
from simulation.stackup.assembly import AngleBetween, Assembly, Contact, Measure, Part
from simulation.stackup.loop import Link, Loops
from simulation.stackup.model import Cost, Dimension, Let, Requirement, Stack, Step

_KINDS = ("normal", "uniform", "triangular", "truncated")
_LENGTHS = ("mm", "cm", "m", "in", "ft")
_ANGLES = ("deg", "rad")
_TOP = (
    "name", "unit", "dimensions", "values", "loops", "parts", "measures", "requirements", "correlations", "allocate",
)  # fmt: skip
_DIMENSION = (
    "unit", "nominal", "tolerance", "plus", "minus", "limits", "distribution", "mode", "measured", "sigmas", "mean",
    "sd", "cost",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class StackDocument:
    """What a file asks for."""

    stack: Stack
    target: Target | None
    """What tolerances are to be allocated for; None: nothing is asked."""


def read_stack(content: bytes) -> StackDocument:
    """Return the stack that a file describes.

    Raises
    ------
    BadDocument
        With line and place of what is wrong.
    """
    top = read_document(content, "stackup").knows(*_TOP)
    name, unit = top.text("name", "stack"), top.choice("unit", _LENGTHS, "mm")
    dimensions = tuple(_dimension(word, section) for word, section in top.sections("dimensions"))
    if not dimensions:
        top.misspelt()
        raise top.fault("dimensions", "there is none, so nothing varies")
    known = {dimension.name for dimension in dimensions}
    nominal = {dimension.name: np.array([dimension.nominal]) for dimension in dimensions}
    size = max((abs(d.nominal) for d in dimensions if not d.angle), default=0.0) or 1.0
    steps = _steps(top, known, nominal, size)
    requirements = tuple(_requirement(word, section, known) for word, section in top.sections("requirements"))
    if not requirements:
        top.misspelt()
        raise top.fault("requirements", "there is none, so nothing is asked")
    stack = Stack(name, unit, dimensions, steps, requirements, _correlation(top, dimensions))
    target = _target(top, stack)
    top.close()
    return StackDocument(stack, target)


def _dimension(name: str, section: Section) -> Dimension:
    _named(section.knows(*_DIMENSION), name)
    angle = _is_angle(section)
    scale = radians(1.0) if _is_degrees(section) else 1.0
    nominal, lower, upper = (scale * value for value in _limits(section))
    distribution, said = _distribution(section, lower, upper, scale)
    cost = _cost(section.section("cost"), scale) if section.has("cost") else None
    section.close()
    return Dimension(name, nominal, lower, upper, distribution, angle, cost, said)


def _limits(section: Section) -> tuple[float, float, float]:
    """Return nominal value and limits: of ``tolerance``, ``plus`` and ``minus``, or ``limits``."""
    if section.has("limits"):
        lower, upper = section.numbers("limits", count=2)
        if lower > upper:
            raise section.fault("limits", f"{lower:g} is above {upper:g}")
        return section.number("nominal", 0.5 * (lower + upper)), lower, upper
    nominal = section.number("nominal")
    if section.has("plus") or section.has("minus"):
        return nominal, nominal - section.number("minus", 0.0, low=0.0), nominal + section.number("plus", 0.0, low=0.0)
    tolerance = section.number("tolerance", low=0.0)
    return nominal, nominal - tolerance, nominal + tolerance


def _distribution(section: Section, lower: float, upper: float, scale: float) -> tuple[Distribution, str]:
    """Return how a dimension varies, and the sentence that says where this comes from."""
    name = section.place.rpartition(".")[2]
    if section.has("measured"):
        values = [scale * value for value in section.numbers("measured")]
        if len(values) < 2:
            raise section.fault("measured", "one value says nothing of how it varies; two or more do")
        count = str(len(values))
        return Empirical.of(values), Note(
            "stack_measured", "{name}: as {count} pieces were measured.", name=name, count=count
        )
    kind = section.choice("distribution", _KINDS, "normal")
    middle = 0.5 * (lower + upper)
    if kind == "uniform":
        return Uniform(lower, upper), Note("stack_uniform", "{name}: evenly spread between its limits.", name=name)
    if kind == "triangular":
        mode = scale * section.number("mode", middle / scale)
        if not lower <= mode <= upper:
            raise section.fault("mode", "it is outside the limits")
        distribution = Triangular(lower, mode, upper) if lower < upper else Uniform(lower, upper)
        return distribution, Note("stack_triangular", "{name}: triangular between its limits.", name=name)
    sigmas = section.number("sigmas", 3.0, above=0.0)
    mean = scale * section.number("mean", middle / scale)
    given = section.number("sd", None, low=0.0)
    sd = (upper - lower) / (2.0 * sigmas) if given is None else scale * given
    if kind == "truncated" and sd > 0.0 and lower < upper:
        text = "{name}: normal, and whatever is outside its limits is sorted out."
        return TruncatedNormal(mean, sd, lower, upper), Note("stack_truncated", text, name=name)
    if given is not None or mean != middle:
        return Normal(mean, sd), Note("stack_process", "{name}: normal with the mean and the spread given.", name=name)
    text = "{name}: normal, centred, its limits at {sigmas} standard deviations; pieces outside them do occur."
    return Normal(mean, sd), Note("stack_normal", text, name=name, sigmas=f"{sigmas:g}")


def _cost(section: Section, scale: float) -> Cost:
    power = section.knows("scale", "power", "fixed", "tightest", "loosest").number("power", 1.0, above=0.0)
    cost = Cost(
        scale=section.number("scale", above=0.0) * scale**power,
        power=power,
        fixed=section.number("fixed", 0.0),
        tightest=scale * section.number("tightest", 0.0, low=0.0),
        loosest=scale * section.number("loosest", np.inf, above=0.0),
    )
    if cost.tightest > cost.loosest:
        raise section.fault("tightest", "it is above 'loosest'")
    section.close()
    return cost


def _steps(top: Section, known: set[str], nominal: dict[str, FloatArray], size: float) -> tuple[Step, ...]:
    """Return values, loops and parts in this order, each checked with the nominal dimensions."""
    steps = list[Step]()
    values = top.section("values")
    for name in values.content:
        _named(values, name)
        _new(values, name, known)
        steps.append(_done(values, name, Let(name, _formula(values, name, known)), known, nominal))
    if top.has("loops"):
        section = top.section("loops")
        steps.append(_done(section, "", _loops(section, known, size), known, nominal))
    if top.has("parts") or top.has("measures"):
        section = top.section("measures")
        assembly = _assembly(top, section, known, size)
        for part, free in assembly.loose(nominal):
            raise top.fault(f"parts.{part}.contacts", f"nothing holds it against {', '.join(free)}")
        steps.append(_done(section, "", assembly, known, nominal))
    return tuple(steps)


def _done(section: Section, word: str, step: Any, known: set[str], nominal: dict[str, FloatArray]) -> Any:
    """Return the step after it has shown that it has an answer with everything nominal."""
    step.extend(nominal)
    known.update(step.gives)
    for name in step.gives:
        if not np.isfinite(nominal[name]).all():
            raise section.fault(word, f"with all dimensions nominal there is no {name}")
    return step


def _loops(section: Section, known: set[str], size: float) -> Loops:
    unknowns, start = list[str](), list[float]()
    for name, inner in section.sections("unknowns"):
        _named(inner.knows("start", "unit"), name)
        _new(inner, "", known, name)
        unknowns.append(name)
        start.append(inner.number("start") * (radians(1.0) if _is_degrees(inner) else 1.0))
        inner.close()
    names = known | set(unknowns)
    loops = list[tuple[Link, ...]]()
    for loop in section.listed("closed"):
        links = list[Link]()
        for link in loop.listed("links"):
            direction = _formula(link.knows("length", "direction"), "direction", names)
            links.append(Link(_formula(link, "length", names), direction))
            link.close()
        if len(links) < 2:
            raise loop.fault("links", "a loop has two links at least")
        loop.close()
        loops.append(tuple(links))
    if not loops:
        raise section.fault("closed", "there is no loop that has to close")
    section.close()
    try:
        return Loops(tuple(loops), tuple(unknowns), tuple(start), size)
    except NoSolution as error:
        raise section.fault("unknowns", str(error)) from None


def _assembly(top: Section, measures: Section, known: set[str], size: float) -> Assembly:
    parts = list[Part]()
    for name, section in top.sections("parts"):
        parts.append(_part(name, section, {part.name for part in parts}, known))
    there = {part.name for part in parts}
    found = list[Measure | AngleBetween]()
    for name in measures.content:
        section = measures.section(name).knows("what", "from", "to", "along")
        _named(section, name)
        _new(section, "", known, name)
        kind = section.choice("what", ("distance", "angle"), "distance")
        word = "direction" if kind == "angle" else "point"
        start, end = (_in_part(section.section(side), word, there, known) for side in ("from", "to"))
        if kind == "angle":
            found.append(AngleBetween(name, start, end))
        else:
            along = _in_part(section.section("along"), "direction", there, known) if section.has("along") else None
            found.append(Measure(name, start, end, along))
        section.close()
    if not found:
        raise top.fault("measures", "parts are there, but nothing is measured between them")
    return Assembly(tuple(parts), tuple(found), size)


def _part(name: str, section: Section, before: set[str], known: set[str]) -> Part:
    on = section.knows("on", "contacts", "at", "turn").text("on", None)
    if on is not None and on not in before:
        raise section.fault("on", f"there is no part {on!r} before this one")
    contacts = list[Contact]()
    for contact in section.listed("contacts"):
        words = ("point", "onto", "normal")
        point, onto, normal = (_vector(contact.knows(*words), word, known) for word in words)
        contacts.append(Contact(point, onto, normal))
        contact.close()
    at = _vector(section, "at", known) if section.has("at") else None
    turn = _vector(section, "turn", known) if section.has("turn") else None
    if contacts and (at or turn):
        raise section.fault("contacts", "the part is located by contacts or placed with 'at' and 'turn', not both")
    if contacts and len(contacts) != 6:
        raise section.fault("contacts", f"{len(contacts)} contacts; six hold a part (three, two and one)")
    if contacts and on is None:
        raise section.fault("on", "a part located by contacts stands on another: name it")
    section.close()
    return Part(name, on, tuple(contacts), at, turn)


def _in_part(section: Section, word: str, parts: set[str], known: set[str]) -> tuple[str, Any]:
    part = section.knows("part", word).text("part")
    if part not in parts:
        raise section.fault("part", f"there is no part {part!r}")
    vector = _vector(section, word, known)
    section.close()
    return part, vector


def _requirement(name: str, section: Section, known: set[str]) -> Requirement:
    section.knows("formula", "lower", "upper", "unit", "conforming")
    formula = _formula(section, "formula", known) if section.has("formula") else None
    if formula is None:
        if name not in known:
            section.misspelt()
            raise section.fault("", "'formula' is missing, and nothing of this name is computed")
        formula = read_formula(name, "")
    angle, scale = _is_angle(section), radians(1.0) if _is_degrees(section) else 1.0
    bounds = [section.number(word, None) for word in ("lower", "upper")]
    lower, upper = (None if bound is None else scale * bound for bound in bounds)
    if lower is not None and upper is not None and lower > upper:
        raise section.fault("lower", "it is above 'upper'")
    goal = section.number("conforming", None, above=0.0)
    if goal is not None and (goal >= 1.0 or lower is upper is None):
        raise section.fault("conforming", "a share below 1, of what the limits allow: 0.9973 is three sigmas")
    section.close()
    return Requirement(name, formula, lower, upper, angle, goal)


def _correlation(top: Section, dimensions: tuple[Dimension, ...]) -> FloatArray | None:
    place = {dimension.name: index for index, dimension in enumerate(dimensions)}
    matrix = np.eye(len(dimensions))
    for section in top.listed("correlations"):
        names = section.knows("between", "coefficient").texts("between")
        if len(names) != 2 or names[0] == names[1] or any(name not in place for name in names):
            raise section.fault("between", "two different dimensions are named here")
        value = section.number("coefficient", low=-1.0)
        if not abs(value) < 1.0:
            raise section.fault("coefficient", "it lies between -1 and 1")
        i, j = place[names[0]], place[names[1]]
        matrix[i, j] = matrix[j, i] = value
        section.close()
    if np.array_equal(matrix, np.eye(len(dimensions))):
        return None
    if float(np.linalg.eigvalsh(matrix)[0]) < 1e-10:
        raise top.fault("correlations", "no dimensions can depend on each other like this: the matrix is not positive")
    return matrix


def _target(top: Section, stack: Stack) -> Target | None:
    if not top.has("allocate"):
        return None
    section = top.section("allocate").knows("requirement", "ppm")
    names = [requirement.name for requirement in stack.requirements]
    name = section.choice("requirement", names, names[0])
    requirement = stack.requirements[names.index(name)]
    if requirement.lower is None and requirement.upper is None:
        raise section.fault("requirement", f"{name} has no limits to allocate for")
    if not any(dimension.cost for dimension in stack.dimensions):
        raise section.fault("", "no dimension has a 'cost', so nothing can be cheaper")
    ppm = section.number("ppm", above=0.0)
    if ppm >= 5e5:
        raise section.fault("ppm", "more than half of the assemblies outside is no target")
    section.close()
    return Target(names.index(name), ppm * 1e-6)


def _formula(section: Section, word: str, known: set[str]) -> Formula:
    formula: Formula = section.formula(word)
    _all_known(section, word, formula, known)
    return formula


def _vector(section: Section, word: str, known: set[str]) -> Any:
    vector = section.vector(word)
    for formula in vector:
        _all_known(section, word, formula, known)
    return vector


def _all_known(section: Section, word: str, formula: Formula, known: set[str]) -> None:
    for name in formula.names:
        if name not in known:
            near = get_close_matches(name, sorted(known), n=1)
            raise section.fault(word, f"there is no {name!r}" + (f"; did you mean {near[0]}?" if near else ""))


def _named(section: Section, name: str) -> None:
    plain = unicodedata.normalize("NFKC", name) == name and name.isidentifier() and not iskeyword(name)
    if not plain or name in FUNCTIONS or name in CONSTANTS:
        raise section.fault("", f"{name!r} cannot be a name in formulas: letters, digits and _ make one")


def _new(section: Section, word: str, known: set[str], name: str | None = None) -> None:
    if (name or word) in known:
        raise section.fault(word, f"there is a {name or word!r} already")


def _is_angle(section: Section) -> bool:
    return section.choice("unit", _ANGLES, None) is not None


def _is_degrees(section: Section) -> bool:
    return section.choice("unit", _ANGLES, None) == "deg"
