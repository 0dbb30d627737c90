"""What a check found: values only, ready to be written as a report."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from geometry.arrays import Float32Array, FloatArray, Int32Array
from geometry.design import DesignModel
from geometry.note import Note
from geometry.registration.result import Registration
from geometry.scan import Scan
from geometry.station_agreement import StationAgreement
from geometry.verdict import Measurement, Outcome, State


@dataclass(frozen=True, slots=True, eq=False)
class AsBuiltPose:
    """The as-built pose of an element relative to its as-designed pose, in the design frame's axes.

    The rotation is about the centre of the element's designed bounding box; the translation is what that centre moved.
    """

    translation: FloatArray
    """(3,) metres; 0 where not observable (see ``observable``)."""
    rotation_vector: FloatArray
    """(3,) radians."""
    covariance: FloatArray
    """(6, 6) of (translation m, rotation rad); variance is inf where not observable."""
    observable: tuple[bool, bool, bool, bool, bool, bool]
    """Translation x, y, z, rotation about x, y, z."""


@dataclass(frozen=True, slots=True)
class DeviationSummary:
    """Signed deviation of an element's points from its designed surface, metres, + = outside the material."""

    mean: float
    std: float
    p95_abs: float
    min: float
    max: float
    n: int


@dataclass(frozen=True, slots=True)
class StationSight:
    """What one station saw of an element."""

    name: str
    points: int
    """Measured from there that belong to the element."""
    passed_through: int
    """Rays from there that crossed the element's place and came back from clearly behind."""


@dataclass(frozen=True, slots=True)
class Visibility:
    """Evidence of what the stations could see of an element.

    The first four count samples spread evenly over the element's surface, the others measured rays.
    """

    samples: int
    in_reach: int
    """Samples that face a station within its reach, before any occlusion."""
    expected: int
    """Samples that the design leaves visible from a station."""
    confirmed: int
    """Expected samples with scan points of the element on them."""
    rays_expected: int = 0
    """Measured rays that meet this element first as designed."""
    passed_through: int = 0
    """Measured rays that crossed the element's place and came back from clearly behind: nothing is there."""
    blocked: int = 0
    """Of the rays expected, those that came back from something nearer."""
    stations: tuple[StationSight, ...] = ()
    """Those that measured it or saw through its place, in the scan's order; none where positions are not known."""


@dataclass(frozen=True, slots=True, eq=False)
class ElementResult:
    """Everything that is said about one element."""

    global_id: str
    ifc_class: str
    name: str
    storey: str
    state: State
    verdict: Outcome
    points: int
    visible_fraction: float
    """Share of the element's outer surface that some station could see."""
    coverage: float
    """Share of the visible surface that has scan points of the element on it."""
    pose: AsBuiltPose | None = None
    deviation: DeviationSummary | None = None
    measurements: tuple[Measurement, ...] = ()
    visibility: Visibility | None = None
    reasons: tuple[str, ...] = ()
    """Machine words that explain state and verdict (``twin.report.words`` has them in each language); a word may carry
    a value after a colon: ``few_points:12``, ``design_suspect:boolean failed``."""
    predefined_type: str = ""
    """As the design says it; empty where it says nothing."""


def shapeless_elements(design: DesignModel) -> tuple[ElementResult, ...]:
    """Return the elements that the design gives no shape: listed, so that nothing is lost, and never judged."""
    return tuple(
        ElementResult(
            global_id=element.global_id,
            ifc_class=element.ifc_class,
            name=element.name,
            storey=element.storey,
            state=State.DESIGN_SUSPECT,
            verdict=Outcome.NOT_MEASURED,
            points=0,
            visible_fraction=0.0,
            coverage=0.0,
            predefined_type=element.predefined_type,
            reasons=(Note("no_shape", "no_shape:{value}", value=element.suspect),),
        )
        for element in design.without_geometry.values()
    )


@dataclass(frozen=True, slots=True, eq=False)
class Unmodelled:
    """A cluster of points that belongs to nothing in the design."""

    centroid: FloatArray
    """(3,) metres, design frame (origin included)."""
    size: FloatArray
    """(3,) metres, axis-aligned."""
    points: int


@dataclass(frozen=True, slots=True, eq=False)
class PointDeviations:
    """Per scan point: which element it was assigned to and its signed deviation."""

    element_index: Int32Array
    """(n,) index into ``CheckResult.elements``, -1 = none."""
    signed_distance: Float32Array
    """(n,) metres from the designed surface, + = outside; NaN where no element is near."""


@dataclass(frozen=True, slots=True, eq=False)
class CheckResult:
    """The whole outcome of a check. ``elements`` is empty when the registration was refused."""

    design: DesignModel
    scan: Scan
    registration: Registration
    elements: tuple[ElementResult, ...]
    """Those with a shape first, in the order of ``point_deviations.element_index``, then those without one."""
    unmodelled: tuple[Unmodelled, ...]
    point_deviations: PointDeviations | None
    tolerance_name: str
    """``user ±10 mm``, ``GB 50204-2015`` ..."""
    notes: tuple[str, ...] = ()
    """What limits the claims: no station poses, thinned cloud ... One line each, English; most are a ``Note``."""
    parameters: Mapping[str, object] = field(default_factory=dict[str, object])
    """Every setting that influences the result, by name (plain JSON values)."""
    seed: int = 0
    agreement: StationAgreement | None = None
    """How well the stations agree with each other; None where that was not looked at."""
