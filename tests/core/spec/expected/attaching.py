"""An object with a program for each kind of place that programs are attached to."""

from __future__ import annotations

from .parts import STATIC, Facts, bpf_map, data_section, extern, hidden, program, spec, variable

__all__ = ["SPECS"]

SPECS: dict[str, Facts] = {
    "tests/objects/attached.o": spec(
        license="GPL",
        types=77,
        maps=[
            bpf_map("sockets", "sockmap", 4, 8, 4, key_type="__u32", value_type="__u64"),
            data_section(".bss", 144),
        ],
        programs=[
            program("on_tc", "tc", "sched_cls", insns=6, line_infos=3, maps=[".bss"]),
            program(
                "on_tcx", "tcx/egress", "sched_cls", insns=6, line_infos=3, attach_type="tcx_egress", maps=[".bss"]
            ),
            program("on_filter", "socket", "socket_filter", insns=6, line_infos=3, maps=[".bss"]),
            program(
                "on_cgroup",
                "cgroup_skb/egress",
                "cgroup_skb",
                insns=6,
                line_infos=3,
                attach_type="cgroup_inet_egress",
                maps=[".bss"],
            ),
            program(
                "on_connect4",
                "cgroup/connect4",
                "cgroup_sock_addr",
                insns=6,
                line_infos=3,
                attach_type="cgroup_inet4_connect",
                maps=[".bss"],
            ),
            program(
                "on_lookup", "sk_lookup", "sk_lookup", insns=6, line_infos=3, attach_type="sk_lookup", maps=[".bss"]
            ),
            program(
                "on_netfilter", "netfilter", "netfilter", insns=6, line_infos=3, attach_type="netfilter", maps=[".bss"]
            ),
            program(
                "on_tracepoint",
                "tp/syscalls/sys_enter_getpgid",
                "tracepoint",
                insns=6,
                line_infos=3,
                attach_to="syscalls/sys_enter_getpgid",
                maps=[".bss"],
            ),
            program(
                "on_raw",
                "raw_tp/sched_process_fork",
                "raw_tracepoint",
                insns=6,
                line_infos=3,
                attach_to="sched_process_fork",
                maps=[".bss"],
            ),
            program("on_event", "perf_event", "perf_event", insns=6, line_infos=3, maps=[".bss"]),
            program(
                "on_kprobe",
                "?kprobe/do_unlinkat",
                "kprobe",
                insns=6,
                line_infos=3,
                attach_to="do_unlinkat",
                autoload=False,
                maps=[".bss"],
            ),
            program(
                "on_ksyscall",
                "?ksyscall/getpgid",
                "kprobe",
                insns=6,
                line_infos=3,
                attach_to="getpgid",
                autoload=False,
                maps=[".bss"],
            ),
            program(
                "on_kprobes",
                "?kprobe.multi/do_unlink*",
                "kprobe",
                insns=6,
                line_infos=3,
                attach_type="trace_kprobe_multi",
                attach_to="do_unlink*",
                autoload=False,
                maps=[".bss"],
            ),
            program(
                "on_uprobe",
                "uprobe/libc.so.6:getpgid",
                "kprobe",
                insns=6,
                line_infos=3,
                attach_to="libc.so.6:getpgid",
                maps=[".bss"],
            ),
            program("on_uretprobe", "uretprobe", "kprobe", insns=6, line_infos=3, maps=[".bss"]),
            program(
                "on_uprobes",
                "uprobe.multi/libc.so.6:getpg*",
                "kprobe",
                insns=6,
                line_infos=3,
                attach_type="trace_uprobe_multi",
                attach_to="libc.so.6:getpg*",
                maps=[".bss"],
            ),
            program(
                "on_verdict",
                "sk_skb/verdict",
                "sk_skb",
                insns=6,
                line_infos=3,
                attach_type="sk_skb_verdict",
                maps=[".bss"],
            ),
            program(
                "on_message", "sk_msg", "sk_msg", insns=6, line_infos=3, attach_type="sk_msg_verdict", maps=[".bss"]
            ),
        ],
        variables=[
            variable("in_tc", ".bss", 0, "__u64", 0, "0000000000000000"),
            variable("in_tcx", ".bss", 8, "__u64", 0, "0000000000000000"),
            variable("in_filter", ".bss", 16, "__u64", 0, "0000000000000000"),
            variable("in_cgroup", ".bss", 24, "__u64", 0, "0000000000000000"),
            variable("in_connect", ".bss", 32, "__u64", 0, "0000000000000000"),
            variable("in_lookup", ".bss", 40, "__u64", 0, "0000000000000000"),
            variable("in_netfilter", ".bss", 48, "__u64", 0, "0000000000000000"),
            variable("in_tracepoint", ".bss", 56, "__u64", 0, "0000000000000000"),
            variable("in_raw", ".bss", 64, "__u64", 0, "0000000000000000"),
            variable("in_event", ".bss", 72, "__u64", 0, "0000000000000000"),
            variable("in_kprobe", ".bss", 80, "__u64", 0, "0000000000000000"),
            variable("in_syscall", ".bss", 88, "__u64", 0, "0000000000000000"),
            variable("in_kprobes", ".bss", 96, "__u64", 0, "0000000000000000"),
            variable("in_uprobe", ".bss", 104, "__u64", 0, "0000000000000000"),
            variable("in_return", ".bss", 112, "__u64", 0, "0000000000000000"),
            variable("in_uprobes", ".bss", 120, "__u64", 0, "0000000000000000"),
            variable("in_verdict", ".bss", 128, "__u64", 0, "0000000000000000"),
            variable("in_message", ".bss", 136, "__u64", 0, "0000000000000000"),
        ],
    ),
    "tests/objects/usdt.o": spec(
        license="GPL",
        types=51,
        maps=[
            bpf_map("__bpf_usdt_specs", "array", 4, 208, 3, key_type="int", value_type="struct spec"),
            bpf_map("__bpf_usdt_ip_to_spec_id", "hash", 8, 4, 8, key_type="long", value_type="__u32"),
            data_section(".bss", 420),
            data_section(".kconfig", 1, flags=128),
        ],
        programs=[
            program(
                name,
                section,
                "kprobe",
                insns=219,
                line_infos=115,
                attach_to=attach_to,
                functions=[name, "fetch"],
                maps=[".bss", ".kconfig", "__bpf_usdt_ip_to_spec_id", "__bpf_usdt_specs"],
            )
            for name, section, attach_to in (
                ("on_fired", "usdt/probed.so:bpftui:fired", "probed.so:bpftui:fired"),
                ("on_any", "usdt", ""),
            )
        ],
        variables=[
            variable(
                "calls", ".bss", 0, "struct call[4]", [{"count": 0, "spec": 0, "arguments": [0] * 12}] * 4, "00" * 416
            ),
            variable("made", ".bss", 416, "__u32", 0, "00000000"),
        ],
        kconfig=[extern("LINUX_HAS_BPF_COOKIE", "const bool LINUX_HAS_BPF_COOKIE", weak=False)],
    ),
    "tests/objects/sessions.o": spec(
        license="GPL",
        types=19,
        maps=[data_section(".bss", 8)],
        programs=[
            program(
                name,
                f"{kind}/{attach_to}",
                "kprobe",
                insns=6,
                line_infos=3,
                attach_type=f"trace_{kind.replace('.', '_')}",
                attach_to=attach_to,
                maps=[".bss"],
            )
            for name, kind, attach_to in (
                ("twice_in_kernel", "kprobe.session", "do_unlinkat"),
                ("once_in_kernel", "kprobe.session", "do_unlinkat"),
                ("twice", "uprobe.session", "probed.so:watch"),
                ("once", "uprobe.session", "probed.so:watch"),
            )
        ],
        variables=[variable("runs", ".bss", 0, "__u64", 0, "0000000000000000")],
    ),
    "tests/objects/streams.o": spec(
        license="GPL",
        types=28,
        maps=[data_section(".data", 8), data_section(".rodata", 29, flags=128)],
        programs=[
            program("writes", "xdp", "xdp", insns=27, line_infos=9, attach_type="xdp", maps=[".rodata", ".data"]),
        ],
        variables=[variable("returned", ".data", 0, "int[2]", [-1, -1], "ff" * 8)],
        hidden=[hidden("out", "variable", STATIC), hidden("error", "variable", STATIC)],
        kfuncs=[
            extern(
                "bpf_stream_vprintk_impl",
                "int bpf_stream_vprintk_impl(int, const char *, const void *, __u32, void *)",
                weak=True,
            )
        ],
    ),
}
