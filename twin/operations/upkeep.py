"""What a worker does again and again beside its jobs: deliver messages, tidy up, anchor the trail, read every file."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from twin.jobs.notify import Deliver, send_waiting
from twin.jobs.queue import Periodic
from twin.jobs.worker import WORKER
from twin.operations.anchors import Signer, write_anchors
from twin.operations.mailing import Mailing, send_letters
from twin.operations.missing_glances import make_missing_glances
from twin.operations.reminders import remind
from twin.operations.uploads import expire_uploads
from twin.store import outbox
from twin.store.blob_register import scrub
from twin.store.blobs import BlobStore
from twin.store.repository import Context, Store

_LOG = logging.getLogger("qtems.upkeep")


@dataclass(frozen=True, slots=True)
class Ledger:
    """Where the heads of the audit trail are kept, and what signs them."""

    file: Path
    signer: Signer


def upkeep(
    store: Store,
    blobs: BlobStore,
    clock: Callable[[], datetime],
    *,
    deliver: Deliver | None = None,
    mailing: Mailing | None = None,
    ledger: Ledger | None = None,
) -> tuple[Periodic, ...]:
    """Return what ``Queue.serve`` takes as ``periodic``; every worker may do all of it.

    Parameters
    ----------
    deliver
        How messages go out; None leaves them where they are. What happened before somebody was first told is not sent.
    mailing
        How letters to people leave; None sends none.
    ledger
        None anchors nothing.
    """

    def context() -> Context:
        return Context(WORKER, clock(), origin="upkeep")

    chores = [
        Periodic("uploads", timedelta(hours=1), lambda: expire_uploads(store, blobs, context())),
        Periodic("reminders", timedelta(hours=1), lambda: remind(store, context())),
        Periodic("glances", timedelta(hours=1), lambda: make_missing_glances(store, blobs, context())),
        Periodic("scrub", timedelta(days=7), lambda: report_scrub(store, blobs), timedelta(days=1)),
    ]
    chores.append(Periodic("letters", timedelta(seconds=5), lambda: send_letters(store, mailing, clock)))
    if deliver is not None:
        passed = outbox.begin(store.database, clock())
        if passed:
            _LOG.info("%d messages are from before anybody was to be told: they are not sent", passed)
        chores.append(Periodic("outbox", timedelta(seconds=5), lambda: send_waiting(store.database, deliver, clock)))
    if ledger is not None:
        file, signer = ledger.file, ledger.signer
        chores.append(Periodic("anchors", timedelta(days=1), lambda: write_anchors(store, context(), file, signer)))
    return tuple(chores)


def report_scrub(store: Store, blobs: BlobStore) -> None:
    """Read every file, and log an error for what is damaged or gone."""
    found = scrub(store, blobs)
    if found.holds:
        _LOG.info("all %d files are what was written", found.checked)
        return
    for name in found.damaged:
        _LOG.error("file %s is damaged; bring it back from a backup", name)
    for name in found.missing:
        _LOG.error("file %s is gone; bring it back from a backup", name)
