"""The way in: from the first line on, ctrl+c ends the process in silence; what it takes to do more is imported then."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that *arguments* (without the program's name) ask for, and return the exit code.

    Without them the process is the command's: those of `sys.argv` are taken, and what ends processes ends it at once,
    by the signal, unless there is something to be done before (`bpftui.tui.terminal.guardian.until_told`).
    """
    if arguments is None:
        _end_by_signals()
        _listen()
    from .command_line import run

    return run(arguments)


def _end_by_signals() -> None:
    # The first process of a container is ended by no signal that it has no handler for.
    import os

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler and os.getpid() != 1:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _listen() -> None:
    from .commands import explores

    if explores(sys.argv[1:]):
        from .terminal.hush import hush

        hush()


if __name__ == "__main__":
    sys.exit(main())
