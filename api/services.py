"""What requests are answered with: the store, the files, the clock and the dice; all of it replaced in tests."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from api.auth.passwords import Argon2
from api.ending import Ending
from api.listeners import Listeners
from api.packed import PackedAnswers
from api.settings import Settings, secret_key
from twin.account import PasswordHasher
from twin.jobs.queue import open_queue
from twin.operations.accounts import Secrets
from twin.operations.scene_lookup import SceneLookup
from twin.store.blobs import BlobStore, open_blobs
from twin.store.database import Database, open_database
from twin.store.repository import Store


@dataclass(frozen=True, slots=True, eq=False)
class Services:
    """One of each, for all requests."""

    settings: Settings
    store: Store
    blobs: BlobStore
    key: bytes
    """Signs what is handed out and comes back: cursors, the state of a sign-in elsewhere."""
    hasher: PasswordHasher
    secrets: Secrets
    now: Callable[[], datetime]
    wake: Callable[[], None] = lambda: None
    """Wakes a worker: called once there is a job, after the commit."""
    scenes: SceneLookup = field(default_factory=SceneLookup)
    ending: Ending = field(default_factory=Ending)
    listeners: Listeners = field(default_factory=Listeners)
    packed: PackedAnswers = field(default_factory=PackedAnswers)


def open_services(settings: Settings, database: Database | None = None) -> Services:
    """Open what the settings name. The database is opened as it is: see :mod:`twin.store.upgrade`."""
    key = secret_key(settings.secret_key_file or settings.data_dir / "secret.key")
    store = Store(database or open_database(settings.database_url))
    blobs = open_blobs(settings.blob_url)
    queue = open_queue(settings.queue_url)
    return Services(settings, store, blobs, key, Argon2(), new_secret, utc_now, queue.wake)


def new_secret() -> str:
    """Return 256 random bits as text."""
    return secrets.token_urlsafe(32)


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)
