"""StartPicker: what `bpftui` shows where no object is named: those explored last, and those that ship with it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar, Final

from rich.text import Text
from textual.app import App
from textual.binding import Binding, BindingType
from textual.widgets import Static

from .. import bpf
from .config import Config, load_config
from .recent import recent
from .widgets.key_bar import KeyBar
from .widgets.row_view import RowView
from .widgets.search_bar import SearchBar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

__all__ = ["FileList", "StartPicker", "pick_start"]

_SHIPPED: Final = ("traffic", "count_packets", "my_map", "global_example", "hidden_example", "constants")


class FileList(RowView):
    """Files by name, with the directory that they are in, and where they come from."""

    DEFAULT_CSS = """
    FileList { height: 1fr; }
    """

    def __init__(self, files: Sequence[tuple[str, str]]) -> None:
        """Initialise the list of *files*: (path, why it is here)."""
        super().__init__()
        self.files = files
        self._width = max(len(os.path.basename(path)) for path, _ in files)

    def row_count(self) -> int:
        """Return how many files there are."""
        return len(self.files)

    def row_text(self, index: int) -> str:
        """Return a file's path."""
        return self.files[index][0]

    def draw_row(self, index: int, width: int) -> Text:
        """Draw a file."""
        path, why = self.files[index]
        muted = self.ink("row-view--muted")
        text = Text(f"{os.path.basename(path):<{self._width}}  ", "bold", no_wrap=True)
        text.append(f"{why:<16}  ", muted)
        return text.append(os.path.dirname(path), muted)


class StartPicker(App[str]):
    """A list of files over the whole terminal; returns the path of the chosen one, or None.

    Args:
        files: (path, why it is here).
        note: What is wrong with what was chosen last.
        config: What the user prefers.
    """

    TITLE = "bpftui"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #title { height: 1; background: $panel; padding: 0 1; }
    #note { height: auto; color: $text-error; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,escape,ctrl+q", "quit", "Quit", id="quit", tooltip="Quit"),
    ]

    def __init__(self, files: Sequence[tuple[str, str]], *, note: str = "", config: Config | None = None) -> None:
        super().__init__()
        self._list = FileList(files)
        self._note = note
        config = config or Config()
        if config.theme in self.available_themes:
            self.theme = config.theme

    def compose(self) -> ComposeResult:
        """Compose the list."""
        yield Static("bpftui: choose a BPF object, or name one: bpftui OBJECT", id="title", markup=False)
        if self._note:
            yield Static(f"✗ {self._note}", id="note", markup=False)
        yield self._list
        yield SearchBar(placeholder="search: enter finds, n and N go on, esc gives up")
        yield KeyBar()

    def on_mount(self) -> None:
        """Begin at the top."""
        self._list.focus()

    def on_row_view_selected(self, event: RowView.Selected) -> None:
        """Choose."""
        self.exit(self._list.files[event.index][0])

    def on_row_view_search_requested(self, event: RowView.SearchRequested) -> None:
        """Ask for a pattern."""
        self.query_one(SearchBar).open()

    def on_search_bar_closed(self, event: SearchBar.Closed) -> None:
        """Search."""
        self._list.focus()
        if event.pattern:
            self._list.search(event.pattern)


def choices() -> list[tuple[str, str]]:
    """Return what there is to choose from: (path, why it is here), no file twice."""
    shipped = [(str(bpf.path(name)), "ships with bpftui") for name in _SHIPPED]
    known = {path for path, _ in shipped}
    return [*((path, "explored before") for path in recent() if path not in known), *shipped]


def pick_start(note: str = "") -> str | None:
    """Let the user choose a file; needs a terminal. Return its path, None where the user quit."""
    return StartPicker(choices(), note=note, config=load_config()).run()
