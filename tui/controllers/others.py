"""OthersController: what changes what others have loaded. It asks first: once per run for leave, and before each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ...core.errors import BpftuiError
from ...core.visible import visible
from .controller import Controller

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...core.runtime.theirs import Consequences, Theirs
    from ...core.system.model import Pin, Snapshot
    from ..permission import Permission
    from .controller import Stage

__all__ = ["OthersController"]

_LEAVE = (
    "What is loaded here is somebody else's. Until now it was only looked at.\n\n"
    "Leave read-only for this run? Each change is asked about then, and kept in a journal."
)


class OthersController(Controller):
    """Asks, does it, and keeps in a journal what was done.

    Args:
        permission: Whether it may be.
        changed: Is called when something was, in the event loop.
    """

    def __init__(self, stage: Stage, *, permission: Permission, changed: Callable[[], None] = lambda: None) -> None:
        super().__init__(stage)
        self.permission = permission
        self._changed = changed

    def permit(self, then: Callable[[], None]) -> None:
        """Call *then* where changes are allowed; before the first one, ask."""
        if self.permission.refusal:
            self.stage.notify(self.permission.refusal, severity="warning", timeout=5)
        elif self.permission.given:
            then()
        else:
            from ..dialogs.confirm import ConfirmDialog

            dialog = ConfirmDialog("Read-only", _LEAVE, confirm="Leave read-only", cancel="No")
            self.stage.ask(dialog, partial(self._permitted, then))

    def _permitted(self, then: Callable[[], None], sure: bool | None) -> None:
        if sure:
            self.permission.given = True
            self._changed()
            then()

    def ask(
        self, what: str, lines: Sequence[str], then: Callable[[], None], *, confirm: str = "Change", last: str = ""
    ) -> None:
        """Ask whether *what* is to be done, of which *lines* say what depends on it, and call *then*.

        Args:
            what: What is done.
            lines: What depends on it, and how it ends.
            then: Does it.
            confirm: The decisive button.
            last: What goes for good by it, the name of which is then to be typed.
        """
        from ..dialogs.confirm import ConfirmDialog

        def answered(sure: bool | None) -> None:
            if sure:
                then()

        def permitted() -> None:
            listed = "\n".join(f"  {visible(line)}" for line in lines)
            dialog = ConfirmDialog(
                "Somebody else's", f"{visible(what)}\n\n{listed}", confirm=confirm, cancel="No", name=visible(last)
            )
            self.stage.ask(dialog, answered)

        self.permit(permitted)

    def read_streams(self, theirs: Theirs, keep: Callable[[str], None]) -> None:
        """Ask whether what programs write to their streams is to be taken out of them, and have it done.

        Args:
            theirs: Has the programs.
            keep: Keeps in the journal what was done.
        """

        def begin() -> None:
            theirs.read_streams()
            keep("reads what its programs write to their streams")
            self._changed()

        lines = (
            "what is read is taken out: its owner does not find it, nor does bpftool prog tracelog",
            "its lines stand in the tab Printed, and are read until this is closed",
        )
        self.ask(f"Read the streams of {theirs.title}", lines, begin, confirm="Read")

    def detach_link(self, snapshot: Snapshot, number: int) -> None:
        """Ask whether a link is to be detached, and do it."""
        from ...core.system.changes import detach_link
        from ...core.system.consequences import of_detaching

        self.change(lambda: of_detaching(snapshot, number), partial(detach_link, number), "Detach")

    def unpin(self, snapshot: Snapshot, pin: Pin) -> None:
        """Ask whether a pin is to be removed, and do it."""
        from ...core.system.changes import unpin
        from ...core.system.consequences import of_unpinning

        self.change(lambda: of_unpinning(snapshot, pin), partial(unpin, pin), "Remove the pin")

    def change(self, find: Callable[[], Consequences], do: Callable[[], None], confirm: str) -> None:
        """Ask whether something is to be done of which *find* says what comes of it, and *do* it in a thread."""
        try:
            found = find()
        except BpftuiError as error:
            self.stage.notify(error.message, severity="warning", timeout=5)
            return
        then = partial(self._do, visible(found.what), do)
        self.ask(f"{found.what[0].upper()}{found.what[1:]}", found.lines, then, confirm=confirm, last=found.last)

    def _do(self, what: str, do: Callable[[], None]) -> None:
        from ..state.journal import changes_journal

        def work() -> BpftuiError | None:
            try:
                do()
            except BpftuiError as error:
                failed = error
            except Exception as error:  # what nobody expected is said as well, and not lost with the thread
                failed = BpftuiError(f"cannot {what}: {type(error).__name__}: {error}")
            else:
                changes_journal().write(what)
                return None
            changes_journal().write(f"could not {what}: {failed.message}")
            return failed

        def done(error: BpftuiError | None) -> None:
            if error is None:
                self.stage.notify(f"done: {what}", timeout=6)
            else:
                from ..status import Failure

                self.stage.fail(Failure("change", error.message, error.hint or ""))
            self._changed()

        self.stage.find_out(work, done)
