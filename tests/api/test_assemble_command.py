"""``qtems assemble``: from a model to clashes, with what is meant to meet left out and named."""

import hashlib
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zipfile import ZipFile

import pytest

from api.cli import main
from simulation.assembly.clash import ClashKind
from tests.api.results import read_result
from tests.geometry.readers.ifc_models import Model
from twin.rehearsal.assembly_rows import shown_line
from twin.rehearsal.said import Said


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return two walls overlapping by 50 mm, a connected pair, a wall inside another, and a pipe through a slab."""
    made = Model("mm")

    def add(kind: str, size: tuple[float, float, float], at: tuple[float, float, float], name: str) -> object:
        product = made.add(kind, made.block(size), at=at)
        product.Name = name
        return product

    wall = (3.0, 0.2, 3.0)
    add("IfcWall", wall, (0, 0, 0), "one")
    add("IfcWall", wall, (2.95, 0, 0), "two")
    joined = [add("IfcWall", wall, (0, 5, 0), "left"), add("IfcWall", wall, (2.9, 5, 0), "right")]
    add("IfcSlab", (4.0, 4.0, 0.2), (0, 10, 0), "slab")
    add("IfcColumn", (0.2, 0.2, 3.0), (2, 12, -1), "post")
    add("IfcWall", wall, (10, 0, 0), "first")
    add("IfcWall", wall, (10, 0, 0), "again")
    add("IfcWall", wall, (10, 0.22, 0), "near")
    made.make("IfcRelConnectsPathElements", made.guid(), None, None, None, None, *joined, [], [], "ATEND", "ATSTART")
    return made.write(tmp_path_factory.mktemp("assembly") / "clashes.ifc")


def test_every_kind_is_found_and_named(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "found"
    assert (
        main(
            [
                "assemble",
                str(model),
                "--out",
                str(out),
                "--clearance",
                "50mm",
                "--quiet",
                "--no-cache",
                "--report",
                "json",
            ]
        )
        == 1
    )
    told = capsys.readouterr().out
    assert "drawn twice" in told
    document = read_result(out / "assembly.json")
    assert document["schema"] == "qtems.assembly/2"
    found = {frozenset((c["first"]["name"], c["second"]["name"])): c for c in document["clashes"]}
    kinds = {tuple(sorted(names)): clash["kind"] for names, clash in found.items()}
    assert kinds == {
        ("one", "two"): "hard",
        ("post", "slab"): "piercing",
        ("again", "first"): "duplicate",
        ("first", "near"): "clearance",
        ("again", "near"): "clearance",
    }
    overlap = found[frozenset(("one", "two"))]
    assert (overlap["depth_mm"], overlap["volume_m3"]) == pytest.approx((50.0, 0.03), rel=1e-6)
    assert overlap["at_m"] == pytest.approx([2.975, 0.1, 1.5], abs=1e-6)
    assert found[frozenset(("first", "near"))]["gap_mm"] == pytest.approx(20.0, abs=1e-6)
    assert [row["because"] for row in document["meant"]] == ["IfcRelConnectsPathElements"]
    overlay = json.loads((out / "assembly-overlay.json").read_text("utf-8"))
    assert overlay["schema"] == "qtems.overlay/1"
    places = {clash["id"]: clash["at_m"] for clash in document["clashes"]}
    assert {clash["id"]: clash["at_m"] for clash in overlay["clashes"]} == places, "by the names that the viewer reads"


def test_what_is_left_out_of_the_table_is_said() -> None:
    clashes = tuple(SimpleNamespace(kind=ClashKind.HARD, chance=None) for _ in range(147))
    study: Any = SimpleNamespace(clashes=clashes)
    assert shown_line(study, "assembly.json", Said("en")) == "12 of 147 shown, all in assembly.json"
    assert "147 处中的 12 处" in shown_line(study, "assembly.json", Said("zh"))
    study.clashes = clashes[:12]
    assert not shown_line(study, "assembly.json", Said("en"))


def test_the_same_model_gives_the_same_bytes(model: Path, tmp_path: Path) -> None:
    for name in ("first", "second"):
        main(
            [
                "assemble",
                str(model),
                "--out",
                str(tmp_path / name),
                "--quiet",
                "--no-cache",
                "--report",
                "json",
                "--workers",
                "1",
            ]
        )
    for file in ("assembly.json", "assembly-overlay.json"):
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes()


def test_parts_of_a_mesh_that_do_not_clash_are_status_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corners = [(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)]
    faces = "1 2 4 3,5 7 8 6,1 5 6 2,3 4 8 7,1 3 7 5,2 6 8 4".split(",")
    lines = list[str]()
    for part, shift in enumerate((0, 3)):
        lines.append(f"o part{part}")
        lines += [f"v {x + shift} {y} {z}" for x, y, z in corners]
        lines += ["f " + " ".join(str(int(n) + 8 * part) for n in face.split()) for face in faces]
    path = tmp_path / "two.obj"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert main(["assemble", str(path), "--out", str(tmp_path / "out"), "--quiet"]) == 0
    assert read_result(tmp_path / "out" / "assembly.json")["summary"]["solids"] == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["scan.e57", "--out", "o"], "it is a scan; clashes are looked for in a model alone (.ifc"),
        (["none.ifc", "--out", "o"], "none.ifc: no such file"),
        (["MODEL", "--out", "MODEL"], "a file is in the way"),
        (["MODEL", "--out", "o", "--clearance", "wide"], "--clearance"),
        (["MODEL", "--out", "o", "--workers", "0"], "--workers"),
    ],
)
def test_bad_usage_is_one_line_and_status_2(
    model: Path, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    if arguments[0] == "scan.e57":
        arguments = [str(tmp_path / "scan.e57"), *arguments[1:]]
        (tmp_path / "scan.e57").write_bytes(b"ASTM-E57")
    given = [str(model) if word == "MODEL" else str(tmp_path / "o") if word == "o" else word for word in arguments]
    try:
        code = main(["assemble", *given, "--quiet"])
    except SystemExit as ended:
        code = ended.code
    told = capsys.readouterr().err
    assert code == 2
    assert says in told
    assert told.count("\n") == 1


def _report(model: Path, elements: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    made_of = hashlib.sha256(model.read_bytes()).hexdigest()
    return {
        "schema": "qtems.check/1", "registration": {"status": "ok"}, "provenance": {"model_sha256": made_of},
        "elements": elements, **more,
    }  # fmt: skip


def _entry(global_id: str, z: float | None) -> dict[str, Any]:
    pose = {
        "translation_mm": [0.0, 0.0, z], "rotation_deg": [0.0] * 3, "observable": [True] * 6, "coverage_factor": 2.0,
        "uncertainty_mm": [2.0, 2.0, None if z is None else 2.0], "rotation_uncertainty_deg": [0.0] * 3,
    }  # fmt: skip
    return {"global_id": global_id, "state": "installed", "pose": pose}


def test_what_was_measured_takes_the_place_of_the_design(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A post built 30 mm too high meets the beam above it; one whose height was not seen may."""
    made = Model("mm")
    names = [("post", (0, 0, 0)), ("other", (2, 0, 0)), ("beam", (0, 0, 3.01))]
    sizes = {"post": (0.3, 0.3, 3.0), "other": (0.3, 0.3, 3.0), "beam": (3.0, 0.3, 0.4)}
    ids = dict[str, str]()
    for name, at in names:
        product = made.add("IfcBeam", made.block(sizes[name]), at=at)
        product.Name, ids[name] = name, product.GlobalId
    model, report = made.write(tmp_path / "m.ifc"), tmp_path / "report.json"
    missing = {"global_id": ids["beam"], "state": "missing", "pose": None}
    content = _report(model, [_entry(ids["post"], 30.0), _entry(ids["other"], None), missing])
    report.write_text(json.dumps(content), "utf-8")
    base = [
        "assemble",
        str(model),
        "--quiet",
        "--no-cache",
        "--report",
        "json",
        "--workers",
        "1",
        "--out",
        str(tmp_path / "out"),
    ]
    assert main([*base, "--as-built", str(report)]) == 1
    document = read_result(tmp_path / "out" / "assembly.json")
    by_name = {frozenset((c["first"]["name"], c["second"]["name"])): c for c in document["clashes"]}
    sure, open_ = by_name[frozenset(("post", "beam"))], by_name[frozenset(("other", "beam"))]
    assert (sure["kind"], sure["decision"], sure["as_designed"]) == ("hard", "clash", None)
    assert (sure["depth_mm"], sure["sd_mm"]) == pytest.approx((20.0, 1.0))
    assert (open_["kind"], open_["decision"]) == ("possible", "undecided")
    side = next(open_[which] for which in ("first", "second") if open_[which]["name"] == "other")
    assert (side["place"], side["unknown"]) == ("as_built", ["z"])
    assert document["uncertainty"]["places"] == {"as_designed": 0, "as_built": 2, "not_built": 1, "not_seen": 0}
    capsys.readouterr()
    assert main([*base, "--as-built", str(report), "--unseen", "0mm"]) == 1
    told = capsys.readouterr().out
    assert "other" not in told  # taken as designed it is 10 mm below the beam
    for change, said in (
        ({"registration": {"status": "refused"}}, "refused"),
        ({"provenance": {"model_sha256": "0"}}, "another model"),
        ({"schema": "qtems.plan/1"}, "no report of a check"),
        ({"elements": [{**_entry(ids["post"], 1.0), "pose": {"coverage_factor": 2}}]}, "translation_mm"),
        ({"elements": [_entry(ids["post"], 1e300)]}, "no number"),
    ):
        report.write_text(json.dumps({**content, **change}), "utf-8")
        assert main([*base, "--as-built", str(report)]) == 2
        line = capsys.readouterr().err
        assert said in line
        assert line.count("\n") == 1


def test_two_of_one_check_share_its_registration(tmp_path: Path) -> None:
    """Two posts 4 mm apart, each placed to 1 mm through a frame that is known to 10 mm alone."""
    made = Model("mm")
    ids = [made.add("IfcColumn", made.block((0.3, 0.3, 3.0)), at=(x, 0, 0)).GlobalId for x in (0, 0.304)]
    model, report = made.write(tmp_path / "m.ifc"), tmp_path / "report.json"
    covariance = [[(1.01e-4 if i < 3 else 0.0) if i == j else 0.0 for j in range(6)] for i in range(6)]
    frame = [[(1e-4 if i > 2 else 0.0) if i == j else 0.0 for j in range(6)] for i in range(6)]
    entries = [_entry(one, 0.0) for one in ids]
    for entry in entries:
        entry["pose"]["covariance"] = covariance
    found = dict[str, Any]()
    for name, registration in (
        ("shared", {"status": "ok", "covariance": frame, "covariance_pivot_m": [5.0, 0.0, 0.0]}),
        ("unknown", {"status": "ok", "covariance": None, "covariance_pivot_m": None}),
    ):
        report.write_text(json.dumps(_report(model, entries, registration=registration)), "utf-8")
        out = tmp_path / name
        base = ["assemble", str(model), "--quiet", "--no-cache", "--report", "json", "--out", str(out)]
        main([*base, "--as-built", str(report)])
        found[name] = read_result(out / "assembly.json")["clashes"]
    assert found["shared"] == []  # 4 mm are 2.8 of √2 mm
    assert found["unknown"][0]["decision"] == "undecided"
    assert found["unknown"][0]["sd_mm"] == pytest.approx((2 * 101.0) ** 0.5, rel=1e-3)


def test_page_and_bcf_show_the_worst(model: Path, tmp_path: Path) -> None:
    pytest.importorskip("vtkmodules")
    out = tmp_path / "shown"
    base = ["assemble", str(model), "--quiet", "--no-cache", "--clearance", "50mm"]
    assert main([*base, "--out", str(out), "--report", "html,bcf", "--lang", "zh"]) == 1
    page = (out / "assembly.html").read_text("utf-8")
    assert "重复构件" in page
    assert "<script" not in page
    document = read_result(out / "assembly.json")
    asked = [clash for clash in document["clashes"] if clash["kind"] != "touching"]
    with ZipFile(out / "assembly.bcf") as archive:
        names = archive.namelist()
        topics = {name.split("/")[0] for name in names if name.endswith("markup.bcf")}
        assert len(topics) == len(asked) == 5
        markup = archive.read(next(name for name in names if name.endswith("markup.bcf"))).decode()
        views = [archive.read(name).decode() for name in names if name.endswith(".bcfv")]
    assert "碰撞" in markup
    assert all(view.count("<Component ") >= 2 for view in views)
    assert page.count("data:image/png") == sum(name.endswith(".png") for name in names)
    again = tmp_path / "again"
    assert main([*base, "--out", str(again), "--report", "bcf", "--lang", "zh"]) == 1
    assert not (again / "assembly.html").exists()
    assert (again / "assembly.bcf").read_bytes() == (out / "assembly.bcf").read_bytes()


def test_clashes_are_coloured_in_a_model_that_others_open(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["assemble", str(model), "--out", str(tmp_path), "--quiet", "--no-cache", "--report", "glb"]
    assert main([*asked, "--clearance", "50mm"]) == 1
    capsys.readouterr()
    content = (tmp_path / "assembly.glb").read_bytes()
    document = json.loads(content[20 : 20 + int.from_bytes(content[12:16], "little")])
    assert "animations" not in document
    colours = {
        node["extras"]["name"]: document["materials"][document["meshes"][node["mesh"]]["primitives"][0]["material"]][
            "name"
        ]
        for node in document["nodes"][1:]
    }
    clashing = {name for name, colour in colours.items() if colour == "clash"}
    assert clashing == {"one", "two", "post", "slab", "first", "again", "near"}
    assert {colours["left"], colours["right"]} == {"model"}, "these are meant to meet"
