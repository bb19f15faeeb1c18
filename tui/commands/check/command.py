"""`bpftui check`: load everything and close it again: what loads, what does not, why, and what it cost the verifier."""

from __future__ import annotations

import time
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ....core.errors import BpftuiError, ExitCode, UsageError
from ....core.references import refuse_loaded
from ...terminal.output import write_lines
from ..common import (
    add_compiling,
    add_settings,
    add_source,
    add_target,
    check_cflags,
    configured,
    print_json,
    read_file,
    record,
    runtime_of,
    target_types,
    warn,
)
from ..parser import Parser
from .checked import SCHEMA, SORTS, Checked, check_json, chosen, explaining

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from ....core.runtime import Runtime

__all__ = ["make_parser", "run"]

_MOST_LEVELS = 7
"""All of BPF_LOG_LEVEL1, BPF_LOG_LEVEL2 and BPF_LOG_STATS."""


def run(arguments: Sequence[str]) -> int:
    """Run the command: exit code 1 where something does not load."""
    options = _parse(arguments)
    refuse_loaded(options.objects, "check", "the verifier has taken what is loaded")
    if options.kernels is not None or options.kernel_image:
        from .elsewhere import run_elsewhere

        return run_elsewhere(options)
    import_module("bpftui.core.spec.reader")  # what is measured is the reading, not the importing

    from .rows import print_csv, print_programs, program_rows
    from .table import print_comparison, print_report, read_results

    before = read_results(options.compare) if options.compare else None
    options.target = target_types(options)
    runtime = cache(lambda: runtime_of(options, target=options.target))  # once there is something to try in it
    if options.sweep:
        from .sweep import run_sweep

        return run_sweep(options, runtime)
    ok = True
    documents: list[dict[str, Any]] = []
    for file in options.objects:
        try:
            checked = _check(file, options, runtime)
            document = check_json(checked)
        except BpftuiError as error:
            # With several objects, one that is none must not hide what is in the others.
            if len(options.objects) == 1 or isinstance(error, UsageError):
                raise
            warn(error.message)
            ok = False
            continue
        except Exception as error:
            # Nor must a bug that one of them meets.
            if len(options.objects) == 1:
                raise
            from ...state.journal import crash_report

            warn(f"{file}: {crash_report(error, f'bpftui check {file}')}")
            ok = False
            continue
        ok = ok and checked.report.ok
        documents.append(document)
        if options.json or options.csv or options.table:
            continue
        print_report(checked, heading=file if len(options.objects) > 1 else "", sort=options.sort, color=options.color)
        if not runtime().verifies:
            _print_findings(checked)
        compared = before
        if before is None and options.settings:
            compared = [check_json(_check(file, options, runtime, settings=False))]
        if compared is not None:
            print_comparison(compared, document, options.compare or "without --set", options.color)
    rows = program_rows(documents, options.sort)
    if options.csv:
        print_csv(rows)
    elif options.table:
        print_programs(rows, options.color)
    elif options.json:
        print_json(documents[0] if len(options.objects) == 1 else documents)
    return ExitCode.OK if ok else ExitCode.REFUSED


def make_parser() -> Parser:
    """Return what reads its arguments."""
    parser = Parser(
        "check",
        "Try to load every map and program, close everything again, and report.",
        examples=(
            ("check prog.o", "what loads here, what does not, why"),
            ("check *.o --table --sort verified", "all programs, the costly first"),
            ("check prog.o --kernels 6.1,6.12", "in other kernels, by qemu"),
        ),
    )
    parser.add_argument(
        "objects", metavar="OBJECT", nargs="+", help="BPF ELF object files, or what holds one, or C files"
    )
    add_compiling(parser)
    parser.add_argument(
        "--json",
        action="store_true",
        help=f"as JSON, schema {SCHEMA}, with the verifier's logs; of several objects a list of such documents",
    )
    parser.add_argument("--table", action="store_true", help="the programs of all objects in one table")
    parser.add_argument("--csv", action="store_true", help="that as CSV, with the columns of veristat -o csv")
    parser.add_argument(
        "--compare",
        metavar="FILE",
        nargs="?",
        const="",
        help="show what is different from an earlier check --json or --csv, or veristat; with --kernels and without a "
        "FILE, from the first of the kernels",
    )
    parser.add_argument(
        "--log-level",
        metavar="N",
        type=int,
        default=4,
        help="what the verifier logs: 1 the path that it refuses, 2 every path, 4 numbers only (the default), or a sum",
    )
    parser.add_argument(
        "--sort",
        metavar="COLUMN",
        choices=SORTS,
        help=f"the programs that have most of it first: {', '.join(SORTS)} (default: as in the object)",
    )
    parser.add_argument(
        "--only",
        metavar="GLOB",
        action="append",
        default=[],
        help="only programs whose names match, with the maps that they use; may be given several times",
    )
    parser.add_argument(
        "--sweep",
        metavar="NAME=VALUE,VALUE",
        action="append",
        default=[],
        help="try each of these values of a variable, or of a part of it, as --set takes them, and with several such "
        "options each combination: what it costs and whether it loads, in one table",
    )
    parser.add_argument(
        "--kernels",
        metavar="VERSIONS",
        help="load it in Debian's kernels of these lines (6.1,6.12), in a virtual machine; needs qemu-system-x86_64, "
        "apt, no rights, and some 20 s for each kernel the first time",
    )
    parser.add_argument(
        "--kernel-image",
        metavar="FILE",
        action="append",
        default=[],
        help="the same with a kernel in a file (bzImage, vmlinuz); may be given several times",
    )
    add_source(parser)
    add_settings(parser)
    add_target(parser)
    return parser


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    # What is loaded in a guest takes no rights here.
    in_guest = any(each.partition("=")[0] in ("--kernels", "--kernel-image") for each in arguments)
    options = make_parser().parse(arguments, drops=in_guest)
    if options.table + options.csv + options.json + (options.compare is not None) > 1:
        raise UsageError("--table, --csv, --json and --compare are different answers: one at a time")
    others = in_guest or options.table or options.csv or options.sort or options.compare is not None
    if options.sweep and others:
        raise UsageError("--sweep is a table of its own, without --table, --csv, --sort, --compare and --kernels")
    if in_guest:
        if options.btf or options.runtime == "vm" or options.table or options.csv:
            raise UsageError("with --kernels there is no --btf, --table, --csv or --runtime vm: each kernel is its own")
    elif options.compare == "":
        raise UsageError("--compare names no FILE", hint="without one it is for --kernels")
    if not 1 <= options.log_level <= _MOST_LEVELS:
        raise UsageError(f"--log-level {options.log_level} is not between 1 and {_MOST_LEVELS}")
    return options


def _check(
    file: str,
    options: argparse.Namespace,
    runtime: Callable[[], Runtime],
    *,
    settings: bool = True,
) -> Checked:
    """Check one object, with the settings of the command line or without."""

    start = time.perf_counter()
    check_cflags(options)
    spec = read_file(file, options.source, options.cflags)
    configured(spec, options, settings=settings)
    spec = chosen(spec, options.only)
    open_ms = (time.perf_counter() - start) * 1000
    report = runtime().check(spec, log_level=options.log_level)
    for remark in report.remarks:
        warn(remark)
    refused = sum(outcome.failed for outcome in (*report.maps, *report.programs))
    record(f"checked: {f'{refused} do not load' if refused else 'everything loads'}", spec)
    return Checked(spec, runtime().name, report, open_ms, explaining(spec, runtime(), options.target))


def _print_findings(checked: Checked) -> None:
    """Print what a runtime without a verifier found in the programs, and what that is worth."""
    lines = {
        f"{program.name}: {line}" if line.startswith("instruction") else line: None
        for program in checked.report.programs
        for line in (program.log or "").splitlines()
    }
    write_lines(sorted(lines, key=lambda line: ": instruction" not in line))
