"""Reading how to register: ``auto``, ``given``, or a file with a 4x4 matrix or control points."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from geometry.errors import ReadError
from geometry.registration.request import ControlPoint, RegistrationRequest, matrix_fault

_EXAMPLE = "rows of: name, scan x, y, z, design x, y, z (metres), or four rows of four numbers"
_MATRIX_KEYS = ("T_design_scan", "matrix", "transform")
_POINTS_KEYS = ("control_points", "points")
_MOST_BYTES = 4_000_000


def read_request(text: str) -> RegistrationRequest:
    """Return the request that ``auto``, ``given`` or the path of a file stands for.

    A file holds either a rigid 4x4 matrix from scan to design (16 numbers as text, CSV or JSON, or under the key
    ``T_design_scan``, ``matrix`` or ``transform``), or control points: CSV, text, JSON or YAML rows of name, scan x, y,
    z and design x, y, z in metres, with or without a header and with or without names.

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
    if isinstance(value, dict):
        for key in (*_MATRIX_KEYS, *_POINTS_KEYS):
            if key in value:
                return _from_value(value[key], path)
        raise ReadError(f"{path}: has none of the keys {', '.join((*_MATRIX_KEYS, *_POINTS_KEYS))}")
    if not isinstance(value, list) or not value:
        raise ReadError(f"{path}: holds no matrix and no control points; expected {_EXAMPLE}")
    rows: list[Any] = value
    if all(isinstance(v, (int, float)) for v in rows):
        return _matrix([[float(v) for v in rows]], path)
    if len(rows) == 4 and all(isinstance(r, list) and len(r) == 4 for r in rows):
        return _matrix([[_number(v, path, f"row {i + 1}") for v in r] for i, r in enumerate(rows)], path)
    return _points([_point(row, i, path) for i, row in enumerate(rows)], path)


def _point(row: Any, index: int, path: Path) -> ControlPoint:
    where = f"control point {index + 1}"
    if isinstance(row, dict):
        missing = [key for key in ("scan", "design") if key not in row]
        if missing:
            raise ReadError(f"{path}: {where} has no {' and no '.join(missing)}; expected name, scan and design")
        return ControlPoint(
            str(row.get("name", index + 1)), _xyz(row["scan"], path, where), _xyz(row["design"], path, where)
        )
    if isinstance(row, list) and len(row) in (6, 7):
        name = str(row[0]) if len(row) == 7 else str(index + 1)
        numbers = row[-6:]
        return ControlPoint(name, _xyz(numbers[:3], path, where), _xyz(numbers[3:], path, where))
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
    rows = [(n, _cells(line)) for n, line in lines if line]
    if not rows:
        raise ReadError(f"{path}: is empty; expected {_EXAMPLE}")
    if not any(_is_number(cell) for cell in rows[0][1]):
        rows = rows[1:]  # a header
    widths = {len(cells) for _, cells in rows}
    if widths in ({4}, {16}) or (len(rows) == 16 and widths == {1}):
        return _matrix([[_number(c, path, f"line {n}") for c in cells] for n, cells in rows], path)
    points: list[ControlPoint] = []
    for number, cells in rows:
        if len(cells) not in (6, 7):
            raise ReadError(f"{path}: line {number} has {len(cells)} columns; expected {_EXAMPLE}")
        values = [_number(c, path, f"line {number}") for c in cells[-6:]]
        name = cells[0] if len(cells) == 7 else str(len(points) + 1)
        points.append(ControlPoint(name, (values[0], values[1], values[2]), (values[3], values[4], values[5])))
    return _points(points, path)


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


def _matrix(rows: list[list[float]], path: Path) -> RegistrationRequest:
    flat = [v for row in rows for v in row]
    if len(flat) != 16:
        raise ReadError(f"{path}: a matrix has 4 x 4 numbers, not {len(flat)}")
    matrix = np.array(flat, np.float64).reshape(4, 4)
    fault = matrix_fault(matrix)
    if fault:
        raise ReadError(f"{path}: {fault}")
    return RegistrationRequest.from_matrix(matrix, str(path))


def _points(points: list[ControlPoint], path: Path) -> RegistrationRequest:
    names = [p.name for p in points]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise ReadError(f"{path}: control point {twice[0]} is there twice; give each point its own name")
    if len(points) < 3:
        raise ReadError(f"{path}: {len(points)} control points cannot fix a pose; give at least 3 not in a line")
    return RegistrationRequest.from_control_points(tuple(points), str(path))
