"""The check: scan in, verdicts out. This module is the algorithm, one step after the other."""

from collections.abc import Callable, Mapping, Sequence

from geometry.as_built import solve_as_built
from geometry.design import DesignModel
from geometry.element_pose import element_shapes
from geometry.errors import EmptyInput
from geometry.mesh_health import seen_triangles
from geometry.note import Note
from geometry.registration.register import register
from geometry.registration.request import RegistrationRequest
from geometry.registration.result import Registration, RegistrationStatus
from geometry.scan import Scan
from geometry.station_agreement import StationAgreement, station_agreement
from geometry.tolerance import ToleranceSet
from geometry.triangle_tree import build_tree, set_workers
from geometry.visibility import see_surface, trace_rays
from twin.budgets import INSTRUMENT, budgets_of
from twin.judging import Evidence, judge_elements, point_deviations, unmodelled_clusters
from twin.result import CheckResult, StationSight, shapeless_elements
from twin.sight import bring_into_sight
from twin.station_notes import agreement_notes
from twin.station_sights import station_sights

SEARCH_BAND = 0.15
"""How far (m) from its designed place an element is looked for."""

Progress = Callable[[str, float], None]
"""Called with the step's name and the share done, 0..1."""


def check(
    design: DesignModel,
    scan: Scan,
    tolerances: ToleranceSet,
    *,
    registration: RegistrationRequest,
    seed: int = 0,
    workers: int = 2,
    progress: Progress | None = None,
) -> CheckResult:
    """Compare a scan with a design, element by element.

    Values in, values out; no file is touched. When the registration is refused, nothing is claimed of any element.

    Raises
    ------
    EmptyInput
        If the scan has no point or the design no triangle.
    """
    if len(scan.points) == 0 or not any(len(e.mesh.faces) for e in design.elements.values()):
        which = "scan has no point" if len(scan.points) == 0 else "model has no element with a shape"
        raise EmptyInput(f"there is nothing to compare: the {which}. Export it again with its content")
    report = progress or _silent
    set_workers(workers)
    agreement = station_agreement(scan)
    scan = scan.without(agreement.aside)
    found = register(scan, design, registration, seed=seed, progress=lambda share: report("registering", share))
    if found.status is RegistrationStatus.REFUSED:
        notes = _notes(scan, design, agreement) + (found.notes if found.pairs else ())
        return CheckResult(
            design, scan, found, (), (), None, tolerances.name, notes, _settings(seed), seed, agreement=agreement
        )
    return compare(design, scan, found, tolerances, agreement=agreement, seed=seed, progress=progress)


def compare(
    design: DesignModel,
    scan: Scan,
    registration: Registration,
    tolerances: ToleranceSet,
    *,
    agreement: StationAgreement | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> CheckResult:
    """Compare a registered scan with a design: assign, measure, judge.

    ``agreement`` is of its stations; None: it is worked out, and no station is left out.

    Raises
    ------
    ValueError
        If the registration has no pose.
    """
    if registration.T_design_scan is None:
        raise ValueError("a refused registration has no pose to compare with")
    report = progress or _silent
    agreement = agreement or station_agreement(scan)
    elements = tuple(e for e in design.elements.values() if len(e.mesh.faces))
    shapes = element_shapes([seen_triangles(e.mesh) for e in elements])
    tree = build_tree(shapes.triangles, shapes.element)
    report("measuring", 0.0)
    sight = bring_into_sight(scan, registration.T_design_scan, tree, band=SEARCH_BAND)
    as_built = solve_as_built(shapes, sight.seen, SEARCH_BAND, progress=lambda share: report("measuring", 0.7 * share))
    surface = see_surface(tree, shapes.triangles, shapes.element, len(elements), sight.stations, sight.reach)
    rays = None
    stations: Mapping[int, Sequence[StationSight]] = {}
    if sight.origins is not None:
        rays = trace_rays(tree, len(elements), sight.origins, sight.seen.points, as_built.element)
        stations = station_sights(scan, as_built.element, rays)
    budgets = budgets_of(registration, scan, agreement, as_built.element, len(elements))
    evidence = Evidence(sight, as_built, surface, rays, budgets, stations)
    judged = judge_elements(elements, shapes, evidence, tolerances) + shapeless_elements(design)
    clusters = unmodelled_clusters(sight.seen.points, as_built.element, tree, design.origin)
    report("measuring", 1.0)
    settings = _settings(seed) | {"noise_m": round(sight.noise, 6)}
    deviations = point_deviations(as_built)
    notes = _notes(scan, design, agreement) + registration.notes
    return CheckResult(
        design, scan, registration, judged, clusters, deviations, tolerances.name, notes, settings, seed,
        agreement=agreement,
    )  # fmt: skip


def _settings(seed: int) -> dict[str, object]:
    return {"search_band_m": SEARCH_BAND, "instrument_m": INSTRUMENT, "seed": seed}


_TELL_OF_POSITIONS = ("position_unknown", "positions_unknown")
"""What readers note of a scan that does not say where it was taken."""


def _notes(scan: Scan, design: DesignModel, agreement: StationAgreement) -> tuple[str, ...]:
    notes = scan.notes + agreement_notes(scan, agreement) + design.notes
    told = any(isinstance(note, Note) and note.word in _TELL_OF_POSITIONS for note in scan.notes)
    if not scan.has_poses and not told:
        said = (
            "the scan does not say where it was taken: only what leaves bare what it would cover is called missing, "
            "and visibility is not known"
        )
        notes += (Note("no_positions", said),)
    return notes


def _silent(step: str, share: float) -> None:
    """Report to nobody."""
