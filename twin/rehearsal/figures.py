"""Figures as people read them: no more digits than they are worth."""

import re
from collections.abc import Iterable, Mapping
from math import floor, log10
from typing import Any

_FIGURE = re.compile(r"([<>≤≥±+−-]\s*)?\d|[–·]?$")


def are_figures(cells: Iterable[str]) -> bool:
    """Return whether a column holds figures, which stand to the right; words stand to the left.

    Examples
    --------
    >>> are_figures(["12.3", "–", "< 0.1 %"]), are_figures(["Beam 1", "2"])
    (True, False)
    """
    return all(_FIGURE.match(cell) for cell in cells)


class Figures:
    """How the pages and the terminal write numbers."""

    def value(self, value: float | None, unit: str) -> str:
        """Return a value with its unit.

        Examples
        --------
        >>> Figures().value(-7.0149564, "deg"), Figures().value(None, "mm")
        ('−7.01496°', '–')
        """
        if value is None:
            return "–"
        text = f"{value:.6g}".replace("-", "\u2212")
        return f"{text}°" if unit == "deg" else f"{text} {unit}".rstrip()

    def short(self, value: float | None, unit: str) -> str:
        """Return a value to four digits, with its unit: what a solver found ends in digits that mean nothing.

        Examples
        --------
        >>> Figures().short(1.19999, "mm"), Figures().short(None, "mm")
        ('1.2 mm', '–')
        """
        return self.value(None if value is None else float(f"{value:.4g}"), unit)

    def sampled(self, value: float | None, unit: str, spread: float | None, count: int) -> str:
        """Return a simulated value of ``count`` assemblies that spread so: down to the first digit of spread / √count.

        Examples
        --------
        >>> Figures().sampled(6.0039123, "mm", 0.0512, 200_000), Figures().sampled(-1e-9, "deg", 0.1, 100)
        ('6.0039 mm', '0.00°')
        """
        error = (spread or 0.0) / max(count, 1) ** 0.5
        if value is None or not error or abs(value) > 1e9 * error:
            return self.value(value, unit)
        digits = -floor(log10(error))
        text = f"{round(value, digits) + 0.0:.{max(digits, 0)}f}".replace("-", "\u2212")
        return f"{text}°" if unit == "deg" else f"{text} {unit}".rstrip()

    def moments(self, simulated: Mapping[str, Any], unit: str) -> dict[str, str]:
        """Return mean and standard deviation of a simulation, and its skewness and kurtosis to two decimals."""
        count, spread = simulated["samples"] - simulated["without_value"], simulated["sd"]
        told = {word: self.sampled(simulated[word], unit, spread, count) for word in ("mean", "sd")}
        for word in ("skewness", "kurtosis"):
            value = simulated[word]
            told[word] = "–" if value is None else f"{round(value, 2) + 0.0:.2f}".replace("-", "\u2212")
        return told

    def span(self, ends: tuple[float | None, float | None] | list[float | None], unit: str) -> str:
        """Return from .. to."""
        low, high = ends
        if low is None and high is None:
            return "–"
        return f"{self.value(low, '')} … {self.value(high, unit)}"

    def limits(self, requirement: Mapping[str, Any]) -> str:
        """Return the limits of a requirement."""
        lower, upper, unit = requirement["lower"], requirement["upper"], requirement["unit"]
        if lower is not None and upper is not None:
            return self.span((lower, upper), unit)
        if lower is None and upper is None:
            return "–"
        return f"≥ {self.value(lower, unit)}" if lower is not None else f"≤ {self.value(upper, unit)}"

    def percent(self, share: float | None) -> str:
        """Return a share in percent."""
        return "–" if share is None else f"{100 * share:.4g} %"

    def share(self, estimate: Mapping[str, float]) -> str:
        """Return a share in percent with its interval.

        Examples
        --------
        >>> Figures().share({"value": 0.99342, "low": 0.9931, "high": 0.9938})
        '99.342 % (99.310–99.380)'
        """
        value, low, high = (100 * estimate[word] for word in ("value", "low", "high"))
        digits = 3 if high - low < 1.0 else 1
        return f"{value:.{digits}f} % ({low:.{digits}f}–{high:.{digits}f})"

    def ppm(self, estimate: Mapping[str, float]) -> str:
        """Return parts per million with their interval."""
        value, low, high = (estimate[word] for word in ("value", "low", "high"))
        return f"{self.number(value)} ppm ({self.number(low)}–{self.number(high)})"

    def interval(self, estimate: Mapping[str, float]) -> str:
        """Return a plain figure with its interval."""
        return f"{estimate['value']:.3f} ({estimate['low']:.3f}–{estimate['high']:.3f})"

    def number(self, value: float) -> str:
        """Return a count or a rate, thousands apart.

        Examples
        --------
        >>> Figures().number(200000), Figures().number(3.21)
        ('200\u202f000', '3.2')
        """
        return f"{value:.2g}" if abs(value) < 10 and value != int(value) else f"{value:,.0f}".replace(",", "\u202f")
