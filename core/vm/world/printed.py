"""What programs on the built-in machine print."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Final

from ...closing import Closing
from ...runtime import Printed, PrintedLine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..parts import Parts

__all__ = ["PrintReader", "PrintedLines"]

_MOST_LINES: Final = 10_000
"""That are kept, each of at most some 1,000 bytes."""


class PrintedLines:
    """The lines that the programs of a collection printed: the newest 10,000, and how many there ever were."""

    def __init__(self) -> None:
        self._lines: deque[PrintedLine] = deque(maxlen=_MOST_LINES)
        self.count = 0

    count: int
    """Lines that were ever printed."""

    def append(self, line: PrintedLine) -> None:
        """Add a line."""
        self._lines.append(line)
        self.count += 1

    def __iter__(self) -> Iterator[PrintedLine]:
        return iter(self._lines)

    def since(self, count: int) -> Printed:
        """Return what came after the first *count* lines."""
        new = self.count - count
        lost = max(new - len(self._lines), 0)
        return Printed(tuple(islice(self._lines, len(self._lines) - new + lost, None)), lost)


class PrintReader(Closing):
    """Reads what the programs of a collection print from now on; implements `bpftui.core.runtime.PrintReader`."""

    problem = ""
    """Nothing keeps it from reading."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._seen = parts.host.trace.count

    def read(self) -> Printed:
        """Return what was printed since the last look."""
        with self._parts.lock:
            trace = self._parts.host.trace
            found = trace.since(self._seen)
            self._seen = trace.count
        return found

    def close(self) -> None:
        """Do nothing: nothing was set up."""
