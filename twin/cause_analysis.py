"""The analysis that a CAPA stands on: the why tree, the diagram beside it, the code under which causes are counted."""

from collections.abc import Collection
from dataclasses import dataclass

from twin.ishikawa import Ishikawa, missing_links
from twin.root_cause import Branch, WhyTree, missing_roots


@dataclass(frozen=True, slots=True)
class CauseAnalysis:
    """Why it happened, as it is signed."""

    why: WhyTree
    cause_code: str = ""
    """From the project's list of causes: recurrence is counted by it."""
    fishbone: Ishikawa | None = None


def missing_for_approval(analysis: CauseAnalysis, always: Collection[Branch]) -> tuple[str, ...]:
    """Return what the analysis lacks before it can be approved, one phrase each (8D, D4)."""
    missing = list(missing_roots(analysis.why, always))
    if not analysis.cause_code.strip():
        missing.append("a cause code")
    if analysis.fishbone is not None:
        missing += missing_links(analysis.fishbone, analysis.why)
    return tuple(missing)
