"""The web server, as ``qtems serve`` runs it."""

import asyncio
import logging
import socket

import uvicorn

from api.ending import Ending


class Server(uvicorn.Server):
    """uvicorn, which tells those that take long before it waits for them."""

    def __init__(self, config: uvicorn.Config, ending: Ending) -> None:
        super().__init__(config)
        self._ending = ending

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End; what is broken off because it took longer than we wait is no fault of ours, and needs no traceback."""
        self._ending.tell()
        logging.getLogger("uvicorn.error").addFilter(_is_fault)
        await super().shutdown(sockets)


def _is_fault(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))
