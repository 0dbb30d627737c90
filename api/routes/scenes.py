"""What the 3D view loads: files that were prepared and packed once, and never change under their address."""

import gzip
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Path, Request, Response

from api.deps import RecordId, RowsDep, ServicesDep
from api.etag import is_known
from api.routing import Routes
from api.services import Services
from twin.access import Action
from twin.record import Id
from twin.store.kinds import Kind
from twin.store.records import CHECK_RUN, MODEL_REVISION, SCAN_EPOCH
from twin.store.view import Scope

routes = Routes("scenes")
PartName = Annotated[str, Path(description="A file of the scene", pattern=r"^[\w.-]{1,100}$", examples=["model.json"])]
ContentName = Annotated[
    str, Path(description="A file of the scene", pattern=r"^[\w.-]{1,100}$", examples=["tileset.json"])
]
TileName = Annotated[str, Path(description="A tile's file", pattern=r"^[\w.-]{1,100}$", examples=["0.glb"])]
_FOR_EVER = "private, max-age=31536000, immutable"


_ANSWERS: dict[str, Any] = {"answers": "*/*", "also": (304,)}


@dataclass(frozen=True, slots=True, eq=False)
class _Scenes:
    """The prepared files of the records that a request may see."""

    request: Request
    services: Services
    rows: Scope

    def file(self, kind: Kind[Any], record: Id, name: str) -> Response:
        """Answer with a file, packed where the request takes that; with 304 where it has it already."""
        with self.services.store.read() as view:
            entry = self.services.scenes.file(view, self.services.blobs, kind, record, scope=self.rows, name=name)
        packed = entry.encoding == "gzip" and _takes_gzip(self.request.headers.get("accept-encoding", ""))
        headers = {"Cache-Control": _FOR_EVER, "ETag": f'"{entry.sha256}{"" if packed else "-plain"}"'}
        if packed:
            headers["Content-Encoding"] = "gzip"
        headers["Vary"] = "Accept-Encoding"
        if is_known(self.request, Response(headers=headers)):
            return Response(headers=headers)  # becomes 304
        content = b"".join(self.services.blobs.read(entry.sha256))
        if entry.encoding == "gzip" and not packed:
            content = gzip.decompress(content)
        return Response(content, headers=headers, media_type=entry.media_type)


async def _scenes(request: Request, services: ServicesDep, rows: RowsDep) -> _Scenes:
    return _Scenes(request, services, rows)


ScenesDep = Annotated[_Scenes, Depends(_scenes)]


@routes.get("/projects/{project}/models/{revision}/scene/{part}", Action.MODEL_READ, "Read a model's scene", **_ANSWERS)
def read_model_scene(revision: RecordId, part: PartName, scenes: ScenesDep) -> Response:
    """Return a file of the model prepared for the view; `model.json` and `edges.json` name the others."""
    return scenes.file(MODEL_REVISION, revision, part)


@routes.get("/projects/{project}/checks/{check}/scene/{content}", Action.CHECK_READ, "Read a check's scene", **_ANSWERS)
def read_check_scene(check: RecordId, content: ContentName, scenes: ScenesDep) -> Response:
    """Return `tileset.json` (3D Tiles 1.1) or `elements.json` of the deviations."""
    return scenes.file(CHECK_RUN, check, content)


@routes.get(
    "/projects/{project}/checks/{check}/scene/tiles/{tile}", Action.CHECK_READ, "Read a tile of a check's scene",
    **_ANSWERS,
)  # fmt: skip
def read_check_tile(check: RecordId, tile: TileName, scenes: ScenesDep) -> Response:
    """Return a tile of the deviations, as `tileset.json` names it."""
    return scenes.file(CHECK_RUN, check, f"tiles/{tile}")


@routes.get("/projects/{project}/scans/{epoch}/scene/{content}", Action.SCAN_READ, "Read a scan's preview", **_ANSWERS)
def read_scan_scene(epoch: RecordId, content: ContentName, scenes: ScenesDep) -> Response:
    """Return `tileset.json` (3D Tiles 1.1) of the thinned scan in its own frame, to pick points on."""
    return scenes.file(SCAN_EPOCH, epoch, content)


@routes.get(
    "/projects/{project}/scans/{epoch}/scene/tiles/{tile}", Action.SCAN_READ, "Read a tile of a scan's preview",
    **_ANSWERS,
)  # fmt: skip
def read_scan_tile(epoch: RecordId, tile: TileName, scenes: ScenesDep) -> Response:
    """Return a tile of the scan, as `tileset.json` names it."""
    return scenes.file(SCAN_EPOCH, epoch, f"tiles/{tile}")


def _takes_gzip(accepted: str) -> bool:
    """Say whether an Accept-Encoding takes gzip: named, or by ``*``, with another weight than 0."""
    weights = {
        name.strip().lower(): weight.strip() for name, _, weight in (o.partition(";") for o in accepted.split(","))
    }
    weight = weights.get("gzip", weights.get("*", "q=0"))
    return weight.removeprefix("q=").strip() not in ("0", "0.", "0.0", "0.00", "0.000")
