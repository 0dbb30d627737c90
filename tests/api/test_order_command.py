"""``qtems assemble --order``: from a model to an order, or to what is wrong with a given one."""

import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from api.cli import main
from tests.api.results import read_result
from tests.geometry.readers.ifc_models import Model

WALL = (3.0, 0.2, 3.0)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return two walls on a plate, a slab on them, a post on the slab, and tasks that put the slab before a wall."""
    made = Model("mm")
    parts = {
        "plate": made.add("IfcFooting", made.block((3.0, 3.0, 0.3)), at=(0, 0, -0.3), name="plate"),
        "left": made.add("IfcWall", made.block(WALL), at=(0, 0, 0), name="left"),
        "right": made.add("IfcWall", made.block(WALL), at=(0, 2.8, 0), name="right"),
        "slab": made.add("IfcSlab", made.block((3.0, 3.0, 0.2)), at=(0, 0, 3), name="slab"),
        "post": made.add("IfcColumn", made.block((0.3, 0.3, 2.0)), at=(1, 1, 3.2), name="post"),
    }
    for day, names in ((1, ["plate", "left"]), (2, ["slab"]), (3, ["right"]), (4, ["post"])):
        times = made.make(
            "IfcTaskTime", ScheduleStart=f"2026-03-0{day}T08:00:00", ScheduleFinish=f"2026-03-0{day}T17:00:00"
        )
        task = made.make("IfcTask", made.guid(), None, f"day {day}", IsMilestone=False, TaskTime=times)
        task.PredefinedType = "CONSTRUCTION"
        for name in names:
            made.make("IfcRelAssignsToProduct", made.guid(), None, None, None, [task], None, parts[name])
    return made.write(tmp_path_factory.mktemp("order") / "hut.ifc")


def run(model: Path, out: Path, *more: str) -> int:
    return main(
        [
            "assemble",
            str(model),
            "--out",
            str(out),
            "--quiet",
            "--no-cache",
            "--report",
            "json",
            "--workers",
            "1",
            *more,
        ]
    )


def test_an_order_is_found_and_can_be_played(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(model, tmp_path / "a", "--order", "--best", "2") == 0
    told = capsys.readouterr().out
    assert "5 parts go together in 5 steps" in told
    document = read_result(tmp_path / "a" / "assembly.json")
    order, names = document["order"], {c: n for n, c in _ids(tmp_path / "a").items()}
    assert order["works"]
    assert order["source"] == "found"
    placed = [names[step["elements"][0]] for step in order["steps"]]
    assert (placed[0], placed[3:]) == ("plate", ["slab", "post"])
    assert [step["stable"] for step in order["steps"]] == [True] * 5
    assert order["steps"][4]["insertion"] == [[0, 0, -1]]
    assert order["steps"][4]["path"][0]["T"][2][3] == pytest.approx(order["steps"][4]["travel_m"])
    assert order["rule"]["ground_m"] == pytest.approx(-0.3)
    assert len(order["alternatives"]) == 1
    overlay = json.loads((tmp_path / "a" / "order-overlay.json").read_text("utf-8"))
    assert overlay["schema"] == "qtems.overlay/1"
    assert overlay["duration_s"] == 10.0
    last = {track["element"]: track["keys"][-1] for track in overlay["tracks"]}
    assert {key["state"] for key in last.values()} == {"in place"}
    assert all(track["keys"] == sorted(track["keys"], key=lambda key: key["t"]) for track in overlay["tracks"])
    run(model, tmp_path / "b", "--order", "--best", "2")
    for file in ("assembly.json", "order-overlay.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_the_tasks_of_the_model_are_judged(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The right wall comes from the side: with nothing moved but from above it cannot."""
    assert run(model, tmp_path / "a", "--tasks") == 0
    steps = read_result(tmp_path / "a" / "assembly.json")["order"]["steps"]
    assert [step["name"] for step in steps] == ["day 1", "day 2", "day 3", "day 4"]
    assert not steps[1]["stable"]
    rules = tmp_path / "rules.yaml"
    rules.write_text("order: 1\nbase: [plate]\nin_place: [IfcWall]\nbefore: [right < slab]\n", "utf-8")
    assert run(model, tmp_path / "c", "--tasks", "--sequence", str(rules)) == 1
    ruled = read_result(tmp_path / "c" / "assembly.json")["order"]
    assert len(ruled["made_in_place"]) == 2
    assert [step["blocked"][0]["rules"] for step in ruled["steps"] if step["blocked"]] == [["right < slab"]] * 2
    sequence = tmp_path / "order.yaml"
    sequence.write_text(
        "order: 1\nsequence:\n- place: [plate, left]\n- place: slab\n- {place: right, from: up}\n", "utf-8"
    )
    assert run(model, tmp_path / "b", "--sequence", str(sequence), "--lang", "zh") == 1
    told = capsys.readouterr().out
    assert "第 3 步" in told
    order = read_result(tmp_path / "b" / "assembly.json")["order"]
    assert not order["works"]
    assert order["summary"]["first_blocked_step"] == 3
    (blocked,) = order["steps"][2]["blocked"]
    (slab,) = blocked["blockers"]
    assert slab["area_m2"] == pytest.approx(0.6, rel=1e-4)
    assert (slab["depth_mm"], slab["met_m_before_its_place"]) == pytest.approx((3200, 0), abs=1e-6)
    assert blocked["fits_before_step"] == 2
    assert len(order["not_in_sequence"]) == 1


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "a.yaml",
            "order: 1\nsequence:\n- place: nobody\n",
            r"a.yaml: line 3: sequence\[0\]: 'nobody' is no element of the model",
        ),
        ("a.yaml", "order: 1\nbefore: [slab < left < slab]\n", "before: .* wait for each other"),
        ("a.csv", "left\nleft\n", "step 2: .* step 1 already"),
        ("a.json", "{", "it is no JSON"),
    ],
)
def test_a_bad_order_is_one_line(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: str, said: str
) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    assert run(model, tmp_path / "out", "--sequence", str(tmp_path / name)) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert name in error
    assert re.search(said, error)
    assert not (tmp_path / "out" / "assembly.json").exists()


def test_what_cannot_be_asked_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stl = tmp_path / "bare.obj"
    stl.write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 2 3 4\nf 3 1 4\n", "ascii")
    assert run(stl, tmp_path / "out", "--tasks") == 2
    assert "no task with a start" in capsys.readouterr().err
    assert run(stl, tmp_path / "out", "--sequence", str(tmp_path / "gone.yaml")) == 2
    assert "no such file" in capsys.readouterr().err
    assert run(stl, tmp_path / "out", "--sequence", "/dev/zero") == 2
    assert "larger than 16 MiB" in capsys.readouterr().err
    for refused in (("--best", "0"), ("--insertion", "3"), ("--insertion", "1e300m"), ("--insertion", "0m")):
        with pytest.raises(SystemExit):
            run(stl, tmp_path / "out", "--order", *refused)
    assert run(stl, tmp_path / "out", "--order", "--insertion", "2.5 m") == 0
    assert read_result(tmp_path / "out" / "assembly.json")["order"]["rule"]["insertion_m"] == 2.5


def _ids(out: Path) -> dict[str, str]:
    """Return the GlobalIds by name, as the order's own list has them: the model numbers its elements as they come."""
    free = read_result(out / "assembly.json")["order"]["free"]
    return dict(zip(("plate", "left", "right", "slab", "post"), sorted(one["global_id"] for one in free), strict=True))


def test_the_page_shows_the_order(model: Path, tmp_path: Path) -> None:
    assert main(
        ["assemble", str(model), "--out", str(tmp_path / "out"), "--quiet", "--no-cache", "--tasks", "--workers", "1",
         "--lang", "zh"]
    ) in (0, 1)  # fmt: skip
    page = (tmp_path / "out" / "assembly.html").read_text("utf-8")
    pictures = re.findall(r'src="data:image/png;base64,([^"]+)" alt="第 (\d) 步后（共 (\d) 步）"', page)
    assert [step for _, step, _ in pictures] == [str(k) for k in range(1, len(pictures) + 1)]
    assert len(pictures) == int(pictures[0][2])
    assert len({image for image, _, _ in pictures}) == len(pictures), "each stage looks different"
    assert "安装顺序" in page
    assert "<td>day 2: slab</td>" in page


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--best", "3"], "--insertion and --best are about an order: add --order, --sequence FILE or --tasks"),
        (["--unseen", "20mm"], "--unseen is about what a check did not see: add --as-built REPORT.json"),
        (["--sequence", "gone.yaml"], "gone.yaml: no such file; check the path"),
        (["--as-built", "gone.json"], "gone.json: no such file; check the path"),
    ],
)
def test_an_option_without_effect_is_refused(
    model: Path, tmp_path: Path, more: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(model, tmp_path / "out", *more) == 2
    assert capsys.readouterr().err == f"qtems: {says}\n"
    assert not (tmp_path / "out").exists()


def test_the_order_is_an_animation_that_others_play(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each part is in the animated GLB where the overlay has it, hidden until it comes."""
    import trimesh

    assert run(model, tmp_path, "--order", "--report", "glb") == 0
    capsys.readouterr()
    content = (tmp_path / "assembly.glb").read_bytes()
    scene: Any = trimesh.load(io.BytesIO(content), file_type="glb")
    assert len(scene.geometry) == 5
    document, binary = _glb(content)
    overlay = json.loads((tmp_path / "order-overlay.json").read_text("utf-8"))
    animation, nodes = document["animations"][0], document["nodes"]
    tracks = {
        (nodes[one["target"]["node"]]["name"], one["target"]["path"]): animation["samplers"][one["sampler"]]
        for one in animation["channels"]
    }
    resting = {node["name"]: node.get("translation") for node in nodes}
    came = 0
    for track in overlay["tracks"]:
        key, shown = track["element"], next(one["t"] for one in track["keys"] if one.get("visible"))
        times, values = _track(document, binary, tracks[key, "translation"])
        assert (np.diff(times) > 0).all()
        moves = [one for one in track["keys"] if "move_m" in one]
        assert times == pytest.approx([one["t"] for one in moves], abs=0.01)
        assert values == pytest.approx(np.array([one["move_m"] for one in moves]) + resting[key], abs=1e-5)
        if shown > 0.0:
            times, values = _track(document, binary, tracks[key, "scale"])
            assert times.tolist() == pytest.approx([0.0, shown])
            assert values.tolist() == [[0.0] * 3, [1.0] * 3]
            came += 1
    assert came >= 3


def _glb(content: bytes) -> tuple[Any, bytes]:
    length = int.from_bytes(content[12:16], "little")
    return json.loads(content[20 : 20 + length]), content[28 + length :]


def _track(document: Any, binary: bytes, sampler: Any) -> Any:
    found = list[Any]()
    for index, width in ((sampler["input"], 1), (sampler["output"], 3)):
        accessor = document["accessors"][index]
        view = document["bufferViews"][accessor["bufferView"]]
        values = np.frombuffer(binary, "<f4", accessor["count"] * width, view["byteOffset"])
        found.append(values if width == 1 else values.reshape(-1, 3))
    return found


def test_what_people_cannot_carry_and_what_nobody_does_is_named(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "order.yaml").write_text(
        "order: 1\nbase: [plate]\n"
        "people: {carries: [IfcWall, post], density: {IfcWall: 2000}, mass: {post: 20}, floor: 0}\n"
    )
    assert run(model, tmp_path / "out", "--sequence", str(tmp_path / "order.yaml")) == 1
    order = read_result(tmp_path / "out" / "assembly.json")["order"]
    names = {one["mass_kg"]: one["problems"] for one in order["people"]}
    assert names == {3600.0: ["too heavy"], 20.0: ["beyond reach"]}
    assert order["by_nobody"] == [step["elements"][0] for step in order["steps"] if not _carried(order, step)]
    said = capsys.readouterr().out
    assert re.search(r"People cannot bring 3 loads.*left.*too heavy", said)
    assert "slab" in said[said.index("carried by nobody") :]
    assert not order["works"]


def _carried(order: Any, step: Any) -> bool:
    return any(set(one["elements"]) & set(step["elements"]) for one in order["people"])
