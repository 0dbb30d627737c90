"""How Alembic reaches the database: through the connection that :mod:`twin.store.upgrade` hands it."""

from typing import Any

from alembic import context

from twin.store.schema import METADATA
from twin.store.types import Document, UtcDateTime


def render_item(what: str, item: Any, autogen: Any) -> Any:
    """Return our own column types by their names; False leaves the rest to Alembic."""
    if what == "type" and isinstance(item, UtcDateTime):
        autogen.imports.add("from twin.store.types import UtcDateTime")
        return "UtcDateTime()"
    if what == "type" and item is Document:
        autogen.imports.add("from twin.store.types import Document")
        return "Document"
    return False


connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, render_item=render_item, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
