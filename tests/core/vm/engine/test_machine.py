"""The machine's raw face, and what it says when something is wrong."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING, cast

import pytest

from bpftui.core.errors import GivenUpError
from bpftui.core.vm import AccessError, InvalidCodeError, Machine, Processor, RunError, StepLimitError
from tests.core.vm import programs as p
from tests.core.vm.programs import EXIT, R0, R1, R2, R3, R6, R7, R10

if TYPE_CHECKING:
    from bpftui.core.vm.engine.machine import Called


def test_memory_is_a_copy_with_its_address_and_length() -> None:
    code = p.load(p.B, R0, R1, 2) + p.store_imm(p.B, R1, 2, 99) + p.alu_x(p.ADD, R0, R2) + EXIT
    memory = bytes([1, 2, 3])
    machine = Machine(code)
    assert machine.run(memory) == 6
    assert machine.run(memory) == 6
    assert memory == bytes([1, 2, 3])


def test_no_memory_is_null() -> None:
    assert Machine(p.mov_x(R0, R1) + p.alu_x(p.ADD, R0, R2) + EXIT).run() == 0


def test_r0_is_unsigned() -> None:
    assert Machine(p.mov(R0, -1) + EXIT).run() == 0xFFFF_FFFF_FFFF_FFFF


def test_helpers_get_five_registers() -> None:
    seen: list[tuple[int, ...]] = []

    def helper(*arguments: int) -> int:
        seen.append(arguments)
        return -2

    code = b"".join(p.mov(number, number * 10) for number in range(1, 6)) + p.call(77) + EXIT
    assert Machine(code, {77: helper}).run() == 0xFFFF_FFFF_FFFF_FFFE
    assert seen == [(10, 20, 30, 40, 50)]


def test_what_a_helper_raises_comes_out() -> None:
    def helper(*_: int) -> int:
        return dict[int, int]()[1]

    with pytest.raises(KeyError):
        Machine(p.call(1) + EXIT, {1: helper}).run()


def test_a_helper_that_cannot_be_called() -> None:
    with pytest.raises(TypeError, match="positional argument"):
        Machine(p.mov(R0, 0) + p.call(1) + EXIT, {1: cast("Called", lambda: 1)}).run()


def test_memory_of_all_sizes_one_after_the_other() -> None:
    code = p.mov_x(R3, R1) + p.alu_x(p.ADD, R3, R2) + p.load(p.B, R0, R3, -1) + EXIT
    machine = Machine(code)
    for size in (1, 70_000, 3, 65_536, 2):
        assert machine.run(bytes(size - 1) + b"\x2a") == 42
    with pytest.raises(AccessError, match="NULL"):
        machine.run()


@pytest.mark.parametrize("result", [None, 1.5, "1"])
def test_a_helper_returns_an_integer(result: object) -> None:
    with pytest.raises(RunError, match=rf"^instruction 0 \(call .*\): the helper returned {type(result).__name__}"):
        Machine(p.call(1) + EXIT, {1: lambda *_: result}).run()  # type: ignore[dict-item]


def test_an_unknown_helper_is_named() -> None:
    with pytest.raises(RunError) as caught:
        Machine(p.mov(R0, 0) + p.call(5) + EXIT, {}).run()
    assert caught.value.message == (
        "instruction 1 (call bpf_ktime_get_ns#5): there is no bpf_ktime_get_ns (helper 5) here"
    )
    assert caught.value.slot == 1
    # What is not reached does not matter.
    assert Machine(p.mov(R0, 3) + EXIT + p.call(5) + EXIT).run() == 3


def test_a_bad_access_names_the_instruction_and_the_line() -> None:
    code = p.mov_x(R6, R1) + p.load(p.W, R0, R6, 4) + EXIT
    machine = Machine(code, line_of=lambda slot: f"a.c:{10 + slot}: return p[1];")
    with pytest.raises(AccessError) as caught:
        machine.run(b"\0" * 6)
    error = caught.value
    assert error.message.startswith("instruction 1 (r0 = *(u32 *)(r6 +4), a.c:11: return p[1];): read of 4 bytes at 0x")
    assert ": 2 bytes over the end of memory (6 bytes at 0x" in error.message
    assert (error.slot, error.line, error.size, error.region) == (1, "a.c:11: return p[1];", 4, "memory")


@pytest.mark.parametrize(
    "code",
    [
        p.store_imm(p.DW, R10, 0, 1),
        p.store_imm(p.DW, R10, -516, 1),
        p.store_imm(p.B, R10, -513, 1),
        p.load(p.DW, R0, R10, -4),
        p.load(p.B, R0, R10, 512),
        p.mov_x(R2, R10) + p.alu(p.ADD, R2, 8) + p.load(p.DW, R0, R2, -7),
        p.mov_x(R2, R10) + p.alu(p.SUB, R2, 520) + p.store(p.DW, R2, 7, R0),
        p.load(p.DW, R0, R3),
        p.lddw(R3, 2**64 - 4) + p.load(p.DW, R0, R3),
        p.lddw(R3, 2**64 - 4) + p.store(p.DW, R3, 8, R0),
        p.atomic(p.DW, 0x00, R10, -4, R0),
        p.atomic(p.W, 0xF1, R3, 0, R0),
        p.atomic(p.W, 0x100, R0, 0, R3),
    ],
)
def test_accesses_outside_of_every_region(code: bytes) -> None:
    with pytest.raises(AccessError) as caught:
        Machine(code + EXIT).run(b"memory")
    assert caught.value.slot == len(code) // 8 - 1


def test_code_cannot_be_read() -> None:
    code = p.lddw(R2, 1, src=4) + p.load(p.B, R0, R2) + EXIT + EXIT
    with pytest.raises(AccessError, match=r"within the code .* may not be read"):
        Machine(code).run()


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (b"", "the code cannot run: there is no instruction"),
        (b"1234567", "the code cannot run: its 7 bytes are no whole number of 8-byte slots"),
        (p.mov(R0, 0), "the code cannot run: instruction 0: the last instruction is no exit: the run goes off the end"),
        (p.insn(0xFF) + EXIT, "the code cannot run: instruction 0: no such instruction: opcode 0xff, dst 0, src 0"),
        (p.mov(11, 0) + EXIT, "the code cannot run: instruction 0: invalid: dst 11"),
        (p.insn(0xB7, 0, 1) + EXIT, "the code cannot run: instruction 0: invalid: src 1"),
        (EXIT + p.insn(0x18), "the code cannot run: instruction 1: incomplete: the code ends within this 64-bit load"),
        (p.mov(R10, 0) + EXIT, "the code cannot run: instruction 0: r10 = 0: r10 is read-only"),
        (p.ja(1) + EXIT, "the code cannot run: instruction 0: goto pc+1: a jump out of the code, to slot 2"),
        (p.ja(-2) + EXIT, "the code cannot run: instruction 0: goto pc-2: a jump out of the code, to slot -1"),
        (
            p.ja(1) + p.lddw(R0, 1) + EXIT,
            "the code cannot run: instruction 0: goto pc+1: a jump into the middle of a 64-bit load",
        ),
        (p.call_local(7) + EXIT, "the code cannot run: instruction 0: call pc+7: a call out of the code, to slot 8"),
        (
            p.lddw(R1, 3, src=1) + EXIT,
            "the code cannot run: instruction 0: r1 = 0x3: nothing says what this map fd stands for",
        ),
    ],
)
def test_code_that_cannot_run(code: bytes, text: str) -> None:
    with pytest.raises(InvalidCodeError) as caught:
        Machine(code)
    assert caught.value.message.startswith(text)


@pytest.mark.parametrize(
    "code",
    [
        p.ja(-1),
        p.jump(p.JEQ, R0, 0, -1) + EXIT,
        p.alu(p.ADD, R0, 1) + p.ja(-2),
        p.call_local(-1) + EXIT,
        # Each frame calls twice, and within a loop.
        p.mov(R6, 50)
        + p.call_local(4)
        + p.alu(p.SUB, R6, 1)
        + p.jump(p.JNE, R6, 0, -3)
        + p.ja(-5)
        + EXIT
        + p.mov(R7, 1000)
        + p.alu(p.SUB, R7, 1)
        + p.jump(p.JNE, R7, 0, -2)
        + EXIT,
    ],
)
def test_every_run_ends(code: bytes) -> None:
    with pytest.raises(RunError) as caught:
        Machine(code, limit=100_000).run()
    assert caught.value.slot is not None
    assert isinstance(caught.value, StepLimitError) or "8 frames deep" in caught.value.message


def test_a_machine_can_be_used_again_after_an_error() -> None:
    machine = Machine(p.load(p.B, R0, R1) + EXIT)
    for _ in range(20):
        with pytest.raises(AccessError):
            machine.run()
    assert machine.run(b"\x07") == 7


def test_addresses_stand_for_what_cannot_be_in_the_code() -> None:
    processor = Processor()
    value = processor.memory.map("value of counts", b"\x2a")
    code = p.lddw(R1, 3, src=1) + p.load(p.B, R0, R1) + EXIT
    assert Machine(code, processor=processor, addresses={0: value.base}).run() == 42


def test_many_loops_are_not_charged_for_what_they_do_not_use() -> None:
    loop = p.mov(R6, 3) + p.alu(p.SUB, R6, 1) + p.jump(p.JNE, R6, 0, -2)
    code = p.mov(R0, 7) + loop * 400 + EXIT
    assert Machine(code, limit=50_000).run() == 7


def test_a_loop_gets_all_the_steps_that_there_are() -> None:
    code = p.mov(R6, 45_000) + p.alu(p.SUB, R6, 1) + p.jump(p.JNE, R6, 0, -2) + p.mov(R0, 7) + EXIT
    assert Machine(code, limit=100_000).run() == 7
    with pytest.raises(StepLimitError, match="stopped after 80,000 steps"):
        Machine(code, limit=80_000).run()


@pytest.mark.parametrize(
    "code",
    [
        p.ja(-1),
        p.mov(R0, 1) + p.jump(p.JNE, R0, 0, -1) + EXIT,
        # Two states in turn, in memory too.
        p.store_imm(p.DW, R10, -8, 1)
        + p.load(p.DW, R0, R10, -8)
        + p.alu(p.XOR, R0, 3)
        + p.store(p.DW, R10, -8, R0)
        + p.jump(p.JNE, R0, 0, -4)
        + EXIT,
    ],
)
def test_a_loop_in_which_nothing_changes_is_found_at_once(code: bytes) -> None:
    machine = Machine(code, limit=1 << 60)
    with pytest.raises(StepLimitError, match="an endless loop: nothing changes"):
        machine.run()


def test_loops_that_change_something_go_on() -> None:
    # Memory only; and a helper, of which nobody knows what it depends on.
    count = p.mov(R1, 1) + p.mov_x(R2, R10) + p.alu(p.SUB, R2, 8) + p.atomic(p.DW, 0x00, R2, 0, R1)
    code = p.store_imm(p.DW, R10, -8, 0) + count + p.load(p.DW, R0, R10, -8) + p.jump(p.JLT, R0, 300_000, -6) + EXIT
    assert Machine(code).run() == 300_000
    left = iter(range(200_000, -1, -1))
    assert Machine(p.call(1) + p.jump(p.JNE, R0, 0, -2) + EXIT, {1: lambda *_: next(left)}).run() == 0


def test_a_loop_is_given_up_once_that_is_said() -> None:
    stop = Event()
    calls: list[int] = []

    def helper(*_: int) -> int:
        calls.append(1)
        if len(calls) == 1000:
            stop.set()
        return len(calls)

    machine = Machine(p.call(1) + p.jump(p.JNE, R0, 0, -2) + EXIT, {1: helper}, limit=1 << 60)
    machine.processor.meter.stop = stop
    with pytest.raises(GivenUpError, match="the run was given up"):
        machine.run()
    assert 1000 <= len(calls) < 100_000


def test_a_cast_without_an_arena_is_an_access_to_nothing() -> None:
    with pytest.raises(AccessError, match="a cast between address spaces without an arena") as caught:
        Machine(p.mov(R0, 0) + EXIT).arena_address(5)
    assert (caught.value.address, caught.value.size, caught.value.region) == (5, 0, None)


def test_a_long_chain_of_arithmetic_is_not_one_expression() -> None:
    """Python takes no more than 200 parentheses in one another; what it does not take is slow."""
    code = p.mov_x(R0, R1) + (p.alu(p.AND, R0, 0x3F) + p.alu(p.ADD, R0, 1)) * 300 + EXIT
    machine = Machine(code)
    assert machine.execute(5) == (5 + 300 - 1) % 64 + 1
    (source,) = machine.translation.sources.values()
    assert "((" in source
    assert "(" * 6 not in source


def test_a_register_that_nothing_has_set_is_zero_wherever_it_is_read() -> None:
    """The verifier lets no such program pass: behind a jump, in a block that only one way leads to, in a loop."""
    code = bytes.fromhex(
        "15010100 00000000"  # if r1 == 0 goto 2
        "b7070000 01000000"  # r7 = 1
        "bf600000 00000000"  # r0 = r6
        "55000100 00000000"  # if r0 != 0 goto 5
        "0f800000 00000000"  # r0 += r8
        "0f900000 00000000"  # r0 += r9
        "95000000 00000000"
    )
    assert [Machine(code).execute(argument) for argument in (0, 1)] == [0, 0]
