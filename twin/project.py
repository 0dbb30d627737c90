"""What a project consists of: its people, its model revisions, its scan epochs and the checks between them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from twin.access import CAPACITIES, Capacity, Role
from twin.access_words import never_signs
from twin.errors import Invalid
from twin.instrument import Instrument
from twin.record import Evidence, Id, content_sha256, require_utc
from twin.revision_diff import RevisionDiff

_SHA256 = re.compile(r"[0-9a-f]{64}")
_RIGID = Decimal("1e-6")
"""How far a rotation written as decimals may be from a rotation."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """A company or authority that takes part in projects."""

    id: Id
    name: str

    def __post_init__(self) -> None:
        """Refuse an organisation without a name."""
        _filled(self.name, "an organisation's name")


@dataclass(frozen=True, slots=True)
class Project:
    """One building or plant that is checked."""

    id: Id
    organisation: Id
    key: str
    """Short and unique, part of every number: ``TOWER`` gives ``TOWER-NCR-0001``."""
    name: str
    language: str = "en"

    def __post_init__(self) -> None:
        """Refuse a key that cannot be read aloud, and a language that there are no texts in."""
        _filled(self.name, "a project's name")
        if not re.fullmatch(r"[A-Z][A-Z0-9]{1,11}", self.key):
            raise Invalid(f"a project's key is 2 to 12 capital letters and digits, not {self.key!r}")
        if self.language not in ("en", "zh"):
            raise Invalid(f"language {self.language!r} is not known: choose en or zh")


@dataclass(frozen=True, slots=True)
class Member:
    """A person in a project: what they may do and in which capacities they sign."""

    id: Id
    project: Id
    user: Id
    organisation: Id
    role: Role
    capacities: tuple[Capacity, ...] = ()
    """Sorted; empty = signs nothing."""
    active: bool = True
    """False for someone who left: what they did stays theirs, and they may do nothing more."""

    def __post_init__(self) -> None:
        """Refuse capacities beyond those of the role."""
        beyond = sorted(set(self.capacities) - CAPACITIES[self.role])
        if beyond:
            raise Invalid(never_signs(self.role, beyond[:1]))
        if len(set(self.capacities)) < len(self.capacities):
            raise Invalid("a member's capacities name one twice")


@dataclass(frozen=True, slots=True)
class MapConversion:
    """Where the model's local origin is on the map (IfcMapConversion), metres."""

    crs: str
    eastings: Decimal
    northings: Decimal
    orthogonal_height: Decimal
    x_axis_abscissa: Decimal = Decimal(1)
    x_axis_ordinate: Decimal = Decimal(0)
    scale: Decimal = Decimal(1)

    def __post_init__(self) -> None:
        """Refuse a direction without length, or a scale that turns or removes the model."""
        _filled(self.crs, "the name of the map's coordinate system")
        numbers = (self.eastings, self.northings, self.orthogonal_height, self.x_axis_abscissa, self.x_axis_ordinate)
        if not all(number.is_finite() for number in (*numbers, self.scale)):
            raise Invalid("a map conversion needs finite numbers")
        if self.x_axis_abscissa == 0 and self.x_axis_ordinate == 0:
            raise Invalid("the map conversion's x axis has no direction")
        if self.scale <= 0:
            raise Invalid(f"the map conversion's scale must be above zero, not {self.scale}")


@dataclass(frozen=True, slots=True)
class ModelRevision:
    """One issue of a model, named by what it contains."""

    id: Id
    project: Id
    number: int
    """1, 2, ...: the order in which they came into force."""
    file_name: str
    sha256: str
    schema: str
    """``IFC4``, ``AP242`` ..."""
    metres_per_unit: Decimal
    """How many metres the file's length unit is: 0.001, 1, 0.3048 ..."""
    imported_at: datetime
    map_conversion: MapConversion | None = None
    previous: Id | None = None
    diff: RevisionDiff | None = None
    """To ``previous``."""
    fingerprints_sha256: str = ""
    """The blob with the fingerprints of its elements, to compare the next revision with; empty when none is kept."""
    scene_sha256: str = ""
    """The blob that lists what the 3D view loads; empty when nothing has a shape."""
    schedule_sha256: str = ""
    """The blob with the tasks that its file brings along; empty when nobody looked for them."""

    def __post_init__(self) -> None:
        """Refuse what could be taken for another revision or another size."""
        _sha256(self.sha256, "a model revision")
        _filled(self.file_name, "a model's file name")
        _filled(self.schema, "a model's schema")
        require_utc(self.imported_at)
        if self.number < 1:
            raise Invalid(f"model revisions are numbered from 1, not {self.number}")
        if not self.metres_per_unit.is_finite() or self.metres_per_unit <= 0:
            raise Invalid(f"a length unit is a positive number of metres, not {self.metres_per_unit}")
        if (self.number == 1) != (self.previous is None):
            raise Invalid(f"revision {self.number} must name the revision before it, and only the first has none")
        if self.diff is not None and self.previous is None:
            raise Invalid("the first revision has nothing to differ from")


@dataclass(frozen=True, slots=True)
class Rotation:
    """How a scanner was turned: the unit quaternion that turns its own frame into the scan's."""

    w: Decimal
    x: Decimal
    y: Decimal
    z: Decimal


@dataclass(frozen=True, slots=True)
class Station:
    """Where a scanner stood and how it was turned, in the scan's own frame, metres."""

    name: str
    x: Decimal
    y: Decimal
    z: Decimal
    rotation: Rotation | None = None
    """None when the file does not say: nobody measured that it was not turned."""

    def __post_init__(self) -> None:
        """Refuse a pose that is not one."""
        turn = (self.rotation.w, self.rotation.x, self.rotation.y, self.rotation.z) if self.rotation else ()
        if not all(number.is_finite() for number in (self.x, self.y, self.z, *turn)):
            raise Invalid(f"station {self.name}: position and rotation must be finite")
        if not turn:
            return
        length = sum((part * part for part in turn), Decimal(0))
        if abs(length - 1) > _RIGID:
            raise Invalid(f"station {self.name}: a rotation is a unit quaternion, and this one has length² {length}")


@dataclass(frozen=True, slots=True)
class ScanFile:
    """One file of a scan campaign."""

    file_name: str
    sha256: str
    points: int
    stations: tuple[Station, ...] = ()
    """Empty when the file does not say where it was taken."""

    def __post_init__(self) -> None:
        """Refuse an empty scan."""
        _filled(self.file_name, "a scan's file name")
        _sha256(self.sha256, f"scan {self.file_name}")
        if self.points < 1:
            raise Invalid(f"scan {self.file_name} holds no point: export it again with its content")


@dataclass(frozen=True, slots=True)
class ScanEpoch:
    """One capture campaign."""

    id: Id
    project: Id
    name: str
    captured_at: datetime
    scans: tuple[ScanFile, ...]
    instrument: Instrument | None = None
    """None when nobody said; then nothing is known of its calibration."""
    redating_reason: str = ""
    """Why its time of capture was put right; empty where it is as it was given."""
    scene_sha256: str = ""
    """The blob that lists what the 3D view loads of the scan in its own frame; empty when nothing was prepared."""

    def __post_init__(self) -> None:
        """Refuse an epoch without scans, or with the same scan twice."""
        require_utc(self.captured_at)
        _filled(self.name, "an epoch's name")
        if not self.scans:
            raise Invalid(f"epoch {self.name} needs at least one scan")
        if len({scan.sha256 for scan in self.scans}) < len(self.scans):
            raise Invalid(f"epoch {self.name} holds the same scan twice: its points would count double")

    @property
    def calibrated(self) -> bool:
        """Whether the instrument is known to have been calibrated on the day of capture."""
        return self.instrument is not None and self.instrument.is_calibrated(self.captured_at.date())


class RegistrationStatus(StrEnum):
    """How a registration ended."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RegistrationRecord:
    """How the scan was brought into the design's frame, as the report states it."""

    status: RegistrationStatus
    method: str
    T_design_scan: tuple[Decimal, ...] = ()
    """16 numbers row by row, metres; empty when refused."""
    rmse_mm: Decimal | None = None
    rivals: int = 0
    """How many other poses explain the scan about as well."""

    @property
    def transform_sha256(self) -> str:
        """Digest of the pose as it is kept, to be named by what was found with it; empty when refused."""
        return content_sha256({"T_design_scan": [str(n) for n in self.T_design_scan]}) if self.T_design_scan else ""

    def __post_init__(self) -> None:
        """Refuse an accepted registration without a rigid pose, and a pose of a refused one."""
        if self.status is RegistrationStatus.REFUSED:
            if self.T_design_scan:
                raise Invalid("a refused registration has no pose: nothing may be claimed from one")
            return
        if not _is_rigid(self.T_design_scan):
            raise Invalid("T_design_scan must be 16 numbers of a rigid motion, row by row: no scale, no reflection")


@dataclass(frozen=True, slots=True)
class CheckRun:
    """One run of the check: everything that it depends on, and what it left."""

    id: Id
    project: Id
    revision: Id
    epoch: Id
    model_sha256: str
    scan_sha256: tuple[str, ...]
    tolerance: str
    """Name of the tolerance set: ``GB 50204-2015``."""
    version: str
    """Of qtems."""
    seed: int
    started_at: datetime
    finished_at: datetime
    registration: RegistrationRecord
    report: Evidence
    """The machine-readable report, by its hash."""
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    files: tuple[Evidence, ...] = ()
    """Everything else that it wrote, each with its file name as description."""
    scene_sha256: str = ""
    """The blob that lists what the 3D view loads; empty when the registration was refused."""
    counts: bool = True
    """Whether it is the one that says what is known after its epoch; at most one check of an epoch is. One that does
    not count is for information: it raises no finding, re-inspects nothing and leaves what is known as it is."""
    counting_reason: str = ""
    """Why it counts in place of another one, or counts no more."""
    pictures: tuple[Evidence, ...] = ()
    """Of what it found, one per cause, each with its file name as description."""
    findings_sha256: str = ""
    """The blob with what it found, raised as findings once it counts; empty when the registration was refused."""
    glance_sha256: str = ""
    """The blob with what views ask of all elements at once (``twin.operations.glances``); empty where there is none."""
    glance_version: int = 0
    """Of what that blob says; 0 where there is none, and for those made before there were versions."""

    def __post_init__(self) -> None:
        """Refuse a run that could not be repeated from what it says."""
        _sha256(self.model_sha256, "a check's model")
        for digest in self.scan_sha256:
            _sha256(digest, "a check's scan")
        if not self.scan_sha256:
            raise Invalid("a check names every scan that it used, and this one names none")
        _filled(self.tolerance, "a check's tolerance set")
        _filled(self.version, "the version that ran a check")
        if require_utc(self.finished_at) < require_utc(self.started_at):
            raise Invalid(f"a check that started at {self.started_at} cannot have finished at {self.finished_at}")
        if self.counts and self.registration.status is RegistrationStatus.REFUSED:
            raise Invalid("a check whose registration was refused says nothing and cannot count")


def _is_rigid(matrix: tuple[Decimal, ...]) -> bool:
    """Say whether 16 numbers are a rotation and a translation."""
    if len(matrix) != 16 or not all(number.is_finite() for number in matrix):
        return False
    if matrix[12:] != (0, 0, 0, 1):
        return False
    a, b, c = (matrix[i : i + 3] for i in (0, 4, 8))
    for row, other, expected in ((a, a, 1), (b, b, 1), (c, c, 1), (a, b, 0), (a, c, 0), (b, c, 0)):
        if abs(sum(p * q for p, q in zip(row, other, strict=True)) - expected) > _RIGID:
            return False
    cross = (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
    return sum(p * q for p, q in zip(cross, c, strict=True)) > 0


def _sha256(digest: str, what: str) -> None:
    if not _SHA256.fullmatch(digest):
        raise Invalid(f"{what} is named by 64 hexadecimal digits of its SHA-256, not {digest!r}")


def _filled(text: str, what: str) -> None:
    if not text.strip():
        raise Invalid(f"{what} must not be empty")
