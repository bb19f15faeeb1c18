"""A snapshot of what a machine runs: immutable, with the relations between its parts as ids of one another.

Ids are the kernel's. What could not be read for want of a right is None, and `Snapshot.missing` says which right would
bring it; what a kernel does not tell is None too. Sizes are bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ..kernel.sys.pins import PinKind

__all__ = [
    "WAYS",
    "Attachment",
    "BtfEntry",
    "ControlGroup",
    "Detail",
    "Hook",
    "Interface",
    "LinkEntry",
    "MapEntry",
    "NetworkNamespace",
    "Owner",
    "Pin",
    "ProcessEntry",
    "ProgramEntry",
    "Snapshot",
]

Detail: TypeAlias = int | str | tuple[int, ...] | tuple[str, ...]

WAYS: Final = {"ingress": "in", "egress": "out"}
"""Short words for the ways at an interface."""
_OF_FILES: Final = ("uprobe", "uretprobe")
_NOTHING: Final[Mapping[str, Detail]] = MappingProxyType({})


class Owner(NamedTuple):
    """A process that has an object open."""

    pid: int
    """In the pid namespace of whoever took the snapshot."""
    comm: str


class Attachment(NamedTuple):
    """A program where it runs."""

    program: int
    """Its id; 0 where the kernel does not tell (lwt_in, lwt_out and lwt_xmit of routes)."""
    hook: str
    """`xdp`, `tcx_ingress`, `clsact_egress`, `cgroup_inet_egress`, `netfilter`, `tracepoint`, `kprobe`, …"""
    target: str
    """The interface, control group, namespace, tracepoint, function or file."""
    order: int | None = None
    """Which of those at this hook it is, from 1 on in the order in which they run; None where there is no order."""
    link: int | None = None
    """The link that holds it there; None where it was attached without one."""
    detail: str = ""
    """What else there is to say: `native`, `pref 49152 handle 0x1 direct-action`, `from /system.slice`."""
    owner: Owner | None = None
    """Of perf events: who has it open."""

    def place(self, program_type: str = "", *, whole: bool = True) -> str:
        """Return where it runs, without what the program's type says already, what tells most first.

        `eth1`, `veth3 tcx in 1, net:[4026532178]`, `fentry execve`, `uprobe malloc libc.so.6+0x9f450`.

        Args:
            program_type: The label of the program's type.
            whole: Whether the network namespace is said as well, where it is another one.
        """
        hook, _, way = self.hook.partition("_")
        target, _, namespace = self.target.partition(" in ")
        place = f", {namespace}" if namespace and whole else ""
        if way in WAYS:
            order = "" if self.order is None else f" {self.order}"
            return f"{target} {hook} {WAYS[way]}{order}{place}"
        if self.hook in _OF_FILES:
            return " ".join(filter(None, (self.hook, self.detail, target.rpartition("/")[2])))
        if self.hook == program_type or hook in ("cgroup", "xdp"):
            return f"{target}{place}" if target else self.hook
        return f"{self.hook} {target}".strip() + place


class Hook(NamedTuple):
    """A place where programs are attached, with those that are, in the order in which they run."""

    name: str
    """As in `Attachment.hook`."""
    attached: tuple[Attachment, ...]
    mode: str = ""
    """Of a control group: `multi` (all run, those of the groups above too), `override` (a group below replaces it) or
    `exclusive` (no group below may have one)."""


class ProgramEntry(NamedTuple):
    """A loaded program."""

    id: int
    name: str
    """Whole where its BTF has it: the kernel itself keeps 15 characters."""
    type: str
    """The label of `ProgramType`; `type 99` of one that is newer than bpftui."""
    tag: str
    uid: int
    """Who loaded it."""
    load_time_ns: int
    """Nanoseconds from the machine's start to its loading."""
    map_ids: tuple[int, ...]
    xlated_size: int
    jited_size: int
    """0 where it is interpreted, or the kernel hides it."""
    gpl_compatible: bool
    btf_id: int
    """0 where it was loaded without."""
    ifindex: int
    """Of the device that it was loaded for (offload); else 0."""
    run_cnt: int
    """Since statistics were switched on; 0 while nobody counts: see `Snapshot.counted`."""
    run_time_ns: int
    recursion_misses: int
    verified_insns: int | None
    """Since Linux 5.16."""
    memlock: int | None
    owners: tuple[Owner, ...] | None
    pinned: tuple[str, ...]
    links: tuple[int, ...]
    attachments: tuple[Attachment, ...]
    held_by: tuple[str, ...]
    """What keeps it alive besides processes and pins, in words: `link 31`, `slot 3 of map 12 jmp_table`."""


class MapEntry(NamedTuple):
    """A map."""

    id: int
    name: str
    type: str
    """The label of `MapType`."""
    key_size: int
    value_size: int
    max_entries: int
    flags: int
    map_extra: int
    btf_id: int
    memlock: int | None
    frozen: bool | None
    owners: tuple[Owner, ...] | None
    pinned: tuple[str, ...]
    programs: tuple[int, ...]
    """Those that use it."""
    holds: tuple[int, ...]
    """Ids of what is in it: programs of a program array, maps of a map in maps."""
    state: str
    """Of struct_ops: `ready` (waits for a link), `in use`, `being freed`, `not registered`; empty for others."""
    held_by: tuple[str, ...]

    @property
    def holds_programs(self) -> bool:
        """Whether what is in it are programs; of other maps that hold something, maps."""
        return self.type in ("prog_array", "struct_ops")


class LinkEntry(NamedTuple):
    """A link."""

    id: int
    type: str
    """The label of `LinkType`; `type 99` of one that is newer than bpftui."""
    program: int | None
    """None for struct_ops, whose programs are in its map."""
    attach_type: str | None
    """The label of `AttachType`, where the kernel tells it."""
    target: str
    order: int | None
    owners: tuple[Owner, ...] | None
    pinned: tuple[str, ...]
    detached: bool
    """Whether what it was attached to is gone, or it was detached: the link is all that is left."""
    details: Mapping[str, Detail] = _NOTHING
    """What `struct bpf_link_info` says of its kind, by the kernel's names: `ifindex`, `cgroup_id`, `tp_name`, …

    Of netfilter also `netns_ino`, where an iterator over links may be loaded (Linux 6.4), and of uprobes `symbols`: the
    function at each of their offsets, as far as it is known.
    """

    @property
    def where(self) -> str:
        """Where it is attached, in words: `tcx_ingress eth0`."""
        return " ".join(filter(None, (self.attach_type or self.type, self.target)))


class BtfEntry(NamedTuple):
    """Types that the kernel has."""

    id: int
    name: str
    """`vmlinux`, a module's, or empty."""
    size: int
    kernel: bool
    """Whether they are the kernel's own, or a module's."""
    owners: tuple[Owner, ...] | None
    programs: tuple[int, ...]
    maps: tuple[int, ...]


class Pin(NamedTuple):
    """A name in a bpffs."""

    path: str
    """As the processes see it that the bpffs is mounted for."""
    kind: PinKind
    id: int
    mounts: int
    """The inode of the mount namespace; 0 of one's own."""


class ProcessEntry(NamedTuple):
    """A process that has BPF objects open, or perf events or sockets that run programs."""

    pid: int
    inner_pid: int
    """Its number in its own pid namespace; the same where that is ours."""
    comm: str
    command: str
    """Its arguments, with spaces between; empty for threads of the kernel."""
    uid: int | None
    unit: str
    """Its control group: `/system.slice/cilium.service`."""
    container: str
    """The id of its container, or a pod's, as its control group has it; empty for none."""
    programs: tuple[int, ...]
    maps: tuple[int, ...]
    links: tuple[int, ...]
    btfs: tuple[int, ...]
    mounts: int = 0
    """The inode of its mount namespace; 0 of one's own, or where that is not known."""


class Interface(NamedTuple):
    """A network interface."""

    ifindex: int
    name: str
    kind: str
    up: bool
    mtu: int
    addresses: tuple[str, ...]
    default_route: bool
    """Whether it carries a default route of its namespace."""
    hooks: tuple[Hook, ...]
    """Those that have programs; ingress first, each in the order that a packet meets them."""


class NetworkNamespace(NamedTuple):
    """A network namespace that somebody is in, or that is mounted somewhere."""

    inode: int
    own: bool
    """Whether it is that of whoever took the snapshot."""
    path: str
    """Where it is mounted: `/run/netns/blue`; empty where it is not."""
    processes: tuple[Owner, ...]
    """Some of those that are in it: at most eight."""
    interfaces: tuple[Interface, ...]
    hooks: tuple[Hook, ...]
    """Of the namespace itself: `flow_dissector`, `sk_lookup`, `netfilter` (one for each point, by priority), `lwt_in`
    and others of its routes, `tc_action` (that no filter has)."""

    @property
    def label(self) -> str:
        """What it is called: empty for one's own, the mount's name, or the inode."""
        return "" if self.own else self.path.rpartition("/")[2] or f"net:[{self.inode}]"


class ControlGroup(NamedTuple):
    """A control group that programs are attached to."""

    path: str
    """From the root of the hierarchy: `/system.slice`."""
    id: int
    hooks: tuple[Hook, ...]
    """What runs for its processes: what it has itself, and what comes down to it from above."""


@dataclass(frozen=True)
class Snapshot:
    """What a machine ran at a moment."""

    taken_at: float
    """Seconds since the epoch."""
    booted_at: float
    """Seconds since the epoch, to which `load_time_ns` is added."""
    programs: Mapping[int, ProgramEntry] = field(default_factory=dict[int, ProgramEntry])
    maps: Mapping[int, MapEntry] = field(default_factory=dict[int, MapEntry])
    links: Mapping[int, LinkEntry] = field(default_factory=dict[int, LinkEntry])
    btfs: Mapping[int, BtfEntry] = field(default_factory=dict[int, BtfEntry])
    pins: tuple[Pin, ...] = ()
    processes: Mapping[int, ProcessEntry] = field(default_factory=dict[int, ProcessEntry])
    namespaces: tuple[NetworkNamespace, ...] = ()
    control_groups: tuple[ControlGroup, ...] = ()
    tracing: tuple[Attachment, ...] = ()
    """Tracepoints, probes and perf events, raw tracepoints, functions of the kernel, iterators, LSM."""
    counted: bool = False
    """Whether runs are counted, by whomever."""
    gone: tuple[str, ...] = ()
    """What was there and vanished while it was read: `program 42`."""
    missing: tuple[str, ...] = ()
    """What could not be read, each in a sentence that says which right would bring it."""

    @property
    def partial(self) -> bool:
        """Whether something vanished meanwhile, or could not be read."""
        return bool(self.gone or self.missing)

    def loaded_at(self, program: ProgramEntry) -> float:
        """Return when a program was loaded, in seconds since the epoch."""
        return self.booted_at + program.load_time_ns / 1e9

    def only(self, programs: Collection[int], maps: Collection[int], links: Collection[int]) -> Snapshot:
        """Return it with no other programs, maps and links than those with these ids."""
        return replace(
            self,
            programs={number: each for number, each in self.programs.items() if number in programs},
            maps={number: each for number, each in self.maps.items() if number in maps},
            links={number: each for number, each in self.links.items() if number in links},
        )

    def users(self, map_id: int) -> tuple[ProgramEntry, ...]:
        """Return the programs that use a map."""
        found = self.maps.get(map_id)
        return tuple(self.programs[each] for each in found.programs if each in self.programs) if found else ()
