"""What numbers in fields of contexts, of packets' headers and of sockets are called, as C sources write them.

The names are macros or enumerators of the uapi, which is told at each table, and so never change; BTF has no macros.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .btf import ByteOrder

__all__ = [
    "ETHERTYPES",
    "ICMPV6_TYPES",
    "ICMP_TYPES",
    "LEVELS",
    "NEXT_HEADERS",
    "PACKET_TYPES",
    "SOCK_OPS_FLAGS",
    "constant_name",
    "has_names",
    "named_number",
    "version_text",
]

# linux/if_ether.h; big-endian where it is a field
ETHERTYPES: Final = {
    0x0003: "ETH_P_ALL",
    0x0800: "ETH_P_IP",
    0x0806: "ETH_P_ARP",
    0x6558: "ETH_P_TEB",
    0x8035: "ETH_P_RARP",
    0x8100: "ETH_P_8021Q",
    0x86DD: "ETH_P_IPV6",
    0x8808: "ETH_P_PAUSE",
    0x8809: "ETH_P_SLOW",
    0x8847: "ETH_P_MPLS_UC",
    0x8848: "ETH_P_MPLS_MC",
    0x8863: "ETH_P_PPP_DISC",
    0x8864: "ETH_P_PPP_SES",
    0x888E: "ETH_P_PAE",
    0x88A8: "ETH_P_8021AD",
    0x88CC: "ETH_P_LLDP",
    0x88E5: "ETH_P_MACSEC",
    0x88F7: "ETH_P_1588",
    0x894F: "ETH_P_NSH",
}
"""What an Ethernet frame carries."""
# linux/in.h, and linux/in6.h for the extension headers of IPv6
_IPPROTO: Final = {
    1: "IPPROTO_ICMP",
    2: "IPPROTO_IGMP",
    4: "IPPROTO_IPIP",
    6: "IPPROTO_TCP",
    17: "IPPROTO_UDP",
    33: "IPPROTO_DCCP",
    41: "IPPROTO_IPV6",
    47: "IPPROTO_GRE",
    50: "IPPROTO_ESP",
    51: "IPPROTO_AH",
    103: "IPPROTO_PIM",
    115: "IPPROTO_L2TP",
    132: "IPPROTO_SCTP",
    136: "IPPROTO_UDPLITE",
    137: "IPPROTO_MPLS",
    255: "IPPROTO_RAW",
    262: "IPPROTO_MPTCP",
}
NEXT_HEADERS: Final = _IPPROTO | {
    0: "IPPROTO_HOPOPTS",
    43: "IPPROTO_ROUTING",
    44: "IPPROTO_FRAGMENT",
    58: "IPPROTO_ICMPV6",
    59: "IPPROTO_NONE",
    60: "IPPROTO_DSTOPTS",
}
"""What an IP packet carries, extensions of IPv6 included."""
_PROTOCOL: Final = _IPPROTO | {0: "IPPROTO_IP", 58: "IPPROTO_ICMPV6"}
# sys/socket.h: the C library's, the same on all machines
_AF: Final = {
    0: "AF_UNSPEC",
    1: "AF_UNIX",
    2: "AF_INET",
    10: "AF_INET6",
    16: "AF_NETLINK",
    17: "AF_PACKET",
    40: "AF_VSOCK",
    44: "AF_XDP",
}
_SOCK: Final = {1: "SOCK_STREAM", 2: "SOCK_DGRAM", 3: "SOCK_RAW", 5: "SOCK_SEQPACKET"}
# linux/bpf.h; without their BPF_ in net/tcp_states.h
_TCP_STATES: Final = (
    "ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE CLOSE_WAIT LAST_ACK LISTEN CLOSING NEW_SYN_RECV"
)
_BPF_TCP: Final = {number: f"BPF_TCP_{name}" for number, name in enumerate(_TCP_STATES.split(), 1)}
_TCP: Final = {number: name.removeprefix("BPF_") for number, name in _BPF_TCP.items()}
# linux/bpf.h, Linux 6.18
_SOCK_OPS_CALLS: Final = (
    "VOID TIMEOUT_INIT RWND_INIT TCP_CONNECT_CB ACTIVE_ESTABLISHED_CB PASSIVE_ESTABLISHED_CB NEEDS_ECN BASE_RTT "
    "RTO_CB RETRANS_CB STATE_CB TCP_LISTEN_CB RTT_CB PARSE_HDR_OPT_CB HDR_OPT_LEN_CB WRITE_HDR_OPT_CB "
    "TSTAMP_SCHED_CB TSTAMP_SND_SW_CB TSTAMP_SND_HW_CB TSTAMP_ACK_CB TSTAMP_SENDMSG_CB"
)
_SOCK_OPS: Final = {number: f"BPF_SOCK_OPS_{name}" for number, name in enumerate(_SOCK_OPS_CALLS.split())}
# linux/bpf.h
SOCK_OPS_FLAGS: Final = {
    1: "BPF_SOCK_OPS_RTO_CB_FLAG",
    2: "BPF_SOCK_OPS_RETRANS_CB_FLAG",
    4: "BPF_SOCK_OPS_STATE_CB_FLAG",
    8: "BPF_SOCK_OPS_RTT_CB_FLAG",
    16: "BPF_SOCK_OPS_PARSE_ALL_HDR_OPT_CB_FLAG",
    32: "BPF_SOCK_OPS_PARSE_UNKNOWN_HDR_OPT_CB_FLAG",
    64: "BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG",
    127: "BPF_SOCK_OPS_ALL_CB_FLAGS",
}
"""Which events a sock_ops program is called for: one, or all."""
# linux/if_packet.h
PACKET_TYPES: Final = {
    0: "PACKET_HOST",
    1: "PACKET_BROADCAST",
    2: "PACKET_MULTICAST",
    3: "PACKET_OTHERHOST",
    4: "PACKET_OUTGOING",
}
"""Whom a packet is for."""
# asm-generic/socket.h for SOL_SOCKET, sys/socket.h for the others
LEVELS: Final = {0: "SOL_IP", 1: "SOL_SOCKET", 6: "SOL_TCP", 17: "SOL_UDP", 41: "SOL_IPV6"}
"""Of socket options."""
# linux/icmp.h, linux/icmpv6.h
ICMP_TYPES: Final = {
    0: "ICMP_ECHOREPLY",
    3: "ICMP_DEST_UNREACH",
    5: "ICMP_REDIRECT",
    8: "ICMP_ECHO",
    11: "ICMP_TIME_EXCEEDED",
    12: "ICMP_PARAMETERPROB",
}
ICMPV6_TYPES: Final = {
    1: "ICMPV6_DEST_UNREACH",
    2: "ICMPV6_PKT_TOOBIG",
    3: "ICMPV6_TIME_EXCEED",
    4: "ICMPV6_PARAMPROB",
    128: "ICMPV6_ECHO_REQUEST",
    129: "ICMPV6_ECHO_REPLY",
}
# Which fields they are in. A field that is not big-endian has its numbers as they are.
_FIELDS: Final = {
    "__sk_buff.protocol sk_buff.protocol ethhdr.h_proto vlan_hdr.h_vlan_encapsulated_proto __sk_buff.vlan_proto "
    "sk_buff.vlan_proto sk_reuseport_md.eth_protocol bpf_fib_lookup.h_vlan_proto": ETHERTYPES,
    "iphdr.protocol bpf_sock.protocol bpf_sock_addr.protocol bpf_sk_lookup.protocol sk_reuseport_md.ip_protocol "
    "bpf_fib_lookup.l4_protocol sock.sk_protocol trace_event_raw_inet_sock_set_state.protocol": _PROTOCOL,
    "ipv6hdr.nexthdr ipv6_opt_hdr.nexthdr": NEXT_HEADERS,
    "__sk_buff.family bpf_sock.family bpf_sock_addr.family bpf_sock_addr.user_family bpf_sock_ops.family "
    "sk_msg_md.family bpf_sk_lookup.family bpf_fib_lookup.family sock_common.skc_family sockaddr.sa_family "
    "sockaddr_in.sin_family sockaddr_in6.sin6_family __kernel_sockaddr_storage.ss_family "
    "trace_event_raw_inet_sock_set_state.family": _AF,
    "bpf_sock.type bpf_sock_addr.type sock.sk_type": _SOCK,
    "bpf_sock.state bpf_sock_ops.state": _BPF_TCP,
    "sock_common.skc_state trace_event_raw_inet_sock_set_state.oldstate "
    "trace_event_raw_inet_sock_set_state.newstate": _TCP,
    "bpf_sock_ops.op": _SOCK_OPS,
    "__sk_buff.pkt_type": PACKET_TYPES,
    "bpf_sockopt.level": LEVELS,
    "icmphdr.type": ICMP_TYPES,
    "icmp6hdr.icmp6_type": ICMPV6_TYPES,
}
_NAMES: Final = {field: names for fields, names in _FIELDS.items() for field in fields.split()}


def has_names(field: str) -> bool:
    """Whether numbers in a field (`iphdr.protocol`; behind `^` after a swap of its bytes) have names."""
    return field.removeprefix("^") in _NAMES


def constant_name(field: str, value: int, byte_order: ByteOrder) -> str | None:
    """Return what a number is called in a field, as C writes it: `bpf_htons(ETH_P_IP)`; None where it has no name.

    Args:
        field: The struct and its member; behind `^` the number after a swap of its bytes.
        value: The number, unsigned, as a register of the program has it.
        byte_order: That of the program.
    """
    names = _NAMES.get(field.removeprefix("^"), {})
    if names is not ETHERTYPES:
        return names.get(value)
    if field.startswith("^"):
        return names.get(value)
    if value >> 16:
        return None
    name = names.get(int.from_bytes(value.to_bytes(2, byte_order), "big"))
    return None if name is None else f"bpf_htons({name})"


def named_number(name: str) -> int | None:
    """Return the number that is called *name* in C sources, `IPPROTO_TCP`; None where nothing here is called that."""
    for names in _FIELDS.values():
        for number, known in names.items():
            if known == name:
                return number
    return None


def version_text(code: int) -> str:
    """Return the version that a LINUX_VERSION_CODE stands for, as `KERNEL_VERSION(a, b, c)` of linux/version.h does."""
    return f"{code >> 16}.{code >> 8 & 0xFF}.{code & 0xFF}"
