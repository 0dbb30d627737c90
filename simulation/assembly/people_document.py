"""The section ``people:`` of a file about an order: what is carried by hand, by whom, and where they stand."""

from collections.abc import Callable

from simulation.assembly.lifting_equation import COUPLINGS, DURATIONS, Lifting
from simulation.assembly.people import People, Platform
from simulation.document import Section

_MOST_PERSONS = 8
Numbered = Callable[[str, str], frozenset[int]]
"""From a name or a class, and its place in the file, to the parts."""


def read_people(
    section: Section, numbered: Numbered, every: frozenset[int], origin: tuple[float, float, float],
    ground: float | None, crane: bool,
) -> People:  # fmt: skip
    """Return what a file says about people.

    Parameters
    ----------
    section
        The section.
    numbered
        What elements are called.
    every
        All parts that come to their places.
    origin
        The point that the parts are relative to, metres.
    ground
        Its height in the model's own coordinates, metres, where the file or the model has one.
    crane
        Whether there is a crane, too: then what people carry has to be said.

    Raises
    ------
    BadDocument
        It makes no sense.
    """
    if crane and not section.has("carries"):
        raise section.fault("carries", "there is a crane, too: name what people carry, such as carries: [bolt 1]")
    told = section.texts("carries", ())
    carries = frozenset[int]().union(*(numbered(one, section.where("carries")) for one in told)) if told else every
    masses, weights = section.section("mass"), section.section("density")
    known = {
        part: float(masses.number(word, above=0.0))
        for word in masses.content
        for part in numbered(word, masses.where(word))
    }
    density = {"" if word == "default" else word: float(weights.number(word, above=0.0)) for word in weights.content}
    room = section.section("room")
    found = People(
        carries, section.whole("persons", 1, low=1, high=_MOST_PERSONS),
        section.number("limit", 1.0, above=0.0, high=3.0),
        _lifting(section), _floors(section, origin, ground), known, density,
        section.number("pick_height", None, low=0.0, high=1.75),
        section.number("pick_horizontal", None, low=0.0, high=0.63),
        section.number("arm", 0.75, above=0.0, high=1.5), section.number("shoulder", 1.4, above=0.0, high=2.5),
        room.number("diameter", 0.6, above=0.0, high=5.0), room.number("height", 1.9, above=0.0, high=5.0),
    )  # fmt: skip
    room.close()
    section.close()
    return found


def _lifting(section: Section) -> Lifting:
    often = section.number("per_minute", 0.2, above=0.0, high=60.0)
    hours = section.number("hours", 1.0, above=0.0, high=8.0)
    duration = next(one for one in DURATIONS if hours <= one)
    held = section.choice("coupling", COUPLINGS, "fair")
    return Lifting(often, duration, held, section.number("asymmetry_deg", 0.0, low=0.0, high=180.0))


def _floors(section: Section, origin: tuple[float, float, float], ground: float | None) -> tuple[Platform, ...]:
    """Return the ground, or the floor that is said in its place, and the platforms."""
    level = section.number("floor", ground)
    far = float("inf")
    floors = [] if level is None else [Platform((-far, -far), (far, far), float(level) - origin[2])]
    for one in section.listed("platforms"):
        corner, other = one.numbers("from", count=2), one.numbers("to", count=2)
        if not all(abs(a - b) > 0.0 for a, b in zip(corner, other, strict=True)):
            raise one.fault("to", "a platform needs a length and a width: from and to are opposite corners")
        low = min(corner[0], other[0]) - origin[0], min(corner[1], other[1]) - origin[1]
        high = max(corner[0], other[0]) - origin[0], max(corner[1], other[1]) - origin[1]
        floors.append(Platform(low, high, float(one.number("height")) - origin[2]))
        one.close()
    return tuple(floors)
