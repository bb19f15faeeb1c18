"""Metrics for whoever asks: also for those who ask badly, slowly, or all at once."""

from __future__ import annotations

import http.client
import socket
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from bpftui.core.metrics import Family, Teller
from bpftui.tui.commands.scraping import Address
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Generator

LONG = "x" * (5 << 20)
"""More than the system keeps for one who never reads."""


@contextmanager
def telling(sentence: str = "X.") -> Generator[int]:
    """Tell a number; gives the port."""
    family = Family("bpf_x_bytes", "gauge", sentence, ("key",), [(("a",), 1.0)])
    with (
        Teller(lambda: [family], version="1", failed=pytest.fail) as teller,
        Address("127.0.0.1", 0).telling(teller, 1.0) as sentence,
    ):
        yield int(sentence.rpartition(":")[2].partition("/")[0])


def ask(port: int, method: str = "GET", path: str = "/metrics", **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request(method, path, headers=headers)
    return connection.getresponse()


def test_both_forms() -> None:
    with telling() as port:
        plain, open_metrics = (
            ask(port).read().decode(),
            ask(port, Accept="application/openmetrics-text").read().decode(),
        )
    assert '# TYPE bpf_x_bytes gauge\nbpf_x_bytes{key="a"} 1.0\n' in plain
    assert "# UNIT bpf_x_bytes bytes\n" in open_metrics
    assert open_metrics.endswith("# EOF\n")


@pytest.mark.parametrize(
    "garbage",
    [
        b"\0\xff\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",  # TLS
        b"GET /metrics HTTP/9.9\r\n\r\n",
        b"GET " + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\n" + b"a: b\r\n" * 1000 + b"\r\n",
        b"POST /metrics HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        b"GET /metrics?name[]=\xff%00&name[]=bpf_x HTTP/1.1\r\nAccept: \xff\xfe;q=x,,;;=\r\n\r\n",
        b"\r\n\r\n",
        b"",
    ],
)
def test_who_asks_badly_keeps_nobody_else_out(garbage: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    with telling() as port:
        client = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        with client, suppress(ConnectionError):  # it may be refused before all of it is sent
            client.sendall(garbage)
            with suppress(OSError):  # ENOTCONN, where it was
                client.shutdown(socket.SHUT_WR)
            while client.recv(65536):
                pass
        assert ask(port).status == 200
    assert capfd.readouterr() == ("", "")


def test_who_is_slow_or_never_reads_keeps_nobody_else_out(capfd: pytest.CaptureFixture[str]) -> None:
    with telling(LONG) as port, ExitStack() as stack:
        # Three times as many as are answered at a time.
        for each in range(48):
            client = stack.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", port))
            client.sendall(b"GET /metrics HTTP/1.1\r\n\r\n" if each % 24 == 0 else b"GET /met")
        assert len(ask(port).read()) > len(LONG)
    assert capfd.readouterr() == ("", "")


def test_the_end_does_not_wait_for_who_is_slow() -> None:
    with telling(LONG) as port, socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        client.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
        assert client.recv(1)  # and it reads no more
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
