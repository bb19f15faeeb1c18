"""The programs that ship."""

from __future__ import annotations

from .parts import HIDDEN, Facts, bpf_map, data_section, extern, hidden, program, spec, variable

__all__ = ["SPECS"]

SPECS: dict[str, Facts] = {
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
    "bpf/inventory.o": spec(
        license="Dual MIT/GPL",
        maps=[
            bpf_map("sample", "percpu_array", 4, 8, 1, key_type="__u32", value_type="__u64"),
            data_section(".bss", 9312),
            data_section(".rodata", 1028, flags=128),
        ],
        programs=[
            program(
                "held",
                "iter/task_file",
                "tracing",
                insns=261,
                line_infos=93,
                attach_type="trace_iter",
                attach_to="task_file",
                core_relocations=26,
                maps=[".bss"],
            ),
            program(
                "tasks",
                "iter/task",
                "tracing",
                insns=125,
                line_infos=58,
                attach_type="trace_iter",
                attach_to="task",
                core_relocations=25,
            ),
            program(
                "counts",
                "iter/bpf_prog",
                "tracing",
                insns=188,
                line_infos=52,
                attach_type="trace_iter",
                attach_to="bpf_prog",
                core_relocations=8,
                maps=[".bss", "sample", ".rodata"],
            ),
            program(
                "maps",
                "iter/bpf_map",
                "tracing",
                insns=44,
                line_infos=22,
                attach_type="trace_iter",
                attach_to="bpf_map",
                core_relocations=6,
            ),
            program(
                "netfilters",
                "iter/bpf_link",
                "tracing",
                insns=48,
                line_infos=16,
                attach_type="trace_iter",
                attach_to="bpf_link",
                core_relocations=5,
            ),
        ],
        variables=[
            variable("sample_pid", ".bss", 0, "__u32", 0, "00" * 4),
            variable("samples", ".bss", 4, "__s32[7]", [0] * 7, "00" * 28),
            variable("releases", ".bss", 32, "__u64[7]", [0] * 7, "00" * 56),
            variable("offsets", ".bss", 88, "__u64[1024]", [0] * 1024, "00" * 8192),
            variable("known", ".bss", 8280, "__u8[1024]", [0] * 1024, "00" * 1024),
            variable("number", ".bss", 9304, "volatile __u64", 0, "00" * 8),
            variable("cpus", ".rodata", 0, "const volatile __u32", 1, "01000000"),
            variable("possible", ".rodata", 4, "const volatile __u8[1024]", [1] + [0] * 1023, "01" + "00" * 1023),
        ],
        kfuncs=[
            extern("bpf_map_sum_elem_count", "__s64 bpf_map_sum_elem_count(const struct bpf_map *)", weak=True),
        ],
        types=125,
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
}
