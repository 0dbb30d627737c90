"""Tables of units, as CSV or Parquet: columns of numbers or texts, and what is wrong in them told by row and column."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geometry.arrays import BoolArray, FloatArray, IntArray
from twin.errors import Invalid

if TYPE_CHECKING:
    from simulation.prediction.process_data import Column

MOST_BYTES, MOST_CELLS = 1024 * 2**20, 100_000_000
_NOTHING = ["", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None"]
_BAD = frozenset({"1", "true", "yes", "fail", "failed", "bad", "nok", "ng", "defective", "defect", "reject", "rejected",
                  "不合格", "不良"})  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class UnitTable:
    """A table as it was read."""

    path: Path
    columns: Mapping[str, "Column"]
    count: int
    first_row: int
    """Number that people see of the first unit: 2 in a CSV with its heads, 1 in Parquet."""

    def column(self, name: str, what: str) -> "Column":
        """Return a column that has to be there."""
        if name not in self.columns:
            from difflib import get_close_matches

            near = get_close_matches(name, self.columns, n=1)
            meant = f"; did you mean {near[0]!r}?" if near else f"; there is {_few(list(self.columns))}"
            raise Invalid(f"{self.path}: no column {name!r} for {what}{meant}")
        return self.columns[name]

    def row(self, index: int) -> str:
        """Return where a unit stands, for people."""
        return f"{self.path}: row {index + self.first_row}"


_NO_UTF8 = "it is no text in UTF-8; save it as CSV UTF-8"


def read_units(path: Path) -> UnitTable:
    """Return a table of units.

    Raises
    ------
    Invalid
        It cannot be read, or what stands in it makes no sense; the text names the place.
    """
    import pyarrow as pa

    try:
        size = path.stat().st_size
        if not path.is_file():
            raise Invalid(f"{path}: it is no file; check the path")
        if size > MOST_BYTES:
            raise Invalid(f"{path}: larger than {MOST_BYTES // 2**20} MiB; give fewer units")
        with path.open("rb") as stream:
            begins = stream.read(4)
        parquet = begins == b"PAR1"
        if begins.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise Invalid(f"{path}: it is a text in UTF-16; save it as UTF-8")
        table = _parquet(path) if parquet else _csv(path)
    except OSError as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else error.strerror or str(error)
        raise Invalid(f"{path}: {reason}; check the path") from error
    except UnicodeDecodeError as error:
        raise Invalid(f"{path}: {_NO_UTF8}") from error
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        text = " ".join(str(error).split())[:200]
        raise Invalid(f"{path}: it is no table as CSV or Parquet: {text}") from error
    if not table.num_rows:
        raise Invalid(f"{path}: it holds no units; a head of column names and a row for each unit are expected")
    try:
        names = [str(name).strip() for name in table.column_names]
    except UnicodeDecodeError as error:
        raise Invalid(f"{path}: {_NO_UTF8}") from error
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise Invalid(f"{path}: column {twice[0]!r} is there twice; name each once")
    if table.num_rows * table.num_columns > MOST_CELLS:
        raise Invalid(f"{path}: {table.num_rows} units of {table.num_columns} columns; give fewer")
    first = 1 if parquet else 2
    found = {name: _column(path, name, table.column(k), first) for k, name in enumerate(names)}
    return UnitTable(path, found, table.num_rows, first)


def defects(table: UnitTable, name: str, value: str) -> BoolArray:
    """Return which units (n,) are defective by a column.

    Parameters
    ----------
    value
        What means defective; "": told from the two values that stand there, such as 0 and 1 or pass and fail.

    Raises
    ------
    Invalid
        An outcome is missing, or it cannot be told which value means defective.
    """
    texts = _texts(table.column(name, "the outcome"))
    gone = [index for index, one in enumerate(texts) if one is None]
    if gone:
        text = f"column {name!r}: no outcome ({len(gone)} of {len(texts)} units)"
        raise Invalid(f"{table.row(gone[0])}: {text}; leave out units that nobody has judged, or give them by --score")
    known = sorted({one for one in texts if one is not None})
    if not value:
        bad = [one for one in known if one.casefold() in _BAD]
        if len(known) > 2 or (len(known) == 2 and len(bad) != 1):
            raise Invalid(f"{table.path}: column {name!r} holds {_few(known)}: say which means defective (--defective)")
        if len(known) == 1:
            raise Invalid(f"{table.path}: column {name!r} is {known[0]!r} for all units: nothing can be learnt from it")
        value = bad[0]
    value = value if value in known else _as_written(value)
    if value not in known:
        raise Invalid(f"{table.path}: no unit has {value!r} in column {name!r}; there is {_few(known)}")
    return np.array([one == value for one in texts])


def means_defective(table: UnitTable, name: str) -> bool:
    """Return whether the one value that a column holds means defective, by the word for it."""
    return any(one is not None and one.casefold() in _BAD for one in _texts(table.columns[name]))


def moments(table: UnitTable, name: str) -> FloatArray:
    """Return when units (n,) were made: numbers, or seconds of dates.

    Raises
    ------
    Invalid
        One is missing or is no time.
    """
    from datetime import UTC, datetime

    column = table.column(name, "the time")
    if not isinstance(column, tuple):
        if np.isnan(column).any():
            raise Invalid(f"{table.row(int(np.flatnonzero(np.isnan(column))[0]))}: column {name!r}: no time")
        return column
    found = np.empty(len(column))
    for index, one in enumerate(column):
        try:
            moment = datetime.fromisoformat(one or "")
        except ValueError:
            shown = "no time" if one is None else f"{one[:40]!r} is no time such as 2026-11-22T08:00"
            raise Invalid(f"{table.row(index)}: column {name!r}: {shown}") from None
        found[index] = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return found


def codes(table: UnitTable, name: str) -> IntArray:
    """Return to which group units (n,) belong, as numbers; without a value a unit stands by itself."""
    texts = _texts(table.column(name, "the group"))
    return np.unique([one if one is not None else f"\0{k}" for k, one in enumerate(texts)], return_inverse=True)[1]


def identifiers(table: UnitTable, name: str) -> tuple[str, ...]:
    """Return what units are called; without a column, their rows."""
    if not name:
        return tuple(str(table.first_row + index) for index in range(table.count))
    return tuple(one or "" for one in _texts(table.column(name, "the identifier")))


def _csv(path: Path) -> Any:
    from pyarrow import csv

    with path.open("rb") as stream:
        head = stream.readline(1_000_000)
    sign = max((",", ";", "\t"), key=lambda one: head.count(one.encode()))
    return csv.read_csv(
        path,
        parse_options=csv.ParseOptions(delimiter=sign),
        convert_options=csv.ConvertOptions(
            null_values=_NOTHING, strings_can_be_null=True, quoted_strings_can_be_null=True, include_columns=None
        ),
    )


def _parquet(path: Path) -> Any:
    from pyarrow import parquet

    return parquet.read_table(path)


def _column(path: Path, name: str, found: Any, first: int) -> "Column":
    import pyarrow as pa

    kind = found.type
    if pa.types.is_null(kind):
        return np.full(len(found), np.nan)
    if (
        pa.types.is_boolean(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
    ):
        values = found.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(np.float64)
        if np.isinf(values).any():
            row = int(np.flatnonzero(np.isinf(values))[0]) + first
            raise Invalid(
                f"{path}: row {row}: column {name!r}: it is infinite; leave it empty where nothing was recorded"
            )
        return values
    if pa.types.is_temporal(kind):
        return tuple(None if one is None else one.isoformat() for one in found.to_pylist())
    if pa.types.is_dictionary(kind):
        found = found.cast(kind.value_type)
    if pa.types.is_binary(found.type):
        raise Invalid(f"{path}: column {name!r}: {_NO_UTF8}")
    if not (pa.types.is_string(found.type) or pa.types.is_large_string(found.type)):
        raise Invalid(f"{path}: column {name!r}: {kind} is neither a number nor a text")
    texts = tuple(None if one is None or not one.strip() else one.strip() for one in found.to_pylist())
    return _sound(path, name, texts, first)


def _sound(path: Path, name: str, texts: tuple[str | None, ...], first: int) -> "Column":
    """Return a column of texts; one that is nearly all numbers has a slip in it, which is told."""
    known = [(index, one) for index, one in enumerate(texts) if one is not None]
    odd = [(index, one) for index, one in known if not _is_number(one)]
    if known and len(odd) < 0.5 * len(known):
        index, text = odd[0] if odd else (0, "")
        if odd:
            why = f"{text[:40]!r} is no number, as {len(known) - len(odd)} others are"
            raise Invalid(f"{path}: row {index + first}: column {name!r}: {why}; leave it empty where there is none")
        return np.array([np.nan if one is None else float(one) for one in texts])
    if known and all(_is_number(one.replace(",", ".", 1)) for _, one in known):
        index, text = known[0]
        raise Invalid(f"{path}: row {index + first}: column {name!r}: {text[:40]!r}: write decimals with a point")
    return texts


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def _texts(column: "Column") -> tuple[str | None, ...]:
    if isinstance(column, tuple):
        return column
    return tuple(None if np.isnan(one) else f"{one:.15g}" for one in column)


def _as_written(value: str) -> str:
    """Return a value as numbers are compared: 1.0, true and 1 are one."""
    plain = {"true": "1", "false": "0"}.get(value.casefold(), value)
    return f"{float(plain):.15g}" if (_is_number(plain) and plain != value) or _is_number(value) else value


def _few(names: list[str]) -> str:
    shown = ", ".join(repr(name[:40]) for name in names[:6])
    return shown + (f" and {len(names) - 6} more" if len(names) > 6 else "")
