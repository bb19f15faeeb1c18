"""The command line: finds the command, runs it, and turns what went wrong into one line and an exit code."""

from __future__ import annotations

import io
import os
import sys
import threading
from typing import TYPE_CHECKING

from ..core.errors import BpftuiError, ExitCode
from .commands import COMMANDS, EXPLORE, process, usage, version
from .commands.output import complain, gated, write_text

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["run"]


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command that *arguments* ask for, and return the exit code; see `bpftui.tui.__main__.main`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    process.own = arguments is None
    _prepare_streams()
    with gated():
        code = _run(given)
    if process.own:
        _end_if_waited_for(code)
    return code


def _run(given: Sequence[str]) -> int:
    try:
        code = _dispatch(given)
        sys.stdout.flush()
    except BpftuiError as error:
        _report(error)
        return error.exit_code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader went away (`| head`): no error.
        _drop_output()
        return ExitCode.OK
    except OSError as error:
        # A full disk, or whatever else the system says; what commands expect of it they have turned into theirs.
        _drop_output()
        what = f"{error.filename}: " if error.filename else "the output cannot be written: "
        _report(BpftuiError(what + (error.strerror or str(error))))
        return ExitCode.REFUSED
    except MemoryError:
        _report(BpftuiError("there is not enough memory for it", hint="see ulimit -v, and what else runs here"))
        return ExitCode.REFUSED
    except Exception as error:
        # A bug. The user gets a line, and the log what is needed to mend it.
        from .journal import crash_report

        _report(BpftuiError(crash_report(error, " ".join(["bpftui", *given]))))
        return ExitCode.REFUSED
    return code


def _end_if_waited_for(code: int) -> None:
    """End the process now where a thread of it is still busy, for which Python would wait.

    By now everything is closed and printed, and what a worker finds out is for nobody any more.
    """
    process.ending()
    if any(not each.daemon for each in threading.enumerate() if each is not threading.main_thread()):
        sys.stderr.flush()
        os._exit(code)


def _prepare_streams() -> None:
    """Make the standard streams take whatever is printed, also where they are closed (`>&-`)."""
    sys.stdin = sys.stdin or open(os.devnull)  # noqa: SIM115
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    # Names in an object can hold anything; a narrow locale must not turn printing one into an error.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _drop_output() -> None:
    """Forget what is still buffered for standard output, so that it does not raise again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _dispatch(given: Sequence[str]) -> int:
    if given[:1] in (["-h"], ["--help"]):
        write_text(usage())
        return ExitCode.OK
    if given[:1] in (["-V"], ["--version"]):
        write_text(version())
        return ExitCode.OK
    name = given[0] if given and given[0] in COMMANDS else EXPLORE
    return COMMANDS[name].run(list(given[1:] if given and name == given[0] else given))


def _report(error: BpftuiError) -> None:
    """Print an error as one line on stderr, its hint in parentheses; of programs each has its line."""
    for each in error.problems.values() or (error,):
        text = " ".join(str(each).split())
        hint = f" ({' '.join(each.hint.split())})" if each.hint else ""
        complain(f"error: {text}{hint}")
