"""TypesView: every type of an object's BTF, by id."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.message import Message

from ....core.btf import CType, Kind
from ....core.errors import ObjectError
from ...text.shown import Text
from ..lists.row_view import RowView

if TYPE_CHECKING:
    from ....core.btf import Btf

__all__ = ["TypesView"]

_GROUPS: Final[tuple[tuple[str, frozenset[Kind]], ...]] = (
    ("all", frozenset(Kind)),
    ("structs and unions", frozenset({Kind.STRUCT, Kind.UNION, Kind.FWD})),
    ("enums", frozenset({Kind.ENUM, Kind.ENUM64})),
    ("typedefs", frozenset({Kind.TYPEDEF})),
    ("functions", frozenset({Kind.FUNC, Kind.FUNC_PROTO})),
    ("variables", frozenset({Kind.VAR, Kind.DATASEC})),
)
_KIND_WIDTH: Final = 10
_SIZE_WIDTH: Final = 9


class TypesView(RowView):
    """Id, kind, size in bytes, and the type as C, a row each; enter asks for a type's declaration and layout."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "next_group", "Kind", id="types.kind", tooltip="Only structs, enums, typedefs, functions, …"),
    ]

    is_pane: ClassVar[bool] = True

    COMPONENT_CLASSES: ClassVar[set[str]] = {"types-view--kind", "types-view--name"}
    """
    | Class | Description |
    | :- | :- |
    | `types-view--kind` | The kind of a type. |
    | `types-view--name` | The type as C. |
    """

    DEFAULT_CSS = """
    TypesView {
        & > .types-view--kind { color: $text-muted; }
        & > .types-view--name { color: $foreground; }
    }
    """

    class Opened(Message):
        """The user wants to see a type whole.

        Args:
            view: The sender.
            ctype: The type.
        """

        def __init__(self, view: TypesView, ctype: CType) -> None:
            super().__init__()
            self.view = view
            self.ctype = ctype

    def __init__(self, btf: Btf, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        """Initialise the list of the types of *btf*, without those of its base."""
        super().__init__(id=id)
        self.btf = btf
        self._group = 0
        self._ids: range | list[int] = range(btf.first_id, len(btf))

    # Rows

    def row_count(self) -> int:
        """Return how many types there are, of the kinds that are shown."""
        return len(self._ids)

    def row_text(self, index: int) -> str:
        """Return a type as C."""
        return self._c_text(self._ids[index])

    def row_hint(self, index: int) -> str:
        """Say what the row is."""
        return f"type {self._ids[index]}, {self.btf.kind(self._ids[index]).name}"

    @property
    def header_height(self) -> int:
        """One line of titles."""
        return 1

    def draw_header(self, line: int, width: int) -> Text:
        """Name the columns, and what is shown."""
        name, _ = _GROUPS[self._group]
        digits = self._digits
        shown = f"{len(self._ids):,} {name}" if self._group else f"{len(self._ids):,} types"
        return Text(f"{'id':>{digits}}  {'kind':<{_KIND_WIDTH}} {'bytes':>{_SIZE_WIDTH}}  {shown}")

    def draw_row(self, index: int, width: int) -> Text:
        """Draw a type."""
        type_id = self._ids[index]
        kind = self.btf.kind(type_id)
        try:
            size = self.btf.size(type_id)
        except ObjectError:
            size = 0
        text = Text(f"{type_id:>{self._digits}}  ", self.ink("row-view--muted"), no_wrap=True)
        text.append(f"{kind.name.lower():<{_KIND_WIDTH}} ", self.ink("types-view--kind"))
        text.append(f"{f'{size:,}' if size else '':>{_SIZE_WIDTH}}  ", self.ink("row-view--muted"))
        text.append(self._c_text(type_id), self.ink("types-view--name"))
        return text

    @property
    def _digits(self) -> int:
        return max(2, len(str(len(self.btf) - 1)))

    def _c_text(self, type_id: int) -> str:
        try:
            return CType(self.btf, type_id).c_text
        except ObjectError as error:
            return f"✗ {error.reason}"

    # Actions

    def action_select(self) -> None:
        """Ask for the whole type."""
        if self.row_count():
            self.post_message(self.Opened(self, CType(self.btf, self._ids[self.cursor])))

    def open_type(self, type_id: int) -> None:
        """Bring the cursor to a type, among all of them where it is not shown, and ask for the whole of it."""
        if type_id not in self._ids:
            self._group, self._ids = 0, range(self.btf.first_id, len(self.btf))
            self.restart()
        self.cursor = self._ids.index(type_id)
        self.action_select()

    def action_next_group(self) -> None:
        """Show the types of the next group of kinds that has any; the cursor stays where it can."""
        here = self._ids[self.cursor] if self.row_count() else 0
        for _ in _GROUPS:
            self._group = (self._group + 1) % len(_GROUPS)
            kinds = _GROUPS[self._group][1]
            every = range(self.btf.first_id, len(self.btf))
            self._ids = [i for i in every if self.btf.kind(i) in kinds] if self._group else every
            if self._ids:
                break
        self.restart()
        self.cursor = self._ids.index(here) if here in self._ids else 0
