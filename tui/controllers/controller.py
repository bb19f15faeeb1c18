"""Controller: one noun of what a screen can do, with its keys; and the screen that is composed of some."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar, cast

from textual.app import SuspendNotSupported
from textual.screen import Screen

from ...core.visible import visible
from ..compositor import Compositor, handed_up
from ..dialogs.modal import Modal
from ..operations import Host
from ..status import told
from ..widgets.message_line import MessageLine
from ..widgets.place_tabs import PlaceTabs
from ..widgets.unanswered import is_bound, why_not
from .writing import ask_where_to_write

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from textual import events
    from textual.app import App
    from textual.binding import BindingType
    from textual.geometry import Offset
    from textual.notifications import SeverityLevel
    from textual.widget import Widget

    from ..base_app import BaseApp
    from ..status import Failure, Work
    from ..widgets.lists.row_view import Rows

__all__ = ["ControlledScreen", "Controller", "Stage"]

_Result = TypeVar("_Result")
_PREFIX = "action_"


class Stage(Host, Protocol):
    """What controllers need of the screen that they work on, besides the widgets that they are given."""

    def ask(self, dialog: Modal[_Result], then: Callable[[_Result | None], None]) -> None:
        """Lay a dialog over the screen; *then* gets what it was dismissed with."""
        ...

    def find_out(
        self,
        work: Callable[[], _Result],
        then: Callable[[_Result], None],
        failed: Callable[[Exception], None] | None = None,
        *,
        holds_keys: bool = False,
    ) -> None:
        """Run *work*, which takes its time, in a thread; *then* gets what it returns, in the event loop.

        What it raises *failed* gets in place of that; without it, it is said. Where *then* opens something, keys wait
        for it.
        """
        ...

    def hold_keys(self) -> asyncio.Event:
        """Let keys wait for what the last one asked for, until the event that is returned is set (`TypeAhead.hold`)."""
        ...

    @property
    def work(self) -> Work | None:
        """What is said to be being done; None for nothing."""
        ...

    def call_later(self, callback: Callable[..., Any], *arguments: Any) -> object:
        """Call something as soon as what is going on is done."""
        ...

    def copy(self, text: str) -> None:
        """Copy a text, and say so."""
        ...

    def lend_terminal(self, command: list[str], then: Callable[[str], None]) -> None:
        """Let a command have the terminal until it ends; *then* gets what went wrong, empty where nothing did."""
        ...

    def leave(self) -> None:
        """End the app, unless the user wants to keep what is attached."""
        ...

    def go_home(self, place: str = "") -> None:
        """Go to what lies above all objects: home, or another *place*."""
        ...

    @property
    def way_back(self) -> Callable[[], object] | None:
        """Leads to the place from which a name was followed to this one; None where none was."""
        ...

    def refresh_bindings(self) -> object:
        """Offer anew what can be done."""
        ...

    def answer(self) -> bool:
        """Have given up what is being done, else take what went wrong as read; return whether there was either."""
        ...


class Controller:
    """What can be done with one noun. Its methods called `action_…` are what its keys do, as those of a widget.

    It is given what it needs: the widgets that it moves, the controllers that it asks, and the stage for all else.

    Args:
        stage: The screen that it works on.
    """

    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def check_action(self, action: str) -> bool:
        """Return whether an action of this controller's applies now."""
        return True

    def why_not(self, action: str) -> str:
        """Return why an action, as its binding calls it, does not apply now; empty where that is plain."""
        return ""


class ControlledScreen(Screen[None]):
    """A screen whose actions are its controllers'.

    A subclass has their `BINDINGS` among its own. Textual looks for an action where its key is bound, which is here:
    so each action is found here too. What no controller does yet is not offered: some come after the first frame.
    """

    def __init__(self) -> None:
        super().__init__()
        self._compositor = Compositor()
        self._controllers: dict[str, Controller] = {}
        self.way_back: Callable[[], object] | None = None
        """Leads to the place from which a name was followed to this one; None where none was."""

    def _on_screen_resume(self, event: events.ScreenResume) -> None:
        # They follow the theme by `BaseApp`, and what comes is styled then: before the rules of a screen are there.
        event.refresh_styles = bool(self.CSS)

    def _compositor_refresh(self) -> None:
        if not handed_up(self):
            super()._compositor_refresh()

    def get_widget_and_offset_at(self, x: int, y: int) -> tuple[Widget | None, Offset | None]:
        """Return what is at a cell; what was removed and is still drawn there is nothing that a press could be on."""
        found, offset = super().get_widget_and_offset_at(x, y)
        return (None, None) if found is not None and found.parent is None else (found, offset)

    def control(self, *controllers: Controller) -> None:
        """Let *controllers* do what their keys say."""
        for controller in controllers:
            for name in dir(controller):
                if name.startswith(_PREFIX):
                    assert not hasattr(self, name), f"two do {name}"
                    setattr(self, name, getattr(controller, name))
                    self._controllers[name.removeprefix(_PREFIX)] = controller

    def on_mount(self) -> None:
        """Say nothing of a place in another one. Textual calls the subclass's handler by itself."""
        for tabs in self.query(PlaceTabs):
            self.watch(tabs, "active", self._place_left, init=False)

    def _place_left(self) -> None:
        self.message_line.leave_place()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what applies now."""
        controller = self._controllers.get(action)
        return hasattr(self, f"{_PREFIX}{action}") if controller is None else controller.check_action(action)

    def why_not(self, action: str) -> str:
        """Return why an action that is not offered does not apply now; empty where that is plain."""
        controller = self._controllers.get(action.partition("(")[0])
        return "" if controller is None else controller.why_not(action)

    def elsewhere(self, key: str) -> str:
        """Return where a key has a meaning that has none here; empty where it has none at all."""
        return cast("BaseApp[object]", self.app).meaning_elsewhere(key, self.key_groups())

    def key_groups(self) -> Mapping[str, Sequence[BindingType]]:
        """Return the keys of this place, by its panes."""
        return {}

    @property
    def keymap(self) -> Mapping[str, str]:
        """The keys that the user prefers, by the id of a binding."""
        return cast("BaseApp[object]", self.app).config.keys

    def on_key(self, event: events.Key) -> None:
        """Say why a key that has a meaning does nothing now, or nothing here."""
        if event.key in self.active_bindings:
            return
        if reason := why_not(self, event.key) if is_bound(self, event.key) else self.elsewhere(event.key):
            event.stop()
            self.notify(reason, severity="warning", timeout=3)

    # The stage

    @property
    def message_line(self) -> MessageLine:
        """Where it says what is being done and what went wrong; a subclass composes one."""
        return self.query_one(MessageLine)

    @property
    def _line_in_front(self) -> MessageLine:
        """The line that can be seen: that of the dialog over this screen, without one this screen's."""
        stack = self.app.screen_stack
        over = stack[stack.index(self) + 1 :] if self in stack else []
        if over and all(isinstance(each, Modal) for each in over):
            return next(iter(over[-1].query(MessageLine)), self.message_line)
        return self.message_line

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Say something here, or over the dialog that is in front; an error until it is answered."""
        self._line_in_front.notify(message, title=title, severity=severity, timeout=timeout)

    def hold_keys(self) -> asyncio.Event:
        """Let keys wait for what the last one asked for, until the event that is returned is set (`TypeAhead.hold`)."""
        return cast("BaseApp[object]", self.app).type_ahead.hold()

    @property
    def work(self) -> Work | None:
        """What is said to be being done; None for nothing."""
        return self.message_line.work

    def show_work(self, work: Work | None) -> None:
        """Say what is being done, here and over the dialog that is in front; None for nothing."""
        stack = self.app.screen_stack
        over = stack[stack.index(self) + 1 :] if self in stack else []
        dialogs = [each for each in over if isinstance(each, Modal)]
        # All of them: the one in front now is not the one that was when it began.
        for line in (self.message_line, *(line for each in dialogs for line in each.query(MessageLine))):
            line.show_work(work)

    def fail(self, failure: Failure) -> None:
        """Say what did not work, until the user has answered it."""
        self._line_in_front.fail(failure)

    def settle(self, action: str) -> None:
        """Take what was said of an action that did not work as answered: it is tried anew."""
        for line in {self.message_line, self._line_in_front}:
            line.settle(action)

    def answer(self) -> bool:
        """Have given up what is being done, else take what went wrong as read; return whether there was either."""
        line = self.message_line
        if line.give_up():
            return True
        failed = line.failure is not None
        line.action_answer()
        return failed

    @property
    def app(self) -> App[Any]:
        """The app, which leaves the type of its result open."""
        return super().app  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]

    def start(self, work: Callable[[], None]) -> None:
        """Run *work* in a thread."""
        # With a description, or Textual makes one of the work, and of all that it is given.
        self.run_worker(work, thread=True, exit_on_error=False, group="operation", description="operation")

    def find_out(
        self,
        work: Callable[[], _Result],
        then: Callable[[_Result], None],
        failed: Callable[[Exception], None] | None = None,
        *,
        holds_keys: bool = False,
    ) -> None:
        """Run *work* in a thread; give what it returns to *then*, what it raises to *failed*, or say it."""
        asked = self.hold_keys() if holds_keys else None

        def run() -> None:
            try:
                found = work()
            except Exception as error:
                self.app.call_from_thread(self._hand, failed or self._say, error, asked)
            else:
                self.app.call_from_thread(self._hand, then, found, asked)

        self.start(run)

    def _hand(self, then: Callable[[_Result], None], found: _Result, asked: asyncio.Event | None) -> None:
        """Give *found* to *then*, as long as this is there to be told: see `BaseApp.call_from_thread`."""
        then(found)
        if asked is not None:
            asked.set()

    def _say(self, error: Exception) -> None:
        self.notify(told(error), severity="error")

    def ask(self, dialog: Modal[_Result], then: Callable[[_Result | None], None]) -> None:
        """Lay a dialog over the screen; *then* gets what it was dismissed with."""
        self.app.push_screen(dialog, then)

    def go_home(self, place: str = "") -> None:
        """Go to what lies above all objects: home, or another *place*."""
        self.app.run_worker(self.app.run_action(place or "home"))

    def copy(self, text: str) -> None:
        """Copy a text, and say so."""
        self.app.copy_to_clipboard(text)
        self.notify(f"copied: {text}", timeout=2)

    def save_rows(self, view: Rows) -> None:
        """Ask for a file, and write what a pane shows to it."""
        name, rows = visible(self.name_of(view)), view.all_rows()
        notes = ("Tabs stand between columns; the first line has their titles.",) if view.has_titles else ()
        ask_where_to_write(self, f"{name}.txt", name, lambda _kind: rows(), notes)

    def name_of(self, view: Rows) -> str:
        """Return what a pane shows, for the name of a file."""
        return view.id or "rows"

    def lend_terminal(self, command: list[str], then: Callable[[str], None]) -> None:
        """Let a command have the terminal until it ends; what is attached for a time is detached nevertheless."""
        self.run_worker(self._lend_terminal(command, then), exit_on_error=False, description="editor")

    async def _lend_terminal(self, command: list[str], then: Callable[[str], None]) -> None:
        from ..terminal.editor import run_editor

        try:
            with self.app.suspend(), _interrupts_for_others():
                problem = await asyncio.to_thread(run_editor, command)
        except SuspendNotSupported:
            problem = "this terminal cannot be handed over"
        then(problem)

    def leave(self) -> None:
        """End the app, unless the user wants to keep what is attached."""
        self.app.call_later(self.app.action_quit)


@contextlib.contextmanager
def _interrupts_for_others() -> Generator[None]:
    """Leave ctrl+c to the command that has the terminal: all of its foreground processes get it.

    It is handled and not ignored, for what is ignored stays so in a process that is started.
    """
    before = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
