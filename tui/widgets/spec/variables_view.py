"""VariablesView: global variables with their values, members unfolded on demand."""

from __future__ import annotations

import enum
import math
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Offset
from textual.message import Message

from ....core.btf import CType, format_value
from ....core.btf import types as t
from ....core.btf.typed_text import edit_text
from ....core.btf.values import EnumName
from ....core.diff import Change
from ....core.errors import BpftuiError
from ....core.live.field import Form
from ...targets import type_target
from ...text.fit import fitted, width_of
from ...text.format import unqualified
from ...text.shown import Text
from ...text.signs import change_sign
from ..lists.linked_view import LinkedView

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ....core.diff import Item
    from ....core.live import Sample
    from ....core.runtime import Variable
    from ....core.spec import CollectionSpec, VariableSpec
    from ...targets import Target

__all__ = ["Place", "VariablesView", "whole"]

_MAX_ELEMENTS = 256
"""Array elements that an unfolded array shows."""
_LONGEST_NUMBER = 20
"""Cells of a number that makes others end where it does; the few that are longer stick out, and no digit is cut."""
_WIDEST_NUMBER = 26
"""Cells of the longest number of 64 bits, for which name and type make room."""
_SIGNS = 3
"""Cells behind a name for a blank and both signs."""
_LEAST_NAME, _LEAST_TYPE = 10, 6
"""Cells that a number leaves for name and type, however long it is."""


class _View(enum.Enum):
    """Which variables are shown: what is said of them behind the title."""

    ALL = ""
    CHANGED = " (only what differs from the file)"
    SET = " (only what you set)"


@dataclass(frozen=True, slots=True)
class Place:
    """A variable, or a member of one."""

    variable: VariableSpec
    path: str
    """`.limits[2].rate`; empty for the variable itself."""
    type: CType | None
    offset: int
    """Bytes from the start of the variable."""
    depth: int
    """How deep within the variable."""

    @property
    def name(self) -> str:
        """As a user writes it: `cfg.limits[2].rate`."""
        return self.variable.name + self.path

    @property
    def size(self) -> int:
        """In bytes."""
        return self.variable.size if self.type is None else self.type.size

    def within(self, raw: bytes) -> bytes:
        """Return its bytes among those of the variable."""
        return raw[self.offset : self.offset + self.size]


def whole(variable: VariableSpec) -> Place:
    """Return a variable as a place."""
    return Place(variable, "", variable.type, 0, 0)


class VariablesView(LinkedView):
    """Name, type and value of every variable: `*` marks what the user set, `•` what the program wrote.

    Before the load values are those that will be loaded, afterwards those in memory: at the last sample, or at the last
    `show_read` where that was later.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "space",
            "fold",
            "Fold",
            show=False,
            id="variables.fold",
            tooltip="Fold or unfold; switch a bool; names of an enum",
        ),
        Binding("e", "edit", "Edit", id="variables.edit", tooltip="Edit the variable"),
        Binding(
            "r",
            "reset",
            "Reset",
            id="variables.reset",
            tooltip="Set the variable back to what the file holds",
        ),
        Binding(
            "ctrl+r", "reset_all", "Reset all", show=False, id="variables.reset-all", tooltip="Set all variables back"
        ),
        Binding("U", "undo", "Undo", show=False, id="variables.undo", tooltip="Undo the last change of yours"),
        Binding("ctrl+y", "redo", "Redo", show=False, id="variables.redo", tooltip="Make it again"),
        Binding(
            "Y",
            "copy_settings",
            "Copy",
            show=False,
            id="variables.copy",
            tooltip="Copy what you set, as --set …",
        ),
        Binding("x", "format", "Format", show=False, id="variables.format", tooltip="Typed, hexadecimal, decimal"),
        Binding(
            "v", "next_view", "View", show=False, id="variables.view", tooltip="All, what was changed, what you set"
        ),
    ]

    is_pane: ClassVar[bool] = True

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "variables-view--set",
        "variables-view--changed",
        "variables-view--new",
        "variables-view--differs",
        "variables-view--type",
        "variables-view--hidden",
    }
    """
    | Class | Description |
    | :- | :- |
    | `variables-view--set` | A value that the user set. |
    | `variables-view--changed` | A value that the program wrote. |
    | `variables-view--new`, `--differs` | The marks of what another version of the file brought and changed. |
    | `variables-view--type` | C types. |
    | `variables-view--hidden` | What is in the file but no variable, with the reason. |
    """

    DEFAULT_CSS = """
    VariablesView {
        & > .variables-view--set { color: $set; }
        & > .variables-view--changed { color: $changed; }
        & > .variables-view--new { color: $text-success; text-style: bold; }
        & > .variables-view--differs { color: $changed; text-style: bold; }
        & > .variables-view--type { color: $text-muted; }
        & > .variables-view--hidden { color: $text-error; text-style: italic; }
    }
    """

    class EditRequested(Message):
        """The user wants to edit a place.

        Args:
            view: The sender.
            place: What to edit.
        """

        def __init__(self, view: VariablesView, place: Place) -> None:
            super().__init__()
            self.view = view
            self.place = place

    class NamesRequested(EditRequested):
        """The user wants to choose one of the names that a place can have."""

    class ResetRequested(Message):
        """The user wants *places* back as the file has them."""

        def __init__(self, places: list[Place]) -> None:
            super().__init__()
            self.places = places

    class SwitchRequested(Message):
        """A bool is to be switched over.

        Args:
            place: Where it is.
        """

        def __init__(self, place: Place) -> None:
            super().__init__()
            self.place = place

    class UndoRequested(Message):
        """The last change is to be taken back, or made again.

        Args:
            redo: Whether it is to be made again.
        """

        def __init__(self, *, redo: bool) -> None:
            super().__init__()
            self.redo = redo

    class CopyRequested(Message):
        """A text is to be copied.

        Args:
            text: The text.
        """

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, spec: CollectionSpec, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        """Initialise the view of the variables of *spec*."""
        super().__init__(id=id)
        self.spec = spec
        self.empty_text = "this object has no global variables"
        self._live: Mapping[str, Variable] = {}
        self._unfolded: set[tuple[str, str]] = set()
        self._raw: dict[str, bytes] = {}
        self._read_at = -math.inf
        self._given: dict[str, bytes] = {}
        """What each variable was at the load, or was set to since: what differs from it the program wrote."""
        self._changes: Mapping[str, Item] = {}
        """By name, the variables that are not as they were in the version before."""
        self._places: list[Place] = []
        self._hidden = [found for found in spec.hidden if found.kind == "variable"]
        self._view = _View.ALL
        self._name_width = self._type_width = 4
        self._number_width = 0
        """Cells of the widest number, which all end with; it only grows, so that nothing moves while values change."""
        self._widest_number = 0
        """The same with the exceptions, but for those of 128 bits."""
        self._form = Form.TYPED
        self._list_places()

    def on_mount(self) -> None:
        """Have room for the numbers. Textual calls the base class's handler by itself."""
        self._make_room()

    # What a screen calls

    @property
    def live(self) -> Mapping[str, Variable]:
        """The variables of the loaded collection; empty before the load."""
        return self._live

    @live.setter
    def live(self, variables: Mapping[str, Variable]) -> None:
        self._live = variables
        self._raw = {}
        self._read_at = -math.inf
        self._given = {name: variable.head for name, variable in self.spec.variables.items()} if variables else {}
        self._show_values({name: variable.head for name, variable in self.spec.variables.items()})

    @property
    def place(self) -> Place | None:
        """What the cursor is on."""
        return self._places[self.cursor] if self.cursor < len(self._places) else None

    def note_set(self, place: Place, now: bytes) -> None:
        """Know what the user set a place to: what differs from that from now on the program wrote."""
        name = place.variable.name
        if name in self._given:
            given = bytearray(self._given[name])
            given[place.offset : place.offset + len(now)] = now
            self._given[name] = bytes(given)

    def take_over(self, other: VariablesView) -> None:
        """Show what another version's view showed, in the same form: what is unfolded, and which variables."""
        self._unfolded = set(other._unfolded)
        self._view, self._form = other._view, other._form
        self.pattern = other.pattern
        self._list_places()
        self._make_room()
        self.refresh_rows()

    def mark_changes(self, changes: Mapping[str, Item]) -> None:
        """Mark the variables that are not as they were in the version before, and no others."""
        if changes != self._changes:
            self._changes = changes
            self.refresh_rows()

    def choose(self, name: str) -> None:
        """Put the cursor on the variable *name*."""
        for index, place in enumerate(self._places):
            if place.name == name:
                self.cursor = index
                return

    def spot(self) -> object:
        """Return where one is: the variable or member, and the row and what is above it."""
        place = self.place
        return place.name if place is not None else "", super().spot()

    def return_to(self, spot: Any) -> None:
        """Bring the cursor back to it, where it stands now; without it, to the row."""
        name, row = spot
        super().return_to(row)
        self.choose(name)

    def show_read(self, values: Mapping[str, bytes], at: float = -math.inf) -> None:
        """Draw what has changed by what was read after something was set.

        Args:
            values: What the variables hold, by their names.
            at: When that is, on the clock of samples: one that was begun before is not shown any more.
        """
        self._read_at = at
        self._show_values({name: values.get(name, variable.head) for name, variable in self.spec.variables.items()})

    def show_sample(self, sample: Sample) -> None:
        """Draw what has changed by a sample; one from before what was set last would take that back."""
        if self._live and sample.time >= self._read_at:
            spec = self.spec
            self._show_values({name: sample.variables.get(name, each.head) for name, each in spec.variables.items()})

    def _show_values(self, raw: dict[str, bytes]) -> None:
        if raw != self._raw or not self._live:
            self._raw = raw
            if self._view is not _View.ALL:
                self._list_places()
            self._make_room()
            self.refresh_rows()

    def _make_room(self) -> None:
        """Let the column of the values be as wide as the widest number that is no exception."""
        numbers = [width_of(self._shown(place, self.raw(place))) for place in self._places if _is_number(place.type)]
        self._number_width = max(self._number_width, *(each for each in numbers if each <= _LONGEST_NUMBER), 0)
        self._widest_number = max(self._widest_number, *(each for each in numbers if each <= _WIDEST_NUMBER), 0)

    def raw(self, place: Place) -> bytes:
        """Return the bytes of a place as they are shown."""
        return place.within(self._read(place.variable))

    def writable(self, place: Place) -> bool:
        """Whether it can be edited now."""
        live = self._live.get(place.variable.name)
        return live is None or not live.read_only

    # Rows

    def _read(self, variable: VariableSpec) -> bytes:
        """Return what was read last: a runtime that is asked here waits for a run, and the screen for it."""
        return self._raw.get(variable.name, variable.head) if self._live else variable.head

    def _list_places(self) -> None:
        places: list[Place] = []
        for variable in self.spec.variables.values():
            place = whole(variable)
            if self._view is _View.ALL or (
                self._changed(place) if self._view is _View.CHANGED else self._was_set(place)
            ):
                self._add(place, places)
        self._places = places
        names = [self._label(place) for place in places] + [f"✗ {hidden.name}" for hidden in self._hidden]
        self._name_width = max(map(width_of, names), default=4)
        self._type_width = max((width_of(_type_text(place)) for place in places), default=4)

    def _add(self, place: Place, into: list[Place]) -> None:
        into.append(place)
        if place.type is None or (place.variable.name, place.path) not in self._unfolded:
            return
        for step, inner, offset in _children(place.type):
            path = place.path + step
            self._add(Place(place.variable, path, inner, place.offset + offset, place.depth + 1), into)

    def _label(self, place: Place) -> str:
        fold = " "
        if place.type is not None and place.type.is_composite:
            fold = "▾" if (place.variable.name, place.path) in self._unfolded else "▸"
        name = place.path[place.path.rfind("." if place.path[-1:] != "]" else "[") :] if place.path else place.name
        return f"{'  ' * place.depth}{fold} {name}"

    def value_text(self, place: Place) -> str:
        """Return the value of a place as one line."""
        return self._text(place, self.raw(place))

    def _text(self, place: Place, raw: bytes) -> str:
        if place.type is None:
            return raw.hex(" ")
        value = place.variable.told(raw, place.type, place.offset)
        if self._form is Form.DECIMAL and isinstance(value, EnumName):
            value = next((each.value for each in place.type.enumerators if each.name == value), value)
        return format_value(value, hexadecimal=self._form is Form.HEX, limit=4096)

    def _shown(self, place: Place, raw: bytes) -> str:
        """Return a value as it stands in the list: a number, where it is typed, with separators."""
        value = None if place.type is None else place.variable.told(raw, place.type, place.offset)
        if self._form is Form.TYPED and isinstance(value, int) and not isinstance(value, bool):
            return f"{value:,}"
        return self._text(place, raw)

    @property
    def header_height(self) -> int:
        """One line of titles."""
        return 1

    def row_count(self) -> int:
        """Return how many places are unfolded, and what is hidden."""
        return len(self._places) + (len(self._hidden) if self._view is _View.ALL else 0)

    def draw_header(self, line: int, width: int) -> Text:
        """Name the columns."""
        names, types = self._columns(width)
        return Text(f"{'Name':<{names + _SIGNS}}  {'Type':<{types}}  Value{self._view.value}")

    def value_offset(self) -> Offset:
        """Return where the value of the cursor's row stands on the screen."""
        names, types = self._columns(self.scrollable_content_region.width - 1)
        row = self.cursor - self.scroll_offset.y + self.header_height
        return self.content_region.offset + Offset(1 + names + _SIGNS + 2 + types + 2 - self.scroll_offset.x, row)

    def draw_row(self, index: int, width: int) -> Text:
        """Draw a place, or what is hidden with the reason."""
        names, types = self._columns(width)
        if index >= len(self._places):
            hidden = self._hidden[index - len(self._places)]
            text = Text(
                f"{fitted(f'✗ {hidden.name}', names + _SIGNS)}  ", self.ink("variables-view--hidden"), no_wrap=True
            )
            return text.append(hidden.reason, self.ink("row-view--muted"))
        place = self._places[index]
        was_set, wrote = self._was_set(place), self._wrote(place)
        set_ink, changed_ink = self.ink("variables-view--set"), self.ink("variables-view--changed")
        # Behind the name, as in the tree: behind the type a star would be a pointer's.
        label = fitted(self._label(place), names)
        text = Text(f"{label.rstrip()} ", no_wrap=True)
        text.append("*" if was_set else "", set_ink).append("•" if wrote else "", changed_ink)
        text.append(" " * (names + _SIGNS + 2 - text.cell_len))
        named = fitted(_type_text(place), types)
        leads = self.row_targets(index)
        text.append(named.rstrip(), self.name_style(index, 0) if leads else self.ink("variables-view--type"))
        text.append(f"{' ' * (width_of(named) - width_of(named.rstrip()))} ")
        said = self._shown(place, self.raw(place))
        room = self._number_width if _is_number(place.type) else 0
        text.append(f" {said:>{room}}", changed_ink if wrote else set_ink if was_set else "")
        if was_set or wrote:
            text.append(
                f"  {self.spec.origin}: {self._shown(place, self._original(place))}", self.ink("row-view--muted")
            )
        if not place.depth and (change := self._changes.get(place.name)) is not None:
            is_new = change.change is Change.ADDED
            was = ", ".join(f"{fact.what} was {fact.old}" for fact in change.facts if fact.old)
            ink = self.ink(f"variables-view--{'new' if is_new else 'differs'}")
            text.append(f"  {change_sign(change.change)} ", ink)
            text.append("new" if is_new else was, self.ink("row-view--muted"))
        if not place.depth and (note := self._note(place)):
            text.append(f"  {note}", self.ink("row-view--muted"))
        return text

    def row_text(self, index: int) -> str:
        """Return a place as it would be declared."""
        if index >= len(self._places):
            return f"{self._hidden[index - len(self._places)].name}: {self.row_hint(index)}"
        place = self._places[index]
        return f"{_type_text(place)} {place.name} = {self.value_text(place)}"

    def row_targets(self, index: int) -> Sequence[Target]:
        """Return where the type leads, if it has a name."""
        target = type_target(self._places[index].type) if index < len(self._places) else None
        return () if target is None else (target,)

    def row_hint(self, index: int) -> str:
        """Say where the variable lies and whether it can be set."""
        if index >= len(self._places):
            return self._hidden[index - len(self._places)].reason
        place = self._places[index]
        return f"{place.name}: {place.variable.section}+{place.variable.offset + place.offset:#x}, {place.size} bytes"

    def _columns(self, width: int) -> tuple[int, int]:
        """Return the widths of name and type, so that something is left for the value: for the widest number all."""
        names = min(self._name_width, max(12, width * 2 // 5))
        types = min(self._type_width, max(10, width // 4))
        left = width - _SIGNS - 4 - self._widest_number - 1  # the last for the sign that there is more
        types = min(types, max(_LEAST_TYPE, left - names))
        return min(names, max(_LEAST_NAME, left - types)), types

    def _original(self, place: Place) -> bytes:
        return place.variable.original[place.offset : place.offset + place.size]

    def _was_set(self, place: Place) -> bool:
        """Whether the user has set it to something else than the file has."""
        all_of_it = self._given.get(place.variable.name, b"" if self._live else place.variable.head)
        given = all_of_it[place.offset : place.offset + place.size]
        return bool(all_of_it) and given != self._original(place)

    def _wrote(self, place: Place) -> bool:
        """Whether the program has written it."""
        given = self._given.get(place.variable.name)
        return given is not None and self.raw(place) != given[place.offset : place.offset + place.size]

    def written(self) -> list[str]:
        """Return the variables that the program has written, by their values as they were last read."""
        return [name for name, given in self._given.items() if self._raw.get(name, given)[: len(given)] != given]

    def signs(self, place: Place) -> str:
        """Return the signs that a place has: `*` set by the user, `•` written by the program."""
        return " *" * self._was_set(place) + " •" * self._wrote(place)

    def _changed(self, place: Place) -> bool:
        return self.raw(place) != self._original(place)

    def _resettable(self) -> list[Place]:
        """Return the whole variables that differ from the file and can be set."""
        places = [whole(variable) for variable in self.spec.variables.values()]
        return [place for place in places if self._changed(place) and self.writable(place)]

    def _note(self, place: Place) -> str:
        if not place.variable.constant:
            return ""
        return "constant" if self.writable(place) else "constant, now frozen"

    # Actions

    def action_select(self) -> None:
        """Follow the chosen name; without one edit, or unfold a struct or an array."""
        if self.follow_link():
            return
        place = self.place
        if place is not None and place.type is not None and place.type.is_composite:
            self.action_fold()
        elif place is not None and self.writable(place):
            self.action_edit()

    def action_fold(self) -> None:
        """Unfold or fold the place under the cursor; switch it where it is a bool, offer the names of an enum."""
        place = self.place
        if place is not None and place.type is not None and place.type.enumerators and self.writable(place):
            self.post_message(self.NamesRequested(self, place))
            return
        if place is not None and _is_bool(place.type) and self.writable(place):
            self.post_message(self.SwitchRequested(place))
        if place is None or place.type is None or not place.type.is_composite:
            return
        self._unfolded ^= {(place.variable.name, place.path)}
        self._list_places()
        self._make_room()
        self.refresh_rows()

    def action_format(self) -> None:
        """Go on to the next way to write values."""
        forms = list(Form)
        self._form = forms[(forms.index(self._form) + 1) % len(forms)]
        self.notify(f"values: {self._form}", timeout=2)
        self._number_width = self._widest_number = 0
        self._make_room()
        self.refresh_rows()

    def action_edit(self) -> None:
        """Ask the screen for an editor."""
        if self.place is not None:
            self.post_message(self.EditRequested(self, self.place))

    def action_reset(self) -> None:
        """Ask the screen to take the changes back."""
        if self.place is not None:
            self.post_message(self.ResetRequested([self.place]))

    def action_reset_all(self) -> None:
        """Ask the screen to take all changes back."""
        self.post_message(self.ResetRequested(self._resettable()))

    def action_undo(self) -> None:
        """Ask the screen to take the last change back."""
        self.post_message(self.UndoRequested(redo=False))

    def action_redo(self) -> None:
        """Ask the screen to make it again."""
        self.post_message(self.UndoRequested(redo=True))

    def action_copy_settings(self) -> None:
        """Copy what the user set, as options of the command line."""
        places = [whole(variable) for variable in self.spec.variables.values()]
        settings = [
            f"--set {shlex.quote(f'{place.name}={edit_text(place.type, self._set_to(place))}')}"
            for place in places
            if self._was_set(place)
        ]
        if settings:
            self.post_message(self.CopyRequested(" ".join(settings)))
        else:
            self.notify("nothing was set", severity="warning", timeout=3)

    def _set_to(self, place: Place) -> bytes:
        return self._given.get(place.variable.name, place.variable.head)[place.offset : place.offset + place.size]

    def action_next_view(self) -> None:
        """Show all variables, only those that differ from the file, only those that the user set."""
        views = list(_View)
        self._view = views[(views.index(self._view) + 1) % len(views)]
        self.empty_text = {
            _View.ALL: "this object has no global variables",
            _View.CHANGED: "nothing differs from the file: v shows all again",
            _View.SET: "you set nothing: e edits, v shows all again",
        }[self._view]
        self._list_places()
        self.refresh_rows()

    def why_not(self, action: str) -> str:
        """Return why the place under the cursor cannot be edited or set back."""
        place = self.place
        if action == "reset_all":
            return "nothing differs from the file"
        if action not in ("edit", "reset"):
            return super().why_not(action)
        if place is None:
            return "there is no variable here"
        if not self.writable(place):
            return f"{place.name} is a constant: it can be set before the load, and is frozen since"
        return f"{place.name} is as in the file" if action == "reset" else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what the place under the cursor allows."""
        if action in ("edit", "reset"):
            place = self.place
            if place is None or not self.writable(place):
                return False
            return action == "edit" or self._changed(place)
        if action == "reset_all":
            return bool(self._resettable())
        return super().check_action(action, parameters)


def _is_number(ctype: CType | None) -> bool:
    """Whether values of a type are numbers, which end below each other."""
    found = None if ctype is None else ctype.stripped
    return isinstance(found, t.Int | t.Float) and not (isinstance(found, t.Int) and found.is_bool)


def _is_bool(ctype: CType | None) -> bool:
    return ctype is not None and isinstance(ctype.stripped, t.Int) and ctype.stripped.is_bool


def _children(ctype: CType) -> list[tuple[str, CType, int]]:
    """Return the members of a struct or the elements of an array: path step, type, offset in bytes."""
    if members := [(f".{name}", inner, offset) for name, inner, offset in ctype.members()]:
        return members
    elements: list[tuple[str, CType, int]] = []
    for index in range(min(_MAX_ELEMENTS, ctype.size)):
        try:
            inner, offset = ctype.member(f"[{index}]")
        except BpftuiError:
            break
        elements.append((f"[{index}]", inner, offset))
    return elements


def _type_text(place: Place) -> str:
    if place.type is None:
        return f"{place.size} bytes"
    return unqualified(place.type.c_text)
