"""What ``qtems assemble`` prints of the loads that people bring."""

from collections.abc import Sequence
from math import inf

from simulation.assembly.order_study import OrderStudy
from simulation.assembly.people import Handling
from twin.rehearsal.said import Said
from twin.report.words import clean

_MOST_NAMED = 5


def people_rows(study: OrderStudy, say: Said, most: int = 15) -> tuple[list[str], list[list[str]]]:
    """Return the loads, those that people cannot bring first, then the hardest: mass, persons, limits, index."""
    words = ("step", "element", "mass", "persons", "picked", "put", "index", "hands")
    order = sorted(study.handling, key=lambda one: (not one.problems, -_hard(one), one.step, one.parts))
    return [say(f"order.{word}") for word in words], [_row(one, study, say) for one in order[:most]]


def people_lines(study: OrderStudy, say: Said) -> list[str]:
    """Return what is to be known of people in words: whether all works, else what not, and what nobody brings."""
    lines, failing = list[str](), [one for one in study.handling if one.problems]
    if failing:
        told = [
            say("order.people_one", name=_name(one, study), step=one.step + 1, problems=_problems(one, say))
            for one in failing[:_MOST_NAMED]
        ]
        which = ", ".join(told) + _more(len(failing), say)
        lines.append(say("order.people_fail", count=len(failing), which=which))
    elif study.handling:
        highest = max(_hard(one) for one in study.handling)
        lines.append(say("order.people_fine", count=len(study.handling), index=f"{highest:.2g}"))
    if study.by_nobody:
        named = [_called(study, k) for k in study.by_nobody[:_MOST_NAMED]]
        which = ", ".join(named) + _more(len(study.by_nobody), say)
        lines.append(say("order.by_nobody", count=len(study.by_nobody), which=which))
    return lines


def _row(one: Handling, study: OrderStudy, say: Said) -> list[str]:
    limits: Sequence[float | None] = one.limits or (None, None)
    figures = [_figure(value) for value in (one.mass, None, *limits, one.index)]
    figures[1] = str(one.persons)
    said = _problems(one, say) if one.problems else say("order.by_hand_fine")
    return [str(one.step + 1), _name(one, study), *figures, said]


def _figure(value: float | None) -> str:
    return "–" if value is None or value == inf else f"{value:.3g}"


def _hard(one: Handling) -> float:
    return inf if one.index is None else one.index


def _problems(one: Handling, say: Said) -> str:
    return ", ".join(say(f"order.{problem}") for problem in one.problems)


def _name(one: Handling, study: OrderStudy) -> str:
    return " + ".join(_called(study, k) for k in one.parts[:3]) + (" …" if len(one.parts) > 3 else "")


def _called(study: OrderStudy, part: int) -> str:
    return clean(study.parts[part].name or study.parts[part].global_id)


def _more(count: int, say: Said) -> str:
    return " " + say("clash.and_more", n=count - _MOST_NAMED) if count > _MOST_NAMED else ""
