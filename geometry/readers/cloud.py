"""Assembling one scan from the chunks that the format modules yield, with bounded memory.

A chunk holds points in the frame that the file stores them in; its set-up says how that frame sits in the scan frame.
The two are combined here as ``R @ point + (t - origin)``: the large translation never meets a point, so a scan that
was moved by 5,000 km keeps its relative points to the last digits.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from geometry.arrays import BoolArray, Float32Array, FloatArray, Int32Array, IntArray, frozen
from geometry.errors import EmptyInput
from geometry.note import Note
from geometry.pose import Pose
from geometry.readers.chunk import Chunk, Setup
from geometry.readers.moving import longest_side, move_points, survey
from geometry.readers.station_evidence import Claim, believed_positions
from geometry.readers.thinning import kept_of_pairs, kept_of_records
from geometry.scan import Scan, Station
from geometry.source import SourceFile

FARTHEST_COORDINATE = 1e12
"""Metres. A coordinate beyond this is a damaged number, not a place (UTM northings in millimetres are below 1e10)."""
FARTHEST_FROM_SITE = 10_000.0
"""Metres. Farther than this along an axis from the middle of all points a few points are damaged numbers."""
_FEW = 0.01
SMALLEST_SITE = 1e-3
"""Metres. A hundred points or more that all lie within this are one place, not a scan."""
_MANY = 100
WIDEST_SITE = 20_000.0
"""Metres. A wider scan gets a note: stray points, or millimetres stored as metres."""
COARSEST_STEP = 1e-3
"""Metres. Coordinates that the file rounds more coarsely than this get a note."""
SMALLEST_TILT = np.deg2rad(0.5)
"""A pose that leans more than this was measured with a scanner that was not levelled."""


_ROOM_FOR_A_CHUNK = 1 << 19
"""Points that the store holds beyond the limit until it is thinned."""
_Number = TypeVar("_Number", np.float64, np.float32)


@dataclass(slots=True, eq=False)
class _Held:
    """What is held of one station: the rows ``start:end`` of the store, and counts over all its records."""

    setup: Setup
    file: int
    start: int
    end: int
    valid: int = 0
    zeros: int = 0
    with_intensity: int = 0
    largest: float = 0.0


class CloudAssembler:
    """Collects chunks into one bounded store; ``finish`` makes the scan of it.

    Mutable on purpose: it is the one place where a scan grows, and it never leaves this package.
    """

    def __init__(self, max_points: int) -> None:
        self._max_points = max_points
        self._level = 0
        self._size = 0
        self._points: FloatArray = np.empty((0, 3))
        self._intensity: Float32Array = np.empty(0, np.float32)
        self._stations: list[_Held] = []
        self._origin: FloatArray | None = None
        self._notes: dict[str, None] = {}
        self._declared = 0
        self._invalid = 0

    def add(self, chunk: Chunk, file: int, path: Path) -> None:
        """Take one chunk of the file with index ``file``; the chunks of a station must follow each other."""
        for note in chunk.notes:
            self.note(Note("in_file", "{file}: {note}", file=path.name, note=note))
        self._declared += chunk.declared
        self._invalid += chunk.invalid
        station = self._station_of(chunk.setup, file, chunk.expected)
        points, intensity = np.ascontiguousarray(chunk.points), chunk.intensity
        nowhere, zeros, largest = survey(points, FARTHEST_COORDINATE)
        if nowhere:
            place = np.all(np.abs(points) < FARTHEST_COORDINATE, axis=1)  # NaN compares false
            points, intensity = points[place], None if intensity is None else intensity[place]
            self._invalid += nowhere
        if len(points) == 0:
            return
        if self._origin is None:
            self._origin = self._first_place(points[0], chunk.setup.T_scan_local)
        first = station.valid
        station.valid += len(points)
        station.zeros += zeros if chunk.setup.zeros_may_be_misses else 0
        station.largest = max(station.largest, largest)
        if self._level:
            kept = kept_of_records(first, len(points), self._level)
            points = points[kept]
            intensity = None if intensity is None else intensity[kept]
        self._append(station, points, intensity)
        while self._size > self._max_points and self._size > len(self._stations):
            self._thin()

    def note(self, text: str) -> None:
        """Remember a line for the user, once."""
        self._notes.setdefault(text)

    def finish(self, sources: tuple[SourceFile, ...], names: tuple[str, ...]) -> Scan:
        """Return the scan; ``names`` are the file names that stations without a name are called after.

        Raises
        ------
        EmptyInput
            When no valid point was found, or all of them are at one place.
        """
        self._drop_zeros()
        if self._size == 0 or self._origin is None:
            raise EmptyInput(self._why_empty(sources))
        self._drop_strays()
        points = self._owned(self._points)
        if len(points) >= _MANY and longest_side(points) < SMALLEST_SITE:
            raise EmptyInput(f"{_listed(sources)}: all {len(points):,} points are at one place; export the scan again")
        positions = self._positions(points)
        origin = positions[0] if positions[0] is not None else points[0] + self._origin
        if not np.array_equal(self._origin, origin):
            points += self._origin - origin
        self._note_sizes(points)
        stations = tuple(
            Station(
                name=name,
                position=None if position is None else frozen(position - origin),
                levelled=_is_levelled(held.setup.T_scan_local),
                rotation=None if position is None else held.setup.rotation,
            )
            for held, name, position in zip(self._stations, self._unique_names(names), positions, strict=True)
        )
        return Scan(
            points=points,
            station_index=self._station_index(),
            stations=stations,
            origin=frozen(origin),
            sources=sources,
            intensity=self._scaled_intensity(),
            declared_points=self._declared,
            invalid_points=self._invalid,
            stride=1 << self._level,
            notes=tuple(self._notes),
        )

    def _station_of(self, setup: Setup, file: int, expected: int) -> _Held:
        """Return the station that is being filled, opening a new one when the set-up changes."""
        if not self._stations or self._stations[-1].file != file:
            self._reserve(min(self._size + expected, self._max_points + _ROOM_FOR_A_CHUNK))
        if not self._stations or self._stations[-1].setup is not setup:
            self._stations.append(_Held(setup, file, self._size, self._size))
        return self._stations[-1]

    def _first_place(self, point: FloatArray, T_scan_local: Pose) -> FloatArray:
        """Return the origin: the first station's position or else the first valid point, scan frame."""
        first = self._stations[0].setup
        if first.position is not None:
            return np.array(first.position, dtype=np.float64)
        return T_scan_local.apply(point[None])[0]

    def _append(self, station: _Held, points: FloatArray, intensity: Float32Array | None) -> None:
        """Write points, relative to the origin, at the end of the store."""
        assert self._origin is not None
        end = self._size + len(points)
        self._reserve(end)
        target = self._points[self._size : end]
        pose = station.setup.T_scan_local
        move_points(points, np.array(pose.rotation), pose.translation - self._origin, target)
        if intensity is not None:
            self._intensity[self._size : end] = intensity
            station.with_intensity += len(points)
        self._size = station.end = end

    def _reserve(self, size: int) -> None:
        """Grow the store to at least ``size`` rows."""
        capacity = len(self._points)
        if size <= capacity:
            return
        capacity = max(size, min(2 * capacity, self._max_points + _ROOM_FOR_A_CHUNK))
        points, intensity = np.empty((capacity, 3)), np.empty(capacity, np.float32)
        points[: self._size] = self._points[: self._size]
        intensity[: self._size] = self._intensity[: self._size]
        self._points, self._intensity = points, intensity

    def _thin(self) -> None:
        """Halve the store in place: of each pair of neighbours of a station one stays."""
        self._level += 1
        self._compact([kept_of_pairs(s.end - s.start, self._level) for s in self._stations])

    def _compact(self, kept_of_station: list[IntArray | BoolArray]) -> None:
        size = 0
        for station, kept in zip(self._stations, kept_of_station, strict=True):
            points = self._points[station.start : station.end][kept]
            intensity = self._intensity[station.start : station.end][kept]
            if station.with_intensity:
                station.with_intensity = len(points)
            station.start, station.end = size, size + len(points)
            self._points[size : station.end] = points
            self._intensity[size : station.end] = intensity
            size = station.end
        self._size = size

    def _drop_zeros(self) -> None:
        """Drop points at exactly the local origin: from two on they are rays without a return, written as zeros."""
        kept: list[IntArray | BoolArray] = []
        for station in self._stations:
            keep = np.ones(station.end - station.start, np.bool_)
            if station.zeros > 1 and self._origin is not None:
                zero = station.setup.T_scan_local.translation - self._origin
                keep = ~(self._points[station.start : station.end] == zero).all(axis=1)
                self._invalid += station.zeros
                said = "{returns} returns at exactly (0, 0, 0) of their scan are misses and were dropped."
                self.note(Note("misses", said, returns=str(station.zeros)))
            kept.append(keep)
        if any(not k.all() for k in kept):
            self._compact(kept)

    def _drop_strays(self) -> None:
        """Drop the few points that lie far beyond any site: in a damaged file numbers can be any size."""
        points = self._points[: self._size]
        if longest_side(points) <= 2.0 * FARTHEST_FROM_SITE:
            return
        middle = np.median(points[:: 1 + len(points) // 100_000], axis=0)
        near = np.all(np.abs(points - middle) <= FARTHEST_FROM_SITE, axis=1)
        strays = int(np.count_nonzero(~near))
        if strays <= _FEW * len(points):
            self._compact([near[station.start : station.end] for station in self._stations])
            self._invalid += strays
            said = "{strays} points lie more than {limit} km from the others: damaged numbers, which were dropped."
            self.note(Note("strays", said, strays=str(strays), limit=f"{FARTHEST_FROM_SITE / 1000:.0f}"))

    def _positions(self, points: FloatArray) -> list[FloatArray | None]:
        """Return each station's position (scan frame) as far as it can be believed."""
        assert self._origin is not None
        claims = [Claim(s.file, s.setup, points[s.start : s.end], self._origin) for s in self._stations]
        positions, notes = believed_positions(claims)
        for note in notes:
            self.note(note)
        return positions

    def _station_index(self) -> Int32Array:
        index = np.empty(self._size, np.int32)
        for i, station in enumerate(self._stations):
            index[station.start : station.end] = i
        return index

    def _scaled_intensity(self) -> Float32Array | None:
        """Return intensity as 0..1, or None when a station lacks it."""
        filled = [s for s in self._stations if s.end > s.start]
        if any(not s.with_intensity for s in filled):
            if any(s.with_intensity for s in filled):
                self.note(Note("no_intensity", "Some stations have no intensity, so intensity is left out for all."))
            return None
        intensity = self._owned(self._intensity)
        for station in filled:
            values = intensity[station.start : station.end]
            values[~np.isfinite(values)] = 0.0
            low, high = station.setup.intensity_limits or (float(values.min()), float(values.max()))
            if station.setup.intensity_limits is None and low >= 0.0 and high <= 1.0:
                continue
            values -= np.float32(low)
            values /= np.float32(high - low if high > low else 1.0)
            np.clip(values, 0.0, 1.0, out=values)
        return frozen(intensity)

    def _owned(self, array: NDArray[_Number]) -> NDArray[_Number]:
        """Return the filled part of a store array; a copy when most of the array is unused."""
        part = array[: self._size]
        return part if 2 * self._size > len(array) else part.copy()

    def _unique_names(self, files: tuple[str, ...]) -> list[str]:
        """Return station names: the file's own where it has them, and never the same name twice."""
        in_file = [sum(s.file == other.file for other in self._stations) for s in self._stations]
        numbers: dict[int, int] = {}
        names: list[str] = []
        for station, count in zip(self._stations, in_file, strict=True):
            number = numbers[station.file] = numbers.get(station.file, 0) + 1
            stem = files[station.file]
            name = station.setup.name or (stem if count == 1 else f"{stem} {number}")
            if name in names:
                name = f"{stem}: {name}"
            while name in names:
                name = f"{name} ({number})"
            names.append(name)
        return names

    def _note_sizes(self, points: FloatArray) -> None:
        """Note thinning, an impossible extent, and coordinates that the file rounds coarsely."""
        if self._level:
            self.note(
                Note(
                    "thinned",
                    "The cloud was thinned to one of every {stride} points ({kept} kept), because it is larger than "
                    "the limit of {limit}.",
                    stride=str(1 << self._level),
                    kept=f"{self._size:,}",
                    limit=f"{self._max_points:,}",
                )
            )
        extent = float(longest_side(points))
        if extent > WIDEST_SITE:
            said = "The scan is {extent} km wide: it has stray points, or millimetres stored as metres."
            self.note(Note("too_wide", said, extent=f"{extent / 1000:,.0f}"))
        for station in self._stations:
            rounding = float(np.spacing(np.float32(station.largest))) if station.setup.single_precision else 0.0
            step = max(station.setup.step, rounding)
            if step > COARSEST_STEP and station.end > station.start:
                floats = Note("float32", "32-bit floats far from zero")
                why = floats if step > station.setup.step else Note("file_scale", "the file's scale")
                said = "The file rounds coordinates to steps of {step} mm ({why})."
                self.note(Note("rounded", said, step=f"{step * 1000:.3g}", why=why))

    def _why_empty(self, sources: tuple[SourceFile, ...]) -> str:
        files = _listed(sources)
        if self._declared == 0:
            return f"{files}: no points in it; export the scan again"
        return (
            f"{files}: none of its {self._declared:,} points is valid "
            f"({self._invalid:,} flagged invalid, NaN, infinite or misses); export the scan again"
        )


def _listed(sources: tuple[SourceFile, ...]) -> str:
    return ", ".join(source.path for source in sources)


def _is_levelled(pose: Pose) -> bool:
    """Return False when the pose leans its z axis by more than the tilt that registration corrections have."""
    upright = pose.rotation[2, 2]
    sideways = float(np.hypot(pose.rotation[0, 2], pose.rotation[1, 2]))
    return bool(np.arctan2(sideways, upright) <= SMALLEST_TILT)
