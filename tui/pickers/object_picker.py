"""ObjectPicker: the objects inside a file that holds several, to choose one from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.errors import BpftuiError
from ...core.spec import CollectionSpec
from ...core.visible import cells, visible
from ..state.config import load_config
from ..text.fit import fitted
from ..text.format import byte_size, counted
from ..text.shown import Text
from .picker import ChoiceList, Picker

if TYPE_CHECKING:
    from ...core.spec.container import Embedded, SeveralObjectsError
    from ..state.config import Config

__all__ = ["ObjectList", "ObjectPicker", "pick"]


class ObjectList(ChoiceList):
    """Number, name, size of each object, and what is in it."""

    def __init__(self, objects: list[Embedded]) -> None:
        """Initialise the list of *objects*."""
        super().__init__()
        self.objects = objects
        self.contents: dict[int, str] = {}
        """By index: what is in an object, or why it cannot be read, as far as it has been looked at."""
        self._names = [visible(item.name) or "(no name)" for item in objects]
        self._name_width = max(map(cells, self._names))

    def row_count(self) -> int:
        """Return how many objects there are."""
        return len(self.objects)

    def row_text(self, index: int) -> str:
        """Return an object as one line."""
        item = self.objects[index]
        return f"#{index + 1} {item.name or '(no name)'} {byte_size(item.size)} {self.contents.get(index, '')}".strip()

    def draw_row(self, index: int, width: int) -> Text:
        """Draw an object."""
        item = self.objects[index]
        names = min(self._name_width, max(16, width // 3))
        muted = self.ink("row-view--muted")
        text = Text(f"#{index + 1:<4}", muted, no_wrap=True)
        text.append(f"{fitted(self._names[index], names)}  ", "bold")
        text.append(f"{byte_size(item.size):>10}  ", muted)
        text.append(visible(self.contents.get(index, "…")))
        return text


class ObjectPicker(Picker[int]):
    """A list of objects; returns the number of the chosen one, from 1, or None.

    Args:
        several: What a file holds.
        chosen: The number at which the cursor begins.
        config: What the user prefers.
    """

    def __init__(self, several: SeveralObjectsError, chosen: int = 1, *, config: Config | None = None) -> None:
        self._objects = ObjectList(several.objects)
        super().__init__(f"{several.file} holds {len(several.objects)} BPF objects", self._objects, config=config)
        self._file = several.file
        self._chosen = chosen

    def on_mount(self) -> None:
        """Begin at the object that was chosen last, and look into each."""
        self._objects.cursor = self._chosen - 1
        self.run_worker(self._look_into_each, thread=True, exit_on_error=False)

    def value(self, index: int) -> int:
        """Return the number of a row's object."""
        return index + 1

    def _look_into_each(self) -> None:
        for index in range(len(self._objects.objects)):
            try:
                text = _contents(CollectionSpec.from_file(f"{self._file}#{index + 1}"))
            except BpftuiError as error:
                text = f"✗ {error.message}"
            if not self.is_running:
                return
            self.call_from_thread(self._show, index, text)

    def _show(self, index: int, text: str) -> None:
        self._objects.contents[index] = text
        self._objects.refresh_rows()


def _contents(spec: CollectionSpec) -> str:
    """Return what an object holds: its programs with their types, how many maps."""
    programs = [f"{program.name} ({program.type.label})" for program in spec.programs.values()]
    maps = sum(not found.is_data for found in spec.maps.values())
    shown = ", ".join(programs[:4]) + (f" and {len(programs) - 4} more" if len(programs) > 4 else "")
    return f"{shown or 'no programs'}; {counted(maps, 'map')}"


def pick(several: SeveralObjectsError, chosen: int = 1) -> int | None:
    """Let the user choose one of several objects; needs a terminal. Return its number, None where the user quit."""
    return ObjectPicker(several, chosen, config=load_config()).run()
