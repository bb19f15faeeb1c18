"""The enumerations of `linux/bpf.h` that specs speak of, as of Linux 6.18 and what came after.

Members carry the kernel's names without their prefix; `label` is that name in lower case, which is how bpftui shows
and reads them everywhere (`xdp`, `percpu_array`, `cgroup_inet_ingress`).
"""

from __future__ import annotations

import enum

__all__ = ["AttachType", "LinkType", "MapFlag", "MapType", "Pinning", "ProgramFlag", "ProgramType", "flag_names"]


class _Labelled(enum.IntEnum):
    """An enumeration that is shown and read by its lower-case names."""

    @property
    def label(self) -> str:
        """The name that users see: lower case, without the kernel's prefix."""
        return self.name.lower()


class MapType(_Labelled):
    """`enum bpf_map_type`."""

    UNSPEC = 0
    HASH = 1
    ARRAY = 2
    PROG_ARRAY = 3
    PERF_EVENT_ARRAY = 4
    PERCPU_HASH = 5
    PERCPU_ARRAY = 6
    STACK_TRACE = 7
    CGROUP_ARRAY = 8
    LRU_HASH = 9
    LRU_PERCPU_HASH = 10
    LPM_TRIE = 11
    ARRAY_OF_MAPS = 12
    HASH_OF_MAPS = 13
    DEVMAP = 14
    SOCKMAP = 15
    CPUMAP = 16
    XSKMAP = 17
    SOCKHASH = 18
    CGROUP_STORAGE = 19
    REUSEPORT_SOCKARRAY = 20
    PERCPU_CGROUP_STORAGE = 21
    QUEUE = 22
    STACK = 23
    SK_STORAGE = 24
    DEVMAP_HASH = 25
    STRUCT_OPS = 26
    RINGBUF = 27
    INODE_STORAGE = 28
    TASK_STORAGE = 29
    BLOOM_FILTER = 30
    USER_RINGBUF = 31
    CGRP_STORAGE = 32
    ARENA = 33
    INSN_ARRAY = 34
    RHASH = 35

    @property
    def with_article(self) -> str:
        """`an array`, `a hash`, `an lpm_trie`: the article follows how it is spoken."""
        return f"{'an' if self.label.startswith(('ar', 'in', 'lpm', 'lru', 'rh', 'xsk')) else 'a'} {self.label}"

    @property
    def is_array(self) -> bool:
        """Whether all of its entries, which are bytes, are there at any time."""
        return self in (MapType.ARRAY, MapType.PERCPU_ARRAY)

    @property
    def is_hash(self) -> bool:
        """Whether it is a hash of bytes by bytes."""
        return self in _HASHES

    @property
    def is_lru(self) -> bool:
        """Whether it makes room by itself when it is full: what was used least lately goes."""
        return self in (MapType.LRU_HASH, MapType.LRU_PERCPU_HASH)

    @property
    def is_queue(self) -> bool:
        """Whether it has no keys, and gives its values in an order of its own."""
        return self in (MapType.QUEUE, MapType.STACK)

    @property
    def is_ring(self) -> bool:
        """Whether it is one run of memory for records, of max_entries bytes."""
        return self in (MapType.RINGBUF, MapType.USER_RINGBUF)

    @property
    def is_stream(self) -> bool:
        """Whether it brings records from programs instead of entries."""
        return self in (MapType.RINGBUF, MapType.PERF_EVENT_ARRAY)

    @property
    def is_local_storage(self) -> bool:
        """Whether its values belong to sockets, inodes, tasks or control groups, whose descriptors are the keys."""
        return self in _LOCAL_STORAGE

    @property
    def is_cgroup_storage(self) -> bool:
        """Whether it is the older storage of control groups, with their ids as keys."""
        return self in (MapType.CGROUP_STORAGE, MapType.PERCPU_CGROUP_STORAGE)

    @property
    def is_devmap(self) -> bool:
        """Whether its values are network devices to redirect to."""
        return self in (MapType.DEVMAP, MapType.DEVMAP_HASH)

    @property
    def is_sockmap(self) -> bool:
        """Whether its values are sockets to redirect to, and programs can be attached to it."""
        return self in (MapType.SOCKMAP, MapType.SOCKHASH)

    @property
    def is_indexed(self) -> bool:
        """Whether its keys are indices below max_entries, so that it is never full."""
        return self in _INDEXED

    @property
    def per_cpu(self) -> bool:
        """Whether each entry holds one value for every possible CPU."""
        return self in _PER_CPU

    @property
    def holds_objects(self) -> bool:
        """Whether values are file descriptors of other objects: maps, programs, sockets' maps, …"""
        return self in _OBJECT_VALUED

    @property
    def holds_maps(self) -> bool:
        """Whether values are other maps, all made like one that is defined within its own definition."""
        return self in (MapType.ARRAY_OF_MAPS, MapType.HASH_OF_MAPS)

    @property
    def says_which(self) -> bool:
        """Whether its values are no amounts: ids of objects, indices of devices, sizes of CPUs' queues, addresses."""
        return self.holds_objects or self.is_devmap or self in (MapType.CPUMAP, MapType.STACK_TRACE)

    @property
    def gives_ids(self) -> bool:
        """Whether its values, maps or programs, are set as file descriptors and read as the objects' ids."""
        return self.holds_maps or self is MapType.PROG_ARRAY


class ProgramType(_Labelled):
    """`enum bpf_prog_type`."""

    UNSPEC = 0
    SOCKET_FILTER = 1
    KPROBE = 2
    SCHED_CLS = 3
    SCHED_ACT = 4
    TRACEPOINT = 5
    XDP = 6
    PERF_EVENT = 7
    CGROUP_SKB = 8
    CGROUP_SOCK = 9
    LWT_IN = 10
    LWT_OUT = 11
    LWT_XMIT = 12
    SOCK_OPS = 13
    SK_SKB = 14
    CGROUP_DEVICE = 15
    SK_MSG = 16
    RAW_TRACEPOINT = 17
    CGROUP_SOCK_ADDR = 18
    LWT_SEG6LOCAL = 19
    LIRC_MODE2 = 20
    SK_REUSEPORT = 21
    FLOW_DISSECTOR = 22
    CGROUP_SYSCTL = 23
    RAW_TRACEPOINT_WRITABLE = 24
    CGROUP_SOCKOPT = 25
    TRACING = 26
    STRUCT_OPS = 27
    EXT = 28
    LSM = 29
    SK_LOOKUP = 30
    SYSCALL = 31
    NETFILTER = 32

    @property
    def sees_skb(self) -> bool:
        """Whether it is given a packet as a socket buffer, `struct __sk_buff`.

        Of a flow dissector's, which has the same struct, only the packet and its keys are there.
        """
        return self in _SEEING_BUFFERS


class AttachType(_Labelled):
    """`enum bpf_attach_type`."""

    CGROUP_INET_INGRESS = 0
    CGROUP_INET_EGRESS = 1
    CGROUP_INET_SOCK_CREATE = 2
    CGROUP_SOCK_OPS = 3
    SK_SKB_STREAM_PARSER = 4
    SK_SKB_STREAM_VERDICT = 5
    CGROUP_DEVICE = 6
    SK_MSG_VERDICT = 7
    CGROUP_INET4_BIND = 8
    CGROUP_INET6_BIND = 9
    CGROUP_INET4_CONNECT = 10
    CGROUP_INET6_CONNECT = 11
    CGROUP_INET4_POST_BIND = 12
    CGROUP_INET6_POST_BIND = 13
    CGROUP_UDP4_SENDMSG = 14
    CGROUP_UDP6_SENDMSG = 15
    LIRC_MODE2 = 16
    FLOW_DISSECTOR = 17
    CGROUP_SYSCTL = 18
    CGROUP_UDP4_RECVMSG = 19
    CGROUP_UDP6_RECVMSG = 20
    CGROUP_GETSOCKOPT = 21
    CGROUP_SETSOCKOPT = 22
    TRACE_RAW_TP = 23
    TRACE_FENTRY = 24
    TRACE_FEXIT = 25
    MODIFY_RETURN = 26
    LSM_MAC = 27
    TRACE_ITER = 28
    CGROUP_INET4_GETPEERNAME = 29
    CGROUP_INET6_GETPEERNAME = 30
    CGROUP_INET4_GETSOCKNAME = 31
    CGROUP_INET6_GETSOCKNAME = 32
    XDP_DEVMAP = 33
    CGROUP_INET_SOCK_RELEASE = 34
    XDP_CPUMAP = 35
    SK_LOOKUP = 36
    XDP = 37
    SK_SKB_VERDICT = 38
    SK_REUSEPORT_SELECT = 39
    SK_REUSEPORT_SELECT_OR_MIGRATE = 40
    PERF_EVENT = 41
    TRACE_KPROBE_MULTI = 42
    LSM_CGROUP = 43
    STRUCT_OPS = 44
    NETFILTER = 45
    TCX_INGRESS = 46
    TCX_EGRESS = 47
    TRACE_UPROBE_MULTI = 48
    CGROUP_UNIX_CONNECT = 49
    CGROUP_UNIX_SENDMSG = 50
    CGROUP_UNIX_RECVMSG = 51
    CGROUP_UNIX_GETPEERNAME = 52
    CGROUP_UNIX_GETSOCKNAME = 53
    NETKIT_PRIMARY = 54
    NETKIT_PEER = 55
    TRACE_KPROBE_SESSION = 56
    TRACE_UPROBE_SESSION = 57
    TRACE_FSESSION = 58
    TRACE_FENTRY_MULTI = 59
    TRACE_FEXIT_MULTI = 60
    TRACE_FSESSION_MULTI = 61

    @property
    def sees_result(self) -> bool:
        """Whether a tracing program is given what the traced function returns, behind its arguments."""
        return self in _SEEING_RESULTS


class LinkType(_Labelled):
    """`enum bpf_link_type`."""

    UNSPEC = 0
    RAW_TRACEPOINT = 1
    TRACING = 2
    CGROUP = 3
    ITER = 4
    NETNS = 5
    XDP = 6
    PERF_EVENT = 7
    KPROBE_MULTI = 8
    STRUCT_OPS = 9
    NETFILTER = 10
    TCX = 11
    UPROBE_MULTI = 12
    NETKIT = 13
    SOCKMAP = 14

    @property
    def is_detachable(self) -> bool:
        """Whether BPF_LINK_DETACH detaches links of this type, which others answer with EOPNOTSUPP.

        Those of tracing have no `detach` in their `struct bpf_link_ops` (Linux 6.18), and end with the last that holds
        them.
        """
        return not self.is_tracing

    @property
    def is_updatable(self) -> bool:
        """Whether BPF_LINK_UPDATE puts another program in the place of a link's of this type.

        Those have an `update_prog` in their `struct bpf_link_ops` (Linux 6.18); links of struct_ops take another map.
        """
        return self in (
            LinkType.XDP,
            LinkType.TCX,
            LinkType.NETKIT,
            LinkType.CGROUP,
            LinkType.NETNS,
            LinkType.ITER,
            LinkType.SOCKMAP,
        )

    @property
    def is_tracing(self) -> bool:
        """Whether what a program is attached to is a place in code, or an event: it belongs to no device or group."""
        return self in (
            LinkType.RAW_TRACEPOINT,
            LinkType.TRACING,
            LinkType.ITER,
            LinkType.PERF_EVENT,
            LinkType.KPROBE_MULTI,
            LinkType.UPROBE_MULTI,
        )


class Pinning(_Labelled):
    """`enum libbpf_pin_type`: what a `pinning` attribute of a map definition asks for.

    Loaders have numbers of their own besides (Cilium's 16 replaces what is pinned already): they are members as well,
    `Pinning(16)`, whose label is the number.
    """

    NONE = 0
    BY_NAME = 1

    @classmethod
    def _missing_(cls, value: object) -> Pinning | None:
        if not isinstance(value, int):
            return None
        member = int.__new__(cls, value)
        member._name_, member._value_ = str(value), value
        return member

    @property
    def is_foreign(self) -> bool:
        """Whether it is a number of another loader's."""
        return self.value not in (0, 1)


class MapFlag(enum.IntFlag):
    """`BPF_F_*` of BPF_MAP_CREATE."""

    NO_PREALLOC = 1 << 0
    NO_COMMON_LRU = 1 << 1
    NUMA_NODE = 1 << 2
    RDONLY = 1 << 3
    WRONLY = 1 << 4
    STACK_BUILD_ID = 1 << 5
    ZERO_SEED = 1 << 6
    RDONLY_PROG = 1 << 7
    WRONLY_PROG = 1 << 8
    CLONE = 1 << 9
    MMAPABLE = 1 << 10
    PRESERVE_ELEMS = 1 << 11
    INNER_MAP = 1 << 12
    LINK = 1 << 13
    PATH_FD = 1 << 14
    VTYPE_BTF_OBJ_FD = 1 << 15
    TOKEN_FD = 1 << 16
    SEGV_ON_FAULT = 1 << 17
    NO_USER_CONV = 1 << 18
    RB_OVERWRITE = 1 << 19


class ProgramFlag(enum.IntFlag):
    """`BPF_F_*` of BPF_PROG_LOAD."""

    STRICT_ALIGNMENT = 1 << 0
    ANY_ALIGNMENT = 1 << 1
    TEST_RND_HI32 = 1 << 2
    TEST_STATE_FREQ = 1 << 3
    SLEEPABLE = 1 << 4
    XDP_HAS_FRAGS = 1 << 5
    XDP_DEV_BOUND_ONLY = 1 << 6
    TEST_REG_INVARIANTS = 1 << 7


_SEEING_BUFFERS = frozenset(
    {
        ProgramType.SOCKET_FILTER,
        ProgramType.SCHED_CLS,
        ProgramType.SCHED_ACT,
        ProgramType.CGROUP_SKB,
        ProgramType.LWT_IN,
        ProgramType.LWT_OUT,
        ProgramType.LWT_XMIT,
        ProgramType.LWT_SEG6LOCAL,
        ProgramType.SK_SKB,
    }
)

_SEEING_RESULTS = frozenset(
    {
        AttachType.TRACE_FEXIT,
        AttachType.MODIFY_RETURN,
        AttachType.TRACE_FSESSION,
        AttachType.TRACE_FEXIT_MULTI,
        AttachType.TRACE_FSESSION_MULTI,
    }
)

_HASHES = frozenset({MapType.HASH, MapType.PERCPU_HASH, MapType.LRU_HASH, MapType.LRU_PERCPU_HASH})

_LOCAL_STORAGE = frozenset({MapType.SK_STORAGE, MapType.INODE_STORAGE, MapType.TASK_STORAGE, MapType.CGRP_STORAGE})

_INDEXED = frozenset(
    {
        MapType.ARRAY,
        MapType.PERCPU_ARRAY,
        MapType.PROG_ARRAY,
        MapType.PERF_EVENT_ARRAY,
        MapType.CGROUP_ARRAY,
        MapType.ARRAY_OF_MAPS,
        MapType.DEVMAP,
        MapType.CPUMAP,
        MapType.XSKMAP,
        MapType.SOCKMAP,
        MapType.REUSEPORT_SOCKARRAY,
        MapType.INSN_ARRAY,
    }
)

_PER_CPU = frozenset(
    {
        MapType.PERCPU_HASH,
        MapType.PERCPU_ARRAY,
        MapType.LRU_PERCPU_HASH,
        MapType.PERCPU_CGROUP_STORAGE,
    }
)

_OBJECT_VALUED = frozenset(
    {
        MapType.PROG_ARRAY,
        MapType.PERF_EVENT_ARRAY,
        MapType.CGROUP_ARRAY,
        MapType.ARRAY_OF_MAPS,
        MapType.HASH_OF_MAPS,
        MapType.SOCKMAP,
        MapType.SOCKHASH,
        MapType.XSKMAP,
        MapType.REUSEPORT_SOCKARRAY,
    }
)


def flag_names(flags: int, known: type[enum.IntFlag], separator: str = " | ") -> str:
    """Return flags by their names, `no_prealloc | mmapable`; bits without one as a number."""
    named = [flag for flag in known if flags & flag]
    rest = flags & ~sum(named)
    return separator.join([*((flag.name or "").lower() for flag in named), *([f"{rest:#x}"] if rest else [])])
