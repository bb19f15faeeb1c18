"""Accesses: the bytes of memory that an instruction reads and writes, told from the registers before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ..asm import AtomicOp, CallSource, Class, Mode, Size
from ..asm.opcodes import CALL
from ..helpers.effects import MapUse, effect_of
from .run_log import address_of

if TYPE_CHECKING:
    from .standing import Standing

__all__ = ["Accesses", "accesses_at"]

_MASK64: Final = (1 << 64) - 1
_MOST: Final = 1 << 20
"""Bytes that a helper is taken to read or write."""


class Accesses(NamedTuple):
    """Bytes of memory, as ranges of addresses."""

    read: tuple[range, ...] = ()
    written: tuple[range, ...] = ()


_NONE: Final = Accesses()


def accesses_at(session: Standing) -> Accesses:
    """Return what the instruction will access that a session stands before.

    Of a helper what its arguments lead to, and the entry that it sets; of a kernel function nothing is known.
    """
    frame = session.frame
    if frame is None:
        return _NONE
    insn, registers = frame.machine.code.at(frame.slot), frame.registers
    cls = insn.opcode & 7
    if insn.opcode == CALL:
        is_helper = insn.src == CallSource.HELPER
        return _of_helper(session, insn.imm, registers) if is_helper else _NONE
    if cls not in (Class.LDX, Class.ST, Class.STX):
        return _NONE
    size = Size(insn.opcode & 0x18).bits // 8
    is_atomic = cls == Class.STX and insn.opcode & 0xE0 == Mode.ATOMIC
    is_load = cls == Class.LDX or (is_atomic and insn.imm == AtomicOp.LOAD_ACQ)
    start = registers[insn.src if is_load else insn.dst] + insn.offset & _MASK64
    touched = (range(start, start + size),)
    if is_load:
        return Accesses(read=touched)
    return Accesses(touched if is_atomic and insn.imm != AtomicOp.STORE_REL else (), touched)


def _of_helper(session: Standing, number: int, registers: tuple[int, ...]) -> Accesses:
    effect = effect_of(number)
    if effect is None:
        return _NONE
    store = session.world.host.maps.get(registers[1]) if effect.arguments[:1] == "m" else None
    sizes = (0, 0) if store is None else (store.shape.key_size or store.shape.value_size, store.shape.value_size)
    read: list[range] = []
    written: list[range] = []
    for argument, letter in enumerate(effect.arguments, 1):
        size = sizes[argument - 2] if store is not None and argument in (2, 3) else 0
        if letter in "rwx" and not size and argument < 5:
            size = min(registers[argument + 1] & 0xFFFF_FFFF, _MOST)
        touched = range(registers[argument], registers[argument] + size)
        if letter in "rx":
            read.append(touched)
        if letter in "wx":
            written.append(touched)
    if store is not None and effect.use is not None and MapUse.WRITE in effect.use and effect.arguments[:3] == "mrr":
        key = session.memory.own(registers[2], store.shape.key_size)
        entry = 0 if key is None else address_of(store, key, session.world.host.cpu)
        if entry:
            written.append(range(entry, entry + store.shape.value_size))
    return Accesses(tuple(read), tuple(written))
