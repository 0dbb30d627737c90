"""Whether the true value lies within the U that a check states, over many scans of a room with known faults."""

import numpy as np
import pytest

from geometry.arrays import FloatArray
from geometry.pose import Pose
from geometry.registration.result import Registration, RegistrationStatus
from geometry.tolerance import Limits, Rule, ToleranceSet
from tests.reference.scenes import Box, design_of, scan_of
from twin.check import compare

HONESTY = ToleranceSet(
    "honesty",
    tuple(
        Rule(characteristic, "test", ((np.inf, Limits(-0.010, 0.010)),))
        for characteristic in ("surface", "axis_position", "verticality", "level", "slope", "section_size")
    ),
)
REGISTRATION_ERROR = np.array([1e-4] * 3 + [0.002] * 3)
"""Standard deviations of rotation (rad) and translation (m) that the registration is out by, and says so."""


def errors_over_u(seed: int, registration_error: FloatArray) -> dict[tuple[str, str], list[float]]:
    """Return, per element and characteristic, measured less true over U: random shifts, noise, registration error."""
    rng = np.random.default_rng(seed)
    dx, dy, dz = (float(v) for v in rng.uniform(-0.02, 0.02, 3))
    lean = float(rng.uniform(-0.004, 0.004)) if seed % 2 else 0.0
    boxes = [
        Box("wall", (0, 3, 0), (4, 3.2, 2.6)).moved([0, dy, 0], [lean, 0, 0]),
        Box("floor", (0, 0, -0.2), (4, 3, 0), "IfcSlab").moved([0, 0, dz]),
        Box("column", (2.4, 1.6, 0), (2.7, 1.9, 2.6), "IfcColumn").moved([dx, 0, 0]),
    ]
    scan = scan_of(boxes, [(1.0, 0.6, 1.5), (3.6, 1.2, 1.5)], step=0.025, noise=0.002, seed=seed)
    pivot, error = np.array([2.0, 1.5, 1.0]), rng.normal(size=6) * registration_error
    turn = Pose.from_rotation_vector(error[:3])
    wrong = Pose.from_parts(turn.rotation, pivot + error[3:] - turn.rotation @ pivot)
    registration = Registration(
        RegistrationStatus.ACCEPTED, wrong @ Pose.from_parts(np.eye(3), scan.origin), "test",
        covariance=np.diag(registration_error**2), pivot=pivot,
    )  # fmt: skip
    truth = {
        ("wall", "axis_position"): dy, ("wall", "verticality"): -lean * 2.6, ("wall", "section_size"): 0.0,
        ("floor", "level"): dz, ("floor", "slope"): 0.0, ("floor", "surface"): dz,
        ("column", "verticality"): 0.0, ("column", "section_size"): 0.0, ("column", "axis_position"): abs(dx),
    }  # fmt: skip
    if lean == 0.0:
        truth["wall", "surface"] = -dy  # the front faces -y
    found: dict[tuple[str, str], list[float]] = {}
    for e in compare(design_of(boxes), scan, registration, HONESTY).elements:
        for m in e.measurements:
            key = (e.global_id, m.characteristic)
            if key in truth:
                actual = abs(m.actual) if key == ("column", "axis_position") else m.actual
                found.setdefault(key, []).append((actual - truth[key]) / m.expanded_uncertainty)
    return found


def honest_share(seeds: range, *, of_columns_axis: bool, registration_error: FloatArray = REGISTRATION_ERROR) -> float:
    """Return the share of measurements whose true value lies within actual ± U."""
    inside: list[bool] = []
    for seed in seeds:
        for key, errors in errors_over_u(seed, registration_error).items():
            if (key == ("column", "axis_position")) == of_columns_axis:
                inside += [abs(error) <= 1.0 for error in errors]
    assert len(inside) >= len(seeds)
    return sum(inside) / len(inside)


def test_the_true_value_lies_within_u_nearly_always() -> None:
    """150 seeds: 97.7 % with this registration error; over 99 % with a small one, where U rests on the instrument."""
    assert honest_share(range(24), of_columns_axis=False) >= 0.93


@pytest.mark.nightly
def test_the_true_value_lies_within_u_nearly_always_in_a_long_campaign() -> None:
    assert 0.95 <= honest_share(range(1000, 1150), of_columns_axis=False)


def test_a_columns_displacement_is_not_read_short() -> None:
    """Planted along x alone; read along a direction between x and y it is up to a fifth too small, far beyond its U.

    The registration is exact, so that U does not hide it: 18.4 mm out is reported as 15.0 ± 1.2 mm.
    """
    assert honest_share(range(12), of_columns_axis=True, registration_error=0.0 * REGISTRATION_ERROR) >= 0.93
