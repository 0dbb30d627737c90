"""The rows and lines that tell how far a schedule is."""

from typing import Any

from twin.rehearsal.said import Said
from twin.rehearsal.schedule_json import ScheduleResult, schedule_document
from twin.rehearsal.schedule_rows import Rows

_MOST_DRIVERS = 10


def earned_rows(result: ScheduleResult, say: Said) -> Rows:
    """Return what was to be done and what is done, in planned days of work; nothing without progress."""
    told: Any = schedule_document(result)["progress"]
    if told is None:
        return [], []
    earned, index = told["earned_value"], told["earned_value"]["index"]
    rows = [
        [say("progress.day"), f"{told['day']:.1f}", told["date"] or "–"],
        [say("progress.planned"), f"{earned['planned']:.1f}", "–"],
        [say("progress.earned"), f"{earned['earned']:.1f}", "–"],
        [say("progress.index"), "–" if index is None else f"{index:.2f}", "–"],
        [say("progress.earned_schedule"), f"{earned['earned_schedule_day']:.1f}", "–"],
        *([say("progress.baseline", share=name), f"{one['days']:.1f}", one["date"] or "–"]
          for name, one in told["baseline"].items()),
    ]  # fmt: skip
    return [say("progress.title"), say("schedule.days"), say("schedule.date")], rows


def pace_rows(result: ScheduleResult, say: Said) -> Rows:
    """Return how each trade keeps its plan."""
    told: Any = schedule_document(result)["progress"]
    rows = [
        [
            one["trade"] or say("progress.no_trade"),
            f"× {one['median']:.2f} ({one['low']:.2f}–{one['high']:.2f})",
            str(one["evidence_tasks"]),
        ]
        for one in (told["trades"] if told else ())
    ]
    return [say("progress.trade"), say("progress.pace"), say("progress.evidence")], rows


def driver_rows(result: ScheduleResult, say: Said) -> Rows:
    """Return what made or makes it later."""
    told: Any = schedule_document(result)["progress"]
    rows = [
        [one["task"], f"{one['slip_days']:.1f}", f"{one['added_days']:.1f}", f"{one['end_days']:.1f}"]
        for one in (told["drivers"] if told else ())[:_MOST_DRIVERS]
    ]
    return [say(f"progress.{word}") for word in ("driver", "slip", "added", "end")], rows


def progress_lines(result: ScheduleResult, say: Said) -> list[str]:
    """Return what a reader has to know about the progress: what was not seen, what is out of sequence."""
    told: Any = schedule_document(result)["progress"]
    if told is None:
        return []
    lines = list[str]()
    if inferred := [one["name"] for one in told["tasks"] if one["inferred"]]:
        lines.append(say("progress.inferred", names=_named(inferred, say)))
    if unseen := [one["name"] for one in told["tasks"] if not one["looked_at"] and not one["inferred"]]:
        lines.append(say("progress.unseen", count=len(unseen), names=_named(unseen, say)))
    if partly := [
        one["name"] for one in told["tasks"] if one["looked_at"] and one["elements_not_seen"] and not one["inferred"]
    ]:
        lines.append(say("progress.partly", names=_named(partly, say)))
    lines += [say("progress.sequence", task=one["task"], before=one["before"]) for one in told["out_of_sequence"][:8]]
    return lines


def _named(names: list[str], say: Said) -> str:
    more = len(names) - 8
    return (", ".join(names[:8])) + (" " + say("clash.and_more", n=more) if more > 0 else "")
