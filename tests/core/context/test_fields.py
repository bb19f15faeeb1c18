"""What programs are given and what they return, by the kernel's uapi."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.btf import kernel
from bpftui.core.btf import types as t
from bpftui.core.context.fields import (
    context_field,
    context_size,
    lets_through,
    return_codes,
    returned,
    uapi_field,
)
from bpftui.core.spec import AttachType, ProgramSpec, ProgramType


def program(kind: ProgramType, attach: AttachType | None = None) -> ProgramSpec:
    return ProgramSpec("p", "s", kind, attach)


@pytest.mark.parametrize(
    ("kind", "offset", "size", "field"),
    [
        (ProgramType.XDP, 4, 4, "data_end"),
        (ProgramType.XDP, 4, 2, "data_end+0"),
        (ProgramType.XDP, 24, 4, None),
        (ProgramType.SCHED_CLS, 76, 4, "data"),
        (ProgramType.SCHED_CLS, 56, 4, "cb[2]"),
        (ProgramType.SCHED_CLS, 50, 4, None),
        (ProgramType.SCHED_CLS, 184, 8, "hwtstamp"),
        (ProgramType.SCHED_CLS, 181, 1, None),
        (ProgramType.CGROUP_SOCK_ADDR, 64, 8, "sk"),
        (ProgramType.SOCK_OPS, 216, 8, "skb_hwtstamp"),
        (ProgramType.SK_LOOKUP, 36, 2, "remote_port"),
        (ProgramType.KPROBE, 0, 8, None),
    ],
)
def test_fields_of_contexts(kind: ProgramType, offset: int, size: int, field: str | None) -> None:
    assert context_field(program(kind), offset, size) == field


@pytest.mark.skipif(not Path("/sys/kernel/btf/vmlinux").exists(), reason="this kernel has no BTF")
@pytest.mark.parametrize(
    ("kind", "struct"),
    [
        (ProgramType.XDP, "xdp_md"),
        (ProgramType.SCHED_CLS, "__sk_buff"),
        (ProgramType.CGROUP_SOCK_ADDR, "bpf_sock_addr"),
        (ProgramType.CGROUP_SOCK, "bpf_sock"),
        (ProgramType.SOCK_OPS, "bpf_sock_ops"),
        (ProgramType.SK_MSG, "sk_msg_md"),
        (ProgramType.CGROUP_SYSCTL, "bpf_sysctl"),
        (ProgramType.CGROUP_SOCKOPT, "bpf_sockopt"),
        (ProgramType.SK_REUSEPORT, "sk_reuseport_md"),
        (ProgramType.SK_LOOKUP, "bpf_sk_lookup"),
        (ProgramType.CGROUP_DEVICE, "bpf_cgroup_dev_ctx"),
    ],
)
def test_contexts_are_those_of_this_kernel(kind: ProgramType, struct: str) -> None:
    """Each member that this kernel knows has the same name here; an older one knows fewer."""
    btf = kernel.vmlinux()
    found = btf.find(struct)
    if found is None:
        return  # not all kernels have all of them
    composite = btf.strip(found)
    assert isinstance(composite, t.Composite)
    for member in composite.members:
        inner = btf.strip(member.type_id)
        name = member.name
        while not name:  # a union that makes a pointer 8 bytes wide everywhere
            assert isinstance(inner, t.Composite)
            name, inner = inner.members[0].name, btf.strip(inner.members[0].type_id)
        offset = member.bit_offset // 8
        if isinstance(inner, t.Array):
            assert context_field(program(kind), offset, 4) == f"{name}[0]"
            assert context_field(program(kind), offset + 4 * inner.count - 4, 4) == f"{name}[{inner.count - 1}]"
        else:
            size = 8 if isinstance(inner, t.Pointer) else btf.size(member.type_id)
            assert context_field(program(kind), offset, size) == name


@pytest.mark.parametrize(
    ("struct", "size", "fields"),
    [
        (
            "xdp_md",
            24,
            "0 data, 4 data_end, 8 data_meta, 12 ingress_ifindex, 16 rx_queue_index, 20 egress_ifindex",
        ),
        (
            "__sk_buff",
            192,
            "0 len, 4 pkt_type, 8 mark, 12 queue_mapping, 16 protocol, 20 vlan_present, 24 vlan_tci, 28 vlan_proto, "
            "32 priority, 36 ingress_ifindex, 40 ifindex, 44 tc_index, 48 cb, 68 hash, 72 tc_classid, 76 data, 80 "
            "data_end, 84 napi_id, 88 family, 92 remote_ip4, 96 local_ip4, 100 remote_ip6, 116 local_ip6, 132 "
            "remote_port, 136 local_port, 140 data_meta, 144 flow_keys, 152 tstamp, 160 wire_len, 164 gso_segs, 168 "
            "sk, 176 gso_size, 180 tstamp_type, 184 hwtstamp",
        ),
        (
            "bpf_sock_addr",
            72,
            "0 user_family, 4 user_ip4, 8 user_ip6, 24 user_port, 28 family, 32 type, 36 protocol, 40 msg_src_ip4, 44 "
            "msg_src_ip6, 64 sk",
        ),
        (
            "bpf_sock_ops",
            224,
            "0 op, 4 args, 20 family, 24 remote_ip4, 28 local_ip4, 32 remote_ip6, 48 local_ip6, 64 remote_port, 68 "
            "local_port, 72 is_fullsock, 76 snd_cwnd, 80 srtt_us, 84 bpf_sock_ops_cb_flags, 88 state, 92 rtt_min, 96 "
            "snd_ssthresh, 100 rcv_nxt, 104 snd_nxt, 108 snd_una, 112 mss_cache, 116 ecn_flags, 120 rate_delivered, "
            "124 rate_interval_us, 128 packets_out, 132 retrans_out, 136 total_retrans, 140 segs_in, 144 "
            "data_segs_in, 148 segs_out, 152 data_segs_out, 156 lost_out, 160 sacked_out, 164 sk_txhash, 168 "
            "bytes_received, 176 bytes_acked, 184 sk, 192 skb_data, 200 skb_data_end, 208 skb_len, 212 skb_tcp_flags, "
            "216 skb_hwtstamp",
        ),
        (
            "sk_msg_md",
            80,
            "0 data, 8 data_end, 16 family, 20 remote_ip4, 24 local_ip4, 28 remote_ip6, 44 local_ip6, 60 remote_port, "
            "64 local_port, 68 size, 72 sk",
        ),
        (
            "bpf_sock",
            80,
            "0 bound_dev_if, 4 family, 8 type, 12 protocol, 16 mark, 20 priority, 24 src_ip4, 28 src_ip6, 44 "
            "src_port, 48 dst_port, 52 dst_ip4, 56 dst_ip6, 72 state, 76 rx_queue_mapping",
        ),
        (
            "bpf_tcp_sock",
            112,
            "0 snd_cwnd, 4 srtt_us, 8 rtt_min, 12 snd_ssthresh, 16 rcv_nxt, 20 snd_nxt, 24 snd_una, 28 mss_cache, 32 "
            "ecn_flags, 36 rate_delivered, 40 rate_interval_us, 44 packets_out, 48 retrans_out, 52 total_retrans, 56 "
            "segs_in, 60 data_segs_in, 64 segs_out, 68 data_segs_out, 72 lost_out, 76 sacked_out, 80 bytes_received, "
            "88 bytes_acked, 96 dsack_dups, 100 delivered, 104 delivered_ce, 108 icsk_retransmits",
        ),
        (
            "bpf_sysctl",
            8,
            "0 write, 4 file_pos",
        ),
        (
            "bpf_sockopt",
            40,
            "0 sk, 8 optval, 16 optval_end, 24 level, 28 optname, 32 optlen, 36 retval",
        ),
        (
            "sk_reuseport_md",
            56,
            "0 data, 8 data_end, 16 len, 20 eth_protocol, 24 ip_protocol, 28 bind_inany, 32 hash, 40 sk, 48 "
            "migrating_sk",
        ),
        (
            "bpf_sk_lookup",
            72,
            "0 sk, 8 family, 12 protocol, 16 remote_ip4, 20 remote_ip6, 36 remote_port, 40 local_ip4, 44 local_ip6, "
            "60 local_port, 64 ingress_ifindex",
        ),
        (
            "bpf_cgroup_dev_ctx",
            12,
            "0 access_type, 4 major, 8 minor",
        ),
        (
            "bpf_nf_ctx",
            16,
            "0 state, 8 skb",
        ),
    ],
)
def test_where_the_fields_of_the_uapis_structs_begin(struct: str, size: int, fields: str) -> None:
    """As `linux/bpf.h` of Linux 6.18 has them, and clang lays them out."""
    names = [(uapi_field(struct, at, 1) or "").partition("+")[0].partition("[")[0] for at in range(size)]
    begin = [f"{at} {name}" for at, name in enumerate(names) if name and name != (names[at - 1] if at else "")]
    assert ", ".join(begin) == fields
    assert uapi_field(struct, size, 1) is None


def test_a_part_of_a_field_and_what_reaches_over_elements() -> None:
    assert uapi_field("__sk_buff", 48, 4) == "cb[0]"
    assert uapi_field("__sk_buff", 49, 1) == "cb[0]+1"
    assert uapi_field("__sk_buff", 66, 2) == "cb[4]+2"
    assert uapi_field("__sk_buff", 48, 8) == "cb…"
    assert uapi_field("__sk_buff", 52, 8) is None
    assert uapi_field("__sk_buff", 64, 8) is None


TC = (
    "-1 TC_ACT_UNSPEC, 0 TC_ACT_OK, 1 TC_ACT_RECLASSIFY, 2 TC_ACT_SHOT, 3 TC_ACT_PIPE, 4 TC_ACT_STOLEN, 5 "
    "TC_ACT_QUEUED, 6 TC_ACT_REPEAT, 7 TC_ACT_REDIRECT, 8 TC_ACT_TRAP"
)
SK = "0 SK_DROP, 1 SK_PASS"


@pytest.mark.parametrize(
    ("kind", "attach", "codes"),
    [
        (ProgramType.XDP, None, "0 XDP_ABORTED, 1 XDP_DROP, 2 XDP_PASS, 3 XDP_TX, 4 XDP_REDIRECT"),
        (ProgramType.SCHED_CLS, None, TC),
        (ProgramType.SCHED_ACT, None, TC),
        (ProgramType.SCHED_CLS, AttachType.TCX_INGRESS, "-1 TCX_NEXT, 0 TCX_PASS, 2 TCX_DROP, 7 TCX_REDIRECT"),
        (ProgramType.SK_SKB, None, SK),
        (ProgramType.SK_SKB, AttachType.SK_SKB_STREAM_PARSER, ""),  # a length
        (ProgramType.SK_MSG, None, SK),
        (ProgramType.SK_REUSEPORT, None, SK),
        (ProgramType.SK_LOOKUP, None, SK),
        (ProgramType.NETFILTER, None, "0 NF_DROP, 1 NF_ACCEPT"),
        (ProgramType.LWT_IN, None, "0 BPF_OK, 2 BPF_DROP, 128 BPF_LWT_REROUTE"),
        (ProgramType.LWT_OUT, None, "0 BPF_OK, 2 BPF_DROP"),
        (ProgramType.LWT_XMIT, None, "0 BPF_OK, 2 BPF_DROP, 7 BPF_REDIRECT, 128 BPF_LWT_REROUTE"),
        (ProgramType.LWT_SEG6LOCAL, None, "0 BPF_OK, 2 BPF_DROP, 7 BPF_REDIRECT"),
        (ProgramType.FLOW_DISSECTOR, None, "0 BPF_OK, 2 BPF_DROP, 129 BPF_FLOW_DISSECTOR_CONTINUE"),
        (ProgramType.KPROBE, None, ""),
    ],
)
def test_return_codes_are_those_of_the_uapi(kind: ProgramType, attach: AttachType | None, codes: str) -> None:
    """As `linux/bpf.h`, `linux/pkt_cls.h` and `linux/netfilter.h` have them."""
    assert ", ".join(f"{value} {name}" for value, name in return_codes(program(kind, attach)).items()) == codes


@pytest.mark.parametrize(
    ("kind", "size"),
    [(ProgramType.XDP, 24), (ProgramType.SCHED_CLS, 192), (ProgramType.CGROUP_DEVICE, 12), (ProgramType.KPROBE, 0)],
)
def test_the_size_of_a_context(kind: ProgramType, size: int) -> None:
    assert context_size(kind) == size


def test_what_was_returned_is_32_bits_signed() -> None:
    assert returned(program(ProgramType.XDP), 1) == "XDP_DROP (1)"
    assert returned(program(ProgramType.XDP), 9) == "9"
    assert returned(program(ProgramType.SCHED_CLS), 0xFFFF_FFFF) == "TC_ACT_UNSPEC (-1)"
    assert returned(program(ProgramType.SCHED_CLS), -1) == "TC_ACT_UNSPEC (-1)"
    assert returned(program(ProgramType.KPROBE), 0xFFFF_FFFE) == "-2"


@pytest.mark.parametrize(
    ("type_", "passing", "dropped"),
    [
        (ProgramType.XDP, (2, 3, 4), (0, 1, 5, -1)),
        (ProgramType.SCHED_CLS, (-1, 0xFFFF_FFFF, 0, 1, 3, 6, 7), (2, 4, 5, 8)),
        (ProgramType.SCHED_ACT, (-1, 0xFFFF_FFFF, 0, 1, 3, 6, 7), (2, 4, 5, 8)),
        (ProgramType.SOCKET_FILTER, (1, 64, 0xFFFF_FFFF), (0, 1 << 32)),
        (ProgramType.CGROUP_SKB, (1, 3), (0, 2)),
        (ProgramType.SK_SKB, (1,), (0, 2)),
        (ProgramType.NETFILTER, (1,), (0, 2)),
        (ProgramType.LWT_IN, (0, 128), (2, 7)),
        (ProgramType.LWT_OUT, (0,), (2, 7, 128)),
        (ProgramType.LWT_XMIT, (0, 7, 128), (2,)),
        (ProgramType.LWT_SEG6LOCAL, (0, 7), (2, 128)),
        (ProgramType.FLOW_DISSECTOR, (0, 129), (2, 128)),
        (ProgramType.KPROBE, (), (0, 1)),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_what_lets_a_packet_go_on(type_: ProgramType, passing: tuple[int, ...], dropped: tuple[int, ...]) -> None:
    assert [value for value in (*passing, *dropped) if lets_through(type_, value)] == [*passing]
