"""`--prometheus`: metrics over HTTP, by prometheus-client, which is an extra."""

from __future__ import annotations

import ipaddress
import re
import threading
import time
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, NamedTuple

from ...core.errors import BpftuiError, FeatureError, UsageError
from ...core.visible import visible
from .common import warn

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from prometheus_client import Metric

    from ...core.metrics import Family

__all__ = ["Address", "Ticks", "exporting", "parse_address"]

_FORM: Final = re.compile(r"(?:(?P<host>\[[0-9A-Fa-f:.%a-z]+\]|[^:\[\]]*):)?(?P<port>[0-9]{1,5})")
_LOOPBACK: Final = "127.0.0.1"


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


def parse_address(text: str) -> Address:
    """Return what `ADDR:PORT`, `:PORT` or `PORT` means; without an address, this machine alone reaches it.

    Port 0 is any that is free.

    Raises:
        UsageError: It is none; or prometheus-client is not there.
    """
    found = _FORM.fullmatch(text)
    if found is None or int(found["port"]) >> 16:
        raise UsageError(
            f"--prometheus {text!r} is not of the form ADDR:PORT", hint="127.0.0.1:9435, [::1]:9435, :9435"
        )
    if find_spec("prometheus_client") is None:
        raise FeatureError("--prometheus takes prometheus-client", hint="pip install 'bpftui[export]'")
    return Address((found["host"] or _LOOPBACK).strip("[]"), int(found["port"]))


@contextmanager
def exporting(address: Address, families: Callable[[], Sequence[Family]]) -> Generator[Address]:
    """Answer whoever asks for metrics while the context lasts.

    Args:
        address: Where.
        families: Reads what there is to tell, each time that somebody asks; in a thread, one at a time.

    Yields:
        Where, with the port that it came to.

    Raises:
        UsageError: The port is taken, or there is no such address here.
    """
    from prometheus_client import CollectorRegistry, start_http_server

    registry, collector = CollectorRegistry(auto_describe=False), _Collector(families)
    registry.register(collector)
    try:
        server, thread = start_http_server(address.port, address.host, registry)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(
            f"metrics cannot be had at {address.host}:{address.port}: {reason.lower()}", hint="choose another port"
        ) from None
    try:
        yield address._replace(port=server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        collector.close()


class _Collector:
    """Hands families over to prometheus-client."""

    def __init__(self, families: Callable[[], Sequence[Family]]) -> None:
        self._families = families
        self._lock = threading.Lock()
        self._is_closed = False
        self._failures = 0

    def close(self) -> None:
        """Wait until nobody is being told anything, and read nothing any more."""
        with self._lock:
            self._is_closed = True

    def _read(self) -> Sequence[Family]:
        """Return what there is to tell; where it cannot be read, nothing, which is said and counted."""
        try:
            return () if self._is_closed else self._families()
        except (BpftuiError, OSError) as error:
            self._failures += 1
            if self._failures == 1:
                warn(f"metrics cannot be read: {error}")
            return ()

    def collect(self) -> Iterator[Metric]:
        """Iterate over all there is to tell."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily

        with self._lock:
            start = time.perf_counter()
            for each in self._read():
                if each.kind == "info":
                    info = InfoMetricFamily(each.name.removesuffix("_info"), each.help)
                    for labels, _ in each.numbers:
                        info.add_metric([], dict(zip(each.labels, map(visible, labels), strict=True)))
                    yield info
                    continue
                made = CounterMetricFamily if each.kind == "counter" else GaugeMetricFamily
                found = made(each.name.removesuffix("_total"), visible(each.help), labels=each.labels)
                for labels, number in each.numbers:
                    found.add_metric([*map(visible, labels)], number)
                yield found
            failures = CounterMetricFamily("bpftui_scrape_failures", "How often nothing could be read.")
            failures.add_metric([], self._failures)
            yield failures
            cost = GaugeMetricFamily("bpftui_scrape_seconds", "How long it took to read and tell this.")
            cost.add_metric([], time.perf_counter() - start)
            yield cost


class Ticks:
    """Moments at which is looked whether to go on, where nothing is sampled: see `Sampling`."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._stopping = threading.Event()

    def samples(self, duration: float | None, *, until: Callable[[], bool]) -> Iterator[None]:
        """Iterate over them, for so many seconds, or until that is so."""
        end = None if duration is None else time.monotonic() + duration
        while not self._stopping.is_set():
            over = until()
            yield None
            if over or (end is not None and time.monotonic() >= end):
                return
            left = self._interval if end is None else min(self._interval, max(end - time.monotonic(), 0.0))
            self._stopping.wait(left)

    def stop(self) -> None:
        """End it, from any thread."""
        self._stopping.set()
