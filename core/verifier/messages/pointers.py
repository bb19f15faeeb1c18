"""Arithmetic with pointers and numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..failure import Message, Told, plain

if TYPE_CHECKING:
    from ..failure import Failure

__all__ = ["MESSAGES"]


def _before_check(match: re.Match[str], failure: Failure) -> Told:
    register = int(match["reg"])
    known = failure.came_from(register)
    return Told(
        f"r{register} can still be NULL, and something is added to it: what comes out could no longer be compared "
        "with NULL",
        (known,) if known else (),
        (
            "check the pointer as it was returned first: if (!pointer) return …; then compute",
            "where the C code does that, the compiler moved the addition up: barrier_var(pointer) after the check",
        ),
        register,
    )


MESSAGES: Final = (
    Message(
        "arithmetic-before-null-check",
        re.compile(r"R(?P<reg>\d+) pointer arithmetic on (?P<kind>\S*) prohibited, null-check it first"),
        _before_check,
    ),
    plain(
        "arithmetic-kind",
        r"R(?P<reg>\d+) pointer arithmetic on (?P<kind>\S+) prohibited",
        "nothing can be added to a {kind}",
        "only pointers to memory can be moved: packet, map value, stack, buffers",
    ),
    plain(
        "arithmetic-32",
        r"R(?P<reg>\d+) 32-bit pointer arithmetic prohibited|R(?P<reg2>\d+) partial copy of pointer"
        r"|R(?P<reg3>\d+) sign-extension part of pointer",
        "a pointer is used as a 32-bit number, which cuts it in two",
        "use pointers or unsigned long for addresses: a cast like (void *)(long)ctx->data",
    ),
    plain(
        "arithmetic-operator",
        r"R(?P<reg>\d+) (?:bitwise operator (?P<op>\S+) on pointer|pointer arithmetic with (?P<op2>\S+) "
        r"operator) prohibited",
        "only + and - work on pointers, not {op}{op2}",
        "mask or shift the index before it is added to the pointer",
    ),
    plain(
        "arithmetic-pointers",
        r"R(?P<reg>\d+) (?:pointer (?P<op>\S+) pointer prohibited|tried to subtract pointer from scalar"
        r"|subtraction from stack pointer prohibited|pointer arithmetic prohibited)",
        "two pointers, or a number and a pointer, are combined in a way that gives no valid pointer",
        "subtract two packet pointers to get a length, or keep an index; without CAP_PERFMON not even that is allowed",
    ),
    plain(
        "arithmetic-compare",
        r"R(?P<reg>\d+) pointer comparison prohibited",
        "r{reg} is a pointer, and without CAP_PERFMON it can only be compared with NULL or with data_end",
        "compare numbers or offsets instead",
    ),
    plain(
        "arithmetic-unbounded",
        r"math between (?P<kind>\S+) pointer and register with unbounded min value is not allowed",
        "a number that can be as low as -2^63 is added to a {kind} pointer",
        "make the number unsigned, and bound it before it is added: if (index >= COUNT) return …;",
    ),
    plain(
        "arithmetic-range",
        r"math between (?P<kind>\S+) pointer and (?P<value>-?\d+) is not allowed|value (?P<value2>-?\d+) makes "
        r"(?P<kind2>\S+) pointer be out of bounds|(?P<kind3>\S+) pointer offset (?P<value3>-?\d+) is not allowed",
        "the {kind}{kind2}{kind3} pointer would be moved by {value}{value2}{value3}, more than the verifier "
        "allows (2^29)",
        "bound the number before it is added; a negative one may have become a large unsigned one",
    ),
    plain(
        "arithmetic-unprivileged",
        r"R(?P<reg>\d+) (?:has unknown scalar with mixed signed bounds|has pointer with unsupported alu operation"
        r"|tried to \S+ (?:from different maps|beyond pointer bounds)|could not be pushed for speculative"
        r"|stack pointer arithmetic goes out of range|pointer arithmetic of map value goes out of range)",
        "without CAP_PERFMON this arithmetic is refused, because a CPU may run ahead of its check (Spectre)",
        "load with CAP_PERFMON; or use an unsigned index that is masked: index &= COUNT - 1",
    ),
    plain(
        "division",
        r"div by zero",
        "the code divides by the constant 0",
        "the compiler worked out that the divisor is always 0: look at the C line",
    ),
    plain(
        "shift",
        r"invalid shift (?P<by>-?\d+)",
        "a number is shifted by {by} bits, which its width does not allow",
        "shift by less than 64 (or 32 for 32-bit numbers)",
    ),
)
