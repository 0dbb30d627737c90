"""A virtual terrestrial laser scanner: full panoramas of a design as it was built, with what makes real scans hard.

Modelled: range noise that grows with range and slant, lost returns at grazing incidence, mixed pixels where the beam
straddles an edge (facts: a return between both surfaces), occlusion by the building and by clutter, range limits,
random dropouts, an unknown site frame, a residual tilt of that frame, station poses with a registration error.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from geometry.arrays import BoolArray, Float32Array, FloatArray, Int32Array
from geometry.design import Element
from geometry.pose import Pose
from samples.clutter import ClutterSettings, clutter_triangles
from samples.defects import BuiltPart, Defect, PlantedDefects, build_part
from samples.raycast import Hits, RayScene, ray_scene

NOT_DESIGNED = -1


@dataclass(frozen=True, slots=True)
class ScannerSettings:
    """One instrument and how it is used."""

    resolution_rad: float = float(np.radians(0.2))
    lowest_rad: float = float(np.radians(-60.0))
    highest_rad: float = float(np.radians(90.0))
    noise_m: float = 0.002
    """Standard deviation of the range at perpendicular incidence, close by."""
    noise_range_m: float = 60.0
    """Range at which the noise is twice as large."""
    slant_noise: float = 0.065
    """Noise grows by this times (1 / cos(incidence) - 1)."""
    beam_radius_m: float = 0.0025
    beam_divergence_rad: float = 1.5e-4
    """Half angle: the footprint's radius is ``beam_radius_m + range * beam_divergence_rad``."""
    nearest_m: float = 0.6
    farthest_m: float = 60.0
    dropout: float = 0.001
    grazing_cosine: float = 0.12
    """Below this cosine of the incidence angle more and more returns are lost."""
    station_error_m: float = 0.0
    """Standard deviation, per axis, of each station's recorded position."""
    station_error_rad: float = 0.0
    site_tilt_rad: float = 0.0
    """How much the site frame leans against the design's vertical."""
    clutter: ClutterSettings = field(default_factory=ClutterSettings)


@dataclass(frozen=True, slots=True, eq=False)
class StationScan:
    """What one station recorded, and what only the simulator knows."""

    name: str
    T_site_station: Pose
    """As recorded in the file: with the station's registration error."""
    T_design_station: Pose
    """The truth."""
    points: Float32Array
    """(n, 3) metres in the station's frame."""
    intensity: Float32Array
    element: Int32Array
    """(n,) index into ``SimulatedScan.global_ids``; `NOT_DESIGNED` for clutter and extras."""
    mixed: BoolArray
    """(n,) the return lies between two surfaces."""
    true_range: FloatArray
    """(n,) metres from the station to the surface in the middle of the beam."""
    normal_move: FloatArray
    """(n,) metres that the surface which was hit moved along its normal against the design; 0 for clutter."""


@dataclass(frozen=True, slots=True, eq=False)
class RayTally:
    """Per element, summed over stations: (e,) counts of rays."""

    design_rays: Int32Array
    """Rays that would have hit it first, had everything been built as designed."""
    through_rays: Int32Array
    """Of these, the ones that came back from over 50 mm elsewhere."""
    behind_rays: Int32Array
    """Of these, the ones that came back from over 50 mm behind: proof that the place is empty."""


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedScan:
    """A multi-station scan of a building with planted defects, and how it came about."""

    stations: tuple[StationScan, ...]
    T_design_site: Pose
    global_ids: tuple[str, ...]
    tally: RayTally
    defects: PlantedDefects

    @property
    def point_count(self) -> int:
        """Number of recorded points, all stations."""
        return sum(len(station.points) for station in self.stations)


@dataclass(frozen=True, slots=True, eq=False)
class _Surfaces:
    """Triangles with their owner; ``moves`` (f, 3, 3) is how far each corner is from its place in the design."""

    scene: RayScene
    owner: Int32Array
    moves: FloatArray
    normals: FloatArray


def scan_design(
    elements: Mapping[str, Element],
    stations: FloatArray,
    settings: ScannerSettings,
    defects: PlantedDefects,
    rng: np.random.Generator,
) -> SimulatedScan:
    """Scan any design from the given stations as if it had been built with the given defects.

    Parameters
    ----------
    elements : the design, by GlobalId
    stations : (s, 3) metres, scanner positions in the design frame
    settings : the instrument
    defects : one for every element; see `samples.defects.random_defects`
    rng : the only source of chance

    Raises
    ------
    ValueError
        If an element has no defect (``Defect("ok")`` says that it has none).
    """
    global_ids = tuple(sorted(elements))
    if absent := [guid for guid in global_ids if guid not in defects.by_element]:
        raise ValueError(f"no defect is given for element {absent[0]}; use Defect('ok') for what is built right")
    identity = {guid: Defect("ok") for guid in global_ids}
    design = _surfaces([build_part(elements[guid], identity[guid]) for guid in global_ids], [], np.zeros((0, 3, 3)))
    clutter = clutter_triangles(design.scene, stations, settings.clutter, rng)
    parts = [build_part(elements[guid], defects.by_element[guid]) for guid in global_ids]
    built = _surfaces(parts, [defects.extras[name] for name in sorted(defects.extras)], clutter)
    T_design_site = _random_site_frame(stations, settings, rng)
    counts = np.zeros((3, len(global_ids)), dtype=np.int32)
    scans = [
        _scan_station(f"Station {i + 1:03d}", position, design, built, settings, T_design_site, counts, rng)
        for i, position in enumerate(np.asarray(stations, np.float64))
    ]
    return SimulatedScan(tuple(scans), T_design_site, global_ids, RayTally(*counts), defects)


def resolution_for(points: int, stations: int, returning_share: float) -> float:
    """Return the angular step (rad) at which so many stations record about ``points`` points in all."""
    settings = ScannerSettings()
    solid_angle = 2 * np.pi * (settings.highest_rad - settings.lowest_rad)
    return float(np.sqrt(solid_angle * stations * max(returning_share, 0.02) / points))


def panorama(settings: ScannerSettings) -> FloatArray:
    """Return the beam directions (n, 3) of one full panorama in the station's frame, row by row from below."""
    rows = np.arange(settings.lowest_rad, settings.highest_rad, settings.resolution_rad)
    columns = np.arange(round(2 * np.pi / settings.resolution_rad)) * settings.resolution_rad - np.pi
    elevation, azimuth = (grid.ravel() for grid in np.meshgrid(rows, columns, indexing="ij"))
    flat = np.cos(elevation)
    return np.stack([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)], axis=1)


def _surfaces(parts: Sequence[BuiltPart | None], extras: Sequence[BuiltPart], clutter: FloatArray) -> _Surfaces:
    owned = [(i, part) for i, part in enumerate(parts) if part is not None]
    owned += [(NOT_DESIGNED, part) for part in extras]
    triangles = [part.built[part.faces] for _, part in owned] + [clutter]
    moves = [(part.built - part.design)[part.faces] for _, part in owned] + [np.zeros_like(clutter)]
    owner = [np.full(len(part.faces), i) for i, part in owned] + [np.full(len(clutter), NOT_DESIGNED)]
    corners = np.concatenate(triangles)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
    return _Surfaces(ray_scene(corners), np.concatenate(owner).astype(np.int32), np.concatenate(moves), normals)


def _random_site_frame(stations: FloatArray, settings: ScannerSettings, rng: np.random.Generator) -> Pose:
    """Return T_design_site: any yaw, up to 50 m away, a few metres up or down, leaning by the residual tilt."""
    yaw, lean = rng.uniform(-np.pi, np.pi), rng.uniform(-np.pi, np.pi)
    lean_axis = np.array([np.cos(lean), np.sin(lean), 0.0])
    tilt = Pose.from_rotation_vector(settings.site_tilt_rad * lean_axis)
    shift = Pose.from_parts(np.eye(3), [*rng.uniform(-50.0, 50.0, 2), rng.uniform(-3.0, 3.0)])
    middle = Pose.from_parts(np.eye(3), np.mean(stations, axis=0))
    return middle @ shift @ tilt @ Pose.from_yaw(yaw)


def _scan_station(
    name: str,
    position: FloatArray,
    design: _Surfaces,
    built: _Surfaces,
    settings: ScannerSettings,
    T_design_site: Pose,
    counts: Int32Array,
    rng: np.random.Generator,
) -> StationScan:
    # The scanner levels itself in the site frame, so its vertical is the site's, not the design's.
    heading = Pose.from_yaw(rng.uniform(-np.pi, np.pi))
    T_design_station = Pose.from_parts(T_design_site.rotation @ heading.rotation, position)
    beams = panorama(settings)
    directions = T_design_station.rotate(beams)
    hits = built.scene.first_hits(position, directions, settings.farthest_m)
    intended = design.scene.first_hits(position, directions, settings.farthest_m)
    cosine = np.abs(np.einsum("ij,ij->i", built.normals[hits.triangle], directions))
    measured, mixed = _mixed_ranges(position, directions, hits, built, settings, rng)
    measured = _noisy_ranges(measured, cosine, settings, rng)
    returned = _returned(hits, measured, cosine, settings, rng)
    _count_rays(counts, design.owner, intended, np.where(returned, measured, np.nan))

    rays = np.flatnonzero(returned)
    triangle = hits.triangle[rays]
    surface_points = position + hits.distance[rays, None] * directions[rays]
    moved = _normal_moves(surface_points, triangle, built)
    noise = Pose.from_yaw(
        rng.normal(0.0, 1.0) * settings.station_error_rad, rng.normal(0.0, 1.0, 3) * settings.station_error_m
    )
    intensity = 0.1 + 0.8 * cosine[rays] * (0.95 + 0.05 * rng.random(len(rays)))
    return StationScan(
        name,
        T_design_site.inverse() @ T_design_station @ noise,
        T_design_station,
        (beams[rays] * measured[rays, None]).astype(np.float32),
        intensity.astype(np.float32),
        built.owner[triangle],
        mixed[rays],
        hits.distance[rays],
        moved,
    )


def _mixed_ranges(
    position: FloatArray,
    directions: FloatArray,
    hits: Hits,
    built: _Surfaces,
    settings: ScannerSettings,
    rng: np.random.Generator,
) -> tuple[FloatArray, BoolArray]:
    """Return ranges (n,) in which beams that straddle an edge give something between both surfaces, and which did.

    A second ray through a random place of the footprint meets the other surface; the part of the footprint on it is
    at most a half, since the middle of the beam is not on it. Surfaces over 2 m apart give separate pulses: no mixing.
    """
    ranges, mixed = hits.distance.copy(), np.zeros(len(directions), dtype=np.bool_)
    across = rng.normal(size=directions.shape)
    reach, share = np.sqrt(rng.random(len(directions))), 0.5 * rng.random(len(directions))
    seen = np.flatnonzero(np.isfinite(hits.distance))
    directions, across, first = directions[seen], across[seen], hits.distance[seen]
    across -= np.einsum("ij,ij->i", across, directions)[:, None] * directions
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    reach = reach[seen] * (settings.beam_radius_m + first * settings.beam_divergence_rad)
    second = built.scene.first_hits(position + reach[:, None] * across, directions, settings.farthest_m).distance
    normals = built.normals[hits.triangle[seen]]
    slope = np.einsum("ij,ij->i", normals, across) / np.einsum("ij,ij->i", normals, directions)
    # where the second ray would meet the plane of the first one: a slanted wall is no edge
    expected = first - reach * slope
    straddles = (np.abs(second - expected) > 0.010) & (np.abs(second - first) < 2.0)
    rays = seen[straddles]
    mixed[rays] = True
    ranges[rays] += share[rays] * (second - first)[straddles]
    return ranges, mixed


def _noisy_ranges(
    ranges: FloatArray, cosine: FloatArray, settings: ScannerSettings, rng: np.random.Generator
) -> FloatArray:
    slant = 1.0 + settings.slant_noise * (1.0 / np.maximum(cosine, 0.05) - 1.0)
    sigma = settings.noise_m * slant * np.sqrt(1.0 + 3.0 * (np.minimum(ranges, 1e3) / settings.noise_range_m) ** 2)
    return ranges + sigma * rng.normal(size=len(ranges))


def _returned(
    hits: Hits, measured: FloatArray, cosine: FloatArray, settings: ScannerSettings, rng: np.random.Generator
) -> BoolArray:
    lost = settings.dropout + np.clip(1.0 - cosine / settings.grazing_cosine, 0.0, 1.0) ** 2
    in_reach = (measured >= settings.nearest_m) & (measured <= settings.farthest_m)
    return (hits.triangle >= 0) & in_reach & (rng.random(len(cosine)) >= lost)


def _count_rays(counts: Int32Array, owner: Int32Array, intended: Hits, measured: FloatArray) -> None:
    """Add one station's rays to ``counts`` (3, e); ``measured`` is NaN where nothing came back."""
    aimed = np.flatnonzero(intended.triangle >= 0)
    element = owner[intended.triangle[aimed]]
    beyond = measured[aimed] - intended.distance[aimed]
    for row, chosen in enumerate((np.ones(len(aimed), bool), np.abs(beyond) > 0.05, beyond > 0.05)):
        counts[row] += np.bincount(element[chosen], minlength=counts.shape[1]).astype(np.int32)


def _normal_moves(points: FloatArray, triangle: Int32Array, built: _Surfaces) -> FloatArray:
    """Return how far (n,) the surface at the points (n, 3) has moved along its own normal, metres."""
    a, b, c = (built.scene.triangles[triangle, k] for k in range(3))
    n = np.cross(b - a, c - a)
    area = np.maximum(np.einsum("ij,ij->i", n, n), 1e-30)
    v = np.einsum("ij,ij->i", np.cross(points - a, c - a), n) / area
    w = np.einsum("ij,ij->i", np.cross(b - a, points - a), n) / area
    corner = built.moves[triangle]
    move = corner[:, 0] + v[:, None] * (corner[:, 1] - corner[:, 0]) + w[:, None] * (corner[:, 2] - corner[:, 0])
    return np.abs(np.einsum("ij,ij->i", move, built.normals[triangle]))
