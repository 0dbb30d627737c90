"""Numbers from lines of text, fast and in blocks: the ground under XYZ, PTS, PTX and the ascii forms of PLY and PCD."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUntypedFunctionDecorator=false
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from geometry.arrays import FloatArray, Int32Array
from geometry.compiled import kernel

LONGEST_LINE = 1 << 20
"""Bytes. A longer line is no line of numbers."""
_SHOWN, _SHOWN_BYTES = 60, 1000
_OTHER, _BLANK, _SEPARATOR, _LINE_END, _COMMENT = 0, 1, 2, 3, 4
_KINDS = np.zeros(256, np.uint8)
_KINDS[list(b" \t\v\f")] = _BLANK
_KINDS[list(b"\n\r")] = _LINE_END
_KINDS[list(b"#%!/")] = _COMMENT
_POWERS = np.array([10.0**i for i in range(23)])  # all exact in float64


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The lines of a block that are neither empty nor comments."""

    values: FloatArray
    """(n, columns): the first numbers of each line, NaN where the line has fewer (or says nan, inf)."""
    tokens: Int32Array
    """(n,) how many numbers the line has (all of them, not only the first); -1 when something in it is no number."""
    lines: Int32Array
    """(n,) line number within the block, from 0."""
    line_count: int


def text_blocks(stream: BinaryIO, block_bytes: int) -> Iterator[bytes]:
    """Yield the rest of a file in blocks of about ``block_bytes`` that end at line ends (LF, CR LF or CR)."""
    rest = stream.read(3).removeprefix(b"\xef\xbb\xbf")
    while block := stream.read(max(block_bytes, 64)):
        block = rest + block
        end = max(block.rfind(b"\n"), block.rfind(b"\r", 0, len(block) - 1)) + 1
        if end == 0 and len(block) > LONGEST_LINE:
            end = len(block)
        rest = block[end:]
        if end:
            yield block[:end]
    if rest:
        yield rest


def quoted_line(text: bytes, line: int) -> str:
    r"""Return the line of a block, counted from 0 as in ``Rows.lines``, as a message can show it: one short line.

    Examples
    --------
    >>> quoted_line(b"1 2 3\r\n4 5\t oops\n", 1)
    '"4 5 oops"'
    """
    start = text.splitlines()[line][:_SHOWN_BYTES]  # parted at the same places as by the parser
    shown = " ".join("".join(c if c.isprintable() else " " for c in start.decode("utf-8", "replace")).split())
    return f'"{shown}"' if len(shown) <= _SHOWN else f'"{shown[:_SHOWN]} ..."'


def parse_rows(text: bytes, columns: int, *, separators: bytes = b",;") -> Rows:
    r"""Return the first ``columns`` numbers of each line.

    White space and ``separators`` stand between numbers; a line with nothing between two separators is marked as no
    numbers, because its columns would slip. Lines that begin with ``# % ! /`` are comments.
    A number of up to 15 digits is correctly rounded; a longer one is off by up to two units in the last place, or 14
    digits agree where its magnitude is below 1e-20 or above 1e22.

    Examples
    --------
    >>> rows = parse_rows(b"# x y z\n1.5, 2, -3e2\n4 5\n", 3)
    >>> rows.values.tolist(), rows.tokens.tolist()
    ([[1.5, 2.0, -300.0], [4.0, 5.0, nan]], [3, 2])
    """
    data = np.frombuffer(text, np.uint8)
    kinds = _KINDS.copy()
    kinds[list(separators)] = _SEPARATOR
    most = text.count(b"\n") + text.count(b"\r") + 1
    values: FloatArray = np.full((most, columns), np.nan)
    tokens, lines = np.zeros(most, np.int32), np.zeros(most, np.int32)
    count, line_count = _parse(data, kinds, values, tokens, lines, _POWERS)
    return Rows(values[:count], tokens[:count], lines[:count], line_count)


@kernel()
def _parse(
    data: NDArray[np.uint8], kinds: NDArray[np.uint8], values: FloatArray, tokens: Int32Array, lines: Int32Array,
    powers: FloatArray,
) -> Any:  # fmt: skip
    """Fill the rows; return how many there are and how many lines were seen.

    Nearly every number is digits and a point, at most 19 digits: it is read here in one pass, any other by ``_token``.
    A function of its own for that pass makes it three times slower.
    """
    row, line, at, size = 0, 0, 0, len(data)
    while at < size:
        found, separators, bad = 0, 0, False
        while at < size:
            kind = kinds[data[at]]
            if kind == _LINE_END or (kind == _COMMENT and found == 0):
                break
            if kind == _BLANK or kind == _SEPARATOR:
                separators += kind == _SEPARATOR
                at += 1
                continue
            start = at
            negative = data[at] == 45
            at += negative
            mantissa, digits, decimals = np.uint64(0), 0, 0
            while at < size:
                digit = np.uint8(data[at] - np.uint8(48))
                if digit > 9:
                    break
                mantissa = mantissa * np.uint64(10) + np.uint64(digit)
                digits += 1
                at += 1
            if at < size and data[at] == 46:
                at += 1
                while at < size:
                    digit = np.uint8(data[at] - np.uint8(48))
                    if digit > 9:
                        break
                    mantissa = mantissa * np.uint64(10) + np.uint64(digit)
                    decimals += 1
                    at += 1
            ok = 0 < digits + decimals <= 19 and (at == size or _BLANK <= kinds[data[at]] <= _LINE_END)
            value = np.float64(mantissa) / powers[decimals] if ok and decimals else np.float64(mantissa)
            if negative:
                value = -value
            if not ok:
                at, ok, value = _token(data, kinds, start, at, powers)
            bad = bad or not ok or separators > found
            if found < values.shape[1]:
                values[row, found] = value
            found += 1
        while at < size and kinds[data[at]] != _LINE_END:  # the rest of a comment
            at += 1
        if found > 0:
            tokens[row] = -1 if bad else found
            lines[row] = line
            row += 1
        at += 2 if at + 1 < size and data[at] == 13 and data[at + 1] == 10 else 1
        line += 1
    return row, line


@kernel()
def _token(data: NDArray[np.uint8], kinds: NDArray[np.uint8], start: int, at: int, powers: FloatArray) -> Any:
    """Return the end of the token that begins at ``start``, whether it is a number, and its value."""
    while at < len(data) and not _BLANK <= kinds[data[at]] <= _LINE_END:
        at += 1
    ok, value = _number(data, start, at, powers)
    return at, ok, value


@kernel()
def _number(data: NDArray[np.uint8], start: int, end: int, powers: FloatArray) -> Any:
    """Return whether ``data[start:end]`` is a number, and its value (NaN for nan and inf)."""
    negative = data[start] == 45
    at = start + 1 if negative or data[start] == 43 else start
    if at + 2 < end:
        a, b, c = data[at] | 32, data[at + 1] | 32, data[at + 2] | 32
        if (a == 110 and b == 97 and c == 110) or (a == 105 and b == 110 and c == 102):
            return True, np.nan
    at, seen, mantissa, exponent = _mantissa(data, at, end)
    known, power = _exponent(data, at, end)
    if seen == 0 or not known:
        return False, np.nan
    value, exponent = np.float64(mantissa), exponent + power
    while exponent < 0 and value != 0.0:
        step = min(-exponent, 22)
        value /= powers[step]
        exponent += step
    while exponent > 0 and value != 0.0 and value < 1e308:
        step = min(exponent, 22)
        value *= powers[step]
        exponent -= step
    return True, -value if negative else value


@kernel()
def _mantissa(data: NDArray[np.uint8], at: int, end: int) -> Any:
    """Return where the digits end, how many there are, the first 19 of them and their power of ten."""
    mantissa, digits, exponent, seen, point = np.uint64(0), 0, 0, 0, False
    while at < end:
        byte = data[at]
        if 48 <= byte <= 57:
            seen += 1
            if digits < 19:
                mantissa = mantissa * np.uint64(10) + np.uint64(byte - 48)
                digits += mantissa > 0
                exponent -= point
            elif not point:
                exponent += 1
        elif byte == 46 and not point:
            point = True
        else:
            break
        at += 1
    return at, seen, mantissa, exponent


@kernel()
def _exponent(data: NDArray[np.uint8], at: int, end: int) -> Any:
    """Return whether ``data[at:end]`` is an exponent (``e-3``, Fortran's ``D+02``) or nothing, and its value."""
    if at == end:
        return True, 0
    if data[at] | 32 != 101 and data[at] | 32 != 100:
        return False, 0
    at += 1
    minus = at < end and data[at] == 45
    if at < end and (data[at] == 45 or data[at] == 43):
        at += 1
    if at == end:
        return False, 0
    power = 0
    while at < end:
        if data[at] < 48 or data[at] > 57:
            return False, 0
        power = min(power * 10 + (data[at] - 48), 100000)
        at += 1
    return True, -power if minus else power
