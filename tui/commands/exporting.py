"""`--prometheus` and `--otlp`: metrics instead of something printed, for whoever asks or to a collector (an extra)."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

from ...core.errors import UsageError
from ...core.metrics import Teller
from ..terminal.output import complain
from .common import warn
from .versions import version

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Generator, Iterator, Sequence
    from contextlib import AbstractContextManager

    from ...core.metrics import Family
    from .common import Parser

__all__ = ["SENDING", "Destination", "Ticks", "add_exporting", "destination", "exporting"]

SENDING: Final = 10.0
"""Seconds between two times that metrics are sent to a collector, where nobody says otherwise."""
_TICK: Final = 1.0
"""Seconds at most after which is looked whether to go on."""


class Destination(Protocol):
    """Where metrics go."""

    def telling(self, teller: Teller, interval: float) -> AbstractContextManager[str]:
        """Tell them there while the context lasts; it is given a sentence that says where.

        Args:
            teller: What is asked for them; it stays its owner's.
            interval: Seconds between two times, where nobody asks.

        Raises:
            UsageError: It cannot be done there.
        """
        ...


def add_exporting(parser: Parser, example: str) -> None:
    """Add `--prometheus` and `--otlp`; *example* is a number as it is told."""
    parser.add_argument(
        "--prometheus",
        metavar="ADDR:PORT",
        help="instead of printing, tell all of it as metrics at http://ADDR:PORT/metrics, read anew for whoever asks; "
        f"without ADDR to this machine alone: {example}",
    )
    parser.add_argument(
        "--otlp",
        metavar="URL",
        help="instead of printing, send the same to a collector of OpenTelemetry (OTLP over HTTP): "
        f"http://localhost:4318, every --interval (here {SENDING:g} seconds by default). Headers and certificates are "
        "those of OTEL_EXPORTER_OTLP_HEADERS, OTEL_EXPORTER_OTLP_CERTIFICATE and the like",
    )


def destination(options: argparse.Namespace, *others: str) -> Destination | None:
    """Return where metrics go; None where something is printed instead.

    Args:
        options: What was asked for.
        others: The names of options that make no sense beside it.

    Raises:
        UsageError: It is no such place.
        FeatureError: What tells them there is not installed.
    """
    given = [name for name in ("prometheus", "otlp") if getattr(options, name) is not None]
    if not given:
        return None
    beside = [name for name in (*given[1:], *others) if getattr(options, name)]
    if beside:
        raise UsageError(f"--{given[0]} prints nothing and keeps nothing: it is not given with --{beside[0]}")
    if options.prometheus is not None:
        from .scraping import parse_address

        return parse_address(options.prometheus)
    from .pushing import parse_endpoint

    return parse_endpoint(options.otlp)


@contextmanager
def exporting(where: Destination, families: Callable[[], Sequence[Family]], interval: float) -> Generator[None]:
    """Tell metrics while the context lasts, and say where.

    Args:
        where: Where they go.
        families: Reads what there is to tell, each time; in a thread, one at a time.
        interval: Seconds between two times, where nobody asks.

    Raises:
        UsageError: It cannot be done there.
    """
    teller = Teller(families, version=version().rpartition(" ")[2], failed=warn)
    # What is still being told when the context ends is waited for, before what it is read from is closed.
    with teller, where.telling(teller, interval) as sentence:
        complain(sentence)
        yield


class Ticks:
    """Moments at which is looked whether to go on, where nothing is sampled: see `Sampling`."""

    def __init__(self, interval: float = _TICK) -> None:
        self._interval = min(interval, _TICK)
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
