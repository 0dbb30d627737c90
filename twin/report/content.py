"""What the readable reports say, as frozen texts: the HTML and the PDF show the same content."""

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import PurePath

from geometry.registration.result import RegistrationStatus
from geometry.verdict import Outcome, State
from twin.report import figures
from twin.report.cards import Card, make_card
from twin.report.palette import LOOKS, Mark, mark_of, ramp_limit
from twin.report.provenance import Provenance
from twin.report.registration_text import RegistrationText, registration_text
from twin.report.selection import (
    actionable,
    by_severity,
    exceedance,
    shown_cards,
    shown_storeys,
    storeys,
    unknown_characteristic,
    worst,
)
from twin.report.stations import agreement_of, stations_of
from twin.report.words import Words, clean
from twin.result import CheckResult, ElementResult

UNMODELLED_LIMIT = 60
NAMES_LIMIT = 3


@dataclass(frozen=True, slots=True)
class Share:
    """One part of a count: ``key`` is the mark or state."""

    key: str
    label: str
    sign: str
    count: int
    percent: float


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table of all elements; numbers to sort by beside the texts."""

    mark: str
    verdict: str
    verdict_label: str
    state: str
    state_label: str
    name: str
    ifc_class: str
    class_label: str
    storey: str
    global_id: str
    why: str
    """What explains state and verdict: why it is missing, was left open or could not be judged."""
    worst: str
    worst_value: str
    characteristic: str
    """What the worst result is of, or what was not measured and is required."""
    limits: str
    used: str
    used_value: float
    points: int
    points_text: str
    card: int
    """Number of the element's card, 0 = none."""


@dataclass(frozen=True, slots=True)
class StoreyText:
    """One storey with its counts; ``key`` finds the picture."""

    key: str
    label: str
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """Everything a readable report says."""

    lang: str
    tone: str
    """Mark that colours the headline."""
    headline: str
    sentence: str
    tolerance: str
    model: str
    scans: str
    marks: tuple[Share, ...]
    states: tuple[Share, ...]
    registration: RegistrationText
    storeys: tuple[StoreyText, ...]
    storeys_note: str
    storey_names: tuple[str, ...]
    """Of all storeys, by elevation."""
    rows: tuple[Row, ...]
    cards: tuple[Card, ...]
    cards_note: str
    unmodelled: tuple[tuple[str, ...], ...]
    unmodelled_note: str
    notes: tuple[str, ...]
    files: tuple[tuple[str, str, str, str], ...]
    """Role, path, format, sha256."""
    facts: tuple[tuple[str, str], ...]
    parameters: tuple[tuple[str, str], ...]
    ramp_mm: str


def make_content(result: CheckResult, provenance: Provenance, words: Words) -> Content:
    """Return the content of the readable reports in the language of ``words``."""
    shown = shown_cards(result)
    number = {index: place for place, index in enumerate(shown, start=1)}
    wanted = len(actionable(result))
    named, all_storeys = shown_storeys(result), storeys(result)
    headline, sentence, tone = _headline(result, words)
    return Content(
        lang=words.lang,
        tone=tone.value,
        headline=headline,
        sentence=sentence,
        tolerance=clean(words.tolerance(result.tolerance_name)),
        model=_file_name(provenance.model.path),
        scans=_some([_file_name(scan.path) for scan in provenance.scans], words),
        marks=_mark_shares(result.elements, words),
        states=_state_shares(result.elements, words),
        registration=registration_text(result, words),
        storeys=tuple(_storey(result, name, words) for name in named),
        storeys_note=(
            "" if len(named) == len(all_storeys) else words("storeys.limited", n=len(named), total=len(all_storeys))
        ),
        storey_names=tuple(clean(words.storey(name)) for name in all_storeys),
        rows=tuple(_row(result.elements[i], number.get(i, 0), words) for i in by_severity(result)),
        cards=tuple(make_card(result, i, number[i], words) for i in shown),
        cards_note=words("cards.limited", shown=len(shown), total=wanted) if wanted > len(shown) else "",
        unmodelled=_unmodelled(result),
        unmodelled_note=(
            words("unmodelled.limited", shown=UNMODELLED_LIMIT, total=len(result.unmodelled))
            if len(result.unmodelled) > UNMODELLED_LIMIT
            else ""
        ),
        notes=(*_unmeasured(result, words), *notes_of(result, words)),
        files=_files(provenance, words),
        facts=_facts(result, provenance, words),
        parameters=tuple(
            (clean(words.term("parameter", key)), clean(str(value)))
            for key, value in sorted(provenance.parameters.items())
        ),
        ramp_mm=f"{ramp_limit(result) * 1000.0:g}",
    )


def notes_of(result: CheckResult, words: Words) -> tuple[str, ...]:
    """Return every note once, in the language of ``words``."""
    notes = dict.fromkeys((*result.notes, *result.design.notes, *result.scan.notes))
    return tuple(clean(words.say(note)) for note in notes)


def _unmeasured(result: CheckResult, words: Words) -> tuple[str, ...]:
    """Return how many elements nothing is claimed of, and why mostly; nothing where all were measured."""
    left = [element for element in result.elements if mark_of(element) is Mark.NOT_MEASURED]
    if not left or result.registration.status is RegistrationStatus.REFUSED:
        return ()
    reasons = Counter(reason.partition(":")[0] for element in left for reason in element.reasons[:1])
    [(reason, count)] = reasons.most_common(1) or [("", 0)]
    why = clean(words.explain(reason)) if reason else words.term("verdict", Outcome.NOT_MEASURED)
    key = "notes.not_measured_one" if len(left) == 1 else "notes.not_measured"
    return (words(key, n=len(left), total=len(result.elements), count=count, reason=why[:1].lower() + why[1:]),)


def _file_name(path: str) -> str:
    return clean(PurePath(path.replace("\\", "/")).name)


def _some(names: list[str], words: Words) -> str:
    """Return the first few names and how many more there are; the provenance lists all."""
    more = len(names) - NAMES_LIMIT
    return ", ".join(names[:NAMES_LIMIT]) + (f" {words('summary.more', n=more)}" if more > 0 else "")


def _headline(result: CheckResult, words: Words) -> tuple[str, str, Mark]:
    if result.registration.status is RegistrationStatus.REFUSED:
        return words("headline.refused"), words("headline.refused_sentence"), Mark.INDETERMINATE
    total = len(result.elements)
    if total == 0:
        return words("headline.empty"), "", Mark.NOT_MEASURED
    n = Counter(mark_of(element) for element in result.elements)
    parts = [words(f"headline.part.{mark.value}", n=n[mark]) for mark in Mark if n[mark]]
    sentence = words("comma").join(parts) + words("full_stop")
    shapeless = sum(element.global_id in result.design.without_geometry for element in result.elements)
    if shapeless:
        key = "headline.without_shape_one" if shapeless == 1 else "headline.without_shape"
        sentence += words("space") + words(key, n=shapeless)
    unlimited = sum("no_tolerance" in element.reasons for element in result.elements)
    if unlimited:
        key = "headline.without_limit_one" if unlimited == 1 else "headline.without_limit"
        sentence += words("space") + words(key, n=unlimited)
    bad = n[Mark.FAIL] + n[Mark.MISSING]
    undecided = n[Mark.INDETERMINATE] + n[Mark.NOT_MEASURED]
    if bad:
        key = "headline.fail_one" if bad == 1 else "headline.fail"
        return words(key, n=bad, total=total), sentence, Mark.FAIL
    if undecided == total:
        return words("headline.none_one" if total == 1 else "headline.none", total=total), sentence, Mark.INDETERMINATE
    if undecided:
        return words("headline.open", n=undecided, total=total), sentence, Mark.INDETERMINATE
    return words("headline.pass", total=total), sentence, Mark.PASS


def _mark_shares(elements: tuple[ElementResult, ...], words: Words) -> tuple[Share, ...]:
    n = Counter(mark_of(element) for element in elements)
    total = max(1, len(elements))
    return tuple(
        Share(mark.value, words.term("mark", mark), LOOKS[mark].sign, n[mark], 100.0 * n[mark] / total) for mark in Mark
    )


def _state_shares(elements: tuple[ElementResult, ...], words: Words) -> tuple[Share, ...]:
    n = Counter(element.state for element in elements)
    total = max(1, len(elements))
    return tuple(
        Share(state.value, words.term("state", state), "", n[state], 100.0 * n[state] / total) for state in State
    )


def _storey(result: CheckResult, name: str, words: Words) -> StoreyText:
    members = tuple(element for element in result.elements if element.storey == name)
    return StoreyText(name, clean(words.storey(name)), _mark_shares(members, words))


def _row(element: ElementResult, card: int, words: Words) -> Row:
    decisive, unknown = worst(element), unknown_characteristic(element)
    used = exceedance(decisive) if decisive is not None else 0.0
    measured = ""
    if decisive is not None and math.isfinite(decisive.actual):
        measured = figures.value_text(decisive)
    return Row(
        mark=mark_of(element).value,
        verdict=element.verdict.value,
        verdict_label=words.term("mark", mark_of(element)),
        state=element.state.value,
        state_label=words.term("state", element.state),
        name=clean(element.name) or words("unnamed"),
        ifc_class=element.ifc_class,
        class_label=words.ifc_class(element.ifc_class),
        storey=clean(words.storey(element.storey)),
        global_id=clean(element.global_id),
        why=words("semicolon").join(clean(words.explain(reason)) for reason in element.reasons),
        worst=measured or (words.term("verdict", Outcome.NOT_MEASURED) if unknown else ""),
        characteristic=clean(words.measured(decisive) if decisive is not None else words.characteristic(unknown)),
        worst_value=f"{abs(decisive.actual):.6g}" if decisive is not None and measured else "",
        limits=figures.limits_text(decisive) if decisive is not None else "",
        used=figures.percent(used) if measured and math.isfinite(used) else "",
        used_value=used if math.isfinite(used) else 1e9,
        points=element.points,
        points_text=figures.count(element.points),
        card=card,
    )


def _unmodelled(result: CheckResult) -> tuple[tuple[str, ...], ...]:
    largest = sorted(result.unmodelled, key=lambda cluster: (-cluster.points, tuple(cluster.centroid)))
    return tuple(
        (
            str(number),
            " / ".join(figures.fixed(float(value), 2) for value in cluster.centroid),
            " / ".join(figures.fixed(float(value), 2) for value in cluster.size),
            figures.count(cluster.points),
        )
        for number, cluster in enumerate(largest[:UNMODELLED_LIMIT], start=1)
    )


def _files(provenance: Provenance, words: Words) -> tuple[tuple[str, str, str, str], ...]:
    named = [(words("model"), provenance.model), *((words("scan"), scan) for scan in provenance.scans)]
    return tuple((role, clean(file.path), file.format, file.sha256) for role, file in named)


def _facts(result: CheckResult, provenance: Provenance, words: Words) -> tuple[tuple[str, str], ...]:
    scan = result.scan
    facts = [
        (words("version"), f"{words('product')} {provenance.version}"),
        (words("provenance.seed"), str(provenance.seed)),
        (words("tolerance"), clean(result.tolerance_name)),
        (words("design.elements"), figures.count(len(result.design.elements))),
        (words("scan.points"), figures.count(len(scan.points))),
        (words("scan.declared"), figures.count(scan.declared_points)),
        (words("scan.invalid"), figures.count(scan.invalid_points)),
        (words("scan.stations"), stations_of(scan, words)),
    ]
    if scan.has_poses and len(scan.stations) > 1:
        facts.append((words("scan.agreement"), agreement_of(result.agreement, words)))
    if scan.stride > 1:
        facts.append((words("scan.stride"), str(scan.stride)))
    if provenance.created is not None:
        facts.append((words("provenance.created"), provenance.timestamp.strftime("%Y-%m-%d %H:%M UTC")))
    return tuple(facts)
