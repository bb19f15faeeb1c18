"""What an instruction reads and writes, told from the registers before it: ranges of addresses by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.asm import Instruction
from bpftui.core.debug import Call, Recording, Session
from bpftui.core.debug.accesses import touched
from bpftui.core.spec import CollectionSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

REGISTERS = tuple(range(0x1000, 0x1B00, 0x100))
"""r0 is 0x1000, r1 0x1100, …"""


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """Return a session before the first step, with a packet of 64 bytes and maps."""
    spec = CollectionSpec.from_file(Path("tests/objects/packet_room.o"))
    with Session(Recording.of(spec, "on_tc", [Call(bytes(64))])) as opened:
        yield opened


def found(session: Session, insn: Instruction, **changed: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return what is read and written, as (start, stop); registers are changed by name."""
    registers = [changed.get(f"r{at}", value) for at, value in enumerate(REGISTERS)]
    told = touched(session.world, insn, registers)
    return [(each.start, each.stop) for each in told.read], [(each.start, each.stop) for each in told.written]


def at(start: int, size: int) -> list[tuple[int, int]]:
    return [(start, start + size)]


@pytest.mark.parametrize(
    ("opcode", "imm", "read", "written"),
    [
        # Loads from r2 + 8: w, h, b, dw; with the sign; stores to r1 + 8 (RFC 9669, 5).
        (0x61, 0, at(0x1208, 4), []),
        (0x69, 0, at(0x1208, 2), []),
        (0x71, 0, at(0x1208, 1), []),
        (0x79, 0, at(0x1208, 8), []),
        (0x81, 0, at(0x1208, 4), []),
        (0x91, 0, at(0x1208, 1), []),
        (0x62, 5, [], at(0x1108, 4)),
        (0x6A, 5, [], at(0x1108, 2)),
        (0x72, 5, [], at(0x1108, 1)),
        (0x7A, 5, [], at(0x1108, 8)),
        (0x63, 0, [], at(0x1108, 4)),
        (0x7B, 0, [], at(0x1108, 8)),
        # Atomic ones read and write: add, exchange, compare and exchange; load-acquire and store-release do not.
        (0xC3, 0x00, at(0x1108, 4), at(0x1108, 4)),
        (0xDB, 0x00, at(0x1108, 8), at(0x1108, 8)),
        (0xDB, 0xE1, at(0x1108, 8), at(0x1108, 8)),
        (0xDB, 0xF1, at(0x1108, 8), at(0x1108, 8)),
        (0xDB, 0x100, at(0x1208, 8), []),
        (0xDB, 0x110, [], at(0x1108, 8)),
        # What accesses nothing: arithmetic, jumps, a number of 64 bits, a return, calls of functions of either kind.
        (0x0F, 0, [], []),
        (0x04, 0x100, [], []),
        (0x1D, 0, [], []),
        (0x18, 0, [], []),
        (0x95, 0, [], []),
    ],
)
def test_loads_and_stores(
    session: Session, opcode: int, imm: int, read: list[tuple[int, int]], written: list[tuple[int, int]]
) -> None:
    assert found(session, Instruction(opcode, dst=1, src=2, offset=8, imm=imm)) == (read, written)


def test_addresses_have_64_bits(session: Session) -> None:
    top = (1 << 64) - 1
    assert found(session, Instruction(0x71, src=1, offset=-1), r1=0) == (at(top, 1), [])
    assert found(session, Instruction(0x71, src=1, offset=2), r1=top) == (at(1, 1), [])


@pytest.mark.parametrize(
    ("opcode", "imm", "start", "size"),
    [
        (0x20, 12, 12, 4),  # ld_abs: w, h, b
        (0x28, 12, 12, 2),
        (0x30, 63, 63, 1),
        (0x28, 62, 62, 2),
        (0x28, 63, None, 2),  # beyond its end
        (0x40, 4, 9, 4),  # ld_ind: r2 is 5
        (0x30, -0x100000, 14, 1),  # SKF_NET_OFF
        (0x30, -0x1FFFFF, 1, 1),  # SKF_LL_OFF + 1
    ],
)
def test_what_is_loaded_from_the_packet(session: Session, opcode: int, imm: int, start: int | None, size: int) -> None:
    packet = session.world.host.packet
    assert packet is not None
    begin = packet.region.base + packet.meta
    read = [] if start is None else at(begin + start, size)
    assert found(session, Instruction(opcode, src=2, imm=imm), r2=5) == (read, [])


@pytest.mark.parametrize(
    ("helper", "changed", "read", "written"),
    [
        (4, {"r2": 16}, [], at(0x1100, 16)),  # probe_read(to, size, from): what is read is another memory
        (4, {"r2": (7 << 32) + 16}, [], at(0x1100, 16)),  # a size has 32 bits
        (4, {"r2": 1 << 21}, [], at(0x1100, 1 << 20)),
        (16, {"r2": 16}, [], at(0x1100, 16)),  # get_current_comm
        (25, {"r5": 24}, at(0x1400, 24), []),  # perf_event_output(ctx, map, flags, data, size)
        (28, {"r2": 8, "r4": 4}, [*at(0x1100, 8), *at(0x1300, 4)], []),  # csum_diff(from, size, to, size, seed)
        (93, {}, at(0x1100, 4), at(0x1100, 4)),  # spin_lock
        (105, {"r2": 8}, at(0x1100, 0), at(0x1400, 8)),  # strtol(text, size, flags, result): texts are not told
        (5, {}, [], []),  # ktime_get_ns
        (9999, {}, [], []),
    ],
)
def test_helpers(
    session: Session,
    helper: int,
    changed: dict[str, int],
    read: list[tuple[int, int]],
    written: list[tuple[int, int]],
) -> None:
    told = found(session, Instruction(0x85, imm=helper), **changed)
    if helper == 105:  # the text's size is its second argument
        read = at(0x1100, 8)
    assert told == (read, written)
    for source in (1, 2):  # a function of the program, one of the kernel
        assert found(session, Instruction(0x85, src=source, imm=helper), **changed) == ([], [])


@pytest.mark.parametrize(
    ("helper", "key", "value"),
    [
        (1, True, False),  # map_lookup_elem
        (2, True, True),  # map_update_elem
        (3, True, False),  # map_delete_elem
    ],
)
def test_helpers_on_maps(session: Session, helper: int, key: bool, value: bool) -> None:
    """A key of four bytes in r2, a value of 88 in r3; of what is no map, nothing is known."""
    store = session.world.collection.maps[".bss"].store
    (address,) = (each for each, one in session.world.host.maps.items() if one is store)
    assert (store.shape.key_size, store.shape.value_size) == (4, 88)
    read = (at(0x1200, 4) if key else []) + (at(0x1300, 88) if value else [])
    assert found(session, Instruction(0x85, imm=helper), r1=address) == (read, [])
    unknown = (at(0x1200, 0) if key else []) + (at(0x1300, 0) if value else [])
    assert found(session, Instruction(0x85, imm=helper)) == (unknown, [])


@pytest.mark.parametrize(
    ("helper", "changed", "read", "written"),
    [
        (26, {"r2": 10, "r4": 6}, (10, 6), None),  # skb_load_bytes(ctx, offset, to, size)
        (26, {"r2": 58, "r4": 6}, (58, 6), None),
        (26, {"r2": 59, "r4": 6}, None, None),
        (26, {"r2": (1 << 32) + 10, "r4": (1 << 32) + 6}, (10, 6), None),
        (68, {"r2": 2, "r4": 4, "r5": 0}, (2, 4), None),  # skb_load_bytes_relative, from the link layer's header
        (68, {"r2": 2, "r4": 4, "r5": 1}, (16, 4), None),  # from the network's
        (68, {"r2": 2, "r4": 4, "r5": 2}, None, None),
        (9, {"r2": 10, "r4": 6}, None, (10, 6)),  # skb_store_bytes(ctx, offset, from, size, flags)
        (10, {"r2": 24}, (24, 2), (24, 2)),  # l3_csum_replace
        (11, {"r2": 40}, (40, 2), (40, 2)),  # l4_csum_replace
        (189, {"r2": 10, "r4": 6}, (10, 6), None),  # xdp_load_bytes
        (190, {"r2": 10, "r4": 6}, None, (10, 6)),  # xdp_store_bytes
    ],
)
def test_helpers_on_the_packet(
    session: Session,
    helper: int,
    changed: dict[str, int],
    read: tuple[int, int] | None,
    written: tuple[int, int] | None,
) -> None:
    packet = session.world.host.packet
    assert packet is not None
    begin = packet.region.base + packet.meta
    told = found(session, Instruction(0x85, imm=helper), **changed)
    inside = [[(begin + each[0], begin + sum(each))] if each else [] for each in (read, written)]
    memory = [[each for each in side if each[0] == 0x1300] for side in told]
    assert [[each for each in side if each[0] != 0x1300] for side in told] == inside
    size = changed.get("r4", 0) & 0xFFFF_FFFF
    loads, stores = helper in (26, 68, 189), helper in (9, 190)
    assert memory == [at(0x1300, size) if stores else [], at(0x1300, size) if loads else []]
