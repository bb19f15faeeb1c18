"""Objects whose definitions say more than loaders take, or say it in another way."""

from __future__ import annotations

from .parts import Facts, bpf_map, data_section, hidden, program, spec, variable

__all__ = ["SPECS"]

SPECS: dict[str, Facts] = {
    "tests/objects/map_attributes.o": spec(
        license="GPL",
        types=67,
        maps=[
            bpf_map("wrapped", "hash", 4, 8, 16, key_type="__u32", value_type="__u64"),
            bpf_map(
                "slip",
                "lpm_trie",
                8,
                4,
                16,
                problem="it has an attribute flags, which loaders do not know (nearest: map_flags)",
            ),
            bpf_map(
                "contradiction",
                "hash",
                4,
                4,
                16,
                key_type="__u32",
                value_type="__u64",
                problem="its key_size is 8, but its key is __u32 of 4 bytes; "
                "its value_size is 4, but its value is __u64 of 8 bytes",
            ),
            bpf_map(
                "no_type", "unspec", 4, 8, 16, key_type="__u32", value_type="__u64", problem="it has no attribute type"
            ),
            bpf_map(
                "too_wide",
                "array",
                4,
                8,
                0,
                key_type="__u32",
                value_type="__u64",
                problem="its attribute max_entries is 4294967304, which does not fit into 32 bits; "
                "its attribute map_flags is 8589934592, which does not fit into 32 bits",
            ),
            bpf_map(
                "too_large",
                "array",
                4,
                0,
                1,
                problem="its value has 4,294,967,296 bytes, which does not fit into 32 bits",
            ),
            bpf_map("no_pointer", "array", 0, 8, 1, value_type="__u64", problem="its attribute key is no pointer"),
            bpf_map(
                "bad_inner",
                "array_of_maps",
                4,
                4,
                2,
                key_type="__u32",
                inner=bpf_map(
                    "bad_inner.inner",
                    "array",
                    4,
                    4,
                    1,
                    key_type="__u32",
                    value_type="__u32",
                    problem="it has an attribute size, which loaders do not know (nearest: key_size)",
                ),
                problem="its inner maps: it has an attribute size, which loaders do not know (nearest: key_size)",
            ),
            bpf_map(
                "no_inner",
                "hash_of_maps",
                4,
                4,
                2,
                key_type="__u32",
                value_type="__u32",
                problem="its inner maps are not defined, and without that the kernel creates no map of maps: "
                "add __array(values, struct …), or set `inner` before the load",
            ),
            bpf_map(
                "values_of_hash",
                "hash",
                4,
                4,
                2,
                key_type="__u32",
                value_type="__u32",
                inner=bpf_map(
                    "values_of_hash.inner",
                    "array",
                    4,
                    4,
                    1,
                    key_type="__u32",
                    value_type="__u32",
                    problem="it has an attribute size, which loaders do not know (nearest: key_size)",
                ),
                problem="values are for maps of maps and program arrays, not for a hash",
            ),
            bpf_map("pinned_elsewhere", "hash", 4, 4, 2, pinning="100", key_type="__u32", value_type="__u32"),
        ],
        programs=[
            program("looks_up", "xdp", "xdp", insns=12, line_infos=4, attach_type="xdp", maps=["wrapped"]),
        ],
    ),
    "tests/objects/key_value_pair.o": spec(
        license="GPL",
        types=19,
        maps=[
            bpf_map("hits", "array", 4, 8, 4, section="maps", key_type="__u32", value_type="__u64"),
        ],
        programs=[
            program("looks_up", "xdp", "xdp", insns=12, line_infos=4, attach_type="xdp", maps=["hits"]),
        ],
    ),
    "tests/objects/data_pointers.o": spec(
        license="GPL",
        types=45,
        maps=[
            data_section(".data", 112),
            data_section(".rodata", 15, 128),
        ],
        programs=[
            program("compares", "socket", "socket_filter", insns=19, line_infos=6, maps=[".data", ".rodata"]),
            program("follows", "socket", "socket_filter", insns=7, line_infos=2, maps=[".data"]),
        ],
        variables=[
            variable("target", ".data", 0, "int", 7, "07000000"),
            variable("pair", ".data", 4, "int[2]", [1, 2], "0100000002000000"),
            variable("label", ".data", 16, "const char *", '&"hello"', "0000000000000000"),
            variable("direct", ".data", 24, "int *", "&target", "0000000000000000"),
            variable("inside", ".data", 32, "int *", "&pair+4", "0400000000000000"),
            variable(
                "options",
                ".data",
                40,
                "struct option[2]",
                [{"name": '&"one"', "value": 1}, {"name": '&"two"', "value": 2}],
                "06" + "00" * 7 + "01" + "00" * 7 + "0a" + "00" * 7 + "02" + "00" * 7,
            ),
            variable("as_number", ".data", 72, "__u64", "&target", "0000000000000000"),
            variable("callback", ".data", 80, "int (*)(int)", "&twice", "0000000000000000"),
            variable("named", ".data", 88, "const char *", "&escaped", "0000000000000000"),
            variable("tail", ".data", 96, "const char *", "&escaped+3", "0300000000000000"),
            variable("odd", ".data", 104, "const char *", '&"two\\nlines \\"quoted\\""', "0e00000000000000"),
            variable("mode", ".rodata", 0, "const volatile __u32", 1, "01000000"),
            variable("escaped", ".rodata", 4, "const char[11]", "no pointer", "6e6f20706f696e74657200"),
        ],
        hidden=[
            hidden(
                ".rel.data",
                "section",
                "10 pointers in .data (label, direct, inside, options, …) that no loader can set: programs find there "
                "what stands in the file, which is no address",
            ),
            hidden("modes", "variable", "optimised away: nothing needs it"),
        ],
    ),
    "tests/objects/other_machine.o": spec(
        license="GPL",
        types=21,
        architecture="arm64",
        maps=[
            data_section(".bss", 8),
        ],
        programs=[
            program("reads_x28", "uprobe", "kprobe", insns=6, line_infos=3, maps=[".bss"]),
            program("reads_x0", "uprobe", "kprobe", insns=6, line_infos=3, maps=[".bss"]),
            program("relocated", "uprobe", "kprobe", insns=6, line_infos=3, maps=[".bss"], core_relocations=1),
        ],
        variables=[
            variable("seen", ".bss", 0, "__u64", 0, "0000000000000000"),
        ],
    ),
    "tests/objects/library.o": spec(
        license="GPL",
        types=20,
        programs=[
            program(
                "left",
                "other",
                "unspec",
                insns=3,
                line_infos=3,
                problem="section other names no program type that is known (nearest: iter)",
            ),
            program(
                "calls",
                "xdp",
                "xdp",
                insns=17,
                line_infos=16,
                attach_type="xdp",
                functions=["calls", "outer", "global", "inner"],
            ),
        ],
    ),
}
