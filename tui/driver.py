"""Textual's driver, which tells the guardian what it does to the terminal, and which keys may mean the end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import termios
from typing import IO, TYPE_CHECKING, Any, Final, cast

from textual import events
from textual.app import ScreenStackError
from textual.widgets import TextArea

from ..core.threads import NoThreadError
from .terminal.guardian import guardian
from .terminal.hush import unhush
from .terminal.output import is_hangup
from .widgets.plain import Input

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.driver import Driver
    from textual.message import Message

__all__ = ["guarded"]

_QUIT: Final = frozenset({"ctrl+q", "ctrl+c"})
"""Keys that mean the end wherever they are pressed; `q` does so where no text is typed."""


class _UntilHangup:
    """The stream that is drawn on, to which nothing is written any more once its terminal has gone.

    Textual's thread that writes (8.2) would die of it with a traceback, and whoever draws wait for its full queue. The
    guardian ends the process then.

    Args:
        stream: The terminal's.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._has_gone = False

    def write(self, text: str) -> None:
        """Write a text."""
        self._do(lambda: self._stream.write(text))

    def flush(self) -> None:
        """Write what is still held back."""
        self._do(self._stream.flush)

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._stream.fileno()

    def _do(self, work: Callable[[], object]) -> None:
        if self._has_gone:
            return
        try:
            work()
        except OSError as error:
            if not is_hangup(error):
                raise
            self._has_gone = True


def guarded(driver: type[Driver], keep: Callable[[Message], bool]) -> type[Driver]:
    """Return a driver that keeps the process's guardian informed.

    Args:
        driver: Textual's.
        keep: Takes what is for nobody any more: returns whether it has kept a message.
    """

    class GuardedDriver(driver):
        _loop: asyncio.AbstractEventLoop | None = None
        _away = False
        """Whether the terminal is the shell's: whoever is told to end meanwhile has nothing to give back."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            if not os.isatty(2):
                self._file = sys.__stdout__  # the driver draws on standard error, be that a file
            self._file = cast("IO[str]", _UntilHangup(cast("IO[str]", self._file)))

        def start_application_mode(self) -> None:
            self._loop = asyncio.get_running_loop()
            self._away = False
            guardian().screen(True)
            try:
                super().start_application_mode()
            except RuntimeError as error:  # half of it is done by then
                self.stop_application_mode()
                self.close()
                raise NoThreadError from error

        def close(self) -> None:
            if self._away:
                return
            with contextlib.suppress(RuntimeError):  # of a thread that writes and could not be started
                super().close()  # by then everything is written
            guardian().screen(False)

        def suspend_application_mode(self) -> None:
            super().suspend_application_mode()
            self._away = True
            unhush()  # for the shell

        def _sigtstp_application(self, *arguments: Any) -> None:
            """Stop between two turns of the loop: whoever is interrupted may hold what giving up the terminal takes."""
            if self._has_ended():
                os.kill(os.getpid(), signal.SIGSTOP)
            elif self._loop is None or self._away:
                super()._sigtstp_application(*arguments)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
            else:
                self._loop.call_soon_threadsafe(super()._sigtstp_application)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]

        def _sigcont_application(self, *arguments: Any) -> None:
            """Take the terminal back, also after a stop that nobody hears of, which shells end with modes of theirs."""
            if self._has_ended():
                return
            if self._away or self._loop is None:
                super()._sigcont_application(*arguments)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
            else:
                self._loop.call_soon_threadsafe(self._begin_again)

        def _has_ended(self) -> bool:
            """Whether the app is over: the terminal is given up by then, and a stop has nothing to give back."""
            return self._loop is not None and not self._loop.is_running()

        def _begin_again(self) -> None:
            with contextlib.suppress(termios.error):  # of a terminal that is gone
                if not self._away and termios.tcgetattr(0)[3] & termios.ICANON:
                    self.suspend_application_mode()
                    self.resume_application_mode()

        def write(self, data: str) -> None:
            if not self._away:
                super().write(data)

        def disable_input(self) -> None:
            if not self._away:
                super().disable_input()

        def stop_application_mode(self) -> None:
            if not self._away:
                super().stop_application_mode()

        def process_message(self, message: Message) -> None:
            if isinstance(message, events.Key) and message.key == "ctrl+j":
                # What enter was while the terminal still edited lines, and what other programs take for it as well.
                message = events.Key("enter", "\r")
            if keep(message):
                return
            # In the thread that reads keys: where the event loop does not come to them, the guardian ends it all.
            if isinstance(message, events.Key) and self._may_quit(message.key) and self._loop is not None:
                guardian().asked()
                self._loop.call_soon_threadsafe(guardian().heard)
            super().process_message(message)

        def _may_quit(self, key: str) -> bool:
            return key in _QUIT or (key == "q" and not self._is_typed_into())

        def _is_typed_into(self) -> bool:
            try:
                return isinstance(self._app.focused, Input | TextArea)
            except ScreenStackError:  # before the first screen, and after the last one
                return False

    return GuardedDriver
