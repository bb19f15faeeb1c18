"""CView: C text of any length, in colours."""

from __future__ import annotations

from textual.strip import Strip

from .code_view import CodeView

__all__ = ["CView"]


class CView(CodeView):
    """Lines of C with a cursor and a search."""

    DEFAULT_CSS = """
    CView {
        & > .code-view--source { color: $foreground; text-style: none; }
        & > .code-view--c-keyword, & > .code-view--c-type, & > .code-view--c-tag { text-style: none; }
        & > .code-view--c-function, & > .code-view--c-number, & > .code-view--c-string { text-style: none; }
        & > .code-view--c-comment { text-style: none; }
    }
    """

    def __init__(self, text: str = "", *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        """Initialise a view of *text*."""
        super().__init__(id=id)
        self._lines = text.splitlines()

    def show(self, text: str) -> None:
        """Show other text, from its first line."""
        self._lines = text.splitlines()
        self.restart()

    @property
    def text(self) -> str:
        """The whole text."""
        return "\n".join(self._lines)

    def row_count(self) -> int:
        """Return how many lines there are."""
        return len(self._lines)

    def row_text(self, index: int) -> str:
        """Return a line."""
        return self._lines[index]

    def draw_row(self, index: int, width: int) -> Strip:
        """Draw a line."""
        return Strip(self.c_source(self._lines[index].expandtabs(4)))
