"""Objects whose maps and streams are hard to show while they change."""

from __future__ import annotations

from functools import partial

from .parts import STATIC, Facts, bpf_map, data_section, hidden, program, spec, variable

__all__ = ["SPECS"]

_xdp = partial(program, section="xdp", kind="xdp", attach_type="xdp")

SPECS: dict[str, Facts] = {
    "tests/objects/record_kinds.o": spec(
        license="Dual MIT/GPL",
        types=21,
        maps=[bpf_map("told", "ringbuf", 0, 0, 4096), bpf_map("alike", "ringbuf", 0, 0, 4096)],
        programs=[_xdp("brings", insns=53, line_infos=20, maps=["told", "alike"])],
    ),
    "tests/objects/record_tags.o": spec(
        license="Dual MIT/GPL",
        types=24,
        maps=[bpf_map("reserved", "ringbuf", 0, 0, 4096), bpf_map("sent", "ringbuf", 0, 0, 4096)],
        programs=[
            _xdp("reserves", insns=52, line_infos=23, maps=["reserved"]),
            _xdp("sends", insns=31, line_infos=8, maps=["sent"]),
        ],
    ),
    "tests/objects/live.o": spec(
        license="GPL",
        types=92,
        maps=[
            bpf_map("pad", "hash", 4 + 4, 8, 8, key_type="struct padded", value_type="__u64"),
            bpf_map("bits", "hash", 4, 8, 8, key_type="struct partly_named", value_type="__u64"),
            bpf_map("reals", "hash", 4, 8, 8, key_type="float", value_type="__u64"),
            bpf_map("last", "percpu_array", 4, 56, 1, key_type="__u32", value_type="struct mixed"),
            bpf_map("kept", "array", 4, 24, 2, key_type="__u32", value_type="struct event"),
            bpf_map("texts", "ringbuf", 0, 0, 4096, value_type="struct event"),
            bpf_map("tails", "ringbuf", 0, 0, 4096, value_type="struct tailed"),
            bpf_map("reserved", "ringbuf", 0, 0, 4096),
            bpf_map("output", "ringbuf", 0, 0, 4096),
            bpf_map("perf", "perf_event_array", 4, 4, 0),
            bpf_map("waiting", "queue", 0, 4, 4),
            data_section(".bss", 8),
        ],
        programs=[
            _xdp("alike", insns=76, line_infos=20, maps=["pad", "bits", "reals"]),
            _xdp("mixes", insns=37, line_infos=21, maps=["last"]),
            _xdp("writes_text", insns=28, line_infos=6, maps=["kept", "texts"]),
            _xdp("writes_tail", insns=19, line_infos=8, maps=["tails"]),
            _xdp("reserves", insns=21, line_infos=8, maps=["reserved", ".bss"]),
            _xdp("outputs", insns=30, line_infos=7, maps=["output", ".bss", "perf"]),
            _xdp("pushes", insns=10, line_infos=4, maps=["waiting"]),
        ],
        variables=[variable("dropped", ".bss", 0, "__u64", 0, "00" * 8)],
    ),
    "tests/objects/flows.o": spec(
        license="Dual MIT/GPL",
        types=75,
        maps=[
            bpf_map("flows", "hash", 16, 48, 64, key_type="struct flow", value_type="struct stats"),
            bpf_map("neighbours", "hash", 24, 4, 8, key_type="struct neighbour", value_type="enum verdict"),
            bpf_map("hosts", "lru_hash", 16, 4, 4, key_type="struct in6_addr", value_type="__u32"),
            bpf_map("unsure", "hash", 24, 4, 8, key_type="struct unsure", value_type="float"),
            bpf_map("per_cpu", "percpu_array", 4, 48, 2, key_type="__u32", value_type="struct stats"),
            bpf_map("latency", "array", 4, 64, 3, key_type="__u32", value_type="struct slots"),
        ],
        programs=[_xdp("count", insns=17, line_infos=7, maps=["flows"])],
    ),
    "tests/objects/counts_aloud.o": spec(
        license="Dual MIT/GPL",
        types=28,
        maps=[
            bpf_map("counted", "hash", 4, 16, 8, key_type="__u32", value_type="struct count"),
            data_section(".rodata", 20, flags=128),
        ],
        programs=[_xdp("count_packets_aloud", insns=33, line_infos=11, maps=["counted", ".rodata"])],
        hidden=[hidden("count_packets_aloud.text", "variable", STATIC)],
    ),
}
