"""From nothing to verdicts in the browser: a project is founded, a model and a scan come in, a check is run."""

import re
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.api.hall import hall_points, write_hall, write_xyz
from tests.api.web.live import live_server, worker_beside
from tests.api.web.world import PASSWORD, World, make_world
from tests.viewer.conftest import STATIC
from tests.viewer.test_access import AXE, examined
from twin.access import CAPACITIES, PERMITTED, Action

PERMITS = Path(__file__).resolve().parents[2] / "viewer" / "src" / "core" / "permits.ts"


@dataclass(frozen=True)
class Empty:
    """A server in which there is nothing yet, a worker beside it, and files on a desk."""

    world: World
    url: str
    desk: Path
    browser: Any


@pytest.fixture(scope="module")
def empty(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Generator[Empty]:
    folder = tmp_path_factory.mktemp("empty")
    desk = folder / "desk"
    desk.mkdir()
    write_hall(desk / "hall.obj")
    write_xyz(hall_points(200.0), desk / "hall.xyz")
    (desk / "notes.docx").write_bytes(b"no model")
    (desk / "broken.ifc").write_bytes(b"ISO-10303-21;\nHEADER;\n")
    world = make_world(folder / "data", static_dir=STATIC)
    world.administrator()  # no longer with the password of the first start
    with worker_beside(world, folder / "cache"), live_server(world) as (host, port):
        yield Empty(world, f"http://{host}:{port}", desk, chromium)


def test_a_project_begins_in_the_browser(empty: Empty) -> None:
    page = empty.browser.new_context(
        viewport={"width": 1280, "height": 800}, locale="en-GB", reduced_motion="reduce", service_workers="block"
    ).new_page()
    page.set_default_timeout(30_000)
    page.add_init_script("localStorage.setItem('qtems.toured', '1')")
    page.goto(empty.url)
    page.fill("input[name=login]", "admin")
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.click("text=New project")
    page.fill("input[name=project-name]", "Harbour Hall")
    assert page.input_value("input[name=project-code]") == "HARBHALL", "a code is suggested"
    page.fill("input[name=project-code]", "HALL")
    page.fill("input[name=organisation]", "Steel & Sons")
    page.click("dialog button[type=submit]")
    page.wait_for_selector("h1:has-text('Harbour Hall')")

    model, scans = "input[name=model]", "input[name=scans]"
    page.set_input_files(model, empty.desk / "notes.docx")
    assert "notes.docx is no model that can be read" in page.inner_text("[data-step='1'] .fault")
    page.set_input_files(model, empty.desk / "broken.ifc")
    page.wait_for_selector(".task[data-stage=failed] .fault")
    assert "broken.ifc" in page.inner_text(".task .fault")
    found = examined(page, AXE.read_text(encoding="utf-8"), "start") if AXE.is_file() else []
    assert found == []
    page.click("button:text-is('中文')")
    page.wait_for_selector(".task .fault:has-text('请')")
    assert page.inner_text(".task .fault") == "broken.ifc：文件被截断（末尾没有 END-ISO-10303-21）；请重新导出或复制"
    page.click("button:text-is('English')")

    breaks = iter([True])

    def once(route: Any) -> None:
        return route.abort() if next(breaks, False) else route.continue_()

    page.route("**/uploads/*", once)
    page.set_input_files(scans, empty.desk / "hall.xyz")  # chosen before the model is there, and not lost
    page.set_input_files(model, empty.desk / "hall.obj")  # the line breaks once, and it goes on by itself
    page.wait_for_selector("canvas[data-phase=ready]")
    assert next(breaks, None) is None, "it did break"

    page.fill("input[name=scan-name]", "Week 47")
    page.fill("input[name=captured]", "2026-11-20T14:30")
    page.click("text=Take in")
    page.wait_for_selector("[data-step='2'] li:has-text('Week 47')")
    page.select_option("[data-step='3'] select >> nth=2", "mm")
    page.fill("[data-step='3'] input", "10")
    page.select_option("[data-step='3'] select >> nth=3", "given")
    page.click("text=Start the check")
    page.get_by_role("button", name="Files", exact=True).click()
    assert page.query_selector(".begin") is None, "nobody looks at the files while it is checked"
    page.click(".tasks button:has-text('My work')")
    page.click(".worklist button:has-text('People of the project')")
    panel = page.locator("dialog.card")
    panel.get_by_label("Name").fill("Quinn Li")
    panel.get_by_label("Login").fill("quinn")
    panel.get_by_role("button", name="Take somebody in").click()
    opens = panel.locator("[role=status] code")
    opens.wait_for()
    page.wait_for_selector(".strip:has-text('The check is done')")
    assert opens.is_visible(), "a password that is shown once is not taken away by a check that is over"
    assert "check=" not in page.url
    panel.get_by_role("button", name="Close").click()
    page.click(".tasks button:has-text('My work')")
    page.wait_for_url("**check=*")
    page.wait_for_selector(".row .verdict:has-text('Fail')")
    admin = empty.world.administrator()
    (project,) = admin.get("/projects").json()["items"]
    (check,) = admin.get(f"/projects/{project['id']}/checks").json()["items"]
    assert check["id"] in page.url
    assert (project["key"], check["counts"]) == ("HALL", True)
    page.context.close()


def test_it_offers_what_the_server_permits() -> None:
    text = PERMITS.read_text(encoding="utf-8")
    signs = dict(re.findall(r"^  (\w+): \[([^\]]*)\]", text, re.MULTILINE))
    assert {role: set(re.findall(r"\w+", all_)) for role, all_ in signs.items()} == {**CAPACITIES}
    said = re.findall(r'"([\w.]+)": \[([^\]]*)\]', text)
    assert len(said) == 15
    for action, roles in said:
        assert set(re.findall(r"\w+", roles)) == {r for r, may in PERMITTED.items() if Action(action) in may}, action
