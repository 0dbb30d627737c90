"""What stands beside a record: comments, files, subscriptions; and who is told of what."""

import pytest

from tests.api.web.site import ELEMENT, Site, copied_site, draft_of
from tests.api.web.world import World
from twin.operations.reminders import remind
from twin.record import Actor
from twin.store.repository import Context


@pytest.fixture
def site(world: World) -> Site:
    return copied_site(world)


def shared_ncr(site: Site) -> tuple[str, str]:
    path = draft_of(site)
    site.do("ines", path, "open")
    word = f"ncr:{path.removeprefix('/ncrs/')}"
    site.post("quinn", "/shares", {"record": word, "organisation": site.outside}, 200)
    return path, word


def texts(site: Site, who: str, word: str) -> list[str]:
    return [one["text"] for one in site.get(who, f"/comments?subject={word}")["items"]]


def test_comments_stay_inside_unless_they_are_meant_for_outside(site: Site) -> None:
    _, word = shared_ncr(site)
    first = site.post("carl", "/comments", {"subject": word, "text": "who poured this?"})
    site.post("carl", "/comments", {"subject": word, "text": "please answer in 8D", "for_outside": True})
    site.post("sue", "/comments", {"subject": word, "text": "we will"})
    assert texts(site, "vera", word) == ["who poured this?", "please answer in 8D", "we will"]
    assert texts(site, "sue", word) == ["please answer in 8D", "we will"]
    site.post("quinn", "/comments", {"subject": word, "text": "axis 1 crew", "answers": first["id"]})
    other = f"ncr:{draft_of(site).removeprefix('/ncrs/')}"
    astray = site.browsers["quinn"].post(
        f"{site.root}/comments", {"subject": other, "text": "t", "answers": first["id"]}
    )
    assert astray.status_code == 422
    for who, subject, status in (
        ("sue", other, 404), ("vera", word, 403), ("carl", f"ncr:{'9' * 32}", 404),
        ("carl", f"project:{'9' * 32}", 404), ("carl", f"member:{'9' * 32}", 422),
    ):  # fmt: skip
        assert site.browsers[who].post(f"{site.root}/comments", {"subject": subject, "text": "t"}).status_code == status
    assert site.browsers["sue"].get(f"{site.root}/comments?subject={other}").status_code == 404
    assert site.browsers["carl"].post(f"{site.root}/comments", {"subject": word, "text": " \n"}).status_code == 422


def test_files_are_those_that_one_uploaded_and_nothing_that_a_browser_runs(site: Site) -> None:
    _, word = shared_ncr(site)
    digest = site.upload("carl", content=b"inside")
    given = {"subject": word, "sha256": digest, "file_name": "tag.jpg", "media_type": "image/jpeg"}
    made = site.post("carl", "/attachments", given)
    got = site.browsers["vera"].get(f"{site.root}/attachments/{made['id']}/file")
    assert (got.status_code, got.content, got.headers["content-type"]) == (200, b"inside", "image/jpeg")
    assert "attachment" in got.headers["content-disposition"]
    assert site.browsers["sue"].get(f"{site.root}/attachments/{made['id']}/file").status_code == 404
    assert site.get("sue", f"/attachments?subject={word}")["items"] == []
    for change in (
        {"media_type": "text/html", "file_name": "a.html"}, {"file_name": "tag.exe"}, {"sha256": "a" * 64},
        {"file_name": "../tag.jpg"}, {"media_type": "image/svg+xml", "file_name": "a.svg"},
    ):  # fmt: skip
        assert site.browsers["carl"].post(f"{site.root}/attachments", {**given, **change}).status_code == 422, change
    assert site.browsers["quinn"].post(f"{site.root}/attachments", given).status_code == 422, "another's upload"
    answer = site.upload("sue", content=b"outside")
    own = site.post("sue", "/attachments", {**given, "sha256": answer})
    assert own["for_outside"]
    assert [one["id"] for one in site.get("sue", f"/attachments?subject={word}")["items"]] == [own["id"]]


def test_those_are_told_whom_it_concerns_and_who_may_see_it(site: Site) -> None:
    path, word = shared_ncr(site)
    hidden = draft_of(site)
    site.post("sue", "/subscriptions", {"subject": None})
    site.post("vera", "/subscriptions", {"subject": word})
    site.post("vera", "/subscriptions", {"subject": word})
    assert len(site.get("vera", "/subscriptions")["items"]) == 1
    site.do("quinn", path, "assign", {"assignee": site.ids["carl"]})
    assert site.events("ncr.assigned")[-1]["to"] == sorted(site.ids[who] for who in ("carl", "vera", "sue"))
    site.do("ines", hidden, "open")
    assert site.events("ncr.opened")[-1]["to"] == []
    site.post("carl", "/comments", {"subject": word, "text": "inside only"})
    assert site.events("ncr.commented")[-1]["to"] == [site.ids["vera"]]
    site.post("vera", "/subscriptions/end", {"subject": word}, 200)
    site.post("carl", "/comments", {"subject": word, "text": "again", "for_outside": True})
    assert site.events("ncr.commented")[-1]["to"] == [site.ids["sue"]]
    assert (
        site.browsers["sue"]
        .post(f"{site.root}/subscriptions", {"subject": f"ncr:{hidden.removeprefix('/ncrs/')}"})
        .status_code
        == 404
    )
    assert site.browsers["vera"].post(f"{site.root}/subscriptions/end", {"subject": None}).status_code == 404


def test_what_is_due_and_late_is_told_once(site: Site) -> None:
    path, _ = shared_ncr(site)
    site.do("quinn", path, "assign", {"assignee": site.ids["carl"], "due": "2026-11-30"})
    store, clock = site.world.services.store, site.world.clock
    system = Actor("0" * 32, "qtems")

    def reminded() -> int:
        return remind(store, Context(system, clock()))

    assert reminded() == 0
    clock.advance(hours=49)  # minor: contained within 72 h
    assert (reminded(), reminded()) == (1, 0)
    assert (site.events("ncr.due")[-1]["what"], site.events("ncr.due")[-1]["to"]) == ("containment", [site.ids["carl"]])
    clock.advance(hours=48)
    assert (reminded(), site.events("ncr.overdue")[-1]["what"]) == (1, "containment")
    clock.advance(days=7)
    assert (reminded(), site.events("ncr.overdue")[-1]["what"]) == (1, "assignment")
    assert site.get("vera", path)["overdue"]


def test_photos_are_pinned_to_places_of_the_building_beside_a_record_or_the_project(site: Site) -> None:
    _, word = shared_ncr(site)
    place = {"x": "12.3456", "y": "-5.6", "z": "1.2"}
    pin = {
        "place": place,
        "global_id": ELEMENT,
        "viewpoint": {"eye": {"x": "9", "y": "2", "z": "1.7"}, "target": place},
    }
    given = {"sha256": site.upload("carl"), "file_name": "a.jpg", "media_type": "image/jpeg"}
    mine = site.post("carl", "/attachments", {
        **given, "subject": f"project:{site.project}", "pin": pin, "taken_at": "2026-11-22T07:30:00Z",
    })  # fmt: skip
    assert (mine["pin"]["place"], mine["pin"]["global_id"]) == (place, ELEMENT)
    shown = site.post("carl", "/attachments", {**given, "subject": word, "pin": pin, "for_outside": True})
    site.post("carl", "/attachments", {**given, "subject": word})
    assert [one["id"] for one in site.get("vera", "/pins")["items"]] == [mine["id"], shown["id"]]
    assert [one["id"] for one in site.get("sue", "/pins")["items"]] == [shown["id"]], "what is for outside"
    ahead = {**given, "subject": word, "taken_at": "2030-01-01T00:00:00Z"}
    assert site.browsers["carl"].post(f"{site.root}/attachments", ahead).status_code == 422
    nowhere = {**given, "subject": word, "pin": {"place": {**place, "z": "1e9"}}}
    assert site.browsers["carl"].post(f"{site.root}/attachments", nowhere).status_code == 422
    other = f"project:{'9' * 32}"
    assert site.browsers["carl"].post(f"{site.root}/attachments", {**given, "subject": other}).status_code == 404
    outside = {"record": f"project:{site.project}", "organisation": site.outside}
    assert site.browsers["quinn"].post(f"{site.root}/shares", outside).status_code == 422
