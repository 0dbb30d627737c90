"""What is written is read back as the same values, in both versions, from the same bytes each time."""

import dataclasses
import os
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.twin.bcf.values_of_all import BLOBS, NOW, everything
from twin.bcf.read import read_bcf
from twin.bcf.values import Archive, Camera, Topic, Vector, Viewpoint, number
from twin.bcf.write import VERSIONS, bcf_file
from twin.errors import Invalid

SHARED = Path(os.environ.get("QTEMS_SHARED_DATA", Path(__file__).parents[4] / "shared" / "data"))
SCHEMAS = Path(os.environ.get("QTEMS_BCF_SCHEMAS", SHARED / "bcf"))
PARTS = {
    "bcf.version": "version",
    "project.bcfp": "project",
    "extensions.xml": "extensions",
    "documents.xml": "documents",
    "markup.bcf": "markup",
}


def as_said_in(version: str, archive: Archive) -> Archive:
    """Leave out what the version has no words for: 2.1 knows no aspect ratio."""
    if version == "3.0":
        return archive

    def view(one: Viewpoint) -> Viewpoint:
        return dataclasses.replace(one, camera=one.camera and dataclasses.replace(one.camera, aspect_ratio=None))

    topics = tuple(dataclasses.replace(t, viewpoints=tuple(map(view, t.viewpoints))) for t in archive.topics)
    return dataclasses.replace(archive, topics=topics)


def by_guid(archive: Archive) -> dict[str, Topic]:
    return {topic.guid: topic for topic in archive.topics}


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_comes_back(version: str) -> None:
    archive = everything(version)
    found = read_bcf(bcf_file(archive, BLOBS, timestamp=NOW))
    wanted = as_said_in(version, archive)
    assert by_guid(found.archive) == by_guid(wanted)
    assert dataclasses.replace(found.archive, topics=()) == dataclasses.replace(wanted, topics=())
    assert found.blobs == BLOBS
    assert found.problems == ()
    assert all(report.taken and not report.problems for report in found.reports)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_values_are_the_same_bytes(version: str) -> None:
    once = bcf_file(everything(version), BLOBS, timestamp=NOW)
    assert bcf_file(everything(version), dict(reversed(BLOBS.items())), timestamp=NOW) == once


@pytest.mark.parametrize("version", VERSIONS)
def test_every_part_is_valid_by_schema(version: str) -> None:
    if not (SCHEMAS / version / "markup.xsd").exists():
        pytest.skip(f"no BCF {version} schemas in {SCHEMAS}; QTEMS_BCF_SCHEMAS names their folder")
    xmlschema = pytest.importorskip("xmlschema", reason="the package xmlschema is missing: make setup-dev")
    found: list[str] = []
    validated = 0
    with ZipFile(BytesIO(bcf_file(everything(version), BLOBS, timestamp=NOW))) as archive:
        for name in archive.namelist():
            part = "visinfo" if name.endswith(".bcfv") else PARTS.get(name.rpartition("/")[2])
            if part is not None and (SCHEMAS / version / f"{part}.xsd").exists():
                schema = xmlschema.XMLSchema(SCHEMAS / version / f"{part}.xsd")
                found += [f"{name}: {e.path}: {e.reason}" for e in schema.iter_errors(archive.read(name).decode())]
                validated += 1
    assert found == []
    assert validated >= 6


def test_first_files_have_the_names_that_bimcollab_insists_on() -> None:
    with ZipFile(BytesIO(bcf_file(everything(), BLOBS, timestamp=NOW))) as archive:
        names = {name.rpartition("/")[2] for name in archive.namelist()}
    assert {"markup.bcf", "viewpoint.bcfv", "snapshot.png"} <= names


@pytest.mark.parametrize("field", ["title", "creation_author", "creation_date"])
def test_a_topic_without_what_bcf_requires_is_not_written(field: str) -> None:
    empty = None if field == "creation_date" else ""
    topic = dataclasses.replace(everything().topics[1], **{field: empty})
    with pytest.raises(Invalid, match="needs a title"):
        bcf_file(Archive("2.1", (topic,)), {}, timestamp=NOW)


def test_3_0_needs_type_and_status_and_2_1_does_not() -> None:
    topic = dataclasses.replace(everything().topics[1], status="")
    with pytest.raises(Invalid, match="status"):
        bcf_file(Archive("3.0", (topic,)), {}, timestamp=NOW)
    assert read_bcf(bcf_file(Archive("2.1", (topic,)), {}, timestamp=NOW)).archive.topics == (topic,)


def test_a_missing_content_and_a_topic_twice_are_refused() -> None:
    with pytest.raises(Invalid, match="is not there"):
        bcf_file(everything(), {}, timestamp=NOW)
    twice = dataclasses.replace(everything(), topics=everything().topics * 2)
    with pytest.raises(Invalid, match="once"):
        bcf_file(twice, BLOBS, timestamp=NOW)


coordinates = st.decimals(min_value=-(10**9), max_value=10**9, places=9, allow_nan=False, allow_infinity=False)


@given(x=coordinates, y=coordinates, z=coordinates, version=st.sampled_from(VERSIONS))
def test_coordinates_are_exact_however_far_away(x: Decimal, y: Decimal, z: Decimal, version: str) -> None:
    up = Vector(Decimal(0), Decimal(0), Decimal(1))
    ahead = Vector(Decimal(1), Decimal(0), Decimal(0))
    camera = Camera(Vector(x, y, z), ahead, up, view_height=Decimal(3), aspect_ratio=Decimal(2))
    topic = dataclasses.replace(
        everything().topics[1], viewpoints=(Viewpoint("0" * 8 + "-0000" * 3 + "-" + "0" * 12, camera),)
    )
    read = read_bcf(bcf_file(Archive(version, (topic,)), {}, timestamp=NOW))
    found = read.archive.topics[0].viewpoints[0].camera
    assert found is not None
    assert found.position == Vector(x, y, z)
    assert str(found.position.x) == str(number(x))


@given(st.text(max_size=60))
def test_any_text_is_written_and_read(text: str) -> None:
    topic = dataclasses.replace(everything().topics[1], title=text or "x", description=text, labels=(text,))
    [found] = read_bcf(bcf_file(Archive("2.1", (topic,)), {}, timestamp=NOW)).archive.topics
    assert found.title
    assert found.guid == topic.guid
