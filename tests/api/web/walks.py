"""Requests that were granted, each with the database from just before it: what a fuzzer begins from.

The walks are tests of the interface that others read and keep true; here they are only watched. What one asks for the
first time is kept with a copy of the database, so that it can be asked again, as it was or changed, and be granted.
"""

import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from httpx2 import Response

from api.routes import all_declared
from api.routing import ROOT
from tests.api.web import test_bcf_files as bcf_files
from tests.api.web import test_capas as capas
from tests.api.web import test_comments as comments
from tests.api.web import test_inbox as inbox
from tests.api.web import test_inspections as inspections
from tests.api.web import test_jobs as jobs
from tests.api.web import test_ncrs as ncrs
from tests.api.web import test_oauth as oauth
from tests.api.web import test_overrides as overrides
from tests.api.web import test_plans as plans
from tests.api.web import test_repeats as repeats
from tests.api.web.bcf import test_topics as bcf_topics
from tests.api.web.bcf import test_viewpoints as bcf_views
from tests.api.web.bcf_client import Client
from tests.api.web.direct import DirectClient
from tests.api.web.planted import context, fresh, plant, upload
from tests.api.web.planted_bcf import plant_bcf
from tests.api.web.planted_epochs import plant_epochs, sight
from tests.api.web.planted_records import plant_records, predicted
from tests.api.web.site import ELEMENT, REWORK, VIOLATION, Site, draft_of, make_site, under_review
from tests.api.web.world import PASSWORD, Browser, World, make_world
from twin.jobs.worker import Worker
from twin.operations.check_standing import Found
from twin.operations.job_kinds import job_kinds
from twin.operations.write_back import WRITE_BACK
from twin.store import records
from twin.store.blob_register import keep
from twin.store.codec import to_json
from twin.store.jobs import claim, succeed

_PATTERNS = [
    (route.method, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", ROOT + route.path) + "$"), route.name)
    for route in all_declared()
]
_PER_ROUTE = 3
"""How many granted requests of a route are kept: later ones come in other states."""


@dataclass(frozen=True)
class Step:
    """A request that was granted."""

    route: str
    path: Mapping[str, str]
    query: str
    headers: Mapping[str, str]
    body: bytes
    status: int
    now: datetime
    before: sqlite3.Connection
    """The database, in memory."""


@dataclass
class Watch:
    """Keeps what is granted."""

    steps: dict[str, list[Step]] = field(default_factory=dict[str, list[Step]])
    folder: Path = Path()
    """Where the files are: `blobs`, and those that were there once: `kept`."""
    broken: list[str] = field(default_factory=list[str])
    """Walks that did not come to their end."""
    _copy: tuple[int, sqlite3.Connection] | None = None

    def before(self, world: World) -> sqlite3.Connection:
        """Return a copy of the database, the last one if nothing was written since."""
        raw = world.services.store.database.engine.raw_connection()
        live = cast(sqlite3.Connection, raw.driver_connection)
        mark = hash((id(world), id(live), live.execute("PRAGMA data_version").fetchone()[0], live.total_changes))
        if self._copy is None or self._copy[0] != mark:
            copy = sqlite3.connect(":memory:", check_same_thread=False)
            live.backup(copy)
            self._copy = mark, copy
        raw.close()
        return self._copy[1]

    def begin(self) -> None:
        """Forget the last copy: a database that was put back tells its own connection nothing of that."""
        self._copy = None

    def keep_files(self) -> None:
        """Copy the files that there are: what an upload consists of is gone when it has ended."""
        if (self.folder / "blobs").exists():
            shutil.copytree(self.folder / "blobs", self.folder / "kept", dirs_exist_ok=True)

    def files_back(self) -> None:
        """Put back what is gone of the files."""
        for file in (self.folder / "kept").rglob("*"):
            there = self.folder / "blobs" / file.relative_to(self.folder / "kept")
            if file.is_file() and not there.exists():
                there.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, there)

    def wants(self, route: str, status: int) -> bool:
        """Say whether a route's granted request is new."""
        return status < 400 and len(self.steps.get(route, ())) < _PER_ROUTE


def named(method: str, path: str) -> tuple[str, dict[str, str]] | None:
    """Return the route of an address and what its path names."""
    for known, pattern, name in _PATTERNS:
        if known == method and (found := pattern.match(path)):
            return name, found.groupdict()
    return None


class WatchedClient(DirectClient):
    """A client whose granted requests are kept."""

    world: World
    watch: Watch

    def request(self, method: str, url: Any, **more: Any) -> Response:  # type: ignore[override]
        route = named(method, str(url).partition("?")[0])
        if route is None or len(self.watch.steps.get(route[0], ())) >= _PER_ROUTE:
            return super().request(method, url, **more)
        before, now = self.watch.before(self.world), self.world.clock.now
        if "upload" in route[1] and method != "GET":
            self.watch.keep_files()
        answer: Response = super().request(method, url, **more)
        sent = answer.request if not answer.history else answer.history[0].request
        if self.watch.wants(route[0], answer.status_code):
            headers = {k: v for k, v in sent.headers.items() if k not in ("host", "connection", "content-length")}
            step = Step(
                route[0], route[1], sent.url.query.decode(), headers, sent.content, answer.status_code, now, before
            )
            self.watch.steps.setdefault(route[0], []).append(step)
        return answer


class WatchedWorld(World):
    """A server whose clients are watched."""

    watch: Watch

    def browser(self, *, host: str = "", base_url: str = "http://testserver") -> Browser:
        address = host or self.origins()
        client = WatchedClient(self.app, base_url=base_url, address=address)
        client.world, client.watch = self, self.watch
        return Browser(client)


def _whole_capa(site: Site) -> None:
    ncr = capas.opened(site)
    capas.test_from_a_nonconformance_to_an_effective_capa((site, ncr, capas.capa_of(site, ncr)))


def _given_up_capa(site: Site) -> None:
    ncr = capas.opened(site)
    capas.test_it_is_given_up_by_two_who_act_themselves((site, ncr, capas.capa_of(site, ncr)))


def _ineffective_capa(site: Site) -> None:
    ncr = capas.opened(site)
    capas.test_what_is_not_effective_begins_anew((site, ncr, capas.capa_of(site, ncr)))


def _replanned_capa(site: Site) -> None:
    """Contain, end that when the cause is gone, and plan anew what does not do."""
    capa = capas.capa_of(site, capas.opened(site))
    capas.planned(site, capa)
    held = {"kind": "containment", "description": "props", "responsible": site.ids["carl"], "due": "2026-12-10"}
    site.do("quentin", capa, "actions", held)
    action = site.get("vera", capa)["record"]["actions"][-1]["id"]
    site.do("carl", capa, f"actions/{action}/end")
    site.do("quentin", capa, "implement")
    site.do("quentin", capa, "plan-again", {"reason": "the braces do not fit"})


def _invited(site: Site) -> None:
    """Invite a party to a hold in good time, and have a copy of the model written that they look at."""
    revision = plans.revision_of(site, ELEMENT)
    plan = plans.in_force(site, plans.item(1))
    where = {"item": f"{1:032x}", "global_ids": [ELEMENT], "model_revision": revision}
    run = f"/executions/{site.post('carl', plan + '/executions', where)['id']}"
    then = (site.world.clock.now + timedelta(hours=48)).isoformat()
    site.do("carl", run, "notify", {"party": "third_party", "invited_for": then})


def _written_back(site: Site) -> None:
    """Download a model with verdicts that a job has made."""
    world, made = site.world, plant(site.world, site.project)
    asked = site.post("quinn", f"/models/{made.revision}/write-backs", {"epoch": made.epoch}, 202)
    copy, database = world.services.blobs.put([b"ISO-10303-21;"]), world.services.store.database
    job = claim(database, [WRITE_BACK], "walker", world.clock.now, timedelta(minutes=1))
    assert job is not None
    with world.services.store.write(context(world)) as unit:
        keep(unit, world.services.blobs, copy, "application/x-step")
        succeed(unit.connection, job, {"sha256": copy.sha256, "file_name": "a.ifc"}, world.clock.now)
    site.awake("quinn").get(f"{site.root}/models/{made.revision}/write-backs/{asked['id']}")


def _packed(site: Site) -> None:
    """Download a project as it was packed for an audit."""
    job, services = site.post("quinn", "/audit/packages", {"largest_mib": 1}, 202)["id"], site.world.services
    Worker(services.store, services.blobs, job_kinds(None), clock=site.world.clock).drain()
    site.awake("quinn").get(f"{site.root}/audit/packages/{job}")


def _rechecked(site: Site) -> None:
    """Say with a reason that what an inspection asked is what the record requires."""
    ncr = repeats.reworked(site)
    other = {**repeats.QUESTION, "name": "offset from the axis", "source": "site form 7"}
    taken = repeats.inspected(site, ncr, other, {"number": "2", "instrument": "T-7"})
    same = {"question": "c1", "characteristic": "axis_position", "clause": "GB 50204-2015, 8.3.2"}
    given = {"inspection": taken, "same_as": [same], "reason": "form 7 measures from the same axis"}
    site.do("ines", ncr, "rechecks", given)


def _noted(site: Site) -> None:
    made = plant(site.world, site.project)
    site.world.clock.advance(hours=36)
    site.do("ines", f"/findings/{made.finding}", "dismiss", {"reason": "a trial"})
    repeats.test_what_got_worse_does_not_close_on_the_old_concession(repeats.Scanned(site, made))


def _connected(site: Site) -> None:
    """Let a program act for a person: one on their own computer, and one on the web, which is ended."""
    world, ann = site.world, site.world.person("ann")
    oauth.test_a_client_finds_its_way_from_the_foundation_to_a_topic(world, ann)
    oauth.test_a_program_on_the_web_is_registered_shows_its_secret_and_is_ended(world, ann)
    oauth.test_who_is_not_signed_in_does_that_first_with_every_limit(world, ann)


def _changed_capa(site: Site) -> None:
    capa = capas.capa_of(site, capas.opened(site))
    capas.planned(site, capa, "quentin")
    action = site.get("vera", capa)["record"]["actions"][-1]["id"]
    site.do("quentin", capa, f"actions/{action}/drop", {"reason": "the formwork is gone"})


def _other_ends(site: Site) -> None:
    voided, raised = draft_of(site), draft_of(site)
    site.do("quinn", voided, "void", {"reason": "twice"})
    ncr = draft_of(site)
    under_review(site, ncr)
    severe = {"severity": "major", "contract_affected": True, "customer_to_be_informed": True, "reason": "a beam"}
    site.do("quinn", ncr, "reclassify", severe)
    site.do("quinn", ncr, "customer-notice", {"reference": "letter of 22 November"})
    decided = draft_of(site)
    under_review(site, decided)
    site.do("quinn", decided, "propose", {"lines": [{**REWORK, "global_ids": [ELEMENT]}]})
    for who in ("quinn", "carl"):
        site.sign(who, decided)
    site.do("quinn", decided, "dispose")
    site.do("quinn", decided, "reconsider", {"reason": "the crane is gone"})
    site.do("ines", raised, "open")
    site.do("quinn", raised, "reject", {"reason": "not ours"})


def _bcf(site: Site) -> None:
    quinn = Client(site, "quinn")
    given = {"topic_type": "Nonconformity", "title": "Wall leans", "priority": "major", "description": "Second floor"}
    for walk in (
        bcf_views.test_a_viewpoint_comes_back_as_it_was_sent, bcf_topics.test_comments_stay_as_they_were_written,
        bcf_views.test_viewpoints_never_change_and_are_taken_back_by_who_made_them,
    ):  # fmt: skip
        walk(site, quinn, quinn.post("topics", given))
    for walk in (bcf_views.test_documents_and_what_refers_to_them, bcf_views.test_related_topics_and_files):
        walk(quinn, quinn.post("topics", given))
    bcf_topics.test_a_draft_changes_and_a_client_that_says_nothing_changes_nothing(quinn, quinn.post("topics", given))
    bcf_topics.test_a_draft_and_an_observation_are_taken_back(quinn, site, quinn.post("topics", given))
    site.awake("olga")
    Client(site, "olga").put(quinn.base, {"name": "Tower of Babel"})


def _columns(site: Site) -> None:
    """Ask for all elements at once: some with a record about them, by a check, after an epoch."""
    made = plant(site.world, site.project)
    violation = VIOLATION | {"global_id": made.global_ids[1]}
    site.do("ines", draft_of(site, global_ids=[made.global_ids[1]], violations=[violation]), "open")
    for query in (f"?epoch={made.epoch}", f"?check={made.check}"):
        assert len(site.get("vera", f"/element-columns{query}")["ncr"]["values"]) == 2


def _comparisons(site: Site) -> None:
    """Ask how a project and an element did over several scans, and what changed between two of them."""
    made = plant(site.world, site.project, elements=1)
    (one,) = made.global_ids
    before, after = plant_epochs(site.world, site.project, made, [{one: sight("absent")}, {one: sight("passed", 1)}])
    assert len(site.get("vera", "/timeline")["items"]) == 2
    assert site.get("vera", f"/epoch-changes?before={before}&after={after}")["counts"] == {"built": 1}
    assert len(site.get("vera", f"/elements/{one}/trend")["series"]) == 1
    assert site.get("vera", f"/schedule-progress?epoch={after}")["check"] == made.check
    assert site.get("vera", f"/models/{made.revision}/changes?against={made.revision}")["known"]


def _standing(site: Site) -> None:
    """Date a scan anew, withdraw its check and let it count again."""
    made = plant(site.world, site.project)
    at = {"captured_at": "2026-11-19T06:30:00Z", "reason": "the clock was a day ahead"}
    site.do("quinn", f"/scans/{made.epoch}", "redate", at)
    site.do("olga", f"/checks/{made.check}", "withdraw", {"reason": "another building"})
    found = json.dumps(to_json(Found((), ()))).encode()
    with site.world.services.store.write(context(site.world)) as unit:
        run = unit.get(records.CHECK_RUN, made.check)
        kept = replace(run.record, findings_sha256=site.world.services.blobs.put([found]).sha256)
        unit.save(records.CHECK_RUN, kept, expected=run.version)
    site.do("quinn", f"/checks/{made.check}", "count", {"reason": "it was this one"})


def _jobs(site: Site) -> None:
    admin = site.world.administrator()
    organisation = admin.post("/organisations", {"name": "J"}).json()["id"]
    project = admin.post("/projects", {"organisation": organisation, "key": "JOBS", "name": "J"}).json()["id"]
    made = plant(site.world, project)
    jobs.test_a_waiting_job_is_cancelled_at_once_and_can_be_tried_again(site.world, (admin, project, made))


def _everything_is_read(site: Site) -> None:
    """Ask for whatever is planted, and for what one makes oneself."""
    world, project, olga = site.world, site.project, site.browsers["olga"]
    admin = world.administrator()
    picture = site.upload("olga")
    made = plant(world, project)
    ids = made.in_addresses() | plant_records(world, project, made).in_addresses() | dict(plant_bcf(world, project))
    ids |= {"project": project, "organisation": site.organisation, "user": site.ids["vera"]}
    ids["member"] = olga.get(f"/projects/{project}/members").json()["items"][-1]["id"]
    ids["upload"] = upload(olga, project, "a.ifc", b"abc")
    ids["job"] = fresh(world, made, project, olga, "job")
    subject = {"subject": f"ncr:{ids['ncr']}"}
    olga.post(f"/projects/{project}/attachments", {**subject, "sha256": picture, "name": "a.jpg"})
    olga.post(f"/projects/{project}/subscriptions", subject)
    ids["view"] = olga.post(f"/projects/{project}/views", {"name": "South", "place": "cam=1,2,3,0,0,0"}).json()["id"]
    for route in all_declared():
        if route.method == "GET":
            address = re.sub(r"\{(\w+)\}", lambda part: ids.get(part[1], "0" * 32), route.path)
            answer = olga.get(address, follow_redirects=False)
            for query in (f"?subject=ncr:{ids['ncr']}", f"?record=ncr:{ids['ncr']}"):
                if answer.status_code == 422:
                    answer = olga.get(address + query)
            if answer.status_code == 403:
                admin.get(address)
    _is_changed(site, olga, admin, ids)


def _is_changed(site: Site, olga: Browser, admin: Browser, ids: dict[str, str]) -> None:
    """Change what stands outside of the quality records."""
    root = f"/projects/{ids['project']}"
    version = olga.get(root).json()["version"]
    olga.change("PATCH", root, version, {"name": "Tower of London"})
    olga.change("DELETE", f"{root}/views/{ids['view']}", 1)
    given = {"name": "a.ifc", "size": 3, "sha256": "0" * 64}
    olga.change("DELETE", f"{root}/uploads/{olga.post(f'{root}/uploads', given).json()['id']}", 1)
    model = upload(olga, ids["project"], "b.ifc", b"ISO-10303-21;")
    olga.post(f"{root}/models", {"upload": model})
    scan = upload(olga, ids["project"], "b.e57", b"ASTM-E57")
    taken = {"captured_at": "2026-11-20T06:00:00Z", "name": "week 47"}
    olga.post(f"{root}/scans", {"uploads": [scan], **taken})
    olga.post(f"{root}/checks", {"revision": ids["revision"], "epoch": ids["epoch"], "tolerance_mm": 8})
    olga.post(f"{root}/rehearsals", {"kind": "assembly", "revision": ids["revision"], "clearance_mm": "50"})
    stack = upload(olga, ids["project"], "lid.yaml", b"stackup: 1")
    olga.post(f"{root}/rehearsals", {"kind": "stackup", "upload": stack})
    olga.post(f"{root}/models/{ids['revision']}/write-backs", {"epoch": ids["epoch"]})
    olga.post(f"{root}/audit/verifications")
    admin.get(f"/audit/verifications/{admin.post('/audit/verifications').json()['id']}")
    olga.post(f"{root}/audit/packages", {"largest_mib": 1})
    for verb, body in (("dismiss", {"reason": "formwork"}), ("confirm", {})):
        made = plant(site.world, ids["project"])
        olga.change("POST", f"{root}/findings/{made.finding}/{verb}", 1, body)
    _predictions_end(site, ids)
    person = admin.get(f"/users/{ids['user']}").json()
    admin.change("PATCH", f"/users/{ids['user']}", person["version"], {"name": "Vera W."})
    me = olga.get("/auth/me").json()["user"]
    olga.change("PATCH", "/auth/me", me.get("version", 1), {"name": "Olga O."})
    token = {"name": "t", "scope": "read", "expires_at": "2026-12-01T00:00:00Z"}
    olga("DELETE", f"/auth/tokens/{olga.post('/auth/tokens', token).json()['token']['id']}")
    other = site.world.browser()
    other.sign_in("olga")
    ended = next(one for one in other.get("/auth/sessions").json()["items"] if not one["current"])
    other("DELETE", f"/auth/sessions/{ended['id']}")
    other.post("/auth/sign-out")
    admin.post(f"/users/{ids['user']}/password")
    gone, owner = f"{root}/members/{ids['member']}", site.browsers["olga"]
    if owner.get("/auth/me").status_code == 401:
        owner.sign_in("olga")
    (version,) = (one["version"] for one in owner.get(f"{root}/members").json()["items"] if one["id"] == ids["member"])
    owner.change("DELETE", gone, version)


def _predictions_end(site: Site, ids: dict[str, str]) -> None:
    """Raise and confirm what is predicted, and dismiss the same of another run."""
    root, quinn = f"/projects/{ids['project']}/predictions", site.awake("quinn")
    with site.world.services.store.write(context(site.world)) as unit:
        rehearsal = unit.get(records.REHEARSAL, ids["rehearsal"]).record
        other = unit.add(records.PREDICTION, predicted(unit.new_id(), rehearsal, unit.context.now)).record.id
    quinn.change("POST", f"{root}/{ids['prediction']}/raise", 1, {"severity": "minor"})
    quinn.change("POST", f"{root}/{ids['prediction']}/confirm", 2, {"reason": "it is in the way", "password": PASSWORD})
    quinn.change("POST", f"{root}/{other}/dismiss", 1, {"reason": "the duct was moved"})


WALKS: tuple[Callable[[Site], None], ...] = (
    _everything_is_read, _columns, _comparisons, _standing, _jobs, _bcf, _connected, _rechecked, _noted,
    _ineffective_capa, _replanned_capa, _invited, _written_back, _packed,
    overrides.test_a_statement_stands_beside_the_verdict_until_taken_back_or_checked_again,
    inbox.test_one_reads_in_ones_own_language_and_marks_as_read,
    inbox.test_administrators_see_which_letters_were_given_up_and_have_them_sent_again,
    capas.test_what_recurs_is_counted_whoever_evaluates,
    plans.test_a_plan_says_where_to_scan_to_read_to_download_and_to_print,
    plans.test_a_draft_is_ranked_by_what_the_records_show_or_by_hand_and_says_why,
    plans.test_a_scan_check_speaks_for_an_item_that_is_measured_by_scan,
    bcf_files.test_an_observation_is_confirmed_attached_or_dismissed_by_a_person,
    ncrs.test_from_a_draft_to_a_closed_record_with_every_guard_on_the_way,
    lambda site: ncrs.test_what_is_not_worked_on_is_proven_before_it_closes(
        site, "scrap", {}, {"marking": "cut through", "counted": "1"}, "irreversible marking of what was scrapped"
    ),
    ncrs.test_a_supplier_sees_what_is_shared_and_no_report_of_everything,
    ncrs.test_records_are_found_by_state_assignee_number_and_element, _other_ends, _whole_capa, _given_up_capa,
    _changed_capa, capas.test_links_change_on_both_sides_or_on_none,
    plans.test_work_waits_at_a_hold_until_its_owner_releases_what_passed,
    plans.test_a_plan_is_approved_by_somebody_else_and_superseded_by_its_revision,
    plans.test_a_supplier_sees_what_is_carried_out_of_a_shared_plan,
    inspections.test_a_passing_inspection_lets_its_lot_be_accepted,
    inspections.test_a_draft_answer_is_judged_as_it_would_be_once_recorded_and_is_not_kept,
    plans.test_an_item_begun_is_inspected_by_what_the_plan_asks_and_then_released,
    inspections.test_what_was_rejected_is_inspected_again,
    inspections.test_instruments_are_calibrated_and_samples_can_be_drawn_again,
    comments.test_comments_stay_inside_unless_they_are_meant_for_outside,
    comments.test_files_are_those_that_one_uploaded_and_nothing_that_a_browser_runs,
    comments.test_those_are_told_whom_it_concerns_and_who_may_see_it,
)  # fmt: skip


def walk_all(folder: Path) -> Watch:
    """Go all walks, each from the same site; return what was granted. The files stay in the folder."""
    watch = Watch(folder=folder)
    made = make_world(folder)
    world = WatchedWorld(made.services, made.clock, made.app, made.first_password, made.secrets, made.origins)
    world.watch = watch
    site = make_site(world)
    begin, then = watch.before(world), world.clock.now
    for number, walk in enumerate(WALKS):
        put_back(world, begin, then)
        watch.begin()
        try:
            walk(replace(site, browsers=_as_signed_in(world, site), seen={}))
        except Exception as error:  # its own test tells why; here only what is missed counts
            name = getattr(walk, "__name__", str(number))
            watch.broken.append(f"{name}: {type(error).__name__} {str(error)[:300]}")
    world.services.store.database.close()
    watch.keep_files()
    return watch


def _as_signed_in(world: World, site: Site) -> dict[str, Browser]:
    """Return browsers of everybody with the sessions of the beginning: a walk may have signed somebody in anew."""
    found: dict[str, Browser] = {}
    for login, browser in site.browsers.items():
        found[login] = replace(world.browser(host=browser.host), csrf=browser.csrf)
        found[login].client.cookies.update(browser.client.cookies)
    return found


def put_back(world: World, before: sqlite3.Connection, now: datetime) -> None:
    """Make a server's database what it was before, and its clock."""
    raw = world.services.store.database.engine.raw_connection()
    before.backup(cast(sqlite3.Connection, raw.driver_connection))
    raw.close()
    world.clock.now = now
