"""Which version of Linux brought what: for the sentence that says that a kernel is too old.

Only for that: whether a feature is there is found out by trying, since kernels are configured and patched. Each entry
agrees with the commit that brought it, as the eBPF documentation lists them (docs.ebpf.io, data/feature-versions.yaml).
"""

from __future__ import annotations

from typing import Final

from ...spec import MapType, ProgramType

__all__ = ["LINKS", "links_since", "sessions_since", "since"]

_MAPS: Final = {
    "3.19": "hash array",
    "4.2": "prog_array",
    "4.3": "perf_event_array",
    "4.6": "percpu_hash percpu_array stack_trace",
    "4.8": "cgroup_array",
    "4.10": "lru_hash lru_percpu_hash",
    "4.11": "lpm_trie",
    "4.12": "array_of_maps hash_of_maps",
    "4.14": "devmap sockmap",
    "4.15": "cpumap",
    "4.18": "xskmap sockhash",
    "4.19": "cgroup_storage reuseport_sockarray",
    "4.20": "percpu_cgroup_storage queue stack",
    "5.2": "sk_storage",
    "5.4": "devmap_hash",
    "5.6": "struct_ops",
    "5.8": "ringbuf",
    "5.10": "inode_storage",
    "5.11": "task_storage",
    "5.16": "bloom_filter",
    "6.1": "user_ringbuf",
    "6.2": "cgrp_storage",
    "6.9": "arena",
    "6.19": "insn_array",
}
_PROGRAMS: Final = {
    "3.19": "socket_filter",
    "4.1": "kprobe sched_cls sched_act",
    "4.7": "tracepoint",
    "4.8": "xdp",
    "4.9": "perf_event",
    "4.10": "cgroup_skb cgroup_sock lwt_in lwt_out lwt_xmit",
    "4.13": "sock_ops",
    "4.14": "sk_skb",
    "4.15": "cgroup_device",
    "4.17": "sk_msg raw_tracepoint cgroup_sock_addr",
    "4.18": "lwt_seg6local lirc_mode2",
    "4.19": "sk_reuseport",
    "4.20": "flow_dissector",
    "5.2": "cgroup_sysctl raw_tracepoint_writable",
    "5.3": "cgroup_sockopt",
    "5.5": "tracing",
    "5.6": "struct_ops ext",
    "5.7": "lsm",
    "5.9": "sk_lookup",
    "5.14": "syscall",
    "6.4": "netfilter",
}
"""The types of `linux/bpf.h` by the version that brought them; what came after Linux 6.12 is left out."""

LINKS: Final = {
    "raw_tracepoint": "4.17",
    "tracing": "5.5",
    "cgroup": "5.7",
    "iter": "5.8",
    "netns": "5.8",
    "xdp": "5.9",
    "perf_event": "5.15",
    "kprobe_multi": "5.18",
    "struct_ops": "6.4",
    "netfilter": "6.4",
    "tcx": "6.6",
    "uprobe_multi": "6.6",
    "netkit": "6.7",
    "sockmap": "6.10",
}
"""The types of links by the version in which such a link could first be made, which for the first ones is before the
enumeration (Linux 5.8) that gave them their names: docs.ebpf.io has the latter."""


_SESSIONS: Final = {"kprobe.session": "6.10", "uprobe.session": "6.13"}
"""Links of which the program runs at a function's entry and once more at its return, by their sections' names."""


def since(type_: MapType | ProgramType) -> str:
    """Return what a kernel has to be to have a type, as a hint; empty where it is not known."""
    for version, names in (_MAPS if isinstance(type_, MapType) else _PROGRAMS).items():
        if type_.label in names.split():
            return f"{type_.label} needs Linux {version} or newer, configured for it"
    return ""


def links_since(name: str, called: str = "", needs: str = "") -> str:
    """Return a type of links as a feature that a kernel may lack: `tcx links (Linux 6.6)`."""
    return f"{called or f'{name} links'} (Linux {LINKS[name]}{needs and f', {needs}'})"


def sessions_since(pattern: str, needs: str = "") -> str:
    """Return the same for links of which the program runs at entry and return, by their section: `kprobe.session`."""
    return f"{pattern} links (Linux {_SESSIONS[pattern]}{needs and f', {needs}'})"
