"""`bpftui cover`: what runs of a program come to, by C lines and by the ways its jumps went."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ...core.context.values import parse_context
from ...core.errors import BpftuiError, ExitCode, UsageError
from ...core.files import unwritable
from ...core.references import refuse_loaded
from ..terminal.output import complain, write_lines
from ..text.format import counted
from .common import (
    add_machine,
    add_object,
    add_settings,
    add_target,
    machine_options,
    open_spec,
    print_json,
    runtime_of,
    target_types,
    warn,
)
from .parser import Parser
from .run_input import add_run_input, left_out, parse_data

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from ...core.context.values import ContextValues
    from ...core.coverage.lines import FileCoverage, Summary
    from ...core.coverage.report import Wanted
    from ...core.runtime import Program
    from ...core.spec import CollectionSpec

__all__ = ["make_parser", "run"]

SCHEMA = "bpftui/cover/1"


def make_parser() -> Parser:
    """Return what reads its arguments."""
    parser = Parser(
        "cover",
        "Run one program on the built-in machine and tell what the runs came to: how often each C line ran, and which "
        "ways of its jumps never happened. Nothing is put into the object, and nothing is attached.",
        examples=(
            ("cover prog.o PROGRAM --pcap in.pcap", "how often each C line ran"),
            ("cover prog.o PROGRAM --html coverage", "as a page"),
        ),
    )
    add_object(parser)
    parser.add_argument("program", metavar="PROGRAM", help="one of its programs, by name")
    add_settings(parser)
    add_run_input(parser)
    parser.add_argument("--pcap", metavar="FILE", help="one run on each packet of a capture; maps carry over")
    parser.add_argument(
        "--report",
        metavar="KIND[:FILE]",
        action="append",
        default=[],
        help="html, lcov or cobertura, to a file (bpf-coverage.html, .info, .xml); term is a summary without the "
        "source; may be given several times",
    )
    parser.add_argument("--lcov", metavar="FILE", help="write lcov's tracefile: as --report lcov:FILE")
    parser.add_argument("--cobertura", metavar="FILE", help="write Cobertura's XML: as --report cobertura:FILE")
    parser.add_argument("--html", metavar="DIR", help="write a page, DIR/index.html, which needs nothing else")
    parser.add_argument("--json", action="store_true", help=f"one JSON document, schema {SCHEMA}")
    add_machine(parser)
    add_target(parser)
    return parser


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    from ...core.coverage.report import report_lines, write_report

    options = make_parser().parse(arguments)
    if options.runtime == "kernel":
        raise UsageError(
            "cover runs programs on the built-in machine: the kernel does not count", hint="leave --runtime out"
        )
    if options.pcap is not None and (options.data is not None or options.ctx is not None):
        raise UsageError("--pcap brings the packets, one run for each: it goes with neither --data nor --ctx")
    options.runtime = "vm"
    wanted = _wanted(options)
    refuse_loaded([options.object], "cover", "a test run changes maps, and those that are loaded are somebody's")
    spec = open_spec(options)
    files, runs = _covered(options, spec)
    for report in wanted:
        if not report.file:
            write_lines(report_lines(report.kind, files))
            continue
        with _said(report):
            write_report(report, files)
        complain(f"written: {report.file}")
    if options.json:
        print_json(_json(spec.file, options.program, runs, files))
    elif not wanted:
        write_lines(_told(options.program, runs, files))
    return ExitCode.OK


def _wanted(options: Any) -> list[Wanted]:
    """Return the reports that were asked for, all of which can be written as far as is known.

    Raises:
        UsageError: They do not go together, or there is none of that name.
        ObjectError: One cannot be written.
    """
    from ...core.coverage.report import Wanted, check_report, parse_report

    wanted = [parse_report(text) for text in options.report]
    files = {"lcov": options.lcov, "cobertura": options.cobertura}
    files["html"] = None if options.html is None else os.path.join(options.html, "index.html")
    wanted += [Wanted(kind, file) for kind, file in files.items() if file is not None]
    for report in wanted:
        if report.file:
            with _said(report):
                check_report(report)
        elif options.json:
            raise UsageError("--report term and --json are both for standard output", hint="leave one of them out")
    return wanted


@contextmanager
def _said(report: Wanted) -> Generator[None]:
    """Say which report cannot be written, where that is so."""
    try:
        yield
    except OSError as error:
        raise unwritable(report.file, error, "the report") from error


def _covered(options: Any, spec: CollectionSpec) -> tuple[list[FileCoverage], int]:
    """Run the program on all that it is to be run on; return its source with counts, and how often it ran."""
    from ...core.coverage.gathered import Gathered
    from ...core.coverage.lines import covered

    name = spec.program(options.program).name
    part = spec.subset(maps=set(), programs={name}, variables=set())
    machine = machine_options(options)
    if (target := target_types(options)) is not None:
        machine["target"] = target
    gathered = Gathered()
    with runtime_of(options, **machine).load(part, programs={name}) as collection:
        for missing in left_out(collection):
            warn(missing)
        for program in collection.programs.values():
            program.count()
        runs = stopped = 0
        first: BpftuiError | None = None
        for problem in _runs(collection.programs[name], options):
            runs += 1
            stopped += problem is not None
            first = first or problem
        if first is not None:
            warn(f"{counted(stopped, 'run')} of {runs:,} stopped: {first.message}")
        for program in collection.programs.values():
            if (counts := program.counts) is not None:
                gathered.add(program.spec, collection.spec, counts)
    return covered(gathered, [part]), runs


def _runs(program: Program, options: Any) -> Iterator[BpftuiError | None]:
    """Run a program; yield for each run why it was stopped, None where it was not."""
    if options.pcap is None:
        data = None if options.data is None else parse_data(options.data)
        problem = _stopped(program, data, None if options.ctx is None else parse_context(options.ctx))
        if isinstance(problem, UsageError):
            raise problem
        yield problem
        return
    from ...core.traffic import Capture

    first, ran = None, False
    for packet in Capture(options.pcap):
        problem = _stopped(program, packet.frame, None)
        if problem is not None:
            problem.message = f"packet {packet.number}: {problem.message}"
            problem.args = (problem.message,)
            first = first or problem
        ran |= not isinstance(problem, UsageError)
        yield problem
    if first is not None and not ran:
        raise first


def _stopped(program: Program, data: bytes | None, context: ContextValues | bytes | None) -> BpftuiError | None:
    """Run a program once; return why it was stopped, or cannot be run on that; None where it came to its end."""
    try:
        program.run(data, context=context)
    except BpftuiError as error:
        return error
    return None


def _told(program: str, runs: int, files: Sequence[FileCoverage]) -> Iterator[str]:
    """Yield the source with its counts, and below how much of it was reached."""
    from ...core.coverage.lines import total
    from ...core.coverage.text import listing, percent

    yield from listing(files)
    all_ = total(files)
    parts = zip(("lines", "outcomes of jumps", "instructions"), all_[::2], all_[1::2], strict=True)
    shares = ", ".join(f"{part:,} of {whole:,} {what} ({percent(part, whole)})" for what, part, whole in parts)
    yield f"{program}, {counted(runs, 'run')}: {shares}"


def _json(file: str, program: str, runs: int, files: Sequence[FileCoverage]) -> dict[str, Any]:
    from ...core.coverage.lines import in_order, total

    return {
        "schema": SCHEMA,
        "file": file,
        "program": program,
        "runs": runs,
        **_summary(total(files)),
        "files": [
            {
                "name": each.name,
                **_summary(each.summary),
                "source": [
                    {
                        "line": line.number,
                        "text": line.text,
                        "runs": line.runs,
                        "state": line.state,
                        "jumps": [
                            {
                                "slot": jump.slot,
                                "text": jump.text,
                                "on": jump.on,
                                "jumped": jump.jumped,
                                "decided": jump.decided,
                            }
                            for jump in line.jumps
                        ],
                    }
                    for line in in_order(each)
                ],
            }
            for each in files
        ],
    }


def _summary(found: Summary) -> dict[str, dict[str, int]]:
    return {
        "lines": {"reached": found.lines, "of": found.all_lines},
        "outcomes": {"reached": found.outcomes, "of": found.all_outcomes},
        "instructions": {"reached": found.instructions, "of": found.all_instructions},
    }
