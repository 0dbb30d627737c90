"""The BCF-API as a client of another tool sees it: written from the specification's own examples."""

import base64
import io
import zipfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.routes import NOUNS, bcf, bcf_views
from api.routing import install
from tests.api.web.planted import context, plant
from tests.api.web.site import ELEMENT, Site, draft_of, make_site
from tests.api.web.world import PASSWORD, ROOT, World, make_world
from tests.twin.bcf.values_of_all import JPEG, PNG
from twin.finding import Severity
from twin.operations.ncrs import confirm_finding, raise_ncr
from twin.store import records

CAMERA = {
    "camera_view_point": {"x": 367012.123456, "y": 5432100.654321, "z": 118.25},
    "camera_direction": {"x": 0.6, "y": 0.8, "z": 0.0},
    "camera_up_vector": {"x": 0.0, "y": 0.0, "z": 1.0},
}


class Client:
    """A BCF client: it knows the server's address and a token, and nothing else of this server."""

    def __init__(self, site: Site, who: str, scope: str = "write") -> None:
        given = {"name": "bcf", "scope": scope, "expires_at": "2026-12-01T00:00:00Z"}
        made = site.browsers[who].post("/auth/tokens", given)
        assert made.status_code == 201, made.text
        self.site = site
        self.client = site.world.browser().client
        self.headers = {"Authorization": f"Bearer {made.json()['secret']}"}
        self.base = f"{ROOT}/bcf/3.0/projects/{site.project}"

    def __call__(self, method: str, path: str, *, status: int = 200, json: Any = None, **more: Any) -> Any:
        address = path if path.startswith("/") else f"{self.base}/{path}".rstrip("/")
        headers = {**self.headers, **more.pop("headers", {})}
        if json is not None:
            more["json"] = json
        answer = self.client.request(method, address, headers=headers, **more)
        assert answer.status_code == status, answer.text
        kind = answer.headers.get("content-type", "")
        return answer.json() if "json" in kind else answer

    def get(self, path: str, status: int = 200, **more: Any) -> Any:
        return self("GET", path, status=status, **more)

    def post(self, path: str, json: Any, status: int = 201) -> Any:
        return self("POST", path, json=json, status=status)

    def put(self, path: str, json: Any, status: int = 200, **more: Any) -> Any:
        return self("PUT", path, json=json, status=status, **more)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = make_world(Path(tmp_path_factory.mktemp("bcf")))
    if bcf.routes not in NOUNS:
        install(made.app, (bcf.routes, bcf_views.routes))
    yield made
    made.services.store.database.close()


@pytest.fixture(scope="module")
def site(world: World) -> Site:
    return make_site(world)


@pytest.fixture(scope="module")
def quinn(site: Site) -> Client:
    return Client(site, "quinn")


@pytest.fixture
def draft(quinn: Client) -> dict[str, Any]:
    given = {"topic_type": "Nonconformity", "title": "Wall leans", "priority": "major", "description": "Second floor"}
    return quinn.post("topics", given)


def planted_ncr(site: Site) -> str:
    """An NCR of a check's finding, as the API names it."""
    made = raise_ncr(
        site.world.services.store, context(site.world), site.project, title="Column 1", severity=Severity.MINOR,
        quantity=Decimal(1), unit="element", global_ids=(ELEMENT,),
    )  # fmt: skip
    return made.record.id


def test_a_client_finds_its_way_from_the_versions(site: Site) -> None:
    client = site.world.browser().client
    served = client.get(f"{ROOT}/foundation/versions").json()["versions"]
    assert {(one["api_id"], one["version_id"]) for one in served} == {
        ("foundation", "1.0"), ("foundation", "1.1"), ("bcf", "2.1"), ("bcf", "3.0"),
    }  # fmt: skip
    auth = client.get(f"{ROOT}/foundation/1.1/auth").json()
    assert auth["supported_oauth2_flows"] == ["authorization_code_grant"]
    assert auth["http_basic_supported"] is auth["bearer_token_supported"] is True
    for older in ("/bcf/2.1/auth", "/foundation/1.0/auth"):
        assert client.get(f"{ROOT}{older}").json() == auth
    for versions in ("/bcf/versions", "/bcf/version"):
        assert [one["version_id"] for one in client.get(f"{ROOT}{versions}").json()["versions"]] == ["2.1", "3.0"]
    assert client.get(f"{ROOT}/foundation/1.1/current-user").status_code == 401
    quinn = Client(site, "quinn")
    for who in ("/foundation/1.1", "/foundation/1.0", "/bcf/2.1"):
        assert quinn.get(f"{ROOT}{who}/current-user") == {"id": "quinn", "name": "Quinn"}
    [project] = quinn.get(f"{ROOT}/bcf/3.0/projects")
    assert project["project_id"] == site.project
    assert quinn.get("") == {**project, "authorization": {"project_actions": ["createTopic", "createDocument"]}}


def test_extensions_name_words_people_and_what_the_caller_may(site: Site, quinn: Client) -> None:
    found = quinn.get("extensions")
    assert found["topic_type"] == ["Nonconformity", "Observation"]
    assert {"Draft", "Under review", "Closed", "Received"} <= set(found["topic_status"])
    assert found["priority"] == ["minor", "major", "critical"]
    assert {"quinn", "dora"} <= set(found["users"])
    assert found["comment_actions"] == []
    vera = Client(site, "vera").get("extensions")
    assert vera["project_actions"] == vera["topic_actions"] == []


def test_a_nonconformity_is_a_draft_record_with_the_same_identifier(
    site: Site, quinn: Client, draft: dict[str, Any]
) -> None:
    record = site.get("quinn", f"/ncrs/{draft['guid'].replace('-', '')}")["record"]
    assert record["title"] == "Wall leans"
    assert record["severity"] == "major"
    assert record["state"] == "draft"
    assert draft["topic_status"] == "Draft"
    assert draft["creation_author"] == "quinn"
    assert draft["authorization"]["topic_status"] == ["Draft"]  # to be opened it lacks elements, value and evidence
    assert quinn.get(f"topics/{draft['guid'].upper()}") == draft
    [link] = draft["reference_links"]
    base = site.world.services.settings.base_url
    assert link == f"{base}/#/projects/{site.project}/ncrs/{draft['guid'].replace('-', '')}", "the viewer's own address"


def test_a_record_from_here_is_a_topic_there(site: Site, quinn: Client) -> None:
    ncr = planted_ncr(site)
    found = {one["server_assigned_id"]: one for one in quinn.get("topics")}
    guid = next(one["guid"] for one in found.values() if one["guid"].replace("-", "") == ncr)
    topic = quinn.get(f"topics/{guid}")
    assert "Quantity: 1 element" in topic["description"]
    assert topic["bim_snippet"]["snippet_type"] == "qtems.nonconformance"
    snippet = quinn.get(f"topics/{guid}/snippet")
    assert snippet["ncr"] == ncr
    assert snippet["global_ids"] == [ELEMENT]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"title": "x", "topic_type": "Nonconformity"}, "priority"),
        ({"title": "x", "topic_type": "Nonconformity", "priority": "high"}, "priority"),
        ({"title": "x", "topic_type": "Nonconformity", "priority": "minor", "topic_status": "Closed"}, "Draft"),
        ({"title": "x", "topic_type": "Clash"}, "Nonconformity or Observation"),
        ({"title": " "}, "blank"),
        ({"title": "x", "guid": "not a guid"}, "guid"),
        (
            {"title": "x", "topic_type": "Nonconformity", "priority": "minor", "assigned_to": "nobody@x"},
            "takes no part",
        ),
    ],
)
def test_what_makes_no_sense_is_said_so(quinn: Client, given: dict[str, Any], said: str) -> None:
    before = len(quinn.get("topics"))
    assert said in quinn.post("topics", given, status=422)["detail"]
    assert len(quinn.get("topics")) == before


def test_a_guid_of_the_clients_own_is_kept_and_taken_once(quinn: Client) -> None:
    guid = str(uuid4())
    assert quinn.post("topics", {"title": "Mine", "guid": guid})["guid"] == guid
    quinn.post("topics", {"title": "Mine again", "guid": guid.upper()}, status=409)


def test_what_is_beyond_the_specification_is_ignored(quinn: Client) -> None:
    made = quinn.post("topics", {"title": "x", "custom_field": {"a": 1}})
    assert made["topic_type"] == "Observation"
    assert made["topic_status"] == "Received"


def test_a_draft_changes_and_a_client_that_says_nothing_changes_nothing(quinn: Client, draft: dict[str, Any]) -> None:
    address = f"topics/{draft['guid']}"
    same = quinn.put(address, draft)
    assert same == draft
    changed = quinn.put(address, {**draft, "title": "Wall leans 12 mm", "priority": "critical", "assigned_to": "dora"})
    assert changed["title"] == "Wall leans 12 mm"
    assert changed["priority"] == "critical"
    assert changed["assigned_to"] == "dora"
    assert changed["description"].startswith("Second floor\n\n-- qtems --")
    assert changed["description"].count("-- qtems --") == 1
    assert quinn.put(address, {"title": "Wall leans 12 mm"})["assigned_to"] == "dora"


def test_versions_are_checked_where_the_client_sends_them(quinn: Client, draft: dict[str, Any]) -> None:
    address = f"topics/{draft['guid']}"
    version = quinn.client.get(f"{quinn.base}/{address}", headers=quinn.headers).headers["etag"]
    quinn.put(address, {"title": "Second"}, headers={"If-Match": version})
    quinn.put(address, {"title": "Third"}, status=412, headers={"If-Match": version})
    assert quinn.get(address)["title"] == "Second"


def test_a_client_cannot_get_around_the_gates(site: Site, quinn: Client, draft: dict[str, Any]) -> None:
    """No status is written that the record's own guards keep it from, whoever asks."""
    address = f"topics/{draft['guid']}"
    refused = quinn.put(address, {**draft, "topic_status": "Open"}, status=409)
    assert "evidence" in " ".join(refused["missing"])
    for status in ("Closed", "Under review", "Dispositioned", "Void", "Rejected", "Verification"):
        assert "cannot make it" in quinn.put(address, {**draft, "topic_status": status}, status=409)["detail"]
    assert "there is no status" in quinn.put(address, {**draft, "topic_status": "Done"}, status=422)["detail"]
    assert quinn.get(address)["topic_status"] == "Draft"


def test_a_refused_change_changes_nothing_of_itself(quinn: Client, draft: dict[str, Any]) -> None:
    address = f"topics/{draft['guid']}"
    quinn.put(address, {**draft, "title": "Other", "topic_status": "Closed"}, status=409)
    assert quinn.get(address) == draft


def ready(site: Site, quinn: Client) -> dict[str, Any]:
    """A draft to which nothing is missing to be opened."""
    return quinn.get(f"topics/{UUID(draft_of(site).rpartition('/')[2])}")


def test_statuses_that_are_open_now_are_offered_and_reached(site: Site, quinn: Client) -> None:
    topic = ready(site, quinn)
    assert topic["authorization"]["topic_status"] == ["Draft", "Open"]
    assert "axis_position of" in topic["description"]
    assert "25.1 ± 2.4 mm (U, k = 2)" in topic["description"]
    moved = quinn.put(f"topics/{topic['guid']}", {**topic, "topic_status": "Open"})
    assert moved["topic_status"] == "Open"
    assert "-NCR-" in moved["server_assigned_id"]
    assert moved["authorization"]["topic_status"] == ["Open"]  # containment is missing
    refused = quinn.put(f"topics/{topic['guid']}", {**moved, "title": "Other"}, status=409)
    assert "title" in refused["detail"]
    assert "delete" not in moved["authorization"]["topic_actions"]
    quinn("DELETE", f"topics/{topic['guid']}", status=409)
    asked = quinn.get("topics", params={"$filter": "topic_status eq 'Open' and contains(labels, 'axis_position')"})
    assert [one["guid"] for one in asked] == [topic["guid"]]


def test_each_move_needs_its_own_right(site: Site, quinn: Client) -> None:
    topic = ready(site, quinn)
    dora = Client(site, "dora")
    assert dora.get(f"topics/{topic['guid']}")["authorization"]["topic_status"] == ["Draft", "Open"]
    moved = quinn.put(f"topics/{topic['guid']}", {**topic, "topic_status": "Open"})
    ines = Client(site, "ines")
    ines.put(f"topics/{topic['guid']}", {**moved, "assigned_to": "dora"}, status=403)


def test_a_draft_and_an_observation_are_taken_back(quinn: Client, site: Site, draft: dict[str, Any]) -> None:
    seen = quinn.post("topics", {"title": "Something"})
    for one in (draft, seen):
        assert "delete" in one["authorization"]["topic_actions"]
        quinn("DELETE", f"topics/{one['guid']}")
        quinn.get(f"topics/{one['guid']}", status=404)
        assert one["guid"] not in {topic["guid"] for topic in quinn.get("topics")}
    assert site.get("quinn", f"/ncrs/{draft['guid'].replace('-', '')}")["record"]["state"] == "void"


def test_who_may_not_write_cannot(site: Site, draft: dict[str, Any]) -> None:
    vera = Client(site, "vera")
    address = f"topics/{draft['guid']}"
    assert vera.get(address)["authorization"]["topic_actions"] == []
    vera.post("topics", {"title": "x"}, status=403)
    vera.put(address, draft, status=403)
    vera.post(f"{address}/comments", {"comment": "x"}, status=403)
    vera("DELETE", address, status=403)
    reader = Client(site, "quinn", scope="read")
    reader.get(address)
    reader.put(address, draft, status=403)
    stranger = site.world.person(f"stranger{uuid4().hex[:6]}")
    path = f"/bcf/3.0/projects/{site.project}/topics"
    assert stranger.get(path).status_code == 404
    assert site.world.browser().get(path).status_code == 401


def test_a_supplier_sees_what_is_shared_and_what_is_said_to_it(
    site: Site, quinn: Client, draft: dict[str, Any]
) -> None:
    sue = Client(site, "sue")
    address = f"topics/{draft['guid']}"
    assert sue.get("topics") == []
    sue.get(address, status=404)
    sue.put(address, draft, status=404)
    sue.post(f"{address}/comments", {"comment": "x"}, status=404)
    quinn.post(f"{address}/comments", {"comment": "among ourselves"})
    with site.world.services.store.write(context(site.world)) as unit:
        unit.share(records.NCR, draft["guid"].replace("-", ""), site.outside)
    assert sue.get(f"{address}/comments") == []
    sue.post(f"{address}/comments", {"comment": "we saw it"})
    assert [one["comment"] for one in sue.get(f"{address}/comments")] == ["we saw it"]
    assert len(quinn.get(f"{address}/comments")) == 2
    sue.put(address, {"title": "Other"}, status=403)
    assert sue.get("extensions")["users"] == []


def test_comments_stay_as_they_were_written(site: Site, quinn: Client, draft: dict[str, Any]) -> None:
    address = f"topics/{draft['guid']}/comments"
    said = quinn.post(address, {"comment": "Measured again: 12.4 mm\n再测"})
    assert said["author"] == "quinn"
    assert said["topic_guid"] == draft["guid"]
    assert quinn.get(f"{address}/{said['guid']}") == said
    assert quinn.get(address) == [said]
    quinn.put(f"{address}/{said['guid']}", {"comment": "x"}, status=405)
    quinn("DELETE", f"{address}/{said['guid']}", status=405)
    quinn.post(address, {"comment": "again", "guid": said["guid"]}, status=409)
    quinn.post(address, {"comment": "  "}, status=422)
    quinn.post(address, {"comment": "about what?", "viewpoint_guid": str(uuid4())}, status=404)
    quinn.get(f"{address}/{uuid4()}", status=404)
    with site.world.services.store.read() as view:
        kept = view.get(records.COMMENT, said["guid"].replace("-", "")).record
    assert kept.subject == f"ncr:{draft['guid'].replace('-', '')}"


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


def test_lists_are_filtered_sorted_and_cut(quinn: Client) -> None:
    for name in ("Filtered b", "Filtered a", "Filtered c"):
        quinn.post("topics", {"title": name, "labels": ["Heating"]})
    asked = {"$filter": "contains(title, 'Filtered') and topic_type eq 'Observation'", "$orderby": "title desc"}
    assert [t["title"] for t in quinn.get("topics", params=asked)] == ["Filtered c", "Filtered b", "Filtered a"]
    cut = {**asked, "$top": "1", "$skip": "1"}
    assert [t["title"] for t in quinn.get("topics", params=cut)] == ["Filtered b"]
    labelled = {"$filter": "contains(labels, 'Heating') or contains(labels, 'Structural')"}
    assert len(quinn.get("topics", params=labelled)) == 3
    late = {"$filter": "creation_date gt 2050-12-05T00:00:00+01:00"}
    assert quinn.get("topics", params=late) == []
    for wrong in ("topic_status eq", "nothing eq 'x'", "title eq 'x' or", "(" * 50, "title like 'x'"):
        assert "$filter" in quinn.get("topics", status=422, params={"$filter": wrong})["detail"]
    quinn.get("topics", status=422, params={"$orderby": "nothing"})
    quinn.get("topics", status=422, params={"$top": "-1"})


def test_events_tell_the_history(quinn: Client, draft: dict[str, Any]) -> None:
    quinn.put(f"topics/{draft['guid']}", {"title": "Second title"})
    quinn.post(f"topics/{draft['guid']}/comments", {"comment": "said"})
    events = quinn.get(f"topics/{draft['guid']}/events")
    types = [action["type"] for event in events for action in event["actions"]]
    assert types[0] == "topic_created"
    assert {"title_updated", "status_updated", "description_updated", "priority_updated"} <= set(types)
    assert events[-1]["actions"] == [{"type": "title_updated", "value": "Second title"}]
    assert all(event["author"] == "quinn" and event["topic_guid"] == draft["guid"] for event in events)
    asked = {"$filter": f"topic_guid eq '{draft['guid']}' and type eq 'title_updated'", "$orderby": "date desc"}
    assert quinn.get("topics/events", params=asked)[0] == events[-1]
    [said] = quinn.get("topics/comments/events", params={"$filter": f"topic_guid eq '{draft['guid']}'"})
    assert [action["type"] for action in said["actions"]] == ["comment_created", "comment_text_updated"]
    assert quinn.get(f"topics/{draft['guid']}/comments/{said['comment_guid']}/events") == [said]


def slow_comment_events(site: Site, who: str) -> list[dict[str, Any]]:
    """Every topic is read, one after the other: what the quick way has to come to as well."""
    client = Client(site, who)
    found: list[dict[str, Any]] = []
    for topic in client.get("topics"):
        for one in client.get(f"topics/{topic['guid']}/comments"):
            found += client.get(f"topics/{topic['guid']}/comments/{one['guid']}/events")
    return sorted(found, key=lambda event: (event["date"], event["comment_guid"]))


def test_the_comments_of_a_project_are_those_of_its_topics_whoever_asks_and_page_by_page(
    site: Site, quinn: Client
) -> None:
    """Records, drafts, what came in files, observations, what is meant for a supplier, and what was taken back."""
    for topic in (quinn.post("topics", given) for given in (
        {"title": "Seen"}, {"title": "A", "topic_type": "Nonconformity", "priority": "minor"},
        {"title": "Gone", "topic_type": "Nonconformity", "priority": "minor"},
    )):  # fmt: skip
        address = f"topics/{topic['guid']}"
        view = quinn.post(f"{address}/viewpoints", {"orthogonal_camera": {**CAMERA, "view_to_world_scale": 1}})
        for n in range(3):
            site.world.clock.advance(seconds=1)
            quinn.post(f"{address}/comments", {"comment": f"{topic['title']} {n}", "viewpoint_guid": view["guid"]})
        if topic["title"] == "Gone":
            quinn("DELETE", address)
    received(site, quinn)
    shared = next(one for one in quinn.get("topics") if one["title"] == "A")
    with site.world.services.store.write(context(site.world)) as unit:
        unit.share(records.NCR, shared["guid"].replace("-", ""), site.outside)
    Client(site, "sue").post(f"topics/{shared['guid']}/comments", {"comment": "we saw it"})
    for who in ("quinn", "sue", "vera"):
        wanted, client = slow_comment_events(site, who), Client(site, who)
        assert client.get("topics/comments/events") == wanted
        for start in range(0, len(wanted) + 2, 2):
            page = client.get("topics/comments/events", params={"$top": "2", "$skip": str(start)})
            assert page == wanted[start : start + 2]
        newest = client.get("topics/comments/events", params={"$top": "2", "$orderby": "date desc"})
        assert newest == wanted[::-1][:2]
    assert len(slow_comment_events(site, "sue")) < len(slow_comment_events(site, "vera"))
    events = quinn.get("topics/events")
    assert quinn.get("topics/events", params={"$top": "3", "$skip": "2"}) == events[2:5]


def test_the_events_of_a_project_are_filtered_and_paged_as_those_of_all_its_topics(site: Site, quinn: Client) -> None:
    ines, guids = Client(site, "ines"), list[str]()
    for number in range(3):
        client = (quinn, ines)[number % 2]
        given = {"title": f"Wall {number}", "topic_type": "Nonconformity", "priority": "minor"}
        guids.append(client.post("topics", given)["guid"])
        for turn in range(2):
            site.world.clock.advance(minutes=1)
            address = f"topics/{guids[number]}"
            changed = {**quinn.get(address), "title": f"Wall {number}, {turn}"}
            quinn.put(address, {name: changed[name] for name in ("title", "topic_type", "topic_status", "priority")})
    told = (event for topic in quinn.get("topics") for event in quinn.get(f"topics/{topic['guid']}/events"))
    every = sorted(told, key=lambda event: event["date"])
    assert quinn.get("topics/events") == every
    middle, some = every[4]["date"], guids[:2]
    asked: dict[str, Callable[[dict[str, Any]], bool]] = {
        f"date ge {middle}": lambda event: event["date"] >= middle,
        f"date lt {middle} and author eq 'quinn'": lambda event: event["date"] < middle and event["author"] == "quinn",
        "author eq 'ines' or type eq 'title_updated'": lambda event: (
            event["author"] == "ines" or any(one["type"] == "title_updated" for one in event["actions"])
        ),
        "not author eq 'ines'": lambda event: event["author"] != "ines",
        f"topic_guid in ('{some[0]}', '{some[1]}') and author in ('ines', 'nobody')": lambda event: (
            event["topic_guid"] in some and event["author"] == "ines"
        ),
        "author eq 'nobody'": lambda _: False,
    }
    for words, holds in asked.items():
        wanted = [event for event in every if holds(event)]
        assert quinn.get("topics/events", params={"$filter": words}) == wanted, words
        page = {"$filter": words, "$top": "2", "$skip": "1"}
        assert quinn.get("topics/events", params=page) == wanted[1:3], words
        newest = quinn.get("topics/events", params={**page, "$orderby": "date desc"})
        assert newest == sorted(wanted, key=lambda event: event["date"], reverse=True)[1:3], words
    quinn.get("topics/events", status=422, params={"$filter": "author eq"})
    quinn.get("topics/events", status=422, params={"$orderby": "author"})


def received(site: Site, quinn: Client) -> None:
    """Take in a file that says something new about what is here, and about what nobody knows."""
    whole = quinn("GET", f"{ROOT}/projects/{site.project}/bcf-files?version=3.0").content
    for name, text in (("A 0", "A from a file"), ("Seen 0", "Seen from a file")):
        whole = with_another_comment(whole, name, text)
    kind = {"Content-Type": "application/octet-stream"}
    quinn("POST", f"{ROOT}/projects/{site.project}/bcf-files", status=201, content=whole, headers=kind)


def with_another_comment(archive: bytes, beside: str, text: str) -> bytes:
    """Return a BCF file in which somebody said one thing more."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("markup.bcf") and f">{beside}<".encode() in content:
                said = (
                    f'<Comment Guid="{uuid4()}"><Date>2026-11-20T08:00:00Z</Date><Author>zoe@x</Author>'
                    f"<Comment>{text}</Comment></Comment>"
                )
                content = content.replace(b"</Comments>", said.encode() + b"</Comments>", 1)
            new.writestr(name, content)
    return made.getvalue()


def test_what_goes_wrong_is_told_where_bcf_clients_look(site: Site, quinn: Client) -> None:
    missing = quinn.get(f"topics/{uuid4()}", status=404)
    assert missing["message"] == missing["detail"] != ""
    anonymous = site.world.browser().client.get(quinn.base)
    assert anonymous.json()["message"] == anonymous.json()["detail"]
    assert "Basic" in anonymous.headers["www-authenticate"]
    wrong = quinn.post("topics", {"title": ""}, status=422)
    assert wrong["message"] == wrong["detail"]
    assert "message" not in site.browsers["quinn"].get("/projects/x").json()


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


def test_a_client_that_knows_only_http_basic_sends_a_token_as_its_password(site: Site, quinn: Client) -> None:
    secret = quinn.headers["Authorization"].removeprefix("Bearer ")
    client = site.world.browser().client
    for name in ("quinn", "QUINN", ""):
        assert client.get(f"{ROOT}/bcf/2.1/current-user", headers=basic(name, secret)).json()["name"] == "Quinn"
    made = client.post(f"{quinn.base}/topics", json={"title": "By Basic"}, headers=basic("quinn", secret))
    assert made.status_code == 201
    for name, given in (("dora", secret), ("quinn", PASSWORD), ("quinn", "")):
        assert client.get(f"{quinn.base}/topics", headers=basic(name, given)).status_code == 401
    for broken in ("Basic", "Basic !", "Basic cXVpbm4="):
        assert client.get(f"{quinn.base}/topics", headers={"Authorization": broken}).status_code == 401
    assert client.get(f"{ROOT}/projects", headers=basic("quinn", secret)).status_code == 401, "only where BCF is"
    elsewhere = {**basic("quinn", secret), "Origin": "https://evil.example"}
    forged = client.post(f"{quinn.base}/topics", json={"title": "x"}, headers=elsewhere)
    assert forged.status_code == 403, "browsers remember HTTP Basic, and other sites may use what they remember"


def test_2_1_reads_the_same(quinn: Client, draft: dict[str, Any]) -> None:
    old = quinn.base.replace("/3.0/", "/2.1/")
    assert quinn.get(f"{old}/topics/{draft['guid']}") == quinn.get(f"topics/{draft['guid']}")
    assert "user_id_type" in quinn.get(f"{old}/extensions")
    assert quinn.get(f"{old}/topics/{draft['guid']}/viewpoints") == []
    quinn("POST", f"{old}/topics", json={"title": "x"}, status=405)


def test_an_unknown_topic_or_project_is_not_there(quinn: Client) -> None:
    for path in (f"topics/{uuid4()}", "topics/1", f"topics/{uuid4()}/viewpoints", f"topics/{uuid4()}/comments"):
        assert "there is no topic" in quinn.get(path, status=404)["message"]
    foreign = quinn.get(f"{ROOT}/bcf/3.0/projects/{uuid4().hex}/topics", status=404)
    assert "there is no project" in foreign["message"]


def test_the_trail_holds_after_all_of_it(site: Site) -> None:
    found = site.browsers["quinn"].get(f"{site.root}/audit/verification").json()
    assert found["holds"] is True, (found["reason"], found["faults"])
