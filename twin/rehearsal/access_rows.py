"""What is said of space that has to be free on a side of elements."""

from collections import Counter

from geometry.design import DesignModel
from simulation.assembly.clash import Intrusion
from simulation.assembly.study import ClashStudy
from twin.rehearsal.said import Said
from twin.report.words import clean


def intrusion_line(said: Intrusion, say: Said) -> str:
    """Return into which space something intrudes, and what is free before it."""
    side = say(f"access.{said.towards}")
    # nothing stands there where the two most probably are
    word = "access.perhaps" if said.free >= said.distance else "access.intrudes"
    line = say(
        word,
        rule=clean(said.rule),
        side=side,
        distance=f"{1e3 * said.distance:g}",
        free=f"{1e3 * said.free:.1f}",
    )
    return line + (" " + say("access.by_faces") if said.by_faces else "")


def space_lines(study: ClashStudy, design: DesignModel, say: Said) -> list[str]:
    """Return what each rule looked at and found, what it left out, and where it is not known; nothing without rules."""
    spaces = study.spaces
    if spaces is None:
        return []
    found = Counter(clash.intrusion.rule for clash in study.clashes if clash.intrusion is not None)
    lines = list[str]()
    for rule, count in zip(spaces.rules, spaces.spaces, strict=True):
        word = "access.rule" if count else "access.nothing"
        lines.append(say(word, rule=clean(rule.name), spaces=count, found=found[rule.name]))
    if spaces.left_out:
        lines.append(say("access.left_out", count=len(spaces.left_out)))
    by_reason = dict[str, list[str]]()
    for name, (_, why) in spaces.unknown.items():
        by_reason.setdefault(say.note(why), []).append(clean(design.elements[name].name or name))
    for why, names in by_reason.items():
        lines.append(say("access.unknown", count=len(names), which=", ".join(names[:4]), why=why))
    return lines
