"""BCF 2.1 and 3.0, read back without any BCF library."""

import dataclasses
import io
import re
import zipfile
from collections.abc import Callable
from xml.etree import ElementTree

import numpy as np
import pytest

from geometry.verdict import Measurement, Outcome, State
from twin.report.bcf import VERSIONS, bcf_archive
from twin.report.camera import Camera
from twin.report.palette import needs_action
from twin.report.pictures import element_cameras
from twin.report.provenance import Provenance
from twin.report.words import Words
from twin.result import CheckResult

ProvenanceOf = Callable[[CheckResult], Provenance]
GUID = re.compile(r"[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}")
PNG = b"\x89PNG\r\n\x1a\n"

ORDER = {
    "2.1": {
        "Markup": ["Header", "Topic", "Comment", "Viewpoints"],
        "Header": ["File"],
        "File": ["Filename", "Date", "Reference"],
        "Topic": [
            "ReferenceLink", "Title", "Priority", "Index", "Labels", "CreationDate", "CreationAuthor", "ModifiedDate",
            "ModifiedAuthor", "DueDate", "AssignedTo", "Stage", "Description", "BimSnippet", "DocumentReference",
            "RelatedTopic",
        ],
        "Viewpoints": ["Viewpoint", "Snapshot", "Index"],
        "VisualizationInfo": [
            "Components", "OrthogonalCamera", "PerspectiveCamera", "Lines", "ClippingPlanes", "Bitmap",
        ],
        "Components": ["ViewSetupHints", "Selection", "Visibility", "Coloring"],
        "Color": ["Component"],
        "PerspectiveCamera": ["CameraViewPoint", "CameraDirection", "CameraUpVector", "FieldOfView"],
        "ProjectExtension": ["Project", "ExtensionSchema"],
    },
    "3.0": {
        "Markup": ["Header", "Topic"],
        "Header": ["Files"],
        "File": ["Filename", "Date", "Reference"],
        "Topic": [
            "ReferenceLinks", "Title", "Priority", "Index", "Labels", "CreationDate", "CreationAuthor", "ModifiedDate",
            "ModifiedAuthor", "DueDate", "AssignedTo", "Stage", "Description", "BimSnippet", "DocumentReferences",
            "RelatedTopics", "Comments", "Viewpoints",
        ],
        "Viewpoints": ["ViewPoint"],
        "ViewPoint": ["Viewpoint", "Snapshot", "Index"],
        "VisualizationInfo": [
            "Components", "OrthogonalCamera", "PerspectiveCamera", "Lines", "ClippingPlanes", "Bitmaps",
        ],
        "Color": ["Components"],
        "PerspectiveCamera": ["CameraViewPoint", "CameraDirection", "CameraUpVector", "FieldOfView", "AspectRatio"],
        "ProjectInfo": ["Project"],
        "Extensions": [
            "TopicTypes", "TopicStatuses", "Priorities", "TopicLabels", "Users", "SnippetTypes", "Stages",
        ],
    },
}  # fmt: skip
"""Order of child elements in the released schemas markup.xsd, visinfo.xsd, project.xsd and extensions.xsd."""


@pytest.fixture(scope="module")
def cameras(building: CheckResult) -> dict[str, Camera]:
    """Return the camera of each topic."""
    return element_cameras(building)


def read(content: bytes) -> dict[str, bytes]:
    """Return the entries of the archive."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def text_of(node: ElementTree.Element, path: str) -> str:
    """Return the text at a path that must exist."""
    found = node.find(path)
    assert found is not None, path
    return found.text or ""


def vector_of(node: ElementTree.Element, name: str) -> np.ndarray:
    """Return a point or direction of a viewpoint."""
    return np.array([float(text_of(node, f"PerspectiveCamera/{name}/{axis}")) for axis in "XYZ"])


@pytest.fixture(scope="module", params=VERSIONS)
def archive(
    request: pytest.FixtureRequest,
    building: CheckResult,
    cameras: dict[str, Camera],
    provenance_of: ProvenanceOf,
) -> tuple[str, dict[str, bytes]]:
    """Return version and entries; one topic has no snapshot."""
    snapshots = {global_id: PNG for global_id in list(cameras)[1:]}
    content = bcf_archive(
        request.param, building, provenance_of(building), Words("zh"), cameras=cameras, snapshots=snapshots
    )
    return request.param, read(content)


def topics(entries: dict[str, bytes]) -> list[tuple[str, ElementTree.Element, ElementTree.Element]]:
    """Return folder, markup and viewpoint of every topic."""
    folders = [name.removesuffix("/markup.bcf") for name in entries if name.endswith("/markup.bcf")]
    return [
        (
            folder,
            ElementTree.fromstring(entries[f"{folder}/markup.bcf"]),
            ElementTree.fromstring(entries[f"{folder}/viewpoint.bcfv"]),
        )
        for folder in folders
    ]


def test_one_topic_per_failing_or_missing_element(archive: tuple[str, dict[str, bytes]], building: CheckResult) -> None:
    """Each selects and colours exactly its element, by IfcGuid."""
    found: list[str] = []
    for _, _, view in topics(archive[1]):
        selected = [node.attrib["IfcGuid"] for node in view.findall("Components/Selection/Component")]
        coloured = [node.attrib["IfcGuid"] for node in view.iter("Component")]
        assert len(selected) == 1
        assert set(coloured) == set(selected)
        found += selected
    assert sorted(found) == sorted(e.global_id for e in building.elements if needs_action(e))


def test_elements_come_in_the_order_of_the_schema(archive: tuple[str, dict[str, bytes]]) -> None:
    """Schema validation of any reader passes."""
    version, entries = archive
    parts = [content for name, content in entries.items() if not name.endswith(".png")]
    checked = set[str]()
    for content in parts:
        for node in ElementTree.fromstring(content).iter():
            allowed = ORDER[version].get(node.tag)
            # in 3.0 "Components" names both the list of a viewpoint and that of a colour
            if allowed is None:
                continue
            places = [allowed.index(child.tag) for child in node]
            assert places == sorted(places), node.tag
            checked.add(node.tag)
    assert {"Markup", "Topic", "VisualizationInfo", "PerspectiveCamera", "Color"} <= checked


def test_names_that_bimcollab_and_solibri_insist_on(archive: tuple[str, dict[str, bytes]]) -> None:
    """Folder = topic guid, markup.bcf, viewpoint.bcfv, snapshot.png, all referenced by name."""
    version, entries = archive
    assert list(entries)[:2] == ["bcf.version", "project.bcfp"]
    assert ElementTree.fromstring(entries["bcf.version"]).attrib["VersionId"] == version
    assert ("extensions.xml" in entries) == (version == "3.0")
    where = "Viewpoints" if version == "2.1" else "Topic/Viewpoints/ViewPoint"
    without = 0
    for folder, markup, view in topics(entries):
        topic = markup.find("Topic")
        assert topic is not None
        assert topic.attrib["Guid"] == folder
        assert GUID.fullmatch(folder)
        assert {"TopicType", "TopicStatus"} <= set(topic.attrib)
        link = markup.find(where)
        assert link is not None
        assert link.attrib["Guid"] == view.attrib["Guid"]
        assert GUID.fullmatch(view.attrib["Guid"])
        assert text_of(link, "Viewpoint") == "viewpoint.bcfv"
        if link.find("Snapshot") is None:
            without += 1
            assert f"{folder}/snapshot.png" not in entries
        else:
            assert text_of(link, "Snapshot") == "snapshot.png"
            assert entries[f"{folder}/snapshot.png"] == PNG
    assert without == 1


def test_the_camera_is_in_world_coordinates_and_looks_at_the_element(
    archive: tuple[str, dict[str, bytes]], building: CheckResult, cameras: dict[str, Camera]
) -> None:
    """Round trip within 1 mm at an offset of 367 km and 5,432 km; the element fills the view."""
    for _, _, view in topics(archive[1]):
        [component] = view.findall("Components/Selection/Component")
        global_id = component.attrib["IfcGuid"]
        position, direction = vector_of(view, "CameraViewPoint"), vector_of(view, "CameraDirection")
        up = vector_of(view, "CameraUpVector")
        expected = cameras[global_id]
        assert np.abs(position - building.design.origin - expected.position).max() < 1e-3
        assert abs(float(direction @ up)) < 1e-6
        assert np.linalg.norm(direction) == pytest.approx(1.0, abs=1e-6)
        box = building.design.elements[global_id].mesh.bounds() + building.design.origin
        toward = box.mean(axis=0) - position
        half_view = np.radians(float(text_of(view, "PerspectiveCamera/FieldOfView"))) / 2.0
        assert float(toward @ direction) / np.linalg.norm(toward) > np.cos(half_view)
        # 2.1 as first released allows 45 to 60 degrees only
        assert 45.0 <= np.degrees(2 * half_view) <= 60.0


def test_what_a_3_0_topic_uses_is_declared(
    building: CheckResult, cameras: dict[str, Camera], provenance_of: ProvenanceOf
) -> None:
    """Types, statuses, labels and users are listed in extensions.xml."""
    content = bcf_archive("3.0", building, provenance_of(building), Words("en"), cameras=cameras, snapshots={})
    entries = read(content)
    extensions = ElementTree.fromstring(entries["extensions.xml"])
    declared = {node.text for node in extensions.iter() if node.text and node.text.strip()}
    for _, markup, _ in topics(entries):
        topic = markup.find("Topic")
        assert topic is not None
        used = {topic.attrib["TopicType"], topic.attrib["TopicStatus"], text_of(topic, "CreationAuthor")}
        assert used | {text_of(topic, "Labels/Label")} <= declared


@pytest.mark.parametrize(
    ("ifc_class", "name", "title"),
    [
        ("IfcColumn", "Column C2 upper", "Fail: Column C2 upper"),
        ("IfcColumn", "C2", "Fail: Column C2"),
        ("IfcWallStandardCase", "Basic Wall:Interior 79 mm", "Fail: Basic Wall:Interior 79 mm"),
        ("IfcWall", "Wallpaper backing", "Fail: Wall Wallpaper backing"),
        ("IfcBeam", "BEAM_12", "Fail: BEAM_12"),
        ("IfcSlab", "", "Fail: Slab (no name)"),
    ],
)
def test_a_title_names_the_class_once(
    ifc_class: str,
    name: str,
    title: str,
    building: CheckResult,
    cameras: dict[str, Camera],
    provenance_of: ProvenanceOf,
) -> None:
    element = next(e for e in building.elements if needs_action(e) and e.state is State.INSTALLED)
    named = dataclasses.replace(element, ifc_class=ifc_class, name=name)
    result = dataclasses.replace(building, elements=(named,))
    entries = read(bcf_archive("3.0", result, provenance_of(building), Words("en"), cameras=cameras, snapshots={}))
    [(_, markup, _)] = topics(entries)
    assert text_of(markup, "Topic/Title") == title


def test_a_title_names_the_opening_that_is_furthest_out(
    building: CheckResult, cameras: dict[str, Camera], provenance_of: ProvenanceOf
) -> None:
    element = next(e for e in building.elements if needs_action(e) and e.state is State.INSTALLED)
    narrow = Measurement(
        "opening_size", -0.03, -0.012, 0.012, 0.002, Outcome.FAIL, "DIN 18202", part="Opening 3", direction="width"
    )
    result = dataclasses.replace(
        building, elements=(dataclasses.replace(element, name="Wall 1", ifc_class="IfcWall", measurements=(narrow,)),)
    )
    for lang, title in (("en", "Fail: Wall 1, Opening 3"), ("zh", "不合格：墙 Wall 1，Opening 3")):
        words = Words(lang)
        entries = read(bcf_archive("3.0", result, provenance_of(building), words, cameras=cameras, snapshots={}))
        [(_, markup, _)] = topics(entries)
        assert text_of(markup, "Topic/Title") == title
        assert words.measured(narrow) in text_of(markup, "Topic/Description")


def test_hostile_names_are_text(archive: tuple[str, dict[str, bytes]]) -> None:
    """Markup in a name stays a name; control characters are gone."""
    titles = [text_of(markup, "Topic/Title") for _, markup, _ in topics(archive[1])]
    assert any('<script>alert("x")</script>' in title for title in titles)
    assert any("消防管道 DN100 & 'quoted'" in title for title in titles)


def test_a_part_without_an_ifc_guid_is_still_selected(
    building: CheckResult, cameras: dict[str, Camera], provenance_of: ProvenanceOf
) -> None:
    """Parts of a mesh file are named by their own id; an IfcGuid that is none would make readers reject the file."""
    element = next(e for e in building.elements if needs_action(e))
    part = dataclasses.replace(element, global_id="part 1")
    result = dataclasses.replace(building, elements=(part,))
    camera = {"part 1": cameras[element.global_id]}
    entries = read(bcf_archive("2.1", result, provenance_of(building), Words("en"), cameras=camera, snapshots={}))
    [(_, _, view)] = topics(entries)
    component = view.find("Components/Selection/Component")
    assert component is not None
    assert "IfcGuid" not in component.attrib
    assert text_of(component, "AuthoringToolId") == "part 1"


def test_only_known_versions_are_written(building: CheckResult, provenance_of: ProvenanceOf) -> None:
    """Asking for 2.0 is a mistake."""
    with pytest.raises(ValueError, match=r"2\.0"):
        bcf_archive("2.0", building, provenance_of(building), Words("en"), cameras={}, snapshots={})
