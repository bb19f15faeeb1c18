"""BpftuiApp: the explorer. It composes, binds and routes; everything else lives in screens, widgets and operations."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.binding import Binding, BindingType

from ..core.errors import ExitCode
from ..core.live import Session, check_target, runtime_name
from ..core.threads import NoThreadError, start_thread
from .base_app import BaseApp
from .dialogs.confirm import ConfirmDialog
from .operations import Operations, link_text
from .screens.explorer import WIDE, ExplorerScreen
from .state.config import load_config
from .terminal.guardian import guardian
from .terminal.hush import unhush
from .terminal.process import process

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping, Sequence

    from textual.screen import Screen

    from ..core.live import RuntimeName
    from ..core.spec import CollectionSpec
    from ..core.traffic import Traffic
    from .state.config import Config


__all__ = ["BpftuiApp", "run"]

_PATIENCE: Final = 1.0
"""Seconds that closing may take; what is not closed by then ends with the process."""


class BpftuiApp(BaseApp[ExitCode]):
    """One object in a terminal.

    Args:
        session: The session of the object's spec; whoever made it closes it.
        runtime: The runtime's name, for the status line.
        attach: Attachments to make at the start: (program, target). With any, the collection is loaded at once.
        config: What the user prefers.
        notes: What the user is to know at the start.
        gave_up: Which rights were given up, as a sentence, for the log.
    """

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012 - Textual declares it so
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True, id="app.quit", tooltip="Quit from anywhere"),
        Binding("ctrl+z", "suspend_process", "Suspend", show=False, priority=True, id="app.suspend"),
    ]

    def __init__(
        self,
        session: Session,
        *,
        runtime: RuntimeName = "kernel",
        attach: Sequence[tuple[str, str]] = (),
        config: Config | None = None,
        notes: Sequence[str] = (),
        gave_up: str = "",
    ) -> None:
        super().__init__(config)
        self.session = session
        self.operations = Operations(session, runtime=runtime, attach=attach)
        self.explorer = ExplorerScreen(session.spec, self.operations)
        self._load_at_once = bool(attach)
        self._notes = notes
        self._gave_up = gave_up

    def get_default_screen(self) -> Screen[object]:
        """Return the explorer: there is nothing below it."""
        return self.explorer  # pyright: ignore[reportReturnType]

    def on_mount(self) -> None:
        """Do what is to be done at once after the first frame."""
        self.set_keymap(dict(self.config.keys))
        self.run_worker(self._begin())

    async def action_quit(self) -> None:
        """Quit from whatever screen is in front; what is attached is asked about once."""
        if not isinstance(self.screen, ConfirmDialog):
            self.explorer.session.action_quit()

    def _fatal_error(self) -> None:
        """Only end: `run` raises what nobody expected, and the command line says it in one line."""
        self._close_messages_no_wait()

    @property
    def failure(self) -> Exception | None:
        """What nobody expected and ended the app."""
        return self._exception

    async def _begin(self) -> None:
        await self.explorer.furnished.wait()
        if self._gave_up:
            self.explorer.journal.line(self._gave_up)
        for note in self._notes:
            self.explorer.journal.line(note)
            self.notify(note, severity="warning", timeout=8)
        if self._load_at_once:
            self.operations.load()

    def ready(self) -> asyncio.Event:
        """Let keys wait for the panes that they are meant for."""
        return self.explorer.furnished


def run(
    spec: CollectionSpec,
    *,
    runtime: RuntimeName = "auto",
    attach: Sequence[tuple[str, str]] = (),
    traffic: Traffic | None = None,
    notes: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
    gave_up: str = "",
) -> ExitCode:
    """Explore *spec* until the user quits; needs a terminal.

    Args:
        runtime: What it is loaded into.
        attach: (program, target) to load and attach at once; a target is an interface, or `sandbox`.
        traffic: What flows in a sandbox for which nothing else is asked.
        notes: What the user is to know at the start.
        options: What the runtime is made with.
        gave_up: Which rights were given up, as a sentence, for the log.

    Raises:
        BpftuiError: There is no such program or runtime.
        Exception: Whatever nobody expected; everything is undone by then.
    """
    for program, target in attach:
        check_target(spec.program(program), target)
    name = runtime_name(runtime)
    # The runtime itself is made when something is loaded: importing the kernel's costs as much as a frame.
    with Session(spec, runtime, traffic=traffic, options=options) as session:
        app = BpftuiApp(session, runtime=name, attach=attach, config=load_config(), notes=notes, gave_up=gave_up)
        try:
            result = app.run()
        finally:
            _close(app, ExitCode.INTERRUPTED if isinstance(sys.exc_info()[1], KeyboardInterrupt) else ExitCode.OK)
        if app.failure is not None:
            raise app.failure
    return ExitCode.OK if result is None else result


def _close(app: BpftuiApp, code: ExitCode) -> None:
    """Undo what the explorer did; where a worker holds that up, end the process with *code*: that undoes it as well."""
    attached = [f", detached {link_text(link)}" for link in app.session.links]
    problems: list[Exception] = []

    def close() -> None:
        try:
            app.operations.close()
        except Exception as error:
            problems.append(error)

    closing = threading.Thread(target=close, name="bpftui-close", daemon=True)
    guardian().ending()
    try:
        start_thread(closing)
    except NoThreadError:
        close()  # if this is held up, the guardian ends it
    else:
        closing.join(_PATIENCE if process.own else None)
    app.operations.note("closed" + "".join(attached))
    if closing.is_alive():
        unhush()
        os._exit(code)
    if problems:
        raise problems[0]
