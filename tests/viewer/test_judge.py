"""People judge in the viewer: a record from its draft to its end, each signature, what others change meanwhile."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.api.web.live import live_server
from tests.api.web.planted import plant
from tests.api.web.site import TAPE, make_site
from tests.api.web.site import Site as People
from tests.api.web.world import PASSWORD, make_world
from tests.viewer.conftest import COLUMNS, STATIC, Site, give_scenes
from tests.viewer.pages import Pages, sign_in
from tests.viewer.test_access import AXE, examined

MEASURED = {
    "requirement": {
        "characteristic": "position", "clause": "GB 50204-2015 table 8.3.2", "lower": "-8", "upper": "8", "unit": "mm",
    },
    "measured": {"value": "14.2", "expanded_uncertainty": "1.9"},
}  # fmt: skip
HELD = {"kind": "in_place_tag", "place": "axis 1", "tag": "NCR", "affected_query": "columns of the same crew"}
SEATS = {"quinn": "quality_manager", "carl": "contractor", "dora": "design_authority"}


@dataclass(frozen=True)
class Crew:
    """A project with its people, its model and a check of it, served."""

    people: People
    site: Site

    def page(self, who: str, query: str = "", **of_page: Any) -> Any:
        """Return a page on which somebody looks at the model."""
        page = self.site.page(**of_page)
        sign_in(page, self.site.url, who)
        page.goto(f"{self.site.url}/projects/{self.people.project}{query}")
        page.wait_for_selector("canvas[data-phase=ready]")
        return page

    def draft(self, columns: int = 1, **more: Any) -> str:
        """Raise a draft about some columns; return its path."""
        ids = list(self.site.made.global_ids[:columns])
        given: dict[str, Any] = {
            "title": "Columns off their axes", "severity": "major", "quantity": str(columns), "unit": "element",
            "global_ids": ids, "violations": [MEASURED | {"global_id": ids[0]}],
            "evidence": [self.people.picture("ines")],
        }  # fmt: skip
        return f"/ncrs/{self.people.post('ines', '/ncrs', given | more)['id']}"

    def under_review(self, ncr: str) -> None:
        do, ids = self.people.do, self.people.ids
        do("ines", ncr, "open")
        do("carl", ncr, "containment", HELD)
        do("carl", ncr, "contain")
        board = [{"user": ids[who], "capacity": capacity} for who, capacity in SEATS.items()]
        do("quinn", ncr, "board", {"members": board})
        do("quinn", ncr, "review")


@pytest.fixture(scope="module")
def crew(pages: Pages, tmp_path_factory: pytest.TempPathFactory) -> Generator[Crew]:
    folder = tmp_path_factory.mktemp("crew")
    world = make_world(folder / "data", static_dir=STATIC)
    people = make_site(world)
    made = plant(world, people.project, elements=COLUMNS)
    design = give_scenes(world, made, folder / "tiles")
    with live_server(world) as (host, port):
        yield Crew(people, Site(world, f"http://{host}:{port}", people.project, made, design, pages))
    world.services.store.database.close()


def choose(page: Any, label: str, value: str) -> None:
    page.get_by_label(label, exact=True).select_option(value)


def test_a_record_goes_from_the_draft_to_its_review_by_who_may(crew: Crew) -> None:
    ncr = crew.draft(violations=[])
    page = crew.page("carl", f"?record=ncr:{ncr[6:]}")
    card = page.locator("dialog.card")
    card.get_by_text("Complete the draft").first.wait_for()
    assert card.get_by_role("button", name="Open the record").count() == 0, "what would be refused is not offered"
    card.get_by_role("button", name="From the check: Position +14.2").click()
    card.get_by_role("button", name="Save").click()
    card.get_by_role("button", name="Open the record").click()
    card.get_by_label("Where it is").fill("axis 1")
    card.get_by_label("Text on the tag").fill("NCR")
    page.reload()
    page.wait_for_selector("dialog.card .way")
    assert card.get_by_label("Where it is").input_value() == "axis 1", "what was not sent outlives a reload"
    card.get_by_label("What was looked through").fill("columns of the same crew")
    card.get_by_role("button", name="Save").click()
    card.get_by_role("button", name="Report it as contained").click()
    card.get_by_text("Others go on from here").wait_for()
    assert "a reviewer as quality manager" in card.inner_text()
    assert crew.people.get("carl", ncr)["record"]["state"] == "contained"
    crew.site.leave(page)


def test_the_board_is_named_a_decision_proposed_and_signed_again_after_a_wrong_password(crew: Crew) -> None:
    ncr = crew.draft(2)
    crew.people.do("ines", ncr, "open")
    crew.people.do("carl", ncr, "containment", HELD)
    crew.people.do("carl", ncr, "contain")
    page = crew.page("quinn")
    page.click(".tasks button:has-text('My work')")
    number = crew.people.get("quinn", ncr)["record"]["number"]
    page.locator(".worklist .record", has_text=number).click()
    card = page.locator("dialog.card")
    for who, capacity in SEATS.items():
        card.get_by_label(f"Signs as {capacity.replace('_', ' ')}").select_option(crew.people.ids[who])
    card.get_by_role("button", name="Save").click()
    card.get_by_role("button", name="Begin the review").click()
    card.get_by_label("Instruction or procedure").fill("WI-7")
    card.get_by_label("Why", exact=True).fill("can be moved back")
    card.get_by_label("Column 2").uncheck()
    assert card.get_by_role("button", name="Propose a decision").is_disabled(), "one element is undecided"
    card.get_by_role("button", name="Add a line").click()
    second = card.locator("fieldset").nth(1)
    second.get_by_label("Decision").select_option("use_as_is")
    second.get_by_label("Concession until").fill("2027-12-31")
    second.get_by_label("Why", exact=True).fill("harmless")
    card.get_by_role("button", name="Propose a decision").click()
    assert examined(page, AXE.read_text(), "signing", "dialog.card") == []
    card.get_by_label("Your password, again").fill("not this one at all")
    card.get_by_role("button", name="Sign the decision").click()
    card.get_by_text("The password was wrong").wait_for()
    assert page.locator(".veil").count() == 0, "a wrong password at a signature ends no session"
    card.get_by_label("Your password, again").fill(PASSWORD)
    card.get_by_role("button", name="Sign the decision").click()
    card.get_by_text("Quinn, quality manager").wait_for()
    record = crew.people.get("quinn", ncr)["record"]
    assert [(one["decision"], one["quantity"]) for one in record["lines"]] == [("rework", "1"), ("use_as_is", "1")]
    assert [one["signer_name"] for one in record["signatures"]] == ["Quinn"]
    assert "you have signed" in card.inner_text()
    crew.site.leave(page)


def test_a_form_that_was_saved_shows_what_the_server_holds_and_a_second_save_loses_nothing(crew: Crew) -> None:
    ncr = crew.draft()
    crew.people.do("ines", ncr, "open")
    page = crew.page("quinn", f"?record=ncr:{ncr[6:]}")
    card = page.locator("dialog.card")
    card.get_by_text("Other steps").click()
    card.get_by_label("Choose a step").select_option("assign")
    for day in ("2026-12-01", "2026-12-02"):
        card.get_by_label("Who sees to it").select_option(crew.people.ids["carl"])
        card.get_by_label("Until").fill(day)
        card.get_by_role("button", name="Save").last.click()
        card.get_by_text(f"Due {day}").wait_for()
        assert card.get_by_label("Until").input_value() == day
        assert card.get_by_label("Who sees to it").input_value() == crew.people.ids["carl"]
    crew.people.do("ines", ncr, "assign", {"assignee": None, "due": "2027-03-01"})
    card.get_by_label("Until").fill("2026-12-05")
    card.get_by_role("button", name="Save").last.click()
    card.locator(".overtaken").wait_for()
    assert card.get_by_label("Until").input_value() == "2026-12-05", "what was typed stays"
    assert card.get_by_label("Who sees to it").input_value() == "", "what was not touched is as the server has it now"
    crew.site.leave(page)


def test_what_others_did_meanwhile_is_shown_and_nothing_typed_is_lost(crew: Crew) -> None:
    ncr = crew.draft()
    crew.people.do("ines", ncr, "open")
    page = crew.page("carl", f"?record=ncr:{ncr[6:]}", language="zh-CN")
    card = page.locator("dialog.card")
    card.get_by_label("所在位置").fill("1 轴")
    card.get_by_label("标识内容").fill("NCR")
    card.get_by_label("排查范围").fill("同班组的柱")
    crew.people.do("quinn", ncr, "assign", {"assignee": crew.people.ids["carl"], "due": "2027-01-31"})
    card.get_by_role("button", name="保存").click()
    card.locator(".overtaken").get_by_text("Quinn：已指派").wait_for()
    assert card.get_by_label("所在位置").input_value() == "1 轴"
    page.context.clear_cookies()
    card.get_by_role("button", name="保存").click()
    page.wait_for_selector("dialog.veil")
    page.locator("dialog.veil input[name=login]").fill("carl")
    page.locator("dialog.veil input[name=password]").fill(PASSWORD)
    page.locator("dialog.veil button[type=submit]").click()
    page.wait_for_selector("dialog.veil", state="detached")
    card.get_by_role("button", name="保存").click()
    card.get_by_role("button", name="报告已控制").wait_for()
    assert crew.people.get("carl", ncr)["record"]["containment"]["place"] == "1 轴"
    crew.site.leave(page)


def test_closing_shows_which_re_inspection_counts_and_is_signed(crew: Crew) -> None:
    ncr, people = crew.draft(), crew.people
    element = crew.site.made.global_ids[0]
    crew.under_review(ncr)
    line = {"decision": "rework", "quantity": "1", "justification": "move it", "instruction": "WI-7",
            "global_ids": [element]}  # fmt: skip
    people.do("quinn", ncr, "propose", {"lines": [line]})
    for who in SEATS:
        people.sign(who, ncr)
    people.do("quinn", ncr, "dispose")
    people.do("carl", ncr, "correct")
    people.world.clock.advance(minutes=10)
    people.do("carl", ncr, "reinspect", {"finished_at": people.world.clock.now.isoformat()})
    page = crew.page("quentin", f"?record=ncr:{ncr[6:]}", size=(390, 844), touch=True)
    card = page.locator("dialog.card")
    card.get_by_text("No check and no signed inspection since").wait_for()
    waits = card.get_by_text("Close by signature: Still needed").inner_text()
    assert "a re-inspection of element" in waits
    inspected(crew, ncr, element)
    page.reload()
    card.get_by_role("button", name="Record a re-inspection").wait_for(state="hidden")
    card.get_by_label("Labour").fill("120")
    card.locator(".next", has_text="Record the cost").get_by_role("button", name="Save").click()
    decide = card.locator(".next", has_text="Decide on a CAPA")
    decide.get_by_label("Reason").fill("a single event")
    decide.get_by_role("button", name="Save").click()
    counting = card.locator(".box.counts")
    counting.wait_for()
    assert "Pass" in counting.inner_text()
    card.get_by_label("Your password, again").fill(PASSWORD)
    card.get_by_role("button", name="Close by signature").click()
    card.locator(".way [aria-current=step]", has_text="Closed").wait_for()
    assert people.get("quinn", ncr)["record"]["closing"]["signer_name"] == "Quentin"
    crew.site.leave(page)


def inspected(crew: Crew, ncr: str, element: str) -> None:
    """Inspect a column again by tape and sign that it passes."""
    people = crew.people
    question = {
        "id": "c1", "name": "position", "kind": "numeric", "source": "GB 50204-2015 table 8.3.2", "lower": "-8",
        "upper": "8", "unit": "mm", "resolution": "1",
    }  # fmt: skip
    given = {
        "title": "Column again", "lot": [element], "quantity": "1", "unit": "pcs", "sampling": {"everything": True},
        "characteristics": [question], "reinspects_ncr": ncr[6:],
    }  # fmt: skip
    people.world.clock.advance(minutes=1)
    path = f"/inspections/{people.post('ines', '/inspections', given)['id']}"
    people.do("ines", path, "start", {"instruments": [TAPE]})
    reading = {"characteristic": "c1", "global_id": element, "number": "3", "instrument": "T-7"}
    people.do("ines", path, "readings", reading)
    people.sign("ines", path, capacity="inspector")


POINT_AT = """([x, y, z]) => {
  const stage = globalThis.qtems.stage;
  stage.camera.updateMatrixWorld();
  const seen = stage.camera.position.clone().set(x, y, z).project(stage.camera);
  const box = stage.canvas.getBoundingClientRect();
  return [box.left + (0.5 + 0.5 * seen.x) * box.width, box.top + (0.5 - 0.5 * seen.y) * box.height];
}"""


def jpeg(width: int, height: int) -> bytes:
    """Return a picture with a time and a place in its EXIF, as a phone takes it."""
    from io import BytesIO

    from PIL import Image

    exif = Image.Exif()
    exif[0x8769] = {0x9003: "2026:11:21 14:30:05", 0x9011: "+01:00"}
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)}
    out = BytesIO()
    Image.new("RGB", (width, height), (180, 60, 20)).save(out, "JPEG", exif=exif)
    return out.getvalue()


def test_a_photo_is_made_small_pinned_where_one_taps_and_opened_again(crew: Crew) -> None:
    page = crew.page("carl")
    page.get_by_role("button", name="Photos").click()
    picture = {"name": "site.jpg", "mimeType": "image/jpeg", "buffer": jpeg(4000, 3000)}
    page.get_by_label("Choose a picture").set_input_files(picture)
    page.get_by_text("Tap the place in the model").wait_for()
    assert "2560 × 1920" in page.inner_text(".dock")
    column = crew.site.design.elements[crew.site.made.global_ids[2]].mesh.bounds()
    origin = page.evaluate(
        "async (url) => (await (await fetch(url)).json()).origin_m",
        f"/api/v1/projects/{crew.people.project}/models/{crew.site.made.revision}/scene/model.json",
    )
    page.mouse.click(*page.evaluate(POINT_AT, [float(v) for v in column.mean(axis=0) - origin]))
    page.get_by_text("Pinned to Column 3").wait_for()
    page.get_by_label("What it shows").fill("crack at the foot")
    page.get_by_role("button", name="Keep the photo").click()
    page.wait_for_selector(".pin-photo")
    size = page.locator(".pin-photo").bounding_box()
    assert min(size["width"], size["height"]) >= 44
    (kept,) = crew.people.get("carl", "/pins")["items"]
    assert (kept["pin"]["global_id"], kept["description"]) == (crew.site.made.global_ids[2], "crack at the foot")
    assert kept["taken_at"] == "2026-11-21T13:30:05Z"
    place = [float(kept["pin"]["place"][axis]) for axis in "xyz"]
    assert all(low - 1e-3 <= v <= high + 1e-3 for low, v, high in zip(column[0], place, column[1], strict=True))
    answer = crew.people.awake("carl").get(f"{crew.people.root}/attachments/{kept['id']}/file")
    assert b"Exif" not in answer.content, "where the phone was is not sent"
    page.locator(".pin-photo").click()
    page.locator("dialog img.large").wait_for()
    page.keyboard.press("Escape")
    page.get_by_label("Choose a picture").set_input_files(picture)
    page.get_by_role("button", name="Keep the photo").click()
    page.wait_for_function(
        "() => document.querySelectorAll('.dock .gallery .shot').length === 2"
    )  # one without a place
    crew.site.leave(page)


def test_a_quality_manager_states_otherwise_beside_the_verdict_which_stays(crew: Crew) -> None:
    element = crew.site.made.global_ids[9]
    page = crew.page("quinn", f"?element={element}")
    page.get_by_text("State otherwise").click()
    form = page.locator(".override form")
    assert examined(page, AXE.read_text(), "override", ".right") == []
    form.get_by_label("Reason").fill("total station: 3 mm, protocol 7")
    form.get_by_label("Your password, again").fill("not this one at all")
    form.get_by_role("button", name="Sign").click()
    form.get_by_text("The password was wrong").wait_for()
    assert form.get_by_label("Reason").input_value() == "total station: 3 mm, protocol 7"
    form.get_by_label("Your password, again").fill(PASSWORD)
    form.get_by_role("button", name="Sign").click()
    page.get_by_text("Stated by a person: Pass").wait_for()
    page.get_by_text("The check goes on saying: Fail").wait_for()
    page.locator(".row.chosen .stated").wait_for()
    read = crew.people.get("vera", f"/elements/{element}")
    assert (read["verdict"], read["override"]) == ("fail", "pass")
    crew.site.leave(page)


def test_a_finding_becomes_one_record_by_one_act_that_says_what_it_made(crew: Crew) -> None:
    first = crew.site.made.global_ids[0]

    def records() -> list[Any]:
        return crew.people.get("ines", f"/ncrs?global_id={first}")["items"]

    before = len(records())
    page = crew.page("ines", f"?element={first}")
    page.click(".records .primary:has-text('Make a nonconformance of it')")
    page.locator("dialog[open]").get_by_role("button", name="Open the record").wait_for()  # shown at once
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog[open]", state="detached")
    page.wait_for_selector(".records [role=status]:has-text('Draft made')")
    assert page.locator(".records .primary").count() == 0, "the finding is decided"
    page.click(".records .wide:has-text('Raise another nonconformance')")
    assert page.locator("dialog[open] input").first.input_value() == "", (
        "another one begins with nothing of the finding"
    )
    assert len(records()) == before + 1
    crew.site.leave(page)
