"""Audit packages: written by a job, given out."""

import tempfile
from importlib.metadata import version
from pathlib import Path

from twin.audit_package.write import PackageOrder, write_package
from twin.errors import NotFound, Refused
from twin.operations.work import Upload, Work
from twin.record import Id, Json
from twin.store import jobs, records
from twin.store.blob_register import keep
from twin.store.jobs import JobState
from twin.store.view import EVERYTHING, Scope, View

PACK_AUDIT = "pack_audit"
_MEDIA = "application/zip"


def pack_audit(work: Work, order: PackageOrder) -> dict[str, Json]:
    """Write a project's package and keep it; that it was made is itself an event of the trail, after those in it."""
    with tempfile.TemporaryDirectory(prefix="qtems-audit-") as folder:
        target = Path(folder) / "audit.zip"
        with work.store.read() as view:
            project = view.get(records.PROJECT, order.project).record
            package = write_package(
                view, work.blobs, order, target, name=project.name, now=work.now(), software=version("qtems"),
                watch=work.progress,
            )  # fmt: skip
        content = work.blobs.put_file(target)
    told: dict[str, Json] = {
        "sha256": content.sha256, "head": package.head, "events": package.events, "records": package.records,
        "signatures": package.signatures, "files": package.files, "left_out": package.left_out,
    }  # fmt: skip
    with work.store.write(work.context()) as unit:
        keep(unit, work.blobs, content, _MEDIA)
        unit.note(PACK_AUDIT, f"project:{order.project}", told, project=order.project)
    return {**told, "size": content.size, "file_name": f"{project.key}-audit-{package.events}.zip"}


def packed(view: View, job: Id, *, scope: Scope = EVERYTHING) -> Upload:
    """Return the package that a job has written.

    Raises
    ------
    NotFound
        If the job is none that writes a package.
    Refused
        If it has not succeeded yet, or never will.
    """
    found = jobs.get(view.connection, job, scope)
    if found.kind != PACK_AUDIT:
        raise NotFound(f"job {job} writes no audit package")
    if found.result is None or found.state is not JobState.SUCCEEDED:
        said = f": {found.error}" if found.error else ""
        raise Refused(f"the package is not there, its job is {found.state.value}{said}", missing=("the job's success",))
    return Upload(str(found.result["file_name"]), str(found.result["sha256"]))
