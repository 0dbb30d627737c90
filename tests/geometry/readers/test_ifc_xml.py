"""IFC as XML: the same model as STEP text and in both XML spellings gives the same design."""

# pyright: basic

import importlib.util
import zipfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import pytest

from geometry.errors import ReadError
from geometry.mesh_health import mesh_health
from geometry.readers.ifc import read_ifc

_spec = importlib.util.spec_from_file_location("ifc_models", Path(__file__).with_name("ifc_models.py"))
assert _spec is not None
assert _spec.loader is not None
ifc_models = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(ifc_models)

XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def house(schema: str) -> Any:
    model = ifc_models.Model("mm", schema)
    wall = model.add("IfcWall", model.block((4.0, 0.3, 3.0)), at=(1.0, 2.0, 0.0), name="wall & co")
    model.opening(wall, model.block((0.9, 0.5, 2.1), (1.0, -0.1, 0.0)), at=(1.0, 2.0, 0.0))
    model.quantities(wall, Length=4.0)
    single = model.make("IfcPropertySingleValue", "Fire", None, model.make("IfcLabel", "R90"), None)
    pset = model.make("IfcPropertySet", model.guid(), None, "Pset", None, [single])
    model.make("IfcRelDefinesByProperties", model.guid(), None, None, None, [wall], pset)
    if schema == "IFC4":
        corners = [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
        faces = [[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]
        model.add("IfcBuildingElementProxy", model.faces(corners, faces, True), at=(9.0, 0.0, 0.0), name="pyramid")
    return model


def ifc2x3_xml(model: Any) -> str:
    """Write every value as an element, as ISO 10303-28 does."""
    rows = []
    for instance in model.file:
        rows.append(f'<{instance.is_a()} id="i{instance.id()}">')
        for name, value in zip(instance.get_attribute_names(), list(instance), strict=True):
            if value is not None:
                rows.append(f"<{name}>{element_value(value)}</{name}>")
        rows.append(f"</{instance.is_a()}>")
    inside = "\n".join(rows)
    return (
        f'<?xml version="1.0"?>\n<ex:iso_10303_28 {XSI} xmlns:ex="urn:iso.org:standard:10303:part(28):version(2)">'
        f'<uos id="uos_1" xmlns="http://www.iai-tech.org/ifcXML/IFC2x3/FINAL">{inside}</uos></ex:iso_10303_28>'
    )


def element_value(value: Any, place: str = "") -> str:
    if isinstance(value, tuple | list):
        return "".join(element_value(part, f' pos="{k}"') for k, part in enumerate(value))
    if hasattr(value, "is_a"):
        if value.id():
            return f'<{value.is_a()} ref="i{value.id()}" xsi:nil="true"{place}/>'
        return f"<{value.is_a()}{place}>{escape(text_of(value.wrappedValue))}</{value.is_a()}>"
    return f"<ex:double-wrapper{place}>{text_of(value)}</ex:double-wrapper>" if place else escape(text_of(value))


def ifc4_xml(model: Any) -> str:
    """Write simple values as XML attributes, as ifcXML of IFC4 does."""
    rows = []
    for instance in model.file:
        simple, nested = [f'id="i{instance.id()}"'], []
        for name, value in zip(instance.get_attribute_names(), list(instance), strict=True):
            if value is None or value == ():
                continue
            words = flat(value)
            if words is not None:
                simple.append(f"{name}={quoteattr(words)}")
            elif isinstance(value, tuple | list):
                parts = "".join(f'<{v.is_a()} ref="i{v.id()}" xsi:nil="true"/>' for v in value)
                nested.append(f"<{name}>{parts}</{name}>")
            elif value.id():
                nested.append(f'<{name} xsi:type="{value.is_a()}" ref="i{value.id()}" xsi:nil="true"/>')
            else:
                wrapped = f"<{value.is_a()}-wrapper>{escape(text_of(value.wrappedValue))}</{value.is_a()}-wrapper>"
                nested.append(f"<{name}>{wrapped}</{name}>")
        rows.append(f"<{instance.is_a()} {' '.join(simple)}>{''.join(nested)}</{instance.is_a()}>")
    inside = "\n".join(rows)
    return f'<?xml version="1.0"?>\n<ifcXML {XSI} xmlns="http://www.buildingsmart-tech.org/ifcXML/IFC4/Add2">{inside}</ifcXML>'


def flat(value: Any) -> str | None:
    """Return a simple value, or a list of them, as words; None where entities are in it."""
    if isinstance(value, tuple | list):
        words = [flat(part) for part in value]
        return None if any(word is None for word in words) else " ".join(str(word) for word in words)
    return None if hasattr(value, "is_a") else text_of(value)


def text_of(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value.lower() if isinstance(value, str) and value.isupper() and value.isalpha() else str(value)


@pytest.mark.parametrize(("schema", "spell"), [("IFC2X3", ifc2x3_xml), ("IFC4", ifc4_xml)])
def test_xml_and_step_give_the_same_design(schema: str, spell: Any, tmp_path: Path) -> None:
    model = house(schema)
    step = read_ifc(model.write(tmp_path / "house.ifc"), workers=1)
    (tmp_path / "house.ifcxml").write_text(spell(model), "utf-8")
    xml = read_ifc(tmp_path / "house.ifcxml", workers=1)
    assert xml.source.format == schema
    assert list(xml.elements) == list(step.elements)
    assert xml.storeys == step.storeys == {"Ground": pytest.approx(1.5)}
    for id_, element in xml.elements.items():
        twin = step.elements[id_]
        np.testing.assert_allclose(element.mesh.vertices, twin.mesh.vertices, atol=1e-12)
        np.testing.assert_array_equal(element.mesh.faces, twin.mesh.faces)
        assert (element.name, element.storey, element.quantities) == (twin.name, twin.storey, twin.quantities)
        assert element.openings == twin.openings
        assert {k: str(v).lower() for k, v in element.properties.items()} == {
            k: str(v).lower() for k, v in twin.properties.items()
        }


NESTED = f"""<?xml version="1.0" encoding="utf-8"?>
<ifcXML {XSI} xmlns="http://www.buildingsmart-tech.org/ifcXML/IFC4/Add2">
 <header><name>x</name></header>
 <IfcProject id="i1" GlobalId="0000000000000000000001" Name="p">
  <IsDecomposedBy><IfcRelAggregates GlobalId="0000000000000000000002"><RelatedObjects>
   <IfcBuildingStorey GlobalId="0000000000000000000003" Name="Ground" CompositionType="element" Elevation="2500">
    <ContainsElements><IfcRelContainedInSpatialStructure GlobalId="0000000000000000000004"><RelatedElements>
     <IfcColumn id="i3" GlobalId="0000000000000000000005" Name="C1" PredefinedType="column">
      <ObjectPlacement xsi:type="IfcLocalPlacement"><RelativePlacement>
       <IfcAxis2Placement3D><Location Coordinates="1000 2000 0"/></IfcAxis2Placement3D>
      </RelativePlacement></ObjectPlacement>
      <Representation xsi:type="IfcProductDefinitionShape"><Representations>
       <IfcShapeRepresentation RepresentationIdentifier="Body" RepresentationType="SweptSolid">
        <ContextOfItems xsi:type="IfcGeometricRepresentationContext" xsi:nil="true" ref="i9"/>
        <Items><IfcExtrudedAreaSolid Depth="3000">
         <SweptArea xsi:type="IfcRectangleProfileDef" ProfileType="area" XDim="400" YDim="200"/>
         <ExtrudedDirection DirectionRatios="0. 0. 1."/>
        </IfcExtrudedAreaSolid></Items>
       </IfcShapeRepresentation>
      </Representations></Representation>
     </IfcColumn>
    </RelatedElements></IfcRelContainedInSpatialStructure></ContainsElements>
   </IfcBuildingStorey>
  </RelatedObjects></IfcRelAggregates></IsDecomposedBy>
  <RepresentationContexts>
   <IfcGeometricRepresentationContext id="i9" ContextType="Model" CoordinateSpaceDimension="3" Precision="1E-5">
    <WorldCoordinateSystem>
     <IfcAxis2Placement3D><Location Coordinates="0 0 0"/></IfcAxis2Placement3D>
    </WorldCoordinateSystem>
   </IfcGeometricRepresentationContext>
  </RepresentationContexts>
  <UnitsInContext><Units>
   <IfcSIUnit UnitType="lengthunit" Prefix="milli" Name="metre"/>
  </Units></UnitsInContext>
 </IfcProject>
</ifcXML>
"""


def test_relations_written_under_what_they_relate_are_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "nested.ifczip", "w") as archive:
        archive.writestr("nested.ifcXML", NESTED)
    model = read_ifc(tmp_path / "nested.ifczip", workers=1)
    (column,) = model.elements.values()
    assert (column.name, column.storey, model.length_unit_m) == ("C1", "Ground", 0.001)
    assert model.storeys == {"Ground": pytest.approx(2.5)}
    assert mesh_health(column.mesh).volume == pytest.approx(0.4 * 0.2 * 3.0)
    np.testing.assert_allclose(model.origin, [0.8, 1.9, 0.0])


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("</ifcXML>", ""), "not well-formed"),
        (('ref="i9"', 'ref="i99"'), "refers to i99"),
        (('Depth="3000"', 'Depth="high"'), "no number"),
        (("ifcXML/IFC4/Add2", "something/else"), "no known IFC schema"),
        (("IfcExtrudedAreaSolid", "IfcSolidModel"), "no instances"),
        (("IfcExtrudedAreaSolid", "IfcMystery"), "no class of the schema"),
    ],
)
def test_bad_xml_gets_one_clear_line(change: tuple[str, str], complaint: str, tmp_path: Path) -> None:
    (tmp_path / "bad.ifcxml").write_text(NESTED.replace(*change))
    with pytest.raises(ReadError, match=complaint) as caught:
        read_ifc(tmp_path / "bad.ifcxml", workers=1)
    assert "bad.ifcxml" in str(caught.value)
    assert "\n" not in str(caught.value)
