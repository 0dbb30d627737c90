"""CloudCompare's cloud-to-mesh distance on given points and triangles, by its command line."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geometry.arrays import Float32Array, FloatArray

HOW_TO_GET_IT = "CloudCompare was not found; on Debian: apt-get install cloudcompare xvfb xauth"
LIMIT_S = 600


@dataclass(frozen=True, slots=True, eq=False)
class CloudToMesh:
    """What CloudCompare says and how long it took."""

    own_s: float
    """What it prints for the distances alone, approximation included, seconds."""
    process_s: float
    """The whole process, seconds."""
    cpu_s: float
    """Processor time of the whole process, seconds."""
    distance: Float32Array
    """(n,) signed, metres, in the order of the points."""


def find() -> list[str] | None:
    """Return the words that start CloudCompare on this machine, with a display of its own where there is none."""
    program = shutil.which("CloudCompare") or shutil.which("cloudcompare.CloudCompare")
    if program is None:
        return None
    if os.environ.get("DISPLAY"):
        return [program]
    xvfb = shutil.which("xvfb-run")
    return [xvfb, "-a", program] if xvfb else None


def cloud_to_mesh(program: list[str], points: FloatArray, triangles: FloatArray) -> CloudToMesh | None:
    """Measure points (n, 3) against triangles (t, 3, 3) metres with no limit of distance; None when it gives up."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_ply(folder / "cloud.ply", points, None)
        _write_ply(folder / "mesh.ply", triangles.reshape(-1, 3), np.arange(3 * len(triangles)).reshape(-1, 3))
        words = [*program, "-SILENT", "-AUTO_SAVE", "OFF", "-C_EXPORT_FMT", "PLY", "-PLY_EXPORT_FMT", "BINARY_LE"]
        words += ["-O", "cloud.ply", "-O", "mesh.ply", "-C2M_DIST", "-SAVE_CLOUDS", "FILE", "out.ply"]
        before, start = os.times(), time.perf_counter()
        try:
            done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=LIMIT_S, check=False)
        except subprocess.TimeoutExpired:
            return None
        seconds, after = time.perf_counter() - start, os.times()
        own = [float(s) for s in re.findall(r"\[compute(?:Approx)?Distances\] Time: ([\d.]+) s", done.stdout, re.I)]
        if not own or not (folder / "out.ply").exists():
            return None
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        return CloudToMesh(sum(own), seconds, cpu, _read_distances(folder / "out.ply"))


def _write_ply(path: Path, vertices: FloatArray, faces: np.ndarray[tuple[int, int], np.dtype[np.int64]] | None) -> None:
    head = f"ply\nformat binary_little_endian 1.0\nelement vertex {len(vertices)}\n"
    head += "".join(f"property float {axis}\n" for axis in "xyz")
    if faces is not None:
        head += f"element face {len(faces)}\nproperty list uchar int vertex_indices\n"
    with path.open("wb") as stream:
        stream.write(f"{head}end_header\n".encode())
        stream.write(vertices.astype("<f4").tobytes())
        if faces is not None:
            rows = np.zeros(len(faces), [("count", "u1"), ("corners", "<i4", 3)])
            rows["count"], rows["corners"] = 3, faces
            stream.write(rows.tobytes())


def _read_distances(path: Path) -> Float32Array:
    """Return the scalar that CloudCompare added to each vertex; all its numbers are floats."""
    with path.open("rb") as stream:
        properties, count = list[str](), 0
        while (line := stream.readline().decode().strip()) != "end_header":
            if line.startswith("element vertex"):
                count = int(line.split()[-1])
            if line.startswith("property"):
                properties.append(line.split()[1])
        kinds = {"float": "<f4", "double": "<f8", "uchar": "u1"}
        rows = np.fromfile(stream, [(f"p{i}", kinds[kind]) for i, kind in enumerate(properties)], count)
    return rows[f"p{len(properties) - 1}"].astype(np.float32)
