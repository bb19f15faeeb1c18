"""Runs the app from its first session to the end of the last: whatever was done is undone when it returns."""

from __future__ import annotations

import os
import sys
import threading
import weakref
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

from ..core.choice import runtime_name
from ..core.errors import ExitCode
from ..core.live import Session, check_target
from ..core.references import parse_loaded
from ..core.threads import NoThreadError, start_thread
from .app import BpftuiApp
from .state.config import load_config
from .terminal.guardian import guardian
from .terminal.hush import unhush
from .terminal.process import process

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..core.choice import RuntimeName
    from ..core.coverage.gathered import Gathered
    from ..core.spec import CollectionSpec
    from ..core.system import errands as inventory
    from ..core.system.load import Looker
    from ..core.traffic import Traffic
    from .app import Debugged, Reader
    from .screens.system import Beginning

__all__ = ["run"]

_PATIENCE: Final = 1.0
"""Seconds that closing may take; what is not closed by then ends with the process."""


def run(
    *specs: CollectionSpec | str,
    runtime: RuntimeName = "auto",
    attach: Sequence[tuple[str, str]] = (),
    traffic: Traffic | None = None,
    notes: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
    gave_up: str = "",
    read: Reader | None = None,
    no_changes: str = "",
    begin_at: Beginning | None = None,
    debug: Debugged | None = None,
    coverage: Gathered | None = None,
    reload: bool = False,
) -> ExitCode:
    """Explore *specs*, or recordings by their names, or begin at home where there is none, until the user quits.

    It needs a terminal.

    Args:
        runtime: What they are loaded into.
        attach: (program, target) to load and attach at once, of the first; a target is an interface, or `sandbox`.
        traffic: What flows in a sandbox for which nothing else is asked.
        notes: What the user is to know at the start.
        options: What the runtime is made with.
        gave_up: Which rights were given up, as a sentence, for the log.
        read: Reads an object that is opened later.
        no_changes: Why nothing of others is ever changed, as a sentence; empty where it may be.
        begin_at: How to begin where what the machine runs is shown, in the place of home.
        debug: A run of a program of the first one to begin in.
        coverage: What runs of their programs came to, in tests.
        reload: Whether what is loaded is swapped for the new version whenever its file changes.

    Raises:
        BpftuiError: There is no such program or runtime.
        Exception: Whatever nobody expected; everything is undone by then.
    """
    for program, target in attach:
        first = specs[0]
        assert not isinstance(first, str), "nothing is attached in a recording"
        check_target(first.program(program), target)
    name = runtime_name(runtime)

    def begin(spec: CollectionSpec | str) -> Session:
        if isinstance(spec, str):
            from ..core.tape import PlayedSession

            return PlayedSession(spec)
        if parse_loaded(spec.file) is not None:
            from ..core.system.opened import open_loaded

            return open_loaded(spec)
        # The runtime itself is made when something is loaded: importing the kernel's costs as much as a frame.
        return Session(spec, runtime, traffic=traffic, options=options, coverage=coverage)

    with ExitStack() as sessions:

        def open_later(spec: CollectionSpec | str) -> Session:
            """Begin a session that the app may close before the end, and is then gone."""
            session = begin(spec)
            sessions.callback(_close_session, weakref.ref(session))
            return session

        app = BpftuiApp(
            *(sessions.enter_context(begin(spec)) for spec in specs),
            runtime=name,
            attach=attach,
            config=load_config(),
            notes=notes,
            gave_up=gave_up,
            read=read,
            begin=open_later,
            play=open_later,
            no_changes=no_changes,
            observe=None if runtime == "vm" else _Observing(sessions),
            begin_at=begin_at,
            debug=debug,
            reload=reload,
        )
        try:
            result = app.run()
        finally:
            _close(app, ExitCode.INTERRUPTED if isinstance(sys.exc_info()[1], KeyboardInterrupt) else ExitCode.OK)
        if app.failure is not None:
            raise app.failure
    return ExitCode.OK if result is None else result


def _close_session(session: weakref.ref[Session]) -> None:
    """Close a session, if it is still there."""
    if (found := session()) is not None:
        found.close()


class _Observing:
    """Makes what looks at what the machine runs; what that reads with is opened once, and closed at the end.

    Args:
        stack: What closes it.
    """

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._reader: inventory.Reader | None = None

    def __call__(self) -> Looker:
        """Return it; called in one thread at a time."""
        from ..core.system.errands import open_inventory
        from ..core.system.load import Observer

        if self._reader is None:
            self._reader = self._stack.enter_context(open_inventory())
        return Observer(self._reader)


def _close(app: BpftuiApp, code: ExitCode) -> None:
    """Undo what the explorer did; where a worker holds that up, end the process with *code*: that undoes it as well."""
    endings = [each.operations.ending for each in app.objects]
    problems: list[Exception] = []

    def close() -> None:
        for each in app.objects:
            try:
                each.operations.close()
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
    for each, ending in zip(app.objects, endings, strict=True):
        each.operations.note(ending)
    if closing.is_alive():
        unhush()
        os._exit(code)
    if problems:
        raise problems[0]
