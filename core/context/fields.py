"""What a program is given and what it returns, by its type: the contexts and return codes of `linux/bpf.h`.

Offsets and names are uapi and so never change (checked against the BTF of Linux 6.18).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from ..asm.arithmetic import signed
from ..uapi import AttachType, ProgramType

if TYPE_CHECKING:
    from ..spec.program import ProgramSpec

__all__ = [
    "CONTEXTS",
    "KERNEL_CONTEXTS",
    "XDP_ACTIONS",
    "ContextField",
    "context_field",
    "context_fields",
    "context_size",
    "context_struct",
    "fields_of",
    "lets_through",
    "return_codes",
    "returned",
    "uapi_field",
]

# NAME[:SIZE[×COUNT]], 4 bytes where no size is given; a number alone is how many bytes nobody uses.
_FIELDS: Final = {
    "xdp_md": "data data_end data_meta ingress_ifindex rx_queue_index egress_ifindex",
    "__sk_buff": "len pkt_type mark queue_mapping protocol vlan_present vlan_tci vlan_proto priority ingress_ifindex "
    "ifindex tc_index cb:4×5 hash tc_classid data data_end napi_id family remote_ip4 local_ip4 remote_ip6:4×4 "
    "local_ip6:4×4 remote_port local_port data_meta flow_keys:8 tstamp:8 wire_len gso_segs sk:8 gso_size tstamp_type:1 "
    "3 hwtstamp:8",
    "bpf_sock_addr": "user_family user_ip4 user_ip6:4×4 user_port family type protocol msg_src_ip4 msg_src_ip6:4×4 4 "
    "sk:8",
    "bpf_sock_ops": "op args:4×4 family remote_ip4 local_ip4 remote_ip6:4×4 local_ip6:4×4 remote_port local_port "
    "is_fullsock snd_cwnd srtt_us bpf_sock_ops_cb_flags state rtt_min snd_ssthresh rcv_nxt snd_nxt snd_una mss_cache "
    "ecn_flags rate_delivered rate_interval_us packets_out retrans_out total_retrans segs_in data_segs_in segs_out "
    "data_segs_out lost_out sacked_out sk_txhash bytes_received:8 bytes_acked:8 sk:8 skb_data:8 skb_data_end:8 skb_len "
    "skb_tcp_flags skb_hwtstamp:8",
    "sk_msg_md": "data:8 data_end:8 family remote_ip4 local_ip4 remote_ip6:4×4 local_ip6:4×4 remote_port local_port "
    "size sk:8",
    "bpf_sock": "bound_dev_if family type protocol mark priority src_ip4 src_ip6:4×4 src_port dst_port:2 2 dst_ip4 "
    "dst_ip6:4×4 state rx_queue_mapping",
    "bpf_tcp_sock": "snd_cwnd srtt_us rtt_min snd_ssthresh rcv_nxt snd_nxt snd_una mss_cache ecn_flags rate_delivered "
    "rate_interval_us packets_out retrans_out total_retrans segs_in data_segs_in segs_out data_segs_out lost_out "
    "sacked_out bytes_received:8 bytes_acked:8 dsack_dups delivered delivered_ce icsk_retransmits",
    "bpf_sysctl": "write file_pos",
    "bpf_sockopt": "sk:8 optval:8 optval_end:8 level optname optlen retval",
    "sk_reuseport_md": "data:8 data_end:8 len eth_protocol ip_protocol bind_inany hash 4 sk:8 migrating_sk:8",
    "bpf_sk_lookup": "sk:8 family protocol remote_ip4 remote_ip6:4×4 remote_port:2 2 local_ip4 local_ip6:4×4 "
    "local_port ingress_ifindex",
    "bpf_cgroup_dev_ctx": "access_type major minor",
    "bpf_nf_ctx": "state:8 skb:8",
}
CONTEXTS: Final[dict[ProgramType, str]] = {
    **{each: "__sk_buff" for each in ProgramType if each.sees_skb},
    ProgramType.FLOW_DISSECTOR: "__sk_buff",
    ProgramType.XDP: "xdp_md",
    ProgramType.CGROUP_SOCK: "bpf_sock",
    ProgramType.CGROUP_SOCK_ADDR: "bpf_sock_addr",
    ProgramType.SOCK_OPS: "bpf_sock_ops",
    ProgramType.SK_MSG: "sk_msg_md",
    ProgramType.CGROUP_SYSCTL: "bpf_sysctl",
    ProgramType.CGROUP_SOCKOPT: "bpf_sockopt",
    ProgramType.SK_REUSEPORT: "sk_reuseport_md",
    ProgramType.SK_LOOKUP: "bpf_sk_lookup",
    ProgramType.CGROUP_DEVICE: "bpf_cgroup_dev_ctx",
    ProgramType.NETFILTER: "bpf_nf_ctx",
}
"""The struct of the uapi that the context of programs of a type is."""
KERNEL_CONTEXTS: Final[dict[ProgramType, str]] = {
    **{each: "sk_buff" for each in ProgramType if each.sees_skb},
    ProgramType.FLOW_DISSECTOR: "bpf_flow_dissector",
    ProgramType.XDP: "xdp_buff",
    ProgramType.CGROUP_SOCK: "sock",
    ProgramType.CGROUP_SOCK_ADDR: "bpf_sock_addr_kern",
    ProgramType.SOCK_OPS: "bpf_sock_ops_kern",
    ProgramType.SK_MSG: "sk_msg",
    ProgramType.CGROUP_SYSCTL: "bpf_sysctl_kern",
    ProgramType.CGROUP_SOCKOPT: "bpf_sockopt_kern",
    ProgramType.SK_REUSEPORT: "sk_reuseport_kern",
    ProgramType.SK_LOOKUP: "bpf_sk_lookup_kern",
    ProgramType.PERF_EVENT: "bpf_perf_event_data_kern",
}
"""The kernel's own struct behind that, which translated code accesses (`convert_ctx_access` in net/core/filter.c and
others). What is not here is the same in both.
"""
XDP_ACTIONS: Final = {0: "XDP_ABORTED", 1: "XDP_DROP", 2: "XDP_PASS", 3: "XDP_TX", 4: "XDP_REDIRECT"}
"""`enum xdp_action`."""
_TC: Final = {
    -1: "TC_ACT_UNSPEC",
    0: "TC_ACT_OK",
    1: "TC_ACT_RECLASSIFY",
    2: "TC_ACT_SHOT",
    3: "TC_ACT_PIPE",
    4: "TC_ACT_STOLEN",
    5: "TC_ACT_QUEUED",
    6: "TC_ACT_REPEAT",
    7: "TC_ACT_REDIRECT",
    8: "TC_ACT_TRAP",
}
_TCX: Final = {-1: "TCX_NEXT", 0: "TCX_PASS", 2: "TCX_DROP", 7: "TCX_REDIRECT"}
_SK: Final = {0: "SK_DROP", 1: "SK_PASS"}
_LWT: Final = {0: "BPF_OK", 2: "BPF_DROP"}
_CODES: Final = {
    ProgramType.XDP: XDP_ACTIONS,
    ProgramType.SCHED_CLS: _TC,
    ProgramType.SCHED_ACT: _TC,
    ProgramType.SK_SKB: _SK,
    ProgramType.SK_MSG: _SK,
    ProgramType.SK_REUSEPORT: _SK,
    ProgramType.SK_LOOKUP: _SK,
    ProgramType.NETFILTER: {0: "NF_DROP", 1: "NF_ACCEPT"},
    ProgramType.LWT_IN: _LWT | {128: "BPF_LWT_REROUTE"},
    ProgramType.LWT_OUT: _LWT,
    ProgramType.LWT_XMIT: _LWT | {7: "BPF_REDIRECT", 128: "BPF_LWT_REROUTE"},
    ProgramType.LWT_SEG6LOCAL: _LWT | {7: "BPF_REDIRECT"},
    ProgramType.FLOW_DISSECTOR: _LWT | {129: "BPF_FLOW_DISSECTOR_CONTINUE"},
}
_PASSING: Final = {
    ProgramType.XDP: {2, 3, 4},
    ProgramType.SCHED_CLS: {-1, 0, 1, 3, 6, 7},
    ProgramType.SCHED_ACT: {-1, 0, 1, 3, 6, 7},
    ProgramType.SK_SKB: {1},
    ProgramType.NETFILTER: {1},
    ProgramType.LWT_IN: {0, 128},
    ProgramType.LWT_OUT: {0},
    ProgramType.LWT_XMIT: {0, 7, 128},
    ProgramType.LWT_SEG6LOCAL: {0, 7},
    ProgramType.FLOW_DISSECTOR: {0, 129},
}
"""What is returned for a packet that goes on, also to elsewhere."""
_TCX_ATTACH: Final = (AttachType.TCX_INGRESS, AttachType.TCX_EGRESS)


class ContextField(NamedTuple):
    """A field of a context."""

    name: str
    offset: int
    width: int
    """Bytes of it, or of one element of it."""
    length: int = 0
    """Elements of an array; 0 where it is none."""

    @property
    def size(self) -> int:
        """All its bytes."""
        return self.width * (self.length or 1)


def context_struct(program: ProgramSpec) -> str:
    """Return the struct of the uapi that a program's context is; empty where it is none."""
    return CONTEXTS.get(program.type, "")


def context_fields(type_: ProgramType) -> tuple[ContextField, ...]:
    """Return the fields of the context of a program type, by offset; none where the uapi has no struct for it."""
    return fields_of(CONTEXTS.get(type_, ""))


@cache
def fields_of(struct: str) -> tuple[ContextField, ...]:
    """Return the fields of a struct of the uapi, by offset; none where it is not one that programs are given."""
    found: list[ContextField] = []
    at = 0
    for word in _FIELDS.get(struct, "").split():
        name, _, form = word.partition(":")
        if name.isdigit():
            at += int(name)
            continue
        width, _, count = (form or "4").partition("×")
        found.append(ContextField(name, at, int(width), int(count or 0)))
        at += found[-1].size
    return tuple(found)


def context_size(type_: ProgramType) -> int:
    """Return the bytes of a program type's context, as C lays it out; 0 where the uapi has no struct for it."""
    fields = context_fields(type_)
    alignment = max((field.width for field in fields), default=1)
    return -(-(fields[-1].offset + fields[-1].size) // alignment) * alignment if fields else 0


def context_field(program: ProgramSpec, offset: int, size: int) -> str | None:
    """Return the field that *size* bytes at *offset* of a program's context are (`data_end`, `cb[2]`), None where the
    uapi has none there."""
    return uapi_field(context_struct(program), offset, size)


def uapi_field(struct: str, offset: int, size: int) -> str | None:
    """Return the same of a struct of the uapi, a context or what one leads to (`bpf_sock`)."""
    for field in fields_of(struct):
        if field.offset <= offset and offset + size <= field.offset + field.size:
            index, inside = divmod(offset - field.offset, field.width)
            if inside + size > field.width:
                return f"{field.name}…" if not index and not inside else None
            part = f"+{inside}" if inside or size < field.width else ""
            return (f"{field.name}[{index}]" if field.length else field.name) + part
    return None


def return_codes(program: ProgramSpec) -> dict[int, str]:
    """Return the names that the uapi gives to what a program of this type returns, by 32-bit signed value."""
    if program.attach_type in _TCX_ATTACH:
        return _TCX
    if program.attach_type is AttachType.SK_SKB_STREAM_PARSER:
        return {}  # a length
    return _CODES.get(program.type, {})


def returned(program: ProgramSpec, retval: int) -> str:
    """Return what a program returned, *retval*'s lowest 32 bits: `XDP_DROP (1)`, `-2` where it has no name."""
    number = signed(retval, 32)
    name = return_codes(program).get(number)
    return f"{name} ({number})" if name else str(number)


@cache
def all_return_codes() -> dict[str, int]:
    """Return what programs of any type return, by the names that the uapi gives to it."""
    return {name: value for codes in (*_CODES.values(), _TCX) for value, name in codes.items()}


def lets_through(type_: ProgramType, retval: int) -> bool:
    """Whether a packet goes on for which a program of this type returned *retval*, 32 bits, signed or not.

    What a redirecting program sends elsewhere goes on as well. Of a socket filter's packet, as many bytes go on as it
    returned.
    """
    if type_ is ProgramType.SOCKET_FILTER:
        return retval & 0xFFFF_FFFF != 0
    if type_ is ProgramType.CGROUP_SKB:
        return bool(retval & 1)
    return signed(retval, 32) in _PASSING.get(type_, ())
