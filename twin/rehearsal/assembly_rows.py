"""The rows that ``qtems assemble`` prints."""

from collections import Counter
from collections.abc import Sequence

from geometry.design import DesignModel
from simulation.assembly.chance import Decision
from simulation.assembly.clash import Clash, ClashKind
from simulation.assembly.place import PlaceKind
from simulation.assembly.presence import Spell, TimedClashes
from simulation.assembly.study import ClashStudy
from twin.rehearsal.assembly_json import is_contact, matters
from twin.rehearsal.said import Said
from twin.report.words import clean

Rows = tuple[list[str], list[list[str]]]
_WITH_GAP = (ClashKind.CLEARANCE, ClashKind.POSSIBLE, ClashKind.ACCESS)
_MOST_SHOWN, _MOST_NAMED, _MOST_ALIKE = 12, 4, 2


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


def clash_rows(study: ClashStudy, design: DesignModel, say: Said, *, most: int = _MOST_SHOWN) -> Rows:
    """Return the deepest clashes, one row each."""
    words = ["kind", "first", "second", "depth", "gap", "volume"]
    words += [] if study.places is None else ["probability", "decision"]
    shown = worst_first(study)[:most]
    return [say(f"clash.{word}") for word in words], [
        clash_row(clash, design, say, uncertain=study.places is not None) for clash in shown
    ]


def worst_first(study: ClashStudy) -> list[Clash]:
    """Return the clashes that matter: the surest first, among them the deepest."""
    order = {Decision.CLASH: 0, Decision.UNDECIDED: 1, Decision.NO_CLASH: 2}
    found = [clash for clash in study.clashes if matters(clash)]
    return sorted(
        found,
        key=lambda c: (order[c.chance.decision] if c.chance else 0, -c.depth, c.gap, c.first, c.second),
    )


def varied_first(clashes: Sequence[Clash]) -> list[Clash]:
    """Return the same clashes, those first that show an element for the first or second time: more is seen so."""
    met, first, later = Counter[str](), list[Clash](), list[Clash]()
    for clash in clashes:
        again = met[clash.first] >= _MOST_ALIKE or met[clash.second] >= _MOST_ALIKE
        (later if again else first).append(clash)
        if not again:
            met.update((clash.first, clash.second))
    return first + later


def decision_lines(study: ClashStudy, say: Said) -> list[str]:
    """Return what can be said at the confidence asked for, and of which places; nothing where places are exact."""
    if study.places is None:
        return []
    decided = Counter(clash.chance.decision for clash in study.clashes if clash.chance is not None)
    kinds = Counter(place.kind for place in study.places.of.values())
    contacts = sum(is_contact(clash) and not matters(clash) for clash in study.clashes)
    lines = [
        say(
            "clash.decided", confidence=f"{100 * study.places.confidence:g}", contacts=contacts,
            clash=decided[Decision.CLASH], undecided=decided[Decision.UNDECIDED], none=decided[Decision.NO_CLASH],
        )
    ]  # fmt: skip
    if kinds[PlaceKind.AS_BUILT] or kinds[PlaceKind.NOT_SEEN] or kinds[PlaceKind.NOT_BUILT]:
        lines.append(
            say(
                "clash.places",
                built=kinds[PlaceKind.AS_BUILT],
                missing=kinds[PlaceKind.NOT_BUILT],
                unseen=kinds[PlaceKind.NOT_SEEN],
                partly=sum(any(place.unknown) for place in study.places.of.values()),
            )
        )
    return lines


def time_lines(timed: TimedClashes | None, design: DesignModel, say: Said) -> list[str]:
    """Return what was taken to be there when, and what is left out because of it; nothing where that was not asked."""
    if timed is None:
        return []
    told = timed.in_time
    dated = sum(name in told.spells for name in design.elements)
    lines = [say("clash.in_time", dated=dated, always=len(design.elements) - dated)]
    if idle := sum(not any(one in design.elements for one in task.elements) for task in design.tasks):
        lines.append(say("clash.idle_tasks", count=idle))
    if told.at is not None:
        lines.append(say("clash.at_day", day=told.at.isoformat()))
    if moved := sum(name in design.elements for name in told.moved):
        lines.append(say("clash.moved", count=moved))
    if undated := sum(name in design.elements for name in told.undated):
        lines.append(say("clash.undated", count=undated))
    if told.clock.mixed:
        lines.append(say("clash.mixed_zones"))
    never = sum(matters(clash) and not told.ever(clash) for clash in timed.excluded)
    later = sum(matters(clash) and told.ever(clash) for clash in timed.excluded)
    lines += [say("clash.never_together", count=never)] if never else []
    return lines + ([say("clash.other_days", count=later)] if later else [])


def time_rows(timed: TimedClashes | None, design: DesignModel, say: Said, *, most: int = _MOST_SHOWN) -> Rows:
    """Return when both sides of a clash are there, those that matter, and of those left out when each is."""
    heads = [say(f"clash.{word}") for word in ("kind", "first", "second", "both_there")]
    if timed is None:
        return heads, []
    rows = list[list[str]]()
    for clash in (*worst_first(timed.study), *(one for one in timed.excluded if matters(one))):
        together = timed.in_time.together(clash)
        sides = (timed.in_time.of(clash.first), timed.in_time.of(clash.second))
        apart = say("clash.apart", first=_when(sides[0], say), second=_when(sides[1], say))
        row = clash_row(clash, design, say)[:3]
        rows.append([*row, _when(together, say) if together else apart])
    return heads, rows[:most]


def _when(spells: Sequence[Spell], say: Said) -> str:
    """Return times as words: from, up to."""
    found = list[str]()
    for one in spells:
        start, end = (None if at is None else at.isoformat(" ", "minutes") for at in (one.start, one.end))
        if start is None and end is None:
            return say("clash.always")
        word = "until" if start is None else "since" if end is None else "from_to"
        found.append(say(f"clash.{word}", start=start, end=end))
    return ", ".join(found)


def shown_line(study: ClashStudy, file: str, say: Said) -> str:
    """Return the line that says how many of the clashes are shown and which file has all; nothing when all are."""
    total = sum(matters(clash) for clash in study.clashes)
    return say("clash.shown", shown=_MOST_SHOWN, total=total, file=file) if total > _MOST_SHOWN else ""


def unchecked_line(study: ClashStudy, design: DesignModel, say: Said) -> str:
    """Return the line that says of which elements nothing can be said, and why."""
    reasons = Counter(say.note(reason) for reason in study.unchecked.values())
    names = [clean(design.elements[name].name or name) for name in list(study.unchecked)[:_MOST_NAMED]]
    left = len(study.unchecked) - len(names)
    which = ", ".join(names) + (" " + say("clash.and_more", n=left) if left else "")
    why = "; ".join(f"{reason} ({count})" for reason, count in reasons.most_common())
    return say("clash.unchecked", count=len(study.unchecked), which=which, why=why)


def clash_row(clash: Clash, design: DesignModel, say: Said, *, uncertain: bool = False) -> list[str]:
    """Return a clash as a row; ``uncertain``: the table has columns for how probable it is."""
    names = [clean(design.elements[name].name or name) for name in (clash.first, clash.second)]
    gap = f"{1e3 * clash.gap:.1f}" if clash.kind in _WITH_GAP else "–"
    depth = f"{1e3 * clash.depth:.1f}" if clash.depth else "–"
    row = [say(f"clash.{clash.kind.value}"), *names, depth, gap, f"{clash.volume:.4g}" if clash.volume else "–"]
    if uncertain and clash.chance is None:
        row += ["–", "–"]
    elif clash.chance is not None:
        row += [f"{100 * clash.chance.probability:.1f} %", say(f"clash.is_{clash.chance.decision.value}")]
    return row
