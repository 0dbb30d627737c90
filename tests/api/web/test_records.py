"""Versions, pages, filters and keys: what every record's routes do alike, tried on projects and organisations."""

import errno
import threading
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from tests.api.web.planted import upload
from tests.api.web.world import ROOT, Browser, World
from twin.jobs.worker import Worker
from twin.operations.job_kinds import job_kinds
from twin.store.accounts import reserve_key
from twin.store.repository import Unit


def found(browser: Browser, key: str = "TOWER") -> dict[str, Any]:
    organisation = browser.post("/organisations", {"name": f"Client of {key}"}).json()["id"]
    made = browser.post("/projects", {"organisation": organisation, "key": key, "name": "Tower"})
    assert made.status_code == 201, made.text
    return made.json()


def test_a_change_says_which_version_it_was_made_from(world: World) -> None:
    admin = world.administrator()
    project = found(admin)
    path = f"/projects/{project['id']}"
    assert admin.get(path).headers["etag"] == '"1"'
    unsaid = admin("PATCH", path, json={"name": "A"})
    assert (unsaid.status_code, unsaid.json()["type"]) == (428, "urn:qtems:problem:version-needed")
    assert admin("PATCH", path, json={"name": "A"}, headers={"If-Match": "*"}).status_code == 428
    assert admin("PATCH", path, json={"name": "A"}, headers={"If-Match": "one"}).status_code == 400
    changed = admin.change("PATCH", path, 1, {"name": "A"})
    assert (changed.status_code, changed.headers["etag"], changed.json()["version"]) == (200, '"2"', 2)
    late = admin.change("PATCH", path, 1, {"name": "B"})
    assert (late.status_code, late.json()["type"]) == (412, "urn:qtems:problem:version-mismatch")
    assert admin.get(path).json()["name"] == "A"
    assert admin("PATCH", path, json={"name": "C"}, headers={"If-Match": 'W/"2"'}).status_code == 200


@pytest.mark.parametrize("known", ['"1"', 'W/"1"', '"7", "1"', "*"])
def test_what_the_client_has_already_is_not_sent_again(world: World, known: str) -> None:
    admin = world.administrator()
    path = f"/projects/{found(admin)['id']}"
    again = admin.get(path, headers={"If-None-Match": known})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", '"1"')
    assert again.headers["x-content-type-options"] == "nosniff"
    admin.change("PATCH", path, 1, {"name": "A"})
    if known != "*":
        assert admin.get(path, headers={"If-None-Match": known}).json()["name"] == "A"


def test_pages_follow_each_other_without_gap_or_repetition(world: World) -> None:
    admin = world.administrator()
    names = [f"Firm {n:02d}" for n in range(7)]
    for name in names:
        admin.post("/organisations", {"name": name})
    path, seen, pages = "/organisations?limit=3", [], 0
    while path:
        page = admin.get(path)
        assert page.json().keys() == {"items", "next"}
        seen += [item["name"] for item in page.json()["items"]]
        pages += 1
        linked = page.links.get("next", {}).get("url", "")
        assert bool(linked) == bool(page.json()["next"])
        path = str(linked).removeprefix(ROOT)
    assert (seen, pages) == (names, 3)


def test_a_cursor_of_another_list_or_other_filters_or_hands_is_refused(world: World) -> None:
    admin = world.administrator()
    for n in range(3):
        admin.post("/organisations", {"name": f"Firm {n}"})
        found(admin, f"KEY{n}")
    cursor = admin.get("/organisations?limit=1").json()["next"]
    assert admin.get(f"/organisations?limit=2&cursor={cursor}").status_code == 200
    for path in (
        f"/projects?cursor={cursor}",
        f"/organisations?name=A&cursor={cursor}",
        f"/organisations?cursor={cursor[:-4]}AAAA",
        "/organisations?cursor=nonsense",
        "/organisations?cursor=é",
        "/organisations?cursor=",
    ):
        refused = admin.get(path)
        assert (refused.status_code, refused.json()["type"]) == (400, "urn:qtems:problem:bad-request"), path


def test_filters_are_those_that_are_declared(world: World) -> None:
    admin = world.administrator()
    found(admin, "AA")
    found(admin, "BB")
    assert [p["key"] for p in admin.get("/projects?key=BB").json()["items"]] == ["BB"]
    for query, where in (
        ("colour=red", "query.colour"),
        ("limit=0", "query.limit"),
        ("limit=201", "query.limit"),
        ("limit=ten", "query.limit"),
    ):
        refused = admin.get(f"/projects?{query}")
        assert refused.status_code == 422
        assert [error["where"] for error in refused.json()["errors"]] == [where]


def test_the_same_request_with_the_same_key_is_one_change(world: World) -> None:
    admin = world.administrator()
    headers = {"Idempotency-Key": "a1"}
    first = admin.post("/organisations", {"name": "A"}, headers=headers)
    again = admin.post("/organisations", {"name": "A"}, headers=headers)
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert first.headers["etag"] == again.headers["etag"]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert len(admin.get("/organisations").json()["items"]) == 1


def test_a_phone_that_was_away_for_weeks_may_send_again(world: World) -> None:
    headers = {"Idempotency-Key": "a1"}
    assert world.administrator().post("/organisations", {"name": "A"}, headers=headers).status_code == 201
    world.clock.advance(days=29)
    admin = world.administrator()  # signing in forgets old answers
    again = admin.post("/organisations", {"name": "A"}, headers=headers)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    assert len(admin.get("/organisations").json()["items"]) == 1


def test_a_key_belongs_to_one_request_of_one_user(world: World) -> None:
    admin = world.administrator()
    headers = {"Idempotency-Key": "a1"}
    admin.post("/organisations", {"name": "A"}, headers=headers)
    other = admin.post("/organisations", {"name": "B"}, headers=headers)
    assert (other.status_code, other.json()["type"]) == (422, "urn:qtems:problem:idempotency-key-reused")
    ann = world.person("ann", administrator=True)
    assert ann.post("/organisations", {"name": "B"}, headers=headers).status_code == 201


def test_what_was_refused_may_be_sent_again_under_its_key(world: World) -> None:
    admin = world.administrator()
    headers = {"Idempotency-Key": "a1"}
    assert admin.post("/organisations", {}, headers=headers).status_code == 422
    given = {"organisation": "1" * 32, "key": "TOWER", "name": "T"}
    assert admin.post("/projects", given, headers=headers).status_code == 404
    assert admin.post("/organisations", {"name": "A"}, headers=headers).status_code == 201


def test_an_answer_that_holds_a_secret_is_not_kept(world: World) -> None:
    admin = world.administrator()
    given = {"name": "t", "scope": "read", "expires_at": "2026-12-01T00:00:00Z"}
    refused = admin.post("/auth/tokens", given, headers={"Idempotency-Key": "a1"})
    assert (refused.status_code, "holds a secret" in refused.json()["detail"]) == (400, True)
    assert admin.get("/auth/tokens").json()["items"] == []


@pytest.mark.parametrize("key", ["", "a b", "x" * 201])
def test_a_key_is_visible_text(world: World, key: str) -> None:
    refused = world.administrator().post("/organisations", {"name": "A"}, headers={"Idempotency-Key": key})
    assert refused.status_code == 400


def test_of_many_at_once_with_one_key_one_is_executed(world: World) -> None:
    admin = world.administrator()
    barrier, answers = threading.Barrier(6), list[int]()

    def send() -> None:
        browser = Browser(world.browser().client, admin.csrf)
        browser.client.cookies = admin.client.cookies
        barrier.wait()
        answers.append(browser.post("/organisations", {"name": "A"}, headers={"Idempotency-Key": "a1"}).status_code)

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 6
    assert set(answers) <= {201, 409}
    assert 201 in answers
    assert len(admin.get("/organisations").json()["items"]) == 1


def test_a_key_is_free_again_when_what_broke_off_changed_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = world.administrator()
    broken = [True]

    def breaks_first(self: Unit, *given: Any, **more: Any) -> Any:
        if broken.pop() if broken else False:
            raise RuntimeError("the memory has gone bad")
        return added(self, *given, **more)

    added = Unit.add
    monkeypatch.setattr(Unit, "add", breaks_first)
    headers = {"Idempotency-Key": "a1"}
    assert admin.post("/organisations", {"name": "A"}, headers=headers).status_code == 500
    again = admin.post("/organisations", {"name": "A"}, headers=headers)
    assert (again.status_code, again.headers.get("Idempotency-Replayed")) == (201, None)


def test_a_key_stays_taken_when_what_broke_off_had_changed_something(world: World) -> None:
    admin = world.administrator()
    project = found(admin)["id"]
    given = {"upload": upload(admin, project, "tower.obj", b"v 0 0 0")}

    def breaks() -> None:
        raise RuntimeError("the queue's lock has vanished")

    object.__setattr__(world.services, "wake", breaks)  # it is called after the commit
    headers = {"Idempotency-Key": "a1"}
    assert admin.post(f"/projects/{project}/models", given, headers=headers).status_code == 500
    for wait in (0, 30):
        world.clock.advance(minutes=wait)
        again = admin.post(f"/projects/{project}/models", given, headers=headers)
        assert (again.status_code, again.json()["type"]) == (409, "urn:qtems:problem:idempotency-key-in-use")
    assert len(admin.get(f"/projects/{project}/jobs").json()["items"]) == 1


def test_a_key_of_a_process_that_went_is_taken_over_if_nothing_was_changed(world: World) -> None:
    admin = world.administrator()
    me = admin.get("/auth/me").json()["user"]["id"]
    with world.services.store.database.write() as connection:
        assert reserve_key(connection, me, "a1", "d" * 64, "a request that never ended", world.clock()) is None
    headers = {"Idempotency-Key": "a1"}
    world.clock.advance(minutes=9)
    assert admin.post("/organisations", {"name": "A"}, headers=headers).status_code == 422  # another body, says the key
    world.clock.advance(minutes=2)
    assert admin.post("/organisations", {"name": "A"}, headers=headers).status_code == 201


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 507, "storage-full"),
        (ConnectionRefusedError(111, "Connection refused"), 503, "unavailable"),
        (OperationalError("SELECT 1", {}, Exception("server closed the connection")), 503, "unavailable"),
        (RuntimeError("boom"), 500, "internal"),
    ],
)
def test_what_the_server_stands_on_is_told_from_its_own_faults(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, kind: str
) -> None:
    admin = world.administrator()

    def fails(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(Unit, "add", fails)
    answer = admin.post("/organisations", {"name": "A"})
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:qtems:problem:{kind}")
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert str(error) not in answer.text


def test_a_request_that_was_cut_off_is_told_of_and_not_executed_again(world: World) -> None:
    admin = world.administrator()
    me = admin.get("/auth/me").json()["user"]["id"]
    first = admin.post("/organisations", {"name": "A"}, headers={"Idempotency-Key": "a1"})
    assert first.status_code == 201
    with world.services.store.database.write() as connection:
        answer = reserve_key(connection, me, "a1", "", "r1", world.clock())
        assert answer is not None
        assert reserve_key(connection, me, "a2", answer.request_sha256, "r2", world.clock()) is None
    cut = admin.post("/organisations", {"name": "A"}, headers={"Idempotency-Key": "a2"})
    assert (cut.status_code, cut.json()["type"]) == (409, "urn:qtems:problem:idempotency-key-in-use")
    world.clock.advance(days=2)
    assert (
        world.administrator().post("/organisations", {"name": "A"}, headers={"Idempotency-Key": "a2"}).status_code
        == 201
    )


def test_every_change_of_a_project_is_in_its_trail_which_verifies(world: World) -> None:
    admin = world.administrator()
    project = found(admin)
    path = f"/projects/{project['id']}"
    admin.change("PATCH", path, 1, {"name": "Harbour Tower"})
    told = admin.get(f"{path}/audit").json()["items"]
    assert [(event["seq"], event["action"]) for event in told] == [(1, "create"), (2, "create"), (3, "update")]
    assert told[-1]["before"] == {"name": "Tower"}
    assert told[-1]["after"] == {"name": "Harbour Tower"}
    history = admin.get(f"{path}/audit?entity=project:{project['id']}&limit=1").json()
    assert [event["action"] for event in history["items"]] == ["create"]
    more = admin.get(f"{path}/audit?entity=project:{project['id']}&limit=1&cursor={history['next']}").json()
    assert ([event["action"] for event in more["items"]], more["next"]) == (["update"], None)
    verified = admin.get(f"{path}/audit/verification").json()
    assert (verified["holds"], verified["events"], verified["head"]) == (True, 3, told[-1]["hash"])
    assert (verified["whole"], verified["first"], verified["last_whole"]) == (True, 1, None)
    job = admin.post(f"{path}/audit/verifications")
    assert job.status_code == 202
    assert job.headers["Location"].endswith(f"{path}/jobs/{job.json()['id']}")
    assert admin.post(f"{path}/audit/verifications").status_code == 409
    assert admin.post(f"{path}/jobs/{job.json()['id']}/cancel").json()["state"] == "cancelled"


def test_the_whole_trail_above_projects_is_verified_by_a_job(world: World) -> None:
    admin = world.administrator()
    found(admin, "AA")
    asked = admin.post("/audit/verifications")
    assert asked.status_code == 202
    place = asked.headers["Location"].removeprefix(ROOT)
    assert place == f"/audit/verifications/{asked.json()['id']}"
    assert admin.get(place).json()["state"] == "queued"
    assert admin.post("/audit/verifications").status_code == 409
    services = world.services
    Worker(services.store, services.blobs, job_kinds(None, services.key), clock=world.clock).drain()
    done = admin.get(place).json()
    assert (done["state"], done["result"]["holds"], done["result"]["faulty"]) == ("succeeded", True, 0)
    last = admin.get("/audit/verification").json()["last_whole"]
    assert (last["holds"], last["events"]) == (True, done["result"]["events"])
    assert admin.post("/audit/verifications").status_code == 202, "once more, since that one is over"


def test_no_other_job_is_read_as_a_verification_of_the_system(world: World) -> None:
    admin = world.administrator()
    project = found(admin, "AA")
    job = admin.post(f"/projects/{project['id']}/audit/verifications").json()["id"]
    assert admin.get(f"/audit/verifications/{job}").status_code == 404


def test_the_history_of_a_record_of_elsewhere_is_empty_under_this_project(world: World) -> None:
    admin = world.administrator()
    mine, other = found(admin, "AA"), found(admin, "BB")
    assert admin.get(f"/projects/{mine['id']}/audit?entity=project:{other['id']}").json()["items"] == []


def test_members_come_and_go_and_a_project_keeps_an_owner(world: World) -> None:
    admin = world.administrator()
    project = found(admin)
    members = f"/projects/{project['id']}/members"
    owner = admin.get(members).json()["items"][0]
    ann = world.person("ann")
    assert ann.get(f"/projects/{project['id']}").status_code == 404
    given = {"login": "ann", "organisation": project["organisation"], "role": "designer"}
    member = admin.post(members, {**given, "capacities": ["design_authority"]}).json()
    assert (member["name"], member["capacities"]) == ("Ann", ["design_authority"])
    assert admin.post(members, given).status_code == 409
    assert ann.get(f"/projects/{project['id']}").status_code == 200
    beyond = admin.change("PUT", f"{members}/{member['id']}", 1, {"role": "viewer", "capacities": ["customer"]})
    assert beyond.status_code == 422
    refused = admin.change("DELETE", f"{members}/{owner['id']}", 1)
    assert (refused.status_code, refused.json()["missing"]) == (409, ["another owner"])
    left = admin.change("DELETE", f"{members}/{member['id']}", 1)
    assert left.json()["active"] is False
    assert ann.get(f"/projects/{project['id']}").status_code == 404
    again = admin.change("PUT", f"{members}/{member['id']}", 2, {"role": "owner"})
    assert again.json()["active"] is True
    assert admin.change("DELETE", f"{members}/{owner['id']}", 1).status_code == 200
    assert admin.post(members, {**given, "login": "nobody"}).status_code == 422
