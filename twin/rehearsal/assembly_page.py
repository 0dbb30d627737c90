"""``assembly.html``: the clashes of a model as one page that needs nothing else, the worst with a picture each."""

from base64 import b64encode
from collections.abc import Sequence

from geometry.design import DesignModel
from simulation.assembly.clash import Clash
from simulation.assembly.groups import grouped
from simulation.assembly.order_study import OrderStudy
from simulation.assembly.presence import TimedClashes
from simulation.assembly.study import ClashStudy
from twin.rehearsal.access_rows import intrusion_line, space_lines
from twin.rehearsal.assembly_json import AssemblyProvenance, matters
from twin.rehearsal.assembly_rows import (
    clash_row,
    clash_rows,
    count_rows,
    decision_lines,
    time_lines,
    time_rows,
    unchecked_line,
)
from twin.rehearsal.clash_pictures import FIRST, SECOND, SHARED, SPACE, ClashPicture
from twin.rehearsal.order_pictures import BLOCKED, NEW, STANDING, OrderPicture
from twin.rehearsal.order_rows import blocked_rows, move_rows, order_lines, step_rows
from twin.rehearsal.page import render
from twin.rehearsal.people_rows import people_rows
from twin.rehearsal.said import Said
from twin.rehearsal.shape_rows import shape_lines
from twin.report.words import Words, clean

_PLAIN_HEADS = 6
"""Columns of the table of clashes where places are exact."""
MOST_PICTURES, _MOST_ROWS, _MOST_GROUPS, _MOST_STEPS = 12, 100, 40, 500


def assembly_page(
    study: ClashStudy,
    design: DesignModel,
    provenance: AssemblyProvenance,
    shown: Sequence[tuple[Clash, ClashPicture]],
    language: str,
    *,
    order: OrderStudy | None = None,
    stages: Sequence[OrderPicture] = (),
    timed: TimedClashes | None = None,
) -> bytes:
    """Return the report as one UTF-8 HTML file, in ``en`` or ``zh``; ``shown`` are the clashes with pictures."""
    say = Said(language)
    heads, rows = clash_rows(study, design, say, most=_MOST_ROWS)
    values = {
        "say": say, "lang": language, "provenance": provenance, "counts": count_rows(study, say),
        "clashes": (heads, rows), "total": sum(matters(clash) for clash in study.clashes),
        "elements": len(design.elements), "pairs": study.pairs,
        "lines": [
            *decision_lines(study, say), *shape_lines(study, design, say), *space_lines(study, design, say),
            *time_lines(timed, design, say),
        ],
        "times": time_rows(timed, design, say, most=_MOST_ROWS),
        "unchecked": unchecked_line(study, design, say) if study.unchecked else "",
        "pictures": [_picture(clash, picture, heads, design, say) for clash, picture in shown],
        "groups": _groups(study, design, say), "touch": study.rule.touch_tolerance,
        "colours": (FIRST, SECOND, SHARED, SPACE if study.spaces else ""),
        "order": None if order is None else _order(order, stages, say),
    }  # fmt: skip
    return render("assembly.html.j2", values)


def _order(order: OrderStudy, stages: Sequence[OrderPicture], say: Said) -> dict[str, object]:
    """Return what the page says of an order: in words, pictures, the steps, and those that cannot be done."""
    return {
        "stages": [(_address(one.picture), say("order.stage", step=one.step, steps=one.steps)) for one in stages],
        "colours": ((STANDING, say("order.standing")), (NEW, say("order.new")), (BLOCKED, say("order.blocked"))),
        "lines": order_lines(order, say, _MOST_STEPS), "steps": step_rows(order, say, _MOST_STEPS),
        "blocked": blocked_rows(order, say, _MOST_STEPS), "moves": move_rows(order, say, _MOST_STEPS),
        "people": people_rows(order, say, _MOST_STEPS),
    }  # fmt: skip


def _address(picture: bytes) -> str:
    return f"data:image/png;base64,{b64encode(picture).decode()}" if picture else ""


def _picture(
    clash: Clash, picture: ClashPicture, heads: Sequence[str], design: DesignModel, say: Said
) -> dict[str, object]:
    address = _address(picture.picture)
    row = clash_row(clash, design, say, uncertain=len(heads) > _PLAIN_HEADS)
    sides = [design.elements[name] for name in (clash.first, clash.second)]
    words = Words(say.language)
    said = [clean(f"{side.name or side.global_id} ({words.ifc_class(side.ifc_class)})") for side in sides]
    note = intrusion_line(clash.intrusion, say) if clash.intrusion is not None else ""
    facts = [(head, cell) for head, cell in zip(heads[3:], row[3:], strict=True) if cell != "–"]
    storey = clean(sides[0].storey or sides[1].storey)
    return {"image": address, "kind": row[0], "sides": said, "facts": facts, "storey": storey, "note": note}


def _groups(study: ClashStudy, design: DesignModel, say: Said) -> list[dict[str, object]]:
    """Return the groups that have more than one clash; grouping that joins nothing is not shown."""
    found = list[dict[str, object]]()
    for group in grouped([clash for clash in study.clashes if matters(clash)]):
        if len(group.clashes) > 1 and len(found) < _MOST_GROUPS:
            names = [clean(design.elements[name].name or name) for name in group.elements[:6]]
            more = len(group.elements) - len(names)
            said = ", ".join(names) + (" " + say("clash.and_more", n=more) if more else "")
            kind = say(f"clash.{group.kind.value}")
            found.append({"kind": kind, "count": len(group.clashes), "names": said, "id": group.identifier})
    return found
