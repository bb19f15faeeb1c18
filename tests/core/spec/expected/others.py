"""Objects of gcc, rustc, an assembler and bpftool's linker, and what goes with them."""

from __future__ import annotations

from .parts import STATIC, Facts, bpf_map, data_section, extern, hidden, program, spec, variable

__all__ = ["SPECS"]

SPECS: dict[str, Facts] = {
    "tests/objects/gcc_calls.o": spec(
        license="GPL",
        types=34,
        maps=[
            bpf_map("counts", "hash", 4, 8, 16, section="maps"),
            data_section(".data", 40),
            data_section(".bss", 8),
        ],
        programs=[
            program(
                "gcc_calls",
                "xdp",
                "xdp",
                insns=38,
                line_infos=0,
                attach_type="xdp",
                functions=["gcc_calls", "sum", "twice"],
                maps=[".data", ".bss"],
            ),
            program(
                "other",
                "xdp",
                "xdp",
                insns=11,
                line_infos=0,
                attach_type="xdp",
                functions=["other", "twice"],
                maps=[".bss"],
            ),
        ],
        variables=[
            variable(
                "table", ".data", 4, "volatile volatile __u32[4]", [1, 2, 3, 4], "01000000020000000300000004000000"
            ),
            variable("limit", ".data", 24, "volatile const __u64", 1000, "e803000000000000"),
            variable("threshold", ".data", 32, "__u32", 3, "03000000"),
            variable("seen", ".bss", 0, "__u64", 0, "0000000000000000"),
        ],
        hidden=[
            hidden("local", "variable", STATIC),
        ],
    ),
    "tests/objects/ksym_kinds.o": spec(
        license="GPL",
        types=35,
        maps=[
            data_section(".bss", 32),
        ],
        programs=[
            program("variables", "tc", "sched_cls", insns=16, line_infos=6, maps=[".bss"]),
            program("functions", "tc", "sched_cls", insns=11, line_infos=5),
        ],
        variables=[
            variable("addresses", ".bss", 0, "__u64[4]", [0, 0, 0, 0], "00" * 32),
        ],
        ksyms=[
            extern("runqueues", "const struct rq runqueues", weak=False),
            extern("bpf_prog_active", "const int bpf_prog_active", weak=True),
            extern("init_task", "const void init_task", weak=False),
            extern("no_such_symbol", "const void no_such_symbol", weak=True),
        ],
        kfuncs=[
            extern("bpf_rcu_read_lock", "void bpf_rcu_read_lock(void)", weak=False),
            extern("bpf_rcu_read_unlock", "void bpf_rcu_read_unlock(void)", weak=True),
            extern("no_such_kfunc", "__u64 no_such_kfunc(const struct rq *, int)", weak=True),
        ],
    ),
    "tests/objects/linked.o": spec(
        license="GPL",
        types=37,
        maps=[
            bpf_map("both", "array", 4, 8, 2, key_type="__u32", value_type="__u64"),
            data_section(".data", 12),
            data_section(".bss", 8),
        ],
        programs=[
            program(
                "first",
                "xdp",
                "xdp",
                insns=41,
                line_infos=22,
                attach_type="xdp",
                functions=["first", "answer", "shared", "helper"],
                maps=[".bss", ".data", "both"],
            ),
            program(
                "second",
                "xdp",
                "xdp",
                insns=11,
                line_infos=7,
                attach_type="xdp",
                functions=["second", "helper"],
                maps=[".bss"],
            ),
            program("third", "?tc", "sched_cls", insns=2, line_infos=1, autoload=False),
        ],
        variables=[
            variable("only_weak", ".data", 4, "int", 7, "07000000"),
            variable("threshold", ".data", 8, "int", 9, "09000000"),
            variable("counter", ".bss", 0, "int", 0, "00000000"),
        ],
        hidden=[
            hidden("local", "variable", STATIC),
        ],
    ),
    "tests/objects/linked_one.o": spec(
        license="GPL",
        types=30,
        maps=[
            bpf_map("both", "array", 4, 8, 2, key_type="__u32", value_type="__u64"),
            data_section(".data", 8),
            data_section(".bss", 4),
        ],
        programs=[
            program(
                "first",
                "xdp",
                "xdp",
                insns=31,
                line_infos=14,
                attach_type="xdp",
                functions=["first", "answer"],
                maps=[".bss", ".data", "both"],
            ),
        ],
        variables=[
            variable("threshold", ".data", 0, "int", 5, "05000000"),
            variable("only_weak", ".data", 4, "int", 7, "07000000"),
            variable("counter", ".bss", 0, "int", 0, "00000000"),
        ],
        kfuncs=[
            extern("shared", "int shared(int)", weak=False),
        ],
    ),
    "tests/objects/linked_two.o": spec(
        license="GPL",
        types=27,
        maps=[
            data_section(".data", 4),
            data_section(".bss", 4),
        ],
        programs=[
            program(
                "second",
                "xdp",
                "xdp",
                insns=11,
                line_infos=7,
                attach_type="xdp",
                functions=["second", "helper"],
                maps=[".bss"],
            ),
            program("third", "?tc", "sched_cls", insns=2, line_infos=1, autoload=False),
        ],
        variables=[
            variable("threshold", ".data", 0, "int", 9, "09000000"),
        ],
        hidden=[
            hidden("local", "variable", STATIC),
        ],
    ),
    "tests/objects/old_calls.o": spec(
        license="GPL",
        types=0,
        programs=[
            program(
                "old_calls",
                "xdp",
                "xdp",
                insns=13,
                line_infos=0,
                attach_type="xdp",
                functions=["old_calls", "near", "back_again", "far", "farther"],
            ),
            program(
                "near",
                "xdp",
                "xdp",
                insns=10,
                line_infos=0,
                attach_type="xdp",
                functions=["near", "back_again", "far", "farther"],
            ),
            program(
                "back_again",
                "xdp",
                "xdp",
                insns=7,
                line_infos=0,
                attach_type="xdp",
                functions=["back_again", "far", "farther"],
            ),
        ],
    ),
    "tests/objects/source_elsewhere.dwarf4.o": spec(
        license="GPL",
        types=0,
        programs=[program("leak", "xdp", "xdp", insns=7, line_infos=0, attach_type="xdp")],
    ),
    "tests/objects/contexts.o": spec(
        license="Dual MIT/GPL",
        types=47,
        maps=[data_section(".bss", 16)],
        programs=[
            program(
                "on_connect",
                "cgroup/connect4",
                "cgroup_sock_addr",
                insns=12,
                line_infos=8,
                attach_type="cgroup_inet4_connect",
                maps=[".bss"],
            ),
            program(
                "on_option",
                "cgroup/setsockopt",
                "cgroup_sockopt",
                insns=71,
                line_infos=37,
                attach_type="cgroup_setsockopt",
                maps=[".bss"],
            ),
            program(
                "on_device",
                "cgroup/dev",
                "cgroup_device",
                insns=8,
                line_infos=6,
                attach_type="cgroup_device",
            ),
            program(
                "on_message",
                "sk_msg",
                "sk_msg",
                insns=11,
                line_infos=8,
                attach_type="sk_msg_verdict",
            ),
            program(
                "on_syscall",
                "syscall",
                "syscall",
                insns=7,
                line_infos=5,
                flags=16,
            ),
            program(
                "on_rename",
                "raw_tp/task_rename",
                "raw_tracepoint",
                insns=6,
                line_infos=3,
                attach_to="task_rename",
                maps=[".bss"],
            ),
            program(
                "bad_time",
                "?socket",
                "socket_filter",
                insns=2,
                line_infos=2,
                autoload=False,
            ),
        ],
        variables=[
            variable("family", ".bss", 0, "__u32", 0, "00000000"),
            variable("seen", ".bss", 4, "__u32", 0, "00000000"),
            variable("argument", ".bss", 8, "__u64", 0, "0000000000000000"),
        ],
    ),
    "tests/objects/recursion.o": spec(
        license="GPL",
        types=23,
        maps=[
            data_section(".data", 4),
        ],
        programs=[
            program(
                "recursion",
                "socket",
                "socket_filter",
                insns=46,
                line_infos=28,
                functions=["recursion", "even", "itself", "odd"],
                maps=[".data"],
            ),
            program(
                "only_itself",
                "socket",
                "socket_filter",
                insns=13,
                line_infos=9,
                functions=["only_itself", "itself"],
                maps=[".data"],
            ),
        ],
        variables=[
            variable("depth", ".data", 0, "volatile __u32", 3, "03000000"),
        ],
    ),
    "tests/objects/rust_counter.o": spec(
        license="GPL",
        types=20,
        maps=[
            data_section(".rodata", 24, flags=128),
            data_section(".data", 4),
        ],
        programs=[
            program(
                "rust_counter",
                "xdp",
                "xdp",
                insns=6,
                line_infos=4,
                attach_type="xdp",
                functions=["rust_counter", "_ZN12rust_counter6chosen17h293640f3a5cd107cE"],
                maps=[".data"],
            ),
        ],
        variables=[
            variable(
                "LIMITS",
                ".rodata",
                0,
                "struct Limits",
                {"rate": 1000, "burst": 50, "weights": [1, 2, 3, 4]},
                "e80300000000000032000000000000000100020003000400",
            ),
            variable("THRESHOLD", ".data", 0, "u32", 7, "07000000"),
        ],
    ),
    "tests/objects/rust_enums.o": spec(
        license="GPL",
        types=43,
        maps=[
            data_section(".data", 60),
            data_section(".rodata", 1, flags=128),
            data_section(".bss", 8),
        ],
        programs=[
            program("rust_enums", "xdp", "xdp", insns=6, line_infos=3, attach_type="xdp", maps=[".data"]),
        ],
        variables=[
            variable(
                "CHOICE",
                ".data",
                0,
                "struct Choice",
                {"C": {"x": 5, "y": 6}},
                "02060000000000000500000000000000",
            ),
            variable("LETTER", ".data", 16, "struct Opt<char>", {"Some": {"__0": "é"}}, "e9000000"),
            variable(
                "RULE",
                ".data",
                24,
                "struct Rule",
                {"letter": "→", "nothing": {}, "choice": {"B": {"__0": 9}}, "pair": {"__0": 1, "__1": 2}},
                "0100000009000000000000000000000001000000020000009221000000000000",
            ),
            variable("SIGNED", ".data", 56, "struct Signed", {"Below": {"__0": 7}}, "feff0700"),
            variable("LEVEL", ".rodata", 0, "enum Level", "High", "c8"),
            variable("POINTER", ".bss", 0, "struct Opt<&u32>", {"None": {}}, "0000000000000000"),
        ],
    ),
}
