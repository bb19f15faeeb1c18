"""A program's instructions beside what the kernel made of each: rows of columns that scroll together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...asm import CallSource, format_instruction, instructions
from ...asm.native import native_text
from ...asm.opcodes import CALL, INSN_SIZE, LD_IMM64
from ...listing.listing import RowKind
from ...runtime.inspected import ColumnRow
from ..host.kallsyms import find_symbols, names_at

if TYPE_CHECKING:
    from ...asm import Instruction
    from ...listing.listing import Listing
    from ...runtime.inspected import Image

__all__ = ["columns"]


def columns(listing: Listing, image: Image, *, translated: bool = True, native: bool = True) -> list[ColumnRow]:
    """Return the rows of a listing, each instruction with what it became.

    Args:
        listing: Of the program that the image is of.
        image: What the kernel made of it.
        translated: Whether to give the translated instructions.
        native: Whether to disassemble the native code.
    """
    rows = listing.rows(0, len(listing))
    became = _translated(listing, image) if translated else {}
    machine, prologues = _native(image) if native else ({}, {})
    removed = set(image.removed)
    found: list[ColumnRow] = []
    for row in rows:
        if row.kind is not RowKind.INSN:
            found.append(ColumnRow(row))
            if row.kind is RowKind.FUNCTION:
                found += [ColumnRow(None, None, line) for line in prologues.get(row.slot, ())]
            continue
        left, right = became.get(row.slot, []), machine.get(row.slot, [])
        for index in range(max(1, len(left), len(right))):
            found.append(
                ColumnRow(
                    row if index == 0 else None,
                    left[index] if index < len(left) else None,
                    right[index] if index < len(right) else None,
                    row.slot in removed,
                )
            )
    return found


def _translated(listing: Listing, image: Image) -> dict[int, list[tuple[int, str]]]:
    """Return the translated instructions by the slots that they came from."""
    program = listing.program
    order = program.byte_order
    found: dict[int, list[tuple[int, str]]] = {}
    insns = list(instructions(image.translated, order))
    names = _called(insns)
    for slot, insn in insns:
        origin = image.origins[slot]
        reference = program.linked.references.get(origin)
        is_load = insn.is_wide and program.code[origin * INSN_SIZE] == LD_IMM64
        if is_load and reference is not None and origin not in found:
            # The kernel has put ids and addresses into it; the names say more.
            text = listing.row(listing.index_of_slot(origin)).text
        else:
            target = insn.jump_target(slot)
            name = f"L{target}" if target is not None else names.get(slot)
            # translated code has uses of its own for reserved fields
            text = format_instruction(insn, slot, target=name, remarks=False)
        found.setdefault(origin, []).append((slot, text))
    return found


def _called(insns: list[tuple[int, Instruction]]) -> dict[int, str]:
    """Return the names of the kernel's functions that are called, by slot: calls hold distances from a fixed place."""
    calls = {slot: insn.imm for slot, insn in insns if insn.opcode == CALL and insn.src == CallSource.HELPER}
    if not calls:
        return {}
    bases = {place.address for place in find_symbols(["__bpf_call_base"])["__bpf_call_base"]} - {0}
    if len(bases) != 1:
        return {}
    (base,) = bases
    known = names_at({base + distance for distance in calls.values()})
    return {slot: known[base + distance] for slot, distance in calls.items() if base + distance in known}


def _native(image: Image) -> tuple[dict[int, list[tuple[int, str]]], dict[int, list[tuple[int, str]]]]:
    """Return the native instructions by the slots that they came from, and prologues by their functions' slots."""
    found: dict[int, list[tuple[int, str]]] = {}
    prologues: dict[int, list[tuple[int, str]]] = {}
    for function in image.native:
        for run in function.runs:
            home = prologues.setdefault(function.slot, []) if run.slot is None else found.setdefault(run.slot, [])
            home += native_text(run.code, run.address)
    return found, prologues
