"""The inbox by REST: who is told of what, in whose words; letters as administrators see them."""

import pytest

from tests.api.web.site import REWORK, Site, copied_site, draft_of, under_review
from tests.api.web.world import World
from twin.store import inbox


@pytest.fixture
def site(world: World) -> Site:
    return copied_site(world)


def topics(site: Site, who: str, query: str = "") -> list[str]:
    return [one["topic"] for one in site.awake(who).get(f"/inbox{query}").json()["items"]]


def test_the_board_is_told_to_decide_and_to_sign_and_nobody_else_is_asked(site: Site) -> None:
    ncr = draft_of(site)
    under_review(site, ncr)
    (told,) = site.awake("dora").get("/inbox").json()["items"]
    assert (told["topic"], told["number"], told["by"]) == ("ncr.under_review", "TOWER-NCR-0001", "Quinn")
    assert "You sit on the review board" in told["expected"]
    assert told["link"].endswith(f"/#/projects/{site.project}{ncr}")
    assert topics(site, "quinn") == [], "who did it knows"
    assert topics(site, "vera") == []
    site.do("quinn", ncr, "propose", {"lines": [REWORK | {"global_ids": ["2O2Fr$t4X7Zf8NOew3FLKr"]}]})
    assert topics(site, "dora") == ["ncr.proposed", "ncr.under_review"]
    assert sorted(site.events("ncr.under_review")[-1]["to"]) == sorted(site.ids[who] for who in ("carl", "dora"))


def test_one_reads_in_ones_own_language_and_marks_as_read(site: Site) -> None:
    under_review(site, draft_of(site))
    dora = site.awake("dora")
    version = dora.get("/auth/me").json()["user"]["version"]
    me = dora.change("PATCH", "/auth/me", version, {"language": "zh", "by_mail": False})
    assert me.status_code == 200, me.text
    assert (me.json()["user"]["language"], me.json()["user"]["by_mail"]) == ("zh", False)
    assert dora.change("PATCH", "/auth/me", version, {"language": "en"}).status_code == 412
    assert dora.change("PATCH", "/auth/me", version + 1, {"language": "fr"}).status_code == 422
    (told,) = dora.get("/inbox?unread=true").json()["items"]
    assert told["headline"] == "已提交评审委员会"
    assert dora.get("/inbox/unread").json() == {"unread": 1}
    assert site.awake("carl").post("/inbox/read", {"notices": [told["id"]]}).json() == {"unread": 1}, "his own"
    assert dora.get("/inbox/unread").json() == {"unread": 1}, "another cannot read it for her"
    assert dora.post("/inbox/read", {"notices": [told["id"]]}).json() == {"unread": 0}
    assert dora.get("/inbox?unread=true").json()["items"] == []
    assert dora.get("/inbox").json()["items"][0]["read_at"] is not None
    assert dora.post("/inbox/read", {"notices": None}).json() == {"unread": 0}


def test_it_comes_page_by_page_the_unread_first(site: Site) -> None:
    for _ in range(3):
        under_review(site, draft_of(site))
    dora = site.awake("dora")
    newest = dora.get("/inbox?limit=1").json()["items"][0]
    dora.post("/inbox/read", {"notices": [newest["id"]]})
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = dora.get(f"/inbox?limit=1{cursor and '&cursor=' + cursor}").json()
        seen += [one["number"] for one in page["items"]]
        cursor = page["next"]
    assert seen == ["TOWER-NCR-0002", "TOWER-NCR-0001", "TOWER-NCR-0003"]
    assert dora.get("/inbox?limit=1&cursor=abc").status_code == 400
    assert topics(site, "dora", f"?project={'0' * 32}") == []


def test_an_assignee_who_cannot_see_the_record_is_refused_in_a_clear_line(site: Site) -> None:
    ncr = draft_of(site)
    site.do("ines", ncr, "open")
    refused = site.try_("quinn", ncr, "assign", {"assignee": site.ids["sue"]})
    assert refused.status_code == 422
    assert "Sue may not see this record: share it with their organisation first" in refused.json()["detail"]
    site.post("quinn", "/shares", {"record": f"ncr:{ncr.removeprefix('/ncrs/')}", "organisation": site.outside}, 200)
    site.do("quinn", ncr, "assign", {"assignee": site.ids["sue"], "due": "2026-12-24"})
    (told,) = site.awake("sue").get("/inbox").json()["items"]
    assert (told["topic"], told["due"], told["expected"]) == (
        "ncr.assigned", "2026-12-24", "You are to see to this record next.",
    )  # fmt: skip
    about = {"record": f"ncr:{ncr.removeprefix('/ncrs/')}", "organisation": site.outside}
    site.post("quinn", "/shares/end", about, 200)
    assert topics(site, "sue") == [], "what is not shared any more is not told any more"


def test_a_token_for_one_project_reads_that_projects_notices(site: Site) -> None:
    under_review(site, draft_of(site))
    given = {"name": "t", "scope": "read", "expires_at": "2026-12-01T00:00:00Z", "project": site.project}
    secret = site.awake("dora").post("/auth/tokens", given).json()["secret"]
    program = site.world.browser()
    asked = program.get("/inbox", headers={"Authorization": f"Bearer {secret}"})
    assert [one["topic"] for one in asked.json()["items"]] == ["ncr.under_review"]
    written = program.post("/inbox/read", {"notices": None}, headers={"Authorization": f"Bearer {secret}"})
    assert written.status_code == 403


def test_administrators_see_which_letters_were_given_up_and_have_them_sent_again(site: Site) -> None:
    under_review(site, draft_of(site))
    database, now = site.world.services.store.database, site.world.clock()
    taken = inbox.take_letter(database, now)
    assert taken is not None
    inbox.settle(database, taken, inbox.Mail.FAILED, now=now, error="not taken: 550 no such user")
    admin = site.awake("olga")
    (failed,) = admin.get("/deliveries?mail=failed").json()["items"]
    assert (failed["id"], failed["error"], failed["due_at"]) == (taken.id, "not taken: 550 no such user", None)
    assert "title" not in failed, "what is in it is for its reader"
    assert {one["mail"] for one in admin.get("/deliveries").json()["items"]} == {"failed", "waiting"}
    assert admin.post(f"/deliveries/{taken.id}/again").json()["mail"] == "waiting"
    assert admin.post(f"/deliveries/{taken.id}/again").status_code == 404
    assert site.awake("quinn").get("/deliveries").status_code == 403
