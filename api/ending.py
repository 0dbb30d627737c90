"""The server's orderly end: what takes long hears of it, keeps what it has, and answers at once."""

import asyncio
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Ending:
    """Tells requests that take long that the server is about to end; mutable, one per server."""

    _told: bool = False
    _listening: set[asyncio.Event] = field(default_factory=set[asyncio.Event])

    def tell(self) -> None:
        """Say that the server ends; called in its event loop."""
        self._told = True
        for event in self._listening:
            event.set()

    @contextmanager
    def heard(self) -> Generator[asyncio.Event]:
        """Give an event that is set when the server is about to end, within the block."""
        event = asyncio.Event()
        if self._told:
            event.set()
        self._listening.add(event)
        try:
            yield event
        finally:
            self._listening.discard(event)

    async def until(self, pieces: AsyncIterator[T]) -> AsyncIterator[T]:
        """Yield what comes until nothing more comes or the server is about to end."""
        with self.heard() as event:
            ended = asyncio.ensure_future(event.wait())
            try:
                while not event.is_set():
                    piece = asyncio.ensure_future(_next(pieces))
                    await asyncio.wait((piece, ended), return_when=asyncio.FIRST_COMPLETED)
                    if not piece.done():
                        piece.cancel()
                        with suppress(asyncio.CancelledError):
                            await piece
                        return
                    found = piece.result()
                    if not found:
                        return
                    yield found[0]
            finally:
                ended.cancel()


async def _next(pieces: AsyncIterator[T]) -> tuple[T] | None:
    """Return what comes next, None at the end: a task cannot raise StopAsyncIteration on."""
    async for piece in pieces:
        return (piece,)
    return None
