"""A small building of boxes with one of each defect, its scan from three places, and the truth about it."""

from functools import cache

from geometry.arrays import FloatArray
from geometry.pose import Pose
from geometry.scan import Scan
from tests.reference.scenes import Box, scan_of

STATIONS = ((1.2, 1.2, 1.6), (4.4, 5.0, 1.6), (6.6, 2.0, 1.6))
T_SCAN_DESIGN = Pose.from_yaw(0.65, [12.0, -7.0, 0.4])
RAILING = [Box("railing", (5.6 + 0.12 * i, 3.9, 0.0), (5.62 + 0.12 * i, 3.92, 1.0), "IfcRailing") for i in range(9)]
RAILING.append(Box("railing", (5.6, 3.88, 1.0), (6.6, 3.94, 1.04), "IfcRailing"))

DESIGN = (
    Box("floor", (-0.2, -0.2, -0.2), (8.2, 6.2, 0.0), "IfcSlab"),
    Box("wall south", (-0.2, -0.2, 0.0), (8.2, 0.0, 3.0)),
    Box("wall north", (-0.2, 6.0, 0.0), (8.2, 6.2, 3.0)),
    Box("wall west", (-0.2, 0.0, 0.0), (0.0, 6.0, 3.0)),
    Box("wall east", (8.0, 0.0, 0.0), (8.2, 6.0, 3.0)),
    Box("partition", (5.0, 0.0, 0.0), (5.1, 3.5, 3.0)),
    Box("closet south", (6.5, 4.5, 0.0), (8.0, 4.6, 3.0)),
    Box("closet west", (6.4, 4.5, 0.0), (6.5, 6.0, 3.0)),
    Box("closet lid", (6.4, 4.5, 3.0), (8.0, 6.0, 3.2), "IfcSlab"),
    Box("column 1", (2.0, 2.0, 0.0), (2.3, 2.3, 3.0), "IfcColumn"),
    Box("column 2", (2.0, 4.4, 0.0), (2.4, 4.7, 3.0), "IfcColumn"),
    Box("column 3", (3.6, 3.2, 0.0), (3.9, 3.5, 3.0), "IfcColumn"),
    Box("column hidden", (7.0, 5.1, 0.0), (7.3, 5.4, 3.0), "IfcColumn"),
    Box("beam", (0.0, 3.3, 2.6), (3.6, 3.5, 2.9), "IfcBeam"),
    *RAILING,
)
CRATE = Box("crate", (6.0, 0.6, 0.0), (6.6, 1.1, 0.5), designed=False)
MOVED: dict[str, tuple[list[float], list[float]]] = {
    "column 1": ([0.04, 0.0, 0.0], [0.0, 0.0, 0.0]),
    "column 2": ([0.0, 0.0, 0.0], [0.0, 0.018, 0.0]),
    "wall east": ([-0.03, 0.0, 0.0], [0.0, 0.0, 0.0]),
    "railing": ([0.0, 0.04, 0.0], [0.0, 0.0, 0.0]),
}
MISSING = ("column 3", "column hidden")


def built() -> list[Box]:
    """Return the building as it stands."""
    found = [box.absent() if box.name in MISSING else box for box in DESIGN]
    return [box.moved(*MOVED[box.name]) if box.name in MOVED else box for box in found] + [CRATE]


@cache
def house_scan(*, poses: bool = True) -> Scan:
    """Return the scan of the building, noise 2 mm, in its own frame."""
    return scan_of(built(), STATIONS, step=0.02, noise=0.002, seed=1, T_scan_design=T_SCAN_DESIGN, poses=poses)


def matrix_to_design() -> FloatArray:
    """Return the 4 x 4 matrix from scan to design coordinates."""
    return T_SCAN_DESIGN.inverse().matrix
