"""What stands in space that has to be free on a side of a model's elements (``qtems assemble --access``)."""

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from twin.errors import Invalid
from twin.operations.rehearsal_input import read_input

if TYPE_CHECKING:
    from geometry.arrays import FloatArray
    from geometry.design import DesignModel, OrientedBox
    from simulation.assembly.access_rules import AccessRule
    from simulation.assembly.place import Places
    from simulation.assembly.study import ClashStudy
    from simulation.assembly.surroundings import Facing

ACCESS_LIMIT = 2**20


def read_rules(path: Path, design: "DesignModel", *, is_ifc: bool) -> "tuple[AccessRule, ...]":
    """Return the rules of a file.

    Raises
    ------
    Invalid
        They make no sense, or name an element or a class that there is not.
    """
    from geometry.readers.ifc_axes import is_ifc_class
    from simulation.assembly.access_rules import read_access_rules
    from simulation.errors import SimulationError

    try:
        rules = read_access_rules(read_input(path, ACCESS_LIMIT))
    except SimulationError as error:
        raise Invalid(f"{path}: {error}") from error
    classes = {element.ifc_class for element in design.elements.values()}
    for rule in rules:
        for of in (rule.of, rule.ignore):
            for name in of.elements if of else ():
                if name not in design.elements:
                    raise Invalid(f"{path}: {rule.where}: {name}: the model has no element of this GlobalId")
            for name in of.classes if of and is_ifc else ():
                if name not in classes and not is_ifc_class(name):
                    near = get_close_matches(name, sorted(classes), n=1)
                    if near:
                        raise Invalid(f"{path}: {rule.where}: {name} is no class of IFC; did you mean {near[0]}?")
                    raise Invalid(f"{path}: {rule.where}: {name} is no class of IFC")
    return rules


def with_free_spaces(
    study: "ClashStudy", rules: "tuple[AccessRule, ...]", model: Path, design: "DesignModel",
    meant: Mapping[tuple[str, str], str],
) -> "ClashStudy":  # fmt: skip
    """Return a study with what intrudes on the spaces that rules ask for."""
    from simulation.assembly.free_space import free_spaces
    from simulation.assembly.place import placed
    from simulation.assembly.surroundings import Surroundings

    elements, places = design.elements, study.places
    if places is not None:
        elements = {name: placed(element, places[name]) for name, element in elements.items()}
    around = Surroundings(elements, _facing(model, design, places), meant, _hosts(design, places), places)
    found = free_spaces(around, rules, study.rule.touch_tolerance)
    return replace(study, clashes=(*study.clashes, *found.intrusions), spaces=found)


def _facing(model: Path, design: "DesignModel", places: "Places | None") -> "Mapping[str, Facing] | None":
    """Return which way the elements face where they are; None where the format does not say it."""
    from geometry.readers.ifc_axes import read_local_axes
    from simulation.assembly.surroundings import Facing

    if not model.suffix.lower().startswith(".ifc"):
        return None
    found = dict[str, Facing]()
    for name, local in read_local_axes(model).items():
        if name in design.elements:
            turn = _turn(name, design, places)
            found[name] = Facing(local.axes if turn is None else local.axes @ turn[:3, :3].T, local.operation)
    return found


def _hosts(design: "DesignModel", places: "Places | None") -> "dict[str, dict[str, FloatArray | None]]":
    """Return what each element sits in, with the corners of its opening where that is a box."""
    found = dict[str, dict[str, "FloatArray | None"]]()
    for name, host in design.elements.items():
        for void in host.voids:
            for filler in void.filled_by:
                found.setdefault(filler, {})[name] = (
                    None if void.box is None else _corners(name, void.box, design, places)
                )
    return found


def _corners(name: str, box: "OrientedBox", design: "DesignModel", places: "Places | None") -> "FloatArray":
    import numpy as np

    signs = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
    corners = box.centre + (signs * box.size) @ box.axes
    turn = _turn(name, design, places)
    return corners if turn is None else corners @ turn[:3, :3].T + turn[:3, 3]


def _turn(name: str, design: "DesignModel", places: "Places | None") -> "FloatArray | None":
    """Return how an element was moved (4, 4); None where it is as designed."""
    from geometry.element_pose import built_pose
    from simulation.assembly.place import box_centre

    if places is None or not places[name].twist.any():
        return None
    return built_pose(places[name].twist, box_centre(design.elements[name])).matrix
