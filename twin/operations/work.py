"""What long work needs around it: where records and files are, who asked, the time, and how to say how far it is."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePath

from geometry.errors import GeometryError
from twin.errors import Invalid
from twin.record import Actor, Id
from twin.store.blobs import BlobStore
from twin.store.repository import Context, Store


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """Handed to every use case that takes longer than a request may."""

    store: Store
    blobs: BlobStore
    actor: Actor
    """Who asked for it."""
    now: Callable[[], datetime]
    progress: Callable[[str, float], None]
    """Called with the step and its share done, 0..1; it raises when the work was cancelled."""
    cache_dir: Path | None = None
    """Where tessellated models are kept by content; None = nowhere."""
    job: Id = ""
    """The job that it is part of; the trail names it as the request."""

    def context(self) -> Context:
        """Return the context of a change that is made now."""
        return Context(self.actor, self.now(), request=self.job)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was uploaded: the name it had, and what it contains."""

    file_name: str
    sha256: str


@contextmanager
def fetched(work: Work, file: Upload) -> Generator[Path]:
    """Give an uploaded file as a local one within the block; errors about it name it as its owner does."""
    with work.blobs.local_file(file.sha256, suffix=suffix_of(file.file_name)) as path:
        try:
            yield path
        except (GeometryError, Invalid) as error:
            said = str(error).replace(str(path), file.file_name).replace(path.name, file.file_name)
            raise type(error)(said) from error


def suffix_of(file_name: str) -> str:
    """Return the suffix that says which reader reads a file: lower case, ``.copc.laz`` included."""
    name = file_name.lower()
    return ".copc.laz" if name.endswith(".copc.laz") else PurePath(name).suffix
