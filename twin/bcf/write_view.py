"""Viewpoints as BCF 2.1 and 3.0 want them (visinfo.xsd)."""

from xml.etree.ElementTree import Element, SubElement

from twin.bcf.picture import media_type_of
from twin.bcf.values import Bitmap, Camera, SetupHints, Viewpoint
from twin.bcf.xml_write import add_components, add_number, add_text, add_vector, document, said
from twin.report.camera import ASPECT

_MODERN = "3.0"


def viewpoint_part(version: str, viewpoint: Viewpoint) -> bytes:
    """Return the content of a ``.bcfv`` file."""
    root = Element("VisualizationInfo", Guid=viewpoint.guid)
    _add_components(root, version, viewpoint)
    if viewpoint.camera is not None:
        _add_camera(root, version, viewpoint.camera)
    if viewpoint.lines:
        lines = SubElement(root, "Lines")
        for line in viewpoint.lines:
            node = SubElement(lines, "Line")
            add_vector(node, "StartPoint", line.start)
            add_vector(node, "EndPoint", line.end)
    if viewpoint.clipping_planes:
        planes = SubElement(root, "ClippingPlanes")
        for plane in viewpoint.clipping_planes:
            node = SubElement(planes, "ClippingPlane")
            add_vector(node, "Location", plane.location)
            add_vector(node, "Direction", plane.direction)
    if viewpoint.bitmaps:
        parent = SubElement(root, "Bitmaps") if version == _MODERN else root
        for bitmap in viewpoint.bitmaps:
            _add_bitmap(parent, version, bitmap)
    return document(root)


def bitmap_name(bitmap: Bitmap) -> str:
    """Return the file name of a bitmap: its guid, so that who reads it knows it again."""
    return f"{bitmap.guid}{'.png' if bitmap.picture.media_type == media_type_of('a.png') else '.jpg'}"


def _add_components(root: Element, version: str, viewpoint: Viewpoint) -> None:
    components, modern = SubElement(root, "Components"), version == _MODERN
    hints = viewpoint.visibility.hints
    # 2.1 keeps the hints beside the visibility, and before everything else
    if hints is not None and not modern:
        _add_hints(components, hints)
    if viewpoint.selection:
        add_components(SubElement(components, "Selection"), viewpoint.selection)
    visibility = SubElement(components, "Visibility", DefaultVisibility=said(viewpoint.visibility.default))
    if hints is not None and modern:
        _add_hints(visibility, hints)
    if viewpoint.visibility.exceptions:
        add_components(SubElement(visibility, "Exceptions"), viewpoint.visibility.exceptions)
    if viewpoint.coloring:
        coloring = SubElement(components, "Coloring")
        for one in viewpoint.coloring:
            colour = SubElement(coloring, "Color", Color=one.color)
            add_components(SubElement(colour, "Components") if modern else colour, one.components)


def _add_hints(parent: Element, hints: SetupHints) -> None:
    SubElement(
        parent,
        "ViewSetupHints",
        SpacesVisible=said(hints.spaces),
        SpaceBoundariesVisible=said(hints.space_boundaries),
        OpeningsVisible=said(hints.openings),
    )


def _add_camera(root: Element, version: str, camera: Camera) -> None:
    perspective = camera.field_of_view_deg is not None
    node = SubElement(root, "PerspectiveCamera" if perspective else "OrthogonalCamera")
    add_vector(node, "CameraViewPoint", camera.position)
    add_vector(node, "CameraDirection", camera.direction)
    add_vector(node, "CameraUpVector", camera.up)
    if camera.field_of_view_deg is not None:
        add_number(node, "FieldOfView", camera.field_of_view_deg)
    if camera.view_height is not None:
        add_number(node, "ViewToWorldScale", camera.view_height)
    if version == _MODERN:
        # 3.0 asks for it and 2.1 has none: a camera that came without gets that of our own pictures
        add_text(node, "AspectRatio", f"{ASPECT if camera.aspect_ratio is None else camera.aspect_ratio:f}")


def _add_bitmap(parent: Element, version: str, bitmap: Bitmap) -> None:
    node = SubElement(parent, "Bitmap")
    name = bitmap_name(bitmap)
    kind = "PNG" if name.endswith(".png") else "JPG"
    # 3.0 writes it small
    add_text(node, "Format" if version == _MODERN else "Bitmap", kind.lower() if version == _MODERN else kind)
    add_text(node, "Reference", name)
    add_vector(node, "Location", bitmap.location)
    add_vector(node, "Normal", bitmap.normal)
    add_vector(node, "Up", bitmap.up)
    add_number(node, "Height", bitmap.height)
