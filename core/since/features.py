"""What else programs and maps may ask of a kernel: flags, fields of contexts, and what code does."""

from __future__ import annotations

from typing import Final

__all__ = ["CODE", "FIELDS", "FLAGS", "KINDS"]

FLAGS: Final = """
4.6 NO_PREALLOC:6c9059817432
4.10 NO_COMMON_LRU:29ba732acbee
4.14 NUMA_NODE:96eabe7a40aa
4.15 RDONLY:6e71b04a8224 WRONLY:6e71b04a8224
4.17 STACK_BUILD_ID:615755a77b24
5.0 ZERO_SEED:96b3b6c9091d
5.2 RDONLY_PROG:591fe9888d78 WRONLY_PROG:591fe9888d78
5.4 CLONE:8f51dfc73bf1
5.5 MMAPABLE:fc9702273e2e
5.10 SLEEPABLE:1e6c62a88215 PRESERVE_ELEMS:792caccc4526 INNER_MAP:4a8f87e60f6d
5.18 XDP_HAS_FRAGS:c2f2cdbeffda
6.4 LINK:68b04864ca42
6.5 PATH_FD:cb8edce28073
6.9 VTYPE_BTF_OBJ_FD:fcc2c1fb0651 TOKEN_FD:a177fc2bf6fd SEGV_ON_FAULT:317460317a02 NO_USER_CONV:317460317a02
6.19 RB_OVERWRITE:2025-10-18
"""
"""`BPF_F_…`, of maps and of programs, each with its source: the kernel's commit, as docs.ebpf.io has it
(data/feature-versions.yaml), or the day of one in libbpf's history of `linux/bpf.h`."""

FIELDS: Final = {
    "__sk_buff": """
4.1 len:9bac3d6d548e pkt_type:9bac3d6d548e mark:9bac3d6d548e queue_mapping:9bac3d6d548e protocol:c24973957975
4.1 vlan_present:c24973957975 vlan_tci:c24973957975 vlan_proto:27cd54524769 priority:bcad57182425
4.2 ingress_ifindex:37e82c2f974b ifindex:37e82c2f974b tc_index:d691f9e8d440 cb:d691f9e8d440
4.3 hash:ba7591d8b28b
4.4 tc_classid:045efa82ff56 data:969bf05eb3ce data_end:969bf05eb3ce
4.12 napi_id:b1d9fc41aab1
4.14 family:8a31db561566 remote_ip4:8a31db561566 local_ip4:8a31db561566 remote_ip6:8a31db561566 local_ip6:8a31db561566
4.14 remote_port:8a31db561566 local_port:8a31db561566
4.15 data_meta:de8f3a83b0a0
4.20 flow_keys:d58e468b1112
5.0 tstamp:f11216b24219 wire_len:e3da08d05700
5.1 gso_segs:d9ff286a0f59 sk:46f8bc92758c
5.7 gso_size:cf62089b0edd
5.16 hwtstamp:f64c4acea51f
5.18 tstamp_type:9bb984f28d5b
""",
    "xdp_md": """
4.15 data_meta:de8f3a83b0a0
4.16 ingress_ifindex:02dd3291b2f0 rx_queue_index:02dd3291b2f0
5.8 egress_ifindex:64b59025c15b
""",
    "bpf_sock_addr": """
4.18 msg_src_ip4:1cedee13d25a msg_src_ip6:1cedee13d25a
5.3 sk:fb85c4a730af
""",
    "bpf_sock_ops": """
4.16 args:de525be2ca27 snd_cwnd:f19397a5c656 srtt_us:f19397a5c656 bpf_sock_ops_cb_flags:b13d88072172
4.16 state:44f0e43037d3 rtt_min:44f0e43037d3 snd_ssthresh:44f0e43037d3 rcv_nxt:44f0e43037d3 snd_nxt:44f0e43037d3
4.16 snd_una:44f0e43037d3 mss_cache:44f0e43037d3 ecn_flags:44f0e43037d3 rate_delivered:44f0e43037d3
4.16 rate_interval_us:44f0e43037d3 packets_out:44f0e43037d3 retrans_out:44f0e43037d3 total_retrans:44f0e43037d3
4.16 segs_in:44f0e43037d3 data_segs_in:44f0e43037d3 segs_out:44f0e43037d3 data_segs_out:44f0e43037d3
4.16 lost_out:44f0e43037d3 sacked_out:44f0e43037d3 sk_txhash:44f0e43037d3 bytes_received:44f0e43037d3
4.16 bytes_acked:44f0e43037d3
5.3 sk:1314ef561102
5.10 skb_data:0813a841566f skb_data_end:0813a841566f skb_len:0813a841566f skb_tcp_flags:0813a841566f
6.2 skb_hwtstamp:9bb053490f1a
""",
    "bpf_sock": """
4.14 mark:482dca939fb7 priority:482dca939fb7
5.1 dst_port:aa65d6960a98 dst_ip4:aa65d6960a98 dst_ip6:aa65d6960a98 state:aa65d6960a98
5.8 rx_queue_mapping:c3c16f2ea6d2
""",
    "sk_msg_md": """
5.0 size:2019-01-03
5.8 sk:2020-05-24
""",
    "sk_reuseport_md": """
5.14 sk:e061047684af migrating_sk:2021-06-12
""",
    "bpf_sk_lookup": """
5.17 ingress_ifindex:2021-11-10
""",
}
"""By the struct of the context, the fields that came later than itself: docs.ebpf.io (program-context/__sk_buff.md, and
the pages of program types), and the days of libbpf's history of `linux/bpf.h`. Where that page dates a field later than
the history has it (of `bpf_sock` and `bpf_sock_addr`), it is left out."""

KINDS: Final = """
5.0 FUNC:btf.h@2018-11-26
5.2 VAR:btf.h@2019-04-09 DATASEC:btf.h@2019-04-09
5.13 FLOAT:btf.h@2021-02-26
5.16 DECL_TAG:btf.h@2021-10-12
5.17 TYPE_TAG:btf.h@2021-11-11
6.0 ENUM64:btf.h@2022-06-06
"""
"""`BTF_KIND_…`, those that came after BTF itself (4.18): the days of libbpf's history of `linux/btf.h`, in whose merge
windows they fall. What a kernel does not know of them loaders replace (`core.kernel.loading.btf`, bpf_object's
sanitizing in libbpf)."""

CODE: Final = """
4.16 calls:cc8b0b92a169
4.17 syscall_wrapper:fa697140f9a2
4.14 complexity:8e17c1b16277
5.2 data:d8eca5bbb2be large:c04c0d2b968a log:7a9f5c65abcc
5.10 tail_calls:e411901c0b77
5.10 ksym:2020-09-29
5.13 callbacks:69c087ba6225 kfuncs:e6ac2450d6de
"""
"""What references in code may be: calls of functions of the object, direct access to data sections, tail calls beside
calls (x86-64), addresses of variables of the kernel's, functions as values, calls of the kernel's functions; and system
calls that take their arguments in a pt_regs (x86-64: "syscalls/x86: Use 'struct pt_regs' based syscall calling
convention for 64-bit syscalls", of 2018-04-05). And how much of it there may be: 131,072 instructions that the verifier
looks at ("bpf/verifier: increase complexity limit to 128k", of 2017-08-07), a million of them and of a program's own,
logs of 1 GiB. Of instructions, `core.kernel.probe.instructions` tells."""
