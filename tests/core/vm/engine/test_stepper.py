"""Runs that stop between instructions, and tail calls, on both engines."""

from __future__ import annotations

import pytest

from bpftui.core.vm import AccessError, Machine, Processor
from tests.core.vm import programs as p
from tests.core.vm.programs import EXIT, R0, R1, R2, R3, R6, R10

# r0 = f(r1) + 1, where f doubles: the function begins at slot 4.
CALLER = p.mov(R6, 5) + p.call_local(2) + p.alu(p.ADD, R0, 1) + EXIT + p.mov_x(R0, R1) + p.alu_x(p.ADD, R0, R0) + EXIT


def test_step_by_step() -> None:
    stepper = Machine(CALLER).stepper(21)
    assert (stepper.slot, stepper.registers[1], len(stepper.frames)) == (0, 21, 1)
    stepper.step()
    stepper.step()
    assert (stepper.slot, len(stepper.frames)) == (4, 2)
    assert [frame.entry for frame in stepper.frames] == [0, 4]
    assert stepper.frames[1].call == 1
    assert stepper.registers[6] == 0
    assert stepper.registers[10] - stepper.memory.frames[1].base == 512
    stepper.finish()
    assert (stepper.slot, stepper.registers[0], stepper.registers[6], len(stepper.frames)) == (2, 42, 5, 1)
    assert not stepper.finished
    assert stepper.resume()
    assert (stepper.result, stepper.steps) == (43, 7)
    stepper.step()
    assert stepper.steps == 7


def test_step_over() -> None:
    stepper = Machine(CALLER).stepper(1)
    stepper.step_over()
    stepper.step_over()
    assert (stepper.slot, stepper.registers[0]) == (2, 2)


def test_breakpoints_and_changed_registers() -> None:
    machine = Machine(CALLER)
    stepper = machine.stepper(1)
    stepper.breakpoints.add((machine, 5))
    assert not stepper.resume()
    assert stepper.instruction.opcode == 0x0F
    stepper.registers[0] = 50
    assert stepper.resume()
    assert stepper.result == 101


def test_memory_can_be_looked_at_and_changed() -> None:
    code = p.store_imm(p.DW, R10, -8, 7) + p.load(p.DW, R0, R10, -8) + EXIT
    stepper = Machine(code).stepper()
    stepper.step()
    address = stepper.registers[10] - 8
    assert stepper.memory.read(address, 8) == (7).to_bytes(8, "little")
    stepper.memory.write(address, b"\x09")
    stepper.resume()
    assert stepper.result == 9


def test_a_failed_step_stays_where_it_is() -> None:
    machine = Machine(p.mov(R1, 0) + p.load(p.B, R0, R1) + EXIT)
    stepper = machine.stepper()
    with pytest.raises(AccessError, match=r"^instruction 1 "):
        stepper.resume()
    assert (stepper.slot, stepper.registers[1]) == (1, 0)
    assert machine.processor.idle


def test_a_stepper_that_is_given_up() -> None:
    machine = Machine(CALLER)
    stepper = machine.stepper(1)
    stepper.step()
    stepper.step()
    stepper.close()
    assert machine.processor.idle
    assert machine.execute(4) == 9


class Table:
    """A program array of one processor: programs tail-call through it."""

    def __init__(self) -> None:
        self.processor = Processor()
        self.programs: dict[int, Machine] = {}
        self.base = self.processor.memory.map("programs", 8, readable=False, writable=False).base

    def add(self, index: int, code: bytes) -> Machine:
        machine = Machine(code, processor=self.processor, tail_call=self.find)
        self.programs[index] = machine
        return machine

    def find(self, table: int, index: int) -> Machine | None:
        return self.programs.get(index) if table == self.base else None

    def call(self, index: int) -> bytes:
        return p.lddw(R2, self.base) + p.mov(R3, index) + p.call(12)


def both(machine: Machine, *arguments: int) -> int:
    result = machine.execute(*arguments)
    stepper = machine.stepper(*arguments)
    stepper.resume()
    assert stepper.result == result
    assert machine.processor.idle
    return result


def test_tail_calls() -> None:
    table = Table()
    table.add(1, p.load(p.B, R0, R1) + p.alu(p.ADD, R0, 1) + EXIT)
    machine = table.add(0, p.mov(R0, 3) + table.call(1) + p.mov(R0, 4) + EXIT)
    packet = table.processor.memory.map("packet", b"\x10")
    assert both(machine, packet.base) == 0x11
    del table.programs[1]
    assert both(machine, packet.base) == 4


def test_a_tail_call_that_fails_leaves_r0_as_it_was() -> None:
    table = Table()
    assert both(table.add(0, p.mov(R0, 7) + table.call(1) + EXIT)) == 7
    assert both(table.add(0, table.call(1) + EXIT)) == 0


def test_a_tail_call_of_a_subprogram_returns_to_its_caller() -> None:
    table = Table()
    table.add(1, p.store_imm(p.DW, R10, -8, 0) + p.mov(R0, 10) + EXIT)
    code = p.store_imm(p.DW, R10, -8, 500) + p.mov(R6, 7) + p.call_local(4)
    code += p.load(p.DW, R1, R10, -8) + p.alu_x(p.ADD, R0, R1) + p.alu_x(p.ADD, R0, R6) + EXIT
    machine = table.add(0, code + table.call(1) + EXIT)
    assert both(machine) == 517


def test_tail_calls_end_after_33() -> None:
    table = Table()
    counter = table.processor.memory.map("counter", 8)
    count = p.mov(R0, 1) + p.lddw(R6, counter.base) + p.atomic(p.DW, 0x00, R6, 0, R0)
    machine = table.add(0, count + table.call(0) + p.mov(R0, 99) + EXIT)
    assert machine.execute() == 99
    assert int.from_bytes(counter.data, "little") == 34
    stepper = machine.stepper()
    stepper.resume()
    assert int.from_bytes(counter.data, "little") == 68


def test_an_error_after_a_tail_call_names_the_right_code() -> None:
    table = Table()
    table.add(1, p.mov(R0, 0) + p.mov(R0, 0) + p.load(p.W, R0, R0, 4) + EXIT)
    machine = table.add(0, table.call(1) + EXIT)
    for run in (machine.execute, lambda: machine.stepper().resume()):
        with pytest.raises(AccessError, match=r"^instruction 2 \(r0 = \*\(u32 \*\)\(r0 \+4\)\)"):
            run()


def test_runs_within_runs() -> None:
    processor = Processor()
    inner = Machine(p.store_imm(p.DW, R10, -8, 1) + p.load(p.DW, R0, R10, -8) + EXIT, processor=processor)
    code = p.store_imm(p.DW, R10, -8, 40) + p.call(1) + p.load(p.DW, R1, R10, -8) + p.alu_x(p.ADD, R0, R1) + EXIT
    outer = Machine(code, {1: lambda *_: inner.execute()}, processor=processor)
    assert both(outer) == 41


def test_may_goto_goes_on_until_its_count_is_used_up() -> None:
    """Eight million times in the kernel, three times here."""
    stepper = Machine(p.alu(p.ADD, R0, 1) + p.insn(0xE5, offset=1) + p.ja(-3) + EXIT).stepper(0)
    stepper.frames[-1].may_goto = 3
    assert stepper.resume()
    assert stepper.result == 4
