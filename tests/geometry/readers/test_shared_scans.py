"""Every real file at hand is read, or refused by name with the right reason."""

import os
from pathlib import Path

import numpy as np
import pytest

from geometry.errors import EmptyInput, GeometryError, ReadError
from geometry.readers import read_scan

REPOSITORY = Path(__file__).parents[3]
DATA = Path(os.environ.get("QTEMS_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
SCANS = DATA / "scans"

pytestmark = pytest.mark.skipif(
    not SCANS.is_dir(), reason=f"the shared files are not at {SCANS} (set QTEMS_SHARED_DATA)"
)

REFUSED: dict[str, tuple[type[GeometryError], str]] = {
    "corrupt_crc.e57": (ReadError, "checksum"),
    "empty.e57": (EmptyInput, "no points in it"),
    "empty_pc.e57": (EmptyInput, "no points in it"),
    "read_error.e57": (EmptyInput, "none of its 2,651 points is valid"),  # every record is all zero
}
KEPT = {
    "bunnyDouble.e57": 30571,
    "bunnyFloat.e57": 30571,
    "bunnyInt19.e57": 30571,
    "bunnyInt32.e57": 30571,
    "cartesian_invalid_state_single.e57": 1,
    "tiny_pc_and_images.e57": 2,
    "tiny_spherical.e57": 180,
    "tinyCartesianFloatRgb.e57": 2090,
    "autzen_trim.laz": 110000,
    "simple.copc.laz": 1065,
    "simple.las": 1065,
    "unregistered_extra_bytes.las": 4,
    "float_inf_point_cloud.ply": 13,
}
FILES = sorted([*SCANS.glob("e57-cry/*.e57"), *SCANS.glob("las-laspy/*.la[sz]"), *DATA.glob("broken/mesh/**/*.ply")])


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_real_file_is_read_or_refused_by_name(path: Path) -> None:
    if path.name in REFUSED:
        error, reason = REFUSED[path.name]
        with pytest.raises(error, match=reason) as caught:
            read_scan([path])
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
        return
    scan = read_scan([path])
    assert np.isfinite(scan.points).all()
    assert len(scan.points) + scan.invalid_points == scan.declared_points
    assert len(scan.points) == KEPT.get(path.name, len(scan.points)) > 0


def test_all_encodings_of_the_bunny_agree() -> None:
    bunnies = [read_scan([p]) for p in sorted(SCANS.glob("e57-cry/bunny*.e57"))]
    assert len(bunnies) == 6
    for bunny in bunnies[1:]:
        assert np.abs(bunny.points + bunny.origin - bunnies[0].points - bunnies[0].origin).max() < 1e-6


@pytest.mark.parametrize(
    "name", ["simple.las", "simple.laz", "plane.laz", "fullwave.laz", "append-bug.laz", "extra.laz"]
)
def test_las_in_metres_agrees_with_laspy(name: str) -> None:
    import laspy

    path = SCANS / "las-laspy" / name
    scan = read_scan([path])
    assert np.abs(scan.points + scan.origin - laspy.read(path).xyz).max() < 1e-9 * 1e7


@pytest.mark.parametrize(
    ("name", "factor"),
    [
        ("autzen.las", (0.3048, 0.3048, 0.3048)),  # GeoTIFF keys: foot
        ("autzen_trim.laz", (0.3048, 0.3048, 0.3048)),
        ("test1_4.las", (1200 / 3937,) * 3),  # WKT: US survey foot
        ("simple.copc.laz", (1.0, 1.0, 1200 / 3937)),  # WKT: metres, heights in US survey feet
    ],
)
def test_las_in_feet_is_converted_and_noted(name: str, factor: tuple[float, float, float]) -> None:
    import laspy

    path = SCANS / "las-laspy" / name
    scan = read_scan([path])
    expected = laspy.read(path).xyz * np.array(factor)
    assert np.abs(scan.points + scan.origin - expected).max() < 1e-8 * np.abs(expected).max()
    assert any("converted" in note for note in scan.notes)


@pytest.mark.parametrize("case", ["fzk-haus", "infra-bridge"])
def test_check_case_keeps_all_stations(case: str) -> None:
    path = DATA / "check-cases" / case / "scan.e57"
    if not path.exists():
        pytest.skip(f"the shared {path} is not there (set QTEMS_SHARED_DATA)")
    scan = read_scan([path])
    assert scan.has_poses
    assert len(scan.station_positions()) == {"fzk-haus": 8, "infra-bridge": 6}[case]
    assert scan.notes == ()
