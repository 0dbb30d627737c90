"""The tables of revision 0001, as they were then: they stay so when :mod:`twin.store.schema` goes on.

A change of the schema is a further revision; only before the first release is it made here and there alike.
"""

from twin.store.migrations.first_tables import accounts, records, work
from twin.store.migrations.first_tables.notation import TABLES

__all__ = ["TABLES", "accounts", "records", "work"]
