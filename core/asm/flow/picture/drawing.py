"""Drawing: the rows of a layout as pieces of text, each made when it is asked for."""

from __future__ import annotations

import bisect
import enum
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from ....visible import cells, cut
from .layout import Layout, Shape
from .routes import EndKind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from .layout import Band
    from .routes import End, Net

__all__ = ["Drawing", "Ink", "PictureBox", "Piece"]

_LIGHT, _HEAVY = 1, 2
_UP, _RIGHT, _DOWN, _LEFT = 1, 3, 9, 27
"""A line's sides, as digits of base 3, each 0 for none, 1 for a light line, 2 for a heavy one."""
_LINES: Final = " ╵╹╶└┖╺┕┗╷│╿┌├┞┍┝┡╻╽┃┎┟┠┏┢┣╴┘┚─┴┸╼┶┺┐┤┦┬┼╀┮┾╄┒┧┨┰╁╂┲╆╊╸┙┛╾┵┹━┷┻┑┥┩┭┽╃┯┿╇┓┪┫┱╅╉┳╈╋"
"""By the sides: the characters of U+2500 to U+257F that have them."""
_ASCII_LINES: Final = " |-+"
_ASCII_HEAVY: Final = " H=#"
"""For terminals that have no lines: by whether there is a vertical (1), a horizontal (2), both (3)."""
_CACHED: Final = 512
"""Rows that are kept."""


class Ink(enum.Enum):
    """What a piece of a row belongs to."""

    LINE = enum.auto()
    HEAVY_LINE = enum.auto()
    LABEL = enum.auto()
    """Of a line: whether the jump is taken, and how often."""
    BORDER = enum.auto()
    HEAVY_BORDER = enum.auto()
    TITLE = enum.auto()
    NOTE = enum.auto()
    """In the upper border, at the right."""
    TEXT = enum.auto()
    """A line of a box, with blanks up to its right border."""


class Piece(NamedTuple):
    """Some characters of a row."""

    column: int
    text: str
    ink: Ink
    node: int
    """The box that it belongs to; of a line, the one that it leads to."""
    line: int = -1
    """TEXT: which of the box's lines it is."""


class PictureBox(NamedTuple):
    """What a box says. All of it is visible text."""

    title: str
    note: str
    lines: tuple[str, ...]

    def shape(self, labels: Sequence[int], *, widest: int) -> Shape:
        """Return how large the box has to be for what it says and for the labels of its lines.

        Args:
            labels: How many cells each of them takes, 0 for none.
            widest: Cells that its lines may take; those that are longer are cut.
        """
        title, note = cells(self.title) + 3, cells(self.note) + 3
        longest = min(widest, max(map(cells, self.lines), default=0)) + 4
        both = 2 * max(labels) + 8 if len(labels) == 2 else 0
        width = max(title + note + 3, longest, both, 2 * len(labels) + 1)
        into = max(title + 1, min(width // 2, width - note - 2))
        return Shape(width, len(self.lines) + 2, into)


class Drawing:
    """A layout with what its boxes say.

    Args:
        layout: Where everything is.
        boxes: What the boxes say, each as large as its shape.
        labels: What stands beside a line where it leaves its box, by its ends.
        heavy: The lines that are drawn heavy, by their ends.
        heavy_nodes: The boxes that are.
        ascii_only: Draw with ASCII characters.
    """

    def __init__(
        self,
        layout: Layout,
        boxes: Sequence[PictureBox],
        labels: Mapping[tuple[int, int], str] | None = None,
        *,
        heavy: Collection[tuple[int, int]] = (),
        heavy_nodes: Collection[int] = (),
        ascii_only: bool = False,
    ) -> None:
        self.layout = layout
        self.boxes = boxes
        self.ascii_only = ascii_only
        self._labels = labels or {}
        self._heavy = heavy
        self.heavy_nodes = heavy_nodes
        """The boxes that are drawn heavy."""
        self._tops = [band.top for band in layout.bands]
        # By node: the first layer that a heavy line from above comes from, and the last that one from below does.
        self._from_above: dict[int, int] = {}
        self._from_below: dict[int, int] = {}
        for source, target in heavy:
            layer = layout.layer[source]
            if layout.is_back(source, target):
                self._from_below[target] = max(layer, self._from_below.get(target, layer))
            else:
                self._from_above[target] = min(layer, self._from_above.get(target, layer))
        self._entered = {successor for successors in layout.successors for successor in successors}
        self._rows: dict[int, list[Piece]] = {}

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.layout.height

    def row(self, row: int) -> list[Piece]:
        """Return what stands in a row, from left to right."""
        found = self._rows.get(row)
        if found is None:
            if len(self._rows) >= _CACHED:
                self._rows.clear()
            found = self._rows[row] = self._make(row)
        return found

    def text(self, row: int) -> str:
        """Return a row as text."""
        parts: list[str] = []
        at = 0
        for piece in self.row(row):
            parts += [" " * (piece.column - at), piece.text]
            at = piece.column + cells(piece.text)
        return "".join(parts).rstrip()

    def node_at(self, row: int, column: int) -> int | None:
        """Return the box at a place of the picture; None where there is none."""
        for node in self._band(row)[1].nodes:
            box = self.layout.boxes[node]
            if box.left <= column < box.left + box.width and box.top <= row < box.top + box.height:
                return node
        return None

    def _band(self, row: int) -> tuple[int, Band]:
        """Return the layer that a row belongs to, with the channel below it, and its number."""
        # Bands without rows begin where the next one does.
        at = bisect.bisect_right(self._tops, row) - 1
        return at - 1, self.layout.bands[at]

    def _make(self, row: int) -> list[Piece]:
        layer, band = self._band(row)
        pieces = [piece for node in band.nodes for piece in self._of_box(node, row)]
        if row < band.channel:
            for lane in band.lanes:
                is_heavy = self._is_heavy_lane(lane.node, layer)
                pieces.append(self._upright(lane.column, lane.node, is_heavy=is_heavy))
        else:
            pieces += self._of_channel(layer, band, row)
        pieces.sort()
        return pieces

    # Lines

    def _char(self, sides: int) -> str:
        if not self.ascii_only:
            return _LINES[sides]
        up, right, down, left = sides % 3, sides // 3 % 3, sides // 9 % 3, sides // 27
        kind = (1 if up or down else 0) + (2 if left or right else 0)
        return (_ASCII_HEAVY if _HEAVY in (up, right, down, left) else _ASCII_LINES)[kind]

    def _upright(self, column: int, node: int, *, is_heavy: bool) -> Piece:
        weight = _HEAVY if is_heavy else _LIGHT
        ink = Ink.HEAVY_LINE if is_heavy else Ink.LINE
        return Piece(column, self._char(weight * (_UP + _DOWN)), ink, node)

    def _is_heavy_lane(self, node: int, layer: int) -> bool:
        """Whether a heavy line runs through a node's lane in a layer."""
        if layer < self.layout.layer[node]:
            return self._from_above.get(node, layer) < layer
        return self._from_below.get(node, -1) >= layer

    def _is_heavy_end(self, net: Net, end: End, layer: int, *, is_top: bool) -> bool:
        """Whether a heavy line leaves the channel below a layer there."""
        match end.kind:
            case EndKind.NODE if is_top:
                return (end.node, net.node) in self._heavy
            case EndKind.NODE:
                return end.node in self._from_below or self._from_above.get(end.node, layer + 1) <= layer
            case EndKind.LANE:
                return self._is_heavy_lane(net.node, layer if is_top else layer + 1)
            case EndKind.PART:
                others = net.bottoms if is_top else net.tops
                return any(self._is_heavy_end(net, other, layer, is_top=not is_top) for other in others)

    def _of_channel(self, layer: int, band: Band, row: int) -> list[Piece]:
        sides: dict[int, int] = {}
        owners: dict[int, int] = {}
        turning: list[Net] = []
        for net in band.nets:
            turn = row - band.tracks - net.track if net.track >= 0 else -1
            if not turn:
                turning.append(net)
                continue
            is_top = turn < 0
            for end in net.tops if is_top else net.bottoms:
                # A part ends where the rest of its net turns.
                if end.kind is EndKind.PART and (is_top or net.rest is None or row >= band.tracks + net.rest.track):
                    continue
                weight = _HEAVY if self._is_heavy_end(net, end, layer, is_top=is_top) else _LIGHT
                sides[end.column] = weight * (_UP + _DOWN)
                owners[end.column] = net.node
        for net in turning:
            self._turn(net, layer, sides, owners)
        return [
            Piece(column, self._char(side), Ink.HEAVY_LINE if _is_heavy(side) else Ink.LINE, owners[column])
            for column, side in sides.items()
        ]

    def _turn(self, net: Net, layer: int, sides: dict[int, int], owners: dict[int, int]) -> None:
        """Add the row on which a net turns; other lines pass over it."""
        ends = [(end.column, _UP, self._is_heavy_end(net, end, layer, is_top=True)) for end in net.tops]
        ends += [(end.column, _DOWN, self._is_heavy_end(net, end, layer, is_top=False)) for end in net.bottoms]
        heavy = [column for column, _, is_heavy in ends if is_heavy]
        first, last = min(heavy, default=0), max(heavy, default=0)
        own: dict[int, int] = {}
        for column in range(net.first, net.last + 1):
            left = 0 if column == net.first else _HEAVY if first < column <= last else _LIGHT
            right = 0 if column == net.last else _HEAVY if first <= column < last else _LIGHT
            own[column] = left * _LEFT + right * _RIGHT
        for column, side, is_heavy in ends:
            own[column] += side * (_HEAVY if is_heavy else _LIGHT)
        for column, side in own.items():
            if column not in sides:
                sides[column] = side
                owners[column] = net.node

    # Boxes

    @cached_property
    def _borders(self) -> Mapping[bool, tuple[str, str, str, str, str, str]]:
        """By whether it is heavy: a box's horizontal, vertical, and its corners from the upper left one."""
        return {
            is_heavy: (
                self._char(weight * (_LEFT + _RIGHT)),
                self._char(weight * (_UP + _DOWN)),
                self._char(weight * (_RIGHT + _DOWN)),
                self._char(weight * (_LEFT + _DOWN)),
                self._char(weight * (_UP + _RIGHT)),
                self._char(weight * (_UP + _LEFT)),
            )
            for is_heavy, weight in ((False, _LIGHT), (True, _HEAVY))
        }

    def _of_box(self, node: int, row: int) -> list[Piece]:
        """Return a box's pieces of a row, and those of the lines that leave it while there is none."""
        left, top, width, height = self.layout.boxes[node]
        is_heavy = node in self.heavy_nodes
        _, upright, *_ = self._borders[is_heavy]
        ink = Ink.HEAVY_BORDER if is_heavy else Ink.BORDER
        at = row - top
        if at == 0:
            return self._top(node)
        if at < height - 1:
            text = cut(self.boxes[node].lines[at - 1], width - 4, "~" if self.ascii_only else "…")
            text += " " * (width - 4 - cells(text))
            return [
                Piece(left, upright, ink, node),
                Piece(left + 1, f" {text} ", Ink.TEXT, node, at - 1),
                Piece(left + width - 1, upright, ink, node),
            ]
        if at == height - 1:
            return self._bottom(node)
        ports = self.layout.ports[node]
        found: list[Piece] = []
        if row < self._band(row)[1].channel:
            found = [self._upright(column, target, is_heavy=(node, target) in self._heavy) for column, target in ports]
        if at == height:
            for number, (column, target) in enumerate(ports):
                label = self._labels.get((node, target), "")
                if label:
                    before = column - 1 - cells(label) if number == 0 and len(ports) == 2 else column + 2
                    found.append(Piece(before, label, Ink.LABEL, target))
        return found

    def _top(self, node: int) -> list[Piece]:
        left, _, width, _ = self.layout.boxes[node]
        box, is_heavy = self.boxes[node], node in self.heavy_nodes
        across, _, first, last, *_ = self._borders[is_heavy]
        ink = Ink.HEAVY_BORDER if is_heavy else Ink.BORDER
        into = self.layout.into(node) - left
        head = ("v" if self.ascii_only else "▼") if node in self._entered else across
        start = 1
        found = [Piece(left, first, ink, node)]
        if box.title:
            start = 3 + cells(box.title)
            found.append(Piece(left + 1, f" {box.title} ", Ink.TITLE, node))
        end = width - 1 - (cells(box.note) + 2 if box.note else 0)
        found.append(Piece(left + start, across * (into - start), ink, node))
        found.append(Piece(left + into, head, ink, node))
        found.append(Piece(left + into + 1, across * (end - into - 1), ink, node))
        if box.note:
            found.append(Piece(left + end, f" {box.note} ", Ink.NOTE, node))
        found.append(Piece(left + width - 1, last, ink, node))
        return found

    def _bottom(self, node: int) -> list[Piece]:
        left, _, width, _ = self.layout.boxes[node]
        is_heavy = node in self.heavy_nodes
        across, _, _, _, first, last = self._borders[is_heavy]
        weight = _HEAVY if is_heavy else _LIGHT
        line = [first, *across * (width - 2), last]
        for column, target in self.layout.ports[node]:
            down = _HEAVY if (node, target) in self._heavy else _LIGHT
            line[column - left] = self._char(weight * (_LEFT + _RIGHT) + down * _DOWN)
        return [Piece(left, "".join(line), Ink.HEAVY_BORDER if is_heavy else Ink.BORDER, node)]


def _is_heavy(sides: int) -> bool:
    return any(sides // digit % 3 == _HEAVY for digit in (_UP, _RIGHT, _DOWN, _LEFT))
