"""Without a connection: a project opens from the device; what people change is sent later, once, by them alone."""

import shutil
from pathlib import Path
from typing import Any

from tests.api.web.world import PASSWORD
from tests.viewer.conftest import STATIC, Site

CONTROLLED = "() => navigator.serviceWorker.controller !== null"
CACHES = "async () => (await caches.keys()).filter((name) => name.startsWith('qtems-data'))"


def kept(site: Site, **of_page: Any) -> Any:
    """Return a page of somebody who keeps the project on the device."""
    page = site.inside(worker="allow", **of_page)
    page.wait_for_function(CONTROLLED)
    page.click(".tasks button:has-text('Offline use')")
    page.click(".dock button.primary:has-text('Keep')")
    page.wait_for_selector(".dock >> text=Kept since")
    return page


def begun_offline(page: Any, url: str) -> Any:
    """Close a page, cut the connection and open an address anew."""
    context = page.context
    page.close()
    context.set_offline(True)
    fresh = context.new_page()
    fresh.goto(url)
    return fresh


def raised(page: Any, n: int, title: str, *, photo: bytes = b"") -> None:
    """Raise a nonconformance of the n-th element as a person does."""
    page.fill("input[type=search]", f"Column {n + 1}")
    page.click(f".row:has-text('Column {n + 1}') >> nth=0")
    page.wait_for_selector(f".detail h2:has-text('Column {n + 1}')")
    page.click(".records .wide")
    page.fill("dialog input:not([type=file])", title)
    page.fill("dialog textarea", "seen from the scaffold")
    if photo:
        chosen = {"name": "edge.jpg", "mimeType": "image/jpeg", "buffer": photo}
        page.set_input_files("dialog input[type=file]", chosen)
    page.click("dialog button[type=submit]")
    page.wait_for_selector("dialog", state="detached")


def titles(site: Site) -> list[str]:
    """Return the titles of all nonconformance records, as the server has them."""
    return [one["title"] for one in site.world.administrator().get(f"/projects/{site.project}/ncrs").json()["items"]]


def test_a_kept_project_opens_without_a_connection_and_what_is_written_is_sent_once_it_is_back(site: Site) -> None:
    page = begun_offline(kept(site), f"{site.url}/projects/{site.project}")
    page.wait_for_selector("canvas[data-phase=ready]")
    assert page.locator(".row:not(.head)").count() == len(site.made.global_ids)
    page.wait_for_selector(".strip:has-text('No connection')")
    page.click(".toggles button:has-text('Scan points')")
    page.wait_for_function("() => performance.getEntriesByType('resource').some((one) => one.name.includes('/tiles/'))")
    page.click(".row:has-text('Column 1') >> nth=0")
    page.wait_for_selector(".measurements")
    raised(page, 4, "Written in the cellar", photo=b"\xff\xd8\xff a photo")
    raised(page, 4, "Written a little later")
    page.wait_for_selector(".sync:has-text('2 waiting')")
    page.wait_for_selector(".records .pending >> text=Written in the cellar")
    assert "Written in the cellar" not in titles(site)
    page.reload()
    page.wait_for_selector(".sync:has-text('2 waiting')")
    second = page.context.new_page()  # two tabs want to send the same
    second.goto(f"{site.url}/projects/{site.project}")
    second.wait_for_selector(".sync:has-text('2 waiting')")
    page.context.set_offline(False)
    page.wait_for_selector(".sync", state="detached")
    second.wait_for_selector(".sync", state="detached")
    assert [one for one in titles(site) if one.startswith("Written")] == [
        "Written in the cellar",
        "Written a little later",
    ]
    page.wait_for_selector(".records .line:not(.pending):has-text('Written in the cellar')")
    admin = site.world.administrator()
    ncr = next(one for one in admin.get(f"/projects/{site.project}/ncrs").json()["items"] if "cellar" in one["title"])
    (photo,) = admin.get(f"/projects/{site.project}/ncrs/{ncr['id']}").json()["record"]["evidence"]
    assert (photo["kind"], photo["description"]) == ("picture", "edge.jpg"), "the photo is the record's evidence"
    shown = admin.get(f"/projects/{site.project}/ncrs/{ncr['id']}/files/{photo['sha256']}")
    assert shown.content == b"\xff\xd8\xff a photo"
    page.context.close()


def test_a_change_whose_answer_was_lost_is_still_one_change(site: Site) -> None:
    page = site.inside(worker="allow")
    lost: list[int] = []

    def lose(route: Any) -> None:
        lost.append(route.fetch().status)  # the server did it
        route.abort()

    page.route("**/ncrs", lose)
    raised(page, 6, "Answer lost")
    page.wait_for_selector(".sync:has-text('1 waiting')")
    assert set(lost) == {201}
    fresh = page.context.new_page()  # the tab is closed while the change is on its way
    page.close()
    fresh.goto(site.url)
    fresh.wait_for_selector("ul.cards")
    fresh.wait_for_selector(".sync", state="detached")
    assert titles(site).count("Answer lost") == 1
    fresh.context.close()


def test_what_was_overtaken_meanwhile_is_shown_with_the_text_of_whoever_wrote_it(site: Site) -> None:
    page = site.inside(worker="allow")
    page.wait_for_function(CONTROLLED)
    page.goto(f"{site.url}/projects/{site.project}?element={site.made.global_ids[0]}")
    page.click(".records .box button:has-text('Dismiss')")
    page.fill(".records textarea", "a board lies on it")
    page.context.set_offline(True)
    page.click(".records .box button[type=submit]")
    page.wait_for_selector(".sync:has-text('1 waiting')")
    admin = site.world.administrator()
    finding = admin.get(f"/projects/{site.project}/findings").json()["items"][0]
    at = f"/projects/{site.project}/findings/{finding['id']}/dismiss"
    assert admin.change("POST", at, finding["version"], {"reason": "seen by somebody else"}).status_code == 200
    page.context.set_offline(False)
    page.click(".sync:has-text('1 not accepted')")
    told = page.inner_text("dialog")
    assert "a board lies on it" in told
    assert "Somebody changed this record meanwhile" in told
    page.click("dialog button:has-text('Discard')")
    page.wait_for_selector("dialog >> text=Everything is sent")
    page.context.close()


def test_nobody_sees_or_sends_what_is_another_persons(site: Site) -> None:
    if not (world := site.world).administrator().get("/users?login=berta").json()["items"]:
        world.person("berta")
    page = begun_offline(kept(site), f"{site.url}/projects/{site.project}")
    page.wait_for_selector("canvas[data-phase=ready]")
    raised(page, 8, "Of the administrator alone")
    page.wait_for_selector(".sync:has-text('1 waiting')")
    page.click("button.out")
    page.click("dialog button:has-text('Sign out') >> nth=0")
    page.wait_for_selector("form.enter")
    assert page.evaluate(CACHES) == [], "what was kept is gone"
    page.reload()
    page.wait_for_selector("[role=alert]")
    assert "Column" not in page.inner_text("body")
    page.context.set_offline(False)
    page.goto(site.url)
    enter(page, "berta")
    page.wait_for_selector("text=You take part in no project yet")
    assert page.locator(".sync").count() == 0
    page.click("button.out")
    page.wait_for_selector("form.enter")
    assert "Of the administrator alone" not in titles(site)
    enter(page, "admin")
    page.wait_for_selector("ul.cards a")
    page.wait_for_selector(".sync", state="detached")
    assert titles(site).count("Of the administrator alone") == 1
    page.context.close()


def enter(page: Any, login: str) -> None:
    """Sign in on the page that asks for it."""
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")


def test_a_new_version_waits_until_it_is_wanted(site: Site, tmp_path: Path) -> None:
    page = site.inside(worker="allow")
    page.wait_for_function(CONTROLLED)
    newer = tmp_path / "static"
    shutil.copytree(STATIC, newer)
    (newer / "sw.js").write_text((STATIC / "sw.js").read_text() + "\nself.newer = true;\n")
    (newer / "sw.js.gz").unlink(missing_ok=True)
    served = site.world.app.router.default
    served.folder, before = newer, served.folder
    try:
        page.evaluate("() => { globalThis.stayed = true; }")
        page.evaluate("async () => (await navigator.serviceWorker.getRegistration()).update()")
        button = page.locator(".strip button:has-text('Reload')")
        button.wait_for()
        assert page.evaluate("() => globalThis.stayed"), "nobody is thrown out of what they do"
        with page.expect_navigation():
            button.click()
        page.wait_for_selector("canvas[data-phase=ready]")
        assert button.count() == 0
        waiting = "async () => (await navigator.serviceWorker.getRegistration()).waiting"
        assert page.evaluate(waiting) is None, "the new one has taken over"
    finally:
        served.folder = before
        page.context.close()
