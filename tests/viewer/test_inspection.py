"""Inspections in the viewer: a checklist answered, judged by the server, signed; and all of it without a connection."""

from collections import Counter
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.api.web.live import live_server
from tests.api.web.planted import plant
from tests.api.web.site import TAPE, make_site
from tests.api.web.world import PASSWORD, make_world
from tests.viewer.conftest import COLUMNS, STATIC, Site, give_scenes
from tests.viewer.pages import Pages
from tests.viewer.test_judge import Crew, jpeg

POINTS = [{"party": "contractor", "code": "I"}, {"party": "third_party", "code": "H", "notice_hours": 24}]
ITEM = {
    "stage": "after", "reference": {"document": "GB 50204-2015", "clause": "8.3.2"}, "method": "tape", "points": POINTS,
}  # fmt: skip
AXIS = ITEM | {
    "id": "1" * 32, "sequence": 1, "activity": "Columns: axis and plumb",
    "characteristics": ["axis_position", "plumb"], "criterion": {"lower": "-8", "upper": "8", "unit": "mm"},
}  # fmt: skip
CLEAN = ITEM | {
    "id": "2" * 32, "sequence": 2, "activity": "Columns: surface", "characteristics": ["surface"],
    "criterion": {"statement": "free of honeycombs"},
}  # fmt: skip


def make_crew(pages: Pages, folder: Path) -> Generator[Crew]:
    """Serve a plan in force with two items begun; the server's clock, which hardly moves, is ahead of the devices'."""
    world = make_world(folder / "data", static_dir=STATIC)
    world.clock.now = datetime.now(UTC) + timedelta(minutes=30)
    people = make_site(world)
    made = plant(world, people.project, elements=COLUMNS)
    design = give_scenes(world, made, folder / "tiles")
    plan = f"/plans/{people.post('quinn', '/plans', {'title': 'Structure', 'items': [AXIS, CLEAN]})['id']}"
    people.do("quinn", plan, "issue")
    people.sign("quentin", plan, capacity="quality_manager")
    people.do("quentin", plan, "approve")
    for item, columns in ((AXIS, 1), (CLEAN, 3)):
        begun = {"item": item["id"], "global_ids": made.global_ids[:columns], "model_revision": made.revision}
        people.post("carl", plan + "/executions", begun)
    with live_server(world) as (host, port):
        yield Crew(people, Site(world, f"http://{host}:{port}", people.project, made, design, pages))
    world.services.store.database.close()


@pytest.fixture(scope="module")
def crew(pages: Pages, tmp_path_factory: pytest.TempPathFactory) -> Generator[Crew]:
    yield from make_crew(pages, tmp_path_factory.mktemp("inspected"))


def question(page: Any, name: str) -> Any:
    return page.get_by_role("article", name=name, exact=True)


def save(asked: Any) -> None:
    asked.get_by_role("button", name="Save the answer").click()
    asked.get_by_role("button", name="Save the answer").wait_for(state="detached")


def test_a_site_manager_answers_what_the_plan_asks_as_the_server_judges_it_and_signs(crew: Crew) -> None:
    column = crew.site.made.global_ids[0]
    page = crew.page("carl", "")
    page.get_by_role("button", name="Inspections").click()
    dock = page.locator(".dock")
    dock.locator(".box", has_text="axis and plumb").get_by_role("button", name="Plan and begin").click()
    dock.get_by_role("heading", name="TOWER-INS-0001").wait_for()
    for label, value in (("Kind", "tape"), ("Serial number", "T-7"), ("Calibrated on", "2026-01-01"),
                         ("Calibrated until", "2027-06-01"), ("U (k=2)", "1")):  # fmt: skip
        dock.get_by_label(label).fill(value)
    dock.get_by_role("button", name="Add an instrument").click()
    dock.get_by_role("checkbox", name="tape T-7").wait_for()
    dock.get_by_role("button", name="Begin the inspection").click()
    axis = question(page, "Axis position")
    axis.get_by_label("Reading (mm)").fill("7.5")
    axis.get_by_text("With this answer: Indeterminate").wait_for()
    axis.get_by_label("Reading (mm)").fill("12")
    axis.get_by_text("With this answer: Fail").wait_for()
    axis.get_by_text("a photo of what fails").wait_for()
    picture = {"name": "axis.jpg", "mimeType": "image/jpeg", "buffer": jpeg(800, 600)}
    axis.get_by_label("Choose a picture").set_input_files(picture)
    axis.locator("img").wait_for()
    save(axis)
    axis.locator(".verdict.fail").wait_for()
    dock.get_by_text("1 of 2 answered").wait_for()
    dock.get_by_text("Before it can be signed").wait_for()
    axis.get_by_role("button", name="Raise NCR").click()
    raising = page.locator("dialog.card")
    assert "Axis position: 12 ± 1 mm" in raising.locator("input:not([type=file])").input_value()
    raising.get_by_role("button", name="Raise a nonconformance").click()
    axis.get_by_text("The draft of a nonconformance is kept").wait_for()
    (ncr,) = crew.people.get("vera", "/ncrs")["items"]
    raised = crew.people.get("vera", f"/ncrs/{ncr['id']}")["record"]
    assert (raised["violations"][0]["measured"]["value"], raised["global_ids"]) == ("12", [column])
    assert raised["evidence"][0]["kind"] == "picture"
    plumb = question(page, "Plumb")
    plumb.get_by_text("Remark, not measurable").click()
    plumb.get_by_label("Cannot be measured").check()
    plumb.get_by_label("Why it was not measured").fill("behind the scaffold")
    save(plumb)
    password = dock.get_by_label("Your password, again")
    password.fill("not this one at all")
    dock.get_by_role("button", name="Complete and sign").click()
    dock.get_by_text("The password was wrong").wait_for()
    password.fill(PASSWORD)
    dock.get_by_role("button", name="Complete and sign").click()
    dock.get_by_text("The verdict: Fail").wait_for()
    dock.get_by_text("Signed by Carl as contractor").wait_for()
    (done,) = crew.people.get("vera", f"/inspections?global_id={column}&status=signed")["items"]
    read = crew.people.get("vera", f"/inspections/{done['id']}")
    assert [one["outcome"] for one in read["answers"]] == ["fail", "not_measured"]
    assert read["record"]["signature"]["role"] == "contractor"
    dock.get_by_role("button", name="All inspections").click()
    page.locator(".row", has_text="Column 1").first.click()
    page.locator(".detail").get_by_role("button", name="TOWER-INS-0001").click()
    dock.get_by_text("The verdict: Fail").wait_for()
    crew.site.leave(page)


def answer(page: Any, column: int, says: str, *, photo: bytes = b"") -> None:
    """Say of one column whether its surface is as it is to be."""
    page.locator(".part", has_text=f"Column {column}").click()
    surface = question(page, "Surface")
    surface.get_by_role("button", name=says, exact=True).click()
    surface.get_by_text("It is judged as soon as there is a connection").wait_for()
    if photo:
        picture = {"name": "crack.jpg", "mimeType": "image/jpeg", "buffer": photo}
        surface.get_by_label("Choose a picture").set_input_files(picture)
        surface.locator("img").wait_for()
    save(surface)
    surface.get_by_text("Kept on this device, not judged yet").wait_for()


def test_a_whole_inspection_without_a_connection_is_sent_once_and_signed_when_back(crew: Crew) -> None:
    """What somebody else did meanwhile is told, and nothing of either is lost."""
    people, site = crew.people, crew.site
    (begun,) = (one for one in people.get("vera", "/executions")["items"] if one["record"]["item"] == CLEAN["id"])
    made = people.post("ines", f"/executions/{begun['id']}/inspect", {})
    path, number = f"/inspections/{made['id']}", made["record"]["number"]
    page = crew.page("ines", f"?record=inspection:{made['id']}", worker="allow", size=(390, 844), touch=True)
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    page.reload()  # from here on the device keeps what it is shown
    page.get_by_role("button", name="Begin the inspection").wait_for()
    page.context.set_offline(True)
    page.get_by_role("button", name="Begin the inspection").click()
    answer(page, 1, "Yes")
    answer(page, 2, "No", photo=jpeg(800, 600))
    page.locator(".part", has_text="Column 3").click()
    yes = question(page, "Surface").get_by_role("button", name="Yes", exact=True)
    yes.click()
    page.reload()
    page.wait_for_selector("canvas[data-phase=ready]")
    page.get_by_text("2 of 3 answered").wait_for()
    assert yes.get_attribute("aria-pressed") == "true", "what was begun is still there"
    page.wait_for_selector(".sync:has-text('3 waiting')")
    assert people.get("vera", path)["record"]["state"] == "planned"
    second = page.context.new_page()  # two tabs want to send the same
    second.goto(f"{site.url}/projects/{people.project}")
    second.wait_for_selector(".sync:has-text('3 waiting')")
    page.context.set_offline(False)
    page.wait_for_selector(".sync", state="detached")
    second.wait_for_selector(".sync", state="detached")
    page.locator(".part", has_text="Column 2").get_by_text("Fail").wait_for()
    done = [one["action"] for one in people.get("vera", path + "/history")["items"]]
    assert done == ["create", "start", "record", "record"], "sent once, never twice"

    page.context.set_offline(True)
    answer(page, 3, "Yes")
    page.get_by_role("button", name="Sign when I am back").click()
    page.get_by_text("Noted: to be signed when you are back").wait_for()
    people.do("quinn", path, "instruments", {"instruments": [TAPE]})  # somebody else has it open, too
    page.context.set_offline(False)
    page.get_by_text("Somebody changed this inspection meanwhile. Your answer is kept").wait_for()
    page.locator(".overtaken", has_text="quinn").wait_for()
    page.get_by_role("button", name="Send mine as well").click()
    page.wait_for_selector(".sync:has-text('not accepted')", state="detached")
    second.get_by_role("button", name=f"Sign {number}").click()
    second.get_by_label("Your password, again").fill(PASSWORD)
    second.get_by_role("button", name="Complete and sign").click()
    second.get_by_text("The verdict: Fail").wait_for()
    second.wait_for_selector(".sync", state="detached")
    read = people.get("vera", path)
    assert [one["outcome"] for one in read["answers"]] == ["pass", "fail", "pass"]
    assert [len(one["photos"]) for one in read["record"]["readings"]] == [0, 1, 0]
    assert [one["serial"] for one in read["record"]["instruments"]] == ["T-7"], "theirs is kept, too"
    assert read["record"]["signature"]["signer"] == people.ids["ines"]
    crew.site.leave(page)


def test_whoever_may_not_sign_is_told_who_grants_it_and_led_there(crew: Crew) -> None:
    people = crew.people
    people.world.person("sam")
    member = {"login": "sam", "organisation": people.organisation, "role": "site_manager", "capacities": []}
    people.post("olga", "/members", member)
    plan = next(one["record"]["plan"] for one in people.get("vera", "/executions")["items"])
    begun = {
        "item": CLEAN["id"], "global_ids": crew.site.made.global_ids[4:5], "model_revision": crew.site.made.revision,
    }  # fmt: skip
    execution = people.post("carl", f"/plans/{plan}/executions", begun)["id"]
    made = people.post("ines", f"/executions/{execution}/inspect", {})
    page = crew.page("sam", f"?record=inspection:{made['id']}")
    page.wait_for_selector(".dock:has-text('grants no capacity in which this inspection is signed')")
    owner = next(one["name"] for one in people.get("olga", "/members")["items"] if one["role"] == "owner")
    page.wait_for_selector(f".dock:has-text('It is granted by owners: {owner}')")
    assert page.locator(".dock input[type=password]").count() == 0, "nobody is asked for a password in vain"
    page.locator(".dock").get_by_role("button", name="People of the project").first.click()
    page.wait_for_selector(f"dialog li:has-text('{owner}')")
    members = people.get("olga", "/members")["items"]
    assert page.locator("dialog li").count() >= len(members), "everybody is named, the one who grants it among them"
    crew.site.leave(page)


def test_a_site_manager_is_told_who_decides_a_finding_and_may_raise_a_record(crew: Crew) -> None:
    page = crew.page("carl", f"?element={crew.site.made.global_ids[0]}")
    page.wait_for_selector(".records .wide:has-text('Raise a nonconformance')")
    said = page.inner_text(".records .box")
    assert "Who may: owner, quality manager, inspector" in said
    assert page.locator(".records .box button").count() == 0
    crew.site.leave(page)


def is_begun(answer: Any) -> bool:
    """Say whether an answer of the server is to the beginning of an item."""
    return answer.request.method == "POST" and "/executions" in answer.url


def begun_for(crew: Crew, element: str) -> Counter[str]:
    """Return what has been begun for an element, and how often."""
    found = (one["record"] for one in crew.people.get("carl", "/executions")["items"])
    return Counter(one["activity"] for one in found if element in one["global_ids"])


def test_an_item_of_the_plan_is_begun_for_what_is_chosen(crew: Crew) -> None:
    fifth = crew.site.made.global_ids[4]
    page = crew.page("carl")
    page.get_by_role("button", name="Inspections").click()
    page.click(".dock summary:has-text('Begin an item of the plan')")
    page.locator(".dock").get_by_text("Choose an element in the model or the table first.").first.wait_for()
    page.click(".row:has-text('Column 5') >> nth=0")
    page.get_by_label("Item").select_option(label="Columns: axis and plumb · TOWER-ITP-0001")
    assert page.get_by_label("Where").inner_text().split("\n") == [
        "Column 5", "All 6 of the kind: Column, Level 0",
    ]  # fmt: skip
    known = begun_for(crew, fifth)  # others may have begun some for it
    button = page.locator(".dock").get_by_role("button", name="Begin an item of the plan")
    with page.expect_response(is_begun) as sent:
        button.click()
    assert sent.value.status == 201
    page.locator(".inspections > ul > li:has-text('Columns: axis and plumb')").first.wait_for()
    assert begun_for(crew, fifth) - known == Counter(["Columns: axis and plumb"])
    crew.site.leave(page)
    looking = crew.page("dora")
    looking.get_by_role("button", name="Inspections").click()
    looking.get_by_text("Items of the plan are begun by: owner, quality manager").wait_for()
    crew.site.leave(looking)
