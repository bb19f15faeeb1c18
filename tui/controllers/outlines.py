"""Outlines: what programs do, and who uses a thing, found out in threads and kept."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from ...core.errors import BpftuiError
from ..nodes import NodeKind

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from ...core.analysis.outline import Outline, TailCaller
    from ...core.analysis.xrefs import Use
    from ...core.spec import CollectionSpec
    from ..nodes import Node
    from .controller import Stage

__all__ = ["Known", "Outlines"]


class Known(NamedTuple):
    """What is known of a node."""

    outline: Outline | None = None
    """What a program or a function does."""
    callers: Sequence[TailCaller] = ()
    """Who can lead to a program by a tail call."""
    uses: Sequence[Use] | None = None
    """Who uses a map, a data section or a variable."""


class Outlines:
    """Finds out what is asked for, and says when it is known.

    Args:
        stage: The screen.
        spec: What is explored.
        changed: Shows anew what was known.
    """

    def __init__(self, stage: Stage, *, spec: CollectionSpec, changed: Callable[[], None]) -> None:
        self._stage = stage
        self._spec = spec
        self._changed = changed
        self._known: dict[Hashable, Known | None] = {}

    def of(self, node: Node) -> Known | None:
        """Return what is known of a node; None until it is, of what is being found out from now on."""
        if node.kind not in _ASKED:
            return Known()
        key = self._key(node)
        if key not in self._known:
            self._known[key] = None
            self._stage.find_out(partial(self._find, node), partial(self._found, key))
        return self._known[key]

    def _key(self, node: Node) -> Hashable:
        program = self._spec.programs.get(node.program or node.name)
        return node if program is None else (node, program.type, program.attach_type)

    def _found(self, key: Hashable, known: Known) -> None:
        self._known[key] = known
        self._changed()

    def _find(self, node: Node) -> Known:
        """Find out, in a thread: what is asked for later is worked out here. Damaged code says so itself."""
        from ...core.analysis.outline import Outline, tail_callers
        from ...core.analysis.xrefs import Uses

        uses = self._spec.derived(Uses)
        try:
            if node.kind is NodeKind.PROGRAM:
                return Known(_worked_out(Outline(uses, node.name)), tail_callers(uses, node.name))
            if node.kind is NodeKind.FUNCTION:
                functions = self._spec.programs[node.program].functions
                start = next((each.start for each in functions if each.name == node.name), None)
                return Known() if start is None else Known(_worked_out(Outline(uses, node.program, start)))
            return Known(uses=uses.of(node.name))
        except BpftuiError:
            return Known()


_ASKED = (NodeKind.PROGRAM, NodeKind.FUNCTION, NodeKind.MAP, NodeKind.VARIABLE)


def _worked_out(outline: Outline) -> Outline:
    assert outline.calls is not None
    assert outline.callers is not None
    assert outline.reads is not None
    assert outline.writes is not None
    assert outline.uncertain is not None
    assert outline.never_returned is not None
    assert outline.inputs is not None
    return outline
