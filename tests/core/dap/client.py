"""A client of the Debug Adapter Protocol, which speaks it to an adapter in a thread of its own."""

from __future__ import annotations

import json
import os
import socket
import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from bpftui.core.dap import Adapter, Connection
from bpftui.tui.commands.dap import launched

if TYPE_CHECKING:
    from collections.abc import Callable

TRAFFIC = {"object": "bpf/traffic.o", "program": "count_traffic", "data": f"{'00' * 12}080045{'00' * 8}11{'00' * 40}"}
"""One packet: Ethernet, IPv4, UDP."""
_PATIENCE = 60.0
"""Seconds without a word from an adapter that is at work, after which a test fails."""


class Client:
    """Sends requests and keeps what comes.

    Args:
        launch: What the adapter makes of launch arguments.
    """

    def __init__(self, launch: Callable[..., Any] = launched) -> None:
        self._socket, theirs = socket.socketpair()
        self._socket.settimeout(_PATIENCE)
        self._in = self._socket.makefile("rb")
        self.messages: list[dict[str, Any]] = []
        self.is_well: bool | None = None
        self._seq = 0

        def serve() -> None:
            hang_up = partial(theirs.shutdown, socket.SHUT_RDWR)
            with theirs, theirs.makefile("rb", buffering=0) as reader, theirs.makefile("wb") as writer:
                self.is_well = Adapter(Connection(reader, writer, hang_up), launch).run()

        self._thread = threading.Thread(target=serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.end()
            while self.receive() is not None:
                pass
            self._thread.join(_PATIENCE)
            assert not self._thread.is_alive(), "the adapter does not end"
        finally:
            self._in.close()
            self._socket.close()

    def end(self) -> None:
        """Say that there comes no more."""
        with suppress(OSError):  # the adapter has left already
            self._socket.shutdown(socket.SHUT_WR)

    def raw(self, data: bytes) -> None:
        """Send bytes."""
        self._socket.sendall(data)

    def send(self, message: object) -> None:
        """Send a message."""
        body = json.dumps(message).encode()
        self.raw(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def receive(self) -> dict[str, Any] | None:
        """Wait for the next message; None when there comes none any more."""
        length = 0
        while (line := self._in.readline().strip()) != b"":
            length = int(line.split(b":")[1])
        if not length:
            return None
        message: dict[str, Any] = json.loads(self._in.read(length))
        self.messages.append(message)
        return message

    def answer(self, command: str, /, **arguments: Any) -> dict[str, Any]:
        """Make a request, and return the response."""
        self._seq += 1
        self.send({"seq": self._seq, "type": "request", "command": command, "arguments": arguments})
        while (message := self.receive()) is not None:
            if message["type"] == "response" and message["request_seq"] == self._seq:
                return message
        raise AssertionError(f"{command} was not answered")

    def ask(self, command: str, /, **arguments: Any) -> dict[str, Any]:
        """Make a request that succeeds, and return what the answer has."""
        found = self.answer(command, **arguments)
        assert found["success"], found
        return found.get("body", {})

    def refused(self, command: str, /, **arguments: Any) -> str:
        """Make a request that fails, and return why."""
        found = self.answer(command, **arguments)
        assert not found["success"], found
        return found["message"]

    def event(self, name: str) -> dict[str, Any]:
        """Wait for an event; return what it has."""
        while (message := self.receive()) is not None:
            if message["type"] == "event" and message["event"] == name:
                return message.get("body", {})
        raise AssertionError(f"no event {name} came")

    def output(self) -> list[str]:
        """Return what was said for people so far."""
        return [each["body"]["output"] for each in self.messages if each.get("event") == "output"]

    def begin(self, *lines: Any, **arguments: Any) -> dict[str, Any]:
        """Launch, with breakpoints at lines of traffic.c, and return the first stop."""
        self.ask("initialize", adapterID="bpftui")
        self.ask("launch", **{**TRAFFIC, **arguments})
        self.event("initialized")
        wanted = [each if isinstance(each, dict) else {"line": each} for each in lines]
        self.ask("setBreakpoints", source={"path": os.path.abspath("bpf/traffic.c")}, breakpoints=wanted)
        self.ask("configurationDone")
        return self.event("stopped")

    def move(self, command: str, /, **arguments: Any) -> dict[str, Any]:
        """Make a request that goes somewhere; return the stop that it leads to."""
        self.ask(command, threadId=1, **arguments)
        return self.event("stopped")

    @property
    def where(self) -> tuple[str, int]:
        """The function and the line where it stands."""
        frame = self.ask("stackTrace", threadId=1)["stackFrames"][0]
        return frame["name"], frame["line"]
