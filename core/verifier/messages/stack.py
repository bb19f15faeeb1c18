"""The stack, and registers that are not set."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ...asm.opcodes import CALL
from ..failure import Message, Told, amount, plain, reads

if TYPE_CHECKING:
    from ..failure import Failure

__all__ = ["MESSAGES"]

_LIMIT: Final = 512
"""MAX_BPF_STACK: bytes of stack that a program has, with all functions that are on it at once."""


def _unset(match: re.Match[str], failure: Failure) -> Told:
    register = int(match["reg"])
    step = failure.step
    if register == 0 and step is not None and step.text == "exit":
        return Told(
            "the function ends on this path without a return value: r0 was never set",
            (),
            ("return a value on every path; in C, look for a missing return (-Wreturn-type)",),
            0,
        )
    if failure.origin_how(register) == "invalidated":
        call = failure.came_from(register).partition(" came from ")[2]
        return Told(
            f"r{register} is read after {call or 'a call'}: registers r1 to r5 do not survive a call",
            (),
            ("keep what is needed after a call in r6 to r9 or on the stack",),
            register,
        )
    what = f"argument {register} of the call" if step is not None and step.opcode == CALL else f"r{register}"
    return Told(
        f"{what} is read on this path, but nothing has set it"
        if what[0] == "r"
        else f"{what} (r{register}) is not set",
        (),
        (
            "initialise the variable where it is declared; -Wuninitialized names the usual ones",
            "in assembly: only r1 (the context) and r10 (the stack) are set at the start, in a function r1 to "
            "r5 as passed",
        ),
        register,
    )


def _read(match: re.Match[str], failure: Failure) -> Told:
    top, inside, size = int(match["off"]), int(match["inside"]), int(match["size"])
    slot = failure.state[f"fp{top - top % 8}"]
    details = [f"of the 8 bytes at fp{top - top % 8}, the verifier knows: {slot.describe()}"] if slot else []
    if "indirect" in match[0]:
        return Told(
            f"the helper reads {amount(size, 'byte')} at fp{top}, and byte {inside} of them was never set",
            tuple(details),
            (
                "set all of it: struct key k = {}; also clears the padding between members",
                "__builtin_memset(&k, 0, sizeof(k)) before its members are set",
            ),
        )
    return Told(
        f"{reads(size)} on the stack at fp{top}, and byte {inside} was never set",
        tuple(details),
        ("initialise the variable: struct s v = {};",),
    )


def _frames(match: re.Match[str], failure: Failure) -> Told:
    calls, size = int(match["calls"]), int(match["size"])
    depths = failure.log.summary.stack
    told = f" ({' + '.join(map(str, depths))})" if len(depths) > 1 else ""
    names: list[str] = []
    if failure.log.program is not None:
        names = [f"{function.name}()" for function in failure.log.program.functions]
    return Told(
        f"the stacks of {calls} functions that are on it together take {size} bytes{told}, and a program has {_LIMIT}",
        (f"the program's functions: {', '.join(names)}",) if 1 < len(names) < 12 else (),
        (
            f"save {amount(size - _LIMIT, 'byte')}: move a large array or struct from the stack into a per-CPU array "
            "map of one entry",
            "share one buffer: pass it as an argument instead of having one in each function",
        ),
    )


def _variable(match: re.Match[str], failure: Failure) -> Told:
    register = int(match["reg"])
    value = failure.register(register)
    room = 0 if value is None else -(value.integer("off") or value.number or 0)
    limit = f" of at most {amount(room, 'byte')}" if room > 0 else ""
    mends = ["check the index right before: if (index >= COUNT) return …;"]
    if room > 0 and room & (room - 1) == 0:
        mends.insert(0, f"bound the index with a mask, for bytes: index &= {room - 1}")
    else:
        mends.append("bound it with a mask: index &= COUNT - 1, with COUNT a power of two")
    return Told(
        f"an array on the stack{limit} is accessed at an index that nothing bounds well enough",
        tuple(failure.added(register)),
        tuple(mends),
        register,
    )


MESSAGES: Final = (
    Message("register-unset", re.compile(r"R(?P<reg>\d+) !read_ok"), _unset),
    Message(
        "stack-unset",
        re.compile(
            r"invalid (?:indirect )?read from stack (?:R\d+ )?off (?P<off>-?\d+)\+(?P<inside>-?\d+) "
            r"size (?P<size>\d+)"
        ),
        _read,
    ),
    Message(
        "stack-combined",
        re.compile(r"combined stack size of (?P<calls>\d+) calls is (?P<size>\d+)\. Too large"),
        _frames,
    ),
    plain(
        "stack-too-large",
        r"stack size of subprog (?P<number>\d+) is (?P<size>\d+)\. Too large|stack size (?P<alone>\d+).* is too large",
        "one function needs {size}{alone} bytes of stack, and a program has 512",
        "move large arrays and structs into a per-CPU array map of one entry",
    ),
    plain(
        "stack-tail-call",
        r"tail_calls are not allowed when call stack of previous frames is (?P<size>\d+) bytes",
        "a tail call from a function is only allowed while at most 256 bytes of stack are in use; here they are {size}",
        "make the tail call from the program itself, or use less stack above it",
    ),
    plain(
        "stack-depth",
        r"(?:the )?call stack of (?P<frames>\d+) frames is too deep",
        "calls are nested {frames} deep, and 8 is the limit",
        "inline some of the functions (__always_inline)",
    ),
    Message(
        "stack-variable",
        re.compile(r"invalid (?:unbounded )?variable-offset[\w ]* stack R(?P<reg>\d+)"),
        _variable,
    ),
    plain(
        "stack-bounds",
        r"invalid (?:indirect access to |read from |write to )?stack (?:type )?R(?P<reg>\d+) off=(?P<off>-?\d+) "
        r"(?:access_)?size=(?P<size>\d+)",
        "{size} bytes at offset {off} from the frame's top are outside of the stack (-512 to 0)",
        "stay within the array; a helper must not get a larger size than the array has",
    ),
    plain(
        "stack-bounds",
        r"invalid stack off=(?P<off>-?\d+) size=(?P<size>\d+)",
        "{size} bytes at offset {off} from the frame's top are outside of the stack (-512 to 0)",
        "stay within the array",
    ),
    plain(
        "stack-unprivileged",
        r"variable (?:offset )?stack (?:pointer|access).*(?:prohibited for !root|cannot be passed)",
        "without CAP_PERFMON the stack can only be accessed at constant offsets",
        "load with CAP_PERFMON (or as root), or use a map for the array",
    ),
    plain(
        "stack-spilled-pointer",
        r"attempt to corrupt spilled pointer on stack",
        "part of a pointer that is kept on the stack would be overwritten",
        "a write goes beyond its array, or two types share the memory: look at the size of the write",
    ),
    plain(
        "stack-spill-size",
        r"invalid size of register (?P<what>spill|fill)",
        "a pointer on the stack has to be written and read whole, 8 bytes at an offset that is a multiple of 8",
        "do not copy parts of a struct that holds pointers",
    ),
    plain(
        "stack-return",
        r"cannot return stack pointer to the caller|cannot spill pointers to stack into stack frame of the caller",
        "the address of a local variable would outlive its function",
        "let the caller pass a buffer",
    ),
    plain(
        "frame-pointer",
        r"frame pointer is read only",
        "r10 holds the top of the stack and cannot be set",
        "in assembly: copy it to another register first",
    ),
    plain(
        "no-register",
        r"R(?P<number>\d+) is invalid",
        "there is no register r{number} that can be used here (r0 to r10 exist)",
        "the object was not linked by a BPF linker, or its code is damaged",
    ),
)
