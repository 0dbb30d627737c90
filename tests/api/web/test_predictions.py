"""Predictions by HTTP: made by a rehearsal, settled by a later check, a signature, a reason; never by what it knew."""

import json
from collections.abc import Generator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.api.web.live import followed, found, worker_beside
from tests.api.web.planted import CAPTURED, Planted, context, plant, upload
from tests.api.web.test_rehearsals import JOINT, _entry  # pyright: ignore[reportPrivateUsage]
from tests.api.web.world import PASSWORD, Browser, World, make_world
from twin.check_record import ElementRow
from twin.element_state import Epoch, Seen, observe
from twin.operations.check_standing import retire_counting
from twin.operations.predictions import settle_by_checks
from twin.record import Evidence, EvidenceKind
from twin.store import records
from twin.store.blob_register import keep
from twin.store.elements import keep_states

VALUES = {f"E{n}": value for n, value in enumerate((1.0, -3.0, 14.0, 9.0, -12.0, 2.0, 6.0, -8.0))}
HIDDEN = ("hidden1", "hidden2", "hidden3")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    folder = tmp_path_factory.mktemp("predictions")
    made = make_world(folder / "data")
    with worker_beside(made, folder / "cache"):
        yield made


def checked(world: World, project: str, values: Mapping[str, float | None], captured: datetime) -> Planted:
    """Keep a check that measured these, and let it speak of what is predicted, as every check that counts does."""
    made, services = plant(world, project, captured_at=captured), world.services
    entries = [_entry(name, value) for name, value in values.items()]
    content = services.blobs.put([json.dumps({"schema": "qtems.check/1", "elements": entries}).encode()])
    epoch = Epoch(made.epoch, captured, made.revision, made.check)
    with services.store.write(context(world)) as unit:
        run = unit.get(records.CHECK_RUN, made.check)
        evidence = Evidence(EvidenceKind.REPORT, content.sha256, "report.json", "application/json")
        unit.save(records.CHECK_RUN, replace(run.record, report=evidence), expected=run.version)
        keep(unit, services.blobs, content, "application/json")
        rows: list[ElementRow] = []
        for entry in entries:
            seen = Seen.NOT_SEEN if entry["state"] == "occluded" else Seen.PASSED
            verdict = entry["measurements"][0]["verdict"] if entry["measurements"] else "not_measured"
            state = observe(project, entry["global_id"], None, seen, epoch=epoch)
            rows.append(ElementRow(state, "IfcColumn", entry["name"], "1", verdict, entry))
        keep_states(unit, rows)
        settle_by_checks(unit, project)
    return made


def predicted(admin: Browser, root: str, revision: str, **more: object) -> list[dict[str, Any]]:
    asked = {"kind": "prediction", "revision": revision, "candidate_from": "0.2", **more}
    job = followed(admin, root, admin.post(f"{root}/rehearsals", asked))
    return admin.get(f"{root}/predictions?rehearsal={job['makes']}").json()["items"]


def test_from_a_rehearsal_to_a_scored_prediction(world: World) -> None:
    project = found(world)
    admin, root = world.administrator(), f"/projects/{project}"
    made = checked(world, project, {**VALUES, **dict.fromkeys(HIDDEN)}, CAPTURED)
    first = predicted(admin, root, made.revision)
    assert {one["global_ids"][0] for one in first if one["candidate"]} >= set(HIDDEN)
    assert {one["state"] for one in first} == {"predicted"}
    hidden = next(one for one in first if one["global_ids"] == ["hidden1"])
    assert float(hidden["low"]) < float(hidden["probability"]) < float(hidden["high"])
    assert hidden["characteristic"] == "plumb"
    assert hidden["captured_until"] == CAPTURED.isoformat().replace("+00:00", "Z")
    assert len(hidden["reports"]) == 1
    assert hidden["worth"]["cost"] == "1", "without costs each defect counts the same"
    with world.services.store.write(context(world)) as unit:
        settle_by_checks(unit, project)
    again = admin.get(f"{root}/predictions?state=predicted").json()["items"]
    assert len(again) == len(first), "the check that was learnt from says nothing"
    earlier = checked(world, project, {"hidden1": 20.0}, CAPTURED - timedelta(days=7))
    assert admin.get(f"{root}/prediction-score").json()["measured"] == 0, "nor does a scan from before"
    later = checked(world, project, {"hidden1": 14.0, "hidden2": 1.0, "E0": None}, CAPTURED + timedelta(days=7))
    told = {one["global_ids"][0]: one for one in admin.get(f"{root}/predictions").json()["items"]}
    assert (told["hidden1"]["state"], told["hidden2"]["state"]) == ("confirmed", "refuted")
    assert told["hidden3"]["state"] == "predicted"
    assert told["hidden1"]["settled"]["check_run"] == later.check
    fared = admin.get(f"{root}/prediction-score?kind=out_of_tolerance").json()
    p = [float(told[name]["probability"]) for name in HIDDEN[:2]]
    assert fared["measured"] == 2
    assert fared["brier"] == pytest.approx(((1.0 - p[0]) ** 2 + p[1] ** 2) / 2.0)
    assert fared["states"]["predicted"] == len(first) - 2
    with world.services.store.write(context(world)) as unit:
        assert retire_counting(unit, project, later.epoch, reason="wrong registration") is not None
        settle_by_checks(unit, project)
    assert admin.get(f"{root}/predictions?state=confirmed").json()["items"] == [], "taken back with the check"
    trail = admin.get(f"{root}/predictions/{hidden['id']}/history").json()["items"]
    assert [one["action"] for one in trail] == ["predict", "score", "reopen"]
    found_out = sorted(HIDDEN[:2], key=lambda name: (told[name]["settled"]["at"], told[name]["id"]))
    assert [point["at"] for point in fared["drift"]] == [told[name]["settled"]["at"] for name in found_out]
    x = [float(told[name]["probability"]) for name in found_out]
    off = [((name == "hidden1") - one) / (one * (1.0 - one)) ** 0.5 for name, one in zip(found_out, x, strict=True)]
    assert fared["drift"][1]["ewma"] == pytest.approx(0.16 * off[0] + 0.2 * off[1])
    assert fared["drift"][0]["cusum_up"] == pytest.approx(max(0.0, off[0] - 0.5))
    assert fared["cusum_limit"] == 5.0
    classes = [{"ifc_class": "IfcColumn", "cost": "40", "minutes": "8"}]
    second = predicted(admin, root, made.revision, cost="2", minutes="5", classes=classes)
    assert sorted(one["worth"]["rank"] for one in second) == list(range(1, len(second) + 1))
    for one in second:
        worth = {name: float(value) for name, value in one["worth"].items()}
        assert (worth["cost"], worth["minutes"]) == (40.0, 8.0)
        assert worth["risk"] == pytest.approx(40.0 * float(one["probability"]), abs=1e-4)
        assert 0.0 <= worth["saving"] <= worth["risk"]
        assert one["worth"]["chosen"] is True
    twice = [{"ifc_class": "IfcWall", "cost": "1", "minutes": "1"}] * 2
    refused = admin.post(f"{root}/rehearsals", {"kind": "prediction", "revision": made.revision, "classes": twice})
    assert refused.status_code == 422
    assert "IfcWall is in classes twice" in refused.text
    before = admin.get(f"{root}/predictions/{hidden['id']}").json()
    assert before["state"] == "expired", "the question was asked again"
    assert earlier.check not in {one["settled"]["check_run"] for one in (before,)}


def test_people_confirm_dismiss_and_raise(world: World) -> None:
    project = found(world, "BRIDGE")
    admin, root = world.administrator(), f"/projects/{project}"
    file = upload(
        admin, project, "joint.yaml", JOINT.replace(b"100, 75], diameter: 22", b"104.5, 75], diameter: 22", 1)
    )
    job = followed(admin, root, admin.post(f"{root}/rehearsals", {"kind": "fit_up", "upload": file, "samples": 1000}))
    (one,) = admin.get(f"{root}/predictions?kind=misfit").json()["items"]
    assert one["rehearsal"] == job["makes"]
    assert one["candidate"]
    assert one["worth"] is None, "a joint is no element that is inspected"
    assert one["allowed_events"] == ["confirm", "dismiss", "raise"]
    assert admin.get(f"{root}/predictions/{one['id']}/nothing").status_code == 404
    address = f"{root}/predictions/{one['id']}"
    raised = admin.change("POST", f"{address}/raise", one["version"], {"severity": "major"})
    assert raised.status_code == 201, raised.text
    draft = raised.json()["record"]
    assert draft["state"] == "draft"
    assert draft["title"].startswith("Predicted: ")
    assert "predicted, not measured" in draft["description"]
    assert draft["violations"] == [], "nothing was measured, so nothing is violated"
    now = admin.get(address).json()
    assert (now["state"], now["ncr"]) == ("predicted", draft["id"])
    assert admin.change("POST", f"{address}/raise", now["version"], {"severity": "major"}).status_code == 409
    wrong = {"reason": "does not go in", "password": "something else entirely"}
    assert admin.change("POST", f"{address}/confirm", now["version"], wrong).status_code in (401, 403)
    told = admin.change("POST", f"{address}/confirm", now["version"], wrong | {"password": PASSWORD})
    assert told.status_code == 403, "an owner signs as customer: no inspector"
    assert admin.change("POST", f"{address}/dismiss", now["version"], {"reason": " "}).status_code == 409
    gone = admin.change("POST", f"{address}/dismiss", now["version"], {"reason": "reamed on Monday"})
    assert gone.json()["state"] == "dismissed"
    assert admin.change("POST", f"{address}/dismiss", gone.json()["version"], {"reason": "x"}).status_code == 409
    assert admin.get(f"{root}/prediction-score").json()["measured"] == 0, "people's word is not scored"
