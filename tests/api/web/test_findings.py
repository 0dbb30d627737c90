"""Findings over HTTP: listed, dismissed with a reason, confirmed into a record."""

from io import BytesIO

import pytest
from pypdf import PdfReader

from tests.api.web.live import found
from tests.api.web.planted import Planted, plant
from tests.api.web.world import ROOT, Browser, World
from twin.store import records

Tower = tuple[Browser, str, Planted]


@pytest.fixture
def tower(world: World) -> Tower:
    project = found(world)
    return world.administrator(), f"/projects/{project}", plant(world, project)


def test_a_finding_tells_what_fails_by_how_much(tower: Tower) -> None:
    admin, project, made = tower
    read = admin.get(f"{project}/findings/{made.finding}")
    told = read.json()
    assert read.headers["ETag"] == '"1"'
    assert (told["status"], told["kind"], told["severity"]) == ("open", "form", "major")
    assert told["may"] == ["confirm", "dismiss"]
    (failure,) = told["failures"]
    assert (failure["actual_mm"], failure["expanded_uncertainty_mm"]) == ("14.2", "1.9")
    assert told["check_run"] == made.check


def test_findings_are_filtered(world: World, tower: Tower) -> None:
    admin, project, made = tower
    second = plant(world, project.removeprefix("/projects/"))
    told = admin.get(f"{project}/findings/{made.finding}").json()
    key, named = told["cause_key"], told["global_ids"][0]
    for asked, expected in (
        ("", [made.finding, second.finding]),
        (f"check_run={second.check}", [second.finding]),
        ("status=dismissed", []),
        (f"cause_key={key}", [made.finding, second.finding]),
        (f"global_id={named}", [made.finding, second.finding]),
        ("global_id=2O2Fr$t4X7Zf8NOew3FLOH", []),
    ):
        items = admin.get(f"{project}/findings?{asked}").json()["items"]
        assert [one["id"] for one in items] == expected, asked


def test_a_finding_is_dismissed_with_a_reason_that_stays(tower: Tower) -> None:
    admin, project, made = tower
    address = f"{project}/findings/{made.finding}/dismiss"
    assert admin.post(address, {"reason": "x"}).status_code == 428
    silent = admin.post(address, {"reason": " "}, headers={"If-Match": '"1"'})
    assert (silent.status_code, silent.json()["missing"]) == (409, ["a reason"])
    done = admin.post(address, {"reason": "a board lies on it"}, headers={"If-Match": '"1"'})
    assert (done.status_code, done.headers["ETag"], done.json()["status"]) == (200, '"2"', "dismissed")
    assert (done.json()["decision"]["reason"], done.json()["may"]) == ("a board lies on it", [])
    overtaken = admin.post(address, {"reason": "again"}, headers={"If-Match": '"1"'})
    assert overtaken.status_code == 412
    over = admin.post(address, {"reason": "again"}, headers={"If-Match": '"2"'})
    assert (over.status_code, over.json()["type"]) == (409, "urn:qtems:problem:illegal-transition")
    trail = admin.get(f"{project}/audit?entity=finding:{made.finding}").json()["items"]
    assert (trail[-1]["action"], trail[-1]["reason"]) == ("dismiss", "a board lies on it")


def test_a_confirmed_finding_becomes_a_draft_with_its_evidence(world: World, tower: Tower) -> None:
    admin, project, made = tower
    address = f"{project}/findings/{made.finding}/confirm"
    done = admin.post(address, {"title": "Wall C-0 bulges"}, headers={"If-Match": '"1"'})
    assert (done.status_code, done.json()["status"]) == (201, "confirmed")
    ncr = done.json()["decision"]["successor"]
    assert done.headers["Location"] == f"{ROOT}{project}/ncrs/{ncr}"
    with world.services.store.read() as view:
        draft = view.get(records.NCR, ncr).record
    assert (draft.title, draft.global_ids, draft.findings) == (
        "Wall C-0 bulges", (made.global_ids[0],), (made.finding,),
    )  # fmt: skip
    again = admin.post(address, {}, headers={"If-Match": '"2"'})
    assert again.status_code == 409
    assert [one["id"] for one in admin.get(f"{project}/findings?ncr={ncr}").json()["items"]] == [made.finding]


def test_a_draft_without_a_title_has_one_in_the_projects_language_and_its_pages_name_what_it_is_about(
    world: World, tower: Tower
) -> None:
    admin, project, made = tower
    version = admin.get(project).json()["version"]
    assert admin.change("PATCH", project, version, {"language": "zh"}).status_code == 200
    done = admin.post(f"{project}/findings/{made.finding}/confirm", {}, headers={"If-Match": '"1"'})
    ncr = done.json()["decision"]["successor"]
    name = admin.get(f"{project}/elements/{made.global_ids[0]}/history").json()["items"][0]["name"]
    title = admin.get(f"{project}/ncrs/{ncr}").json()["record"]["title"]
    assert title.startswith(f"形状：{name}（"), title
    pages = admin.get(f"{project}/ncrs/{ncr}/export?format=pdf").content
    text = "".join("".join(page.extract_text() for page in PdfReader(BytesIO(pages)).pages).split())
    assert "".join(f"{name} ({made.global_ids[0]})".split()) in text.replace("\u200b", ""), "the name and the GlobalId"
    assert "Week47" in text, "the check is called by its scan"
    assert made.finding not in text, "no bare identifier among the reasons"
