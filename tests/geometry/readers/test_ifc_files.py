"""Real IFC files: each reads, with the elements it is known to have, or says why it holds none."""

import os
from pathlib import Path

import numpy as np
import pytest

from geometry.design import DesignModel
from geometry.errors import EmptyInput, ReadError
from geometry.mesh_health import mesh_health
from geometry.readers.ifc import read_ifc

ROOT = Path(os.environ.get("QTEMS_SHARED_DATA", Path(__file__).parents[4] / "shared" / "data"))
needs_files = pytest.mark.skipif(
    not (ROOT / "ifc").is_dir(), reason=f"the shared IFC files are not at {ROOT} (set QTEMS_SHARED_DATA)"
)

QUICK = {
    "fzk-haus/AC20-FZK-Haus.ifc": 82,
    "ifc-lite-samples/infra-bridge.ifc": 48,
    "ifc-lite-samples/building-architecture.ifc": 11,
    "ifcopenshell/large_offset.ifc": 8,
    "bim-whale/TallBuilding.ifc": 55,
}
SAMPLES = "ifc4x3-samples/"
ALL = QUICK | {
    "duplex-georeferenced/Duplex_A_20110907.ifc": 215,
    "duplex-georeferenced/Duplex_A_20110907_georeferenced.ifc": 215,
    "bim-whale/LargeBuilding.ifc": 114,
    "bim-whale/ManySimpleWalls.ifc": 20,
    "bim-whale/SimpleWall.ifc": 2,
    "ifc-lite-samples/bath_csg_solid.ifc": 1,
    "ifc-lite-samples/hello-wall.ifc": 3,
    "ifcopenshell/IfcReinforcingBar.ifc": 18,
    "ifcopenshell/construction_scheduling_task.ifc": 5,
}
SAMPLE_COUNTS = {
    "beam-parametric-cross-section": 18,
    "beam-varying-cardinal-points": 4,
    "beam-varying-extrusion-paths": 2,
    "beam-varying-profiles": 2,
    "construction-scheduling-task": 5,
    "curve-parameters-in-degrees": 3,
    "curve-parameters-in-radians": 3,
    "grid-placement": 35,
    "linear-placement-of-signal": 2,
    "reinforcing-assembly": 35,
}
"""Of the other samples each has one element, or none."""
WITHOUT_ELEMENTS = {
    "segmented-reference-curve",
    "structural-curve-member",
    "tessellation-with-blob-texture",
    "tessellation-with-image-texture",
    "tessellation-with-pixel-texture",
    "IFC2X3_Geolocation",
}


def faults_of(model: DesignModel) -> list[str]:
    """Return what is wrong with a model that should be sound: nothing."""
    corners = np.concatenate([element.mesh.vertices for element in model.elements.values()])
    faults = [f"{id_} has no geometry" for id_ in model.without_geometry]
    faults += [f"{id_}: {element.suspect}" for id_, element in model.elements.items() if element.suspect]
    faults += [] if np.abs(corners.min(axis=0)).max() < 1e-9 else ["the origin is not the smallest corner"]
    solids = [element for element in model.elements.values() if not element.sheet]
    return faults + [f"{e.global_id} has no volume" for e in solids if not mesh_health(e.mesh).volume > 0.0]


@needs_files
@pytest.mark.parametrize(("name", "count"), QUICK.items())
def test_a_real_model_has_its_elements(name: str, count: int) -> None:
    model = read_ifc(ROOT / "ifc" / name, workers=1)
    assert len(model.elements) == count
    assert faults_of(model) == []


@needs_files
@pytest.mark.nightly
@pytest.mark.parametrize("path", sorted((ROOT / "ifc").rglob("*.ifc")), ids=lambda path: path.stem)
def test_every_real_model_reads_or_says_why_not(path: Path) -> None:
    if path.stem in WITHOUT_ELEMENTS:
        with pytest.raises(EmptyInput, match="no element"):
            read_ifc(path, workers=2)
        return
    name = path.relative_to(ROOT / "ifc").as_posix()
    model = read_ifc(path, workers=1)
    assert len(model.elements) == ALL.get(name, SAMPLE_COUNTS.get(path.stem, 1))
    assert faults_of(model) == []


@needs_files
def test_a_far_model_keeps_its_precision() -> None:
    model = read_ifc(ROOT / "ifc" / "ifcopenshell" / "large_offset.ifc", workers=1)
    assert np.abs(model.origin[:2]).max() > 1e6
    # walls are modelled in whole millimetres: nothing may be lost on the way
    wall = next(element for element in model.elements.values() if element.ifc_class == "IfcWallStandardCase")
    volume = wall.quantities.get("BaseQuantities.NetVolume")
    assert volume is None or mesh_health(wall.mesh).volume == pytest.approx(volume, rel=1e-3)
    assert np.abs(model.elements[wall.global_id].mesh.vertices).max() < 1e4


BROKEN = sorted((ROOT / "broken" / "ifc-step-parser").rglob("*.ifc"))


@needs_files
@pytest.mark.parametrize("path", BROKEN[:: max(1, len(BROKEN) // 6)], ids=lambda path: path.stem)
def test_a_broken_file_gets_one_clear_line(path: Path) -> None:
    said = refusal_of(path)
    assert path.name in said
    assert "\n" not in said


@needs_files
@pytest.mark.nightly
@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_every_broken_file_gets_one_clear_line(path: Path) -> None:
    said = refusal_of(path)
    assert path.name in said
    assert "\n" not in said
    assert ("used twice" in said) == ("duplicate" in path.stem)


def refusal_of(path: Path) -> str:
    """Return why a file is refused: none of these has an element with a shape, whatever the parser makes of it."""
    with pytest.raises((ReadError, EmptyInput)) as caught:
        read_ifc(path, workers=1)
    return str(caught.value)
