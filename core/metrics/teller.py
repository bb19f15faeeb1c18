"""Telling metrics: what is read anew for whoever asks, made fit to be told, and what that cost."""

from __future__ import annotations

import threading
import time
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from ..closing import Closing
from ..errors import BpftuiError
from ..visible import visible
from .families import Family

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["Teller"]

_LONGEST: Final = 200
"""Characters of a label; a longer one is cut, and has a digest of all of it at its end."""


class Teller(Closing):
    """Tells families to one who asks at a time, with how long it took and how often it could not be done.

    Labels come from outside, from keys of maps and names of whoever loaded something: they are made visible, short, and
    different within a family. Two numbers with the same labels would cost whoever collects them one of both, or all.

    Args:
        families: Reads what there is to tell, in the thread of whoever asks.
        version: What tells it, for `bpftui_build_info`.
        failed: Is given a sentence when something could not be read: the first time, and after it could be again.
    """

    def __init__(
        self, families: Callable[[], Sequence[Family]], *, version: str, failed: Callable[[str], object]
    ) -> None:
        self._families, self._version, self._failed = families, version, failed
        self._lock = threading.Lock()
        self._is_closed = self._has_failed = False
        self._failures = 0

    def close(self) -> None:
        """Wait until nobody is being told anything, and read nothing any more."""
        with self._lock:
            self._is_closed = True

    def _read(self) -> Sequence[Family]:
        if self._is_closed:
            return ()
        try:
            found = self._families()
        except (BpftuiError, OSError) as error:
            reason = str(error)
        except Exception as error:  # a mistake of ours: what else is told goes on, and this is said
            reason = f"{type(error).__name__}: {error}"
        else:
            self._has_failed = False
            return found
        self._failures += 1
        if not self._has_failed:
            self._has_failed = True
            self._failed(f"metrics cannot be read: {reason}")
        return ()

    def tell(self) -> Iterator[Family]:
        """Iterate over all there is to tell; where it cannot be read that is counted, and nothing else is told.

        What whoever asks does with each family before it asks for the next one is part of the cost.
        """
        with self._lock:
            start = time.perf_counter()
            for each in self._read():
                yield fit(each)
            yield Family("bpftui_build_info", "info", "What tells this.", ("version",), [((self._version,), 1)])
            yield Family(
                "bpftui_scrape_failures_total",
                "counter",
                "How often nothing could be read.",
                (),
                [((), self._failures)],
            )
            cost = time.perf_counter() - start
            yield Family("bpftui_scrape_seconds", "gauge", "How long it took to read and tell this.", (), [((), cost)])


def fit(family: Family) -> Family:
    """Return a family as it may be told: with labels that are visible, short and different."""
    seen: set[tuple[str, ...]] = set()
    numbers: list[tuple[tuple[str, ...], float]] = []
    for labels, number in family.numbers:
        found = tuple([_fit(each) for each in labels])
        if found in seen:
            if not labels:
                continue
            # What was different is not any more once it is visible: a digest of what it was tells it apart.
            found = _other(labels, found, seen)
        seen.add(found)
        numbers.append((found, number))
    return Family(family.name, family.kind, visible(family.help), family.labels, numbers)


def _other(labels: tuple[str, ...], alike: tuple[str, ...], seen: set[tuple[str, ...]]) -> tuple[str, ...]:
    """Return labels that are not in *seen*; the very same ones (two members of one name) are numbered for it."""
    number, told = 1, labels
    while (found := (*alike[:-1], f"{alike[-1]} {_digest(told)}")) in seen:
        number += 1
        told = (*labels, str(number))
    return found


def _fit(label: str) -> str:
    found = label if label.isascii() and label.isprintable() else visible(label)
    return found if len(found) <= _LONGEST else f"{found[:_LONGEST]}… {_digest((label,))}"


def _digest(labels: tuple[str, ...]) -> str:
    raw = "\0".join(labels).encode("utf-8", "surrogateescape")
    return blake2b(raw, digest_size=8).hexdigest()
