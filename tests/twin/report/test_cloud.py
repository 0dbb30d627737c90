# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
"""The scan with its deviations."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geometry.arrays import FloatArray
from twin.report import cloud
from twin.report.cloud import NO_ELEMENT, write_laz, write_ply
from twin.report.palette import RAMP, ramp_colours, ramp_limit, rgb
from twin.report.provenance import Provenance
from twin.result import CheckResult

ProvenanceOf = Callable[[CheckResult], Provenance]


def read_las(path: Path) -> Any:
    """Return the file as laspy reads it."""
    import laspy

    return laspy.read(path)


def expected_points(result: CheckResult) -> FloatArray:
    """Return the scan in the design file's coordinates."""
    pose = result.registration.T_design_scan
    assert pose is not None
    return pose.apply(result.scan.points) + result.design.origin


def expected_elements(result: CheckResult) -> FloatArray:
    """Return the element of each point as the file writes it."""
    assert result.point_deviations is not None
    index = result.point_deviations.element_index.astype(np.int64)
    return np.where(index < 0, NO_ELEMENT, index)


def test_laz_holds_points_deviations_and_elements(
    building: CheckResult, provenance_of: ProvenanceOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the design's frame within half a step, across chunk borders, at 5,432 km from zero."""
    monkeypatch.setattr(cloud, "CHUNK", 7001)
    path = tmp_path / "deviation.laz"
    write_laz(path, building, provenance_of(building))
    las = read_las(path)
    # the step is 0.1 mm; doubles at 5,432 km add a nanometre
    assert np.abs(np.asarray(las.xyz) - expected_points(building)).max() < 0.000051
    assert building.point_deviations is not None
    assert np.array_equal(np.asarray(las["deviation_m"]), building.point_deviations.signed_distance, equal_nan=True)
    assert np.array_equal(np.asarray(las["element"]), expected_elements(building))
    assert np.array_equal(np.asarray(las.point_source_id), building.scan.station_index + 1)
    assert np.array_equal(las.header.offsets, building.design.origin)


def test_laz_has_no_clock_in_it(building: CheckResult, provenance_of: ProvenanceOf, tmp_path: Path) -> None:
    """The creation date is the one passed in, or a fixed one."""
    for name in ("a.laz", "b.laz"):
        write_laz(tmp_path / name, building, provenance_of(building))
    assert (tmp_path / "a.laz").read_bytes() == (tmp_path / "b.laz").read_bytes()
    assert read_las(tmp_path / "a.laz").header.creation_date == date(1980, 1, 1)


def test_ply_holds_the_same(building: CheckResult, tmp_path: Path) -> None:
    """Read back with numpy alone."""
    path = tmp_path / "deviation.ply"
    write_ply(path, building)
    head, _, body = path.read_bytes().partition(b"end_header\n")
    kinds = {"double": "<f8", "uchar": "u1", "float": "<f4", "uint": "<u4"}
    fields = [line.split()[1:] for line in head.decode().splitlines() if line.startswith("property")]
    rows = np.frombuffer(body, np.dtype([(name, kinds[kind]) for kind, name in fields]))
    assert len(rows) == len(building.scan.points)
    got = np.stack([rows["x"], rows["y"], rows["z"]], axis=1)
    assert np.abs(got - expected_points(building)).max() < 1e-8
    assert np.array_equal(rows["element"], expected_elements(building))


def test_without_deviations_every_point_is_unassigned(empty_check: CheckResult, tmp_path: Path) -> None:
    """No element, NaN deviation, the neutral grey."""
    path = tmp_path / "deviation.ply"
    write_ply(path, empty_check)
    body = path.read_bytes().partition(b"end_header\n")[2]
    rows = np.frombuffer(body, np.dtype([("xyz", "<f8", 3), ("rgb", "u1", 3), ("d", "<f4"), ("e", "<u4")]))
    assert np.isnan(rows["d"]).all()
    assert (rows["e"] == NO_ELEMENT).all()
    assert (rows["rgb"] == cloud.UNMEASURED).all()


def test_ramp_runs_from_inside_to_outside() -> None:
    """Its ends are reached at the limit and hold beyond it; zero is the middle stop."""
    colours = ramp_colours(np.array([-0.02, 0.0, 0.02, 0.5]), 0.02)
    assert colours.tolist() == [list(rgb(RAMP[0])), list(rgb(RAMP[3])), list(rgb(RAMP[-1])), list(rgb(RAMP[-1]))]


def test_ramp_ends_at_twice_the_usual_tolerance(building: CheckResult, empty_check: CheckResult) -> None:
    """So that the middle of each half is about the limit."""
    assert ramp_limit(building) == pytest.approx(0.020)
    assert ramp_limit(empty_check) == 0.02


def test_a_disk_that_is_full_is_an_error_of_the_system_not_of_the_encoder(
    building: CheckResult, provenance_of: ProvenanceOf
) -> None:
    """Written to a device that takes nothing: the encoder's own error would end as an internal one."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("/dev/full is a device of Linux")
    with pytest.raises(OSError, match=r"space|full"):
        write_laz(full, building, provenance_of(building))
