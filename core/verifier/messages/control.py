"""The way through the program: loops, jumps, size."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..failure import Message, Told, plain

if TYPE_CHECKING:
    from ..failure import Failure

__all__ = ["MESSAGES"]

_MEND_LOOPS: Final = (
    "give the loop an end that the verifier can count: for (int i = 0; i < 64; i++), with a constant limit",
    "let the kernel count: bpf_loop() (Linux 5.17), bpf_for() and bpf_repeat() (6.4), may_goto (6.9)",
)
_OLDER_SET: Final = (
    "compile for an older instruction set: clang -mcpu=v3 (Linux 5.1), v2 (4.14) or v1; v4 needs Linux 6.6"
)


TRAP_SUMMARY: Final = "the program can come to a place where what C says is undefined, or to __builtin_trap()"
TRAP_DETAILS: Final = ("clang put a call of __bpf_trap() there, which ends nothing: the verifier refuses it",)
TRAP_MENDS: Final = (
    "a variable that is used before it is set: give it a value where it is declared (-Wuninitialized, "
    "-Wconditional-uninitialized name them)",
    "a function that ends without return, or a switch without default before __builtin_unreachable() (-Wreturn-type)",
    "an index beyond an array of known size, a division by 0, a shift by more than the type has, a NULL that is "
    "followed: look at the values on the path that leads there",
)
"""What is said of `__bpf_trap`, whether the kernel has it or not."""


def _infinite(match: re.Match[str], failure: Failure) -> Told:
    slot = int(match["slot"])
    source = failure.source(slot)
    details: list[str] = []
    if source is not None and source.text:
        place = f"{source.place}: " if source.place else ""
        details.append(f"the loop comes back to {place}{source.text}")
    visits = failure.log.heat.get(slot, 0)
    details.append(
        f"instruction {slot} was reached again with the same registers and stack"
        + (f", {visits} times in this log" if visits > 1 else "")
        + ": nothing that the loop's end depends on changes"
    )
    return Told(
        "the loop may never end: it comes back to where it was with nothing changed that the verifier can see",
        tuple(details),
        _MEND_LOOPS,
        slot=slot,
    )


def _too_large(match: re.Match[str], failure: Failure) -> Told:
    """Say where the work goes."""
    count = int(match["count"])
    heat = failure.log.heat
    details: list[str] = []
    if heat:
        most = max(heat.values())
        lowest, highest = (edge(slot for slot, visits in heat.items() if visits * 2 > most) for edge in (min, max))
        share = sum(visits for slot, visits in heat.items() if lowest <= slot <= highest) * 100 // sum(heat.values())
        places = sorted({failure.place(slot) for slot in (lowest, highest)})
        details.append(
            f"{share} % of the walk is in instructions {lowest} to {highest} ({' to '.join(places)}), each up to "
            f"{most:,} times"
        )
    return Told(
        f"the verifier gave up after {count:,} instructions: it walks through loops round by round, and through each "
        "side of a branch",
        tuple(details),
        (
            "bpf_loop() (Linux 5.17) and bpf_for() (6.4) are walked through once, not round by round",
            "fewer rounds, or fewer branches inside the loop; inside a global (non-static) function code is "
            "verified once",
            "split the program with tail calls",
        ),
    )


MESSAGES: Final = (
    Message("infinite-loop", re.compile(r"infinite loop detected at insn (?P<slot>\d+)"), _infinite),
    Message(
        "too-complex",
        re.compile(r"BPF program is too large\. Processed (?P<count>\d+) insn"),
        _too_large,
    ),
    plain(
        "too-many-jumps",
        r"The sequence of (?P<count>\d+) jumps is too complex",
        "more than 8,192 branches wait to be looked at: the program branches too much",
        "fewer conditions in a row; put part of them into a global function, or use bpf_loop()",
    ),
    plain(
        "back-edge",
        r"back-edge from insn (?P<from>\d+) to (?P<to>\d+)",
        "instruction {from} jumps back to {to}: this kernel (or a program without CAP_BPF) takes no loops at all",
        "unroll it: #pragma unroll, with a constant number of rounds",
        "loops need Linux 5.3, and CAP_BPF",
    ),
    plain(
        "unreachable",
        r"unreachable insn (?P<slot>\d+)",
        "instruction {slot} can never be reached",
        "in assembly: remove it; from C this is a compiler's fault (an old clang, or __builtin_unreachable)",
    ),
    plain(
        "jump-out",
        r"jump out of range from insn (?P<from>\d+) to (?P<to>-?\d+)"
        r"|jump into the middle of ldimm64 insn (?P<slot>\d+)",
        "a jump leads out of its function, or into the middle of an instruction",
        "the code is damaged, or was not linked by a BPF linker",
    ),
    plain(
        "no-exit",
        r"last insn is not an exit or jmp|subprog (?P<number>\d+) .*doesn't end|no exit at",
        "a function does not end with exit or a jump",
        "a non-void function without return: clang ends it where that would be (-Wreturn-type names it)",
    ),
    plain(
        "undefined",
        r"unexpected __bpf_trap\(\)",
        TRAP_SUMMARY,
        *TRAP_MENDS,
        details=TRAP_DETAILS,
    ),
    plain(
        "exception-callback",
        r"(?P<func>bpf_throw) kfunc \(insn \d+\) cannot be called from callback subprog",
        "bpf_throw() is called in a callback, from which the stack cannot be unwound",
        "return a value from the callback that ends the walk, and throw after the call that runs it",
    ),
    plain(
        "exception-handler",
        r"cannot call exception cb directly|multiple exception callback tags|exception callback '(?P<name>[^']*)'"
        r"|exception cb only supports|exception cb cannot",
        "the exception callback is a function of its own kind: global, with one number as argument, one for a program, "
        "and called by bpf_throw() alone",
        "name it once: __exception_cb(function), and let it be long function(u64 cookie)",
    ),
    plain(
        "may-goto-form",
        r"invalid may_goto|invalid BPF_LD mode|invalid BPF_LD_IMM insn|unknown insn class",
        "this kernel does not know this form of the instruction",
        _OLDER_SET,
    ),
    plain(
        "loop-limit",
        r"frame(?P<frame>\d+) bpf_loop iteration limit reached",
        "the callback was walked through too often without the state becoming the same",
        "let the callback not change what its caller's branches depend on",
    ),
    plain(
        "pointers-mixed",
        r"same insn cannot be used with different pointers",
        "the same instruction is reached with pointers of different kinds (context and packet, say)",
        "keep the two accesses apart: the compiler merged them; a barrier() between the branches stops that",
    ),
    plain(
        "opcode",
        r"unknown opcode (?P<opcode>[0-9a-f]+)|invalid BPF_\w+(?:/\w+)? opcode (?P<opcode2>[0-9a-f]+)",
        "this kernel does not know the instruction {opcode}{opcode2}",
        _OLDER_SET,
    ),
    plain(
        "opcode-form",
        r"uses reserved fields|BPF_ATOMIC uses invalid atomic opcode|invalid atomic operand size"
        r"|unrecognized bpf_ld_imm64 insn",
        "this kernel does not know this form of the instruction",
        _OLDER_SET,
    ),
    plain(
        "subprograms",
        r"too many subprograms|call to invalid destination",
        "a call leads nowhere, or there are more than 256 functions",
        "the code was not linked by a BPF linker, or has too many functions: inline some",
    ),
)
