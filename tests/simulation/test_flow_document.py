"""Lines as people write them: what is refused, and with which words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.errors import SimulationError
from simulation.flow.document import read_line

GOOD = """\
simulate: 1
name: line
time: min
run: {length: 8 h}
sources:
  in: {every: {exponential: 2}, to: cut, kind: bar}
resources: {fitter: 2}
shifts: {day: {cycle: 1 day, work: [[6 h, 14 h]], ending: finish}}
stations:
  cut:
    takes: 30 s
    defects: {burr: 0.1}
    shift: day
    to: {glue: 0.5, paint: 0.5}
  glue:
    takes: {uniform: [1, 2]}
    needs: {fitter: 1}
    buffer: 8
    batch: {size: 4, wait: 10 min}
    patience: {most: 20 min, since: cut, then: scrap}
    to: paint
  paint:
    takes: {kinds: {bar: 1, other: 2}}
    failures: {nozzle: {after: {exponential: 50 h}, repair: 1 h, crew: fitter}}
    inspect: {finds: {burr: 0.9}, reject: {scrap: 0.5, rework: 0.5}}
    to: ship
  rework: {takes: 3, repairs: {burr: 1.0}, to: paint}
"""


def test_units_of_time() -> None:
    found = read_line(GOOD.encode())
    line = found.line
    assert (line.horizon, line.unit) == (480.0, "min")
    assert line.station("cut").service[""].mean == 0.5
    assert line.station("paint").failures[0].after.mean == 3000.0
    assert line.shifts[0].on == ((360.0, 840.0),)
    hours = read_line(GOOD.replace("time: min", "time: h").encode()).line
    assert (hours.horizon, hours.station("paint").failures[0].after.mean) == (8.0, 50.0)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("time: min", "time: fortnight", "line 3: time: 'fortnight' is no unit of time"),
        ("takes: 30 s", "takes: 30 sek", "line 11: stations.cut.takes: 'sek' is no unit of time"),
        ("takes: 30 s", "takes: -30 s", "line 11: stations.cut.takes: -30 s is a negative time"),
        ("takes: 30 s", "takes: 1e300", "longer than any line"),
        ("takes: 30 s", "takes: .nan", "is no time"),
        ("takes: 30 s", "take: 30 s", "line 11: stations.cut.take: this word is not known here; did you mean takes?"),
        ("takes: {uniform: [1, 2]}", "takes: {unifrom: [1, 2]}", "did you mean uniform?"),
        ("takes: {uniform: [1, 2]}", "takes: {uniform: [2, 1]}", "2, 1 do not rise"),
        ("buffer: 8", "buffer: 3", "stations.glue.buffer: a batch of 4 never fits into 3 places"),
        ("buffer: 8", "buffer: 1.5", "is no whole number"),
        ("fitter: 1}", "fitter: 3}", "3 fitter are needed, there are 2"),
        ("needs: {fitter: 1}", "needs: fiter", "there is no resource 'fiter'; did you mean fitter?"),
        ("shift: day", "shift: night", "there is no shift 'night'"),
        ("[[6 h, 14 h]]", "[[14 h, 6 h]]", "does not come next within a cycle"),
        ("to: {glue: 0.5, paint: 0.5}", "to: {glue: 0.5, paint: 0.6}", "the shares sum to 1.1, not to 1"),
        ("to: {glue: 0.5, paint: 0.5}", "to: paint", "line 15: stations.glue: nothing ever reaches this station"),
        ("burr: 1.0}, to: paint", "burr: 1.0}, to: rework", "units never leave the line from here: rework → rework"),
        ("burr: 0.1", "burr: 1.1", "1.1 is more than 1"),
        ("finds: {burr: 0.9}", "finds: {bur: 0.9}", "there is no defect 'bur'; did you mean burr?"),
        ("run: {length: 8 h}", "run: {warm_up: 1 h}", "sources.in: it has no end"),
        ("run: {length: 8 h}", "run: {length: 80000000 days}", "events in a run"),
        ("run: {length: 8 h}", "run: {length: 8 h, warm_up: 8 h}", "leaves less than a tenth"),
        ("every: {exponential: 2}", "every: {exponential: 2}, endless: true", "one of 'every', 'endless: true'"),
        ("every: {exponential: 2}", "every: 0", "infinitely many come at once"),
        ("bar: 1, other: 2", "rod: 1", "nothing is told for bar"),
        ("rework: {takes: 3,", "ship: {takes: 3,", "this name means the way out"),
        ("size: 4, wait", "size: 0, wait", "0 is less than 1"),
        ("reject: {scrap: 0.5, rework: 0.5}", "rejct: scrap", "did you mean reject?"),
        ("sources:\n", "sources: {}\nsource:\n", "did you mean"),
    ],
)
def test_a_mistake_is_told_with_its_place(old: str, new: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(SimulationError) as caught:
        read_line(GOOD.replace(old, new, 1).encode())
    assert says in str(caught.value)


def test_a_loop_in_which_no_time_passes() -> None:
    text = GOOD.replace("takes: {kinds: {bar: 1, other: 2}}", "takes: 0").replace(
        "rework: {takes: 3", "rework: {takes: 0"
    )
    with pytest.raises(SimulationError, match="a loop leads back here in which no time passes"):
        read_line(text.encode())


def test_what_is_strange_is_noted() -> None:
    notes = read_line(GOOD.replace("every: {exponential: 2}", "every: {exponential: 0.1}").encode()).notes
    assert any("as many units as come" in note for note in notes)


@given(st.text(alphabet="abc:{}[]-0123456789. \n'\"&*!|>%", max_size=60))
def test_any_text_is_a_line_or_a_named_fault(text: str) -> None:
    said = outcome(f"simulate: 1\n{text}")
    assert said
    assert "\n" not in said


def outcome(text: str) -> str:
    """Return a line's first station, or what is wrong with the text; nothing else may come out of it."""
    try:
        return read_line(text.encode()).line.stations[0].name
    except SimulationError as fault:
        return str(fault)
