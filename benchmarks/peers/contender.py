"""One contender in a process of its own: ``python contender.py NAME FOLDER QUESTION`` prints its figures as JSON.

FOLDER holds ``triangles.npy`` (t, 3, 3) and ``points.npy`` (n, 3); for rays ``origin.npy`` and ``directions.npy``.
QUESTION is ``closest`` or ``rays``. The distances or ranges go to ``FOLDER/NAME.npy``. It runs under whatever Python
has the contender installed, so it needs nothing but numpy and that.
"""

# pyright: basic, reportMissingImports=false
import json
import resource
import sys
import time
from pathlib import Path

import numpy as np

WARM_UP = 4096
"""Points asked about first, so that imports, compiled code and threads are there when the clock starts."""


def qtems(triangles, question):
    """Ask our own tree."""
    from geometry.triangle_tree import build_tree, cast, closest

    tree = build_tree(triangles)
    if question == "rays":
        return lambda origin, directions: cast(tree, origin, directions).range
    return lambda points: closest(tree, points, np.inf).distance


def open3d(triangles, question):
    """Ask Embree through Open3D, in float32."""
    import open3d as o3d

    scene = o3d.t.geometry.RaycastingScene()
    corners = o3d.core.Tensor(triangles.reshape(-1, 3).astype(np.float32))
    scene.add_triangles(corners, o3d.core.Tensor(_faces(triangles).astype(np.uint32)))
    if question == "rays":

        def ranges(origin, directions):
            rays = np.empty((len(directions), 6), np.float32)
            rays[:, :3], rays[:, 3:] = origin, directions
            return scene.cast_rays(o3d.core.Tensor(rays))["t_hit"].numpy()

        return ranges

    def distances(points):
        feet = scene.compute_closest_points(o3d.core.Tensor(points.astype(np.float32)))["points"].numpy()
        return np.linalg.norm(feet - points, axis=1)

    return distances


def libigl(triangles, question):
    """Ask libigl, which builds its tree anew in every call."""
    import igl

    faces = _faces(triangles)
    return lambda points: np.sqrt(igl.point_mesh_squared_distance(points, triangles.reshape(-1, 3), faces)[0])


def pcu(triangles, question):
    """Ask point-cloud-utils, which builds its tree anew in every call."""
    import point_cloud_utils

    corners, faces = np.ascontiguousarray(triangles.reshape(-1, 3)), _faces(triangles)
    return lambda points: point_cloud_utils.closest_points_on_mesh(points, corners, faces)[0]


def trimesh(triangles, question):
    """Ask trimesh."""
    import trimesh as tm

    mesh = tm.Trimesh(triangles.reshape(-1, 3), _faces(triangles), process=False)
    return lambda points: tm.proximity.closest_point(mesh, points)[1]


CONTENDERS = {"qtems": qtems, "open3d": open3d, "libigl": libigl, "pcu": pcu, "trimesh": trimesh}


def _faces(triangles):
    return np.arange(3 * len(triangles), dtype=np.int64).reshape(-1, 3)


def _peak_mb(question):
    """Return the peak memory since the last reset; ``question`` "reset" starts anew where the kernel lets us."""
    try:
        if question == "reset":
            Path("/proc/self/clear_refs").write_text("5")
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024.0
    except (OSError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def main():
    """Load, warm up, build, ask, save, print."""
    name, folder, question = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    triangles = np.load(folder / "triangles.npy")
    files = ("origin.npy", "directions.npy") if question == "rays" else ("points.npy",)
    asked = [np.load(folder / file) for file in files]
    few = [a if a.ndim == 1 else a[:: max(1, len(a) // WARM_UP)].copy() for a in asked]
    CONTENDERS[name](triangles[:100].copy(), question)(*few)
    _peak_mb("reset")
    start, busy = time.perf_counter(), time.process_time()
    ask = CONTENDERS[name](triangles, question)
    built = time.perf_counter()
    answer = ask(*asked)
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    np.save(folder / f"{name}.npy", answer)
    figures = {"build_s": built - start, "total_s": seconds, "cpu_s": busy, "peak_mb": _peak_mb("read")}
    sys.stdout.write(json.dumps(figures | {"n": len(asked[-1])}) + "\n")


if __name__ == "__main__":
    main()
