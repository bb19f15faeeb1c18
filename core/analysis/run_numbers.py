"""What a run computes and compares, where much is unknown: that is chosen when it is first needed, and stays.

A comparison may prefer an answer, and what is compared is chosen so that it is that, if it can be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..asm.arithmetic import alu, compare, swap
from ..asm.opcodes import ADDR_SPACE_CAST, AluOp, Class, JmpOp, Source
from .run_values import Address, Held, Term, Unknown, apply, known

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Sequence

__all__ = ["EndError", "Numbers"]

_U64: Final = (1 << 64) - 1
_TRIED: Final = 64
"""Numbers of the pool that are tried for an unknown."""


class EndError(Exception):
    """A run ends here: what follows is not certain."""


class Numbers:
    """The numbers of one run.

    Args:
        pool: Those that the code compares with: they decide.
        order: Of its bytes.
        rng: What the others are drawn with.
    """

    def __init__(self, pool: Sequence[int], order: str, rng: random.Random) -> None:
        self._pool = pool
        self._order = order
        self._rng = rng

    def computed(self, opcode: int, left: Held, right: Held, offset: int, imm: int) -> Held:
        """Return the result of an ALU instruction, of the register that it changes and of what it changes that by."""
        bits = 64 if opcode & 7 == Class.ALU64 else 32
        operation = opcode & 0xF0
        if operation == AluOp.END:
            swaps = bits == 64 or bool(opcode & Source.X) == (self._order == "little")
            return apply(left, lambda number: swap(number, imm) if swaps else number & (1 << imm) - 1)
        if operation > AluOp.END:
            raise EndError
        if operation == AluOp.NEG:
            return apply(left, lambda number: alu(operation, number, 0, bits, offset))
        if operation == AluOp.MOV:
            if isinstance(right, Address):
                return right if bits == 64 and offset in (0, ADDR_SPACE_CAST) else None
            return apply(right, lambda number: alu(operation, 0, number, bits, offset))
        if isinstance(left, Address) or isinstance(right, Address):
            return self._pointer(operation, bits, left, right)
        if left is None or right is None:
            return None
        if isinstance(right, Term):
            right = self.chosen(right)
            left = known(left)
        number = right
        if isinstance(left, Term):
            added = number if operation == AluOp.ADD else -number if operation == AluOp.SUB else 0
            return left.then(lambda value: alu(operation, value, number, bits, offset), added)
        assert isinstance(left, int)
        return alu(operation, left, number, bits, offset)

    def _pointer(self, operation: int, bits: int, left: Held, right: Held) -> Held:
        if bits != 64 or operation not in (AluOp.ADD, AluOp.SUB):
            return None
        if isinstance(left, Address) and isinstance(right, Address):
            same = left[:2] == right[:2] and left.space in ("stack", "data") and operation == AluOp.SUB
            return left.offset - right.offset & _U64 if same else None
        if isinstance(right, Address):
            if operation == AluOp.SUB:
                return None
            left, right = right, left
        assert isinstance(left, Address)
        if isinstance(right, Term):
            right = self.chosen(right)
        if not isinstance(right, int):
            return None
        distance = (right ^ 1 << 63) - (1 << 63)
        return left._replace(offset=left.offset + (distance if operation == AluOp.ADD else -distance))

    def decided(self, operation: int, bits: int, left: Held, right: Held, *, prefers: bool) -> bool:
        """Return whether a conditional jump is taken; what is unknown is chosen so that it *prefers*, if it can be."""
        if left is None or right is None:
            raise EndError
        if isinstance(left, Address) or isinstance(right, Address):
            return _same_place(operation, bits, left, right)
        if isinstance(right, Term):
            right = self.chosen(right)
            left = known(left)
        number = right

        def taken(value: int) -> bool:
            return compare(operation, value, number, bits)

        if not isinstance(left, Term):
            assert isinstance(left, int)
            return taken(left)
        near = number - left.added
        chosen = None
        for candidate in self._candidates(left.of, (near, near + 1, near - 1)):
            chosen = candidate
            if taken(left.at(candidate)) == prefers:
                break
        if chosen is None:
            raise EndError
        left.of.value = chosen
        return taken(left.at(chosen))

    def chosen(self, term: Term) -> int:
        """Return a number for a term, the same from then on."""
        if term.of.value is None:
            found = list(self._candidates(term.of, ()))
            if not found:
                raise EndError
            term.of.value = self._rng.choice(found)
        return term.at(term.of.value)

    def _candidates(self, unknown: Unknown, near: Iterable[int]) -> Iterable[int]:
        guesses: list[int] = list(unknown.allowed)
        if not guesses:
            guesses = [*near, *self._rng.sample(self._pool, min(len(self._pool), _TRIED))]
            guesses += [self._rng.getrandbits(64), self._rng.getrandbits(64)]
        return [number for each in guesses if (number := unknown.possible(each)) is not None]


def _same_place(operation: int, bits: int, left: Held, right: Held) -> bool:
    """Return whether a jump is taken that compares pointers."""
    if bits == 64 and operation in (JmpOp.JEQ, JmpOp.JNE):
        if isinstance(left, Address) and isinstance(right, Address):
            if left.space in ("stack", "data") and left[:2] == right[:2]:
                return (left == right) == (operation == JmpOp.JEQ)
        elif 0 in (left, right):
            return operation == JmpOp.JNE
    raise EndError
