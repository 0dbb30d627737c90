"""What is predicted, in the viewer: ranked, chosen in the list and in the model, settled by people and by checks."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from geometry.verdict import Outcome
from simulation.prediction.line_data import VARIABLES, line_data
from tests.api.web.live import until
from tests.api.web.planted import CAPTURED, MACHINE, context
from tests.api.web.world import PASSWORD
from tests.viewer.conftest import Site
from tests.viewer.pages import sign_in
from tests.viewer.test_access import AXE, examined
from tests.viewer.test_review import complaints
from twin.jobs.worker import Worker
from twin.operations.job_kinds import job_kinds
from twin.prediction import Chance, Prediction, PredictionKind, Source, Worth, settle
from twin.record import Evidence, EvidenceKind, Id
from twin.rehearsal_record import Rehearsal, RehearsalKind, RehearsalOutcome
from twin.store import records
from twin.store.blob_register import keep_all

OVERLAY = b"""{"schema": "qtems.overlay/1", "title": "Predicted", "values":
 {"name": "Probability", "unit": "%", "low": 0, "high": 100, "elements": {"NAME": 62}}}"""
WHY = "plumb was not measured; of 12 alike (IfcColumn · Level 0) 62.0 % are to be expected out of tolerance."


def run_of(site: Site) -> Id:
    """Keep the rehearsal that predicted."""
    services, new = site.world.services, site.world.services.store.new_id()
    kept = services.blobs.put([OVERLAY.replace(b"NAME", site.made.global_ids[0].encode())])
    file = Evidence(EvidenceKind.REPORT, kept.sha256, "predict-overlay.json", "application/json")
    with services.store.write(context(site.world)) as unit:
        unit.add(
            records.REHEARSAL,
            Rehearsal(
                new, site.project, RehearsalKind.PREDICTION, "hall.ifc", "0.1.0", 0, CAPTURED, CAPTURED,
                RehearsalOutcome.ACTION_NEEDED, (file,), {}, site.made.revision,
            ),
        )  # fmt: skip
        keep_all(unit, services.blobs, {kept.sha256: "application/json"})
    return new


def expect(site: Site, run: Id, place: int, probability: str, **more: Any) -> Prediction:
    """Keep what is predicted of a column."""
    services, (low, high) = site.world.services, (Decimal(probability) / 2, min(Decimal(1), Decimal(probability) * 2))
    risk = 100 * Decimal(probability)
    name = site.made.global_ids[place]
    one = Prediction(
        services.store.new_id(), site.project, PredictionKind.OUT_OF_TOLERANCE, name, f"Column {place + 1}", (name,),
        "plumb", Chance(Decimal(probability), low, high), Decimal(probability) >= Decimal("0.5"), WHY,
        Source(run, "0.1.0", 0, "a" * 64, ("b" * 64,), CAPTURED), site.world.clock(),
        worth=Worth(place + 1, True, Decimal(100), Decimal(20), risk, risk - 1),
    )  # fmt: skip
    with services.store.write(context(site.world)) as unit:
        unit.add(records.PREDICTION, one, action="predict")
    return one


def settled(site: Site, one: Prediction, outcome: Outcome) -> None:
    """Let a check say what became of it."""
    now = site.world.clock() + timedelta(days=1)
    with site.world.services.store.write(context(site.world)) as unit:
        version = unit.get(records.PREDICTION, one.id).version
        found = settle(one, outcome, site.made.check, actor=MACHINE, now=now)
        unit.save(records.PREDICTION, found, expected=version, action="score")


@pytest.fixture(scope="module")
def predicted(site: Site) -> list[Prediction]:
    run = run_of(site)
    chances = ("0.62", "0.55", "0.31", "0.2", "0.12", "0.1", "0.09", "0.08", "0.07", "0.06", "0.05", "0.04")
    found = [expect(site, run, place, chance) for place, chance in enumerate(chances)]
    for one in found[4:]:
        settled(site, one, Outcome.FAIL if one is found[4] else Outcome.PASS)
    administrator = site.world.administrator()
    firm = administrator.get(f"/projects/{site.project}").json()["organisation"]
    for login, role, capacities in (("ines", "inspector", ["inspector"]), ("sam", "site_manager", [])):
        site.world.person(login)
        member = {"login": login, "organisation": firm, "role": role, "capacities": capacities}
        assert administrator.post(f"/projects/{site.project}/members", member).status_code == 201
    return found


def looking(site: Site, login: str, **of_page: Any) -> Any:
    page = site.page(**of_page)
    sign_in(page, site.url, login)
    page.goto(f"{site.url}/projects/{site.project}")
    page.wait_for_selector("canvas[data-phase=ready]")
    if of_page.get("touch"):
        page.tap(".tabs button >> nth=3")
    page.click(".tasks [data-mode=simulation]")
    page.click(".dock > .stack > .segments button >> nth=1")
    page.wait_for_selector(".predictions .segments")
    return page


def listed(page: Any) -> list[str]:
    return [text.split("\n")[0] for text in page.locator(".prediction .open strong").all_inner_texts()]


def test_an_inspector_goes_from_the_list_to_the_model_and_back_and_decides(
    site: Site, predicted: list[Prediction]
) -> None:
    page = looking(site, "ines")
    said = complaints(page)
    assert listed(page) == ["Column 1", "Column 2"], "those that are probable enough"
    page.click(".predictions .segments button:has-text('To inspect')")
    assert listed(page) == ["Column 1", "Column 2", "Column 3", "Column 4"]
    first = " ".join(page.inner_text(".prediction >> nth=0").split())
    assert "Rank 1 Column · Level 0 Out of tolerance: Plumb 62 % probable 95 %: 31 % to 100 %" in first
    assert "Cost 100 · risk 62 · 20 min · saves 61" in first
    assert "take 80 min" in page.inner_text(".predictions")
    page.click(".prediction .open:has-text('Column 3')")
    page.wait_for_selector(f".detail .id:has-text('{site.made.global_ids[2]}')")
    page.fill("input[type=search]", "Column 2")
    page.click(".row:not(.head) >> nth=0")  # in the model or the table: the line opens
    page.wait_for_selector(".prediction.on .open:has-text('Column 2')")
    assert page.locator(".prediction.on").count() == 1
    page.click(".predictions button:has-text('Colour the model')")
    page.wait_for_selector(".dock strong:has-text('Predicted')")
    page.click(".dock button:has-text('End')")
    opened = page.locator(".prediction.on")
    opened.locator("summary:has-text('Confirm')").click()
    opened.locator("textarea").first.fill("18 mm out of plumb by the bob")
    opened.locator("input[type=password]").fill("something else")
    opened.locator("form button:has-text('Confirm')").click()
    page.wait_for_selector(".prediction.on .fault:has-text('password')")
    opened.locator("input[type=password]").fill(PASSWORD)
    opened.locator("form button:has-text('Confirm')").click()
    page.wait_for_function("() => document.querySelectorAll('.prediction').length === 3")
    page.click(".prediction .open:has-text('Column 4')")
    opened.locator("summary:has-text('Dismiss')").click()
    opened.locator("textarea").last.fill("replaced on Monday")
    opened.locator("form button:has-text('Dismiss')").click()
    page.wait_for_function("() => document.querySelectorAll('.prediction').length === 2")
    page.click(".predictions .segments button:has-text('Found out')")
    assert {"Column 2", "Column 4"} <= set(listed(page))
    page.click(".prediction .open:has-text('Column 2')")
    assert "18 mm out of plumb by the bob" in page.inner_text(".prediction.on")
    assert "not scored" in page.inner_text(".prediction.on")
    assert [one for one in said if "401" not in one and "403" not in one] == [], "the wrong password alone is refused"
    kept = site.world.administrator().get(f"/projects/{site.project}/predictions/{predicted[1].id}").json()
    assert (kept["state"], kept["settled"]["signed_as"]) == ("confirmed", "inspector")
    site.leave(page)


def test_what_was_found_out_is_shown_with_its_score(site: Site, predicted: list[Prediction]) -> None:
    page = looking(site, "sam", language="zh-CN", size=(390, 844), touch=True)
    page.tap(".prediction .open >> nth=0")
    page.wait_for_selector(".prediction.on")
    told = page.inner_text(".prediction.on")
    assert "垂直度未测量；12 个同类（柱 · Level 0）显示预计 62.0 % 超差。" in told
    assert "由检验员、质量负责人和项目所有者确认或排除" in told, "a site manager decides none"
    assert page.locator(".prediction.on input[type=password]").count() == 0
    page.tap(".predictions .segments button:has-text('结果')")
    page.wait_for_selector(".fared svg")
    fared = site.world.administrator().get(f"/projects/{site.project}/prediction-score").json()
    told = page.inner_text(".fared")
    assert f"{fared['brier']:.3f}" in told
    assert fared["measured"] == len(predicted) - 4
    assert page.locator(".calibration circle, .calibration .cross").count() == len(fared["bins"])
    if AXE.is_file():
        assert examined(page, AXE.read_text(encoding="utf-8"), "found out") == []
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    site.leave(page)


def test_without_a_connection_a_reason_waits_and_nothing_is_signed(site: Site, predicted: list[Prediction]) -> None:
    page = looking(site, "ines")
    page.context.set_offline(True)
    page.evaluate("() => dispatchEvent(new Event('offline'))")
    page.click(".prediction .open >> nth=0")
    page.click(".prediction.on summary:has-text('Confirm')")
    page.wait_for_selector(".prediction.on .signing:has-text('server')")
    assert page.locator(".prediction.on input[type=password]").count() == 0
    page.click(".prediction.on summary:has-text('Dismiss')")
    page.locator(".prediction.on textarea").last.fill("already replaced")
    page.click(".prediction.on form button:has-text('Dismiss')")
    page.wait_for_selector(".prediction.on .pending:has-text('already replaced')")
    page.context.set_offline(False)
    page.evaluate("() => dispatchEvent(new Event('online'))")
    page.wait_for_selector(".prediction.on .pending", state="detached")
    kept = site.world.administrator().get(f"/projects/{site.project}/predictions/{predicted[0].id}").json()
    assert (kept["state"], kept["settled"]["reason"]) == ("dismissed", "already replaced")
    site.leave(page)


def test_what_cannot_be_read_is_said_with_a_way_on_and_asked_for_again_with_patience(
    site: Site, predicted: list[Prediction]
) -> None:
    """One thing fails while all others answer: the connection seems to break and to be back each time."""
    page = site.inside(size=(820, 1180), language="zh-CN", touch=True)
    asked: list[str] = []

    def lose(route: Any) -> None:
        asked.append(route.request.url)
        route.abort()

    page.route("**/predictions?*", lose)
    page.tap(".tasks [data-mode=simulation]")
    page.tap(".dock > .stack > .segments button >> nth=1")
    page.wait_for_selector(".dock .notice[role=alert] button:has-text('重试')")
    page.wait_for_timeout(700)  # it asked some fifty times in that time
    assert len(asked) <= 8, len(asked)
    assert page.evaluate("() => document.documentElement.scrollHeight <= innerHeight")
    page.unroute("**/predictions?*")
    page.tap(".dock .notice button:has-text('重试')")
    page.wait_for_selector(".predictions .segments")
    site.leave(page)


def table(count: int, seed: int, named: str = "") -> bytes:
    """Return units of a line as CSV, with their outcome where they have no names."""
    data = line_data(count, np.random.default_rng(seed))
    lines = [",".join([*(["serial"] if named else []), *VARIABLES, *([] if named else ["bad"])])]
    for n, (row, bad) in enumerate(zip(data.recorded, data.defective, strict=True)):
        ends = [] if named else [str(int(bad))]
        lines.append(",".join([*([f"{named}{n}"] if named else []), *(f"{one:.5g}" for one in row), *ends]))
    return "\n".join(lines).encode()


def test_new_units_are_scored_by_a_model_that_a_run_fitted(site: Site) -> None:
    admin, root = site.world.administrator(), f"/projects/{site.project}"
    services = site.world.services
    worker = Worker(services.store, services.blobs, job_kinds(), clock=site.world.clock)
    page = site.inside(size=(390, 844), touch=True)
    said = complaints(page)
    page.tap(".tabs button >> nth=3")
    page.tap(".tasks [data-mode=simulation]")
    page.tap(".dock .segments button >> nth=0")
    asking = page.locator(".dock details:has(> summary:has-text('Ask for another'))")
    asking.get_by_label("What is asked").select_option("quality")
    learnt = {"name": "line.csv", "mimeType": "text/csv", "buffer": table(1_000, 5)}
    asking.locator("input[type=file]").set_input_files(files=[learnt])
    asking.locator("button.primary, button[type=submit]").tap()
    asking.locator(".fault:has-text('which column')").wait_for()
    asking.get_by_label("Column of the outcome").select_option("bad")
    asking.locator("summary:has-text('costs')").tap()
    asking.get_by_label("Cost of a defect").fill("100")
    asking.get_by_label("Cost of acting").fill("15")
    if AXE.is_file():
        assert examined(page, AXE.read_text(encoding="utf-8"), "learning", ".dock") == []
    asking.locator("button[type=submit]").tap()
    page.wait_for_selector("[role=status]:has-text('Learning from the units')")
    until(lambda: bool(admin.get(f"{root}/jobs?state=queued").json()["items"]))
    worker.drain()
    page.wait_for_selector(".units")
    (fitted,) = admin.get(f"{root}/rehearsals?kind=quality").json()["items"]
    assert (fitted["parameters"]["escape"], fitted["parameters"]["action"]) == ("100", "15")
    page.tap(".units summary")
    page.wait_for_selector(".units:has-text('Learnt from 1000 units')")
    today = {"name": "today.csv", "mimeType": "text/csv", "buffer": table(60, 6, "N")}
    page.set_input_files(".units input[type=file]", files=[today])
    page.tap(".units button:has-text('Score')")
    page.wait_for_selector(".units button:has-text('Scoring')")
    until(lambda: bool(admin.get(f"{root}/jobs?state=queued").json()["items"]))
    worker.drain()
    page.wait_for_function("() => document.querySelectorAll('.units').length === 2")
    (*_, made) = admin.get(f"{root}/rehearsals?kind=quality").json()["items"]
    fresh = admin.get(f"{root}/rehearsals/{made['id']}/files/quality.json").json()["new"]
    page.tap(".units summary >> nth=0")  # the last run stands first
    page.wait_for_selector(".units .unit-score")
    told = page.inner_text(".units >> nth=0")
    assert f"today.csv: 60 units, {fresh['to_act_on']} to act on" in told
    assert page.locator(".unit-score").count() == len(fresh["likeliest"])
    acts = sum(one["probability"] >= 0.15 for one in fresh["likeliest"])
    assert page.locator(".unit-score .tag").count() == acts
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    if AXE.is_file():
        assert examined(page, AXE.read_text(encoding="utf-8"), "units") == []
    assert said == []
    site.leave(page)
