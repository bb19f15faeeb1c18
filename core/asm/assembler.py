"""From text to instructions: reads what a listing in the kernel's syntax prints, with labels and comments.

    assemble('''
            r0 = 0
        again:
            r0 += 1                  ; a comment, as is what follows //
            if r0 < 10 goto again
            exit
    ''')

A line is an instruction as the verifier and bpftool write it; the slot and the opcode before it (`12: (b7) r1 = 5`)
may stay. As there, `r1 = 5` is a move and `r1 = 0x5` a load of a 64-bit immediate.

The kernel's text does not tell all, so there is more. 64-bit loads of pseudo sources are `map[fd:3]`, a map's address,
and `map[fd:3][0]+16`, its value's; both also with `idx:`; `btf[id:7,fd:3]`; and `func[LABEL]`. A call has
`kernel-function#7,fd:3` with the index of a module's BTF, and `callx r3 imm` for the encoding of older compilers.
`.8byte 0x95` is any slot whatever, as a number in the byte order of the code.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from ..errors import AssemblyError, nearest
from ..helpers.names import HELPERS
from .encodings import is_valid, remark
from .instruction import Instruction, instructions, words
from .opcodes import CALL, CALLX, GOTOL, INSN_SIZE, LD_IMM64, CallSource, ImmSource
from .statement import Statement, parse_statement
from .text import format_instruction

if TYPE_CHECKING:
    from .instruction import ByteOrder, Code

__all__ = ["assemble", "assembly"]

_COMMENT: Final = re.compile(r"/\*.*?\*/|//[^\n]*|;[^\n]*|^\s*#[^\n]*", re.DOTALL | re.MULTILINE)
_LABEL: Final = re.compile(r"\s*([A-Za-z_.][\w.$]*):(?!:)")
_PREFIX: Final = re.compile(r"\s*\d+:\s*(?:\(([0-9a-fA-F]{2})\)\s*)?")


class _Placed(NamedTuple):
    """A statement, and where it stands."""

    statement: Statement
    line: int
    column: int
    slot: int


def assemble(text: str, byte_order: ByteOrder = "little") -> bytes:
    """Return the instructions that *text* describes, 8 bytes a slot.

    Raises:
        AssemblyError: It cannot be read, or what it says cannot be encoded; it says where in the text, and why.
    """
    text = _COMMENT.sub(lambda match: re.sub(r"\S", " ", match[0]), text)
    labels: dict[str, int] = {}
    found: list[_Placed] = []
    slot = 0
    for number, line in enumerate(text.split("\n"), 1):
        at = 0
        while label := _LABEL.match(line, at):
            if label[1] in labels:
                raise AssemblyError(f"there is a label {label[1]!r} already", line=number, column=label.start(1) + 1)
            labels[label[1]] = slot
            at = label.end()
        prefix = _PREFIX.match(line, at)
        at = prefix.end() if prefix else at
        if not line[at:].strip():
            continue
        statement = parse_statement(line, at, number)
        column = len(line) - len(line[at:].lstrip()) + 1
        opcode = prefix[1] if prefix else None
        if opcode is not None and int(opcode, 16) != statement.insn.opcode:
            reason = f"this is an instruction of opcode {statement.insn.opcode:02x}, not {opcode}"
            raise AssemblyError(reason, line=number, column=column)
        found.append(_Placed(statement, number, column, slot))
        slot += statement.insn.slots
    return b"".join(_encode(item, labels, byte_order) for item in found)


def _encode(item: _Placed, labels: dict[str, int], byte_order: ByteOrder) -> bytes:
    statement = item.statement
    insn = statement.insn
    if statement.raw is not None:
        return statement.raw.to_bytes(INSN_SIZE, byte_order)
    if statement.label is not None:
        insn = _resolved(item, labels)
    if (problem := remark(insn)) is not None:
        raise AssemblyError(problem, line=item.line, column=item.column)
    return insn.encode(byte_order)


def _resolved(item: _Placed, labels: dict[str, int]) -> Instruction:
    """Return the instruction with what its label stands for: a distance, or a helper's number."""
    name, insn = item.statement.label, item.statement.insn
    assert name is not None
    column = item.statement.label_column
    place = labels.get(name)
    if place is None:
        if insn.opcode == CALL:
            for full in (name, f"bpf_{name}"):
                if full in HELPERS[1:]:
                    return insn._replace(src=CallSource.HELPER, imm=HELPERS.index(full))
        close = nearest(name, [*labels, *HELPERS[1:]] if insn.opcode == CALL else labels)
        what = "label or helper" if insn.opcode == CALL else "label"
        hint = f"did you mean {close!r}?" if close else None
        raise AssemblyError(f"there is no {what} {name!r}", line=item.line, column=column, hint=hint)
    distance = place - item.slot - 1
    if insn.opcode in (CALL, GOTOL, LD_IMM64):
        return insn._replace(imm=distance)
    if not -0x8000 <= distance < 0x8000:
        reason = f"{name!r} is {distance:+d} slots away, and this jump reaches 32,767"
        raise AssemblyError(reason, line=item.line, column=column, hint="gotol reaches further")
    return insn._replace(offset=distance)


def assembly(code: Code, byte_order: ByteOrder) -> str:
    """Return a text that `assemble` makes *code* of again, byte for byte, whatever is in it.

    It is the listing in the kernel's syntax, with labels `L` and slot, the notations of this module for what that does
    not tell, and `.8byte` for what is no valid instruction.
    """
    view = words(code)
    found = list(instructions(code, byte_order))
    starts = {slot for slot, _ in found}
    targets = {slot: _target(slot, insn) for slot, insn in found if is_valid(insn)}
    labelled = {target for target in targets.values() if target in starts}
    lines: list[str] = []
    for slot, insn in found:
        if slot in labelled:
            lines.append(f"L{slot}:")
        if not is_valid(insn):
            for at in range(slot, slot + insn.slots):
                word = int.from_bytes(view[at * INSN_SIZE : (at + 1) * INSN_SIZE], byte_order)
                lines.append(f"    .8byte {word:#018x}")
            continue
        target = targets[slot]
        label = f"L{target}" if target in labelled else None
        lines.append(f"    {_line(insn, label)}")
    return "".join(f"{line}\n" for line in lines)


def _target(slot: int, insn: Instruction) -> int | None:
    if insn.opcode == LD_IMM64 and insn.src == ImmSource.FUNC:
        return slot + 1 + insn.imm
    target = insn.jump_target(slot)
    return insn.call_target(slot) if target is None else target


def _line(insn: Instruction, label: str | None) -> str:
    if insn.opcode == CALLX and insn.call_register != insn.dst:
        return f"callx r{insn.imm} imm"
    if insn.opcode == CALL and insn.src == CallSource.KFUNC and insn.offset:
        return f"call kernel-function#{insn.imm},fd:{insn.offset}"
    operand = _operand(insn, label) if insn.opcode == LD_IMM64 and insn.src else None
    return format_instruction(insn, 0, operand=operand, target=label)


def _operand(insn: Instruction, label: str | None) -> str:
    """Return how a 64-bit load's pseudo source is written."""
    number, second = insn.imm, insn.next_imm or 0
    match insn.src:
        case ImmSource.FUNC:
            return f"func[{label or f'pc{number:+d}'}]"
        case ImmSource.BTF_ID:
            return f"btf[id:{number},fd:{second}]"
        case ImmSource.MAP_VALUE | ImmSource.MAP_IDX_VALUE:
            kind = "fd" if insn.src == ImmSource.MAP_VALUE else "idx"
            return f"map[{kind}:{number}][0]+{second & 0xFFFF_FFFF}"
        case _:
            return f"map[{'fd' if insn.src == ImmSource.MAP_FD else 'idx'}:{number}]"
