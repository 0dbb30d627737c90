"""An opening as built: its reveals fitted in the frame of its host, two by two."""

from dataclasses import dataclass

from geometry.arrays import FloatArray
from geometry.opening import DesignedOpening, Span
from geometry.pose import Pose
from geometry.reveal_fit import RevealFit, fit_reveal


@dataclass(frozen=True, slots=True, eq=False)
class SpanFit:
    """One dimension of an opening as built."""

    span: Span
    lower: RevealFit | None
    """At the lower end of the span's axis; None where the design has no reveal there."""
    upper: RevealFit | None

    @property
    def complete(self) -> bool:
        """Whether both reveals are known."""
        return all(fit is not None and fit.surfaces == 1 for fit in (self.lower, self.upper))

    @property
    def growth(self) -> float:
        """How much larger it is than designed, metres."""
        return -(self._lower.offset + self._upper.offset)

    @property
    def shift(self) -> float:
        """How far its middle lies along the axis from where it should in the host, metres."""
        return 0.5 * (self._lower.offset - self._upper.offset)

    @property
    def variance(self) -> float:
        """Of the growth, m²."""
        return self._lower.variance + self._upper.variance

    @property
    def n(self) -> int:
        """Points of the reveal that has fewer."""
        return min(self._lower.n, self._upper.n)

    @property
    def _lower(self) -> RevealFit:
        assert self.lower is not None
        return self.lower

    @property
    def _upper(self) -> RevealFit:
        assert self.upper is not None
        return self.upper


@dataclass(frozen=True, slots=True, eq=False)
class SeenOpening:
    """An opening as designed, and as built as far as it was seen."""

    design: DesignedOpening
    spans: tuple[SpanFit, ...]
    T_built_design: Pose
    """How the host was built: what the spans are relative to."""


def see_opening(
    design: DesignedOpening, points: FloatArray, normals: FloatArray, T_built_design: Pose, noise: float
) -> SeenOpening:
    """Fit the reveals of an opening to the points about it.

    Parameters
    ----------
    points, normals
        (m, 3) metres, of the host or of no element, each with a unit normal of its own towards the scanner.
    T_built_design
        How the host was built.
    noise
        Standard deviation of a point, metres.
    """
    back = T_built_design.inverse()
    points, normals = back.apply(points), back.rotate(normals)
    fits = [
        SpanFit(span, *(None if side is None else fit_reveal(side, points, normals, noise) for side in span.sides))
        for span in design.spans
    ]
    return SeenOpening(design, tuple(fits), T_built_design)
