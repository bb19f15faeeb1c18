"""Functions: where in the sections of an object each begins and ends, by its symbols, else by what describes it."""

from __future__ import annotations

import bisect
import re
from functools import cached_property
from typing import TYPE_CHECKING

from ..elf import Binding, Section, Symbol, SymbolType, Visibility
from .program import INSN_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..dwarf import Dwarf
    from .object import ObjectFile

__all__ = ["FunctionRange", "Functions", "name_for"]


class FunctionRange:
    """A function's place in its section, in bytes.

    Args:
        name: Its name.
        section: Its section.
        start: The offset of its first instruction.
        stop: The offset behind its last.
        symbol: None where the symbol table is gone and the whole section is taken for one function.
    """

    __slots__ = ("name", "place", "section", "start", "stop", "symbol")

    def __init__(self, name: str, section: Section, start: int, stop: int, symbol: Symbol | None) -> None:
        self.name = name
        self.section = section
        self.start = start
        self.stop = stop
        self.symbol = symbol
        self.place = (section.number, start)
        """What tells functions apart whose names are the same: the section's number and the start."""


class Functions:
    """The functions of an object.

    Args:
        object_: Their object, of which symbols, BTF and DWARF are looked at when they are first asked for.
    """

    def __init__(self, object_: ObjectFile) -> None:
        self._object = object_

    @cached_property
    def by_section(self) -> dict[int, list[FunctionRange]]:
        """Those of each code section, by its index, sorted by their place."""
        return {section.number: self._of_section(section) for section in self._object.code_sections}

    def _of_section(self, section: Section) -> list[FunctionRange]:
        symbols = [s for s in self._object.symbols_in.get(section.number, ()) if s.type == SymbolType.FUNC]
        if not symbols:
            # Before LLVM 7 functions had no type; local labels (LBB0_1) have none either.
            symbols = [
                s
                for s in self._object.symbols_in.get(section.number, ())
                if s.type == SymbolType.NOTYPE and (s.binding or not s.name.startswith("LBB"))
            ]
        starts = sorted({s.value for s in symbols if s.value < section.size})
        if not starts:
            # strip --strip-unneeded takes away the names of static functions; their descriptions stay.
            described = [found for found in self._described.values() if found.section is section]
            described.sort(key=lambda found: found.start)
            return described or [FunctionRange(name_for(section), section, 0, section.size, None)]
        ends = {s.value for s in symbols if s.size} | {section.size}
        found: list[FunctionRange] = []
        for symbol in symbols:
            if symbol.type == SymbolType.FUNC and not symbol.size and symbol.value in ends:
                # Not an alias without a size, as assembly has them: clang 14 leaves nothing of what is undefined in C.
                found.append(FunctionRange(symbol.name, section, symbol.value, symbol.value, symbol))
                continue
            if symbol.value >= section.size:
                continue
            after = bisect.bisect_right(starts, symbol.value)
            limit = starts[after] if after < len(starts) else section.size
            stop = symbol.value + symbol.size if symbol.size else limit
            found.append(FunctionRange(symbol.name, section, symbol.value, min(stop, section.size), symbol))
        return found

    def empty(self) -> Iterator[FunctionRange]:
        """Yield those of code sections that have no instructions at all."""
        for section in self._object.elf.sections:
            if section.executable and not section.size:
                for symbol in self._object.symbols_in.get(section.number, ()):
                    if symbol.type == SymbolType.FUNC:
                        yield FunctionRange(symbol.name, section, 0, 0, symbol)

    def at(self, section_index: int, offset: int) -> FunctionRange | None:
        """Return the function that begins at *offset* of a section."""
        place = (section_index, offset)
        return self._by_start.get(place) or self._described.get(place)

    @cached_property
    def _by_start(self) -> dict[tuple[int, int], FunctionRange]:
        # Of aliases the global one counts: it is what other objects know.
        found: dict[tuple[int, int], FunctionRange] = {}
        for ranges in self.by_section.values():
            for item in ranges:
                if item.start == item.stop:
                    continue
                key = (item.section.number, item.start)
                old = found.get(key)
                if old is None or (
                    item.symbol and item.symbol.is_exported and old.symbol and not old.symbol.is_exported
                ):
                    found[key] = item
        return found

    @cached_property
    def _described(self) -> dict[tuple[int, int], FunctionRange]:
        """What .BTF.ext or DWARF describes: functions whose local symbols were stripped are known from there."""
        btf, ext = self._object.btf, self._object.ext
        found: dict[tuple[int, int], FunctionRange] = {}
        if self._object.dwarf is not None:
            for item in self._debugged(self._object.dwarf):
                found.setdefault(item.place, item)
        if btf is None or ext is None:
            return found
        for section in self._object.code_sections:
            records = ext.functions(section.name, 0, section.size)
            for at, record in enumerate(records):
                stop = records[at + 1].offset if at + 1 < len(records) else section.size
                if record.offset < stop <= section.size:
                    name = btf.type_name(record.type_id) if record.type_id < len(btf) else ""
                    item = _local_function(name, section, record.offset, stop)
                    found.setdefault(item.place, item)
        return found

    def _debugged(self, dwarf: Dwarf) -> Iterator[FunctionRange]:
        """Yield the functions that the DWARF describes."""
        sections = {section.number: section for section in self._object.code_sections}
        for place in dwarf.functions:
            section = sections.get(place.section)
            if section is not None and place.start < place.stop <= section.size:
                yield _local_function(place.name, section, place.start, place.stop)
        self._object.note_debug()


def _local_function(name: str, section: Section, start: int, stop: int) -> FunctionRange:
    """Return a function that no symbol names, only its description; bytes from the start of its section."""
    name = name or name_for(section, start)
    place = (section.number, start, stop - start)
    symbol = Symbol(name, SymbolType.FUNC, Binding.LOCAL, Visibility.DEFAULT, *place)
    return FunctionRange(name, section, start, stop, symbol)


def name_for(section: Section, offset: int = 0) -> str:
    """Return a name for a function that has lost its own."""
    name = re.sub(r"\W+", "_", section.name).strip("_") or f"section_{section.number}"
    return f"{name}_{offset // INSN_SIZE}" if offset else name
