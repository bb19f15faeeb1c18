"""`bpftui fuzz`: a search for inputs that reach what others do not."""

from __future__ import annotations

import os
import sys
from threading import Event
from typing import TYPE_CHECKING

from ....core.errors import ExitCode, UsageError
from ....core.files import check_place, unwritable
from ....core.foreign import is_recording
from ....core.references import refuse_loaded
from ...terminal.guardian import until_told
from ...terminal.output import complain, write_lines
from ...text.format import counted
from ..common import add_machine, add_object, add_settings, add_target, open_spec, print_json, target_types
from ..parser import Parser
from ..saved_test import check_save_test
from .told import SCHEMA, as_json, covered_lines, told_lines

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from ....core.fuzz.inputs import Input, Part
    from ....core.fuzz.search import Found
    from ....core.spec import CollectionSpec
    from ....core.testing.compared import Comparison

__all__ = ["make_parser", "run"]

_QUIET = 30
"""Seconds after which it is said how far a search has come, even if it is no further."""


def make_parser() -> Parser:
    """Return what reads its arguments."""
    parser = Parser(
        "fuzz",
        "Search for inputs of one program that reach what others do not: packets or contexts, and what is in its "
        "variables and maps. It runs on the built-in machine; the outcomes of its conditional jumps guide the search, "
        "and the operands of comparisons are its hints. What stops a run is told.",
        examples=(
            ("fuzz prog.o PROGRAM --pcap new.pcap", "packets that reach more"),
            ("fuzz prog.o PROGRAM --test test_new.py", "the same as a test"),
        ),
    )
    add_object(parser)
    parser.add_argument("program", metavar="PROGRAM", help="one of its programs, by name")
    add_settings(parser)
    parser.add_argument("--seconds", metavar="N", type=float, default=10.0, help="how long (default: 10)")
    parser.add_argument("--seed", metavar="N", type=int, default=1, help="of what is left to chance (default: 1)")
    parser.add_argument("--pcap", metavar="OUT.pcap", help="write the packets of the smallest set that reaches as much")
    parser.add_argument("--test", metavar="OUT.py", help="write that set as a test for pytest, with what was returned")
    parser.add_argument(
        "--compare",
        dest="against",
        choices=("kernel",),
        help="give what was found to the running kernel, too, and tell what it answers differently: return codes, "
        "packets, variables, maps, events",
    )
    parser.add_argument(
        "--may-differ",
        metavar="NAME",
        action="append",
        default=[],
        help="with --compare: what differs by nature, as a time that is kept (sources.last_seen, events.time)",
    )
    parser.add_argument("--json", action="store_true", help=f"one JSON document, schema {SCHEMA}")
    add_machine(parser)
    add_target(parser)
    return parser


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    from ....core.fuzz.inputs import Kind
    from ....core.fuzz.search import Search, fewest
    from ....core.testing.arguments import check_places
    from .saved import write_capture, write_test

    options = make_parser().parse(arguments)
    if options.runtime == "kernel":
        raise UsageError(
            "fuzz runs programs on the built-in machine: no kernel tells where runs come to", hint="leave --runtime out"
        )
    if not 0 < options.seconds <= 86_400:
        raise UsageError(f"--seconds {options.seconds:g} is not between 0 and 86,400")
    if options.may_differ and options.against is None:
        raise UsageError("--may-differ is what --compare leaves out")
    if options.memory:
        raise UsageError("--memory: a search has no memory of a kernel's")
    options.runtime = "vm"
    for path in filter(None, (options.pcap, options.test)):
        _check(path)
    if options.test is not None:
        check_save_test(options, "--test")
    refuse_loaded([options.object], "fuzz", "a search changes maps, and those that are loaded are somebody's")
    spec = open_spec(options)
    if options.test is not None and (is_recording(options.object) or not os.path.isfile(spec.file)):
        raise UsageError(f"--test: a test loads its object from a file, and {options.object} is none")
    name = spec.program(options.program).name
    check_places(options.may_differ, spec)
    part = spec.subset(maps=set(), programs={name}, variables=set())
    types = target_types(options)

    def begin() -> Search:
        return Search(part, name, seed=options.seed, returns=options.returns, types=types)

    ask = _asking(options, part, name)
    with begin() as search:
        parts = search.target.parts
        if options.pcap is not None and not any(each.kind is Kind.PACKET for each in parts):
            raise UsageError(f"--pcap: {name} is given no packets", hint="--test OUT.py writes its contexts")
        if not parts:
            raise UsageError(
                f"{name} is given nothing that could be changed: no packet, no context, no map, no variable"
            )
        stop = Event()
        with until_told(stop.set) as told:
            found = search.go(options.seconds, stop=stop, told=_progress() if sys.stderr.isatty() else None)
        comparison = None
        if ask is not None:
            comparison = ask(parts, found.told)
    inputs = fewest(found.corpus, begin)
    if options.pcap is not None:
        write_capture(options.pcap, parts, inputs)
    if options.test is not None:
        write_test(options, spec, parts, inputs, found)
    files, reached = covered_lines(part, name, begin, inputs)
    if options.json:
        print_json(as_json(spec.file, name, options.seed, found, parts, inputs, comparison))
    else:
        write_lines(told_lines(name, found, inputs, reached, files, comparison))
        for path in (options.pcap, options.test):
            if path is not None:
                complain(f"written: {path}")
    if told:
        raise KeyboardInterrupt
    return ExitCode.OK


def _asking(
    options: argparse.Namespace, spec: CollectionSpec, name: str
) -> Callable[[Sequence[Part], Sequence[Input]], Comparison] | None:
    """Return what asks the kernel, where that is wanted; raise why it cannot be: after the search it would be late.

    Raises:
        NoPermissionError, FeatureError: There is no kernel to ask, or it has no test runs of such programs.
        BpftuiError: It does not load the program.
    """
    if options.against is None:
        return None
    from ....core.testing.compared import compared
    from .saved import question

    if options.returns:
        raise UsageError("--compare: the kernel's helpers return what they do: leave --return out")

    def ask(parts: Sequence[Part], inputs: Sequence[Input]) -> Comparison:
        questions = [question(parts, given) for given in inputs]
        return compared(spec, name, questions, may_differ=options.may_differ, btf=options.btf)

    ask((), ())
    return ask


def _check(path: str) -> None:
    """Raise what will keep a file from being written: after an hour's search it would be late."""
    try:
        check_place(path)
    except OSError as error:
        raise unwritable(path, error) from error


def _progress() -> Callable[[Found], None]:
    """Return what says on standard error how far a search has come: where that is more, and now and then."""
    said = (0.0, 0)

    def tell(found: Found) -> None:
        nonlocal said
        since = found.seconds - said[0]
        if since >= _QUIET or (since >= 1 and found.outcomes > said[1]):
            said = found.seconds, found.outcomes
            reached = f"{found.outcomes:,} of {found.all_outcomes:,} outcomes of jumps"
            complain(f"{reached} after {found.seconds:.0f} s and {counted(found.runs, 'run')}")

    return tell
