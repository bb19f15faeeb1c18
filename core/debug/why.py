"""Why: where a value came from, in this run: the steps that made it, and those that decided that they were taken.

A backward slice of one run. Values are followed, addresses are not: of a load it is asked what wrote the bytes, and not
where the pointer came from. Each step is taken because of the conditional jump that its block depends on (by
postdominators), or of the call of its function. What nothing in the run made is an origin: bytes of the packet, a field
of the context, a variable, an entry of a map, a constant.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from ..asm import SIZES, AtomicOp, CallSource, Class, Mode
from ..asm.arithmetic import signed
from ..asm.opcodes import ADDR_SPACE_CAST, CALL, CALLX, EXIT, LD_IMM64, MOV64_X
from ..asm.registers import def_use, register_numbers
from ..context.fields import return_codes
from ..errors import UsageError
from ..helpers.effects import effect_of
from ..helpers.names import TAIL_CALL
from .accesses import touched
from .origins import Origin, origin_at
from .pointers import Pointers
from .run_log import RunLog
from .wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..asm import Instruction
    from .session import Session
    from .symbols import Location

__all__ = ["Cause", "Origin", "Why", "why"]

_MOST_STEPS: Final = 200_000
"""Steps of a run that are gone through."""
_MASK32: Final = (1 << 32) - 1
_MASK64: Final = (1 << 64) - 1
_FRAME_POINTER: Final = 10


@dataclass
class Cause:
    """A step that matters."""

    step: int
    location: Location
    value: int | None = None
    """What it left in the register that it wrote, or wrote to memory, unsigned; None where it is no value."""
    jumped: bool | None = None
    """Of a conditional jump, whether it was taken; None for others."""
    because: list[int] = field(default_factory=list[int])
    """The steps that its value came from, the latest first."""
    decided: int | None = None
    """The step without which it would not have been taken: a conditional jump, or a call."""
    origins: list[Origin] = field(default_factory=list[Origin])


@dataclass
class Why:
    """What a value came from."""

    text: str
    """What was asked: `r0`."""
    value: int
    """What it was."""
    meaning: str
    """What that is: `XDP_PASS`, `fp-24`; empty for a number."""
    length: int
    """How many steps were taken until then."""
    causes: dict[int, Cause]
    """The steps that matter, by their numbers."""
    because: list[int]
    """Those that made the value itself, the latest first."""
    origins: list[Origin]
    """What the value itself comes from, where nothing in the run made it."""

    @property
    def shown(self) -> str:
        """The value for people: `XDP_PASS (2)`, `fp-24 (0x20001e8)`, `5`, `0x1f40 (8000)`."""
        number = str(self.value) if self.value < _SHORT else f"{self.value:#x}"
        if self.meaning:
            return f"{self.meaning} ({number})"
        return number if self.value < _SHORT else f"{number} ({self.value})"

    def lines(self) -> list[str]:
        """Return it as a tree: the steps that made the value, with those before them indented below."""
        head = f"why {self.text} = {self.shown}"
        found = [f"{head}   {len(self.causes)} of {self.length} steps matter"]
        found += [f"  ◂ {origin.told(_MOST_TOLD)}" for origin in self.origins]
        shown: set[int] = set()
        todo = [(step, 0, "") for step in reversed(self.because)]  # kind: empty, or what it is beside a value's step
        while todo:
            step, depth, kind = todo.pop()
            cause = self.causes[step]
            text = cause.location.text
            if cause.jumped is not None:
                text += "   jumped" if cause.jumped else "   did not jump"
            line = "" if cause.location.line is None else f"   {cause.location.line.text}"
            if kind and step in shown:
                continue
            again = "   (as above)" if step in shown else ""
            origins = "".join(f"   ◂ {origin.told(_MOST_TOLD)}" for origin in cause.origins) if not again else ""
            indent = "  " * min(depth, _DEEPEST)
            found.append(f"{step:6} {indent}{kind}{cause.location.slot}: {text}{line}{origins}{again}")
            if again:
                continue
            shown.add(step)
            if cause.decided is not None and cause.decided in self.causes:
                todo.append((cause.decided, depth + 1, "because "))
            todo += [(each, depth + 1, "") for each in reversed(cause.because)]
        return found


_SHORT: Final = 10
"""Numbers below it are the same in all bases."""
_DEEPEST: Final = 12
"""Levels that are indented."""
_MOST_TOLD: Final = 64
"""Bytes of an origin that are written out."""


_What: TypeAlias = tuple[int, int] | range
"""A register (depth and number), or bytes of memory by their addresses."""


class _Effects(NamedTuple):
    """What a step did: to which registers and bytes of memory, from which others."""

    made: list[_What]
    used: list[_What]


def _bytes(address: int, size: int) -> range:
    return range(address & _MASK64, (address & _MASK64) + size)


class _Slicer:
    """Goes backwards through a log."""

    def __init__(self, session: Session, log: RunLog) -> None:
        self._session = session
        self._log = log
        self.causes: dict[int, Cause] = {}
        self.because: list[int] = []
        self.registers: dict[tuple[int, int], list[int]] = {}
        """By register that is asked for, the steps that used it; -1 for the question itself."""
        self.memory = Wanted()
        """The same of memory."""
        self.given: dict[tuple[int, int], list[int]] = {}
        """By register that nothing in its program had written to, the steps that used it."""
        self._deciding: dict[int, list[int]] = {}

    def want(self, what: Iterable[_What], step: int) -> None:
        """Ask what made something before a step."""
        for each in what:
            if isinstance(each, range):
                self.memory.add(each, step)
            else:
                self.registers.setdefault(each, []).append(step)

    def _take(self, what: _What) -> Iterable[int]:
        """Ask for something no more; return the steps that used it."""
        return self.memory.take(what) if isinstance(what, range) else self.registers.pop(what, ())

    def run(self, position: int) -> None:
        """Go back to the beginning."""
        for step in range(position - 1, -1, -1):
            if step + 1 in self._log.begun:
                self._end_program()
            taken = list(self._shifted(step + 1))
            effects = self._effects(step)
            taken += [(each, self._take(each)) for each in effects.made]
            hit = [each for each, steps in taken if steps]
            deciding = self._deciding.pop(step, ())
            if not hit and not deciding:
                continue
            consumers = {consumer for _, steps in taken for consumer in steps}
            self._add(step, hit)
            for consumer in sorted(consumers):
                found = self.because if consumer < 0 else self.causes[consumer].because
                found.append(step)
            for consumer in deciding:
                self.causes[consumer].decided = step
            self.want(self._used_for(step, effects, hit), step)
            decided = self._log.decided[step]
            if decided >= 0:
                self._deciding.setdefault(decided, []).append(step)
        self._end_program()

    def _shifted(self, step: int) -> Iterator[tuple[_What, Iterable[int]]]:
        """Ask for bytes of the packet where they lay before they were moved; iterate over those that were new then."""
        for each in self._log.shifts.get(step, ()):
            yield each.new, self._take(each.new)
            self.memory.move(each.moved, each.begin)

    def _end_program(self) -> None:
        """Come to the beginning of a program: what it asks of registers is from outside."""
        for register, steps in self.registers.items():
            self.given.setdefault(register, []).extend(steps)
        self.registers.clear()

    def _add(self, step: int, hit: list[_What]) -> None:
        _, slot, insn = self._log.insn(step)
        cause = Cause(step, self._session.symbols.location(self._log.places[step]))
        following = step + 1 < len(self._log.places)
        if insn.is_conditional:
            cause.jumped = following and self._log.insn(step + 1)[1] == insn.jump_target(slot)
        for each in hit:
            if (
                isinstance(each, tuple)
                and step + 1 < len(self._log.registers)
                and self._log.depths[step + 1] == each[0]
            ):
                cause.value = self._log.registers[step + 1][each[1]]
        self.causes[step] = cause

    def _used_for(self, step: int, effects: _Effects, hit: list[_What]) -> list[_What]:
        """Return what was used for what is asked for: of a call's arguments each for itself."""
        depth = self._log.depths[step]
        if any(isinstance(each, tuple) and each[0] == depth + 1 for each in hit):
            arguments = {each[1] for each in hit if isinstance(each, tuple)}
            return [each for each in effects.used if isinstance(each, tuple) and each[1] in arguments]
        return effects.used

    def _effects(self, step: int) -> _Effects:
        _, _, insn = self._log.insn(step)
        depth, registers = self._log.depths[step], self._log.registers[step]
        cls = insn.opcode & 7
        if insn.opcode in (CALL, CALLX):
            return self._call(step, insn)
        if insn.opcode == EXIT:
            return _Effects([(depth - 1, 0)], [(depth, 0)])
        if cls == Class.LDX:
            return _Effects([(depth, insn.dst)], [*touched(self._session.world, insn, registers).read])
        if cls == Class.LD and insn.opcode & 0xE0 in (Mode.ABS, Mode.IND):
            return _Effects([(depth, 0)], [*touched(self._session.world, insn, registers).read])
        if cls in (Class.ST, Class.STX):
            return self._store(insn, depth, registers)
        if insn.opcode == LD_IMM64 or (insn.opcode == MOV64_X and insn.offset == ADDR_SPACE_CAST):
            return _Effects([(depth, insn.dst)], [])
        made, used = def_use(insn.opcode, insn.dst, insn.src, insn.imm)
        return _Effects(
            [(depth, number) for number in register_numbers(made)], [(depth, n) for n in register_numbers(used)]
        )

    @staticmethod
    def _store(insn: Instruction, depth: int, registers: tuple[int, ...]) -> _Effects:
        size = SIZES[insn.opcode & 0x18]
        made: list[_What] = [_bytes(registers[insn.dst] + insn.offset, size)]
        if insn.opcode & 7 == Class.ST:
            return _Effects(made, [])
        used: list[_What] = [(depth, insn.src)]
        if insn.opcode & 0xE0 == Mode.ATOMIC:
            if insn.imm == AtomicOp.LOAD_ACQ:
                return _Effects([(depth, insn.dst)], [_bytes(registers[insn.src] + insn.offset, size)])
            if insn.imm != AtomicOp.STORE_REL:
                used += made
                if insn.imm == AtomicOp.CMPXCHG:
                    used.append((depth, 0))
                    made.append((depth, 0))
                elif insn.imm & AtomicOp.ADD_FETCH:
                    made.append((depth, insn.src))
        return _Effects(made, used)

    def _is_left_by(self, step: int, insn: Instruction) -> bool:
        """Whether a step is a tail call that comes to another program; where it does not, the same one goes on."""
        if insn.opcode != CALL or insn.imm != TAIL_CALL or insn.src != CallSource.HELPER:
            return False
        return step + 1 < len(self._log.places) and self._log.places[step + 1] != self._log.places[step] + 1

    def _call(self, step: int, insn: Instruction) -> _Effects:
        log = self._log
        made: list[_What]
        depth, registers = log.depths[step], log.registers[step]
        if step + 1 < len(log.depths) and log.depths[step + 1] > depth:
            is_own = insn.opcode == CALLX or insn.src == CallSource.SUBPROGRAM
            made = [(depth + 1, number) for number in range(10)]
            return _Effects(made, [(depth, number) for number in range(1, 6)] if is_own else [])
        if self._is_left_by(step, insn):
            return _Effects([(depth, number) for number in range(10)], [(depth, number) for number in range(1, 4)])
        effect = effect_of(insn.imm) if insn.opcode == CALL and insn.src == CallSource.HELPER else None
        if effect is None:
            read = def_use(insn.opcode, insn.dst, insn.src, insn.imm)[1]
            return _Effects([(depth, 0)], [(depth, number) for number in register_numbers(read)])
        accesses = touched(self._session.world, insn, registers)
        made = [(depth, 0), *accesses.written]
        used: list[_What] = [*accesses.read]
        used += [(depth, number) for number, letter in enumerate(effect.arguments, 1) if letter in "vf"]
        if step in log.updated:
            made.append(_bytes(*log.updated[step]))
        return _Effects(made, used)


def why(session: Session, text: str) -> Why:
    """Return where a value came from that an expression has where the session stands: a register, or what is in memory.

    Raises:
        ExpressionError: It means nothing here.
        UsageError: It is neither, or too many steps were taken before.
    """
    position = session.position
    if position > _MOST_STEPS:
        raise UsageError(f"why goes back through at most {_MOST_STEPS:,} steps, and {position:,} were taken")
    value = session.evaluate(text)
    found = session.activations
    depth = found[-1].depth if found else 0
    what: list[_What]
    register = session.scope.register(text)
    if value.address is not None:
        what = [_bytes(value.address, value.kind.size)]
    elif register is not None and register < _FRAME_POINTER:
        what = [(depth, register)]
    else:
        raise UsageError(
            f"{text!r} is neither a register nor in memory", hint="why r0, why total_packets, why *(u8 *)(pkt + 23)"
        )
    stop = session.stop
    slicer = _Slicer(session, RunLog(session, position))
    slicer.want(what, -1)
    slicer.run(position)
    session.goto(0)
    origins = _origins(session, slicer)
    session.goto(position)
    session.stop = stop
    number = value.number if not value.kind.is_aggregate else int.from_bytes(value.raw[:8], session.symbols.byte_order)
    value_of = number & _MASK64
    meaning = "" if register is None else _meaning(session, register, value_of)
    return Why(text, value_of, meaning, position, slicer.causes, slicer.because, origins)


def _meaning(session: Session, register: int, number: int) -> str:
    """Return what a register's value is where the session stands: a verdict, or what a pointer leads to."""
    if session.at_end:
        spec = session.world.program.spec
        return return_codes(spec).get(signed(number & _MASK32, 32), "") if not register else ""
    pointed = Pointers(session).at(number)
    return "" if pointed is None else pointed.text


def _origins(session: Session, slicer: _Slicer) -> list[Origin]:
    """Tell each step where what it used came from that nothing made; return the same for the question itself.

    The session stands at the beginning of the run.
    """
    own: list[Origin] = []
    for what, steps in slicer.given.items():
        for step in steps:
            (own if step < 0 else slicer.causes[step].origins).append(Origin(_given(what), b""))
    by_step: dict[int, list[range]] = {}
    for part, steps in slicer.memory:
        for step in set(steps):
            _join(by_step.setdefault(step, []), part)
    for step, parts in by_step.items():
        found = own if step < 0 else slicer.causes[step].origins
        for part in parts:
            start, size = part.start, part.stop - part.start
            found.append(origin_at(session, start, size))
    return own


def _given(register: tuple[int, int]) -> str:
    """Return what a register holds, by depth and number, that nothing in the run wrote to."""
    if register == (0, 1):
        return "the context"
    if register[1] == _FRAME_POINTER:
        return "r10: the end of the function's stack"
    return f"r{register[1]} was never written to"


def _join(parts: list[range], part: range) -> None:
    """Append a range, as one with the last where that ends where it begins."""
    if parts and parts[-1].stop == part.start:
        part = range(parts.pop().start, part.stop)
    parts.append(part)
