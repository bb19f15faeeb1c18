"""StartPicker: what `bpftui` shows where no object is named: those explored last, and those that ship with it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from ... import bpf
from ...core.visible import cells, visible
from ..base_app import forget_keys
from ..state.config import load_config
from ..state.recent import recent
from ..text.fit import fitted
from ..text.shown import Text
from .picker import ChoiceList, Picker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..state.config import Config

__all__ = ["FileList", "StartPicker", "pick_start"]

_SHIPPED: Final = {
    "traffic": "what comes in, by protocol and source; every 1000th packet as an event",
    "count_packets": "the smallest counter: packets that an interface receives",
    "my_map": "the smallest collection: one map, one program",
    "global_example": "a variable that every run counts up",
    "hidden_example": "a variable that belongs to the object alone",
    "constants": "configuration by constants, and what the verifier makes of them",
}
"""The objects that ship, and what each shows."""


class FileList(ChoiceList):
    """Files by name, with what they are."""

    def __init__(self, files: Sequence[tuple[str, str]]) -> None:
        """Initialise the list of *files*: (path, what it is)."""
        super().__init__()
        self.files = files
        self._names = [visible(os.path.basename(path)) for path, _ in files]
        self._width = max(map(cells, self._names))

    def row_count(self) -> int:
        """Return how many files there are."""
        return len(self.files)

    def row_text(self, index: int) -> str:
        """Return a file's path."""
        return self.files[index][0]

    def draw_row(self, index: int, width: int) -> Text:
        """Draw a file."""
        names = min(self._width, max(16, width // 3))
        text = Text(f"{fitted(self._names[index], names)}  ", "bold", no_wrap=True)
        return text.append(visible(self.files[index][1]), self.ink("row-view--muted"))


class StartPicker(Picker[str]):
    """A list of files; returns the path of the chosen one, or None.

    Args:
        files: (path, what it is).
        note: What is wrong with what was chosen last.
        config: What the user prefers.
    """

    def __init__(self, files: Sequence[tuple[str, str]], *, note: str = "", config: Config | None = None) -> None:
        title = "bpftui: choose a BPF object, or name one: bpftui OBJECT"
        super().__init__(title, FileList(files), note=note, config=config)
        self._files = files

    def value(self, index: int) -> str:
        """Return a row's path."""
        return self._files[index][0]


def choices() -> list[tuple[str, str]]:
    """Return what there is to choose from: (path, what it is), no file twice; what was explored before is first."""
    shipped = [(str(bpf.path(name)), f"ships with bpftui: {what}") for name, what in _SHIPPED.items()]
    known = {path for path, _ in shipped}
    return [*((path, f"explored before: {path}") for path in recent() if path not in known), *shipped]


def pick_start(note: str = "") -> str | None:
    """Let the user choose a file; needs a terminal. Return its path, None where the user quit.

    Args:
        note: What is wrong with what was chosen last: what was typed for it meanwhile is for nobody.
    """
    if note:
        forget_keys()
    return StartPicker(choices(), note=note, config=load_config()).run()
