"""The types of `linux/bpf.h` by the version of Linux that brought them."""

from __future__ import annotations

from typing import Final

__all__ = ["ATTACH_TYPES", "LINKS", "MAPS", "PROGRAMS"]

MAPS: Final = """
3.19 hash:0f8e4bd8a1fc array:28fbcfa08d8e
4.2 prog_array:04fd61ab36ec
4.3 perf_event_array:ea317b267e9d
4.6 percpu_hash:824bd0ce6c7c percpu_array:a10423b87a7e stack_trace:d5a3b1f69186
4.8 cgroup_array:4ed8ec521ed5
4.10 lru_hash:29ba732acbee lru_percpu_hash:8f8449384ec3
4.11 lpm_trie:b95a5c4db09b
4.12 array_of_maps:56f668dfe00d hash_of_maps:bcc6b1b7ebf8
4.14 devmap:546ac1ffb70d sockmap:174a79ff9515
4.15 cpumap:6710e1126934
4.18 xskmap:fbfc504a24f5 sockhash:81110384441a
4.19 cgroup_storage:de9cbbaadba5 reuseport_sockarray:5dc4c4b7d4e8
4.20 percpu_cgroup_storage:b741f1630346 queue:f1a2e44a3aec stack:f1a2e44a3aec
5.2 sk_storage:6ac99e8f23d4
5.4 devmap_hash:6f9d451ab1a3
5.6 struct_ops:85d33df357b6
5.8 ringbuf:457f44363a88
5.10 inode_storage:8ea636848aca
5.11 task_storage:4cf1bc1f1045
5.16 bloom_filter:9330986c0300
6.1 user_ringbuf:583c1f420173
6.2 cgrp_storage:c4bcfb38a95e
6.9 arena:317460317a02
6.19 insn_array:b4ce5923e780
7.2 rhash:2026-06-05
"""
"""Map types, each with its source: the kernel's commit, as docs.ebpf.io has it (data/feature-versions.yaml), or the day
of one in libbpf's history of `linux/bpf.h`."""

PROGRAMS: Final = """
3.19 socket_filter:ddd872bc3098
4.1 kprobe:2541517c32be sched_cls:96be4325f443 sched_act:94caee8c312d
4.7 tracepoint:98b5c2c65c29
4.8 xdp:6a773a15a1e8
4.9 perf_event:0515e5999a46
4.10 cgroup_skb:0e33661de493 cgroup_sock:610236587600 lwt_in:3a0af8fd61f9 lwt_out:3a0af8fd61f9 lwt_xmit:3a0af8fd61f9
4.13 sock_ops:40304b2a1567
4.14 sk_skb:b005fd189cec
4.15 cgroup_device:ebc614f68736
4.17 sk_msg:4f738adba30a raw_tracepoint:c4f6699dfcb8 cgroup_sock_addr:4fbac77d2d09
4.18 lwt_seg6local:004d4b274e2a lirc_mode2:f4364dcfc86d
4.19 sk_reuseport:2dbb9b9e6df6
4.20 flow_dissector:d58e468b1112
5.2 cgroup_sysctl:7b146cebe30c raw_tracepoint_writable:9df1c28bb752
5.3 cgroup_sockopt:0d01da6afc54
5.5 tracing:f1b9509c2fb0
5.6 struct_ops:27ae7997a661 ext:be8704ff07d2
5.7 lsm:fc611f47f218
5.9 sk_lookup:e9ddbb7707ff
5.14 syscall:79a7f8bdb159
6.4 netfilter:84601d6ee68a
"""
"""Program types, likewise."""

ATTACH_TYPES: Final = """
4.10 cgroup_inet_ingress:0e33661de493 cgroup_inet_egress:0e33661de493 cgroup_inet_sock_create:610236587600
4.13 cgroup_sock_ops:40304b2a1567
4.14 sk_skb_stream_parser:464bc0fd6273 sk_skb_stream_verdict:464bc0fd6273
4.15 cgroup_device:ebc614f68736
4.17 sk_msg_verdict:4f738adba30a cgroup_inet4_bind:4fbac77d2d09 cgroup_inet6_bind:4fbac77d2d09
4.17 cgroup_inet4_connect:d74bad4e74ee cgroup_inet6_connect:d74bad4e74ee cgroup_inet4_post_bind:aac3fc320d94
4.17 cgroup_inet6_post_bind:aac3fc320d94
4.18 cgroup_udp4_sendmsg:1cedee13d25a cgroup_udp6_sendmsg:1cedee13d25a lirc_mode2:f4364dcfc86d
4.20 flow_dissector:d58e468b1112
5.2 cgroup_sysctl:7b146cebe30c cgroup_udp4_recvmsg:983695fa6765 cgroup_udp6_recvmsg:983695fa6765
5.3 cgroup_getsockopt:0d01da6afc54 cgroup_setsockopt:0d01da6afc54
5.5 trace_raw_tp:f1b9509c2fb0 trace_fentry:fec56f5890d9 trace_fexit:fec56f5890d9
5.7 modify_return:ae24082331d9 lsm_mac:fc611f47f218
5.8 trace_iter:15d83c4d7cef cgroup_inet4_getpeername:1b66d253610c cgroup_inet6_getpeername:1b66d253610c
5.8 cgroup_inet4_getsockname:1b66d253610c cgroup_inet6_getsockname:1b66d253610c xdp_devmap:fbee97feed9b
5.9 cgroup_inet_sock_release:f5836749c9c0 xdp_cpumap:9216477449f3 sk_lookup:e9ddbb7707ff xdp:aa8d3a716b59
5.13 sk_skb_verdict:a7ba4558e69a
5.14 sk_reuseport_select:d5e4ddaeb6ab sk_reuseport_select_or_migrate:d5e4ddaeb6ab
5.15 perf_event:b89fbfbb854c
5.18 trace_kprobe_multi:0dcac2725406
6.0 lsm_cgroup:69fd337a975c
6.4 netfilter:2023-06-05 struct_ops:2023-03-22
6.6 trace_uprobe_multi:2023-08-09 tcx_ingress:e420bed02507 tcx_egress:e420bed02507
6.7 cgroup_unix_connect:2023-10-11 cgroup_unix_getpeername:2023-10-11 cgroup_unix_getsockname:2023-10-11
6.7 cgroup_unix_recvmsg:2023-10-11 cgroup_unix_sendmsg:2023-10-11 netkit_primary:35dfaad7188c netkit_peer:35dfaad7188c
6.10 trace_kprobe_session:535a3692ba72
6.13 trace_uprobe_session:2024-11-08
7.0 trace_fsession:2026-01-24
7.2 trace_fentry_multi:2026-06-06 trace_fexit_multi:2026-06-06 trace_fsession_multi:2026-06-06
"""
"""Attach types, likewise."""

LINKS: Final = """
4.17 raw_tracepoint
5.5 tracing
5.7 cgroup
5.8 iter netns
5.9 xdp
5.15 perf_event
5.18 kprobe_multi
6.4 struct_ops netfilter
6.6 tcx uprobe_multi
6.7 netkit
6.10 sockmap
"""
"""Types of links by the version in which such a link could first be made, which for the first ones is before the
enumeration (Linux 5.8) that gave them their names: docs.ebpf.io has the latter."""
