"""What a registration found, and how it ended."""

from dataclasses import dataclass, field
from enum import StrEnum

from geometry.arrays import FloatArray
from geometry.pose import Pose


class RegistrationStatus(StrEnum):
    """How a registration ended."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, eq=False)
class Rival:
    """Another pose that explains the scan about as well."""

    T_design_scan: Pose
    score: float
    """Share of the scan explained, on the same scale as the winner's."""
    distance_m: float
    """How far the scan's centre lies from where the winner puts it."""
    angle_rad: float


@dataclass(frozen=True, slots=True)
class PickedPair:
    """A pair of points that a person picked, and how it fits."""

    name: str
    scan: tuple[float, float, float]
    """Metres, as picked (origin included)."""
    design: tuple[float, float, float]
    sigma_m: float
    """Standard uncertainty of the picking, along each axis."""
    residual_m: float
    """Distance left at the pair by the pose of the registration."""
    left_out_m: float
    """How far the scan's point lies from where the other pairs put it; NaN where they cannot say."""
    outlier: bool
    """It does not belong with the others."""


@dataclass(frozen=True, slots=True, eq=False)
class Registration:
    """The scan -> design pose with its quality, or the refusal with its reason.

    ``T_design_scan`` maps points relative to the scan's origin to points relative to the design's origin. It is the
    best pose found even when the status is refused, and None only when nothing was found at all.
    """

    status: RegistrationStatus
    T_design_scan: Pose | None
    method: str
    """``auto`` (global search and refinement), ``given``, ``matrix``, ``control_points`` or ``picked``."""
    reason: str = ""
    """Machine word for a refusal: ``ambiguous``, ``low_overlap``, ``degenerate``, ``residual``, ``no_geometry``."""
    detail: str = ""
    """One English line: what was seen and what to do."""
    rmse: float = float("nan")
    """Root mean square point-to-surface distance of the inliers, metres: of a pose found, points within its own
    scatter; of a given one, all points within 3 cm of the design, what is built wrong included."""
    holdout_rmse: float = float("nan")
    """The same on points that took no part in the refinement, metres."""
    inlier_fraction: float = 0.0
    """Share of sampled scan points within the inlier distance of the design."""
    overlap: float = 0.0
    """Share of the scan's surface points that have a normal-compatible design surface nearby."""
    covariance: FloatArray | None = None
    """(6, 6) of (rotation vector rad, translation m) of a left perturbation about ``pivot``, in the design frame."""
    pivot: FloatArray | None = None
    """(3,) metres, design frame less the design's origin: where the covariance is expressed."""
    unobservable: tuple[str, ...] = ()
    """Directions that the seen surfaces do not fix, in words such as ``x`` or ``yaw``."""
    rivals: tuple[Rival, ...] = ()
    iterations: int = 0
    converged: bool = False
    supporters: int = 0
    """How many elements agree with the pose."""
    judged: int = 0
    """How many elements had enough points to agree or disagree."""
    control_residuals_m: tuple[float, ...] = field(default_factory=tuple[float, ...])
    """Distance left at each control point, when control points were used."""
    notes: tuple[str, ...] = ()
    """What the uncertainty of the pose rests on when it was not measured, one English line each; a ``Note`` each."""
    score: float = float("nan")
    """Share of the scan explained, on the same scale as the rivals'; NaN where none were looked for."""
    pairs: tuple[PickedPair, ...] = ()
    """The pairs that were picked by hand, when they were."""
