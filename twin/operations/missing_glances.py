"""Glances of checks that were kept before there were any, or other ones: made by a worker, never by who only reads."""

from dataclasses import replace

from twin.errors import Overtaken
from twin.operations.glances import MEDIA_TYPE, VERSION, glance_of, packed
from twin.project import CheckRun, RegistrationStatus
from twin.store import records
from twin.store.blob_register import keep_all
from twin.store.blobs import BlobStore
from twin.store.elements import states_of
from twin.store.repository import Context, Store
from twin.store.view import Stored


def make_missing_glances(store: Store, blobs: BlobStore, context: Context) -> int:
    """Give a glance to every check that has elements and none of this version; return how many got one.

    For a worker to do now and then, and others may do it at the same time: each check is a transaction of its own, and
    one that somebody else changed meanwhile is left for the next time. Until then it is read from its reports.
    """
    with store.read() as view:
        without = [run for run in view.all(records.CHECK_RUN) if _lacks_one(run.record)]
    return sum(_make(store, blobs, context, run) for run in without)


def _lacks_one(run: CheckRun) -> bool:
    up_to_date = run.glance_sha256 and run.glance_version == VERSION
    return not up_to_date and run.registration.status is RegistrationStatus.ACCEPTED


def _make(store: Store, blobs: BlobStore, context: Context, run: Stored[CheckRun]) -> bool:
    with store.read() as view:
        rows = states_of(view.connection, run.record.id)
    if not rows:
        return False
    digest = blobs.put([packed(glance_of(rows))]).sha256
    made = replace(run.record, glance_sha256=digest, glance_version=VERSION)
    try:
        with store.write(context) as unit:
            unit.save(records.CHECK_RUN, made, expected=run.version, action="keep_glance")
            keep_all(unit, blobs, {digest: MEDIA_TYPE})
    except Overtaken:
        return False
    return True
