"""One rule asked of one made-up element."""

from geometry.characteristics import measure
from geometry.measured import Measured
from geometry.tolerance import Limits, Rule, ToleranceSet
from geometry.verdict import Measurement
from tests.reference.scenes import Box

SIDES = ["-x", "+x", "-y", "+y"]
COLUMN = Box("c", (1, 2, 0), (1.4, 2.5, 3), "IfcColumn")
WALL = Box("w", (0, 0, 0), (4, 0.2, 2.8))
PANEL = Box("p", (0, 0, 0), (2, 0.2, 2))
SLAB = Box("s", (0, 0, 0), (5, 4, 0.2), "IfcSlab")
ANY = (float("inf"), Limits(-0.010, 0.010))


def rule(characteristic: str, limits: Limits | None = None, *, span: float = 2.0, faces: str = "") -> ToleranceSet:
    steps = (ANY,) if limits is None else ((float("inf"), limits),)
    return ToleranceSet("test", (Rule(characteristic, "clause", steps, span=span, faces=faces),))


def one(element: Measured, tolerances: ToleranceSet) -> Measurement:
    [measurement] = measure(element, tolerances)
    return measurement
