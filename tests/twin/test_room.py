"""Charts of rehearsals on broad pages and on phones: the same of everything, and nothing beyond the picture's edge."""

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from simulation.flow.engine import Happening
from twin.rehearsal.charts import bars, histogram
from twin.rehearsal.flow_charts import COLOURS, course, gantt, stacked
from twin.rehearsal.quality_charts import Axis, Plot, plotted
from twin.rehearsal.room import BROAD, NARROW, cut

LONG = "正极涂布工位 and the coating of the other side"
SHARES = dict.fromkeys(COLOURS, 1.0 / len(COLOURS))
_SIGN = 7.2
"""Width of a letter at 13 px; a Chinese one takes two."""
STATIONS = [SimpleNamespace(name=LONG, servers=2), SimpleNamespace(name="test", servers=1)]
LINE: Any = SimpleNamespace(stations=STATIONS, station={one.name: one for one in STATIONS}.__getitem__)
LOG = [
    Happening(time, activity, 1, "unit", station.name, machine)
    for station in STATIONS for machine in range(station.servers)
    for time, activity in ((0.0, "start"), (40_000.0, "fail"), (50_000.0, "repaired"), (100_000.0, "finish"))
]  # fmt: skip
CHARTS: dict[str, Callable[[], str]] = {
    "stacked": lambda: stacked([(LONG, SHARES), ("test", SHARES)], "t"),
    "course": lambda: course([0.0, 1e5, 2e5, 3e5], [1.0, 12345.0, 3.0], 1e5, "t"),
    "gantt": lambda: gantt(LOG, LINE, 1e5, "t"),
    "bars": lambda: bars([(LONG, 0.5, 0.2, 0.9), ("b", 0.1, None, None)], "t"),
    "histogram": lambda: histogram([1, 5, 2], [0, 1000, 2000, 3000], [(100, "≥"), (2900, "≤")], 1500, "t"),
    "plotted": lambda: plotted(
        Plot([("line", [(0, 0), (1, 1)], False)], [(0.5, 0.5, 0.4, 0.6, "bad")], [(0.9, "needed 90 %")]),
        Axis("predicted", 0, 1, True), Axis("happened", 0, 1, True), "t",
    ),
}  # fmt: skip


def texts(picture: str) -> list[tuple[float, float, str]]:
    """Return from where to where each level text reaches, about, and what it says."""
    found = list[tuple[float, float, str]]()
    for x, anchor, said in re.findall(r'<text x="([-\d.]+)"[^>]*?(?: text-anchor="(\w+)")?>([^<]*)</text>', picture):
        wide = _SIGN * sum(2 if ord(sign) > 0x2E7F else 1 for sign in said)
        shift = {"": 0.0, "start": 0.0, "middle": 0.5, "end": 1.0}[anchor] * wide
        found.append((float(x) - shift, float(x) - shift + wide, said))
    return found


def two(chart: str) -> tuple[str, str]:
    broad, narrow = re.findall(r'<div class="(?:broad|narrow)">(.*?)</div>', chart, re.DOTALL)
    return broad, narrow


@pytest.mark.parametrize("name", CHARTS)
def test_both_show_the_same_and_all_of_it(name: str) -> None:
    broad, narrow = two(CHARTS[name]())
    for picture, room in ((broad, BROAD), (narrow, NARROW)):
        assert f'viewBox="0 0 {room.width} ' in picture
        for low, high, said in texts(picture):
            assert low > -4.0, (room, said, low)
            assert high < room.width + 4.0, (room, said, high)
        for x, width in re.findall(r'<rect x="([-\d.]+)"[^>]*? width="([\d.]+)"', picture):
            assert float(x) >= 0.0
            assert float(x) + float(width) <= room.width
    assert broad.count("<rect") == narrow.count("<rect")
    assert broad.count("<circle") == narrow.count("<circle")


@pytest.mark.parametrize("name", ["stacked", "gantt", "bars"])
def test_on_a_phone_no_bar_lies_on_a_name(name: str) -> None:
    _, narrow = two(CHARTS[name]())
    names = [float(y) for y in re.findall(r'<text x="2" y="([\d.]+)"', narrow)]
    spans = {
        (float(y), float(y) + float(high))
        for y, high in re.findall(r'<rect [^>]*?y="([\d.]+)"[^>]*? height="(\d+)"', narrow)
    }
    assert len(names) >= 2
    for line in names:
        assert not [span for span in spans if span[0] < line + 3.0 and line - 9.0 < span[1]], (line, spans)


def test_names_are_cut_by_the_width_of_their_signs() -> None:
    assert cut("x" * 30, 25) == "x" * 24 + "…"
    assert cut("柱" * 13, 25) == "柱" * 12 + "…"
    assert cut("柱" * 12, 24) == "柱" * 12
