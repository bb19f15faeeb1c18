"""`bpftui fuzz`: a search for inputs that reach what others do not."""

from __future__ import annotations

import os
import sys
from threading import Event
from typing import TYPE_CHECKING, Any

from ...core.errors import BpftuiError, ExitCode, ObjectError, UsageError
from ...core.files import check_place, write_whole
from ...core.foreign import is_recording
from ...core.references import refuse_loaded
from ..terminal.guardian import until_told
from ..terminal.output import complain, write_lines
from ..text.format import counted
from .common import Parser, add_machine, add_object, add_settings, add_target, open_spec, print_json, target_types
from .saved_test import check_save_test

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ...core.coverage.lines import FileCoverage
    from ...core.fuzz.inputs import Input, Part
    from ...core.fuzz.search import Found, Search
    from ...core.spec import CollectionSpec

__all__ = ["make_parser", "run"]

SCHEMA = "bpftui/fuzz/1"
_QUIET = 30
"""Seconds after which it is said how far a search has come, even if it is no further."""


def make_parser() -> Parser:
    """Return what reads its arguments."""
    parser = Parser(
        "fuzz",
        "Search for inputs of one program that reach what others do not: packets or contexts, and what is in its "
        "variables and maps. It runs on the built-in machine; the outcomes of its conditional jumps guide the search, "
        "and the operands of comparisons are its hints. What stops a run is told.",
    )
    add_object(parser)
    parser.add_argument("program", metavar="PROGRAM")
    add_settings(parser)
    parser.add_argument("--seconds", metavar="N", type=float, default=10.0, help="how long (default: 10)")
    parser.add_argument("--seed", metavar="N", type=int, default=1, help="of what is left to chance (default: 1)")
    parser.add_argument("--pcap", metavar="OUT.pcap", help="write the packets of the smallest set that reaches as much")
    parser.add_argument("--test", metavar="OUT.py", help="write that set as a test for pytest, with what was returned")
    parser.add_argument("--json", action="store_true", help=f"one JSON document, schema {SCHEMA}")
    add_machine(parser)
    add_target(parser)
    return parser


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    from ...core.fuzz.inputs import Kind
    from ...core.fuzz.search import Search, fewest

    options = make_parser().parse(arguments)
    if options.runtime == "kernel":
        raise UsageError(
            "fuzz runs programs on the built-in machine: no kernel tells where runs come to", hint="leave --runtime out"
        )
    if not 0 < options.seconds <= 86_400:
        raise UsageError(f"--seconds {options.seconds:g}: it takes more than 0, and a day at most")
    if options.memory:
        raise UsageError("--memory: a search has no memory of a kernel's")
    options.runtime = "vm"
    for option, path in (("--pcap", options.pcap), ("--test", options.test)):
        if path is not None:
            _check(option, path)
    if options.test is not None:
        check_save_test(options, "--test")
    refuse_loaded([options.object], "fuzz", "a search changes maps, and those that are loaded are somebody's")
    spec = open_spec(options)
    if options.test is not None and (is_recording(options.object) or not os.path.isfile(spec.file)):
        raise UsageError(f"--test: a test loads its object from a file, and {options.object} is none")
    name = spec.program(options.program).name
    part = spec.subset(maps=set(), programs={name}, variables=set())
    types = target_types(options)

    def begin() -> Search:
        return Search(part, name, seed=options.seed, returns=options.returns, types=types)

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
    inputs = fewest(found.corpus, begin)
    if options.pcap is not None:
        _write_capture(options.pcap, parts, inputs)
    if options.test is not None:
        _write_test(options, spec, parts, inputs, found)
    files = _covered(part, name, begin, inputs)
    if options.json:
        print_json(_json(spec.file, name, options.seed, found, parts, inputs))
    else:
        write_lines(_told(name, found, inputs, files))
        for path in (options.pcap, options.test):
            if path is not None:
                complain(f"written: {path}")
    if told:
        raise KeyboardInterrupt
    return ExitCode.OK


def _check(option: str, path: str) -> None:
    """Raise what will keep a file from being written: after an hour's search it would be late."""
    try:
        check_place(path)
    except OSError as error:
        raise ObjectError(f"{option}: it cannot be written: {error.strerror}", file=path) from error


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


def _write_capture(path: str, parts: Sequence[Part], inputs: Sequence[Input]) -> None:
    from ...core.fuzz.inputs import Kind
    from ...core.traffic import CaptureWriter

    with CaptureWriter(path) as writer:
        for number, given in enumerate(inputs):
            for part, raw in zip(parts, given, strict=True):
                if part.kind is Kind.PACKET and raw is not None:
                    writer.write(number * 1_000_000, raw)


def _write_test(
    options: Any, spec: CollectionSpec, parts: Sequence[Part], inputs: Sequence[Input], found: Found
) -> None:
    """Write the inputs as a test, with what the fixture `bpf` sees the program return."""
    from ...core.fuzz.inputs import Kind
    from ...core.fuzz.written import written
    from ...core.testing.bpf import Bpf

    loaded: dict[str, Any] = {}
    if values := {name: each.get() for name, each in spec.variables.items() if each.changed}:
        loaded["set"] = values
    if options.btf is not None:
        loaded["btf"] = os.path.abspath(options.btf)
    told: list[tuple[Input, int | None]] = []
    with Bpf() as bpf:
        obj = bpf.load(spec.file, programs=[options.program], **loaded)
        for given in inputs:
            packet = context = None
            for part, raw in zip(parts, given, strict=True):
                if part.kind is Kind.PACKET:
                    packet = raw
                elif part.kind is Kind.CONTEXT:
                    context = raw
                elif raw is not None:
                    key = bytes(4) if part.kind is Kind.SECTION else raw[: part.key_size]
                    try:
                        obj.maps[part.name][key] = raw if part.kind is Kind.SECTION else raw[part.key_size :]
                    except (BpftuiError, KeyError):  # it was not there in the search either
                        given = tuple(None if each is part else held for each, held in zip(parts, given, strict=True))
            try:
                told.append((given, int(obj.program(options.program).run(packet, ctx=context).retval)))
            except BpftuiError:
                told.append((given, None))
    says = (
        f"Inputs of {options.program} that reach {found.outcomes} of {found.all_outcomes} outcomes of its jumps, "
        f"found by bpftui fuzz --seed {options.seed}"
    )
    lines = written(spec.file, options.program, parts, told, test=options.test, says=says, options=loaded)
    try:
        write_whole(options.test, (f"{line}\n" for line in lines), replace=False)
    except OSError as error:
        raise ObjectError(f"the test cannot be written: {error.strerror}", file=options.test) from error


def _covered(
    spec: CollectionSpec, name: str, begin: Callable[[], Search], inputs: Sequence[Input]
) -> list[FileCoverage]:
    """Return what the inputs reach, by C lines."""
    from ...core.coverage.gathered import Gathered
    from ...core.coverage.lines import covered

    gathered = Gathered()
    with begin() as search:
        program = search.target.program
        program.count()
        for given in inputs:
            search.run(given)
        if (counts := program.counts) is not None:
            gathered.add(program.spec, search.collection.spec, counts)
    return covered(gathered, [spec], program=name)


def _told(name: str, found: Found, inputs: Sequence[Input], files: Sequence[FileCoverage]) -> Iterator[str]:
    """Yield what was found, and what was not reached."""
    from ...core.coverage.text import percent, summary

    share = percent(found.outcomes, found.all_outcomes)
    yield (
        f"{name}: {found.outcomes:,} of {found.all_outcomes:,} outcomes of jumps ({share}) in {found.seconds:.1f} s "
        f"and {counted(found.runs, 'run')}; {counted(len(inputs), 'input')} reach them"
    )
    for finding in found.findings:
        yield f"stopped: {finding.message}"
    yield from summary(files)


def _json(
    file: str, name: str, seed: int, found: Found, parts: Sequence[Part], inputs: Sequence[Input]
) -> dict[str, Any]:
    def told(given: Input) -> dict[str, str]:
        return {
            " ".join(filter(None, (part.kind.value, part.name))): raw.hex()
            for part, raw in zip(parts, given, strict=True)
            if raw is not None
        }

    return {
        "schema": SCHEMA,
        "file": file,
        "program": name,
        "seed": seed,
        "seconds": round(found.seconds, 3),
        "runs": found.runs,
        "outcomes": {"reached": found.outcomes, "of": found.all_outcomes},
        "inputs": [told(given) for given in inputs],
        "stopped": [{"message": each.message, "input": told(each.given)} for each in found.findings],
    }
