"""What the 3D view loads, prepared once and kept by content: the model, its edges, the deviations as 3D Tiles."""

import gzip
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.errors import NotFound
from twin.operations.check import usable_cores
from twin.operations.work import Work
from twin.store.blob_register import keep_all, keep_parts
from twin.store.blobs import BlobStore
from twin.store.repository import Unit

if TYPE_CHECKING:
    from geometry.design import DesignModel
    from twin.result import CheckResult
    from twin.scene.scan_tiles import ScanPreview

_MEDIA = {".glb": "model/gltf-binary", ".json": "application/json"}


@dataclass(frozen=True, slots=True)
class SceneFileEntry:
    """One file of a scene: where its bytes are kept and how they are packed."""

    sha256: str
    size: int
    """Bytes as they are kept."""
    media_type: str
    encoding: str
    """``gzip`` or nothing."""


def keep_model_scene(work: Work, design: "DesignModel") -> str:
    """Prepare a model for the view; return the digest of the scene's list of files, empty if nothing has a shape."""
    from geometry.errors import EmptyInput
    from twin.scene.layout import scene_layout
    from twin.scene.model_glb import edge_files, elements_file, model_files

    work.progress("preparing the view", 0.0)
    try:
        layout = scene_layout(design)
    except EmptyInput:
        return ""
    files = [*model_files(design, layout), *edge_files(design, layout), elements_file(design, layout)]
    return _keep(work.blobs, ((file.name, gzip.compress(file.content, 6, mtime=0)) for file in files))


def keep_deviation_scene(work: Work, result: "CheckResult", folder: Path) -> str:
    """Prepare a check's deviations for the view in ``folder``; return the digest of the scene's list of files.

    It is empty when the registration was refused: then there are no deviations.
    """
    from geometry.registration.result import RegistrationStatus
    from twin.scene.deviation_points import points_of
    from twin.scene.deviation_tiles import Tiling, write_deviation_tiles
    from twin.scene.layout import scene_layout

    if result.registration.status is RegistrationStatus.REFUSED or not len(result.scan.points):
        return ""
    layout = scene_layout(result.design, [element.global_id for element in result.elements])
    write_deviation_tiles(
        points_of(result, layout.origin),
        folder,
        layout.global_ids,
        origin=layout.origin,
        tiling=Tiling(workers=usable_cores()),
        progress=lambda share: work.progress("preparing the view", share),
    )
    return _keep_packed(work.blobs, folder)


def keep_scan_scene(work: Work, preview: "ScanPreview") -> str:
    """Prepare the thinned scan for the view, in its own frame; return the digest of the scene's list of files."""
    with tempfile.TemporaryDirectory(prefix="qtems-scan-") as name:
        folder = Path(name) / "scene"
        preview.write(folder, workers=usable_cores(), progress=lambda share: work.progress("preparing the view", share))
        return _keep_packed(work.blobs, folder)


def _keep_packed(blobs: BlobStore, folder: Path) -> str:
    packed = sorted(path for path in folder.rglob("*.gz") if path.is_file())
    return _keep(blobs, ((str(p.relative_to(folder)).removesuffix(".gz"), p.read_bytes()) for p in packed))


def scene_files(blobs: BlobStore, scene_sha256: str) -> Mapping[str, SceneFileEntry]:
    """Return the files of a scene by name; :class:`NotFound` when there is no scene."""
    if not scene_sha256:
        raise NotFound(
            "nothing was prepared for the view: the model has no shape, the registration was refused, "
            "or the scan was taken in by an earlier version"
        )
    with blobs.open(scene_sha256) as stream:
        listed: dict[str, dict[str, Any]] = json.loads(stream.read())
    return {name: SceneFileEntry(**entry) for name, entry in listed.items()}


def register_scene(unit: Unit, blobs: BlobStore, scene_sha256: str) -> None:
    """Let the database know of a scene's list and of every file in it, in the transaction of the record that names it.

    A record names the list alone: without this no backup would take the files along, and nobody would miss one.
    """
    if scene_sha256:
        files = scene_files(blobs, scene_sha256).values()
        keep_all(unit, blobs, {scene_sha256: _MEDIA[".json"], **{one.sha256: one.media_type for one in files}})
        keep_parts(unit, scene_sha256, (one.sha256 for one in files))


def _keep(blobs: BlobStore, packed: Iterable[tuple[str, bytes]]) -> str:
    """Keep files that are packed with gzip, then the list of them."""
    listed = dict(_entries(blobs, packed))
    return blobs.put([json.dumps(listed, sort_keys=True, separators=(",", ":")).encode()]).sha256


def _entries(blobs: BlobStore, packed: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, content in packed:
        kept = blobs.put([content])
        media = _MEDIA.get(Path(name).suffix, "application/octet-stream")
        yield name, {"sha256": kept.sha256, "size": kept.size, "media_type": media, "encoding": "gzip"}
