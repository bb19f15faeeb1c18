"""Where the arguments of a USDT probe are, as libbpf's usdt.bpf.h wants it told: `struct __bpf_usdt_spec`.

A probe's note has them in the words of the assembler: `-4@%edi` are four bytes with a sign, in a register. The header
has a word for each of a constant, a register, what a register points to, and since libbpf 1.7 what two registers point
to. That version also laid its struct out anew (304 bytes for 208), so that it is filled by the names of its members, as
the object's own types have them: then it does not matter which header an object was compiled with.
"""

from __future__ import annotations

import enum
import platform
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from ...errors import FeatureError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...btf import CType, Value

__all__ = ["MOST_ARGUMENTS", "ArgumentKind", "UsdtArgument", "encode_spec", "parse_arguments"]

MOST_ARGUMENTS: Final = 12
"""BPF_USDT_MAX_ARG_CNT."""


class ArgumentKind(enum.IntEnum):
    """`enum __bpf_usdt_arg_type`."""

    CONSTANT = 0
    REGISTER = 1
    MEMORY = 2
    """At an offset from what a register holds."""
    INDEXED = 3
    """At an offset from a register, and so many times what another one holds (libbpf 1.7)."""


class UsdtArgument(NamedTuple):
    """Where one argument is."""

    kind: ArgumentKind
    size: int
    """In bytes: 1, 2, 4 or 8."""
    is_signed: bool
    value: int = 0
    """The constant, or the offset from where the registers point."""
    register: int = 0
    """Its offset in `struct pt_regs`."""
    second: int = 0
    """That of the second register."""
    scale: int = 1
    """How often what it holds is added: 1, 2, 4 or 8."""

    def members(self) -> dict[str, Value]:
        """Return its `struct __bpf_usdt_arg_spec`, without the members of libbpf 1.7 where they mean nothing."""
        members: dict[str, Value] = {
            "val_off": self.value & (1 << 64) - 1,
            "arg_type": int(self.kind),
            "reg_off": self.register,
            "arg_signed": self.is_signed,
            "arg_bitshift": 64 - 8 * self.size,
        }
        if self.kind is ArgumentKind.INDEXED:
            members |= {"idx_reg_off": self.second, "scale_bitshift": self.scale.bit_length() - 1}
        return members


def encode_spec(struct: CType, arguments: list[UsdtArgument], probe: str) -> bytes:
    """Return the `struct __bpf_usdt_spec` of a probe's arguments.

    Args:
        struct: As an object has it.
        arguments: Where they are.
        probe: What it is called, for errors.

    Raises:
        UsageError: The object's header does not know where one of them is.
        UnknownNameError, TypeMismatchError: It is no such struct.
    """
    known = {name for name, _, _ in struct.member(".args[0]", "a USDT spec")[0].members()}
    for number, argument in enumerate(arguments):
        if not argument.members().keys() <= known:
            raise UsageError(
                f"cannot attach to USDT probe {probe}: where its argument {number} is takes two registers to tell, and "
                "the object's usdt.bpf.h knows of one",
                hint="compile it with the header of libbpf 1.7 or newer",
            )
    args: list[Value] = [argument.members() for argument in arguments]
    return struct.encode({"args": [*args, *[{}] * (MOST_ARGUMENTS - len(args))], "arg_cnt": len(args)}, "a USDT spec")


def _x86_registers() -> dict[str, int]:
    """Return where `struct pt_regs` of x86-64 has each register, by all of its names."""
    order = "r15 r14 r13 r12 bp bx r11 r10 r9 r8 ax cx dx si di . ip . . sp"
    found: dict[str, int] = {}
    for number, name in enumerate(order.split(" ")):
        if name[:1] == "r":
            names = [name, f"{name}d", f"{name}w", f"{name}b"]
        else:
            names = [f"r{name}", f"e{name}", name, f"{name[0]}l" if name.endswith("x") else f"{name}l"]
        found |= dict.fromkeys(names, 8 * number)
    return found


def _arm_registers() -> dict[str, int]:
    """Return where `struct user_pt_regs` of arm64 has each register."""
    return {f"{kind}{number}": 8 * number for kind in "xw" for number in range(31)} | {"sp": 8 * 31}


class _Machine(NamedTuple):
    """How the assembler of a machine writes operands."""

    operand: re.Pattern[str]
    """With the groups `constant`, `register`, `base`, `offset`, `index` and `scale`, as far as it has them."""
    registers: Callable[[], dict[str, int]]


_X86: Final = _Machine(
    re.compile(
        r"\s*(?P<size>-?\d+)@(?:\$(?P<constant>-?\d+)|%(?P<register>\w+)"
        r"|(?P<offset>-?\d+)?\(\s*%(?P<base>\w+)\s*(?:,\s*%(?P<index>\w+)\s*(?:,\s*(?P<scale>[1248])\s*)?)?\))(?:\s+|$)"
    ),
    _x86_registers,
)
_ARM: Final = _Machine(
    re.compile(
        r"\s*(?P<size>-?\d+)@(?:(?P<constant>-?\d+)|(?P<register>[a-z]\w*)"
        r"|\[\s*(?P<base>\w+)\s*(?:,\s*#?(?P<offset>-?\d+)\s*)?\])(?:\s+|$)"
    ),
    _arm_registers,
)
_MACHINES: Final = {"x86_64": _X86, "aarch64": _ARM}


def parse_arguments(text: str, probe: str, machine: str = "") -> list[UsdtArgument]:
    """Return where the arguments of a probe are.

    Args:
        text: As its note says it.
        probe: What it is called, for errors.
        machine: Whose assembler's words they are, as `platform.machine` says it; this machine without.

    Raises:
        FeatureError: The words of that machine's assembler are not known here.
        UsageError: An argument is somewhere else, or there are too many.
    """
    machine = machine or platform.machine()
    words = _MACHINES.get(machine)
    if words is None:
        raise FeatureError(f"cannot read the arguments of USDT probe {probe}: they are those of {machine}")
    registers = words.registers()
    found: list[UsdtArgument] = []
    at = 0
    while text[at:].strip():
        match = words.operand.match(text, at)
        argument = None if match is None else _argument(match.groupdict(), registers)
        if match is None or argument is None or len(found) == MOST_ARGUMENTS:
            raise _unreadable(text, at, probe, len(found))
        found.append(argument)
        at = match.end()
    return found


def _argument(parts: dict[str, str | None], registers: dict[str, int]) -> UsdtArgument | None:
    """Return what an operand says; None for a size or a register that cannot be told."""
    size = int(parts["size"] or 0)
    shape = abs(size), size < 0
    names = [parts["register"] or parts["base"], parts.get("index")]
    if shape[0] not in (1, 2, 4, 8) or any(name is not None and name not in registers for name in names):
        return None
    first, second = (0 if name is None else registers[name] for name in names)
    if parts["constant"] is not None:
        return UsdtArgument(ArgumentKind.CONSTANT, *shape, int(parts["constant"]))
    if parts["register"] is not None:
        return UsdtArgument(ArgumentKind.REGISTER, *shape, 0, first)
    offset = int(parts["offset"] or 0)
    if parts.get("index") is None:
        return UsdtArgument(ArgumentKind.MEMORY, *shape, offset, first)
    return UsdtArgument(ArgumentKind.INDEXED, *shape, offset, first, second, int(parts["scale"] or 1))


def _unreadable(text: str, at: int, probe: str, number: int) -> UsageError:
    if number == MOST_ARGUMENTS:
        return UsageError(f"cannot attach to USDT probe {probe}: it has more than {MOST_ARGUMENTS} arguments")
    operand = text[at:].split()[0]
    return UsageError(
        f"cannot attach to USDT probe {probe}: where its argument {number} is ({operand}) cannot be told to a program",
        hint="usdt.bpf.h knows constants, general registers, and memory that such registers point to",
    )
