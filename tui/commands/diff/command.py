"""`bpftui diff`: what is different between two objects, and what of it breaks."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ....core.errors import BpftuiError, UnreadableError, UsageError
from ....core.foreign import is_source
from ....core.references import parse_loaded, refuse_loaded
from ....core.spread import is_worth_it, spread
from ...terminal.output import write_lines
from ..common import (
    add_compiling,
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
from ..parser import Parser

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from ....core.diff import FunctionDiff, ObjectDiff
    from ....core.spec import CollectionSpec
    from ...text.colors import Painted

__all__ = ["make_parser", "run"]

SCHEMA = "bpftui/diff/1"
_SAME, _DIFFERENT, _NOT_COMPARED = 0, 1, 2
"""The exit codes of cmp; the last one is also that of what cannot be read."""


def make_parser() -> Parser:
    """Return what reads its arguments."""
    parser = Parser(
        "diff",
        "Compare two BPF objects by meaning: code with names instead of offsets and labels instead of distances, maps, "
        "variables, types, and what breaks a map that is pinned or a program in user space. Nothing is loaded without "
        "--cost. Exit code 0: the same, 1: different, 2: one of them cannot be read, "
        "or not all of it be compared.",
        examples=(
            ("diff old.o new.o", "what differs, and what breaks"),
            ("diff old.o new.o --fail-on layout", "in CI: 1 for these only"),
            ("diff prog.c --variant=-mcpu=v2", "one source, compiled twice"),
        ),
    )
    for name in ("old", "new"):
        parser.add_argument(
            name,
            metavar=name.upper(),
            nargs=None if name == "old" else "?",
            help="a BPF ELF object file, or what holds one; or what is loaded: id:42, name:GLOB, a path under a bpffs",
        )
    parser.add_argument(
        "--variant",
        metavar="FLAGS",
        action="append",
        default=[],
        help="compile one C file (OLD) with these flags, and compare what comes of it: given twice, or once for them "
        "against none; a compiler may stand first: 'clang-14 -mcpu=v2'",
    )
    add_compiling(parser)
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


@uncollected(for_good=True)
def run(arguments: Sequence[str]) -> int:
    """Run the command: exit codes as those of cmp."""
    options = make_parser().parse(arguments)
    _check(options)
    if options.json and (options.html or options.output):
        raise UsageError("--json and --html are different answers: one at a time")
    if options.context < 0:
        raise UsageError(f"--context {options.context} is less than 0")
    from ....core.diff.verdict import failures, parse_conditions

    conditions = parse_conditions(options.fail_on) if options.fail_on is not None else None
    costs = options.cost or any(each.asks_cost for each in conditions or ())
    drawn: dict[FunctionDiff, Painted] = {}

    def draw(functions: Sequence[FunctionDiff]) -> None:
        from ...text.difference import drawn_functions

        sizes = [code.size for each in functions for code in (each.old, each.new) if code is not None]
        apply = spread if is_worth_it(sum(sizes)) else map
        color = wants_color(options.color)
        drawn.update(drawn_functions(functions, apply, color=color, context=options.context))

    is_text = not (options.json or options.html or options.output)
    with _unreadable():
        found = _compared(options, draw if is_text else None, costs=costs)
    failed = None if conditions is None else list(failures(found, conditions))
    _print(found, options, failed, drawn)
    if found.not_compared:
        return _NOT_COMPARED
    if failed is not None:
        return _DIFFERENT if failed else _SAME
    return _SAME if found.same and not any(cost.differs for cost in found.costs) else _DIFFERENT


def _check(options: Any) -> None:
    """Raise what does not go together."""
    if options.variant and options.new is not None:
        raise UsageError("--variant compares what comes of one file: it goes without NEW")
    if not options.variant and options.new is None:
        raise UsageError("the following arguments are required: NEW", hint="see bpftui diff --help")
    if len(options.variant) > 2:
        raise UsageError("--variant is given once or twice: two are compared", hint="one pair after the other")
    if options.variant and not is_source(options.old):
        raise UsageError(f"--variant compiles a C file, and {options.old} is not called *.c")
    if options.cflags is not None and not any(map(is_source, (options.old, options.new or ""))):
        raise UsageError("--cflags are for a C file, and neither of these is one")


@contextmanager
def _unreadable() -> Generator[None]:
    """Turn what keeps objects from being compared into what cmp's exit code says."""
    try:
        yield
    except UsageError:
        raise
    except BpftuiError as error:
        unreadable = UnreadableError(error.message, hint=error.hint)
        unreadable.problems = error.problems
        raise unreadable from error
    except MemoryError as error:
        raise UnreadableError("there is not enough memory to compare them") from error


def _compared(options: Any, first: Callable[[Sequence[FunctionDiff]], object] | None, *, costs: bool) -> ObjectDiff:
    from ....core.diff import diff

    if options.variant:
        old, new = _variants(options)
        found = diff(old, new, first=first)
        return _with_costs(found, options) if costs else found
    names = (options.old, options.new)
    is_loaded = any(parse_loaded(name) is not None for name in names)
    if is_loaded and costs:
        refuse_loaded(names, "diff --cost", "the verifier has taken what is loaded")
    old, new = (read_spec(name, options.source, options.cflags if is_source(name) else None) for name in names)
    if is_loaded:
        from ....core.system.compared import compared

        return compared(old, new, warn, target_types(options))
    found = diff(old, new, first=first)
    return _with_costs(found, options) if costs else found


def _variants(options: Any) -> tuple[CollectionSpec, CollectionSpec]:
    """Compile a file twice; a spec is called by the flags that made it."""
    from ....core.compiler import compiled_file, find_clang, parse_flags
    from ....core.spec import CollectionSpec

    texts = options.variant if len(options.variant) > 1 else ["", *options.variant]
    for compiler, _ in map(parse_flags, texts):
        find_clang(compiler)  # what is wrong with the one is said before the other is compiled
    old, new = (
        CollectionSpec.from_bytes(
            compiled_file(options.old, options.cflags, variant=text).data, file=f"{options.old} {text}".rstrip()
        )
        for text in texts
    )
    return old, new


def _with_costs(found: ObjectDiff, options: Any) -> ObjectDiff:
    """Return a comparison with what the programs cost; it raises what keeps the verifier from being asked."""
    from ....core.runtime.costs import with_costs

    return with_costs(found, runtime_of(options, target=target_types(options)), warn)


def _print(
    found: ObjectDiff, options: Any, failed: Sequence[str] | None, drawn: Mapping[FunctionDiff, Painted]
) -> None:
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
    from ...text.difference import diff_lines

    color = wants_color(options.color)
    write_lines(diff_lines(found, color=color, context=options.context, failed=failed or (), functions=drawn))
