"""Filling file descriptors, offsets and kernel symbols into a program's code."""

from __future__ import annotations

import struct
import sys
from typing import TYPE_CHECKING, Final

from ...asm.opcodes import CALL, CallSource, ImmSource
from ...btf import CType, Kind
from ...btf import types as t
from ...btf.compatible import essential_name
from ...errors import FeatureError, LoadError
from ...spec import INSN_SIZE, Reference, ReferenceKind
from ...spec.relocate_core import BAD_KFUNC
from ..host.kallsyms import KALLSYMS
from ..host.symbols import compatible, find_symbol, is_typed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...btf import Btf
    from ...spec import ProgramSpec
    from ..host.kallsyms import SymbolTable
    from ..host.modules import ModuleTypes

__all__ = ["relocate", "undeclared_hint"]

_KSYMS: Final = ".ksyms"
_BYTE_ORDER: Final = frozenset({"htonl", "htons", "ntohl", "ntohs"})

_SOURCE_SHIFT: Final = 4 if sys.byteorder == "little" else 0


def relocate(
    program: ProgramSpec,
    maps: Mapping[str, int],
    btf: Btf | None,
    modules: ModuleTypes,
    symbols: SymbolTable,
    adapted: bytes | None = None,
) -> bytes:
    """Return the program's code, ready to load.

    Args:
        program: Its linked code lists what to fill in.
        maps: File descriptors of the maps and data sections, by name.
        btf: The object's types: they say whether a kernel symbol is typed.
        modules: Where descriptors of modules' types are to be had, for their functions and symbols.
        symbols: Where the addresses of symbols without a type are to be had, by their essential names.
        adapted: Its code with CO-RE relocations applied, where the kernel is not to do that.

    Raises:
        LoadError: It refers to a map that is not there, or to something that the kernel does not have.
    """
    code = bytearray(program.code if adapted is None else adapted)
    for slot, reference in program.linked.references.items():
        match reference.kind:
            case ReferenceKind.MAP:
                _put_wide(code, slot, ImmSource.MAP_FD, _fd(program, reference, maps), 0)
            case ReferenceKind.TABLE:
                _put_wide(code, slot, ImmSource.MAP_VALUE, maps[reference.name], 0)
            case ReferenceKind.DATA:
                _put_wide(code, slot, ImmSource.MAP_VALUE, _fd(program, reference, maps), reference.offset)
            case ReferenceKind.KFUNC:
                found = _kernel_type(program, reference, Kind.FUNC, btf)
                if code[slot * INSN_SIZE] != CALL:
                    _put_wide(code, slot, *_address_of(found, modules))
                elif found is None:
                    # The verifier refuses a weak function that is missing only where it is reached.
                    _put(code, slot, CallSource.HELPER, BAD_KFUNC)
                else:
                    _put(code, slot, CallSource.KFUNC, found[1], modules.place(found[0]))
            case ReferenceKind.KSYM:
                _put_wide(code, slot, *_kernel_symbol(program, reference, btf, modules, symbols))
            case ReferenceKind.CALL | ReferenceKind.FUNCTION | ReferenceKind.HELPER:
                pass
    return bytes(code)


def _put(code: bytearray, slot: int, source: int, immediate: int, offset: int = 0) -> None:
    """Set source register, offset and immediate of an instruction."""
    at = slot * INSN_SIZE
    code[at + 1] = code[at + 1] & ~(0xF << _SOURCE_SHIFT) | source << _SOURCE_SHIFT
    struct.pack_into("=HI", code, at + 2, offset, immediate & 0xFFFFFFFF)


def _put_wide(code: bytearray, slot: int, source: int, low: int, high: int) -> None:
    """Set source register and both immediates of an ld_imm64."""
    _put(code, slot, source, low)
    struct.pack_into("=I", code, (slot + 1) * INSN_SIZE + 4, high & 0xFFFFFFFF)


def _fd(program: ProgramSpec, reference: Reference, maps: Mapping[str, int]) -> int:
    fd = maps.get(reference.map or "")
    if fd is None:
        raise LoadError(f"cannot load program {program.name}: its map {reference.map} was not created")
    return fd


def _address_of(found: tuple[Btf, int] | None, modules: ModuleTypes) -> tuple[int, int, int]:
    """Return source register and immediates for the address of what BTF describes; a null pointer for None."""
    return (0, 0, 0) if found is None else (ImmSource.BTF_ID, found[1], modules.fd(found[0]))


def _kernel_symbol(
    program: ProgramSpec, reference: Reference, btf: Btf | None, modules: ModuleTypes, symbols: SymbolTable
) -> tuple[int, int, int]:
    """Return source register and immediates for the address of something in the kernel."""
    name = essential_name(reference.name)
    if is_typed(reference.name, btf):
        found = _kernel_type(program, reference, Kind.VAR, btf)
        if reference.weak and not symbols.known(name):
            found = None  # its type is known, but where it is not: the verifier would refuse the program
        return _address_of(found, modules)
    places = symbols.addresses(name)
    if len(places) > 1:
        several = ", ".join(f"{place:#x}" for place in places)
        raise LoadError(f"cannot load program {program.name}: the kernel has several {reference.name}: at {several}")
    if not places and not reference.weak:
        raise _missing(program, reference, btf, KALLSYMS)
    address = max(places, default=0)
    return (0, address & 0xFFFFFFFF, address >> 32)


def _kernel_type(program: ProgramSpec, reference: Reference, kind: Kind, btf: Btf | None) -> tuple[Btf, int] | None:
    """Return what a reference means in the kernel's types or a module's; None for a weak one that is not there."""
    try:
        found = find_symbol(reference.name, kind)
    except FeatureError:
        if reference.weak:
            return None
        raise
    if found is None:
        if not reference.weak:
            raise _missing(program, reference, btf, "the kernel's BTF, nor in that of a module")
        return None
    if btf is not None and not compatible(btf, reference.name, kind, *found):
        if not reference.weak:
            what = f"the kernel's {reference.name} is of another type than the object declares"
            # The names may all be the same: the kinds of types are compared, and a forward declaration is one.
            hint = f"there it is {CType(*found).c_text}; a struct that is declared but not defined is no struct here"
            raise LoadError(f"cannot load program {program.name}: {what}", hint=hint)
        return None
    return found


def undeclared_hint(reference: Reference, btf: Btf | None) -> str | None:
    """Return what helps where a function is no kernel function at all; None where it is declared as one.

    What is declared `__ksym` lies in the section .ksyms of the object's BTF; libbpf takes nothing else for the kernel's
    ("failed to find BTF for extern"). Most of the others are of C's library, which a program does not have.
    """
    if reference.kind != ReferenceKind.KFUNC or btf is None:
        return None
    for section_id in btf.ids(Kind.DATASEC):
        section = btf.type(section_id)
        if not isinstance(section, t.DataSec) or section.name != _KSYMS:
            continue
        if reference.name in {btf.type_name(item.type_id) for item in section.variables}:
            return None
    if reference.name in _BYTE_ORDER:
        return f"bpf_{reference.name}() of bpf/bpf_endian.h does what C's library has that for"
    return "it is not declared __ksym: define it, include what defines it, or link the object that does"


def _missing(program: ProgramSpec, reference: Reference, btf: Btf | None, where: str) -> LoadError:
    what = "function" if reference.kind == ReferenceKind.KFUNC else "symbol"
    return LoadError(
        f"cannot load program {program.name}: the kernel {what} {reference.name} is not in {where}",
        hint=undeclared_hint(reference, btf)
        or "kernels differ in what they export; what a module has is found when the module is loaded",
    )
