"""What is said of parts by the shape that a scan has of them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from geometry.design import DesignModel
from simulation.assembly.built_shape import NotSeen
from simulation.assembly.clash import ClashKind
from simulation.assembly.study import ClashStudy
from twin.rehearsal.said import Said
from twin.report.words import clean

if TYPE_CHECKING:
    from twin.operations.assembly_shapes import ScannedShapes

Json = dict[str, object]
_MOST_NAMED = 4


def scanned_section(scanned: "ScannedShapes") -> Sequence[Json]:
    """Return the parts that have their shape from a scan."""
    return [
        {
            "global_id": shape.element.global_id, "kind": shape.kind.value, "file": name, "sha256": sha256,
            "points": None if shape.mesh is not None else len(shape.points), "noise_mm": 1e3 * shape.noise,
        }
        for shape in scanned.shapes
        for name, sha256 in [scanned.files[shape.element.global_id]]
    ]  # fmt: skip


def not_seen_section(not_seen: Sequence[NotSeen]) -> Sequence[Json]:
    """Return the pairs of which a scanned shape shows too little to clear them."""
    return [
        {
            "elements": [one.first, one.second], "because": one.because,
            "seen": None if one.seen is None else round(one.seen, 4),
            "gap_mm": None if one.gap is None else float(f"{1e3 * one.gap:.9g}"),
            "as_designed": None if one.designed is None else one.designed.value,
        }
        for one in not_seen
    ]  # fmt: skip


def shape_lines(study: ClashStudy, design: DesignModel, say: Said) -> list[str]:
    """Return of which pairs the scan shows too little; contacts of the design apart, which no scan can see."""
    contacts = [one for one in study.not_seen if one.designed is ClashKind.TOUCHING]
    open_ones = [one for one in study.not_seen if one.designed is not ClashKind.TOUCHING]
    lines = list[str]()
    for word, pairs in (("shape.not_seen", open_ones), ("shape.contacts", contacts)):
        if pairs:
            shown = [f"{_name(one.first, design)} – {_name(one.second, design)}" for one in pairs[:_MOST_NAMED]]
            lines.append(say(word, count=len(pairs), which=", ".join(shown)))
    reasons = {say.note(clash.without_volume): 0 for clash in study.clashes if clash.without_volume}
    return lines + [say("shape.no_volume", why=why) for why in reasons]


def _name(global_id: str, design: DesignModel) -> str:
    return clean(design.elements[global_id].name or global_id)


def section_of(shapes: Sequence[Json], study: ClashStudy) -> Mapping[str, object]:
    """Return what ``assembly.json`` says of scanned shapes; nothing without any."""
    return {"shapes": list(shapes), "not_seen": list(not_seen_section(study.not_seen))} if shapes else {}
