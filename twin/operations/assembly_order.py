"""Use case: the order in which a model's parts go together, or what is wrong with a given one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from twin.errors import Invalid
from twin.operations.rehearsal_input import read_input

if TYPE_CHECKING:
    from geometry.design import DesignModel
    from simulation.assembly.order_document import OrderDocument
    from simulation.assembly.order_study import OrderStudy
    from simulation.assembly.part import Part
    from simulation.assembly.precedence import Before
    from simulation.assembly.validate import GivenStep

CAST_IN = ("ANCHORBOLT", "DOWEL", "SHEARCONNECTOR", "STUDSHEARCONNECTOR")
"""Kinds of fasteners that are in place before what they hold."""


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """What is asked about the order."""

    sequence: Path | None = None
    """A file with an order, or with what an order has to keep (docs/assembly.md)."""
    from_tasks: bool = False
    """Judge the order of the tasks that the model brings along."""
    insertion_m: float | None = None
    """How far a part is moved; None: out of the whole model."""
    best: int = 1


def study_model_order(
    request: OrderRequest,
    design: "DesignModel",
    touch_tolerance_m: float,
    meant: Mapping[tuple[str, str], str],
    *,
    threads: int,
    progress: Callable[[float], None],
) -> "OrderStudy":
    """Return what was found about the order of a model's parts.

    Raises
    ------
    Invalid
        The file cannot be read or makes no sense; the model has no tasks, or no parts.
    """
    from geometry.readers.ifc_assemblies import read_factory_assemblies
    from simulation.assembly.order_study import study_order
    from simulation.assembly.view import OrderRule
    from simulation.errors import SimulationError

    if not design.elements:
        raise Invalid(f"{design.source.path}: no element with a shape; there is nothing to put together")
    is_ifc = Path(design.source.path).suffix.lower().startswith(".ifc")
    lowest = min(float(element.mesh.vertices[:, 2].min()) for element in design.elements.values())
    try:
        return study_order(
            design.elements,
            OrderRule(touch_tolerance_m, request.insertion_m),
            lambda parts: _said(request, design, parts, meant, lowest if is_ifc else None),
            ground=lowest if is_ifc else None,
            building=is_ifc,
            held=[pair for pair, reason in meant.items() if reason.startswith("IfcRelConnects")],
            as_one=read_factory_assemblies(Path(design.source.path)) if is_ifc else (),
            best=request.best,
            threads=threads,
            progress=progress,
        )
    except SimulationError as error:
        raise Invalid(f"{request.sequence or design.source.path}: {error}") from error


def _said(
    request: OrderRequest,
    design: "DesignModel",
    parts: "Sequence[Part]",
    meant: Mapping[tuple[str, str], str],
    ground: float | None,
) -> "OrderDocument":
    from simulation.assembly.order_document import OrderDocument, part_names, read_order

    names = part_names([(part.global_id, part.name) for part in parts], [part.ifc_class for part in parts])
    document = OrderDocument()
    if request.sequence is not None:
        content = read_input(request.sequence)
        x, y, z = (float(value) for value in design.origin)
        level = None if ground is None else ground + z
        document = read_order(content, request.sequence.suffix.lower(), names, origin=(x, y, z), ground=level)
    if request.from_tasks:
        if document.steps:
            raise Invalid(f"{request.sequence}: it gives a sequence, and so does --tasks; leave out one of them")
        number = {part.global_id: k for k, part in enumerate(parts) if k not in document.base}
        document = replace(document, steps=_steps_of_tasks(design, number))
    if not document.steps:
        document = replace(document, rules=(*document.rules, *_fasteners_last(design, parts, meant)))
    return document


def _fasteners_last(
    design: "DesignModel", parts: "Sequence[Part]", meant: Mapping[tuple[str, str], str]
) -> "Iterator[Before]":
    """Yield that what fastens others comes after them; what is cast in, or belongs to one of them, comes with that."""
    from simulation.assembly.precedence import Before, Event

    number = {part.global_id: k for k, part in enumerate(parts)}
    kinds = {k: design.elements[one].predefined_type for one, k in number.items() if is_fastener(parts[k].ifc_class)}
    joined = dict[int, set[int]]()
    for pair, reason in meant.items():
        first, second = (number.get(one) for one in pair)
        if first is None or second is None or reason != "IfcRelConnectsWithRealizingElements":
            continue
        for one, other in ((first, second), (second, first)):
            if one in kinds and other not in kinds and kinds[one] not in CAST_IN:
                joined.setdefault(one, set()).add(other)
    for one, others in sorted(joined.items()):
        text = f"{', '.join(sorted(parts[k].name for k in others))} < {parts[one].name}"
        yield Before(Event(frozenset(others), True), Event(frozenset({one}), True), text)


def is_fastener(ifc_class: str) -> bool:
    """Return whether elements of a class only hold others together."""
    return ifc_class in ("IfcMechanicalFastener", "IfcFastener")


def _steps_of_tasks(design: "DesignModel", number: Mapping[str, int]) -> "tuple[GivenStep, ...]":
    """Return the tasks that build something as steps, by their planned days; each element where it first comes."""
    from simulation.assembly.presence import REMOVING
    from simulation.assembly.validate import GivenStep

    # what is taken away again is no part of what is put together
    gone = {one for task in design.tasks if task.kind.upper() in REMOVING for one in task.elements}
    number = {one: k for one, k in number.items() if one not in gone}
    planned = [task for task in design.tasks if task.builds and task.start is not None]
    planned.sort(key=lambda task: (task.start, task.finish or task.start))
    steps, seen = list[GivenStep](), set[int]()
    for task in planned:
        new = [number[one] for one in task.elements if one in number and number[one] not in seen]
        seen.update(new)
        if new:
            steps.append(GivenStep(tuple(new), name=" ".join((task.identification, task.name)).strip()))
    if not steps:
        text = "no task with a start and elements that have a shape; give an order with --sequence FILE"
        raise Invalid(f"{design.source.path}: {text}")
    return tuple(steps)
