"""Defects, inspections and where to place them (T15 to T18), against closed forms and brute force."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation.flow.classifier import classifier, needed_recall
from simulation.flow.document import read_line
from simulation.flow.exact.inspection import acceptance, rework_loop
from simulation.flow.placement import Economics, Stage, best_plan, evaluate, every_plan
from simulation.flow.study import compare
from tests.simulation.flow_lines import document, run, within

STAGES = [
    Stage(name, cost, defect, look, 0.01, 0.10)
    for name, cost, defect, look in zip(
        "abcde", (10, 20, 15, 30, 25), (0.02, 0.05, 0.01, 0.06, 0.03), (1, 1.5, 1, 2, 2), strict=True
    )
]
MONEY = Economics(200.0, 400.0)


def test_the_rework_loop_in_closed_form() -> None:
    found = rework_loop(0.08, 0.02, 0.10)
    assert (found.first_pass, found.inspections, found.escape_share) == pytest.approx(
        (0.9096, 1.099384, 0.00879507), rel=1e-6
    )
    other = rework_loop(0.08, 0.02, 0.10, scrap=0.3, rework_defect=0.20)
    assert (other.shipped, other.escape_share, other.scrapped, other.inspections) == pytest.approx(
        (0.968567, 0.00977408, 0.0314325, 1.073343), rel=2e-6
    )
    assert rework_loop(0.08, 0.0, 0.0).inspections == pytest.approx(1 / 0.92)


def test_the_rework_loop_simulated() -> None:
    found = document(
        {
            "work": {"takes": 1, "defects": {"burr": 0.08}, "to": "test"},
            "test": {
                "takes": 0.1,
                "inspect": {"finds": 0.9, "false_reject": 0.02, "reject": {"scrap": 0.3, "again": 0.7}},
                "to": "ship",
            },
            "again": {"takes": 1, "repairs": 1.0, "defects": {"burr": 0.2}, "to": "test"},
        },
        {"in": {"endless": True, "to": "work"}},
        run={"length": "1500 min"},
    )
    exact, study = rework_loop(0.08, 0.02, 0.10, scrap=0.3, rework_defect=0.2), run(found, 10)
    for name, value in {
        "test.first_pass": exact.first_pass, "defective": exact.escape_share, "yield": exact.shipped,
        "test.inspections": exact.inspections,
    }.items():  # fmt: skip
        assert within(study, name, value), (name, study.estimate(name), value)
    born, fates = study.births, study.fates
    for origin in ("work", "again"):
        told = sum(fates[origin, "burr", where] for where in ("test", "ship", "scrap"))
        assert 0 <= born[origin, "burr"] - told <= 30  # what is still in the lines
        share = fates[origin, "burr", "ship"] / born[origin, "burr"]
        assert share == pytest.approx(0.10, abs=0.03)


def test_the_best_places_to_inspect_are_those_of_brute_force() -> None:
    plans = every_plan(STAGES, MONEY)
    assert [(one.inspected, round(one.profit, 4)) for one in plans[:2]] == [
        ((False, True, False, True, True), 63.5228),
        ((False, False, True, True, True), 63.2723),
    ]
    for plan, profit in {(0, 0, 0, 0, 1): 58.0145, (1,) * 5: 60.7573, (0,) * 5: 4.2382}.items():
        assert evaluate(STAGES, MONEY, [bool(look) for look in plan]).profit == pytest.approx(profit, abs=1e-4)
    assert best_plan(STAGES, MONEY) == plans[0]


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.floats(0, 50), st.floats(0, 0.5), st.floats(0, 10), st.floats(0, 0.3), st.floats(0, 0.5)),
        min_size=1,
        max_size=7,
    ),
    st.floats(0, 500),
    st.floats(0, 1000),
)
def test_dynamic_programming_finds_what_brute_force_finds(
    stages: list[tuple[float, float, float, float, float]], revenue: float, escape: float
) -> None:
    made = [Stage(str(k), *one) for k, one in enumerate(stages)]
    money = Economics(revenue, escape)
    assert best_plan(made, money).profit == pytest.approx(every_plan(made, money)[0].profit, abs=1e-9)


def test_the_simulation_confirms_a_placement() -> None:
    plan, stations = (False, True, False, True, True), dict[str, object]()
    names = [
        name for stage, look in zip(STAGES, plan, strict=True) for name in (stage.name, stage.name + "?")[: 1 + look]
    ]
    for name, after in zip(names, [*names[1:], "ship"], strict=True):
        stage = next(one for one in STAGES if one.name == name[0])
        work = {"cost": stage.cost, "defects": {"bad " + name: stage.defect}}
        # a look finds a bad unit, whatever is bad about it: defects spoil it one after the other, found by one number
        looks = {"cost": stage.inspection, "inspect": {"finds": 0.9, "false_reject": 0.01, "reject": "scrap"}}
        stations[name] = {"takes": 1, "to": after} | (looks if name.endswith("?") else work)
    found = document(stations, {"in": {"endless": True, "to": "a"}}, run={"length": "500 min"})
    study = run(found, 10)
    exact = evaluate(STAGES, MONEY, plan)
    good = study.values("yield") * (1.0 - study.values("defective"))
    # two defects in a unit are found a little more often than one: 1 % of the bad ones
    assert good.mean() == pytest.approx(exact.good, abs=3.3 * good.std(ddof=1) / np.sqrt(10))
    profit = (
        200 * good
        - 400 * study.values("yield") * study.values("defective")
        - study.values("cost") * study.values("yield")
    )
    assert profit.mean() == pytest.approx(exact.profit, abs=3.3 * profit.std(ddof=1) / np.sqrt(10) + 0.1)


@pytest.mark.parametrize("guard", [0.0, 0.05, -0.02])
def test_a_line_s_gauge_finds_and_rejects_as_drawn_pieces_say(guard: float) -> None:
    rng = np.random.default_rng(5)
    true = rng.normal(0.02, 0.1, 1_000_000)
    good = np.abs(true) <= 0.2
    seen = true + rng.normal(0.0, 0.03, true.size)
    accepted = np.abs(seen) <= 0.2 - guard
    gauge = {
        "defect": "bore", "limits": [-0.2, 0.2], "mean": 0.02, "sd": 0.1, "uncertainty": 0.03, "guard_band": guard,
    }  # fmt: skip
    look = {"takes": 1, "defects": {"bore": 0.05}, "inspect": {"gauge": gauge, "reject": "scrap"}, "to": "ship"}
    line = document({"a": look}, {"in": {"every": 2, "to": "a"}}, run={"length": "500 min"}).line
    found = line.stations[0].inspection
    assert found is not None
    for told, seen_share, count in [
        (found.false_reject, 1 - accepted[good].mean(), good.sum()),
        (found.catches["bore"], 1 - accepted[~good].mean(), (~good).sum()),
    ]:
        assert told == pytest.approx(seen_share, abs=4 * (told * (1 - told) / count) ** 0.5)


def test_what_monitoring_needs_and_costs() -> None:
    assert needed_recall(0.08, 0.98, 1.0) == pytest.approx(0.75)
    assert needed_recall(0.08, 0.98, 0.9) == pytest.approx(0.8333, abs=1e-4)
    for apart, rate, alarms in [
        (1, 0.5145, 0.541),
        (1.5, 0.3215, 0.364),
        (2, 0.1676, 0.222),
        (2.5, 0.0717, 0.134),
        (3, 0.0248, 0.091),
    ]:
        found = classifier(apart, 0.85)
        assert found.false_reject == pytest.approx(rate, abs=1e-4)
        assert 0.92 * found.false_reject + 0.08 * 0.85 == pytest.approx(alarms, abs=1e-3)


def test_lots_are_accepted_as_their_operating_characteristic_says() -> None:
    found = document(
        {
            "make": {"takes": 1, "defects": {"crack": 0.1}, "to": "lot"},
            "lot": {
                "takes": 1,
                "batch": 20,
                "inspect": {"finds": 1.0, "sample": 5, "accept": 1, "reject": "scrap"},
                "to": "ship",
            },
        },
        {"in": {"endless": True, "to": "make"}},
        run={"length": "1500 min"},
    )
    assert within(run(found, 10), "yield", acceptance(0.1, 5, 1))


def test_latent_and_spreading_defects() -> None:
    found = document(
        {
            "cast": {
                "takes": 1,
                "defects": {
                    "void": {
                        "probability": 0.5,
                        "shows_after": "cure",
                        "spreads": {"at": "cure", "as": "leak", "probability": 0.4},
                    }
                },
                "to": "early",
            },
            "early": {"takes": 0, "inspect": {"finds": 1.0, "reject": "scrap"}, "to": "cure"},
            "cure": {"takes": 1, "defects": {"leak": 0.0}, "to": "late"},
            "late": {"takes": 0, "inspect": {"finds": {"leak": 1.0}, "reject": "scrap"}, "to": "ship"},
        },
        {"in": {"endless": True, "to": "cast"}},
        run={"length": "1000 min"},
    )
    study = run(found, 4)
    born, fates = study.births, study.fates
    assert fates["cast", "void", "early"] == 0
    assert born["cure", "leak"] / born["cast", "void"] == pytest.approx(0.4, abs=0.04)
    assert abs(fates["cure", "leak", "late"] - born["cure", "leak"]) <= 8
    # a void whose leak is found is scrapped with it, unseen itself; the others are shipped
    assert fates["cast", "void", "scrap"] == fates["cure", "leak", "late"]
    assert fates["cast", "void", "ship"] + fates["cast", "void", "scrap"] == pytest.approx(born["cast", "void"], abs=8)


def test_the_battery_line_of_the_documents_gains_what_the_formula_says() -> None:
    folder = Path(__file__).parents[2] / "examples" / "battery_line"
    texts = [(folder / name).read_text("utf-8") for name in ("today.yaml", "monitored.yaml")]
    short = [
        text.replace("takes: 12 h", "takes: 10 min").replace("3 days, warm_up: 14 h", "10 h, warm_up: 0")
        for text in texts
    ]
    assert all(one != other for one, other in zip(texts, short, strict=True))
    today, monitored = (run(read_line(text.encode()), 8) for text in short)
    assert within(today, "test.first_pass", 0.92)
    assert within(monitored, "test.first_pass", 1 - 0.08 * (1 - 0.85 * 0.9))
    gain = compare(today, monitored)["test.first_pass"]
    assert gain.difference.interval.low > 0.04
    assert within(monitored, "monitor.rejected", 0.92 * classifier(2.5, 0.85).false_reject + 0.08 * 0.85)
