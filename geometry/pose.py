# pyright: reportMissingTypeStubs=false
"""Rigid transforms. Rigid means rigid: no scale, no reflection.

A variable ``T_a_b`` maps coordinates in frame b into frame a, so ``T_a_b @ T_b_c`` is ``T_a_c``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from geometry.arrays import FloatArray, frozen


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """A rigid transform as a homogeneous matrix (4, 4), metres.

    Raises
    ------
    ValueError
        If the matrix is not finite or its rotation part is not a rotation within 1e-6.

    Examples
    --------
    >>> T_a_b = Pose.from_yaw(np.pi / 2, [1, 0, 0])
    >>> T_a_b.apply([[1.0, 0.0, 0.0]]).round(6).tolist()
    [[1.0, 1.0, 0.0]]
    """

    matrix: FloatArray

    def __post_init__(self) -> None:
        """Check that the transform is rigid and freeze the array."""
        matrix = np.array(self.matrix, dtype=np.float64)
        if matrix.shape != (4, 4) or not np.isfinite(matrix).all():
            raise ValueError("a pose is a finite 4x4 matrix")
        rotation = matrix[:3, :3]
        if np.abs(rotation @ rotation.T - np.eye(3)).max() > 1e-6 or np.linalg.det(rotation) < 0:
            raise ValueError("the matrix is not rigid: its rotation part has scale, shear or reflection")
        if not np.array_equal(matrix[3], [0.0, 0.0, 0.0, 1.0]):
            raise ValueError("the last row of a pose must be 0 0 0 1")
        object.__setattr__(self, "matrix", frozen(matrix))

    @staticmethod
    def identity() -> "Pose":
        """Return the pose that changes nothing."""
        return Pose(np.eye(4))

    @staticmethod
    def from_parts(rotation: ArrayLike, translation: ArrayLike) -> "Pose":
        """Return the pose with rotation (3, 3) and translation (3,) in metres."""
        matrix = np.eye(4)
        matrix[:3, :3] = np.asarray(rotation, dtype=np.float64)
        matrix[:3, 3] = np.asarray(translation, dtype=np.float64)
        return Pose(matrix)

    @staticmethod
    def from_yaw(yaw: float, translation: ArrayLike = (0.0, 0.0, 0.0)) -> "Pose":
        """Return a rotation about z by ``yaw`` radians followed by a translation (3,) in metres."""
        c, s = np.cos(yaw), np.sin(yaw)
        return Pose.from_parts([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]], translation)

    @staticmethod
    def from_rotation_vector(rotation_vector: ArrayLike, translation: ArrayLike = (0.0, 0.0, 0.0)) -> "Pose":
        """Return the pose of a rotation vector (3,) in radians (Rodrigues) and a translation (3,) in metres."""
        from scipy.spatial.transform import Rotation

        return Pose.from_parts(Rotation.from_rotvec(np.asarray(rotation_vector, np.float64)).as_matrix(), translation)

    @property
    def rotation(self) -> FloatArray:
        """The rotation part, (3, 3)."""
        return self.matrix[:3, :3]

    @property
    def translation(self) -> FloatArray:
        """The translation part, (3,) metres."""
        return self.matrix[:3, 3]

    def rotation_vector(self) -> FloatArray:
        """Return the rotation vector (3,), radians."""
        from scipy.spatial.transform import Rotation

        return Rotation.from_matrix(self.rotation).as_rotvec()

    def apply(self, points: ArrayLike) -> FloatArray:
        """Return points (n, 3) metres mapped by this pose."""
        return np.asarray(points, np.float64) @ self.rotation.T + self.translation

    def rotate(self, directions: ArrayLike) -> FloatArray:
        """Return directions (n, 3) turned by this pose's rotation."""
        return np.asarray(directions, np.float64) @ self.rotation.T

    def inverse(self) -> "Pose":
        """Return the inverse transform."""
        return Pose.from_parts(self.rotation.T, -self.rotation.T @ self.translation)

    def __matmul__(self, other: "Pose") -> "Pose":
        """Compose: ``(T_a_b @ T_b_c)`` maps c into a."""
        return Pose.from_parts(self.rotation @ other.rotation, self.rotation @ other.translation + self.translation)


def quaternion_rotation(w: float, x: float, y: float, z: float) -> FloatArray:
    """Return the rotation matrix (3, 3) of a unit quaternion; the length is not checked.

    Examples
    --------
    >>> quaternion_rotation(0.0, 0.0, 0.0, 1.0).tolist()  # half a turn about z
    [[-1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    return np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip


def pose_difference(T_a: Pose, T_b: Pose, at: ArrayLike = (0.0, 0.0, 0.0)) -> tuple[float, float]:
    """Return how far two poses differ: distance (m) of the images of the point ``at`` (3,), and angle (rad)."""
    point = np.asarray(at, np.float64)[None]
    moved = T_a.apply(point)[0] - T_b.apply(point)[0]
    relative = T_a.rotation.T @ T_b.rotation
    # atan2 form: exact for tiny angles where arccos loses half the digits
    sine = 0.5 * np.linalg.norm(relative - relative.T) / np.sqrt(2.0)
    return float(np.linalg.norm(moved)), float(np.arctan2(sine, (np.trace(relative) - 1.0) / 2.0))
