"""From a deviation to a closed nonconformance by REST alone; writes what was sent and answered to docs/story.md.

    .venv/bin/python scripts/story.py

starts ``qtems serve`` in a temporary folder. With ``--url URL --password ONE_TIME`` it speaks to a fresh server that
runs already. Model and scans are those of ``python -m samples``: the building as found on a first and on a later visit,
with one defect put right and one part drawn where it stands. It takes about a minute.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from samples.__main__ import make_sample  # noqa: E402
from scripts.rest_people import API, PASSWORD, Person, Trace, enter, found_project, own_server  # noqa: E402

ABOUT = """\
# A nonconformance from deviation to close, by REST alone

Written by `scripts/story.py`, which sends every request below to a running `qtems serve`: two issues of the sample
building as IFC, two scans of it as E57, the people of a project. Identifiers are replaced by names, hashes and long
texts are cut, times read TIME; what only prepares the story (accounts, members) and the reading of versions before each
step (`If-Match`) is left out.

| who | role | signs as |
|---|---|---|
{people}

Each has an account and is a member of the project: [the requests](api.md#from-the-first-start-to-a-token),
[what a role may](roles.md). The files of the first visit are those of `make sample` with fewer points, the others add
what happened since:

```
python -m samples --out visit1 --points 500000
python -m samples --out visit2 --points 500000 --seed 2 --repaired "{repaired}" --drawn "{drawn}"
```

"""
PEOPLE = {
    "olga": ("owner", ["customer"]),
    "quinn": ("quality_manager", ["quality_manager"]),
    "ines": ("inspector", ["inspector"]),
    "dora": ("designer", ["design_authority"]),
    "carl": ("site_manager", ["contractor"]),
}
REPAIRED, DRAWN = "Wall I3 ground", "Beam B2-C2 ground"
"""What is put right between the visits, and what the designer takes as it was built."""


def about() -> str:
    """Return what stands before the story."""
    rows = (f"| {login} | {role.replace('_', ' ')} | {', '.join(signs)} |" for login, (role, signs) in PEOPLE.items())
    return ABOUT.format(people="\n".join(rows), repaired=REPAIRED, drawn=DRAWN)


@dataclass(frozen=True)
class Visit:
    """A model and what was scanned: files of ``python -m samples``."""

    model: Path
    scan: Path


def visits(folder: Path, points: int) -> tuple[Visit, Visit]:
    """Make the sample as it is found twice."""
    make_sample(folder / "1", 1, points, ["e57"])
    make_sample(folder / "2", 2, points, ["e57"], [REPAIRED], [DRAWN])
    first, second = (Visit(folder / n / "design.ifc", folder / n / "scan.e57") for n in ("1", "2"))
    return first, second


def tell(server: str, once: str, trace: Trace, before: Visit, after: Visit) -> None:
    """Live the story."""
    people = enter(server, once, PEOPLE, trace)
    quinn, ines, carl = people["quinn"], people["ines"], people["carl"]
    root = found_project(people, PEOPLE, trace, key="HOUSE", name="House", firm="Builder")

    trace.say("## Revision 1 of the model and scan 1")
    first = take_in_model(quinn, root, before.model, "REVISION1")
    epoch = take_in_scan(ines, root, before.scan, "Week 1", "EPOCH1")
    run = check(ines, root, first, epoch, "CHECK1")

    trace.say("## What the check found\n\nNeighbouring failures with one cause are one finding.")
    names = {e["global_id"]: e["name"] for e in ines.quiet("GET", f"{root}/elements?limit=200")["items"]}
    for global_id, name in names.items():
        trace.name(global_id, name)
    found = ines.quiet("GET", f"{root}/findings?check_run={run}")["items"]
    found.sort(key=lambda one: (one["kind"], [names[g] for g in one["global_ids"]]))
    trace.call("ines", f"GET {root}/findings?check_run=CHECK1", None, 200, [_finding(one) for one in found])
    column = next(one for one in found if [names[g] for g in one["global_ids"]] == [REPAIRED])
    trace.name(column["id"], "FINDING")

    trace.say("## A person makes a nonconformance of it\n\nIt says beforehand what it lacks.")
    ncr = confirm(ines, root, column, trace)
    ines.step(ncr, "open")
    carl.step(ncr, "contain", refused=True)
    held = {
        "kind": "in_place_tag", "place": "axis 1", "tag": "NCR, do not load",
        "affected_query": "walls of the same crew",
    }  # fmt: skip
    carl.step(ncr, "containment", held)
    carl.step(ncr, "contain")

    trace.say("## The review board decides and signs\n\nEach signature asks for the password again (21 CFR 11.200).")
    decide(people, ncr)
    carl.step(ncr, "correct")

    trace.say("## The work is done; only what is captured from now on counts")
    time.sleep(1.1)
    carl.step(ncr, "reinspect", {"finished_at": datetime.now(UTC).isoformat()})
    quinn.step(ncr, "capa-decision", {"needed": False, "reason": "a single event"})
    quinn.step(ncr, "cost", {"labour": "120", "material": "0", "other": "0", "currency": "EUR"})
    quinn.step(ncr, "close", {"password": PASSWORD}, refused=True)

    trace.say(
        "## Revision 2 of the model\n\nThe designer takes the beam between B2 and C2 into the design as it was built."
    )
    second = take_in_model(people["dora"], root, after.model, "REVISION2")
    people["dora"].get(f"{root}/models/{second}/diff", "shape_changed", "added", "removed")

    trace.say("## Scan 2 and the re-check\n\nThe check re-inspects what waits for it; it closes nothing.")
    later = take_in_scan(ines, root, after.scan, "Week 2", "EPOCH2")
    check(ines, root, second, later, "CHECK2")
    told = quinn.quiet("GET", ncr)
    shown = {"state": told["record"]["state"], "rechecks": told["record"]["rechecks"]}
    trace.call("quinn", f"GET {ncr}", None, 200, shown)

    trace.say("## A person who did not correct closes it, by signature")
    quinn.step(ncr, "close", {"password": PASSWORD})
    told = ines.quiet("GET", f"{root}/elements/{column['global_ids'][0]}/history")["items"]
    states = [{name: one[name] for name in ("epoch", "state", "verdict")} for one in told]
    trace.call("ines", f"GET {root}/elements/{trace.names[column['global_ids'][0]]}/history", None, 200, states)
    exported = quinn.quiet("GET", f"{ncr}/export")
    signed = [f"{s['name']}, {s['meaning']} as {s['role']}, holds: {s['holds']}" for s in exported["signatures"]]
    shown = {"signatures": signed, "trail": [one["action"] for one in exported["trail"]]}
    trace.call("quinn", f"GET {ncr}/export", None, 200, shown)

    trace.say("## The verdicts go back into a copy of the model")
    job = quinn.post(f"{root}/models/{second}/write-backs", {"epoch": later}, "kind", "state")
    quinn.wait(root, job, "COPY")
    copy = quinn.request("GET", f"{root}/models/{second}/write-backs/{job['id']}")
    sets = copy.text.count("IFCPROPERTYSET(") - after.model.read_text().count("IFCPROPERTYSET(")
    shown = {"bytes": len(copy.content), "property sets more than in the model": sets}
    trace.call("quinn", f"GET {root}/models/REVISION2/write-backs/JOB", None, copy.status_code, shown)
    quinn.get(f"{root}/audit/verification", "holds", "events", "first_bad")


def take_in_model(who: Person, root: str, model: Path, name: str) -> str:
    """Upload a model and make a revision of it."""
    upload = who.upload(root, model.name, model.read_bytes())
    return who.wait(root, who.post(f"{root}/models", {"upload": upload}, "kind", "state"), name)


def take_in_scan(who: Person, root: str, scan: Path, title: str, name: str) -> str:
    """Upload what was scanned just now."""
    captured = datetime.now(UTC).isoformat()
    upload = who.upload(root, scan.name, scan.read_bytes())
    given = {"name": title, "captured_at": captured, "uploads": [upload]}
    return who.wait(root, who.post(f"{root}/scans", given, "kind", "state"), name)


def check(who: Person, root: str, revision: str, epoch: str, name: str) -> str:
    """Run a check and wait for it."""
    given = {"revision": revision, "epoch": epoch, "formats": ["html"]}
    return who.wait(root, who.post(f"{root}/checks", given, "kind", "state"), name)


def confirm(who: Person, root: str, finding: Mapping[str, Any], trace: Trace) -> str:
    """Make a draft of a finding; return its address."""
    path = f"{root}/findings/{finding['id']}/confirm"
    given = {"title": "Wall I3 of the ground floor is 28 mm off its axis"}
    answer = who.request("POST", path, given, **{"If-Match": f'"{finding["version"]}"'})
    assert answer.status_code == 201, answer.text
    ncr = answer.headers["Location"].removeprefix(API)
    trace.name(ncr.rsplit("/", 1)[1], "NCR")
    trace.call(who.name, f"POST {path}", given, 201, {"Location": answer.headers["Location"]})
    return ncr


def decide(people: Mapping[str, Person], ncr: str) -> None:
    """Seat the board, propose rework, sign by all, put it into force."""
    quinn = people["quinn"]
    seats = (("quinn", "quality_manager"), ("carl", "contractor"), ("dora", "design_authority"), ("olga", "customer"))
    ids = {name: people[name].quiet("GET", "/auth/me")["user"]["id"] for name, _ in seats}
    quinn.step(ncr, "board", {"members": [{"user": ids[name], "capacity": capacity} for name, capacity in seats]})
    quinn.step(ncr, "review")
    record = quinn.quiet("GET", ncr)["record"]
    line = {
        "decision": "rework", "quantity": record["quantity"], "justification": "can be moved back",
        "global_ids": record["global_ids"], "instruction": "WI-7",
    }  # fmt: skip
    quinn.step(ncr, "propose", {"lines": [line]})
    quinn.step(ncr, "dispose", refused=True)
    for name, _ in seats:
        people[name].step(ncr, "sign", {"password": PASSWORD})
    quinn.step(ncr, "dispose")


def _finding(one: Mapping[str, Any]) -> dict[str, Any]:
    lead = one["failures"][0] if one["failures"] else {}
    return {
        "kind": one["kind"], "elements": one["global_ids"], "severity": one["severity"], "status": one["status"],
        "first failure": {name: lead.get(name) for name in ("characteristic", "actual_mm", "upper_mm")},
    }  # fmt: skip


def main() -> None:
    """Tell the story and write it down."""
    parser = argparse.ArgumentParser(description="From a deviation to a closed nonconformance by REST alone.")
    parser.add_argument("--url", help="a fresh server that runs already")
    parser.add_argument("--password", help="its administrator's one-time password")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "story.md")
    parser.add_argument("--points", type=int, default=500_000, help="of each scan, about")
    given = parser.parse_args()
    trace = Trace()
    with tempfile.TemporaryDirectory(prefix="qtems-visits-") as folder:
        before, after = visits(Path(folder), given.points)
        if given.url:
            tell(given.url, given.password, trace, before, after)
        else:
            with own_server() as (url, once):
                tell(url, once, trace, before, after)
    given.out.write_text(about() + "\n".join(trace.lines).strip() + "\n")


if __name__ == "__main__":
    main()
