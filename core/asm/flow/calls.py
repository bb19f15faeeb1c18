"""The functions of a program's code: which calls which, and the control flow of each."""

from __future__ import annotations

import bisect
import re
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from ..instruction import words
from ..opcodes import CALL, INSN_SIZE, LD_IMM64, CallSource, ImmSource
from .graph import FlowGraph

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from ..instruction import ByteOrder, Code

__all__ = ["Call", "CodeFlow", "find_calls"]

_KINDS: Final = bytes({CALL: 1, LD_IMM64: 2}.get(opcode, 0) for opcode in range(256))
_FOUND: Final = re.compile(rb"\x01|\x02(?:[\x00-\xff]|$)")


class Call(NamedTuple):
    """An instruction that refers to a subprogram."""

    slot: int
    target: int
    """The subprogram's first slot, by the distance that the instruction holds; it can lie outside of the code."""
    is_address: bool
    """Whether it takes the subprogram's address, as a callback, and does not call it."""


def find_calls(code: Code, byte_order: ByteOrder) -> list[Call]:
    """Return the calls of subprograms and the loads of their addresses, by slot."""
    view = words(code)
    kinds = bytes(view[::INSN_SIZE]).translate(_KINDS)
    little = byte_order == "little"
    found: list[Call] = []
    for match in _FOUND.finditer(kinds):
        slot = match.start()
        at = slot * INSN_SIZE
        source = view[at + 1] >> 4 if little else view[at + 1] & 0xF
        is_address = kinds[slot] == 2
        if source == (ImmSource.FUNC if is_address else CallSource.SUBPROGRAM):
            distance = int.from_bytes(view[at + 4 : at + 8], byte_order, signed=True)
            found.append(Call(slot, slot + 1 + distance, is_address))
    return found


class CodeFlow:
    """The control flow of code that holds one function or more, of each when it is asked for.

    Args:
        code: The code.
        byte_order: That of the code.
        functions: The first slot of each function, ascending. By default a function begins at slot 0 and wherever a
            call leads.
        tables: Returns the slots that each jump table leads to, by the slot that its address is loaded at; called only
            where there is a gotox.
        no_return: Slots of calls that do not return.
    """

    def __init__(
        self,
        code: Code,
        byte_order: ByteOrder,
        functions: Sequence[int] | None = None,
        *,
        tables: Callable[[], Mapping[int, Sequence[int]]] | None = None,
        no_return: Collection[int] = (),
    ) -> None:
        self.code = code
        self.byte_order: ByteOrder = byte_order
        self.slots: int = len(words(code)) // INSN_SIZE
        """How long the code is."""
        self.calls: list[Call] = find_calls(code, byte_order)
        """The calls of subprograms and the loads of their addresses, by slot."""
        if functions is None:
            functions = sorted({0, *(call.target for call in self.calls if 0 <= call.target < self.slots)})
        self.functions: list[int] = list(functions) if self.slots else []
        """The first slot of each function, ascending."""
        self._tables = tables
        self._no_return = no_return
        self._graphs: dict[int, FlowGraph] = {}
        self._plain: dict[int, FlowGraph] = {}
        """The control flow without jumps through tables, of the functions that have some."""

    def function_at(self, slot: int) -> int:
        """Return the first slot of the function that holds a slot; ValueError outside of the code."""
        at = bisect.bisect_right(self.functions, slot) - 1
        if at < 0 or slot >= self.slots:
            raise ValueError(f"slot {slot} is in no function")
        return self.functions[at]

    def graph_at(self, slot: int) -> FlowGraph:
        """Return the control flow of the function that holds a slot; ValueError outside of the code."""
        start = self.function_at(slot)
        if start not in self._graphs:
            self._graphs[start] = FlowGraph(
                self.code,
                self.byte_order,
                start,
                self.stop(start),
                tables=self._gotox_targets if self._tables is not None else None,
                no_return=self._no_return,
            )
        return self._graphs[start]

    def stop(self, start: int) -> int:
        """Return one past the last slot of the function that begins at *start*."""
        following = bisect.bisect_right(self.functions, start)
        return self.functions[following] if following < len(self.functions) else self.slots

    def _gotox_targets(self, slot: int) -> Sequence[int] | None:
        from .tables import gotox_targets

        start = self.function_at(slot)
        if start not in self._plain:
            self._plain[start] = FlowGraph(self.code, self.byte_order, start, self.stop(start))
        return gotox_targets(self.code, self.byte_order, self._plain[start], self._loaded_tables, slot)

    @cached_property
    def _loaded_tables(self) -> Mapping[int, Sequence[int]]:
        return {} if self._tables is None else self._tables()

    def callers(self, function: int) -> list[Call]:
        """Return who calls the function that begins at a slot, or takes its address."""
        return self._by_target.get(function, [])

    @cached_property
    def _by_target(self) -> dict[int, list[Call]]:
        found: dict[int, list[Call]] = {}
        for call in self.calls:
            found.setdefault(call.target, []).append(call)
        return found

    def label(self, slot: int) -> str | None:
        """Return the name of an instruction that is jumped to from within its function: `L12`; None for others."""
        return f"L{slot}" if 0 <= slot < self.slots and slot in self.graph_at(slot).targets else None
