"""The ELF reader: a BPF object file → a CollectionSpec."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Final

from ..btf import CType, Kind
from ..btf.types import DataSec, Function, Linkage, Var
from ..elf import EM_BPF, SHN_COMMON, Binding, SectionFlag, SectionType, SymbolType, Visibility
from ..errors import ObjectError
from ..uapi import MapFlag, MapType, ProgramType
from .container import read_source
from .document import is_document, read_document
from .legacy import resolve_tail_calls, tail_call_of
from .linker import UNPLACED, ExternPlace, Linker
from .map import MapSpec
from .mapdefs import read_contents, read_maps
from .object import ObjectFile
from .parts import Extern, Externs, Hidden, SectionLayout
from .pointers import find_pointers
from .producer import find_producer
from .program import ProgramSpec, ReferenceKind
from .sections import find_section, nearest_section
from .variable import VariableSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from os import PathLike

    from ..elf import Section, Symbol
    from .collection import CollectionSpec
    from .functions import FunctionRange

__all__ = ["read_into", "read_object"]

_MAX_KCONFIG: Final = 1 << 16
"""Bytes of all configuration values: their sizes are from the BTF alone, and no file holds them."""
_LTO: Final = ".gnu.lto_"
_LIBRARY: Final = ".text"
"""The section of functions that programs call; it names no hook."""


def read_object(path: str | PathLike[str]) -> ObjectFile:
    """Read a file's parts without making a spec of them: for what is stored rather than what is meant."""
    return ObjectFile(read_source(path), os.fspath(path))


def read_into(spec: CollectionSpec, data: bytes, source_directories: Sequence[str] = ()) -> CollectionSpec:
    """Read an object's contents into a spec that has a file's name and nothing else; see `CollectionSpec.from_file`."""
    if is_document(data):
        return read_document(spec, data)
    obj = ObjectFile(data, spec.file, source_directories)
    if any(s.type == SectionType.NOBITS and s.flags & SectionFlag.EXECINSTR and s.size for s in obj.elf.sections):
        raise obj.elf.error(
            "its code and data were taken out of it (objcopy --only-keep-debug): it holds only what debuggers need",
            hint="open the object that it was split from",
        )
    spec.raw, spec.byte_order, spec.btf = data, obj.elf.byte_order, obj.btf
    spec.license, spec.kernel_version = _license(obj), _kernel_version(obj)
    spec.producer = find_producer(obj.elf)
    spec.maps, hidden = read_maps(obj)
    read_contents(obj, spec.maps)
    hidden += find_pointers(obj, spec.maps)
    places = _externs(obj, spec)
    for symbol in obj.symbols_in.get(SHN_COMMON, ()):
        spec.hidden.append(Hidden(symbol.name, "variable", f"it {UNPLACED}"))
    for variable in _variables(obj, spec.maps):
        if isinstance(variable, Hidden):
            spec.hidden.append(variable)
        else:
            spec.variables[variable.name] = variable
    spec.hidden += hidden
    linker = Linker(obj, places)
    for program in _programs(obj, spec, linker):
        if isinstance(program, Hidden):
            spec.hidden.append(program)
        else:
            spec.programs[program.name] = program
    resolve_tail_calls(obj, spec.maps, spec.programs)
    spec.layouts = {section.name: _layout(obj, section) for section in obj.data_sections.values()}
    for name in (*(section.name for section in obj.btf_map_sections), "license", "version"):
        if name in obj.elf.by_name:
            spec.layouts[name] = _layout(obj, obj.elf.by_name[name])
    if not obj.code_sections and any(section.name.startswith(_LTO) for section in obj.elf.sections):
        raise obj.elf.error(
            "it holds gcc's intermediate code (GIMPLE) and no instructions",
            hint="compile it without -flto, or with -ffat-lto-objects",
        )
    if obj.elf.machine != EM_BPF and not obj.code_sections and not spec.maps and obj.btf is None:
        raise obj.elf.error("it holds no programs, no maps and no types: this is no BPF object")
    spec.hidden += obj.damage
    # What is read later, and found damaged then, is to be seen as well.
    obj.damage = spec.hidden
    spec.read_types = lambda: obj.types
    spec.read_debug = lambda: obj.debug
    spec.read_folded = obj.folded_variables
    return spec


def _license(obj: ObjectFile) -> str:
    section = obj.elf.by_name.get("license")
    try:
        return obj.elf.string(section) if section is not None else ""
    except ObjectError as error:
        obj.damage.append(Hidden("license", "section", error.message))
        return ""


def _kernel_version(obj: ObjectFile) -> int:
    section = obj.elf.by_name.get("version")
    try:
        raw = obj.elf.contents(section) if section is not None else b""
    except ObjectError as error:
        obj.damage.append(Hidden("version", "section", error.message))
        return 0
    return int.from_bytes(raw[:4], obj.elf.byte_order) if len(raw) >= 4 else 0


def _layout(obj: ObjectFile, section: Section) -> SectionLayout:
    return SectionLayout(section.size, {s.name: s.value for s in obj.symbols_in.get(section.number, ())})


def _variables(obj: ObjectFile, maps: dict[str, MapSpec]) -> Iterator[VariableSpec | Hidden]:
    for index, section in obj.data_sections.items():
        spec = maps.get(section.name)
        if spec is None or spec.data is None:
            continue
        types = obj.data_types.get(section.name, {})
        named = {symbol.name for symbol in obj.symbols_in.get(index, ())}
        for name in types:
            if name not in named:
                yield Hidden(name, "variable", "only its type is there: it was optimised away, or its symbol stripped")
        for symbol in obj.symbols_in.get(index, ()):
            if symbol.type not in (SymbolType.OBJECT, SymbolType.NOTYPE):
                continue
            ctype = types.get(symbol.name)
            size = symbol.size or (ctype.size if ctype is not None else 0)
            reason = _why_hidden(symbol, size, section)
            if reason is not None:
                yield Hidden(symbol.name, "variable", reason)
                continue
            is_empty = section.type == SectionType.NOBITS
            original = bytes(size) if is_empty else bytes(spec.data[symbol.value : symbol.value + size])
            if ctype is not None and ctype.size != size:
                ctype = ctype.with_elements(size)
            yield VariableSpec(symbol.name, spec, symbol.value, size, original, ctype)


def _why_hidden(symbol: Symbol, size: int, section: Section) -> str | None:
    """Return why a symbol of a data section is no variable that a user can set; None when it is one."""
    if symbol.binding == Binding.LOCAL:
        return "static: only its own file can see it"
    if symbol.visibility == Visibility.HIDDEN:
        return "hidden visibility (__hidden): it is not part of the object's interface"
    if symbol.visibility == Visibility.INTERNAL:
        return "internal visibility: it is not part of the object's interface"
    if symbol.value + size > section.size:
        return f"its {size} bytes at offset {symbol.value:#x} reach beyond section {section.name}"
    return None


def _programs(obj: ObjectFile, spec: CollectionSpec, linker: Linker) -> Iterator[ProgramSpec | Hidden]:
    """Yield every function outside of .text, static ones included, as ebpf-go does (libbpf refuses those).

    Functions that others call, in sections that name no hook, are a library as those in .text are.
    """
    only_library = all(section.name == _LIBRARY for section in obj.code_sections)
    homeless = [s for s in obj.code_sections if s.name != _LIBRARY and not _names_hook(obj, s)]
    called = linker.called() if homeless else set[tuple[int, int]]()
    seen: set[str] = set()
    for item in obj.functions.empty():
        if item.section.name != _LIBRARY:
            seen.add(item.name)
            yield _program(spec, item, linker, for_windows=obj.for_windows)
    for section in obj.code_sections:
        for item in obj.functions.by_section[section.number]:
            if section in homeless and item.place in called:
                continue
            if section.name == _LIBRARY and item.symbol is not None:
                if only_library:
                    yield Hidden(item.name, "function", "in .text, where functions lie that programs call: no program")
            elif item.name in seen:
                yield Hidden(item.name, "program", f"in section {section.name}: there is another one of that name")
            elif section.name != _LIBRARY or only_library:
                seen.add(item.name)
                yield _program(spec, item, linker, for_windows=obj.for_windows)


def _names_hook(obj: ObjectFile, section: Section) -> bool:
    """Whether a section says what the functions in it are: a hook, or a slot of a program array."""
    return obj.for_windows or find_section(section.name) is not None or tail_call_of(section.name) is not None


def _program(spec: CollectionSpec, item: FunctionRange, linker: Linker, *, for_windows: bool) -> ProgramSpec:
    section = item.section.name
    found = find_section(section)
    program = ProgramSpec(
        item.name,
        section,
        ProgramType.UNSPEC,
        autoload=not section.startswith("?"),
        license=spec.license,
        kernel_version=spec.kernel_version,
        byte_order=spec.byte_order,
        btf=spec.btf,
        pointers={name: found.pointers for name, found in spec.maps.items() if found.pointers},
        link=partial(linker.link, item),
    )
    if found is None and for_windows:
        program.unusable = f"section {section} is no hook that Linux has: the object is for ebpf-for-windows"
        return program
    if found is None:
        close = nearest_section(section)
        program.unusable = f"section {section} names no program type that is known" + (
            f" (nearest: {close})" if close else ""
        )
        return program
    kind, program.attach_to = found
    program.type, program.attach_type, program.flags = kind.type, kind.attach_type, int(kind.flags)
    program.pattern = kind.pattern
    return program


def _externs(obj: ObjectFile, spec: CollectionSpec) -> dict[str, ExternPlace]:
    """Fill in `spec.externs`, and the `.kconfig` map; return what undefined symbols stand for, by name."""
    btf = obj.btf
    places: dict[str, ExternPlace] = {}
    if btf is None:
        return places
    weak = {s.name for s in obj.symbols_in.get(0, ()) if s.binding == Binding.WEAK}
    kconfig: list[Extern] = []
    ksyms: list[Extern] = []
    kfuncs: list[Extern] = []
    for section_id in btf.ids(Kind.DATASEC):
        section = btf.type(section_id)
        if not isinstance(section, DataSec) or section.name not in (".kconfig", ".ksyms"):
            continue
        end = 0
        for item in section.variables:
            try:
                var = btf.type(item.type_id)
                size = btf.size(item.type_id)
            except ObjectError as error:
                obj.damage.append(Hidden(section.name, "section", error.message))
                continue
            text = CType(btf, item.type_id).c_text
            extern = Extern(var.name, var.name in weak, text)
            if isinstance(var, Function):
                kfuncs.append(extern)
                places[var.name] = (ReferenceKind.KFUNC, None, 0, extern.weak)
            elif section.name == ".ksyms":
                ksyms.append(extern)
                places[var.name] = (ReferenceKind.KSYM, None, 0, extern.weak)
            elif not isinstance(var, Var) or end + size > _MAX_KCONFIG:
                obj.damage.append(Hidden(var.name, "variable", f"{text} is no kernel configuration value"))
            else:
                align = min(size & -size, 8) or 1
                start = (end + align - 1) // align * align
                end = start + size
                kconfig.append(extern)
                places[var.name] = (ReferenceKind.DATA, ".kconfig", start, extern.weak)
        if section.name == ".kconfig" and end:
            spec.maps[".kconfig"] = MapSpec(
                ".kconfig",
                ".kconfig",
                MapType.ARRAY,
                4,
                end,
                1,
                flags=MapFlag.RDONLY_PROG,
                value=CType(btf, section_id),
                data=bytearray(end),
            )
    for type_id in btf.ids(Kind.FUNC):
        if btf.linkage(type_id) == Linkage.EXTERN and (name := btf.type_name(type_id)) not in places:
            kfuncs.append(Extern(name, name in weak, CType(btf, type_id).c_text))
            places[name] = (ReferenceKind.KFUNC, None, 0, name in weak)
    spec.externs = Externs(tuple(kconfig), tuple(ksyms), tuple(kfuncs))
    return places
