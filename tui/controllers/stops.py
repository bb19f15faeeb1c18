"""StopsController: where the run is to stop, kept for each object."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from ...core.errors import BpftuiError
from ..state.journal import Journal
from ..state.stops import KeptStop, SavedStops
from ..status import told
from .controller import Controller

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...core.debug import Session
    from ...core.debug.sight import Held, Sight
    from .controller import Stage
    from .debuggee import Debuggee

__all__ = ["StopsController"]


class StopsController(Controller):
    """Breakpoints and watchpoints are set, taken away, switched off, and kept.

    Args:
        debuggee: The run.
        place: Returns the place that the cursor is on, as `Breakpoints.find` takes it; with `watch ` before it, what
            is to be watched; empty for none.
        held: Returns the number of the stop that the cursor is on; 0 for none.
        file: The object's absolute name.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "b,f9",
            "stop_here",
            "Break",
            id="debug.break",
            tooltip="Stop at this line, map, call, or where this byte or value changes; again: no more",
        ),
        Binding("delete", "remove_stop", "Remove", show=False, id="debug.remove-stop", tooltip="Take the stop away"),
        Binding(
            "o", "switch_stop", "On or off", show=False, id="debug.switch-stop", tooltip="Switch the stop off or on"
        ),
    ]

    def __init__(
        self,
        stage: Stage,
        *,
        debuggee: Debuggee,
        place: Callable[[], str],
        held: Callable[[], int],
        file: str,
    ) -> None:
        super().__init__(stage)
        self._debuggee = debuggee
        self._place = place
        self._held = held
        self._file = file
        self.kept: Sequence[KeptStop] = ()
        """What there is by now, or was when nothing had been looked at."""
        self._to_save: deque[tuple[Sequence[KeptStop], Sequence[str]]] = deque(maxlen=1)
        """What is to be written as soon as nothing is being written: the newest alone."""
        self._writing = threading.Lock()
        self._saving = False
        self._given: set[tuple[str, str]] = set()
        """Places and conditions of those that are meant for this time alone."""

    def read(self) -> Sequence[str]:
        """Read what was kept of the object; return the expressions that were watched."""
        try:
            self.kept, expressions = SavedStops().of(self._file)
        except BpftuiError as error:
            self.stage.notify(error.message, severity="warning", timeout=8)
            return ()
        return expressions

    def add(self, breaks: Sequence[str]) -> None:
        """Set breakpoints besides what was kept, for this time: `prog.c:40`, `17 if r1 > 5`."""
        for each in breaks:
            what, _, condition = each.partition(" if ")
            found = KeptStop(what.strip(), condition.strip())
            if found not in self.kept:
                self.kept = [*self.kept, found]
                self._given.add((found.what, found.condition))

    def prepare(self, session: Session) -> None:
        """Set in a new session what was set before; what it has no place for waits. Called in its thread."""
        from ...core.debug.stops import Access

        for each in self.kept:
            access = Access(each.access) if each.access else None
            session.stop_at(each.what, each.condition, access, enabled=each.enabled)

    def follow(self, sight: Sight, expressions: Sequence[str]) -> None:
        """Keep what there is now."""
        now = tuple(
            KeptStop(each.what, each.condition, each.enabled, each.access.value if each.access is not None else "")
            for each in sight.held
        )
        if now == tuple(self.kept) and not self._expressions_changed(expressions):
            return
        self.kept, self._known = now, tuple(expressions)
        lasting = [each for each in now if (each.what, each.condition) not in self._given]
        self._to_save.append((lasting, tuple(expressions)))
        self._save()

    def _save(self) -> None:
        """Write what there is to keep, in a thread; what comes meanwhile is written behind it."""
        if self._saving or not self._to_save:
            return
        self._saving = True
        self.stage.find_out(self._write, self._saved, lambda error: self._saved(told(error)))

    def _write(self) -> str:
        """Write what there is to keep by now, in whatever thread; return why it cannot be written."""
        with self._writing:
            if not self._to_save:  # somebody else has written it
                return ""
            try:
                SavedStops().save(self._file, *self._to_save.pop())
            except BpftuiError as error:
                return error.message
        return ""

    def close(self) -> None:
        """Write what is still to be written: the screen is left, and nobody is called back any more."""
        if problem := self._write():
            Journal().write(problem)

    def _saved(self, problem: str) -> None:
        self._saving = False
        if problem:
            self.stage.notify(problem, severity="warning", timeout=8)
        self._save()

    _known: tuple[str, ...] | None = None

    def _expressions_changed(self, expressions: Sequence[str]) -> bool:
        if self._known is None:
            self._known = tuple(expressions)
        return self._known != tuple(expressions)

    # Keys

    def action_stop_here(self) -> None:
        """Stop at what the cursor is on, or no more."""
        place, sight = self._place(), self._debuggee.sight
        if sight is None:
            return
        if self._held():
            self.action_switch_stop()
            return
        if not place:
            self.stage.notify("there is nothing here to stop at", severity="warning", timeout=3)
            return
        word, _, what = place.partition(" ") if place.startswith("watch ") else ("", "", place)
        access = word or None
        there = next((each for each in sight.held if (each.what, each.access) == (what, access)), None)
        if there is not None:
            self._remove(there)
            return

        def work(session: Session) -> str:
            if word:
                session.watch(what)
                return f"stops where {what} changes"
            session.break_at(what)
            return f"stops at {what}"

        self._debuggee.do("setting a stop", work, lambda text: self.stage.notify(text, timeout=3))

    def action_remove_stop(self) -> None:
        """Take the stop away that the cursor is on."""
        found = self._found()
        if found is not None:
            self._remove(found)

    def _remove(self, found: Held) -> None:
        def work(session: Session) -> None:
            session.breakpoints.remove(found.number)

        text = f"no stop at {found.what} any more"
        self._debuggee.do("taking a stop away", work, lambda _: self.stage.notify(text, timeout=3))

    def action_switch_stop(self) -> None:
        """Switch the stop off or on that the cursor is on."""
        found = self._found()
        if found is None:
            return

        def work(session: Session) -> None:
            session.breakpoints.get(found.number).enabled = not found.enabled

        self._debuggee.do("switching a stop", work)

    def _found(self) -> Held | None:
        sight, number = self._debuggee.sight, self._held()
        return None if sight is None else next((each for each in sight.held if each.number == number), None)

    def check_action(self, action: str) -> bool:
        """Offer what applies to a stop where there is one."""
        return action == "stop_here" or bool(self._held())

    def why_not(self, action: str) -> str:
        """Return why an action does not apply."""
        return "the cursor is on no stop: they are listed in State" if action != "stop_here" else ""
