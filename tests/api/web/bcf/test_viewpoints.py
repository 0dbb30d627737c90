"""Viewpoints, documents and what refers to them, as a BCF client sees them."""

import base64
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.api.web.bcf_client import CAMERA, Client
from tests.api.web.planted import context, plant
from tests.api.web.site import ELEMENT, Site
from tests.twin.bcf.values_of_all import JPEG, PNG
from twin.operations.ncrs import confirm_finding
from twin.store import records


def viewpoint(**more: Any) -> dict[str, Any]:
    return {
        "index": 7,
        "perspective_camera": {**CAMERA, "field_of_view": 55.5, "aspect_ratio": 1.25},
        "lines": [{"start_point": {"x": 1, "y": 1, "z": 1}, "end_point": {"x": 2, "y": 2, "z": 2.5}}],
        "clipping_planes": [{"location": {"x": 0, "y": 0, "z": 3}, "direction": {"x": 0, "y": 0, "z": 1}}],
        "bitmaps": [
            {
                "bitmap_type": "jpg", "bitmap_data": base64.b64encode(JPEG).decode(),
                "location": {"x": 1, "y": 1, "z": 1}, "normal": {"x": 0, "y": 0, "z": 1},
                "up": {"x": 0, "y": 1, "z": 0}, "height": 0.5,
            }
        ],
        "snapshot": {"snapshot_type": "png", "snapshot_data": base64.b64encode(PNG).decode()},
        "components": {
            "selection": [{"ifc_guid": ELEMENT}, {"authoring_tool_id": "7", "originating_system": "Revit"}],
            "coloring": [{"color": "ff0000", "components": [{"ifc_guid": ELEMENT}]}],
            "visibility": {
                "default_visibility": False, "exceptions": [{"ifc_guid": ELEMENT}],
                "view_setup_hints": {"spaces_visible": True},
            },
        },
        **more,
    }  # fmt: skip


def test_a_viewpoint_comes_back_as_it_was_sent(site: Site, quinn: Client, draft: dict[str, Any]) -> None:
    address = f"topics/{draft['guid']}/viewpoints"
    sent = viewpoint()
    made = quinn.post(address, sent)
    assert made["perspective_camera"] == sent["perspective_camera"]
    assert made["orthogonal_camera"] is None
    assert made["clipping_planes"] == sent["clipping_planes"]
    assert made["lines"] == sent["lines"]
    assert made["index"] == 7
    one = f"{address}/{made['guid']}"
    assert quinn.get(one) == made
    assert quinn.get(address) == [made]
    picture = quinn.get(f"{one}/snapshot")
    assert (picture.content, picture.headers["content-type"]) == (PNG, "image/png")
    bitmap = quinn.get(f"{one}/bitmaps/{made['bitmaps'][0]['guid']}")
    assert (bitmap.content, bitmap.headers["content-type"]) == (JPEG, "image/jpeg")
    assert quinn.get(f"{one}/selection")["selection"][0]["ifc_guid"] == ELEMENT
    assert quinn.get(f"{one}/coloring")["coloring"][0]["color"] == "FF0000"
    shown = quinn.get(f"{one}/visibility")["visibility"]
    assert shown["default_visibility"] is False
    assert shown["view_setup_hints"] == {
        "spaces_visible": True, "space_boundaries_visible": False, "openings_visible": False,
    }  # fmt: skip
    said = quinn.post(f"topics/{draft['guid']}/comments", {"comment": "here", "viewpoint_guid": made["guid"]})
    assert quinn.get(f"topics/{draft['guid']}/comments") == [said]
    assert said["viewpoint_guid"] == made["guid"]
    quinn("DELETE", one, status=409)
    with site.world.services.store.read() as view:
        kept = view.find(records.ATTACHMENT, subject=f"ncr:{draft['guid'].replace('-', '')}")
        ncr = view.get(records.NCR, draft["guid"].replace("-", "")).record
    assert kept is not None
    assert kept.record.media_type == "image/png"
    assert ncr.global_ids == (ELEMENT,)  # a draft without elements is about what its first view selects


def test_a_camera_without_a_shape_of_its_picture_gets_ours_as_in_a_file(quinn: Client, draft: dict[str, Any]) -> None:
    address = f"topics/{draft['guid']}/viewpoints"
    for camera in (
        {"orthogonal_camera": {**CAMERA, "view_to_world_scale": 12.5}},
        {"perspective_camera": {**CAMERA, "field_of_view": 60}},
    ):
        made = quinn.post(address, camera)
        [name] = camera
        assert made[name]["aspect_ratio"] == quinn.get(f"{address}/{made['guid']}")[name]["aspect_ratio"] == 1.5


def test_viewpoints_never_change_and_are_taken_back_by_who_made_them(
    site: Site, quinn: Client, draft: dict[str, Any]
) -> None:
    address = f"topics/{draft['guid']}/viewpoints"
    made = quinn.post(address, {"orthogonal_camera": {**CAMERA, "view_to_world_scale": 12.5}})
    assert made["orthogonal_camera"]["view_to_world_scale"] == 12.5
    assert made["snapshot"] is None
    quinn.put(f"{address}/{made['guid']}", made, status=405)
    quinn.get(f"{address}/{made['guid']}/snapshot", status=404)
    Client(site, "dora")("DELETE", f"{address}/{made['guid']}", status=409)
    quinn("DELETE", f"{address}/{made['guid']}")
    assert quinn.get(address) == []


@pytest.mark.parametrize(
    "given",
    [
        {"perspective_camera": {**CAMERA, "field_of_view": 0}},
        {
            "perspective_camera": {**CAMERA, "field_of_view": 60},
            "orthogonal_camera": {**CAMERA, "view_to_world_scale": 1},
        },
        {"perspective_camera": {**CAMERA, "camera_direction": {"x": 0, "y": 0, "z": 0}, "field_of_view": 60}},
        {"perspective_camera": {**CAMERA, "camera_view_point": {"x": 1e12, "y": 0, "z": 0}, "field_of_view": 60}},
        {"perspective_camera": {**CAMERA, "camera_view_point": {"x": "NaN", "y": 0, "z": 0}, "field_of_view": 60}},
        {"snapshot": {"snapshot_type": "png", "snapshot_data": "!!"}},
        {"snapshot": {"snapshot_type": "png", "snapshot_data": base64.b64encode(b"<svg onload=x>").decode()}},
        {"components": {"coloring": [{"color": "red", "components": []}]}},
        {"guid": "../../etc/passwd"},
    ],
)
def test_a_viewpoint_that_is_none_is_refused(quinn: Client, draft: dict[str, Any], given: dict[str, Any]) -> None:
    quinn.post(f"topics/{draft['guid']}/viewpoints", given, status=422)
    assert quinn.get(f"topics/{draft['guid']}/viewpoints") == []


def test_the_view_of_the_check_is_the_first(site: Site, quinn: Client) -> None:
    planted = plant(site.world, site.project)
    store = site.world.services.store
    with store.read() as view:
        finding = view.get(records.FINDING, planted.finding)
    ncr = confirm_finding(store, context(site.world), planted.finding, expected=finding.version)
    guid = str(UUID(ncr.record.id))
    [found] = quinn.get(f"topics/{guid}/viewpoints")
    camera, place = found["perspective_camera"], finding.record.location
    eye, ahead = camera["camera_view_point"], camera["camera_direction"]
    distance = sum((eye[a] - float(getattr(place, a))) ** 2 for a in "xyz") ** 0.5
    for axis in "xyz":  # it looks at the finding, in the model file's own coordinates
        assert eye[axis] + distance * ahead[axis] == pytest.approx(float(getattr(place, axis)), abs=1e-6)
    chosen = quinn.get(f"topics/{guid}/viewpoints/{found['guid']}/selection")["selection"]
    assert len(chosen) == len(finding.record.defect.global_ids)
    assert quinn.get(f"topics/{guid}/files")[0]["filename"] == "tower ☃.ifc"
    assert any(one["file"]["filename"] == "tower ☃.ifc" for one in quinn.get("files_information"))
    comment = {"comment": "on the check's view", "viewpoint_guid": found["guid"]}
    assert quinn.post(f"topics/{guid}/comments", comment)["viewpoint_guid"] == found["guid"]
    quinn("DELETE", f"topics/{guid}/viewpoints/{found['guid']}", status=409)


def test_documents_and_what_refers_to_them(quinn: Client, draft: dict[str, Any]) -> None:
    headers = {"Content-Type": "application/octet-stream", "Content-Disposition": 'attachment; filename="Plan.pdf"'}
    made = quinn("POST", "documents", status=201, content=b"%PDF-1.7 x", headers=headers)
    assert made["filename"] == "Plan.pdf"
    assert made in quinn.get("documents")
    given = quinn.get(f"documents/{made['guid']}")
    assert given.content == b"%PDF-1.7 x"
    assert given.headers["content-type"] == "application/octet-stream"
    assert "attachment" in given.headers["content-disposition"]
    address = f"topics/{draft['guid']}/document_references"
    inside = quinn.post(address, {"document_guid": made["guid"], "description": "Plan"})
    outside = quinn.post(address, {"url": "http://example.com/files/LegalRequirements.pdf"})
    assert quinn.get(address) == [inside, outside]
    changed = quinn.put(f"{address}/{outside['guid']}", {"url": "https://example.com/b.pdf"})
    assert quinn.get(address) == [inside, changed]
    quinn.post(address, {"document_guid": str(uuid4())}, status=404)
    quinn.post(address, {"url": "https://x.org/a", "document_guid": made["guid"]}, status=422)
    quinn.post(address, {}, status=422)
    quinn.post(address, {"url": "javascript:alert(1)"}, status=422)
    quinn.put(f"{address}/{uuid4()}", {"url": "https://example.com/b.pdf"}, status=404)
    quinn.get(f"documents/{uuid4()}", status=404)


def test_related_topics_and_files(quinn: Client, draft: dict[str, Any]) -> None:
    other = quinn.post("topics", {"title": "Other"})
    related = [{"related_topic_guid": other["guid"]}]
    assert quinn.put(f"topics/{draft['guid']}/related_topics", related) == related
    assert quinn.get(f"topics/{draft['guid']}/related_topics") == related
    quinn.put(f"topics/{draft['guid']}/related_topics", [{"related_topic_guid": draft["guid"]}], status=422)
    quinn.put(f"topics/{draft['guid']}/related_topics", [{"related_topic_guid": str(uuid4())}], status=404)
    files = [{"filename": "a.ifc", "reference": "https://example.com/a.ifc"}]
    assert quinn.put(f"topics/{draft['guid']}/files", files)[0]["filename"] == "a.ifc"
    assert quinn.get(f"topics/{draft['guid']}/files")[0]["reference"] == "https://example.com/a.ifc"
