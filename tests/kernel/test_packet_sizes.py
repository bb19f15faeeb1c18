"""The sizes of packets in test runs: what is refused beforehand is what the kernel refuses, and both runtimes agree."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from bpftui.core.context.packet_sizes import PacketSizes, packet_sizes
from bpftui.core.errors import UsageError
from bpftui.core.kernel import KernelRuntime, runs
from bpftui.core.kernel.sys.probes import fragments_of_buffers
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.runtime import MachineRuntime

pytestmark = pytest.mark.kernel

SPEC = CollectionSpec.from_file(Path(__file__).parents[1] / "objects/packet_room.o")
ARP, IPV4, IPV6 = b"\x08\x06", b"\x08\x00", b"\x86\xdd"
RUNTIMES = (KernelRuntime(), MachineRuntime())

SIZES = [
    ("on_xdp", ARP, 14, 73_152),
    ("moved", IPV4, 14, 73_152),
    ("on_tc", ARP, 14, 3_712),
    ("on_tc", IPV4, 34, 3_712),
    ("on_tc", IPV6, 54, 3_712),
    ("on_socket", IPV4, 34, 3_712),
    ("on_cgroup", IPV6, 54, 3_712),
    ("on_route", ARP, 14, 3_712),
    ("on_flow", IPV4, 14, 4_096),
    ("on_netfilter", IPV4, 20, 3_712),
]


@pytest.mark.parametrize(("name", "protocol", "smallest", "largest"), SIZES)
def test_the_kernel_takes_what_is_promised_and_no_more(
    name: str, protocol: bytes, smallest: int, largest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if largest == 3_712 and fragments_of_buffers():
        largest += 17 * 4096
    with KernelRuntime().load(SPEC, programs={name}) as collection:
        loaded = collection.programs[name]
        for size in (smallest, largest):
            loaded.run((bytes(12) + protocol).ljust(size, b"\0"))
        for size in (smallest - 1, largest + 1):
            with pytest.raises(UsageError, match=r"a packet has|whose header ends"):
                loaded.run((bytes(12) + protocol).ljust(size, b"\0")[:size])
        # Without the rules: it is the kernel that refuses.
        monkeypatch.setattr(runs, "packet_sizes", lambda *_, **__: PacketSizes(0, 0, 1 << 20))
        monkeypatch.setattr(runs, "check_packet", lambda *_: None)
        for size in (smallest - 1, largest + 1):
            with pytest.raises(UsageError) as refused:
                loaded.run((bytes(12) + protocol).ljust(size, b"\0")[:size])
            assert getattr(refused.value.__cause__, "errno", None) in (errno.EINVAL, errno.ENOMEM)


@pytest.mark.parametrize("name", ["on_xdp", "on_tc", "on_cgroup", "on_route", "on_socket", "on_flow"])
def test_programs_find_the_same_lengths_on_both(name: str) -> None:
    sizes = packet_sizes(SPEC.programs[name].type)
    found: list[list[Any]] = []
    for runtime in RUNTIMES:
        with runtime.load(SPEC, programs={name}) as collection:
            rows: list[Any] = []
            for size in (14, 60, 1500, sizes.linear, sizes.largest, min(9000, sizes.largest)):
                result = collection.programs[name].run(bytes(size))
                found_lengths = [collection.variables[each].get() for each in ("length", "linear")]
                rows.append((size, result.retval, len(result.data), found_lengths))
            found.append(rows)
    assert found[0] == found[1]


MOVES: list[tuple[int, dict[str, int] | None, dict[str, int]]] = [
    (60, None, {"head": -216}),
    (60, None, {"head": -217}),
    (60, None, {"head": 46, "at": 6}),
    (60, None, {"head": 47}),
    (60, None, {"tail": 3460}),
    (60, None, {"tail": 3461}),
    (60, None, {"tail": -46}),
    (60, None, {"tail": -47}),
    (60, None, {"meta": -216}),
    (60, None, {"meta": -220}),
    (60, None, {"meta": -6}),
    (60, None, {"meta": -32, "head": -184}),
    (60, None, {"meta": -32, "head": -185}),
    (60, None, {"at": 52}),
    (60, None, {"at": 53}),
    (5000, None, {"at": 3516}),
    (5000, None, {"at": 4992, "tail": -1480}),
    (5000, None, {"tail": -1481, "at": 3511}),
    (5000, None, {"tail": 2616}),
    (5000, None, {"tail": 2617}),
    (5000, None, {"head": -100, "tail": 100}),
    (5000, None, {"head": 3506}),
    (73_152, None, {"at": 65_535}),
    (73_152, None, {"at": 65_536}),
    (100, {"data": 32}, {"head": -100}),
    (100, {"data": 32}, {"head": -20}),
    (100, {"data": 36, "data_end": 46}, {"tail": -20}),
    (5000, {"data": 32, "data_end": 1000}, {"meta": 4, "at": 964}),
    (5000, {"data": 216}, {"head": -1}),
]


@pytest.mark.parametrize(("size", "context", "moves"), MOVES)
def test_what_xdp_moves_it_finds_moved_on_both(
    size: int, context: dict[str, int] | None, moves: dict[str, int]
) -> None:
    packet = bytes(number & 0xFF for number in range(size))
    found: list[Any] = []
    for runtime in RUNTIMES:
        spec = SPEC.copy()
        for name, value in moves.items():
            spec.set(name, value)
        with runtime.load(spec, programs={"moved"}) as collection:
            result = collection.programs["moved"].run(packet, context=context)
            seen = {name: collection.variables[name].get() for name in ("results", "length", "linear", "bytes")}
            found.append((result.retval, result.data.hex(), result.context.hex(), seen))
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("size", "context"),
    [
        (100, {"data_end": 101}),
        (100, {"data": 88}),
        (100, {"data": 6}),
        (1000, {"data": 220}),
        (100, {"data": 32, "data_end": 20}),
        (45, {"data": 32}),
        (100, {"ingress_ifindex": 1, "rx_queue_index": 1}),
        (100, {"rx_queue_index": 1}),
        (100, {"ingress_ifindex": 77_777}),
    ],
)
def test_contexts_that_do_not_fit_the_packet_are_refused_by_both(size: int, context: dict[str, int]) -> None:
    for runtime in RUNTIMES:
        with runtime.load(SPEC, programs={"on_xdp"}) as collection, pytest.raises(UsageError):
            collection.programs["on_xdp"].run(bytes(size), context=context)
