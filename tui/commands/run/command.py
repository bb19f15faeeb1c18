"""`bpftui run`: a program on a test packet, once or again and again, or on those of a capture."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from ....core.context.fields import returned
from ....core.context.packet_sizes import packet_remark
from ....core.context.values import layout_of, parse_context
from ....core.errors import BpftuiError, ExitCode, UsageError
from ....core.references import refuse_loaded
from ....core.spec import AttachType
from ....core.testing.given import Given
from ....core.visible import visible_lines
from ...terminal.output import write_line, write_lines
from ..common import add_loading, add_object, add_settings, loading, open_spec, print_json, record, runtime_of, warn
from ..event_lines import event_lines, print_lines
from ..parser import Parser
from ..run_input import add_run_input, left_out, parse_data
from ..saved_test import add_save_test, captured_runs, check_save_test, save_test
from .changes import Changes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....core.runtime import RunResult
    from ....core.spec import ProgramSpec

__all__ = ["make_parser", "run"]

SCHEMA = "bpftui/run/1"


def make_parser() -> Parser:
    """Return what reads its arguments."""
    parser = Parser(
        "run",
        "Load one program and run it on a test packet. Nothing is attached.",
        examples=(
            ("run prog.o PROGRAM --data @packet.bin", "one packet"),
            ("run prog.o PROGRAM --set mode=1 --pcap in.pcap", "a capture"),
        ),
    )
    add_object(parser)
    parser.add_argument("program", metavar="PROGRAM", help="one of its programs, by name")
    add_settings(parser)
    add_run_input(parser)
    parser.add_argument("--repeat", metavar="N", type=int, default=1, help="how many runs (default: 1)")
    parser.add_argument(
        "--pcap",
        metavar="FILE",
        help="one run on each packet of a capture (pcap, pcapng; - for standard input), and how often it returned what",
    )
    parser.add_argument(
        "--write", metavar="OUT.pcap", help="with --pcap: the packets that the program lets go on, as it left them"
    )
    parser.add_argument("--json", action="store_true", help=f"one JSON object a run, schema {SCHEMA}")
    add_save_test(parser)
    add_loading(parser, several=False)
    return parser


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = make_parser().parse(arguments)
    if options.repeat < 1:
        raise UsageError(f"--repeat {options.repeat} is less than 1")
    if options.pcap is not None and (options.data is not None or options.repeat != 1):
        raise UsageError("--pcap brings the packets, one run for each: it goes with neither --data nor --repeat")
    if options.write is not None and options.pcap is None:
        raise UsageError("--write is for the packets of --pcap")
    if options.save_test is not None:
        check_save_test(options)
        if options.repeat != 1 or options.pcap == "-":
            raise UsageError("--save-test takes one run, or those of a capture in a file")
    data = None if options.data is None else parse_data(options.data)
    context = None if options.ctx is None else parse_context(options.ctx)
    refuse_loaded([options.object], "run", "a test run changes maps, and those that are loaded are somebody's")
    spec = open_spec(options)
    program = spec.program(options.program)
    capture = None
    if options.pcap is not None:
        from ....core.traffic import Capture

        capture = Capture(options.pcap)

    part = spec.subset(maps=set(), programs={program.name}, variables=set())
    with ExitStack() as stack:
        collection = stack.enter_context(runtime_of(options, **loading(options)).load(part, programs={program.name}))
        loaded = collection.programs[program.name]
        for missing in left_out(collection):
            warn(missing)
        if data is not None and loaded.packet_sizes is not None and (odd := packet_remark(data, loaded.packet_sizes)):
            warn(odd)
        changes = stack.enter_context(Changes(collection, compare=options.json))
        if capture is not None:
            from .capture import run_capture

            record(f"loaded {program.name} for test runs on {capture.path}", spec)
            run_capture(loaded, capture, changes, write=options.write, schema=SCHEMA if options.json else None)
            save_test(options, spec, captured_runs(capture.path))
            return ExitCode.OK
        record(f"loaded {program.name} for {options.repeat} test runs", spec)
        for _ in range(options.repeat):
            try:
                result = loaded.run(data, context=context)
            except BpftuiError:
                print_lines(changes.printed.read())
                raise
            if options.json:
                print_json(_json(program, result) | changes.as_json(), indent=None)
                continue
            write_lines(_lines(program, result, data))
            if context is not None and (changed := _context(program, result)):
                write_line(f"  context out: {changed}")
            write_lines(event_lines(changes.events))
            sys.stdout.flush()
            print_lines(changes.printed.read())
    save_test(options, spec, [Given(data, context)])
    return ExitCode.OK


def _json(program: ProgramSpec, result: RunResult) -> dict[str, object]:
    """Return a run as the schema has it; `ctx_out` is there only where the program gave a context back."""
    context = {"ctx_out": result.context.hex()} if result.context else {}
    return {
        "schema": SCHEMA,
        "program": program.name,
        "retval": result.retval,
        "duration_ns": result.duration_ns,
        "data_out": result.data.hex(),
        **context,
    }


def _context(program: ProgramSpec, result: RunResult) -> str:
    """Return the fields of the context as the program left it; empty where it gives none back."""
    layout = layout_of(program)
    if layout is None or not result.context:
        return result.context.hex(" ")
    fields = layout.decode(result.context)
    return ", ".join(f"{name}={value}" for name, value in fields.items()) or "all zeros"


def _lines(program: ProgramSpec, result: RunResult, data: bytes | None) -> list[str]:
    value = returned(program, result.retval)
    if value.lstrip("-").isdecimal():  # what has no name may be bits, as well as a number
        value += f" ({result.retval:#x})"
    lines = [f"{program.name} returned {value} in {result.duration_ns} ns"]
    if data is not None and result.data != data:
        lines.append(f"  packet out, {len(result.data)} bytes: {result.data.hex(' ')}")
    elif program.attach_type is AttachType.TRACE_ITER and result.data:
        lines.append(f"  written, {len(result.data)} bytes:")
        written = result.data.decode("utf-8", "replace").removesuffix("\n")
        lines += [f"    {line}" for line in visible_lines(written)]
    return lines
