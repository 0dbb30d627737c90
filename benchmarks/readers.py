"""How fast scans are read, against the bare libraries on the same file, and how much memory it takes.

Run ``python benchmarks/readers.py [--points N]``: writes files of N random points (default 5 million) into a temporary
folder, reads each with ``read_scan`` and with the plain library in fresh processes, in turn, and prints the best of
three as a table: points per second (read_scan's include the sha256, in a second thread), their ratio, the ratio of
processor time (which does not suffer from other work on the machine), and the peak memory.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false
import argparse
import multiprocessing
import multiprocessing.connection
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROUNDS = 3


def write_files(folder: Path, count: int) -> None:
    """Write the same cloud as E57, LAS, LAZ, PLY and XYZ (a tenth of the points)."""
    import laspy
    import numpy as np
    import pye57

    rng = np.random.default_rng(1)
    rays = rng.normal(size=(count, 3))
    points = rays / np.linalg.norm(rays, axis=1)[:, None] * rng.uniform(2.0, 30.0, (count, 1))
    intensity = rng.random(count)
    x, y, z = (np.ascontiguousarray(column) for column in points.T)
    with pye57.E57(str(folder / "cloud.e57"), "w") as file:
        data = {"cartesianX": x, "cartesianY": y, "cartesianZ": z, "intensity": intensity.astype(np.float32)}
        file.write_scan_raw(data, rotation=np.array([0.6, 0.0, 0.0, 0.8]), translation=np.array([1.0, 2.0, 3.0]))
    header = laspy.LasHeader(point_format=6, version="1.4")
    header.scales = np.array([1e-4] * 3)
    las = laspy.LasData(header)
    las.x, las.y, las.z, las.intensity = x, y, z, (intensity * 65535).astype(np.uint16)
    las.write(str(folder / "cloud.las"))
    las.write(str(folder / "cloud.laz"))
    with (folder / "cloud.ply").open("wb") as stream:
        names = "".join(f"property double {axis}\n" for axis in "xyz")
        stream.write(f"ply\nformat binary_little_endian 1.0\nelement vertex {count}\n{names}end_header\n".encode())
        stream.write(points.tobytes())
    np.savetxt(folder / "cloud.xyz", points[: count // 10], fmt="%.4f")


def read_ours(path: Path) -> int:
    """Read with read_scan."""
    from geometry.readers import read_scan

    return len(read_scan([path]).points)


def read_plain(path: Path) -> int:
    """Read with the bare library, everything into memory, no pose, no checks."""
    if path.suffix == ".e57":
        import pye57

        with pye57.E57(str(path)) as file:
            return len(file.read_scan_raw(0)["cartesianX"])
    if path.suffix in (".las", ".laz"):
        import laspy

        return len(laspy.read(path).xyz)
    if path.suffix == ".ply":
        import numpy as np

        with path.open("rb") as stream:
            while stream.readline() != b"end_header\n":
                pass
            return len(np.fromfile(stream, "<f8").reshape(-1, 3))
    import numpy as np

    return len(np.loadtxt(path))


def measured(read: Callable[[Path], int], path: Path) -> tuple[float, float, float]:
    """Return points per second, the same per processor second, and the peak memory (MB) in a fresh, warmed process."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_measure, args=(read, path, sender))
    process.start()
    result = receiver.recv()
    process.join()
    return result


def _apart(function: Callable[[Path, int], None], folder: Path, count: int) -> None:
    """Run in a process of its own: a child's peak memory starts at that of the process that began it."""
    process = multiprocessing.get_context("spawn").Process(target=function, args=(folder, count))
    process.start()
    process.join()


def _measure(read: Callable[[Path], int], path: Path, sender: "multiprocessing.connection.Connection") -> None:
    warm = path.with_name(f"warm{path.suffix}")
    if warm.exists():
        read(warm)  # imports and compiled functions are loaded, the file is not
    start, busy = time.perf_counter(), time.process_time()
    count = read(path)
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    sender.send((count / seconds, count / busy, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=5_000_000)
    count = parser.parse_args().points
    out = sys.stdout
    with tempfile.TemporaryDirectory() as folder_name:
        folder = Path(folder_name)
        _apart(write_files, folder, 1000)
        for path in list(folder.iterdir()):
            path.rename(path.with_name(f"warm{path.suffix}"))
        _apart(write_files, folder, count)
        out.write(f"{count:,} points (xyz: {count // 10:,}), best of {ROUNDS}\n")
        out.write("file            MB  read_scan M/s  library M/s  ratio  cpu ratio  peak MB  library\n")
        for name in ("cloud.e57", "cloud.las", "cloud.laz", "cloud.ply", "cloud.xyz"):
            path = folder / name
            rounds = [(measured(read_ours, path), measured(read_plain, path)) for _ in range(ROUNDS)]
            ours, plain = ([max(r[side][k] for r in rounds) for k in (0, 1, 2)] for side in (0, 1))
            size = path.stat().st_size / 1e6
            out.write(
                f"{name:10} {size:7.1f} {ours[0] / 1e6:14.2f} {plain[0] / 1e6:12.2f} {ours[0] / plain[0]:6.2f} "
                f"{ours[1] / plain[1]:10.2f} {ours[2]:8.0f} {plain[2]:8.0f}\n"
            )
            out.flush()


if __name__ == "__main__":
    main()
