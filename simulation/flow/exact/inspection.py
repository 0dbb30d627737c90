"""Inspection with errors, scrap and rework in closed form."""

from dataclasses import dataclass

from simulation.errors import NoSolution


@dataclass(frozen=True, slots=True)
class ReworkLoop:
    """What becomes of a unit in the long run."""

    first_pass: float
    """Share that passes at its first look."""
    shipped: float
    """Share that is shipped in the end."""
    escaped: float
    """Share of the units that is shipped with its defect."""
    scrapped: float
    inspections: float
    """Looks per unit."""

    @property
    def escape_share(self) -> float:
        """Return the share of what is shipped that has a defect."""
        return self.escaped / self.shipped


def rework_loop(
    defect: float, false_reject: float, false_accept: float, *, scrap: float = 0.0, rework_defect: float | None = None
) -> ReworkLoop:
    """Return the outcome of one inspection whose rejects are reworked, and looked at again, or scrapped.

    Parameters
    ----------
    defect
        Chance of a defect at first.
    false_reject, false_accept
        P(rejected | good), P(accepted | bad).
    scrap
        Share of each round's rejects that is scrapped.
    rework_defect
        Chance of a defect after rework, whatever was before; None: as at first.

    Raises
    ------
    NoSolution
        Nothing ever gets out: all is rejected and nothing scrapped.

    Examples
    --------
    >>> found = rework_loop(0.08, 0.02, 0.10)
    >>> round(found.first_pass, 4), round(found.inspections, 6), round(found.escape_share, 8)
    (0.9096, 1.099384, 0.00879507)
    """
    again = defect if rework_defect is None else rework_defect

    def rejected(share: float) -> float:
        return (1.0 - share) * false_reject + share * (1.0 - false_accept)

    first, later = rejected(defect), rejected(again)
    if later * (1.0 - scrap) >= 1.0:
        raise NoSolution("all is rejected again and nothing is scrapped: units never leave the loop")
    reworks = first * (1.0 - scrap) / (1.0 - later * (1.0 - scrap))
    shipped = (1.0 - first) + reworks * (1.0 - later)
    escaped = false_accept * (defect + reworks * again)
    return ReworkLoop(1.0 - first, shipped, escaped, 1.0 - shipped, 1.0 + reworks)


def inspect_all(defect: float, inspection: float, escape: float) -> bool:
    """Return whether looking at every unit is cheaper than looking at none: p > k1 / k2 (Deming 1982).

    Examples
    --------
    >>> inspect_all(0.03, 1.0, 40.0), inspect_all(0.02, 1.0, 60.0)
    (True, True)
    """
    return defect > inspection / escape


def acceptance(defective: float, sample: int, accept: int, lot: int | None = None) -> float:
    """Return the chance that a lot is accepted by a single sampling plan (its operating characteristic).

    With ``lot`` drawn without putting back from a lot with that many defective units (hypergeometric), else binomial.

    Examples
    --------
    >>> round(acceptance(0.02, 50, 1), 4)
    0.7358
    """
    from scipy.stats import binom, hypergeom

    if lot is None:
        return float(binom.cdf(accept, sample, defective))
    return float(hypergeom.cdf(accept, lot, round(defective * lot), sample))
