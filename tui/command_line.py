"""The command line: finds the command, runs it, and turns what went wrong into one line and an exit code."""

from __future__ import annotations

import atexit
import contextlib
import errno
import io
import os
import shlex
import sys
import threading
from typing import TYPE_CHECKING, Final, Literal, NoReturn, TextIO

from ..core import files
from ..core.errors import BpftuiError, ExitCode, UsageError, nearest, reason_of
from ..core.threads import NoThreadError
from .commands import COMMANDS, EXPLORE, usage
from .terminal.hush import unhush
from .terminal.output import complain, gated, is_hangup, write_text
from .terminal.process import process

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["run"]

_MOUNTS: Final = {"/proc/": "mount -t proc proc /proc", "/sys/": "mount -t sysfs sysfs /sys"}
"""What is missing where these are empty."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command that *arguments* ask for, and return the exit code; see `bpftui.tui.__main__.main`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    process.own = arguments is None
    _prepare_streams()
    try:
        with gated():
            code = _run(given)
    finally:
        unhush()
    if process.own:
        _end(code)
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
        gone = is_hangup(error)
        _drop_output()
        if gone:  # it ends as by SIGHUP, which is on its way
            return ExitCode.INTERRUPTED
        _report(_refused(error))
        return ExitCode.REFUSED
    except MemoryError:
        _report(BpftuiError("there is not enough memory for it", hint="see ulimit -v, and what else runs here"))
        return ExitCode.REFUSED
    except Exception as error:
        if isinstance(error, RuntimeError) and str(error) == "can't start new thread":
            _report(NoThreadError())
            return ExitCode.REFUSED
        # A bug. The user gets a line, and the log what is needed to mend it.
        from .state.journal import crash_report

        _report(BpftuiError(crash_report(error, " ".join(["bpftui", *given]))))
        return ExitCode.REFUSED
    return code


def _refused(error: OSError) -> BpftuiError:
    """Return what the system said no to, as a sentence."""
    reason = reason_of(error)
    name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return BpftuiError(f"{name or 'a file'} cannot be opened: {reason}", hint="see ulimit -n")
    if not name:
        what = {errno.EAGAIN: "no process can be started", errno.ENOMEM: "there is not enough memory"}
        return BpftuiError(f"{what.get(error.errno or 0, 'the output cannot be written')}: {reason}")
    mount = next((how for root, how in _MOUNTS.items() if name.startswith(root) and not os.listdir(root)), None)
    return BpftuiError(f"{name}: {reason}", hint=mount)


def _end(code: int) -> NoReturn:
    """End the process now: by now everything is closed and printed.

    Python would wait for threads that are still busy, though what they find out is for nobody any more; and to take
    half a million instructions apart again takes a tenth of the time that it takes to list them.
    """
    process.finishing()
    for stream in (sys.stderr,) if process.abandoned else (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    atexit._run_exitfuncs()  # pyright: ignore[reportPrivateUsage] # what libraries have left to do
    os._exit(code)


def _prepare_streams() -> None:
    """Make the standard streams take whatever is printed, also where they are closed (`>&-`)."""
    if process.own:
        _open_closed()
        sys.unraisablehook = lambda raised: _note(raised.exc_value)
        threading.excepthook = lambda raised: _note(raised.exc_value)
    sys.stdin = sys.stdin or _nowhere("r")
    sys.stdout = sys.stdout or _nowhere("w")
    sys.stderr = sys.stderr or _nowhere("w")
    # Names in an object can hold anything; a narrow locale must not turn printing one into an error.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _open_closed() -> None:
    """Take the numbers of standard streams that are closed, so that no other file gets them and is printed to."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            with contextlib.suppress(OSError):
                os.open(os.devnull, os.O_RDWR)


def _note(error: BaseException | None) -> None:
    """Write an error that nobody can take to the log: the screen may be drawn on, and the command goes on."""
    from .state.journal import Journal

    if error is not None:
        Journal().write_error(error, "in passing")


def _nowhere(mode: Literal["r", "w"]) -> TextIO:
    """Return a stream that leads nowhere, also where there is no /dev/null."""
    try:
        return open(os.devnull, mode, encoding="utf-8")
    except OSError:
        return io.StringIO()


def _drop_output() -> None:
    """Forget what is still buffered for standard output, so that it does not raise again at exit."""
    try:
        sink = os.open(os.devnull, os.O_WRONLY)
    except OSError:  # there is none, or no more files can be opened: what is written after that is an error of nobody's
        process.abandoned = True
    else:
        os.dup2(sink, sys.stdout.fileno())


def _dispatch(given: Sequence[str]) -> int:
    if given[:1] in (["-h"], ["--help"]):
        write_text(usage(short=given[0] == "-h"))
        return ExitCode.OK
    if given[:1] in (["-V"], ["--version"]):
        from .commands.versions import version_report

        write_text(version_report())
        return ExitCode.OK
    if given and given[0] not in COMMANDS:
        _refuse_mistyped(given)
    name = given[0] if given and given[0] in COMMANDS else EXPLORE
    return COMMANDS[name].run(list(given[1:] if given and name == given[0] else given))


def _refuse_mistyped(given: Sequence[str]) -> None:
    """Raise UsageError where the first argument is neither a command nor a file, and looks like no name of a file."""
    word = given[0]
    if not word.replace("-", "").replace("_", "").isalnum() or word.startswith("-") or os.path.lexists(word):
        return
    close = nearest(word, [name for name in COMMANDS if name != EXPLORE])
    if word in ("help", "version"):
        hint = f"bpftui --{word}"
    elif close is not None:
        hint = f"did you mean bpftui {shlex.join([close, *given[1:]])}?"
    elif beside := files.beside(word):
        hint = beside
    else:
        hint = "bpftui --help tells the commands"
    raise UsageError(f"there is neither a command nor a file {word!r}", hint=hint)


def _report(error: BpftuiError) -> None:
    """Print an error as one line on stderr, its hint in parentheses; of programs each has its line."""
    for each in error.problems.values() or (error,):
        text = " ".join(str(each).split())
        hint = f" ({' '.join(each.hint.split())})" if each.hint else ""
        complain(f"error: {text}{hint}")
