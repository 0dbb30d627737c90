"""How the registration went, in words: what was found, how sure it is, what it means and what to do."""

from dataclasses import dataclass

import numpy as np

from geometry.note import listed
from geometry.registration.result import Registration, RegistrationStatus
from twin.report import figures
from twin.report.refusal import Refusal, left_at_points, refusal_text
from twin.report.words import Words, clean
from twin.result import CheckResult


@dataclass(frozen=True, slots=True)
class RegistrationText:
    """The section on the registration."""

    accepted: bool
    status: str
    meaning: tuple[str, ...]
    detail: str
    """The registration's own line."""
    rows: tuple[tuple[str, str], ...]
    rivals: tuple[tuple[str, str, str, str], ...]
    """Of an accepted position: name, share explained, distance, angle."""
    refusal: Refusal | None
    """What a refusal says; None when the registration was accepted."""


def registration_text(result: CheckResult, words: Words) -> RegistrationText:
    """Return the section on the registration of a check."""
    found = result.registration
    accepted = found.status is RegistrationStatus.ACCEPTED
    refused_why = words.term("refusal", found.reason) if found.reason else ""
    refusal = None if accepted else refusal_text(found, result.scan, words)
    return RegistrationText(
        accepted,
        words.term("registration", found.status),
        _meaning(found, words) if accepted else tuple(text for text in (refused_why,) if text),
        _sentence(clean(words.say(found.detail))),
        _rows(found, words) if refusal is None else refusal.rows,
        _rivals(found, words) if accepted else (),
        refusal,
    )


def _sentence(line: str) -> str:
    """Return a line with a capital and a full stop, as a sentence stands in a page."""
    return line and line[0].upper() + line[1:] + ("" if line[-1] in ".。!?" else "。" if line[-1] > "\u2e80" else ".")


def _rivals(found: Registration, words: Words) -> tuple[tuple[str, str, str, str], ...]:
    return tuple(
        (words("registration.rival", n=n), figures.percent(rival.score, 1), f"{figures.fixed(rival.distance_m, 2)} m",
         f"{figures.fixed(float(np.degrees(rival.angle_rad)), 1)}°")
        for n, rival in enumerate(found.rivals, start=1)
    )  # fmt: skip


def _meaning(found: Registration, words: Words) -> tuple[str, ...]:
    placed = words(f"registration.meaning_{found.method}")
    if found.judged:
        agree = words("registration.meaning_agree", supporters=found.supporters, judged=found.judged)
        placed += words("space") + agree
    lines = [placed]
    spread = _expanded(found)
    if spread is not None:
        mm, angle = 1000.0 * float(spread[3:].max()), float(np.degrees(spread[:3].max()))
        lines.append(words("registration.meaning_uncertainty", mm=figures.fixed(mm, 2), angle=figures.fixed(angle, 4)))
    if found.unobservable:
        directions = words.say(listed(found.unobservable))
        lines.append(words("registration.meaning_unobservable", directions=directions))
    if found.method == "auto" and found.rivals:
        rival = max(found.rivals, key=lambda other: other.score)
        angle = figures.fixed(float(np.degrees(rival.angle_rad)), 1)
        score, away = figures.fixed(100.0 * rival.score, 1), figures.fixed(rival.distance_m, 2)
        lines.append(words("registration.meaning_rivals", score=score, distance=away, angle=angle))
    elif found.method == "auto":
        lines.append(words("registration.meaning_no_rivals"))
    return tuple(lines)


def _expanded(found: Registration) -> np.ndarray | None:
    """Return expanded uncertainties (k = 2), (6,): rotation radians, translation metres; None when not known."""
    if found.covariance is None or not np.isfinite(np.diag(found.covariance)).all():
        return None
    return 2.0 * np.sqrt(np.maximum(np.diag(found.covariance), 0.0))


def _rows(found: Registration, words: Words) -> tuple[tuple[str, str], ...]:
    rows = [(words("method"), words.term("method", found.method))]
    # points are held out of a search only: a position that was given is fitted to nothing, and looked at more widely
    near = "rmse" if found.method in ("auto", "picked") else "rmse.placed"
    residuals = ((near, found.rmse), ("holdout", found.holdout_rmse))
    rows += [(words(key), f"{figures.mm(value, 2)} mm") for key, value in residuals if np.isfinite(value)]
    rows += [
        (words("inliers"), figures.percent(found.inlier_fraction, 1)),
        (words("overlap"), figures.percent(found.overlap, 1)),
        (words("supporters"), words("supporters.value", supporters=found.supporters, judged=found.judged)),
    ]
    spread = _expanded(found)
    if spread is not None:
        moved = " / ".join(f"±{figures.mm(float(value), 2)}" for value in spread[3:])
        turned = " / ".join(f"±{figures.fixed(float(np.degrees(value)), 4)}°" for value in spread[:3])
        rows += [(words("uncertainty_translation"), f"{moved} mm"), (words("uncertainty_rotation"), turned)]
    rows.append((words("unobservable"), words.say(listed(found.unobservable)) or words("unobservable.none")))
    rows += left_at_points(found, words)
    if found.iterations:
        ended = "iterations.converged" if found.converged else "iterations.stopped"
        rows.append((words("iterations"), words(ended, n=found.iterations)))
    return tuple(rows)
