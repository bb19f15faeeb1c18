"""Objects about sections, symbols and externs."""

from __future__ import annotations

from .parts import HIDDEN, STATIC, Facts, bpf_map, data_section, extern, hidden, program, spec, variable

__all__ = ["SPECS"]

SPECS: dict[str, Facts] = {
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
    "tests/objects/pinned_map.o": spec(
        license="Dual MIT/GPL",
        types=23,
        maps=[
            bpf_map("shared", "hash", 4, 8, 8, pinning="by_name", key_type="__u32", value_type="__u64"),
        ],
        programs=[
            program("pinned", "socket", "socket_filter", insns=12, line_infos=4, maps=["shared"]),
        ],
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
}
