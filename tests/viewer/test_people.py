"""The people of a project: an owner by himself learns what a record's board takes, and takes people in."""

from typing import Any

from tests.api.web.site import Site as People
from tests.viewer.conftest import Site
from tests.viewer.test_access import AXE, examined
from tests.viewer.test_judge import HELD, MEASURED
from tests.viewer.test_review import complaints


def contained(people: People, element: str) -> str:
    """Return a minor record of the only member that waits for its board."""
    given: dict[str, Any] = {
        "title": "Off its axis", "severity": "minor", "quantity": "1", "unit": "element", "global_ids": [element],
        "violations": [MEASURED | {"global_id": element}], "evidence": [people.picture("olga")],
    }  # fmt: skip
    ncr = f"/ncrs/{people.post('olga', '/ncrs', given)['id']}"
    people.do("olga", ncr, "open")
    people.do("olga", ncr, "containment", HELD)
    people.do("olga", ncr, "contain")
    return ncr


def members(people: People) -> dict[str, tuple[str, list[str]]]:
    items = people.get("olga", "/members")["items"]
    return {one["name"]: (one["role"], one["capacities"]) for one in items if one["active"]}


def test_an_owner_by_himself_takes_in_whom_a_board_needs(site: Site) -> None:
    people = People(site.world, site.project, "", "", {"olga": site.world.administrator()})
    ncr = contained(people, site.made.global_ids[0])
    page = site.inside(f"?record=ncr:{ncr[6:]}")
    said = complaints(page)
    card = page.locator("dialog.card").first
    card.get_by_text("Nobody can take the seat of the quality manager yet").wait_for()
    told = card.inner_text()
    assert "It takes another person than whoever raised the record" in told
    assert "a member with the role quality manager or site manager" in told, "who can sit for the contractor"
    card.get_by_role("button", name="People of the project").click()
    panel = page.locator("dialog.card dialog.card")
    panel.get_by_label("Who").select_option("another")
    assert (examined(page, AXE.read_text(encoding="utf-8"), "people", "dialog.card") if AXE.is_file() else []) == []
    for name, login, role, other in (
        ("Quinn Li", "quinn", "quality_manager", "contractor"), ("Carl Ma", "carl", "site_manager", "subcontractor"),
    ):  # fmt: skip
        panel.get_by_label("Who").select_option("another")
        panel.get_by_label("Name").fill(name)
        panel.get_by_label("Login").fill(login)
        panel.get_by_label("Role").last.select_option(role)
        panel.get_by_label(other).last.uncheck()
        panel.get_by_role("button", name="Take somebody in").click()
        panel.locator("[role=status]", has_text=f"{name} signs in as {login}").wait_for()
        panel.locator("li", has_text=name).wait_for()
        assert len(panel.locator("[role=status]", has_text=name).locator("code").inner_text()) > 10, "opens it once"
    assert panel.locator("[role=status] code").count() == 2, "what is shown once stays as long as the panel"
    assert members(people)["Quinn Li"] == ("quality_manager", ["quality_manager"])
    assert members(people)["Carl Ma"] == ("site_manager", ["contractor"])
    row = panel.locator("li", has_text="Quinn Li")
    row.locator("summary").click()
    row.get_by_label("contractor").check()
    row.get_by_role("button", name="Save").click()
    row.get_by_text("contractor, quality manager").wait_for()
    assert members(people)["Quinn Li"] == ("quality_manager", ["contractor", "quality_manager"])
    panel.get_by_role("button", name="Close").click()
    panel.wait_for(state="detached")
    card.get_by_label("Signs as quality manager").select_option(label="Quinn Li")
    card.get_by_label("Signs as contractor").select_option(label="Carl Ma")
    card.get_by_role("button", name="Save").last.click()
    card.get_by_role("button", name="Begin the review").wait_for()
    assert {one["name"] for one in people.get("olga", ncr)["record"]["roster"]} == {"Quinn Li", "Carl Ma"}
    assert said == []
    site.leave(page)


def test_an_owner_lets_somebody_go_and_takes_them_in_again(site: Site) -> None:
    people = People(site.world, site.project, "", "", {"olga": site.world.administrator()})
    site.world.person("vera", name="Vera Sun")
    page = site.inside()
    page.click(".tasks button:has-text('My work')")
    page.click(".worklist button:has-text('People of the project')")
    panel = page.locator("dialog.card")
    for _ in range(2):
        fold = panel.locator("details.fold")
        if fold.get_attribute("open") is None:
            fold.locator("> summary").click()
        panel.get_by_label("Who").select_option(label="Vera Sun (vera)")
        panel.get_by_label("Role").last.select_option("viewer")
        panel.get_by_role("button", name="Take somebody in").click()
        row = panel.locator("li", has_text="Vera Sun")
        row.get_by_text("viewer · signs nothing").wait_for()
        assert members(people)["Vera Sun"] == ("viewer", [])
        row.locator("summary").click()
        row.get_by_role("button", name="Let go").click()
        row.wait_for(state="detached")
        assert "Vera Sun" not in members(people)
    panel.get_by_role("button", name="Close").click()
    page.click(".tasks button:has-text('Inspections')")
    page.get_by_text("No inspection and test plan is in force. Who may make one: owner").wait_for()
    site.leave(page)
