"""What ``qtems standards`` prints: the catalogue, one standard a line, or the rules of one standard as a table."""

import math
from itertools import groupby
from pathlib import Path
from typing import TextIO

from rich.cells import cell_len
from rich.table import Table

from api.summary import ResultConsole
from api.words import WORDS
from geometry.f_number import F_SCALES
from geometry.tolerance import (
    ONE_SOURCE,
    Limits,
    Rule,
    ToleranceSet,
    load_standard,
    load_tolerance_file,
    standard_entries,
)
from twin.report.words import Words

_SIZES = {
    "verticality": "height", "slope": "side", "section_size": "thickness", "diameter": "diameter",
    "opening_size": "opening", "opening_position": "opening",
}  # fmt: skip
"""Characteristic -> which size of an element selects its limit, where the rule does not say."""


def print_standards(stream: TextIO, *, lang: str = "en") -> None:
    """Print name, edition and title of every set of the catalogue, aligned."""
    rows = [(entry.name, entry.edition or "-", entry.title[lang]) for entry in standard_entries()]
    widths = [max(cell_len(row[column]) for row in rows) for column in range(2)]
    for name, edition, title in rows:
        stream.write(f"{name:{widths[0]}}  {edition:{widths[1]}}  {title}\n")


def print_rules(name: str, stream: TextIO, *, lang: str = "en") -> None:
    """Print what the rules of a standard of the catalogue limit, by how much, and where it says so.

    ``name`` may be the path of a tolerance file, too: what ends as such a file does, or has a folder before it.
    How many sources agree on a limit is known of the catalogue alone, so that column is left out then.

    Raises
    ------
    ToleranceError
        If there is none of that name, or the file cannot be used: as the check would say it.
    """
    is_file = Path(name).suffix.lower() in (".yaml", ".yml") or Path(name).name != name
    found = load_tolerance_file(Path(name)) if is_file else load_standard(name)
    words, own = Words(lang), WORDS[lang]
    console = ResultConsole(stream)
    console.print(words.tolerance(found.name), style="bold", soft_wrap=True)
    console.print(_table(found, words, with_sources=not is_file))
    for materials in dict.fromkeys(rule.materials for rule in found.rules if rule.materials):
        listed = words("comma").join(materials)
        console.print(own["materials"].format(first=_material(materials, lang), all=listed), soft_wrap=True)
    if not is_file:
        console.print(own["sources_note"], soft_wrap=True)


def _table(found: ToleranceSet, words: Words, *, with_sources: bool) -> Table:
    own = WORDS[words.lang]
    columns = ("applies_to", "characteristic", "limits_mm", "clause", *(("sources",) if with_sources else ()))
    table = Table(*(own[key] for key in columns))
    for _, alike in groupby(found.rules, key=_but_limits):
        rules = list(alike)
        first = rules[0]
        limits = "\n".join(line for rule in rules for line in _limits(rule, words))
        clause = words.source(first.source.removesuffix(ONE_SOURCE) if with_sources else first.source)
        row = [_applies_to(first, words), words.characteristic(first.characteristic), limits, clause]
        if with_sources:
            row.append("1" if first.source.endswith(ONE_SOURCE) else "2+")
        table.add_row(*row)
        table.add_section()
    if with_sources:
        table.columns[-1].justify = "right"
    return table


def _but_limits(rule: Rule) -> tuple[object, ...]:
    return (
        rule.characteristic, rule.source, rule.classes, rule.predefined_types, rule.not_predefined_types,
        rule.materials, rule.faces, rule.by,
    )  # fmt: skip


def _applies_to(rule: Rule, words: Words) -> str:
    own = WORDS[words.lang]
    classes = dict.fromkeys(words.ifc_class(name) for name in rule.classes) or (own["every_element"],)
    parts = [words("comma").join(classes)]
    for key, types in (("types", rule.predefined_types), ("not_types", rule.not_predefined_types)):
        if types:
            parts.append(own[key].format(types=words("comma").join(types)))
    if rule.materials:
        parts.append(_material(rule.materials, words.lang))
    if rule.faces:
        parts.append(own[rule.faces])
    return words("semicolon").join(parts)


def _material(materials: tuple[str, ...], lang: str) -> str:
    """Return the first of a rule's words for a material that is of the language."""
    chinese = [word for word in materials if word[0] > "\u2e80"]
    return chinese[0] if lang == "zh" and chinese else materials[0]


def _limits(rule: Rule, words: Words) -> list[str]:
    """Return a line per limit: the size of the element or the straightedge that it is for, and the limit."""
    own, colon = WORDS[words.lang], words("colon")
    if rule.characteristic == "flatness" and len(rule.steps) == 1:
        return [own["straightedge"].format(metres=f"{rule.span:g}") + colon + _limit(rule.steps[0][1])]
    size = own[f"size.{rule.by or _SIZES.get(rule.characteristic, 'longest')}"]
    lines: list[str] = []
    scale = F_SCALES.get(rule.characteristic)
    for up_to, limits in rule.steps:
        said = _limit(limits) if scale is None else f"{scale.symbol} ≥ {round(scale.number(limits.upper), 6):g}"
        name = own["up_to"].format(size=size, metres=f"{up_to:g}") if math.isfinite(up_to) else own["above"]
        lines.append(said if len(rule.steps) == 1 and math.isinf(up_to) else name + colon + said)
    return lines


def _limit(limits: Limits) -> str:
    """Return a limit in millimetres as people write it.

    Examples
    --------
    >>> _limit(Limits(-0.01, 0.01)), _limit(Limits(0.0, 0.008)), _limit(Limits(-0.005, 0.01))
    ('± 10', '≤ 8', '-5 / +10')
    """
    lower, upper = limits.lower * 1000.0, limits.upper * 1000.0
    if lower == -upper:
        return f"± {upper:g}"
    return f"≤ {upper:g}" if lower == 0.0 else f"{lower:+g} / {upper:+g}"
