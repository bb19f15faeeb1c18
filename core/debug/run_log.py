"""A run as why reads it: the registers before each step, and the jump or the call that decided that it was taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..asm import CallSource
from ..asm.flow.dominators import immediate_dominators, reverse_postorder
from ..asm.opcodes import CALL, EXIT
from ..helpers.effects import effect_of
from ..helpers.names import TAIL_CALL
from ..vm.engine.graph import Graph
from ..vm.maps import ArrayStore
from ..vm.maps.hashes import HashStore
from .followed import Lying
from .walk import Walk

if TYPE_CHECKING:
    from ..asm import Instruction
    from ..vm.engine.machine import Machine
    from ..vm.maps import Store
    from .followed import Shift
    from .session import Session

__all__ = ["RunLog", "address_of"]


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


class RunLog:
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
        self.begun: set[int] = set()
        """The steps with which a program begins that a packet comes to behind another one."""
        self.shifts: dict[int, list[Shift]] = {}
        """By step, what of the packet the one before has moved, the latest first: a call, or the end of a program."""
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
            turn, lying = session.world.turn, self._lying()
            for step in range(position + 1):
                if walk.advance(1) is None:
                    break
                if session.world.turn != turn:
                    self.begun.add(step)
                    turn = session.world.turn
                if step and (step in self.begun or self.insn(step - 1)[2].opcode == CALL):
                    before, lying = lying, self._lying()
                    if before is not None and lying is not None and before != lying:
                        self.shifts[step] = list(lying.since(before))
                innermost = walk.activations[-1]
                self._note_update(step)
                self.registers.append(innermost.registers)
                self.depths.append(innermost.depth)
                self._decide(step)
        finally:
            walk.close()

    def _lying(self) -> Lying | None:
        packet = self._session.world.host.packet
        return None if packet is None else Lying.of(packet)

    def _note_update(self, step: int) -> None:
        """Note where a map's entry lies that the call before has set."""
        if not step:
            return
        machine, _, insn = self.insn(step - 1)
        if insn.opcode != CALL or insn.src != CallSource.HELPER:
            return
        effect = effect_of(insn.imm)
        if effect is None or effect.use is None or not effect.use.writes or effect.arguments[:3] != "mrr":
            return
        registers = self.registers[step - 1]
        store = self._session.world.host.maps.get(registers[1])
        key = None if store is None else machine.processor.memory.own(registers[2], store.shape.key_size)
        if store is None or key is None:
            return
        address = address_of(store, key, self._session.world.host.cpu)
        if address:
            self.updated[step - 1] = address, store.shape.value_size

    def _decide(self, step: int) -> None:
        """Find out what decided that a step was taken."""
        machine, slot, insn = self.insn(step)
        depth, stack = self.depths[step], self._stack
        before = self.insn(step - 1)[2] if step else None
        if step in self.begun:
            stack[:] = [self._begun(machine, slot, step - 1)]  # decided by what the one before returned
        elif depth >= len(stack):
            stack.append(self._begun(machine, slot, step - 1))
        elif depth < len(stack) - 1:
            del stack[depth + 1 :]
        elif before is None or before.opcode == EXIT:
            stack[-1] = self._begun(machine, slot, stack[-1].call)  # the same helper calls back once more
        elif slot not in stack[-1].function.blocks or (before.opcode == CALL and before.imm == TAIL_CALL and not slot):
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


def address_of(store: Store, key: bytes, cpu: int) -> int:
    """Return where the value of an entry lies, which is no use of it."""
    if isinstance(store, HashStore):
        regions = store.keys.get(key)
        return 0 if regions is None else regions[cpu if store.shape.per_cpu else 0].base
    return store.address_of(key, cpu) if isinstance(store, ArrayStore) else 0
