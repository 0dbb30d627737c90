"""LAS and LAZ: against laspy, and the damaged headers that make other readers hang."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false
import os
import struct
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from geometry.arrays import BoolArray, FloatArray
from geometry.errors import EmptyInput, ReadError, UnitContradiction
from geometry.readers import read_scan
from geometry.readers.las import _decoding  # pyright: ignore[reportPrivateUsage]


def write_las(
    path: Path,
    xyz: FloatArray,
    *,
    point_format: int = 3,
    version: str = "1.2",
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0),
    wkt: str = "",
    withheld: BoolArray | None = None,
) -> Path:
    import laspy

    header = laspy.LasHeader(point_format=point_format, version=version)
    header.scales, header.offsets = np.array([1e-4] * 3), np.array(offset)
    if wkt:
        header.vlrs.append(laspy.VLR("LASF_Projection", 2112, "", wkt.encode()))
        header.global_encoding.wkt = True
    las = laspy.LasData(header)
    las.x, las.y, las.z = xyz.T
    las.intensity = np.arange(len(xyz)) % 65536
    if withheld is not None:
        las.withheld = withheld
    las.write(str(path))
    return path


def cloud(count: int = 1000) -> FloatArray:
    return np.random.default_rng(7).uniform(-50.0, 50.0, (count, 3)).round(4)


@pytest.mark.parametrize("suffix", [".las", ".laz"])
@pytest.mark.parametrize(("point_format", "version"), [(0, "1.1"), (3, "1.2"), (6, "1.4"), (7, "1.4"), (8, "1.4")])
def test_points_and_intensity_agree_with_laspy(tmp_path: Path, suffix: str, point_format: int, version: str) -> None:
    import laspy

    path = write_las(tmp_path / f"a{suffix}", cloud(), point_format=point_format, version=version)
    scan = read_scan([path])
    reference = laspy.read(path)
    assert np.abs(scan.points + scan.origin - reference.xyz).max() < 1e-12
    assert scan.intensity is not None
    assert np.allclose(scan.intensity, np.asarray(reference.intensity) / 65535.0, atol=1e-7)
    assert not scan.has_poses
    assert scan.sources[0].format == f"{suffix[1:].upper()} {version}"


@pytest.mark.parametrize("suffix", [".las", ".laz"])
@pytest.mark.parametrize(("point_format", "version"), [(1, "1.2"), (6, "1.4")])
def test_withheld_points_are_dropped_and_counted(tmp_path: Path, suffix: str, point_format: int, version: str) -> None:
    xyz, withheld = cloud(100), np.arange(100) % 4 == 0
    path = write_las(tmp_path / f"a{suffix}", xyz, point_format=point_format, version=version, withheld=withheld)
    scan = read_scan([path])
    assert np.abs(scan.points + scan.origin - xyz[~withheld]).max() < 1e-9
    assert scan.invalid_points == 25


@pytest.mark.parametrize("suffix", [".las", ".laz"])
@pytest.mark.parametrize("shift", [500_000.0, 5_000_000.0])
def test_a_moved_offset_keeps_the_relative_points_exactly(tmp_path: Path, suffix: str, shift: float) -> None:
    here = read_scan([write_las(tmp_path / f"here{suffix}", cloud())])
    far = np.array([shift, -shift, 0.5])
    there = read_scan([write_las(tmp_path / f"there{suffix}", cloud() + far, offset=tuple(far))])
    assert np.array_equal(here.points, there.points)
    assert np.abs(there.origin - here.origin - far).max() < 2e-9


@pytest.mark.parametrize("suffix", [".las", ".laz"])
@pytest.mark.parametrize("chunk_points", [1, 77, 1000])
def test_chunk_size_does_not_change_the_result(tmp_path: Path, suffix: str, chunk_points: int) -> None:
    path = write_las(tmp_path / f"a{suffix}", cloud())
    whole, parts = (read_scan([path], max_points=300, chunk_points=n) for n in (100_000, chunk_points))
    assert np.array_equal(whole.points, parts.points)
    assert whole.stride == parts.stride == 4


@pytest.mark.parametrize(("suffix", "step"), [(".las", 1), (".laz", 1)])
def test_truncation_at_any_byte_is_a_read_error(
    tmp_path: Path, suffix: str, step: int, capfd: pytest.CaptureFixture[str]
) -> None:
    data = write_las(tmp_path / f"a{suffix}", cloud(12)).read_bytes()
    cut = tmp_path / f"cut{suffix}"
    for size in range(0, len(data), step):
        cut.write_bytes(data[:size])
        with pytest.raises(ReadError, match="cut"):
            read_scan([cut])
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("place", "form", "value"),
    [
        (96, "<I", 2**31),  # offset to the points
        (100, "<I", 2**32 - 1),  # four billion records to loop over
        (105, "<H", 3),  # record length
        (107, "<I", 2**32 - 1),  # number of points
        (94, "<H", 20),  # header size
        (25, "<B", 9),  # version
        (131, "<d", 0.0),  # scale
        (131, "<d", float("nan")),
        (155, "<d", float("inf")),
        (104, "<B", 60),  # point format
    ],
)
@pytest.mark.parametrize("suffix", [".las", ".laz"])
def test_a_damaged_header_is_a_read_error_at_once(
    tmp_path: Path, suffix: str, place: int, form: str, value: float
) -> None:
    path = write_las(tmp_path / f"a{suffix}", cloud(50))
    damaged = bytearray(path.read_bytes())
    struct.pack_into(form, damaged, place, value)
    path.write_bytes(damaged)
    with pytest.raises(ReadError):
        read_scan([path])


def test_damaged_laz_bytes_never_escape(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = write_las(tmp_path / "a.laz", cloud(400), point_format=7, version="1.4").read_bytes()
    damaged = tmp_path / "damaged.laz"
    rng = np.random.default_rng(11)
    messages: list[str] = []
    for _ in range(300):
        raw = bytearray(data)
        for place in rng.integers(4, len(raw), rng.integers(1, 6)):
            raw[place] = rng.integers(256)
        damaged.write_bytes(raw)
        try:
            assert np.isfinite(read_scan([damaged]).points).all()
        except (ReadError, EmptyInput) as error:
            messages.append(str(error))
    assert len(messages) > 50
    assert not any("\n" in message for message in messages)
    assert capfd.readouterr().err == ""


def test_points_outside_the_bounds_of_the_header_are_noted(tmp_path: Path) -> None:
    path = write_las(tmp_path / "a.las", cloud(50))
    raw = bytearray(path.read_bytes())
    struct.pack_into("<d", raw, 179, -40.0)  # largest x
    path.write_bytes(raw)
    assert any("outside the bounds" in note for note in read_scan([path]).notes)


def test_a_panic_of_the_decoder_is_a_read_error_and_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    panic = types.new_class("PanicException", (BaseException,))

    def decode() -> None:
        with _decoding(Path("x.laz")):
            os.write(2, b"thread '<unnamed>' panicked\n")
            raise panic("boom")

    with pytest.raises(ReadError, match="the decoder gave up"):
        decode()
    assert capfd.readouterr().err == ""
    print("still there", file=sys.stderr)  # noqa: T201
    assert capfd.readouterr().err == "still there\n"


def test_an_interrupt_is_not_swallowed() -> None:
    with pytest.raises(KeyboardInterrupt), _decoding(Path("x.laz")):
        raise KeyboardInterrupt


def test_no_points_is_empty_input(tmp_path: Path) -> None:
    with pytest.raises(EmptyInput, match="no points"):
        read_scan([write_las(tmp_path / "a.las", np.zeros((0, 3)))])


PROJECTED = 'PROJCS["p",GEOGCS["g",UNIT["degree",0.0174532925199433]],PROJECTION["Mercator"],UNIT["u",{}]]'
PROJECTED_2 = 'PROJCRS["p",BASEGEOGCRS["g"],CS[Cartesian,2],AXIS["E",east,LENGTHUNIT["u",{}]],AXIS["N",north]]'


@pytest.mark.parametrize("wkt", [PROJECTED, PROJECTED_2])
@pytest.mark.parametrize("unit", [1.0, 0.3048, 1200 / 3937])
def test_the_unit_of_the_coordinate_system_is_applied(tmp_path: Path, wkt: str, unit: float) -> None:
    path = write_las(tmp_path / "a.las", cloud(20), point_format=6, version="1.4", wkt=wkt.format(unit))
    scan = read_scan([path])
    assert np.allclose(scan.points + scan.origin, cloud(20) * unit, atol=1e-9)
    assert any("converted" in note for note in scan.notes) == (unit != 1.0)


def test_degrees_are_refused(tmp_path: Path) -> None:
    wkt = 'GEOGCS["WGS 84",DATUM["d",SPHEROID["s",6378137,298]],UNIT["degree",0.0174532925199433]]'
    path = write_las(tmp_path / "a.las", cloud(20), point_format=6, version="1.4", wkt=wkt)
    with pytest.raises(UnitContradiction, match="degrees"):
        read_scan([path])


@pytest.mark.parametrize(
    "wkt", ["", "[[[", 'PROJCS["a', 'PROJCS["p",UNIT["u",x]]', "\0\0", 'PROJCS["p",UNIT["u",1e9]]']
)
def test_broken_well_known_text_means_metres(tmp_path: Path, wkt: str) -> None:
    scan = read_scan([write_las(tmp_path / "a.las", cloud(20), point_format=6, version="1.4", wkt=wkt)])
    assert np.allclose(scan.points + scan.origin, cloud(20), atol=1e-9)
