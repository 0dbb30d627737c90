"""Two revisions of a small hall with a planted truth: what the design changed."""

import json
from dataclasses import replace

import numpy as np

from geometry.design import DesignModel, Mesh
from tests.api.web.planted import Planted, context, keep_scene
from tests.api.web.world import World
from tests.viewer.conftest import hall
from twin.fingerprint import fingerprints
from twin.operations.design_changes import fingerprints_of
from twin.project import ModelRevision
from twin.record import Id
from twin.revision_diff import diff_revisions
from twin.scene.layout import scene_layout
from twin.scene.model_glb import edge_files, elements_file, model_files
from twin.store import records

NEW = "N0000$plantedplantedpl"


def changed_hall(global_ids: tuple[str, ...]) -> DesignModel:
    """Return the hall: its first column stands 0.4 m on, the second is thicker, the third renamed, the fourth gone."""
    design = hall(global_ids)
    elements = dict(design.elements)
    first, second, third, fourth, *_ = global_ids
    moved = elements[first].mesh.vertices + np.array([0.4, 0.0, 0.0])
    elements[first] = replace(elements[first], mesh=Mesh(moved, elements[first].mesh.faces))
    middle = elements[second].mesh.bounds().mean(axis=0)
    grown = (elements[second].mesh.vertices - middle) * [2.0, 1.0, 1.0] + middle
    elements[second] = replace(elements[second], mesh=Mesh(grown, elements[second].mesh.faces))
    elements[third] = replace(elements[third], name="Column 3 A", materials=("C50/60",))
    del elements[fourth]
    added = hall((*global_ids, NEW)).elements[NEW]
    return replace(design, elements=dict(sorted((elements | {NEW: added}).items())))


def plant_revisions(world: World, project: Id, made: Planted) -> Id:
    """Let the planted revision be the hall, and keep the changed one as the next; return it."""
    store = world.services.store
    new = store.new_id()
    one, other = hall(made.global_ids), changed_hall(made.global_ids)
    kept = [_kept(world, design) for design in (one, other)]
    with store.write(context(world)) as unit:
        first = unit.get(records.MODEL_REVISION, made.revision)
        fingers, scene = kept[0]
        old = replace(first.record, fingerprints_sha256=fingers, scene_sha256=scene)
        unit.save(records.MODEL_REVISION, old, expected=first.version)
        fingers, scene = kept[1]
        diff = diff_revisions(fingerprints(one), fingerprints(other))
        unit.add(records.MODEL_REVISION, ModelRevision(
            new, project, 2, "tower 2.ifc", "b" * 64, "IFC4", old.metres_per_unit, world.clock(),
            previous=made.revision, diff=diff, fingerprints_sha256=fingers, scene_sha256=scene,
        ))  # fmt: skip
        assert fingerprints_of(world.services.blobs, old) is not None
    return new


def _kept(world: World, design: DesignModel) -> tuple[str, str]:
    told = fingerprints(design)
    columns = {
        "global_id": [e.global_id for e in told], "geometry": [e.geometry_sha256 for e in told],
        "properties": [e.properties_sha256 for e in told],
    }  # fmt: skip
    layout = scene_layout(design, tuple(design.elements))
    files = (*model_files(design, layout), *edge_files(design, layout), elements_file(design, layout))
    scene = keep_scene(world, {file.name: file.content for file in files})
    return world.services.blobs.put([json.dumps(columns).encode()]).sha256, scene
