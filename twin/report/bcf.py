"""BCF 2.1 and 3.0: one topic per failing or missing element, with selection, colour, camera and snapshot.

How the parts are written is :mod:`twin.bcf.write`. The camera is in the design file's own world coordinates, metres.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256
from pathlib import PurePath

import numpy as np

from geometry.arrays import FloatArray
from geometry.verdict import Measurement, Outcome
from twin.bcf.guid import is_ifc_guid
from twin.bcf.values import Archive, Attached, Coloring, Component, ModelFile, Topic, Vector, Viewpoint
from twin.bcf.values import Camera as WorldCamera
from twin.bcf.write import VERSIONS, bcf_file
from twin.report import figures
from twin.report.camera import ASPECT, FIELD_OF_VIEW_DEG, Camera
from twin.report.cards import headline
from twin.report.palette import LOOKS, mark_of
from twin.report.provenance import Provenance
from twin.report.selection import actionable, worst
from twin.report.words import Words, clean
from twin.result import CheckResult, ElementResult

__all__ = ["VERSIONS", "bcf_archive", "world_camera"]


def bcf_archive(
    version: str,
    result: CheckResult,
    provenance: Provenance,
    words: Words,
    *,
    cameras: Mapping[str, Camera],
    snapshots: Mapping[str, bytes],
) -> bytes:
    """Return a BCF file.

    Parameters
    ----------
    version
        ``2.1`` or ``3.0``.
    cameras
        By GlobalId, one for every failing or missing element.
    snapshots
        PNG bytes by GlobalId; topics without one have no snapshot.

    Raises
    ------
    ValueError
        If the version is not one of ``VERSIONS``.
    """
    if version not in VERSIONS:
        raise ValueError(f"BCF {version} is not written, only {' and '.join(VERSIONS)}")
    blobs = {sha256(content).hexdigest(): content for content in snapshots.values()}
    topics = tuple(
        _topic(result.elements[i], place, result, provenance, words, cameras=cameras, snapshots=snapshots)
        for place, i in enumerate(actionable(result))
    )
    name = words("bcf.project", model=_file_name(provenance))
    archive = Archive(version, topics, provenance.identifier("project"), name)
    return bcf_file(archive, blobs, timestamp=provenance.timestamp)


def _topic(
    element: ElementResult,
    place: int,
    result: CheckResult,
    provenance: Provenance,
    words: Words,
    *,
    cameras: Mapping[str, Camera],
    snapshots: Mapping[str, bytes],
) -> Topic:
    mark = mark_of(element)
    label = words.term("mark", mark)
    component = _component(clean(element.global_id))
    view = Viewpoint(
        guid=provenance.identifier("viewpoint", element.global_id),
        camera=world_camera(cameras[element.global_id], result.design.origin),
        selection=(component,),
        coloring=(Coloring(LOOKS[mark].colour[1:].upper(), (component,)),),
        snapshot=_snapshot(snapshots.get(element.global_id)),
        index=0,
    )
    return Topic(
        guid=provenance.identifier("topic", element.global_id),
        title=_title(element, label, words),
        type=words("bcf.type"),
        status=words("bcf.status"),
        index=place,
        labels=(label,),
        creation_date=provenance.timestamp,
        creation_author=words("bcf.author"),
        description="\n".join(_description(element, result, words)),
        files=(ModelFile(_file_name(provenance), clean(provenance.model.path)),),
        viewpoints=(view,),
    )


def world_camera(camera: Camera, origin: FloatArray) -> WorldCamera:
    """Return a report's camera, which is relative to the design's origin, in the file's own world coordinates."""
    return WorldCamera(
        _vector(origin + camera.position, 6),
        _vector(camera.direction, 9),
        _vector(camera.up, 9),
        field_of_view_deg=Decimal(f"{FIELD_OF_VIEW_DEG:g}"),
        aspect_ratio=Decimal(f"{ASPECT:g}"),
    )


def _vector(vector: FloatArray, digits: int) -> Vector:
    x, y, z = (Decimal(f"{float(value):.{digits}f}") for value in vector)
    return Vector(x, y, z)


def _snapshot(content: bytes | None) -> Attached | None:
    return None if content is None else Attached(sha256(content).hexdigest(), "image/png", len(content))


def _title(element: ElementResult, mark: str, words: Words) -> str:
    """Return mark, class and name; without the class where the name says it already, as in "Column C2".

    Where it is a part of the element, an opening, that is furthest out, the part is named, too.
    """
    kind, name = words.ifc_class(element.ifc_class), clean(element.name) or words("unnamed")
    decisive = worst(element)
    if decisive is not None and decisive.part and decisive.outcome is Outcome.FAIL:
        name += words("comma") + clean(decisive.part)
    # in a script with spaces the class must stand as a word: "Wallpaper" does not say that it is a wall
    whole = rf"(?<![^\W\d_]){re.escape(kind)}(?![^\W\d_])" if kind.isascii() else re.escape(kind)
    if re.search(whole, name, re.IGNORECASE):
        return words("bcf.title_named", mark=mark, name=name)
    return words("bcf.title", mark=mark, **{"class": kind, "name": name})


def _description(element: ElementResult, result: CheckResult, words: Words) -> list[str]:
    lines = [headline(element, words)]
    lines += [words.explain(reason) for reason in element.reasons]
    lines += [_measured(measurement, words) for measurement in element.measurements if np.isfinite(measurement.actual)]
    lines.append(words("bcf.judged", tolerance=words.tolerance(result.tolerance_name)))
    lines.append(f"GlobalId {element.global_id}, {words('storey')}: {words.storey(element.storey)}")
    return [clean(line) for line in dict.fromkeys(lines) if line]


def _measured(m: Measurement, words: Words) -> str:
    value = figures.value_text(m)
    limits = f"{figures.limits_text(m)} ({words.source(m.source)})"
    return f"{words.measured(m)}: {value}, {limits}, {words.term('verdict', m.outcome)}"


def _component(global_id: str) -> Component:
    """Name an element by its IFC GlobalId, a part of a mesh file by what its file calls it."""
    return Component(global_id) if is_ifc_guid(global_id) else Component("", "qtems", global_id)


def _file_name(provenance: Provenance) -> str:
    return clean(PurePath(provenance.model.path.replace("\\", "/")).name)
