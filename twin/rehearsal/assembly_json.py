"""``assembly.json``: what a virtual assembly found, schema ``qtems.assembly/1`` (docs/assembly.md)."""

import json
from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from geometry.design import DesignModel
from simulation.assembly.clash import Clash, ClashKind
from simulation.assembly.groups import clash_identifier, grouped
from simulation.assembly.study import ClashStudy

SCHEMA, OVERLAY_SCHEMA = "qtems.assembly/1", "qtems.overlay/1"
Json = dict[str, object]
SERIOUS = (ClashKind.DUPLICATE, ClashKind.ENCLOSED, ClashKind.PIERCING, ClashKind.HARD, ClashKind.CLEARANCE)
"""What somebody has to look at; parts that touch are listed only."""


@dataclass(frozen=True, slots=True)
class AssemblyProvenance:
    """What a study was made of."""

    model: str
    sha256: str
    version: str


def assembly_json(study: ClashStudy, design: DesignModel, provenance: AssemblyProvenance) -> bytes:
    """Return ``assembly.json`` as UTF-8; the same study gives the same bytes."""
    text = json.dumps(assembly_document(study, design, provenance), ensure_ascii=False, allow_nan=False, indent=1)
    return (text + "\n").encode("utf-8", "replace")


def assembly_document(study: ClashStudy, design: DesignModel, provenance: AssemblyProvenance) -> Json:
    """Return the study as plain JSON values; places are metres in the model file's own coordinates."""
    counts = {kind.value: sum(clash.kind is kind for clash in study.clashes) for kind in ClashKind}
    return {
        "schema": SCHEMA,
        "summary": {
            "elements": len(design.elements), "solids": study.solids, "pairs_near": study.pairs,
            "meant": len(study.meant), "unchecked": len(study.unchecked), **counts,
        },
        "rule": {
            "touch_tolerance_mm": 1e3 * study.rule.touch_tolerance, "clearance_mm": 1e3 * study.rule.clearance,
        },
        "clashes": [_clash(clash, design) for clash in study.clashes],
        "groups": [
            {
                "id": group.identifier, "kind": group.kind.value, "elements": list(group.elements),
                "clashes": [_identifier(clash) for clash in group.clashes],
            }
            for group in grouped(study.clashes)
        ],
        "meant": [{"elements": list(pair), "because": reason} for pair, reason in study.meant.items()],
        "unchecked": [
            {"global_id": global_id, **_named(design, global_id), "because": str(reason)}
            for global_id, reason in study.unchecked.items()
        ],
        "provenance": {"model": provenance.model, "sha256": provenance.sha256, "version": provenance.version},
    }  # fmt: skip


def overlay_json(study: ClashStudy, design: DesignModel, title: str) -> bytes:
    """Return the clashes that matter as an overlay for the viewer, schema ``qtems.overlay/1``."""
    shown = [clash for clash in study.clashes if clash.kind in SERIOUS]
    document: Json = {
        "schema": OVERLAY_SCHEMA,
        "title": title,
        "clashes": [
            {
                "id": _identifier(clash), "elements": [clash.first, clash.second], "at": _place(clash.at, design),
                "depth_mm": round(1e3 * clash.depth, 4), "label": clash.kind.value,
            }
            for clash in shown
        ],
    }  # fmt: skip
    return (json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode("utf-8", "replace")


def _clash(clash: Clash, design: DesignModel) -> Json:
    return {
        "id": _identifier(clash),
        "kind": clash.kind.value,
        "first": {"global_id": clash.first, **_named(design, clash.first)},
        "second": {"global_id": clash.second, **_named(design, clash.second)},
        "volume_m3": _significant(clash.volume),
        "depth_mm": _significant(1e3 * clash.depth),
        "separation_mm": _significant(1e3 * clash.separation),
        "gap_mm": _significant(1e3 * clash.gap),
        "probability": _significant(clash.probability),
        "at_m": _place(clash.at, design),
        "size_mm": [_significant(1e3 * float(length)) for length in clash.size],
    }


def _named(design: DesignModel, global_id: str) -> Json:
    element = design.elements[global_id]
    return {"ifc_class": element.ifc_class, "name": element.name, "storey": element.storey}


def _identifier(clash: Clash) -> str:
    return clash_identifier(clash.kind, (clash.first, clash.second))


def _place(at: FloatArray, design: DesignModel) -> list[float]:
    return [round(float(value), 6) for value in np.asarray(at) + design.origin]


def _significant(value: float) -> float:
    return float(f"{value:.9g}")
