"""The BCF-API as a client of another tool sees it: written from the specification's own examples."""

import base64
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.api.web.bcf_client import Client
from tests.api.web.planted import context
from tests.api.web.site import ELEMENT, Site, draft_of
from tests.api.web.world import PASSWORD, ROOT
from twin.finding import Severity
from twin.operations.ncrs import raise_ncr
from twin.store import records


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


def test_a_topic_is_described_in_the_language_of_the_projects_records(site: Site, quinn: Client) -> None:
    olga, at = site.awake("olga"), site.root

    def keep_in(language: str) -> None:
        version = olga.get(at).headers["etag"]
        changed = olga("PATCH", at, json={"language": language}, headers={"If-Match": version})
        assert changed.status_code == 200, changed.text

    keep_in("zh")
    said = ready(site, quinn)["description"]
    keep_in("en")  # the others share the site
    assert "编号：尚无，草稿" in said
    assert "轴线位置，" in said
    assert not {"Number", "Quantity", "limits"} & set(said.replace(":", " ").split())


def test_statuses_that_are_open_now_are_offered_and_reached(site: Site, quinn: Client) -> None:
    topic = ready(site, quinn)
    assert topic["authorization"]["topic_status"] == ["Draft", "Open"]
    assert "Axis position, " in topic["description"]
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
