"""Checks over the wire."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from api.in_chinese import in_chinese
from api.paging import PageQuery
from api.schemas.base import RECORD_EXAMPLE, Line, OptionalLine, Prose, RecordOut, RecordRef, Schema, example, stamp
from twin.finding import Location
from twin.operations.checks import PickedPoints
from twin.project import CheckRun, RegistrationStatus
from twin.record import Evidence, Id
from twin.store.view import Stored

_ID = "5f2c9a6f1f0c4f6f8a3e0d1c2b3a4958"
_HASH = "c6f6f97a3f4b0af52cb6b3ba232fd27730338f5a6ca70e7314dcb80d4f0c6928"
_POSE = ["1", "0", "0", "12.5", "0", "1", "0", "-7", "0", "0", "1", "0.4", "0", "0", "0", "1"]
_RIVAL = {"T_design_scan": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], "score": 0.71, "distance_m": 3.6,
          "angle_deg": 180.0}  # fmt: skip
_PAIR = {"name": "A", "scan": ["12.34", "5.12", "0.98"], "design": ["1", "8.25", "0"], "sigma_mm": "10"}
_FITTED = {"name": "A", "scan": [12.34, 5.12, 0.98], "design": [1, 8.25, 0], "sigma_mm": 10, "residual_mm": 12.1,
           "left_out_mm": 18.9, "outlier": False}  # fmt: skip
Format = Literal["html", "pdf", "xlsx", "bcf", "glb", "cloud"]


class CheckFileOut(Schema):
    """A file that a check wrote."""

    model_config = example(name="report.html", media_type="text/html", sha256=_HASH)

    name: str
    media_type: str
    sha256: str


class RegistrationBrief(Schema):
    """How the scan was brought into the design's frame."""

    model_config = example(status="accepted", method="coarse+icp", T_design_scan=_POSE, rmse_mm="1.9", rivals=0)

    status: RegistrationStatus
    method: str
    T_design_scan: list[Decimal] = Field(description="16 numbers row by row, metres; empty when refused")
    rmse_mm: Decimal | None
    rivals: int = Field(description="How many other poses explain the scan about as well")


class CheckOut(RecordOut):
    """A check run: everything that it depends on, and what it left."""

    model_config = example(
        **RECORD_EXAMPLE, project=_ID, revision=_ID, epoch=_ID, model_sha256=_HASH, scan_sha256=[_HASH],
        tolerance="GB 50204-2015", qtems="0.1.0", seed=0, started_at="2026-11-22T08:00:00Z",
        finished_at="2026-11-22T08:01:12Z",
        registration={"status": "accepted", "method": "icp", "T_design_scan": _POSE, "rmse_mm": "1.9", "rivals": 0},
        parameters={"max_points": "30000000"},
        files=[{"name": "report.json", "media_type": "application/json", "sha256": _HASH}], has_scene=True,
        counts=True, counting_reason="", transform_sha256=_HASH,
        pictures=[{"name": "finding-001.jpg", "media_type": "image/jpeg", "sha256": _HASH}],
    )  # fmt: skip

    project: Id
    revision: Id
    epoch: Id
    model_sha256: str
    scan_sha256: list[str]
    tolerance: str
    qtems: str = Field(description="Version that ran it")
    seed: int
    started_at: datetime
    finished_at: datetime
    registration: RegistrationBrief
    parameters: Mapping[str, str]
    files: list[CheckFileOut] = Field(description="`report.json` first; each under `.../files/NAME`")
    has_scene: bool = Field(description="Whether there are deviations to look at: `.../scene/tileset.json`")
    counts: bool = Field(
        description="Whether it says what is known after its epoch; false: it is for information and raises no finding"
    )
    counting_reason: str = Field(description="Why it counts in place of another check, or counts no more")
    transform_sha256: str = Field(description="Digest of the pose that it was made with; empty when refused")
    pictures: list[CheckFileOut] = Field(description="One for each thing that it found; under `.../files/NAME`")


def check_out(stored: Stored[CheckRun]) -> CheckOut:
    """Return a run as it is sent."""
    run = stored.record
    found = run.registration
    return CheckOut(
        **stamp(stored), project=run.project, revision=run.revision, epoch=run.epoch, model_sha256=run.model_sha256,
        scan_sha256=list(run.scan_sha256), tolerance=run.tolerance, qtems=run.version, seed=run.seed,
        started_at=run.started_at, finished_at=run.finished_at,
        registration=RegistrationBrief(
            status=found.status, method=found.method, T_design_scan=list(found.T_design_scan), rmse_mm=found.rmse_mm,
            rivals=found.rivals,
        ),
        parameters=run.parameters, files=[_file(file) for file in (run.report, *run.files)],
        has_scene=bool(run.scene_sha256), counts=run.counts, counting_reason=run.counting_reason,
        transform_sha256=found.transform_sha256, pictures=[_file(file) for file in run.pictures],
    )  # fmt: skip


def _file(file: Evidence) -> CheckFileOut:
    return CheckFileOut(name=file.description, media_type=file.media_type, sha256=file.sha256)


class RivalOut(Schema):
    """Another pose that explains the scan about as well."""

    model_config = example(**_RIVAL)

    T_design_scan: list[list[float]]
    score: float | None
    distance_m: float | None
    angle_deg: float | None


class PairOut(Schema):
    """A picked pair, and how it fits the pose of the registration."""

    model_config = example(**_FITTED)

    name: str
    scan: list[float]
    design: list[float]
    sigma_mm: float | None
    residual_mm: float | None
    left_out_mm: float | None = Field(description="From where the other pairs put it; null with fewer than four")
    outlier: bool = Field(description="It does not belong with the others")


class RegistrationOut(Schema):
    """How the scan was brought into the design's frame, as the report states it; null where nothing is known."""

    model_config = example(
        status="accepted", method="coarse+icp", T_design_scan=_RIVAL["T_design_scan"], rmse_m=0.0019,
        holdout_rmse_m=0.002, inlier_fraction=0.93, overlap=0.88, iterations=17, converged=True, reason="", detail="",
        detail_zh="", unobservable=[], rivals=[_RIVAL], control_residuals_mm=[], score=0.82, pairs=[_FITTED],
    )  # fmt: skip

    status: RegistrationStatus
    method: str
    T_design_scan: list[list[float]] | None
    rmse_m: float | None
    holdout_rmse_m: float | None
    inlier_fraction: float | None
    overlap: float | None
    iterations: int
    converged: bool
    reason: str
    detail: str
    detail_zh: str = Field(default="", description="The same in Chinese; empty where there is none")
    unobservable: list[str]
    rivals: list[RivalOut]
    control_residuals_mm: list[float | None]
    score: float | None = Field(
        default=None, description="Share of the scan explained, as the rivals'; null where none were looked for"
    )
    pairs: list[PairOut] = Field(default=[], description="What was picked by hand, when it was")


def registration_out(report: Mapping[str, Any]) -> RegistrationOut:
    """Return the registration of a check's ``report.json``."""
    told: Mapping[str, Any] = report["registration"]
    known = {name: told[name] for name in RegistrationOut.model_fields if name in told}
    return RegistrationOut.model_validate({**known, "detail_zh": in_chinese(str(told["detail"]))})


class CheckQuery(PageQuery):
    """Filters of checks."""

    model_revision: RecordRef | None = None
    scan_epoch: RecordRef | None = None
    status: RegistrationStatus | None = None
    counts: bool | None = Field(default=None, description="Those that say what is known after their epoch")


Metres = Annotated[Decimal, Field(gt=-100_000_000, lt=100_000_000, max_digits=30, decimal_places=12)]
"""A coordinate as in the file."""


class PairIn(Schema):
    """The same place on scan and model, picked by a person; metres as in the files."""

    model_config = example(**_PAIR)

    name: Line
    scan: tuple[Metres, Metres, Metres]
    design: tuple[Metres, Metres, Metres]
    sigma_mm: Decimal = Field(
        default=Decimal(10), ge=Decimal("0.1"), le=100, max_digits=12,
        description="Standard uncertainty of the picking along each axis",
    )  # fmt: skip

    def record(self) -> PickedPoints:
        """Return it as it is ordered."""
        return PickedPoints(self.name, Location(*self.scan), Location(*self.design), str(self.sigma_mm))


class NewCheck(Schema):
    """Which check is asked for; at most one of the four tolerances."""

    model_config = example(
        revision=_ID, epoch=_ID, standard="GB 50204-2015", registration="auto", formats=["html", "bcf"], seed=0,
        lang="en",
    )  # fmt: skip

    revision: RecordRef
    epoch: RecordRef
    tolerance_mm: Decimal | None = Field(
        default=None, gt=0, le=10_000, max_digits=12, description="One ± tolerance on every surface"
    )
    standard: OptionalLine | None = Field(
        default=None, description="Name in the catalogue; without any of the four it is the built-in profile"
    )
    tolerances: RecordRef | None = Field(default=None, description="Upload of a tolerance file")
    tolerances_of: RecordRef | None = Field(
        default=None, description="A check whose tolerances are used again, an uploaded file by what it held"
    )
    registration: Literal["auto", "given"] = Field(
        default="auto", description="`given`: the scan is in the model's coordinates already"
    )
    registration_file: RecordRef | None = Field(
        default=None, description="Upload of a 4x4 matrix or of control points; goes before `registration`"
    )
    pairs: Annotated[tuple[PairIn, ...], Field(max_length=100)] = Field(
        default=(),
        description="Registers by hand: three pairs or more, not in a line. They say which pose it is, the surfaces "
        "how exactly; goes before `registration`",
    )
    level: bool = Field(default=False, description="The scan is level: the fit to the pairs only turns about z")
    formats: Annotated[tuple[Format, ...], Field(max_length=6)] = ("html", "pdf", "xlsx", "bcf", "glb", "cloud")
    seed: int = Field(default=0, ge=0, le=2**31 - 1)
    lang: Literal["en", "zh"] = "en"
    counts: bool | None = Field(
        default=None,
        description="Without it the first accepted check of an epoch counts. `true`: this one counts in place of that, "
        "for a `reason`; needs the action `check.decide`. `false`: for information only",
    )
    reason: Prose = Field(default="", description="Why it counts in place of another check")
