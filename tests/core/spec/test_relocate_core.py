"""Code with CO-RE relocations applied: every instruction of `core_shapes.c` that a target's types change."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from bpftui.core.spec import CollectionSpec
from bpftui.core.spec.relocate_core import BAD_RELOCATION, apply_core

OBJECTS = Path(__file__).parents[2] / "objects"

# Program: slot: (opcode, offset, immediate) of the instructions that were patched; a 64-bit immediate has two slots.
POISON = (0x85, 0, BAD_RELOCATION)
CODE = {
    "fields": {0: (0xB7, 0, 64), 14: (0xB7, 0, 0), 18: (0xB7, 0, 208), 22: (0xB7, 0, 1)},
    "loads": {
        # Unsigned: loaded with the target's size.
        0: (0x79, 8, 0),
        4: (0x69, 16, 0),
        # Signed: no load of the target's size would be right.
        6: POISON,
        10: (0x79, 32, 0),
        13: (0x63, 40, 0),
    },
    "names": {0: (0xB7, 0, 8), 6: POISON, 8: (0xB7, 0, 0)},
    "types": {35: (0x18, 0, 10), 36: (0, 0, 0), 38: (0x18, 0, 0)},
    "enumerators": {
        0: (0x18, 0, 20),
        8: POISON,
        9: POISON,
        14: (0x18, 0, 0x87654321 - (1 << 32)),
        15: (0, 0, 9),
        17: (0x18, 0, -10),
        18: (0, 0, -1),
        20: (0x18, 0, -20),
        21: (0, 0, -1),
        # An unsigned enumerator of 32 bits: libbpf 1.1 and Linux 6.18 refuse it, clang's code tells what it is.
        23: (0x18, 0, 0x90000000 - (1 << 32)),
        24: (0, 0, 0),
    },
}


@pytest.mark.parametrize(("variant", "form"), [("", "<BBhi"), (".eb", ">BBhi")], ids=["little", "big"])
@pytest.mark.parametrize("name", CODE)
def test_the_code_that_comes_out(name: str, variant: str, form: str) -> None:
    spec = CollectionSpec.from_file(OBJECTS / f"core_shapes{variant}.o")
    target = CollectionSpec.from_file(OBJECTS / f"core_target{variant}.o").btf
    program = spec.programs[name]
    assert spec.btf is not None
    code, resolutions = apply_core(program, spec.btf, target)
    for slot, expected in CODE[name].items():
        opcode, _, offset, immediate = struct.unpack_from(form, code, slot * 8)
        assert (opcode, offset, immediate) == expected, slot
    # Nothing else is touched.
    patched = {*resolutions, *(slot + 1 for slot in resolutions if program.code[slot * 8] == 0x18)}
    for slot in set(range(program.insns)) - patched:
        assert code[slot * 8 : slot * 8 + 8] == program.code[slot * 8 : slot * 8 + 8]
