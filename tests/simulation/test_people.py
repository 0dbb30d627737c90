"""Lifting by the printed examples of the manual; reach and room by hand calculation and by brute force."""

import math
from dataclasses import replace

import manifold3d
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation.assembly.lifting_equation import Lifting, picked_from, recommended_weight
from simulation.assembly.order_document import part_names, read_order
from simulation.assembly.part import make_parts
from simulation.assembly.people import Handling, People, Platform, handled
from simulation.errors import BadDocument
from tests.simulation.assembly_cases import Body, cube, cylinder, element

INCH, POUNDS = 0.025, 51 / 23
"""The manual's two sets of multipliers are one where an inch is 2.5 cm, and the load constant 51 lb or 23 kg."""
GROUND = Platform((-math.inf, -math.inf), (math.inf, math.inf), 0.0)
PEOPLE = People(frozenset({0}), 1, 1.0, Lifting(), (GROUND,), {}, {"": 1000.0}, pick_height=0.75)


@pytest.mark.parametrize(
    ("across", "height", "travel", "lifting", "limit", "load", "index"),
    [
        # NIOSH 94-110, examples 1 (loading punch press stock), 2 (supply rolls), 3 (bags into a hopper)
        (23, 15, 49, Lifting(coupling="fair"), 16.3, 44, 2.7),
        (23, 64, 49, Lifting(coupling="fair"), 14.5, 44, 3.0),
        (15, 27, 17, Lifting(coupling="poor"), 28.0, 35, 1.3),
        (20, 10, 17, Lifting(coupling="poor"), 18.1, 35, 1.9),
        (18, 15, 21, Lifting(coupling="fair", asymmetry=45.0), 18.9, 40, 2.1),
    ],
)
def test_the_manual_s_examples_come_out_as_printed(
    across: float, height: float, travel: float, lifting: Lifting, limit: float, load: float, index: float
) -> None:
    found = POUNDS * recommended_weight(across * INCH, height * INCH, travel * INCH, lifting)
    # the manual multiplies three figures of two digits: 0.005 of 0.44, 0.75 and 0.86
    assert found == pytest.approx(limit, rel=0.025)
    assert load / found == pytest.approx(index, abs=0.05 + 0.025 * index)


def test_how_often_is_read_from_the_table_and_beyond_its_end_nobody_lifts() -> None:
    def limit(often: float, hours: int, height: float = 0.75) -> float:
        best = recommended_weight(0.25, height, 0.0, Lifting(coupling="good"))
        return recommended_weight(0.25, height, 0.0, Lifting(often, hours, "good")) / best

    assert [round(limit(often, 1), 9) for often in (0.1, 0.2, 0.5, 9, 12, 15)] == [1.0, 1.0, 0.97, 0.52, 0.37, 0.28]
    assert [round(limit(4.5, hours), 9) for hours in (1, 2, 8)] == [0.80, 0.60, 0.35]
    assert limit(13, 1, 0.74) == limit(9, 8, 0.74) == limit(15.1, 1) == limit(11, 8) == 0.0
    assert limit(9, 8) == pytest.approx(0.15)
    assert recommended_weight(0.64, 0.75, 0.0, Lifting()) == recommended_weight(0.3, 1.76, 0.0, Lifting()) == 0.0
    assert picked_from(0.2, 0.4) == pytest.approx(0.45)
    assert picked_from(0.3, 0.4) == pytest.approx(0.4)


OFTEN = (0.2, 0.5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
PRINTED = {
    (1, 0.74): "1.00 .97 .94 .91 .88 .84 .80 .75 .70 .60 .52 .45 .41 .37 0 0 0 0",
    (1, 0.75): "1.00 .97 .94 .91 .88 .84 .80 .75 .70 .60 .52 .45 .41 .37 .34 .31 .28 0",
    (2, 0.74): ".95 .92 .88 .84 .79 .72 .60 .50 .42 .35 .30 .26 0 0 0 0 0 0",
    (2, 0.75): ".95 .92 .88 .84 .79 .72 .60 .50 .42 .35 .30 .26 .23 .21 0 0 0 0",
    (8, 0.74): ".85 .81 .75 .65 .55 .45 .35 .27 .22 .18 0 0 0 0 0 0 0 0",
    (8, 0.75): ".85 .81 .75 .65 .55 .45 .35 .27 .22 .18 .15 .13 0 0 0 0 0 0",
}
"""Table 5 of NIOSH 94-110 by hours and height of the hands (below 75 cm, and from there on): compared entry by entry
with a public program that has it typed in."""


@pytest.mark.parametrize(("hours", "height"), PRINTED)
def test_every_entry_of_the_manual_s_table_of_frequencies(hours: int, height: float) -> None:
    best = recommended_weight(0.25, height, 0.0, Lifting(0.0, 1, "good"))
    found = [recommended_weight(0.25, height, 0.0, Lifting(often, hours, "good")) / best for often in OFTEN]
    assert found == pytest.approx([float(entry) for entry in PRINTED[hours, height].split()], abs=1e-12)


def test_the_other_multipliers_are_those_of_the_manual_s_tables() -> None:
    """Tables 1 to 4 and 7 of NIOSH 94-110, which print two decimal places."""

    def share(across: float = 0.25, height: float = 0.75, travel: float = 0.25, turn: float = 0.0) -> float:
        best = recommended_weight(0.25, 0.75, 0.25, Lifting(coupling="good"))
        return recommended_weight(across, height, travel, Lifting(coupling="good", asymmetry=turn)) / best

    assert recommended_weight(0.25, 0.75, 0.25, Lifting(coupling="good")) == 23.0
    found = [share(across=cm / 100) for cm in (25, 28, 30, 40, 50, 60, 63)]
    assert found == pytest.approx([1.0, 0.89, 0.83, 0.63, 0.5, 0.42, 0.4], abs=0.00501)
    found = [share(height=cm / 100) for cm in (0, 10, 50, 75, 100, 150, 175)]
    assert found == pytest.approx([0.78, 0.81, 0.93, 1.0, 0.93, 0.78, 0.7], abs=0.00501)
    found = [share(travel=cm / 100) for cm in (25, 40, 55, 70, 100, 145, 175)]
    assert found == pytest.approx([1.0, 0.93, 0.9, 0.88, 0.87, 0.85, 0.85], abs=0.00501)
    found = [share(turn=degrees) for degrees in (0, 15, 30, 45, 60, 75, 90, 105, 120, 135, 136)]
    assert found == pytest.approx([1.0, 0.95, 0.9, 0.86, 0.81, 0.76, 0.71, 0.66, 0.62, 0.57, 0.0], abs=0.00501)
    for height, coupled in ((0.74, (1.0, 0.95, 0.9)), (0.75, (1.0, 1.0, 0.9))):
        limits = [recommended_weight(0.25, height, 0.25, Lifting(coupling=how)) for how in ("good", "fair", "poor")]
        assert [limit / limits[0] for limit in limits] == pytest.approx(coupled)


def carried(bodies: dict[str, Body], people: People = PEOPLE) -> Handling:
    """Return how the first by name is brought where the others stand."""
    parts = make_parts({name: element(name, body) for name, body in bodies.items()})
    (found,) = handled(parts, people, [[(0,)]], range(1, len(parts)))
    return found


def box(size: float, at: tuple[float, float, float]) -> Body:
    return cube((size, size, size)).translate(at)


@settings(max_examples=40, deadline=None)
@given(size=st.floats(0.05, 0.3), height=st.floats(0.0, 1.6), turn=st.floats(0.0, 6.28))
def test_a_box_in_the_open_is_as_heavy_as_the_equation_says_wherever_it_is(
    size: float, height: float, turn: float
) -> None:
    at = (50 * math.cos(turn), 50 * math.sin(turn), height)
    found = carried({"a": box(size, at)})
    near = 0.5 * size + 0.3  # its own body keeps the person's off, on a grid of 10 cm
    middle = height + 0.5 * size
    arm = math.sqrt(0.75**2 - max(middle - 1.4, 0.0) ** 2)
    assert found.mass == pytest.approx(1000 * size**3)
    assert found.limits is not None
    assert found.index is not None
    assert found.place is not None
    hands = float(np.linalg.norm(found.place[:2] - np.array(at[:2]) - 0.5 * size))
    assert hands <= arm + 1e-9
    assert hands >= near - 1e-6
    assert hands <= near + 0.1
    expected = [
        recommended_weight(picked_from(0.75, size), 0.75, middle - 0.75, Lifting()),
        recommended_weight(hands, middle, middle - 0.75, Lifting()),
    ]
    assert found.limits == pytest.approx(expected)
    if min(expected) > 0.0:
        assert found.mass is not None
        assert found.index == pytest.approx(found.mass / min(expected))
        assert bool(found.problems) == (found.index > 1.0)
    else:
        assert found.problems == ("too far or too high",)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_where_somebody_stands_nothing_is_in_the_body_and_where_all_is_taken_nobody_does(seed: int) -> None:
    rng = np.random.default_rng(seed)
    bodies = {"a": box(0.2, (0.0, 0.0, 0.9))}
    for k in range(int(rng.integers(3, 25))):
        x, y = rng.uniform(-1.2, 1.2, 2)
        size = rng.uniform(0.1, 0.7, 3)
        # what hangs just above the head or lies at the feet is in nobody's way
        bodies[f"b{k}"] = cube(tuple(size)).translate((x, y, float(rng.choice([0.0, 1.0, 1.85, 1.95])))) - box(
            0.4, (-0.1, -0.1, 0.8)
        )
    found = carried(bodies)
    others = manifold3d.Manifold.batch_boolean(list(bodies.values()), manifold3d.OpType.Add)

    def shared(x: float, y: float, radius: float) -> float:
        return float((others ^ cylinder(1.85, radius, radius, 96).translate((x, y, 0.05))).volume())

    if found.place is not None:
        assert shared(float(found.place[0]), float(found.place[1]), 0.299) < 1e-9
        return
    assert found.problems == ("no room to stand",)
    for x in np.arange(-0.5, 0.71, 0.2):
        for y in np.arange(-0.5, 0.71, 0.2):
            if math.hypot(x - 0.1, y - 0.1) < 0.75:
                assert shared(float(x), float(y), 0.301) > 0.0


def test_a_tall_block_is_no_place_to_stand_in() -> None:
    """Its surface is far from where a body would be: only what is inside tells."""
    bodies = {
        "a": box(0.2, (0.0, 0.0, 1.0)),
        "b": cube((20, 20, 20)).translate((-10, -10, -10)) - box(0.3, (-0.05, -0.05, 0.95)),
    }
    assert carried(bodies).problems == ("no room to stand",)


def test_what_is_high_is_reached_from_a_platform_alone() -> None:
    high = {"a": box(0.1, (0.0, 0.0, 2.8))}
    assert carried(high).problems == ("beyond reach",)
    deck = Platform((0.4, -1.0), (1.4, 1.0), 1.6)
    found = carried(high, replace(PEOPLE, floors=(GROUND, deck)))
    assert not found.problems
    assert found.place is not None
    assert found.place[2] == 1.6
    assert 0.4 <= found.place[0] <= 1.4
    assert carried(high, replace(PEOPLE, floors=())).problems == ("no floor",)


def test_what_is_heavy_takes_more_people_and_too_much_is_named() -> None:
    people = replace(PEOPLE, persons=4, density={"": 2000.0})
    persons = [carried({"a": box(size, (0.0, 0.0, 0.8))}, people) for size in (0.15, 0.22, 0.25, 0.4)]
    assert [one.persons for one in persons] == sorted(one.persons for one in persons)
    assert persons[0].persons == 1
    assert persons[1].persons > 1
    assert not persons[1].problems
    assert persons[-1].persons == 4
    assert persons[-1].problems == ("too heavy",)
    assert not carried({"a": box(0.25, (0.0, 0.0, 0.8))}, replace(people, limit=3.0)).problems


def test_a_mass_that_is_not_known_is_never_fine() -> None:
    bodies = {"a": box(0.05, (0.0, 0.0, 0.8))}
    unknown = carried(bodies, replace(PEOPLE, density={}))
    assert (unknown.mass, unknown.index, unknown.problems) == (None, None, ("mass not known",))
    assert not carried(bodies, replace(PEOPLE, density={}, masses={0: 2.0})).problems


NAMES = part_names(
    [("1", "plate"), ("2", "bolt"), ("3", "bolt 2")],
    ["IfcPlate", "IfcMechanicalFastener"] * 1 + ["IfcMechanicalFastener"],
)


def test_the_section_is_read_with_its_places_in_the_model_s_own_coordinates() -> None:
    text = (
        b"order: 1\npeople:\n  carries: [IfcMechanicalFastener]\n  persons: 2\n  hours: 1.5\n  coupling: poor\n"
        b"  floor: 3\n"
        b"  platforms: [{from: [2, 5], to: [1, 4], height: 4}]\n  mass: {bolt: 2}\n  density: {default: 7850}\n"
    )
    people = read_order(text, ".yaml", NAMES, origin=(1.0, 2.0, 3.0)).people
    assert people is not None
    assert people.carries == {1, 2}
    assert people.persons == 2
    assert people.masses == {1: 2.0}
    assert people.density == {"": 7850.0}
    assert people.lifting == Lifting(0.2, 2, "poor")
    assert people.floors[0].height == 0.0
    assert people.floors[1] == Platform((0.0, 2.0), (1.0, 3.0), 1.0)
    bare = read_order(b"order: 1\npeople: {}\n", ".yaml", NAMES, ground=7.0).people
    assert bare is not None
    assert bare.carries == {0, 1, 2}
    assert bare.floors[0].height == 7.0
    none = read_order(b"order: 1\npeople: {}\n", ".yaml", NAMES).people
    assert none is not None
    assert none.floors == ()


@pytest.mark.parametrize(
    ("section", "place"),
    [
        ("carries: [nut]", "nut"),
        ("persons: 0", "people.persons"),
        ("limit: 0", "people.limit"),
        ("coupling: firm", "people.coupling"),
        ("hours: 9", "people.hours"),
        ("mass: {plate: -1}", "people.mass.plate"),
        ("room: {diametre: 1}", "people.room.diametre"),
        ("platforms: [{from: [0, 0], to: [0, 1], height: 1}]", "people.platforms[0].to"),
        ("pick_height: 9", "people.pick_height"),
        ("arms: 1", "people.arms"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(section: str, place: str) -> None:
    with pytest.raises(BadDocument) as refused:
        read_order(f"order: 1\npeople:\n  {section}\n".encode(), ".yaml", NAMES)
    assert place in str(refused.value)


def test_with_a_crane_it_has_to_be_said_what_people_carry() -> None:
    crane = b"crane: {at: [0, 0, 0], capacity: {10: 100}, density: {default: 1}}\n"
    with pytest.raises(BadDocument, match=r"people\.carries.*there is a crane"):
        read_order(b"order: 1\npeople: {}\n" + crane, ".yaml", NAMES)
