"""What `bpftui debug` and `bpftui dap` debug: a recording, as their options tell it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from ....core.context.values import parse_context
from ....core.errors import UsageError
from ....core.references import parse_loaded
from ..common import (
    add_machine,
    add_object,
    add_settings,
    add_target,
    check_cflags,
    configured,
    machine_options,
    read_object,
    target_types,
    warn,
)
from ..run_input import add_run_input, parse_data
from .loaded import capturing, loaded_maps, name_loaded, restored_program, take_packets

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....core.debug import Call, Recording
    from ....core.spec import CollectionSpec
    from ....core.system.loaded import LoadedSpec
    from ..parser import Parser

__all__ = ["add_calls", "recording_of"]

_MOST_STEPS: Final = 1 << 28
"""Of one run: what a recording can say (`bpftui.core.debug.recording`)."""


def add_calls(parser: Parser) -> None:
    """Add the object, the program, and what its runs are given."""
    add_object(parser)
    parser.add_argument("program", metavar="PROGRAM", nargs="?", help="which one; a recording names it itself")
    add_settings(parser)
    parser.add_argument(
        "--behind",
        metavar="PROGRAM",
        action="append",
        default=[],
        help="a program that the packet comes to next, if the one before lets it pass: XDP, then packet sockets, "
        "traffic control, control groups; again for the one behind it",
    )
    add_run_input(parser)
    parser.add_argument("--pcap", metavar="FILE", help="one run on each packet of a capture; maps carry over")
    parser.add_argument(
        "--steps",
        metavar="N",
        type=int,
        help=f"stop a run after so many steps, not 33,554,432; at most {_MOST_STEPS:,}, for which 1 GiB is kept",
    )
    parser.set_defaults(maps=None, capture=None, until=None)
    add_machine(parser)
    add_target(parser)


def recording_of(options: Any, say: Callable[[str], None] = warn) -> Recording:
    """Return the recording that OBJECT is, or one of the program in it; *say* is told what is left out."""
    brought = [each for each in ("pcap", "capture") if getattr(options, each) is not None]
    if brought and (options.data is not None or options.ctx is not None):
        raise UsageError(f"--{brought[0]} brings the packets, one run for each: it goes with neither --data nor --ctx")
    if len(brought) > 1:
        raise UsageError("--pcap and --capture both bring the packets")
    if options.steps is not None and not 1 <= options.steps <= _MOST_STEPS:
        raise UsageError(f"--steps {options.steps:,} is not between 1 and {_MOST_STEPS:,}")
    options.runtime = "vm"
    if parse_loaded(options.object) is not None:
        spec, name = restored_program(options)
        return _recording(spec, name, spec.raw, spec, options, say)
    from ....core.debug import Recording
    from ....core.debug.recording import is_recording
    from ....core.spec import CollectionSpec

    # Once: what comes through a pipe is not there a second time.
    check_cflags(options)
    raw = read_object(options.object, options.cflags, say)
    if is_recording(raw):
        given = (options.data, options.ctx, options.pcap, options.btf, options.preset, options.steps)
        said = (options.behind, options.settings, options.returns, options.memory)
        if any(each is not None for each in given) or any(said):
            raise UsageError(f"{options.object} is a recording: it has what its runs are given, and what is set")
        found = Recording.from_bytes(raw, file=options.object)
        if options.program not in (None, found.program):
            raise UsageError(f"{options.object} is a recording of {found.program}, not of {options.program}")
        return found
    if options.program is None:
        raise UsageError("debug takes the name of a program behind the object", hint="bpftui show lists them")
    spec = configured(CollectionSpec.from_bytes(raw, file=options.object), options, say)
    spec.program(options.program)
    where = cast("str | None", options.maps)
    if where is None:
        if options.capture is not None:
            raise UsageError("--capture takes packets that reach what is loaded", hint="--maps id:42 says what that is")
        return _recording(spec, options.program, raw, None, options, say)
    if parse_loaded(where) is None:
        raise UsageError(f"--maps takes what is loaded, and not {where!r}", hint="id:42, map:7, a name, a pin")
    return _recording(spec, options.program, raw, name_loaded(where), options, say)


def _recording(
    spec: CollectionSpec,
    program: str,
    raw: bytes | None,
    loaded: LoadedSpec | None,
    options: Any,
    say: Callable[[str], None],
) -> Recording:
    """Return a recording of a program, whose maps hold what those of *loaded* hold."""
    from ....core.debug import Recording

    begun = partial(
        Recording.of,
        spec,
        program,
        object_=raw,
        behind=options.behind,
        settings=machine_options(options).get("settings"),
        target=target_types(options),
        asks_memory=True,
    )
    if loaded is None:
        found = begun(_calls(options, say))
        found.limit_steps(options.steps)
        return found
    count = cast("int | None", options.capture)
    calls = () if count is not None else _calls(options, say)
    with capturing(loaded, program, count) as source:
        contents, cpus = loaded_maps(spec, (program, *options.behind), loaded, options, say)
        found = begun(calls)
        found.begin_with(contents, cpus)
        found.limit_steps(options.steps)
        if source is not None and count is not None:
            take_packets(found, source, count, options.until)
    return found


def _calls(options: Any, say: Callable[[str], None]) -> list[Call]:
    """Return what the runs are given."""
    from ....core.debug import Call
    from ....core.debug.calls import captured_calls

    if options.pcap is not None:
        return captured_calls(options.pcap, say)
    data = None if options.data is None else parse_data(options.data)
    return [Call(data, None if options.ctx is None else parse_context(options.ctx))]
