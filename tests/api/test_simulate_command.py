"""``qtems simulate``: from a file to tables, JSON and reports."""

# pyright: reportUnknownMemberType=false
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyarrow import csv

from api.cli import main
from tests.api.results import read_result

LINE = """\
simulate: 1
name: Mill and test
time: min
run: {length: 1 day, replications: 4, warm_up: 1 h}
sources:
  orders: {every: {exponential: 6}, to: mill}
resources:
  fitter: 1
stations:
  mill:
    takes: {erlang: 4.5, stages: 4}
    defects: {burr: 0.08}
    failures: {spindle: {after: {exponential: 300}, repair: {exponential: 20}, crew: fitter}}
    to: test
  test:
    takes: 3
    buffer: 5
    inspect: {finds: 0.9, false_reject: 0.02, reject: {scrap: 0.3, rework: 0.7}}
    to: ship
  rework: {takes: {uniform: [5, 10]}, needs: fitter, repairs: 1.0, defects: {burr: 0.2}, to: test}
"""


@pytest.fixture
def line(tmp_path: Path) -> Path:
    path = tmp_path / "line.yaml"
    path.write_text(LINE, encoding="utf-8")
    return path


def test_tables_and_json(line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "report"
    assert main(["simulate", str(line), "--out", str(out), "--lang", "zh", "--seed", "3"]) == 0
    told = capsys.readouterr().out
    assert "Mill and test" in told
    assert "一次合格率" in told
    assert "各时间与事件相互独立" in told
    document = read_result(out / "simulate.json")
    assert document["schema"] == "qtems.simulate/1"
    assert document["replications"] == 4
    assert document["warm_up"] == 60
    for station in document["stations"]:
        assert sum(one["value"] for one in station["states"].values()) == pytest.approx(1.0)
    born = {one["origin"]: one for one in document["defects"]}
    mill = born["mill"]
    assert mill["found"]["test"] + mill["escaped"] + mill["scrapped_unseen"] <= mill["born"]
    assert document["bottleneck"]["station"] == "mill"
    page = (out / "simulate.html").read_text("utf-8")
    assert "产线仿真" in page
    assert "<script" not in page
    events = pq.read_table(out / "events.parquet")
    assert events.schema.metadata[b"schema"] == b"qtems.events/1"
    activities = events.column("activity").to_pylist()
    assert activities.count("start") - activities.count("finish") in range(4)
    assert events.column("time_s").to_pylist()[-1] <= 86400
    assert main(["simulate", str(line), "--out", str(tmp_path / "logs"), "--seed", "3", "--log", "csv,ocel"]) == 0
    again = csv.read_csv(tmp_path / "logs" / "events.csv")
    assert again.column("activity").to_pylist() == activities
    ocel = json.loads((tmp_path / "logs" / "events.ocel.json").read_text("utf-8"))
    assert [one["type"] for one in ocel["events"]] == activities
    known = {one["id"]: one["type"] for one in ocel["objects"]}
    kinds = {one["name"] for one in ocel["objectTypes"]}
    assert all(known[of["objectId"]] in kinds for one in ocel["events"] for of in one["relationships"])
    assert {one["name"] for one in ocel["eventTypes"]} == set(activities)
    assert main(["simulate", str(line), "--out", str(tmp_path / "no"), "--seed", "3"]) == 0
    assert not (tmp_path / "no" / "events.csv").exists()
    frames = json.loads((out / "keyframes.json").read_text("utf-8"))
    assert frames["units"][0]["track"][0][1] == "enter"
    assert frames["units"][0]["track"][-1][1] in ("ship", "scrap")
    first = {path.name: path.read_bytes() for path in out.iterdir()}
    assert main(["simulate", str(line), "--out", str(out), "--lang", "zh", "--seed", "3"]) == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == first


def test_two_lines_side_by_side(line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "better.yaml"
    other.write_text(LINE.replace("burr: 0.08", "burr: 0.01"), encoding="utf-8")
    out = tmp_path / "report"
    assert main(["simulate", str(line), "--compare", str(other), "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "better.yaml" in told
    assert " points (" in told, "shares differ by percentage points"
    pairs = read_result(out / "simulate.json")["comparison"]
    assert pairs["yield"]["low"] > 0.0
    assert pairs["throughput"]["variance_ratio"] > 3.0


def test_a_precision_that_is_not_reached_is_status_1(line: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line.write_text(LINE.replace("replications: 4", "replications: 3, most: 4, precision: 1e-6"), encoding="utf-8")
    assert main(["simulate", str(line)]) == 1
    assert "not reached" in capsys.readouterr().out


def test_a_bad_file_is_one_line_and_status_2(line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line.write_text(LINE.replace("to: mill}", "to: mil}"), encoding="utf-8")
    assert main(["simulate", str(line)]) == 2
    told = capsys.readouterr()
    assert told.err.count("\n") == 1
    assert "line.yaml: line 6: sources.orders.to: there is no station 'mil'; did you mean mill?" in told.err
    assert main(["simulate", str(tmp_path / "none.yaml")]) == 2
    assert "no such file" in capsys.readouterr().err


def test_a_log_beyond_the_year_9999_is_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = tmp_path / "line.yaml"
    line.write_text(
        "simulate: 1\ntime: day\nrun: {length: 9000000 day, replications: 2}\n"
        "sources: {orders: {every: 1000000, to: mill}}\nstations: {mill: {takes: 5, to: ship}}\n",
        encoding="utf-8",
    )
    assert main(["simulate", str(line), "--out", str(tmp_path / "out"), "--log", "ocel"]) == 2
    assert "the year 9999" in capsys.readouterr().err
    assert main(["simulate", str(line), "--out", str(tmp_path / "out"), "--log", "csv"]) == 0


TELLER = """\
simulate: 1
name: {name}
time: min
run: {{length: 1 day, replications: 4, warm_up: 1 h}}
sources: {{orders: {{every: {{exponential: 6}}, to: desk}}}}
stations: {{desk: {{takes: {takes}, to: ship}}}}
"""


def test_the_best_of_several_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Less scatter of the same work makes shorter waits (Pollaczek and Khinchine): 11.25, 14.1 and 18 minutes."""
    laws = {"steady": "4.5", "uneven": "{erlang: 4.5, stages: 2}", "wild": "{exponential: 4.5}"}
    for name, takes in laws.items():
        (tmp_path / f"{name}.yaml").write_text(TELLER.format(name=name, takes=takes), encoding="utf-8")
    files = [str(tmp_path / f"{name}.yaml") for name in ("wild", "steady", "uneven")]
    asked = ["simulate", files[0], "--among", *files[1:], "--least", "lead_time", "--worth", "2", "--seed", "1"]
    assert main([*asked, "--out", str(tmp_path / "one")]) == 0
    told = capsys.readouterr().out
    assert "steady is the best: the least lead time" in told
    document = read_result(tmp_path / "one" / "choice.json")
    assert (document["best"], document["settled"]) == ("steady.yaml", True)
    assert document["lines"][0]["difference_to_best"] is None
    assert document["lines"][1]["difference_to_best"]["value"] > 0
    assert main([*asked, "--out", str(tmp_path / "two"), "--lang", "zh"]) == 0
    assert "最优方案：steady（平均通过时间最低）" in capsys.readouterr().out
    assert (tmp_path / "two" / "choice.json").read_bytes() == (tmp_path / "one" / "choice.json").read_bytes()
    page = (tmp_path / "two" / "choice.html").read_text("utf-8")
    assert "多方案择优" in page
    close = [
        "simulate",
        files[0],
        "--among",
        files[2],
        "--most",
        "throughput",
        "--worth",
        "1e-7",
        "--replications",
        "12",
    ]
    assert main(close) == 1
    assert "After 12 runs it is still open" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--among", "LINE"], "--among needs what is best"),
        (["--least", "lead_time"], "name the others with --among"),
        (["--among", "LINE", "--least", "leadtime", "--worth", "1"], "has no figure leadtime; it has throughput, wip"),
        (["--among", "LINE", "--least", "wip", "--worth", "1", "--log", "csv"], "leave them out with --among"),
    ],
)
def test_a_choice_that_cannot_be_made(
    more: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = tmp_path / "line.yaml"
    line.write_text(TELLER.format(name="one", takes="4.5"), encoding="utf-8")
    assert main(["simulate", str(line), *[str(line) if word == "LINE" else word for word in more]]) == 2
    assert says in capsys.readouterr().err


def test_an_interval_of_rounding_alone_asks_for_no_further_digits() -> None:
    from twin.rehearsal.flow_rows import figure_text

    told = {"value": 1.5999999999995775, "low": 1.5999999999988588, "high": 1.6000000000002963}
    assert figure_text("lead_p95", told) == "1.600 (1.600–1.600)"
