"""Which instructions there are, and what may be in them."""

from __future__ import annotations

import pytest

from bpftui.core.asm import Instruction, encoding_of, format_instruction, invalid_fields, opcodes, remark
from bpftui.core.asm.encodings import ENCODINGS

ALU = [op | source for op in range(0x00, 0xD0, 0x10) for source in (0, 8) if op | source != 0x88]
JUMPS = [op | source for op in (*range(0x10, 0x80, 0x10), *range(0xA0, 0xE0, 0x10)) for source in (0, 8)]
SIZES = (0x00, 0x08, 0x10, 0x18)

# RFC 9669, appendix A, row by row (those that differ in other fields only are one row here).
RFC_9669 = {
    *(op | cls for op in ALU for cls in (4, 7)),
    *(0xD4, 0xD7, 0xDC),
    *(op | cls for op in JUMPS for cls in (5, 6)),
    *(0x05, 0x06, 0x85, 0x95),
    *(0x18,),
    *(0x20 | size for size in SIZES[:3]),
    *(0x40 | size for size in SIZES[:3]),
    *(0x60 | size | cls for size in SIZES for cls in (1, 2, 3)),
    *(0x81, 0x89, 0x91),
    *(0xC3, 0xDB),
}
# What came after: load-acquire and store-release of small sizes, callx, gotox, may_goto, and the kernel's nospec.
LATER = {0xCB, 0xD3, 0x8D, 0x0D, 0xE5, 0xC2}


def test_the_table_is_that_of_rfc_9669_and_what_came_after() -> None:
    assert set(ENCODINGS) == RFC_9669 | LATER


def _valid(opcode: int) -> Instruction:
    """An instruction with this opcode that uses what it can."""
    encoding = ENCODINGS[opcode]
    imm = next(value for value in (5, 16, 0x100, 0) if value in encoding.imm)
    offset = 3 if 3 in encoding.offset else 0
    src = 0 if opcode in (0x85, 0x18) else max(value for value in range(2) if value in encoding.src)
    dst = 1 if 1 in encoding.dst else 0
    return Instruction(opcode, dst, src, offset, imm, 7 if opcode == 0x18 else None)


@pytest.mark.parametrize("opcode", sorted(ENCODINGS), ids="{:02x}".format)
def test_each_opcode_is_valid_and_each_field_it_does_not_use_is_reserved(opcode: int) -> None:
    insn = _valid(opcode)
    assert remark(insn) is None
    encoding = encoding_of(insn)
    assert encoding is not None
    fields = {"dst": insn.dst, "src": insn.src, "offset": insn.offset, "imm": insn.imm}
    for name, wrong in (("dst", 11), ("src", 11), ("offset", 0x7FF0), ("imm", 17)):
        if wrong in getattr(encoding, name):
            continue
        bad = Instruction(opcode, **{**fields, name: wrong}, next_imm=insn.next_imm)
        note = remark(bad)
        assert note is not None
        assert f"{name} {wrong}" in note
        assert format_instruction(bad, 0).endswith(f" ; {note}")


@pytest.mark.parametrize("opcode", sorted(set(range(256)) - set(ENCODINGS)), ids="{:02x}".format)
def test_an_unknown_opcode_is_shown_with_all_that_is_in_it(opcode: int) -> None:
    text = format_instruction(Instruction(opcode, 1, 2, -3, 4), 0)
    assert text == f"<unknown> ; no such instruction: opcode {opcode:#04x}, dst 1, src 2, offset -3, imm 4"


@pytest.mark.parametrize(
    ("insn", "fields"),
    [
        (Instruction(0xBF, 1, 2, offset=8), ()),  # r1 = (s8)r2
        (Instruction(0xBF, 1, 2, offset=32), ()),
        (Instruction(0xBC, 1, 2, offset=32), ("offset 32",)),  # 32 bits of 32 extend nothing
        (Instruction(0xBF, 1, 2, offset=8, imm=3), ("imm 3",)),
        (Instruction(0xBF, 1, 2, offset=1, imm=0x10000), ()),  # addr_space_cast
        (Instruction(0xBF, 1, 2, offset=-1), ()),  # a per-CPU address
        (Instruction(0xB7, 1, offset=8), ("offset 8",)),
        (Instruction(0x3F, 1, 2, offset=1), ()),  # s/=
        (Instruction(0x3F, 1, 2, offset=2), ("offset 2",)),
        (Instruction(0x0F, 1, 2, offset=1), ("offset 1",)),
        (Instruction(0x85, src=2, offset=3, imm=9), ()),  # a kfunc, with a descriptor's index
        (Instruction(0x85, src=1, offset=3, imm=9), ("offset 3",)),
        (Instruction(0x85, src=3), ("src 3",)),
        (Instruction(0x8D, imm=3), ()),
        (Instruction(0x8D, dst=3, imm=3), ("imm 3",)),
        (Instruction(0x18, 1, 1, imm=5, next_imm=0), ()),
        (Instruction(0x18, 1, 1, imm=5, next_imm=8), ("next imm 8",)),  # a map's address has no offset
        (Instruction(0x18, 1, 2, imm=5, next_imm=8), ()),
        (Instruction(0x18, 1, 7, imm=5, next_imm=0), ("src 7",)),
        (Instruction(0x18, 1, imm=5, next_imm=0, next_reserved=0xB7), ("next slot 0xb7",)),
        (Instruction(0x15, 12, offset=3), ("dst 12",)),
        (Instruction(0x79, 1, 11, offset=8), ()),  # the sixth argument, as the subprogram loads it
        (Instruction(0x79, 1, 11, offset=-8), ("src 11",)),
        (Instruction(0x79, 1, 11, offset=12), ("src 11",)),
        (Instruction(0x79, 11, 11, offset=8), ("dst 11",)),
        (Instruction(0x61, 1, 11, offset=8), ("src 11",)),
        (Instruction(0x7B, 11, 1, offset=-8), ()),  # the same, as its caller stores it
        (Instruction(0x7A, 11, offset=-16, imm=7), ()),
        (Instruction(0x7B, 11, 1, offset=8), ("dst 11",)),
        (Instruction(0x7B, 11, 11, offset=-8), ("dst 11", "src 11")),
        (Instruction(0xBF, 1, 11), ("src 11",)),
    ],
)
def test_fields_that_depend_on_others(insn: Instruction, fields: tuple[str, ...]) -> None:
    assert invalid_fields(insn) == fields


@pytest.mark.parametrize(
    "insn",
    [
        Instruction(0xD4, 1, imm=8),  # le8
        Instruction(0xDC, 1, imm=17),
        Instruction(0xD7, 1, imm=128),
        Instruction(0xDB, 1, 2, imm=0x10),  # atomic subtraction
        Instruction(0xDB, 1, 2, imm=0xE0),  # xchg without fetch
        Instruction(0xD3, 1, 2, imm=0x00),  # atomic addition of a byte
        Instruction(0xE5, src=1),
    ],
)
def test_an_operation_that_does_not_exist_is_no_instruction(insn: Instruction) -> None:
    assert encoding_of(insn) is None
    assert format_instruction(insn, 0).startswith("<unknown> ; no such instruction: opcode 0x")


def test_how_many_bytes_a_load_or_store_moves() -> None:
    """RFC 9669, section 5.1."""
    assert dict(opcodes.SIZES) == {0x00: 4, 0x08: 2, 0x10: 1, 0x18: 8}
