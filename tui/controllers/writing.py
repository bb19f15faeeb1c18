"""What a pane shows, as a file: text, or with colours where it has some and the file's name says so."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from ...core.errors import BpftuiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual.notifications import SeverityLevel

__all__ = ["ask_where_to_write"]


class _Stage(Protocol):
    """What is needed of the screen: see `Stage`."""

    def ask(self, dialog: Any, then: Callable[[Any], None]) -> None: ...

    def find_out(self, work: Callable[[], Any], then: Callable[[Any], None]) -> None: ...

    def notify(
        self, message: str, *, title: str = "", severity: SeverityLevel = "information", timeout: float | None = None
    ) -> None: ...


def ask_where_to_write(
    stage: _Stage, name: str, title: str, lines: Callable[[str], Iterable[str]], notes: tuple[str, ...] = ()
) -> None:
    """Ask for a new file, and write lines to it.

    Args:
        stage: Where it is asked.
        name: What the file is called, unless the user says otherwise.
        title: What the document is called.
        lines: Returns the lines for one of `text.export.FORMATS`; called in a thread.
        notes: What there is to know, a line each.
    """
    from ..dialogs.ask import AskDialog

    question = AskDialog("Write to", name, notes=notes, confirm="Write")
    stage.ask(question, lambda path: _write(stage, path, title, lines) if path else None)


def _write(stage: _Stage, path: str, title: str, lines: Callable[[str], Iterable[str]]) -> None:
    def written(problem: str) -> None:
        if problem:
            stage.notify(problem, title="Write", severity="error")
        else:
            stage.notify(f"wrote {path}", timeout=4)

    stage.find_out(partial(_write_file, path, title, lines), written)


def _write_file(path: str, title: str, lines: Callable[[str], Iterable[str]]) -> str:
    """Write a file, in a thread; return why it could not be, else nothing."""
    from ..text.export import document, format_of, write_document

    kind = format_of(path)
    try:
        write_document(path, document(lines(kind), kind, title), replace=False)
    except BpftuiError as error:
        return error.message
    return ""
