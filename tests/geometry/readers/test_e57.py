"""E57 quirks, each written into a tiny file with libE57 and read back."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false, reportAttributeAccessIssue=false
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike

from geometry.errors import EmptyInput, ReadError
from geometry.readers import read_scan

CARTESIAN = ("cartesianX", "cartesianY", "cartesianZ")
SPHERICAL = ("sphericalRange", "sphericalAzimuth", "sphericalElevation")
POINTS = np.array([[1.0, 2.0, 3.0], [-4.0, 5.5, 0.25], [7.0, -8.0, 9.0], [0.5, 0.25, -0.125]])
YAW_90 = (np.sqrt(0.5), 0.0, 0.0, np.sqrt(0.5))


@dataclass
class Written:
    """One scan to write: record fields, their encoding, and the pose (None = no pose section)."""

    fields: dict[str, ArrayLike]
    encoding: str = "double"
    rotation: Sequence[float] | None = None
    translation: Sequence[float] | None = None
    name: str | None = None
    limits: tuple[float, float] | None = None
    encodings: dict[str, str] = field(default_factory=dict)


def cartesian(points: ArrayLike, **more: ArrayLike) -> dict[str, ArrayLike]:
    return dict(zip(CARTESIAN, np.asarray(points, float).reshape(-1, 3).T, strict=True)) | more


def write_e57(path: Path, *scans: Written) -> Path:
    import pye57
    from pye57 import libe57

    file: Any = pye57.E57(str(path), "w")
    image = file.image_file
    for scan in scans:
        node = libe57.StructureNode(image)
        node.set("guid", libe57.StringNode(image, "{test}"))
        if scan.name is not None:
            node.set("name", libe57.StringNode(image, scan.name))
        _set_pose(image, node, scan)
        if scan.limits is not None:
            limits = libe57.StructureNode(image)
            limits.set("intensityMinimum", libe57.FloatNode(image, scan.limits[0]))
            limits.set("intensityMaximum", libe57.FloatNode(image, scan.limits[1]))
            node.set("intensityLimits", limits)
        prototype = libe57.StructureNode(image)
        arrays = {name: np.ascontiguousarray(values, np.float64) for name, values in scan.fields.items()}
        for name in arrays:
            prototype.set(name, _encoded(image, scan.encodings.get(name, scan.encoding)))
        points = libe57.CompressedVectorNode(image, prototype, libe57.VectorNode(image, True))
        node.set("points", points)
        file.data3d.append(node)
        count = len(next(iter(arrays.values())))
        buffers = libe57.VectorSourceDestBuffer()
        for name, values in arrays.items():
            buffers.append(libe57.SourceDestBuffer(image, name, values, max(count, 1), True, True))
        if count:
            writer = points.writer(buffers)
            writer.write(count)
            writer.close()
    file.close()
    return path


def _set_pose(image: Any, node: Any, scan: Written) -> None:
    from pye57 import libe57

    if scan.rotation is None and scan.translation is None:
        return
    pose = libe57.StructureNode(image)
    node.set("pose", pose)
    for part, names, values in (("rotation", "wxyz", scan.rotation), ("translation", "xyz", scan.translation)):
        if values is not None:
            child = libe57.StructureNode(image)
            pose.set(part, child)
            for name, value in zip(names, values, strict=True):
                child.set(name, libe57.FloatNode(image, float(value)))


def _encoded(image: Any, encoding: str) -> Any:
    from pye57 import libe57

    if encoding == "scaled":
        return libe57.ScaledIntegerNode(image, 0, -(2**40), 2**40, 1e-4, 10.0)
    if encoding == "integer":
        return libe57.IntegerNode(image, 0, -1000, 1000)
    precision = libe57.E57_SINGLE if encoding == "single" else libe57.E57_DOUBLE
    return libe57.FloatNode(image, 0.0, precision)


def patch_xml(path: Path, old: bytes, new: bytes) -> None:
    """Replace text in the XML section and make the page checksums (CRC-32C) right again."""
    data = path.read_bytes()
    pages = [data[i : i + 1020] for i in range(0, len(data), 1024)]
    flat = b"".join(pages)
    assert flat.count(old) >= 1
    flat = flat.replace(old, new.ljust(len(old)), 1)
    path.write_bytes(with_checksums(flat))


def with_checksums(flat: bytes) -> bytes:
    return b"".join(flat[i : i + 1020] + crc32c(flat[i : i + 1020]) for i in range(0, len(flat), 1020))


def crc32c(data: bytes) -> bytes:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return (crc ^ 0xFFFFFFFF).to_bytes(4, "big")


def absolute(scan: Any) -> np.ndarray:
    return scan.points + scan.origin


@pytest.mark.parametrize(("encoding", "error"), [("double", 1e-15), ("single", 1e-6), ("scaled", 5.1e-5)])
def test_every_encoding_gives_the_same_metres(tmp_path: Path, encoding: str, error: float) -> None:
    scan = read_scan([write_e57(tmp_path / "a.e57", Written(cartesian(POINTS), encoding))])
    assert np.abs(absolute(scan) - POINTS).max() <= error


def test_integer_coordinates_are_read_and_their_coarse_grid_is_noted(tmp_path: Path) -> None:
    scan = read_scan([write_e57(tmp_path / "a.e57", Written(cartesian([[1, 2, 3], [4, 5, 6]]), "integer"))])
    assert absolute(scan).tolist() == [[1, 2, 3], [4, 5, 6]]
    assert any("steps of 1e+03 mm" in note for note in scan.notes)


def test_pose_is_applied_and_gives_the_station(tmp_path: Path) -> None:
    scan = read_scan(
        [
            write_e57(
                tmp_path / "a.e57", Written(cartesian(POINTS), rotation=YAW_90, translation=(100, 200, 5), name="A")
            )
        ]
    )
    x, y, z = POINTS.T
    assert np.allclose(absolute(scan), np.column_stack([100 - y, 200 + x, 5 + z]), atol=1e-12)
    assert scan.origin.tolist() == [100, 200, 5]
    assert scan.stations[0].name == "A"
    assert scan.stations[0].levelled
    assert scan.has_poses
    assert scan.station_positions().tolist() == [[0, 0, 0]]


def test_all_scans_and_their_places_are_kept(tmp_path: Path) -> None:
    scan = read_scan(
        [
            write_e57(
                tmp_path / "site.e57",
                Written(cartesian(POINTS), rotation=(1, 0, 0, 0), translation=(0, 0, 0), name="first"),
                Written(cartesian([]), rotation=(1, 0, 0, 0), translation=(1, 1, 1), name="empty"),
                Written(cartesian(POINTS[:2]), rotation=YAW_90, translation=(10, 0, 0)),
            )
        ]
    )
    assert [s.name for s in scan.stations] == ["first", "empty", "site 3"]
    assert [s.position.tolist() for s in scan.stations if s.position is not None] == [[0, 0, 0], [1, 1, 1], [10, 0, 0]]
    assert scan.station_index.tolist() == [0, 0, 0, 0, 2, 2]
    assert any("empty has no points" in note for note in scan.notes)


def test_unnormalised_quaternion_is_normalised_and_noted(tmp_path: Path) -> None:
    doubled = tuple(2 * q for q in YAW_90)
    plain = Written(cartesian(POINTS), rotation=YAW_90, translation=(1, 2, 3))
    long = Written(cartesian(POINTS), rotation=doubled, translation=(1, 2, 3))
    a = read_scan([write_e57(tmp_path / "a.e57", plain)])
    b = read_scan([write_e57(tmp_path / "b.e57", long)])
    assert np.allclose(a.points, b.points, atol=1e-14)
    assert any("quaternion of length 2" in note for note in b.notes)
    assert not any("quaternion" in note for note in a.notes)


def test_all_zero_quaternion_is_no_rotation(tmp_path: Path) -> None:
    written = Written(cartesian(POINTS), rotation=(0, 0, 0, 0), translation=(5, 6, 7))
    scan = read_scan([write_e57(tmp_path / "a.e57", written)])
    assert np.allclose(absolute(scan), POINTS + np.array([5, 6, 7]), atol=1e-14)
    assert any("all zero" in note for note in scan.notes)


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_pose_that_is_no_number_is_refused(tmp_path: Path, value: str) -> None:
    path = write_e57(tmp_path / "a.e57", Written(cartesian(POINTS), rotation=(1, 0, 0, 0), translation=(1234.5, 0, 0)))
    patch_xml(path, b"1.2345e+03", value.encode())
    with pytest.raises(ReadError, match="pose that is not a number"):
        read_scan([path])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'recordCount="4"', b'recordCount="9"'),
        (b'fileOffset="48"', b'fileOffset="99"'),
        (b"<cartesianX", b"<cartesianQ"),
        (b"</e57Root>", b""),
    ],
)
def test_a_damaged_header_with_right_checksums_is_a_read_error(tmp_path: Path, old: bytes, new: bytes) -> None:
    path = write_e57(tmp_path / "a.e57", Written(cartesian(POINTS)))
    patch_xml(path, old, new)
    with pytest.raises(ReadError, match=r"a\.e57"):
        read_scan([path])


@pytest.mark.parametrize("pose", [{}, {"rotation": (1, 0, 0, 0)}])
def test_without_pose_or_translation_the_place_is_unknown(tmp_path: Path, pose: dict[str, Any]) -> None:
    scan = read_scan([write_e57(tmp_path / "a.e57", Written(cartesian(POINTS), **pose))])
    assert not scan.has_poses
    assert scan.origin.tolist() == POINTS[0].tolist()
    assert any("not known" in note for note in scan.notes)


def test_translation_without_rotation_is_a_place(tmp_path: Path) -> None:
    scan = read_scan([write_e57(tmp_path / "a.e57", Written(cartesian(POINTS), translation=(3, 2, 1)))])
    assert scan.origin.tolist() == [3, 2, 1]
    assert np.allclose(scan.points, POINTS, atol=1e-15)


def test_spherical_records_are_turned_into_points_and_know_their_scanner(tmp_path: Path) -> None:
    distance, azimuth, elevation = np.array([2.0, 3.0, 0.5]), np.array([0.1, -2.0, 3.0]), np.array([0.2, -1.0, 1.5])
    records: dict[str, ArrayLike] = dict(zip(SPHERICAL, (distance, azimuth, elevation), strict=True))
    scan = read_scan([write_e57(tmp_path / "a.e57", Written(records))])
    expected = [
        [r * np.cos(e) * np.cos(a), r * np.cos(e) * np.sin(a), r * np.sin(e)]
        for r, a, e in zip(distance, azimuth, elevation, strict=True)
    ]
    assert np.allclose(scan.points, expected, atol=1e-14)
    assert scan.has_poses
    assert scan.origin.tolist() == [0, 0, 0]


@pytest.mark.parametrize("encoding", ["integer", "single"])
def test_invalid_states_one_and_two_are_dropped_and_counted(tmp_path: Path, encoding: str) -> None:
    records = cartesian(POINTS, cartesianInvalidState=[0, 1, 2, 0])
    written = Written(records, encodings={"cartesianInvalidState": encoding})
    scan = read_scan([write_e57(tmp_path / "a.e57", written)])
    assert np.allclose(absolute(scan), POINTS[[0, 3]])
    assert (scan.declared_points, scan.invalid_points) == (4, 2)


def test_spherical_invalid_state_applies_to_spherical_records(tmp_path: Path) -> None:
    records: dict[str, ArrayLike] = dict(
        zip(SPHERICAL, ([1.0, 2.0, 3.0], [0.0, 0.1, 0.2], [0.0, 0.0, 0.0]), strict=True)
    )
    records["sphericalInvalidState"] = [0, 2, 0]
    scan = read_scan([write_e57(tmp_path / "a.e57", Written(records, encodings={"sphericalInvalidState": "integer"}))])
    assert len(scan.points) == 2
    assert scan.invalid_points == 1


def test_repeated_zeros_are_misses_but_a_single_one_is_a_point(tmp_path: Path) -> None:
    pose: dict[str, Any] = {"rotation": YAW_90, "translation": (10.0, 20.0, 30.0)}
    one = read_scan([write_e57(tmp_path / "a.e57", Written(cartesian([*POINTS, [0, 0, 0]]), **pose))])
    two = read_scan([write_e57(tmp_path / "b.e57", Written(cartesian([[0, 0, 0], *POINTS, [0, 0, 0]]), **pose))])
    assert len(one.points) == 5
    assert len(two.points) == 4
    assert two.invalid_points == 2
    assert np.array_equal(two.points, one.points[:4])


def test_nan_and_infinite_points_are_dropped(tmp_path: Path) -> None:
    bad = [[np.nan, 0, 0], [0, np.inf, 0], [1e300, 0, 0]]
    scan = read_scan([write_e57(tmp_path / "a.e57", Written(cartesian([*bad, *POINTS])))])
    assert np.allclose(absolute(scan), POINTS)
    assert scan.invalid_points == 3


def test_only_invalid_points_is_empty_input(tmp_path: Path) -> None:
    with pytest.raises(EmptyInput, match="none of its 2 points"):
        read_scan([write_e57(tmp_path / "a.e57", Written(cartesian([[np.nan] * 3] * 2)))])


def test_a_file_without_scans_is_empty_input(tmp_path: Path) -> None:
    with pytest.raises(EmptyInput, match="no points in it"):
        read_scan([write_e57(tmp_path / "a.e57")])


def test_scan_without_coordinates_is_refused_by_its_number(tmp_path: Path) -> None:
    written = Written({"intensity": [1.0, 2.0]})
    with pytest.raises(ReadError, match="scan 1 of 1 has neither"):
        read_scan([write_e57(tmp_path / "a.e57", written)])


@pytest.mark.parametrize(
    ("values", "limits", "expected"),
    [
        ([0.0, 0.5, 1.0, 0.25], None, [0.0, 0.5, 1.0, 0.25]),
        ([10.0, 20.0, 30.0, 20.0], None, [0.0, 0.5, 1.0, 0.5]),
        ([0.0, 100.0, 200.0, 500.0], (0.0, 400.0), [0.0, 0.25, 0.5, 1.0]),
        ([3.0, 3.0, 3.0, float("nan")], (3.0, 3.0), [1.0, 1.0, 1.0, 0.0]),
    ],
)
def test_intensity_is_scaled_to_one(
    tmp_path: Path, values: list[float], limits: tuple[float, float] | None, expected: list[float]
) -> None:
    scan = read_scan([write_e57(tmp_path / "a.e57", Written(cartesian(POINTS, intensity=values), limits=limits))])
    assert scan.intensity is not None
    assert np.allclose(scan.intensity, expected, atol=1e-6)


@pytest.mark.parametrize(("said", "turned"), [
    ({"rotation": YAW_90, "translation": (100, 200, 5)}, True),
    ({"rotation": None, "translation": (100, 200, 5)}, False),
    ({"rotation": (0, 0, 0, 0), "translation": (100, 200, 5)}, False),
    ({"rotation": None, "translation": None}, False),
])  # fmt: skip
def test_a_station_is_turned_as_its_pose_says_and_unknown_without(
    tmp_path: Path, said: dict[str, Any], turned: bool
) -> None:
    (station,) = read_scan([write_e57(tmp_path / "a.e57", Written(cartesian(POINTS), **said))]).stations
    assert (station.rotation is not None) is turned
    if station.rotation is not None:
        assert np.allclose(station.rotation, [[0, -1, 0], [1, 0, 0], [0, 0, 1]], atol=1e-12)


def test_tilted_pose_is_not_levelled(tmp_path: Path) -> None:
    lean = np.deg2rad(10.0)
    written = Written(cartesian(POINTS), rotation=(np.cos(lean / 2), np.sin(lean / 2), 0, 0), translation=(1, 1, 1))
    assert not read_scan([write_e57(tmp_path / "a.e57", written)]).stations[0].levelled


@pytest.mark.parametrize("shift", [0.0, 500_000.0, 5_000_000.0])
def test_moving_the_pose_by_any_distance_keeps_the_relative_points(tmp_path: Path, shift: float) -> None:
    rng = np.random.default_rng(3)
    local = rng.normal(size=(500, 3)) * 20.0
    scans = [
        Written(cartesian(local), rotation=YAW_90, translation=(1.25 + shift, 2.5 - shift, 0.5)),
        Written(cartesian(local[:100]), rotation=(1, 0, 0, 0), translation=(9.75 + shift, -2.5 - shift, 0.5)),
    ]
    there = read_scan([write_e57(tmp_path / "there.e57", *scans)])
    x, y, z = local.T
    first = np.column_stack([-y, x, z])
    assert np.abs(there.points - np.vstack([first, local[:100] + np.array([8.5, -5.0, 0.0])])).max() < 1e-9
    assert there.origin.tolist() == [1.25 + shift, 2.5 - shift, 0.5]


@pytest.mark.parametrize("chunk_points", [1, 3, 64, 999, 1000, 5000])
def test_chunk_size_does_not_change_the_result(tmp_path: Path, chunk_points: int) -> None:
    rng = np.random.default_rng(1)
    states = rng.integers(0, 3, 1000)
    records = cartesian(rng.normal(size=(1000, 3)), cartesianInvalidState=states, intensity=rng.random(1000))
    path = write_e57(tmp_path / "a.e57", Written(records, encodings={"cartesianInvalidState": "integer"}))
    whole = read_scan([path], max_points=100)
    parts = read_scan([path], max_points=100, chunk_points=chunk_points)
    assert np.array_equal(whole.points, parts.points)
    assert whole.stride == parts.stride > 1
    assert whole.intensity is not None
    assert parts.intensity is not None
    assert np.array_equal(whole.intensity, parts.intensity)
    assert whole.invalid_points == parts.invalid_points == np.count_nonzero(states)


def test_damaged_bytes_with_right_checksums_never_escape(tmp_path: Path) -> None:
    data = write_e57(
        tmp_path / "whole.e57", Written(cartesian(POINTS), rotation=YAW_90, translation=(1, 2, 3))
    ).read_bytes()
    flat = b"".join(data[i : i + 1020] for i in range(0, len(data), 1024))
    rng = np.random.default_rng(12)
    messages: list[str] = []
    for _ in range(120):
        damaged = bytearray(flat)
        for place in rng.integers(48, len(flat), rng.integers(1, 4)):
            damaged[place] = rng.integers(256)
        path = tmp_path / "damaged.e57"
        path.write_bytes(with_checksums(bytes(damaged)))
        try:
            assert np.isfinite(read_scan([path]).points).all()
        except (ReadError, EmptyInput) as error:
            messages.append(str(error))
    assert len(messages) > 30
    assert not any("\n" in message for message in messages)


def test_truncation_anywhere_is_a_read_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = write_e57(
        tmp_path / "whole.e57", Written(cartesian(POINTS), rotation=YAW_90, translation=(1, 2, 3))
    ).read_bytes()
    cut = tmp_path / "cut.e57"
    for size in [*range(0, 64), *range(64, len(data), 37), len(data) - 1]:
        cut.write_bytes(data[:size])
        with pytest.raises(ReadError, match=r"cut\.e57"):
            read_scan([cut])
    assert capfd.readouterr().err == ""


def test_flipped_bits_are_found_by_the_checksums(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    data = write_e57(tmp_path / "whole.e57", Written(cartesian(rng.normal(size=(300, 3))))).read_bytes()
    flipped = tmp_path / "flipped.e57"
    for place in range(60, len(data), 211):
        damaged = bytearray(data)
        damaged[place] ^= 16
        flipped.write_bytes(damaged)
        with pytest.raises(ReadError):
            read_scan([flipped])
