"""Making a backup and coming back from it; both are in the audit trail."""

from importlib.metadata import version
from pathlib import Path

from twin.store.backup import Manifest, restore_backup, write_backup
from twin.store.blobs import BlobStore
from twin.store.repository import Context, Store


def backup(store: Store, blobs: BlobStore, context: Context, target: Path) -> Manifest:
    """Write everything into one archive and note it in the trail (after it: the note is in the next backup)."""
    manifest = write_backup(store.database, blobs, target, now=context.now, software=version("qtems"))
    with store.write(context) as unit:
        unit.note("backup", "database:all", {"archive": target.name, **summary(manifest)})
    return manifest


def restore(store: Store, blobs: BlobStore, context: Context, source: Path) -> Manifest:
    """Bring everything back into an empty database, and note it in the trail that came with it."""
    manifest = restore_backup(source, store.database, blobs)
    with store.write(context) as unit:
        unit.note("restore", "database:all", {"archive": source.name, "of": manifest.created_at, **summary(manifest)})
    return manifest


def summary(manifest: Manifest) -> dict[str, int | str]:
    """Return how much an archive holds, for people and for the trail."""
    rows, size = sum(table.rows for table in manifest.tables), sum(content.size for content in manifest.blobs)
    return {"revision": manifest.revision, "rows": rows, "files": len(manifest.blobs), "bytes": size}
