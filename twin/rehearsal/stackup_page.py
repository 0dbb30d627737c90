"""``stackup.html``: the tolerance analysis as one page that needs nothing else."""

from typing import Any

from simulation.stackup.allocate import Allocation
from simulation.stackup.analyse import StackResult
from twin.rehearsal.charts import bars, histogram
from twin.rehearsal.figures import Figures
from twin.rehearsal.page import render
from twin.rehearsal.said import Said
from twin.rehearsal.stackup_json import StackProvenance, stackup_document


def stackup_page(
    result: StackResult, allocation: Allocation | None, provenance: StackProvenance, language: str
) -> bytes:
    """Return the report as one UTF-8 HTML file, in ``en`` or ``zh``."""
    document: Any = stackup_document(result, allocation, provenance)
    say, figures = Said(language), Figures()
    for requirement in document["requirements"]:
        for contributor in requirement["contributors"]:
            contributor.setdefault("sobol_first", None)
            contributor.setdefault("sobol_total", None)
    values = {
        "d": document, "say": say, "lang": language, "notes": [say.note(note) for note in result.notes],
        "charts": [_charts(requirement, say) for requirement in document["requirements"]],
        "moments": figures.moments,
        "value": figures.value, "span": figures.span, "limits": figures.limits, "share": figures.share,
        "percent": figures.percent, "ppm": figures.ppm, "interval": figures.interval, "number": figures.number,
    }  # fmt: skip
    return render("stackup.html.j2", values)


def _charts(requirement: Any, say: Said) -> dict[str, Any]:
    from markupsafe import Markup

    simulated = requirement["simulated"]
    limits = [
        (requirement[word], sign) for word, sign in (("lower", "≥"), ("upper", "≤")) if requirement[word] is not None
    ]
    rows = [_bar(row) for row in requirement["contributors"]]
    rows.sort(key=lambda row: -row[1])
    counts, edges = simulated["histogram"]["counts"], simulated["histogram"]["edges"]
    return {
        "histogram": Markup(histogram(counts, edges, limits, requirement["nominal"], requirement["name"])),
        "contributors": Markup(bars(rows[:20], say("stackup.contributors"))),
    }


def _bar(row: Any) -> tuple[str, float, float | None, float | None]:
    total = row["sobol_total"]
    if total is None:
        return row["dimension"], row["share"] or 0.0, None, None
    return row["dimension"], total["value"], total["low"], total["high"]
