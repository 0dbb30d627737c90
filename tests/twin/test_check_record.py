"""What is kept of a real check of a small building with one of each defect."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from geometry.registration.request import RegistrationRequest
from geometry.tolerance import surface_tolerance
from geometry.verdict import Outcome
from tests.reference.house import DESIGN, MISSING, MOVED, house_scan, matrix_to_design
from tests.reference.scenes import design_of
from twin.check import check
from twin.check_record import Commission, Shown, causes_of, check_run, element_rows, findings_of
from twin.element_state import Status
from twin.project import RegistrationStatus
from twin.record import Actor, Evidence, EvidenceKind
from twin.report.provenance import Provenance
from twin.report.report_json import report_document
from twin.result import CheckResult
from twin.store.codec import from_json, to_json

DAY = datetime(2026, 5, 1, tzinfo=UTC)
WHICH = Commission("a" * 32, "b" * 32, "c" * 32, "d" * 32, DAY, DAY, DAY, "0.1")
REPORT = Evidence(EvidenceKind.REPORT, "0" * 64)


@pytest.fixture(scope="module")
def checked() -> CheckResult:
    request = RegistrationRequest.from_matrix(matrix_to_design())
    return check(design_of(DESIGN), house_scan(), surface_tolerance(0.01), registration=request)


def test_the_run_says_what_it_depends_on_and_keeps_its_pose(checked: CheckResult) -> None:
    run = check_run(checked, WHICH, REPORT)
    assert run.registration.status is RegistrationStatus.ACCEPTED
    kept = np.array([float(x) for x in run.registration.T_design_scan]).reshape(4, 4)
    stated = report_document(checked, Provenance.of(checked, "0.1"))["registration"]
    np.testing.assert_allclose(kept, stated["T_design_scan"], atol=1e-11)  # pyright: ignore[reportIndexIssue]
    assert run.model_sha256 == checked.design.source.sha256
    assert from_json(json.loads(json.dumps(to_json(run))), type(run)) == run


def test_every_element_has_a_row_and_what_is_wrong_is_known(checked: CheckResult) -> None:
    document = report_document(checked, Provenance.of(checked, "0.1"))
    rows = {row.name: row for row in element_rows(checked, document, WHICH, {})}
    assert set(rows) == {b.name for b in DESIGN}
    assert {rows[name].state.status for name in MOVED} == {Status.DEVIATING}
    assert rows["column 3"].state.status is Status.MISSING
    passed = {row.state.status for row in rows.values() if row.verdict == "pass"}
    open_ = {row.state.status for row in rows.values() if row.verdict == "indeterminate"}
    assert (passed, open_) == ({Status.VERIFIED}, {Status.UNRESOLVED})
    assert rows["column hidden"].state.status is Status.PLANNED
    assert rows["column hidden"].state.stale
    assert rows["column 1"].measured["verdict"] == "fail"


def test_each_failing_element_is_in_one_finding_and_each_finding_can_be_kept(checked: CheckResult) -> None:
    causes = causes_of(checked)
    run = check_run(checked, WHICH, REPORT)
    found = findings_of(run, causes, [Shown() for _ in causes], Actor("e" * 32, "qtems"))
    names = {e.global_id: e.name for e in checked.elements}
    concerned = [names[g] for finding in found for g in finding.defect.global_ids]
    failing = {e.name for e in checked.elements if e.verdict is Outcome.FAIL}
    assert sorted(concerned) == sorted(failing)
    assert failing >= set(MOVED) | {"column 3"}
    assert "column hidden" in MISSING
    for finding in found:
        assert from_json(json.loads(json.dumps(to_json(finding))), type(finding)) == finding
    east = next(f for f in found if names[f.defect.global_ids[0]] == "wall east")
    motion = {c.axis.value: c for c in east.defect.motion}
    assert abs(motion["x"].value + 30) <= motion["x"].expanded_uncertainty + Decimal(1)


def test_a_refused_registration_says_nothing_about_any_element() -> None:
    design = design_of(DESIGN[:2])
    refused = check(design, house_scan(), surface_tolerance(0.01), registration=RegistrationRequest.auto())
    assert refused.registration.status.value == "refused"
    assert element_rows(refused, {"elements": []}, WHICH, {}) == ()
    assert causes_of(refused) == ()
    run = check_run(refused, WHICH, REPORT)
    assert run.registration.status is RegistrationStatus.REFUSED
    assert run.registration.T_design_scan == ()
