"""What helpers do with their arguments, as far as names and cross references need it.

Each argument is one letter: `m` a map, `r` memory that is read, `w` memory that is written, `x` memory that may be
both, `k` a callback, `c` the context, `f` flags that have names, `v` anything else. The facts are those of the
prototypes in the kernel's sources (Linux 6.18); a helper that is not here may do anything.
"""

from __future__ import annotations

import enum
from typing import Final, NamedTuple

from ..constants import LEVELS, PACKET_TYPES, SOCK_OPS_FLAGS
from .names import HELPERS

__all__ = ["Effect", "MapUse", "effect_of", "flag_names"]


class MapUse(enum.Flag):
    """What is done with a map or a variable."""

    READ = 1
    WRITE = 2

    @property
    def reads(self) -> bool:
        """Whether it is read."""
        return self is _READ or self is _BOTH

    @property
    def writes(self) -> bool:
        """Whether it is written."""
        return self is _WRITE or self is _BOTH

    @classmethod
    def of(cls, *, reads: bool, writes: bool) -> MapUse:
        """Return what an access is that reads, writes, or does both."""
        return _BOTH if reads and writes else _READ if reads else _WRITE if writes else _NONE


class Effect(NamedTuple):
    """What one helper does."""

    arguments: str
    """A letter for each argument."""
    use: MapUse | None = None
    """What it does with the map among them; None where that is not known."""
    returns_element: bool = False
    """Whether it returns a pointer to a value of that map, or NULL."""


_READ, _WRITE = MapUse.READ, MapUse.WRITE
_BOTH: Final = MapUse.READ | MapUse.WRITE
_NONE: Final = MapUse(0)
_PLAIN: Final = {
    "": "ktime_get_ns get_prandom_u32 get_smp_processor_id get_current_pid_tgid get_current_uid_gid "
    "get_current_task get_numa_node_id get_current_cgroup_id jiffies64 ktime_get_boot_ns get_current_task_btf "
    "ktime_get_coarse_ns ktime_get_tai_ns",
    "c": "get_cgroup_classid skb_vlan_pop get_route_realm get_hash_recalc set_hash_invalid get_socket_cookie "
    "get_socket_uid skb_cgroup_id skb_ecn_set_ce get_func_ip "
    "get_attach_cookie get_func_arg_cnt xdp_get_buff_len get_netns_cookie",
    "cv": "skb_change_type csum_update skb_pull_data set_hash xdp_adjust_head xdp_adjust_meta xdp_adjust_tail "
    "sock_ops_cb_flags_set msg_apply_bytes msg_cork_bytes override_return",
    "vv": "redirect_peer",
    "cvf": "clone_redirect",
    "cvv": "skb_vlan_push skb_change_proto skb_change_tail skb_change_head",
    "cvrvf": "skb_store_bytes",
    "cvvvf": "l3_csum_replace l4_csum_replace",
    "cvwv": "skb_load_bytes xdp_load_bytes",
    "cvrv": "xdp_store_bytes",
    "cvwvv": "skb_load_bytes_relative",
    "cvfv": "skb_adjust_room",
    "cwvf": "skb_get_tunnel_key get_stack",
    "cxvf": "fib_lookup",
    "crvf": "skb_set_tunnel_key",
    "cwv": "skb_get_tunnel_opt perf_prog_read_value",
    "crv": "skb_set_tunnel_opt bind",
    "crvfv": "sk_lookup_tcp sk_lookup_udp skc_lookup_tcp",
    "cvvrv": "setsockopt",
    "cvvwv": "getsockopt",
    "cvw": "get_func_arg",
    "cw": "get_func_ret",
    "wv": "get_current_comm",
    "rv": "trace_printk",
    "rvrv": "trace_vprintk",
    "rvrvv": "csum_diff",
    "wvv": "probe_read probe_read_str probe_read_user probe_read_kernel probe_read_user_str probe_read_kernel_str "
    "copy_from_user",
    "vwv": "d_path",
    "vrv": "probe_write_user seq_write",
    "crvrv": "seq_printf",
    "wvrrv": "snprintf",
    "rvr": "strncmp",
    "rvvw": "strtol strtoul",
    "vvwv": "get_ns_current_pid_tgid",
    "v": "send_signal send_signal_thread tcp_sock sk_fullsock get_listener_sock sk_release",
    "x": "spin_lock spin_unlock",
    "vkxv": "loop",
    "vf": "redirect ringbuf_submit ringbuf_discard",
}
_ON_MAPS: Final = {
    "map_lookup_elem": Effect("mr", _READ, True),
    "map_update_elem": Effect("mrrf", _WRITE),
    "map_delete_elem": Effect("mr", _WRITE),
    "map_push_elem": Effect("mrf", _WRITE),
    "map_pop_elem": Effect("mw", _BOTH),
    "map_peek_elem": Effect("mw", _READ),
    "map_lookup_percpu_elem": Effect("mrv", _READ, True),
    "for_each_map_elem": Effect("mkxv", _READ),
    "tail_call": Effect("cmv", _READ),
    "perf_event_read": Effect("mf", _READ),
    "perf_event_read_value": Effect("mfwv", _READ),
    "perf_event_output": Effect("cmfrv", _WRITE),
    "skb_output": Effect("cmfrv", _WRITE),
    "xdp_output": Effect("cmfrv", _WRITE),
    "get_stackid": Effect("cmf", _WRITE),
    "skb_under_cgroup": Effect("cmv", _READ),
    "current_task_under_cgroup": Effect("mv", _READ),
    "redirect_map": Effect("mvf", _READ),
    "sk_redirect_map": Effect("cmvf", _READ),
    "msg_redirect_map": Effect("cmvf", _READ),
    "sk_redirect_hash": Effect("cmrf", _READ),
    "msg_redirect_hash": Effect("cmrf", _READ),
    "sk_select_reuseport": Effect("cmrv", _READ),
    "sock_map_update": Effect("cmrf", _WRITE),
    "sock_hash_update": Effect("cmrf", _WRITE),
    "get_local_storage": Effect("mv", _READ, True),
    "sk_storage_get": Effect("mvrf", _READ, True),
    "inode_storage_get": Effect("mvrf", _READ, True),
    "task_storage_get": Effect("mvrf", _READ, True),
    "cgrp_storage_get": Effect("mvrf", _READ, True),
    "sk_storage_delete": Effect("mv", _WRITE),
    "inode_storage_delete": Effect("mv", _WRITE),
    "task_storage_delete": Effect("mv", _WRITE),
    "cgrp_storage_delete": Effect("mv", _WRITE),
    "ringbuf_output": Effect("mrvf", _WRITE),
    "ringbuf_reserve": Effect("mvv", _WRITE),
    "ringbuf_query": Effect("mf", _READ),
    "user_ringbuf_drain": Effect("mkxv", _READ),
}

_ANY: Final = {0: "BPF_ANY", 1: "BPF_NOEXIST", 2: "BPF_EXIST", 4: "BPF_F_LOCK", 6: "BPF_EXIST | BPF_F_LOCK"}
_CPU: Final = {0xFFFFFFFF: "BPF_F_CURRENT_CPU"}
_STORAGE: Final = {1: "BPF_LOCAL_STORAGE_GET_F_CREATE"}
_WAKE: Final = {1: "BPF_RB_NO_WAKEUP", 2: "BPF_RB_FORCE_WAKEUP"}
_STACK: Final = {256: "BPF_F_USER_STACK", 512: "BPF_F_FAST_STACK_CMP", 1024: "BPF_F_REUSE_STACKID"}
_INGRESS: Final = {1: "BPF_F_INGRESS"}
_ACTION: Final = {0: "XDP_ABORTED", 1: "XDP_DROP", 2: "XDP_PASS", 3: "XDP_TX"}
_ROOM: Final = {0: "BPF_ADJ_ROOM_NET", 1: "BPF_ADJ_ROOM_MAC"}
_NETNS: Final = {(1 << 64) - 1: "BPF_F_CURRENT_NETNS"}
_FLAGS: Final = {
    "map_update_elem": {3: _ANY},
    "map_push_elem": {2: _ANY},
    "sock_map_update": {3: _ANY},
    "sock_hash_update": {3: _ANY},
    "perf_event_output": {2: _CPU},
    "skb_output": {2: _CPU},
    "xdp_output": {2: _CPU},
    "perf_event_read": {1: _CPU},
    "perf_event_read_value": {1: _CPU},
    "get_stackid": {2: _STACK},
    "get_stack": {3: {256: "BPF_F_USER_STACK", 2048: "BPF_F_USER_BUILD_ID", 2304: "BPF_F_USER_STACK | …BUILD_ID"}},
    "sk_storage_get": {3: {1: "BPF_SK_STORAGE_GET_F_CREATE"}},
    "inode_storage_get": {3: _STORAGE},
    "task_storage_get": {3: _STORAGE},
    "cgrp_storage_get": {3: _STORAGE},
    "ringbuf_output": {3: _WAKE},
    "ringbuf_submit": {1: _WAKE},
    "ringbuf_discard": {1: _WAKE},
    "ringbuf_query": {1: {0: "BPF_RB_AVAIL_DATA", 1: "BPF_RB_RING_SIZE", 2: "BPF_RB_CONS_POS", 3: "BPF_RB_PROD_POS"}},
    "redirect": {1: _INGRESS},
    "clone_redirect": {2: _INGRESS},
    "msg_redirect_map": {3: _INGRESS},
    "msg_redirect_hash": {3: _INGRESS},
    "sk_redirect_map": {3: _INGRESS},
    "sk_redirect_hash": {3: _INGRESS},
    "redirect_map": {2: _ACTION | {8: "BPF_F_BROADCAST", 24: "BPF_F_BROADCAST | BPF_F_EXCLUDE_INGRESS"}},
    "skb_store_bytes": {4: {1: "BPF_F_RECOMPUTE_CSUM", 2: "BPF_F_INVALIDATE_HASH"}},
    "l4_csum_replace": {4: {0x10: "BPF_F_PSEUDO_HDR", 0x12: "BPF_F_PSEUDO_HDR | 2", 0x14: "BPF_F_PSEUDO_HDR | 4"}},
    "skb_adjust_room": {2: _ROOM},
    "fib_lookup": {3: {1: "BPF_FIB_LOOKUP_DIRECT", 2: "BPF_FIB_LOOKUP_OUTPUT"}},
    "skb_set_tunnel_key": {3: {1: "BPF_F_TUNINFO_IPV6", 2: "BPF_F_ZERO_CSUM_TX", 4: "BPF_F_DONT_FRAGMENT"}},
    "sk_lookup_tcp": {3: _NETNS},
    "sk_lookup_udp": {3: _NETNS},
    "skc_lookup_tcp": {3: _NETNS},
    "setsockopt": {1: LEVELS},
    "getsockopt": {1: LEVELS},
    "skb_change_type": {1: PACKET_TYPES},
    "sock_ops_cb_flags_set": {1: SOCK_OPS_FLAGS},
    "skb_get_tunnel_key": {3: {1: "BPF_F_TUNINFO_IPV6"}},
}
_NUMBERS: Final = {name.removeprefix("bpf_"): number for number, name in enumerate(HELPERS)}
_EFFECTS: Final = {_NUMBERS[name]: Effect(letters) for letters, names in _PLAIN.items() for name in names.split()} | {
    _NUMBERS[name]: effect for name, effect in _ON_MAPS.items()
}
_NAMES: Final = {_NUMBERS[name]: flags for name, flags in _FLAGS.items()}


def effect_of(helper: int) -> Effect | None:
    """Return what the helper with this id does; None where it is not known."""
    return _EFFECTS.get(helper)


def flag_names(helper: int, argument: int) -> dict[int, str]:
    """Return the names of the values that an argument (from 0) of a helper can have."""
    return _NAMES.get(helper, {}).get(argument, {})
