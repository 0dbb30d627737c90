"""What the virtual scanner records is what its settings, the planted defects and the truth say."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from geometry.arrays import FloatArray, IntArray
from geometry.design import Element
from samples.clutter import ClutterSettings
from samples.defects import Defect, DefectMix, PlantedDefects, build_part, displaced, random_defects
from samples.raycast import RayScene, ray_scene
from samples.scanner import ScannerSettings, SimulatedScan, StationScan, scan_design
from samples.truth import truth_of

STATIONS = np.array([[1.5, 1.5, 1.5], [5.0, 4.0, 1.6]])
PLAIN = ScannerSettings(resolution_rad=np.radians(1.0), clutter=ClutterSettings(per_station=0), dropout=0.0)
CLEAN = replace(PLAIN, noise_m=0.0, beam_radius_m=0.0, beam_divergence_rad=0.0, grazing_cosine=1e-9)


def as_designed(room: dict[str, Element]) -> PlantedDefects:
    """Return no defects at all."""
    return PlantedDefects({guid: Defect("ok") for guid in room})


def scanned(
    room: dict[str, Element], settings: ScannerSettings, defects: PlantedDefects, seed: int = 3
) -> SimulatedScan:
    """Return the room scanned from the two stations."""
    return scan_design(room, STATIONS, settings, defects, np.random.default_rng(seed))


def in_design(scan: SimulatedScan) -> FloatArray:
    """Return all points in the design frame as a user gets them: recorded pose, then the true registration."""
    return np.concatenate([scan.T_design_site.apply(s.T_site_station.apply(s.points)) for s in scan.stations])


def distance_by_loop(points: FloatArray, triangles: FloatArray) -> FloatArray:
    """Return the distance (n,) to the nearest triangle (f, 3, 3): plane if above the face, else its edges."""
    best = np.full(len(points), np.inf)
    for corners in triangles:
        a, b, c = corners
        n = np.cross(b - a, c - a)
        inside = np.ones(len(points), dtype=bool)
        for p, q in ((a, b), (b, c), (c, a)):
            inside &= (points - p) @ np.cross(n, q - p) >= 0
            t = np.clip((points - p) @ (q - p) / ((q - p) @ (q - p)), 0, 1)
            best = np.minimum(best, np.linalg.norm(points - p - t[:, None] * (q - p), axis=1))
        plane = np.abs((points - a) @ n) / np.linalg.norm(n)
        best = np.where(inside, np.minimum(best, plane), best)
    return best


def test_a_clean_scan_lies_on_the_building_in_the_true_frame(room: dict[str, Element]) -> None:
    scan = scanned(room, CLEAN, as_designed(room))
    triangles = np.concatenate([e.mesh.triangles() for e in room.values()])
    assert scan.point_count > 90_000
    some = in_design(scan)[::97]
    assert distance_by_loop(some, triangles).max() < 1e-5  # points are stored as float32


def test_the_closed_room_returns_every_beam(room: dict[str, Element]) -> None:
    scan = scanned(room, CLEAN, as_designed(room))
    assert [len(s.points) for s in scan.stations] == [360 * 150] * 2


def test_range_noise_has_the_stated_size_and_no_bias(room: dict[str, Element]) -> None:
    settings = replace(CLEAN, noise_m=0.004, slant_noise=0.0)
    scan = scanned(room, settings, as_designed(room))
    noise = np.concatenate([np.linalg.norm(s.points.astype(float), axis=1) - s.true_range for s in scan.stations])
    assert noise.std() == pytest.approx(0.004, rel=0.02)
    assert abs(noise.mean()) < 4 * 0.004 / np.sqrt(len(noise))


def test_noise_grows_with_slant(room: dict[str, Element]) -> None:
    scan = scanned(room, replace(CLEAN, noise_m=0.002, slant_noise=0.5), as_designed(room))
    station = scan.stations[0]
    # at equal intensity noise the intensity orders the points by the cosine of the incidence angle
    noise = np.linalg.norm(station.points.astype(float), axis=1) - station.true_range
    order = np.argsort(station.intensity)
    assert noise[order[:3000]].std() > 1.5 * noise[order[-3000:]].std()


def test_mixed_pixels_lie_between_two_surfaces_and_only_at_edges(room: dict[str, Element]) -> None:
    settings = replace(CLEAN, beam_radius_m=0.004, beam_divergence_rad=3e-4, resolution_rad=np.radians(0.5))
    scan = scanned(room, settings, as_designed(room))
    scene = ray_scene(np.concatenate([e.mesh.triangles() for e in room.values()]))
    mixed_points = 0
    for station in scan.stations:
        ranges = np.linalg.norm(station.points.astype(float), axis=1)
        np.testing.assert_allclose(ranges[~station.mixed], station.true_range[~station.mixed], atol=1e-5)
        mixed = np.flatnonzero(station.mixed)
        reached = footprint_ranges(station, mixed, scene, 0.004 + 3e-4 * station.true_range[mixed])
        assert np.ptp(reached, axis=1).min() > 0.01, "a mixed pixel where the whole footprint lies on one surface"
        assert (ranges[mixed] > reached.min(axis=1) - 0.005).all()
        assert (ranges[mixed] < reached.max(axis=1) + 0.005).all()
        mixed_points += len(mixed)
        flat = np.flatnonzero(~station.mixed)[::500]
        assert np.median(np.ptp(footprint_ranges(station, flat, scene, np.full(len(flat), 0.004)), axis=1)) < 0.01
    assert 20 < mixed_points < 0.02 * scan.point_count


def footprint_ranges(station: StationScan, points: IntArray, scene: RayScene, radius: FloatArray) -> FloatArray:
    """Return the ranges (k, n) that n parallel rays all over the footprint (radius (k,) m) of each beam meet."""
    chosen = station.points[points].astype(float)
    beams = station.T_design_station.rotate(chosen / np.linalg.norm(chosen, axis=1, keepdims=True))
    side = np.cross(beams, [0.3, 0.5, 0.8])
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    turn, reach = (grid.ravel()[:, None] for grid in np.meshgrid(np.linspace(0, 2 * np.pi, 48), np.linspace(0, 1, 8)))
    disc = reach * np.cos(turn) * side[:, None] + reach * np.sin(turn) * np.cross(beams, side)[:, None]
    origins = station.T_design_station.translation + radius[:, None, None] * disc
    directions = np.broadcast_to(beams[:, None], origins.shape)
    return scene.first_hits(origins.reshape(-1, 3), directions.reshape(-1, 3)).distance.reshape(len(points), -1)


def test_without_a_beam_width_nothing_is_mixed(room: dict[str, Element]) -> None:
    assert not any(s.mixed.any() for s in scanned(room, CLEAN, as_designed(room)).stations)


def test_grazing_beams_are_lost_and_only_those(room: dict[str, Element]) -> None:
    every = scanned(room, CLEAN, as_designed(room))
    kept = scanned(room, replace(CLEAN, grazing_cosine=0.5), as_designed(room))

    def count(scan: SimulatedScan, low: float, high: float) -> int:
        # the intensity is 0.1 + 0.8 cos(incidence), less up to 5 %
        cosine = np.concatenate([(s.intensity - 0.1) / 0.8 for s in scan.stations])
        return int(((cosine >= low) & (cosine < high)).sum())

    assert count(kept, 0.55, 1.1) == pytest.approx(count(every, 0.55, 1.1), rel=0.001)
    assert count(kept, 0.0, 0.3) < 0.85 * count(every, 0.0, 0.3)


def test_dropouts_happen_at_the_stated_rate(room: dict[str, Element]) -> None:
    share = 1 - scanned(room, replace(CLEAN, dropout=0.05), as_designed(room)).point_count / (2 * 360 * 150)
    assert share == pytest.approx(0.05, abs=0.003)


def test_clutter_hides_and_belongs_to_nobody(room: dict[str, Element]) -> None:
    crowded = scanned(room, replace(CLEAN, clutter=ClutterSettings(per_station=6)), as_designed(room))
    foreign = np.concatenate([s.element == -1 for s in crowded.stations])
    assert 0.01 < foreign.mean() < 0.6
    points = in_design(crowded)[foreign]
    assert (points[:, 2] > -0.01).all()
    assert (points[:, 2] < 3.01).all()


def test_a_planted_shift_is_found_in_the_points(room: dict[str, Element]) -> None:
    defects = dict(as_designed(room).by_element) | {"board": Defect("shifted", (0.0, 0.037, 0.0))}
    scan = scanned(room, PLAIN, PlantedDefects(defects))
    index = scan.global_ids.index("board")
    clean = np.concatenate([(s.element == index) & ~s.mixed for s in scan.stations])
    points = in_design(scan)[clean]
    face = points[(points[:, 2] > 0.1) & (points[:, 2] < 1.9) & (points[:, 1] < 3.66)]
    assert len(face) > 1000
    assert np.mean(face[:, 1]) - 3.6 == pytest.approx(0.037, abs=0.0003)


def test_points_lie_on_the_surface_as_built_not_as_designed(room: dict[str, Element]) -> None:
    defects = random_defects(tuple(room), DefectMix(shifted=0.4, tilted=0.3, missing=0.1), np.random.default_rng(5))
    scan = scanned(room, CLEAN, defects)
    parts = [build_part(room[guid], defects.by_element[guid]) for guid in room]
    built = np.concatenate([part.built[part.faces] for part in parts if part is not None])
    some = in_design(scan)[::97]
    assert distance_by_loop(some, built).max() < 1e-5
    assert distance_by_loop(some, np.concatenate([e.mesh.triangles() for e in room.values()])).max() > 0.01


def test_the_truth_equals_a_recount_from_points_and_defects(room: dict[str, Element]) -> None:
    """From the recorded points alone: undo the defect, see how far each surface point came along its normal."""
    defects = random_defects(tuple(room), DefectMix(shifted=0.3, tilted=0.3, missing=0.0), np.random.default_rng(8))
    scan = scanned(room, CLEAN, defects)
    truth = truth_of(scan, room, "room", 3, 0.0)
    elements = truth["elements"]
    assert isinstance(elements, dict)
    points = in_design(scan)
    owner = np.concatenate([s.element for s in scan.stations])
    for i, guid in enumerate(scan.global_ids):
        described = elements[guid]
        assert isinstance(described, dict)
        mine = points[owner == i]
        assert described["points"] == len(mine)
        corners = room[guid].mesh.bounds()
        # four corners of the box fix the rigid motion, whatever way the product of the code made it
        frame = np.array(
            [corners[0], [corners[1, 0], *corners[0, 1:]], [corners[0, 0], corners[1, 1], corners[0, 2]], corners[1]]
        )
        all_corners = room[guid].mesh.vertices
        moved = displaced(all_corners, defects.by_element[guid])
        picked = [int(np.argmin(np.linalg.norm(all_corners - corner, axis=1))) for corner in frame]
        motion = np.linalg.solve(np.column_stack([moved[picked], np.ones(4)]), np.column_stack([frame, np.ones(4)]))
        designed = (np.column_stack([mine, np.ones(len(mine))]) @ motion)[:, :3]
        nearest = np.argmin(np.abs(np.stack([designed - corners[0], designed - corners[1]])).min(axis=0), axis=1)
        normals = np.linalg.inv(motion[:3, :3])  # rows: where the design axes point as built
        moves = np.abs(np.einsum("ij,ij->i", mine - designed, normals[nearest]))
        assert described["normal_p90_mm"] == pytest.approx(np.percentile(moves * 1000, 90), abs=0.02)
        assert described["points_off_15mm"] == pytest.approx((moves > 0.015).sum(), abs=3)


def test_missing_elements_leave_rays_that_went_through(room: dict[str, Element]) -> None:
    gone = PlantedDefects(dict(as_designed(room).by_element) | {"column": Defect("missing")})
    whole, holed = scanned(room, CLEAN, as_designed(room)), scanned(room, CLEAN, gone)
    index = whole.global_ids.index("column")
    seen = sum(int((s.element == index).sum()) for s in whole.stations)
    assert seen > 500
    assert holed.tally.design_rays[index] == seen
    assert holed.tally.through_rays[index] == pytest.approx(seen, rel=0.05)
    assert holed.tally.behind_rays[index] == holed.tally.through_rays[index]
    assert not any((s.element == index).any() for s in holed.stations)


def test_stations_get_the_registration_error_that_was_asked_for(room: dict[str, Element]) -> None:
    stations = np.repeat(STATIONS[:1], 60, axis=0)
    settings = replace(CLEAN, resolution_rad=np.radians(30.0), station_error_m=0.0005)
    scan = scan_design(room, stations, settings, as_designed(room), np.random.default_rng(2))
    off = [(scan.T_design_site @ s.T_site_station).translation - s.T_design_station.translation for s in scan.stations]
    assert np.std(off) == pytest.approx(0.0005, rel=0.2)


def test_the_site_frame_leans_by_the_residual_tilt(room: dict[str, Element]) -> None:
    scan = scanned(room, replace(CLEAN, site_tilt_rad=0.01), as_designed(room))
    assert np.arccos(scan.T_design_site.rotation[2, 2]) == pytest.approx(0.01, rel=1e-6)
    level = scanned(room, CLEAN, as_designed(room))
    assert level.T_design_site.rotation[2, 2] == pytest.approx(1.0, abs=1e-12)


def test_the_same_seed_gives_the_same_scan_and_another_seed_another(room: dict[str, Element]) -> None:
    first, again, other = (scanned(room, PLAIN, as_designed(room), seed) for seed in (3, 3, 4))
    for one, two in zip(first.stations, again.stations, strict=True):
        assert one.points.tobytes() == two.points.tobytes()
        assert one.T_site_station.matrix.tobytes() == two.T_site_station.matrix.tobytes()
    assert first.stations[0].points.tobytes() != other.stations[0].points.tobytes()


def test_an_element_without_a_word_about_it_is_refused(room: dict[str, Element]) -> None:
    with pytest.raises(ValueError, match="board"):
        scanned(room, CLEAN, PlantedDefects({g: d for g, d in as_designed(room).by_element.items() if g != "board"}))


def test_bow_and_size_change_do_what_they_say(make_box: Callable[..., Element]) -> None:
    beam = make_box("beam", (0.0, 0.0, 0.0), (4.0, 0.3, 0.4))
    part = build_part(beam, Defect("bowed", bow_m=(0.0, 0.0, -0.025), bow_along=(0,)))
    assert part is not None
    sag = part.built[:, 2] - part.design[:, 2]
    np.testing.assert_allclose(sag, -0.025 * (1 - (part.design[:, 0] / 2 - 1) ** 2), atol=1e-12)
    edges = part.design[part.faces] - part.design[part.faces][:, [1, 2, 0]]
    assert np.linalg.norm(edges, axis=2).max() <= 0.25
    thin = displaced(beam.mesh.vertices, Defect("undersized", size_change_m=(0.0, -0.03, 0.0)))
    assert np.ptp(thin, axis=0) == pytest.approx([4.0, 0.27, 0.4])


def test_tilt_turns_about_the_foot(make_box: Callable[..., Element]) -> None:
    column = make_box("column", (1.0, 1.0, 0.0), (1.4, 1.4, 3.0))
    moved = displaced(column.mesh.vertices, Defect("tilted", tilt_rad=(0.0, 0.02, 0.0)))
    top = moved[column.mesh.vertices[:, 2] > 1].mean(axis=0)
    assert top == pytest.approx([1.2 + 3 * np.sin(0.02), 1.2, 3 * np.cos(0.02)])


def test_shares_of_defects_are_kept_and_nonsense_is_refused() -> None:
    planted = random_defects([str(i) for i in range(1000)], DefectMix(0.2, 0.1, 0.05), np.random.default_rng(0))
    kinds = [defect.kind for defect in planted.by_element.values()]
    assert abs(kinds.count("shifted") - 200) <= 1
    assert abs(kinds.count("tilted") - 100) <= 1
    assert abs(kinds.count("missing") - 50) <= 1
    for defect in planted.by_element.values():
        size = np.abs(defect.offset_m).max()
        assert (0.020 <= size <= 0.060) if defect.kind == "shifted" else size <= 0.005
        if defect.kind == "tilted":
            assert np.radians(0.7) <= np.abs(defect.tilt_rad).max() <= np.radians(2.0)
    well = np.array([d.offset_m for d in planted.by_element.values() if d.kind == "ok"])
    assert well.std(axis=0) == pytest.approx([0.001] * 3, rel=0.1)  # a normal distribution, nothing cut off
    assert np.abs(well).max() > 0.0025
    with pytest.raises(ValueError, match="at most 1"):
        DefectMix(0.9, 0.2, 0.0)
