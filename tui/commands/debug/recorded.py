"""What `bpftui debug` and `bpftui dap` debug: a recording, as their options tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from ....core.context.values import parse_context
from ....core.errors import UsageError
from ....core.references import parse_loaded, refuse_loaded
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
    from collections.abc import Callable, Mapping

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
    refuse_loaded(
        [options.object],
        "debug",
        "its code is what the verifier made of it: give the object file, and what its maps hold with --maps",
    )
    from ....core.debug import Call, Recording
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
    if options.pcap is not None:
        calls = _captured(options.pcap, say)
    else:
        data = None if options.data is None else parse_data(options.data)
        calls = [Call(data, None if options.ctx is None else parse_context(options.ctx))]
    settings = machine_options(options).get("settings")
    contents, cpus = _loaded_contents(spec, options, say)
    found = Recording.of(
        spec,
        options.program,
        calls,
        object_=raw,
        contents=contents,
        settings=settings,
        target=target_types(options),
    )
    if cpus is not None:
        found.settings = found.settings._replace(cpus=cpus)
    return found


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
