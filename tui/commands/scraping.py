"""`--prometheus`: metrics over HTTP, for whoever asks."""

from __future__ import annotations

import gzip
import ipaddress
import re
import socket
import socketserver
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Final, NamedTuple

from ...core.errors import UsageError, reason_of
from ...core.metrics import OPEN_METRICS, TEXT, exposition
from ...core.threads import start_thread

if TYPE_CHECKING:
    from collections.abc import Generator

    from ...core.metrics import Teller

__all__ = ["Address", "parse_address"]

_FORM: Final = re.compile(r"(?:(?P<host>\[[0-9A-Fa-f:.%a-z]+\]|[^:\[\]]*):)?(?P<port>[0-9]{1,9})")
_LAST_PORT: Final = 65535
_LOOPBACK: Final = "127.0.0.1"
_MOST: Final = 16
"""Connections at a time. One more ends the oldest: whoever opens many and says nothing keeps nobody else out."""
_PATIENCE: Final = 10.0
"""Seconds that whoever asks may take to say a word, or to take the answer."""

_POLL: Final = 0.1
"""Seconds after which it is seen at the latest that the telling is over."""


class Address(NamedTuple):
    """Where metrics are to be had."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """Return what a collector is given."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/metrics"

    @property
    def is_open(self) -> bool:
        """Whether other machines reach it."""
        try:
            return not ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host != "localhost"

    @contextmanager
    def telling(self, teller: Teller, interval: float) -> Generator[str]:
        """Answer whoever asks; see `Destination`. Where the port is 0, it is any that is free.

        Raises:
            UsageError: The port is taken, or there is no such address here.
        """
        try:
            server = _server(self, teller)
        except (OSError, OverflowError, UnicodeError) as error:
            raise UsageError(
                f"metrics cannot be had at {self.host}:{self.port}: {reason_of(error)}", hint="choose another port"
            ) from None
        with server:
            thread = threading.Thread(target=server.serve_forever, args=(_POLL,), name="bpftui-metrics", daemon=True)
            start_thread(thread)
            try:
                found = self._replace(port=server.server_address[1])
                yield f"metrics are at {found.url}{', for every machine that reaches it' if found.is_open else ''}"
            finally:
                server.shutdown()
                thread.join()


def parse_address(text: str, option: str = "--prometheus", form: str = "ADDR:PORT") -> Address:
    """Return what `ADDR:PORT`, `:PORT` or `PORT` means; without an address, this machine alone reaches it.

    Args:
        text: What was given.
        option: What it was given to.
        form: What the help of that option calls it.

    Raises:
        UsageError: It is none.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise UsageError(f"{option} {text!r} is not of the form {form}", hint="127.0.0.1:9435, [::1]:9435, :9435, 9435")
    if int(found["port"]) > _LAST_PORT:
        raise UsageError(f"{option} {text!r}: the last port is {_LAST_PORT}", hint="0 is any that is free")
    return Address((found["host"] or _LOOPBACK).strip("[]"), int(found["port"]))


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A thread for each that asks, and not too many of them.

    It is no `http.server.HTTPServer`, which asks for the name of its address when it begins: that can take minutes.
    """

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 2 * _MOST

    def __init__(
        self,
        family: socket.AddressFamily,
        address: tuple[str, int],
        handler: type[socketserver.BaseRequestHandler],
    ) -> None:
        self.address_family = family
        self._asking: list[socket.socket] = []
        self._lock = threading.Lock()
        super().__init__(address, handler)

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        """Answer in a thread, for which the oldest one may have to go."""
        assert isinstance(request, socket.socket)
        with self._lock:
            self._asking.append(request)
            for oldest in self._asking[:-_MOST]:
                with suppress(OSError):
                    oldest.shutdown(socket.SHUT_RDWR)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """End a connection."""
        assert isinstance(request, socket.socket)
        with self._lock:
            self._asking = [each for each in self._asking if each is not request]
        super().shutdown_request(request)

    def handle_error(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        """Say nothing: whoever asked has gone, or was too slow."""


def _server(address: Address, teller: Teller) -> _Server:
    """Return what listens at an address and answers there; OSError where it cannot."""

    class Handler(BaseHTTPRequestHandler):
        """Answers whatever is asked for with all there is to tell."""

        timeout = _PATIENCE
        server_version, sys_version = "bpftui", ""

        def do_GET(self) -> None:
            """Answer."""
            form = OPEN_METRICS if "application/openmetrics-text" in self.headers.get("Accept", "") else TEXT
            body = exposition(teller.tell(), form)
            self.send_response(200)
            self.send_header("Content-Type", form)
            if "gzip" in self.headers.get("Accept-Encoding", ""):
                body = gzip.compress(body, compresslevel=1)
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002, it is called so
            """Say nothing."""

    found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, place = found[0]
    return _Server(family, (str(place[0]), address.port), Handler)
