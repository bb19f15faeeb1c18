"""Accesses: the bytes of memory that an instruction reads and writes, told from the registers before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ..asm import SIZES, AtomicOp, CallSource, Class, Mode
from ..asm.arithmetic import signed
from ..asm.opcodes import CALL
from ..helpers.effects import effect_of
from ..helpers.names import helper_name
from .run_log import address_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..asm import Instruction
    from ..vm.world.packet import Packet
    from .standing import Standing
    from .world import World

__all__ = ["Accesses", "accesses_at", "touched"]

_MASK64: Final = (1 << 64) - 1
_MASK32: Final = (1 << 32) - 1
_MOST: Final = 1 << 20
"""Bytes that a helper is taken to read or write."""


class Accesses(NamedTuple):
    """Bytes of memory, as ranges of addresses."""

    read: tuple[range, ...] = ()
    written: tuple[range, ...] = ()


class _InPacket(NamedTuple):
    """What a helper does with the packet at the offset that is its second argument."""

    ways: str
    """`r`, `w` or both."""
    size: int = 0
    """In bytes; 0 where the fourth argument says it."""
    is_relative: bool = False
    """Whether the fifth argument says what the offset counts from."""


_NONE: Final = Accesses()
_ALONE: Final = {"r": 0, "w": 8, "x": 4}
"""Bytes behind a pointer whose size nothing says: of a string nothing is told, a result is a u64, a lock a u32."""
_IN_PACKET: Final = {
    "bpf_skb_load_bytes": _InPacket("r"),
    "bpf_skb_load_bytes_relative": _InPacket("r", is_relative=True),
    "bpf_xdp_load_bytes": _InPacket("r"),
    "bpf_skb_store_bytes": _InPacket("w"),
    "bpf_xdp_store_bytes": _InPacket("w"),
    "bpf_l3_csum_replace": _InPacket("rw", 2),
    "bpf_l4_csum_replace": _InPacket("rw", 2),
}


def accesses_at(session: Standing) -> Accesses:
    """Return what the instruction will access that a session stands before.

    Of a helper what its arguments lead to, and the entry that it sets; of a kernel function nothing is known.
    """
    frame = session.frame
    if frame is None:
        return _NONE
    insn, registers = frame.machine.code.at(frame.slot), frame.registers
    found = touched(session.world, insn, registers)
    entry = _entry_set(session, insn, registers)
    return found if entry is None else found._replace(written=(*found.written, entry))


def touched(world: World, insn: Instruction, registers: Sequence[int]) -> Accesses:
    """Return what an instruction accesses, told from the registers before it alone.

    Args:
        world: The machine that it runs on.
        insn: The instruction.
        registers: r0 to r10, unsigned.
    """
    cls, mode = insn.opcode & 7, insn.opcode & 0xE0
    if insn.opcode == CALL:
        return _of_helper(world, insn.imm, registers) if insn.src == CallSource.HELPER else _NONE
    size = SIZES[insn.opcode & 0x18]
    if cls == Class.LD and mode in (Mode.ABS, Mode.IND):
        packet = world.host.packet
        offset = signed(insn.imm + (registers[insn.src] if mode == Mode.IND else 0), 32)
        return _NONE if packet is None else Accesses(read=_in_packet(packet, packet.loaded_at(offset), size))
    if cls not in (Class.LDX, Class.ST, Class.STX):
        return _NONE
    is_atomic = cls == Class.STX and mode == Mode.ATOMIC
    is_load = cls == Class.LDX or (is_atomic and insn.imm == AtomicOp.LOAD_ACQ)
    start = registers[insn.src if is_load else insn.dst] + insn.offset & _MASK64
    where = (range(start, start + size),)
    if is_load:
        return Accesses(read=where)
    return Accesses(where if is_atomic and insn.imm != AtomicOp.STORE_REL else (), where)


def _in_packet(packet: Packet, start: int, size: int) -> tuple[range, ...]:
    """Return bytes of the packet as addresses; none where not all of them are in it."""
    if not 0 <= start <= packet.length - size:
        return ()
    begin = packet.region.base + packet.meta + start
    return (range(begin, begin + size),)


def _of_helper(world: World, number: int, registers: Sequence[int]) -> Accesses:
    effect = effect_of(number)
    if effect is None:
        return _NONE
    read: list[range] = []
    written: list[range] = []
    for argument, letter in enumerate(effect.arguments, 1):
        if letter in "rwx":
            start = registers[argument]
            found = range(start, start + _size(world, effect.arguments, argument, registers))
            if letter in "rx":
                read.append(found)
            if letter in "wx":
                written.append(found)
    packet, use = world.host.packet, _IN_PACKET.get(helper_name(number) or "")
    if packet is not None and use is not None:
        base = packet.header(registers[5] & _MASK32) if use.is_relative else 0
        size = use.size or registers[4] & _MASK32
        found = () if base is None else _in_packet(packet, base + (registers[2] & _MASK32), size)
        if "r" in use.ways:
            read += found
        if "w" in use.ways:
            written += found
    return Accesses(tuple(read), tuple(written))


def _size(world: World, letters: str, argument: int, registers: Sequence[int]) -> int:
    """Return how many bytes a helper uses behind the pointer that is its argument of this number, from 1 on."""
    at = letters.find("m") + 1  # the map's
    store = world.host.maps.get(registers[at]) if at else None
    following = letters[argument : argument + 1]
    if store is not None:
        shape = store.shape
        if argument == at + 1 and (key := shape.key_size or shape.value_size):
            return key
        if argument == at + 2 and following != "v" and shape.value_size:
            return shape.value_size
    if following == "v":
        return min(registers[argument + 1] & _MASK32, _MOST)
    return _ALONE[letters[argument - 1]]


def _entry_set(session: Standing, insn: Instruction, registers: Sequence[int]) -> range | None:
    """Return where the value of the entry lies that a call of a helper sets; None for none."""
    effect = effect_of(insn.imm) if insn.opcode == CALL and insn.src == CallSource.HELPER else None
    if effect is None or effect.use is None or not effect.use.writes or effect.arguments[:3] != "mrr":
        return None
    host = session.world.host
    store = host.maps.get(registers[1])
    key = None if store is None else session.memory.own(registers[2], store.shape.key_size)
    entry = 0 if store is None or key is None else address_of(store, key, host.cpu)
    return range(entry, entry + store.shape.value_size) if store is not None and entry else None
