"""Reading how to register: ``auto``, ``given``, or a file with a 4x4 matrix or control points."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from geometry.errors import ReadError
from geometry.readers.registration_accuracy import (
    SIGMA_WORDS,
    point_sigma,
    refuse_other_words,
    stated_accuracy,
    with_sigma,
)
from geometry.registration.request import ControlPoint, RegistrationRequest
from geometry.registration.written_matrix import matrix_fault

_EXAMPLE = "rows of: name, scan x, y, z, design x, y, z (metres), or four rows of four numbers"
_MATRIX_KEYS = ("T_design_scan", "matrix", "transform")
_UNMOVED = "identity"
_POINTS_KEYS = ("control_points", "points", "pairs")
_PICKED_WORDS = ("picked", "level")
_MOST_BYTES = 4_000_000


def read_request(text: str) -> RegistrationRequest:
    """Return the request that ``auto``, ``given`` or the path of a file stands for.

    A file holds either a rigid 4x4 matrix from scan to design (16 numbers as text, CSV or JSON, or under the key
    ``T_design_scan``, ``matrix`` or ``transform``), or control points: CSV, text, JSON or YAML rows of name, scan x, y,
    z and design x, y, z in metres, with or without a header and with or without names. ``identity`` instead of a matrix
    is what ``given`` is. How accurate they are may be stated as ``sigma_mm``, one standard deviation in millimetres: in
    a line or key of its own, with ``sigma_deg`` beside it for a matrix, or in a last column for each control point.
    Points that a person picked on scan and model say so: ``picked: yes`` in a line or key of its own, or the key
    ``pairs``; ``level: yes`` beside it holds their fit upright.

    Raises
    ------
    ReadError
        If the file is missing or is neither; the text says what was wrong and what is expected.

    Examples
    --------
    >>> read_request("given").kind.value
    'given'
    """
    if text in ("auto", "given"):
        return RegistrationRequest.auto() if text == "auto" else RegistrationRequest.given()
    path = Path(text)
    content = _content(path)
    suffix = path.suffix.lower()
    if suffix == ".json":
        return _from_value(_json(path, content), path)
    if suffix in (".yaml", ".yml"):
        return _from_value(_yaml(path, content), path)
    if content.lstrip()[:1] in ("{", "["):
        return _from_value(_json(path, content), path)
    return _from_table(content, path)


def _content(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ReadError(f"{path}: too large for a matrix or control points; expected {_EXAMPLE}")
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ReadError(f"{path}: no such file; --register takes auto, given, or a file with {_EXAMPLE}") from None
    except OSError as fault:
        raise ReadError(f"{path}: cannot be read ({fault.strerror}); check the path and its permissions") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ReadError(f"{path}: is not text; expected {_EXAMPLE}") from None


def _json(path: Path, content: str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as fault:
        raise ReadError(f"{path}: is not valid JSON ({fault}); correct it, or write {_EXAMPLE}") from None


def _yaml(path: Path, content: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(content)
    except (yaml.YAMLError, RecursionError) as fault:
        line = " ".join(str(fault).split())
        raise ReadError(f"{path}: is not valid YAML ({line}); correct it, or write {_EXAMPLE}") from None


def _from_value(value: Any, path: Path) -> RegistrationRequest:
    """Return the request of parsed JSON or YAML."""
    words: dict[str, Any] = {}
    if isinstance(value, dict):
        words = value
        refuse_other_words(words, path)
        key = next((key for key in (*_MATRIX_KEYS, *_POINTS_KEYS) if key in words), None)
        if key is None:
            raise ReadError(f"{path}: has none of the keys {', '.join((*_MATRIX_KEYS, *_POINTS_KEYS))}")
        value = words[key]
        if value == _UNMOVED and key in _MATRIX_KEYS:
            return RegistrationRequest.given(stated_accuracy(words, path), str(path))
    if not isinstance(value, list) or not value:
        raise ReadError(f"{path}: holds no matrix and no control points; expected {_EXAMPLE}")
    rows: list[Any] = value
    if all(isinstance(v, (int, float)) for v in rows):
        return _matrix([[float(v) for v in rows]], path, words)
    if len(rows) == 4 and all(isinstance(r, list) and len(r) == 4 for r in rows):
        return _matrix([[_number(v, path, f"row {i + 1}") for v in r] for i, r in enumerate(rows)], path, words)
    return _points([_point(row, i, path) for i, row in enumerate(rows)], path, words)


def _point(row: Any, index: int, path: Path) -> ControlPoint:
    where = f"control point {index + 1}"
    if isinstance(row, dict):
        missing = [key for key in ("scan", "design") if key not in row]
        if missing:
            raise ReadError(f"{path}: {where} has no {' and no '.join(missing)}; expected name, scan and design")
        refuse_other_words(row, path)
        name, scan, design = str(row.get("name", index + 1)), row["scan"], row["design"]
        sigma = point_sigma(row["sigma_mm"], path, where) if "sigma_mm" in row else None
        return ControlPoint(name, _xyz(scan, path, where), _xyz(design, path, where), sigma)
    if isinstance(row, list) and len(row) in (6, 7, 8):
        sigma = point_sigma(row[7], path, where) if len(row) == 8 else None
        name = str(row[0]) if len(row) > 6 else str(index + 1)
        numbers = row[-6:] if sigma is None else row[1:7]
        return ControlPoint(name, _xyz(numbers[:3], path, where), _xyz(numbers[3:], path, where), sigma)
    raise ReadError(f"{path}: {where} is not understood; expected name, scan x y z, design x y z")


def _xyz(value: Any, path: Path, where: str) -> tuple[float, float, float]:
    if isinstance(value, dict):
        value = [value.get(axis) for axis in "xyz"]
    if not isinstance(value, (list, tuple)) or len(value) != 3:
        raise ReadError(f"{path}: {where} needs x, y and z in metres, not {value!r}")
    x, y, z = (_number(v, path, where) for v in value)
    return x, y, z


def _number(value: Any, path: Path, where: str) -> float:
    try:
        number = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not np.isfinite(number):
        raise ReadError(f"{path}: {where} holds {value!r} where a finite number is needed")
    return number


def _from_table(content: str, path: Path) -> RegistrationRequest:
    """Return the request of CSV or white-space separated text; ``#`` starts a comment."""
    lines = [(n, line.split("#")[0].strip()) for n, line in enumerate(content.splitlines(), 1)]
    words, lines = _words(lines, path)
    rows = [(n, _cells(line)) for n, line in lines if line]
    if not rows and words.get(_MATRIX_KEYS[0]) == _UNMOVED:
        return RegistrationRequest.given(stated_accuracy(words, path), str(path))
    if not rows:
        raise ReadError(f"{path}: is empty; expected {_EXAMPLE}")
    has_sigma = False
    if not any(_is_number(cell) for cell in rows[0][1]):
        header, rows = rows[0][1], rows[1:]
        refuse_other_words(dict.fromkeys(header), path)
        has_sigma = header[-1] == "sigma_mm"
        if not has_sigma and "sigma_mm" in header:
            raise ReadError(f"{path}: sigma_mm must be the last column")
    widths = {len(cells) for _, cells in rows}
    if widths in ({4}, {16}) or (len(rows) == 16 and widths == {1}):
        return _matrix([[_number(c, path, f"line {n}") for c in cells] for n, cells in rows], path, words)
    points: list[ControlPoint] = []
    for number, cells in rows:
        where = f"line {number}"
        wanted = (7, 8) if has_sigma else (6, 7, 8)
        if len(cells) not in wanted:
            raise ReadError(f"{path}: {where} has {len(cells)} columns; expected {_EXAMPLE}")
        sigma = point_sigma(cells[-1], path, where) if has_sigma or len(cells) == 8 else None
        own = cells if sigma is None else cells[:-1]
        x, y, z, to_x, to_y, to_z = (_number(c, path, where) for c in own[-6:])
        name = own[0] if len(own) == 7 else str(len(points) + 1)
        points.append(ControlPoint(name, (x, y, z), (to_x, to_y, to_z), sigma))
    return _points(points, path, words)


def _words(lines: list[tuple[int, str]], path: Path) -> tuple[dict[str, Any], list[tuple[int, str]]]:
    """Return what lines such as ``sigma_mm: 3`` say, and the other lines."""
    words: dict[str, Any] = {}
    others: list[tuple[int, str]] = []
    for number, line in lines:
        said = re.fullmatch(r"([A-Za-z]\w*)\s*[:=;,\s]\s*([^\s:=;,]+)", line)
        if said and said[1] in (*SIGMA_WORDS, *_PICKED_WORDS, _MATRIX_KEYS[0]):
            words[said[1]] = said[2]
        else:
            others.append((number, line))
            if said:
                refuse_other_words({said[1]: said[2]}, path)
    return words, others


def _cells(line: str) -> list[str]:
    """Return the cells of a line separated by semicolons, commas, tabs or blanks."""
    for separator in (";", ",", "\t"):
        if separator in line:
            cells = [c.strip() for c in next(csv.reader(io.StringIO(line), delimiter=separator))]
            # a decimal comma, as spreadsheets in many countries write it
            return [re.sub(r"^([+-]?\d+),(\d+)$", r"\1.\2", c) for c in cells] if separator != "," else cells
    return line.split()


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _matrix(rows: list[list[float]], path: Path, words: dict[str, Any]) -> RegistrationRequest:
    flat = [v for row in rows for v in row]
    if len(flat) != 16:
        raise ReadError(f"{path}: a matrix has 4 x 4 numbers, not {len(flat)}")
    matrix = np.array(flat, np.float64).reshape(4, 4)
    fault = matrix_fault(matrix)
    if fault:
        raise ReadError(f"{path}: {fault}")
    return RegistrationRequest.from_matrix(matrix, str(path), stated_accuracy(words, path))


def _points(points: list[ControlPoint], path: Path, words: dict[str, Any]) -> RegistrationRequest:
    names = [p.name for p in points]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise ReadError(f"{path}: control point {twice[0]} is there twice; give each point its own name")
    if len(points) < 3:
        raise ReadError(f"{path}: {len(points)} control points cannot fix a pose; give at least 3 not in a line")
    known = with_sigma(points, words, path)
    if _said(words, "picked", path, unsaid="pairs" in words):
        return RegistrationRequest.from_pairs(known, str(path), levelled=_said(words, "level", path))
    if "level" in words:
        raise ReadError(f"{path}: level belongs to picked pairs; write picked: yes as well, or leave it out")
    return RegistrationRequest.from_control_points(known, str(path))


def _said(words: dict[str, Any], word: str, path: Path, *, unsaid: bool = False) -> bool:
    """Return whether a word is said with yes; ``unsaid`` where it is not there at all."""
    if word not in words:
        return unsaid
    answer = str(words[word]).lower()
    if answer not in ("yes", "no", "true", "false"):
        raise ReadError(f"{path}: {word} is {words[word]!r}; write yes or no")
    return answer in ("yes", "true")
