"""FlowWalk: how arrow keys lead from box to box of a picture of a control flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....core.listing.flow_picture import FlowPicture

__all__ = ["FlowWalk"]

_REMEMBERED: Final = 1000
"""Steps that a walk leads back by."""


class FlowWalk:
    """A walk over the boxes of a picture, which knows where it came from and what else its last step could have led to.

    Boxes are numbered as in the picture's layout.
    """

    def __init__(self, picture: FlowPicture) -> None:
        self._drawing = picture.drawing
        self._layout = picture.drawing.layout
        self._came: list[int] = []
        self._others: Sequence[int] = ()

    def down(self, node: int) -> int:
        """Return where a box leads: of two ways the one of most runs, else the nearer one; itself where it ends."""
        following = [to for _, to in self._layout.ports[node] if to != node]
        if not following:
            return node
        self._came = [*self._came, node][-_REMEMBERED:]
        return self._step(node, following)

    def up(self, node: int) -> int:
        """Return where a box is come from: back, where it was walked to, else the way of most runs."""
        successors = self._layout.successors
        before = [each for each in range(len(successors)) if node in successors[each] and each != node]
        if not before:
            return node
        before.sort(key=self._middle)
        if self._came and self._came[-1] in before:
            self._others = before
            return self._came.pop()
        return self._step(node, before)

    def aside(self, node: int, step: int) -> int | None:
        """Return the next of the boxes that the last step could have led to, or beside this one; None for neither.

        Args:
            node: The box.
            step: 1 to the right, -1 to the left.
        """
        if node in self._others:
            at = self._others.index(node) + step
            if 0 <= at < len(self._others):
                return self._others[at]
        row = self._layout.bands[self._layout.layer[node] + 1].nodes
        at = row.index(node) + step
        if not 0 <= at < len(row):
            return None
        self._others = ()
        return row[at]

    def leap(self) -> None:
        """Forget the way: the next box is not walked to."""
        self._came, self._others = [], ()

    def _step(self, node: int, others: list[int]) -> int:
        here, heavy = self._middle(node), self._drawing.heavy_nodes
        self._others = others
        return min(others, key=lambda each: (each not in heavy, abs(self._middle(each) - here)))

    def _middle(self, node: int) -> int:
        box = self._layout.boxes[node]
        return box.left + box.width // 2
