"""Where programs are attached to, and how a user writes that down: `eth0,generic`, a control group, a tracepoint."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final, NamedTuple

from ..errors import UsageError
from ..uapi import ProgramType

if TYPE_CHECKING:
    from .program import ProgramSpec

__all__ = ["SANDBOX", "Place", "TargetText", "parse_attachment", "parse_target", "place_of"]

SANDBOX: Final = "sandbox"
"""The target that means a sandbox made for it; it hides an interface of that name."""

_T = ProgramType


class Place(enum.Enum):
    """What programs of a type are attached to; the value is what a user is told to name."""

    INTERFACE = "an interface (eth0), or `sandbox`"
    NAMESPACE = "nothing for the network namespace of this process, the path of another one, or `sandbox`"
    CGROUP = "the directory of a control group: /sys/fs/cgroup/NAME"
    SECTION = "nothing: its section says where"
    EVENT = "a performance event: cpu-clock, or cpu-clock,freq=99"
    MAP = "a map of sockets (sockmap, sockhash) of the same object"
    NOWHERE = "nothing: it is called by others, or run"


_PLACES: Final = {
    Place.INTERFACE: (_T.XDP, _T.SCHED_CLS, _T.SOCKET_FILTER),
    Place.NAMESPACE: (_T.SK_LOOKUP, _T.FLOW_DISSECTOR, _T.NETFILTER),
    Place.CGROUP: (
        _T.CGROUP_SKB,
        _T.CGROUP_SOCK,
        _T.CGROUP_SOCK_ADDR,
        _T.CGROUP_SOCKOPT,
        _T.CGROUP_SYSCTL,
        _T.CGROUP_DEVICE,
        _T.SOCK_OPS,
    ),
    Place.SECTION: (
        _T.KPROBE,
        _T.TRACEPOINT,
        _T.RAW_TRACEPOINT,
        _T.RAW_TRACEPOINT_WRITABLE,
        _T.TRACING,
        _T.LSM,
        _T.EXT,
    ),
    Place.EVENT: (_T.PERF_EVENT,),
    Place.MAP: (_T.SK_MSG, _T.SK_SKB),
}
_NAMELESS: Final = (Place.NAMESPACE, Place.SECTION, Place.EVENT)
"""Where a name may be left out."""
_BY_TYPE: Final = {type_: place for place, types in _PLACES.items() for type_ in types}

_ORDER: Final = (("first", "last", "before=WHICH", "after=WHICH"), ("revision=N",))
"""Where programs run in an order: WHICH is one that is there, by its name, its id, or its link's (`link:7`)."""
_OPTIONS: Final[dict[ProgramType, tuple[tuple[str, ...], ...]]] = {
    _T.XDP: (("generic", "native"),),
    _T.SCHED_CLS: (("ingress", "egress"), *_ORDER),
    _T.NETFILTER: (
        ("ipv4", "ipv6"),
        ("prerouting", "input", "forward", "output", "postrouting"),
        ("priority=N",),
    ),
    _T.PERF_EVENT: (("freq=HZ", "period=N"),),
}
"""What may follow a target, after a comma: of each group at most one."""


_OF_PROCESSES: Final = (("pid=N",),)
"""The same of programs that run in functions of programs and libraries."""


class TargetText(NamedTuple):
    """A target as a user types it, taken apart."""

    name: str
    """The interface, path, tracepoint, …; empty for what the section says."""
    options: tuple[str, ...] = ()
    """What follows, in the order given."""


def place_of(program: ProgramSpec) -> Place:
    """Return what *program* is attached to."""
    if program.type == _T.LSM and program.attach_type is not None and program.attach_type.name == "LSM_CGROUP":
        return Place.CGROUP
    return _BY_TYPE.get(program.type, Place.NOWHERE)


def parse_target(program: ProgramSpec, text: str) -> TargetText:
    """Take apart what a user typed as the target of *program*: `eth0`, `sandbox,generic`, `ipv4,input,priority=-10`.

    Raises:
        UsageError: A name is missing, an option is none, or programs of this type are attached to nothing.
    """
    place = place_of(program)
    if place is Place.NOWHERE:
        raise UsageError(
            f"cannot attach program {program.name}: programs of type {program.type.label} are attached to nothing",
            hint="run it instead",
        )
    if not text.strip() and place not in _NAMELESS:
        raise UsageError(f"program {program.name} ({program.type.label}) is attached to {place.value}: say to which")
    groups = _options(program)
    name, *options = _parts(text, groups, of_path=place in (Place.CGROUP, Place.SECTION))
    if place is Place.NAMESPACE and _group_of(name, groups) is not None:
        name, options = "", [name, *options]
    chosen = [_group_of(option, groups) for option in options]
    if (not name and place not in _NAMELESS) or None in chosen or len(set(chosen)) < len(chosen):
        also = "".join(f", with {' or '.join(group)}" for group in groups)
        raise UsageError(
            f"{text!r} is nothing to attach program {program.name} ({program.type.label}) to",
            hint=f"name {place.value}{also}",
        )
    return TargetText(name, tuple(options))


def _options(program: ProgramSpec) -> tuple[tuple[str, ...], ...]:
    """Return what may follow a target of *program*."""
    if place_of(program) is Place.CGROUP:
        return _ORDER
    in_processes = program.pattern.startswith(("uprobe", "uretprobe", "usdt"))
    return _OF_PROCESSES if in_processes else _OPTIONS.get(program.type, ())


def _parts(text: str, groups: tuple[tuple[str, ...], ...], *, of_path: bool) -> list[str]:
    """Return the name and what follows it; paths can have commas themselves, so that behind one only options count."""
    parts = [part.strip() for part in text.split(",")] if groups else [text.strip()]
    options: list[str] = []
    while of_path and len(parts) > 1 and _group_of(parts[-1], groups) is not None:
        options.insert(0, parts.pop())
    return [",".join(parts), *options] if of_path else parts


def _group_of(word: str, groups: tuple[tuple[str, ...], ...]) -> int | None:
    """Return the number of the group that a word is an option of; None for what is none.

    Some take an integer, and those that name one of several things take any text.
    """
    key, equals, value = word.partition("=")
    taken = {f"{key}=WHICH"} if equals and value else set[str]()
    if equals and value.removeprefix("-").isdecimal():
        taken |= {f"{key}=N", f"{key}=HZ"}
    for index, group in enumerate(groups):
        if ("=" not in word and word in group) or not taken.isdisjoint(group):
            return index
    return None


def parse_attachment(text: str) -> tuple[str, str]:
    """Split `PROGRAM=TARGET`, or `PROGRAM` alone, into the program's name and the target's text (see `parse_target`).

    Raises:
        UsageError: There is no program's name, or nothing behind the equals sign.
    """
    program, equals, target = text.partition("=")
    if not program.strip() or (equals and not target.strip()):
        raise UsageError(
            f"{text!r} is not of the form PROGRAM=TARGET",
            hint="for example count_packets=eth0,generic; PROGRAM alone where its section says where",
        )
    return program, target
