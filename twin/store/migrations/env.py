"""How Alembic reaches the database: through the connection that :mod:`twin.store.upgrade` hands it."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
