"""An audit package is verified by a plain Python, and whatever is changed in it afterwards shows."""

import io
import json
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.api.web.site import copied_site, draft_of, in_reinspection, under_review
from tests.api.web.test_inspections import signed
from tests.api.web.world import make_world
from twin.audit_package.verify import read_package
from twin.jobs.worker import Worker
from twin.operations.job_kinds import job_kinds

HEAD = "head"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with signatures, evidence and an inspection, packed and unpacked."""
    world = make_world(tmp_path_factory.mktemp("packed"))
    site = copied_site(world)
    ncr = draft_of(site, title='=HYPERLINK("x")')
    under_review(site, ncr)
    in_reinspection(site, ncr)
    signed(site, "3", "40")
    job = site.post("quinn", "/audit/packages", {}, 202)
    assert site.get("quinn", f"/audit/packages/{job['id']}", 409)["title"]
    services = world.services
    Worker(services.store, services.blobs, job_kinds(None), clock=world.clock).drain()
    ended = site.get("quinn", f"/jobs/{job['id']}")
    assert ended["state"] == "succeeded", ended["error"]
    answer = site.awake("quinn").get(f"{site.root}/audit/packages/{job['id']}")
    assert f"TOWER-audit-{ended['result']['events']}.zip" in answer.headers["content-disposition"]
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        archive.extractall(folder)
    (folder / HEAD).write_text(ended["result"]["head"])
    (newest,) = site.get("quinn", f"/audit?entity=project:{site.project}")["items"][-1:]
    assert (newest["action"], newest["after"]["head"]) == ("pack_audit", ended["result"]["head"])
    assert newest["previous"] == ended["result"]["head"]
    services.store.database.close()
    return folder


def verified(folder: Path, *more: str) -> tuple[int, str]:
    """Run the package's own program with a Python that finds nothing of this project."""
    command = [sys.executable, "-I", "-S", str(folder / "verify.py"), *more]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    return done.returncode, done.stdout + done.stderr


def test_it_holds_for_a_python_without_anything_installed(package: Path) -> None:
    status, said = verified(package, "--head", (package / HEAD).read_text())
    assert (status, said.splitlines()[-1]) == (0, "HOLDS"), said
    manifest = json.loads((package / "manifest.json").read_text("utf-8"))
    assert manifest["signatures"] == 3  # two of the board, one of the inspector
    assert len(manifest["files"]) == 2
    assert manifest["left_out"] == []
    lines = (package / "signatures.csv").read_text("utf-8-sig").splitlines()
    assert sorted(line.split(",")[2] for line in lines[1:]) == ["contractor", "inspector", "quality_manager"]
    assert "项目审计包" in (package / "README.txt").read_text("utf-8")


def _without_an_event(folder: Path) -> None:
    rows = (folder / "trail.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "trail.jsonl").write_bytes(b"".join(rows[:4] + rows[5:]))


def _without_the_newest_event(folder: Path) -> None:
    rows = (folder / "trail.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "trail.jsonl").write_bytes(b"".join(rows[:-1]))


def _with_another_justification(folder: Path) -> None:
    whole = (folder / "records.jsonl").read_bytes()
    assert b"move it back" in whole
    (folder / "records.jsonl").write_bytes(whole.replace(b"move it back", b"leave it now"))


def _without_a_record(folder: Path) -> None:
    rows = (folder / "records.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "records.jsonl").write_bytes(b"".join(rows[:-1]))


def _with_another_picture(folder: Path) -> None:
    next((folder / "files").iterdir()).write_bytes(b"another")


def _without_a_picture(folder: Path) -> None:
    next((folder / "files").iterdir()).unlink()


def _with_a_foreign_file(folder: Path) -> None:
    (folder / "files" / ("0" * 64)).write_bytes(b"")


def _with_another_signer(folder: Path) -> None:
    listed = (folder / "signatures.csv").read_text("utf-8")
    assert "Carl" in listed or "carl" in listed
    (folder / "signatures.csv").write_text(listed.replace("arl", "url"), "utf-8")


def _without_a_signature(folder: Path) -> None:
    rows = (folder / "signatures.csv").read_bytes().splitlines(keepends=True)
    (folder / "signatures.csv").write_bytes(b"".join(rows[:-1]))


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (_without_an_event, "trail: event 5 is missing"),
        (_without_the_newest_event, "trail: it ends at event"),
        (_with_another_justification, "is not as its last event left it"),
        (_without_a_record, "is missing"),
        (_with_another_picture, "is not what its name says"),
        (_without_a_picture, "files: "),
        (_with_a_foreign_file, "does not belong here"),
        (_with_another_signer, "no event and no record has that of"),
        (_without_a_signature, "is not in the list"),
    ],
    ids=lambda value: value.__name__.strip("_") if callable(value) else "",
)
def test_what_is_changed_shows(package: Path, tmp_path: Path, change: Callable[[Path], None], where: str) -> None:
    folder = Path(shutil.copytree(package, tmp_path / "copy"))
    change(folder)
    status, said = verified(folder)
    assert status == 1
    assert where in said
    assert "DOES NOT HOLD" in said


def test_a_whole_that_was_written_anew_shows_by_the_head_kept_elsewhere(package: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(package, tmp_path / "copy"))
    rows = [json.loads(row) for row in (folder / "trail.jsonl").read_text("utf-8").splitlines()]
    from twin.audit import GENESIS, event_hash

    previous = GENESIS
    rows[2]["content"]["reason"] = "as always"
    for row in rows:
        previous = event_hash(previous, row["content"])
        row["hash"] = previous.hex()
    (folder / "trail.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8")) | {"head": previous.hex()}
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    assert verified(folder)[0] == 0
    status, said = verified(folder, "--head", (package / HEAD).read_text())
    assert status == 1
    assert "is not the one that was kept elsewhere" in said


def test_any_byte_of_trail_records_and_files_counts(package: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(package, tmp_path / "copy"))
    places = [folder / "trail.jsonl", folder / "records.jsonl", *sorted((folder / "files").iterdir())]
    chance = random.Random(7)
    for _ in range(60):
        path = chance.choice(places)
        whole = path.read_bytes()
        at = chance.randrange(len(whole) - 1)  # but for the line's end
        other = chance.choice([byte for byte in b'0aZ"{ ' if byte != whole[at]])
        path.write_bytes(whole[:at] + bytes([other]) + whole[at + 1 :])
        assert list(read_package(folder).faults("")), f"{path.name}, byte {at}"
        path.write_bytes(whole)
    assert not list(read_package(folder).faults(""))


def test_a_folder_without_a_package_is_one_line(package: Path, tmp_path: Path) -> None:
    status, said = verified(package, str(tmp_path))
    assert status == 2
    assert "is no audit package" in said
    assert "Traceback" not in said
