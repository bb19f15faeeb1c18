"""Outlook: what is known of the object on this machine: what its externs are, what would not load, what did not."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from ...core.errors import BpftuiError, VerifierError
from ...core.live import State
from ...core.runtime import Forecast
from ..nodes import Node, NodeKind, map_node

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ...core.runtime import ExternAnswer
    from ...core.spec import CollectionSpec
    from ..operations import Operations
    from ..widgets.spec.spec_tree import SpecTree
    from .controller import Stage

__all__ = ["Outlook"]


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
        self._looks = 0
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
        if self._operations.state is State.SPEC:
            self.problems = {}
            self._looks += 1
            self._stage.find_out(self._look_ahead, partial(self._looked_ahead, self._looks))

    def _look_ahead(self) -> Forecast:
        return self._operations.session.runtime.forecast(self._spec)

    def _looked_ahead(self, number: int, found: Forecast) -> None:
        if number != self._looks or self._operations.state is not State.SPEC:
            return  # by now it is another spec, or the load has told
        self.forecast = found
        self._mark_refused()

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
