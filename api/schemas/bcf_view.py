"""Viewpoints of the BCF-API over the wire: numbers are JSON numbers, as BCF has them, and decimals behind."""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import Field

from api.schemas.bcf_base import GUID, MOST, BcfSchema, Guid, Number, Word, example
from twin.bcf.guid import derived, ifc_guid
from twin.bcf.picture import picture_kind
from twin.bcf.values import (
    Attached,
    Bitmap,
    Camera,
    ClippingPlane,
    Coloring,
    Component,
    Line,
    SetupHints,
    Vector,
    Viewpoint,
    Visibility,
)
from twin.bcf.zip_read import Limits
from twin.errors import Invalid
from twin.report.camera import ASPECT

_WALL = "2O2Fr$t4X7Zf8NOew3FLOH"
_POINT, _AHEAD, _UP = {"x": 12.5, "y": -3.0, "z": 1.6}, {"x": 0.0, "y": 1.0, "z": 0.0}, {"x": 0.0, "y": 0.0, "z": 1.0}


class Xyz(BcfSchema):
    """A point in metres, or a direction."""

    model_config = example(**_POINT)

    x: Number
    y: Number
    z: Number

    def vector(self) -> Vector:
        """Return it as a value."""
        return Vector(self.x, self.y, self.z)


class XyzOut(BcfSchema):
    """A point in metres, or a direction."""

    model_config = example(**_POINT)

    x: float
    y: float
    z: float


def _xyz(vector: Vector) -> XyzOut:
    return XyzOut(x=float(vector.x), y=float(vector.y), z=float(vector.z))


class PerspectiveIn(BcfSchema):
    """A perspective camera."""

    camera_view_point: Xyz
    camera_direction: Xyz
    camera_up_vector: Xyz
    field_of_view: Number
    aspect_ratio: Number | None = None


class OrthogonalIn(BcfSchema):
    """A camera in parallel projection."""

    camera_view_point: Xyz
    camera_direction: Xyz
    camera_up_vector: Xyz
    view_to_world_scale: Number
    aspect_ratio: Number | None = None


class ComponentIO(BcfSchema):
    """An element of a model."""

    model_config = example(ifc_guid=_WALL, originating_system=None, authoring_tool_id=None)

    ifc_guid: Word | None = None
    originating_system: Word | None = None
    authoring_tool_id: Word | None = None

    def component(self) -> Component:
        """Return it as a value; what is no IFC GlobalId is the tool's own name."""
        given = self.ifc_guid or ""
        found = ifc_guid(given) if given else ""
        own = self.authoring_tool_id or ""
        return Component(found or "", self.originating_system or "", own if found or not given else own or given)


def _component(one: Component) -> ComponentIO:
    return ComponentIO(
        ifc_guid=one.ifc_guid or None, originating_system=one.originating_system or None,
        authoring_tool_id=one.authoring_tool_id or None,
    )  # fmt: skip


Components = Annotated[tuple[ComponentIO, ...], Field(max_length=MOST)]


class ColoringIO(BcfSchema):
    """Components in a colour."""

    color: Annotated[str, Field(pattern="^#?([0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})$")]
    components: Components


class HintsIO(BcfSchema):
    """What of the model that is no built thing is shown."""

    spaces_visible: bool = False
    space_boundaries_visible: bool = False
    openings_visible: bool = False


class VisibilityIO(BcfSchema):
    """What is shown."""

    default_visibility: bool = False
    exceptions: Components = ()
    view_setup_hints: HintsIO | None = None


class ComponentsIn(BcfSchema):
    """What is selected, coloured and shown."""

    selection: Components = ()
    coloring: Annotated[tuple[ColoringIO, ...], Field(max_length=1000)] = ()
    visibility: VisibilityIO | None = None


class LineIn(BcfSchema):
    """A line in the view."""

    start_point: Xyz
    end_point: Xyz


class PlaneIn(BcfSchema):
    """A plane that cuts the model."""

    location: Xyz
    direction: Xyz


class SnapshotIn(BcfSchema):
    """How the view looked."""

    snapshot_type: Literal["png", "jpg"]
    snapshot_data: str = Field(description="Base64")


class BitmapIn(BcfSchema):
    """A picture that hangs in the model."""

    guid: Guid | None = None
    bitmap_type: Literal["png", "jpg"]
    bitmap_data: str = Field(description="Base64")
    location: Xyz
    normal: Xyz
    up: Xyz
    height: Number


class ViewpointPost(BcfSchema):
    """A new viewpoint; it never changes."""

    model_config = example(
        perspective_camera={
            "camera_view_point": _POINT, "camera_direction": _AHEAD, "camera_up_vector": _UP, "field_of_view": 50.0,
            "aspect_ratio": 1.5,
        },
        components={"selection": [{"ifc_guid": _WALL}], "visibility": {"default_visibility": True}},
    )  # fmt: skip

    guid: Guid | None = None
    index: Annotated[int, Field(ge=-(2**31), lt=2**31)] | None = None
    orthogonal_camera: OrthogonalIn | None = None
    perspective_camera: PerspectiveIn | None = None
    lines: Annotated[list[LineIn], Field(max_length=MOST)] | None = None
    clipping_planes: Annotated[list[PlaneIn], Field(max_length=100)] | None = None
    bitmaps: Annotated[list[BitmapIn], Field(max_length=20)] | None = None
    snapshot: SnapshotIn | None = None
    components: ComponentsIn | None = None

    def viewpoint(self, new_guid: str) -> tuple[Viewpoint, Mapping[str, bytes]]:
        """Return it as a value, and the contents of its pictures by SHA-256.

        Raises
        ------
        Invalid
            If a picture is none, or a camera is both or looks nowhere.
        """
        guid = self.guid or new_guid
        contents: dict[str, bytes] = {}
        shown = self.components or ComponentsIn()
        bitmaps = tuple(_bitmap(one, guid, place, contents) for place, one in enumerate(self.bitmaps or ()))
        snapshot = _picture(self.snapshot.snapshot_data, "snapshot_data", contents) if self.snapshot else None
        view = Viewpoint(
            guid=guid, camera=self._camera(), selection=tuple(one.component() for one in shown.selection),
            coloring=tuple(
                Coloring(one.color.lstrip("#").upper(), tuple(c.component() for c in one.components))
                for one in shown.coloring
            ),
            visibility=_visibility(shown.visibility),
            lines=tuple(Line(one.start_point.vector(), one.end_point.vector()) for one in self.lines or ()),
            clipping_planes=tuple(
                ClippingPlane(one.location.vector(), one.direction.vector()) for one in self.clipping_planes or ()
            ),
            bitmaps=bitmaps, snapshot=snapshot, index=self.index,
        )  # fmt: skip
        return view, contents

    def _camera(self) -> Camera | None:
        if self.perspective_camera and self.orthogonal_camera:
            raise Invalid("a viewpoint has a perspective or an orthogonal camera, not both")
        given = self.perspective_camera or self.orthogonal_camera
        if given is None:
            return None
        return Camera(
            given.camera_view_point.vector(), given.camera_direction.vector(), given.camera_up_vector.vector(),
            field_of_view_deg=self.perspective_camera.field_of_view if self.perspective_camera else None,
            view_height=self.orthogonal_camera.view_to_world_scale if self.orthogonal_camera else None,
            aspect_ratio=given.aspect_ratio,
        )  # fmt: skip


def _visibility(given: VisibilityIO | None) -> Visibility:
    if given is None:
        return Visibility()
    hints = given.view_setup_hints
    return Visibility(
        given.default_visibility,
        tuple(one.component() for one in given.exceptions),
        SetupHints(hints.spaces_visible, hints.space_boundaries_visible, hints.openings_visible) if hints else None,
    )


def _bitmap(one: BitmapIn, view: str, place: int, contents: dict[str, bytes]) -> Bitmap:
    picture = _picture(one.bitmap_data, "bitmap_data", contents)
    guid = one.guid or derived("bitmap", view, str(place))
    return Bitmap(guid, picture, one.location.vector(), one.normal.vector(), one.up.vector(), one.height)


def _picture(data: str, name: str, contents: dict[str, bytes]) -> Attached:
    try:
        content = b64decode(data.partition("base64,")[2] or data, validate=True)
        kind = picture_kind(content, most_pixels=Limits().pixels)
    except (NotBase64, ValueError) as error:
        raise Invalid(f"{name} is no Base64: {error}") from error
    except Invalid as error:
        raise Invalid(f"{name}: {error}") from error
    digest = sha256(content).hexdigest()
    contents[digest] = content
    return Attached(digest, kind.media_type, len(content))


class PerspectiveOut(BcfSchema):
    """A perspective camera."""

    camera_view_point: XyzOut
    camera_direction: XyzOut
    camera_up_vector: XyzOut
    field_of_view: float
    aspect_ratio: float


class OrthogonalOut(BcfSchema):
    """A camera in parallel projection."""

    camera_view_point: XyzOut
    camera_direction: XyzOut
    camera_up_vector: XyzOut
    view_to_world_scale: float
    aspect_ratio: float


class LineOut(BcfSchema):
    """A line in the view."""

    start_point: XyzOut
    end_point: XyzOut


class PlaneOut(BcfSchema):
    """A plane that cuts the model."""

    location: XyzOut
    direction: XyzOut


class BitmapOut(BcfSchema):
    """A picture that hangs in the model."""

    guid: str
    bitmap_type: Literal["png", "jpg"]
    location: XyzOut
    normal: XyzOut
    up: XyzOut
    height: float


class SnapshotOut(BcfSchema):
    """That there is a picture of the view."""

    snapshot_type: Literal["png", "jpg"]


class ViewpointOut(BcfSchema):
    """A viewpoint; what it selects, colours and shows is asked for apart."""

    model_config = example(
        guid=GUID, index=0, orthogonal_camera=None, lines=[], clipping_planes=[], bitmaps=[],
        perspective_camera={
            "camera_view_point": _POINT, "camera_direction": _AHEAD, "camera_up_vector": _UP, "field_of_view": 50.0,
            "aspect_ratio": 1.5,
        },
        snapshot={"snapshot_type": "png"}, authorization={"viewpoint_actions": []},
    )  # fmt: skip

    guid: str
    index: int | None
    orthogonal_camera: OrthogonalOut | None
    perspective_camera: PerspectiveOut | None
    lines: list[LineOut]
    clipping_planes: list[PlaneOut]
    bitmaps: list[BitmapOut]
    snapshot: SnapshotOut | None
    authorization: dict[str, list[str]]


def viewpoint_out(view: Viewpoint, *, mine: bool) -> ViewpointOut:
    """Return a viewpoint as it is sent; ``mine``: the caller made it and may take it back."""
    camera = view.camera
    perspective = orthogonal = None
    if camera is not None:
        # 3.0 asks for it: a camera that came without has that of our own pictures, as in the files that we write
        ratio = float(ASPECT if camera.aspect_ratio is None else camera.aspect_ratio)
        place = {
            "camera_view_point": _xyz(camera.position),
            "camera_direction": _xyz(camera.direction),
            "camera_up_vector": _xyz(camera.up),
        }
        if camera.field_of_view_deg is not None:
            angle = float(camera.field_of_view_deg)
            perspective = PerspectiveOut(**place, field_of_view=angle, aspect_ratio=ratio)
        if camera.view_height is not None:
            height = float(camera.view_height)
            orthogonal = OrthogonalOut(**place, view_to_world_scale=height, aspect_ratio=ratio)
    return ViewpointOut(
        guid=view.guid, index=view.index, orthogonal_camera=orthogonal, perspective_camera=perspective,
        lines=[LineOut(start_point=_xyz(one.start), end_point=_xyz(one.end)) for one in view.lines],
        clipping_planes=[
            PlaneOut(location=_xyz(one.location), direction=_xyz(one.direction)) for one in view.clipping_planes
        ],
        bitmaps=[
            BitmapOut(
                guid=one.guid, bitmap_type=_kind(one.picture), location=_xyz(one.location), normal=_xyz(one.normal),
                up=_xyz(one.up), height=float(one.height),
            )
            for one in view.bitmaps
        ],
        snapshot=SnapshotOut(snapshot_type=_kind(view.snapshot)) if view.snapshot else None,
        authorization={"viewpoint_actions": ["delete"] if mine else []},
    )  # fmt: skip


def _kind(picture: Attached) -> Literal["png", "jpg"]:
    return "jpg" if picture.media_type == "image/jpeg" else "png"


class SelectionOut(BcfSchema):
    """What a viewpoint selects."""

    model_config = example(selection=[{"ifc_guid": _WALL, "originating_system": None, "authoring_tool_id": None}])

    selection: list[ComponentIO]


class ColoringOut(BcfSchema):
    """What a viewpoint colours."""

    model_config = example(coloring=[{"color": "C0392B", "components": [{"ifc_guid": _WALL}]}])

    coloring: list[ColoringIO]


class VisibilityOut(BcfSchema):
    """What a viewpoint shows."""

    model_config = example(visibility={"default_visibility": True, "exceptions": [], "view_setup_hints": None})

    visibility: VisibilityIO


def selection_out(view: Viewpoint) -> SelectionOut:
    """Return what a viewpoint selects."""
    return SelectionOut(selection=[_component(one) for one in view.selection])


def coloring_out(view: Viewpoint) -> ColoringOut:
    """Return what a viewpoint colours."""
    return ColoringOut(
        coloring=[
            ColoringIO(color=one.color, components=tuple(_component(c) for c in one.components))
            for one in view.coloring
        ]
    )


def visibility_out(view: Viewpoint) -> VisibilityOut:
    """Return what a viewpoint shows."""
    hints = view.visibility.hints
    shown = VisibilityIO(
        default_visibility=view.visibility.default,
        exceptions=tuple(_component(one) for one in view.visibility.exceptions),
        view_setup_hints=HintsIO(
            spaces_visible=hints.spaces, space_boundaries_visible=hints.space_boundaries,
            openings_visible=hints.openings,
        ) if hints else None,
    )  # fmt: skip
    return VisibilityOut(visibility=shown)
