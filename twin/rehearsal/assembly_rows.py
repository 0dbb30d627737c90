"""The rows that ``qtems assemble`` prints."""

from collections import Counter

from geometry.design import DesignModel
from simulation.assembly.clash import Clash, ClashKind
from simulation.assembly.study import ClashStudy
from twin.rehearsal.assembly_json import SERIOUS
from twin.rehearsal.said import Said
from twin.report.words import clean

Rows = tuple[list[str], list[list[str]]]
_MOST_SHOWN, _MOST_NAMED = 12, 4


def count_rows(study: ClashStudy, say: Said) -> Rows:
    """Return how many pairs of each kind there are and how deep they go."""
    rows = list[list[str]]()
    for kind in ClashKind:
        found = [clash for clash in study.clashes if clash.kind is kind]
        if found:
            deepest = max(clash.depth for clash in found)
            rows.append([say(f"clash.{kind.value}"), str(len(found)), f"{1e3 * deepest:.1f}" if deepest else "–"])
    if study.meant:
        rows.append([say("clash.meant"), str(len(study.meant)), "–"])
    return [say("clash.kind"), say("clash.count"), say("clash.deepest")], rows


def clash_rows(study: ClashStudy, design: DesignModel, say: Said) -> Rows:
    """Return the deepest clashes, one row each."""
    found = sorted((c for c in study.clashes if c.kind in SERIOUS), key=lambda c: (-c.depth, c.gap, c.first, c.second))
    heads = [say(f"clash.{word}") for word in ("kind", "first", "second", "depth", "gap", "volume")]
    return heads, [_row(clash, design, say) for clash in found[:_MOST_SHOWN]]


def shown_line(study: ClashStudy, file: str, say: Said) -> str:
    """Return the line that says how many of the clashes are shown and which file has all; nothing when all are."""
    total = sum(clash.kind in SERIOUS for clash in study.clashes)
    return say("clash.shown", shown=_MOST_SHOWN, total=total, file=file) if total > _MOST_SHOWN else ""


def unchecked_line(study: ClashStudy, design: DesignModel, say: Said) -> str:
    """Return the line that says of which elements nothing can be said, and why."""
    reasons = Counter(say.note(reason) for reason in study.unchecked.values())
    names = [clean(design.elements[name].name or name) for name in list(study.unchecked)[:_MOST_NAMED]]
    left = len(study.unchecked) - len(names)
    which = ", ".join(names) + (" " + say("clash.and_more", n=left) if left else "")
    why = "; ".join(f"{reason} ({count})" for reason, count in reasons.most_common())
    return say("clash.unchecked", count=len(study.unchecked), which=f"{which}. {why}")


def _row(clash: Clash, design: DesignModel, say: Said) -> list[str]:
    names = [clean(design.elements[name].name or name) for name in (clash.first, clash.second)]
    gap = f"{1e3 * clash.gap:.1f}" if clash.kind is ClashKind.CLEARANCE else "–"
    depth = f"{1e3 * clash.depth:.1f}" if clash.depth else "–"
    return [say(f"clash.{clash.kind.value}"), *names, depth, gap, f"{clash.volume:.4g}" if clash.volume else "–"]
