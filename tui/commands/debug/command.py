"""`bpftui debug`: a program on the built-in machine, step by step and back, without a screen."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from ....core.context.values import parse_context
from ....core.errors import BpftuiError, ExitCode, UsageError
from ....core.references import refuse_loaded
from ...terminal.output import write_line
from ..common import (
    Parser,
    add_machine,
    add_object,
    add_settings,
    add_target,
    configured,
    machine_options,
    target_types,
    warn,
)
from ..run.command import parse_data
from .told import Teller

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ....core.debug import Call, Recording

__all__ = ["make_parser", "run"]

SCHEMA = "bpftui/debug/1"
_MOST_PACKETS = 100_000
"""Packets of a capture that one session has as runs."""


def make_parser() -> Parser:
    """Return what reads its arguments."""
    parser = Parser(
        "debug",
        "Run one program on the built-in machine, stop it, step it, turn it back. Nothing is attached. Commands are "
        "gdb's (break, continue, step, next, finish, until, stepi, each with reverse- before it; print, watch, "
        "backtrace, info); they come from --batch, else from standard input, one a line.",
    )
    add_object(parser)
    parser.add_argument("program", metavar="PROGRAM", nargs="?", help="which one; a recording names it itself")
    add_settings(parser)
    parser.add_argument(
        "--data", metavar="HEX|@FILE", help="the packet: hexadecimal digits, a dump with offsets, or a file"
    )
    parser.add_argument(
        "--ctx",
        metavar="FIELD=VALUE,…|JSON|HEX|@FILE",
        help="the context: mark=5,cb[2]=1 or user_ip4=192.0.2.1,user_port=htons(443), a JSON object, hex:0102…, a file",
    )
    parser.add_argument("--pcap", metavar="FILE", help="one run on each packet of a capture; maps carry over")
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
    parser.add_argument("--trace", action="store_true", help="print each step of the run")
    parser.add_argument(
        "--save", metavar="FILE", help="write the recording, which OBJECT can be the next time: all that it was given"
    )
    parser.add_argument("--json", action="store_true", help=f"one JSON object a stop, schema {SCHEMA}")
    add_machine(parser)
    add_target(parser)
    return parser


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = make_parser().parse(arguments)
    if options.runtime == "kernel":
        raise UsageError(
            "debug runs programs on the built-in machine: no kernel stops within one", hint="leave --runtime out"
        )
    if options.pcap is not None and (options.data is not None or options.ctx is not None):
        raise UsageError("--pcap brings the packets, one run for each: it goes with neither --data nor --ctx")
    if options.trace and (options.breaks or options.batch):
        raise UsageError("--trace prints all of each run: it goes with neither --break nor --batch")
    options.runtime = "vm"
    refuse_loaded([options.object], "debug", "what is loaded has no recording that could be gone back in")
    recording = _recording(options)

    from ....core.debug import Session
    from ....core.debug.commands import Interpreter

    with ExitStack() as stack:
        session = stack.enter_context(Session(recording))
        interpreter = Interpreter(session)
        teller = Teller(session, SCHEMA if options.json else None)
        for where in options.breaks:
            interpreter.execute(f"break {where}")
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
    return ExitCode.OK


def _commands(options: Any) -> Iterator[str]:
    """Iterate over what is to be done: --batch, else the lines of standard input.

    With --save there is something to do without any command: then nobody at a terminal is waited for.
    """
    if options.batch or (options.save is not None and sys.stdin.isatty()):
        yield from options.batch
        return
    for line in sys.stdin:
        text = line.strip()
        if text in ("quit", "q"):
            return
        if text and not text.startswith("#"):
            yield text


def _recording(options: Any) -> Recording:
    """Return the recording that OBJECT is, or one of the program in it."""
    from ....core.debug import Call, Recording
    from ....core.debug.recording import is_recording
    from ....core.spec import CollectionSpec
    from ....core.spec.container import read_source

    # Once: what comes through a pipe is not there a second time.
    raw = read_source(options.object)
    if is_recording(raw):
        given = (options.data, options.ctx, options.pcap, options.btf, options.preset)
        if any(each is not None for each in given) or options.settings or options.returns or options.memory:
            raise UsageError(f"{options.object} is a recording: it has what its runs are given, and what is set")
        found = Recording.from_bytes(raw, file=options.object)
        if options.program not in (None, found.program):
            raise UsageError(f"{options.object} is a recording of {found.program}, not of {options.program}")
        return found
    if options.program is None:
        raise UsageError("debug takes the name of a program behind the object", hint="bpftui show lists them")
    spec = configured(CollectionSpec.from_bytes(raw, file=options.object), options)
    spec.program(options.program)
    if options.pcap is not None:
        calls = _captured(options.pcap)
    else:
        data = None if options.data is None else parse_data(options.data)
        calls = [Call(data, None if options.ctx is None else parse_context(options.ctx))]
    types = dict(each.split("=", 1) for each in options.program_types)
    settings = machine_options(options).get("settings")
    return Recording.of(
        spec, options.program, calls, object_=raw, types=types, settings=settings, target=target_types(options)
    )


def _captured(path: str) -> list[Call]:
    """Return a run for each packet of a capture."""
    from ....core.debug import Call
    from ....core.traffic import Capture

    calls: list[Call] = []
    for packet in Capture(path):
        if len(calls) == _MOST_PACKETS:
            warn(f"{path} has more than {_MOST_PACKETS:,} packets: the others are left out")
            break
        calls.append(Call(packet.frame, origin=f"packet {packet.number} of {path}"))
    if not calls:
        raise UsageError(f"{path} has no packet")
    return calls
