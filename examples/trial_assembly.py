"""A trial assembly without assembling: four beams of the steel sample and their places, scanned, fitted and paired.

    .venv/bin/python examples/trial_assembly.py [--seed 1]

The beams of the steel frame (``python -m samples --kind steel``) go between two columns each, four bolts at either end
through end plate and flange. As made, plates are welded on a little off and twisted, holes are drilled a little off,
and beams are too short or the columns too far apart. Each beam is scanned in the shop, each place on site, by the
virtual scanner; 64 holes and 16 faces are measured with their covariance; every beam is tried in every place. Printed
are how probably each goes where it was numbered for, which had better go where, and which gaps to shim there, beside
the truth, which is known here. It takes a minute.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from geometry.arrays import FloatArray  # noqa: E402
from geometry.pose import Pose  # noqa: E402
from geometry.rays import Rays  # noqa: E402
from samples.drilled_plate import DrilledPlate  # noqa: E402
from samples.plate_scan import CloseUp, scan_plate  # noqa: E402
from samples.steel import END_HOLES, HEB200, IPE300, LEVEL_1, LEVEL_2, STOREYS, X_AXES, Y_AXES  # noqa: E402
from simulation.fitup.joint import Bolt, Face, Freedom, Gap, Hole, Joint, Part  # noqa: E402
from simulation.fitup.pairing import Pairing, best_pairing  # noqa: E402
from simulation.fitup.scanned import ScannedPart, ScanOrder, scanned_part  # noqa: E402
from simulation.fitup.study import FitResult, fit_joint  # noqa: E402

HOLE, BOLT = 0.022, 0.020
PLATE = (0.16, 0.34)
SCANNER = CloseUp(step=0.0015, noise=0.0004, beam=0.0015)
HOLE_SD, PLATE_SD, TWIST_SD_DEG, LENGTH_SD, SHORT = 0.0003, 0.0008, 0.55, 0.0008, 0.002
"""What goes wrong: metres along each axis, degrees about the beam; every beam is made 2 mm short on purpose."""
WIDEST_GAP, SHIM, MOST_SHIM = 0.003, 0.001, 0.006
ENDS = {"A": X_AXES["A"] + HEB200.depth / 2, "B": X_AXES["B"] - HEB200.depth / 2}
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Member:
    """A beam or a place, as drawn, as it really is, and as its scan shows it."""

    drawn: Part
    true: Part
    seen: ScannedPart


def drawn_part(name: str, outward: Mapping[str, float]) -> Part:
    """Return eight holes and two faces at their places in the frame, all in one place: level and row do not matter."""
    holes, faces = dict[str, Hole](), dict[str, Face]()
    for end, sign in outward.items():
        normal = np.array([sign, 0.0, 0.0])
        for number, (across, up) in enumerate(END_HOLES, 1):
            hole = f"{end}{number}"
            place = np.array([ENDS[end], across, up])
            holes[hole] = Hole(hole, place, normal, HOLE, np.zeros((3, 3)), 0.0001)
        faces[end] = Face(end, np.array([ENDS[end], 0.0, 0.0]), normal, 0.0)
    return Part(name, holes, faces)


def made(drawn: Part, shift: Mapping[str, float], rng: np.random.Generator) -> tuple[Part, dict[str, Pose]]:
    """Return a part as it was really made, and where its two plates really are; ``shift`` is along the beam."""
    holes, faces, plates = dict[str, Hole](), dict[str, Face](), dict[str, Pose]()
    for end, face in drawn.faces.items():
        turn = Pose.from_rotation_vector(np.array([np.radians(rng.normal(0.0, TWIST_SD_DEG)), 0.0, 0.0])).rotation
        off = np.array([shift[end], *rng.normal(0.0, PLATE_SD, 2)])
        plates[end] = Pose.from_parts(turn, face.at + off)
        faces[end] = replace(face, at=face.at + np.array([shift[end], 0.0, 0.0]))
        for number, (across, up) in enumerate(END_HOLES, 1):
            drilled = np.array([0.0, across, up]) + np.array([0.0, *rng.normal(0.0, HOLE_SD, 2)])
            name = f"{end}{number}"
            holes[name] = replace(drawn.holes[name], at=plates[end].apply(drilled[None])[0])
    return Part(drawn.name, holes, faces), plates


def scan(true: Part, plates: Mapping[str, Pose], rng: np.random.Generator) -> Rays:
    """Scan both plates of a part from outside, each from two to three metres, a little from the side."""
    points, stations, origins = list[FloatArray](), list[FloatArray](), list[FloatArray]()
    for number, (end, pose) in enumerate(plates.items()):
        normal = true.faces[end].normal
        # the scan's plate lies in z = 0: its z is the way out, its y is up
        basis = np.stack([np.cross([0.0, 0.0, 1.0], normal), [0.0, 0.0, 1.0], normal], axis=1)
        local = Pose.from_parts(pose.rotation @ basis, pose.translation)
        back = local.inverse()
        places = [back.apply(hole.at[None])[0] for name, hole in true.holes.items() if name.startswith(end)]
        half = (PLATE[0] / 2, PLATE[1] / 2)
        plate = DrilledPlate(
            (-half[0], -half[1]), half, tuple((float(x), float(y), HOLE / 2) for x, y, _ in places), behind=0.4
        )
        at = np.array([[*rng.normal(0.0, 0.5, 2), rng.uniform(2.0, 3.0)]])
        rays = scan_plate(plate, at, SCANNER, rng)
        points.append(local.apply(rays.points))
        origins.append(local.apply(rays.origins))
        stations.append(np.full(len(rays.points), number))
    return Rays(np.concatenate(points), np.concatenate(stations).astype(np.int64), np.concatenate(origins))


def member(name: str, outward: Mapping[str, float], shift: Mapping[str, float], rng: np.random.Generator) -> Member:
    """Make a part, scan it and measure it."""
    drawn = drawn_part(name, outward)
    true, plates = made(drawn, shift, rng)
    order = ScanOrder("", beam=SCANNER.beam, search=0.008)
    return Member(drawn, true, scanned_part(drawn, scan(true, plates, rng), order))


def joint_of(place: Part, beam: Part) -> Joint:
    """Return what has to be kept: eight bolts, and at either end a gap that shims may fill."""
    bolts = tuple(Bolt(name, BOLT) for name in place.holes)
    gaps = tuple(Gap(end, end, end, 0.0, WIDEST_GAP, SHIM, MOST_SHIM) for end in place.faces)
    return Joint(f"{beam.name} in {place.name}", place, beam, bolts, gaps, Freedom.SPACE)


def said(result: FitResult) -> str:
    """Return how probably a joint fits, and what would make it."""
    found = result.p_fit
    text = (
        f"{result.decision.value:10} P(fit) {found.value:6.1%} ({found.interval.low:.1%} .. {found.interval.high:.1%})"
    )
    text += f", least slack {1e3 * result.slack:5.2f} mm"
    if result.rework is not None and result.rework.works:
        shims = [f"{shim.gap} by {1e3 * shim.thickness:.0f}" for shim in result.rework.shims if shim.thickness > 0.0]
        text += f"; shim gap {', '.join(shims)} mm" if shims else ""
    return text


def spread(members: Sequence[Member]) -> tuple[int, int, float]:
    """Return how many coordinates of holes were measured, how many lie within 1.96 sd, and the sd of error / sd."""
    scores = list[float]()
    for one in members:
        for name, hole in one.seen.part.holes.items():
            if not one.seen.part.holes[name].covariance.any():
                continue
            off = hole.at - one.true.holes[name].at
            scores += [float(off[k] / np.sqrt(hole.covariance[k, k])) for k in (1, 2)]
    told = np.array(scores)
    return len(told), int((np.abs(told) < 1.96).sum()), float(told.std())


def fits_really(place: Member, beam: Member) -> bool:
    """Return whether a beam really goes into a place."""
    exact = joint_of(place.true, beam.true)
    return fit_joint(exact, CONFIDENCE, 1, np.random.default_rng(0)).slack >= 0.0


def report(
    title: str, pairs: Sequence[tuple[int, int]], places: Sequence[Member], beams: Sequence[Member]
) -> tuple[int, int]:
    """Print how each beam does in its place; return how many verdicts there are, and how many of them are wrong."""
    print(title)
    decided = wrong = 0
    for i, j in pairs:
        result = fit_joint(
            joint_of(places[i].seen.part, beams[j].seen.part), CONFIDENCE, 2000, np.random.default_rng(i * 10 + j)
        )
        really = fits_really(places[i], beams[j])
        print(f"  {result.joint.name:22} {said(result)}   [really: {'fits' if really else 'does not'}]")
        if result.decision.value != "undecided":
            decided += 1
            wrong += (result.decision.value == "fit") != really
    return decided, wrong


def main() -> int:
    """Make, scan, measure, fit, pair; compare with the truth."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rng = np.random.default_rng(given.seed)
    spots = [f"{level.lower()} row {row}" for level in (LEVEL_1, LEVEL_2) for row in Y_AXES]
    beams, places = list[Member](), list[Member]()
    for spot in spots:
        wide = rng.normal(0.0, LENGTH_SD, 2)
        places.append(member(spot, {"A": 1.0, "B": -1.0}, {"A": float(wide[0]), "B": float(wide[1])}, rng))
    for number, _ in enumerate(spots, 1):
        short = (SHORT + float(rng.normal(0.0, LENGTH_SD))) / 2
        beams.append(member(f"beam {number}", {"A": -1.0, "B": 1.0}, {"A": short, "B": -short}, rng))
    depth = f"IPE {1000 * IPE300.depth:.0f}, {ENDS['B'] - ENDS['A']:.1f} m, {len(STOREYS) - 1} levels"
    count, within, sd = spread([*places, *beams])
    print(f"{len(beams)} beams ({depth}), {len(places)} places, scanned: {count // 2} of 64 holes measured;")
    print(f"  {within / count:.1%} of their coordinates lie within 1.96 standard deviations of the truth, sd {sd:.2f}")
    straight = [(k, k) for k in range(len(beams))]
    first = report("\nas numbered:", straight, places, beams)
    pairing: Pairing = best_pairing(
        joint_of(places[0].seen.part, beams[0].seen.part), [p.seen.part for p in places], [b.seen.part for b in beams]
    )
    second = report("\nbest pairing:", pairing.chosen, places, beams)
    slack = [float(pairing.slack[k, k]) for k in range(len(beams))]
    print(f"\nleast slack as numbered {1e3 * min(slack):.2f} mm, in the best pairing {1e3 * pairing.least:.2f} mm")
    decided, wrong = first[0] + second[0], first[1] + second[1]
    print(f"verdicts at {CONFIDENCE:.0%}: {decided} of 8 given, {wrong} of them wrong")
    return 0 if wrong <= 1 and pairing.least >= min(slack) and 0.85 <= within / count else 1


if __name__ == "__main__":
    sys.exit(main())
