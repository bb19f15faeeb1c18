"""What of its context a program may read and write, and in which widths: the kernel's `*_is_valid_access`.

From net/core/filter.c, kernel/bpf/cgroup.c and kernel/trace/bpf_trace.c of Linux 6.18, and compared with what its
verifier says. What depends on the process's capabilities is taken as allowed.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from ..uapi import AttachType, ProgramType
from .fields import CONTEXTS, ContextField, context_fields, context_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..spec.program import ProgramSpec

__all__ = ["Access", "bad_context_access", "field_access"]

_T, _A = ProgramType, AttachType
_POINTERS: Final = 12 * 8
"""Bytes of the arguments that raw tracepoints and traced functions have at most (MAX_BPF_FUNC_ARGS)."""
_TRACE_RECORD: Final = 8192
"""Bytes of a tracepoint's record at most (PERF_MAX_TRACE_SIZE)."""
_HEADER: Final = 8
"""The bytes of a tracepoint's record that programs may not read: a pointer's size."""


class Access(NamedTuple):
    """How a field may be accessed."""

    reads: frozenset[int]
    """Widths in bytes; empty where it may not be read."""
    writes: frozenset[int]


def _widths(text: str) -> frozenset[int]:
    """Return the widths that `4`, `4,8` or `n4` (all powers of two up to it) means; `-` is none."""
    if text == "-":
        return frozenset()
    if text.startswith("n"):
        return frozenset(size for size in (1, 2, 4, 8) if size <= int(text[1:]))
    return frozenset(map(int, text.split(",")))


# READS/WRITES: fields; `*` is what is not named.
_NO_SKB: Final = {
    _T.SOCKET_FILTER: "tc_classid data data_end data_meta tstamp wire_len hwtstamp family remote_ip4 "
    "local_ip4 remote_ip6 local_ip6 remote_port local_port",
    _T.CGROUP_SKB: "tc_classid data_meta wire_len",
    _T.SCHED_CLS: "family remote_ip4 local_ip4 remote_ip6 local_ip6 remote_port local_port",
    _T.LWT_XMIT: "tc_classid data_meta tstamp wire_len hwtstamp family remote_ip4 local_ip4 remote_ip6 local_ip6 "
    "remote_port local_port",
    _T.SK_SKB: "tc_classid data_meta tstamp wire_len hwtstamp mark",
}
"""Fields of `__sk_buff` that programs of a type may not touch; others of its family are below."""
_WRITES_SKB: Final = {
    _T.SOCKET_FILTER: "cb",
    _T.CGROUP_SKB: "mark priority cb tstamp",
    _T.SCHED_CLS: "mark tc_index priority tc_classid cb tstamp queue_mapping",
    _T.LWT_XMIT: "mark priority cb",
    _T.SK_SKB: "tc_index priority",
}
_LIKE: Final = {
    _T.SCHED_ACT: _T.SCHED_CLS,
    _T.LWT_IN: _T.LWT_XMIT,
    _T.LWT_OUT: _T.LWT_XMIT,
    _T.LWT_SEG6LOCAL: _T.LWT_XMIT,
}
_WHOLE: Final = "4/- data data_end data_meta remote_ip4 local_ip4 remote_ip6 local_ip6"
_RULES: Final[dict[ProgramType, tuple[str, ...]]] = {
    _T.XDP: ("4/- *",),
    _T.FLOW_DISSECTOR: ("4/- data data_end", "8/- flow_keys", "-/- *"),
    _T.CGROUP_SOCK: (
        "n4/- state family type protocol src_port rx_queue_mapping src_ip4 src_ip6 dst_ip4 dst_ip6",
        "1,2,4/- dst_port",
        "4/4 bound_dev_if mark priority",
        "4/- *",
    ),
    _T.CGROUP_SOCK_ADDR: ("n4/4 user_ip4 msg_src_ip4 user_port", "n8/4,8 user_ip6 msg_src_ip6", "8/- sk", "4/- *"),
    _T.CGROUP_SOCKOPT: ("8/- sk optval optval_end", "4/4 retval optname level optlen", "4/- *"),
    _T.CGROUP_SYSCTL: ("n4/4 file_pos", "n4/- write"),
    _T.CGROUP_DEVICE: ("n4/- access_type", "4/- *"),
    _T.SOCK_OPS: (
        "8/- bytes_received bytes_acked sk skb_data skb_data_end skb_hwtstamp",
        "n4/- skb_tcp_flags",
        "4/4 args sk_txhash",
        "4/- *",
    ),
    _T.SK_MSG: ("8/- data data_end sk", "4/- *"),
    _T.SK_REUSEPORT: ("8/- data data_end sk migrating_sk", "4/- hash", "2,4/- eth_protocol", "n4/- *"),
    _T.SK_LOOKUP: ("8/- sk", "1,2,4/- remote_port", "n4/- *"),
    _T.NETFILTER: ("8/- *",),
    _T.PERF_EVENT: ("n8/- sample_period addr", "8/- *"),
}
_AT_START: Final = {
    (_T.CGROUP_SOCK, False): ("family", "type", "protocol", "src_port", "state", "rx_queue_mapping"),
    (_T.SOCK_OPS, False): ("skb_tcp_flags",),
    (_T.SOCK_OPS, True): ("args",),
}
"""Fields that can be read (False) or written (True) only where they begin."""
_ALSO_FOUR: Final = ("dst_port", "remote_port")
"""Fields of 2 bytes that are read with the unused 2 behind them as well, since they had 4 once."""
_DEVMAP: Final = "egress_ifindex"
_BOTH_WAYS: Final = {
    _T.CGROUP_SOCKOPT: {
        "retval": (_A.CGROUP_GETSOCKOPT,),
        "optname": (_A.CGROUP_SETSOCKOPT,),
        "level": (_A.CGROUP_SETSOCKOPT,),
    },
}
"""Fields that are written to at these hooks only."""
_IP4: Final = (
    _A.CGROUP_INET4_BIND,
    _A.CGROUP_INET4_CONNECT,
    _A.CGROUP_UDP4_SENDMSG,
    _A.CGROUP_UDP4_RECVMSG,
    _A.CGROUP_INET4_GETPEERNAME,
    _A.CGROUP_INET4_GETSOCKNAME,
)
_IP6: Final = (
    _A.CGROUP_INET6_BIND,
    _A.CGROUP_INET6_CONNECT,
    _A.CGROUP_UDP6_SENDMSG,
    _A.CGROUP_UDP6_RECVMSG,
    _A.CGROUP_INET6_GETPEERNAME,
    _A.CGROUP_INET6_GETSOCKNAME,
)
_SOCK: Final = (_A.CGROUP_INET_SOCK_CREATE, _A.CGROUP_INET_SOCK_RELEASE)
_POST4, _POST6 = _A.CGROUP_INET4_POST_BIND, _A.CGROUP_INET6_POST_BIND
_HOOKS: Final = {
    _T.CGROUP_SOCK_ADDR: {
        "user_ip4": _IP4,
        "user_ip6": _IP6,
        "msg_src_ip4": (_A.CGROUP_UDP4_SENDMSG,),
        "msg_src_ip6": (_A.CGROUP_UDP6_SENDMSG,),
    },
    _T.CGROUP_SOCK: {
        "bound_dev_if": _SOCK,
        "mark": _SOCK,
        "priority": _SOCK,
        "src_ip4": (_POST4,),
        "src_ip6": (_POST6,),
        "src_port": (_POST4, _POST6),
    },
}
"""Fields that are there at these hooks only."""


def _skb_rules(type_: ProgramType) -> Iterator[str]:
    kind = _LIKE.get(type_, type_)
    absent, written = _NO_SKB[kind].split(), _WRITES_SKB[kind].split()
    yield f"-/- flow_keys {' '.join(absent)}"
    yield "n8/n8 cb" if "cb" in written else "n8/- cb"
    yield "8/8 tstamp" if "tstamp" in written else "8/- tstamp"
    yield "8/- hwtstamp sk"
    yield "1/- tstamp_type" if kind is _T.SCHED_CLS else "-/- tstamp_type"
    yield _WHOLE
    yield f"n4/4 {' '.join(written)}"
    yield "n4/- *"


@cache
def _rules(type_: ProgramType) -> dict[str, Access]:
    """Return how the fields may be accessed; the first rule that names one counts."""
    is_skb = type_ in _NO_SKB or type_ in _LIKE
    found: dict[str, Access] = {}
    for rule in _skb_rules(type_) if is_skb else _RULES.get(type_, ()):
        how, *names = rule.split()
        reads, writes = how.split("/")
        for name in names:
            found.setdefault(name, Access(_widths(reads), _widths(writes)))
    return found


_NOTHING: Final = Access(frozenset(), frozenset())


def field_access(program: ProgramSpec, name: str) -> Access:
    """Return how a field of a program's context may be accessed, by the program's type and hook."""
    rules = _rules(program.type)
    access = rules.get(name) or rules.get("*", _NOTHING)
    hook = program.attach_type
    if hook is not None:
        hooks = _HOOKS.get(program.type, {}).get(name)
        if hooks is not None and hook not in hooks:
            return _NOTHING
        writing = _BOTH_WAYS.get(program.type, {}).get(name)
        if writing is not None and hook not in writing:
            reads = _NOTHING.reads if name == "retval" else access.reads
            return Access(reads, frozenset())
    if name == _DEVMAP and program.type is _T.XDP and hook is not _A.XDP_DEVMAP:
        return _NOTHING
    return access


def bad_context_access(program: ProgramSpec, offset: int, size: int, *, write: bool) -> str | None:
    """Return what is wrong with an access to the context, None where the kernel allows it or nobody knows."""
    type_, action = program.type, "write" if write else "read"
    if type_ in (_T.RAW_TRACEPOINT, _T.TRACEPOINT, _T.KPROBE):
        return _bad_record_access(type_, offset, size, write=write)
    if type_ not in CONTEXTS or (type_ not in _RULES and type_ not in _NO_SKB and type_ not in _LIKE):
        return None
    struct, fields = CONTEXTS[type_], context_fields(type_)
    end = context_size(type_)
    if not 0 <= offset <= end - size:
        return f"{action} of {_bytes(size)} at offset {offset} of the context, which is struct {struct} of {end} bytes"
    field = next((each for each in fields if each.offset <= offset < each.offset + _extent(type_, each)), None)
    if field is None:
        return f"{action} at offset {offset} of the context: struct {struct} has no field there"
    where = f"ctx->{field.name}"
    access = field_access(program, field.name)
    allowed = access.writes if write else access.reads
    if not allowed:
        hook = f" ({program.attach_type.label})" if program.attach_type is not None and access == _NOTHING else ""
        return f"{where} may not be {'written' if write else 'read'} by programs of type {type_.label}{hook}"
    inside = offset - field.offset
    if size not in allowed or offset % size or (inside and field.name in _AT_START.get((type_, write), ())):
        return _wrong_width(where, allowed, inside, size, write=write)
    if inside + size > (4 if field.name in _ALSO_FOUR and field.width == 2 else field.size):
        return f"{action} of {_bytes(size)} at {where} goes beyond it: it has {field.size}"
    return None


def _bytes(count: int) -> str:
    return f"{count} byte" + ("s" if count != 1 else "")


def _extent(type_: ProgramType, field: ContextField) -> int:
    """Return the bytes that count as a field: of this one, which had 4 once, what is unused as well."""
    return 4 if type_ is _T.SK_LOOKUP and field.name == "remote_port" else field.size


def _wrong_width(where: str, allowed: frozenset[int], inside: int, size: int, *, write: bool) -> str:
    widths = " or ".join(map(str, sorted(allowed)))
    at = f"+{inside}" if inside else ""
    action = "write" if write else "read"
    return (
        f"{action} of {_bytes(size)} at {where}{at}: it is {'written' if write else 'read'} in {widths} aligned bytes"
    )


def _bad_record_access(type_: ProgramType, offset: int, size: int, *, write: bool) -> str | None:
    if write:
        return f"the context of programs of type {type_.label} may not be written"
    limit = {_T.RAW_TRACEPOINT: _POINTERS, _T.TRACEPOINT: _TRACE_RECORD}.get(type_)
    if offset < 0 or (limit is not None and offset + size > limit):
        return f"read of {_bytes(size)} at offset {offset} of the context, which has {limit or 'fewer'} bytes"
    if type_ is _T.TRACEPOINT and offset < _HEADER:
        return f"the first {_HEADER} bytes of a tracepoint's record may not be read"
    if offset % size:
        return f"read of {_bytes(size)} at offset {offset} of the context, which is not aligned to them"
    return None
