"""A matrix as somebody wrote it: whether it is rigid as far as its digits tell, and what their rounding leaves open."""

import numpy as np

from geometry.arrays import FloatArray

_LARGEST_SCALE = 1e-5
"""A scale that moves a point by 0.5 mm over 50 m; single precision and products of matrices stay far below it."""
_LARGEST_SHEAR = 2e-5
"""The same for a rotation whose rows are not at right angles: R R^T of a scale s is 1 + 2 s."""
_COARSEST_STEP = 0.5e-4
"""Half a unit of the fourth decimal: a rotation rounded farther cannot be told from one that scales."""
_EXACT_STEP = 1e-9
"""Rounding below this is that of the computer, not of a file."""


def matrix_fault(matrix: FloatArray) -> str:
    """Return why a matrix cannot be a rigid scan -> design transform, in one line; empty when it can.

    What its written digits explain is no fault: entries rounded by up to h change the scale of a rotation by up to
    sqrt(3) h and R R^T by up to 2 sqrt(3) h (Cauchy-Schwarz over a row of length one), as much again where the scale is
    taken out first.

    Examples
    --------
    >>> matrix_fault(np.eye(4)), matrix_fault(np.diag([0.001, 0.001, 0.001, 1.0]))
    ('', 'the matrix scales by 0.001: give it in metres, scan and design alike')
    """
    if matrix.shape != (4, 4) or not np.isfinite(matrix).all():
        return f"a transform needs 4 x 4 finite numbers, not {' x '.join(map(str, matrix.shape))}"
    if not np.allclose(matrix[3], [0, 0, 0, 1], atol=1e-9):
        if np.allclose(matrix[:3, 3], 0, atol=1e-12) and not np.allclose(matrix[3, :3], 0):
            return "the matrix has its translation in the last row; write it transposed, translation in the last column"
        return "the last row of the matrix must be 0 0 0 1"
    return _rotation_fault(matrix[:3, :3])


def _rotation_fault(rotation: FloatArray) -> str:
    """Return why (3, 3) is no rotation; shear is judged after the scale is taken out, so that each has its name."""
    determinant = float(np.linalg.det(rotation))
    if determinant <= 0:
        return "the matrix mirrors; only rigid transforms are allowed"
    scale = float(np.cbrt(determinant))
    shear = float(np.abs(rotation @ rotation.T / scale**2 - np.eye(3)).max())
    written = rotation_step(rotation)
    step = min(written, _COARSEST_STEP)
    scales = abs(scale - 1) > _LARGEST_SCALE + np.sqrt(3.0) * step
    shears = shear > _LARGEST_SHEAR + 4.0 * np.sqrt(3.0) * step
    if not (scales or shears):
        return ""
    if written > step and abs(scale - 1) <= np.sqrt(3.0) * written and shear <= 4.0 * np.sqrt(3.0) * written:
        return "the numbers of the matrix are rounded so far that it is no rotation any more: write 6 decimals or more"
    if not scales:
        return "the matrix shears; only rigid transforms are allowed"
    if abs(scale - 1) > 0.01:
        return f"the matrix scales by {scale:.6g}: give it in metres, scan and design alike"
    return (
        f"the matrix scales by {scale:.7g} (a grid scale factor?): what is built is judged at its true size; fit it "
        "again as a rigid transform (6 parameters, scale 1), or give the control points instead"
    )


def rotation_step(rotation: FloatArray) -> float:
    """Return by how much the entries of a rotation (3, 3) may have been rounded: half a unit of the last decimal.

    The decimals are those of the shortest number that reads back the same, over the entries that show them: small ones
    written with an exponent have more, and 0 and 1 tell nothing. Zero where nothing was rounded in writing.

    Examples
    --------
    >>> rotation_step(np.array([[0.8301, -0.5577, 0.0], [0.5577, 0.8301, 0.0], [0.0, 0.0, 1.0]]))
    5e-05
    >>> rotation_step(np.eye(3))
    0.0
    """
    telling = rotation[np.abs(rotation - np.round(rotation)) > 0]
    large = telling[np.abs(telling) >= 0.1]
    return _step(large if len(large) else telling)


def _step(values: FloatArray) -> float:
    decimals = max((_decimals(float(value)) for value in values), default=0)
    step = 0.5 * 10.0**-decimals if decimals else 0.0
    return step if step > _EXACT_STEP else 0.0


def _decimals(value: float) -> int:
    """Return how many decimals the shortest writing of a number has."""
    digits, _, exponent = repr(abs(value)).partition("e")
    decimals = len(digits.partition(".")[2].rstrip("0"))
    return max(0, decimals - int(exponent or 0))


def rounding_covariance(matrix: FloatArray, centre: FloatArray) -> FloatArray | None:
    """Return what the rounding of a written matrix leaves open, None where it was not rounded.

    Every entry e of the rotation is uniform within its step: variance h^2 / 3. Taken about the image q of ``centre``,
    the nearest rotation keeps the skew part, of which each turn has half that variance, and the middle moves by E q:
    the farther the scan from the origin of its coordinates, the more. A translation rounded with it adds its own.

    Parameters
    ----------
    matrix
        (4, 4) scan -> design, full coordinates, metres, without a :func:`matrix_fault`.
    centre
        (3,) metres, full scan coordinates: what the nearest rotation is taken about.

    Returns
    -------
    (6, 6) of (rotation vector rad, translation m) about the image of ``centre``.

    Examples
    --------
    >>> rounding_covariance(np.eye(4), np.zeros(3)) is None
    True
    """
    step = rotation_step(matrix[:3, :3])
    if step == 0.0:
        return None
    variance = step**2 / 3.0
    x, y, z = matrix[:3, :3] @ centre
    turned = -0.5 * variance * np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    moved = variance * (x * x + y * y + z * z) + _step(matrix[:3, 3]) ** 2 / 3.0
    return np.block([[0.5 * variance * np.eye(3), turned.T], [turned, moved * np.eye(3)]])
