"""`bpftui doctor`: what this machine can do, what it lacks, how to get it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....core.errors import ExitCode, UnknownNameError
from ....core.references import refuse_loaded
from ...terminal.output import write_line, write_table
from ...text.colors import assembled, paint
from ..common import add_compiling, add_settings, add_target, check_cflags, print_json, wants_color
from ..parser import Parser

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....core.kernel import Feature
    from ....core.kernel.probe.helpers import HelperReport
    from ....core.spec import AttachType

__all__ = ["make_parser", "run"]

SCHEMA = "bpftui/doctor/1"
HELPERS_SCHEMA = "bpftui/helpers/1"


def make_parser() -> Parser:
    """Return what reads its arguments."""
    from .kernels import SCHEMA as KERNELS_SCHEMA
    from .object import SCHEMA as OBJECT_SCHEMA

    parser = Parser(
        "doctor",
        "Tell what this machine can do with BPF, what it lacks, and how to get it.",
        examples=(
            ("doctor", "this machine"),
            ("doctor prog.o", "what of an object it cannot load"),
            ("doctor prog.o --kernels 5.4,5.15,6.1", "where it loads, what others lack"),
        ),
    )
    parser.add_argument(
        "objects",
        metavar="OBJECT",
        nargs="*",
        help="instead, what of these BPF object files it cannot load, and why: nothing of them is loaded; as JSON, "
        f"schema {OBJECT_SCHEMA}",
    )
    parser.add_argument("--json", action="store_true", help=f"as JSON, schema {SCHEMA}")
    parser.add_argument(
        "--helpers",
        metavar="TYPE",
        nargs="?",
        const="",
        help="instead, the helpers that each program type may call here, or one: a program type (xdp, sched_cls) or a "
        f"SEC() name (cgroup/connect4); as JSON, schema {HELPERS_SCHEMA}",
    )
    parser.add_argument(
        "--kernels",
        metavar="VERSION,…",
        help="with an OBJECT: on which of these versions of Linux its programs and maps load, and what they lack, "
        f"each with its source; no kernel is asked; as JSON, schema {KERNELS_SCHEMA}",
    )
    parser.add_argument(
        "--kernel-btf",
        metavar="VERSION=FILE",
        action="append",
        default=[],
        help="with --kernels: the types of that kernel, against which CO-RE is resolved",
    )
    add_compiling(parser)
    add_settings(parser)
    add_target(parser)
    return parser


def run(arguments: Sequence[str]) -> int:
    """Run the command: exit code 0 also where much is missing, for that is the answer; of objects see there."""
    parser = make_parser()
    options = parser.parse(arguments)
    refuse_loaded(options.objects, "doctor", "what is loaded can be loaded here")
    check_cflags(options)
    if options.kernels is not None or options.kernel_btf:
        if not options.objects or options.helpers is not None or options.btf:
            parser.error("--kernels and --kernel-btf are about an OBJECT, and go with neither --helpers nor --btf")
        from .kernels import run as run_kernels

        return run_kernels(options)
    if options.objects and options.helpers is None:
        from .object import run as run_objects

        return run_objects(options)
    if options.objects or options.settings or options.program_types or options.preset or options.btf:
        parser.error("--set, --preset, --type and --btf are about an OBJECT, and --helpers is about none")
    if options.helpers is not None:
        return _helpers(options.helpers, options.color, as_json=options.json)

    from ....core.kernel import probe

    features = probe.report()
    if options.json:
        print_json({"schema": SCHEMA, "features": [_json(feature) for feature in features]})
    else:
        _print_table(features, options.color)
    return ExitCode.OK


def _helpers(wanted: str, color: str, *, as_json: bool) -> int:
    """Tell the helpers of the type that is *wanted*, or of all."""
    from ....core.choice import choose_runtime
    from ....core.kernel.probe.helpers import probe_helpers
    from ....core.spec import ProgramType
    from ....core.spec.sections import split_section

    types = {type_.label: type_ for type_ in ProgramType if type_}
    kinds: list[tuple[ProgramType, AttachType | None]]
    if wanted in types:
        kinds = [(types[wanted], None)]
    elif section := split_section(wanted):
        kinds = [(section[0].type, section[0].attach_type)]
    elif wanted:
        raise UnknownNameError("program type", wanted, types)
    else:
        kinds = [(type_, None) for type_ in types.values()]
    choose_runtime("kernel").inspect().require()
    reports = [probe_helpers(*kind) for kind in kinds]
    if as_json:
        print_json({"schema": HELPERS_SCHEMA, "programs": [_helpers_json(report) for report in reports]})
    else:
        _print_helpers(reports, color)
    return ExitCode.OK


def _helpers_json(report: HelperReport) -> dict[str, Any]:
    return {
        "program_type": report.program_type.label,
        "attach_type": None if report.attach_type is None else report.attach_type.label,
        "usable": report.usable,
        "missing": report.missing,
        "untold": report.untold,
        "problem": report.problem or None,
    }


def _print_helpers(reports: Sequence[HelperReport], color: str) -> None:

    colored = wants_color(color)
    for number, report in enumerate(reports):
        if number:
            write_line()
        told = len(report.usable) + len(report.missing) + len(report.untold)
        title = report.program_type.label
        if report.attach_type is not None:
            title += f" ({report.attach_type.label})"
        found = report.problem or f"{len(report.usable)} of {told} helpers"
        write_table(assembled((title, "bold"), f": {found}"), color=colored)
        if not report.problem:
            write_table(assembled((f"  usable: {', '.join(report.usable)}", "good")), color=colored)
            write_table(assembled(f"  missing: {', '.join(report.missing)}"), color=colored)
            write_table(assembled((f"  not told: {', '.join(report.untold)}", "dim")), color=colored)


def _json(feature: Feature) -> dict[str, Any]:
    return {
        "name": feature.name,
        "group": feature.group,
        "ok": feature.ok,
        "detail": feature.detail,
        "needed_for": feature.needed_for,
        "remedy": feature.remedy,
    }


def _print_table(features: Sequence[Feature], color: str) -> None:
    from rich.table import Table

    marks = {True: assembled(("ok", "good")), False: assembled(("NO", "bold danger")), None: assembled(("·", "dim"))}
    for number, group in enumerate(dict.fromkeys(feature.group for feature in features)):
        if number:
            write_line()
        table = Table(box=None, pad_edge=False, show_header=False, show_edge=False)
        for _ in range(4):
            table.add_column(overflow="fold")
        for feature in (each for each in features if each.group == group):
            advice = "; ".join(
                filter(None, (f"for {feature.needed_for}" if feature.needed_for else "", feature.remedy))
            )
            table.add_row(
                marks[feature.ok],
                feature.name,
                assembled(feature.detail),
                assembled((advice if feature.ok is False else "", "warning")),
            )
        write_line(paint(group, "bold") if wants_color(color) else group)
        write_table(table, color=wants_color(color))
