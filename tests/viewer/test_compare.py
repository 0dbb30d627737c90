"""Comparing scans: the timeline, what changed between two of them, the swipe, and the trend of an element."""

from collections.abc import Generator
from typing import Any

import pytest

from tests.api.web.live import found, live_server
from tests.api.web.planted import plant
from tests.api.web.planted_epochs import plant_epochs, plant_schedule, planted_tasks, sight
from tests.api.web.planted_revisions import plant_revisions
from tests.api.web.world import make_world
from tests.viewer.conftest import COLUMNS, STATIC, Site, give_scenes
from tests.viewer.pages import Pages
from tests.viewer.test_access import AXE, examined
from tests.viewer.test_review import complaints

ABSENT, PASS, FAIL, BLIND = sight("absent"), sight("passed", 1, 0.0), sight("failed", 20, 0.0), sight("not_seen")
STORY = (
    #         first              second                      third
    (ABSENT, PASS, PASS),
    (ABSENT, FAIL, PASS),
    (PASS, FAIL, ABSENT),
    (PASS, BLIND, PASS),
    (PASS, sight("passed", 5, 6.5), sight("passed", 6, 8.0)),
    (BLIND, PASS, PASS),
    (ABSENT, ABSENT, FAIL),
    *[(ABSENT, ABSENT, sight("passed", 1 + n, float(n))) for n in range(COLUMNS - 7)],
)  # fmt: skip
PIXEL = """([x, y]) => {
  const { stage } = globalThis.qtems;
  stage.painter ? stage.painter(() => stage.renderer.render(stage.scene, stage.camera))
    : stage.renderer.render(stage.scene, stage.camera);
  const gl = stage.renderer.getContext(), ratio = stage.renderer.getPixelRatio(), told = new Uint8Array(4);
  gl.readPixels(x * ratio, (stage.canvas.clientHeight - y) * ratio, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, told);
  return [...told.slice(0, 3)];
}"""
PLACE = """(place) => {
  const { stage } = globalThis.qtems;
  stage.camera.updateMatrixWorld();
  const seen = stage.camera.position.clone().set(...place).project(stage.camera);
  const { clientWidth, clientHeight } = stage.canvas;
  return [Math.round((0.5 + 0.5 * seen.x) * clientWidth), Math.round((0.5 - 0.5 * seen.y) * clientHeight)];
}"""


@pytest.fixture(scope="module")
def site(pages: Pages, tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[Site, tuple[str, ...]]]:
    folder = tmp_path_factory.mktemp("compare")
    world = make_world(folder / "data", static_dir=STATIC)
    project = found(world)
    made = plant(world, project, elements=COLUMNS)
    design = give_scenes(world, made, folder / "tiles")
    seen = [dict(zip(made.global_ids, (row[k] for row in STORY), strict=True)) for k in range(3)]
    epochs = plant_epochs(world, project, made, seen)
    plant_revisions(world, project, made)
    plant_schedule(world, made, planted_tasks(made.global_ids))
    with live_server(world) as (host, port):
        yield Site(world, f"http://{host}:{port}", project, made, design, pages), epochs
    world.services.store.database.close()


def middle(site: Site, n: int) -> list[float]:
    """Return the middle of a column's face towards the camera, metres in the scene's frame."""
    scene = f"/projects/{site.project}/models/{site.made.revision}/scene/model.json"
    origin = site.world.administrator().get(scene).json()["origin_m"]
    low, high = site.design.elements[site.made.global_ids[n]].mesh.bounds() - origin
    return [float(low[0] + high[0]) / 2, float(low[1]), float(low[2] + high[2]) / 2]


def hue(page: Any, place: list[float]) -> str:
    """Return which colour with a meaning is seen at a place of the scene."""
    r, g, b = page.evaluate(PIXEL, page.evaluate(PLACE, place))
    known = {
        "green": (0, 158, 115), "orange": (213, 94, 0), "pink": (204, 121, 167), "purple": (106, 27, 110),
        "grey": (186, 192, 200),
        "yellow": (240, 228, 66), "blue": (0, 114, 178), "pale": (225, 228, 232), "brown": (166, 54, 3),
    }  # fmt: skip

    def apart(name: str) -> float:  # the light changes how bright a face is, not its hue
        colour = known[name]
        shade = sum(one * other for one, other in zip((r, g, b), colour, strict=True)) / sum(c * c for c in colour)
        return sum((one - shade * other) ** 2 for one, other in zip((r, g, b), colour, strict=True)) + (
            1e6 if not 0.55 < shade < 1.1 else 0
        )

    return min(known, key=apart)


def accessible(page: Any) -> list[str]:
    """Return what is wrong by the rules of WCAG 2.2 AA; nothing where they are not installed."""
    return examined(page, AXE.read_text(encoding="utf-8"), "compare") if AXE.is_file() else []


def opened(site: Site, view: str, **of_page: Any) -> Any:
    page = site.inside(**of_page)
    page.click(".rail [data-mode=compare]")
    page.click(f".compare .chip:has-text('{view}')")
    return page


def counted(page: Any) -> list[str]:
    return [" ".join(text.split()) for text in page.locator(".epoch-row").all_inner_texts()]


def test_a_scan_of_the_timeline_dyes_the_model_by_what_was_known_after_it(site: tuple[Site, tuple[str, ...]]) -> None:
    here, _ = site
    page = opened(here, "Timeline")
    said = complaints(page)
    page.wait_for_selector(".epoch-row")
    told = counted(page)
    assert [row.split()[0:2] for row in told] == [["Scan", "1"], ["Scan", "2"], ["Week", "47"]]
    assert all(count in told[0] for count in ("Missing 8", "Planned 1", "Verified 3"))
    page.wait_for_function("document.querySelectorAll('.epoch-row input')[2].checked")
    third = middle(here, 2)
    assert hue(page, third) == "purple"
    page.focus(".epoch-row input >> nth=2")
    page.keyboard.press("ArrowUp")
    page.wait_for_selector(".compare [role=status] button:has-text('Open Scan 2')")
    page.wait_for_function(f"(at) => {{ const [r, g, b] = ({PIXEL})(at); return r > 1.8 * g && b < g; }}",
                           arg=page.evaluate(PLACE, third))  # fmt: skip
    page.keyboard.press("ArrowUp")
    page.wait_for_selector(".compare [role=status] button:has-text('Open Scan 1')")
    page.wait_for_function(f"(at) => {{ const [r, g, b] = ({PIXEL})(at); return g > 2 * r; }}",
                           arg=page.evaluate(PLACE, third))  # fmt: skip
    page.click(".compare [role=status] button")
    page.wait_for_function("location.search.includes('epoch=')")
    page.wait_for_selector("canvas[data-phase=ready]")
    page.click(".dock header button")
    assert said == []
    here.leave(page)


def test_what_changed_is_listed_coloured_and_never_claimed_from_what_was_not_seen(
    site: tuple[Site, tuple[str, ...]],
) -> None:
    here, epochs = site
    page = opened(here, "Two scans")
    said = complaints(page)
    page.select_option(".compare select >> nth=0", epochs[0])
    page.select_option(".compare select >> nth=1", epochs[1])
    page.wait_for_selector(".changed:has-text('moved 6.5 mm, more than U = 3.2 mm')")
    kinds = [" ".join(text.split()) for text in page.locator(".kinds .chip").all_inner_texts()]
    assert kinds == [
        "✕ Newly failing 1", "✚ Newly built, fails 1", "→ Moved 1", "+ Newly built 1", "? Cannot be compared 2",
        "= No change found 6",
    ]  # fmt: skip
    listed = [text.split("\n")[0].split("C-")[-1] for text in page.locator(".changed").all_inner_texts()]
    assert listed == [*"214035"], "the gravest first"
    page.click(".kinds .chip:has-text('Cannot be compared')")
    page.wait_for_function("document.querySelectorAll('.changed').length === 2")
    assert page.locator(".changed:has-text('Not seen in the later scan')").count() == 1
    assert page.locator(".changed:has-text('Not seen in the earlier scan')").count() == 1
    assert [hue(page, middle(here, n)) for n in (0, 2)] == ["green", "orange"]
    assert accessible(page) == []
    page.click(".kinds .chip:has-text('Newly built, fails')")
    page.click(".changed")
    page.wait_for_selector(f".detail .id:has-text('{here.made.global_ids[1]}')")
    assert said == []
    here.leave(page)


def test_the_swipe_shows_each_scan_on_its_side_and_goes_by_keys(site: tuple[Site, tuple[str, ...]]) -> None:
    here, epochs = site
    page = opened(here, "Two scans", size=(820, 1180), touch=True)
    said = complaints(page)
    page.select_option(".compare select >> nth=0", epochs[0])
    page.select_option(".compare select >> nth=1", epochs[1])
    page.click(".compare .chip:has-text('Swipe')")
    page.wait_for_selector(".swipe-grip")
    grip = page.locator(".swipe-grip")
    box = grip.bounding_box()
    assert box["width"] >= 44
    assert accessible(page) == []
    third = middle(here, 2)
    page.focus(".swipe-grip")
    page.keyboard.press("Home")
    page.wait_for_function("document.querySelector('.swipe-grip').ariaValueNow === '0'")
    assert hue(page, third) == "orange", "all of the later scan"
    page.keyboard.press("End")
    page.wait_for_function("document.querySelector('.swipe-grip').ariaValueNow === '100'")
    assert hue(page, third) == "blue", "all of the earlier one"
    assert "100 % Scan 1" in grip.get_attribute("aria-valuetext")
    page.keyboard.press("PageDown")
    page.wait_for_function("document.querySelector('.swipe-grip').ariaValueNow === '90'")
    page.click(".compare .chip:has-text('Timeline')")
    page.wait_for_selector(".swipe-grip", state="detached")
    assert said == []
    here.leave(page)


def test_what_a_revision_changed_is_said_and_shown_in_its_place(site: tuple[Site, tuple[str, ...]]) -> None:
    here, _ = site
    page = opened(here, "Model revisions")
    said = complaints(page)
    page.wait_for_selector(".changed:has-text('Column 1')")
    listed = [" ".join(text.split()) for text in page.locator(".changed").all_inner_texts()]
    assert [line.split(" · ")[0] for line in listed] == [
        "+ Column 13 Added Column", "− Column 4 Removed Column", "→ Column 1 Moved", "◆ Column 2 Shape changed",
        "≡ Column 3 A Properties changed",
    ]  # fmt: skip
    assert "by +400, 0, 0 mm" in listed[2]
    assert "larger by +500, 0, 0 mm" in listed[3]
    assert "name, material" in listed[4]
    assert [hue(page, middle(here, n)) for n in (0, 1, 3)] == ["yellow", "orange", "pink"]
    new = middle(here, 0)
    new[1] += 9.0  # the new column stands in a row of its own, where the model that is shown has nothing
    page.wait_for_function(f"(at) => {{ const [r, g, b] = ({PIXEL})(at); return g > 2 * r; }}",
                           arg=page.evaluate(PLACE, new))  # fmt: skip
    page.click(".changed:has-text('Column 13')")
    page.wait_for_selector(".changed[aria-current=true]:has-text('Column 13')")
    page.click(".compare .chip:has-text('Timeline')")
    page.wait_for_selector(".epoch-row")
    assert said == []
    here.leave(page)


def test_progress_against_the_schedule_says_what_is_late_and_what_cannot_be_told(
    site: tuple[Site, tuple[str, ...]],
) -> None:
    here, epochs = site
    page = here.inside()
    said = complaints(page)
    page.evaluate("(id) => history.replaceState(null, '', `?epoch=${id}`)", epochs[0])
    page.reload()
    page.wait_for_selector("canvas[data-phase=ready]")
    page.click(".rail [data-mode=compare]")
    page.click(".compare .chip:has-text('Schedule')")
    page.wait_for_selector(".compare :text('2026-10-23')")
    kinds = [" ".join(text.split()) for text in page.locator(".kinds .chip").all_inner_texts()]
    assert kinds == [
        "! Late 1", "? Cannot be told, not seen 1", "↑ Early 1", "✓ Built 2", "· Not due yet 2",
        f"– Not in the schedule {COLUMNS - 7}",
    ]  # fmt: skip
    assert [hue(page, middle(here, n)) for n in (1, 2)] == ["orange", "green"]
    page.click(".line:has-text('W Walls')")
    page.wait_for_function("document.querySelectorAll('.compare [aria-label=Schedule] .changed').length === 2")
    late, unseen = page.locator(".compare [aria-label=Schedule] .changed").all_inner_texts()
    assert "Late · Walls" in late
    assert "Cannot be told" in unseen
    assert accessible(page) == []
    assert said == []
    here.leave(page)


def test_the_trend_of_an_element_has_values_with_u_and_the_limits(site: tuple[Site, tuple[str, ...]]) -> None:
    here, _ = site
    page = here.inside(size=(390, 844), language="zh-CN", touch=True)
    said = complaints(page)
    page.evaluate("(id) => history.replaceState(null, '', `?element=${id}`)", here.made.global_ids[1])
    page.reload()
    page.wait_for_selector(".trend svg .fail")
    assert page.locator(".trend svg .pass").count() == 1
    assert page.locator(".trend svg .gap").count() == 1, "the first scan saw that it was not there"
    assert "20.0" in page.get_attribute(".trend svg", "aria-label")
    page.click(".trend summary")
    rows = [" ".join(text.split()) for text in page.locator(".trend tbody tr").all_inner_texts()]
    for row, words in zip(rows, (["确认不在位"], ["+20.0 ± 2.0 mm", "不合格"], ["+1.0 ± 2.0 mm", "合格"]), strict=True):
        assert all(word in row for word in words)
    assert said == []
    here.leave(page)
