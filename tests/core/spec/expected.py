"""What the compiled objects hold, written out in full.

Each fact was checked against the C source, llvm-readelf, llvm-objdump -dr and `bpftool btf dump`; the order is that of
the file: maps as their DATASEC lists them, then data sections by section index, all else by offset.
"""

from __future__ import annotations

from typing import Any

__all__ = ["EXPECTED"]

Facts = dict[str, Any]

HIDDEN = "hidden visibility (__hidden): it is not part of the object's interface"
STATIC = "static: only its own file can see it"


def spec(
    *,
    license: str,  # noqa: A002
    types: int,
    kernel_version: int = 0,
    maps: list[Facts] | None = None,
    programs: list[Facts] | None = None,
    variables: list[Facts] | None = None,
    hidden: list[Facts] | None = None,
    kconfig: list[Facts] | None = None,
    ksyms: list[Facts] | None = None,
    kfuncs: list[Facts] | None = None,
) -> Facts:
    """Return a whole spec as `show --json` has it, but for the file's name."""
    return {
        "schema": "bpftui/spec/1",
        "byte_order": "little",
        "license": license,
        "kernel_version": kernel_version,
        "maps": maps or [],
        "programs": programs or [],
        "variables": variables or [],
        "hidden": hidden or [],
        "externs": {"kconfig": kconfig or [], "ksyms": ksyms or [], "kfuncs": kfuncs or []},
        "types": {"count": types},
    }


def bpf_map(name: str, kind: str, key_size: int, value_size: int, max_entries: int, **more: Any) -> Facts:
    """Return a map of the section .maps with no flags, no types and nothing in it, unless *more* says so."""
    return {
        "name": name,
        "section": ".maps",
        "type": kind,
        "key_size": key_size,
        "value_size": value_size,
        "max_entries": max_entries,
        "flags": 0,
        "map_extra": 0,
        "numa_node": 0,
        "pinning": "none",
        "key_type": None,
        "value_type": None,
        "inner": None,
        "contents": 0,
    } | more


def data_section(name: str, size: int, flags: int = 0) -> Facts:
    """Return a data section as a map; flags 128 is BPF_F_RDONLY_PROG."""
    return bpf_map(name, "array", 4, size, 1, section=name, flags=flags, contents=1)


def program(name: str, section: str, kind: str, *, insns: int, line_infos: int, **more: Any) -> Facts:
    """Return a program without subprograms and maps, which attaches to nothing, unless *more* says so."""
    return {
        "name": name,
        "section": section,
        "type": kind,
        "attach_type": None,
        "attach_to": "",
        "flags": 0,
        "autoload": True,
        "insns": insns,
        "functions": [name],
        "maps": [],
        "line_infos": line_infos,
        "core_relocations": 0,
        "problem": None,
    } | more


def variable(name: str, section: str, offset: int, c_text: str | None, value: Any, raw: str) -> Facts:
    """Return a variable; those of .rodata are constant."""
    return {
        "name": name,
        "section": section,
        "map": section,
        "offset": offset,
        "size": len(raw) // 2,
        "constant": section.startswith(".rodata"),
        "type": c_text,
        "value": value,
        "bytes": raw,
    }


def hidden(name: str, kind: str, reason: str) -> Facts:
    """Return what is there but not usable."""
    return {"name": name, "kind": kind, "reason": reason}


def extern(name: str, c_text: str, *, weak: bool) -> Facts:
    """Return what the kernel has to supply."""
    return {"name": name, "weak": weak, "type": c_text}


EXPECTED: dict[str, Facts] = {
    "bpf/constants.o": spec(
        license="Dual MIT/GPL",
        maps=[
            bpf_map("weighted", "array", 4, 8, 4, key_type="__u32", value_type="__u64"),
            bpf_map("by_name", "hash", 16, 8, 16, key_type="char[16]", value_type="__u64"),
            bpf_map("windows", "percpu_array", 4, 16, 4, key_type="__u32", value_type="struct window"),
            data_section(".rodata", 96, flags=128),
        ],
        programs=[
            program(
                "constants",
                "xdp",
                "xdp",
                insns=118,
                line_infos=51,
                attach_type="xdp",
                maps=[".rodata", "by_name", "weighted", "windows"],
            ),
        ],
        variables=[
            variable("enabled", ".rodata", 0, "const volatile bool", True, "01"),
            variable("mode", ".rodata", 4, "const volatile enum mode", "MODE_COUNT", "01000000"),
            variable("min_length", ".rodata", 8, "const volatile __u32", 0, "00000000"),
            variable("name", ".rodata", 12, "const volatile char[16]", "default", "64656661756c74000000000000000000"),
            variable(
                "cfg",
                ".rodata",
                32,
                "const volatile struct config",
                {
                    "interval": 1000000000,
                    "limits": [
                        {"rate": 1000, "burst": 100},
                        {"rate": 500, "burst": 50},
                        {"rate": 250, "burst": 25},
                        {"rate": 125, "burst": 12},
                    ],
                    "strict": False,
                },
                "00ca9a3b00000000e803000064000000f401000032000000fa000000190000007d0000000c0000000000000000000000",
            ),
            variable(
                "weights", ".rodata", 80, "const volatile __u32[4]", [1, 2, 4, 8], "01000000020000000400000008000000"
            ),
        ],
        types=62,
    ),
    "bpf/count_packets.o": spec(
        license="Dual MIT/GPL",
        maps=[
            bpf_map("pkt_count", "array", 4, 8, 1, key_type="__u32", value_type="__u64"),
        ],
        programs=[
            program("count_packets", "xdp", "xdp", insns=12, line_infos=6, attach_type="xdp", maps=["pkt_count"]),
        ],
        types=23,
    ),
    "bpf/global_example.o": spec(
        license="Dual MIT/GPL",
        maps=[
            data_section(".bss", 2),
        ],
        programs=[
            program("global_example", "socket", "socket_filter", insns=7, line_infos=2, maps=[".bss"]),
        ],
        variables=[
            variable("global_u16", ".bss", 0, "volatile __u16", 0, "0000"),
        ],
        types=17,
    ),
    "bpf/hidden_example.o": spec(
        license="Dual MIT/GPL",
        maps=[
            data_section(".bss", 8),
        ],
        programs=[
            program("hidden_example", "socket", "socket_filter", insns=7, line_infos=2, maps=[".bss"]),
        ],
        hidden=[
            hidden("hidden_var", "variable", HIDDEN),
        ],
        types=16,
    ),
    "bpf/my_map.o": spec(
        license="Dual MIT/GPL",
        maps=[
            bpf_map("my_map", "hash", 4, 8, 1, key_type="__u32", value_type="__u64"),
        ],
        programs=[
            program("my_prog", "socket", "socket_filter", insns=2, line_infos=1),
        ],
        types=21,
    ),
    "bpf/traffic.o": spec(
        license="Dual MIT/GPL",
        maps=[
            bpf_map("traffic", "percpu_hash", 8, 16, 256, key_type="struct kind", value_type="struct volume"),
            bpf_map("sources", "lru_hash", 20, 24, 4096, key_type="struct address", value_type="struct source"),
            bpf_map("events", "ringbuf", 0, 0, 262144),
            data_section(".rodata", 5, flags=128),
            data_section(".data", 1),
            data_section(".bss", 24),
        ],
        programs=[
            program(
                "count_traffic",
                "xdp",
                "xdp",
                insns=183,
                line_infos=72,
                attach_type="xdp",
                functions=["count_traffic", "fill"],
                maps=[".data", ".bss", "traffic", ".rodata", "sources", "events"],
            ),
        ],
        variables=[
            variable("sample_every", ".rodata", 0, "const volatile __u32", 1000, "e8030000"),
            variable("track_sources", ".rodata", 4, "const volatile bool", True, "01"),
            variable("counting", ".data", 0, "bool", True, "01"),
            variable("total_packets", ".bss", 0, "__u64", 0, "0000000000000000"),
            variable("total_bytes", ".bss", 8, "__u64", 0, "0000000000000000"),
            variable("lost_events", ".bss", 16, "__u64", 0, "0000000000000000"),
        ],
        types=69,
    ),
    "tests/objects/callbacks.o": spec(
        license="Dual MIT/GPL",
        maps=[
            bpf_map("numbers", "array", 4, 8, 5, key_type="__u32", value_type="__u64"),
            data_section(".data", 4),
            data_section(".bss", 8),
        ],
        programs=[
            program(
                "loop",
                "socket",
                "socket_filter",
                insns=22,
                line_infos=11,
                functions=["loop", "add_index"],
                maps=[".data", ".bss"],
            ),
            program(
                "each",
                "socket",
                "socket_filter",
                insns=20,
                line_infos=8,
                functions=["each", "add_value"],
                maps=["numbers"],
            ),
        ],
        variables=[
            variable("rounds", ".data", 0, "__u32", 10, "0a000000"),
            variable("sum", ".bss", 0, "__u64", 0, "0000000000000000"),
        ],
        types=35,
    ),
    "tests/objects/data_sections.o": spec(
        license="Dual MIT/GPL",
        maps=[
            data_section(".data", 4),
            data_section(".rodata", 4, flags=128),
            data_section(".data.fast", 16),
            data_section(".rodata.tuning", 4, flags=128),
            data_section(".bss", 4),
            data_section(".bss.big", 1200),
        ],
        programs=[
            program(
                "data_sections",
                "socket",
                "socket_filter",
                insns=30,
                line_infos=12,
                maps=[".bss", ".bss.big", ".data", ".rodata", ".data.fast", ".rodata.tuning"],
            ),
        ],
        variables=[
            variable("in_data", ".data", 0, "__u32", 1, "01000000"),
            variable("in_rodata", ".rodata", 0, "const volatile __u32", 2, "02000000"),
            variable("in_data_fast", ".data.fast", 0, "__u32", 3, "03000000"),
            variable("in_data_fast_too", ".data.fast", 8, "__u64", 4, "0400000000000000"),
            variable("in_rodata_tuning", ".rodata.tuning", 0, "const volatile __u32", 5, "05000000"),
            variable("in_bss", ".bss", 0, "__u32", 0, "00000000"),
            variable("in_bss_big", ".bss.big", 0, "__u32[300]", [0] * 300, "00" * 1200),
        ],
        types=30,
    ),
    "tests/objects/externs.o": spec(
        license="Dual MIT/GPL",
        maps=[
            data_section(".bss", 8),
            data_section(".kconfig", 8, flags=128),
        ],
        programs=[
            program("kconfig", "tc", "sched_cls", insns=9, line_infos=3, maps=[".kconfig"]),
            program("ksyms", "tc", "sched_cls", insns=11, line_infos=3, maps=[".bss"]),
            program("kfuncs", "tc", "sched_cls", insns=15, line_infos=7),
        ],
        variables=[
            variable("address", ".bss", 0, "__u64", 0, "0000000000000000"),
        ],
        kconfig=[
            extern("CONFIG_THAT_IS_NOT_THERE", "bool CONFIG_THAT_IS_NOT_THERE", weak=True),
            extern("LINUX_KERNEL_VERSION", "int LINUX_KERNEL_VERSION", weak=False),
        ],
        ksyms=[
            extern("init_task", "const void init_task", weak=True),
            extern("symbol_that_is_not_there", "const void symbol_that_is_not_there", weak=True),
        ],
        kfuncs=[
            extern("bpf_rcu_read_lock", "void bpf_rcu_read_lock(void)", weak=True),
            extern("bpf_rcu_read_unlock", "void bpf_rcu_read_unlock(void)", weak=True),
            extern("kfunc_that_is_not_there", "int kfunc_that_is_not_there(int)", weak=True),
        ],
        types=35,
    ),
    "tests/objects/legacy_maps.o": spec(
        license="GPL",
        kernel_version=0x60101,
        maps=[
            bpf_map("legacy_hash", "hash", 4, 8, 1024, section="maps", flags=1),
            bpf_map("legacy_array", "array", 4, 16, 2, section="maps"),
        ],
        programs=[
            program("legacy", "socket", "socket_filter", insns=18, line_infos=0, maps=["legacy_hash", "legacy_array"]),
        ],
        types=0,
    ),
    "tests/objects/arena_globals.o": spec(
        license="Dual MIT/GPL",
        maps=[
            bpf_map("pages", "arena", 0, 0, 4, flags=1024, map_extra=1 << 44),
            data_section(".addr_space.1", 24),
        ],
        programs=[
            program("bump", "syscall", "syscall", insns=16, line_infos=7, flags=16, maps=["pages", ".addr_space.1"]),
        ],
        variables=[
            variable("first", ".addr_space.1", 0, "__u64", 41, "2900000000000000"),
            variable("table", ".addr_space.1", 8, "__u32[4]", [1, 2, 3, 4], "01000000020000000300000004000000"),
        ],
        types=27,
    ),
    "tests/objects/congestion.o": spec(
        license="Dual MIT/GPL",
        maps=[
            bpf_map(
                "bpftui_half",
                "struct_ops",
                4,
                56,
                1,
                section=".struct_ops.link",
                flags=8192,
                value_type="struct tcp_congestion_ops___newer",
                contents=1,
            ),
            bpf_map(
                "bpftui_spare",
                "struct_ops",
                4,
                56,
                1,
                section="?.struct_ops.link",
                flags=8192,
                value_type="struct tcp_congestion_ops___newer",
                contents=1,
            ),
        ],
        programs=[
            program("half", "struct_ops", "struct_ops", insns=2, line_infos=1),
            program("avoid", "struct_ops", "struct_ops", insns=1, line_infos=1),
            program("undo", "struct_ops", "struct_ops", insns=2, line_infos=1),
            program("dreaming", "struct_ops", "struct_ops", insns=2, line_infos=1),
        ],
        types=31,
    ),
    "tests/objects/nested_maps.o": spec(
        license="Dual MIT/GPL",
        maps=[
            bpf_map("inner_a", "array", 4, 8, 4, key_type="__u32", value_type="__u64"),
            bpf_map("inner_b", "array", 4, 8, 4, key_type="__u32", value_type="__u64"),
            bpf_map(
                "outer_array",
                "array_of_maps",
                4,
                4,
                4,
                key_type="__u32",
                inner=bpf_map("outer_array.inner", "array", 4, 8, 4, key_type="__u32", value_type="__u64"),
                contents=2,
            ),
            bpf_map("jumps", "prog_array", 4, 4, 3, key_type="__u32", contents=1),
            bpf_map(
                "outer_hash",
                "hash_of_maps",
                8,
                4,
                16,
                inner=bpf_map("outer_hash.inner", "hash", 4, 4, 2, key_type="__u32", value_type="__u32"),
            ),
            bpf_map("routes", "lpm_trie", 8, 4, 128, flags=1, key_type="struct prefix", value_type="__u32"),
            bpf_map("sizes_only", "hash", 12, 20, 8),
            bpf_map("queue", "queue", 0, 4, 10, value_type="__u32"),
        ],
        programs=[
            program("target", "xdp", "xdp", insns=2, line_infos=1, attach_type="xdp"),
            program("entry", "xdp", "xdp", insns=6, line_infos=2, attach_type="xdp", maps=["jumps"]),
            program("through_outer", "xdp", "xdp", insns=23, line_infos=9, attach_type="xdp", maps=["outer_array"]),
        ],
        types=78,
    ),
    "tests/objects/sections.o": spec(
        license="Dual MIT/GPL",
        programs=[
            program("on_request", "?xdp", "xdp", insns=2, line_infos=1, attach_type="xdp", autoload=False),
            program(
                "unheard_of",
                "xpd",
                "unspec",
                insns=2,
                line_infos=1,
                problem="section xpd names no program type that is known (nearest: xdp)",
            ),
            program(
                "house_section",
                "acme/filter",
                "unspec",
                insns=2,
                line_infos=1,
                problem="section acme/filter names no program type that is known",
            ),
            program("xdp_frags", "xdp.frags", "xdp", insns=2, line_infos=1, attach_type="xdp", flags=32),
            program("xdp_cpumap", "xdp/cpumap", "xdp", insns=2, line_infos=1, attach_type="xdp_cpumap"),
            program("socket_filter", "socket", "socket_filter", insns=2, line_infos=1),
            program("tc_ingress", "tcx/ingress", "sched_cls", insns=2, line_infos=1, attach_type="tcx_ingress"),
            program("tc_classifier", "tc", "sched_cls", insns=2, line_infos=1),
            program("tc_action", "action", "sched_act", insns=2, line_infos=1),
            program(
                "cgroup_egress",
                "cgroup_skb/egress",
                "cgroup_skb",
                insns=2,
                line_infos=1,
                attach_type="cgroup_inet_egress",
            ),
            program(
                "cgroup_connect4",
                "cgroup/connect4",
                "cgroup_sock_addr",
                insns=2,
                line_infos=1,
                attach_type="cgroup_inet4_connect",
            ),
            program(
                "cgroup_sysctl", "cgroup/sysctl", "cgroup_sysctl", insns=2, line_infos=1, attach_type="cgroup_sysctl"
            ),
            program("cgroup_device", "cgroup/dev", "cgroup_device", insns=2, line_infos=1, attach_type="cgroup_device"),
            program("socket_ops", "sockops", "sock_ops", insns=2, line_infos=1, attach_type="cgroup_sock_ops"),
            program(
                "kprobe_open", "kprobe/do_sys_openat2", "kprobe", insns=2, line_infos=1, attach_to="do_sys_openat2"
            ),
            program(
                "kretprobe_open",
                "kretprobe/do_sys_openat2",
                "kprobe",
                insns=2,
                line_infos=1,
                attach_to="do_sys_openat2",
            ),
            program(
                "kprobe_multi",
                "kprobe.multi/tcp_*",
                "kprobe",
                insns=2,
                line_infos=1,
                attach_type="trace_kprobe_multi",
                attach_to="tcp_*",
            ),
            program(
                "uprobe_malloc",
                "uprobe//usr/lib/libc.so.6:malloc",
                "kprobe",
                insns=2,
                line_infos=1,
                attach_to="/usr/lib/libc.so.6:malloc",
            ),
            program(
                "tracepoint",
                "tracepoint/sched/sched_switch",
                "tracepoint",
                insns=2,
                line_infos=1,
                attach_to="sched/sched_switch",
            ),
            program(
                "raw_tracepoint", "raw_tp/sys_enter", "raw_tracepoint", insns=2, line_infos=1, attach_to="sys_enter"
            ),
            program("perf_sample", "perf_event", "perf_event", insns=2, line_infos=1),
            program(
                "fentry_open",
                "fentry/do_sys_openat2",
                "tracing",
                insns=2,
                line_infos=1,
                attach_type="trace_fentry",
                attach_to="do_sys_openat2",
            ),
            program(
                "fexit_sleepable",
                "fexit.s/do_sys_openat2",
                "tracing",
                insns=2,
                line_infos=1,
                attach_type="trace_fexit",
                attach_to="do_sys_openat2",
                flags=16,
            ),
            program(
                "lsm_open", "lsm/file_open", "lsm", insns=2, line_infos=1, attach_type="lsm_mac", attach_to="file_open"
            ),
            program(
                "iter_task", "iter/task", "tracing", insns=2, line_infos=1, attach_type="trace_iter", attach_to="task"
            ),
            program("lookup", "sk_lookup", "sk_lookup", insns=2, line_infos=1, attach_type="sk_lookup"),
            program("verdict", "sk_msg", "sk_msg", insns=2, line_infos=1, attach_type="sk_msg_verdict"),
            program("flow", "flow_dissector", "flow_dissector", insns=2, line_infos=1, attach_type="flow_dissector"),
            program("netfilter_hook", "netfilter", "netfilter", insns=2, line_infos=1, attach_type="netfilter"),
            program("from_syscall", "syscall", "syscall", insns=2, line_infos=1, flags=16),
        ],
        types=67,
    ),
    "tests/objects/subprograms.o": spec(
        license="Dual MIT/GPL",
        maps=[
            data_section(".bss", 8),
        ],
        programs=[
            program(
                "first",
                "xdp",
                "xdp",
                insns=38,
                line_infos=15,
                attach_type="xdp",
                functions=["first", "weak_answer", "global_sum", "twice"],
                maps=[".bss"],
            ),
            program(
                "second",
                "xdp",
                "xdp",
                insns=15,
                line_infos=7,
                attach_type="xdp",
                functions=["second", "hidden_helper"],
                maps=[".bss"],
            ),
            program("third", "xdp", "xdp", insns=2, line_infos=1, attach_type="xdp"),
            program(
                "other_section",
                "socket",
                "socket_filter",
                insns=24,
                line_infos=11,
                functions=["other_section", "weak_answer", "twice"],
                maps=[".bss"],
            ),
        ],
        variables=[
            variable("calls", ".bss", 0, "__u64", 0, "0000000000000000"),
        ],
        types=32,
    ),
    "tests/objects/subprograms.nobtf.o": spec(
        license="Dual MIT/GPL",
        maps=[
            data_section(".bss", 8),
        ],
        programs=[
            program(
                "first",
                "xdp",
                "xdp",
                insns=38,
                line_infos=0,
                attach_type="xdp",
                functions=["first", "weak_answer", "global_sum", "twice"],
                maps=[".bss"],
            ),
            program(
                "second",
                "xdp",
                "xdp",
                insns=15,
                line_infos=0,
                attach_type="xdp",
                functions=["second", "hidden_helper"],
                maps=[".bss"],
            ),
            program("third", "xdp", "xdp", insns=2, line_infos=0, attach_type="xdp"),
            program(
                "other_section",
                "socket",
                "socket_filter",
                insns=24,
                line_infos=0,
                functions=["other_section", "weak_answer", "twice"],
                maps=[".bss"],
            ),
        ],
        variables=[
            variable("calls", ".bss", 0, None, "0000000000000000", "0000000000000000"),
        ],
        types=0,
    ),
    "tests/objects/symbols.o": spec(
        license="Dual MIT/GPL",
        maps=[
            bpf_map("global_map", "array", 4, 4, 1, key_type="__u32", value_type="__u32"),
            bpf_map("hidden_map", "array", 4, 4, 1, key_type="__u32", value_type="__u32"),
            data_section(".data", 20),
            data_section(".rodata", 12, flags=128),
            data_section(".bss", 16),
        ],
        programs=[
            program(
                "symbols",
                "socket",
                "socket_filter",
                insns=54,
                line_infos=22,
                maps=["global_map", "hidden_map", ".bss", ".data", ".rodata"],
            ),
        ],
        variables=[
            variable("global_var", ".data", 0, "__u32", 1, "01000000"),
            variable("weak_var", ".data", 4, "__u32", 2, "02000000"),
            variable("global_const", ".rodata", 0, "const volatile __u32", 6, "06000000"),
            variable("global_zero", ".bss", 0, "__u64", 0, "0000000000000000"),
        ],
        hidden=[
            hidden("hidden_var", "variable", HIDDEN),
            hidden("internal_var", "variable", HIDDEN),
            hidden("static_var", "variable", STATIC),
            hidden("hidden_const", "variable", HIDDEN),
            hidden("static_const", "variable", STATIC),
            hidden("static_zero", "variable", STATIC),
        ],
        types=40,
    ),
    "tests/objects/values.o": spec(
        license="Dual MIT/GPL",
        maps=[
            data_section(".data", 272),
            data_section(".rodata", 8, flags=128),
            data_section(".bss", 48),
        ],
        programs=[
            program("values", "socket", "socket_filter", insns=8, line_infos=4, maps=[".data", ".rodata"]),
        ],
        variables=[
            variable("truth", ".data", 0, "bool", True, "01"),
            variable("letter", ".data", 1, "char", 120, "78"),
            variable("s8", ".data", 2, "__s8", -128, "80"),
            variable("u8", ".data", 3, "__u8", 255, "ff"),
            variable("s16", ".data", 4, "__s16", -32768, "0080"),
            variable("u16", ".data", 6, "__u16", 65535, "ffff"),
            variable("s32", ".data", 8, "__s32", -2147483648, "00000080"),
            variable("u32", ".data", 12, "__u32", 4294967295, "ffffffff"),
            variable("s64", ".data", 16, "__s64", -9223372036854775808, "0000000000000080"),
            variable("u64", ".data", 24, "__u64", 18446744073709551615, "ffffffffffffffff"),
            variable("s128", ".data", 32, "__int128", -5, "fbffffffffffffffffffffffffffffff"),
            variable(
                "u128",
                ".data",
                48,
                "unsigned __int128",
                1267650600228229401496703205383,
                "07000000000000000000000010000000",
            ),
            variable("f32", ".data", 64, "float", 1.5, "0000c03f"),
            variable("f64", ".data", 72, "double", -0.1, "9a9999999999b9bf"),
            variable("alias", ".data", 80, "alias_t", 12, "0c000000"),
            variable("colour", ".data", 84, "enum colour", "BLUE", "07000000"),
            variable("sign", ".data", 88, "enum sign", "MINUS", "ffffffff"),
            variable("large", ".data", 96, "enum large", "HUGE", "f0debc9a78563412"),
            variable("large_signed", ".data", 104, "enum large_signed", "LOWEST", "0000000000000090"),
            variable("text", ".data", 112, "char[16]", "hello", "68656c6c6f0000000000000000000000"),
            variable("full", ".data", 128, "char[4]", "full", "66756c6c"),
            variable("bytes", ".data", 132, "__u8[6]", [222, 173, 190, 239, 0, 1], "deadbeef0001"),
            variable("matrix", ".data", 138, "__u16[2][3]", [[1, 2, 3], [4, 5, 6]], "010002000300040005000600"),
            variable(
                "points",
                ".data",
                152,
                "struct point[3]",
                [{"x": 1, "y": -1}, {"x": 2, "y": -2}, {"x": 3, "y": -3}],
                "01000000ffffffff02000000feffffff03000000fdffffff",
            ),
            variable(
                "flags",
                ".data",
                176,
                "struct flags",
                {"one": 1, "three": 5, "minus": -3, "wide": 8589934591, "colour": "BLUE"},
                "db00ffffffff0f00",
            ),
            variable(
                "word",
                ".data",
                184,
                "union word",
                {
                    "whole": 287454020,
                    "halves": [13124, 4386],
                    "bytes": [68, 51, 34, 17],
                    "low": 68,
                    "rest": [51, 34, 17],
                },
                "44332211",
            ),
            variable(
                "nested",
                ".data",
                192,
                "struct nested",
                {
                    "tag": 110,
                    "points": [{"x": 1, "y": 2}, {"x": 3, "y": 4}],
                    "number": 99,
                    "pointer": 99,
                    "named": {"inner": 5, "sign": "PLUS"},
                    "tail": [7, 8, 9],
                },
                "6e0000000100000002000000030000000400000000000000630000000000000005000000010000000708090000000000",
            ),
            variable("packed", ".data", 240, "struct packed", {"a": 1, "b": 16909060, "c": 1286}, "01040302010605"),
            variable(
                "node",
                ".data",
                248,
                "struct node",
                {"next": 0, "call": 0, "data": 77},
                "000000000000000000000000000000004d00000000000000",
            ),
            variable("origin", ".rodata", 0, "const volatile struct point", {"x": 10, "y": 20}, "0a00000014000000"),
            variable(
                "empty",
                ".bss",
                0,
                "struct nested",
                {
                    "tag": 0,
                    "points": [{"x": 0, "y": 0}, {"x": 0, "y": 0}],
                    "number": 0,
                    "pointer": 0,
                    "named": {"inner": 0, "sign": "ZERO"},
                    "tail": [0, 0, 0],
                },
                "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
            ),
        ],
        types=98,
    ),
}
