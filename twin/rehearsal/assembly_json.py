"""``assembly.json``: what a virtual assembly found, schema ``qtems.assembly/2`` (docs/assembly.md)."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from geometry.design import DesignModel
from simulation.assembly.chance import Decision
from simulation.assembly.clash import Clash, ClashKind, Intrusion
from simulation.assembly.free_space import FreeSpaces
from simulation.assembly.groups import grouped, identifier_of
from simulation.assembly.place import PlaceKind
from simulation.assembly.presence import Spell, TimedClashes
from simulation.assembly.study import ClashStudy
from twin.rehearsal.shape_rows import section_of

SCHEMA, OVERLAY_SCHEMA = "qtems.assembly/2", "qtems.overlay/1"
Json = dict[str, object]
SERIOUS = (
    ClashKind.DUPLICATE,
    ClashKind.ENCLOSED,
    ClashKind.PIERCING,
    ClashKind.HARD,
    ClashKind.CLEARANCE,
    ClashKind.POSSIBLE,
    ClashKind.ACCESS,
)
"""What somebody has to look at; parts that touch are listed only."""
_COMPONENTS = ("x", "y", "z", "turn about x", "turn about y", "turn about z")


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that a study was made of."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class AssemblyProvenance:
    """What a study was made of."""

    model: str
    sha256: str
    version: str
    as_built: InputFile | None = None
    positions: InputFile | None = None
    sequence: InputFile | None = None
    seed: int = 0
    schedule: InputFile | None = None
    elements: InputFile | None = None
    access: InputFile | None = None


def assembly_json(
    study: ClashStudy,
    design: DesignModel,
    provenance: AssemblyProvenance,
    order: Json | None = None,
    timed: TimedClashes | None = None,
    shapes: Sequence[Json] = (),
) -> bytes:
    """Return ``assembly.json`` as UTF-8, with what was found about the order; the same study gives the same bytes."""
    document = assembly_document(study, design, provenance, timed) | dict(section_of(shapes, study))
    document |= {} if order is None else {"order": order}
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
    return (text + "\n").encode("utf-8", "replace")


def assembly_document(
    study: ClashStudy, design: DesignModel, provenance: AssemblyProvenance, timed: TimedClashes | None = None
) -> Json:
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
        "uncertainty": _uncertainty(study),
        **({} if timed is None else {"in_time": _in_time(timed, study, design)}),
        **({} if study.spaces is None else {"access": spaces_section(study.spaces, design)}),
        "clashes": [_clash(clash, study, design) | _together(clash, timed) for clash in study.clashes],
        "groups": [
            {
                "id": group.identifier, "kind": group.kind.value, "elements": list(group.elements),
                "clashes": [identifier_of(clash) for clash in group.clashes],
            }
            for group in grouped(study.clashes)
        ],
        "meant": [{"elements": list(pair), "because": reason} for pair, reason in study.meant.items()],
        "unchecked": [
            {"global_id": global_id, **_named(design, global_id), "because": str(reason)}
            for global_id, reason in study.unchecked.items()
        ],
        "provenance": {
            "model": provenance.model, "sha256": provenance.sha256, "version": provenance.version,
            "seed": provenance.seed,
            **{
                word: {"file": file.name, "sha256": file.sha256}
                for word, file in (
                    ("as_built", provenance.as_built), ("positions", provenance.positions),
                    ("sequence", provenance.sequence), ("schedule", provenance.schedule),
                    ("elements", provenance.elements), ("access", provenance.access),
                )
                if file is not None
            },
        },
    }  # fmt: skip


def _in_time(timed: TimedClashes, study: ClashStudy, design: DesignModel) -> Json:
    """Return what is there when, and which clashes are left out because of it."""
    told = timed.in_time
    names = design.elements
    return {
        "at": None if told.at is None else told.at.isoformat(),
        "with_dates": sum(name in told.spells for name in names),
        "always_there": sum(name not in told.spells for name in names),
        "moved": [name for name in told.moved if name in names],
        "tasks_without_elements": [
            " ".join((task.identification, task.name)).strip() for task in design.tasks
            if not any(one in names for one in task.elements)
        ],
        "without_dates": [name for name in told.undated if name in names],
        "mixed_zones": told.clock.mixed,
        "excluded": [
            {
                "id": identifier_of(clash), "kind": clash.kind.value, "first": _side(clash.first, study, design),
                "second": _side(clash.second, study, design),
                "because": "not_on_that_day" if told.ever(clash) else "never_together",
                "first_there": _spells(told.of(clash.first)), "second_there": _spells(told.of(clash.second)),
            }
            for clash in timed.excluded
        ],
    }  # fmt: skip


def _together(clash: Clash, timed: TimedClashes | None) -> Json:
    return {} if timed is None else {"both_there": _spells(timed.in_time.together(clash))}


def _spells(spells: Sequence[Spell]) -> list[Json]:
    """Return times, from and up to; null: open."""
    return [
        {word: None if at is None else at.isoformat() for word, at in (("from", one.start), ("to", one.end))}
        for one in spells
    ]


def overlay_json(study: ClashStudy, design: DesignModel, title: str) -> bytes:
    """Return the clashes that matter as an overlay for the viewer, schema ``qtems.overlay/1``."""
    shown = [clash for clash in study.clashes if matters(clash)]
    document: Json = {
        "schema": OVERLAY_SCHEMA,
        "title": title,
        "clashes": [
            {
                "id": identifier_of(clash), "elements": [clash.first, clash.second], "at_m": _place(clash.at, design),
                "depth_mm": None if clash.kind is ClashKind.CLEARANCE else round(1e3 * clash.depth, 4),
                "label": clash.kind.value, **_space(clash, design),
                **({} if clash.chance is None else {"probability": _significant(clash.chance.probability)}),
            }
            for clash in shown
        ],
    }  # fmt: skip
    return (json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode("utf-8", "replace")


def _space(clash: Clash, design: DesignModel) -> Json:
    """Return the box that has to be free, of an intrusion: its corners, those at the face first, and what is free."""
    said = clash.intrusion
    if said is None:
        return {}
    return {"space_m": [_place(corner, design) for corner in said.corners], "space": _told(said)}


def is_contact(clash: Clash) -> bool:
    """Return whether two parts touch as designed: they will be made to."""
    return ClashKind.TOUCHING in (clash.designed, clash.kind)


def matters(clash: Clash) -> bool:
    """Return whether somebody has to look at a clash: what is shown to be none, and contacts alone, are listed only."""
    if clash.chance is None or clash.kind is ClashKind.CLEARANCE:
        return clash.kind in SERIOUS
    if is_contact(clash):
        return clash.chance.decision is Decision.CLASH
    return clash.chance.decision is not Decision.NO_CLASH


def _uncertainty(study: ClashStudy) -> Json | None:
    """Return what is known of places; None: they were taken as exactly as designed."""
    if study.places is None:
        return None
    kinds = Counter(place.kind for place in study.places.of.values())
    decided = Counter(clash.chance.decision for clash in study.clashes if clash.chance is not None)
    return {
        "confidence": study.places.confidence, "samples": study.places.samples, "seed": study.places.seed,
        "places": {kind.value: kinds[kind] for kind in PlaceKind},
        "partly_unknown": sum(any(place.unknown) for place in study.places.of.values()),
        "decisions": {decision.value: decided[decision] for decision in Decision},
    }  # fmt: skip


def _chance(clash: Clash, certain: bool) -> Json:
    """Return how probable a clash is; of a space only where places are certain."""
    chance = clash.chance
    if chance is None:
        if clash.intrusion is not None:
            return {"probability": 1.0 if certain else None}
        shared = clash.volume != 0.0 and clash.kind is not ClashKind.TOUCHING
        return {"probability": 1.0 if shared else 0.0}
    return {
        "probability": _significant(chance.probability),
        "probability_interval": [_significant(chance.low), _significant(chance.high)],
        "decision": chance.decision.value,
        "signed_depth_mm": _significant(1e3 * chance.signed_depth),
        "sd_mm": _significant(1e3 * chance.sd),
        "as_designed": None if clash.designed is None else clash.designed.value,
    }


def _side(global_id: str, study: ClashStudy, design: DesignModel) -> Json:
    side: Json = {"global_id": global_id, **_named(design, global_id)}
    if study.places is not None:
        place = study.places[global_id]
        side["place"] = place.kind.value
        side["unknown"] = [word for word, lost in zip(_COMPONENTS, place.unknown, strict=True) if lost]
    return side


def _clash(clash: Clash, study: ClashStudy, design: DesignModel) -> Json:
    return {
        "id": identifier_of(clash),
        "kind": clash.kind.value,
        "first": _side(clash.first, study, design),
        "second": _side(clash.second, study, design),
        "volume_m3": None if clash.volume is None else _significant(clash.volume),
        **({"volume_because": str(clash.without_volume)} if clash.without_volume else {}),
        "depth_mm": _significant(1e3 * clash.depth),
        "separation_mm": _significant(1e3 * clash.separation),
        "gap_mm": _significant(1e3 * clash.gap),
        **_chance(clash, study.places is None),
        **({} if clash.intrusion is None else {"access": _intrusion(clash.intrusion, design)}),
        "at_m": _place(clash.at, design),
        "size_mm": [_significant(1e3 * float(length)) for length in clash.size],
    }


def _intrusion(said: Intrusion, design: DesignModel) -> Json:
    return {**_told(said), "space_m": [_place(corner, design) for corner in said.corners]}


def _told(said: Intrusion) -> Json:
    return {
        "rule": said.rule, "towards": said.towards, "distance_mm": _significant(1e3 * said.distance),
        "free_mm": _significant(1e3 * said.free), "by_faces": said.by_faces,
    }  # fmt: skip


def spaces_section(spaces: FreeSpaces, design: DesignModel) -> Json:
    """Return what was looked at beside elements, and what is left out there."""
    return {
        "rules": [
            {
                "name": rule.name, "towards": list(rule.towards), "distance_mm": _significant(1e3 * rule.distance),
                "spaces": count,
            }
            for rule, count in zip(spaces.rules, spaces.spaces, strict=True)
        ],
        "left_out": [
            {
                "rule": one.rule, "towards": one.towards, "elements": [one.owner, one.other], "because": one.because,
                "reaches_mm": _significant(1e3 * one.reaches),
            }
            for one in spaces.left_out
        ],
        "unknown": [
            {"global_id": name, **_named(design, name), "rule": rule, "because": str(why)}
            for name, (rule, why) in spaces.unknown.items()
        ],
    }  # fmt: skip


def _named(design: DesignModel, global_id: str) -> Json:
    element = design.elements[global_id]
    return {"ifc_class": element.ifc_class, "name": element.name, "storey": element.storey}


def _place(at: FloatArray, design: DesignModel) -> list[float]:
    return [round(float(value), 6) for value in np.asarray(at) + design.origin]


def _significant(value: float) -> float:
    return float(f"{value:.9g}")
