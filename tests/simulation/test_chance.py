"""How probable a clash is: the closed form of boxes, and shared volumes at drawn places where there is none."""

from dataclasses import replace

import manifold3d
import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from scipy.stats import norm

from geometry.arrays import FloatArray
from geometry.design import Element
from geometry.uncertainty import Budget
from simulation.assembly.chance import Chance, Decision, chance_of_overlap, decide, wilson
from simulation.assembly.clash import ClashKind, ClashRule
from simulation.assembly.place import Place, PlaceKind, Places, designed_place, wander
from simulation.assembly.positions import Positions, read_positions
from simulation.assembly.study import ClashStudy, study_clashes
from simulation.errors import BadDocument
from tests.simulation.test_clash import ball, box, element, solid

WALL = (3.0, 0.2, 3.0)


def chance(first: object, second: object, place: Place, samples: int = 8192) -> Chance:
    return chance_of_overlap(solid("a", first), solid("b", second), (place, place), 0.95, samples, 0)


@pytest.mark.parametrize("dx", [2.99, 2.995, 3.0, 3.005, 3.02])
@pytest.mark.parametrize("dy", [0.0, 0.195, 0.2])
@pytest.mark.parametrize("sd", [0.002, 0.005])
def test_boxes_with_normal_offsets_meet_the_closed_form(dx: float, dy: float, sd: float) -> None:
    """Two walls share volume when their offset is below their size along x, y and z, each by itself."""
    wall = box(*WALL)
    found = chance(wall, wall.translate((dx, dy, 0.0)), designed_place(sd))
    both = sd * np.sqrt(2.0)
    along = [norm.cdf((size - at) / both) - norm.cdf((-size - at) / both) for size, at in zip(WALL, (dx, dy, 0.0))]  # noqa: B905
    truth = float(np.prod(along))
    assert found.low - 1e-9 <= truth <= found.high + 1e-9
    if found.samples == 8192:  # not cut short because all was said
        assert found.probability == pytest.approx(truth, abs=0.012)
    assert found.sd == pytest.approx(both)
    assert found.signed_depth == pytest.approx(min(3.0 - dx, 0.2 - dy), abs=1e-9)
    needed = norm.ppf(0.95) * found.sd  # one direction alone: the rule of depth against k √(σ₁² + σ₂²)
    if dy == 0.0 and abs(found.signed_depth - needed) > 0.1 * found.sd:
        assert (found.decision is Decision.CLASH) == (found.signed_depth > needed)


@pytest.mark.parametrize("seed", range(4))
def test_turned_and_bent_parts_meet_as_often_as_their_volumes_say(seed: int) -> None:
    """Against the volume that whole bodies share at places drawn another way."""
    rng = np.random.default_rng(seed)
    bent = box(1, 1, 0.2) - box(0.5, 0.5, 1, at=(0.4, 0.3, -0.1))
    shapes = [(box(1, 0.6, 0.4, at=(-0.5, -0.3, -0.2)), ball(0.4, 0, 0, 0, segments=16)), (bent, box(0.3, 0.2, 0.5))]
    first, second = shapes[seed % 2]
    second = second.rotate(tuple(rng.uniform(-180, 180, 3)))
    direction = rng.normal(size=3)
    second = second.translate(tuple(direction / np.linalg.norm(direction) * _gap_closed(first, second, direction)))
    root = rng.normal(size=(6, 6)) * np.array([4e-3] * 3 + [8e-3] * 3)[:, None] / 2.0
    place = Place(np.zeros(6), root @ root.T)
    found = chance_of_overlap(solid("a", first), solid("b", second), (place, place), 0.999, 2048, 1)
    truth = _counted(first, second, place, rng)
    assert 0.02 < truth < 0.98  # else nothing is shown
    assert found.probability == pytest.approx(truth, abs=0.16 if found.samples < 1000 else 0.06)


def _gap_closed(first: manifold3d.Manifold, second: manifold3d.Manifold, direction: np.ndarray) -> float:
    """Return how far along a direction the second is just about to leave the first."""
    low, high, unit = 0.0, 5.0, direction / np.linalg.norm(direction)
    for _ in range(40):
        middle = 0.5 * (low + high)
        met = (first ^ second.translate(tuple(unit * middle))).volume() > 1e-12
        low, high = (middle, high) if met else (low, middle)
    return low


def _counted(first: manifold3d.Manifold, second: manifold3d.Manifold, place: Place, rng: np.random.Generator) -> float:
    def moved(body: manifold3d.Manifold, twist: np.ndarray) -> manifold3d.Manifold:
        box_ = np.array(body.bounding_box()).reshape(2, 3)
        centre = box_.mean(axis=0)
        turn = Rotation.from_rotvec(twist[3:]).as_matrix()
        shift = centre + twist[:3] - turn @ centre
        return body.transform(np.hstack([turn, shift[:, None]]))

    twists = rng.multivariate_normal(np.zeros(6), place.covariance, (400, 2))
    return float(np.mean([(moved(first, a) ^ moved(second, b)).volume() > 1e-12 for a, b in twists]))


def test_without_uncertainty_it_is_one_or_nothing() -> None:
    cube, sure = box(1, 1, 1), designed_place(0.0)
    assert chance(cube, cube.translate((0.9, 0, 0)), sure).probability == 1.0
    touching = chance(cube, cube.translate((1.0, 0, 0)), sure)
    assert (touching.probability, touching.decision, touching.samples) == (0.0, Decision.NO_CLASH, 0)


def test_intervals_decide() -> None:
    assert wilson(0, 100)[0] == 0.0
    assert wilson(100, 100)[1] == 1.0
    low, high = wilson(50, 100)
    assert (low, high) == pytest.approx((0.37528, 0.62472), abs=1e-5)  # by hand
    assert [decide(*ends, 0.95) for ends in ((0.96, 1.0), (0.0, 0.04), (0.94, 0.96))] == [
        Decision.CLASH, Decision.NO_CLASH, Decision.UNDECIDED,
    ]  # fmt: skip


def _study(places: dict[str, Place]) -> ClashStudy:
    there: dict[str, Element] = {
        "column": element("column", box(0.3, 0.3, 3.0), "IfcColumn"),
        "slab": element("slab", box(4, 4, 0.2, at=(0, 0, 3.0)), "IfcSlab"),
        "wall": element("wall", box(3.0, 0.2, 2.9, at=(0.305, 0, 0))),
    }
    return study_clashes(there, ClashRule(), {}, places=Places(designed_place(0.0), places))


def test_what_is_built_elsewhere_clashes_with_what_is_to_come() -> None:
    """A column 12 mm too high and 20 mm off: it reaches into the slab and the wall that are not built yet."""
    cov = np.diag([0.001**2] * 6)
    moved = Place(np.array([0.02, 0, 0.012, 0, 0, 0]), cov, PlaceKind.AS_BUILT)
    found = {(c.first, c.second): c for c in _study({"column": moved}).clashes}
    for pair, depth in ((("column", "slab"), 0.012), (("column", "wall"), 0.015)):
        clash = found[pair]
        assert clash.chance is not None
        assert clash.chance.decision is Decision.CLASH
        assert (clash.kind, clash.depth) == (ClashKind.HARD, pytest.approx(depth, abs=1e-9))
        # pinned: turns about the column's middle lift nothing of its face; only z and its tilt do
    assert found["column", "slab"].designed is ClashKind.TOUCHING
    assert found["column", "wall"].designed is None


def test_what_nobody_measured_is_never_decided() -> None:
    """The same column, whose height was not seen: whether it meets the slab cannot be told, the wall can."""
    cov = np.diag([0.001**2] * 2 + [0.05**2] + [1e-8] * 3)
    unknown = (False, False, True, False, False, False)
    moved = Place(np.array([0.02, 0, 0.0, 0, 0, 0]), cov, PlaceKind.AS_BUILT, unknown)
    found = {(c.first, c.second): c.chance for c in _study({"column": moved}).clashes}
    assert {pair: c.decision.value for pair, c in found.items() if c} == {
        ("column", "slab"): "undecided",
        ("column", "wall"): "clash",
    }


def test_gaps_within_reach_of_uncertain_places_are_told() -> None:
    clashes = {(c.first, c.second): c for c in _study({"wall": designed_place(0.004)}).clashes}
    perhaps = clashes["column", "wall"]
    assert (perhaps.kind, perhaps.gap) == (ClashKind.POSSIBLE, pytest.approx(0.005, abs=1e-9))
    assert perhaps.chance is not None
    assert perhaps.chance.probability == pytest.approx(norm.cdf(-0.005 / 0.004), abs=0.02)
    assert ("slab", "wall") not in clashes  # 100 mm apart


def test_a_place_wanders_no_farther_than_five_sigmas() -> None:
    place = Place(np.zeros(6), np.diag([1e-6, 0, 0, 0, 0, 4e-6]))
    assert wander(place, np.array([[0.0, 0, 0], [6.0, 8.0, 0]])) == pytest.approx(5 * (0.001 + 5 * 0.002))


def test_positions_are_read_by_class() -> None:
    text = (
        "positions: 1\ndefault: {sd_mm: 5}\nclasses:\n  IfcWall: {tolerance_mm: 12, sigmas: 2}\n  IfcDoor: {sd_mm: 0}\n"
    )
    found = read_positions(text.encode())
    assert found == Positions(0.005, {"IfcWall": 0.006, "IfcDoor": 0.0})
    assert [found.sd(c) for c in ("IfcWallStandardCase", "IfcSlab", "IfcDoor")] == [0.006, 0.005, 0.0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("positions: 1\nclasses:\n  IfcWall: {sd_mm: -1}\n", "line 3: classes.IfcWall.sd_mm"),
        ("positions: 1\nclasses:\n  IfcWall: {sd_m: 1}\n", "did you mean sd_mm"),
        ("positions: 1\ndefault: {sd_mm: 1, tolerance_mm: 2}\n", "one of the two"),
        ("positions: 1\ndefault: {sd_mm: 1e9}\n", "no uncertainty of a place"),
        ("positions: 1\ndefaults: {sd_mm: 1}\n", "did you mean default"),
    ],
)
def test_positions_that_make_no_sense_are_named(text: str, told: str) -> None:
    with pytest.raises(BadDocument, match=told.replace(".", r"\.")):
        read_positions(text.encode())


def _of_one_check(own: np.ndarray, frame: np.ndarray, pivot: np.ndarray, centre: np.ndarray) -> Place:
    """Return a place whose own covariance (6, 6) is seen through a frame of covariance (6, 6) about a pivot."""
    common = Budget(frame, pivot, 0.0).pose_at(centre)
    factor = np.asarray(np.linalg.cholesky(common + 1e-18 * np.eye(6)), dtype=np.float64)
    return Place(np.zeros(6), own + common, PlaceKind.AS_BUILT, shared=factor)


@pytest.mark.parametrize("gap", [-0.002, 0.0, 0.001, 0.003])
def test_what_one_check_measured_shares_the_error_of_its_registration(gap: float) -> None:
    """A frame 20 mm off moves both alike: only what each has for itself parts them."""
    own, frame = np.diag([0.001**2] * 3 + [0.0] * 3), np.diag([0.0] * 3 + [0.02**2] * 3)
    first, second = box(1, 1, 1), box(1, 1, 1).translate((1 + gap, 0, 0))
    places = [_of_one_check(own, frame, np.zeros(3), np.array([0.5 + k * (1 + gap), 0.5, 0.5])) for k in (0, 1)]
    found = chance_of_overlap(solid("a", first), solid("b", second), (places[0], places[1]), 0.95, 8192, 0)
    truth = norm.cdf(-gap / (0.001 * np.sqrt(2)))
    assert found.low - 1e-9 <= truth <= found.high + 1e-9
    assert found.sd == pytest.approx(0.001 * np.sqrt(2), rel=1e-6)
    alone = [replace(place, shared=np.zeros((6, 6))) for place in places]
    apart = chance_of_overlap(solid("a", first), solid("b", second), (alone[0], alone[1]), 0.95, 8192, 0)
    assert apart.sd == pytest.approx(np.hypot(0.001, 0.02) * np.sqrt(2), rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_a_turned_frame_is_followed_as_moving_everything_says(seed: int) -> None:
    """Against bodies that are moved by their own errors and then, both, by one error of the frame about its pivot."""
    rng = np.random.default_rng(seed)
    pivot, sizes = np.array([30.0, -10.0, 2.0]), np.array([[2.0, 0.3, 0.4], [0.3, 2.0, 0.4]])
    ats = np.array([[0.0, 0.0, 0.0], [0.5, 0.0, 0.4]])
    root = rng.normal(size=(6, 6)) * np.array([3e-4] * 3 + [4e-3] * 3)[:, None]
    frame, own = root @ root.T, np.diag([1.5e-3**2] * 3 + [1e-3**2] * 3)
    centres = ats + 0.5 * sizes
    places = [_of_one_check(own, frame, pivot, centre) for centre in centres]
    bodies = [box(*size, at=tuple(at)) for size, at in zip(sizes, ats, strict=True)]
    found = chance_of_overlap(solid("a", bodies[0]), solid("b", bodies[1]), (places[0], places[1]), 0.999, 2048, 1)
    met = 0
    for turned in rng.multivariate_normal(np.zeros(6), frame, 600):
        frame_turn = Rotation.from_rotvec(turned[:3]).as_matrix()
        moved = list[manifold3d.Manifold]()
        for body, centre in zip(bodies, centres, strict=True):
            error = rng.multivariate_normal(np.zeros(6), own)
            turn = Rotation.from_rotvec(error[3:]).as_matrix()
            by = np.hstack([turn, (centre + error[:3] - turn @ centre)[:, None]])
            common = np.hstack([frame_turn, (pivot + turned[3:] - frame_turn @ pivot)[:, None]])
            moved.append(body.transform(by).transform(common))
        met += (moved[0] ^ moved[1]).volume() > 1e-12
    assert 0.1 < met / 600 < 0.9
    assert found.probability == pytest.approx(met / 600, abs=0.07)


def test_the_spread_told_covers_the_truth_as_often_as_it_says() -> None:
    """Many checks of one planted pair, each through a frame of its own: 90 % intervals of the gap hold 90 % of them."""
    rng = np.random.default_rng(5)
    own, frame = np.diag([0.002**2] * 3 + [0.0] * 3), np.diag([2e-4**2] * 3 + [0.01**2] * 3)
    truth, inside = 0.05, 0
    pivot: FloatArray = np.array([10.0, 5.0, 0.0])
    for _ in range(300):
        common, places, ats = rng.multivariate_normal(np.zeros(6), frame), list[Place](), list[np.ndarray]()
        for k in (0, 1):
            centre = np.array([0.5 + k * (1 + truth), 0.5, 0.5])
            shift = common[3:] + np.cross(common[:3], centre - pivot) + rng.multivariate_normal(np.zeros(6), own)[:3]
            places.append(_of_one_check(own, frame, pivot, centre))
            ats.append(centre - 0.5 + shift)
        bodies = [solid(str(k), box(1, 1, 1, at=tuple(at))) for k, at in enumerate(ats)]
        found = chance_of_overlap(bodies[0], bodies[1], (places[0], places[1]), 0.95, 64, 0)
        inside += abs(-found.signed_depth - truth) < 1.645 * found.sd
    assert 0.85 < inside / 300 < 0.95
