"""Who uses what, and how, as far as it is certain."""

from __future__ import annotations

from pathlib import Path

from bpftui.core.analysis.xrefs import ProgramUses, Use, Uses
from bpftui.core.asm import Instruction
from bpftui.core.spec import CollectionSpec, MapSpec, MapType, ProgramSpec, ProgramType
from bpftui.core.spec.program import Function, LinkedCode, Reference, ReferenceKind

ROOT = Path(__file__).parents[3]


def uses(path: str) -> Uses:
    return Uses(CollectionSpec.from_file(ROOT / path))


def test_who_uses_a_map_a_variable_and_a_function() -> None:
    found = uses("tests/objects/names.o")
    assert found.of("stats") == [
        Use("first", "first", 7, "takes the address"),
        Use("first", "first", 9, "reads"),
        Use("first", "first", 22, "takes the address"),
        Use("first", "first", 25, "writes"),
        Use("first", "first", 30, "writes"),
    ]
    assert [(use.slot, use.how) for use in found.of("cfg")] == [
        (12, "takes the address"),
        (14, "reads"),
        (35, "takes the address"),
        (37, "takes the address"),
        (40, "reads"),
        (42, "writes"),
        (56, "writes"),
        (57, "reads"),
    ]
    assert found.of("length") == [Use("first", "first", 29, "calls")]
    assert found.of("nothing") == []


def test_what_programs_do_with_maps() -> None:
    found = uses("tests/objects/names.o")
    assert {name: summary.text for name, summary in found.program("first").summaries.items()} == {
        "stats": "reads and writes",
        ".data": "reads and writes",
        ".bss": "reads and writes",
        ".rodata.str1.1": "reads",
        "jumps": "reads",
    }
    assert {name: summary.text for name, summary in found.program("second").summaries.items()} == {
        "nested": "reads and writes"
    }


def test_what_a_callback_is_given_is_not_followed() -> None:
    found = uses("tests/objects/callbacks.o")
    texts = {
        (program, name): summary.text
        for program in found.spec.programs
        for name, summary in found.program(program).summaries.items()
    }
    assert texts == {
        ("loop", ".data"): "reads",
        ("loop", ".bss"): "writes",
        ("each", "numbers"): "reads, perhaps more",
    }


def test_kernel_functions() -> None:
    found = uses("tests/objects/externs.o")
    assert [use.how for use in found.of("bpf_rcu_read_lock")] == ["calls", "calls"]


MAP = Reference(ReferenceKind.MAP, "counts", "counts")
LOOK_UP = Instruction(0x85, imm=1)
EXIT = Instruction(0x95)
WIDE = Instruction(0x18, 1, next_imm=0)


def summary(*insns: Instruction, functions: tuple[tuple[int, int], ...] = ()) -> str:
    """Return what code does with the map that its first instruction loads the address of into r1."""
    code = b"".join(insn.encode("little") for insn in (WIDE, *insns))
    size = len(code) // 8
    parts = tuple(Function(f"f{start}", start, length, "xdp", 0) for start, length in functions or ((0, size),))
    linked = LinkedCode(code, parts, {0: MAP})
    program = ProgramSpec("p", "xdp", ProgramType.XDP, link=lambda: linked)
    maps = {"counts": MapSpec("counts", ".maps", MapType.HASH, 4, 8, 1)}
    spec = CollectionSpec("test.o", maps=maps, programs={"p": program})
    return ProgramUses(program, spec).summaries["counts"].text


def test_what_is_certain_and_what_is_not() -> None:
    mov = Instruction(0xBF, 6, 0)
    assert summary(LOOK_UP, EXIT) == "reads"
    assert summary(LOOK_UP, mov, Instruction(0x7B, 6, 7), EXIT) == "reads and writes"
    # the address goes to a kfunc, to memory, to a helper that is not known
    assert summary(Instruction(0x85, src=2), EXIT) == "unknown"
    assert summary(Instruction(0x7B, 7, 1), EXIT) == "unknown"
    assert summary(Instruction(0x85, imm=168), EXIT) == "unknown"
    # the value that was found goes to a kfunc, or to the stack, of which a subprogram gets the address
    assert summary(LOOK_UP, Instruction(0xBF, 1, 0), Instruction(0x85, src=2), EXIT) == "reads, perhaps more"
    frame = Instruction(0xBF, 1, 10)
    passed = (LOOK_UP, Instruction(0x7B, 10, 0, -8), frame, Instruction(0x85, src=1, imm=1), EXIT, EXIT)
    assert summary(*passed, functions=((0, 7), (7, 1))) == "reads, perhaps more"


def test_two_ways_with_another_pointer() -> None:
    """r0 is a value of the map on one way and something else on the other, and is written through."""
    insns = (LOOK_UP, Instruction(0x15, 7, offset=1), Instruction(0xBF, 0, 8), Instruction(0x7B, 0, 7), EXIT)
    assert summary(*insns) == "reads, perhaps more"
    # not written through: the pointer that is lost does not matter
    insns = (LOOK_UP, Instruction(0x15, 7, offset=1), Instruction(0xBF, 0, 8), EXIT)
    assert summary(*insns) == "reads"


def test_what_subprograms_are_given() -> None:
    call = Instruction(0x85, src=1, imm=1)  # the function two slots further on
    inner = (LOOK_UP, Instruction(0x7B, 0, 7), Instruction(0xB7, 0), EXIT)
    assert summary(call, EXIT, *inner, functions=((0, 4), (4, 4))) == "reads and writes"
    # it is called once more, with something else
    twice = (Instruction(0x85, src=1, imm=3), Instruction(0xBF, 1, 7), call, EXIT)
    assert summary(*twice, *inner, functions=((0, 6), (6, 4))) == "unknown"
    # what it returns is not followed
    further = Instruction(0x85, src=1, imm=2)
    assert summary(further, Instruction(0x7B, 0, 7), EXIT, LOOK_UP, EXIT, functions=((0, 5), (5, 2))) == (
        "reads, perhaps more"
    )
