"""Pairs picked by hand: they decide between poses that the surfaces cannot tell apart, and the surfaces how exactly."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry.arrays import FloatArray
from geometry.errors import ReadError
from geometry.pose import Pose, pose_difference
from geometry.readers.registration_file import read_request
from geometry.registration.control import ControlPointError
from geometry.registration.pair_fit import fit_pairs
from geometry.registration.register import register
from geometry.registration.request import ControlPoint, RegistrationRequest
from tests.geometry.registration.buildings import Scanned, of_boxes, room, scan_of, shifted

NAMES = tuple("ABCDEFGH")
CORNERS = np.array([(0, 0, 0), (6, 0, 0), (6, 4, 0), (0, 4, 3), (6, 0, 3.0)])
"""Corners of the inside of a room."""
TURNED = [2, 3, 0, 1, 5]
ROOM = of_boxes(room(0, 0, 6, 4))


@pytest.fixture(scope="module")
def scanned() -> Scanned:
    """An empty room, which looks the same from both ends, with a wall built 12 mm off."""
    return scan_of(shifted(ROOM, {3: (0.012, 0, 0)}), ((2.0, 1.5, 1.6),), rays=4_000)


def picked(
    scanned: Scanned, model: FloatArray, place: FloatArray, *, by: float = 0.01, **more: object
) -> RegistrationRequest:
    """Pair places of the truth with corners of the model, each picked about ``by`` metres off."""
    raw = scanned.T_design_scan.inverse().apply(place) + scanned.scan.origin
    off = np.random.default_rng(5).normal(0, by, raw.shape)
    points = [ControlPoint(n, tuple(s), tuple(d)) for n, s, d in zip(NAMES, raw + off, model, strict=False)]
    return RegistrationRequest.from_pairs(tuple(points), **more)  # type: ignore[arg-type]


def figure(n: int, seed: int = 0) -> FloatArray:
    return np.random.default_rng(seed).uniform(-10, 10, (n, 3))


def test_pairs_decide_where_the_surfaces_cannot(scanned: Scanned) -> None:
    found = register(scanned.scan, ROOM, picked(scanned, CORNERS[:4], CORNERS[:4], picked_by="Ann"))
    assert (found.status, found.method) == ("accepted", "picked"), found.detail
    assert found.T_design_scan is not None
    middle = scanned.scan.points.mean(axis=0)
    moved, turned = pose_difference(found.T_design_scan, scanned.T_design_scan, middle)
    assert (moved, np.degrees(turned)) < (0.005, 0.05), "better than the picks: the surfaces refined it"
    assert any(abs(np.degrees(rival.angle_rad) - 180) < 1 for rival in found.rivals)
    assert [type(note).__name__ for note in found.notes] == ["Note", "Note"]
    assert "by Ann: 4 pairs" in found.notes[0]
    assert "rests on the pairs" in found.notes[1]
    assert [(p.name, p.outlier) for p in found.pairs] == [(n, False) for n in "ABCD"]
    assert max(p.residual_m for p in found.pairs) < 0.05


def test_other_pairs_decide_for_the_other_pose(scanned: Scanned) -> None:
    """No surface speaks against the room turned by 180 degrees: whoever picks says which it is."""
    turned = CORNERS * [-1, -1, 1] + [6, 4, 0]
    found = register(scanned.scan, ROOM, picked(scanned, turned[:4], CORNERS[:4], levelled=True))
    assert found.status == "accepted", found.detail
    assert found.T_design_scan is not None
    _, angle = pose_difference(found.T_design_scan, scanned.T_design_scan)
    assert abs(np.degrees(angle) - 180) < 0.1
    assert found.notes[0].startswith("registered by hand: 4 pairs")


def test_a_pose_that_another_one_clearly_beats_is_refused_however_well_the_pairs_fit() -> None:
    """The picks are consistent but name the far end: a counter and a column stand where nothing was designed."""
    design = of_boxes([*room(0, 0, 6, 4), (1.0, 2.6, 0, 1.4, 3.0, 3), (5.2, 0.0, 0, 5.9, 0.9, 0.9)])
    seen = scan_of(design, ((3.0, 1.5, 1.6),), rays=4_000)
    turned = CORNERS * [-1, -1, 1] + [6, 4, 0]
    found = register(seen.scan, design, picked(seen, turned[:4], CORNERS[:4], by=0.002))
    assert (found.status, found.reason) == ("refused", "ambiguous")
    assert "another pose explains the scan clearly better" in found.detail
    best = found.rivals[0].T_design_scan
    assert pose_difference(best, seen.T_design_scan, seen.scan.points.mean(axis=0))[0] < 0.01


def test_pairs_off_the_surfaces_are_refused_and_never_bent_to_fit(scanned: Scanned) -> None:
    beside = CORNERS[:4] + np.array([0.13, 0.1, 0])
    found = register(scanned.scan, ROOM, picked(scanned, beside, CORNERS[:4], by=0.002))
    assert (found.status, found.reason) == ("refused", "residual")
    assert "do not fit it" in found.detail


def test_the_wrong_pair_is_named_and_nothing_is_claimed(scanned: Scanned) -> None:
    model = CORNERS.copy()
    model[2] += [0.0, 0.0, 0.4]
    found = register(scanned.scan, ROOM, picked(scanned, model, CORNERS))
    assert (found.status, found.reason) == ("refused", "residual")
    assert "pair C lies 0." in found.detail
    assert [p.name for p in found.pairs if p.outlier] == ["C"]


def test_pairs_in_a_corner_are_too_close_to_place_a_building(scanned: Scanned) -> None:
    near = np.array([(0, 0, 0), (0.1, 0, 0), (0, 0.1, 0.0)])
    found = register(scanned.scan, ROOM, picked(scanned, near, near, by=0.001))
    assert (found.status, found.reason) == ("refused", "degenerate")
    assert "farther apart" in found.detail


@pytest.mark.parametrize(
    ("points", "said"),
    [
        (np.array([(0, 0, 0), (6, 0, 0.0)]), "at least 3"),
        (np.array([(0, 0, 0), (3, 0, 0), (6, 0, 0.0)]), "in a line"),
        (np.zeros((3, 3)), "in one place"),
    ],
)
def test_what_cannot_fix_a_pose_is_said(points: FloatArray, said: str) -> None:
    with pytest.raises(ControlPointError, match=said):
        fit_pairs(points, points, np.full(len(points), 0.01), NAMES[: len(points)])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(3, 8), levelled=st.booleans())
def test_any_rigid_motion_is_recovered_and_excludes_others(seed: int, n: int, levelled: bool) -> None:
    rng = np.random.default_rng(seed)
    turn = np.array([0, 0, rng.uniform(-3, 3)]) if levelled else rng.normal(0, 1.5, 3)
    truth = Pose.from_rotation_vector(turn, rng.uniform(-100, 100, 3))
    points = figure(n, seed)
    fit = fit_pairs(points, truth.apply(points), np.full(n, 0.01), NAMES[:n], levelled=levelled)
    assert pose_difference(fit.T_design_scan, truth)[0] < 1e-9
    assert not fit.fault
    assert not fit.excludes(truth)
    assert fit.excludes(Pose.from_parts(np.eye(3), [0.3, 0, 0]) @ truth)


def test_a_mirrored_figure_is_never_fitted_by_a_reflection() -> None:
    points = figure(5)
    fit = fit_pairs(points, points * [-1, 1, 1], np.full(5, 0.01), NAMES[:5])
    assert np.linalg.det(fit.T_design_scan.rotation) == pytest.approx(1.0)
    assert fit.fault


def test_a_level_fit_does_not_lean_though_the_picks_do() -> None:
    points = np.array([(0, 0, 0), (8, 0, 0), (0, 0.6, 0.0)])
    leaning = points + np.array([(0, 0, 0), (0, 0, 0), (0, 0, 0.03)])
    free = fit_pairs(points, leaning, np.full(3, 0.01), NAMES[:3])
    level = fit_pairs(points, leaning, np.full(3, 0.01), NAMES[:3], levelled=True)
    assert free.T_design_scan.rotation[2, 2] < 0.9995
    assert level.T_design_scan.rotation[2, 2] == pytest.approx(1.0, abs=1e-12)


ROWS = "corner A,1,2,3,4,5,6\ncorner B,2,2,3,5,5,6\ncorner C,1,3,3,4,6,6\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pairs.csv", f"picked: yes\nlevel: yes\nsigma_mm: 8\nname,sx,sy,sz,dx,dy,dz\n{ROWS}"),
        (
            "pairs.json",
            '{"level": true, "sigma_mm": 8, "pairs": [["corner A",1,2,3,4,5,6], ["corner B",2,2,3,5,5,6], '
            '{"name": "corner C", "scan": [1,3,3], "design": [4,6,6]}]}',
        ),
    ],
)
def test_a_file_says_that_its_pairs_were_picked(tmp_path: Path, name: str, content: str) -> None:
    file = tmp_path / name
    file.write_text(content)
    asked = read_request(str(file))
    assert (asked.kind, asked.levelled) == ("picked", True)
    assert [(p.name, p.sigma_m) for p in asked.control_points] == [(f"corner {n}", 0.008) for n in "ABC"]
    assert asked.control_points[2].design == (4, 6, 6)


@pytest.mark.parametrize(
    ("content", "said"), [(f"picked: perhaps\n{ROWS}", "write yes or no"), (f"level: yes\n{ROWS}", "picked: yes")]
)
def test_what_a_file_says_of_pairs_is_not_guessed(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text(content)
    with pytest.raises(ReadError, match=said):
        read_request(str(file))
