"""The rows that ``qtems fitup`` prints and its page shows, of the document that ``fitup.json`` holds."""

from collections.abc import Sequence
from math import degrees
from typing import Any

from twin.rehearsal.figures import Figures
from twin.rehearsal.fitup_json import ScannedFile
from twin.rehearsal.said import Said

Rows = tuple[list[str], list[list[str]]]
_MOST_PAIRS, _MOST_NAMED = 60, 12


def joint_rows(document: Any, say: Said) -> Rows:
    """Return a row per joint: what can be said, the least slack, and how probably it fits."""
    figures, unit = Figures(), document["unit"]
    heads = [say(f"fitup.{word}") for word in ("joint", "verdict", "slack", "p_fit", "p_least_squares", "p_as_placed")]
    rows = list[list[str]]()
    for joint in document["joints"]:
        shares = [
            figures.share(joint[word]) if joint["samples"] and not joint["unknown"] else "–"
            for word in ("p_fit", "p_fit_least_squares", "p_fit_as_placed")
        ]
        rows.append([joint["name"], say(f"fitup.is_{joint['decision']}"), figures.short(joint["slack"], unit), *shares])
    return heads, rows


def bolt_rows(joint: Any, unit: str, say: Said) -> Rows:
    """Return a row per bolt, and per gap, of a joint, those with least slack first."""
    figures = Figures()
    heads = [say(f"fitup.{word}") for word in ("feature", "offset", "allowed", "slack")]
    rows = [
        (bolt["slack"], [say("fitup.hole", name=bolt["hole"]), *_lengths(bolt, ("offset", "allowed", "slack"), unit)])
        for bolt in joint["bolts"]
    ]
    for gap in joint["gaps"]:
        slack = figures.short(gap["slack"], unit)
        value, allowed = figures.short(gap["value"], unit), _allowed(gap["limits"], unit)
        rows.append((gap["slack"], [say("fitup.gap", name=gap["name"]), value, allowed, slack]))
    return heads, [row for _, row in sorted(rows, key=lambda row: row[0])]


def _allowed(limits: list[float | None], unit: str) -> str:
    """Return the limits of a gap: both, or the one that there is."""
    (low, high), figures = limits, Figures()
    if low is None:
        return f"≤ {figures.short(high, unit)}"
    if high is None:
        return f"≥ {figures.short(low, unit)}"
    return f"{figures.short(low, '')} … {figures.short(high, unit)}"


def rework_lines(joint: Any, unit: str, say: Said) -> list[str]:
    """Return what is missing, and what would make a joint go together, a line each; nothing where it does."""
    rework = joint["rework"]
    lines = _missing_lines(joint["unknown"], say)
    if rework is None:
        return lines
    if joint["unknown"]:
        lines.append(say("fitup.rest"))
    if rework["works"]:
        return [*lines, *_done_lines(rework, unit, say, sampled=bool(joint["samples"]))]
    lines.append(say("fitup.no_rework" if rework["allowed"] else "fitup.none_allowed"))
    if joint["rework_beyond"] is not None:
        lines.append(say("fitup.beyond"))
        lines += _done_lines(joint["rework_beyond"], unit, say, sampled=False)
    return lines


def _missing_lines(unknown: list[Any], say: Said) -> list[str]:
    """Return what nothing is known of and what to do about it; nothing where all is known."""
    if not unknown:
        return []
    named = [say("fitup.feature_of", feature=one["feature"], part=one["part"]) for one in unknown[:_MOST_NAMED]]
    if len(unknown) > _MOST_NAMED:
        named.append(say("fitup.more", count=len(unknown) - _MOST_NAMED))
    return [say("fitup.unknown", features=say("fitup.comma").join(named))]


def _done_lines(rework: Any, unit: str, say: Said, *, sampled: bool) -> list[str]:
    """Return what is to be reamed and shimmed, and what comes of it."""
    figures = Figures()
    lines = [
        say("fitup.ream", hole=one["hole"], diameter=figures.value(_up(one["diameter"]), unit))
        for one in rework["ream"]
    ]
    lines += [
        say("fitup.shim", gap=one["gap"], thickness=figures.value(one["thickness"], unit)) for one in rework["shim"]
    ]
    if rework["p_fit"] is not None and sampled:
        lines.append(say("fitup.after", share=figures.share(rework["p_fit"])))
    if rework["fewest"]:
        lines.append(say("fitup.fewest"))
    return lines


def scan_rows(scanned: Sequence[ScannedFile], metres: float, unit: str, say: Said) -> Rows:
    """Return a row per hole, face and edge that scans were asked for; why, where one was not measured."""
    heads = [say(f"fitup.{word}") for word in ("part", "scanned", "moved", "uncertainty", "diameter", "rim_seen")]
    rows, figures = list[list[str]](), Figures()
    for one in scanned:
        for feature in one.scanned.features:
            name = say(f"fitup.scanned_{feature.kind}", name=feature.name)
            row, fit = [one.scanned.part.name, name], feature.hole
            if feature.because:
                drawn = say("fitup.as_drawn" if feature.known else "fitup.not_known")
                rows.append([*row, f"{say.note(feature.because)}{say('fitup.therefore')}{drawn}", "–", "–", "–"])
                continue
            moved = ", ".join(f"{float(value) / metres + 0.0:+.2f}".replace("-", "−") for value in feature.moved)
            row += [moved, figures.value(float(f"{2.0 * feature.sd / metres:.2g}"), unit)]
            wide = "–" if fit is None else f"{feature.diameter / metres:.2f} ± {2.0 * feature.diameter_sd / metres:.2f}"
            rows.append([*row, wide, "–" if fit is None else f"{degrees(fit.arc):.0f}°"])
    return heads, rows


def pairing_rows(document: Any, say: Said) -> Rows:
    """Return a row per chosen pair, those with least slack first."""
    pairing = document["pairing"]
    heads = [say(f"fitup.{word}") for word in ("place", "part", "slack")]
    if pairing is None:
        return heads, []
    chosen = sorted(pairing["chosen"], key=lambda pair: pair["slack"])[:_MOST_PAIRS]
    return heads, [[one["place"], one["part"], _lengths(one, ("slack",), document["unit"])[0]] for one in chosen]


def _lengths(entry: Any, words: tuple[str, ...], unit: str) -> list[str]:
    return [Figures().short(entry[word], unit) for word in words]


def _up(diameter: float) -> float:
    """Return a diameter rounded up in the fourth digit: a little less would not do."""
    from math import ceil, floor, log10

    step = 10.0 ** (floor(log10(diameter)) - 3)
    return float(f"{ceil(diameter / step - 1e-6) * step:.6g}")
