"""What `bpftui debug` and `bpftui dap` debug: a recording, as their options tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from ....core.context.values import parse_context
from ....core.errors import UsageError
from ....core.references import parse_loaded
from ..common import (
    Parser,
    add_machine,
    add_object,
    add_settings,
    add_target,
    configured,
    machine_options,
    read_loaded,
    target_types,
    warn,
)
from ..run.command import parse_data

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ....core.debug import Call, Recording
    from ....core.debug.recording import Entries
    from ....core.spec import CollectionSpec

__all__ = ["add_calls", "recording_of"]

_MOST_PACKETS: Final = 100_000
"""Packets of a capture that one session has as runs."""


def add_calls(parser: Parser) -> None:
    """Add the object, the program, and what its runs are given."""
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
    add_machine(parser)
    add_target(parser)


def recording_of(options: Any, say: Callable[[str], None] = warn) -> Recording:
    """Return the recording that OBJECT is, or one of the program in it; *say* is told what is left out."""
    if options.pcap is not None and (options.data is not None or options.ctx is not None):
        raise UsageError("--pcap brings the packets, one run for each: it goes with neither --data nor --ctx")
    options.runtime = "vm"
    if parse_loaded(options.object) is not None:
        return _of_loaded(options, say)
    from ....core.debug import Recording
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
    spec = configured(CollectionSpec.from_bytes(raw, file=options.object), options, say)
    spec.program(options.program)
    calls = _calls(options, say)
    entries, cpus = _loaded_contents(spec, options, say)
    return _recording(spec, options.program, calls, raw, entries, cpus, options)


def _recording(
    spec: CollectionSpec,
    program: str,
    calls: Sequence[Call],
    raw: bytes,
    contents: Mapping[str, Entries],
    cpus: int | None,
    options: Any,
) -> Recording:
    from ....core.debug import Recording

    settings, target = machine_options(options).get("settings"), target_types(options)
    found = Recording.of(spec, program, calls, object_=raw, settings=settings, target=target)
    found.begin_with(contents, cpus)
    return found


def _calls(options: Any, say: Callable[[str], None]) -> list[Call]:
    """Return what the runs are given."""
    from ....core.debug import Call

    if options.pcap is not None:
        return _captured(options.pcap, say)
    data = None if options.data is None else parse_data(options.data)
    return [Call(data, None if options.ctx is None else parse_context(options.ctx))]


def _of_loaded(options: Any, say: Callable[[str], None]) -> Recording:
    """Return a recording of a program that is loaded, whose maps hold what they hold now."""
    from ....core.system.contents import loaded_contents
    from ....core.system.loaded import LoadedSpec
    from ....core.system.restored import restored

    where: str = options.object
    if getattr(options, "maps", None) is not None:
        raise UsageError(f"the maps of {where} are its own: --maps goes with an object file")
    if options.btf is not None:
        raise UsageError(f"{where} is adapted to this kernel already: --btf goes with an object file")
    loaded = read_loaded(where)
    assert isinstance(loaded, LoadedSpec)
    name = _one_program(loaded, where, options.program)
    spec = restored(loaded, name)
    assert spec.raw is not None
    calls = _calls(options, say)
    found = loaded_contents(spec, spec.programs[name].linked.maps, spec, say)
    contents = dict(found.entries)
    if options.settings:
        configured(spec, options, say)
        for each in spec.variables.values():
            if each.changed and each.map.name in contents:
                contents[each.map.name] = [(bytes(each.map.key_size), bytes(each.map.data or b""))]
    return _recording(spec, name, calls, spec.raw, contents, found.cpus, options)


def _one_program(spec: CollectionSpec, where: str, name: str | None) -> str:
    """Return the program of what is loaded that is meant."""
    if name is not None:
        return spec.program(name).name
    if len(spec.programs) == 1:
        return next(iter(spec.programs))
    if not spec.programs:
        raise UsageError(f"{where} is no program that could be run", hint="bpftui list prog shows those that there are")
    raise UsageError(f"{where} has several programs: {', '.join(spec.programs)}", hint="name one behind it")


def _loaded_contents(
    spec: CollectionSpec, options: Any, say: Callable[[str], None]
) -> tuple[Mapping[str, Entries], int | None]:
    """Return what maps hold where `--maps` says that they are loaded, and on how many CPUs; nothing without it."""
    where = cast("str | None", getattr(options, "maps", None))  # `bpftui dap` has no such option
    if where is None:
        return {}, None
    from ....core.system.contents import loaded_contents
    from ....core.system.loaded import LoadedSpec

    if parse_loaded(where) is None:
        raise UsageError(f"--maps takes what is loaded, and not {where!r}", hint="id:42, map:7, a name, a pin")
    loaded = read_loaded(where)
    assert isinstance(loaded, LoadedSpec)
    used = spec.subset(maps=set(), programs={options.program}, variables=set())
    found = loaded_contents(spec, used.maps, loaded, say)
    if not found.entries and not found.constants:
        raise UsageError(f"{where} has no map that {options.program} uses")
    return found.entries, found.cpus


def _captured(path: str, say: Callable[[str], None]) -> list[Call]:
    """Return a run for each packet of a capture."""
    from ....core.debug import Call
    from ....core.traffic import Capture

    calls: list[Call] = []
    for packet in Capture(path):
        if len(calls) == _MOST_PACKETS:
            say(f"{path} has more than {_MOST_PACKETS:,} packets: the others are left out")
            break
        calls.append(Call(packet.frame, origin=f"packet {packet.number} of {path}"))
    if not calls:
        raise UsageError(f"{path} has no packet")
    return calls
