"""When a builder would put up what, and where what is in the way or carries weighs more."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry.design import Element
from simulation.assembly.order_document import OrderDocument
from simulation.assembly.order_study import OrderStudy, study_order
from simulation.assembly.part import make_parts
from simulation.assembly.turns import BY_HAND, FASTENER, turns_of
from simulation.assembly.validate import GivenStep, validate
from simulation.assembly.view import OrderRule
from tests.simulation.assembly_cases import Body, cube, element, frame

RULE = OrderRule(touch=1e-4)
_CLASSES = {"C": "IfcColumn", "X": "IfcBeam", "Y": "IfcBeam", "S": "IfcSlab"}


def put(name: str, kind: str, body: Body, storey: str = "0", **said: bool) -> Element:
    properties: dict[str, object] = {f"Pset_WallCommon.{word}": value for word, value in said.items()}
    return replace(element(name, body, kind), storey=storey, properties=properties)


def studied(some: Mapping[str, Element], insertion: float | None = None) -> OrderStudy:
    rule = replace(RULE, insertion=insertion)
    return study_order(some, rule, lambda parts: OrderDocument(), ground=0.0, building=True)


def names(found: OrderStudy) -> list[str]:
    return [found.parts[part].global_id for step in found.orders[0].steps for part in step.parts]


def house() -> dict[str, Element]:
    """Return a frame of two storeys with a partition, a window, a duct under the slab, and a railing."""
    some = {
        name: replace(one, ifc_class=_CLASSES[name[0]], storey=name[1])
        for name, one in frame(bays=1, storeys=2, bay=6, height=3.5).items()
    }
    wall = cube((5.6, 0.2, 2.8)) - cube((1.2, 0.2, 1.2)).translate((2, 0, 1))
    some["partition"] = put("partition", "IfcWall", wall.translate((0.2, -0.1, 0)), LoadBearing=False)
    some["window"] = put("window", "IfcWindow", cube((1.2, 0.1, 1.2)).translate((2.2, -0.05, 1)))
    some["duct"] = put("duct", "IfcDuctSegment", cube((0.4, 4, 0.3)).translate((3, 1, 2.5)))
    some["railing"] = put("railing", "IfcRailing", cube((2, 0.05, 1)).translate((2, 3, 0)))
    return some


def test_a_house_goes_up_as_a_builder_would() -> None:
    found = studied(house())
    place = {name: number for number, name in enumerate(names(found))}
    assert len(place) == len(house())
    first = [max(place[name] for name in place if name.startswith(kind)) for kind in ("C0", "S0", "C1", "S1")]
    assert first == sorted(first)
    beams = [place[name] for name in place if name[:2] in ("X0", "Y0")]
    assert first[0] < min(beams)
    assert max(beams) < place["S0-00"]
    assert place["S1-00"] < place["partition"] < place["window"] < place["duct"] < place["railing"]
    assert not any(reason.ahead for reason in found.reasons)
    assert found.turns is not None
    by_hand = {part.global_id for part, hand in zip(found.parts, found.turns.by_hand, strict=True) if hand}
    assert by_hand == {"partition", "window", "duct", "railing"}
    assert set(found.blocking.reach.tolist()) == {BY_HAND, np.inf}


def test_a_tank_too_large_for_later_comes_before_the_lid_of_its_room() -> None:
    room = cube((3, 3, 2.4)) - cube((2, 2, 2.4)).translate((0.5, 0.5, 0))
    some = {
        "walls": put("walls", "IfcWall", room),
        "roof": put("roof", "IfcRoof", cube((3, 3, 0.2)).translate((0, 0, 2.4))),
        "tank": put("tank", "IfcTank", cube((1.9, 1.9, 2.3)).translate((0.55, 0.55, 0))),
        "pipe": put(
            "pipe", "IfcPipeSegment", cube((0.05, 1.8, 0.05)).translate((0.48, 0.6, 2.0)).translate((-1, 0, 0))
        ),
    }
    found = studied(some)
    order = names(found)
    assert order.index("tank") < order.index("roof")
    at = next(
        number for number, step in enumerate(found.orders[0].steps) if found.parts[step.parts[0]].global_id == "tank"
    )
    reason = found.reasons[at]
    assert reason.ahead
    assert [found.parts[part].global_id for part in reason.before] == ["roof"]
    assert order[-1] == "pipe"


def test_what_carries_comes_first_whatever_its_turn() -> None:
    """A column on a transfer beam: columns come before beams, but not this one."""
    some = {
        "slab": put("slab", "IfcSlab", cube((8, 2, 0.2))),
        "left": put("left", "IfcColumn", cube((0.4, 0.4, 3)).translate((0, 0, 0.2))),
        "right": put("right", "IfcColumn", cube((0.4, 0.4, 3)).translate((6, 0, 0.2))),
        "beam": put("beam", "IfcBeam", cube((6.4, 0.4, 0.6)).translate((0, 0, 3.2))),
        "upper": put("upper", "IfcColumn", cube((0.4, 0.4, 2)).translate((3, 0, 3.8))),
    }
    order = names(studied(some))
    assert order.index("beam") < order.index("upper")
    assert max(order.index("left"), order.index("right")) < order.index("beam")


def test_what_a_drawing_jams_is_named_and_does_not_turn_the_order_over() -> None:
    foot = cube((0.5, 0.5, 0.1)).translate((0.75, 0.75, 0.2))
    post = cube((0.2, 0.2, 3)).translate((0.9, 0.9, 0.2)) + foot + foot.translate((0, 0, 3))
    ring = cube((0.6, 0.6, 0.3)).translate((0.7, 0.7, 1)) + cube((0.6, 0.6, 0.3)).translate((0.7, 0.7, 2.5))
    some = {
        "slab": put("slab", "IfcSlab", cube((2, 2, 0.2))),
        "post": put("post", "IfcColumn", post),
        "collar": put("collar", "IfcRailing", ring + cube((0.1, 0.6, 1.8)).translate((1.05, 0.7, 1))),
    }
    found = studied(some)
    assert [sorted(found.parts[k].global_id for k in pair) for pair in found.passed_over] == [["collar", "post"]]
    assert names(found) == ["slab", "post", "collar"]


def test_a_bolt_is_put_in_from_beside_it_not_from_outside() -> None:
    """A nut under the flange of a beam: there is no straight way out of the model, but half a metre of room."""
    plate = cube((0.4, 0.4, 0.02)).translate((-0.2, -0.2, 2))
    bolt = cube((0.02, 0.02, 0.06)).translate((-0.01, -0.01, 2.0))
    cage = cube((3, 3, 4)).translate((-1.5, -1.5, 0)) - cube((2, 2, 3)).translate((-1, -1, 0.5))
    some = {
        "plate": put("plate", "IfcBeam", plate - bolt.translate((0, 0, -0.01))),
        "bolt": put("bolt", "IfcMechanicalFastener", bolt.translate((0, 0, -0.01))),
        "cage": put("cage", "IfcWall", cage),
    }
    found = studied(some)
    number = {part.global_id: k for k, part in enumerate(found.parts)}
    assert found.blocking.reach[number["bolt"]] == FASTENER
    there = np.array([part.global_id != "plate" for part in found.parts])
    assert found.blocking.free(there)[:, number["bolt"]].any()
    assert found.turns is not None
    assert found.turns.level[number["bolt"]] == -1


@pytest.mark.parametrize(
    ("kind", "said", "phase"),
    [
        ("IfcFooting", {}, "structure"),
        ("IfcWallStandardCase", {}, "structure"),
        ("IfcWall", {"LoadBearing": False}, "closing"),
        ("IfcWall", {"LoadBearing": True}, "structure"),
        ("IfcDoor", {}, "closing"),
        ("IfcFlowSegment", {}, "services"),
        ("IfcCableCarrierFitting", {}, "services"),
        ("IfcCovering", {}, "finishes"),
        ("IfcBuildingElementProxy", {}, ""),
    ],
)
def test_the_class_says_the_phase(kind: str, said: Mapping[str, bool], phase: str) -> None:
    some = {"a": put("a", kind, cube((1, 1, 1)), "0", **said)}
    turns = turns_of(make_parts(some), some)
    assert turns.phase == (phase,)
    assert (turns.level[0] >= 0) == bool(phase)


def test_a_length_for_all_ways_holds_for_all() -> None:
    assert set(studied(house(), 3.0).blocking.reach.tolist()) == {3.0}


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_every_step_of_a_building_can_be_done(seed: int) -> None:
    """Whatever the turns are, no part goes through another."""
    rng = np.random.default_rng(seed)
    kinds = ["IfcColumn", "IfcBeam", "IfcSlab", "IfcWall", "IfcDoor", "IfcPipeSegment", "IfcRailing", "IfcProxy"]
    some = dict[str, Element]()
    for x, y, z in np.ndindex(3, 2, 3):
        if rng.random() < 0.7:
            size = rng.uniform(0.5, 0.99, 3)
            name = f"{x}{y}{z}"
            some[name] = put(name, str(rng.choice(kinds)), cube(tuple(size)).translate((x, y, z)), str(z))
    if len(some) < 2:
        return
    found = studied(some)
    given = [GivenStep(step.parts, together=len(step.parts) > 1) for step in found.orders[0].steps]
    assert not any(step.obstacles for step in validate(found.blocking, given))
    assert sorted(names(found)) == sorted(some)
