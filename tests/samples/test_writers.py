# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportArgumentType=false
"""What the writers wrote is what the scanner recorded, byte for byte the same each time."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from geometry.arrays import FloatArray
from geometry.design import Element
from samples.clutter import ClutterSettings
from samples.defects import Defect, PlantedDefects
from samples.scanner import ScannerSettings, SimulatedScan, scan_design
from samples.writers import WRITERS, formats_of


@pytest.fixture
def scan(room: dict[str, Element]) -> SimulatedScan:
    """Return a coarse scan from two stations whose recorded poses are a little off."""
    settings = ScannerSettings(resolution_rad=np.radians(3.0), clutter=ClutterSettings(2))
    settings = replace(settings, station_error_m=0.0005, site_tilt_rad=0.002)
    defects = PlantedDefects({guid: Defect("ok") for guid in room})
    return scan_design(room, np.array([[1.5, 1.5, 1.5], [5.0, 4.0, 1.6]]), settings, defects, np.random.default_rng(1))


def in_site(scan: SimulatedScan) -> FloatArray:
    """Return all points (n, 3) in the site frame."""
    return np.concatenate([s.T_site_station.apply(s.points) for s in scan.stations])


@pytest.mark.parametrize("kind", WRITERS)
def test_the_same_scan_gives_the_same_bytes(scan: SimulatedScan, kind: str, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        WRITERS[kind](scan, tmp_path / folder / f"scan.{kind}")
    assert (tmp_path / "one" / f"scan.{kind}").read_bytes() == (tmp_path / "two" / f"scan.{kind}").read_bytes()


def test_e57_keeps_stations_poses_and_points(scan: SimulatedScan, tmp_path: Path) -> None:
    import pye57

    WRITERS["e57"](scan, tmp_path / "scan.e57")
    with pye57.E57(str(tmp_path / "scan.e57")) as file:
        assert file.scan_count == 2
        for i, station in enumerate(scan.stations):
            header, data = file.get_header(i), file.read_scan(i, ignore_missing_fields=True)
            np.testing.assert_allclose(header.rotation_matrix, station.T_site_station.rotation, atol=1e-12)
            np.testing.assert_allclose(header.translation, station.T_site_station.translation, atol=1e-12)
            points = np.stack([data[f"cartesian{axis}"] for axis in "XYZ"], axis=1)
            np.testing.assert_allclose(points, station.T_site_station.apply(station.points), atol=1e-9)


def test_laz_keeps_points_to_its_step_and_the_station(scan: SimulatedScan, tmp_path: Path) -> None:
    import laspy

    WRITERS["laz"](scan, tmp_path / "scan.laz")
    cloud = laspy.read(str(tmp_path / "scan.laz"))
    np.testing.assert_allclose(np.asarray(cloud.xyz), in_site(scan), atol=0.00006)
    assert np.bincount(cloud.point_source_id)[1:].tolist() == [len(s.points) for s in scan.stations]


def test_ply_keeps_points_exactly(scan: SimulatedScan, tmp_path: Path) -> None:
    import trimesh

    WRITERS["ply"](scan, tmp_path / "scan.ply")
    assert b"property double x" in (tmp_path / "scan.ply").read_bytes()[:200]
    cloud = trimesh.load(str(tmp_path / "scan.ply"))
    assert isinstance(cloud, trimesh.PointCloud)
    assert np.asarray(cloud.vertices).tobytes() == in_site(scan).tobytes()


def test_an_unknown_format_is_named() -> None:
    assert formats_of("e57, ply") == ("e57", "ply")
    with pytest.raises(ValueError, match=r"'pcd'.*e57, laz, ply"):
        formats_of("e57,pcd")
