"""`bpftui diff`: what is different between two objects, and what of it breaks."""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ....core.errors import BpftuiError, UnreadableError, UsageError
from ....core.references import parse_loaded, refuse_loaded
from ...terminal.output import write_lines
from ..common import (
    Parser,
    add_source,
    add_target,
    print_json,
    read_spec,
    runtime_of,
    target_types,
    uncollected,
    wants_color,
    warn,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from ....core.diff import ObjectDiff
    from ....core.diff.costs import Cost
    from ....core.runtime import Runtime
    from ....core.spec import CollectionSpec

__all__ = ["make_parser", "run"]

SCHEMA = "bpftui/diff/1"
_SAME, _DIFFERENT = 0, 1
"""The exit codes of cmp; 2 is what cannot be read."""


def make_parser() -> Parser:
    """Return what reads its arguments."""
    parser = Parser(
        "diff",
        "Compare two BPF objects by meaning: code with names instead of offsets and labels instead of distances, maps, "
        "variables, types, and what breaks a map that is pinned or a program in user space. Nothing is loaded without "
        "--cost. Exit code 0: the same, 1: different, 2: one of them cannot be read.",
    )
    for name in ("old", "new"):
        parser.add_argument(
            name,
            metavar=name.upper(),
            help="a BPF ELF object file, or what holds one; or what is loaded: id:42, name:GLOB, a path under a bpffs",
        )
    parser.add_argument("--json", action="store_true", help=f"one JSON document, schema {SCHEMA}")
    parser.add_argument("--html", action="store_true", help="a page that needs nothing else, with both sides")
    parser.add_argument("--output", metavar="FILE", help="write the page to a file")
    parser.add_argument(
        "--fail-on",
        metavar="WHAT",
        help="exit with 1 for these only: code, registers (values in others, and nothing else), programs, maps, "
        "variables, values, types, layout (what breaks), core, externs, sections, license, size, cost, states, jit; "
        "cost+10%% for a growth; several with commas",
    )
    parser.add_argument(
        "--cost",
        action="store_true",
        help="load both into the runtime, one program at a time: what each costs the verifier, and its native code",
    )
    parser.add_argument(
        "--context", metavar="N", type=int, default=3, help="rows of code around what differs (default: 3)"
    )
    add_source(parser)
    add_target(parser)
    return parser


@uncollected()
def run(arguments: Sequence[str]) -> int:
    """Run the command: exit codes as those of cmp."""
    options = make_parser().parse(arguments)
    if options.json and (options.html or options.output):
        raise UsageError("--json and --html are different answers: one at a time")
    if options.context < 0:
        raise UsageError(f"--context {options.context} is less than nothing")
    from ....core.diff.verdict import failures, parse_conditions

    conditions = parse_conditions(options.fail_on) if options.fail_on is not None else None
    costs = options.cost or any(each.asks_cost for each in conditions or ())
    with _unreadable():
        found = _compared(options, costs=costs)
    failed = None if conditions is None else list(failures(found, conditions))
    _print(found, options, failed)
    if failed is not None:
        return _DIFFERENT if failed else _SAME
    return _SAME if found.same and not any(cost.differs for cost in found.costs) else _DIFFERENT


@contextmanager
def _unreadable() -> Generator[None]:
    """Turn what keeps objects from being compared into what cmp's exit code says."""
    try:
        yield
    except UsageError:
        raise
    except BpftuiError as error:
        raise UnreadableError(error.message, hint=error.hint) from error
    except MemoryError as error:
        raise UnreadableError("there is not enough memory to compare them") from error


def _compared(options: Any, *, costs: bool) -> ObjectDiff:
    from ....core.diff import diff

    names = (options.old, options.new)
    is_loaded = any(parse_loaded(name) is not None for name in names)
    if is_loaded and costs:
        refuse_loaded(names, "diff --cost", "the verifier has taken what is loaded")
    if is_loaded:
        from .loaded import compared

        return compared(*names, options)
    old, new = (read_spec(name, options.source) for name in names)
    found = diff(old, new)
    if not costs:
        return found
    from ....core.diff.costs import costs_between

    runtime = runtime_of(options, target=target_types(options))
    if not runtime.verifies:
        raise UnreadableError(
            "what programs cost is what the kernel's verifier says, and it cannot be asked here",
            hint="bpftui doctor tells why; as root with --runtime kernel",
        )
    return dataclasses.replace(found, costs=tuple(costs_between(_costs(runtime, old), _costs(runtime, new))))


def _costs(runtime: Runtime, spec: CollectionSpec) -> Mapping[str, Cost]:
    """Return what the programs of an object cost, each tried by itself."""
    from ....core.diff.costs import Cost
    from ....core.verifier import parse_summary

    report = runtime.check(spec)
    for remark in report.remarks:
        warn(f"{spec.file}: {remark}")
    found: dict[str, Cost] = {}
    for each in report.programs:
        summary = parse_summary(each.log or "")
        verified = each.verified_insns if each.verified_insns is not None else summary.insns
        found[each.name] = Cost(each.ok, verified, summary.states, each.jited_size, "" if each.ok else each.error or "")
    return found


def _print(found: ObjectDiff, options: Any, failed: Sequence[str] | None) -> None:
    if options.json:
        from .document import diff_json

        print_json(diff_json(found, context=options.context, failed=failed))
        return
    if options.html or options.output is not None:
        from ....core.diff.html import html
        from ...text.export import write_document

        page = html(found, context=options.context)
        if options.output is None:
            write_lines(page)
        else:
            write_document(options.output, page, replace=True)
        return
    from .lines import diff_lines

    write_lines(diff_lines(found, color=wants_color(options.color), context=options.context, failed=failed or ()))
