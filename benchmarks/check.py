"""Time and peak memory of every step of a check, the right answer beside it, and CloudCompare on the same data.

Run ``python benchmarks/check.py [--case sample] [--rounds 1]`` or ``make bench``. The sample is made when it is not
there; the two shared check cases are taken in when found in ``$QTEMS_SHARED_DATA`` or ``../shared/data``. Each case
runs in fresh processes: once with nothing compiled (what the first run after an installation costs), then as it is
from then on, step by step and as the whole command. Peak memory is the resident set's, reset before each step; worker
processes of the IFC reader are not in it, but in that of the whole command. See ``closest.py``, ``readers.py``,
``tessellation.py`` and ``registration.py`` for single steps beside other programs.
"""

# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("QTEMS_SHARED_DATA", ROOT.parent / "shared" / "data"))
CHECK_STEPS = {
    "register": "register",
    "element_shapes": "trees per element",
    "build_tree": "tree of all",
    "bring_into_sight": "bring into sight",
    "solve_as_built": "solve as built",
    "see_surface": "what can be seen",
    "trace_rays": "trace rays",
    "judge_elements": "judge",
    "unmodelled_clusters": "unmodelled clusters",
}
"""Functions that ``twin.check`` calls, in order, and what the table calls them."""
REPORTS = ("json", "html", "pdf", "xlsx", "bcf", "glb", "cloud")
WHOLE_S, WHOLE_S_AIM, WHOLE_MB = 30.0, 12.0, 2048.0
"""Most that the whole command may take."""
CACHED_S = 0.2
FIRST_S = 180.0
CLOUDCOMPARE_RATIO = 10.0
CLOUDCOMPARE_POINTS = 300_000


@dataclass(frozen=True, slots=True)
class Case:
    """A model, its scan and what is true of it."""

    name: str
    model: Path
    scan: Path
    truth: Path


@dataclass(frozen=True, slots=True)
class Cost:
    """What a step took."""

    seconds: float
    cpu_s: float
    peak_mb: float


def main() -> None:
    """Print a table per case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", action="append", help="sample, fzk-haus, infra-bridge; default: all that are there")
    parser.add_argument("--rounds", type=int, default=1, help="runs after the first; the quickest of each step counts")
    parser.add_argument("--no-first", action="store_true", help="leave out the run with nothing compiled")
    parser.add_argument("--steps", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.steps:
        json.dump(run_steps(*map(Path, options.steps)), sys.stdout)
        return
    for case in find_cases():
        if not options.case or case.name in options.case:
            measure_case(case, options.rounds, with_first=not options.no_first)


def find_cases() -> list[Case]:
    """Return the sample, made when needed, and the shared cases that are there."""
    sample = ROOT / "out" / "sample"
    if not (sample / "truth.json").exists():
        command = [sys.executable, "-m", "samples", "--out", str(sample)]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    cases = [Case("sample", sample / "design.ifc", sample / "scan.e57", sample / "truth.json")]
    for truth in sorted(SHARED.glob("check-cases/*/truth.json")):
        model = SHARED / json.loads(truth.read_text())["model"]
        cases.append(Case(truth.parent.name, model, truth.with_name("scan.e57"), truth))
    return cases


def measure_case(case: Case, rounds: int, *, with_first: bool) -> None:
    """Measure one case and print what came of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        compiled = {"NUMBA_CACHE_DIR": str(folder / "compiled")} if with_first else {}
        first = run_child(case, folder, compiled) if with_first else None
        later = [run_child(case, folder, compiled) for _ in range(rounds)]
        whole = min((run_whole(case, folder, compiled) for _ in range(rounds)), key=lambda cost: cost.seconds)
        facts: dict[str, Any] = later[0]["facts"]
        print(
            f"\n{case.name}: {facts['elements']} elements, {facts['triangles']:,} triangles, {facts['points']:,} points"
        )
        print(f"{'step':26} {'s':>8} {'cpu s':>8} {'peak MB':>8} {'first run s':>12}")
        for step in later[0]["costs"]:
            best = min((Cost(*run["costs"][step]) for run in later), key=lambda cost: cost.seconds)
            before = f"{first['costs'][step][0]:12.2f}" if first else ""
            print(f"{step:26} {best.seconds:8.2f} {best.cpu_s:8.2f} {best.peak_mb:8.0f} {before}{_target(step, best)}")
        print(f"{'whole command, all reports':26} {whole.seconds:8.2f} {whole.cpu_s:8.2f} {whole.peak_mb:8.0f}")
        print(f"  at most {WHOLE_S:.0f} s: {_met(whole.seconds <= WHOLE_S)}; aim {WHOLE_S_AIM:.0f} s: ", end="")
        print(f"{_met(whole.seconds <= WHOLE_S_AIM)}; at most {WHOLE_MB:.0f} MB: {_met(whole.peak_mb <= WHOLE_MB)}")
        if first:
            total = sum(cost[0] for cost in first["costs"].values())
            print(f"  first run, all steps: {total:.1f} s; at most {FIRST_S:.0f} s: {_met(total <= FIRST_S)}")
        print_score(case, folder / "report.json")
        print_cloudcompare(folder)


def run_child(case: Case, folder: Path, environment: dict[str, str]) -> dict[str, Any]:
    """Run the steps in a fresh process and return their costs."""
    words = [sys.executable, __file__, "--steps", str(case.model), str(case.scan), str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, env=_environment(environment), check=False)
    if done.returncode != 0:
        raise SystemExit(f"the steps of {case.name} ended with status {done.returncode}:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def run_whole(case: Case, folder: Path, environment: dict[str, str]) -> Cost:
    """Run the command as a user would, with all reports, and return its cost, its worker processes included."""
    words = [sys.executable, "-m", "api.start", "check", str(case.model), str(case.scan), "--tolerance", "10mm"]
    words += ["--report", "all", "--quiet", "--no-cache", "--out", str(folder / "whole")]
    start = time.perf_counter()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, env=_environment(environment), cwd=ROOT)
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise SystemExit(f"qtems check ended with status {process.returncode} on {case.name}")
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024.0)


def _environment(more: dict[str, str]) -> dict[str, str]:
    path = os.pathsep.join(p for p in (str(ROOT), os.environ.get("PYTHONPATH", "")) if p)
    return os.environ | {"PYTHONPATH": path} | more


def _met(is_met: bool) -> str:
    return "met" if is_met else "NOT met"


def _target(step: str, cost: Cost) -> str:
    return f"  at most {CACHED_S} s: {_met(cost.seconds <= CACHED_S)}" if step == "read design, cached" else ""


def print_score(case: Case, report: Path) -> None:
    """Print how the report compares with the truth, as ``score.py`` beside the shared data says."""
    script = SHARED.parent / "score.py"
    if not script.exists():
        print("  score: score.py was not found beside the shared data")
        return
    words = [sys.executable, str(script), str(report), str(case.truth)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    print("  score: " + (" ".join(done.stdout.split()) or done.stderr.strip().splitlines()[-1]))


def print_cloudcompare(folder: Path) -> None:
    """Measure the registered points against the design with CloudCompare and with ours, and print both."""
    import numpy as np

    from benchmarks.closest import Missing, run
    from benchmarks.peers import cloudcompare

    program = cloudcompare.find()
    if program is None:
        print(f"  {cloudcompare.HOW_TO_GET_IT}")
        return
    if not (folder / "points.npy").exists():
        return  # the registration was refused
    points, triangles = np.load(folder / "points.npy"), np.load(folder / "triangles.npy")
    try:
        ours = run("qtems", folder, "closest", sys.executable)
    except Missing as missing:
        raise SystemExit(f"our own search failed: {missing}") from missing
    peer = cloudcompare.cloud_to_mesh(program, points, triangles)
    if peer is None:
        print("  CloudCompare gave up")
        return
    apart_mm = 1e3 * np.abs(np.abs(peer.distance) - np.load(folder / "qtems.npy"))
    ratio, by_cpu = peer.own_s / ours.total_s, peer.cpu_s / ours.cpu_s
    lines = (
        f"{len(points):,} of the points: CloudCompare C2M {peer.own_s:.2f} s, its process {peer.process_s:.2f} s; ours "
        f"{ours.total_s:.2f} s with the tree",
        f"{ratio:.1f} times as fast ({by_cpu:.1f} by processor time), at least {CLOUDCOMPARE_RATIO:.0f}: "
        f"{_met(ratio >= CLOUDCOMPARE_RATIO)}; distances differ by {np.median(apart_mm):.4f} mm (median), "
        f"by more than 1 mm for {int((apart_mm > 1.0).sum())}, by {apart_mm.max():.0f} mm at most",
    )
    print("".join(f"  {line}\n" for line in lines), end="")


class Stopwatch:
    """Collects what named steps cost in this process."""

    def __init__(self) -> None:
        """Begin with no steps."""
        self.costs: dict[str, Cost] = {}

    @contextmanager
    def step(self, name: str) -> Generator[None]:
        """Measure what is done inside; a name that comes again is added up."""
        self._peak_mb(reset=True)
        start, busy = time.perf_counter(), time.process_time()
        yield
        cost = Cost(time.perf_counter() - start, time.process_time() - busy, self._peak_mb(reset=False))
        old = self.costs.get(name, Cost(0.0, 0.0, 0.0))
        peak = max(old.peak_mb, cost.peak_mb)
        self.costs[name] = Cost(old.seconds + cost.seconds, old.cpu_s + cost.cpu_s, peak)

    def around(self, module: Any, function: str, name: str) -> None:
        """Measure every call that a module makes of a function from now on."""
        inner: Callable[..., Any] = getattr(module, function)

        def measured(*arguments: Any, **named: Any) -> Any:
            with self.step(name):
                return inner(*arguments, **named)

        setattr(module, function, measured)

    @staticmethod
    def _peak_mb(*, reset: bool) -> float:
        if reset:
            Path("/proc/self/clear_refs").write_text("5")
        return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024.0


def run_steps(model: Path, scan_path: Path, folder: Path) -> dict[str, Any]:
    """Run the check step by step in this process; leave the report, points and triangles in the folder."""
    watch = Stopwatch()
    with watch.step("import"):
        import twin.check
        import twin.operations.check
        from geometry.readers import read_design, read_scan
        from geometry.readers.registration_file import read_request
        from geometry.tolerance import surface_tolerance
    workers = twin.operations.check.usable_cores()
    with watch.step("read scan"):
        scan = read_scan([scan_path])
    with tempfile.TemporaryDirectory() as cache:
        for step in ("read design, tessellating", "read design, cached"):
            with watch.step(step):
                design = read_design(model, workers=workers, cache_dir=Path(cache))
    for function, name in CHECK_STEPS.items():
        watch.around(twin.check, function, name)
    tolerances = surface_tolerance(0.010)
    result = twin.check.check(design, scan, tolerances, registration=read_request("auto"), workers=workers)
    run_reports(result, folder, watch)
    triangles = save_for_peers(result, folder)
    facts = {"elements": len(design.elements), "triangles": triangles, "points": len(scan.points)}
    costs = {name: [cost.seconds, cost.cpu_s, cost.peak_mb] for name, cost in watch.costs.items()}
    return {"facts": facts, "costs": costs}


def run_reports(result: Any, folder: Path, watch: Stopwatch) -> None:
    """Write every report, each a step; texts and pictures, which they share, are steps of their own."""
    from twin.report.folder import FILES
    from twin.report.provenance import Provenance
    from twin.report.words import Words
    from twin.report.write import Desk

    def ignore(name: str, share: float) -> None: ...

    def ignore_share(share: float) -> None: ...

    desk = Desk(result, Provenance.of(result, "0"), Words("en"), ignore, viewer=None)
    with watch.step("report: texts"):
        _ = desk.content
    with watch.step("report: pictures"):
        _ = desk.pictures
    for name in REPORTS:
        if name in FILES and desk.applies(name):
            with watch.step(f"report: {name}"):
                clouds = desk.clouds([name], folder)
                if clouds:
                    clouds[name](ignore_share)
                else:
                    desk.write(name, folder)


def save_for_peers(result: Any, folder: Path) -> int:
    """Save every k-th point in the design's frame and all triangles; return how many triangles there are."""
    import numpy as np

    meshes = [e.mesh.triangles() for e in result.design.elements.values() if len(e.mesh.faces)]
    triangles = np.concatenate(meshes)
    np.save(folder / "triangles.npy", triangles)
    if result.registration.T_design_scan is not None:
        every = max(1, -(-len(result.scan.points) // CLOUDCOMPARE_POINTS))
        np.save(folder / "points.npy", result.registration.T_design_scan.apply(result.scan.points[::every]))
    return len(triangles)


if __name__ == "__main__":
    main()
