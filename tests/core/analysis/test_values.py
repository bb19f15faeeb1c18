"""What registers hold, and above all what is not known: a wrong name is worse than none."""

from __future__ import annotations

import pytest

from bpftui.core.analysis.lattice import Place, State, Value
from bpftui.core.analysis.values import Access, Facts, track
from bpftui.core.asm import Instruction
from bpftui.core.asm.flow import FlowGraph
from bpftui.core.errors import LimitError
from bpftui.core.spec import ProgramSpec, ProgramType
from bpftui.core.spec.program import Function, LinkedCode, Reference, ReferenceKind

CTX = Value(Place.CONTEXT)
LOOK_UP = Instruction(0x85, imm=1)
EXIT = Instruction(0x95)


def mov(dst: int, src: int) -> Instruction:
    return Instruction(0xBF, dst, src)


def movi(dst: int, imm: int) -> Instruction:
    return Instruction(0xB7, dst, imm=imm)


def addi(dst: int, imm: int) -> Instruction:
    return Instruction(0x07, dst, imm=imm)


def load(dst: int, src: int, offset: int) -> Instruction:
    """dst = *(u64 *)(src + offset)"""
    return Instruction(0x79, dst, src, offset)


def store(dst: int, offset: int, src: int) -> Instruction:
    """*(u64 *)(dst + offset) = src"""
    return Instruction(0x7B, dst, src, offset)


def branch(distance: int) -> Instruction:
    """if r9 == 0 goto …"""
    return Instruction(0x15, 9, offset=distance)


def wide(dst: int, value: int = 0) -> Instruction:
    return Instruction(0x18, dst, imm=value, next_imm=0)


def facts(*insns: Instruction, references: dict[int, Reference] | None = None, entry: State | None = None) -> Facts:
    code = b"".join(insn.encode("little") for insn in insns)
    linked = LinkedCode(code, (Function("f", 0, len(code) // 8, "xdp", 0),), references or {})
    program = ProgramSpec("f", "xdp", ProgramType.XDP, link=lambda: linked)
    return track(program, FlowGraph(code, "little"), {1: CTX} if entry is None else entry)


MAP = Reference(ReferenceKind.MAP, "counts", "counts")
DATUM = Reference(ReferenceKind.DATA, "cfg", ".data", 16, 0)


def test_copies_and_constants() -> None:
    found = facts(mov(6, 1), addi(6, 8), load(2, 6, 4), movi(3, 2), Instruction(0x0F, 6, 3), load(4, 6, 0), EXIT)
    assert found.accesses == {
        2: Access(Value(Place.CONTEXT, offset=12), 8, reads=True, writes=False),
        5: Access(Value(Place.CONTEXT, offset=10), 8, reads=True, writes=False),
    }
    assert found.addresses == {0: CTX, 1: CTX._replace(offset=8), 4: CTX._replace(offset=10)}


def test_constants_are_folded_as_the_machine_does() -> None:
    insns = [
        Instruction(0xB4, 1, imm=-1),  # w1 = -1: 0xffffffff
        Instruction(0x67, 1, imm=4),  # r1 <<= 4
        Instruction(0x57, 1, imm=-16),  # r1 &= -16, sign-extended
        Instruction(0xB7, 2, imm=-1),
        Instruction(0xC7, 2, imm=60),  # r2 s>>= 60
        Instruction(0x04, 3, imm=1),  # w3 += 1: not known before
        Instruction(0x85, imm=7),
        EXIT,
    ]
    assert facts(*insns, entry={}).calls[6][:3] == (
        Value(Place.CONSTANT, offset=0xFFFFFFFF0),
        Value(Place.CONSTANT, offset=0xFFFFFFFFFFFFFFFF),
        None,
    )


def test_a_wide_number_has_two_halves() -> None:
    assert facts(Instruction(0x18, 1, imm=-2, next_imm=5), LOOK_UP, EXIT, entry={}).calls[2][0] == Value(
        Place.CONSTANT, offset=0x5_FFFF_FFFE
    )


def test_two_ways_that_do_not_agree() -> None:
    """r6 is the context on one way and something else on the other."""
    found = facts(mov(6, 1), branch(1), movi(6, 0), load(2, 6, 0), mov(7, 1), EXIT)
    assert found.accesses == {}
    # where both agree, it is known
    found = facts(mov(6, 1), branch(1), mov(6, 1), load(2, 6, 0), EXIT)
    assert found.accesses[3].address == CTX


def test_a_loop_changes_what_is_known_at_its_start() -> None:
    # r6 = ctx; again: r2 = *(r6 + 0); r6 += 8; if r9 == 0 goto again
    found = facts(mov(6, 1), load(2, 6, 0), addi(6, 8), branch(-3), EXIT)
    assert found.accesses == {}


def test_calls_change_registers_0_to_5() -> None:
    found = facts(mov(6, 1), Instruction(0x85, imm=7), load(2, 1, 0), load(3, 6, 0), EXIT)
    assert list(found.accesses) == [3]
    # legacy packet access is a call as well
    found = facts(Instruction(0x30, imm=12), load(2, 1, 0), EXIT)
    assert found.accesses == {}


@pytest.mark.parametrize(
    "change",
    [
        Instruction(0xBC, 1, 1),  # w1 = w1
        Instruction(0xBF, 1, 1, offset=32),  # r1 = (s32)r1
        Instruction(0x87, 1),  # r1 = -r1
        Instruction(0x57, 1, imm=-8),  # r1 &= -8
        Instruction(0x04, 1, imm=8),  # w1 += 8
        Instruction(0x0F, 1, 7),  # r1 += r7
        Instruction(0x1F, 1, 7),  # r1 -= r7
        Instruction(0xD7, 1, imm=64),  # bswap64 r1
        Instruction(0xDB, 7, 1, imm=0x01),  # r1 = atomic64_fetch_add((u64 *)(r7 + 0), r1)
        Instruction(0xDB, 1, 7, imm=0x100),  # r1 = load_acquire(r7)
        load(1, 7, 0),
        wide(1),
    ],
    ids=lambda insn: f"{insn.opcode:#x}",
)
def test_what_makes_a_pointer_unknown(change: Instruction) -> None:
    found = facts(change, load(2, 1, 0), EXIT)
    assert not any(access.address.exact for access in found.accesses.values() if access.address.place is Place.CONTEXT)


def test_a_pointer_comes_back_from_the_stack() -> None:
    found = facts(store(10, -8, 1), Instruction(0x85, imm=7), load(6, 10, -8), load(2, 6, 4), EXIT)
    assert found.accesses[3].address == CTX._replace(offset=4)


@pytest.mark.parametrize(
    "between",
    [
        [Instruction(0x73, 10, 9, -3)],  # one byte of it
        [Instruction(0x63, 10, 9, -12)],  # *(u32 *)(r10 - 12) = r9: ends where fp-8 begins
        [Instruction(0x62, 10, offset=-8, imm=1)],
        [Instruction(0xDB, 10, 9, -8, imm=0)],  # atomic add
        [mov(2, 10), addi(2, -16), store(2, 8, 9)],  # through a copy of r10
        [mov(2, 10), Instruction(0x0F, 2, 9), store(2, 0, 9)],  # at an offset that is not known
        [mov(2, 10), Instruction(0x57, 2, imm=-16), store(2, 0, 9)],
        [mov(1, 10), addi(1, -16), movi(2, 16), Instruction(0x85, imm=16)],  # get_current_comm writes there
        [mov(1, 10), addi(1, -32), Instruction(0x85, src=1, imm=5)],  # a subprogram may
        [mov(1, 10), addi(1, -32), Instruction(0x85, src=2, imm=5)],  # a kfunc may
        [mov(3, 10), Instruction(0x85, imm=181)],  # bpf_loop with a callback
    ],
)
def test_what_changes_the_stack(between: list[Instruction]) -> None:
    found = facts(store(10, -8, 1), *between, load(6, 10, -8), load(2, 6, 4), EXIT)
    spilled = found.accesses.get(len(between) + 2)
    survives = between[0] == Instruction(0x63, 10, 9, -12)
    assert (spilled is not None and spilled.address.place is Place.CONTEXT) == survives


@pytest.mark.parametrize(
    "between",
    [
        [mov(2, 10), addi(2, -16), wide(1), LOOK_UP],  # only reads its key
        [store(10, -16, 9)],
        [store(9, 0, 9)],  # through a pointer that is none to the stack
    ],
)
def test_what_leaves_the_stack_alone(between: list[Instruction]) -> None:
    found = facts(store(10, -8, 1), *between, load(6, 10, -8), load(2, 6, 4), EXIT)
    slot = sum(insn.slots for insn in between) + 2
    assert found.accesses[slot].address == CTX._replace(offset=4)


def test_a_stack_pointer_that_was_lost_still_writes() -> None:
    """r6 is fp-8 on one way and fp-16 on the other; it is stored, loaded again, and written through."""
    found = facts(
        store(10, -8, 1),
        mov(6, 10),
        addi(6, -8),
        branch(1),
        addi(6, -8),
        store(10, -32, 6),
        load(7, 10, -32),
        store(7, 0, 9),
        load(8, 10, -8),
        load(2, 8, 0),
        EXIT,
    )
    assert 9 not in found.accesses
    # even where the slot that it lies in is not known
    found = facts(
        store(10, -8, 1),
        mov(6, 10),
        Instruction(0x0F, 6, 9),
        mov(5, 6),
        store(6, 0, 5),
        load(7, 10, -24),
        store(10, -8, 1),
        store(7, 0, 9),
        load(8, 10, -8),
        load(2, 8, 0),
        EXIT,
    )
    assert found.accesses[9].address == Value(Place.STACK, exact=False)


def test_maps_and_what_is_looked_up() -> None:
    insns = [wide(1), LOOK_UP, mov(6, 0), addi(6, 8), Instruction(0x63, 6, 2, 4), EXIT]
    found = facts(*insns, references={0: MAP})
    assert found.calls[2][0] == Value(Place.MAP, "counts")
    assert found.accesses == {
        5: Access(Value(Place.ELEMENT, "counts", 12), 4, reads=False, writes=True),
    }
    # another helper's result is no value of the map
    assert facts(wide(1), Instruction(0x85, imm=131), load(2, 0, 0), EXIT, references={0: MAP}).accesses == {}


def test_variables_and_an_index() -> None:
    found = facts(
        wide(1), addi(1, 4), load(2, 1, 4), Instruction(0x0F, 1, 2), load(3, 1, 0), EXIT, references={0: DATUM}
    )
    exact = Value(Place.DATA, ".data", 24, variable="cfg")
    assert found.accesses == {
        3: Access(exact, 8, reads=True, writes=False),
        5: Access(exact._replace(offset=20, exact=False), 8, reads=True, writes=False),
    }


def test_atomics_read_and_write() -> None:
    found = facts(
        wide(1),
        Instruction(0xDB, 1, 2),
        Instruction(0xDB, 3, 1, imm=0x100),
        Instruction(0xDB, 1, 3, imm=0x110),
        EXIT,
        references={0: DATUM},
    )
    assert [(access.reads, access.writes) for access in found.accesses.values()] == [
        (True, True),
        (True, False),
        (False, True),
    ]


def test_facts_at_another_place_are_as_incomplete() -> None:
    known = facts(wide(1, 7), EXIT)
    known.limit = LimitError("its data flow")
    moved = known.shifted(3)
    assert moved.addresses == {slot + 3: value for slot, value in known.addresses.items()}
    assert moved.limit is known.limit
