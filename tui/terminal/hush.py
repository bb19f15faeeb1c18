"""The terminal from the first moment on: keys that are typed before anything is drawn are kept, and not echoed.

Importing and reading an object takes some tenths of a second. Until then the terminal would edit lines: it echoes what
is typed into the picture that is there after the end, and turns enter into a line feed.
"""

from __future__ import annotations

import os
import signal
import termios
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["hush", "is_hushed", "is_watched", "modes_before", "unhush"]

_STDIN: Final = 0
_INPUT, _LOCAL, _CHARACTERS = 0, 3, 6
"""Where these are in what `tcgetattr` returns."""
_ENDS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)

_Modes = list[Any]
_before: list[_Modes] = []
"""The modes that the terminal had; empty unless it is hushed."""


def hush() -> None:
    """Let the terminal keep what is typed until somebody reads it; ctrl+c and ctrl+z are signals as before.

    Nothing happens where standard input is no terminal, or that of somebody else: whoever changes the terminal from the
    background is stopped.
    """
    try:
        if _before or os.tcgetpgrp(_STDIN) != os.getpgrp():
            return
        modes = termios.tcgetattr(_STDIN)
    except (OSError, termios.error):
        return
    # A signal may come at any moment: whoever hears it has to know how the terminal was before it is changed.
    _before.append(modes)
    for number in _ENDS:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)
    if signal.getsignal(signal.SIGTSTP) is signal.SIG_DFL:
        signal.signal(signal.SIGTSTP, _stop)
    try:
        termios.tcsetattr(_STDIN, termios.TCSANOW, _hushed(modes))
    except (OSError, termios.error):
        _before.clear()


def is_watched() -> None:
    """Let signals end the process at once again: from now on another process gives the terminal back."""
    for number in _ENDS:
        if signal.getsignal(number) is _end:
            signal.signal(number, signal.SIG_DFL)


def unhush() -> None:
    """Give the terminal back as it was."""
    if not _before:
        return
    try:
        if is_hushed():
            termios.tcsetattr(_STDIN, termios.TCSANOW, _before[0])
    except (OSError, termios.error):
        pass
    _before.clear()


def modes_before() -> _Modes | None:
    """Return the modes that the terminal has when it is not hushed; None where there is no terminal."""
    try:
        return _before[0] if _before else termios.tcgetattr(_STDIN)
    except termios.error:
        return None


def is_hushed(before: _Modes | None = None) -> bool:
    """Whether the terminal has the modes that `hush` gives it, and not those of a shell that edits its next line.

    Args:
        before: The modes it had before, where another process has hushed it.
    """
    modes = before or (_before[0] if _before else None)
    return modes is not None and termios.tcgetattr(_STDIN) == _hushed(modes)


def _hushed(modes: _Modes) -> _Modes:
    """Return modes in which no line is edited, nothing is echoed, and enter is not a line feed."""
    characters: list[Any] = [*modes[_CHARACTERS]]
    hushed: _Modes = [*modes[:_CHARACTERS], characters]
    hushed[_INPUT] &= ~(termios.ICRNL | termios.IXON)
    hushed[_LOCAL] &= ~(termios.ICANON | termios.ECHO | termios.IEXTEN)
    characters[termios.VMIN], characters[termios.VTIME] = 1, 0
    return hushed


def _end(number: int, _frame: FrameType | None) -> None:
    """End the process as the signal does it, with the terminal as it was."""
    unhush()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _stop(number: int, _frame: FrameType | None) -> None:
    """Stop the process (ctrl+z) with the terminal as it was, and hush it again when it goes on."""
    unhush()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    signal.signal(number, _stop)
    hush()
