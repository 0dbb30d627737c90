# pyright: reportMissingTypeStubs=false
"""The Excel file: one row per element, one per measurement, registration, unmodelled objects, notes and provenance."""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from geometry.f_number import F_SCALES
from geometry.verdict import Measurement
from twin.report import figures
from twin.report.content import Content
from twin.report.palette import LOOKS, Mark, mark_of
from twin.report.provenance import Provenance
from twin.report.rounding import degrees, finite, metres
from twin.report.rounding import millimetres as mm
from twin.report.selection import by_severity, exceedance, unknown_characteristic, worst
from twin.report.words import Words, clean
from twin.result import AsBuiltPose, CheckResult, ElementResult, Unmodelled

Cell = str | float | int | None
SHARE_DIGITS = 4
MOST_DIGITS = 16
"""Of a whole number that a cell holds exactly."""
PRINTED_COLUMNS = 14
"""What is printed of a wide sheet: verdict to source of the limit; more on one page could not be read."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, width in characters and number format (empty = text)."""

    title: str
    width: float
    number: str = ""


def xlsx_workbook(result: CheckResult, content: Content, provenance: Provenance, words: Words) -> bytes:
    """Return the workbook; texts are written as texts, so a name such as ``=cmd()`` stays a name."""
    import xlsxwriter

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book: Any = xlsxwriter.Workbook(out, options)
    book.set_properties(
        {"title": words("title"), "author": "qtems", "created": provenance.timestamp.replace(tzinfo=None)}
    )
    writer = _Writer(book, words)
    order = by_severity(result)
    elements = [result.elements[i] for i in order]
    writer.table("sheet.elements", _element_columns(words), [_element_row(e, words) for e in elements], marks=(0, 1))
    rows = [row for e in elements for row in _measurement_rows(e, words)]
    columns = _measurement_columns(words)
    if any(m.characteristic in F_SCALES for e in elements for m in e.measurements):
        columns += [Column(w, 12, _MM) for w in (words("column.f_number"), words("column.f_required"))]
        rows = [row + _f_cells(m) for row, m in zip(rows, (m for e in elements for m in e.measurements), strict=True)]
    writer.table("sheet.measurements", columns, rows, marks=(0,))
    writer.pairs("sheet.registration", _registration_pairs(result, content, words))
    clusters = [_unmodelled_row(place, cluster) for place, cluster in enumerate(result.unmodelled, start=1)]
    writer.table("sheet.unmodelled", _unmodelled_columns(words), clusters)
    writer.pairs("sheet.notes", _note_pairs(content, words))
    book.close()
    return out.getvalue()


class _Writer:
    """Formats and sheets of one workbook."""

    def __init__(self, book: Any, words: Words) -> None:
        self.book, self.words = book, words
        base = {"font_name": "Microsoft YaHei" if words.lang == "zh" else "Calibri", "font_size": 10, "valign": "top"}
        self.head = book.add_format(
            {**base, "bold": True, "font_color": "#ffffff", "bg_color": "#10202e", "text_wrap": True}
        )
        self.text = book.add_format(base)
        self.wrapped = book.add_format({**base, "text_wrap": True})
        self.count = book.add_format({**base, "num_format": "#,##0", "align": "left"})
        self.bold = book.add_format({**base, "bold": True})
        self.numbers: dict[str, Any] = {}
        self.base = base
        self.marks = {
            words.term("mark", mark): book.add_format(
                {
                    **base,
                    "bold": True,
                    "font_color": "#241a00" if mark is Mark.INDETERMINATE else "#ffffff",
                    "bg_color": look.colour,
                }
            )
            for mark, look in LOOKS.items()
        }

    def table(
        self, key: str, columns: Sequence[Column], rows: Sequence[Sequence[Cell]], marks: Sequence[int] = ()
    ) -> None:
        """Write a sheet with a frozen, filtered header; cells of the ``marks`` columns are coloured by their text."""
        sheet = self._sheet(key)
        for place, column in enumerate(columns):
            sheet.set_column(place, place, column.width)
            sheet.write_string(0, place, column.title, self.head)
        for line, row in enumerate(rows, start=1):
            for place, value in enumerate(row):
                self._cell(sheet, line, place, value, columns[place].number)
        sheet.freeze_panes(1, min(3, len(columns) - 1) if marks else 1)
        sheet.autofilter(0, 0, max(1, len(rows)), len(columns) - 1)
        sheet.print_area(0, 0, max(1, len(rows)), min(len(columns), PRINTED_COLUMNS) - 1)
        for place in marks:
            for text, look in self.marks.items():
                rule = {"type": "cell", "criteria": "==", "value": f'"{text}"', "format": look}
                sheet.conditional_format(1, place, max(1, len(rows)), place, rule)

    def pairs(self, key: str, rows: Sequence[tuple[str, str]]) -> None:
        """Write a sheet of labels and values; a row without value is a heading."""
        sheet = self._sheet(key)
        sheet.set_column(0, 0, 42)
        sheet.set_column(1, 1, 110)
        sheet.write_string(0, 0, self.words("column.item"), self.head)
        sheet.write_string(0, 1, self.words("column.value"), self.head)
        sheet.freeze_panes(1, 0)
        for line, (label, value) in enumerate(rows, start=1):
            sheet.write_string(line, 0, label, self.text if value else self.bold)
            self._value(sheet, line, value)

    def _value(self, sheet: Any, line: int, value: str) -> None:
        """Write a value; a count is a number here, which the thin spaces between its thousands would keep it from."""
        count = value.replace("\u202f", "")
        if count.isascii() and count.isdecimal() and len(count) < MOST_DIGITS:
            sheet.write_number(line, 1, int(count), self.count)
        else:
            sheet.write_string(line, 1, value, self.wrapped)

    def _sheet(self, key: str) -> Any:
        """Return a new sheet that prints on A4 across, all columns on a page, the header on each."""
        sheet = self.book.add_worksheet(self.words(key))
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        return sheet

    def _cell(self, sheet: Any, line: int, place: int, value: Cell, number: str) -> None:
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            sheet.write_blank(line, place, None, self.text)
        elif isinstance(value, str):
            sheet.write_string(line, place, value, self.text)
        else:
            if number not in self.numbers:
                self.numbers[number] = self.book.add_format({**self.base, "num_format": number or "General"})
            sheet.write_number(line, place, value, self.numbers[number])


_MM, _DEG, _SHARE, _COUNT = "0.0", "0.000", "0%", "0"


def _element_columns(w: Words) -> list[Column]:
    columns = [
        Column(w("verdict"), 15), Column(w("state"), 15), Column(w("name"), 32), Column(w("class"), 16),
        Column(w("column.ifc_class"), 20), Column(w("storey"), 16), Column(w("global_id"), 26),
        Column(w("characteristic"), 20), Column(w("column.actual"), 11, _MM), Column(w("column.u"), 9, _MM),
        Column(w("column.lower"), 11, _MM), Column(w("column.upper"), 11, _MM), Column(w("used"), 11, _SHARE),
        Column(w("source"), 34), Column(w("points"), 10, _COUNT), Column(w("visible"), 10, _SHARE),
        Column(w("coverage"), 10, _SHARE),
    ]  # fmt: skip
    columns += [Column(w("column.translation", axis=axis), 12, _MM) for axis in "xyz"]
    columns += [Column(w("column.translation_u", axis=axis), 12, _MM) for axis in "xyz"]
    columns += [Column(w("column.rotation", axis=axis), 12, _DEG) for axis in "xyz"]
    columns += [Column(w(f"column.{key}"), 12, _MM) for key in ("mean", "std", "p95", "min", "max")]
    return [*columns, Column(w("why"), 60)]


def _element_row(element: ElementResult, w: Words) -> list[Cell]:
    decisive = worst(element)
    row: list[Cell] = [
        w.term("mark", mark_of(element)), w.term("state", element.state), clean(element.name),
        w.ifc_class(clean(element.ifc_class)), clean(element.ifc_class), clean(element.storey),
        clean(element.global_id),
    ]  # fmt: skip
    if decisive is None:
        unknown = unknown_characteristic(element)
        row += [w.characteristic(unknown) if unknown else None, *[None] * 6]
    else:
        row += [
            _characteristic(decisive, w), mm(decisive.actual), mm(decisive.expanded_uncertainty),
            mm(decisive.lower), mm(decisive.upper), _share(exceedance(decisive)), clean(w.source(decisive.source)),
        ]  # fmt: skip
    row += [element.points, _share(element.visible_fraction), _share(element.coverage)]
    row += _pose_cells(element.pose, w)
    d = element.deviation
    row += [None] * 5 if d is None else [mm(value) for value in (d.mean, d.std, d.p95_abs, d.min, d.max)]
    row.append(w("semicolon").join(clean(w.explain(reason)) for reason in element.reasons))
    return row


def _pose_cells(pose: AsBuiltPose | None, w: Words) -> list[Cell]:
    """Return translation, its U and rotation; the unobservable is named, never zero."""
    if pose is None:
        return [None] * 9
    hidden = w("value_no")
    spread = 2.0 * np.sqrt(np.maximum(np.diag(pose.covariance), 0.0))
    moved: list[Cell] = [mm(float(pose.translation[i])) if pose.observable[i] else hidden for i in range(3)]
    unsure: list[Cell] = [mm(float(spread[i])) if pose.observable[i] else None for i in range(3)]
    turned: list[Cell] = [
        degrees(float(pose.rotation_vector[i])) if pose.observable[3 + i] else hidden for i in range(3)
    ]
    return [*moved, *unsure, *turned]


def _measurement_columns(w: Words) -> list[Column]:
    return [
        Column(w("verdict"), 15), Column(w("name"), 32), Column(w("class"), 16), Column(w("storey"), 16),
        Column(w("global_id"), 26), Column(w("characteristic"), 22), Column(w("part"), 30),
        Column(w("direction"), 10), Column(w("column.nominal"), 12, _MM),
        Column(w("column.actual"), 12, _MM), Column(w("column.u"), 10, _MM), Column(w("coverage_factor"), 6, "0.0"),
        Column(w("column.lower"), 12, _MM), Column(w("column.upper"), 12, _MM), Column(w("used"), 11, _SHARE),
        Column(w("source"), 44), Column(w("points"), 10, _COUNT), Column(w("method"), 16), Column(w("note"), 44),
    ]  # fmt: skip


def _measurement_rows(element: ElementResult, w: Words) -> list[list[Cell]]:
    return [
        [
            w.term("verdict", m.outcome), clean(element.name), w.ifc_class(clean(element.ifc_class)),
            clean(element.storey), clean(element.global_id), clean(w.characteristic(m.characteristic)),
            clean(m.part), w.term("direction", m.direction) if m.direction else "",
            None if m.nominal is None else mm(m.nominal), mm(m.actual), mm(m.expanded_uncertainty),
            m.coverage_factor, mm(m.lower), mm(m.upper), _share(exceedance(m)) if math.isfinite(m.actual) else None,
            clean(w.source(m.source)), m.n, clean(w.measured_by(m.method)), clean(w.explain(m.note)) if m.note else "",
        ]
        for m in element.measurements
    ]  # fmt: skip


def _characteristic(m: Measurement, w: Words) -> str:
    """Return what was measured; of an F-number the number, too, for the lengths beside are what it is made of."""
    name = clean(w.measured(m))
    if m.characteristic not in F_SCALES or not math.isfinite(m.actual):
        return name
    return f"{name}{w('colon')}{figures.value_text(m)}{w('comma')}{figures.limits_text(m)}"


def _f_cells(m: Measurement) -> list[Cell]:
    scale = F_SCALES.get(m.characteristic)
    if scale is None:
        return [None, None]
    known = math.isfinite(m.actual)
    return [finite(scale.number(m.actual), 2) if known else None, finite(scale.number(m.upper), 2)]


def _registration_pairs(result: CheckResult, content: Content, w: Words) -> list[tuple[str, str]]:
    found = content.registration
    pairs = [(w("section.registration"), found.status), *found.rows]
    pairs += [(w("note" if found.accepted else "reason"), line) for line in found.meaning]
    if found.detail:
        pairs.append((w("note"), found.detail))
    rivals = found.rivals
    if found.refusal is not None:
        steps = [(w("section.next"), "\n".join((step, *example))) for step, example in found.refusal.steps]
        pairs = [(w("cause"), found.refusal.cause), *steps, *pairs]
        rivals = found.refusal.positions
    pairs += [(label, f"{score}; {distance}; {angle}") for label, score, distance, angle in rivals]
    pose = result.registration.T_design_scan
    if pose is not None and found.accepted:
        from twin.report.report_json import raw_pose

        raw = raw_pose(pose, result.design.origin, result.scan.origin)
        pairs += [("T_design_scan", "  ".join(f"{value:.12g}" for value in row)) for row in raw]
    return pairs


def _unmodelled_columns(w: Words) -> list[Column]:
    columns = [Column("#", 6, _COUNT)]
    columns += [Column(f"{w('centroid').split(' ')[0]} {axis} (m)", 14, "0.000") for axis in "xyz"]
    columns += [Column(f"{w('size').split(' ')[0]} {axis} (m)", 12, "0.000") for axis in "xyz"]
    return [*columns, Column(w("points"), 12, _COUNT)]


def _unmodelled_row(place: int, cluster: Unmodelled) -> list[Cell]:
    return [place, *metres((*cluster.centroid, *cluster.size)), cluster.points]


def _note_pairs(content: Content, w: Words) -> list[tuple[str, str]]:
    pairs = [(content.headline, content.sentence or " "), (w("tolerance"), content.tolerance)]
    pairs.append((w("section.notes"), ""))
    pairs += [(w("note"), note) for note in content.notes] or [(w("note"), w("notes.none"))]
    pairs.append((w("section.provenance"), ""))
    pairs += [(role, f"{path}  ({format_}, SHA-256 {digest})") for role, path, format_, digest in content.files]
    pairs += list(content.facts)
    pairs += [(f"{w('provenance.parameter')}: {key}", value or " ") for key, value in content.parameters]
    pairs.append((w("section.glossary"), ""))
    pairs.append((w("verdict"), w("glossary.rule")))
    pairs += [(w.term("mark", mark), w(f"glossary.{mark.value}")) for mark in Mark]
    pairs.append((w("source.one"), w("glossary.one_source")))
    return pairs


def _share(value: float) -> float | None:
    return finite(value, SHARE_DIGITS)
