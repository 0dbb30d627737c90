"""A project with its people, each signed in, and shorthands for what they send."""

import atexit
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from httpx2 import Response

from tests.api.web.world import PASSWORD, Browser, World, make_world

PEOPLE = {
    "olga": ("owner", ["customer"]),
    "quinn": ("quality_manager", ["quality_manager"]),
    "quentin": ("quality_manager", ["quality_manager", "contractor"]),
    "ines": ("inspector", ["inspector", "third_party"]),
    "dora": ("designer", ["design_authority", "consultant"]),
    "carl": ("site_manager", ["contractor", "subcontractor"]),
    "sue": ("supplier", ["supplier"]),
    "vera": ("viewer", []),
}
ELEMENT = "2O2Fr$t4X7Zf8NOew3FLKr"
OTHER_ELEMENT = "1a1Fr$t4X7Zf8NOew3FLKr"
VIOLATION = {
    "requirement": {"characteristic": "axis_position", "clause": "GB 50204-2015, 8.3.2", "lower": "-8", "upper": "8"},
    "measured": {"value": "25.1", "expanded_uncertainty": "2.4"},
    "global_id": ELEMENT,
}
QUESTION = {
    "id": "c1", "name": "axis position", "kind": "numeric", "source": "GB 50204-2015, 8.3.2", "lower": "-8",
    "upper": "8", "unit": "mm", "resolution": "1",
}  # fmt: skip
TAPE = {
    "serial": "T-7", "kind": "tape", "calibrated_on": "2026-01-01", "calibrated_until": "2027-06-01",
    "expanded_uncertainty": "1", "unit": "mm",
}  # fmt: skip


@dataclass
class Site:
    world: World
    project: str
    organisation: str
    outside: str
    """The organisation of the supplier."""
    browsers: dict[str, Browser] = field(default_factory=dict[str, Browser])
    ids: dict[str, str] = field(default_factory=dict[str, str])
    seen: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """When somebody was known to be signed in."""

    @property
    def root(self) -> str:
        return f"/projects/{self.project}"

    def get(self, who: str, path: str, status: int = 200) -> Any:
        answer = self.awake(who).get(self.root + path)
        assert answer.status_code == status, answer.text
        return answer.json()

    def awake(self, who: str) -> Browser:
        """Return somebody's browser, signed in again if their session ran out while time passed."""
        browser, now = self.browsers[who], self.world.clock.now
        if now - self.seen.get(who, datetime.min.replace(tzinfo=now.tzinfo)) < timedelta(minutes=30):
            return browser
        if browser.get("/auth/me").status_code == 401:
            assert browser.sign_in(who).status_code == 200
        self.seen[who] = now
        return browser

    def post(self, who: str, path: str, json: object = None, status: int = 201) -> Any:
        answer = self.awake(who).post(self.root + path, json)
        assert answer.status_code == status, answer.text
        return answer.json()

    def try_(self, who: str, path: str, verb: str, json: object = None, version: int | None = None) -> Response:
        """Do something with a record, as of its present version."""
        seen: int = self.get("olga", path)["version"] if version is None else version
        return self.awake(who).change("POST", f"{self.root}{path}/{verb}", seen, json)

    def do(self, who: str, path: str, verb: str, json: object = None, status: int = 200) -> Any:
        answer = self.try_(who, path, verb, json)
        assert answer.status_code == status, answer.text
        return answer.json()

    def refused(self, who: str, path: str, verb: str, json: object = None, *, status: int = 409) -> list[str]:
        """Return what is missing for something that is refused."""
        answer = self.try_(who, path, verb, json)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        return answer.json()["missing"]

    def sign(self, who: str, path: str, verb: str = "sign", **more: object) -> Any:
        return self.do(who, path, verb, {"password": PASSWORD, **more})

    def upload(self, who: str, name: str = "tag.jpg", content: bytes = b"jpeg", kind: str = "image/jpeg") -> str:
        """Upload a file; return its digest."""
        digest = sha256(content).hexdigest()
        begun = {"name": name, "size": len(content), "sha256": digest, "media_type": kind}
        browser = self.awake(who)
        upload = self.post(who, "/uploads", begun)
        place = f"{self.root}/uploads/{upload['id']}"
        headers = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        sent = browser("PATCH", place, content=content, headers=headers)
        assert sent.status_code < 300, sent.text
        done = browser.post(place + "/finish")
        assert done.status_code < 300, done.text
        return digest

    def picture(self, who: str = "quinn", content: bytes = b"jpeg") -> dict[str, str]:
        """Upload a picture; return it as evidence."""
        digest = self.upload(who, content=content)
        return {"kind": "picture", "sha256": digest, "description": "tag.jpg", "media_type": "image/jpeg"}

    def events(self, topic: str = "") -> list[dict[str, Any]]:
        """Return what waits in the outbox."""
        from sqlalchemy import select

        from twin.store.schema import OUTBOX

        with self.world.services.store.read() as view:
            rows = view.connection.execute(select(OUTBOX).order_by(OUTBOX.c.seq)).mappings().all()
        return [dict(row["payload"]) for row in rows if topic in ("", row["topic"])]


def make_site(world: World) -> Site:
    admin = world.administrator()
    own = admin.post("/organisations", {"name": "Builder"}).json()["id"]
    outside = admin.post("/organisations", {"name": "Steel & Sons"}).json()["id"]
    owner = world.person("olga", administrator=True)
    project = owner.post("/projects", {"organisation": own, "key": "TOWER", "name": "Tower"}).json()["id"]
    site = Site(world, project, own, outside, {"olga": owner})
    mine = owner.get(f"/projects/{project}/members").json()["items"][0]
    site.ids["olga"] = mine["user"]
    change = {"role": "owner", "capacities": ["customer"]}
    assert owner.change("PUT", f"/projects/{project}/members/{mine['id']}", 1, change).status_code == 200
    for login, (role, capacities) in PEOPLE.items():
        if login == "olga":
            continue
        site.browsers[login] = world.person(login)
        firm = outside if role == "supplier" else own
        taken = {"login": login, "organisation": firm, "role": role, "capacities": capacities}
        site.ids[login] = site.post("olga", "/members", taken)["user"]
    return site


@cache
def _first_site() -> tuple[Site, Path]:
    """Make a site once, with its database to be copied."""
    folder = tempfile.TemporaryDirectory(prefix="qtems-site-")
    atexit.register(folder.cleanup)
    world = make_world(Path(folder.name) / "data")
    site = make_site(world)
    world.services.store.database.close()
    return site, world.services.settings.data_dir / "qtems.db"


def copied_site(world: World) -> Site:
    """Return what :func:`make_site` makes of a new world, without asking for each part of it again."""
    first, database = _first_site()
    world.services.store.database.close()
    shutil.copy(database, world.services.settings.data_dir / "qtems.db")
    world.has_begun, world.clock.now = True, first.world.clock.now
    world.secrets.given, world.origins.given = first.world.secrets.given, first.world.origins.given
    site = Site(world, first.project, first.organisation, first.outside, ids=dict(first.ids))
    for login, browser in first.browsers.items():
        copied = site.browsers[login] = world.browser(host=browser.host)
        copied.csrf = browser.csrf
        copied.client.cookies.update(browser.client.cookies)
    return site


def draft_of(site: Site, who: str = "ines", **more: object) -> str:
    """Raise a draft that may be opened; return its path."""
    given: dict[str, object] = {
        "title": "Column 1 is 25 mm off its axis", "severity": "minor", "quantity": "1", "unit": "element",
        "global_ids": [ELEMENT], "violations": [VIOLATION], "evidence": [site.picture(who)],
    }  # fmt: skip
    return f"/ncrs/{site.post(who, '/ncrs', given | more)['id']}"


def under_review(site: Site, ncr: str) -> None:
    """Open, contain and seat the board."""
    site.do("ines", ncr, "open")
    held = {"kind": "in_place_tag", "place": "axis 1", "tag": "NCR", "affected_query": "columns of the crew"}
    site.do("carl", ncr, "containment", held)
    site.do("carl", ncr, "contain")
    board = [{"user": site.ids["quinn"], "capacity": "quality_manager"},
             {"user": site.ids["carl"], "capacity": "contractor"},
             {"user": site.ids["dora"], "capacity": "design_authority"}]  # fmt: skip
    site.do("quinn", ncr, "board", {"members": board})
    site.do("quinn", ncr, "review")


REWORK = {"decision": "rework", "quantity": "1", "justification": "move it back", "instruction": "WI-7"}


def in_reinspection(site: Site, ncr: str, element: str = ELEMENT) -> None:
    """Decide rework, sign, do the work and report it as finished."""
    site.do("quinn", ncr, "propose", {"lines": [{**REWORK, "global_ids": [element]}]})
    for who in ("quinn", "carl"):
        site.sign(who, ncr)
    site.do("quinn", ncr, "dispose")
    site.do("carl", ncr, "correct")
    site.world.clock.advance(hours=2)
    finished = site.world.clock.now.isoformat()
    site.world.clock.advance(minutes=1)
    site.do("carl", ncr, "reinspect", {"finished_at": finished})


def worked(site: Site, ncr: str, who: str) -> None:
    """Let somebody do what was decided in two hours, and report it as finished an hour ago."""
    site.do(who, ncr, "correct")
    site.world.clock.advance(hours=2)
    finished = site.world.clock.now.isoformat()
    site.world.clock.advance(minutes=1)
    site.do(who, ncr, "reinspect", {"finished_at": finished})
    site.world.clock.advance(hours=1)


def settled(site: Site, ncr: str) -> None:
    """Decide that no CAPA is needed, and say what it cost."""
    site.do("quinn", ncr, "capa-decision", {"needed": False, "reason": "a single event"})
    site.do("quinn", ncr, "cost", {"labour": "1", "material": "0", "other": "0", "currency": "EUR"})
