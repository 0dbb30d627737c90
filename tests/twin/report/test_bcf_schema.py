"""BCF files against buildingSMART's own XML schemas, where they are at hand.

The schemas (github.com/buildingSMART/BCF-XML, CC BY-ND 4.0) are not ours and not in this repository. Put them as
``2.1/*.xsd`` and ``3.0/*.xsd`` into a folder and name it in ``QTEMS_BCF_SCHEMAS``; the source distribution of
bcf-client on PyPI holds both as ``src/bcf/v2/xsd`` and ``src/bcf/v3/xsd``. ``test_bcf.py`` checks order and names
without them.
"""

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xmlschema

from twin.report.bcf import VERSIONS, bcf_archive
from twin.report.pictures import element_cameras
from twin.report.provenance import Provenance
from twin.report.words import LANGUAGES, Words
from twin.result import CheckResult

SHARED = Path(os.environ.get("QTEMS_SHARED_DATA", Path(__file__).parents[4] / "shared" / "data"))
SCHEMAS = Path(os.environ.get("QTEMS_BCF_SCHEMAS", SHARED / "bcf"))
PARTS = {
    "bcf.version": "version",
    "project.bcfp": "project",
    "extensions.xml": "extensions",
    "markup.bcf": "markup",
    "viewpoint.bcfv": "visinfo",
}
needs_schemas = pytest.mark.skipif(
    not all((SCHEMAS / version / "markup.xsd").exists() for version in VERSIONS),
    reason=f"buildingSMART's BCF schemas are not in {SCHEMAS}; QTEMS_BCF_SCHEMAS names their folder",
)


def errors(version: str, content: bytes) -> tuple[int, list[str]]:
    """Return how many parts were validated and what is wrong with them."""
    found: list[str] = []
    validated = 0
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            part = PARTS.get(name.rpartition("/")[2])
            if part is not None:
                schema = xmlschema.XMLSchema(SCHEMAS / version / f"{part}.xsd")
                text = archive.read(name).decode("utf-8")
                found += [f"{name}: {error.path}: {error.reason}" for error in schema.iter_errors(text)]
                validated += 1
    return validated, found


@needs_schemas
@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("version", VERSIONS)
def test_every_part_is_valid(
    version: str, lang: str, building: CheckResult, provenance_of: Callable[[CheckResult], Provenance]
) -> None:
    cameras = element_cameras(building)
    snapshots = {global_id: b"\x89PNG\r\n\x1a\n" for global_id in list(cameras)[1:]}
    content = bcf_archive(version, building, provenance_of(building), Words(lang), cameras=cameras, snapshots=snapshots)
    validated, found = errors(version, content)
    assert found == []
    assert validated == 2 + (version == "3.0") + 2 * len(cameras)


@needs_schemas
@pytest.mark.parametrize("version", VERSIONS)
def test_the_schema_notices_what_is_wrong(
    version: str, building: CheckResult, provenance_of: Callable[[CheckResult], Provenance]
) -> None:
    cameras = element_cameras(building)
    content = bcf_archive(version, building, provenance_of(building), Words("en"), cameras=cameras, snapshots={})
    broken = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(broken, "w") as out:
        for name in archive.namelist():
            out.writestr(
                name,
                archive.read(name)
                .replace(b"<CreationAuthor>", b"<Author>")
                .replace(b"</CreationAuthor>", b"</Author>"),
            )
    assert len(errors(version, broken.getvalue())[1]) >= len(cameras)
