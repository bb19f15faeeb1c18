"""An explorer for one who looks: a process of its own, whose screen goes to a browser by textual-serve."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from asyncio.subprocess import PIPE, Process
from typing import TYPE_CHECKING, Final

from textual_serve.app_service import AppService

from ....core.visible import visible_lines
from ...terminal.served import served_environment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp.web import WebSocketResponse
    from textual_serve.download_manager import DownloadManager

__all__ = ["Viewer"]

_CODE: Final = """\
import json, sys
sys.path[:] = json.loads(sys.argv.pop(1))
from bpftui.tui.__main__ import main
sys.exit(main())
"""
"""It is run by `python -I`: nothing is imported from the directory where one happens to be."""
_BEGINS: Final = b"__GANGLION__\n"
"""What Textual's driver for the web writes before its first packet."""
_MOST_SAID: Final = 16_384
"""Bytes of standard error that are kept."""
_GRACE: Final = 2.0
"""Seconds that an explorer has to undo what it did, before it is killed."""


class Viewer(AppService):
    """One who looks, and the explorer that was started for them, by no shell.

    Args:
        words: The arguments of the explorer.
        websocket: Where its screen goes.
        downloads: Whom it gives the files that the browser is to keep.
    """

    def __init__(self, words: Sequence[str], websocket: WebSocketResponse, downloads: DownloadManager) -> None:
        super().__init__(
            "bpftui",
            write_bytes=websocket.send_bytes,
            write_str=websocket.send_str,
            close=self._close,
            download_manager=downloads,
        )
        self._words = words
        self._websocket = websocket
        self._ending: asyncio.Task[None] | None = None

    async def _close(self) -> None:
        await self._websocket.close()

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-c", _CODE, json.dumps(sys.path), *self._words),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=served_environment(width, height),
            start_new_session=True,  # ctrl+c is for the server, which ends the explorers
        )
        assert self._process.stdin is not None
        self._stdin = self._process.stdin
        return self._process

    async def run(self) -> None:
        """Hand its screen on until it ends; what it says on standard error is shown at the end, such as why."""
        process = self._process
        assert process is not None
        assert process.stdout is not None
        said = asyncio.create_task(self._said())
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await self._packets(process.stdout)
        with contextlib.suppress(ConnectionError):
            if text := await said:
                await self.remote_write_bytes("\r\n".join(["", *visible_lines(text), ""]).encode())
            await self.remote_close()

    async def _packets(self, stdout: asyncio.StreamReader) -> None:
        if await stdout.readline() != _BEGINS:
            return
        while True:
            kind = await stdout.readexactly(1)
            payload = await stdout.readexactly(int.from_bytes(await stdout.readexactly(4), "big"))
            if kind == b"D":
                await self.on_data(payload)
            elif kind == b"M":
                await self.on_meta(payload)
            elif kind == b"P":
                await self.on_packed(payload)

    async def _said(self) -> str:
        """Return what it says on standard error, when it has said all."""
        assert self._process is not None
        assert self._process.stderr is not None
        said = b""
        while data := await self._process.stderr.read(_MOST_SAID):
            said = (said + data)[-_MOST_SAID:]
        return said.decode(errors="surrogateescape").strip()

    async def stop(self) -> None:
        """End the explorer, which undoes what it did; it has seconds for that.

        Whoever calls this second waits for the same end, which goes on also where the first one is cancelled.
        """
        if self._ending is None:
            if self._process is None or self._task is None:
                return
            self._ending = asyncio.create_task(self._end(self._process, self._task))
        await asyncio.shield(self._ending)

    async def _end(self, process: Process, task: asyncio.Task[None]) -> None:
        await self._download_manager.cancel_app_downloads(app_service_id=self.app_service_id)
        self.stdin.close()  # as a terminal that hangs up
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _GRACE)
        if process.returncode is None:
            process.kill()
            await process.wait()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
