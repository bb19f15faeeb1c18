"""Applying CO-RE relocations to a program's code, as the kernel and libbpf do it when they load one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..asm.opcodes import CALL, LD_IMM64, SIZES, Class, Source
from ..btf.core import CoreResolver, Outcome
from ..errors import LoadError
from .architectures import foreign_registers, is_register_access
from .program import INSN_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..btf import Btf, ByteOrder
    from ..btf.core import CoreResolution
    from .program import CoreRelocation, ProgramSpec

__all__ = [
    "BAD_KFUNC",
    "BAD_MAP",
    "BAD_RELOCATION",
    "apply_core",
    "core_reason",
    "patch_core",
    "resolve_core",
    "unresolved",
]

BAD_RELOCATION: Final = 195896080
"""0xbad2310, "bad relo": the helper that an instruction calls whose relocation could not be resolved."""

BAD_MAP: Final = 2_001_000_000
"""The helper that libbpf calls in place of the address of a map that is not created; it adds the map's number."""
BAD_KFUNC: Final = 2_002_000_000
"""The helper that a call becomes of a weak kernel function that is not there; libbpf adds a number of the extern's."""

_U64: Final = (1 << 64) - 1
_U32: Final = (1 << 32) - 1
_LARGEST_OFFSET: Final = (1 << 15) - 1
_SIZES: Final = {count: size for size, count in SIZES.items()}
_SIZE_MASK: Final = 0x18


def resolve_core(program: ProgramSpec, resolver: CoreResolver) -> list[tuple[CoreRelocation, CoreResolution]]:
    """Return what each of a program's CO-RE relocations becomes, in the order of its instructions."""
    return [(item, resolver.resolve(item.type_id, item.access, item.kind)) for item in program.linked.core_relocations]


def apply_core(program: ProgramSpec, btf: Btf, target: Btf | None) -> tuple[bytes, dict[int, CoreResolution]]:
    """Return a program's linked code as it runs on another kernel, and what each relocation became, by slot.

    An instruction whose relocation has no answer becomes a call of a helper that does not exist: where it is never
    reached, the program loads all the same. `core_reason` says why where the verifier does reach it.

    Args:
        program: The program.
        btf: The object's types.
        target: The kernel's types.

    Raises:
        LoadError: A relocation is ambiguous or damaged, or does not fit its instruction.
    """
    resolved = resolve_core(program, CoreResolver(btf, target))
    return patch_core(program, resolved), {item.slot: resolution for item, resolution in resolved}


def patch_core(program: ProgramSpec, resolved: Iterable[tuple[CoreRelocation, CoreResolution]]) -> bytes:
    """Return a program's linked code with its relocations applied, which are *resolved*; see `apply_core`."""
    code = bytearray(program.code)
    for item, resolution in resolved:
        if resolution.outcome not in (Outcome.RESOLVED, Outcome.MISSING):
            raise LoadError(_problem(program, item.slot, core_reason(resolution, program.btf)))
        problem = _Instruction(code, item.slot, program.byte_order).patch(resolution)
        if problem is not None:
            raise LoadError(_problem(program, item.slot, f"{resolution.local}: {problem}"))
    return bytes(code)


def unresolved(
    program: ProgramSpec, code: bytes, resolved: Iterable[tuple[CoreRelocation, CoreResolution]]
) -> list[tuple[int, str]]:
    """Return the instructions that became a call of a helper that does not exist, and why, as clauses.

    Whether that keeps the program from being loaded is up to what the verifier walks over
    (`core.analysis.reachability`).

    Args:
        program: The program.
        code: What `patch_core` made of it.
        resolved: The same that it was given.
    """
    poison = bytes([CALL, 0, 0, 0]) + BAD_RELOCATION.to_bytes(4, program.byte_order)
    return [
        (item.slot, core_reason(resolution, program.btf))
        for item, resolution in resolved
        if code.startswith(poison, item.slot * INSN_SIZE)
    ]


def _problem(program: ProgramSpec, slot: int, reason: str) -> str:
    line = program.linked.line_at(slot)
    source = "" if line is None else f" ({line.text})"
    return f"program {program.name}, instruction {slot}: {reason}{source}"


def core_reason(resolution: CoreResolution, btf: Btf | None = None) -> str:
    """Return why a relocation has no valid answer, as a clause; *btf* is the object's types."""
    if is_register_access(resolution.local) and (foreign := foreign_registers(btf)):
        return foreign
    if resolution.reason is not None:
        return resolution.reason
    return (
        f"{resolution.local} has {resolution.load_size} bytes there and {resolution.original_load_size} here, and is "
        "neither a pointer nor an unsigned integer in both"
    )


class _Instruction:
    """One instruction in the code that is being patched."""

    def __init__(self, code: bytearray, slot: int, order: ByteOrder) -> None:
        self.code = code
        self.at = slot * INSN_SIZE
        self.order: Final = order

    def patch(self, resolution: CoreResolution) -> str | None:
        """Write what the relocation became; return why it does not fit, None where it does."""
        if self.at + INSN_SIZE > len(self.code):
            return "its relocation lies outside of the program"
        opcode = self.code[self.at]
        wide = opcode == LD_IMM64
        if wide and self.at + 2 * INSN_SIZE > len(self.code):
            return "its 64-bit immediate is cut off"
        if resolution.outcome is Outcome.MISSING:
            self.poison(wide=wide)
            return None
        match opcode & 7:
            case Class.ALU | Class.ALU64 if not opcode & Source.X:
                return self.patch_immediate(resolution)
            case Class.LDX | Class.ST | Class.STX:
                return self.patch_memory(resolution)
            case Class.LD if wide:
                return self.patch_wide(resolution)
            case _:
                return f"opcode {opcode:#04x} takes no CO-RE relocation"

    def patch_immediate(self, resolution: CoreResolution) -> str | None:
        held = self.get(4, 4, signed=True)
        if resolution.certain and (held ^ resolution.original) & _U64:
            return _differs("immediate", held, resolution)
        self.put(4, 4, resolution.value or 0)
        return None

    def patch_memory(self, resolution: CoreResolution) -> str | None:
        held, offset = self.get(2, 2, signed=True), resolution.value or 0
        if resolution.certain and held != resolution.original:
            return _differs("offset", held, resolution)
        if offset > _LARGEST_OFFSET:
            return f"offset {offset} is too large for a load or store, which reaches {_LARGEST_OFFSET}"
        if resolution.loads_differ:
            self.poison(wide=False)
            return None
        if resolution.load_size != resolution.original_load_size:
            problem = self.resize(resolution)
            if problem is not None:
                return problem
        self.put(2, 2, offset)
        return None

    def resize(self, resolution: CoreResolution) -> str | None:
        """Let a load or store have the size that the field has on the target."""
        opcode = self.code[self.at]
        size = SIZES[opcode & _SIZE_MASK]
        if size != resolution.original_load_size:
            return f"it loads {size} bytes of a field that has {resolution.original_load_size}"
        if resolution.load_size not in _SIZES:
            return f"no instruction loads the {resolution.load_size} bytes that it has on the target"
        self.code[self.at] = opcode & ~_SIZE_MASK | _SIZES[resolution.load_size]
        return None

    def patch_wide(self, resolution: CoreResolution) -> str | None:
        second = self.at + INSN_SIZE
        if any(self.code[self.at + 2 : self.at + 4]) or any(self.code[second : second + 4]) or self.source:
            return "its 64-bit immediate is the address of something else"
        held = self.get(4, 4) | self.get(12, 4) << 32
        value, original = resolution.value or 0, resolution.original
        if resolution.narrow:
            # BTF does not always tell whether an enum of 32 bits is signed, and the kernel takes it to be. clang
            # knows better: if it zero-extended an enumerator that is at least 2^31, it is unsigned.
            unsigned = held == original & _U32 != _extended(original) & _U64
            original, value = (original, value) if unsigned else (_extended(original), _extended(value))
        if resolution.certain and (held ^ original) & _U64:
            return _differs("immediate", held, resolution)
        self.put(4, 4, value)
        self.put(12, 4, value >> 32)
        return None

    def poison(self, *, wide: bool) -> None:
        """Put a call that the verifier refuses where it is reached; in both slots of a 64-bit immediate."""
        call = bytes([CALL, 0, 0, 0]) + BAD_RELOCATION.to_bytes(4, self.order)
        self.code[self.at : self.at + INSN_SIZE * (1 + wide)] = call * (1 + wide)

    @property
    def source(self) -> int:
        registers = self.code[self.at + 1]
        return registers >> 4 if self.order == "little" else registers & 0xF

    def get(self, offset: int, size: int, *, signed: bool = False) -> int:
        at = self.at + offset
        return int.from_bytes(self.code[at : at + size], self.order, signed=signed)

    def put(self, offset: int, size: int, value: int) -> None:
        at = self.at + offset
        self.code[at : at + size] = (value & (1 << size * 8) - 1).to_bytes(size, self.order)


def _extended(value: int) -> int:
    """Return an enumerator's low 32 bits as a signed number."""
    return (value & _U32 ^ 1 << 31) - (1 << 31)


def _differs(what: str, held: int, resolution: CoreResolution) -> str:
    return f"the {what} is {held}, where its {resolution.label} should be {resolution.original}"
