"""A small made-up building and what a check might say about it: every state, every verdict, hostile names."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from geometry.arrays import FloatArray
from geometry.design import DesignModel, Element, Mesh
from geometry.pose import Pose
from geometry.registration.result import Registration, RegistrationStatus, Rival
from geometry.scan import Scan, Station
from geometry.source import SourceFile
from geometry.verdict import Measurement, Outcome, State, judge
from tests.geometry.registration.buildings import BOX_FACES
from twin.report.provenance import Provenance
from twin.result import (
    AsBuiltPose,
    CheckResult,
    DeviationSummary,
    ElementResult,
    PointDeviations,
    StationSight,
    Unmodelled,
    Visibility,
)

ORIGIN = np.array([367_412.5, 5_432_100.25, 112.0])


@dataclass(frozen=True)
class Part:
    """One box of the building and what happened to it."""

    ifc_class: str
    name: str
    storey: str
    low: tuple[float, float, float]
    high: tuple[float, float, float]
    state: State = State.INSTALLED
    move: tuple[float, float, float] = (0.0, 0.0, 0.0)
    uncertainty: float = 0.0025
    observable: tuple[bool, bool, bool, bool, bool, bool] = (True, True, True, True, True, True)
    reasons: tuple[str, ...] = field(default=())


def box(low: FloatArray, high: FloatArray) -> Mesh:
    """Return an axis-aligned box with outward faces."""
    x0, y0, z0 = low
    x1, y1, z1 = high
    corners = [[x0, y0, z0], [x1, y0, z0], [x1, y1, z0], [x0, y1, z0]]
    corners += [[x0, y0, z1], [x1, y0, z1], [x1, y1, z1], [x0, y1, z1]]
    return Mesh(np.array(corners, np.float64), BOX_FACES)


def building_parts() -> list[Part]:
    """Return two storeys of slabs, walls, columns, beams and a few hostile names."""
    parts: list[Part] = []
    for level, storey in ((0.0, "Ground floor"), (3.2, "1st floor 二层")):
        top = level + 3.0
        parts.append(Part("IfcSlab", f"Slab {storey}", storey, (0, 0, level - 0.2), (12, 8, level)))
        wall = (True, False, False, True, False, True)
        parts += [
            Part("IfcWall", f"Wall W {storey}", storey, (0, 0, level), (0.2, 8, top), observable=wall),
            Part("IfcWall", f"Wall E {storey}", storey, (11.8, 0, level), (12, 8, top), observable=wall),
            Part("IfcWall", f"Wall N {storey}", storey, (0.2, 7.8, level), (11.8, 8, top)),
        ]
        parts += [
            Part("IfcColumn", f"C{k + 1} {storey}", storey, (x, y, level), (x + 0.4, y + 0.4, top))
            for k, (x, y) in enumerate([(2, 2), (6, 2), (10, 2), (2, 5.4), (6, 5.4), (10, 5.4)])
        ]
        parts += [
            Part("IfcBeam", f"B{k + 1} {storey}", storey, (2.4, y, top - 0.5), (10, y + 0.3, top))
            for k, y in enumerate((2.05, 5.45))
        ]
    change = {
        "C2 Ground floor": {"move": (0.018, -0.004, 0.0)},
        "C5 Ground floor": {"move": (0.0, 0.0105, 0.0), "uncertainty": 0.003},
        "C3 1st floor 二层": {"state": State.MISSING, "reasons": ("rays_through:412",)},
        "C6 1st floor 二层": {"state": State.OCCLUDED, "reasons": ("hidden_in_scan",)},
        "B2 1st floor 二层": {"state": State.UNSEEN, "reasons": ("out_of_reach",)},
        "Wall E Ground floor": {"move": (-0.024, 0.0, 0.0)},
        "Wall N 1st floor 二层": {"state": State.DESIGN_SUSPECT, "reasons": ("design_suspect:boolean failed",)},
        "C1 1st floor 二层": {"uncertainty": 0.014, "reasons": ("capability",)},
    }
    parts = [dataclasses.replace(part, **change.get(part.name, {})) for part in parts]
    door = Part("IfcDoor", '<script>alert("x")</script>', "Ground floor", (4, 7.75, 0), (5, 7.85, 2.1))
    window = Part("IfcWindow", '=HYPERLINK("http://x","y")', "Ground floor", (7, 7.75, 1), (8.5, 7.85, 2.2))
    pipe = Part("IfcPipeSegment", "消防管道 DN100 & 'quoted' \x07", "1st floor 二层", (1, 1, 5.6), (11, 1.1, 5.7))
    stair = Part("IfcStairFlight", "Stair " + "very long name " * 9, "", (0.4, 6, 0), (3, 7.6, 1.5))
    return [
        *parts,
        dataclasses.replace(door, state=State.MISSING, reasons=("rays_through:97", "unknown_word:7")),
        dataclasses.replace(window, move=(0.0, 0.031, 0.0)),
        dataclasses.replace(pipe, move=(0.0, 0.0, -0.045)),
        stair,
    ]


def surface_points(mesh: Mesh, count: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Return points (count, 3) on the surface and their outward normals (count, 3)."""
    triangles = mesh.triangles()
    normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    area = np.linalg.norm(normals, axis=1)
    pick = rng.choice(len(area), size=count, p=area / area.sum())
    u, v = np.sort(rng.random((2, count)), axis=0)
    weights = np.stack([u, v - u, 1 - v], axis=1)
    return np.einsum("nk,nkd->nd", weights, triangles[pick]), normals[pick] / area[pick, None]


def element_result(part: Part, global_id: str, distances: FloatArray) -> ElementResult:
    """Return what a check would say about a part whose points have the given signed distances."""
    seen = part.state is State.INSTALLED
    measurements: tuple[Measurement, ...] = ()
    if seen:
        clause = "GB 50204-2015, 8.3.2"
        offset = float(np.linalg.norm(part.move))
        u = part.uncertainty
        outcome = judge(offset, -0.010, 0.010, u)
        note = "capability" if u > 0.010 else ""
        p95 = float(np.quantile(np.abs(distances), 0.95))
        flatness = judge(p95, 0.0, 0.008, 0.001)
        measurements = (
            Measurement("position", offset, -0.010, 0.010, u, outcome, clause, n=len(distances), note=note),
            Measurement("flatness_2m", p95, 0.0, 0.008, 0.001, flatness, clause, n=len(distances)),
            Measurement(
                "section_width", float("nan"), -0.005, 0.010, float("nan"), Outcome.NOT_MEASURED,
                clause, nominal=0.4, note="capability",
            ),
        )  # fmt: skip
    outcomes = [measurement.outcome for measurement in measurements]
    verdict = Outcome.NOT_MEASURED
    for candidate in (Outcome.PASS, Outcome.INDETERMINATE, Outcome.FAIL):
        verdict = candidate if candidate in outcomes else verdict
    variance = np.where(part.observable, (part.uncertainty / 2) ** 2, np.inf)
    pose = AsBuiltPose(
        np.where(part.observable[:3], part.move, 0.0), np.array([0.0, 0.001, 0.0]), np.diag(variance), part.observable
    )
    summary = None
    if seen:
        low, high = float(distances.min()), float(distances.max())
        mean, spread = float(distances.mean()), float(distances.std())
        p95 = float(np.quantile(np.abs(distances), 0.95))
        summary = DeviationSummary(mean, spread, p95, low, high, len(distances))
    stations = (StationSight("Setup 1", len(distances) if seen else 0, 0 if seen else 412),)
    return ElementResult(
        global_id, part.ifc_class, part.name, part.storey, part.state,
        Outcome.FAIL if part.state is State.MISSING else verdict,
        len(distances) if seen else 0, 0.62 if part.state is not State.UNSEEN else 0.0, 0.87 if seen else 0.0,
        pose if seen else None, summary, measurements,
        Visibility(400, 320, 260, 240 if seen else 3, 5200, 0 if seen else 412, 380, stations), part.reasons,
    )  # fmt: skip


def make_result(parts: list[Part], points_per_part: int = 1500, origin: FloatArray = ORIGIN) -> CheckResult:
    """Return the check of a building made of ``parts``; the scan is yawed by 0.3 rad and has its own origin."""
    rng = np.random.default_rng(7)
    T_design_scan = Pose.from_yaw(0.3, [4.0, 3.0, 1.6])
    elements: dict[str, Element] = {}
    results: list[ElementResult] = []
    clouds: list[FloatArray] = []
    signed: list[FloatArray] = []
    owner: list[FloatArray] = []
    for index, part in enumerate(parts):
        global_id = f"{index:04d}qtemsreportfixture"
        mesh = box(np.array(part.low, np.float64), np.array(part.high, np.float64))
        elements[global_id] = Element(global_id, part.ifc_class, part.name, part.storey, mesh)
        points, normals = surface_points(mesh, points_per_part, rng)
        distances = normals @ np.array(part.move) + rng.normal(0.0, 0.001, points_per_part)
        results.append(element_result(part, global_id, distances))
        if part.state is State.INSTALLED:
            clouds.append(points + normals * distances[:, None])
            signed.append(distances)
            owner.append(np.full(points_per_part, index))
    stray = rng.uniform([5, 3, 0], [5.8, 3.6, 1.1], (points_per_part, 3))
    clouds.append(stray)
    signed.append(np.full(len(stray), np.nan))
    owner.append(np.full(len(stray), -1))
    stations = (Station("S1", np.zeros(3)), Station("S2", np.array([4.0, 1.0, 3.2])))
    points = T_design_scan.inverse().apply(np.vstack(clouds))
    source = SourceFile("models/建筑 A.ifc", "ab" * 32, "IFC4")
    scan = Scan(
        points, (np.arange(len(points)) % 2).astype(np.int32), stations, np.array([500_000.0, 4_000_000.0, 50.0]),
        (SourceFile("scans/site.e57", "cd" * 32, "E57"),), declared_points=len(points) + 120, invalid_points=120,
    )  # fmt: skip
    design = DesignModel(elements, origin, source, 0.001, {"Ground floor": 0.0, "1st floor 二层": 3.2})
    covariance = np.diag([1e-9, 1e-9, 4e-9, 1.6e-7, 1.6e-7, 2.5e-7])
    registration = Registration(
        RegistrationStatus.ACCEPTED, T_design_scan, "auto", rmse=0.00213, holdout_rmse=0.00221, inlier_fraction=0.941,
        overlap=0.93, covariance=covariance, pivot=np.array([6.0, 4.0, 3.0]), iterations=24, converged=True,
        supporters=27, judged=31,
        rivals=(Rival(Pose.from_yaw(0.3 + np.pi, [8.0, 5.0, 1.6]), 0.52, 7.4, np.pi),),
    )  # fmt: skip
    return CheckResult(
        design, scan, registration, tuple(results),
        (Unmodelled(np.array([5.4, 3.3, 0.55]) + origin, np.array([0.8, 0.6, 1.1]), len(stray)),),
        PointDeviations(np.concatenate(owner).astype(np.int32), np.concatenate(signed).astype(np.float32)),
        "GB 50204-2015", ("The cloud was thinned: every 2nd point was used.",),
        {"tolerance": "profile", "band_m": 0.05, "workers": 2}, 42,
    )  # fmt: skip


def refused(result: CheckResult, reason: str = "ambiguous") -> CheckResult:
    """Return the same check with its registration refused."""
    rivals = (
        Rival(Pose.from_yaw(0.3 + np.pi, [8.0, 5.0, 1.6]), 0.918, 7.4, np.pi),
        Rival(Pose.from_yaw(0.3, [4.0, 3.0, 4.8]), 0.897, 3.2, 0.0),
    )
    registration = dataclasses.replace(
        result.registration,
        status=RegistrationStatus.REFUSED,
        reason=reason,
        detail="two poses explain 92 % of the scan equally well; give control points with --register FILE",
        rivals=rivals,
        supporters=0,
        judged=0,
        rmse=float("nan"),
        holdout_rmse=float("nan"),
        covariance=None,
        pivot=None,
        unobservable=("x", "yaw"),
    )
    return dataclasses.replace(
        result, registration=registration, elements=(), unmodelled=(), point_deviations=None, notes=()
    )


@pytest.fixture(scope="session")
def building() -> CheckResult:
    """Return the whole building, accepted registration, all states and verdicts."""
    return make_result(building_parts())


@pytest.fixture(scope="session")
def refused_check(building: CheckResult) -> CheckResult:
    """Return the same building with a refused registration."""
    return refused(building)


@pytest.fixture(scope="session")
def empty_check(building: CheckResult) -> CheckResult:
    """Return an accepted registration with nothing to judge."""
    return dataclasses.replace(building, elements=(), unmodelled=(), point_deviations=None)


@pytest.fixture(scope="session")
def many() -> CheckResult:
    """Return 3,000 elements, a third of them failing."""
    parts: list[Part] = []
    for k in range(3000):
        x, y, z = (k % 30) * 2.0, (k // 30 % 20) * 2.0, (k // 600) * 3.0
        move = (0.02, 0.0, 0.0) if k % 3 == 0 else (0.0, 0.0, 0.0)
        parts.append(Part("IfcColumn", f"C{k}", f"L{k // 600}", (x, y, z), (x + 0.3, y + 0.3, z + 2.8), move=move))
    return make_result(parts, points_per_part=20)


@pytest.fixture(scope="session")
def provenance_of() -> Callable[[CheckResult], Provenance]:
    """Return the function that gives a result its provenance with a fixed version."""
    return lambda result: Provenance.of(result, version="0.1.0")
