"""PrintedTab: what all programs of the machine print with bpf_printk, by which of them, as it comes."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, ClassVar, Final

from rich.style import Style

from ....core.errors import BpftuiError, reason_of
from ....core.visible import visible
from ...targets import Thing
from ...text.shown import Text
from ..live.printed_view import PrintedView
from ..plain import Static
from .tab import SystemTab

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
    from typing import Protocol

    from textual.app import ComposeResult
    from textual.widget import Widget

    from ....core.runtime import Printed
    from ....core.system.history import Seen
    from ...targets import Target
    from ..lists.row_view import RowView

    class Reader(Protocol):
        """What reads the lines of all programs."""

        @property
        def problem(self) -> str:
            """Why there is nothing to read, as a sentence; empty where there is."""
            ...

        def read(self, programs: dict[int, str]) -> Printed:
            """Return what was printed since the last look."""
            ...

        def close(self) -> None:
            """Read no more."""
            ...


__all__ = ["PrintedTab"]

_ABOUT: Final = "bpf_printk since this was opened · streams stay unread: that empties them"


def _why(error: Exception) -> str:
    """Return what went wrong, as a clause."""
    if isinstance(error, BpftuiError):
        return error.message
    return reason_of(error) if isinstance(error, OSError) else f"{type(error).__name__}: {error}"


def _open_reader() -> Reader:
    from ....core.system.printed import MachinePrintReader

    return MachinePrintReader()


class _Lines(PrintedView):
    """The lines, whose programs can be followed."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"printed-lines--link"}
    """
    | Class | Description |
    | :- | :- |
    | `printed-lines--link` | The program that printed. |
    """
    DEFAULT_CSS = """
    _Lines { height: 1fr; & > .printed-lines--link { color: $link; } }
    """

    def row_targets(self, index: int) -> Sequence[Target]:
        """Return the program of a line."""
        number, _, _ = self.line(index).raw.decode().partition(" ")
        return (Thing("prog", int(number)),) if number.isdecimal() else ()

    def draw_row(self, index: int, width: int) -> Text:
        """Draw when it was printed, by which program, and the line."""
        line = self.line(index)
        text = Text(f"{line.time:>10.3f}s  ", self.ink("stream-view--time"))
        who = line.raw.decode()
        if who:
            text.append(who, self.ink("printed-lines--link") + Style(meta={"target": 0}))
        else:
            text.append("?", self.ink("stream-view--time"))
        return text.append("  ").append(line.text)


class _PrintedNote(Static):
    """The line below."""

    DEFAULT_CSS = """
    _PrintedNote {
        dock: bottom;
        height: 1;
        color: $text-muted;
        padding: 0 1;
        text-wrap: nowrap;
        text-overflow: ellipsis;
        &.-problem { color: $text-warning; }
    }
    """


class PrintedTab(SystemTab):
    """The lines, read at each look while the tab is in front, from an instance of the tracefs of its own."""

    NAME: ClassVar[str] = "printed"

    def __init__(self) -> None:
        super().__init__(id="printed-tab")
        self.lines = _Lines()
        self._note = _PrintedNote(_ABOUT)
        self.open_reader: Callable[[], Reader] = _open_reader
        """What opens a reader, in a thread."""
        self._reader: Reader | None = None
        self._is_reading = self._is_over = False

    def compose(self) -> ComposeResult:
        """Compose the lines, and what is said of them."""
        yield self.lines
        yield self._note

    def show(self, seen: Seen) -> None:
        """Read what was printed since the last look."""
        self._is_over = False
        if self._is_reading:
            return
        self._is_reading = True
        names = {number: f"{number} {each.name}" for number, each in seen.snapshot.programs.items()}
        time = seen.look.time

        def read() -> None:
            reader, printed = self._reader, None
            try:
                reader = reader or self.open_reader()
                printed, problem = reader.read(names), reader.problem
            except Exception as error:  # said, and not lost with the thread; the next look opens another one
                problem = f"what programs print cannot be read: {_why(error)}"
                if reader is not None:
                    with contextlib.suppress(Exception):
                        reader.close()
                    reader = None
            self.lines.typed_app.call_from_thread(self._arrived, reader, time, printed, problem)

        self.run_worker(read, thread=True, exit_on_error=False, group="printed", description="read what is printed")

    def _arrived(self, reader: Reader | None, time: float, printed: Printed | None, problem: str) -> None:
        self._is_reading = False
        self._reader = reader
        if self._is_over:
            self.rest()
            return
        self.lines.empty_text = problem or "no program has printed a line since this was opened"
        if printed is None:
            self.lines.refresh()
        else:
            self.lines.add(time, printed)
        self._note.set_class(bool(problem), "-problem")
        self._note.update(visible(problem or _ABOUT))  # cut where it is drawn: it may come before there is any room

    def rest(self) -> None:
        """Read no more; what is printed from now on is not seen."""
        reader = self._let_go()
        if reader is not None:  # what it reads with is taken down in the kernel, which takes its time
            run = self.lines.typed_app.run_worker  # not the tab's: they end with it
            run(reader.close, thread=True, exit_on_error=False, group="printed", description="read no more")

    def _let_go(self) -> Reader | None:
        """Read no more, and return what is to be closed now."""
        self._is_over = True
        if self._is_reading:
            return None
        reader, self._reader = self._reader, None
        return reader

    def on_unmount(self) -> None:
        """Read no more; a worker that is begun now need not come to its turn."""
        reader = self._let_go()
        if reader is not None:
            reader.close()

    def cannot_look(self, why: str) -> None:
        """Say in the place of the lines why nothing can be seen."""
        self.lines.empty_text = why
        self.lines.refresh()

    def on_row_view_selected(self, event: RowView.Selected) -> None:
        """Go to the program that printed a line."""
        event.stop()
        targets = self.lines.row_targets(event.index)
        if targets:
            self.post_message(self.lines.Followed(self.lines, event.index, targets[0]))
        else:
            self.notify("the kernel does not tell which program printed this", timeout=3)

    @property
    def key(self) -> Hashable | None:
        """Nothing: lines are no things."""
        return None

    def go_to(self, key: Hashable) -> bool:
        """Find nothing: lines are no things."""
        return False

    @property
    def first(self) -> Widget:
        """The lines."""
        return self.lines
