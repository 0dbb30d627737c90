"""Scanned points with where each was seen from: what a beam met, and what it passed on the way."""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Rays:
    """Beams that came back, in one frame."""

    points: FloatArray
    """(n, 3) metres, where they came back from."""
    station: IntArray
    """(n,) which scanner position each was sent from."""
    origins: FloatArray
    """(s, 3) metres, the scanner positions."""

    def near(self, place: FloatArray, reach: float) -> "Rays":
        """Return the beams that pass a place (3,) within ``reach`` metres, or would have, had they not been stopped."""
        kept = list[IntArray]()
        for number, origin in enumerate(self.origins):
            rows = np.flatnonzero(self.station == number)
            towards = place - origin
            far = float(np.linalg.norm(towards))
            beams = self.points[rows] - origin
            length = np.linalg.norm(beams, axis=1)
            # the distance of the place from the beam's line, by Pythagoras; of those that go its way
            along = beams @ towards / np.maximum(length, 1e-12)
            aside = np.sqrt(np.maximum(far**2 - along**2, 0.0))
            kept.append(rows[(aside <= reach) & (along > 0.0)])
        chosen = np.concatenate(kept) if kept else np.zeros(0, np.int64)
        return Rays(self.points[chosen], self.station[chosen], self.origins)

    def senders(self) -> FloatArray:
        """Return where each beam was sent from (n, 3), metres."""
        return self.origins[self.station]
