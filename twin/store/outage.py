"""Telling an outage of what we stand on (database, file store, queue, disk) from a fault of our own."""

import errno
from collections.abc import Iterator

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

_FULL = {errno.ENOSPC, errno.EDQUOT}
_OTHERS = {
    ("botocore.exceptions", "HTTPClientError"),
    ("botocore.exceptions", "ConnectionError"),
    ("aiohttp.client_exceptions", "ClientConnectionError"),
    ("redis.exceptions", "ConnectionError"),
    ("redis.exceptions", "TimeoutError"),
}
"""Of packages that may not be installed: module and name of the class."""


def is_disk_full(error: BaseException) -> bool:
    """Whether something failed because no room is left to write."""
    return any(isinstance(one, OSError) and one.errno in _FULL for one in _causes(error)) or any(
        "database or disk is full" in str(one) for one in _causes(error) if isinstance(one, OperationalError)
    )


def outage_of(error: BaseException) -> str:
    """Return what cannot be reached, in words; empty when the error is of another kind.

    Examples
    --------
    >>> outage_of(ConnectionRefusedError(111, "Connection refused"))
    'something that the server needs'
    >>> outage_of(ValueError("x"))
    ''
    """
    for one in _causes(error):
        if isinstance(one, OperationalError | InterfaceError):
            return "the database"
        if isinstance(one, DBAPIError) and one.connection_invalidated:
            return "the database"
        kinds = {(kind.__module__, kind.__name__) for kind in type(one).__mro__} & _OTHERS
        if kinds:
            return "the queue" if any(module.startswith("redis") for module, _ in kinds) else "the file store"
        if isinstance(one, ConnectionError | TimeoutError):
            return "something that the server needs"
    return ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__
