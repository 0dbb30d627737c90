# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false, reportAttributeAccessIssue=false
"""The copy with verdicts, read by IfcOpenShell: the sets are there, nothing else changed, it is as valid as before."""

import dataclasses
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geometry.errors import ReadError
from geometry.readers.global_id import is_global_id
from geometry.verdict import Measurement, Outcome, State
from twin.errors import Invalid
from twin.ifc_writeback import SET_NAME, Verification, step_real, step_string, verification_of, write_back
from twin.report.words import clean
from twin.result import ElementResult

SHARED = Path(os.environ.get("QTEMS_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
WALLS = ["0AAAAAAAAAAAAAAAAAAAAA", "1BBBBBBBBBBBBBBBBBBBBB", "2CCCCCCCCCCCCCCCCCCCCC"]
TRICKY = """/* a comment with #900=IFCWALL('0AAAAAAAAAAAAAAAAAAAAA',$,$,$,$,$,$,$,$); in it */
#77=IFCWALL('1BBBBBBBBBBBBBBBBBBBBB',OWNER,'it''s; ENDSEC; #901=IFCWALL(',$,$,$,
  $,'/* no comment',TYPED);
#78 = IFCWALL ( '2CCCCCCCCCCCCCCCCCCCCC' , OWNER , 'DATA;' , $ , $ , $ , $ , $ TYPED2);
"""


def opened(path: Path) -> Any:
    import ifcopenshell

    return ifcopenshell.open(str(path))


def model(schema: str, line_end: str = "\n") -> bytes:
    """Return a small model: one wall as a library writes it, two with all that a text can be caught by."""
    import ifcopenshell

    made: Any = ifcopenshell.file
    file = made(schema=schema)
    history: Any = None
    if schema == "IFC2X3":
        person = file.createIfcPerson(FamilyName="Li")
        organization = file.createIfcOrganization(Name="Office")
        both = file.createIfcPersonAndOrganization(person, organization)
        application = file.createIfcApplication(organization, "1", "Tool", "tool")
        history = file.createIfcOwnerHistory(both, application, ChangeAction="ADDED", CreationDate=1)
    unit = file.createIfcSIUnit(None, "LENGTHUNIT", "MILLI", "METRE")
    origin = file.createIfcAxis2Placement3D(file.createIfcCartesianPoint((0.0, 0.0, 0.0)))
    context = file.createIfcGeometricRepresentationContext(None, "Model", 3, 1e-5, origin)
    file.createIfcProject(
        "3DDDDDDDDDDDDDDDDDDDDD", history, "P", RepresentationContexts=[context],
        UnitsInContext=file.createIfcUnitAssignment([unit]),
    )  # fmt: skip
    file.createIfcWall(WALLS[0], history, "plain")
    text = file.to_string()
    text = re.sub(r"FILE_NAME\([^;]*;", "FILE_NAME('墙.ifc','2026-01-02T03:04:05',(''),(''),'x','y','');", text)
    # IFC2X3 has no PredefinedType
    new = TRICKY.replace("OWNER", f"#{history.id()}" if history else "$")
    new = new.replace(",TYPED", "" if history else ",$").replace(" TYPED2", "" if history else ",$")
    head, _, tail = text.rpartition("ENDSEC;")
    return f"{head}{new}ENDSEC;{tail}".replace("\n", line_end).encode()


def verifications(**change: Any) -> list[Verification]:
    first = Verification(
        WALLS[0], "IfcWall", Outcome.FAIL, State.INSTALLED, "2026-05 扫描", "run 'é' \\ 7 😀",
        "position", -0.0123, 0.0021, "GB 50204-2015 8.3.2", ("NCR-0001", "NCR-0007"),
    )  # fmt: skip
    second = Verification(WALLS[1], "IfcWall", Outcome.NOT_MEASURED, State.MISSING, "2026-05 扫描", "run 1")
    third = dataclasses.replace(first, global_id=WALLS[2])
    return [dataclasses.replace(one, **change) for one in (third, first, second)]


@pytest.fixture(params=["IFC2X3", "IFC4", "IFC4X3_ADD2"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "model.ifc"
    path.write_bytes(model(request.param))
    return path


def sets_of(path: Path) -> dict[str, dict[str, Any]]:
    import ifcopenshell.util.element

    file: Any = opened(path)
    found = {}
    for global_id in WALLS:
        sets = ifcopenshell.util.element.get_psets(file.by_guid(global_id))
        if SET_NAME in sets:
            found[global_id] = {key: value for key, value in sets[SET_NAME].items() if key != "id"}
    return found


def errors(path: Path) -> list[str]:
    import ifcopenshell.validate

    log: Any = ifcopenshell.validate.json_logger()
    ifcopenshell.validate.validate(str(path), log, express_rules=True)
    # what a rule prints holds the addresses of objects
    return sorted(re.sub(r"0x[0-9a-f]+", "", str(statement["message"])) for statement in log.statements)


def test_each_element_gets_its_set(source: Path, tmp_path: Path):
    target = tmp_path / "copy.ifc"
    found = write_back(source, target, verifications(), length_unit_m=0.001)
    assert (found.written, found.not_in_model, found.replaced) == (3, (), 0)
    full = {
        "Verdict": "fail", "State": "installed", "Characteristic": "position", "Requirement": "GB 50204-2015 8.3.2",
        "ScanEpoch": "2026-05 扫描", "CheckId": "run 'é' \\ 7 😀", "NonconformanceReports": "NCR-0001, NCR-0007",
        "Deviation": pytest.approx(-12.3), "ExpandedUncertainty": pytest.approx(2.1),
    }  # fmt: skip
    sparse = {"Verdict": "not_measured", "State": "missing", "ScanEpoch": "2026-05 扫描", "CheckId": "run 1"}
    assert sets_of(target) == {WALLS[0]: full, WALLS[1]: sparse, WALLS[2]: full}
    file: Any = opened(target)
    assert {type_.is_a() for one in file.by_type("IfcPropertySingleValue") if (type_ := one.NominalValue)} == {
        "IfcLabel",
        "IfcText",
        "IfcLengthMeasure",
    }


def test_the_copy_is_as_valid_as_the_original(source: Path, tmp_path: Path):
    target = tmp_path / "copy.ifc"
    write_back(source, target, verifications(), length_unit_m=0.001)
    assert not (found := errors(target)) or found == errors(source)  # each schema's rules take seconds to load


def test_nothing_of_the_original_is_changed(source: Path, tmp_path: Path):
    target = tmp_path / "copy.ifc"
    write_back(source, target, verifications(), length_unit_m=0.001)
    before, after = source.read_bytes(), target.read_bytes()
    end = before.rindex(b"ENDSEC;")
    assert after.startswith(before[:end])
    assert after.endswith(before[end:])
    added = after[end : len(after) - len(before) + end].decode("ascii").splitlines()
    # nine properties of the first and the third wall, three more of the second, whose ScanEpoch is theirs
    assert len(added) == 9 + 3 + 3 * 2
    new: Any = opened(target)
    ids = [root.GlobalId for root in new.by_type("IfcRoot")]
    assert len(set(ids)) == len(ids)
    assert all(is_global_id(id_) for id_ in ids)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", ""])
def test_a_second_write_back_replaces_the_first(tmp_path: Path, line_end: str):
    source = tmp_path / "model.ifc"
    source.write_bytes(model("IFC4", line_end))
    once, twice, other = tmp_path / "1.ifc", tmp_path / "2.ifc", tmp_path / "3.ifc"
    write_back(source, once, verifications(epoch="old")[:2], length_unit_m=0.001)
    found = write_back(once, twice, verifications()[1:], length_unit_m=0.001)
    write_back(source, other, verifications()[1:], length_unit_m=0.001)
    assert found.replaced == 2
    assert twice.read_bytes() == other.read_bytes()
    assert set(sets_of(twice)) == {WALLS[0], WALLS[1]}
    nothing = tmp_path / "4.ifc"
    write_back(twice, nothing, [], length_unit_m=0.001)
    assert nothing.read_bytes() == source.read_bytes()


def test_the_sets_of_a_copy_that_another_program_saved_are_replaced_too(source: Path, tmp_path: Path):
    once, saved, twice = tmp_path / "1.ifc", tmp_path / "2.ifc", tmp_path / "3.ifc"
    write_back(source, once, verifications(), length_unit_m=0.001)
    file: Any = opened(once)
    file.write(str(saved))
    # a property that the other program took for something of its own has to stay
    shared = next(one for one in file.by_type("IfcPropertySingleValue") if one.Name == "ScanEpoch")
    theirs = f"#9999=IFCPROPERTYSET('0EEEEEEEEEEEEEEEEEEEEE',$,'Theirs',$,(#{shared.id()}));"
    saved.write_text(saved.read_text().replace("ENDSEC;\nEND-ISO", f"{theirs}\nENDSEC;\nEND-ISO"))
    found = write_back(saved, twice, verifications(epoch="new")[:1], length_unit_m=0.001)
    assert found.replaced == 3
    assert set(sets_of(twice)) == {WALLS[2]}
    after: Any = opened(twice)
    (kept,) = [one for one in after.by_type("IfcPropertySet") if one.Name == "Theirs"]
    assert kept.HasProperties[0].NominalValue.wrappedValue == "2026-05 扫描"
    assert len(after.by_type("IfcPropertySingleValue")) == 9 + 1


def test_a_set_that_something_else_uses_is_not_torn_out(tmp_path: Path):
    source, copy = tmp_path / "model.ifc", tmp_path / "copy.ifc"
    source.write_bytes(model("IFC4"))
    write_back(source, copy, verifications(), length_unit_m=0.001)
    file: Any = opened(copy)
    ours = next(one for one in file.by_type("IfcPropertySet") if one.Name == SET_NAME)
    file.createIfcWallType("0EEEEEEEEEEEEEEEEEEEEE", None, "T", HasPropertySets=[ours], PredefinedType="NOTDEFINED")
    file.write(str(copy))
    with pytest.raises(Invalid, match=r"#\d+ IFCWALLTYPE refers to a Qtems_Verification of an earlier write-back"):
        write_back(copy, tmp_path / "next.ifc", verifications(), length_unit_m=0.001)
    assert not list(tmp_path.glob("next*"))


def test_an_archive_stays_an_archive_with_the_same_bytes_each_time(tmp_path: Path):
    source = tmp_path / "model.ifczip"
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("inner/haus.ifc", model("IFC4"))
    for name in ("1.ifczip", "2.ifczip"):
        write_back(source, tmp_path / name, verifications(), length_unit_m=0.001)
    assert (tmp_path / "1.ifczip").read_bytes() == (tmp_path / "2.ifczip").read_bytes()
    with zipfile.ZipFile(tmp_path / "1.ifczip") as archive:
        assert archive.namelist() == ["inner/haus.ifc"]
        (tmp_path / "inner.ifc").write_bytes(archive.read("inner/haus.ifc"))
    assert len(sets_of(tmp_path / "inner.ifc")) == 3


def test_an_element_that_the_file_does_not_have_is_reported(tmp_path: Path):
    source = tmp_path / "model.ifc"
    source.write_bytes(model("IFC4"))
    unknown = dataclasses.replace(verifications()[0], global_id="3FFFFFFFFFFFFFFFFFFFFF")
    other_class = dataclasses.replace(verifications()[1], ifc_class="IfcSlab")
    found = write_back(source, tmp_path / "copy.ifc", [unknown, other_class], length_unit_m=0.001)
    assert (found.written, found.not_in_model) == (0, (WALLS[0], "3FFFFFFFFFFFFFFFFFFFFF"))
    assert (tmp_path / "copy.ifc").read_bytes() == source.read_bytes()


def test_what_cannot_be_written_is_refused_in_one_line(tmp_path: Path):
    source, target = tmp_path / "model.ifc", tmp_path / "copy.ifc"
    source.write_bytes(model("IFC4"))
    with pytest.raises(Invalid, match="would overwrite"):
        write_back(source, source, [], length_unit_m=1.0)
    with pytest.raises(Invalid, match="give one each"):
        write_back(source, target, [verifications()[0]] * 2, length_unit_m=1.0)
    with pytest.raises(Invalid, match="nan cannot be written"):
        write_back(source, target, verifications(deviation=float("nan")), length_unit_m=1.0)
    with pytest.raises(ReadError, match="no such file"):
        write_back(tmp_path / "none.ifc", target, [], length_unit_m=1.0)
    (tmp_path / "old.ifc").write_bytes(model("IFC4").replace(b"'IFC4'", b"'IFC2X_FINAL'"))
    with pytest.raises(Invalid, match="not IFC2X_FINAL; export it as IFC4"):
        write_back(tmp_path / "old.ifc", target, [], length_unit_m=1.0)
    (tmp_path / "model.ifcxml").write_text("<ifcXML/>")
    with pytest.raises(Invalid, match="not into ifcXML"):
        write_back(tmp_path / "model.ifcxml", target, [], length_unit_m=1.0)
    (tmp_path / "high.ifc").write_bytes(model("IFC4").replace(b"#78 =", b"#2147483640 ="))
    with pytest.raises(Invalid, match="leaves no numbers"):
        write_back(tmp_path / "high.ifc", target, verifications(), length_unit_m=1.0)
    assert not target.exists()


def result(*measurements: Measurement) -> ElementResult:
    return ElementResult(
        WALLS[0], "IfcWall", "", "", State.INSTALLED, Outcome.FAIL, 9, 1.0, 1.0, measurements=measurements
    )


def test_the_measurement_that_decided_is_the_one_written():
    small = Measurement("flatness", 0.009, 0.0, 0.008, 0.002, Outcome.INDETERMINATE, "clause 1")
    decisive = Measurement("position", -0.020, -0.01, 0.01, 0.002, Outcome.FAIL, "clause 2")
    said = verification_of(result(small, decisive), epoch="e", check_id="c", ncr_numbers=["NCR-1"])
    assert (said.characteristic, said.deviation, said.expanded_uncertainty) == ("position", -0.020, 0.002)
    assert (said.requirement, said.ncr_numbers, said.verdict) == ("clause 2", ("NCR-1",), Outcome.FAIL)
    lost = Measurement("position", float("nan"), -0.01, 0.01, float("nan"), Outcome.NOT_MEASURED, "clause 2")
    for nothing in (result(), result(lost)):
        said = verification_of(nothing, epoch="e", check_id="c")
        assert (said.characteristic, said.deviation, said.expanded_uncertainty) == ("", None, None)


@given(st.text(max_size=30))
def test_any_text_comes_back_through_a_step_file(text: str):
    import ifcopenshell

    file: Any = ifcopenshell.file.from_string(
        "ISO-10303-21;HEADER;FILE_DESCRIPTION((''),'2;1');FILE_NAME('','',(''),(''),'','','');"
        f"FILE_SCHEMA(('IFC4'));ENDSEC;DATA;#1=IFCLABEL({step_string(text)});"
        f"#2=IFCPERSON({step_string(text)},$,$,$,$,$,$,$);ENDSEC;END-ISO-10303-21;"
    )
    assert file.by_id(2).Identification == clean(text)


@given(st.floats(-1e12, 1e12))
def test_a_number_has_a_point_and_comes_back(value: float):
    written = step_real(value)
    assert re.fullmatch(r"-?\d+\.\d*(E[+-]?\d+)?", written)
    assert float(written) == pytest.approx(value, rel=1e-12, abs=1e-9)


REAL = [
    ("ifc/ifc4x3-samples/building-elements", "IFC4X3"),
    ("ifc/bim-whale/TallBuilding.ifc", "IFC2X3"),
    ("ifc/ifc-lite-samples/hello-wall.ifc", "IFC4"),
]


@pytest.mark.parametrize(("place", "schema"), REAL)
def test_all_instances_of_a_real_model_are_still_there(place: str, schema: str, tmp_path: Path):
    path = next(iter(sorted((SHARED / place).rglob("*.ifc"))), SHARED / place)
    if not path.is_file():
        pytest.skip(f"needs {place} of the shared data (QTEMS_SHARED_DATA)")
    before: Any = opened(path)
    said = [
        dataclasses.replace(verifications()[0], global_id=product.GlobalId, ifc_class=product.is_a())
        for product in before.by_type("IfcElement")
    ]
    copy = tmp_path / "copy.ifc"
    found = write_back(path, copy, said, length_unit_m=1.0)
    assert found.written == len(said) > 0
    after: Any = opened(copy)
    assert after.schema_identifier.startswith(schema)
    assert [str(instance) for instance in before] == [str(after.by_id(instance.id())) for instance in before]
