"""`bpftui debug`: a program on the built-in machine, step by step and back: on the screen, or by commands."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from ....core.errors import BpftuiError, ExitCode, UsageError
from ...terminal.guardian import guardian
from ...terminal.output import write_line
from ..common import hire_guardian, uncollected, warn
from ..log import log_name, read_log
from ..parser import Parser
from ..saved_test import add_save_test, check_save_test, save_recording_as_test
from .recorded import add_calls, recording_of
from .told import Teller

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ....core.debug import Recording
    from ....core.debug.verified import VerifierLogs

__all__ = ["make_parser", "run"]

SCHEMA = "bpftui/debug/1"


def make_parser() -> Parser:
    """Return what reads its arguments."""
    parser = Parser(
        "debug",
        "Run one program on the built-in machine, stop it, step it, turn it back. Nothing is attached. In a terminal "
        "this is a place of the explorer; with --prompt, --batch or a pipe commands are gdb's (break, continue, step, "
        "next, finish, until, stepi, each with reverse- before it; print, watch, backtrace, info), from --batch, else "
        "from standard input, one a line.",
        examples=(
            ("debug prog.o PROGRAM --data @packet.bin", "step, and back"),
            ("debug prog.o PROGRAM --batch continue --json", "as a script"),
        ),
    )
    add_calls(parser)
    parser.add_argument(
        "--break",
        metavar="WHERE",
        action="append",
        default=[],
        dest="breaks",
        help="stop at a C line (prog.c:40), an instruction (17), a function, or the calls of a helper; before all "
        "commands; 'prog.c:40 if r1 > 5' stops where that is true",
    )
    parser.add_argument(
        "--batch", metavar="COMMAND", action="append", default=[], help="do this; again for the command after it"
    )
    parser.add_argument("--prompt", action="store_true", help="commands are typed, one a line, in a terminal too")
    parser.add_argument("--trace", action="store_true", help="print each step of the run")
    parser.add_argument(
        "--save", metavar="FILE", help="write the recording, which OBJECT can be the next time: all that it was given"
    )
    parser.add_argument(
        "--maps",
        metavar="id:N|NAME|PIN",
        help="begin with what maps and variables of a program hold that is loaded: they are read once, and not changed",
    )
    parser.add_argument(
        "--capture",
        metavar="N",
        type=int,
        help="runs on the next N packets that reach a program that is loaded (OBJECT, or that of --maps), taken on its "
        "interface: of XDP and traffic control",
    )
    parser.add_argument(
        "--until",
        metavar="WHERE",
        help="begin where a run first comes to this: 'return XDP_DROP', prog.c:120, as --break takes it; with "
        "--capture, packets are taken until then",
    )
    parser.add_argument(
        "--ranges",
        metavar="kernel|FILE",
        help="show beside values what the verifier knew of them: this kernel's, which loads the program for that and "
        "closes it again, or that of a log at level 2 in a file (- for standard input)",
    )
    add_save_test(parser)
    parser.add_argument("--json", action="store_true", help=f"one JSON object a stop, schema {SCHEMA}")
    return parser


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = make_parser().parse(arguments)
    if options.runtime == "kernel":
        raise UsageError(
            "debug runs programs on the built-in machine: no kernel stops within one", hint="leave --runtime out"
        )
    if options.prompt and (options.batch or options.trace):
        raise UsageError("--prompt takes commands as they are typed: it goes with neither --batch nor --trace")
    if options.trace and (options.breaks or options.batch or options.until is not None):
        raise UsageError("--trace prints all of each run: it goes with neither --break, --until nor --batch")
    if options.capture is not None:
        from ....core.debug.calls import check_count

        check_count("--capture", options.capture)
    if options.save_test is not None:
        check_save_test(options)
    recording = recording_of(options)

    from ....core.debug import Session
    from ....core.debug.commands import Interpreter

    logs = _logs(recording, options.ranges)
    if _is_for_screen(options):
        return _show(recording, options, logs)
    with ExitStack() as stack:
        session = stack.enter_context(Session(recording))
        if logs is not None:
            session.know(logs)
            if problem := logs.problem_of(recording.program):
                warn(f"no ranges of the verifier: {problem}")
        interpreter = Interpreter(session)
        teller = Teller(session, SCHEMA if options.json else None)
        for where in options.breaks:
            interpreter.execute(f"break {where}")
        if options.until is not None:
            by = session.break_as_said(options.until)
            if not session.resume_to(by):
                warn(f"no run comes to {options.until}")
        if options.trace:
            for number in range(session.runs):
                if number:
                    session.enter(number)
                teller.trace()
        else:
            teller.stand()
            for line in _commands(options):
                try:
                    answer = interpreter.execute(line)
                except BpftuiError as error:
                    if options.batch:
                        teller.end()
                        raise
                    warn(error.message if error.hint is None else f"{error.message} ({error.hint})")
                    continue
                teller.answer(answer)
            teller.end()
        if options.save is not None:
            session.save(options.save)
            if not options.json:
                write_line(f"saved: {options.save}")
        if options.save_test is not None:
            save_recording_as_test(options, session.recording)
    return ExitCode.OK


def _is_for_screen(options: Any) -> bool:
    """Whether somebody sits there, and asks for nothing that is printed."""
    printed = (
        options.prompt
        or options.batch
        or options.trace
        or options.json
        or options.save is not None
        or options.save_test is not None
    )
    return not printed and sys.stdin.isatty() and sys.stdout.isatty()


def _logs(recording: Recording, where: str | None) -> VerifierLogs | None:
    """Return the verifier's logs that `--ranges` names."""
    if where is None:
        return None
    from ....core.debug.verified import VerifierLogs

    if where == "kernel":
        from ....core.choice import choose_runtime

        return VerifierLogs.asked(recording, choose_runtime("kernel").inspect)
    return VerifierLogs.given(read_log(where), recording.program, log_name(where))


def _show(recording: Recording, options: Any, logs: VerifierLogs | None) -> int:
    """Open the explorer in a run of the program."""
    from ....core.debug import Session
    from ....core.debug.commands import Interpreter

    hire_guardian()
    with Session(recording) as session:  # what is wrong with it is said here, where one can do something about it
        for where in (*options.breaks, *([] if options.until is None else [options.until])):
            Interpreter(session).execute(f"break {where}")
    try:
        with uncollected():
            from ...app import Debugged
            from ...running import run as run_app

            return run_app(
                recording.spec(), runtime="vm", debug=Debugged(recording, options.breaks, logs, options.until or "")
            )
    finally:
        guardian().ending()  # whoever debugged has quit, and waits for the prompt


def _commands(options: Any) -> Iterator[str]:
    """Iterate over what is to be done: --batch, else the lines of standard input.

    With --save there is something to do without any command: then nobody at a terminal is waited for.
    """
    saves = options.save is not None or options.save_test is not None
    if options.batch or (saves and sys.stdin.isatty()):
        yield from options.batch
        return
    for line in sys.stdin:
        text = line.strip()
        if text in ("quit", "q"):
            return
        if text and not text.startswith("#"):
            yield text
