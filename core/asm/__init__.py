"""BPF instructions: decoding and encoding, what is valid, and their text in three syntaxes.

Code is bytes, counted in *slots* of 8 bytes; a 64-bit immediate load takes two. Decoding is lazy and total:
nothing is read before it is asked for, and whatever the bits are, each slot is shown.

    for slot, insn in instructions(code, "little"):
        print(f"{slot}: {format_instruction(insn, slot)}")

The way back, from text to code, is in `assembler` and `hexcode`, which are imported by those who need them.
"""

from __future__ import annotations

from ..helpers.names import HELPERS, helper_name
from .encodings import Encoding, encoding_of, invalid_fields, remark
from .instruction import ByteOrder, Code, Instruction, decode, instructions
from .listing import Texts, listing
from .opcodes import (
    INSN_SIZE,
    SIZES,
    AluOp,
    AtomicOp,
    CallSource,
    Class,
    ImmSource,
    JmpOp,
    Mode,
    Size,
    Source,
)
from .text import Syntax, format_instruction
from .tokens import Token, tokenize

__all__ = [
    "HELPERS",
    "INSN_SIZE",
    "SIZES",
    "AluOp",
    "AtomicOp",
    "ByteOrder",
    "CallSource",
    "Class",
    "Code",
    "Encoding",
    "ImmSource",
    "Instruction",
    "JmpOp",
    "Mode",
    "Size",
    "Source",
    "Syntax",
    "Texts",
    "Token",
    "decode",
    "encoding_of",
    "format_instruction",
    "helper_name",
    "instructions",
    "invalid_fields",
    "listing",
    "remark",
    "tokenize",
]
