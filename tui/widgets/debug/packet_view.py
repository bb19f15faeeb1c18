"""DebugPacketView: the packet as it is where the run stands: by its layers, and as bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from textual.binding import Binding, BindingType

from ..run.packet_pane import layer_summary
from .lines_view import Line, LinesView, heading

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ....core.debug.sight import Sight
    from ....core.packet.layers import Layer

__all__ = ["DebugPacketView", "PacketRow"]

_ROW: Final = 4 + 2 + 3 * 16
"""Cells of a row of sixteen bytes."""
_MOST: Final = 4096
"""Bytes that are shown."""


class PacketRow(NamedTuple):
    """What a line is of."""

    start: int
    stop: int
    is_bytes: bool = False


class DebugPacketView(LinesView):
    """What of the packet the program has read is underlined, what it has written stands out. ← → go byte by byte."""

    TITLE: ClassVar[str] = "Packet"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "byte(-1)", show=False, id="debug.byte-before", tooltip="The byte before"),
        Binding("right,l", "byte(1)", show=False, id="debug.byte-next", tooltip="The next byte"),
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name
        """Initialise it with the cursor on the first byte."""
        super().__init__(id=id)
        self._byte = 0

    def title(self, sight: Sight) -> str:
        """Say how large it is, and what of it was used."""
        if sight.packet is None:
            return ""
        parts = [f"{len(sight.packet):,} bytes"]
        if sight.trail.is_whole:
            parts += [f"read {ranges(sight.read)}", f"written {ranges(sight.written)}"]
        else:
            parts.append("what was read is not followed in a long run")
        return " · ".join(parts)

    def empty(self, sight: Sight) -> str:
        """Say why there is none."""
        return "this program is given no packet: it runs on its context" if sight.packet is None else "no bytes"

    @property
    def byte(self) -> int | None:
        """The byte that the cursor is on; None where there is no packet."""
        about = self.about
        if not isinstance(about, PacketRow):
            return None
        return max(about.start, min(self._byte, about.stop - 1)) if about.is_bytes else about.start

    def action_byte(self, by: int) -> None:
        """Go to the byte before or behind."""
        about, sight = self.about, self.sight
        if sight is None or not sight.packet or not isinstance(about, PacketRow):
            return
        here = self.byte or 0
        self._byte = max(0, min(len(sight.packet) - 1, here + by))
        for index, line in enumerate(self.shown):
            row = line.about
            if isinstance(row, PacketRow) and row.is_bytes and row.start <= self._byte < row.stop:
                self.cursor = index
        self.rebuild()

    def watch_cursor(self, old: int, new: int) -> None:
        """Keep the byte in the cursor's row."""
        super().watch_cursor(old, new)
        row = self.about
        if isinstance(row, PacketRow) and row.is_bytes and not row.start <= self._byte < row.stop:
            self._byte = row.start + (self._byte - row.start) % 16 if row.stop - row.start == 16 else row.start
            self.rebuild()

    def lines(self, sight: Sight, width: int) -> Iterator[Line]:
        """Return the layers, then the bytes."""
        packet = sight.packet
        if not packet:
            return
        for layer in sight.layers:
            used = _used(layer, sight)
            summary = layer_summary(layer)
            mark = f"  ◂ {used}" if used else ""
            yield Line(
                ((f"  {layer.protocol.name:<9}", "heading"), (summary, "" if used else "muted"), (mark, "changed")),
                PacketRow(layer.start, max(layer.end, layer.start + 1)),
            )
        yield heading("Bytes")
        size = 16 if width >= _ROW else 8
        for start in range(0, min(len(packet), _MOST), size):
            stop = min(start + size, len(packet))
            parts: list[tuple[str, str]] = [(f"  {start:04x} ", "muted")]
            for at in range(start, stop):
                name = "written" if at in sight.written else "read" if at in sight.read else "muted"
                if at == self._byte and self.has_focus:
                    name = "here"
                parts += [(" ", ""), (f"{packet[at]:02x}", name)]
            yield Line(tuple(parts), PacketRow(start, stop, is_bytes=True))
        if len(packet) > _MOST:
            yield Line(((f"  … {len(packet) - _MOST:,} bytes more", "muted"),))

    def on_focus(self) -> None:
        """Mark the byte."""
        self.rebuild()

    def on_blur(self) -> None:
        """Mark none."""
        self.rebuild()


def _used(layer: Layer, sight: Sight) -> str:
    """Return the fields of a layer that were read, and those that were written."""
    fields = [each for each in layer.fields if len(layer.where(each))]
    read = [each.name for each in fields if sight.read.intersection(layer.where(each))]
    written = [each.name for each in fields if sight.written.intersection(layer.where(each))]
    parts = [", ".join(read[:3]) + (f" +{len(read) - 3}" if len(read) > 3 else "")] if read else []
    return " · ".join([*parts, *([f"written: {', '.join(written[:3])}"] if written else [])])


def ranges(found: Iterable[int]) -> str:
    """Return numbers as ranges: `0…33, 40`; `none` for none."""
    parts: list[list[int]] = []
    for number in sorted(found):
        if parts and parts[-1][1] == number - 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    texts = [str(first) if first == last else f"{first}…{last}" for first, last in parts]
    return ", ".join(texts[:4]) + (" …" if len(texts) > 4 else "") if texts else "none"
