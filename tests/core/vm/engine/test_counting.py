"""Counts of runs, as translated code makes them, against a count of single steps."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

from bpftui.core.asm.arithmetic import compare
from bpftui.core.asm.opcodes import MAY_GOTO
from bpftui.core.errors import BpftuiError
from bpftui.core.packet import template
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm import AccessError, Machine, StepLimitError, Stepper
from bpftui.core.vm.engine.counting import Outcomes
from bpftui.core.vm.runtime import MachineRuntime
from bpftui.core.vm.world.settings import Settings
from tests.core.vm import programs as p
from tests.core.vm.programs import EXIT, R0, R1, R2, R6
from tests.fuzz.machines import MEMORY, new_machine, program

if TYPE_CHECKING:
    from bpftui.core.vm.collection import MachineCollection
    from bpftui.core.vm.program import Program

ROOT = Path(__file__).parents[4]
OBJECTS = sorted(path.relative_to(ROOT) for path in [*ROOT.glob("bpf/*.o"), *ROOT.glob("tests/objects/*.o")])
LIMIT = 20_000
NOT_LOADED = {"map_attributes.o", "nothing_left.clang14.o"}
"""Objects that no runtime takes."""
Told: TypeAlias = "tuple[list[int], dict[int, tuple[int, int]]]"
"""By slot the instructions begun; by the slot of a conditional jump, how often it went on, and how often it jumped."""


class Steps:
    """A count of single steps, by the number of the machine: what a trace of the stepper sees."""

    def __init__(self) -> None:
        self.runs: dict[tuple[int, int], int] = {}
        self.outcomes: dict[tuple[int, int], list[int]] = {}

    def __call__(self, stepper: Stepper) -> None:
        machine, slot = stepper.machine, stepper.slot
        place = machine.number, slot
        self.runs[place] = self.runs.get(place, 0) + 1
        insn = machine.code.at(slot)
        if not insn.is_conditional:
            return
        if insn.opcode == MAY_GOTO:
            taken = stepper.frames[-1].may_goto == 0
        else:
            right = stepper.registers[insn.src] if insn.opcode & 8 else insn.imm & (1 << 64) - 1
            bits = 64 if insn.opcode & 7 == 5 else 32
            taken = compare(insn.opcode & 0xF0, stepper.registers[insn.dst], right, bits)
        self.outcomes.setdefault(place, [0, 0])[taken] += 1

    def of(self, machine: Machine) -> Told:
        runs = [self.runs.get((machine.number, slot), 0) for slot in range(machine.code.count)]
        outcomes = {
            slot: (on, jumped) for (number, slot), (on, jumped) in self.outcomes.items() if number == machine.number
        }
        return runs, outcomes


def counted(machine: Machine) -> Told:
    assert machine.counter is not None
    counts = machine.counter.counts
    return list(counts.runs), {slot: pair for slot, pair in counts.outcomes.items() if pair != (0, 0)}


def test_a_loop_and_both_ways_of_its_jump() -> None:
    # for (r0 = 0; r0 != r2; r0++); r6 = 0 once
    code = p.mov(R0, 0) + p.jump_x(p.JEQ, R0, R2, 2) + p.alu(p.ADD, R0, 1) + p.ja(-3) + EXIT
    machine = Machine(code)
    counter = machine.count()
    assert machine.execute(0, 5) == 5
    assert counter.counts == ((1, 6, 5, 5, 1), {1: (5, 1)})
    assert machine.execute(0, 2) == 2
    assert counter.counts == ((2, 9, 7, 7, 2), {1: (7, 2)})


def test_what_is_counted_is_what_was_begun() -> None:
    """A run that is stopped is counted up to the instruction that stopped it, in each function that it was in."""
    code = (
        p.mov(R6, 1) + p.call_local(2) + p.mov(R0, 0) + EXIT + p.mov(R1, 0) + p.load(p.B, R0, R1) + p.mov(R0, 7) + EXIT
    )
    machine = Machine(code)
    counter = machine.count()
    with pytest.raises(AccessError, match=r"^instruction 5 "):
        machine.execute()
    assert counter.counts.runs == (1, 1, 0, 0, 1, 1, 0, 0)


def test_a_jump_to_the_next_instruction_has_two_outcomes() -> None:
    machine = Machine(p.mov(R0, 0) + p.jump(p.JEQ, R1, 3, 0) + EXIT)
    counter = machine.count()
    for value in (3, 3, 4):
        machine.execute(value)
    assert counter.counts.outcomes == {1: (1, 2)}


def test_counting_begins_when_it_is_asked_for() -> None:
    machine = Machine(p.mov(R0, 0) + EXIT)
    machine.execute()
    counter = machine.count()
    assert machine.count() is counter
    machine.execute()
    assert counter.counts.runs == (1, 1)


def test_what_was_taken_does_not_change() -> None:
    machine = Machine(p.mov(R0, 0) + EXIT)
    counter = machine.count()
    before = counter.taken()
    machine.execute()
    assert (before().runs, counter.counts.runs) == ((0, 0), (1, 1))


def test_an_endless_loop_is_found_out_while_it_is_counted() -> None:
    machine = Machine(p.mov(R0, 0) + p.jump(p.JEQ, R0, 0, -2) + EXIT)
    machine.count()
    with pytest.raises(StepLimitError, match="endless loop"):
        machine.execute()


def test_code_with_computed_jumps_is_counted_by_its_steps() -> None:
    code = p.lddw(R1, 4, src=4) + p.insn(0x0D, R1) + p.mov(R0, 1) + EXIT + p.mov(R0, 2) + EXIT
    machine = Machine(code)
    assert machine.is_stepped
    machine.count()
    assert machine.execute() == 2
    assert counted(machine)[0] == [1, 0, 1, 0, 0, 1, 1]


@pytest.mark.parametrize("first", range(0, 600, 100))
def test_random_programs(first: int) -> None:
    """Loops within loops, calls, jumps into loops, errors: both engines begin the same instructions as often."""
    compared = 0
    for seed in range(first, first + 100):
        code = program(random.Random(seed))
        try:
            stepped, translated = new_machine(code, 3_000), new_machine(code, 60_000)
        except BpftuiError:
            continue
        steps, is_limited = Steps(), False
        region = stepped.processor.memory.map("memory", bytearray(MEMORY))
        stepped.processor.start(stepped.limit, "")
        try:
            stepper = Stepper(stepped, 0, (region.base, len(MEMORY)), steps)
            stepper.resume()
        except BpftuiError as error:
            is_limited = isinstance(error, StepLimitError)
        if is_limited:
            continue
        translated.count()
        region = translated.processor.memory.map("memory", bytearray(MEMORY))
        with suppress(BpftuiError):
            translated.execute(region.base, len(MEMORY))
        assert counted(translated) == steps.of(stepped), seed
        compared += 1
    assert compared > 30


def load(spec: CollectionSpec) -> MachineCollection:
    runtime = MachineRuntime(Settings(clock=lambda: 5_000_000_000, limit=LIMIT))
    return runtime.load(spec.copy())


def run_in_steps(program: Program, data: bytes | None, steps: Steps) -> str:
    """Run a program, and what it leaves to be done behind it, step by step; return how that ended."""
    machine = program.machine
    with program.parts.lock, program.given(data, None, 0) as given:
        machine.processor.start(machine.limit, program.name)
        try:
            stepper = Stepper(machine, 0, (given.r1,), steps)
            stepper.resume()
            stepper.close()
            machine.processor.stepper = stepper  # callbacks behind the run are stepped through as those within it
            program.parts.settle()
            program.parts.catch_up()
        except BpftuiError as error:
            return error.message.rpartition("): ")[2]
        finally:
            machine.processor.stepper = None
    return ""


@pytest.mark.parametrize("path", [path for path in OBJECTS if path.name not in NOT_LOADED], ids=str)
def test_every_object(path: Path) -> None:
    """Every program of every object that loads begins each instruction as often as single steps do."""
    spec = CollectionSpec.from_file(ROOT / path)
    with load(spec) as counting, load(spec) as stepping:
        for program in counting.programs.values():
            program.count()
        steps = Steps()
        for name, program in counting.programs.items():
            packets = (None, bytes(template("IPv4 UDP"))) if program.packet_sizes else (None,)
            for packet in packets:
                ended = ""
                try:
                    program.run(packet)
                except BpftuiError as error:
                    ended = error.message.rpartition("): ")[2]
                assert run_in_steps(stepping.programs[name], packet, steps) == ended, name
                if "steps" in ended:
                    return  # translated code is charged in advance: the two are not stopped at the same step
        for name, program in counting.programs.items():
            assert counted(program.machine) == steps.of(stepping.programs[name].machine), name


def test_which_ways_jumps_went_and_what_they_compared() -> None:
    # for (r0 = 0; r0 != r2; r0++)
    code = p.mov(R0, 0) + p.jump_x(p.JEQ, R0, R2, 2) + p.alu(p.ADD, R0, 1) + p.ja(-3) + EXIT
    machine, outcomes = Machine(code), Outcomes()
    machine.watch(outcomes)
    assert machine.execute(0, 0) == 0
    assert outcomes.numbers == {(1, 0): 0, (1, 1): 1}
    assert outcomes.seen == b"\0\1"
    assert machine.execute(0, 2) == 2
    assert outcomes.seen == b"\1\1"
    told: list[tuple[int, int, int]] = []
    machine.watch(Outcomes(lambda slot, left, right: told.append((slot, left, right))))
    assert machine.execute(0, 2) == 2
    assert told == [(1, 0, 2), (1, 1, 2), (1, 2, 2)]
