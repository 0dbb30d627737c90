"""One card per failing or missing element: what is wrong, by how much, how sure, and why to believe it."""

from dataclasses import dataclass

import numpy as np

from geometry.verdict import Measurement, State
from twin.report import figures
from twin.report.palette import LOOKS, mark_of
from twin.report.selection import by_weight, worst
from twin.report.words import Words, clean
from twin.result import AsBuiltPose, CheckResult, DeviationSummary, ElementResult, Visibility


@dataclass(frozen=True, slots=True)
class MeasurementText:
    """One measurement."""

    characteristic: str
    actual: str
    limits: str
    mark: str
    verdict: str
    sign: str
    source: str
    note: str
    gauge: str
    """SVG, empty when there is nothing to draw."""


@dataclass(frozen=True, slots=True)
class Card:
    """One element in full."""

    number: int
    global_id: str
    mark: str
    mark_label: str
    sign: str
    name: str
    ifc_class: str
    class_label: str
    storey: str
    state_label: str
    headline: str
    missing: bool
    facts: tuple[tuple[str, str], ...]
    measurements: tuple[MeasurementText, ...]
    pose: tuple[tuple[str, str, bool], ...]
    """Axis, value, observable."""
    deviation: tuple[tuple[str, str], ...]
    deviation_note: str
    visibility: str
    visibility_shares: tuple[tuple[str, str, float], ...]
    """Key, label with the number of rays, per cent of the rays that were aimed at the element's place."""
    reasons: tuple[str, ...]


def make_card(result: CheckResult, index: int, number: int, words: Words) -> Card:
    """Return the card of one element."""
    element = result.elements[index]
    mark = mark_of(element)
    return Card(
        number=number,
        global_id=clean(element.global_id),
        mark=mark.value,
        mark_label=words.term("mark", mark),
        sign=LOOKS[mark].sign,
        name=clean(element.name) or words("unnamed"),
        ifc_class=clean(element.ifc_class),
        class_label=words.ifc_class(clean(element.ifc_class)),
        storey=clean(words.storey(element.storey)),
        state_label=words.term("state", element.state),
        headline=headline(element, words),
        missing=element.state is State.MISSING,
        facts=_facts(element, words),
        measurements=tuple(_measurement(measurement, words) for measurement in by_weight(element)),
        pose=_pose(element.pose, words) if element.pose is not None else (),
        deviation=_deviation(element.deviation, words) if element.deviation is not None else (),
        deviation_note=_deviation_note(element, words),
        visibility=_seen(element.visibility, words) if element.visibility is not None else "",
        visibility_shares=_shares(element, element.visibility, words) if element.visibility is not None else (),
        reasons=tuple(clean(words.explain(reason)) for reason in element.reasons),
    )


def headline(element: ElementResult, words: Words) -> str:
    """Return the one sentence that says what is wrong with an element."""
    if element.state is State.MISSING:
        return words("card.missing")
    decisive = worst(element)
    if decisive is None:
        return words("semicolon").join(words.explain(reason) for reason in element.reasons)
    return words(
        "card.fail",
        characteristic=words.measured(decisive),
        value=figures.value_text(decisive),
        limits=figures.limits_text(decisive),
    )


def _measurement(measurement: Measurement, words: Words) -> MeasurementText:
    outcome = measurement.outcome.value
    name = words.measured(measurement)
    if measurement.nominal is not None:
        name += f" ({words('nominal')} {figures.mm(measurement.nominal, 0)} mm)"
    return MeasurementText(
        characteristic=clean(name),
        actual=figures.value_text(measurement),
        limits=figures.limits_text(measurement),
        mark=outcome,
        verdict=words.term("verdict", outcome),
        sign=next(look.sign for mark, look in LOOKS.items() if mark.value == outcome),
        source=clean(words.source(measurement.source)),
        note=words("semicolon").join(clean(part) for part in _remarks(measurement, words)),
        gauge=figures.gauge(measurement),
    )


def _remarks(measurement: Measurement, words: Words) -> list[str]:
    """Return how it was measured, and why it could not be decided."""
    parts = [words.measured_by(measurement.method)] if measurement.method else []
    return [*parts, words.explain(measurement.note)] if measurement.note else parts


def _pose(pose: AsBuiltPose, words: Words) -> tuple[tuple[str, str, bool], ...]:
    """Unobservable components are named, never printed as zero."""
    spread = 2.0 * np.sqrt(np.maximum(np.diag(pose.covariance), 0.0))
    rows: list[tuple[str, str, bool]] = []
    for i in range(6):
        label = f"{words('pose.translation' if i < 3 else 'pose.rotation')} {'xyz'[i % 3]}"
        if not pose.observable[i]:
            text = words("value_no")
        elif i < 3:
            text = f"{figures.signed_mm(float(pose.translation[i]))} ± {figures.mm(float(spread[i]))} mm"
        else:
            turned, u = np.degrees([pose.rotation_vector[i - 3], spread[i]])
            text = f"{figures.signed(float(turned), 3)} ± {figures.fixed(float(u), 3)}°"
        rows.append((label, text, pose.observable[i]))
    return tuple(rows)


def _deviation(deviation: DeviationSummary, words: Words) -> tuple[tuple[str, str], ...]:
    return (
        (words("mean"), f"{figures.signed_mm(deviation.mean)} mm"),
        (words("std"), f"{figures.mm(deviation.std)} mm"),
        (words("p95"), f"±{figures.mm(deviation.p95_abs)} mm"),
        (words("min"), f"{figures.signed_mm(deviation.min)} mm"),
        (words("max"), f"{figures.signed_mm(deviation.max)} mm"),
    )


def _deviation_note(element: ElementResult, words: Words) -> str:
    """Return what the figures are of: not every point of an element lies on its own surface."""
    if element.deviation is None:
        return ""
    n = figures.count(element.deviation.n)
    if element.deviation.n >= element.points:
        return words("deviation.caption", n=n)
    return words("deviation.caption_part", n=n, total=figures.count(element.points))


def _facts(element: ElementResult, words: Words) -> tuple[tuple[str, str], ...]:
    """Return the plain figures; the few points about a missing element's place are its neighbours'."""
    visible = (words("visible"), figures.percent(element.visible_fraction))
    if element.state is State.MISSING:
        return (visible,)
    points = (words("points"), figures.count(element.points))
    return (points, visible, (words("coverage"), figures.percent(element.coverage)))


def _seen(seen: Visibility, words: Words) -> str:
    return words("visibility.samples", expected=figures.count(seen.expected), confirmed=figures.count(seen.confirmed))


def _shares(element: ElementResult, seen: Visibility, words: Words) -> tuple[tuple[str, str, float], ...]:
    """Return what became of the rays aimed at the element's place.

    ``passed_through`` also counts rays that met another element of the design first, which ``rays_expected`` does not:
    the two are never shown side by side, as more rays would seem to have come through than were expected.
    """
    reached = ("reached", max(0, seen.rays_expected - seen.blocked))
    if element.state is State.MISSING:
        reached = ("passed_through", seen.passed_through)
    parts = (reached, ("blocked", seen.blocked))
    total = sum(number for _, number in parts)
    return tuple(
        (key, words(f"visibility.{key}", n=figures.count(number)), round(100.0 * number / total, 2))
        for key, number in parts
        if number
    )
