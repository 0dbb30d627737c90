"""Checks over HTTP: what may be ordered, and everything that one leaves given out again."""

from dataclasses import replace
from typing import Any

import pytest

from tests.api.web.live import found
from tests.api.web.planted import REPORT_HTML, Planted, context, plant, upload
from tests.api.web.world import Browser, World
from twin.operations.checks import CheckOrder, pairs_request
from twin.store import jobs, records
from twin.store.codec import from_json

Tower = tuple[Browser, str, Planted]


@pytest.fixture
def tower(world: World) -> Tower:
    project = found(world)
    return world.administrator(), f"/projects/{project}", plant(world, project)


def payload_of(world: World, job: str) -> Any:
    with world.services.store.read() as view:
        return jobs.get(view.connection, job).payload


def test_a_check_is_ordered_with_its_files(world: World, tower: Tower) -> None:
    admin, project, made = tower
    inside = project.removeprefix("/projects/")
    given = {
        "revision": made.revision, "epoch": made.epoch,
        "tolerances": upload(admin, inside, "project.yaml", b"rules: []"),
        "registration_file": upload(admin, inside, "targets.txt", b"0 0 0"), "formats": ["html"], "seed": 7,
        "lang": "zh",
    }  # fmt: skip
    asked = admin.post(f"{project}/checks", given)
    assert (asked.status_code, asked.json()["kind"]) == (202, "run_check")
    order = payload_of(world, asked.json()["id"])
    assert order["identifier"] == asked.json()["makes"]
    assert (order["tolerances"]["file_name"], order["registration_file"]["file_name"]) == (
        "project.yaml", "targets.txt",
    )  # fmt: skip
    assert (order["formats"], order["seed"], order["lang"]) == (["html"], 7, "zh")


def test_a_check_is_ordered_by_the_tolerances_of_an_earlier_one(world: World, tower: Tower) -> None:
    """The file itself, as it was then, also where whoever asks did not bring it in."""
    admin, project, made = tower
    given = {"revision": made.revision, "epoch": made.epoch}
    file = {"tolerances": upload(admin, project.removeprefix("/projects/"), "project.yaml", b"rules: []")}
    first = admin.post(f"{project}/checks", given | file).json()
    unknown = admin.post(f"{project}/checks", given | {"tolerances_of": first["makes"]})
    assert unknown.status_code == 404, "it is not there before it has run"
    with world.services.store.write(context(world)) as unit:
        run = unit.get(records.CHECK_RUN, made.check).record
        unit.add(records.CHECK_RUN, replace(run, id=first["makes"], counts=False))
    both = admin.post(f"{project}/checks", given | {"tolerances_of": first["makes"], "standard": "default"})
    assert both.status_code == 422
    again = admin.post(f"{project}/checks", given | {"tolerances_of": first["makes"], "seed": 3}).json()
    orders = [payload_of(world, one["id"]) for one in (first, again)]
    assert orders[0]["tolerances"] == orders[1]["tolerances"]
    assert (orders[1]["seed"], orders[1]["identifier"]) == (3, again["makes"])
    by_name = admin.post(f"{project}/checks", given | {"tolerances_of": made.check}).json()
    assert payload_of(world, by_name["id"])["standard"] == "GB 50204-2015"


def pair(name: str, x: float, y: float) -> dict[str, object]:
    return {"name": name, "scan": [x, y, 0], "design": [x + 10, y, "1.5"]}


TRIANGLE = [pair("A", 0, 0), pair("B", 4, 0), pair("C", 0, 3)]


def test_a_check_is_ordered_with_pairs_that_were_picked(world: World, tower: Tower) -> None:
    admin, project, made = tower
    given = {"revision": made.revision, "epoch": made.epoch, "pairs": TRIANGLE, "level": True}
    asked = admin.post(f"{project}/checks", given)
    assert asked.status_code == 202, asked.text
    request = pairs_request(from_json(payload_of(world, asked.json()["id"]), CheckOrder), "Ann")
    assert (request.kind, request.levelled, request.picked_by) == ("picked", True, "Ann")
    assert [(p.name, p.design, p.sigma_m) for p in request.control_points][1] == ("B", (14.0, 0.0, 1.5), 0.01)


@pytest.mark.parametrize(
    ("more", "status", "told"),
    [
        ({"pairs": TRIANGLE[:2]}, 422, "at least 3"),
        ({"pairs": [*TRIANGLE[:2], pair("C", 8, 0)]}, 422, "in a line"),
        ({"pairs": [*TRIANGLE, pair("A", 1, 1)]}, 422, "A is there twice"),
        ({"pairs": TRIANGLE, "registration_file": "0" * 32}, 422, "not both"),
        ({"level": True}, 422, "give pairs"),
        ({"tolerance_mm": "10", "standard": "default"}, 422, "give one of"),
        ({"standard": "GB 99999"}, 422, "no standard named"),
        ({"tolerance_mm": "0"}, 422, "is more than 0"),
        ({"tolerance_mm": "NaN"}, 422, "finite"),
        ({"tolerances": "0" * 32}, 404, "there is no upload"),
        ({"registration": "somehow"}, 422, "auto"),
        ({"formats": ["docx"]}, 422, "html"),
        ({"revision": "0" * 32}, 404, "there is no model revision"),
        ({"epoch": "0" * 32}, 404, "there is no scan epoch"),
    ],
)
def test_a_check_that_makes_no_sense_is_refused_at_once(
    tower: Tower, more: dict[str, object], status: int, told: str
) -> None:
    admin, project, made = tower
    refused = admin.post(f"{project}/checks", {"revision": made.revision, "epoch": made.epoch} | more)
    assert refused.status_code == status, refused.text
    assert told in refused.json()["detail"]
    assert admin.get(f"{project}/jobs").json()["items"] == []


def test_revision_and_epoch_of_another_project_are_not_found(world: World, tower: Tower) -> None:
    admin, _, made = tower
    other = found(world, "OTHER")
    refused = admin.post(f"/projects/{other}/checks", {"revision": made.revision, "epoch": made.epoch})
    assert refused.status_code == 404


@pytest.mark.parametrize("standard", ["GB 50204-2015", "default"])
def test_a_standard_is_named_as_in_the_catalogue(tower: Tower, standard: str) -> None:
    admin, project, made = tower
    given = {"revision": made.revision, "epoch": made.epoch, "standard": standard}
    assert admin.post(f"{project}/checks", given).status_code == 202


def test_a_check_tells_what_it_depends_on(tower: Tower) -> None:
    admin, project, made = tower
    read = admin.get(f"{project}/checks/{made.check}")
    told = read.json()
    assert (told["revision"], told["epoch"], told["qtems"]) == (made.revision, made.epoch, "0.1.0")
    assert told["registration"]["T_design_scan"][:4] == ["1", "0", "0", "0"]
    assert [file["name"] for file in told["files"]] == ["report.json", "report.html"]
    for asked, expected in (
        (f"model_revision={made.revision}", [made.check]),
        (f"scan_epoch={made.revision}", []),
        ("status=refused", []),
    ):
        assert [one["id"] for one in admin.get(f"{project}/checks?{asked}").json()["items"]] == expected


def test_the_registration_is_told_with_its_rivals(tower: Tower) -> None:
    admin, project, made = tower
    told = admin.get(f"{project}/checks/{made.check}/registration").json()
    assert (told["status"], told["method"], told["holdout_rmse_m"]) == ("accepted", "given", None)
    assert [rival["angle_deg"] for rival in told["rivals"]] == [180.0]


def test_a_report_is_given_out_under_its_name_and_kept_in_a_sandbox(tower: Tower) -> None:
    admin, project, made = tower
    given = admin.get(f"{project}/checks/{made.check}/files/report.html")
    assert given.content == REPORT_HTML
    assert given.headers["Content-Type"].startswith("text/html")
    assert 'inline; filename="report.html"' in given.headers["Content-Disposition"]
    policy = given.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-scripts")
    assert "allow-same-origin" not in policy
    part = admin.get(
        f"{project}/checks/{made.check}/files/report.html",
        headers={"Range": "bytes=0-9", "Accept-Encoding": "identity"},
    )
    assert (part.status_code, part.content) == (206, REPORT_HTML[:10])
    zipped = admin.get(f"{project}/checks/{made.check}/files/report.html", headers={"Range": "bytes=0-9"})
    assert (zipped.status_code, zipped.content) == (200, REPORT_HTML), "what is packed on the way has no bytes to count"


def test_a_report_json_is_given_out_and_a_file_that_is_none_is_not(tower: Tower) -> None:
    admin, project, made = tower
    report = admin.get(f"{project}/checks/{made.check}/report")
    assert report.json()["registration"]["method"] == "given"
    assert report.headers["Content-Type"] == "application/json"
    assert admin.get(f"{project}/checks/{made.check}/files/report.json").json() == report.json()
    missing = admin.get(f"{project}/checks/{made.check}/files/report.pdf")
    assert (missing.status_code, "report.html" in missing.json()["detail"]) == (404, True)
