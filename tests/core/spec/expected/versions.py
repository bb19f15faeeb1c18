"""Two versions of one object."""

from __future__ import annotations

from functools import partial

from .parts import Facts, bpf_map, data_section, program, spec, variable

__all__ = ["SPECS"]

_xdp = partial(program, section="xdp", kind="xdp", attach_type="xdp")
_count = partial(_xdp, "count", functions=["count", "weigh"], maps=["counts", ".bss", ".rodata"])
_counts = partial(bpf_map, "counts", "hash", 4, key_type="__u32", value_type="struct stats")
_cfg = partial(variable, "cfg", ".rodata", 0, "const volatile struct config")
_same = program(
    "same", "socket", "socket_filter", insns=8, line_infos=5, core_relocations=1, maps=[".data"], functions=["same"]
)

SPECS: dict[str, Facts] = {
    "tests/objects/versions.o": spec(
        license="GPL",
        types=51,
        maps=[
            _counts(16, 1024),
            bpf_map("recent_ones", "array", 4, 8, 4, key_type="__u32", value_type="__u64"),
            data_section(".rodata", 16, flags=128),
            data_section(".data", 4),
            data_section(".bss", 8),
        ],
        programs=[
            _count(insns=38, line_infos=16),
            _xdp("gone", insns=12, line_infos=4, maps=["recent_ones"]),
            _same,
        ],
        variables=[
            _cfg({"limit": 5, "mode": "STRICT", "device": "eth0"}, "05000000010000006574683000000000"),
            variable("threshold", ".data", 0, "__u32", 100, "64000000"),
            variable("total", ".bss", 0, "__u64", 0, "00" * 8),
        ],
    ),
    "tests/objects/versions.new.o": spec(
        license="Dual MIT/GPL",
        types=52,
        maps=[
            _counts(24, 2048),
            bpf_map("recent", "lru_hash", 4, 8, 64, key_type="__u32", value_type="__u64"),
            data_section(".data", 8),
            data_section(".rodata", 16, flags=128),
            data_section(".bss", 8),
        ],
        programs=[
            _count(insns=42, line_infos=18),
            _xdp("fresh", insns=12, line_infos=4, maps=["recent"]),
            _same,
        ],
        variables=[
            variable("inserted", ".data", 0, "__u32", 7, "07000000"),
            variable("threshold", ".data", 4, "__u32", 100, "64000000"),
            _cfg({"limit": 9, "mode": "STRICT", "device": "eth0"}, "09000000020000006574683000000000"),
            variable("total", ".bss", 0, "__u64", 0, "00" * 8),
        ],
    ),
}
