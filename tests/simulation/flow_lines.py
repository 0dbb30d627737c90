"""Lines for the tests, as documents."""

from typing import Any

import numpy as np
import yaml
from scipy.special import stdtrit

from simulation.experiment.estimate import Rule
from simulation.flow.document import LineDocument, read_line
from simulation.flow.study import Plan, Study, study


def document(stations: dict[str, Any], sources: dict[str, Any], **more: Any) -> LineDocument:
    """Return the document of a line whose unit is minutes."""
    return read_line(
        yaml.safe_dump({"simulate": 1, "time": "min", "sources": sources, "stations": stations} | more).encode()
    )


def run(found: LineDocument, count: int = 10, warm_up: float = 0.0, seed: int = 7) -> Study:
    """Return a study of ``count`` runs in this process."""
    return study(found.line, Plan(Rule(count, count), warm_up=warm_up, seed=seed, workers=1))


def within(study: Study, figure: str, exact: float, confidence: float = 0.99) -> bool:
    """Return whether the 99 % interval of a figure holds the exact value."""
    values = study.additions(figure)
    half = stdtrit(len(values) - 1, 0.5 + 0.5 * confidence) * np.std(values, ddof=1) / np.sqrt(len(values))
    return bool(abs(values.mean() - exact) <= half)
