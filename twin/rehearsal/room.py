"""How charts use a page: broad ones, and for a phone narrow ones with the names above the bars."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True)
class Room:
    """How a chart uses the page: names beside the bars, or above them where there is no room for both."""

    width: int
    names: int
    """Left of the bars; 0: above them."""
    ticks: int

    @property
    def row(self) -> int:
        """Return the height of a task's row."""
        return 22 if self.names else 36

    @property
    def above(self) -> int:
        """Return how much of a row is taken by the name above its bar."""
        return 0 if self.names else 15

    def name(self, y: float, text: str, most: int = 25) -> str:
        """Return a name beside or above the bar of the row that begins at ``y``."""
        if self.names:
            return f'<text x="{self.names - 10}" y="{y + 15}" text-anchor="end">{escape(cut(text, most))}</text>'
        return f'<text x="2" y="{y + 12}">{escape(cut(text, 44))}</text>'


BROAD, NARROW = Room(720, 190, 5), Room(340, 0, 3)


def in_both(draw: Callable[[Room], str]) -> str:
    """Return a chart twice, of which the page shows the one that fits its width (``page.css``).

    Examples
    --------
    >>> in_both(lambda room: str(room.width))
    '<div class="broad">720</div><div class="narrow">340</div>'
    """
    return f'<div class="broad">{draw(BROAD)}</div><div class="narrow">{draw(NARROW)}</div>'


def cut(name: str, most: int) -> str:
    """Return a name of so many letters at most; Chinese ones take twice the width.

    Examples
    --------
    >>> cut("柱和梁", 5), cut("Column 12", 9)
    ('柱和…', 'Column 12')
    """
    wide = sum(2 if ord(sign) > 0x2E7F else 1 for sign in name)
    if wide <= most:
        return name
    kept, used = "", 0
    for sign in name:
        used += 2 if ord(sign) > 0x2E7F else 1
        if used > most - 1:
            break
        kept += sign
    return kept + "…"


def svg(title: str, parts: Sequence[str], height: float, room: Room) -> str:
    """Return a picture as wide as the room; ``title`` says what it shows to those who cannot see it."""
    return (
        f'<svg class="chart" viewBox="0 0 {room.width} {height}" role="img" aria-label="{escape(title, quote=True)}">'
        f"{''.join(parts)}</svg>"
    )
