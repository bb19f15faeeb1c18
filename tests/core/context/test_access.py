"""What of its context a program may access: at the start of each field, what Linux 6.18's verifier lets pass.

The table is the verifier's own answers: a program for each field, width and direction, loaded into that kernel.
tests/kernel/test_context_access.py asks the running one, at other places too.
"""

from __future__ import annotations

import pytest

from bpftui.core.context.access import bad_context_access
from bpftui.core.context.fields import context_fields
from bpftui.core.spec import AttachType, ProgramSpec, ProgramType

T, A = ProgramType, AttachType


def program(type_: ProgramType, hook: AttachType | None = None) -> ProgramSpec:
    return ProgramSpec("p", "", type_, attach_type=hook)


@pytest.mark.parametrize(
    ("type_", "hook", "expected"),
    [
        (
            T.XDP,
            A.XDP,
            "4/- data data_end data_meta ingress_ifindex rx_queue_index; -/- egress_ifindex",
        ),
        (
            T.SOCKET_FILTER,
            None,
            "124/- len pkt_type mark queue_mapping protocol vlan_present vlan_tci vlan_proto priority "
            "ingress_ifindex ifindex tc_index hash napi_id gso_segs gso_size; 1248/1248 cb; -/- tc_classid data "
            "data_end family remote_ip4 local_ip4 remote_ip6 local_ip6 remote_port local_port data_meta flow_keys "
            "tstamp wire_len tstamp_type hwtstamp; 8/- sk",
        ),
        (
            T.SCHED_CLS,
            None,
            "124/- len pkt_type protocol vlan_present vlan_tci vlan_proto ingress_ifindex ifindex hash napi_id "
            "wire_len gso_segs gso_size; 124/4 mark queue_mapping priority tc_index tc_classid; 1248/1248 cb; 4/- "
            "data data_end data_meta; -/- family remote_ip4 local_ip4 remote_ip6 local_ip6 remote_port local_port "
            "flow_keys; 8/8 tstamp; 8/- sk hwtstamp; 1/- tstamp_type",
        ),
        (
            T.SCHED_ACT,
            None,
            "124/- len pkt_type protocol vlan_present vlan_tci vlan_proto ingress_ifindex ifindex hash napi_id "
            "wire_len gso_segs gso_size; 124/4 mark queue_mapping priority tc_index tc_classid; 1248/1248 cb; 4/- "
            "data data_end data_meta; -/- family remote_ip4 local_ip4 remote_ip6 local_ip6 remote_port local_port "
            "flow_keys; 8/8 tstamp; 8/- sk hwtstamp; 1/- tstamp_type",
        ),
        (
            T.CGROUP_SKB,
            A.CGROUP_INET_INGRESS,
            "124/- len pkt_type queue_mapping protocol vlan_present vlan_tci vlan_proto ingress_ifindex ifindex "
            "tc_index hash napi_id family remote_port local_port gso_segs gso_size; 124/4 mark priority; "
            "1248/1248 cb; -/- tc_classid data_meta flow_keys wire_len tstamp_type; 4/- data data_end remote_ip4 "
            "local_ip4 remote_ip6 local_ip6; 8/8 tstamp; 8/- sk hwtstamp",
        ),
        (
            T.LWT_IN,
            None,
            "124/- len pkt_type queue_mapping protocol vlan_present vlan_tci vlan_proto ingress_ifindex ifindex "
            "tc_index hash napi_id gso_segs gso_size; 124/4 mark priority; 1248/1248 cb; -/- tc_classid family "
            "remote_ip4 local_ip4 remote_ip6 local_ip6 remote_port local_port data_meta flow_keys tstamp wire_len "
            "tstamp_type hwtstamp; 4/- data data_end; 8/- sk",
        ),
        (
            T.LWT_XMIT,
            None,
            "124/- len pkt_type queue_mapping protocol vlan_present vlan_tci vlan_proto ingress_ifindex ifindex "
            "tc_index hash napi_id gso_segs gso_size; 124/4 mark priority; 1248/1248 cb; -/- tc_classid family "
            "remote_ip4 local_ip4 remote_ip6 local_ip6 remote_port local_port data_meta flow_keys tstamp wire_len "
            "tstamp_type hwtstamp; 4/- data data_end; 8/- sk",
        ),
        (
            T.LWT_SEG6LOCAL,
            None,
            "124/- len pkt_type queue_mapping protocol vlan_present vlan_tci vlan_proto ingress_ifindex ifindex "
            "tc_index hash napi_id gso_segs gso_size; 124/4 mark priority; 1248/1248 cb; -/- tc_classid family "
            "remote_ip4 local_ip4 remote_ip6 local_ip6 remote_port local_port data_meta flow_keys tstamp wire_len "
            "tstamp_type hwtstamp; 4/- data data_end; 8/- sk",
        ),
        (
            T.SK_SKB,
            A.SK_SKB_STREAM_VERDICT,
            "124/- len pkt_type queue_mapping protocol vlan_present vlan_tci vlan_proto ingress_ifindex ifindex "
            "hash napi_id family remote_port local_port gso_segs gso_size; -/- mark tc_classid data_meta "
            "flow_keys tstamp wire_len tstamp_type hwtstamp; 124/4 priority tc_index; 1248/- cb; 4/- data "
            "data_end remote_ip4 local_ip4 remote_ip6 local_ip6; 8/- sk",
        ),
        (
            T.FLOW_DISSECTOR,
            A.FLOW_DISSECTOR,
            "-/- len pkt_type mark queue_mapping protocol vlan_present vlan_tci vlan_proto priority "
            "ingress_ifindex ifindex tc_index cb hash tc_classid napi_id family remote_ip4 local_ip4 remote_ip6 "
            "local_ip6 remote_port local_port data_meta tstamp wire_len gso_segs sk gso_size tstamp_type "
            "hwtstamp; 4/- data data_end; 8/- flow_keys",
        ),
        (
            T.CGROUP_SOCK,
            A.CGROUP_INET_SOCK_CREATE,
            "4/4 bound_dev_if mark priority; 124/- family type protocol dst_port dst_ip4 dst_ip6 state "
            "rx_queue_mapping; -/- src_ip4 src_ip6 src_port",
        ),
        (
            T.CGROUP_SOCK,
            A.CGROUP_INET4_POST_BIND,
            "-/- bound_dev_if mark priority src_ip6; 124/- family type protocol src_ip4 src_port dst_port dst_ip4 "
            "dst_ip6 state rx_queue_mapping",
        ),
        (
            T.CGROUP_SOCK,
            A.CGROUP_INET6_POST_BIND,
            "-/- bound_dev_if mark priority src_ip4; 124/- family type protocol src_ip6 src_port dst_port dst_ip4 "
            "dst_ip6 state rx_queue_mapping",
        ),
        (
            T.CGROUP_SOCK_ADDR,
            A.CGROUP_INET4_CONNECT,
            "4/- user_family family type protocol; 124/4 user_ip4 user_port; -/- user_ip6 msg_src_ip4 "
            "msg_src_ip6; 8/- sk",
        ),
        (
            T.CGROUP_SOCK_ADDR,
            A.CGROUP_INET6_BIND,
            "4/- user_family family type protocol; -/- user_ip4 msg_src_ip4 msg_src_ip6; 1248/48 user_ip6; 124/4 "
            "user_port; 8/- sk",
        ),
        (
            T.CGROUP_SOCK_ADDR,
            A.CGROUP_UDP4_SENDMSG,
            "4/- user_family family type protocol; 124/4 user_ip4 user_port msg_src_ip4; -/- user_ip6 "
            "msg_src_ip6; 8/- sk",
        ),
        (
            T.CGROUP_SOCK_ADDR,
            A.CGROUP_UDP6_SENDMSG,
            "4/- user_family family type protocol; -/- user_ip4 msg_src_ip4; 1248/48 user_ip6; 124/4 user_port "
            "msg_src_ip6; 8/- sk",
        ),
        (
            T.CGROUP_SOCKOPT,
            A.CGROUP_GETSOCKOPT,
            "8/- sk optval optval_end; 4/- level optname; 4/4 optlen retval",
        ),
        (
            T.CGROUP_SOCKOPT,
            A.CGROUP_SETSOCKOPT,
            "8/- sk optval optval_end; 4/4 level optname optlen; -/- retval",
        ),
        (
            T.CGROUP_SYSCTL,
            A.CGROUP_SYSCTL,
            "124/- write; 124/4 file_pos",
        ),
        (
            T.CGROUP_DEVICE,
            A.CGROUP_DEVICE,
            "124/- access_type; 4/- major minor",
        ),
        (
            T.SOCK_OPS,
            A.CGROUP_SOCK_OPS,
            "4/- op family remote_ip4 local_ip4 remote_ip6 local_ip6 remote_port local_port is_fullsock snd_cwnd "
            "srtt_us bpf_sock_ops_cb_flags state rtt_min snd_ssthresh rcv_nxt snd_nxt snd_una mss_cache ecn_flags "
            "rate_delivered rate_interval_us packets_out retrans_out total_retrans segs_in data_segs_in segs_out "
            "data_segs_out lost_out sacked_out skb_len; 4/4 args sk_txhash; 8/- bytes_received bytes_acked sk "
            "skb_data skb_data_end skb_hwtstamp; 124/- skb_tcp_flags",
        ),
        (
            T.SK_MSG,
            A.SK_MSG_VERDICT,
            "8/- data data_end sk; 4/- family remote_ip4 local_ip4 remote_ip6 local_ip6 remote_port local_port size",
        ),
        (
            T.SK_REUSEPORT,
            A.SK_REUSEPORT_SELECT,
            "8/- data data_end sk migrating_sk; 124/- len ip_protocol bind_inany; 24/- eth_protocol; 4/- hash",
        ),
        (
            T.SK_LOOKUP,
            A.SK_LOOKUP,
            "8/- sk; 124/- family protocol remote_ip4 remote_ip6 remote_port local_ip4 local_ip6 local_port "
            "ingress_ifindex",
        ),
    ],
)
def test_the_widths_of_each_field(type_: ProgramType, hook: AttachType | None, expected: str) -> None:
    """Widths in bytes in which a field is read and written, and the fields of which that is so."""
    spec, groups = program(type_, hook), dict[str, list[str]]()
    for field in context_fields(type_):
        sides = (
            "".join(str(size) for size in (1, 2, 4, 8) if not bad_context_access(spec, field.offset, size, write=write))
            for write in (False, True)
        )
        groups.setdefault("/".join(side or "-" for side in sides), []).append(field.name)
    assert "; ".join(f"{how} {' '.join(names)}" for how, names in groups.items()) == expected


@pytest.mark.parametrize(
    ("type_", "offset", "size", "write", "said"),
    [
        (T.SCHED_CLS, 0, 4, False, None),
        (T.SCHED_CLS, 1, 1, False, None),  # a part of a field
        (T.SCHED_CLS, 1, 2, False, "read of 2 bytes at ctx->len+1: it is read in 1 or 2 or 4 aligned bytes"),
        (T.SCHED_CLS, 0, 8, False, "read of 8 bytes at ctx->len: it is read in 1 or 2 or 4 aligned bytes"),
        (T.SCHED_CLS, 9, 1, True, "write of 1 byte at ctx->mark+1: it is written in 4 aligned bytes"),
        (T.SCHED_CLS, 0, 4, True, "ctx->len may not be written by programs of type sched_cls"),
        (T.SCHED_CLS, 60, 8, False, "read of 8 bytes at ctx->cb+12: it is read in 1 or 2 or 4 or 8 aligned bytes"),
        (T.SCHED_CLS, 64, 4, True, None),
        (T.SCHED_CLS, 64, 8, True, "write of 8 bytes at ctx->cb goes beyond it: it has 20"),
        (T.SCHED_CLS, 188, 4, False, "read of 4 bytes at ctx->hwtstamp+4: it is read in 8 aligned bytes"),
        (
            T.SCHED_CLS,
            188,
            8,
            False,
            "read of 8 bytes at offset 188 of the context, which is struct __sk_buff of 192 bytes",
        ),
        (
            T.SCHED_CLS,
            -4,
            4,
            False,
            "read of 4 bytes at offset -4 of the context, which is struct __sk_buff of 192 bytes",
        ),
        (T.SCHED_CLS, 181, 1, False, "read at offset 181 of the context: struct __sk_buff has no field there"),
        (T.SK_LOOKUP, 36, 4, False, None),  # what had four bytes once is read with the two behind it
        (T.SK_LOOKUP, 38, 2, False, None),
        (T.RAW_TRACEPOINT, 88, 8, False, None),
        (T.RAW_TRACEPOINT, 96, 8, False, "read of 8 bytes at offset 96 of the context, which has 96 bytes"),
        (T.RAW_TRACEPOINT, 0, 8, True, "the context of programs of type raw_tracepoint may not be written"),
        (T.TRACEPOINT, 8, 4, False, None),
        (T.TRACEPOINT, 4, 4, False, "the first 8 bytes of a tracepoint's record may not be read"),
        (T.TRACEPOINT, 8188, 4, False, None),
        (T.TRACEPOINT, 8192, 4, False, "read of 4 bytes at offset 8192 of the context, which has 8192 bytes"),
        (T.TRACEPOINT, 10, 4, False, "read of 4 bytes at offset 10 of the context, which is not aligned to them"),
        (T.KPROBE, 100_000, 8, False, None),
        (T.KPROBE, -8, 8, False, "read of 8 bytes at offset -8 of the context, which has fewer bytes"),
        (T.LSM, 0, 4, True, None),  # of which nothing is known
    ],
)
def test_what_is_wrong_with_an_access(
    type_: ProgramType, offset: int, size: int, write: bool, said: str | None
) -> None:
    assert bad_context_access(program(type_), offset, size, write=write) == said


def test_a_hook_that_has_no_such_field_is_named() -> None:
    spec = program(T.CGROUP_SOCK_ADDR, A.CGROUP_INET6_BIND)
    assert bad_context_access(spec, 4, 4, write=False) == (
        f"ctx->user_ip4 may not be read by programs of type {spec.type.label} ({A.CGROUP_INET6_BIND.label})"
    )
    redirected = program(T.XDP, A.XDP_DEVMAP)
    assert bad_context_access(redirected, 20, 4, write=False) is None
