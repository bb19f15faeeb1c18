"""Which integers of a map's values count something, so that a sum over the CPUs says something.

The rule. An integer (no enumeration, boolean or pointer) is a counter where

1. its name does not say that it is something else: an identifier, an address, a moment, a state, an extreme
   (`last_count`, `max_bytes`, `pid`; the last word of a name says what it is, so that `ip_packets` are packets), and
2. a program adds to it, atomically or with `+=`, and none stores anything there but constants and the result; or
3. the code does not show that (a value that is updated as a whole, or by user space), and its name says that it counts
   (`packets`, `rx_bytes`, `nr_calls`, but not `packet_size`).

An integer that is the whole value, or an element of an array that is, has the name of its map. Where nothing is known,
nothing is summed: values by CPU are never wrong.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from ..asm.instruction import slots
from ..asm.opcodes import CALL, CALLX, LD_IMM64, AluOp, AtomicOp, Class, Mode, Source
from .facts import ProgramFacts, shared_functions
from .lattice import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..asm.instruction import Slot
    from ..btf import CType
    from ..spec.collection import CollectionSpec
    from ..spec.program import ProgramSpec
    from .values import Access, Facts

__all__ = ["Counting"]

_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def _vocabulary(words: str) -> frozenset[str]:
    return frozenset(words.split())


_COUNTS: Final = _vocabulary(
    "count counter cnt total sum num nr packet pkt byte octet bit event call request req response reply "
    "retry drop dropped error err fail failed failure success hit miss lookup insert alloc syscall "
    "connection conn frame message msg rx tx sent received recv lost retransmit tick run sample hist "
    "histogram bucket"
)
_IS_NOT: Final = _vocabulary(
    "id pid tid tgid ppid uid gid ifindex index idx cookie ino inode port addr address saddr daddr ip "
    "ptr pointer mac mark hash key cpu flag mask state status type kind proto protocol version ts "
    "timestamp when deadline seed rand limit threshold rate ratio percent"
)
"""What the last word says that something is."""
_MEASURES: Final = _vocabulary("size len length time duration latency delay ns us ms sec")
"""What the last word says where a sum makes sense only if a program makes one."""
_MODIFIES: Final = _vocabulary(
    "last first latest oldest newest start started begin end ended max maximum min minimum avg mean "
    "average peak largest smallest longest shortest highest lowest current cur previous prev next expire "
    "per"
)
"""What no sum is, whatever else its name says."""


class _Place(NamedTuple):
    """An integer within the values of a map."""

    offset: int | None
    """None for one element of an array or another."""
    size: int


class _Use(NamedTuple):
    """What programs do with the integers of a map's values."""

    added: set[_Place]
    stored: set[_Place]
    """Where they store what is neither a constant nor a sum with what was there."""


class Counting:
    """What counts in the maps of an object; programs are looked into when they are asked about.

    Args:
        spec: The object; without, names alone tell.
    """

    def __init__(self, spec: CollectionSpec | None = None) -> None:
        self._spec = spec
        self._uses: dict[str, _Use] = {}

    def counts(self, name: str, path: str, leaf: CType | None, offset: int, size: int) -> bool:
        """Whether an integer in the values of the map *name* counts something.

        Args:
            name: The map's.
            path: From the start of the value, `.packets`; empty where the value is the integer.
            leaf: Its type, where that is known.
            offset: In bytes, from the start of the value.
            size: In bytes.
        """
        if leaf is not None and not leaf.is_integer:
            return False
        words = _words(path, name)
        if not _MODIFIES.isdisjoint(words) or (words and words[-1] in _IS_NOT):
            return False
        use = self._use(name)
        places = {_Place(offset, size), *([_Place(None, size)] if "[" in path else [])}
        named = not _COUNTS.isdisjoint(words) and words[-1] not in _MEASURES
        if places & use.added:
            return named or not places & use.stored
        return named and not places & use.stored

    def _use(self, name: str) -> _Use:
        if name not in self._uses:
            found = _Use(set(), set())
            for program in () if self._spec is None else self._spec.programs.values():
                if name in program.maps:
                    for place, adds in self._stores(program, name):
                        (found.added if adds else found.stored).add(place)
            self._uses[name] = found
        return self._uses[name]

    def _stores(self, program: ProgramSpec, name: str) -> Iterator[tuple[_Place, bool]]:
        assert self._spec is not None
        facts = ProgramFacts(program, self._spec.maps, losses=False, shared=shared_functions(self._spec))
        code = _Code(program)
        for start in program.flow.functions:
            if start < program.flow.slots:
                yield from code.stores(start, facts.at(start), name)


class _Code:
    """The instructions of a program, as far as sums go."""

    def __init__(self, program: ProgramSpec) -> None:
        self._program = program

    @cached_property
    def _slots(self) -> list[Slot]:
        return slots(self._program.code, self._program.byte_order)

    def stores(self, start: int, facts: Facts, name: str) -> Iterator[tuple[_Place, bool]]:
        """Iterate over what a function stores into values of a map that is no constant, and whether it is a sum."""
        graph = self._program.flow.graph_at(start)
        for block in graph.blocks:
            # What a register holds of the values: the place that it was read from, and whether something was added.
            held: dict[int, tuple[_Place, int, bool]] = {}
            slot = block.start
            while slot < block.stop:
                opcode, dst, src, offset, imm = self._slots[slot]
                kind = opcode & 7
                access = facts.accesses.get(slot)
                place = _place(access, name)
                if kind == Class.LDX:
                    held.pop(dst, None)
                    if place is not None:
                        held[dst] = place, offset, False
                elif kind in (Class.ALU, Class.ALU64):
                    _compute(held, opcode, dst, src)
                elif kind == Class.STX and place is not None:
                    if opcode & 0xE0 == Mode.ATOMIC:
                        yield place, imm & ~AtomicOp.ADD_FETCH == 0
                    elif slot not in facts.stored:
                        yield place, held.get(src) == (place, offset, True)
                elif opcode in (CALL, CALLX):
                    for register in range(6):
                        held.pop(register, None)
                elif opcode == LD_IMM64:
                    held.pop(dst, None)
                    slot += 1
                slot += 1


def _compute(held: dict[int, tuple[_Place, int, bool]], opcode: int, dst: int, src: int) -> None:
    operation, by_register = opcode & 0xF0, bool(opcode & Source.X)
    if operation == AluOp.MOV and by_register and src in held:
        held[dst] = held[src]
    elif operation in (AluOp.ADD, AluOp.SUB):
        summed = held.get(dst) or (held.get(src) if by_register and operation == AluOp.ADD else None)
        if summed is not None:
            held[dst] = *summed[:2], True
    else:
        held.pop(dst, None)


def _place(access: Access | None, name: str) -> _Place | None:
    """Return the place that an instruction accesses in the values of a map."""
    if access is None or access.address.place is not Place.ELEMENT or access.address.name != name:
        return None
    return _Place(access.address.offset if access.address.exact else None, access.size)


def _words(path: str, name: str) -> list[str]:
    """Return the words of the name of an integer, small and in the singular."""
    members = re.findall(r"\.(\w+)", path)
    return [_singular(word.lower()) for word in _WORD.findall(members[-1] if members else name)]


def _singular(word: str) -> str:
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("hes", "h")):
        if word.endswith(ending):
            return word.removesuffix(ending) + instead
    return word[:-1] if len(word) > 2 and word.endswith("s") and not word.endswith("ss") and word != "ts" else word
