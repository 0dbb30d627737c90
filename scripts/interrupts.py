"""Interrupt a check while it writes its reports, at many moments, and count how it ended.

``python scripts/interrupts.py 40``: on a small hall made on the spot; exit status 1 when a run ended otherwise than
with status 130 (or finished before the signal came), said something else than its line, or left a part of its reports.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
STEP = b"writing the reports"
BOXES = ((0, 0, -0.2, 6, 5, 0), (-0.2, 0, 0, 0, 5, 2.8), (6, 0, 0, 6.2, 5, 2.8), (0, 5, 0, 6, 5.2, 2.8))
FACES = ((1, 4, 3, 2), (5, 6, 7, 8), (1, 2, 6, 5), (2, 3, 7, 6), (3, 4, 8, 7), (4, 1, 5, 8))


def write_inputs(folder: Path) -> tuple[Path, Path]:
    """Write a floor and three walls, and points on them, and return both files."""
    model, scan = folder / "hall.obj", folder / "hall.xyz"
    lines: list[str] = []
    points: list[str] = []
    for number, (x0, y0, z0, x1, y1, z1) in enumerate(BOXES):
        square = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
        lines.append(f"o part {number}")
        lines += [f"v {x} {y} {z}" for z in (z0, z1) for x, y in square]
        lines += ["f " + " ".join(str(8 * number + corner) for corner in face) for face in FACES]
        steps = [i / 40 for i in range(41)]
        if number == 0:
            points += [f"{x0 + (x1 - x0) * u:.4f} {y0 + (y1 - y0) * v:.4f} {z1}" for u in steps for v in steps]
        elif x1 - x0 < 1:
            inner = x1 if x0 < 0 else x0
            points += [f"{inner} {y0 + (y1 - y0) * u:.4f} {z0 + (z1 - z0) * v:.4f}" for u in steps for v in steps]
        else:
            points += [f"{x0 + (x1 - x0) * u:.4f} {y0} {z0 + (z1 - z0) * v:.4f}" for u in steps for v in steps]
    model.write_text("\n".join(lines) + "\n", encoding="utf-8")
    scan.write_text("\n".join(points) + "\n", encoding="utf-8")
    return model, scan


def interrupted(model: Path, scan: Path, out: Path, delay_s: float) -> tuple[int, str, tuple[str, ...]]:
    """Return exit status, last line and what is left of a check interrupted ``delay_s`` after its reports began."""
    command = [sys.executable, "-m", "api.start", "check", str(model), str(scan), "--out", str(out)]
    child = subprocess.Popen(
        [*command, "--register", "given", "--report", "all", "--tolerance", "10mm"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT, start_new_session=True,
    )  # fmt: skip
    assert child.stderr is not None
    said = b""
    while STEP not in said and (more := os.read(child.stderr.fileno(), 4096)):
        said += more
    time.sleep(delay_s)
    child.send_signal(signal.SIGINT)
    said += child.communicate(timeout=120)[1]
    left = tuple(sorted(path.name for path in out.iterdir())) if out.exists() else ()
    return child.returncode, said.decode(errors="replace").strip().splitlines()[-1], left


def main() -> int:
    """Run, print the counts and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=int)
    parser.add_argument("--from-s", type=float, default=0.0, help="first interrupt after the reports began")
    parser.add_argument("--until-s", type=float, default=1.2, help="latest interrupt after the reports began")
    options = parser.parse_args()
    ends = Counter[str]()
    whole: set[tuple[str, ...]] = set()
    bad = 0
    with tempfile.TemporaryDirectory() as name:
        model, scan = write_inputs(Path(name))
        for run in range(options.runs):
            delay = options.from_s + (options.until_s - options.from_s) * run / max(1, options.runs - 1)
            code, line, left = interrupted(model, scan, Path(name) / f"out{run}", delay)
            finished = code in (0, 1)
            whole |= {left} if finished else set()
            fine = finished or (code == 130 and line.startswith("qtems: stopped by Ctrl-C"))
            partial = any(entry.startswith(".qtems-") for entry in left) or (
                bool(left) and not {"report.json", "report.html", "report.pdf", "deviation.ply"} <= set(left)
            )
            bad += not fine or partial
            ends[f"status {code}, {len(left)} files left, {line[:70] if not finished else 'finished'}"] += 1
            if not fine or partial:
                print(f"after {delay:.3f} s: status {code}, {line}, left {left}")
    for end, count in sorted(ends.items()):
        print(f"{count:4d} x {end}")
    print(f"{bad} of {options.runs} ended wrongly")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
