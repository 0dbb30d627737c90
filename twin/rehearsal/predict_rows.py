"""The rows and lines that ``qtems predict`` prints."""

from geometry.note import Note
from simulation.prediction.elements import Prediction
from simulation.prediction.priors import Prior
from twin.rehearsal.figures import Figures
from twin.rehearsal.predict_json import PredictResult
from twin.rehearsal.said import Said
from twin.report.words import Words, clean

Rows = tuple[list[str], list[list[str]]]
_MOST_FEATURES, _MOST_ITEMS = 12, 15


def feature_rows(result: PredictResult, say: Said, most: int = _MOST_FEATURES) -> Rows:
    """Return what is to be expected of each feature, the likeliest to be out of tolerance first."""
    found = sorted(result.learnt.features.items(), key=lambda one: (-one[1].defective.value, one[0]))
    rows = [
        [
            f"{characteristic(kind[0], say)}, {feature_name(feature, say)} ({_limits(*kind[1:])} mm)",
            str(prior.count),
            _signed(prior.mean),
            f"{prior.sd:.1f}",
            _share(prior),
        ]
        for (kind, feature), prior in found[:most]
    ]
    return [say(f"predict.{word}") for word in ("feature", "measured", "mean", "sd", "defective")], rows


def characteristic(name: str, say: Said) -> str:
    """Return what was measured, and in which direction, as reports of checks call it."""
    word, _, direction = name.partition(" ")
    return Words(say.language).about(word, "", direction)


def feature_name(feature: str, say: Said) -> str:
    """Return a class and storey for people."""
    kind, mark, storey = feature.partition(" · ")
    return Words(say.language).ifc_class(kind) + mark + clean(storey)


def reason(prediction: Prediction, say: Said) -> str:
    """Return why something is to be expected of an element."""
    note = prediction.reason
    if isinstance(note, Note) and "characteristic" in note.values:
        said = {"characteristic": characteristic(note.values["characteristic"], say)}
        if "feature" in note.values:
            said["feature"] = feature_name(note.values["feature"], say)
        note = Note(note.word, note.template, **{**note.values, **said})
    return say.note(note)


def _limits(lower: float, upper: float) -> str:
    """Return the limits of a family: two of the same name differ by them.

    Examples
    --------
    >>> _limits(-10.0, 10.0), _limits(float("-inf"), 15.0), _limits(0.0, 25.0)
    ('−10 … +10', '≤ 15', '0 … +25')
    """
    if lower == float("-inf"):
        return f"≤ {upper:g}"
    if upper == float("inf"):
        return f"≥ {lower:g}"
    return " … ".join(f"{value:+g}".replace("-", "−") if value else "0" for value in (lower, upper))


def _signed(value: float) -> str:
    return f"{value:+.1f}".replace("-", "\u2212")


def _share(prior: Prior) -> str:
    interval = prior.defective.interval
    return Figures().share({"value": prior.defective.value, "low": interval.low, "high": interval.high})


def item_rows(result: PredictResult, say: Said) -> Rows:
    """Return what to inspect with the minutes there are, what saves most per minute first."""
    rows = [item_row(result, index, say) for index in result.choice.chosen[:_MOST_ITEMS]]
    return [say(f"predict.{word}") for word in ("inspect", "class", "probability", "minutes", "saving")], rows


def item_row(result: PredictResult, index: int, say: Said) -> list[str]:
    """Return the cells of one inspection."""
    element, row = result.predictions[index].element, result.rows[index]
    share = f"{100 * row.probability:.1f} %"
    kind = Words(say.language).ifc_class(element.ifc_class)
    return [clean(element.name or element.global_id), kind, share, f"{row.minutes:g}", f"{row.saving:.3g}"]


def predict_lines(result: PredictResult, say: Said) -> list[str]:
    """Return what was predicted of how many, what the minutes buy, and how predictions fared."""
    missing = sum(element.missing for element in result.elements)
    failed = sum(element.failed and not element.missing for element in result.elements)
    candidates = sum(bool(one.expected) and one.probability >= result.candidate_from for one in result.predictions)
    figures = {"count": len(result.predictions), "failed": failed, "missing": missing}
    spent = {"minutes": f"{result.choice.minutes:g}", "budget": f"{result.budget:g}"}
    lines = [
        say("predict.summary", **figures),
        *[
            say(f"predict.{word}", count=len(told), expected=f"{sum(one.probability for one in told):.1f}")
            for word, told in (("by_own", result.own), ("by_others", result.by_others))
            if told
        ],
        say("predict.budget", count=len(result.choice.chosen), **spent),
        say("predict.candidates", count=candidates, share=f"{100 * result.candidate_from:g}"),
    ]
    if nothing := sum(not one.expected for one in result.predictions):
        lines.append(say("predict.nothing", count=nothing))
    if (loop := result.loop) is not None:
        if loop.score is None:
            lines.append(say("predict.unscored"))
        else:
            skill = "–" if loop.score.skill is None else f"{loop.score.skill:.2f}"
            z = "–" if loop.score.calibration_z is None else _signed(loop.score.calibration_z)
            lines.append(
                say("predict.scored", count=loop.score.count, brier=f"{loop.score.brier:.3f}", skill=skill, z=z)
            )
        lines += [
            say(
                "predict.drift",
                characteristic=characteristic(one.family[0], say),
                z=_signed(one.mean_z),
                count=one.count,
            )
            for one in loop.drifts
            if one.alarm
        ]
    return lines
