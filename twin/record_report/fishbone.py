"""The cause-and-effect diagram as a vector drawing: the effect at the head, a bone for each category, points as units.

It is made of lines, dots, boxes and texts that the page draws, since a page sets text in the right weight and a picture
in a page does not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from twin.ishikawa import Cause, CauseStatus, Ishikawa
from twin.report.words import clean
from twin.texts import Texts

WIDTH = 493.0
_HEAD = 96.0
_SIZE = 7.4
_LABEL_SIZE = 8.2
_LINE = 9.4
_SLANT = 26.0
"""How far a bone leans towards the tail."""
_NARROWEST = 92.0
_INK, _SOFT, _FAINT, _BONE, _BAD = "#1b2128", "#5a6472", "#8b929c", "#10202e", "#d55e00"
_BRANCH = "#9aa4b0"

Part = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Drawing:
    """Lines, dots, boxes and texts on a sheet of ``width`` by ``height`` points, y downwards."""

    width: float
    height: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of text on a bone."""

    text: str
    depth: int
    cause: Cause | None
    """The cause that begins here; None where one goes on."""
    status: CauseStatus


def draw_fishbone(diagram: Ishikawa, say: Texts) -> Drawing:
    """Return a cause-and-effect diagram: excluded causes are struck out, confirmed ones bold with a full dot."""
    names = list(diagram.categories)
    upper, lower = names[0::2], names[1::2]
    bones = max(len(upper), 1)
    slot = max((WIDTH - _HEAD - 22.0) / bones, _NARROWEST)
    width = slot * bones + _HEAD + 22.0
    rows = {name: list(_rows(diagram, name, slot - 16.0, say)) for name in names}
    above = max((len(rows[name]) for name in upper), default=0) * _LINE + 34.0
    below = max((len(rows[name]) for name in lower), default=0) * _LINE + 34.0 if lower else 12.0
    spine = max(above, 38.0)
    height = spine + max(below, 38.0) + 16.0
    tail, neck = 6.0, width - _HEAD - 5.0
    parts = [
        _line(tail, spine, neck - 7.0, spine, _BONE, 1.9),
        {"kind": "arrow", "x": neck, "y": spine, "colour": _BONE},
        *_head(diagram.problem, neck, width, spine),
    ]
    for side, categories in ((-1.0, upper), (1.0, lower)):
        reach = (above if side < 0 else below) - 18.0
        for i, name in enumerate(categories):
            foot = tail + slot * (i + 1)
            parts += _bone(say.term("category", name), rows[name], foot, spine, side, reach, slot)
    parts += _legend(say, tail, height - 5.0)
    return Drawing(round(width, 1), round(height, 1), tuple(parts))


def _rows(diagram: Ishikawa, category: str, room: float, say: Texts) -> Iterator[_Row]:
    """Yield the lines of a bone, each cause above those that it hangs together with."""
    mine = [cause for cause in diagram.causes if cause.category == category]
    waiting = [(0, cause) for cause in reversed([c for c in mine if c.parent is None])]
    while waiting:
        depth, cause = waiting.pop()
        said = clean(cause.text)
        if cause.votes:
            said += f" ({say('votes', n=cause.votes)})"
        for n, line in enumerate(wrapped(said, room - 7.0 * depth, _SIZE)):
            yield _Row(line, depth, cause if n == 0 else None, cause.status)
        waiting += [(depth + 1, child) for child in reversed([c for c in mine if c.parent == cause.id])]


def _bone(
    name: str, rows: list[_Row], foot: float, spine: float, side: float, reach: float, slot: float
) -> Iterator[Part]:
    top, tip = spine + side * reach, foot - _SLANT
    yield _line(tip, top, foot, spine, _BONE, 1.2)
    label = wrapped(name, slot - 14.0, _LABEL_SIZE)[0]
    wide = _wide(label, _LABEL_SIZE) + 12.0
    box = top - 15.0 if side < 0 else top
    yield {"kind": "box", "x": tip - wide / 2, "y": box, "w": wide, "h": 15.0, "fill": _BONE, "stroke": _BONE}
    yield _text(tip, box + 10.6, label, _LABEL_SIZE, "#ffffff", anchor="middle", weight=650)
    for n, row in enumerate(rows):
        y = (top if side < 0 else spine) + 12.0 + n * _LINE
        at = tip + (foot - tip) * (y - 2.5 - top) / (spine - top)
        yield from _row(row, at, y)


def _row(row: _Row, at: float, y: float) -> Iterator[Part]:
    """Draw one line; where a cause begins, a small bone leads from its text to the large one."""
    confirmed, excluded = row.status is CauseStatus.CONFIRMED, row.status is CauseStatus.EXCLUDED
    colour = _BAD if confirmed else _FAINT if excluded else _INK
    end = at - 8.0 - 7.0 * row.depth
    if row.cause is not None:
        yield _line(end + 1.0, y - 2.5, at, y - 2.5, _BAD if confirmed else _BRANCH, 0.7)
        yield from _dot(row.status, at, y - 2.5)
    yield _text(end - 1.0, y, row.text, _SIZE, colour, anchor="end", weight=650 if confirmed else 400, struck=excluded)


def _dot(status: CauseStatus, x: float, y: float) -> Iterator[Part]:
    if status is CauseStatus.CONFIRMED:
        yield {"kind": "dot", "x": x, "y": y, "r": 2.2, "fill": _BAD, "stroke": _BAD}
    elif status is CauseStatus.PROBABLE:
        yield {"kind": "dot", "x": x, "y": y, "r": 2.0, "fill": "#ffffff", "stroke": _INK}


def _head(problem: str, neck: float, width: float, spine: float) -> Iterator[Part]:
    room = _HEAD - 10.0
    lines = wrapped(clean(problem), room - 14.0, _LABEL_SIZE)[:7]
    high = len(lines) * 10.8 + 12.0
    top = spine - high / 2
    yield {"kind": "box", "x": neck, "y": top, "w": width - neck, "h": high, "fill": "#fdf1e8", "stroke": _BAD}
    for n, line in enumerate(lines):
        yield _text(neck + 7.0, top + 14.0 + n * 10.8, line, _LABEL_SIZE, _INK, weight=600)


def _legend(say: Texts, x: float, y: float) -> Iterator[Part]:
    for status in (CauseStatus.CONFIRMED, CauseStatus.PROBABLE, CauseStatus.CANDIDATE, CauseStatus.EXCLUDED):
        word = say.term("cause", status.value)
        excluded = status is CauseStatus.EXCLUDED
        yield _line(x, y - 2.4, x + 7.0, y - 2.4, _BAD if status is CauseStatus.CONFIRMED else _BRANCH, 0.7)
        yield from _dot(status, x + 7.0, y - 2.4)
        yield _text(x + 12.0, y, word, 7.0, _FAINT if excluded else _SOFT, struck=excluded)
        x += 12.0 + _wide(word, 7.0) + 16.0


def wrapped(text: str, room: float, size: float) -> list[str]:
    """Return text in lines no wider than ``room``: broken at blanks, Chinese and what has none anywhere.

    Examples
    --------
    >>> wrapped("the formwork slid", 45.0, 9.0)
    ['the', 'formwork', 'slid']
    """
    lines, line = list[str](), ""
    for piece in _pieces(text):
        if line and _wide((line + piece).rstrip(), size) > room:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
        while _wide(line.rstrip(), size) > room and len(line) > 1:
            cut = max(1, next(i for i in range(len(line), 0, -1) if i == 1 or _wide(line[:i], size) <= room))
            lines.append(line[:cut])
            line = line[cut:]
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _pieces(text: str) -> Iterator[str]:
    """Yield what is not broken: a word with the blank behind it, a Chinese sign with the punctuation behind it."""
    word = ""
    for sign in text:
        if ord(sign) >= 0x2E80:
            if word and not (sign in "，。；：！？、）》”’" and word):
                yield word
                word = ""
            word += sign
        else:
            if word and ord(word[-1]) >= 0x2E80 and sign != " ":
                yield word
                word = ""
            word += sign
            if sign == " ":
                yield word
                word = ""
    if word:
        yield word


def _wide(text: str, size: float) -> float:
    """Return how wide a text is, a little more than less: the drawing does not know the font's own measures."""
    return sum(size * (1.0 if ord(sign) >= 0x2E80 else 0.62 if sign.isupper() else 0.54) for sign in text)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float) -> Part:
    return {"kind": "line", "from": [x1, y1], "to": [x2, y2], "colour": colour, "width": width}


def _text(
    x: float, y: float, text: str, size: float, colour: str, *, anchor: str = "start", weight: int = 400,
    struck: bool = False,
) -> Part:  # fmt: skip
    return {"kind": "text", "x": x, "y": y, "text": text, "size": size, "colour": colour, "anchor": anchor,
            "weight": weight, "struck": struck}  # fmt: skip
