"""STEP: parts with names, places, units and colours; triangles that keep the exact volume; broken files in one line."""

import importlib.util
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from geometry.design import DesignModel
from geometry.errors import GeometryError, ReadError
from geometry.mesh_health import mesh_health, signed_volume
from geometry.readers import read_design
from geometry.readers import step as step_reader
from geometry.readers.step_parts import StepContent, StepPart, chord, read_parts
from tests.geometry.readers.step_models import write_assembly

SHARED = Path(os.environ.get("QTEMS_SHARED_DATA", Path(__file__).parents[4] / "shared" / "data")) / "cad"
PLATE = 0.1 * 0.06 * 0.01 - np.pi * 0.01**2 * 0.01
PIN = np.pi * 0.0095**2 * 0.03


def _always(answer: object) -> Callable[[object], object]:
    def answered(_: object) -> object:
        return answer

    return answered


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_assembly(tmp_path_factory.mktemp("step") / "fixture.STEP")


@pytest.fixture(scope="module")
def content(assembly: Path) -> StepContent:
    return read_parts(assembly)


@pytest.fixture(scope="module")
def design(assembly: Path, content: StepContent) -> DesignModel:
    with pytest.MonkeyPatch.context() as patch:  # another process would take a second more
        patch.setattr("geometry.readers.step_parts.read_parts", _always(content))
        return read_design(assembly)


def test_parts_come_with_names_places_and_colours(design: DesignModel) -> None:
    assert sorted(element.name for element in design.elements.values()) == ["pin", "pin", "plate"]
    assert (design.length_unit_m, design.source.format) == (0.001, "STEP")
    plate = next(element for element in design.elements.values() if element.name == "plate")
    pins = [element for element in design.elements.values() if element.name == "pin"]
    assert plate.properties["Step.Assembly"] == "fixture"
    assert [pin.properties["Step.Colour"] for pin in pins] == ["#ff0000"] * 2
    assert plate.mesh.bounds() + design.origin == pytest.approx(np.array([[0, 0, 0], [0.1, 0.06, 0.01]]), abs=1e-9)
    boxes = [pin.mesh.bounds() + design.origin for pin in pins]
    upright, lying = sorted(boxes, key=lambda box: float(box[0, 2]))
    assert upright == pytest.approx(np.array([[0.0205, 0.0205, -0.01], [0.0395, 0.0395, 0.02]]), abs=2e-5)
    assert lying == pytest.approx(np.array([[0.06, 0.0205, 0.0005], [0.09, 0.0395, 0.0195]]), abs=2e-5)


def test_triangles_are_closed_and_keep_the_exact_volume(content: StepContent, design: DesignModel) -> None:
    exact = {"plate": PLATE, "pin": PIN}
    for part in content.parts:
        assert part.volume == pytest.approx(exact[part.product], rel=1e-9)  # of the surfaces, by GProp
    for element in design.elements.values():
        assert mesh_health(element.mesh).closed
        assert not element.suspect
        part = next(part for part in content.parts if part.product == element.name)
        assert abs(signed_volume(element.mesh) - part.volume) <= step_reader.volume_bound(part)


def test_the_same_file_gives_the_same_parts(assembly: Path, content: StepContent) -> None:
    again = read_parts(assembly)
    assert [part.way for part in again.parts] == [part.way for part in content.parts]
    for one, other in zip(content.parts, again.parts, strict=True):
        assert (one.vertices.tobytes(), one.faces.tobytes()) == (other.vertices.tobytes(), other.faces.tobytes())


def test_inches_are_inches(tmp_path: Path) -> None:
    design = read_design(write_assembly(tmp_path / "inch.stp", "INCH"))
    assert design.length_unit_m == 0.0254
    plate = next(element for element in design.elements.values() if element.name == "plate")
    assert np.ptp(plate.mesh.vertices, axis=0) == pytest.approx([0.1, 0.06, 0.01], abs=1e-8)


def test_a_part_whose_triangles_lost_volume_is_told(
    assembly: Path, content: StepContent, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = content.parts[0]
    wrong: StepPart = replace(part, volume=1.2 * part.volume)
    monkeypatch.setattr("geometry.readers.step_parts.read_parts", _always(StepContent((wrong,), "mm", 1e-3, (), 0)))
    (element,) = read_design(assembly).elements.values()
    assert "its triangles hold" in element.suspect


def _cut(path: Path, target: Path, keep: slice, add: bytes = b"") -> Path:
    target.write_bytes(path.read_bytes()[keep] + add)
    return target


def test_broken_files_are_one_line(assembly: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = assembly.stat().st_size
    ends = b"\nENDSEC;\nEND-ISO-10303-21;\n"
    ifc = assembly.read_bytes().replace(b"FILE_SCHEMA((", b"FILE_SCHEMA(('IFC4','", 1)
    (tmp_path / "ifc.stp").write_bytes(ifc)
    cases = {
        "breaks off": _cut(assembly, tmp_path / "short.stp", slice(0, size // 2)),
        "cannot be understood": _cut(assembly, tmp_path / "half.stp", slice(0, size // 2), ends),
        "name it ifc.ifc": tmp_path / "ifc.stp",
    }
    for told, path in cases.items():
        with pytest.raises(GeometryError, match=told) as caught:
            read_design(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
    monkeypatch.setattr(importlib.util, "find_spec", _always(None))
    with pytest.raises(ReadError, match=r"pip install 'qtems\[cad\]'"):
        read_design(assembly)


def test_a_kernel_that_crashes_or_hangs_is_survived(assembly: Path) -> None:
    with pytest.raises(ReadError, match="crashes the kernel"):
        read_parts(assembly, entry="import os; os.abort()")
    with pytest.raises(ReadError, match="took more than"):
        read_parts(assembly, entry="import time; time.sleep(60)", limit_s=0.2)


def test_a_part_in_a_missing_file_is_told(tmp_path: Path) -> None:
    source = SHARED / "cax-if" / "cax-if" / "s1_pe_214"
    if not source.is_dir():
        pytest.skip(f"no STEP assemblies of others in {SHARED}")
    for name in ("foot_asm.stp", "foot_back_prt.stp"):
        (tmp_path / name).write_bytes((source / name).read_bytes())
    design = read_design(tmp_path / "foot_asm.stp")
    assert [element.name for element in design.elements.values()] == ["FOOT_BACK"]
    assert len(design.without_geometry) == 1
    assert any("foot_front_prt.stp is missing" in note for note in design.notes)


def test_a_published_assembly_has_its_parts() -> None:
    """The plate with two brackets, a rod and its bolts and nuts that CAD systems are compared with."""
    path = SHARED / "cax-if" / "cax-if" / "as1-oc-214.stp"
    if not path.is_file():
        pytest.skip(f"no STEP assemblies of others in {SHARED}")
    design = read_design(path)
    names = [element.name for element in design.elements.values()]
    assert {name: names.count(name) for name in set(names)} == {
        "plate": 1,
        "l-bracket": 2,
        "rod": 1,
        "bolt": 6,
        "nut": 8,
    }
    assert not any(element.suspect for element in design.elements.values())
    assert chord(0.05) == 2e-5
