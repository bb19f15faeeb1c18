"""Objects that the verifier refuses, each for a reason of its own."""

from __future__ import annotations

from .parts import Facts, bpf_map, program, spec

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
}
