"""What an object's DWARF tells: types, functions, lines. Each is read when it is first asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from ..elf import SectionFlag
from ..errors import ObjectError
from .info import At, DebugInfo, Tag
from .line import LineRow, read_lines
from .names import entry_name, is_function_pointer, symbol_name
from .sections import DebugSections

if TYPE_CHECKING:
    from ..btf import Btf
    from ..elf import Elf
    from .variables import LocalVariable

__all__ = ["Dwarf", "FoldedVariable", "FunctionPlace"]

_LEADS_ON: Final = (Tag.POINTER, Tag.TYPEDEF, Tag.CONST, Tag.VOLATILE)


class FunctionPlace(NamedTuple):
    """A function's place, in bytes."""

    name: str
    section: int
    """Index in the section table."""
    start: int
    stop: int


class FoldedVariable(NamedTuple):
    """A variable of the source that is not in the object."""

    name: str
    value: int | None
    """The number that the compiler put in its place; None where nothing read it, or it is no number."""


class Dwarf:
    """The debug information of one object.

    Nothing here raises for what is damaged: what can be read is there, and `problems` says what cannot.

    Args:
        elf: The object.
    """

    def __init__(self, elf: Elf) -> None:
        self.elf = elf
        self.problems: list[ObjectError] = []
        """What was found damaged so far."""
        self._sections = DebugSections(elf)

    @cached_property
    def _info(self) -> DebugInfo:
        info = DebugInfo(self._sections)
        if info.problem is not None:
            self.problems.append(info.problem)
        return info

    @cached_property
    def types(self) -> Btf | None:
        """The types as BTF: with the variables of each section, at their offsets, and the functions with code."""
        from .types import convert  # most only want lines, or what was optimised away

        data = {
            section.number: section.name
            for section in self.elf.sections
            if section.flags & SectionFlag.ALLOC and not section.executable
        }
        try:
            return convert(self._info, data)
        except ObjectError as error:
            self.problems.append(error)
            return None

    @cached_property
    def functions(self) -> list[FunctionPlace]:
        """The functions that have code, in the order of the file."""
        found: list[FunctionPlace] = []
        for entry in self._info.walk(Tag.SUBPROGRAM):
            try:
                place = self._info.address(entry, At.LOW_PC)
                if place is None:
                    continue
                section, start = place
                # Since DWARF 4 the end may be a length, told by its form.
                end = self._info.address(entry, At.HIGH_PC)
                stop = end[1] if end is not None else start + (entry.number(At.HIGH_PC) or 0)
                found.append(FunctionPlace(symbol_name(self._info, entry), section, start, stop))
            except ObjectError as error:
                self.problems.append(error)
        return found

    @cached_property
    def folded(self) -> list[FoldedVariable]:
        """The variables of files that have no place: the compiler needed none for them, in the order of the file.

        Pointers to functions are left out: helpers are declared as such, `static void *(*bpf_…)(…) = (void *) 1`.
        """
        found: list[FoldedVariable] = []
        # What is read for the types already need not be read once more.
        info = self._info if "_info" in vars(self) else DebugInfo(self._sections, only=frozenset({Tag.VARIABLE}))
        for unit in info.units:
            for entry in unit.children:
                if entry.tag != Tag.VARIABLE or entry.number(At.DECLARATION) or At.LOCATION in entry.attributes:
                    continue
                name = symbol_name(info, entry)
                if name and At.SPECIFICATION not in entry.attributes and not is_function_pointer(info, entry):
                    found.append(FoldedVariable(name, entry.number(At.CONST_VALUE)))
        return found

    @cached_property
    def locals(self) -> list[LocalVariable]:
        """The parameters and variables of functions that have code, in the order of the file."""
        from ..btf import CType
        from .types import convert
        from .variables import read_locals, typed_entry, variables_of

        info = self._info
        typed: dict[int, int] = {}
        for entry, _ in variables_of(info):
            try:
                typed[typed_entry(info, entry).offset] = 0
            except ObjectError as error:
                self.problems.append(error)
        try:
            btf = convert(info, {}, typed)
        except ObjectError as error:
            self.problems.append(error)
            btf = None
        types = {} if btf is None else {offset: CType(btf, number) for offset, number in typed.items() if number}
        return read_locals(info, types, self.problems)

    @cached_property
    def structures(self) -> dict[str, frozenset[str]]:
        """By the names of variables within functions: the structures that variables of that name are, or point to."""
        found: dict[str, set[str]] = {}
        for entry in self._info.walk(Tag.VARIABLE, Tag.FORMAL_PARAMETER):
            try:
                pointed, at = 0, self._info.reference(entry, At.TYPE)
                while at is not None and at.tag in _LEADS_ON and pointed < 2:
                    pointed += at.tag == Tag.POINTER
                    at = self._info.reference(at, At.TYPE)
                if at is not None and at.tag == Tag.STRUCTURE and (name := entry_name(self._info, at)):
                    found.setdefault(symbol_name(self._info, entry), set()).add(name)
            except ObjectError as error:
                self.problems.append(error)
        return {name: frozenset(structures) for name, structures in found.items()}

    @cached_property
    def _lines(self) -> dict[int, list[LineRow]]:
        found: dict[int, list[LineRow]] = {}
        read: set[int] = set()
        for unit in self._info.units:
            table = unit.number(At.STMT_LIST)
            if table is None or table in read:
                continue
            read.add(table)
            try:
                read_lines(self._sections, table, self._info.text(unit, At.COMP_DIR), found)
            except ObjectError as error:
                self.problems.append(error)
        for rows in found.values():
            rows.sort(key=lambda row: row.offset)
        return found

    def lines(self, section: int) -> list[LineRow]:
        """Return the rows of a code section, sorted by offset.

        Args:
            section: Its index in the section table.
        """
        return self._lines.get(section, [])
