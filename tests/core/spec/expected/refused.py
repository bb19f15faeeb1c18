"""Objects that the verifier refuses, each for a reason of its own."""

from __future__ import annotations

from .parts import Facts, bpf_map, data_section, extern, hidden, program, spec, variable

__all__ = ["SPECS"]

SPECS: dict[str, Facts] = {
    "tests/objects/bad_bounds.o": spec(
        license="Dual MIT/GPL",
        types=14,
        programs=[
            program("fine", "xdp", "xdp", insns=2, line_infos=1, attach_type="xdp"),
            program("bad_bounds", "xdp", "xdp", insns=9, line_infos=4, attach_type="xdp"),
        ],
    ),
    "tests/objects/bad_complexity.o": spec(
        license="Dual MIT/GPL",
        types=12,
        programs=[
            program("bad_complexity", "xdp", "xdp", insns=20, line_infos=12, attach_type="xdp"),
        ],
    ),
    "tests/objects/bad_context.o": spec(
        license="Dual MIT/GPL",
        types=12,
        programs=[
            program("bad_context", "socket", "socket_filter", insns=4, line_infos=3),
        ],
    ),
    "tests/objects/bad_members.o": spec(
        license="Dual MIT/GPL",
        types=37,
        maps=[data_section(".bss", 8)],
        programs=[
            program(
                "no_member",
                "sockops",
                "sock_ops",
                insns=27,
                line_infos=2,
                attach_type="cgroup_sock_ops",
                maps=[".bss"],
            ),
            program("third_member", "sockops", "sock_ops", insns=8, line_infos=6, attach_type="cgroup_sock_ops"),
            program(
                "second_member",
                "cgroup/connect4",
                "cgroup_sock_addr",
                insns=6,
                line_infos=4,
                attach_type="cgroup_inet4_connect",
            ),
            program("between", "sk_lookup", "sk_lookup", insns=4, line_infos=3, attach_type="sk_lookup"),
            program("element", "tc", "sched_cls", insns=6, line_infos=5),
            program(
                "of_record",
                "tp/sched/sched_switch",
                "tracepoint",
                insns=6,
                line_infos=4,
                attach_to="sched/sched_switch",
            ),
        ],
        variables=[variable("seen", ".bss", 0, "__u64", 0, "00" * 8)],
    ),
    "tests/objects/bad_frames.o": spec(
        license="Dual MIT/GPL",
        types=14,
        programs=[
            program(
                "bad_frames",
                "xdp",
                "xdp",
                insns=39,
                line_infos=16,
                attach_type="xdp",
                functions=["bad_frames", "inner"],
            ),
        ],
    ),
    "tests/objects/bad_helper.o": spec(
        license="Dual MIT/GPL",
        types=12,
        programs=[
            program("bad_helper", "socket", "socket_filter", insns=3, line_infos=2),
        ],
    ),
    "tests/objects/bad_index.o": spec(
        license="Dual MIT/GPL",
        types=23,
        maps=[
            bpf_map("ports", "array", 4, 64, 1, key_type="__u32", value_type="struct ports"),
        ],
        programs=[
            program("bad_index", "xdp", "xdp", insns=17, line_infos=8, attach_type="xdp", maps=["ports"]),
        ],
    ),
    "tests/objects/bad_license.o": spec(
        license="MIT",
        types=12,
        programs=[
            program("bad_license", "socket", "socket_filter", insns=10, line_infos=5),
        ],
    ),
    "tests/objects/bad_loop.o": spec(
        license="Dual MIT/GPL",
        types=12,
        programs=[
            program("bad_loop", "xdp", "xdp", insns=5, line_infos=4, attach_type="xdp"),
        ],
    ),
    "tests/objects/bad_null.o": spec(
        license="Dual MIT/GPL",
        types=21,
        maps=[
            bpf_map("totals", "hash", 4, 8, 1, key_type="__u32", value_type="__u64"),
        ],
        programs=[
            program("bad_null", "socket", "socket_filter", insns=14, line_infos=6, maps=["totals"]),
        ],
    ),
    "tests/objects/bad_offbyone.o": spec(
        license="Dual MIT/GPL",
        types=12,
        programs=[
            program("bad_offbyone", "xdp", "xdp", insns=14, line_infos=8, attach_type="xdp"),
        ],
    ),
    "tests/objects/bad_reference.o": spec(
        license="Dual MIT/GPL",
        types=19,
        maps=[
            bpf_map("events", "ringbuf", 0, 0, 4096),
        ],
        programs=[
            program("bad_reference", "xdp", "xdp", insns=19, line_infos=9, attach_type="xdp", maps=["events"]),
        ],
    ),
    "tests/objects/bad_return.o": spec(
        license="Dual MIT/GPL",
        types=12,
        programs=[
            program(
                "bad_return",
                "cgroup_skb/ingress",
                "cgroup_skb",
                insns=5,
                line_infos=3,
                attach_type="cgroup_inet_ingress",
            ),
        ],
    ),
    "tests/objects/bad_size.o": spec(
        license="Dual MIT/GPL",
        types=12,
        programs=[
            program("bad_size", "xdp", "xdp", insns=19, line_infos=6, attach_type="xdp"),
        ],
    ),
    "tests/objects/bad_stack.o": spec(
        license="Dual MIT/GPL",
        types=12,
        programs=[
            program("bad_stack", "xdp", "xdp", insns=14, line_infos=7, attach_type="xdp"),
        ],
    ),
    "tests/objects/bad_stale.o": spec(
        license="Dual MIT/GPL",
        types=12,
        programs=[
            program("bad_stale", "xdp", "xdp", insns=18, line_infos=10, attach_type="xdp"),
        ],
    ),
    "tests/objects/bad_uninit.o": spec(
        license="Dual MIT/GPL",
        types=12,
        programs=[
            program("bad_uninit", "xdp", "xdp", insns=4, line_infos=1, attach_type="xdp"),
        ],
    ),
    "tests/objects/dead_by_constants.o": spec(
        license="Dual MIT/GPL",
        types=50,
        maps=[data_section(".rodata", 13, 128)],
        programs=[
            program(
                name, "xdp", "xdp", insns=insns, line_infos=lines, attach_type="xdp", functions=[name, *more], maps=maps
            )
            for name, insns, lines, more, maps in (
                ("multiplied", 9, 5, [], [".rodata"]),
                ("negated", 8, 4, [], [".rodata"]),
                ("swapped", 8, 4, [], [".rodata"]),
                ("getter", 11, 6, ["enabled"], [".rodata"]),
                ("referenced", 17, 12, ["by_reference"], [".rodata"]),
                ("between", 9, 6, [], []),
                ("global", 9, 5, ["global_function"], []),
                ("reached", 14, 11, [], []),
            )
        ],
        variables=[
            variable("timeout_ms", ".rodata", 0, "const volatile __u32", 3, "03000000"),
            variable("port", ".rodata", 4, "const volatile __u16", 80, "5000"),
            variable("least", ".rodata", 8, "const volatile int", 5, "05000000"),
            variable("on", ".rodata", 12, "const volatile _Bool", False, "00"),
        ],
    ),
    "tests/objects/nothing_left.clang14.o": spec(
        license="GPL",
        types=21,
        programs=[
            program(
                name,
                section,
                kind,
                insns=0,
                line_infos=0,
                attach_type=hook,
                functions=[],
                problem=f"section {section}: offset {offset}: function {name} has no instructions: "
                "the compiler left none of what is undefined in C",
            )
            for name, section, kind, hook, offset in (
                ("only", "tc", "sched_cls", None, "0x0"),
                ("before", "xdp", "xdp", "xdp", "0x0"),
            )
        ]
        + [
            program(
                "counts",
                "xdp",
                "xdp",
                insns=7,
                line_infos=2,
                attach_type="xdp",
                problem="section xdp: offset 0x0: it refers to counter, which has no place in the object "
                "(a common symbol): compile with -fno-common, or give it a value",
            ),
            program("passes", "xdp", "xdp", insns=2, line_infos=1, attach_type="xdp"),
            program(
                "last",
                "xdp",
                "xdp",
                insns=0,
                line_infos=0,
                attach_type="xdp",
                functions=[],
                problem="section xdp: offset 0x48: function last has no instructions: "
                "the compiler left none of what is undefined in C",
            ),
        ],
        hidden=[
            hidden(
                "counter",
                "variable",
                "it has no place in the object (a common symbol): compile with -fno-common, or give it a value",
            )
        ],
    ),
    "tests/objects/not_here.o": spec(
        license="GPL",
        types=36,
        programs=[
            program(name, "xdp", "xdp", insns=insns, line_infos=lines, attach_type="xdp")
            for name, insns, lines in (
                ("library", 3, 3),
                ("other_object", 3, 2),
                ("other_kernel", 3, 2),
                ("other_type", 4, 2),
                ("device", 10, 4),
            )
        ],
        kfuncs=[
            extern("not_in_any_kernel", "int not_in_any_kernel(int)", weak=False),
            extern("bpf_rcu_read_lock", "void bpf_rcu_read_lock(int)", weak=False),
            extern(
                "bpf_xdp_metadata_rx_timestamp",
                "int bpf_xdp_metadata_rx_timestamp(const struct xdp_md *, __u64 *)",
                weak=False,
            ),
            extern("ntohl", "__u32 ntohl(__u32)", weak=False),
            extern("elsewhere", "int elsewhere(int)", weak=False),
        ],
    ),
    "tests/objects/undefined.o": spec(
        license="Dual MIT/GPL",
        types=21,
        programs=[
            program("trap", "xdp", "xdp", insns=5, line_infos=4, attach_type="xdp"),
            program(
                "called", "xdp", "xdp", insns=8, line_infos=7, attach_type="xdp", functions=["called", "in_function"]
            ),
            program("excluded", "xdp", "xdp", insns=5, line_infos=2, attach_type="xdp"),
        ],
        kfuncs=[extern("__bpf_trap", "void __bpf_trap(void)", weak=True)],
    ),
    "tests/objects/needs.o": spec(
        license="Dual MIT/GPL",
        types=45,
        maps=[data_section(".rodata", 1, 128), data_section(".bss", 4), data_section(".kconfig", 4, 128)],
        programs=[
            program(
                "bare_field",
                "raw_tp/sys_enter",
                "raw_tracepoint",
                insns=9,
                line_infos=3,
                attach_to="sys_enter",
                maps=[".bss"],
                core_relocations=1,
            ),
            program(
                "asked_field",
                "raw_tp/sys_enter",
                "raw_tracepoint",
                insns=14,
                line_infos=4,
                attach_to="sys_enter",
                maps=[".bss"],
                core_relocations=2,
            ),
            program("bare_helper", "socket", "socket_filter", insns=6, line_infos=5),
            program("asked_helper", "socket", "socket_filter", insns=8, line_infos=5, maps=[".kconfig"]),
            program("constant_helper", "socket", "socket_filter", insns=8, line_infos=4, maps=[".rodata"]),
            program(
                "argument_helper",
                "socket",
                "socket_filter",
                insns=13,
                line_infos=8,
                functions=["argument_helper", "adjusted"],
                maps=[".rodata", ".bss"],
            ),
            program("bare_kfunc", "tc", "sched_cls", insns=3, line_infos=2),
            program("asked_kfunc", "tc", "sched_cls", insns=7, line_infos=4),
            program(
                "misspelt_hook",
                "tp_btf/sched_swich",
                "tracing",
                insns=2,
                line_infos=1,
                attach_type="trace_raw_tp",
                attach_to="sched_swich",
            ),
        ],
        variables=[
            variable("wanted", ".rodata", 0, "const volatile bool", False, "00"),
            variable("sink", ".bss", 0, "int", 0, "00000000"),
        ],
        kconfig=[extern("LINUX_KERNEL_VERSION", "int LINUX_KERNEL_VERSION", weak=False)],
        kfuncs=[extern("kfunc_that_is_not_there", "int kfunc_that_is_not_there(int)", weak=True)],
    ),
}
