"""ObjectFile: an ELF file with its BTF, and who lies where in it. What the readers of maps and programs share."""

from __future__ import annotations

import bisect
import re
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeVar

from ..btf import Btf, BtfExt, CType, Kind
from ..btf.types import DataSec, Var
from ..btf.variants import lacks
from ..elf import Elf, Relocation, Section, SectionFlag, SectionType, Symbol, SymbolType
from ..errors import ObjectError
from .functions import Functions, name_for
from .map import is_arena_section
from .parts import Hidden
from .program import INSN_SIZE
from .windows import is_for_windows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..dwarf import Dwarf

__all__ = ["ObjectFile"]

_DATA: Final = re.compile(r"\.(data|rodata|bss|kconfig)(\..*)?$")
_LEGACY_MAPS: Final = re.compile(r"(.+/)?maps(/.*)?$")
"""`lirc_mode2/maps` is what v4l-utils has."""

_T = TypeVar("_T")


class ObjectFile:
    """A BPF object's parts. What is damaged is noted in `damage` and left out; the rest stays readable."""

    def __init__(self, data: bytes, file: str, source_directories: Sequence[str] = ()) -> None:
        self.elf = Elf(data, file=file)
        self.source_directories = source_directories
        """Where its source files are, besides its own folder."""
        self.damage: list[Hidden] = []
        self.btf: Btf | None = self._part(".BTF", lambda raw: Btf(raw, self.elf.byte_order, file=file))
        btf = self.btf
        self.ext: BtfExt | None = None if btf is None else self._part(".BTF.ext", lambda raw: BtfExt(raw, btf))
        self.maps_at: dict[tuple[int, int], str] = {}
        """Names of maps by section index and offset; for a data section the offset is 0."""
        self.map_ids: dict[int, str] = {}
        """Names of legacy maps by the id that iproute2 knows them by."""

    @cached_property
    def _has_debug(self) -> bool:
        return bool(self.elf.by_name.keys() & {".debug_info", ".zdebug_info"})

    @cached_property
    def debug(self) -> Dwarf | None:
        """The object's DWARF; None where it has none."""
        if not self._has_debug:
            return None
        from ..dwarf import Dwarf  # only for those who need it: it costs 5 ms

        return Dwarf(self.elf)

    @property
    def dwarf(self) -> Dwarf | None:
        """The DWARF of an object that has no BTF; what of it is damaged `note_debug` takes over."""
        return self.debug if self.btf is None else None

    def folded_variables(self) -> list[Hidden]:
        """Return the variables of the source that the compiler needed no place for, as its DWARF lists them."""
        if self.debug is None:
            return []
        found: list[Hidden] = []
        for variable in self.debug.folded:
            took = "nothing needs it" if variable.value is None else f"the compiler took {variable.value} for it"
            found.append(Hidden(variable.name, "variable", f"optimised away: {took}"))
        return found

    @cached_property
    def types(self) -> Btf | None:
        """The object's types: its BTF, else what its DWARF says in the form of BTF."""
        if self.dwarf is None:
            return self.btf
        types = self.dwarf.types
        self.note_debug()
        return types

    def note_debug(self) -> None:
        """Note what was found damaged in the DWARF since the last time: one line a section."""
        known = {hidden.name for hidden in self.damage}
        for error in self.dwarf.problems if self.dwarf is not None else ():
            section = error.section or ".debug_info"
            if section not in known:
                known.add(section)
                self.damage.append(Hidden(section, "section", error.message))

    def _part(self, name: str, read: Callable[[memoryview], _T]) -> _T | None:
        section = self.elf.by_name.get(name)
        if section is None:
            return None
        try:
            return read(self.elf.view(section))
        except ObjectError as error:
            self.damage.append(Hidden(name, "section", error.message))
            return None

    @cached_property
    def for_windows(self) -> bool:
        """Whether it is written for ebpf-for-windows."""
        return is_for_windows(self.elf)

    @cached_property
    def symbols(self) -> list[Symbol]:
        """The symbol table; empty, with the damage noted, where it cannot be read."""
        try:
            symbols = self.elf.symbols
        except ObjectError as error:
            self.damage.append(Hidden(error.section or ".symtab", "section", error.message))
            return []
        if symbols:
            try:
                _ = self.elf.symbol_names
            except ObjectError as error:
                self.damage.append(Hidden(error.section or ".symtab", "section", error.message))
        elif self.code_sections:
            reason = "there is no symbol table: names, and what instructions refer to, are lost"
            self.damage.append(Hidden(".symtab", "section", reason))
        return symbols

    @cached_property
    def symbols_in(self) -> dict[int, list[Symbol]]:
        """The named symbols of each section, sorted by their place; functions whose names are lost are given some."""
        found: dict[int, list[Symbol]] = {}
        for symbol in self.symbols:
            if not symbol.name and symbol.type == SymbolType.FUNC and symbol.section < len(self.elf.sections):
                symbol = symbol._replace(name=name_for(self.elf.sections[symbol.section], symbol.value))
            if symbol.name and symbol.type not in (SymbolType.SECTION, SymbolType.FILE):
                found.setdefault(symbol.section, []).append(symbol)
        for symbols in found.values():
            symbols.sort(key=lambda symbol: symbol.value)
        return found

    @cached_property
    def code_sections(self) -> list[Section]:
        """The sections that hold instructions."""
        return [section for section in self.elf.sections if section.executable and section.size]

    @cached_property
    def data_sections(self) -> dict[int, Section]:
        """The sections whose contents become maps, by index."""
        return {
            section.number: section
            for section in self.elf.sections
            if section.size
            and section.flags & SectionFlag.ALLOC
            and not section.executable
            and (_DATA.match(section.name) or is_arena_section(section.name))
        }

    @cached_property
    def btf_map_sections(self) -> list[Section]:
        """`.maps`, and `.maps.NAME` as bumblebee and Inspektor Gadget have it: maps defined by their BTF types."""
        return [s for s in self.elf.sections if s.name == ".maps" or s.name.startswith(".maps.")]

    @cached_property
    def legacy_map_sections(self) -> list[Section]:
        """`maps` and `maps/NAME`: map definitions from before BTF."""
        return [
            s
            for s in self.elf.sections
            if _LEGACY_MAPS.match(s.name) and s.type == SectionType.PROGBITS and not s.executable
        ]

    @cached_property
    def struct_ops_sections(self) -> list[Section]:
        """`.struct_ops` and `.struct_ops.link`: tables of functions for the kernel."""
        return [s for s in self.elf.sections if s.name.startswith((".struct_ops", "?.struct_ops")) and s.size]

    @cached_property
    def functions(self) -> Functions:
        """The functions in its code sections."""
        return Functions(self)

    @cached_property
    def _debug_variables(self) -> dict[tuple[str, str], CType]:
        """The types of variables as the DWARF has them, by section and name: for what BTF has no way to say."""
        types = None if self.debug is None else self.debug.types
        found: dict[tuple[str, str], CType] = {}
        if types is None:
            return found
        for section_id in types.ids(Kind.DATASEC):
            section = types.type(section_id)
            for item in section.variables if isinstance(section, DataSec) else ():
                var = types.type(item.type_id)
                if isinstance(var, Var) and var.type_id:
                    found[section.name, var.name] = CType(types, var.type_id)
        return found

    def _told_type(self, section: str, var: Var, btf: Btf) -> CType:
        """Return the type of a variable: from BTF, and from DWARF where BTF has no way to say it.

        Raises:
            ObjectError: It cannot be decoded.
        """
        found = CType(btf, var.type_id)
        if self._has_debug and btf is self.btf and lacks(btf, var.type_id):
            found = self._debug_variables.get((section, var.name), found)
        found.check()
        return found

    @cached_property
    def data_types(self) -> dict[str, dict[str, CType]]:
        """The types of variables: section name → variable name → type."""
        btf = self.types
        if btf is None:
            return {}
        found: dict[str, dict[str, CType]] = {}
        for section_id in btf.ids(Kind.DATASEC):
            section = btf.type(section_id)
            if isinstance(section, DataSec):
                names = found.setdefault(section.name, {})
                for item in section.variables:
                    try:
                        var = btf.type(item.type_id)
                        if isinstance(var, Var):
                            names[var.name] = self._told_type(section.name, var, btf)
                    except ObjectError as error:
                        self.damage.append(Hidden(section.name, "section", error.message))
        return found

    @cached_property
    def function_types(self) -> dict[str, int]:
        """BTF ids of functions, by name."""
        btf = self.btf
        return {} if btf is None else {btf.type_name(i): i for i in btf.ids(Kind.FUNC)}

    def relocations(self, section: Section) -> list[Relocation]:
        """Return what patches *section*; none, with the damage noted, where that cannot be read."""
        try:
            return self.elf.relocations(section)
        except ObjectError as error:
            self.damage.append(Hidden(error.section or section.name, "section", error.message))
            return []

    @cached_property
    def referred_sections(self) -> set[int]:
        """The indices of the sections that instructions refer to."""
        symbols = self.symbols
        return {
            symbols[relocation.symbol].section
            for section in self.code_sections
            for relocation in self.relocations(section)
            if relocation.symbol < len(symbols)
        }

    def variable_at(self, section_index: int, offset: int) -> tuple[str, int] | None:
        """Return the variable that covers *offset* of a data section, and where it begins."""
        symbols = self.symbols_in.get(section_index, [])
        at = bisect.bisect_right(symbols, offset, key=lambda symbol: symbol.value) - 1
        if at >= 0 and symbols[at].value <= offset < symbols[at].value + max(symbols[at].size, 1):
            return symbols[at].name, symbols[at].value
        return None

    def check_code(self, section: Section) -> None:
        """Raise ObjectError unless a section is whole instructions."""
        if section.size % INSN_SIZE:
            raise self.elf.error(f"{section.size} bytes are no whole number of instructions", section.name)
