"""Space that has to be free on one side of elements: a YAML file that people write (docs/assembly.md)."""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from simulation.assembly.envelope import Sides
from simulation.assembly.selector import Selector, read_selector
from simulation.document import Section, read_document

LOCAL = {"front": (1, -1), "back": (1, 1), "left": (0, -1), "right": (0, 1), "above": (2, 1), "below": (2, -1)}
"""Word -> axis of the element's placement and its sign. Who looks along +y sees the front, +x on the right."""
WORLD = {"up": 1.0, "down": -1.0}
SWING = "swing"
"""To where a door opens: +y (IfcDoor: a panel opens towards the positive y axis of the placement)."""
TOWARDS = (*LOCAL, *WORLD, SWING)
_BOTH = {"both": ("front", "back")}
_MOST_MM = 100_000.0
_DOWN = 0.7
"""Cosine from which on a side of a space is its lower one."""
_Grow = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class AccessRule:
    """What has to be free beside which elements."""

    name: str
    of: Selector
    towards: tuple[str, ...]
    """Words of ``TOWARDS``, each once."""
    distance: float
    """Metres from the outermost face of the element."""
    grow: float | _Grow = 0.0
    """Metres by which the space is wider than the face: at every side but the lower one, or side by side."""
    ignore: Selector | None = None
    """What may stand there."""
    where: str = ""
    """Line and place in the file."""


def read_access_rules(content: bytes) -> tuple[AccessRule, ...]:
    """Return the rules of a file.

    Raises
    ------
    BadDocument
        It makes no sense; the text names line and place.
    """
    top = read_document(content, "access")
    found = list[AccessRule]()
    for section in top.listed("rules"):
        rule = _rule(section)
        if any(one.name == rule.name for one in found):
            raise section.fault("name", f"{rule.name!r} is the name of a rule before; each needs its own")
        found.append(rule)
    top.close()
    if not found:
        raise top.fault("rules", "there are no rules")
    return tuple(found)


def _rule(section: Section) -> AccessRule:
    section.knows("name", "for", "towards", "distance_mm", "grow_mm", "ignore").misspelt()
    name = section.text("name")
    if not section.has("for"):
        raise section.fault("", "'for' is missing: which elements the rule is about")
    of = read_selector(section.section("for"))
    towards = _towards(section)
    distance = 1e-3 * section.number("distance_mm", above=0.0, high=_MOST_MM)
    grow = _grow(section, towards)
    ignore = read_selector(section.section("ignore")) if section.has("ignore") else None
    section.close()
    return AccessRule(name, of, towards, distance, grow, ignore, section.where())


def _towards(section: Section) -> tuple[str, ...]:
    known = (*TOWARDS, *_BOTH)
    found = list[str]()
    said = section.texts("towards")
    for word in said:
        if word not in known:
            raise section.fault("towards", f"{word!r} is none of {', '.join(known)}")
        found += _BOTH.get(word, (word,))
    if not said:
        raise section.fault("towards", f"it names no side: give one of {', '.join(known)}")
    return tuple(dict.fromkeys(found))


def _grow(section: Section, towards: tuple[str, ...]) -> float | _Grow:
    value = section.content.get("grow_mm")
    if not isinstance(value, dict):
        return 1e-3 * section.number("grow_mm", 0.0, low=0.0, high=_MOST_MM)
    inner = section.section("grow_mm").knows(*LOCAL)
    sides = tuple((word, 1e-3 * inner.number(word, low=0.0, high=_MOST_MM)) for word in LOCAL if inner.has(word))
    inner.close()
    for word, _ in sides:
        along = [one for one in towards if _axis(one) == LOCAL[word][0]]
        if along:
            raise inner.fault(word, f"the space goes towards {along[0]}: {word} is no side of its face")
    return sides


def _axis(word: str) -> int:
    return LOCAL[word][0] if word in LOCAL else 1 if word == SWING else 2


def sides_of(rule: AccessRule, word: str, axes: FloatArray) -> Sides:
    """Return where the space of a rule lies before an element.

    Parameters
    ----------
    rule, word
        The rule, and one of its ``towards``.
    axes
        (3, 3) rows: the element's own x, y, z.
    """
    axis, sign = LOCAL[word] if word in LOCAL else ((1, 1) if word == SWING else (2, 1))
    frame = axes
    if word in WORLD:
        frame, sign = _upright(axes), int(WORLD[word])
    towards = sign * frame[axis]
    first, second = (axis + 1) % 3, (axis + 2) % 3
    first, second = (first, second) if sign > 0 else (second, first)
    across = np.stack([frame[first], frame[second]])
    grow = np.array([[_grown(rule, frame, row, end) for end in (-1, 1)] for row in (first, second)])
    return Sides(towards, across, grow)


def _grown(rule: AccessRule, frame: FloatArray, axis: int, sign: int) -> float:
    if not isinstance(rule.grow, tuple):
        return 0.0 if sign * frame[axis, 2] < -_DOWN else rule.grow
    return next((far for word, far in rule.grow if LOCAL[word] == (axis, sign)), 0.0)


def _upright(axes: FloatArray) -> FloatArray:
    """Return axes with z upwards, and x as near to the element's own as a level line can be."""
    level = next(row for row in axes if np.hypot(row[0], row[1]) > 0.5)
    x = np.array([level[0], level[1], 0.0]) / np.hypot(level[0], level[1])
    return np.stack([x, np.array([-x[1], x[0], 0.0]), np.array([0.0, 0.0, 1.0])])
