"""What the pictures of the viewer need beside the story: a due inspection, and a yard whose check was refused."""

from dataclasses import dataclass
from typing import Any

import httpx2
import numpy as np

from geometry.pose import Pose
from scripts.rest_people import API, PASSWORD, Person, Trace
from tests.geometry.registration.buildings import Scanned, of_boxes, scan_of
from tests.viewer.test_hand import BOXES, CORNERS, LOOK, SCREEN, STATIONS, obj_of, ptx_of
from tests.viewer.test_inspection import AXIS

_COLUMNS = "IfcColumn"
_READ = "async (url) => await (await fetch(url)).json()"


def person(url: str, login: str, once: str = "") -> Person:
    """Return somebody who is signed in, with the password of the story or after a one-time password."""
    one = Person(login, httpx2.Client(base_url=url, timeout=120), Trace())
    if once:
        one.choose_password(once)
    else:
        one.sign_in(PASSWORD)
    return one


def moved(who: Person, plan: str, verb: str, body: Any = None) -> None:
    """Do something with a plan, as of the version that was read."""
    version = who.request("GET", plan).json()["version"]
    answer = who.request("POST", f"{plan}/{verb}", body, **{"If-Match": f'"{version}"'})
    assert answer.status_code < 300, answer.text


def due_inspection(url: str, approver: str = "quentin") -> None:
    """Put a plan into force in the project of the story, by a second quality manager; begin its item for a column."""
    olga, quinn, carl = (person(url, login) for login in ("olga", "quinn", "carl"))
    project = quinn.quiet("GET", "/projects")["items"][0]
    root = f"/projects/{project['id']}"
    made = person(url, "admin").quiet("POST", "/users", {"login": approver, "name": approver.title()})
    quentin = person(url, approver, made["one_time_password"])
    member = {"login": approver, "organisation": project["organisation"], "role": "quality_manager"}
    olga.quiet("POST", f"{root}/members", member | {"capacities": ["quality_manager"]})
    plan = f"{root}/plans/{quinn.quiet('POST', f'{root}/plans', {'title': 'Structure', 'items': [AXIS]})['id']}"
    moved(quinn, plan, "issue")
    moved(quentin, plan, "sign", {"password": PASSWORD, "capacity": "quality_manager"})
    moved(quentin, plan, "approve")
    elements = quinn.quiet("GET", f"{root}/elements?limit=200")["items"]
    column = next(one["global_id"] for one in elements if one["ifc_class"] == _COLUMNS and one["verdict"] == "fail")
    models = quinn.quiet("GET", f"{root}/models")["items"]
    revision = max(models, key=lambda one: one["number"])["id"]
    begun = {"item": AXIS["id"], "global_ids": [column], "model_revision": revision}
    carl.quiet("POST", f"{plan}/executions", begun)


@dataclass(frozen=True)
class Yard:
    """A project whose only check was refused, since the building looks the same from two sides; and the truth."""

    project: str
    T_scan_design: Pose

    def pick(self, page: Any, which: tuple[int, ...]) -> None:
        """Pick corners in the model and in the scan, one pair after the other, as a person would."""
        at = f"{API}/projects/{self.project}"
        (model,) = page.evaluate(_READ, f"{at}/models")["items"]
        (scan,) = page.evaluate(_READ, f"{at}/scans")["items"]
        of_model = np.array(page.evaluate(_READ, f"{at}/models/{model['id']}/scene/model.json")["origin_m"])
        tiles = page.evaluate(_READ, f"{at}/scans/{scan['id']}/scene/tileset.json")
        for n in which:
            corner = CORNERS[n : n + 1]
            outward = corner + (corner - [4.0, 2.5, 1.0]) * [0.5, 0.5, 1.0] + [0, 0, 1.2]
            sides = (
                ("qtems", None, of_model),
                ("qtemsScan", self.T_scan_design, np.array(tiles["extras"]["origin_m"])),
            )
            for tool, move, origin in sides:
                eye, target = ((one if move is None else move.apply(one))[0] - origin for one in (outward, corner))
                page.evaluate(LOOK, [tool, [*eye.tolist(), *target.tolist()]])
                page.wait_for_timeout(1_500)
                (x, y), before = page.evaluate(SCREEN, [tool, [target.tolist()]])[0], page.inner_text(".pairing .lead")
                page.mouse.click(x + 2, y + 2)
                page.wait_for_function("(t) => document.querySelector('.pairing .lead').innerText !== t", arg=before)


def refused_yard(url: str) -> Yard:
    """Found a second project with a yard that looks the same from two sides, and have it checked."""
    olga = person(url, "olga")
    firm = olga.quiet("GET", "/projects")["items"][0]["organisation"]
    project: str = olga.quiet("POST", "/projects", {"organisation": firm, "key": "YARD", "name": "Yard"})["id"]
    root = f"/projects/{project}"
    scanned: Scanned = scan_of(of_boxes(BOXES), STATIONS, rays=150_000, reach=20.0, yaw=2.0, shift=(120.0, -40.0, 7.0))
    model = olga.upload(root, "yard.obj", obj_of(BOXES))
    revision = olga.ended(root, olga.quiet("POST", f"{root}/models", {"upload": model}))["makes"]
    scan = olga.upload(root, "yard.ptx", ptx_of(scanned))
    given = {"name": "Week 47", "captured_at": "2026-11-20T14:30:00+08:00", "uploads": [scan]}
    epoch = olga.ended(root, olga.quiet("POST", f"{root}/scans", given))["makes"]
    asked = {"revision": revision, "epoch": epoch, "tolerance_mm": "10", "formats": []}
    told = olga.ended(root, olga.quiet("POST", f"{root}/checks", asked))
    assert told["result"]["registration"] == "refused", told
    relative = scanned.T_design_scan.inverse()
    return Yard(project, Pose.from_parts(relative.rotation, relative.translation + scanned.scan.origin))
