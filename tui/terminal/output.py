"""The one way to standard output and standard error: visible text, and no escape sequences but the colours of `colors`.

For the time of a command the standard streams are gates. On standard output a write is a line, or a part of one: a
line end anywhere but at its end is a foreign one and is shown as `\\n`, so that a name cannot pretend to be a line of
ours. Several lines are written with `write_lines`. On standard error, where the interpreter and libraries write as
well, lines stay lines.
"""

from __future__ import annotations

import errno
import io
import os
import re
import select
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, TextIO, TypeVar, cast

from ...core.spread import spread
from ...core.visible import cells, visible, visible_all, visible_json, visible_lines
from ..text.colors import Painted, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from _typeshed import SupportsWrite
    from rich.table import Table
    from rich.text import Text
    from rich.tree import Tree

__all__ = [
    "InPlace",
    "complain",
    "gated",
    "is_hangup",
    "write_json",
    "write_line",
    "write_lines",
    "write_lines_of",
    "write_table",
    "write_text",
]

_ITEM = TypeVar("_ITEM")
_CHUNK: Final = 1 << 17
"""Characters that are written at a time, and what a line or a piece is longer."""


def write_line(*parts: str, flush: bool = False) -> None:
    """Write one line to standard output, made of parts as `joined` does it."""
    sys.stdout.write(Painted(f"{joined(*parts)}\n"))
    if flush:
        sys.stdout.flush()


def write_lines(lines: Iterable[str]) -> None:
    """Write lines, without their ends, to standard output: what is not painted is made visible."""
    for chunk in _chunks(lines):
        sys.stdout.write(_shown(chunk))


def write_lines_of(items: Sequence[_ITEM], lines: Callable[[_ITEM], Iterable[str]]) -> None:
    """Write the lines of each of many items, as `write_lines` does it; several processes make them: see `spread`."""
    for text in spread(lambda item: _shown(list(lines(item))), items):
        sys.stdout.write(text)


def _shown(lines: list[str]) -> Painted:
    """Return lines with their ends, as they may be written."""
    if Painted in map(type, lines):
        lines = [line if type(line) is Painted else visible(line) for line in lines]
    else:
        lines = visible_all(lines)
    return Painted("\n".join([*lines, ""]))


def _chunks(texts: Iterable[str]) -> Iterator[list[str]]:
    """Iterate over texts, several together: a write costs more than a few characters, and a line may have a million."""
    waiting: list[str] = []
    size = 0
    for text in texts:
        waiting.append(text)
        size += len(text)
        if size >= _CHUNK:
            yield waiting
            waiting, size = [], 0
    if waiting:
        yield waiting


def write_text(text: str, *, stream: SupportsWrite[str] | None = None) -> None:
    """Write a text of our own, whose line ends and tabs are meant; a last line end is added where it has none."""
    lines = text.removesuffix("\n").split("\n")
    shown = ["\t".join(map(visible, line.split("\t"))) for line in lines]
    (stream or sys.stdout).write(Painted("".join([f"{line}\n" for line in shown])))


def write_json(pieces: Iterable[str], *, flush: bool = False) -> None:
    """Write a JSON document, in the pieces that json makes of it, and a line end."""
    for chunk in _chunks(pieces):
        sys.stdout.write(Painted(visible_json("".join(chunk))))
    write_line(flush=flush)


_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")
_HELD: Final = "\x1b[?2026h"
_DRAWN: Final = "\x1b[?2026l"
"""Synchronized output: a terminal that knows it draws what is between these at once."""


class InPlace:
    """Lines below all that a terminal shows, which are written anew in the same place.

    It uses none of a terminal's modes that would have to be undone, so that whatever ends the process leaves the lines
    standing. What else is written goes above them: `clear` them first.
    """

    def __init__(self) -> None:
        self._widths: list[int] = []
        """Cells of the lines that stand there."""

    @staticmethod
    def size() -> tuple[int, int]:
        """Return how many columns there are, and how many lines there may be."""
        columns, rows = os.get_terminal_size(sys.stdout.fileno())
        # The cursor stands below them.
        return max(columns, 1), max(rows - 1, 1)

    def show(self, lines: Iterable[str]) -> None:
        """Write lines over those that stand there; at most as many, and as long, as `size` says."""
        shown = [joined(line) for line in lines]
        body = "".join(f"{line}\x1b[K\n" for line in shown)
        self._write(f"{self._home()}{body}\x1b[J")
        self._widths = [cells(_COLOURS.sub("", line)) for line in shown]

    def clear(self) -> None:
        """Remove them."""
        if self._widths:
            self._write(f"{self._home()}\x1b[J")
            self._widths = []

    def leave(self) -> None:
        """Let them stand for good: whatever is shown next stands below them."""
        self._widths = []

    def _home(self) -> str:
        """Return what brings the cursor to where the first of them begins."""
        columns, rows = self.size()
        # Where the terminal has become narrower since, it has broken them.
        height = sum([max(1, -(-width // columns)) for width in self._widths])
        return f"\x1b[{min(height, rows)}A\r" if height else "\r"

    def _write(self, text: str) -> None:
        sys.stdout.write(Painted(f"{_HELD}{text}{_DRAWN}"))
        sys.stdout.flush()

    @contextmanager
    def following(self, draw: Callable[[], object]) -> Generator[None]:
        """Call *draw* when the terminal gets another size, and after a stop (ctrl+z), in the main thread."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def goes_on(_number: int, _frame: object) -> None:
            self.leave()  # the shell has written below them
            draw()

        before = {
            signal.SIGWINCH: signal.signal(signal.SIGWINCH, lambda _number, _frame: draw()),
            signal.SIGCONT: signal.signal(signal.SIGCONT, goes_on),
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def complain(text: str) -> None:
    """Write one line to standard error; where that cannot be written to, there is nobody to tell."""
    with suppress(OSError):
        print(f"bpftui: {visible(text)}", file=sys.stderr, flush=True)


def is_hangup(error: OSError) -> bool:
    """Whether *error* came of writing to a terminal that has gone.

    Linux makes its descriptors fail (EIO) before it sends SIGHUP (`__tty_hangup`), and to those alone whose terminal
    controls them: whoever writes at that moment learns it from here.
    """
    if error.errno != errno.EIO:
        return False
    poll = select.poll()
    for number in (1, 2):
        poll.register(number, 0)  # that it has hung up is always told
    return any(events & select.POLLHUP for _, events in poll.poll(0))


@contextmanager
def gated() -> Generator[None]:
    """Make gates of the standard streams, for as long as this lasts."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = cast("TextIO", _Gate(before[0])), cast("TextIO", _Gate(before[1], many_lines=True))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


class _Gate(io.TextIOBase):
    """A stream that hands on what is painted, and all else as visible text.

    Args:
        stream: Where it goes.
        many_lines: Whether a line end inside a text that is written is one.
    """

    def __init__(self, stream: TextIO, *, many_lines: bool = False) -> None:
        self._stream = stream
        self._many_lines = many_lines

    def write(self, text: str, /) -> int:
        """Write a text, and return its length."""
        if type(text) is not Painted:
            body = text.removesuffix("\n")
            end = text[len(body) :]
            text = ("\n".join(visible_lines(body)) if self._many_lines else visible(body)) + end
        return self._stream.write(text)

    def flush(self) -> None:
        """Write what is still held back."""
        self._stream.flush()

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._stream.fileno()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._stream.isatty()

    def writable(self) -> bool:
        """Whether it can be written to: yes."""
        return True

    @property
    def encoding(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride] # a property there as well
        """What texts become bytes by."""
        return self._stream.encoding


def write_table(table: Table | Tree | Text, *, color: bool) -> None:
    """Write a table, a tree or a text of rich's, as wide as the terminal, and in a pipe as wide as it is.

    Its lines have no blanks at their ends: they are in the way when it is pasted.
    """
    from rich.color import ColorSystem
    from rich.console import Console
    from rich.segment import Segment

    class Layout(Console):
        def render_str(self, text: str, **options: Any) -> Text:
            """Return a cell that was given as `str`, visible before it is measured."""
            return super().render_str("\n".join(visible_lines(text)), **options)

    width = None if sys.stdout.isatty() else 10_000
    layout = Layout(highlight=False, markup=False, emoji=False, width=width, _environ={})
    # Line by line, and not filled up: rich has all of them at once, each as long as the widest there could be.
    lines = Segment.split_and_crop_lines(layout.render(table), layout.width, include_new_lines=False, pad=False)
    for segments in lines:
        parts = [(visible(segment.text), segment.style) for segment in segments if not segment.control]
        while parts and not parts[-1][0].rstrip():
            parts.pop()
        if parts:
            parts[-1] = (parts[-1][0].rstrip(), parts[-1][1])
        system = ColorSystem.STANDARD if color else None
        line = "".join([style.render(text, color_system=system) if style else text for text, style in parts])
        write_lines([Painted(line)])
