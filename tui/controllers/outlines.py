"""Outlines: what programs do, and who uses a thing, found out in threads and kept."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Final, NamedTuple

from ...core.errors import BpftuiError, GivenUpError
from ..nodes import NodeKind
from ..status import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from ...core.analysis.outline import Outline, TailCaller
    from ...core.analysis.xrefs import Use
    from ...core.spec import CollectionSpec
    from ..nodes import Node
    from .controller import Stage

__all__ = ["Known", "Outlines"]


_LONG: Final = 20_000
"""Instructions from which on a look at code is said to go on, and can be given up: it takes some tenths of a second."""
_TOLD: Final = 0.1
"""Seconds between two reports of how far one is."""


class Known(NamedTuple):
    """What is known of a node."""

    outline: Outline | None = None
    """What a program or a function does."""
    callers: Sequence[TailCaller] = ()
    """Who can lead to a program by a tail call."""
    uses: Sequence[Use] | None = None
    """Who uses a map, a data section or a variable."""
    given_up: bool = False
    """Whether its code was not looked at to the end, as the user gave that up."""


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
        self._last: Hashable = None
        """What was asked for last."""
        self._stops: set[Event] = set()
        """Give up what is being found out."""
        self._said: Work | None = None
        """What is said of that."""

    def of(self, node: Node) -> Known | None:
        """Return what is known of a node; None until it is, of what is being found out from now on.

        What was given up is tried again once something else was asked for.
        """
        if node.kind not in _ASKED:
            self._last = None
            return Known()
        key = self._key(node)
        known = self._known.get(key)
        again = known is not None and known.given_up and key != self._last
        self._last = key
        if key not in self._known or again:
            self._known[key] = None
            stop = Event()
            self._stops.add(stop)
            self._stage.find_out(partial(self._find, node, stop), partial(self._found, key, stop))
        return self._known[key]

    def stop(self) -> None:
        """Give up what is still being found out: nobody waits for it."""
        for stop in self._stops:
            stop.set()

    def _key(self, node: Node) -> Hashable:
        program = self._spec.programs.get(node.program or node.name)
        return node if program is None else (node, program.type, program.attach_type)

    def _found(self, key: Hashable, stop: Event, known: Known) -> None:
        self._stops.discard(stop)
        self._say(stop, None)
        self._known[key] = known
        self._changed()

    def _say(self, stop: Event, work: Work | None) -> None:
        """Say what is being done, unless that is something else; None for nothing any more."""
        if work is None and self._said is None:
            return
        if self._stage.work in (None, self._said) and (work is None or stop in self._stops):
            self._stage.show_work(work)
            self._said = work

    def _find(self, node: Node, stop: Event) -> Known:
        """Find out, in a thread: what is asked for later is worked out here. Damaged code says so itself."""
        from ...core.analysis.outline import Outline, tail_callers
        from ...core.analysis.xrefs import Uses

        uses = self._spec.derived(Uses)
        try:
            if node.kind is NodeKind.PROGRAM:
                outline = self._worked_out(Outline(uses, node.name), stop)
                return Known(outline, tail_callers(uses, node.name))
            if node.kind is NodeKind.FUNCTION:
                functions = self._spec.programs[node.program].functions
                start = next((each.start for each in functions if each.name == node.name), None)
                return Known() if start is None else Known(self._worked_out(Outline(uses, node.program, start), stop))
            return Known(uses=uses.of(node.name))
        except GivenUpError:
            return Known(given_up=True)
        except BpftuiError:
            return Known()

    def _worked_out(self, outline: Outline, stop: Event) -> Outline:
        work = Work(f"looking at the code of {outline.program.name}", stop.set)
        told = work.since

        def progress(number: int, total: int, function: str) -> None:
            nonlocal told
            if stop.is_set():
                raise GivenUpError(work.what)
            if time.monotonic() - told >= _TOLD and outline.program.insns >= _LONG:
                told = time.monotonic()
                now = replace(work, number=number, total=total, part=function)
                self._stage.call_later(self._say, stop, now)

        outline.look(progress)
        assert outline.calls is not None
        assert outline.callers is not None
        assert outline.reads is not None
        assert outline.writes is not None
        assert outline.uncertain is not None
        assert outline.never_returned is not None
        assert outline.inputs is not None
        return outline


_ASKED = (NodeKind.PROGRAM, NodeKind.FUNCTION, NodeKind.MAP, NodeKind.VARIABLE)
