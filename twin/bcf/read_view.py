"""Viewpoints of BCF 2.0, 2.1 and 3.0; what cannot be used is left out and named."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import PurePosixPath
from typing import TypeVar
from xml.etree.ElementTree import Element

from twin.bcf.guid import derived, guid_of, id_of, ifc_guid
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
from twin.bcf.xml_read import attribute, child, children, decimal, listed, text, truth
from twin.errors import Invalid

Say = Callable[[str], None]
"""Called with what was left out or changed, and why."""
Fetch = Callable[[str], Attached | None]
"""Returns the picture of a file name in the topic's folder; None, having said so, when it cannot be taken."""
T = TypeVar("T")
_HEX = frozenset("0123456789ABCDEF")


def read_view(root: Element, guid: str, fetch: Fetch, say: Say) -> Viewpoint:
    """Return the viewpoint of a ``VisualizationInfo``, without snapshot and index, which the markup names."""
    components = child(root, "Components")
    old = components is not None and any(True for _ in children(components, "Component"))
    selection, coloring, visibility = (
        _components_20(components, say) if components is not None and old else _components(components, say)
    )
    return Viewpoint(
        guid=guid,
        camera=_tried(lambda: _camera(root, say), "the camera", say),
        selection=selection,
        coloring=coloring,
        visibility=visibility,
        lines=_all(root, "Lines", "Line", lambda n: Line(_vector(n, "StartPoint"), _vector(n, "EndPoint")), say),
        clipping_planes=_all(
            root, "ClippingPlanes", "ClippingPlane",
            lambda n: ClippingPlane(_vector(n, "Location"), _vector(n, "Direction")), say,
        ),
        bitmaps=_all(root, "Bitmaps", "Bitmap", lambda n: _bitmap(n, guid, fetch), say),
    )  # fmt: skip


def _camera(root: Element, say: Say) -> Camera | None:
    perspective, orthogonal = child(root, "PerspectiveCamera"), child(root, "OrthogonalCamera")
    if perspective is not None and orthogonal is not None:
        say("it has two cameras; the perspective one is kept")
    node = perspective if perspective is not None else orthogonal
    if node is None:
        return None
    extent = decimal(text(node, "FieldOfView" if node is perspective else "ViewToWorldScale"))
    ratio = text(node, "AspectRatio")
    return Camera(
        _vector(node, "CameraViewPoint"),
        _vector(node, "CameraDirection"),
        _vector(node, "CameraUpVector"),
        field_of_view_deg=extent if node is perspective else None,
        view_height=None if node is perspective else extent,
        aspect_ratio=decimal(ratio) if ratio else None,
    )


def _components(node: Element | None, say: Say) -> tuple[tuple[Component, ...], tuple[Coloring, ...], Visibility]:
    """Read the components of 2.1 and 3.0."""
    if node is None:
        return (), (), Visibility()
    coloring = [
        Coloring(color, tuple(_component(c, say) for c in listed(one, "Components", "Component")))
        for group in children(node, "Coloring")
        for one in children(group, "Color")
        if (color := _color(attribute(one, "Color"), say))
    ]
    shown = child(node, "Visibility")
    hints = next((h for h in (child(node, "ViewSetupHints"), _under(shown, "ViewSetupHints")) if h is not None), None)
    exceptions = () if shown is None else tuple(
        _component(c, say) for group in children(shown, "Exceptions") for c in children(group, "Component")
    )  # fmt: skip
    visibility = Visibility(
        # the schema says false where nothing is said; a view that shows nothing at all is meant by nobody
        truth(attribute(shown, "DefaultVisibility"), not exceptions) if shown is not None else True,
        exceptions,
        _hints(hints),
    )
    selection = tuple(_component(c, say) for g in children(node, "Selection") for c in children(g, "Component"))
    return selection, tuple(coloring), visibility


def _components_20(node: Element, say: Say) -> tuple[tuple[Component, ...], tuple[Coloring, ...], Visibility]:
    """Read the flat list of 2.0, where each component says whether it is selected, visible and in which colour."""
    selected: list[Component] = []
    hidden: list[Component] = []
    colours: dict[str, list[Component]] = {}
    for one in children(node, "Component"):
        component = _component(one, say)
        if truth(attribute(one, "Selected"), False):
            selected.append(component)
        if not truth(attribute(one, "Visible"), True):
            hidden.append(component)
        color = attribute(one, "Color")
        if color and (normal := _color(color, say)):
            colours.setdefault(normal, []).append(component)
    coloring = tuple(Coloring(color, tuple(those)) for color, those in colours.items())
    return tuple(selected), coloring, Visibility(True, tuple(hidden))


def _component(node: Element, say: Say) -> Component:
    given = attribute(node, "IfcGuid")
    system, own = text(node, "OriginatingSystem"), text(node, "AuthoringToolId")
    found = ifc_guid(given) if given else ""
    if found is None:
        say(f"component {given[:60]!r} has no IFC GlobalId; it is kept under the tool's own name")
        return Component("", system, own or given)
    if found != given:
        say(f"component {given[:60]!r} is a UUID; its IFC GlobalId is {found}")
    return Component(found, system, own)


def _hints(node: Element | None) -> SetupHints | None:
    if node is None:
        return None
    names = ("SpacesVisible", "SpaceBoundariesVisible", "OpeningsVisible")
    return SetupHints(*(truth(attribute(node, name), False) for name in names))


def _color(word: str, say: Say) -> str:
    plain = word.strip().lstrip("#").upper()
    if len(plain) in (6, 8) and not set(plain) - _HEX:
        return plain
    say(f"{word[:20]!r} is no colour; its components keep theirs")
    return ""


def _bitmap(node: Element, viewpoint: str, fetch: Fetch) -> Bitmap | None:
    reference = text(node, "Reference")
    picture = fetch(reference)
    if picture is None:
        return None
    return Bitmap(
        guid_of(own) if (own := id_of(PurePosixPath(reference).stem)) else derived("bitmap", viewpoint, reference),
        picture,
        _vector(node, "Location"),
        _vector(node, "Normal"),
        _vector(node, "Up"),
        decimal(text(node, "Height")),
    )


def _vector(node: Element, name: str) -> Vector:
    found = child(node, name)
    if found is None:
        raise Invalid(f"{name} is missing")
    x, y, z = (_coordinate(found, axis, name) for axis in "XYZ")
    return Vector(x, y, z)


def _coordinate(node: Element, axis: str, name: str) -> Decimal:
    try:
        return decimal(text(node, axis))
    except Invalid as error:
        raise Invalid(f"{axis} of {name}: {error}") from error


def _all(root: Element, group: str, item: str, read: Callable[[Element], T | None], say: Say) -> tuple[T, ...]:
    # 2.1 names both the list's items and the picture's format "Bitmap": only those with content of their own count
    nodes = [node for node in listed(root, group, item) if len(node)]
    found = [_tried(lambda node=node: read(node), f"a {item}", say) for node in nodes]
    return tuple(one for one in found if one is not None)


def _tried(read: Callable[[], T | None], what: str, say: Say) -> T | None:
    try:
        return read()
    except Invalid as error:
        say(f"{what} is left out: {error}")
        return None


def _under(node: Element | None, name: str) -> Element | None:
    return None if node is None else child(node, name)
