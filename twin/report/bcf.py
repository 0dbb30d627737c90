"""BCF 2.1 and 3.0: one topic per failing or missing element, with selection, colour, camera and snapshot.

Names and order of the parts follow buildingSMART's BCF-XML schemas (markup.xsd, visinfo.xsd, project.xsd, version.xsd
and, in 3.0, extensions.xsd). The viewpoint is ``viewpoint.bcfv`` with ``snapshot.png``: BIMcollab Zoom ignores other
names. The camera is in the design file's own world coordinates, metres.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import numpy as np

from geometry.arrays import FloatArray
from geometry.verdict import Measurement
from twin.report import figures
from twin.report.archive import zip_bytes
from twin.report.camera import ASPECT, FIELD_OF_VIEW_DEG, Camera
from twin.report.cards import headline
from twin.report.palette import LOOKS, mark_of
from twin.report.provenance import Provenance
from twin.report.selection import actionable
from twin.report.words import Words, clean
from twin.result import CheckResult, ElementResult

VERSIONS = ("2.1", "3.0")
_IFC_GUID = re.compile(r"[0-9A-Za-z_$]{22}")


@dataclass(frozen=True, slots=True)
class Topic:
    """What both versions say about one element."""

    guid: str
    viewpoint_guid: str
    title: str
    description: str
    label: str
    index: int
    colour: str
    global_id: str
    camera: Camera
    snapshot: bytes | None


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
    topics = [
        _topic(result.elements[i], place, result, provenance, words, cameras=cameras, snapshots=snapshots)
        for place, i in enumerate(actionable(result))
    ]
    entries = {"bcf.version": _version(version), "project.bcfp": _project(version, provenance, words)}
    if version == "3.0":
        entries["extensions.xml"] = _extensions(topics, words)
    for topic in topics:
        entries[f"{topic.guid}/markup.bcf"] = _markup(version, topic, provenance, words)
        entries[f"{topic.guid}/viewpoint.bcfv"] = _viewpoint(version, topic, result.design.origin)
        if topic.snapshot is not None:
            entries[f"{topic.guid}/snapshot.png"] = topic.snapshot
    return zip_bytes(entries, provenance.timestamp)


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
    return Topic(
        guid=provenance.identifier("topic", element.global_id),
        viewpoint_guid=provenance.identifier("viewpoint", element.global_id),
        title=_title(element, label, words),
        description="\n".join(_description(element, result, words)),
        label=label,
        index=place,
        colour=LOOKS[mark].colour[1:].upper(),
        global_id=clean(element.global_id),
        camera=cameras[element.global_id],
        snapshot=snapshots.get(element.global_id),
    )


def _title(element: ElementResult, mark: str, words: Words) -> str:
    """Return mark, class and name; without the class where the name says it already, as in "Column C2"."""
    kind, name = words.ifc_class(element.ifc_class), clean(element.name) or words("unnamed")
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
    value = f"{figures.actual_mm(m)} ± {figures.mm(m.expanded_uncertainty)} mm"
    limits = f"{figures.limits_mm(m.lower, m.upper)} ({words.source(m.source)})"
    return f"{words.characteristic(m.characteristic)}: {value}, {limits}, {words.term('verdict', m.outcome)}"


def _version(version: str) -> bytes:
    root = Element("Version", VersionId=version)
    if version == "2.1":
        _text(root, "DetailedVersion", version)
    return _bytes(root)


def _project(version: str, provenance: Provenance, words: Words) -> bytes:
    root = Element("ProjectExtension" if version == "2.1" else "ProjectInfo")
    project = SubElement(root, "Project", ProjectId=provenance.identifier("project"))
    _text(project, "Name", words("bcf.project", model=_file_name(provenance)))
    if version == "2.1":
        _text(root, "ExtensionSchema", "")
    return _bytes(root)


def _extensions(topics: list[Topic], words: Words) -> bytes:
    """In 3.0 every type, status, label and user that a topic uses must be declared."""
    root = Element("Extensions")
    declared = {
        "TopicTypes": ("TopicType", [words("bcf.type")]),
        "TopicStatuses": ("TopicStatus", [words("bcf.status")]),
        "Priorities": ("Priority", list[str]()),
        "TopicLabels": ("TopicLabel", sorted({topic.label for topic in topics})),
        "Users": ("User", [words("bcf.author")]),
        "SnippetTypes": ("SnippetType", list[str]()),
        "Stages": ("Stage", list[str]()),
    }
    for group, (item, values) in declared.items():
        parent = SubElement(root, group)
        for value in values:
            _text(parent, item, value)
    return _bytes(root)


def _markup(version: str, topic: Topic, provenance: Provenance, words: Words) -> bytes:
    modern = version == "3.0"
    root = Element("Markup")
    header = SubElement(root, "Header")
    files = SubElement(header, "Files") if modern else header
    file = SubElement(files, "File", {"IsExternal" if modern else "isExternal": "true"})
    _text(file, "Filename", _file_name(provenance))
    _text(file, "Reference", clean(provenance.model.path))
    node = SubElement(root, "Topic", Guid=topic.guid, TopicType=words("bcf.type"), TopicStatus=words("bcf.status"))
    _text(node, "Title", topic.title)
    _text(node, "Index", str(topic.index))
    if modern:
        _text(SubElement(node, "Labels"), "Label", topic.label)
    else:
        _text(node, "Labels", topic.label)
    _text(node, "CreationDate", provenance.timestamp.strftime("%Y-%m-%dT%H:%M:%SZ"))
    _text(node, "CreationAuthor", words("bcf.author"))
    _text(node, "Description", topic.description)
    # 3.0 moved the viewpoints into the topic and wrapped them
    view = (
        SubElement(SubElement(node, "Viewpoints"), "ViewPoint", Guid=topic.viewpoint_guid)
        if modern
        else SubElement(root, "Viewpoints", Guid=topic.viewpoint_guid)
    )
    _text(view, "Viewpoint", "viewpoint.bcfv")
    if topic.snapshot is not None:
        _text(view, "Snapshot", "snapshot.png")
    _text(view, "Index", "0")
    return _bytes(root)


def _viewpoint(version: str, topic: Topic, origin: FloatArray) -> bytes:
    modern = version == "3.0"
    root = Element("VisualizationInfo", Guid=topic.viewpoint_guid)
    components = SubElement(root, "Components")
    _component(SubElement(components, "Selection"), topic.global_id)
    SubElement(components, "Visibility", DefaultVisibility="true")
    colour = SubElement(SubElement(components, "Coloring"), "Color", Color=topic.colour)
    _component(SubElement(colour, "Components") if modern else colour, topic.global_id)
    camera = SubElement(root, "PerspectiveCamera")
    _vector(camera, "CameraViewPoint", origin + topic.camera.position, 6)
    _vector(camera, "CameraDirection", topic.camera.direction, 9)
    _vector(camera, "CameraUpVector", topic.camera.up, 9)
    _text(camera, "FieldOfView", f"{FIELD_OF_VIEW_DEG:g}")
    if modern:
        _text(camera, "AspectRatio", f"{ASPECT:g}")
    return _bytes(root)


def _component(parent: Element, global_id: str) -> None:
    """Name an element by its IFC GlobalId, a part of a mesh file by what its file calls it."""
    if _IFC_GUID.fullmatch(global_id):
        SubElement(parent, "Component", IfcGuid=global_id)
        return
    component = SubElement(parent, "Component")
    _text(component, "OriginatingSystem", "qtems")
    _text(component, "AuthoringToolId", global_id)


def _file_name(provenance: Provenance) -> str:
    return clean(PurePath(provenance.model.path.replace("\\", "/")).name)


def _text(parent: Element, tag: str, text: str) -> None:
    SubElement(parent, tag).text = text


def _vector(parent: Element, tag: str, vector: FloatArray, digits: int) -> None:
    node = SubElement(parent, tag)
    for axis, value in zip("XYZ", vector, strict=True):
        _text(node, axis, f"{float(value) + 0.0:.{digits}f}")


def _bytes(root: Element) -> bytes:
    ElementTree.indent(root, " ")
    return ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"
