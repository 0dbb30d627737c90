"""A model's pairs shared out to copies of the process: to the last digit what one process finds."""

import subprocess
import sys
from pathlib import Path

import pytest

from simulation.assembly import pairs

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import manifold3d
import numpy as np
from geometry.design import Element, Mesh
from simulation.assembly import pairs
from simulation.assembly.clash import ClashRule
from simulation.assembly.solid import surface_of
from simulation.assembly.study import study_clashes

large = manifold3d.Manifold.sphere(1.0, 200)
(large ^ large.translate((0.5, 0.0, 0.0))).volume()  # threads of the library's own, which the copies do not have
rng = np.random.default_rng(0)

def element(name, *bodies):
    corners, faces, count = [], [], 0
    for body in bodies:
        own, rows = surface_of(body)
        corners.append(own); faces.append(rows + count); count += len(own)
    return Element(name, "IfcWall", name, "", Mesh(np.concatenate(corners), np.concatenate(faces).astype(np.int32)))

elements = {}
for k in range(80):
    low, size = rng.uniform(0, 3, 3), rng.uniform(0.3, 1.2, 3)
    block = manifold3d.Manifold.cube(tuple(size)).rotate(tuple(rng.uniform(0, 90, 3))).translate(tuple(low))
    both = [block, block.translate(tuple(size / 3))] if k % 4 == 0 else [block]
    elements[f"e{k:02}"] = element(f"e{k:02}", *both)
elements["e-twice"] = element("e-twice", block)  # the last one again
elements["large-1"] = element("large-1", large)
elements["large-2"] = element("large-2", large.translate((0.25, 0.1, 0.0)))

def found(workers):
    shares = []
    study = study_clashes(elements, ClashRule(clearance=0.1), {}, workers=workers, progress=shares.append)
    assert shares == sorted(shares) and abs(shares[-1] - 1.0) < 1e-12
    rows = [
        (c.first, c.second, c.kind.value, c.volume, c.depth, c.separation, c.gap, *c.at, *c.size)
        for c in study.clashes
    ]
    assert [row[:2] for row in rows] == sorted(row[:2] for row in rows)
    return rows

alone = found(1)
pairs._MUCH = 0
made = []
share_out = pairs.shared_out
def counted(*asked):
    made.append(share_out(*asked))
    return made[-1]
pairs.shared_out = counted
assert found(2) == found(3) == alone
assert len(made) == 2 and all(len(one) > 10 for one in made)
def lossy(work, count, workers, done):  # a third of the portions killed their copies
    made = share_out(work, count, workers)
    for k in [k for k in made if k % 3 == 0]:
        del made[k]
    for k in made:
        done(k)
    return made
pairs.shared_out = lossy
assert found(2) == alone
print(len(alone), len({row[2] for row in alone}))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux copies processes")
def test_copies_find_what_one_process_finds() -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, cwd=ROOT, timeout=120, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    clashes, kinds = map(int, run.stdout.split())
    assert clashes > 100
    assert kinds >= 4


def test_of_no_pairs_nothing_is_found() -> None:
    assert pairs.of_all_pairs(lambda pair: 1, [], workers=2, progress=lambda share: None) == []
