"""TypePage: one type whole, its layout with holes and padding, and all that its declaration needs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias

from textual.binding import Binding, BindingType

from ...core.btf import CType, Kind, types
from ...core.btf.header import c_header
from ...core.btf.layout import layout
from ...core.btf.layout_text import layout_text
from ...core.errors import BpftuiError
from ...core.visible import visible_lines
from ..text.beside import beside_cells, beside_title
from ..text.colors import joined_lines
from ..widgets.code.c_view import CView
from ..widgets.lists.search_bar import SearchBar
from ..widgets.plain import Box
from ..widgets.spec.beside_view import BesideView
from .explained import ExplainedModal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual.app import ComposeResult

    from ...core.btf.beside import Beside
    from ...core.spec.core_uses import CoreUse
    from ..widgets.lists.row_view import RowView

__all__ = ["Comparison", "TypePage", "type_text"]

_TAGGED: Final = re.compile(r"\b(struct|union|enum) (\w+)")
_KINDS: Final = {
    "struct": (Kind.STRUCT, Kind.FWD),
    "union": (Kind.UNION, Kind.FWD),
    "enum": (Kind.ENUM, Kind.ENUM64),
}
_KEYS_OF_C: Final = "enter: the type in the line · v beside the kernel's · / search · y line · Y all · esc close"
_KEYS_OF_BESIDE: Final = "v as C · ← → more · x all members · / search · y line · Y all · esc close"
Comparison: TypeAlias = "tuple[str, Beside, Mapping[str, Sequence[CoreUse]]]"
_GUARDS: Final = re.compile(r"^#.*\n?", re.MULTILINE)


class TypePage(ExplainedModal[None]):
    """A type as C over the whole screen; enter on a line goes on to the struct, union or enum that it names.

    Args:
        ctype: The type.
        compare: Compares a struct with what relocations are resolved against: what that is called, the comparison, and
            the CO-RE relocations by member; a BpftuiError says why not.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "Close", id="type.close", tooltip="Close the type"),
        Binding("backspace,ctrl+o", "back", "Back", id="type.back", tooltip="Back to the type before"),
        Binding("Y", "copy_all", "Copy all", id="type.copy", tooltip="Copy the whole text"),
        Binding("v", "next_view", "View", id="type.view", tooltip="The type as C, or beside the kernel's"),
        Binding("x", "whole", "Whole", show=False, id="type.whole", tooltip="Beside: all members that only it has"),
    ]

    ABOUT: ClassVar[str] = (
        "A type whole: where its members are, with holes and padding, and the C that declares it. Beside the "
        "kernel's (v) it shows what CO-RE makes of each member."
    )
    PAGE: ClassVar[str] = "core"

    def __init__(self, ctype: CType, compare: Callable[[CType], Comparison] | None = None) -> None:
        super().__init__()
        self._ctype = ctype
        self._compare = compare
        self._is_whole = False
        self._before: list[tuple[CType, int]] = []

    def compose(self) -> ComposeResult:
        """Compose the text, and the bar to search in it."""
        with Box(classes="dialog page") as box:
            box.border_subtitle = _KEYS_OF_C
            yield CView()
            beside_view = BesideView()
            beside_view.display = False
            yield beside_view
            yield SearchBar()
        yield from super().compose()

    def on_mount(self) -> None:
        """Show the type."""
        self._show(self._ctype)
        self.set_focus(self.query_one(CView))

    def _show(self, ctype: CType, line: int = 0) -> None:
        self._ctype = ctype
        view = self.query_one(CView)
        view.show(type_text(ctype))
        view.cursor = line
        if self.query_one(BesideView).display:
            self._show_beside()
        self.query_one(".page", Box).border_title = f"{ctype.c_text.partition(' {')[0]} · type {ctype.id}"

    def on_row_view_search_requested(self, event: RowView.SearchRequested) -> None:
        """Search in the list."""
        self.query_one(SearchBar).open(event.view)

    def on_row_view_selected(self, event: RowView.Selected) -> None:
        """Go on to the type that the line names."""
        btf = self._ctype.btf
        for word, name in _TAGGED.findall(event.view.row_text(event.index)):
            found = next((at for kind in _KINDS[word] if (at := btf.find(name, kind)) is not None), None)
            if found is not None and found != self._ctype.id:
                self._before.append((self._ctype, event.index))
                self._show(CType(btf, found))
                return

    def action_next_view(self) -> None:
        """Show the type as C, or beside that of the kernel."""
        view, beside_view = self.query_one(CView), self.query_one(BesideView)
        if self._compare is None:
            return
        is_beside = not beside_view.display
        view.display, beside_view.display = not is_beside, is_beside
        self.query_one(".page", Box).border_subtitle = _KEYS_OF_BESIDE if is_beside else _KEYS_OF_C
        if is_beside:
            self._show_beside()
        self.set_focus(beside_view if is_beside else view)

    def action_whole(self) -> None:
        """Show all members that only the kernel's has, or how many they are."""
        if self.query_one(BesideView).display:
            self._is_whole = not self._is_whole
            self._show_beside()

    def _show_beside(self) -> None:
        view, ctype = self.query_one(BesideView), self._ctype
        assert self._compare is not None
        if not isinstance(ctype.stripped, types.Composite):
            view.say(f"{ctype.c_text.partition(' {')[0]} is no struct: v shows it as C")
            return
        try:
            where, found, uses = self._compare(ctype)
        except BpftuiError as error:
            view.say(error.message)
            return
        view.show(beside_title(found, where), beside_cells(found, uses, whole=self._is_whole))

    def action_back(self) -> None:
        """Show the type before; without one, close."""
        if self._before:
            self._show(*self._before.pop())
        else:
            self.dismiss(None)

    def action_copy_all(self) -> None:
        """Copy the text."""
        beside_view = self.query_one(BesideView)
        text = beside_view.text if beside_view.display else self.query_one(CView).text
        lines = visible_lines(text, tab=4)
        self.app.copy_to_clipboard(joined_lines(*lines))  # pyright: ignore[reportUnknownMemberType]
        self.notify("copied the whole text", timeout=2)


def type_text(ctype: CType) -> str:
    """Return what there is to see of a type: its layout where it has one, then its C with all that it needs."""
    parts: list[str] = []
    try:
        if isinstance(ctype.stripped, types.Composite):
            parts += ["/* layout: offsets and sizes in bytes */", layout_text(layout(ctype)), ""]
        parts += ["/* as a C header declares it */", _declared(ctype)]
    except BpftuiError as error:
        parts.append(f"/* {error.message} */")
    return "\n".join(parts)


def _declared(ctype: CType) -> str:
    btf = ctype.btf
    match btf.type(ctype.id):
        case types.DataSec(name=name, variables=variables):
            lines = [f"/* {item.offset:5} {item.size:5} */ {CType(btf, item.type_id).c_text};" for item in variables]
            return "\n".join([f"/* section {name}: offset and size of each variable */", *lines])
        case types.DeclTag(name=name, target=target):
            return f"/* the tag {name!r} on type {target} */\n{CType(btf, target).c_text};"
        case _:
            return _GUARDS.sub("", c_header(btf, [ctype.id])).strip() or ctype.definition
