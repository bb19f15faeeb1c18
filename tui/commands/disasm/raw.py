"""`bpftui disasm --raw` and `--endian`: instructions as they are stored, of an object's sections or of bare code."""

from __future__ import annotations

import bisect
import sys
from typing import TYPE_CHECKING, Final

from ....core.asm import Syntax, Texts
from ....core.asm.hexcode import read_code
from ....core.elf import SymbolType, opened_file
from ....core.errors import AssemblyError, ObjectError, UnknownNameError, UsageError
from ....core.spec import INSN_SIZE
from ....core.spec.reader import read_object
from ....core.spec.windows import rename_helpers
from ...terminal.output import write_line, write_lines
from ...text.colors import joined, paint, paint_listing
from ..common import wants_color

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from ....core.elf import Symbol
    from ....core.spec.object import ObjectFile

__all__ = ["print_code", "print_sections"]

_MAX_PLACE: Final = (1 << 64) - 1
_MAX_CODE: Final = 256 << 20
"""Bytes of bare code that are read."""


def print_code(options: argparse.Namespace) -> None:
    """Print instructions that come without an object around them, from a file or standard input."""
    name = options.object
    if name == "-":
        data = sys.stdin.buffer.read(_MAX_CODE + 1)
    else:
        with opened_file(name) as stream:
            data = stream.read(_MAX_CODE + 1)
    if len(data) > _MAX_CODE:
        raise ObjectError(f"more than {_MAX_CODE >> 20} MiB of instructions", file=name)
    if data.startswith(b"\x7fELF"):
        raise UsageError(f"{name}: it is an ELF file, which has a byte order of its own", hint="leave --endian away")
    try:
        code = read_code(data, options.endian)
    except ObjectError as error:
        raise ObjectError(error.reason, file=name, offset=error.offset) from None
    except AssemblyError as error:
        raise AssemblyError(error.reason, file=name, line=error.line, column=error.column, hint=error.hint) from None
    if not code:
        raise ObjectError("no instructions came in", file=name)
    _write(Texts(options.endian, Syntax(options.syntax)).listing(code), options)


def print_sections(options: argparse.Namespace) -> None:
    """Print the instructions of an object's code sections, before any relocation: all, one, or one function's."""
    obj = read_object(options.object)
    sections = obj.code_sections
    start, stop = 0, None
    if options.section is not None:
        sections = [section for section in sections if section.name == options.section]
        if not sections:
            names = [section.name for section in obj.code_sections]
            raise UnknownNameError("section of code", options.section, names, where=options.object)
    if options.program is not None:
        functions = [f for s in sections for f in obj.functions.by_section[s.number]]
        found = next((f for f in functions if f.name == options.program), None)
        if found is None:
            raise UnknownNameError("function", options.program, [f.name for f in functions], where=options.object)
        sections, start, stop = [found.section], found.start // INSN_SIZE, found.stop // INSN_SIZE
    texts = Texts(obj.elf.byte_order, Syntax(options.syntax))
    symbols = _symbols(obj) if options.syntax == Syntax.LLVM else {}
    for section in sections:
        if len(sections) > 1:
            write_line(f"; section {section.name}")
        label = _label(symbols.get(section.number, []), section.name) if options.syntax == Syntax.LLVM else None
        rows = texts.listing(obj.elf.contents(section), start=start, stop=stop, label=label)
        if obj.for_windows and options.syntax == Syntax.KERNEL:
            rows = ((slot, rename_helpers(text)) for slot, text in rows)
        _write(rows, options)


def _write(rows: Iterator[tuple[int, str]], options: argparse.Namespace) -> None:
    color = wants_color(options.color)
    if color:
        write_lines(joined(paint(f"{slot}:", "dim"), " ", paint_listing(text)) for slot, text in rows)
    else:
        write_lines(f"{slot}: {text}" for slot, text in rows)


def _symbols(obj: ObjectFile) -> dict[int, list[Symbol]]:
    """Return the symbols of each section that llvm-objdump would name, by their place and then their name."""
    found: dict[int, list[Symbol]] = {}
    for symbol in obj.symbols:
        if symbol.name and symbol.type != SymbolType.SECTION:
            found.setdefault(symbol.section, []).append(symbol)
    for symbols in found.values():
        symbols.sort(key=lambda symbol: (symbol.value, symbol.name))
    return found


def _label(symbols: list[Symbol], section: str) -> Callable[[int], str | None]:
    """Return how llvm-objdump names a jump's target: the last symbol at or before it, and how far behind.

    Where no symbol is at the section's start, as in stripped objects, the section's name is one. Places are unsigned:
    what lies before the section is far behind its last symbol.
    """
    places = [symbol.value for symbol in symbols]
    names = [symbol.name for symbol in symbols]
    if not places or places[0]:
        places.insert(0, 0)
        names.insert(0, section)

    def label(slot: int) -> str | None:
        place = slot * INSN_SIZE & _MAX_PLACE
        at = bisect.bisect_right(places, place) - 1
        inside = place - places[at]
        return f"{names[at]}+{inside:#x}" if inside else names[at]

    return label
