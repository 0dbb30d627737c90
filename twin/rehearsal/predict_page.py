"""``predict.html``: what is probably out of tolerance and where to look next, as one page that needs nothing else."""

from twin.rehearsal.charts import bars
from twin.rehearsal.figures import Figures
from twin.rehearsal.page import render
from twin.rehearsal.predict_json import PredictProvenance, PredictResult
from twin.rehearsal.predict_rows import feature_name, feature_rows, item_row, predict_lines, reason
from twin.rehearsal.said import Said
from twin.report.words import clean

_MOST_ITEMS, _MOST_BARS = 100, 16
_SHOWN_AT_ONCE = 15
"""Rows that stand open; the others are one press away."""


def predict_page(result: PredictResult, provenance: PredictProvenance, language: str) -> bytes:
    """Return the report as one UTF-8 HTML file, in ``en`` or ``zh``."""
    from markupsafe import Markup

    say, chosen = Said(language), result.choice.chosen
    heads, features = feature_rows(result, say, 200)
    more = len(chosen) - _MOST_ITEMS
    values = {
        "say": say, "lang": language, "provenance": provenance, "lines": predict_lines(result, say),
        "item_heads": [say(f"predict.{word}") for word in ("inspect", "class", "probability", "minutes", "saving")],
        "items": [
            (item_row(result, index, say), reason(result.predictions[index], say)) for index in chosen[:_MOST_ITEMS]
        ],
        "more": say("clash.and_more", n=more) if more > 0 else "",
        "candidates": _candidates(result, say), "shown": _SHOWN_AT_ONCE, "feature_heads": heads, "features": features,
        "bars": Markup(_bars(result, say)), "calibration": _calibration(result),
    }  # fmt: skip
    return render("predict.html.j2", values)


def _candidates(result: PredictResult, say: Said) -> list[tuple[tuple[str, str], str]]:
    return [
        ((clean(one.element.name or one.element.global_id), f"{100 * one.probability:.1f} %"), reason(one, say))
        for one in result.predictions
        if one.expected and one.probability >= result.candidate_from
    ]


def _bars(result: PredictResult, say: Said) -> str:
    found = sorted(result.learnt.features.items(), key=lambda one: (-one[1].defective.value, one[0]))[:_MOST_BARS]
    rows = [
        (feature_name(feature, say), prior.defective.value, prior.defective.interval.low, prior.defective.interval.high)
        for (_, feature), prior in found
    ]
    return bars(rows, say("predict.features"))


def _calibration(result: PredictResult) -> list[tuple[str, int, str]]:
    if result.loop is None or result.loop.score is None:
        return []
    rows = list[tuple[str, int, str]]()
    for one in result.loop.score.bins:
        interval = one.happened.interval
        share = Figures().share({"value": one.happened.value, "low": interval.low, "high": interval.high})
        rows.append((f"{100 * one.predicted:.1f} %", one.count, share))
    return rows
