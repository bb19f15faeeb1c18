"""PacketPane: a packet by its layers, edited field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from textual.binding import Binding, BindingType
from textual.message import Message

from ....core.history import History
from ...text.shown import Text
from ..lists.row_view import RowView
from .bench import EditedPacket

if TYPE_CHECKING:
    from ....core.packet import Field, Layer, Packet, Protocol

__all__ = ["PacketPane", "layer_summary"]

_SUMMARIES: Final = {
    "Ethernet": "source → destination, type",
    "VLAN": "id, type",
    "ARP": "operation, sender → target",
    "IPv4": "source → destination, protocol, TTL",
    "IPv6": "source → destination, next header",
    "TCP": "source → destination, flags",
    "UDP": "source → destination, length",
    "ICMP": "type, code",
    "ICMPv6": "type, code",
}
"""What a layer's row tells of its fields."""
_NAME_WIDTH: Final = 17


class _Row(NamedTuple):
    """A layer, or a field of its."""

    layer: int
    field: Field | None


class PacketPane(RowView):
    """Layers that unfold to their fields; lengths and checksums follow what is edited.

    Args:
        begin: The packet at first, or what it was edited to before.
    """

    is_pane: ClassVar[bool] = True

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "edit", "Edit", id="packet.edit", tooltip="Edit the field, or unfold the layer"),
        Binding("a", "add", "Add", id="packet.add", tooltip="Add a header behind this one, or a payload"),
        Binding("delete,backspace", "remove", "Remove", show=False, id="packet.remove", tooltip="Remove this header"),
        Binding("space", "fold", "Fold", show=False, id="packet.fold", tooltip="Fold or unfold the layer"),
        Binding("left,h", "fold(True)", "Fold", show=False, id="packet.close", tooltip="Fold the layer"),
        Binding("right,l", "fold(False)", "Unfold", show=False, id="packet.open", tooltip="Unfold the layer"),
        Binding("plus", "fold_all(False)", "Unfold all", show=False, id="packet.open-all", tooltip="Unfold all layers"),
        Binding("minus", "fold_all(True)", "Fold all", show=False, id="packet.close-all", tooltip="Fold all layers"),
        Binding("r", "reset", "Reset", show=False, id="packet.reset", tooltip="Let this length or checksum follow"),
        Binding("ctrl+r", "complete", "Complete", show=False, id="packet.complete", tooltip="Make all of them right"),
        Binding("U", "undo", "Undo", show=False, id="packet.undo", tooltip="Undo the last edit of the packet"),
        Binding("ctrl+y", "redo", "Redo", show=False, id="packet.redo", tooltip="Redo it"),
    ]  # fmt: skip

    class Changed(Message):
        """The packet is another one."""

    class EditRequested(Message):
        """A field is to be edited.

        Args:
            layer: The layer's number.
            field: The field.
        """

        def __init__(self, layer: int, field: Field) -> None:
            super().__init__()
            self.layer = layer
            self.field = field

    class AddRequested(Message):
        """A header is to be added.

        Args:
            layer: The number of the layer that it comes behind.
            choices: What can be added there.
        """

        def __init__(self, layer: int, choices: tuple[Protocol, ...]) -> None:
            super().__init__()
            self.layer = layer
            self.choices = choices

    def __init__(self, begin: Packet | EditedPacket, *, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        if not isinstance(begin, EditedPacket):
            begin = EditedPacket(begin, History[tuple["Packet", "Packet"]](), frozenset())
        self._packet, self._history = begin.packet, begin.history
        self._open: set[int] = {*begin.unfolded}
        self._wrong = self._packet.wrong
        self._rows = self._make_rows()

    # The packet

    @property
    def packet(self) -> Packet:
        """What is edited."""
        return self._packet

    @property
    def edited(self) -> EditedPacket:
        """The same, with what can be undone and what is unfolded."""
        return EditedPacket(self._packet, self._history, frozenset(self._open))

    def change(self, packet: Packet) -> None:
        """Take another packet, which can be undone."""
        if packet == self._packet:
            return
        self._history.did((self._packet, packet))
        self._take(packet)

    def _take(self, packet: Packet) -> None:
        self._packet = packet
        self._wrong = packet.wrong
        self._rows = self._make_rows()
        self.refresh_rows()
        self.post_message(self.Changed())

    @property
    def place(self) -> tuple[int, Field | None] | None:
        """The layer's number and the field of the cursor's row; None in an empty packet."""
        return self._rows[self.cursor] if self._rows else None

    @property
    def bytes_here(self) -> range:
        """The bytes of the cursor's row."""
        if not self._rows:
            return range(0)
        at, field = self._rows[self.cursor]
        layer = self._packet.layers[at]
        return range(layer.start, layer.end) if field is None else layer.where(field)

    def show_byte(self, offset: int) -> None:
        """Bring the cursor to the field in which a byte lies, or to its layer where that is folded."""
        place = self._packet.place_of(offset)
        if place is None:
            return
        at, field = place
        wanted = _Row(at, field) if at in self._open else _Row(at, None)
        if wanted in self._rows:
            self.cursor = self._rows.index(wanted)

    # Rows

    def _make_rows(self) -> list[_Row]:
        rows: list[_Row] = []
        for at, layer in enumerate(self._packet.layers):
            rows.append(_Row(at, None))
            if at in self._open:
                rows += [_Row(at, field) for field in layer.fields]
        return rows

    def row_count(self) -> int:
        """Return how many layers and unfolded fields there are."""
        return len(self._rows)

    def row_text(self, index: int) -> str:
        """Return a row as plain text."""
        return self.draw_row(index, 0).plain

    def draw_row(self, index: int, width: int) -> Text:
        """Draw a layer with what matters of it, or a field with its value."""
        at, field = self._rows[index]
        layer = self._packet.layers[at]
        muted = self.ink("row-view--muted")
        if field is None:
            text = Text(f"{'▾' if at in self._open else '▸'} {layer.protocol.name:<9} ", "bold")
            text.append(layer_summary(layer), "not bold")
            if wrong := sum(place[0] == at for place in self._wrong):
                text.append(f"  ⚠ {wrong} wrong", "not bold")
            return text
        text = Text(f"    {field.name:<{_NAME_WIDTH}} ", muted)
        text.append(layer.text(field) or "none", "default")
        right = self._packet.right(at, field)
        if right is not None and layer.value(field) not in (right, field.absent):
            text.append(f"  ⚠ kept: {field.text(right)} is right", "default")
        elif field.right is not None:
            text.append("  kept" if (at, field.name) in self._packet.kept else "  auto", muted)
        return text

    @property
    def header_height(self) -> int:
        """A line that says whether the packet is right."""
        return 1

    def draw_header(self, line: int, width: int) -> Text:
        """Draw how large the packet is, and whether its lengths and checksums are right."""
        size, wrong = len(self._packet), len(self._wrong)
        if not size:
            return Text("Packet  zeros, as few as may be")
        some = "1 length or checksum is wrong" if wrong == 1 else f"{wrong} lengths or checksums are wrong"
        long, short = (f"⚠ {some}", f"⚠ {wrong} wrong") if wrong else ("✓ lengths and checksums right", "✓ right")
        text = Text(f"Packet  {size:,} bytes  {long}")
        return text if text.cell_len <= width else Text(f"Packet  {size:,} bytes  {short}")

    # Actions

    def action_select(self) -> None:
        """Edit the field, unfold the layer."""
        self.action_edit()

    def action_edit(self) -> None:
        """Edit the field, unfold the layer."""
        if not self._rows:
            return
        at, field = self._rows[self.cursor]
        if field is None:
            self.action_fold()
        else:
            self.post_message(self.EditRequested(at, field))

    def action_fold(self, close: bool | None = None) -> None:
        """Fold or unfold the layer of the cursor's row."""
        if not self._rows:
            return
        at = self._rows[self.cursor].layer
        closing = at in self._open if close is None else close
        if closing:
            self._open.discard(at)
        else:
            self._open.add(at)
        self._rows = self._make_rows()
        self.refresh_rows()
        if closing:
            self.cursor = self._rows.index(_Row(at, None))

    def action_fold_all(self, close: bool) -> None:
        """Fold or unfold all layers."""
        if not self._rows:
            return
        at = self._rows[self.cursor].layer
        self._open = set() if close else set(range(len(self._packet.layers)))
        self._rows = self._make_rows()
        self.refresh_rows()
        self.cursor = self._rows.index(_Row(at, None))

    def action_add(self) -> None:
        """Ask what to add behind this layer."""
        at = self._rows[self.cursor].layer if self._rows else -1
        choices = self._packet.addable(at)
        if choices:
            self.post_message(self.AddRequested(at, choices))
        else:
            name = self._packet.layers[at].protocol.name if self._rows else "nothing"
            self.notify(f"{name} carries no header that is known here", severity="warning", timeout=3)

    def action_remove(self) -> None:
        """Remove the layer."""
        if not self._rows:
            return
        at = self._rows[self.cursor].layer
        if at == 0:
            self.notify("the first header stays: edit its fields", severity="warning", timeout=3)
            return
        self._open = {each - (each > at) for each in self._open if each != at}
        self.change(self._packet.without(at))

    def action_reset(self) -> None:
        """Let a length or a checksum follow the rest again."""
        if self._rows and (field := self._rows[self.cursor].field) is not None:
            self.change(self._packet.reset(self._rows[self.cursor].layer, field.name))

    def action_complete(self) -> None:
        """Make all lengths and checksums right."""
        self.change(self._packet.completed())

    def action_undo(self) -> None:
        """Go back to the packet before."""
        if self._history.last is not None:
            before, _ = self._history.undo()
            self._take(before)
        else:
            self.notify("there is no edit to undo", severity="warning", timeout=3)

    def action_redo(self) -> None:
        """Take back an undo."""
        if self._history.undone is not None:
            _, after = self._history.redo()
            self._take(after)
        else:
            self.notify("nothing was undone", severity="warning", timeout=3)


def layer_summary(layer: Layer) -> str:
    """Return what matters of a layer."""
    if layer.protocol.name in ("payload", "padding"):
        size = len(layer.raw)
        shown = layer.raw[:12].hex(" ") if any(layer.raw) else "zeros"
        return f"{size:,} bytes: {shown}{' …' if size > 12 and any(layer.raw) else ''}"
    told: list[str] = []
    for part in _SUMMARIES.get(layer.protocol.name, "").split(", "):
        names = [name for name in part.split(" → ") if name]
        texts = [layer.text(layer.protocol.field(name)) for name in names]
        if len(texts) == 1 and names[0] not in ("protocol", "next header", "type", "operation", "flags"):
            texts = [f"{names[0]} {texts[0]}"]
        told.append(" → ".join(texts))
    return "  ".join(filter(None, told))
