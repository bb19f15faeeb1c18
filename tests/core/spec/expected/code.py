"""Objects about instructions, calls, CO-RE and names."""

from __future__ import annotations

from .parts import STATIC, Facts, bpf_map, data_section, hidden, program, spec, variable

__all__ = ["SPECS"]

SPECS: dict[str, Facts] = {
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
    "tests/objects/core.o": spec(
        license="Dual MIT/GPL",
        types=26,
        maps=[
            data_section(".bss", 152),
        ],
        programs=[
            program(
                "core",
                "raw_tp/sys_enter",
                "raw_tracepoint",
                insns=72,
                line_infos=23,
                attach_to="sys_enter",
                maps=[".bss"],
                core_relocations=19,
            ),
        ],
        variables=[
            variable(
                "facts",
                ".bss",
                0,
                "struct facts",
                {
                    "tgid": 0,
                    "leader_pid": 0,
                    "comm": "",
                    "offset": 0,
                    "size": 0,
                    "exists": 0,
                    "is_signed": 0,
                    "lshift": 0,
                    "rshift": 0,
                    "missing": 0,
                    "type_exists": 0,
                    "type_missing": 0,
                    "type_size": 0,
                    "type_matches": 0,
                    "local_id": 0,
                    "target_id": 0,
                    "value": 0,
                    "value_exists": 0,
                    "value_missing": 0,
                },
                "00" * 152,
            ),
        ],
    ),
    "tests/objects/core_shapes.o": spec(
        license="Dual MIT/GPL",
        types=66,
        maps=[
            data_section(".bss", 8),
        ],
        programs=[
            program(
                "fields", "socket/fields", "socket_filter", insns=28, line_infos=14, maps=[".bss"], core_relocations=12
            ),
            program(
                "loads", "socket/loads", "socket_filter", insns=16, line_infos=6, maps=[".bss"], core_relocations=5
            ),
            program(
                "bitfields",
                "socket/bitfields",
                "socket_filter",
                insns=30,
                line_infos=15,
                maps=[".bss"],
                core_relocations=13,
            ),
            program(
                "names", "socket/names", "socket_filter", insns=12, line_infos=6, maps=[".bss"], core_relocations=4
            ),
            program("ambiguous", "socket/ambiguous", "socket_filter", insns=2, line_infos=1, core_relocations=1),
            program(
                "types", "socket/types", "socket_filter", insns=43, line_infos=20, maps=[".bss"], core_relocations=18
            ),
            program(
                "enumerators",
                "socket/enumerators",
                "socket_filter",
                insns=28,
                line_infos=10,
                maps=[".bss"],
                core_relocations=8,
            ),
        ],
        variables=[
            variable("sink", ".bss", 0, "volatile __u64", 0, "0000000000000000"),
        ],
    ),
    "tests/objects/core_target.o": spec(
        license="",
        types=64,
        maps=[
            data_section(".bss", 336),
        ],
        variables=[
            variable(
                "moved",
                ".bss",
                0,
                "struct moved",
                {
                    "before": 0,
                    "padding": 0,
                    "other": 0,
                    "in_union": 0,
                    "in_anonymous": 0,
                    "array": [0, 0, 0, 0, 0, 0, 0, 0],
                    "second": 0,
                    "points": [{"y": 0, "x": 0}, {"y": 0, "x": 0}],
                    "too_far": [0, 0, 0, 0],
                    "was_struct": {"y": 0, "x": 0},
                    "text": "",
                },
                "00" * 112,
            ),
            variable(
                "sizes",
                ".bss",
                112,
                "struct sizes",
                {"before": 0, "grows": 0, "shrinks": 0, "grows_signed": 0, "pointer": 0, "stays": 0},
                "00" * 48,
            ),
            variable(
                "bits",
                ".bss",
                160,
                "struct bits",
                {"before": 0, "high": 0, "middle": 0, "low": 0, "plain": 0},
                "00000000000000000000000000000000",
            ),
            variable(
                "flavored",
                ".bss",
                176,
                "struct flavored",
                {"before": 0, "value": 0},
                "00000000000000000000000000000000",
            ),
            variable(
                "flavored_there",
                ".bss",
                192,
                "struct flavored___there",
                {"before": "", "value": 0},
                "000000000000000000000000",
            ),
            variable("twins", ".bss", 204, "struct twins", {"different": 0, "same": 0}, "0000000000000000"),
            variable(
                "twins_2",
                ".bss",
                212,
                "struct twins___2",
                {"padding": 0, "same": 0, "different": 0},
                "000000000000000000000000",
            ),
            variable("number", ".bss", 224, "number_t", 0, "0000000000000000"),
            variable("point", ".bss", 232, "point_t", {"x": 0}, "00000000"),
            variable("callback", ".bss", 240, "callback_t", 0, "0000000000000000"),
            variable("other_callback", ".bss", 248, "other_callback_t", 0, "0000000000000000"),
            variable(
                "matching",
                ".bss",
                256,
                "struct matching",
                {"name": "", "more": 0, "at": {"y": 0, "x": 0}, "pointer": 0},
                "00" * 32,
            ),
            variable("not_matching", ".bss", 288, "struct not_matching", {"value": 0}, "00000000"),
            variable("either", ".bss", 296, "struct either", {"a": 0, "b": 0}, "00000000000000000000000000000000"),
            variable("color", ".bss", 312, "enum color", 0, "00000000"),
            variable("wide", ".bss", 320, "enum wide", 0, "0000000000000000"),
            variable("minus", ".bss", 328, "enum minus", 0, "00000000"),
            variable("top", ".bss", 332, "enum top", 0, "00000000"),
        ],
    ),
    "tests/objects/dead_code.o": spec(
        license="Dual MIT/GPL",
        types=25,
        maps=[
            data_section(".rodata", 8, flags=128),
            data_section(".bss", 8),
        ],
        programs=[
            program("dead_code", "socket", "socket_filter", insns=62, line_infos=24, maps=[".rodata", ".bss"]),
        ],
        variables=[
            variable("verbose", ".rodata", 0, "const volatile bool", False, "00"),
            variable("level", ".rodata", 4, "const volatile __u32", 0, "00000000"),
            variable("noise", ".bss", 0, "__u64", 0, "0000000000000000"),
        ],
    ),
    "tests/objects/isa.o": spec(
        license="Dual MIT/GPL",
        types=33,
        maps=[
            data_section(".data", 32),
        ],
        programs=[
            program("arithmetic", "socket", "socket_filter", insns=7, line_infos=3, maps=[".data"]),
            program("swap", "socket", "socket_filter", insns=5, line_infos=3, maps=[".data"]),
            program("atomics", "socket", "socket_filter", insns=15, line_infos=7, maps=[".data"]),
            program("packet_loads", "socket", "socket_filter", insns=8, line_infos=6),
        ],
        variables=[
            variable("dividend", ".data", 0, "volatile __s64", -7, "f9ffffffffffffff"),
            variable("divisor", ".data", 8, "volatile __s64", 2, "0200000000000000"),
            variable("narrow", ".data", 16, "volatile __s8", -3, "fd"),
            variable("bytes", ".data", 20, "volatile __u32", 287454020, "44332211"),
            variable("counter", ".data", 24, "__u64", 5, "0500000000000000"),
        ],
    ),
    "tests/objects/names.o": spec(
        license="Dual MIT/GPL",
        types=60,
        maps=[
            bpf_map("only", "array", 4, 16, 1, key_type="__u32", value_type="struct stats"),
            bpf_map(
                "nested",
                "array_of_maps",
                4,
                4,
                2,
                key_type="__u32",
                inner=bpf_map("nested.inner", "array", 4, 16, 1, key_type="__u32", value_type="struct stats"),
                contents=1,
            ),
            bpf_map("jumps", "prog_array", 4, 4, 2, key_type="__u32", contents=1),
            bpf_map("stats", "hash", 4, 16, 64, key_type="__u32", value_type="struct stats"),
            data_section(".data", 56),
            data_section(".bss", 72),
            data_section(".rodata.str1.1", 14, flags=128),
        ],
        programs=[
            program("second", "xdp", "xdp", insns=30, line_infos=14, attach_type="xdp", maps=["nested"]),
            program(
                "first",
                "xdp",
                "xdp",
                insns=74,
                line_infos=29,
                attach_type="xdp",
                functions=["first", "length"],
                maps=["stats", ".data", ".bss", ".rodata.str1.1", "jumps"],
            ),
        ],
        variables=[
            variable(
                "cfg",
                ".data",
                0,
                "struct config",
                {
                    "seed": 1,
                    "limits": [
                        {"burst": 0, "rate": 0},
                        {"burst": 0, "rate": 0},
                        {"burst": 0, "rate": 0},
                        {"burst": 0, "rate": 0},
                    ],
                    "label": "",
                    "word": 0,
                    "halves": [0, 0],
                },
                (
                    "0100000000000000000000000000000000000000000000000000000000000000"
                    "000000000000000000000000000000000000000000000000"
                ),
            ),
            variable("table", ".bss", 0, "__u32[16]", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "00" * 64),
        ],
        hidden=[
            hidden("hidden_sum", "variable", STATIC),
        ],
    ),
    "tests/objects/optimised.o": spec(
        license="Dual MIT/GPL",
        types=17,
        maps=[
            data_section(".rodata", 4, flags=128),
            data_section(".bss", 4),
        ],
        programs=[
            program("optimised", "socket", "socket_filter", insns=7, line_infos=2, maps=[".bss"]),
        ],
        variables=[
            variable("exported", ".rodata", 0, "const int", 9, "09000000"),
            variable("used", ".bss", 0, "int", 0, "00000000"),
        ],
        hidden=[
            hidden("constant", "variable", "optimised away: the compiler took 7 for it"),
            hidden("written_only", "variable", "optimised away: nothing needs it"),
            hidden("folded", "variable", "optimised away: the compiler took 5 for it"),
        ],
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
}
