"""What functions are given, as types and sources tell it: the context, the arguments that an array of u64 holds.

A program that traces a function, an LSM hook, a raw tracepoint, or that is one of struct_ops, is given an array of 8
bytes for each argument (`BPF_PROG()` of libbpf's bpf_tracing.h takes it apart). What they are called stands in the line
of C that has the macro, their types there as well; a struct_ops program's are those of the member that it is put into,
and those of what is traced are in a kernel's BTF, where one is given.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from ..btf import types as t
from ..btf.types import Kind
from ..uapi import AttachType, MapType, ProgramType
from .facts import shared_functions

if TYPE_CHECKING:
    from ..btf import Btf
    from ..spec.collection import CollectionSpec
    from ..spec.program import Function, ProgramSpec

__all__ = ["Parameter", "Parameters"]

_LINE: Final = re.compile(r"\b(BPF_\w*PROG2?|BPF_STRUCT_OPS\w*|BPF_[KU](?:RET)?PROBE)\s*\(\s*(\w+)\s*(?:,(.*))?$")
_ARGUMENT: Final = re.compile(r"(?:const\s+)?(?:(struct|union|enum)\s+)?(\w[\w\s]*?)\s*(\**)\s*(\w+)")
_ARRAYS: Final = (
    ProgramType.TRACING,
    ProgramType.LSM,
    ProgramType.STRUCT_OPS,
    ProgramType.RAW_TRACEPOINT,
    ProgramType.RAW_TRACEPOINT_WRITABLE,
)
_KINDS: Final = {"struct": Kind.STRUCT, "union": Kind.UNION, "enum": Kind.ENUM}
# PT_REGS_PARM1 to PT_REGS_PARM5 of bpf_tracing.h, as members of struct pt_regs: x86-64 (kernel's names and user's),
# arm64, riscv64, s390x, powerpc.
_REGISTERS: Final = tuple(
    tuple(names.split())
    for names in (
        "di si dx cx r8",
        "rdi rsi rdx rcx r8",
        "regs[0] regs[1] regs[2] regs[3] regs[4]",
        "a0 a1 a2 a3 a4",
        "gprs[2] gprs[3] gprs[4] gprs[5] gprs[6]",
        "gpr[3] gpr[4] gpr[5] gpr[6] gpr[7]",
    )
)

# PT_REGS_RC of the same, on the same.
_RESULTS: Final = ("ax", "rax", "regs[0]", "a0", "gprs[2]", "gpr[3]")


class Parameter(NamedTuple):
    """What a function is given in one register, or a program in one element of its array."""

    name: str
    """Empty where it is not known."""
    type_id: int = 0
    """Its type among the object's own; 0 where it is a pointer, or not known."""
    target: int = 0
    """Of a pointer: the type that it points to."""


class Parameters:
    """What the functions of one program are given.

    Args:
        program: The program.
        spec: The object that it is in.
        target: The types of the kernel that it is to run on, where somebody asked for them.
    """

    def __init__(self, program: ProgramSpec, spec: CollectionSpec, target: Btf | None = None) -> None:
        self.program = program
        self.spec = spec
        self.btf = spec.types
        self.target = target
        self._known: dict[int, tuple[Parameter, ...] | None] = {}

    @cached_property
    def context(self) -> tuple[str, int] | None:
        """The entry's first parameter: its name, and the type that it points to."""
        entry = self.program.functions[0] if self.program.functions else None
        proto = None if entry is None else self.prototype(entry.type_id)
        if self.btf is None or proto is None or not proto.parameters:
            return None
        first = proto.parameters[0]
        pointer = self.btf.strip(first.type_id)
        return (first.name, pointer.target) if isinstance(pointer, t.Pointer) and first.name else None

    @cached_property
    def elements(self) -> tuple[Parameter, ...]:
        """The arguments in the array that the program is given; empty where it is given something else."""
        if self.program.type not in _ARRAYS or self.program.attach_type is AttachType.TRACE_ITER:
            return ()
        named, typed = self._in_source("PROG", "STRUCT_OPS"), self._of_member or self._of_target
        count = max(len(named), len(typed))
        unknown = Parameter("")
        pairs = zip(
            (*named, *[unknown] * (count - len(named))), (*typed, *[unknown] * (count - len(typed))), strict=True
        )
        return tuple(
            Parameter(one.name or other.name, other.type_id or one.type_id, other.target or one.target)
            for one, other in pairs
        )

    def register(self, member: str) -> Parameter | None:
        """Return the argument, or the result, that a member of `struct pt_regs` is, by the C line of a probe."""
        for names in _REGISTERS if self._probed else ():
            if member in names and names.index(member) < len(self._probed):
                return self._probed[names.index(member)]
        return self._result[0] if member in _RESULTS and self._result else None

    @cached_property
    def _probed(self) -> tuple[Parameter, ...]:
        return self._in_source("KPROBE", "UPROBE") if self.program.type is ProgramType.KPROBE else ()

    @cached_property
    def _result(self) -> tuple[Parameter, ...]:
        return self._in_source("KRETPROBE", "URETPROBE") if self.program.type is ProgramType.KPROBE else ()

    @cached_property
    def functions(self) -> dict[int, Function]:
        """The program's functions, by their first slots."""
        return {function.start: function for function in self.program.functions}

    def of(self, start: int) -> tuple[Parameter, ...] | None:
        """Return the parameters of the subprogram at a slot; None where they are not known, or not certain.

        LLVM takes parameters that nobody uses away from static functions, unless their address is taken, and leaves
        the type as it was: it is believed where each register that it speaks of is used.
        """
        if start not in self._known:
            self._known[start] = self._of(start)
        return self._known[start]

    def _of(self, start: int) -> tuple[Parameter, ...] | None:
        function = self.functions.get(start)
        proto = None if function is None else self.prototype(function.type_id)
        if function is None or proto is None or not 0 < len(proto.parameters) <= 5:
            return None
        if not function.is_global:
            flow = self.program.flow
            if not any(call.is_address for call in flow.callers(function.start)):
                returned, used = shared_functions(self.spec).taken(self.program, function.start)
                if (returned | used) & 0b111110 != (2 << len(proto.parameters)) - 2:
                    return None
        return self.declared(proto)

    def declared(self, proto: t.FunctionProto) -> tuple[Parameter, ...]:
        """Return the parameters of a function's type."""
        assert self.btf is not None
        found: list[Parameter] = []
        for item in proto.parameters:
            pointer = self.btf.strip(item.type_id)
            is_pointer = isinstance(pointer, t.Pointer)
            found.append(Parameter(item.name, 0 if is_pointer else item.type_id, pointer.target if is_pointer else 0))
        return tuple(found)

    def prototype(self, type_id: int) -> t.FunctionProto | None:
        """Return the type of a function of the object's, by the id of its FUNC."""
        btf = self.btf
        if btf is None or not 0 < type_id < len(btf):
            return None
        function = btf.type(type_id)
        if not isinstance(function, t.Function) or function.proto >= len(btf):
            return None
        proto = btf.type(function.proto)
        return proto if isinstance(proto, t.FunctionProto) else None

    def _in_source(self, *kinds: str) -> tuple[Parameter, ...]:
        """Return the arguments that the macro in the entry's C line names: all that the line has of them."""
        entry = self.program.functions[0] if self.program.functions else None
        if entry is None:
            return ()
        for info in self.program.linked.lines_within(entry.start, entry.stop):
            found = _LINE.search(info.source) if "BPF_" in info.source else None
            if found and found[2] == entry.name and any(kind in found[1] for kind in kinds):
                return tuple(self._arguments(found[3] or ""))
        return ()

    def _arguments(self, text: str) -> list[Parameter]:
        inside, closed, _ = text.partition(")")
        words = inside.split(",")
        if not closed:
            words.pop()  # it goes on in the next line, which is not known
        found: list[Parameter] = []
        for word in words:
            match = _ARGUMENT.fullmatch(word.strip())
            if match is None or (match[1] in ("struct", "union") and not match[3]):
                break  # BPF_PROG2() takes structs too, and those can be two elements
            kind, stars = _KINDS.get(match[1] or ""), len(match[3])
            type_id = self.btf.find(match[2], kind) if self.btf is not None and kind is not None else None
            is_value = not stars and kind is Kind.ENUM
            found.append(Parameter(match[4], (type_id or 0) * is_value, (type_id or 0) * (stars == 1)))
        return found

    @cached_property
    def _of_member(self) -> tuple[Parameter, ...]:
        """What the function pointer takes that the program is put into, in a struct of struct_ops."""
        btf = self.btf
        for spec in self.spec.maps.values() if self.program.type is ProgramType.STRUCT_OPS else ():
            if btf is None or spec.type is not MapType.STRUCT_OPS or spec.value is None or btf is not spec.value.btf:
                continue
            members = {name for name, program in spec.functions.items() if program == self.program.name}
            found = btf.strip(spec.value.id)
            for member in found.members if isinstance(found, t.Composite) else ():
                pointer = btf.strip(member.type_id) if member.name in members else None
                proto = btf.strip(pointer.target) if isinstance(pointer, t.Pointer) else None
                if isinstance(proto, t.FunctionProto):
                    return self.declared(proto)
        return ()

    @cached_property
    def _of_target(self) -> tuple[Parameter, ...]:
        """What is traced takes, by the kernel's types."""
        target, program = self.target, self.program
        if target is None or not program.attach_to:
            return ()
        if program.type is ProgramType.LSM:
            proto = _kernel_function(target, f"bpf_lsm_{program.attach_to}")
        elif program.attach_type is AttachType.TRACE_RAW_TP or program.type is not ProgramType.TRACING:
            proto = _tracepoint(target, program.attach_to)
        else:
            proto = _kernel_function(target, program.attach_to)
        if proto is None:
            return ()
        found = [Parameter(item.name, target=self._own(target, item.type_id)) for item in proto.parameters]
        if program.attach_type is not None and program.attach_type.sees_result:
            found.append(Parameter("ret", target=self._own(target, proto.result)))
        return tuple(found)

    def _own(self, target: Btf, type_id: int) -> int:
        """Return the object's own type that a pointer of the kernel's leads to: the code was made for its layout."""
        pointer = target.strip(type_id)
        found = target.strip(pointer.target) if isinstance(pointer, t.Pointer) else None
        if self.btf is None or not isinstance(found, t.Composite) or not found.name:
            return 0
        return self.btf.find(found.name, Kind.UNION if found.is_union else Kind.STRUCT) or 0


def _kernel_function(target: Btf, name: str) -> t.FunctionProto | None:
    found = target.find(name, Kind.FUNC)
    function = target.type(found) if found is not None else None
    proto = target.type(function.proto) if isinstance(function, t.Function) else None
    return proto if isinstance(proto, t.FunctionProto) else None


def _tracepoint(target: Btf, name: str) -> t.FunctionProto | None:
    """Return what a raw tracepoint takes: `btf_trace_NAME` is the type of its probes, which have one more."""
    found = target.find(f"btf_trace_{name}", Kind.TYPEDEF)
    pointer = target.strip(found) if found is not None else None
    proto = target.type(pointer.target) if isinstance(pointer, t.Pointer) else None
    return replace(proto, parameters=proto.parameters[1:]) if isinstance(proto, t.FunctionProto) else None
