"""Taking a model in: read, counted, compared with the revision before."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from twin.errors import Conflict
from twin.operations.check import usable_cores
from twin.operations.design_changes import fingerprints_of
from twin.operations.model_schedule import keep_schedule
from twin.operations.scenes import keep_model_scene, register_scene
from twin.operations.work import Upload, Work, fetched
from twin.project import MapConversion, ModelRevision
from twin.record import Id
from twin.revision_diff import ElementFingerprint, RevisionDiff, diff_revisions
from twin.store import records
from twin.store.blob_register import keep_all
from twin.store.repository import Unit
from twin.store.view import Stored, View

if TYPE_CHECKING:
    from geometry.design import DesignModel

_TRIES = 5
"""Imports of one project at the same time each find that another came first at most so often."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """The blobs that a revision names."""

    fingerprints: str
    scene: str
    schedule: str


def import_model(work: Work, *, identifier: Id, project: Id, file_name: str, sha256: str) -> Stored[ModelRevision]:
    """Keep a model that was uploaded as the next revision; done before under this identifier, it is done.

    Parameters
    ----------
    identifier
        The revision's, made by who asked, so that work that was interrupted and repeated makes one revision.

    Raises
    ------
    GeometryError
        If the file is no model that can be used; its text is one line for the user.
    """
    from geometry.readers import read_design

    with work.store.read() as view:
        done = view.find(records.MODEL_REVISION, id=identifier)
    if done:
        return done
    with fetched(work, Upload(file_name, sha256)) as path:
        workers = usable_cores()
        design = read_design(
            path, workers=workers, cache_dir=work.cache_dir, progress=lambda share: work.progress("tessellating", share)
        )
    work.progress("comparing revisions", 0.0)
    from twin.fingerprint import fingerprints

    mine = fingerprints(design)
    prints = work.blobs.put([_to_bytes(mine)]).sha256
    kept = _Kept(prints, keep_model_scene(work, design), keep_schedule(work.blobs, design))
    for _ in range(_TRIES - 1):
        try:
            return _keep(work, design, identifier, project, file_name, mine, kept)
        except Conflict:
            continue  # another revision came into force meanwhile: compare with that one
    return _keep(work, design, identifier, project, file_name, mine, kept)


def _keep(
    work: Work,
    design: "DesignModel",
    identifier: Id,
    project: Id,
    file_name: str,
    mine: tuple[ElementFingerprint, ...],
    kept: _Kept,
) -> Stored[ModelRevision]:
    with work.store.read() as view:
        before = latest_revision(view, project)
    diff = None if before is None else _diff(work, before, mine)
    with work.store.write(work.context()) as unit:
        number = _next_number(unit, project, before)
        revision = ModelRevision(
            id=identifier,
            project=project,
            number=number,
            file_name=file_name,
            sha256=design.source.sha256,
            schema=design.source.format,
            metres_per_unit=Decimal(repr(design.length_unit_m)),
            imported_at=unit.context.now,
            map_conversion=_map_conversion(design),
            previous=before.id if before else None,
            diff=diff,
            fingerprints_sha256=kept.fingerprints,
            scene_sha256=kept.scene,
            schedule_sha256=kept.schedule,
        )
        keep_all(unit, work.blobs, dict.fromkeys((kept.fingerprints, kept.schedule), "application/json"))
        register_scene(unit, work.blobs, kept.scene)
        return unit.add(records.MODEL_REVISION, revision)


def _next_number(unit: Unit, project: Id, before: ModelRevision | None) -> int:
    newest = latest_revision(unit, project)
    if (newest.id if newest else None) != (before.id if before else None):
        raise Conflict("another revision came into force meanwhile")
    return newest.number + 1 if newest else 1


def latest_revision(view: View, project: Id) -> ModelRevision | None:
    """Return the revision in force; None when the project has none."""
    found = view.highest(records.MODEL_REVISION, "number", project=project)
    return found.record if found else None


def _diff(work: Work, before: ModelRevision, mine: tuple[ElementFingerprint, ...]) -> RevisionDiff | None:
    theirs = fingerprints_of(work.blobs, before)
    return None if theirs is None else diff_revisions(theirs, mine)


def _to_bytes(elements: Iterable[ElementFingerprint]) -> bytes:
    ordered = tuple(elements)
    columns = {
        "global_id": [e.global_id for e in ordered],
        "geometry": [e.geometry_sha256 for e in ordered],
        "properties": [e.properties_sha256 for e in ordered],
    }
    return json.dumps(columns, separators=(",", ":")).encode()


def _map_conversion(design: "DesignModel") -> MapConversion | None:
    said = design.map_conversion
    if said is None:
        return None
    numbers = (said.eastings, said.northings, said.orthogonal_height, said.x_axis_abscissa, said.x_axis_ordinate)
    return MapConversion(said.crs or "unnamed", *(Decimal(repr(n)) for n in numbers), scale=Decimal(repr(said.scale)))
