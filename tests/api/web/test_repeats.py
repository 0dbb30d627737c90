"""What later checks and inspections say of known defects, from a check's findings to what people see by REST."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal as D
from hashlib import sha256
from typing import Any

import pytest

from geometry.verdict import Outcome
from tests.api.web.planted import MACHINE, Planted, context, plant
from tests.api.web.site import ELEMENT, QUESTION, REWORK, TAPE, VIOLATION, Site, copied_site, draft_of, settled, worked
from tests.api.web.world import PASSWORD, World
from twin.characteristic import judge_value
from twin.finding import CauseKind, Defect, Failure, Finding, Location, Origin, Severity
from twin.ncr_criteria import CheckedCharacteristic, CheckedElement, presence_of
from twin.operations.repeats import record_findings
from twin.project import ScanEpoch, ScanFile
from twin.store import records

GB = "GB 50204-2015 table 8.3.2"
CONCESSION = {"decision": "use_as_is", "justification": "no effect on the slab"}


@dataclass(frozen=True)
class Scanned:
    """A project with a planted model, checked by hand."""

    site: Site
    planted: Planted

    @property
    def ids(self) -> Sequence[str]:
        return self.planted.global_ids

    def check(
        self, hour: float, groups: Sequence[Mapping[str, str]], passes: Sequence[str] = (), *, limit: str = "8",
        characteristic: str = "position", source: str = GB,
    ) -> list[str]:  # fmt: skip
        """Check a scan of some hour by ± ``limit``: one finding for each group of elements; return what is new."""
        world, planted = self.site.world, self.planted
        store, captured = world.services.store, datetime(2026, 11, 22, tzinfo=UTC) + timedelta(hours=hour)
        epoch, run = store.new_id(), store.new_id()
        digest = sha256(epoch.encode()).hexdigest()
        lower, upper, u = -D(limit), D(limit), D("1.9")

        def told(global_id: str, value: str) -> CheckedElement:
            verdict = judge_value(D(value), lower, upper, u)
            one = CheckedCharacteristic(characteristic, source, verdict, D(value), lower, upper, u)
            return CheckedElement(global_id, verdict, (one, presence_of(verdict)))

        def finding(group: Mapping[str, str]) -> Finding:
            failures = tuple(Failure(g, characteristic, source, D(v), lower, upper, u) for g, v in group.items())
            return Finding(
                store.new_id(), self.site.project, Origin(run, planted.revision, epoch),
                Defect(CauseKind.FORM, tuple(group), failures), Severity.MAJOR, Location(D(1), D(1), D(1)), MACHINE,
                world.clock(),
            )  # fmt: skip

        checked = {g: told(g, v) for group in groups for g, v in group.items()} | {g: told(g, "1") for g in passes}
        with store.write(context(world)) as unit:
            old = unit.get(records.CHECK_RUN, planted.check).record
            unit.add(
                records.SCAN_EPOCH, ScanEpoch(epoch, self.site.project, "e", captured, (ScanFile("a.e57", digest, 9),))
            )
            new = replace(old, id=run, epoch=epoch, scan_sha256=(digest,))
            unit.add(records.CHECK_RUN, new)
            record_findings(unit, new, tuple(map(finding, groups)), checked, captured)
        found = self.site.get("vera", f"/findings?check_run={run}")["items"]
        return [one["id"] for one in sorted(found, key=lambda one: one["global_ids"])]

    def finding(self, identifier: str) -> Any:
        return self.site.get("vera", f"/findings/{identifier}")

    def open_ones(self) -> list[Any]:
        return self.site.get("vera", "/findings?status=open")["items"]

    def confirm(self, identifier: str) -> str:
        """Confirm a finding and open its record; return the record's path."""
        found = self.finding(identifier)
        address = f"{self.site.root}/findings/{identifier}/confirm"
        answer = self.site.awake("ines").change("POST", address, found["version"], {})
        assert answer.status_code == 201, answer.text
        ncr = f"/ncrs/{answer.json()['decision']['successor']}"
        self.site.do("ines", ncr, "open")
        return ncr


@pytest.fixture
def scanned(world: World) -> Scanned:
    site = copied_site(world)
    planted = plant(world, site.project)
    world.clock.advance(hours=36)
    site.do("ines", f"/findings/{planted.finding}", "dismiss", {"reason": "a trial"})
    return Scanned(site, planted)


def under_review(site: Site, ncr: str) -> None:
    held = {"kind": "in_place_tag", "place": "axis 1", "tag": "NCR", "affected_query": "columns of the crew"}
    site.do("carl", ncr, "containment", held)
    site.do("carl", ncr, "contain")
    seats = (("quinn", "quality_manager"), ("carl", "contractor"), ("dora", "design_authority"))
    board = [{"user": site.ids[user], "capacity": capacity} for user, capacity in seats]
    site.do("quinn", ncr, "board", {"members": board})
    site.do("quinn", ncr, "review")


def disposed(site: Site, ncr: str, **line: object) -> None:
    """Decide about all of it, and put that into force."""
    record = site.get("quinn", ncr)["record"]
    whole = {"quantity": record["quantity"], "global_ids": record["global_ids"], **line}
    if line["decision"] == "use_as_is":
        until = {"quantity": record["quantity"], "expires_at": "2027-01-01T00:00:00Z"}
        whole["concession"] = {**until, "global_ids": record["global_ids"]}
    site.do("quinn", ncr, "propose", {"lines": [whole]})
    for who in ("quinn", "carl", "dora"):
        site.sign(who, ncr)
    site.do("quinn", ncr, "dispose")


def worked_and_settled(site: Site, ncr: str) -> None:
    worked(site, ncr, "carl")
    settled(site, ncr)


def now_of(site: Site) -> float:
    return (site.world.clock.now - datetime(2026, 11, 22, tzinfo=UTC)) / timedelta(hours=1)


def missing_to_close(site: Site, ncr: str) -> list[str]:
    return site.refused("quinn", ncr, "close", {"password": PASSWORD})


# ------------------------------------------------------------------------------------------------------ what closes it


def test_a_check_by_wider_limits_closes_nothing(scanned: Scanned) -> None:
    site, a = scanned.site, scanned.ids[1]
    (found,) = scanned.check(1, [{a: "40"}])
    ncr = scanned.confirm(found)
    under_review(site, ncr)
    disposed(site, ncr, **REWORK)
    worked_and_settled(site, ncr)
    scanned.check(now_of(site) - 0.1, [], passes=[scanned.ids[2]])
    assert missing_to_close(site, ncr) == [f"rework of 1: a re-inspection of element {a} that passes"]
    scanned.check(now_of(site) - 0.1, [{a: "40"}], limit="20")
    assert site.get("quinn", ncr)["record"]["state"] == "under_review"
    disposed(site, ncr, **REWORK)
    worked_and_settled(site, ncr)
    store, at = site.world.services.store, now_of(site) - 0.1
    unchanged = CheckedCharacteristic("position", GB, Outcome.PASS, D(40), D(-500), D(500), D("1.9"))
    epoch, run = store.new_id(), store.new_id()
    captured = datetime(2026, 11, 22, tzinfo=UTC) + timedelta(hours=at)
    with store.write(context(site.world)) as unit:
        old = unit.get(records.CHECK_RUN, scanned.planted.check).record
        file = ScanFile("b.e57", "b" * 64, 9)
        unit.add(records.SCAN_EPOCH, ScanEpoch(epoch, site.project, "e", captured, (file,)))
        wide = replace(old, id=run, epoch=epoch, scan_sha256=("b" * 64,))
        unit.add(records.CHECK_RUN, wide)
        checked = {a: CheckedElement(a, Outcome.PASS, (unchanged, presence_of(Outcome.PASS)))}
        record_findings(unit, wide, (), checked, captured)
    record = site.get("quinn", ncr)["record"]
    assert (record["state"], record["cycle_count"]) == ("under_review", 2)
    judged = record["history"][-1]["rechecks"][-1]["outcomes"][0]["criteria"][0]
    assert (judged["verdict"], judged["requirement"]["upper"]) == ("fail", "8")


def inspected(site: Site, ncr: str, question: Mapping[str, object], reading: Mapping[str, object]) -> str:
    given = {
        "title": "again", "lot": [ELEMENT], "quantity": "1", "unit": "pcs", "sampling": {"everything": True},
        "characteristics": [question], "reinspects_ncr": ncr.removeprefix("/ncrs/"),
    }  # fmt: skip
    path = f"/inspections/{site.post('ines', '/inspections', given)['id']}"
    site.do("ines", path, "start", {"instruments": [TAPE]})
    site.do("ines", path, "readings", {"characteristic": "c1", "global_id": ELEMENT, **reading})
    site.sign("ines", path, capacity="inspector")
    return path.removeprefix("/inspections/")


def reworked(site: Site, **more: Any) -> str:
    ncr = draft_of(site, **more)
    site.do("ines", ncr, "open")
    under_review(site, ncr)
    disposed(site, ncr, **REWORK)
    worked_and_settled(site, ncr)
    return ncr


def test_an_inspection_of_something_else_re_inspects_nothing(world: World) -> None:
    site = copied_site(world)
    ncr = reworked(site)
    painted = inspected(site, ncr, {"id": "c1", "name": "is it painted", "kind": "boolean"}, {"flag": True})
    assert site.get("quinn", ncr)["record"]["rechecks"] == []
    asked = ["a re-inspection of axis_position, GB 50204-2015, 8.3.2, -8 to 8 mm"]
    assert site.refused("ines", ncr, "rechecks", {"inspection": painted}) == asked
    wide = {**QUESTION, "lower": "-500", "upper": "500"}
    inspected(site, ncr, wide, {"number": "25", "instrument": "T-7"})
    record = site.get("quinn", ncr)["record"]
    assert (record["state"], record["cycle_count"]) == ("under_review", 1)


def test_a_person_says_with_a_reason_that_other_words_mean_the_same(world: World) -> None:
    site = copied_site(world)
    ncr = reworked(site)
    other = {**QUESTION, "name": "offset from the axis", "source": "site form 7"}
    taken = inspected(site, ncr, other, {"number": "2", "instrument": "T-7"})
    same = {"question": "c1", "characteristic": "axis_position", "clause": "GB 50204-2015, 8.3.2"}
    silent = site.try_("ines", ncr, "rechecks", {"inspection": taken, "same_as": [same]})
    assert (silent.status_code, "say why" in silent.text) == (422, True)
    strange = site.try_(
        "ines", ncr, "rechecks", {"inspection": taken, "reason": "r", "same_as": [{**same, "clause": "X"}]}
    )
    assert (strange.status_code, "was not violated" in strange.text) == (422, True)
    given = {"inspection": taken, "same_as": [same], "reason": "form 7 measures from the same axis"}
    record = site.do("ines", ncr, "rechecks", given)["record"]
    assert record["rechecks"][0]["reason"] == given["reason"]
    assert site.sign("quinn", ncr, "close")["record"]["state"] == "closed"
    assert site.get("quinn", ncr + "/history")["items"][-2]["reason"] == given["reason"]


def test_a_check_of_the_shape_says_nothing_of_the_strength(world: World) -> None:
    site = copied_site(world)
    planted = plant(world, site.project)
    element = planted.global_ids[1]
    violation = {
        "requirement": {"characteristic": "concrete strength", "clause": "GB 50107", "lower": "30", "unit": "MPa"},
        "measured": {"value": "21", "expanded_uncertainty": "1"}, "global_id": element,
    }  # fmt: skip
    ncr = reworked(site, global_ids=[element], violations=[violation])
    later = plant(world, site.project, captured_at=world.clock.now)
    assert site.refused("ines", ncr, "rechecks", {"check_run": later.check}) == [
        "a re-inspection of concrete strength, GB 50107, from 30 MPa"
    ]
    assert site.get("quinn", ncr)["record"]["rechecks"] == []


# ------------------------------------------------------------------------------------------------- what has changed


def proven(site: Site, ncr: str) -> str:
    """Let the first line of an accepted deviation be proven, and return it."""
    site.do("carl", ncr, "verify")
    settled(site, ncr)
    line: str = site.get("quinn", ncr)["record"]["lines"][0]["id"]
    site.do("ines", ncr, "proofs", {"line": line, "verdict": "pass", "as_built_record": "A-1"})
    return line


def accepted(scanned: Scanned, element: str) -> tuple[str, str]:
    """Accept 14 mm under a concession, proven and ready to be closed; return the record and its line."""
    site = scanned.site
    (found,) = scanned.check(1, [{element: "14.2"}])
    ncr = scanned.confirm(found)
    under_review(site, ncr)
    disposed(site, ncr, **CONCESSION)
    line = proven(site, ncr)
    return ncr, line


def test_what_got_worse_does_not_close_on_the_old_concession(scanned: Scanned) -> None:
    site, a = scanned.site, scanned.ids[1]
    ncr, _ = accepted(scanned, a)
    (same,) = scanned.check(2, [{a: "14.5"}])
    assert scanned.finding(same)["status"] == "confirmed"
    (worse,) = scanned.check(3, [{a: "60"}])
    told = scanned.finding(worse)
    assert (told["status"], told["related"]) == ("open", [f"ncr:{ncr.removeprefix('/ncrs/')}"])
    event = site.events("ncr.changed")[-1]
    assert (event["finding"], set(event["asked"])) == (worse, {site.ids[w] for w in ("quinn", "carl", "dora")})
    (missing,) = missing_to_close(site, ncr)
    assert worse in missing
    # seen once more: one finding waits, and it is the newer one
    (again,) = scanned.check(4, [{a: "60.4"}])
    assert [one["id"] for one in scanned.open_ones()] == [again]
    (missing,) = missing_to_close(site, ncr)
    assert again in missing
    assert site.refused("quinn", ncr, "occurrences", {"id": again}) == ["a reason why what is decided answers it"]
    unable = site.try_("ines", ncr, "occurrences", {"id": again, "reason": "looks fine"})
    assert (unable.status_code, "ask who reviews" in unable.text) == (403, True)
    site.do("quinn", ncr, "occurrences", {"id": again, "reason": "the concession covers up to 70 mm"})
    assert site.sign("quinn", ncr, "close")["record"]["state"] == "closed"
    # what was taken up is known from then on
    (fifth,) = scanned.check(5, [{a: "60.1"}])
    assert scanned.finding(fifth)["status"] == "confirmed"
    (sixth,) = scanned.check(6, [{a: "80"}])
    assert scanned.finding(sixth)["status"] == "open"


def test_a_false_alarm_that_is_dismissed_holds_nothing_up(scanned: Scanned) -> None:
    site, a = scanned.site, scanned.ids[1]
    ncr, _ = accepted(scanned, a)
    (worse,) = scanned.check(3, [{a: "60"}])
    site.do("ines", f"/findings/{worse}", "dismiss", {"reason": "a prop leaned on it"})
    noted = site.get("quinn", ncr)["record"]["occurrences"][-1]
    assert (noted["reason"], noted["by"]["name"]) == ("its finding was dismissed: a prop leaned on it", "Ines")
    (again,) = scanned.check(4, [{a: "60"}])
    assert scanned.finding(again)["decision"]["follows"] == worse
    (moved,) = scanned.check(5, [{a: "66"}])
    assert scanned.finding(moved)["status"] == "open"
    site.do("ines", f"/findings/{moved}", "dismiss", {"reason": "the prop again"})
    assert site.sign("quinn", ncr, "close")["record"]["state"] == "closed"


def test_what_goes_on_in_a_record_of_its_own_does_not_alarm_the_first_again(scanned: Scanned) -> None:
    site, a = scanned.site, scanned.ids[1]
    ncr, _ = accepted(scanned, a)
    (worse,) = scanned.check(3, [{a: "60"}])
    second = scanned.confirm(worse)
    (again,) = scanned.check(4, [{a: "60"}])
    assert scanned.finding(again)["decision"]["successor"] == second.removeprefix("/ncrs/")
    assert site.sign("quinn", ncr, "close")["record"]["state"] == "closed"


def test_a_board_that_reconsiders_has_it_before_it(scanned: Scanned) -> None:
    site, a = scanned.site, scanned.ids[1]
    ncr, _ = accepted(scanned, a)
    scanned.check(3, [{a: "60"}])
    site.do("quinn", ncr, "reconsider", {"reason": "it moves"})
    disposed(site, ncr, **CONCESSION)
    proven(site, ncr)
    (again,) = scanned.check(4, [{a: "60.2"}])
    assert scanned.finding(again)["status"] == "confirmed"
    assert scanned.open_ones() == []
    assert site.sign("quinn", ncr, "close")["record"]["state"] == "closed"


def test_elements_that_are_added_are_not_swallowed(scanned: Scanned) -> None:
    site, (_, b, c, d, e) = scanned.site, scanned.ids[:5]
    (found,) = scanned.check(1, [{b: "20", c: "20"}])
    ncr = scanned.confirm(found)
    for hour in (2, 3):
        scanned.check(hour, [{b: "20", c: "20", d: "20", e: "20"}])
        (added,) = scanned.open_ones()
        assert (added["global_ids"], added["related"]) == ([d, e], [f"ncr:{ncr.removeprefix('/ncrs/')}"])
        assert site.events("ncr.extended")[-1]["global_ids"] == [d, e]
    record = site.get("quinn", ncr)["record"]
    assert [sorted({f["global_id"] for f in o["failures"]}) for o in record["occurrences"]] == [[b, c]] * 2
    refused = site.try_("quinn", ncr, "occurrences", {"id": added["id"], "reason": "the same"})
    assert (refused.status_code, "record of its own" in refused.text) == (409, True)
    second = scanned.confirm(added["id"])
    scanned.check(4, [{b: "20", c: "20", d: "20", e: "20"}])
    assert scanned.open_ones() == []
    assert len(site.get("quinn", second)["record"]["occurrences"]) == 1


# ------------------------------------------------------------------------------------------- what is older, or decided


def test_an_older_scan_checked_later_does_not_take_the_place_of_newer_knowledge(scanned: Scanned) -> None:
    a, b = scanned.ids[1:3]
    (newer,) = scanned.check(10, [{a: "40"}])
    (older,) = scanned.check(1, [{a: "12"}])
    assert scanned.finding(newer)["status"] == "open"
    told = scanned.finding(older)
    assert (told["status"], told["decision"]["successor"]) == ("superseded", newer)
    (wider,) = scanned.check(2, [{a: "12", b: "12"}])  # of b nothing newer is known
    assert (scanned.finding(wider)["status"], scanned.finding(newer)["status"]) == ("open", "open")
    assert scanned.finding(wider)["related"] == [f"finding:{newer}"]


def test_an_older_scan_does_not_alarm_a_record(scanned: Scanned) -> None:
    site, a = scanned.site, scanned.ids[1]
    (newer,) = scanned.check(10, [{a: "40"}])
    ncr = scanned.confirm(newer)
    (older,) = scanned.check(1, [{a: "12"}])
    assert scanned.finding(older)["status"] == "confirmed"
    assert site.get("quinn", ncr)["record"]["occurrences"][0]["reason"] == "a later scan is on record already"
    assert site.events("ncr.changed") == []


def test_a_finding_waits_on_while_some_of_it_was_not_seen(scanned: Scanned) -> None:
    a, b, c = scanned.ids[1:4]
    (first,) = scanned.check(1, [{a: "20", b: "20", c: "20"}])
    scanned.check(2, [{a: "20", b: "20"}])
    assert scanned.finding(first)["status"] == "open"
    scanned.check(3, [{a: "20", b: "20"}], passes=[c])
    assert scanned.finding(first)["status"] == "superseded"


def test_what_was_dismissed_is_not_asked_again_until_it_changes(scanned: Scanned) -> None:
    site, a = scanned.site, scanned.ids[1]
    (first,) = scanned.check(1, [{a: "14.2"}])
    site.do("ines", f"/findings/{first}", "dismiss", {"reason": "a scaffold board"})
    for hour in (2, 3):
        (again,) = scanned.check(hour, [{a: "14.4"}])
        told = scanned.finding(again)
        assert (told["status"], told["decision"]["follows"]) == ("dismissed", first)
        assert told["decision"]["reason"] == "unchanged since Ines dismissed it: a scaffold board"
        assert told["related"] == [f"finding:{first}"]
    (worse,) = scanned.check(4, [{a: "20"}])
    told = scanned.finding(worse)
    assert (told["status"], told["related"]) == ("open", [f"finding:{first}"])


def test_what_was_rejected_is_not_asked_again_and_what_was_void_is(scanned: Scanned) -> None:
    site, (_, a, b) = scanned.site, scanned.ids[:3]
    one, two = scanned.check(1, [{a: "14.2"}, {b: "14.2"}])
    rejected, void = scanned.confirm(one), scanned.confirm(two)
    site.do("quinn", rejected, "reject", {"reason": "the design tolerates it"})
    site.do("quinn", void, "void", {"reason": "the wrong building"})
    told = [scanned.finding(f) for f in scanned.check(2, [{a: "14.2"}, {b: "14.2"}])]
    assert [one["status"] for one in told] == ["dismissed", "open"]
    assert told[0]["decision"]["reason"].endswith("rejected TOWER-NCR-0001: the design tolerates it")
    assert [one["related"] for one in told] == [[f"ncr:{n.removeprefix('/ncrs/')}"] for n in (rejected, void)]


def test_a_record_raised_by_hand_is_known_to_a_check(scanned: Scanned) -> None:
    site, a = scanned.site, scanned.ids[1]
    ncr = draft_of(site, global_ids=[a], violations=[{**VIOLATION, "global_id": a}])
    site.do("ines", ncr, "open")
    said = {"characteristic": "axis_position", "source": "GB 50204-2015, 8.3.2"}
    (same,) = scanned.check(1, [{a: "25.1"}], **said)
    told = scanned.finding(same)
    assert (told["status"], told["decision"]["successor"]) == ("confirmed", ncr.removeprefix("/ncrs/"))
    (other,) = scanned.check(2, [{a: "60"}], **said)
    assert (scanned.finding(other)["status"], scanned.finding(other)["related"]) == (
        "open", [f"ncr:{ncr.removeprefix('/ncrs/')}"],
    )  # fmt: skip


def test_a_finding_is_noted_where_its_elements_and_its_requirement_are(scanned: Scanned) -> None:
    site, (_, a, b) = scanned.site, scanned.ids[:3]
    one, two = scanned.check(1, [{a: "14.2"}, {b: "14.2"}])
    ncr = scanned.confirm(one)
    strange = site.try_("quinn", ncr, "occurrences", {"id": two})
    assert (strange.status_code, strange.json()["missing"]) == (409, ["a finding about elements of the record"])
    (flat,) = scanned.check(2, [{a: "14.2"}], characteristic="flatness")
    assert scanned.finding(flat)["status"] == "open"
    assert site.refused("quinn", ncr, "occurrences", {"id": flat}) == ["a reason why what is decided answers it"]
    site.do("quinn", ncr, "occurrences", {"id": flat, "reason": "measured on the same face"})
    assert scanned.finding(flat)["decision"]["successor"] == ncr.removeprefix("/ncrs/")
