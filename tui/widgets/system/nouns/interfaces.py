"""Interfaces and network namespaces, with the programs on the way of a packet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from .....core.system.model import WAYS
from ....targets import Thing
from ....text.inventory import few, name_of
from ..column import Cell, Column
from ..noun import Fact, Noun
from ..steps import runs_here
from .cells import NOTHING, missing_note
from .columns import runs_column

if TYPE_CHECKING:
    from .....core.system import Interface, NetworkNamespace
    from .....core.system.history import Seen

__all__ = ["INTERFACES", "Way", "link_state", "namespace_name", "ways_of"]


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
    def title(self) -> str:
        """What it is called among all: `eth1`, `v0 in blue`, `namespace blue`."""
        if self.interface is None:
            return "bpftui's own namespace" if self.namespace.own else f"namespace {self.name}"
        return self.name if self.namespace.own else f"{self.name} in {self.namespace.label}"

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


def link_state(interface: Interface, *, addresses: bool = True) -> str:
    """Return how an interface is doing: `up · MTU 1,500 · 192.0.2.7/24 · carries the default route`.

    Args:
        interface: Which.
        addresses: Whether to name two of its addresses.
    """
    parts = ["up" if interface.up else "down", f"MTU {interface.mtu:,}"]
    if addresses:
        parts += interface.addresses[:2]
        if len(interface.addresses) > 2:
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
        facts.append(Fact("kind", f"{interface.kind}, index {interface.ifindex}"))
        facts.append(Fact("state", link_state(interface, addresses=False)))
        facts += [Fact("address", each) for each in interface.addresses]
    inode = f"net:[{namespace.inode}]"
    where = ", ".join(dict.fromkeys(("that of bpftui" if namespace.own else namespace.label, inode)))
    facts.append(Fact("namespace", where, Thing("net", (namespace.inode, 0)) if namespace.hooks else None))
    hooks = (namespace if interface is None else interface).hooks
    facts += [
        Fact(_hook_label(hook.name), name_of(seen.snapshot, each.program), Thing("prog", each.program))
        for hook in hooks
        for each in hook.attached
    ]
    if not hooks:
        facts.append(Fact("programs", "none are attached here", role="muted"))
    return facts + [Fact("inside", f"{each.comm} {each.pid}", Thing("proc", each.pid)) for each in namespace.processes]


def _hook_label(name: str) -> str:
    """Return a hook's name in the room of a label: `tcx in`, `clsact out`."""
    hook, _, way = name.rpartition("_")
    return f"{hook} {WAYS[way]}" if way in WAYS else name


def _first_programs(seen: Seen, way: Way) -> Cell:
    programs = way.programs
    if not programs:
        return NOTHING
    text = few([name_of(seen.snapshot, each) for each in programs])
    return Cell(f"▲ {text}", "link", thing=Thing("prog", programs[0]))


def _namespace(_: Seen, way: Way) -> Cell:
    namespace = way.namespace
    short = f"[{namespace.inode}]" if namespace.label.startswith("net:[") else ""
    return Cell(namespace_name(namespace), "muted" if namespace.own else "", short=short)


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
            _namespace,
            lambda _, way: (not way.namespace.own, namespace_name(way.namespace)),
            least=12,
            most=28,
        ),
        Column(
            "kind",
            lambda _, way: NOTHING if way.interface is None else Cell(way.interface.kind),
            lambda _, way: way.interface.kind if way.interface else None,
            least=6,
            drop=2,
        ),
        Column(
            "state",
            lambda _, way: NOTHING if way.interface is None else Cell("up" if way.interface.up else "down"),
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
        runs_column(lambda each: each.programs),
        Column(
            "addresses",
            lambda _, way: (
                Cell(few(list(way.interface.addresses)) if way.interface else "") if way.interface else NOTHING
            ),
            lambda _, way: way.interface.addresses if way.interface else None,
            least=12,
            most=40,
            drop=5,
        ),
    ),
    ways_of,
    lambda way: way.title,
    _interface_about,
    lambda _: "",
    ordered_by=4,
    empty="there are no interfaces that could be looked at",
    note=missing_note,
)
