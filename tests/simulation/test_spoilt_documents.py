"""Every number of every document that the guides show, spoilt in turn: refused with its line, never computed with."""

# pyright: basic

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from simulation.assembly.order_document import PartNames, read_order
from simulation.assembly.positions import read_positions
from simulation.errors import SimulationError
from simulation.fitup.document import read_fitup
from simulation.flow.document import read_line
from simulation.prediction.quality_document import read_quality
from simulation.schedule.conditions import with_conditions
from simulation.schedule.document import read_schedule
from simulation.schedule.status import read_status
from simulation.stackup.document import read_stack

DOCS = Path(__file__).resolve().parents[2] / "docs"
SPOILT = (".nan", "nan", ".inf", "-.inf", "abc", "null", "[]", "1e308", "1e400", "-1e308", "true",
          "12345678901234567890123", "1e-308", "20 parsec")  # fmt: skip
FITUP = """fitup: 1
unit: mm
parts:
  a: {grid: {rows: 2, columns: 2, pitch: [100, 80], diameter: 22, position: 3, sigmas: 3}}
  b: {ring: {count: 3, across: 100, diameter: 22, sd: 0.2}}
  c: {holes: [{name: h, at: [0, 0], diameter: 22, covariance: [0.04, 0.09, 0.01]}],
      faces: [{name: f, at: [0, 0, 5], normal: [0, 0, 2], sd: 0.1}]}
  d: {holes: [{name: h, at: [0.5, 0], diameter: 22}], faces: [{name: g, at: [0, 0, 6], normal: [0, 0, -1]}]}
  e: {grid: {rows: 2, columns: 2, pitch: [100, 80], diameter: 22, position: 3, sigmas: 3}}
joints:
  - {fixed: a, moving: e, bolt: 20}
  - {fixed: c, moving: d, bolts: [{hole: h, diameter: 20}], gaps: [{fixed: f, moving: g, limits: [0, 2]}]}
"""


def shown(file: str, kind: str) -> str:
    """Return the document of a kind that a guide shows."""
    blocks = re.findall(r"```yaml\n(.*?)```", (DOCS / file).read_text("utf-8"), re.DOTALL)
    return next(block for block in blocks if block.startswith(f"{kind}: 1"))


def parts(content: bytes) -> object:
    words = "foundation,column,beam,beam 1,slab 1,slab 2,party wall,bolt 1,bolt 2,column 1,column 2,frame A,frame B"
    names = {name: k for k, name in enumerate(words.split(","))}
    return read_order(
        content, ".yaml", PartNames(names, frozenset(), {"IfcSlab": frozenset({4}), "IfcPlate": frozenset({10})})
    )


def under(content: bytes) -> object:
    return with_conditions(read_schedule(b"schedule: 1\ntasks: {Slab 1: {days: 5, trade: concrete}}"), content)


def stands(content: bytes) -> object:
    return read_status(content, read_schedule(shown("schedule.md", "schedule").encode()))


CASES: dict[str, tuple[str, Callable[[bytes], object]]] = {
    "simulate": (shown("simulate.md", "simulate"), read_line), "stackup": (shown("stackup.md", "stackup"), read_stack),
    "fitup": (FITUP, read_fitup), "schedule": (shown("schedule.md", "schedule"), read_schedule),
    "conditions": (shown("schedule.md", "conditions"), under), "progress": (shown("schedule.md", "progress"), stands),
    "quality": (shown("quality.md", "quality"), read_quality),
    "positions": (shown("assembly.md", "positions"), read_positions), "order": (shown("assembly.md", "order"), parts),
}  # fmt: skip


def numbers(text: str) -> Iterator[tuple[int, int, int]]:
    """Yield where each number stands (begin, end) and its line."""
    waiting = [yaml.compose(text, Loader=yaml.SafeLoader)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, yaml.MappingNode):
            waiting += [value for _, value in node.value[node.value[0][0].value in CASES :]]
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif node is not None and re.match(r"[-+]?\.?\d", node.value):
            yield node.start_mark.index, node.end_mark.index, node.start_mark.line + 1


@pytest.mark.parametrize("kind", CASES)
def test_a_spoilt_number_is_refused_with_its_line(kind: str) -> None:
    text, read = CASES[kind]
    read(text.encode())
    found, wrong = 0, list[str]()
    for begin, end, line in numbers(text):
        for spoilt in SPOILT:
            found += 1
            try:
                read(f"{text[:begin]}{spoilt}{text[end:]}".encode())
            except SimulationError as error:
                if not re.match(r"line \d+: ", str(error)) or "\n" in str(error):
                    wrong.append(f"line {line}: {text[begin:end]} = {spoilt}: no place: {error}")
            else:
                wrong.append(f"line {line}: {text[begin:end]} = {spoilt}: taken")
    assert found > 3 * len(SPOILT)
    assert not wrong, "\n".join(wrong)
