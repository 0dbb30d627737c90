"""From a finding to a closed record: several persons, each with what the people panel granted, by the browser alone."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.api.web.site import TAPE
from tests.api.web.site import Site as People
from tests.api.web.world import PASSWORD
from tests.viewer.conftest import Site
from tests.viewer.pages import sign_in
from tests.viewer.test_judge import jpeg
from tests.viewer.test_review import complaints

CREW = {
    "ines": ("inspector", "Ines Ro"), "quinn": ("quality_manager", "Quinn Li"), "carl": ("site_manager", "Carl Ma"),
}  # fmt: skip
DESIGNER = {"dora": ("designer", "Dora Yu")}


@dataclass
class Desk:
    """Somebody before the record, on their own device."""

    page: Any
    complaints: list[str]

    @property
    def card(self) -> Any:
        return self.page.locator("dialog.card").last

    def do(self, what: str) -> None:
        self.card.get_by_role("button", name=what, exact=True).first.click()

    def fill(self, **fields: str) -> None:
        for label, value in fields.items():
            self.card.get_by_label(label.replace("_", " ")).fill(value)

    def sign(self, what: str) -> None:
        self.fill(Your_password=PASSWORD)
        self.do(what)

    def stands(self, state: str) -> None:
        self.card.locator(".way [aria-current=step]", has_text=state).wait_for()


def desk(site: Site, login: str, query: str, **of_page: Any) -> Desk:
    page = site.page(**of_page)
    said = complaints(page)
    sign_in(page, site.url, login)
    page.goto(f"{site.url}/projects/{site.project}{query}")
    page.wait_for_selector("canvas[data-phase=ready]")
    return Desk(page, said)


def take_in(panel: Any, role: str, name: str) -> None:
    panel.get_by_label("Who").select_option(label=f"{name} ({name.split()[0].lower()})")
    panel.get_by_label("Role").last.select_option(role)
    panel.get_by_role("button", name="Take somebody in").click()
    panel.locator("li", has_text=name).wait_for()


def measured_again(people: People, record: str, element: str) -> None:
    """Inspect the element by tape and sign that it passes; the plans of inspections have tests of their own."""
    question = {
        "id": "c1", "name": "position", "kind": "numeric", "source": "GB 50204-2015, table 8.3.2", "lower": "-8",
        "upper": "8", "unit": "mm", "resolution": "1",
    }  # fmt: skip
    given = {
        "title": "Column again", "lot": [element], "quantity": "1", "unit": "pcs", "sampling": {"everything": True},
        "characteristics": [question], "reinspects_ncr": record,
    }  # fmt: skip
    path = f"/inspections/{people.post('ines', '/inspections', given)['id']}"
    people.do("ines", path, "start", {"instruments": [TAPE]})
    reading = {"characteristic": "c1", "global_id": element, "number": "3", "instrument": "T-7"}
    people.do("ines", path, "readings", reading)
    people.sign("ines", path, capacity="inspector")


def test_a_record_is_closed_by_several_persons(site: Site) -> None:
    world, element = site.world, site.made.global_ids[0]
    people = People(world, site.project, "", "", {"olga": world.administrator()})
    for login, (_, name) in (CREW | DESIGNER).items():
        people.browsers[login] = world.person(login, name=name)

    owner = desk(site, "admin", "")
    owner.page.click(".tasks button:has-text('My work')")
    owner.page.click(".worklist button:has-text('People of the project')")
    for role, name in CREW.values():
        take_in(owner.card, role, name)
    owner.do("Close")

    ines = desk(site, "ines", f"?element={element}")
    ines.page.click(".records .primary:has-text('Make a nonconformance of it')")
    ines.do("Open the record")
    ines.card.get_by_text("Record the containment").wait_for()
    ines.card.locator("summary:has-text('Other steps')").click()
    ines.card.get_by_label("Choose a step").select_option(label="Assign, due date")
    ines.card.get_by_label("Who sees to it").select_option(label="Carl Ma (site manager)")
    ines.card.get_by_role("button", name="Save").last.click()
    ines.card.get_by_text("Assigned to Carl Ma").wait_for()
    ines.card.locator("summary:has-text('Photos and files')").click()
    ines.card.locator("input[type=file]").set_input_files(
        {"name": "seen.jpg", "mimeType": "image/jpeg", "buffer": jpeg(640, 480)}
    )
    ines.card.locator(".gallery", has_text="Ines Ro").wait_for()
    ines.fill(Write_a_comment="see the photo")
    ines.do("Send")
    ines.card.locator(".talk", has_text="see the photo").wait_for()
    ines.fill(Where_it_is="axis 1", Text_on_the_tag="HOLD", What_was_looked_through="columns of the same crew")
    ines.do("Save")
    ines.do("Report it as contained")
    waits = ines.card.locator(".box", has_text="Others go on from here")
    waits.wait_for()
    assert "Begin the review: Administrator (owner), Quinn Li (quality manager)" in waits.inner_text(), "who they are"

    (line,) = people.get("olga", f"/ncrs?global_id={element}")["items"]
    record, here = line["id"], f"?record=ncr:{line['id']}"
    quinn = desk(site, "quinn", here)
    quinn.card.get_by_text("Nobody can take the seat of the design authority yet").wait_for()
    quinn.do("People of the project")
    quinn.card.get_by_text("Owners take people in and grant what they sign as: Administrator.").wait_for()
    quinn.do("Close")
    owner.page.click(".worklist button:has-text('People of the project')")
    owner.card.locator("details.fold > summary").click()
    take_in(owner.card, *DESIGNER["dora"])
    owner.do("Close")

    quinn.page.reload()
    for seat, who in (("quality manager", "Quinn Li"), ("contractor", "Carl Ma"), ("design authority", "Dora Yu")):
        quinn.card.get_by_label(f"Signs as {seat}").select_option(label=who)
    quinn.do("Save")
    quinn.do("Begin the review")
    quinn.fill(Instruction_or_procedure="WI-7", Why="it can be moved back")
    quinn.do("Propose a decision")
    quinn.sign("Sign the decision")
    quinn.card.get_by_text("Quinn Li, quality manager").wait_for()
    waits = quinn.card.locator(".box", has_text="Others go on from here").inner_text()
    assert "Sign the decision: Carl Ma (site manager), Dora Yu (designer)" in waits.replace(
        "Dora Yu (designer), Carl Ma (site manager)", "Carl Ma (site manager), Dora Yu (designer)"
    )

    carl = desk(site, "carl", here, size=(820, 1180), touch=True)
    signing = carl.card.locator(".next", has_text="Sign the decision")
    signing.wait_for()
    assert "it can be moved back" in signing.inner_text(), "what one signs stands where one signs"
    carl.sign("Sign the decision")
    carl.card.get_by_text("Not yours: Sign the decision (you have signed)").wait_for()
    dora = desk(site, "dora", here, size=(390, 844), touch=True)
    dora.sign("Sign the decision")
    dora.do("Put the decision into force")
    dora.stands("Dispositioned")

    carl.page.reload()
    carl.do("Begin the work")
    carl.stands("In correction")
    world.clock.advance(minutes=10)
    finished = (world.clock.now - timedelta(minutes=5)).astimezone()
    carl.fill(Work_finished_at=finished.strftime("%Y-%m-%dT%H:%M"))
    carl.do("Report the work as finished")
    carl.stands("Re-inspection")
    assert "Record a re-inspection: " in carl.card.inner_text()

    measured_again(people, record, element)
    quinn.page.reload()
    quinn.fill(Labour="120")
    quinn.card.locator(".next", has_text="Record the cost").get_by_role("button", name="Save").click()
    decide = quinn.card.locator(".next", has_text="Decide on a CAPA")
    decide.get_by_label("Reason").fill("a single event")
    decide.get_by_role("button", name="Save").click()
    quinn.sign("Close by signature")
    quinn.stands("Closed")
    told = people.get("olga", f"/ncrs/{record}")["record"]
    assert (told["state"], told["closing"]["signer_name"]) == ("closed", "Quinn Li")
    assert {one["signer_name"] for one in told["signatures"]} == {"Quinn Li", "Carl Ma", "Dora Yu"}
    for one in (owner, ines, quinn, carl, dora):
        assert one.complaints == []
        site.leave(one.page)
