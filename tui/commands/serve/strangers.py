"""Connections of those who have not shown yet that they may look: few at a time, each with its time.

Every user of the machine may connect to a port of it. One who says nothing, or begins a request and never ends it,
would keep a descriptor of the server for as long as they like, and enough of them all that it has.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, cast

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Strangers"]

_MOST: Final = 64
"""At a time. One more ends the oldest: whoever opens many and says nothing keeps nobody else out."""
_PATIENCE: Final = 10.0
"""Seconds until one has to have shown the token, or the cookie."""


class Strangers:
    """Those who are connected, and have not been let in.

    Args:
        server: Whose connections they are.
    """

    def __init__(self, server: web.Server) -> None:
        self._server = server
        self._waiting: dict[asyncio.BaseProtocol, tuple[asyncio.Transport, asyncio.TimerHandle]] = {}
        """The oldest first."""

    def protocol(self) -> web.RequestHandler:
        """Return what answers a connection that comes."""
        return _Connection(self._server, self._came, self.admit)

    def admit(self, connection: asyncio.BaseProtocol) -> None:
        """Let one stay, or forget one who went; one who is no stranger is none afterwards either."""
        if (waiting := self._waiting.pop(connection, None)) is not None:
            waiting[1].cancel()

    def _came(self, connection: asyncio.BaseProtocol, transport: asyncio.Transport) -> None:
        timer = asyncio.get_running_loop().call_later(_PATIENCE, self._end, connection)
        self._waiting[connection] = transport, timer
        for oldest in list(self._waiting)[:-_MOST]:
            self._end(oldest)

    def _end(self, connection: asyncio.BaseProtocol) -> None:
        transport, timer = self._waiting.pop(connection)
        timer.cancel()
        transport.abort()  # whoever does not read would not let it be closed


class _Connection(web.RequestHandler):
    """One connection, which says when it begins and ends."""

    __slots__ = ("_came", "_went")

    def __init__(
        self,
        server: web.Server,
        came: Callable[[asyncio.BaseProtocol, asyncio.Transport], None],
        went: Callable[[asyncio.BaseProtocol], None],
    ) -> None:
        super().__init__(server, loop=asyncio.get_running_loop())
        self._came = came
        self._went = went

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        super().connection_made(transport)
        self._came(self, cast("asyncio.Transport", transport))

    def connection_lost(self, exc: BaseException | None) -> None:
        """End."""
        self._went(self)
        super().connection_lost(exc)
