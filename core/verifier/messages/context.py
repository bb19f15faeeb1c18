"""The context, return values, and what a program type may do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ...context.access import bad_context_access, field_access
from ...context.fields import CONTEXTS, context_fields
from ...uapi import ProgramType
from ..failure import Message, Told, amount, foreign_told, plain

if TYPE_CHECKING:
    from ...spec import ProgramSpec
    from ..failure import Failure

__all__ = ["MESSAGES"]

_RANGE: Final = re.compile(r"\[(?P<low>-?\d+), (?P<high>-?\d+)\]")
_BITS: Final = re.compile(r"been in \(0x(?P<known>[0-9a-f]+); 0x(?P<either>[0-9a-f]+)\)")
_GIVEN_REGISTERS: Final = (ProgramType.KPROBE, ProgramType.PERF_EVENT)
"""Programs whose context is, or begins with, the registers of the machine."""
_MEANINGS: Final = {
    (0, 1): "0 and 1",
    (0, 3): "0 to 3",
    (1, 1): "1",
    (0, 0): "0",
}


def _access(match: re.Match[str], failure: Failure) -> Told:
    offset, size = int(match["off"]), int(match["size"])
    given = failure.log.program
    if given is not None and given.type in _GIVEN_REGISTERS and (told := foreign_told(failure)) is not None:
        return told
    write = failure.step is not None and failure.step.text.startswith(("*(", "lock "))
    doing = "write" if write else "read"
    source = failure.source(failure.step.slot) if failure.step is not None else None
    member = failure.log.context.named(offset, size, source)
    size_text = amount(size, "byte")
    what = f"{member} (offset {offset}, {size_text})" if member else f"{size_text} at offset {offset}"
    program = failure.log.program
    reason = None if program is None else bad_context_access(program, offset, size, write=write)
    mends: list[str] = []
    if reason is None:
        mends.append(
            f"this type of program may not {doing} that member, or not with {size_text}: see the type's "
            "is_valid_access in the kernel, or the uapi header's comments"
        )
    if write:
        mends.append(_writable(program))
    else:
        mends.append("read a member whole, with its own width; arrays inside the context with constant indices only")
    mends.append("is the section right? the same function in another SEC() gets another context")
    return Told(
        f"the program may not {doing} {what} of its context",
        () if reason is None else (reason,),
        tuple(mends),
    )


def _writable(program: ProgramSpec | None) -> str:
    """Return what a program can write of its context, as advice."""
    if program is None:
        return "only some members can be written (in __sk_buff: mark, priority, cb, tc_index, …)"
    if program.type not in CONTEXTS:
        return "keep it in a variable or in a map"
    names = [field.name for field in context_fields(program.type) if field_access(program, field.name).writes]
    struct = f"struct {CONTEXTS[program.type]}"
    if not names:
        return f"nothing of {struct} can be written: keep it in a variable or in a map"
    return f"what programs of type {program.type.label} can write of {struct}: {', '.join(names)}"


def _modified(match: re.Match[str], failure: Failure) -> Told:
    if match["reg"] is None:
        return Told(
            "the context is accessed at an offset that is no constant",
            (),
            ("use constant indices and members; read them into variables before a choice between them",),
        )
    register = int(match["reg"])
    known = failure.came_from(register)
    return Told(
        f"r{register} is the context with {match['off'] or 'something'} added: its members are reached through the "
        "original pointer only",
        (known,) if known else (),
        (
            "use ctx->member with a constant offset; do not compute addresses inside the context",
            "where clang merged two accesses into one with a variable offset, read both members into variables first "
            '(asm volatile("" : "+r"(ctx)); between them stops it)',
        ),
        register,
    )


def _allowed(message: str) -> tuple[int, int] | None:
    """Return the least and the greatest value that a hook takes; None where the message does not say."""
    found = _RANGE.search(message)
    if found is not None:
        return int(found["low"]), int(found["high"])
    # Before Linux 6.8: the bits that are set, and those that may be either; a range where the latter are the lowest.
    bits = _BITS.search(message)
    if bits is None:
        return None
    known, either = int(bits["known"], 16), int(bits["either"], 16)
    return None if either & (either + 1) else (known, known | either)


def _returned(match: re.Match[str], failure: Failure) -> Told:
    found = _allowed(match[0])
    value = failure.register(0)
    allowed = ""
    if found is not None:
        low, high = found
        allowed = _MEANINGS.get((low, high), f"{low} to {high}")
    known = failure.came_from(0)
    told = "" if value is None else f": here r0 is {value.describe()}"
    what = "the callback" if "callback" in match[0] else "the program"
    return Told(
        f"{what} may return {allowed or 'only some values'} at this hook{told}",
        (known,) if known else (),
        (
            f"return only {allowed}" if allowed else "return one of the values that the hook knows",
            "clamp what comes from elsewhere: return value ? 1 : 0;",
        ),
        0,
    )


MESSAGES: Final = (
    Message(
        "context-access",
        re.compile(
            r"invalid (?:bpf_context access|access to context, ctx_size=\d+) off=(?P<off>-?\d+) size=(?P<size>\d+)"
        ),
        _access,
    ),
    Message(
        "context-modified",
        re.compile(
            r"dereference of modified (?P<kind>ctx) ptr R(?P<reg>\d+) off=(?P<off>-?\d+)"
            r"|variable ctx access var_off=(?P<var>\S+)"
        ),
        _modified,
    ),
    plain(
        "pointer-modified",
        r"dereference of modified (?P<kind>\S+) ptr R(?P<reg>\d+) off=(?P<off>-?\d+) disallowed"
        r"|negative offset (?P<kind2>\S+) ptr R(?P<reg2>\d+) off=(?P<off2>-?\d+) disallowed"
        r"|variable (?P<kind3>\S+) access var_off=\S+ disallowed",
        "a {kind}{kind2}{kind3} pointer was moved; it can only be used as it was given",
        "keep the original pointer, and use constant member offsets",
    ),
    Message(
        "return-value",
        re.compile(
            r"(?:At program exit|At callback return|At async callback return|At subprogram exit)?.*the register R0 "
            r"(?:has .*should have been in .*|is not a known value.*|is not a scalar value.*)"
        ),
        _returned,
    ),
    plain(
        "return-unset",
        r"R0 not a scalar value|R0 leaks addr as return value",
        "the program returns a pointer, and must return a number",
        "return one of the hook's values",
    ),
    plain(
        "return-lsm",
        r"BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value",
        "this LSM hook has no return value that a program could change",
        "leave out bpf_set_retval(), and return 1",
    ),
    plain(
        "pointer-leak",
        r"R(?P<reg>\d+) leaks addr (?P<where>into \w+( function)?|as return value)",
        "r{reg} holds a kernel address, and without CAP_PERFMON a program may not let one out ({where})",
        "store the value, not the pointer; or load with CAP_PERFMON",
    ),
    plain(
        "atomic",
        r"BPF_ATOMIC stores into R(?P<reg>\d+) (?P<kind>\w+) is not allowed",
        "atomic operations work on map values, memory and the stack, not on {kind}",
        "copy the value, or keep the counter in a map",
    ),
    plain(
        "flow-keys",
        r"invalid access to flow keys off=(?P<off>-?\d+) size=(?P<size>\d+)",
        "{size} bytes at offset {off} are outside of struct bpf_flow_keys",
        "use its members",
    ),
    plain(
        "socket-access",
        r"R(?P<reg>\d+) invalid (?P<kind>sock\w*|tcp_sock|xdp_sock) access off=(?P<off>-?\d+) size=(?P<size>\d+)",
        "programs may not access offset {off} ({size} bytes) of a {kind}",
        "use the members that struct bpf_sock or bpf_tcp_sock names; check the pointer with bpf_sk_fullsock() first",
    ),
)
