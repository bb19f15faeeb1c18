"""The text of instructions, in any of three syntaxes."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final

from .capstone import capstone_text
from .encodings import remark
from .instruction import ByteOrder, Code, Instruction, decode_at, words
from .kernel import kernel_text
from .llvm import llvm_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Syntax", "format_instruction", "listing"]

_PLACEHOLDER: Final = "\0"


class Syntax(enum.StrEnum):
    """How instructions are written."""

    KERNEL = "kernel"
    """As the verifier's log and bpftool have them: `r1 = *(u64 *)(r10 -8)`."""
    LLVM = "llvm"
    """As llvm-objdump 22 has them: `r1 = *(u64 *)(r10 - 0x8)`."""
    CAPSTONE = "capstone"
    """As capstone has them: `ldxdw r1, [r10+0xfff8]`; marked where capstone is wrong."""


def format_instruction(
    insn: Instruction,
    slot: int,
    syntax: Syntax = Syntax.KERNEL,
    operand: str | None = None,
    target: str | None = None,
    *,
    remarks: bool = True,
) -> str:
    """Return one instruction as text, in one line.

    Args:
        insn: The instruction.
        slot: Where it stands; for capstone that is its address.
        syntax: How it is written.
        operand: What the immediate of a 64-bit load stands for (`map[pkt_count]`, `.bss[global_u16]`); written
            in its place.
        target: The name of what is called, or of the label jumped to; written in place of the number or the
            distance. In LLVM's syntax a label follows the distance, in angle brackets.
        remarks: Whether a comment (` ; …`) tells of reserved fields that are set, values that may not be,
            opcodes that do not exist, a second half that is missing. Code that the kernel has translated uses
            some reserved fields for itself.
    """
    if syntax is Syntax.KERNEL:
        text = kernel_text(insn, operand, target)
    elif syntax is Syntax.LLVM:
        text = llvm_text(insn, operand, target)
    else:
        text = capstone_text(insn, slot, operand, target)
    note = remark(insn) if remarks else None
    return text if note is None else f"{text} ; {note}"


def listing(
    code: Code,
    byte_order: ByteOrder,
    syntax: Syntax = Syntax.KERNEL,
    *,
    start: int = 0,
    stop: int | None = None,
    label: Callable[[int], str | None] | None = None,
) -> Iterator[tuple[int, str]]:
    """Iterate over the instructions at slots *start* to *stop*, each with its slot, as text.

    For large code: equal instructions are decoded and formatted once. *label* names the slots that jumps go
    to; it returns None for those without a name. Otherwise as `instructions` and `format_instruction`.
    """
    view = words(code)
    known: dict[int, str] = {}
    jumps: dict[int, tuple[str, str, int]] = {}
    # Eight bytes as a number are the key; that they are read in this machine's byte order does not matter.
    slots = enumerate(view.cast("Q")[start:stop], start)
    for slot, word in slots:
        if (text := known.get(word)) is not None:
            yield slot, text
            continue
        if (jump := jumps.get(word)) is None:
            insn = decode_at(view, slot, byte_order)
            distance = insn.jump_distance if label else None
            text = format_instruction(insn, slot, syntax, target=_PLACEHOLDER if distance is not None else None)
            if distance is None or _PLACEHOLDER not in text:
                if insn.is_wide:
                    next(slots, None)
                else:
                    known[word] = text
                yield slot, text
                continue
            head, _, tail = text.partition(_PLACEHOLDER)
            jump = jumps[word] = (head, tail, distance)
        head, tail, distance = jump
        name = label(slot + 1 + distance) if label else None
        if name is None:
            yield slot, format_instruction(decode_at(view, slot, byte_order), slot, syntax)
        else:
            yield slot, f"{head}{name}{tail}"
