"""Strategies for hypothesis: every instruction that is valid, each field over its whole range."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from bpftui.core.asm import Instruction
from bpftui.core.asm.encodings import ENCODINGS

if TYPE_CHECKING:
    from collections.abc import Container

_REGISTER = st.integers(0, 10)
_INT16 = st.integers(-(1 << 15), (1 << 15) - 1)
_INT32 = st.integers(-(1 << 31), (1 << 31) - 1)


def _from(allowed: Container[int]) -> st.SearchStrategy[int]:
    if isinstance(allowed, range):
        return st.integers(allowed.start, allowed.stop - 1)
    assert isinstance(allowed, Collection)
    return st.sampled_from(sorted(allowed))


def _insn(*fields: st.SearchStrategy[int]) -> st.SearchStrategy[Instruction]:
    """Instructions of opcode, dst, src, offset, imm, and the second half's imm where there is one."""
    return st.tuples(*fields).map(lambda values: Instruction(*values))


def _of(opcode: int) -> st.SearchStrategy[Instruction]:
    fields = ENCODINGS[opcode]
    return _insn(st.just(opcode), _from(fields.dst), _from(fields.src), _from(fields.offset), _from(fields.imm))


_ZERO = st.just(0)
_PLAIN = st.sampled_from(sorted(set(ENCODINGS) - {0x18})).flatmap(_of)
_WIDE = _insn(st.just(0x18), _REGISTER, st.sampled_from((0, 2, 3, 6)), _ZERO, _INT32, _INT32)
_MAP = _insn(st.just(0x18), _REGISTER, st.sampled_from((1, 4, 5)), _ZERO, _INT32, _ZERO)
_CAST = _insn(st.just(0xBF), _REGISTER, _REGISTER, st.just(1), _INT32)
_PERCPU = _insn(st.just(0xBF), _REGISTER, _REGISTER, st.just(-1), _ZERO)
_KFUNC = _insn(st.just(0x85), _ZERO, st.just(2), _INT16, _INT32)
_ARGUMENT = _insn(st.just(0x79), _REGISTER, st.just(11), st.sampled_from((8, 0x7FF8)), _ZERO)
_OLD_CALLX = _insn(st.just(0x8D), _ZERO, _ZERO, _ZERO, st.integers(1, 10))

valid_instructions: st.SearchStrategy[Instruction] = st.one_of(
    _PLAIN, _PLAIN, _WIDE, _MAP, _CAST, _PERCPU, _KFUNC, _ARGUMENT, _OLD_CALLX
)
