"""Run, Flow: what programs did, to be compared; and how what two runtimes did differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..btf import format_value
from .errors import NotHereError

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping

    from ..btf import Value
    from .values import Change, PacketOut, Retval
    from .way import Way

__all__ = ["Changes", "Difference", "Event", "Flow", "Run", "differences"]

_LONGEST: Final = 400
"""Characters of a line that a person is shown."""


class Event(NamedTuple):
    """A record that came out of a ring buffer or a perf event array."""

    map: str
    value: Any
    """Typed by what the program writes there, where that is known; else bytes."""
    raw: bytes


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What programs changed, sent and printed."""

    runtime: str
    """`vm` or `kernel`."""
    maps: Mapping[str, Change]
    """Every map that can be read, before and after; its first 10,000 entries."""
    variables: Mapping[str, tuple[Value, Value]]
    """The variables that were changed: before and after."""
    events: tuple[Event, ...]
    """In the order of each map."""
    printk: tuple[str, ...]

    @property
    def subject(self) -> str:
        """Of which programs, by name."""
        raise NotImplementedError

    @property
    def predicate(self) -> str:
        """What they did in short: `returned XDP_PASS (2)`."""
        raise NotImplementedError

    def lines(self) -> Iterator[str]:
        """Yield what happened, as lines for a person."""
        yield f"{self.subject} {self.predicate} on the {self.runtime} runtime"
        for name, change in self.maps.items():
            if change.is_touched:
                yield _cut(f"  {name}: {change!r}")
        for name, (before, after) in self.variables.items():
            yield _cut(f"  {name}: {format_value(before)} -> {format_value(after)}")
        for event in self.events:
            yield _cut(f"  {event.map}: {format_value(event.value)}")
        for line in self.printk:
            yield f"  printed: {line}"


@dataclass(frozen=True, kw_only=True)
class Run(Changes):
    """What one run of a program did."""

    program: str
    retval: Retval
    packet: PacketOut
    """The packet as the program left it."""
    ctx: dict[str, Any]
    """The fields of the context as the program left it that are not 0; empty where it gives none back."""
    raw_ctx: bytes
    """The same as bytes."""
    duration_ns: int
    counted: Callable[[], int] | None = None
    """Returns how many instructions it took; None where nobody counts."""
    went: Callable[[], Way] | None = None
    """Returns by which C lines it went; None where nobody counts."""

    @property
    def steps(self) -> int:
        """How many instructions it took, those of functions and of programs that it went on with among them.

        Raises:
            NotHereError: It ran in the kernel, which does not count.
        """
        if self.counted is None:
            raise NotHereError("the kernel does not count the instructions of a run: steps are the built-in machine's")
        return self.counted()

    @property
    def subject(self) -> str:
        """The program."""
        return self.program

    @property
    def predicate(self) -> str:
        """What it returned."""
        return f"returned {self.retval!r}"

    def __repr__(self) -> str:
        return f"<Run of {self.program}: {self.retval!r}>"

    def lines(self) -> Iterator[str]:
        """Yield what it did, as lines for a person, with the C lines that ran."""
        found = super().lines()
        yield next(found)
        if self.went is not None:
            way = self.went()
            if way.returned:
                yield _cut(f"  what it returned was set at {way.returned}")
            if way.lines:
                yield _cut(f"  ran {way.lines}")
        yield from found


@dataclass(frozen=True, kw_only=True)
class Flow(Changes):
    """What attached programs did with what was sent to them."""

    programs: tuple[str, ...]
    sent: int
    """How many packets; of programs that take none, how many calls."""

    @property
    def subject(self) -> str:
        """The programs."""
        return ", ".join(self.programs)

    @property
    def predicate(self) -> str:
        """How much was sent to them."""
        return f"saw {self.sent:,} sent"

    def __repr__(self) -> str:
        return f"<Flow of {self.sent:,} through {self.subject}>"


def _cut(line: str) -> str:
    """Return a line, without its end where that is long."""
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}… ({len(line) - _LONGEST:,} more characters)"


class Difference(NamedTuple):
    """Something that two runtimes did differently."""

    where: str
    """As it is named where it may differ: `returned`, `sources.last_seen`, `events.time`, `ctx.mark`, `packet`."""
    text: str
    """What each did, as a line for a person."""


def differences(one: Changes, other: Changes, may_differ: Container[str] = ()) -> list[Difference]:
    """Return what two runtimes did differently.

    Args:
        one: A run, or a flow, on one of them.
        other: The same on the other.
        may_differ: What is not compared: `sources`, `sources.last_seen`, `events.time`, `ctx.mark`, `packet`, `printk`.
    """
    found: list[Difference] = []

    def compare(what: str, where: str, first: Value | None, second: Value | None) -> None:
        """Compare two values leaf by leaf; *where* is *what* without keys and indices."""
        if where in may_differ or first == second:
            return
        if isinstance(first, dict) and isinstance(second, dict) and first.keys() == second.keys():
            for name in first:
                compare(f"{what}.{name}", f"{where}.{name}", first[name], second[name])
        elif isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
            for index, (mine, yours) in enumerate(zip(first, second, strict=True)):
                compare(f"{what}[{index}]", where, mine, yours)
        else:
            text = f"{what}: {_shown(first)} ({one.runtime}), {_shown(second)} ({other.runtime})"
            found.append(Difference(where, text))

    if isinstance(one, Run) and isinstance(other, Run):
        compare("returned", "returned", repr(one.retval), repr(other.retval))
        if one.packet != other.packet and "packet" not in may_differ:
            found += [
                Difference("packet", f"packet, {line} ({one.runtime}, {other.runtime})")
                for line in one.packet.unlike(other.packet)
            ]
        compare("ctx", "ctx", one.ctx, other.ctx)
    for name in dict.fromkeys((*one.maps, *other.maps)):
        first, second = one.maps.get(name), other.maps.get(name)
        if first is None or second is None:
            if name not in may_differ:
                reader = (one if second is None else other).runtime
                found.append(Difference(name, f"{name}: only the {reader} runtime can read it"))
        elif first.is_touched or second.is_touched:  # else both held the same before
            mine, yours = ({format_value(key): value for key, value in each.after.items()} for each in (first, second))
            for key in dict.fromkeys((*mine, *yours)):
                compare(f"{name}[{key}]", name, mine.get(key), yours.get(key))
    for name in dict.fromkeys((*one.variables, *other.variables)):
        compare(name, name, *(run.variables.get(name, (None, None))[1] for run in (one, other)))
    for name in dict.fromkeys(event.map for event in (*one.events, *other.events)):
        compare(name, name, *([event.value for event in run.events if event.map == name] for run in (one, other)))
    compare("printk", "printk", list(one.printk), list(other.printk))
    return found


def _shown(value: Value | None) -> str:
    return _cut("nothing" if value is None else value if isinstance(value, str) else format_value(value))
