"""A machine's functions as functions of Python: the engine for speed.

Each function of the program becomes one of Python: registers are local variables, loops are loops. Accesses to memory
index the dictionaries of `AddressSpace`, whose misses and bounds checks raise Python's exceptions; those become the
same errors as the stepper's once they are out of the translated code, so that nothing is paid for them on the way.

For who wants to stop in between, functions are translated to generators, which yield the place of an instruction before
it is executed: of each one, or of some. What stands between two stops is the same code as without.
"""

from __future__ import annotations

import ctypes
import struct
import sys
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Literal

from ...asm import SIZES, AtomicOp, CallSource, Class, Mode
from ...asm.arithmetic import sdiv, signed, smod, swap
from ...asm.flow.worklist import settle
from ...asm.opcodes import CALL, CALLX, FRAME_POINTER
from ...helpers.names import TAIL_CALL
from .analysis import analyse
from .code import MASK64, read_registers, written_registers
from .counting import Observer
from .errors import RunError
from .expressions import Expressions
from .graph import Graph
from .memory import STACK_SIZE
from .ranges import MASK32
from .stepper import MAX_MAY_GOTO
from .structure import Line, dispatched, structured

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from types import CodeType, FrameType

    from ...asm import Instruction
    from .code import Function
    from .counting import Watcher
    from .machine import Machine
    from .processor import Sample

__all__ = ["Translation", "located", "set_register"]

_FAULTS: Final = (KeyError, IndexError, struct.error, TypeError, OverflowError)
"""What translated code itself raises: bad accesses, calls too deep, helpers that return no integer."""
_PROLOGUE: Final = -1
_OTHERS: Final = ("r0", "r6", "r7", "r8", "r9")
"""The registers that are no arguments."""


class Translation:
    """A machine's translated functions.

    Args:
        machine: Whose; without computed jumps.
        stops: The slots before which to stop; None for functions that are no generators. A generator yields the place
            (`Machine.place`) and returns r0; until it is resumed, its registers are its frame's local variables.
        watcher: What is told of their runs.
        doubts: Whether somebody may change registers where it stops (`set_register`): nothing is known of them then.
        sample: What is yielded in place of the place.
    """

    def __init__(
        self,
        machine: Machine,
        stops: Collection[int] | None = None,
        watcher: Watcher | None = None,
        *,
        doubts: bool = False,
        sample: Sample | None = None,
    ) -> None:
        self.machine = machine
        self.sample = sample
        self.doubts = doubts
        self.stops = stops
        self.watcher = watcher
        self._around: dict[CodeType, tuple[int, Graph]] = {}
        """By function that is a loop around a tree of comparisons, the line of the loop, and its blocks."""
        self.sources: dict[int, str] = {}
        """By the slot of a function's entry, its Python."""
        self.lines: dict[CodeType, list[int]] = {}
        """By translated function, the slot of each line."""
        self.functions: dict[int, Callable[[int, int, int, int, int], Any]] = {}
        """By the slot of their entry."""
        names = self._runtime_names()
        called = {target for slot, insn in enumerate(machine.code.insns) if insn for target in [insn.call_target(slot)]}
        for start, function in machine.code.functions.items():
            is_called = start in called or start != 0
            self.functions[start] = names[f"F{start}"] = self._translate(function, is_called, names)

    def _runtime_names(self) -> dict[str, Any]:
        """Return what translated code refers to."""
        machine = self.machine
        processor, code = machine.processor, machine.code
        order = "<" if code.byte_order == "little" else ">"
        names: dict[str, Any] = {
            "__translation__": self,
            "M": processor.memory.readers,
            "W": processor.memory.writers,
            "D": processor.depth,
            "L": processor.meter,
            "FP": processor.frame_ends,
            "ZERO": bytes(STACK_SIZE),
            "SDIV": sdiv,
            "SMOD": smod,
            "SWAP": swap,
            "CAST": machine.arena_address,
            "PROBE": machine.probe,
            "PACKET": _packet_loader(machine),
            "CALLX": machine.call_address,
            "TAIL": machine.tail_call_entry,
        }
        if self.watcher is not None:
            names |= self.watcher.names | {"STOPPED": self._stopped}
        if self.stops is not None:
            if self.sample is not None:
                names["SAMPLE"] = self.sample.view
            names["CALLX"] = machine.walk_address
            names["TAIL"] = machine.walk_tail_call
            names["TURN"] = processor.turn
            names["X"] = processor.returned
        letters: tuple[Literal["B", "H", "I", "Q"], ...] = ("B", "H", "I", "Q")
        for size, letter in zip((1, 2, 4, 8), letters, strict=True):
            names[f"S{size}"] = processor.frame_views[size]
            names[f"U{size}"] = struct.Struct(order + letter).unpack_from
            names[f"P{size}"] = struct.Struct(order + letter).pack_into
        names["PURE"] = not any(insn is not None and _asks_outside(insn) for insn in code.insns)
        for slot, insn in enumerate(code.insns):
            if insn is None or insn.opcode != CALL or insn.src == CallSource.SUBPROGRAM:
                continue
            name = f"K{slot}" if insn.src == CallSource.KFUNC else f"H{insn.imm & MASK32}"
            called = machine.called(slot)
            names[name] = machine.walked(called) if self.stops is not None and machine.calls_back(slot) else called
        return names

    def _translate(self, function: Function, is_called: bool, names: dict[str, Any]) -> Callable[..., int]:
        machine = self.machine
        code, meter = machine.code, machine.processor.meter
        stops = self.stops
        watcher = self.watcher
        graph = Graph(code, function, every=stops is not None or watcher is not None)
        observer = watcher.observer(code, graph, function) if watcher is not None else Observer()
        states = analyse(code, graph, machine.immediate)
        # Whoever stops wants to know how deep.
        calls = stops is not None or any(code.at(slot).is_call for slot in function.slots)
        leave = ["D[0] = d - 1", *(["TURN()"] if stops is not None else [])] if calls else []
        for write in (structured, dispatched):
            told = None if self.sample is None else f"SAMPLE[{self.sample.element}]"
            expressions = Expressions(machine, leave, observer, stops, doubts=self.doubts, told=told)
            body = write(graph, expressions, states, meter.number, observer)
            if body is None:
                continue
            uses_frame = calls or is_called or function.uses_stack
            head = [f"def F{function.start}(r1, r2, r3, r4, r5):"]
            if is_called:
                head.append(f" next(L[{meter.number(len(function.slots))}])")
            if uses_frame:
                head += [" d = D[0] + 1", " fp = FP[d]"]
            if calls:
                head.append(" D[0] = d")
            if stops is not None:
                head += [" TURN()", " if 0: yield"]
            if function.uses_stack:
                head.append(" S1[d][:] = ZERO")
            head += [f" s{size} = S{size}[d]" for size in (1, 2, 4, 8) if f"s{size}" in expressions.names]
            if "q" in expressions.names:
                head.append(f" q = {MAX_MAY_GOTO}")
            if live := _OTHERS if self.doubts else _live_at_start(machine, graph):
                head.append(f" {' = '.join(live)} = 0")
            head += [f" {text}" for text in observer.head]
            loop = len(head) + 2
            if observer.catches or observer.tail:
                head.append(" try:")
                loop += 1
                body = [*((slot, depth + 1, text) for slot, depth, text in body), *_behind(function, observer)]
            compiled = self._compile(function, head, body)
            if compiled is not None:
                exec(compiled, names)
                result = names[f"F{function.start}"]
                self.lines[result.__code__] = [_PROLOGUE] * len(head) + [slot for slot, _, _ in body]
                if write is dispatched:
                    self._around[result.__code__] = loop, graph
                return result
        raise AssertionError("a tree of comparisons can always be compiled")

    def _compile(self, function: Function, head: list[str], body: list[Line]) -> CodeType | None:
        """Return a function compiled; None where it nests too deeply for Python."""
        source = "\n".join(chain(head, (" " * depth + text for _, depth, text in body)))
        name = self.machine.name or "bpf"
        try:
            compiled = compile(source, f"<{name}>", "exec", dont_inherit=True)
        except (SyntaxError, RecursionError, MemoryError):
            return None
        self.sources[function.start] = source
        return compiled

    def _stopped(self, error: BaseException, function: int) -> None:
        """Tell the watcher that a function is left by *error*, which it handles."""
        trace = error.__traceback__
        assert trace is not None
        frame = trace.tb_frame
        if frame.f_locals.get("u") is not None:
            return  # what a tail call goes on with, when nothing is left of the function but a return
        slot = self.slot_at(frame.f_code, trace.tb_lineno)
        around = self._around.get(frame.f_code)
        if around is not None and around[0] == trace.tb_lineno:
            block: int = frame.f_locals["p"]
            slot = around[1].blocks[block].slots[0]
        if self.watcher is not None:
            self.watcher.stopped(function, slot)

    def slot_at(self, frame_code: CodeType, line: int) -> int:
        """Return the slot that a line of a translated function is from; -1 in its head."""
        return self.lines[frame_code][line - 1]


def _behind(function: Function, observer: Observer) -> list[Line]:
    """Return what stands behind a function's body for its observer."""
    lines: list[Line] = []
    if observer.catches:
        lines += [
            (_PROLOGUE, 1, "except BaseException as e:"),
            (_PROLOGUE, 2, f"STOPPED(e, {function.start})"),
            (_PROLOGUE, 2, "raise"),
        ]
    if observer.tail:
        lines += [(_PROLOGUE, 1, "finally:"), *((_PROLOGUE, 2, text) for text in observer.tail)]
    return lines


def _asks_outside(insn: Instruction) -> bool:
    """Whether what *insn* does depends on more than registers and memory."""
    if insn.opcode & 7 == Class.LD:
        return insn.opcode & 0xE0 in (Mode.ABS, Mode.IND)
    return insn.opcode == CALLX or (insn.opcode == CALL and insn.src != CallSource.SUBPROGRAM)


def _packet_loader(machine: Machine) -> Callable[[int, int], int | None]:
    """Return what reads the packet at an offset that may exceed 32 bits, which wraps around."""

    def load(offset: int, size: int) -> int | None:
        return machine.load_packet(signed(offset, 32), size)

    return load


def _live_at_start(machine: Machine, graph: Graph) -> Sequence[str]:
    """Return r0 and r6 to r9 as far as they can be read before they are written to."""
    code = machine.code
    needs: list[int] = []
    sets: list[int] = []
    for block in graph.blocks:
        need = written = 0
        for slot in block.slots:
            insn = code.at(slot)
            for number in read_registers(insn):
                need |= (1 << number) & ~written
            # A tail call that fails leaves r0 as it was.
            for number in () if insn.opcode == CALL and insn.imm == TAIL_CALL else written_registers(insn):
                written |= 1 << number
        needs.append(need)
        sets.append(written)

    def visit(number: int) -> list[int]:
        after = 0
        for successor in graph.blocks[number].successors:
            after |= needs[successor]
        need = needs[number] | (after & ~sets[number])
        if need == needs[number]:
            return []
        needs[number] = need
        return graph.predecessors[number]

    settle(range(len(graph.blocks)), visit, backwards=True)
    return [name for name in _OTHERS if needs[0] >> int(name[1:]) & 1]


def set_register(frame: FrameType, number: int, value: int) -> None:
    """Change a register of a translated function that doubts, and that has stopped."""
    frame.f_locals[f"r{number}"] = value
    if sys.version_info < (3, 13):  # since then (PEP 667) `f_locals` are the variables, and not a copy
        ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), 0)


def located(error: Exception) -> Exception:
    """Return what an exception out of translated code means: the error to raise, or itself where it is a helper's."""
    places: list[tuple[FrameType, int]] = []
    last: FrameType | None = None
    trace = error.__traceback__
    while trace is not None:
        last = trace.tb_frame
        if "__translation__" in last.f_globals:
            places.append((last, trace.tb_lineno))
        trace = trace.tb_next
    if not places:
        return error
    frame, line = places[-1]
    if not isinstance(error, RunError):
        if frame is not last or not isinstance(error, _FAULTS):
            return error
        fault = _fault(frame, line)
        if fault is None:
            return error
        error = fault
    for frame, line in reversed(places):
        translation: Translation = frame.f_globals["__translation__"]
        slot = translation.slot_at(frame.f_code, line)
        if slot != _PROLOGUE:
            translation.machine.locate(error, slot)
            break
    return error


def _fault(frame: FrameType, line: int) -> RunError | None:
    """Return the error for what translated code raised itself, from the registers that it had; None for a helper that
    cannot be called as helpers are."""
    translation: Translation = frame.f_globals["__translation__"]
    machine, slot = translation.machine, translation.slot_at(frame.f_code, line)
    if slot == _PROLOGUE:
        return machine.processor.too_deep()
    insn = machine.code.at(slot)
    cls = insn.opcode & 7
    if cls not in (Class.LDX, Class.ST, Class.STX):
        result = frame.f_locals.get("r0")
        is_integer = isinstance(result, int)
        return None if is_integer else RunError(f"the helper returned {type(result).__name__}, not an integer")
    is_load = cls == Class.LDX or (insn.opcode & 0xE0 == Mode.ATOMIC and insn.imm == AtomicOp.LOAD_ACQ)
    number = insn.src if is_load else insn.dst
    base = frame.f_locals["fp" if number == FRAME_POINTER else f"r{number}"]
    size = SIZES[insn.opcode & 0x18]
    return machine.processor.memory.bad_access((base + insn.offset) & MASK64, size, write=not is_load)
