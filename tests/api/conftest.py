"""A finished check made by hand, and a way to run the command line in this process."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from api import cli
from geometry.design import DesignModel
from geometry.pose import Pose
from geometry.registration.result import Registration, RegistrationStatus
from geometry.scan import Scan, Station
from geometry.source import SourceFile
from geometry.verdict import Measurement, Outcome, State, judge
from tests.api.hall import Files, hall_points, write_hall, write_xyz
from twin.operations.check import CheckOutcome
from twin.result import CheckResult, ElementResult, Unmodelled


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def qtems(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Return a function that runs the command line here and returns how it ended."""

    def run(*arguments: str | Path) -> Ended:
        try:
            code = cli.main([str(argument) for argument in arguments])
        except SystemExit as left:  # argparse
            code = left.code if isinstance(left.code, int) else 2
        captured = capsys.readouterr()
        return Ended(int(code), captured.out, captured.err)

    return run


def element(number: int, deviation_m: float, *, state: State = State.INSTALLED) -> ElementResult:
    """Return an element judged ±10 mm with U = 2 mm."""
    measured = state is State.INSTALLED
    outcome = judge(deviation_m, -0.01, 0.01, 0.002) if measured else Outcome.NOT_MEASURED
    surface = Measurement("surface", deviation_m, -0.01, 0.01, 0.002, outcome, "user", n=500)
    return ElementResult(
        global_id=f"element{number:015d}",
        ifc_class="IfcColumn",
        name=f"Column {number}",
        storey="Ground floor",
        state=state,
        verdict=Outcome.FAIL if state is State.MISSING else outcome,
        points=500 if measured else 0,
        visible_fraction=0.8,
        coverage=0.7 if measured else 0.0,
        measurements=(surface,) if measured else (),
        reasons=() if measured else ("through_rays:412",),
    )


def outcome_of(
    elements: Sequence[ElementResult],
    *,
    status: RegistrationStatus = RegistrationStatus.ACCEPTED,
    files: tuple[Path, ...] = (Path("report") / "report.json",),
    unmodelled: int = 0,
) -> CheckOutcome:
    """Return what a check of these elements would return."""
    accepted = status is RegistrationStatus.ACCEPTED
    registration = Registration(
        status=status,
        T_design_scan=Pose.identity(),
        method="auto",
        reason="" if accepted else "ambiguous",
        detail="" if accepted else "Two poses explain the scan. Give control points with --register FILE.",
        rmse=0.0021,
        holdout_rmse=0.0022,
        inlier_fraction=0.93,
    )
    source = SourceFile("/models/design.ifc", "0" * 64, "IFC4")
    scan_source = SourceFile("/scans/site.e57", "1" * 64, "E57")
    scan = Scan(
        points=np.zeros((4, 3)),
        station_index=np.zeros(4, np.int32),
        stations=(Station("S1", np.zeros(3)),),
        origin=np.zeros(3),
        sources=(scan_source,),
    )
    cluster = Unmodelled(np.zeros(3), np.ones(3), 100)
    result = CheckResult(
        design=DesignModel({}, np.zeros(3), source, 0.001),
        scan=scan,
        registration=registration,
        elements=tuple(elements),
        unmodelled=(cluster,) * unmodelled,
        point_deviations=None,
        tolerance_name="user ±10 mm",
        notes=("the scan says nothing about its range noise",),
    )
    return CheckOutcome(result, files)


@pytest.fixture(scope="session")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The hall and its scan as files."""
    folder = tmp_path_factory.mktemp("hall")
    return Files(write_hall(folder / "hall.obj"), write_xyz(hall_points(150.0), folder / "hall.xyz"))


@pytest.fixture
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep what a command remembers of files apart from this user's own."""
    monkeypatch.setenv("QTEMS_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture
def finished() -> Callable[..., CheckOutcome]:
    """Return the maker of finished checks."""
    return outcome_of


@pytest.fixture
def made() -> Callable[..., ElementResult]:
    """Return the maker of elements."""
    return element
