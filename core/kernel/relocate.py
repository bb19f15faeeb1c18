"""Filling file descriptors, offsets and kernel symbols into a program's code."""

from __future__ import annotations

import struct
import sys
from typing import TYPE_CHECKING, Final

from ..btf import Kind
from ..btf import types as t
from ..btf.kernel import vmlinux
from ..errors import FeatureError, LoadError
from ..spec import INSN_SIZE, Reference, ReferenceKind
from .kallsyms import KALLSYMS, find_symbols

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..btf import Btf
    from ..spec import ProgramSpec

__all__ = ["is_typed", "relocate"]

# The source register of ld_imm64 and call says what the immediate is (RFC 9669, section 5.4; `BPF_PSEUDO_*`).
_MAP_FD: Final = 1
_MAP_VALUE: Final = 2
_BTF_ID: Final = 3
_KFUNC_CALL: Final = 2
_CALL: Final = 0x85

_SOURCE_SHIFT: Final = 4 if sys.byteorder == "little" else 0


def relocate(program: ProgramSpec, maps: Mapping[str, int], btf: Btf | None, adapted: bytes | None = None) -> bytes:
    """Return the program's code, ready to load.

    Args:
        program: Its linked code lists what to fill in.
        maps: File descriptors of the maps and data sections, by name.
        btf: The object's types: they say whether a kernel symbol is typed.
        adapted: Its code with CO-RE relocations applied, where the kernel is not to do that.

    Raises:
        LoadError: It refers to a map that is not there, or to something that the kernel does not have.
    """
    code = bytearray(program.code if adapted is None else adapted)
    for slot, reference in program.linked.references.items():
        match reference.kind:
            case ReferenceKind.MAP:
                _put_wide(code, slot, _MAP_FD, _fd(program, reference, maps), 0)
            case ReferenceKind.DATA:
                _put_wide(code, slot, _MAP_VALUE, _fd(program, reference, maps), reference.offset)
            case ReferenceKind.KFUNC:
                function = _kernel_type(program, reference, Kind.FUNC) or 0
                if code[slot * INSN_SIZE] == _CALL:
                    # A weak function that is missing has id 0: the verifier refuses it only where it is reached.
                    _put(code, slot, _KFUNC_CALL, function)
                else:
                    _put_wide(code, slot, _BTF_ID if function else 0, function, 0)
            case ReferenceKind.KSYM:
                _put_wide(code, slot, *_kernel_symbol(program, reference, btf))
            case ReferenceKind.CALL | ReferenceKind.FUNCTION:
                pass
    return bytes(code)


def _put(code: bytearray, slot: int, source: int, immediate: int) -> None:
    """Set source register, offset (0) and immediate of an instruction."""
    at = slot * INSN_SIZE
    code[at + 1] = code[at + 1] & ~(0xF << _SOURCE_SHIFT) | source << _SOURCE_SHIFT
    struct.pack_into("=HI", code, at + 2, 0, immediate & 0xFFFFFFFF)


def _put_wide(code: bytearray, slot: int, source: int, low: int, high: int) -> None:
    """Set source register and both immediates of an ld_imm64."""
    _put(code, slot, source, low)
    struct.pack_into("=I", code, (slot + 1) * INSN_SIZE + 4, high & 0xFFFFFFFF)


def _fd(program: ProgramSpec, reference: Reference, maps: Mapping[str, int]) -> int:
    fd = maps.get(reference.map or "")
    if fd is None:
        raise LoadError(f"cannot load program {program.name}: its map {reference.map} was not created")
    return fd


def _kernel_symbol(program: ProgramSpec, reference: Reference, btf: Btf | None) -> tuple[int, int, int]:
    """Return source register and immediates for the address of something in the kernel."""
    if is_typed(reference.name, btf):
        type_id = _kernel_type(program, reference, Kind.VAR)
        return (_BTF_ID, type_id, 0) if type_id else (0, 0, 0)
    places = {place.address for place in find_symbols([reference.name])[reference.name]} - {0}
    if len(places) > 1:
        several = ", ".join(f"{place:#x}" for place in sorted(places))
        raise LoadError(f"cannot load program {program.name}: the kernel has several {reference.name}: at {several}")
    if not places and not reference.weak:
        raise _missing(program, reference, KALLSYMS)
    address = max(places, default=0)
    return (0, address & 0xFFFFFFFF, address >> 32)


def is_typed(name: str, btf: Btf | None) -> bool:
    """Whether the object declares a kernel symbol with a type: `extern const void x __ksym` has none."""
    type_id = None if btf is None else btf.find(name, Kind.VAR)
    if btf is None or type_id is None:
        return False
    found = btf.type(type_id)
    return isinstance(found, t.Var) and not isinstance(btf.strip(found.type_id), t.Void)


def _kernel_type(program: ProgramSpec, reference: Reference, kind: Kind) -> int | None:
    try:
        type_id = vmlinux().find(reference.name, kind)
    except FeatureError:
        if reference.weak:
            return None
        raise
    if type_id is None and not reference.weak:
        raise _missing(program, reference, "the kernel's BTF")
    return type_id


def _missing(program: ProgramSpec, reference: Reference, where: str) -> LoadError:
    what = "function" if reference.kind == ReferenceKind.KFUNC else "symbol"
    return LoadError(
        f"cannot load program {program.name}: the kernel {what} {reference.name} is not in {where}",
        hint="kernels differ in what they export; functions of modules are not looked for",
    )
