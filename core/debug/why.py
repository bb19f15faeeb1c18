"""Why: where a value came from, in this run: the steps that made it, and those that decided that they were taken.

A backward slice of one run. Values are followed, addresses are not: of a load it is asked what wrote the bytes, and not
where the pointer came from. Each step is taken because of the conditional jump that its block depends on (by
postdominators), or of the call of its function. What nothing in the run made is an origin: bytes of the packet, a field
of the context, a variable, an entry of a map, a constant.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from ..asm import AtomicOp, CallSource, Class, Mode, Size
from ..asm.flow.dominators import immediate_dominators, reverse_postorder
from ..asm.opcodes import ADDR_SPACE_CAST, CALL, CALLX, EXIT, LD_IMM64, MOV64_X
from ..asm.registers import def_use, register_numbers
from ..btf.path import member_path
from ..errors import UsageError
from ..helpers.effects import MapUse, effect_of
from ..packet.layers import dissect
from ..vm.engine.graph import Graph
from ..vm.maps import ArrayStore
from ..vm.maps.hashes import HashStore
from .walk import Walk
from .wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..asm import Instruction
    from ..vm.engine.machine import Machine
    from ..vm.maps import Store
    from .session import Session
    from .symbols import Location

__all__ = ["Cause", "Origin", "Why", "why"]

_MOST_STEPS: Final = 200_000
"""Steps of a run that are gone through."""
_MASK64: Final = (1 << 64) - 1
_TAIL_CALL: Final = 12


class Origin(NamedTuple):
    """What a value comes from that nothing in the run made."""

    text: str
    """`packet byte 23: IPv4 protocol`, `ctx->len`, `.rodata config.drop_udp`, `map traffic[…]`."""
    raw: bytes
    """The bytes that were there at the beginning of the run; none for what is no memory."""


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
    length: int
    """How many steps were taken until then."""
    causes: dict[int, Cause]
    """The steps that matter, by their numbers."""
    because: list[int]
    """Those that made the value itself, the latest first."""
    origins: list[Origin]
    """What the value itself comes from, where nothing in the run made it."""

    def lines(self) -> list[str]:
        """Return it as a tree: the steps that made the value, with those before them indented below."""
        head = f"why {self.text} = {self.value:#x} ({self.value})"
        found = [f"{head}   {len(self.causes)} of {self.length} steps matter"]
        found += [f"  ◂ {_told(origin)}" for origin in self.origins]
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
            origins = "".join(f"   ◂ {_told(origin)}" for origin in cause.origins) if not again else ""
            indent = "  " * min(depth, _DEEPEST)
            found.append(f"{step:6} {indent}{kind}{cause.location.slot}: {text}{line}{origins}{again}")
            if again:
                continue
            shown.add(step)
            if cause.decided is not None and cause.decided in self.causes:
                todo.append((cause.decided, depth + 1, "because "))
            todo += [(each, depth + 1, "") for each in reversed(cause.because)]
        return found


_DEEPEST: Final = 12
"""Levels that are indented."""
_MOST_TOLD: Final = 64
"""Bytes of an origin that are written out."""


def _told(origin: Origin) -> str:
    raw = origin.raw
    more = f" … ({len(raw):,} bytes)" if len(raw) > _MOST_TOLD else ""
    return f"{origin.text} = {raw[:_MOST_TOLD].hex(' ')}{more}" if raw else origin.text


class _Function:
    """What the blocks of a function depend on."""

    def __init__(self, machine: Machine, entry: int) -> None:
        graph = Graph(machine.code, machine.code.functions[entry], every=True)
        count = len(graph.blocks)
        self.blocks: dict[int, int] = {slot: n for n, block in enumerate(graph.blocks) for slot in block.slots}
        """By slot, its block."""
        self.ends = {block.slots[-1] for block in graph.blocks}
        self.decided_by: list[set[int]] = [set() for _ in range(count)]
        """By block, those whose jump at the end decides whether it is come to."""
        # Postdominators are dominators from the end on: node `count` is where all functions end.
        backwards = [list(each) for each in graph.predecessors]
        backwards.append([n for n, block in enumerate(graph.blocks) if not block.successors])
        order = reverse_postorder(backwards, count)
        numbers = {node: number for number, node in enumerate(order)}
        forwards = [list(block.successors) or [count] for block in graph.blocks]
        before = [
            [numbers[each] for each in forwards[node] if each in numbers] if node < count else [] for node in order
        ]
        found = immediate_dominators(before)
        after = {node: order[found[number]] for number, node in enumerate(order)}
        for block, successors in enumerate(forwards):
            if len(successors) < 2 or block not in after:
                continue
            for successor in successors:
                node = successor
                while node in after and node != after[block] and node != count:
                    self.decided_by[node].add(block)
                    node = after[node]


class _Activation:
    """A function that has begun, as far as its way was seen."""

    def __init__(self, function: _Function, call: int) -> None:
        self.function = function
        self.call = call
        self.last: dict[int, int] = {}
        """By block, the last step of its end."""


class _Log:
    """A run up to a position: the registers before each step, and what each depends on."""

    def __init__(self, session: Session, position: int) -> None:
        self._session = session
        self.places = session.timeline.places
        self.registers: list[tuple[int, ...]] = []
        self.depths: list[int] = []
        self.decided: list[int] = []
        """By step, the jump or the call that decided that it was taken; -1 for none."""
        self.updated: dict[int, tuple[int, int]] = {}
        """By the step of a call that set a map's entry, where its value lies now, and how many bytes it has."""
        self._functions: dict[tuple[int, int], _Function] = {}
        self._stack: list[_Activation] = []
        self._read(position)

    def insn(self, step: int) -> tuple[Machine, int, Instruction]:
        """Return the instruction of a step."""
        machine, slot = self._session.world.processor.at(self.places[step])
        return machine, slot, machine.code.at(slot)

    def _read(self, position: int) -> None:
        session = self._session
        session.close()
        session.world.before(session.run)
        walk = Walk(session.world, session.recording.calls[session.run])
        try:
            for step in range(position + 1):
                if walk.advance(1) is None:
                    break
                innermost = walk.activations[-1]
                self._note_update(step)
                self.registers.append(innermost.registers)
                self.depths.append(innermost.depth)
                self._decide(step)
        finally:
            walk.close()

    def _note_update(self, step: int) -> None:
        """Note where a map's entry lies that the call before has set."""
        if not step:
            return
        machine, _, insn = self.insn(step - 1)
        if insn.opcode != CALL or insn.src != CallSource.HELPER:
            return
        effect = effect_of(insn.imm)
        if effect is None or effect.use is None or MapUse.WRITE not in effect.use or effect.arguments[:3] != "mrr":
            return
        registers = self.registers[step - 1]
        store = self._session.world.host.maps.get(registers[1])
        key = None if store is None else machine.processor.memory.own(registers[2], store.shape.key_size)
        if store is None or key is None:
            return
        address = _address_of(store, key, self._session.world.host.cpu)
        if address:
            self.updated[step - 1] = address, store.shape.value_size

    def _decide(self, step: int) -> None:
        """Find out what decided that a step was taken."""
        machine, slot, insn = self.insn(step)
        depth, stack = self.depths[step], self._stack
        before = self.insn(step - 1)[2] if step else None
        if depth >= len(stack):
            stack.append(self._begun(machine, slot, step - 1))
        elif depth < len(stack) - 1:
            del stack[depth + 1 :]
        elif before is None or before.opcode == EXIT:
            stack[-1] = self._begun(machine, slot, stack[-1].call)  # the same helper calls back once more
        elif slot not in stack[-1].function.blocks or (before.opcode == CALL and before.imm == _TAIL_CALL and not slot):
            stack[-1] = self._begun(machine, slot, step - 1)
        here = stack[-1]
        block = here.function.blocks.get(slot)
        if block is None:
            self.decided.append(-1)
            return
        deciding = [here.last[each] for each in here.function.decided_by[block] if each in here.last]
        self.decided.append(max(deciding, default=here.call))
        if slot in here.function.ends and insn.is_conditional:
            here.last[block] = step

    def _begun(self, machine: Machine, slot: int, call: int) -> _Activation:
        entry = slot if slot in machine.code.functions else 0
        key = machine.number, entry
        if key not in self._functions:
            self._functions[key] = _Function(machine, entry)
        return _Activation(self._functions[key], call)


def _address_of(store: Store, key: bytes, cpu: int) -> int:
    """Return where the value of an entry lies, which is no use of it."""
    if isinstance(store, HashStore):
        regions = store.keys.get(key)
        return 0 if regions is None else regions[cpu if store.shape.per_cpu else 0].base
    return store.address_of(key, cpu) if isinstance(store, ArrayStore) else 0


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

    def __init__(self, session: Session, log: _Log) -> None:
        self._session = session
        self._log = log
        self.causes: dict[int, Cause] = {}
        self.because: list[int] = []
        self.registers: dict[tuple[int, int], list[int]] = {}
        """By register that is asked for, the steps that used it; -1 for the question itself."""
        self.memory = Wanted()
        """The same of memory."""
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
            effects = self._effects(step)
            taken = [(each, self._take(each)) for each in effects.made]
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
            size = Size(insn.opcode & 0x18).bits // 8
            return _Effects([(depth, insn.dst)], [_bytes(registers[insn.src] + insn.offset, size)])
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
        size = Size(insn.opcode & 0x18).bits // 8
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

    def _call(self, step: int, insn: Instruction) -> _Effects:
        log = self._log
        made: list[_What]
        depth, registers = log.depths[step], log.registers[step]
        deeper = step + 1 < len(log.depths) and log.depths[step + 1] > depth
        if deeper or (insn.opcode == CALL and insn.imm == _TAIL_CALL and insn.src == CallSource.HELPER):
            inner = depth + 1 if deeper else depth
            is_own = insn.opcode == CALLX or insn.src == CallSource.SUBPROGRAM or not deeper
            made = [(inner, number) for number in range(10)]
            return _Effects(made, [(depth, number) for number in range(1, 6)] if is_own else [])
        effect = effect_of(insn.imm) if insn.opcode == CALL and insn.src == CallSource.HELPER else None
        if effect is None:
            read = def_use(insn.opcode, insn.dst, insn.src, insn.imm)[1]
            return _Effects([(depth, 0)], [(depth, number) for number in register_numbers(read)])
        made = [(depth, 0)]
        used: list[_What] = []
        store = self._session.world.host.maps.get(registers[1]) if effect.arguments[:1] == "m" else None
        sizes = [] if store is None else [store.shape.key_size or store.shape.value_size, store.shape.value_size]
        for number, letter in enumerate(effect.arguments, 1):
            size = sizes[number - 2] if store is not None and number in (2, 3) else 0
            if letter in "rwx" and not size and number < 5:
                size = min(registers[number + 1] & 0xFFFF_FFFF, 1 << 12)
            if letter in "rx":
                used.append(_bytes(registers[number], size))
            if letter in "wx":
                made.append(_bytes(registers[number], size))
            if letter in "vf":
                used.append((depth, number))
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
    name = text.strip().removeprefix("$")
    found = session.activations
    depth = found[-1].depth if found else 0
    what: list[_What]
    if value.address is not None:  # also of a variable that has the name of a register: it is meant by all expressions
        what = [_bytes(value.address, value.kind.size)]
    elif name[:1] in ("r", "w") and name[1:].isdecimal() and int(name[1:]) < 10:
        what = [(depth, int(name[1:]))]
    else:
        raise UsageError(
            f"{text!r} is neither a register nor in memory", hint="why r0, why total_packets, why *(u8 *)(pkt + 23)"
        )
    stop = session.stop
    slicer = _Slicer(session, _Log(session, position))
    slicer.want(what, -1)
    slicer.run(position)
    session.goto(0)
    origins = _origins(session, slicer)
    session.goto(position)
    session.stop = stop
    number = value.number if not value.kind.is_aggregate else int.from_bytes(value.raw[:8], session.symbols.byte_order)
    return Why(text, number & _MASK64, position, slicer.causes, slicer.because, origins)


def _origins(session: Session, slicer: _Slicer) -> list[Origin]:
    """Tell each step where what it used came from that nothing made; return the same for the question itself.

    The session stands at the beginning of the run.
    """
    own: list[Origin] = []
    for what, steps in slicer.registers.items():
        for step in steps:
            text = "the context" if what == (0, 1) else f"r{what[1]} was never written to"
            (own if step < 0 else slicer.causes[step].origins).append(Origin(text, b""))
    by_step: dict[int, list[range]] = {}
    for part, steps in slicer.memory:
        for step in set(steps):
            _join(by_step.setdefault(step, []), part)
    for step, parts in by_step.items():
        found = own if step < 0 else slicer.causes[step].origins
        for part in parts:
            start, size = part.start, part.stop - part.start
            found.append(Origin(_place(session, start, size), session.memory.own(start, size) or b""))
    return own


def _join(parts: list[range], part: range) -> None:
    """Append a range, as one with the last where that ends where it begins."""
    if parts and parts[-1].stop == part.start:
        part = range(parts.pop().start, part.stop)
    parts.append(part)


def _place(session: Session, address: int, size: int) -> str:
    """Return what lies at an address, at the beginning of a run."""
    world = session.world
    region = session.memory.find(address)
    if region is None:
        return f"memory at {address:#x}"
    offset = address - region.base
    packet = world.host.packet
    if packet is not None and region is packet.region:
        return _packet_place(packet.result, offset, size)
    context = session.context_address
    if region.base == context:
        layout = session.evaluator.layout
        for each in layout.fields if layout is not None else ():
            if each.offset <= offset < each.offset + each.size:
                return f"ctx->{each.name}"
        return f"ctx +{offset}"
    for name, found in world.collection.maps.items():
        key = found.store.key_at(address)
        if key is not None:
            return _map_place(session, name, key, address, size)
    return f"{region.name} +{offset}"


def _packet_place(packet: bytes, offset: int, size: int) -> str:
    last = f"…{offset + size - 1}" if size > 1 else ""
    text = f"packet byte {offset}{last}" if size == 1 else f"packet bytes {offset}{last}"
    for layer in dissect(packet):
        for each in layer.fields:
            where = layer.where(each)
            if offset in where:
                return f"{text}: {layer.protocol.name} {each.name}"
    return text


def _map_place(session: Session, name: str, key: bytes, address: int, size: int) -> str:
    world = session.world
    found = world.collection.maps[name]
    store = found.store
    if isinstance(store, ArrayStore):
        base = next(region.base for region in store.regions if region.base <= address < region.end)
        offset = (address - base) % store.shape.stride
    else:
        region = session.memory.find(address)
        offset = address - (region.base if region is not None else address)
    if found.spec.is_data:
        for variable in world.collection.spec.variables.values():
            if variable.map.name == name and variable.offset <= offset < variable.offset + variable.size:
                path = ""
                if variable.type is not None:
                    path = member_path(variable.type.btf, variable.type.id, offset - variable.offset, size) or ""
                return f"{name} {variable.name}{path}"
        return f"{name} +{offset}"
    ctype, key_type = found.spec.value, found.spec.key
    path = member_path(ctype.btf, ctype.id, offset, size) if ctype is not None else f"+{offset}"
    key_text = key_type.format(key) if key_type is not None else key.hex(" ")
    return f"map {name}[{key_text}]{path or ''}"
