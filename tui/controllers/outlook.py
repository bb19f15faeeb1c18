"""Outlook: what is known of the object on this machine: what its externs are, what would not load, what did not."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from threading import Event
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from ...core.errors import BpftuiError, GivenUpError, VerifierError
from ...core.live import State
from ...core.runtime import Forecast
from ..nodes import Node, NodeKind, map_node
from ..status import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ...core.runtime import ExternAnswer
    from ...core.spec import CollectionSpec
    from ..operations import Operations
    from ..widgets.spec.spec_tree import SpecTree
    from .controller import Stage

__all__ = ["Outlook"]

_TOLD: Final = 0.1
"""Seconds between two reports of how far a look ahead is."""


class Outlook:
    """Finds out in threads, marks in the tree what is refused, and says when something is known that was not.

    Args:
        stage: The screen.
        spec: What is explored.
        operations: Whose runtime is asked.
        tree: Where programs and maps are marked.
        changed: Shows anew what was known.
    """

    answers: Mapping[str, ExternAnswer] | None = None
    """What the externs are on this machine; None until someone has looked."""
    forecast: Forecast | None = None
    """What is known to keep parts of the object from being loaded here; None until that is known."""
    problems: Mapping[str, BpftuiError] = MappingProxyType({})
    """Why programs were not loaded, by their names, until the spec changes."""

    def __init__(
        self,
        stage: Stage,
        *,
        spec: CollectionSpec,
        operations: Operations,
        tree: SpecTree,
        changed: Callable[[], None],
    ) -> None:
        self._stage = stage
        self._spec = spec
        self._operations = operations
        self._tree = tree
        self._changed = changed
        self._stop = Event()
        """Gives up the look ahead that goes on."""
        self._work: Work | None = None
        """What is said of it."""
        self._is_looking_up = False

    def look_up_externs(self) -> None:
        """Find out what the externs are here, once, and show it."""
        if self.answers is None and not self._is_looking_up:
            self._is_looking_up = True
            self._stage.find_out(self._look_up_externs, self._looked_up)

    def _look_up_externs(self) -> Mapping[str, ExternAnswer]:
        return self._operations.session.runtime.externs(self._spec)

    def _looked_up(self, answers: Mapping[str, ExternAnswer]) -> None:
        self.answers = answers
        self._changed()

    def look_ahead(self) -> None:
        """Find out what can be loaded here, and mark what cannot; again whenever the spec has changed."""
        if self._operations.state is not State.SPEC:
            return
        self.problems = {}
        self._stop.set()  # a look at what the spec was before is of no use any more
        self._stop = stop = Event()
        work = Work("checking what can be loaded here", partial(self._give_up, stop))
        self._show(stop, work)
        self._stage.find_out(partial(self._look_ahead, stop, work), partial(self._looked_ahead, stop))

    def _give_up(self, stop: Event) -> None:
        """Look no further; what is said goes at once, the program that is looked at may be a large one."""
        stop.set()
        if self._work is not None and self._stage.work is self._work:
            self._stage.show_work(None)
        self._work = None

    def _look_ahead(self, stop: Event, work: Work) -> Forecast | GivenUpError:
        told = work.since

        def progress(number: int, total: int, program: str) -> None:
            nonlocal told
            if time.monotonic() - told >= _TOLD:
                told = time.monotonic()
                now = replace(work, number=number, total=total, part=program)
                self._stage.call_later(self._show, stop, now)

        try:
            return self._operations.session.runtime.forecast(self._spec, progress=progress, stop=stop)
        except GivenUpError as error:
            return error

    def _show(self, stop: Event, work: Work) -> None:
        """Say what is being done, unless that is something else."""
        if stop is self._stop and not stop.is_set() and self._stage.work in (None, self._work):
            self._work = work
            self._stage.show_work(work)

    def _looked_ahead(self, stop: Event, found: Forecast | GivenUpError) -> None:
        if stop is not self._stop:
            return  # by now it is another spec
        if self._work is not None and self._stage.work is self._work:
            self._stage.show_work(None)
        self._work = None
        if self._operations.state is not State.SPEC:
            return  # the load has told
        if isinstance(found, GivenUpError):
            self._stage.notify(f"{found.message}: L finds out", timeout=5)
            return
        self.forecast = found
        self._mark_refused()

    def stop(self) -> None:
        """Give up what is still being found out: nobody waits for it."""
        self._stop.set()

    def not_loaded(self, problems: Mapping[str, BpftuiError]) -> None:
        """Remember why programs were not loaded, by their names, and mark them."""
        self.problems = problems
        self._mark_refused()

    def load_failed(self, error: BpftuiError) -> None:
        """Remember why the load failed: it says so of each program, of one, or it was for something that all need."""
        if isinstance(error, VerifierError):
            self.not_loaded(error.problems or {error.program: error})
        else:
            self.not_loaded(error.problems or dict.fromkeys(self._spec.programs, error))

    def _mark_refused(self) -> None:
        """Mark in the tree what was, or would be, refused."""
        maps = self._spec.maps
        loaded = self._operations.state is not State.SPEC
        known = self.forecast if self.forecast is not None and not loaded else Forecast({}, {})
        nodes = [Node(NodeKind.PROGRAM, name) for name in {**known.programs, **self.problems}]
        nodes += [map_node(maps[name]) for name in known.maps]
        self._tree.mark_refused(nodes)
        self._changed()
