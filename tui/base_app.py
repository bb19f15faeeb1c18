"""BaseApp: what the explorer and the lists before it have in common: the user's theme, and the terminal's colours."""

from __future__ import annotations

import asyncio
import gc
import os
import selectors
import signal
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar, cast

from textual import constants, events
from textual._callback import invoke
from textual.app import App
from textual.binding import Binding, BindingType
from textual.drivers.linux_driver import LinuxDriver
from textual.filter import Monochrome
from textual.message_pump import MessagePump

from ..core.errors import BpftuiError, UnknownNameError
from ..core.privileges.ssh import ssh_client
from ..core.threads import let_first, start_pool
from ..core.visible import visible
from .collector import LOOK, Collector
from .driver import guarded
from .roles import DARK, PALETTES
from .state.config import Config, config_file, keep_theme
from .stylesheet import Stylesheet
from .terminal.fewer_colors import FewerColors, UnderlinedLinks
from .terminal.guardian import Told, guardian, until_told
from .terminal.line_gate import LineGate
from .terminal.type_ahead import TypeAhead, typed
from .terminal_driver import TerminalDriver
from .text.colors import Painted, joined_lines
from .text.shown import plain
from .themes import role_defaults, theme
from .widgets.message_line import MessageLine

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
    from types import FrameType

    from textual.driver import Driver
    from textual.filter import LineFilter
    from textual.message import Message
    from textual.notifications import SeverityLevel
    from textual.screen import Screen
    from textual.signal import Signal

    from .dialogs.command import Command
    from .text.fuzzy import Names

__all__ = ["BaseApp"]

_Result = TypeVar("_Result")
_Called = TypeVar("_Called")
_SWITCH: Final = 0.0005
"""Seconds that the event loop waits for a worker that is busy in Python, whenever it lets it (by default 0.005)."""
_SHORT: Final = 0.005
"""Seconds for which the event loop does what is to be done without asking what else has come."""
_GIVEN: Final = 0.05
"""Seconds that a worker waits while the event loop does something: a key is to be answered in as many."""

_ESCAPE: Final = 0.01
"""Seconds in which what follows an escape character is a key with it: without more it is the key Escape, which shows
nothing until then (ESCDELAY of the environment has milliseconds; ours are those of tmux 3.5). Over a line that
has to be waited for it is Textual's 0.1: an arrow that comes in two pieces would be Escape, `[` and a letter."""
_HEARD: Final = 0.05
"""Seconds in which a signal that was sent together with another one is heard."""
_WORKERS: Final = 6
"""Threads for what would hold the event loop up."""

_kept: list[events.Key | events.Paste] = []
"""What was typed while the last app was being left."""


class BaseApp(App[_Result]):
    """An app as the user has configured it.

    Args:
        config: What the user prefers.

    Raises:
        UnknownNameError: There is no such theme.
    """

    TITLE = "bpftui"
    CSS_PATH = Path(__file__).with_name("bpftui.tcss")
    ENABLE_COMMAND_PALETTE = False  # Textual's own, which fills while it is typed in
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+p", "find", "Find", show=False, id="app.find", tooltip="Find what can be done"),
    ]

    def __init__(self, config: Config | None = None) -> None:
        self.type_ahead = TypeAhead(self, self.ready)
        """The keys that wait."""
        super().__init__()
        self.stylesheet = Stylesheet(variables=self.get_css_variables())
        self.config = config or Config()
        self._gate = LineGate()
        if _dumb():
            self.no_color = True  # what is chosen is then drawn in reverse
        self._colors = _fewer_colors(self.console.color_system, none=self.no_color)
        self._fewer: dict[str, FewerColors] = {}
        """What turns colours into those that the terminal has, by the theme that they are of."""
        self._links = {name: UnderlinedLinks(palette) for name, palette in PALETTES.items()} if self.no_color else {}
        """What tells names that lead somewhere where there are no colours, by the theme that they are of."""
        for palette in PALETTES.values():
            self.register_theme(theme(palette, distinct=self._colors is not None or self.no_color))
        chosen = self.config.theme or DARK.name
        if chosen not in self.available_themes:
            raise UnknownNameError("theme", chosen, self._theme_names(), where=str(config_file()))
        self.theme = chosen
        self._collector = Collector()
        self._leaving = False
        self._told = Told()
        self._begun = asyncio.Event()

    def run(self, **options: Any) -> _Result | None:
        """Run the app until the user quits, or the process is told to end, in a loop that waits for no worker.

        What is typed meanwhile is for the app that is run next.

        Raises:
            KeyboardInterrupt: It was told to.
            NoThreadError: The system has no threads left for it. Textual's workers would start theirs when they are
                first needed, and without one they would be at it for ever.
        """
        guardian().going_on()  # whatever was left before this
        sys.setswitchinterval(_SWITCH)
        if "ESCDELAY" not in os.environ and not ssh_client():
            constants.ESCAPE_DELAY = _ESCAPE  # pyright: ignore[reportAttributeAccessIssue, reportConstantRedefinition]
        workers = start_pool(_WORKERS)
        loop = _Loop()
        loop.set_default_executor(workers)  # which the loop shuts down when it is closed
        asyncio.set_event_loop(loop)
        let_first(loop.give_way)
        try:
            with until_told(partial(loop.call_soon_threadsafe, self.exit)) as told:
                self._told = told
                result = super().run(loop=loop, **options)
        finally:
            let_first(None)
            with asyncio.Runner(loop_factory=lambda: loop):  # it cancels what is left, and closes the loop
                pass
        _kept[:] = self.type_ahead.left()
        if told:
            raise KeyboardInterrupt
        return result

    def call_from_thread(
        self, callback: Callable[..., _Called | Coroutine[Any, Any, _Called]], *args: Any, **kwargs: Any
    ) -> _Called:
        """Call something in the event loop, from another thread, and return what it returns.

        What it raises ends the app, as all that is raised in the event loop does: left to the thread nobody would hear
        of it. What a screen or a widget finds missing that was left meanwhile is no news.
        """
        owner = getattr(callback, "__self__", self)

        async def call() -> _Called:
            try:
                return await invoke(partial(callback, *args, **kwargs))
            except Exception as error:
                if self.is_running and (not isinstance(owner, MessagePump) or owner.is_running):
                    self._handle_exception(error)  # as workers do
                raise

        return super().call_from_thread(call)

    def get_driver_class(self) -> type[Driver]:
        """Return the driver for this terminal, watched by the guardian."""
        chosen = super().get_driver_class()
        return guarded(TerminalDriver if chosen is LinuxDriver else chosen, self.type_ahead.keep)

    def exit(self, *arguments: Any, **options: Any) -> None:
        """Leave the app, in the time that the guardian gives."""
        self._leaving = True
        self.type_ahead.leave()
        guardian().ending()
        super().exit(*arguments, **options)

    def _handle_exception(self, error: Exception) -> None:
        """End the app, of an error or while it is being left: what then finds its parent gone is no news."""
        if self._leaving:
            self._close_messages_no_wait()
        else:
            super()._handle_exception(error)

    def on_mount(self) -> None:
        """Do not go on where the terminal is gone.

        Whoever loses it gets SIGHUP and SIGCONT, and for the latter Textual's driver (8.2) would start a second writer,
        which dies of the first byte; leaving would then wait for its full queue for ever.
        """
        go_on = signal.getsignal(signal.SIGCONT)
        if callable(go_on):

            def resume(number: int, frame: FrameType | None) -> None:
                # `kill %1` of a shell is SIGTERM and SIGCONT, and the latter may be heard first, by another thread.
                if os.isatty(0) and os.tcgetpgrp(0) != os.getpgrp():
                    time.sleep(_HEARD)
                told = self._told or {signal.SIGTERM, signal.SIGHUP, signal.SIGINT} & signal.sigpending()
                if os.isatty(0) and not told:
                    go_on(number, frame)

            signal.signal(signal.SIGCONT, resume)
        # After ctrl+z and fg, the terminal shows nothing of what was there: Textual draws only what has changed since.
        resumed = cast("Signal[object]", self.app_resume_signal)  # pyright: ignore[reportUnknownMemberType]
        resumed.subscribe(self, self._redraw)
        self.call_after_refresh(self._begun.set)
        self.type_ahead.resume(_kept)
        _kept.clear()

    def _redraw(self, _: object) -> None:
        self.refresh(layout=True)

    def ready(self) -> asyncio.Event:
        """Return what keys wait for at the start."""
        return self._begun

    def post_message(self, message: Message) -> bool:
        """Queue a message; nothing that is typed is lost while the app is being left."""
        return self.type_ahead.keep(message) or super().post_message(message)

    def _load_screen_css(self, screen: Screen[Any]) -> None:
        """Let a screen that comes know how wide the terminal is, and that its styles are not old.

        Textual tells it the former by its classes after a first layout, which is then made once more, in other styles,
        and where it is the first of a mode, styles it and the screen that is left anew.
        """
        super()._load_screen_css(screen)  # pyright: ignore[reportUnknownMemberType]
        widths = self.HORIZONTAL_BREAKPOINTS or []
        fitting = screen._get_breakpoint_classes(self.size.width, widths)  # pyright: ignore[reportPrivateUsage]
        for _, name in widths:
            screen.set_class(name in fitting, name)
        if not screen.is_mounted:  # what comes into it is styled as it comes, by what the style sheets are now
            screen._css_update_count = self._css_update_count  # pyright: ignore[reportPrivateUsage]

    def begin_collecting(self) -> None:
        """Turn the garbage collector on, if it was turned off for the start: what there is by now stays."""
        if not gc.isenabled():
            self._collector.begin()
            self.set_interval(LOOK, self._collector.look)

    def let_go(self) -> None:
        """Take note that a screen has ended, and what it showed with it."""
        self._collector.let_go()

    async def on_event(self, event: events.Event) -> None:
        """Let keys and pastes wait for their turn."""
        if isinstance(event, events.InputEvent):
            self._collector.touch()
        if not typed(event) or event.is_forwarded or self.type_ahead.take(event):
            await super().on_event(event)

    async def _check_bindings(self, key: str, priority: bool = False) -> bool:
        """Do what a key is bound to; nothing of a screen that came after it was pressed and has nothing in it yet."""
        return self.screen.is_mounted and await super()._check_bindings(key, priority)

    async def on_unmount(self) -> None:
        """Hand no keys on any more."""
        self.type_ahead.leave()

    def action_find(self) -> None:
        """Find what can be done; over a dialog there is nothing to find."""
        if not self.screen.is_modal:
            self.choose_from(self.commands(), "Find")

    def destinations(self, query: str) -> Iterable[Command]:
        """Return where a query leads on every screen."""
        return ()

    def names_inside(self) -> Iterable[Names[Any]]:
        """Return the names of what is in the objects that are open, but for the one in front."""
        return ()

    def commands(self) -> list[Command]:
        """Return what can be done on every screen."""
        from .dialogs.command import Command

        return [
            Command("Change the theme", "colours", self.search_themes),
            Command("Save a picture of the screen", "SVG", self.action_screenshot),
        ]

    def search_themes(self) -> None:
        """Choose a theme."""
        from .dialogs.command import Command

        themes = [
            Command(name, "the one of now" if name == self.theme else "", partial(self.choose_theme, name), "theme")
            for name in self._theme_names()
        ]
        self.choose_from(themes, "Themes")

    def choose_theme(self, name: str) -> None:
        """Draw with a theme, from now on and in the next sessions."""
        self.theme = name
        self.run_worker(self._keep_theme(name))

    async def _keep_theme(self, name: str) -> None:
        def keep() -> None:
            from .key_table import comment

            keep_theme(name, begin=comment)

        try:
            await asyncio.to_thread(keep)
        except BpftuiError as error:
            self.notify(f"the theme is not kept: {error.message}", severity="warning")

    def _theme_names(self) -> list[str]:
        """Return the themes that there are: ours first, and none of the terminal's own colours, which have no greys."""
        others = [name for name, each in self.available_themes.items() if name not in PALETTES and not each.ansi]
        return [*PALETTES, *sorted(others)]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return the roles of colours for a theme that has them not."""
        return role_defaults(self.current_theme)

    def choose_from(self, commands: Sequence[Command], title: str) -> None:
        """Let the user choose one of *commands*, and do it."""
        from .dialogs.command import names_of
        from .dialogs.find import FindDialog, Found

        def do(call: Callable[[], Any] | None) -> None:
            if call is not None:
                self.call_later(call)

        kind = commands[0].kind if commands else ""
        self.push_screen(FindDialog(Found([names_of(commands, kind)]), title=title), do)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Say something in the message line, an error until it is answered; over a dialog, which has none, for a time.

        It is text, whatever is said of markup, for it has names in it.
        """
        line = next(iter(self.screen.query(MessageLine)), None)
        if line is not None:
            line.notify(message, title=title, severity=severity, timeout=timeout)
            return
        message, title = plain(message).plain, plain(title).plain
        super().notify(message, title=title, severity=severity, timeout=timeout, markup=False)

    def action_help_quit(self) -> None:
        """Say what quits: Textual binds ctrl+c to this, for it may have been meant to copy."""
        self.notify("q quits, and ctrl+q wherever q is a letter", timeout=4)

    def meaning_elsewhere(self, key: str, here: Mapping[str, Sequence[BindingType]]) -> str:
        """Return where a key has a meaning that has none where it was pressed; empty where it has none at all."""
        from .key_table import meaning_elsewhere

        return meaning_elsewhere(key, here, self.config.keys)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return what changes lines on their way to the terminal: to visible text, in colours that it has."""
        filters = [*super().get_line_filters(), self._gate]
        name: str = self.theme
        if name in self._links:
            filters.insert(0, self._links[name])
        if self._colors is None:
            return filters
        if name not in self._fewer:
            self._fewer[name] = FewerColors(self._colors, PALETTES.get(name))
        if not self._colors:  # greys are colours, and a role would not be known by them
            filters = [each for each in filters if not isinstance(each, Monochrome)]
        return [*filters, self._fewer[name]]

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        """Return the screen as an SVG."""
        return super().export_screenshot(title=visible(title or self.title), simplify=simplify)

    def copy_to_clipboard(self, text: str) -> None:
        """Copy a text as it is shown: pasted into a shell, it is nothing that was not seen.

        It is one line, a name or a row; several are `joined_lines`, and what is selected on the screen.
        """
        if "\n" in text and type(text) is not Painted and text == self.screen.get_selected_text():
            text = joined_lines(*text.split("\n"))
        super().copy_to_clipboard(text if type(text) is Painted else visible(text))


class _Selector(selectors.DefaultSelector):
    """One whose loop goes first: work in other threads waits while there is something to do, but for a short while.

    A loop asks at each of its steps what has come, and lets go of Python's lock for it: a worker that is busy in Python
    has it then, and the loop gets it back after `_SWITCH`. A key is some dozens of steps, and so it asks now and then.
    """

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()
        self._asked = 0.0
        self._is_busy = False
        self._idle = threading.Event()
        self._gave_way: set[int] = set()
        """The threads that did, since there was nothing to do."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what has come: nothing where the loop has something to do, and has asked just now."""
        if timeout == 0:
            if time.monotonic() - self._asked < _SHORT:
                return []
        else:
            self._is_busy = False
            self._idle.set()
        try:
            return super().select(timeout)
        finally:
            self._asked = time.monotonic()
            if not self._is_busy:
                self._gave_way.clear()
                self._idle.clear()
                self._is_busy = True

    def give_way(self) -> None:
        """Wait until the loop has nothing to do: once, for what it does may be to wait for this thread."""
        if self._is_busy and (thread := threading.get_ident()) != self._thread and thread not in self._gave_way:
            self._gave_way.add(thread)
            self._idle.wait(_GIVEN)


class _Loop(asyncio.SelectorEventLoop):
    """A loop that ends while a worker is still at it: what it finds out is for nobody any more."""

    def __init__(self) -> None:
        selector = _Selector()
        super().__init__(selector)
        self.give_way = selector.give_way

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Do not wait."""


def _fewer_colors(system: str | None, *, none: bool) -> str | None:
    """Return what `FewerColors` is to leave: `256`, `standard`, empty for no colours; None for all 24 bits.

    Args:
        system: What the terminal says of itself, as rich reads it in COLORTERM and TERM.
        none: Whether no colours are wanted. Where there are many, Textual then draws in greys, which 16 have not.
    """
    if _dumb():
        return ""
    if system in ("truecolor", "256"):
        return None if system == "truecolor" else system
    return "" if none else "standard"


def _dumb() -> bool:
    """Whether the terminal has no colours, or does not say what it is."""
    return os.environ.get("TERM", "dumb") in ("dumb", "unknown", "")
