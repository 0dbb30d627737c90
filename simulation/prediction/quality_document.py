"""The plan of ``qtems quality`` as people write it: which column is what, what things cost, what acting does."""

from dataclasses import dataclass

from simulation.document import read_document
from simulation.errors import BadDocument
from simulation.prediction.quality_trial import Stakes

_MOST_COST = 1e12


@dataclass(frozen=True, slots=True)
class QualityPlan:
    """Which columns mean what, and what hangs on the outcome; "" and None: not said."""

    outcome: str = ""
    defective: str = ""
    """Value of the outcome that means defective."""
    time: str = ""
    group: str = ""
    identifier: str = ""
    ignore: tuple[str, ...] = ()
    known_before: tuple[str, ...] = ()
    """Columns that tell the outcome and are known before it all the same."""
    stakes: Stakes | None = None
    goal: float | None = None
    """Yield to be reached by acting."""


def read_quality(content: bytes) -> QualityPlan:
    """Return the plan of a document (docs/quality.md).

    Raises
    ------
    BadDocument
        It is no YAML, or something in it makes no sense; the text names line and place.
    """
    top = read_document(content, "quality")
    top.knows("outcome", "defective", "time", "group", "id", "ignore", "known_before", "costs", "intervention")
    outcome, defective, time, group, identifier = (
        top.text(word, "") for word in ("outcome", "defective", "time", "group", "id")
    )
    ignore, known = top.texts("ignore", ()), top.texts("known_before", ())
    acting = top.section("intervention").knows("effectiveness", "goal")
    effectiveness = acting.number("effectiveness", 1.0, above=0.0, high=1.0)
    goal = acting.number("goal", None, above=0.0, high=1.0)
    acting.close()
    stakes = None
    if top.has("costs"):
        costs = top.section("costs").knows("escape", "action")
        stakes = Stakes(
            costs.number("escape", above=0.0, high=_MOST_COST), costs.number("action", low=0.0, high=_MOST_COST),
            effectiveness,
        )  # fmt: skip
        costs.close()
    elif top.has("intervention"):
        raise BadDocument("costs", "'costs: {escape: …, action: …}' is missing: what does acting save and cost?")
    top.close()
    return QualityPlan(outcome, defective, time, group, identifier, ignore, known, stakes, goal)
