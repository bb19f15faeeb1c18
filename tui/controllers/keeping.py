"""KeepingController: what is seen is kept in a recording, or not any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from ...core.errors import BpftuiError
from ..keeping import where_attached
from ..operations import program_and_target
from ..status import Failure
from .controller import Controller

if TYPE_CHECKING:
    from ..operations import Operations
    from .controller import Stage
    from .log import Log

__all__ = ["KeepingController"]


class KeepingController(Controller):
    """Begins and ends a recording.

    Args:
        operations: Whose monitor sees what is kept.
        log: Where it is noted.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "K",
            "keep",
            "Keep",
            id="keep",
            tooltip="Keep what is seen in a recording; again: end it",
        ),
    ]

    def __init__(self, stage: Stage, *, operations: Operations, log: Log) -> None:
        super().__init__(stage)
        self._operations = operations
        self._log = log
        self._begins = False

    def action_keep(self) -> None:
        """Begin a recording, or end it; the file is written in a thread."""
        if self._begins:
            self.stage.notify("a recording is being begun or ended", severity="warning", timeout=2)
            return
        self._begins = True
        self.stage.settle("record")
        self.stage.find_out(self._change, self._changed)

    def _change(self) -> Failure | str:
        """Return what is said of it."""
        operations = self._operations
        keeping, collection = operations.keeping, operations.collection
        try:
            if keeping.end():
                return f"kept in {keeping.path}: bpftui FILE opens it, and home in tab 3"
            if collection is None:
                return "nothing is loaded any more"
            session = operations.session
            attached = [*map(program_and_target, operations.attachments()), *where_attached(session)]
            keeping.begin(collection, attached, theirs=session.theirs)
        except BpftuiError as error:
            return Failure("record", error.message, error.hint or "")
        except Exception as error:
            return Failure("record", f"cannot record: {type(error).__name__}: {error}")
        return f"keeps what is seen in {keeping.path}; K again ends it"

    def _changed(self, came: Failure | str) -> None:
        self._begins = False
        if isinstance(came, Failure):
            self.stage.fail(came)
        else:
            self.stage.notify(came, timeout=6)
            self._log.line(came)
        self._operations.changed()

    def check_action(self, action: str) -> bool:
        """Offer it where something is sampled."""
        operations = self._operations
        return operations.monitor.running and operations.monitor.playhead is None

    def why_not(self, action: str) -> str:
        """Return why nothing can be kept."""
        if self._operations.monitor.playhead is not None:
            return "this is a recording already"
        return "nothing is seen before the load: L"
