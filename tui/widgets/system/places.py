"""Where programs run, and who holds them: the tables of interfaces and of processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ...targets import Thing
from ...text.format import counted, rate
from ...text.inventory import few, name_of
from .column import Cell, Column
from .noun import Fact, Noun
from .steps import runs_here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ....core.system import Interface, NetworkNamespace, ProcessEntry
    from ....core.system.history import Seen

__all__ = ["INTERFACES", "PROCESSES", "Way", "link_state", "namespace_name", "ways_of"]

_NOTHING: Final = Cell("–", "muted")


def _plain_note(seen: Seen) -> str:
    return " · ".join(f"? = unknown: {each}" for each in seen.snapshot.missing[:1])


def _sum(seen: Seen, programs: Iterable[int]) -> float | None:
    """Return what programs run a second; None before that is known, or where there are none."""
    loads = [load for each in programs if (load := seen.look.loads.get(each)) is not None]
    return sum(load.runs_per_s for load in loads) if loads else None


def _runs(seen: Seen, programs: Sequence[int]) -> Cell:
    total = _sum(seen, programs)
    return _NOTHING if total is None else Cell(rate(total), "" if total else "muted", moved=total > 0)


# Interfaces


class Way(NamedTuple):
    """An interface in its network namespace, or the namespace itself."""

    namespace: NetworkNamespace
    interface: Interface | None
    """None for what a packet meets in the namespace on whichever interface it comes."""

    @property
    def key(self) -> tuple[int, int]:
        """The inode of the namespace, and the interface's index; 0 for the namespace."""
        return self.namespace.inode, 0 if self.interface is None else self.interface.ifindex

    @property
    def name(self) -> str:
        """The interface's, or the namespace's."""
        return namespace_name(self.namespace) if self.interface is None else self.interface.name

    @property
    def programs(self) -> list[int]:
        """What runs there, each once."""
        return runs_here((self.namespace if self.interface is None else self.interface).hooks)


def namespace_name(namespace: NetworkNamespace) -> str:
    """Return what a network namespace is called: `own`, the name of its mount, or its inode."""
    return namespace.label or "own"


def ways_of(seen: Seen) -> dict[tuple[int, int], Way]:
    """Return all interfaces by their keys, and the namespaces that have programs themselves."""
    found: dict[tuple[int, int], Way] = {}
    for namespace in seen.snapshot.namespaces:
        for interface in namespace.interfaces:
            found[namespace.inode, interface.ifindex] = Way(namespace, interface)
        if namespace.hooks:
            found[namespace.inode, 0] = Way(namespace, None)
    return found


def link_state(interface: Interface) -> str:
    """Return how an interface is doing: `up · MTU 1,500 · 192.0.2.7/24 · carries the default route`."""
    parts = ["up" if interface.up else "down", f"MTU {interface.mtu:,}"]
    parts += interface.addresses[:2]
    if len(interface.addresses) > len(parts) - 2:
        parts.append(f"+{len(interface.addresses) - 2}")
    return " · ".join([*parts, *["carries the default route"] * interface.default_route])


def _hooks_text(way: Way) -> str:
    hooks = (way.namespace if way.interface is None else way.interface).hooks
    names = dict.fromkeys(hook.name for hook in hooks)
    counts = {name: sum(len(hook.attached) for hook in hooks if hook.name == name) for name in names}
    return few([f"{name} {count}" if count > 1 else name for name, count in counts.items()])


def _interface_about(seen: Seen, way: Way) -> list[Fact]:
    interface, namespace = way.interface, way.namespace
    facts: list[Fact] = []
    if interface is not None:
        facts += [Fact("kind", f"{interface.kind}, index {interface.ifindex}"), Fact("state", link_state(interface))]
        facts += [Fact("address", each) for each in interface.addresses]
    where = f"{namespace_name(namespace)}, net:[{namespace.inode}]"
    facts.append(Fact("namespace", where, Thing("net", (namespace.inode, 0)) if namespace.hooks else None))
    hooks = (namespace if interface is None else interface).hooks
    facts += [
        Fact(hook.name.removesuffix("gress")[:10], name_of(seen.snapshot, each.program), Thing("prog", each.program))
        for hook in hooks
        for each in hook.attached
    ]
    if not hooks:
        facts.append(Fact("programs", "none are attached here", role="muted"))
    return facts + [Fact("inside", f"{each.comm} {each.pid}", Thing("proc", each.pid)) for each in namespace.processes]


def _first_programs(seen: Seen, way: Way) -> Cell:
    programs = way.programs
    if not programs:
        return _NOTHING
    text = few([name_of(seen.snapshot, each) for each in programs])
    return Cell(f"▲ {text}", "link", thing=Thing("prog", programs[0]))


INTERFACES: Final[Noun[Way]] = Noun(
    "net",
    "interfaces",
    (
        Column(
            "interface",
            lambda _, way: Cell(way.name if way.interface is not None else "(all of it)", "link"),
            lambda _, way: way.name,
            least=10,
            most=24,
        ),
        Column(
            "namespace",
            lambda _, way: Cell(namespace_name(way.namespace), "muted" if way.namespace.own else ""),
            lambda _, way: (not way.namespace.own, namespace_name(way.namespace)),
            least=9,
            most=28,
        ),
        Column(
            "kind",
            lambda _, way: _NOTHING if way.interface is None else Cell(way.interface.kind),
            lambda _, way: way.interface.kind if way.interface else None,
            least=6,
            drop=2,
        ),
        Column(
            "state",
            lambda _, way: _NOTHING if way.interface is None else Cell("up" if way.interface.up else "down"),
            lambda _, way: way.interface.up if way.interface else None,
            least=5,
            drop=3,
        ),
        Column(
            "programs",
            lambda _, way: Cell(str(len(way.programs)), "" if way.programs else "muted"),
            lambda _, way: len(way.programs) or None,
            True,
            8,
        ),
        Column("in order", _first_programs, lambda seen, way: _first_programs(seen, way).text, least=16, most=48),
        Column("hooks", lambda _, way: Cell(_hooks_text(way) or "–"), lambda _, way: _hooks_text(way), least=8, drop=4),
        Column(
            "runs/s",
            lambda seen, way: _runs(seen, way.programs),
            lambda seen, way: _sum(seen, way.programs),
            True,
            9,
            is_found=False,
        ),
        Column(
            "addresses",
            lambda _, way: (
                Cell(few(list(way.interface.addresses)) if way.interface else "") if way.interface else _NOTHING
            ),
            lambda _, way: way.interface.addresses if way.interface else None,
            least=12,
            most=40,
            drop=5,
        ),
    ),
    ways_of,
    lambda way: f"{way.name} in {namespace_name(way.namespace)}" if way.interface else f"namespace {way.name}",
    _interface_about,
    lambda _: "",
    ordered_by=4,
    empty="there are no interfaces that could be looked at",
    note=_plain_note,
)


# Processes


def _unit(each: ProcessEntry) -> str:
    """Return what a process belongs to: its container, else the unit that its control group is of."""
    if each.container:
        return each.container
    return next((part for part in reversed(each.unit.split("/")) if "." in part), each.unit)


def _process_about(seen: Seen, each: ProcessEntry) -> list[Fact]:
    snapshot = seen.snapshot
    inner = "" if each.inner_pid == each.pid else f", {each.inner_pid} in its own pid namespace"
    facts = [
        Fact("command", each.command or f"[{each.comm}]"),
        Fact("pid", f"{each.pid}{inner}"),
        Fact("uid", "?" if each.uid is None else str(each.uid)),
    ]
    facts += [Fact("container", each.container)] if each.container else []
    listed = any(group.path == each.unit for group in snapshot.control_groups)
    facts += [Fact("cgroup", each.unit, Thing("cgroup", each.unit) if listed else None)] if each.unit else []
    facts += [Fact("mounts", f"mnt:[{each.mounts}]")] if each.mounts else []
    for number in each.programs:
        found = snapshot.programs.get(number)
        kind = f"  {found.type}" if found else ""
        facts.append(Fact("program", f"{name_of(snapshot, number)}{kind}", Thing("prog", number)))
    for number in each.maps:
        map_ = snapshot.maps.get(number)
        facts.append(Fact("map", f"{number} {map_.name}  {map_.type}" if map_ else str(number), Thing("map", number)))
    for number in each.links:
        link = snapshot.links.get(number)
        text = f"{number} {link.type} {link.target}".rstrip() if link else str(number)
        facts.append(Fact("link", text, Thing("link", number)))
    return facts + [Fact("types", f"BTF {number}", Thing("btf", number)) for number in each.btfs]


def _amount(title: str, numbers: Callable[[ProcessEntry], tuple[int, ...]], *, drop: int = 0) -> Column[ProcessEntry]:
    def cell(_: Seen, each: ProcessEntry) -> Cell:
        count = len(numbers(each))
        return Cell(f"{count:,}", "" if count else "muted")

    return Column(title, cell, lambda _, each: len(numbers(each)), True, len(title), drop=drop, is_found=False)


def _processes(seen: Seen) -> Mapping[Any, ProcessEntry]:
    return seen.snapshot.processes


PROCESSES: Final[Noun[ProcessEntry]] = Noun(
    "proc",
    "processes",
    (
        Column("PID", lambda _, each: Cell(str(each.pid)), lambda _, each: each.pid, True, 6),
        Column(
            "inside",
            lambda _, each: Cell(str(each.inner_pid)) if each.inner_pid != each.pid else _NOTHING,
            lambda _, each: each.inner_pid,
            True,
            6,
            drop=3,
        ),
        Column("name", lambda _, each: Cell(each.comm, "link"), lambda _, each: each.comm, least=10, most=16),
        Column(
            "container or unit",
            lambda _, each: Cell(_unit(each) or "–", "" if each.unit else "muted"),
            lambda _, each: _unit(each) or None,
            least=14,
            most=32,
        ),
        _amount("progs", lambda each: each.programs),
        _amount("maps", lambda each: each.maps),
        _amount("links", lambda each: each.links, drop=1),
        Column(
            "runs/s",
            lambda seen, each: _runs(seen, each.programs),
            lambda seen, each: _sum(seen, each.programs),
            True,
            9,
            is_found=False,
        ),
        Column(
            "command",
            lambda _, each: Cell(each.command or f"[{each.comm}]"),
            lambda _, each: each.command or each.comm,
            least=16,
            most=80,
            drop=2,
        ),
    ),
    _processes,
    lambda each: f"{each.comm} {each.pid}",
    _process_about,
    lambda _: "",
    ordered_by=4,
    empty="no process has a program, a map or a link open",
    note=lambda seen: (
        _plain_note(seen) or f"{counted(len(seen.snapshot.processes), 'process')} with programs, maps or links open"
    ),
)
