"""`bpftui disasm`: a program's code as assembly beside its C source, or a section's instructions as stored."""

from __future__ import annotations

import bisect
import sys
from itertools import islice
from typing import TYPE_CHECKING, Final

from ...core.asm import Syntax, listing, tokenize
from ...core.elf import SymbolType
from ...core.errors import ExitCode, UnknownNameError, UsageError
from ...core.spec import INSN_SIZE
from ...core.spec.listing import Listing, RowKind
from ...core.spec.reader import read_object
from .common import Parser, add_object, add_settings, console, open_spec, wants_color

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

    from rich.text import Text

    from ...core.elf import Section
    from ...core.spec import ProgramSpec
    from ...core.spec.object import ObjectFile

__all__ = ["run"]

_STYLES: Final = {
    "keyword": "bold",
    "register": "cyan",
    "number": "magenta",
    "helper": "green",
    "map": "yellow",
    "label": "blue",
    "comment": "dim",
}
"""Colours of the terminal's own palette, by kind of token."""


_CHUNK: Final = 1 << 14
"""Lines that are written at a time."""


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser("disasm", "Print a program's code as assembly, with the C lines that it comes from.")
    add_object(parser)
    parser.add_argument("program", metavar="PROGRAM", nargs="?", help="only this program (default: all)")
    parser.add_argument("--syntax", choices=[s.value for s in Syntax], default="kernel", help="default: kernel")
    parser.add_argument("--no-source", action="store_true", help="without the C lines")
    parser.add_argument("--raw", action="store_true", help="the instructions as stored, before any relocation")
    parser.add_argument("--section", metavar="SECTION", help="with --raw: only this section (default: all code)")
    add_settings(parser)
    options = parser.parse_args(arguments)
    if options.section is not None and not options.raw:
        raise UsageError("--section goes with --raw", hint="see bpftui disasm --help")
    if options.raw:
        _print_raw(options)
    else:
        _print_programs(options)
    return ExitCode.OK


def _print_programs(options: argparse.Namespace) -> None:
    spec = open_spec(options)
    programs = [spec.program(options.program)] if options.program is not None else list(spec.programs.values())
    color = wants_color(options.color)
    out = console(options.color) if color else None
    for number, program in enumerate(programs):
        rows = Listing(program, syntax=Syntax(options.syntax), source=not options.no_source)
        if number:
            print()
        if out is not None:
            for index in range(len(rows)):
                out.print(_colored(rows, index))
        else:
            sys.stdout.writelines(f"{line}\n" for line in _plain(program, rows))


def _plain(program: ProgramSpec, rows: Listing) -> Iterator[str]:
    """Yield the lines of a program's listing."""
    if program.problem:
        yield f"; {program.problem}"
    for index in range(len(rows)):
        row = rows.row(index)
        match row.kind:
            case RowKind.FUNCTION:
                yield row.text
            case RowKind.SOURCE:
                yield f"; {row.text} @ {row.file.rpartition('/')[2]}:{row.line}"
            case RowKind.INSN:
                comment = f" ; {row.comment}" if row.comment else ""
                yield f"{row.slot:>{max(rows.slot_width, 4)}}: {row.text}{comment}"


def _colored(rows: Listing, index: int) -> Text:
    from rich.text import Text

    row = rows.row(index)
    if row.kind is RowKind.FUNCTION:
        return Text(row.text, "bold underline")
    if row.kind is RowKind.SOURCE:
        return Text.assemble((f"; {row.text}", "italic"), (f" @ {row.file.rpartition('/')[2]}:{row.line}", "dim"))
    text = Text(f"{row.slot:>{max(rows.slot_width, 4)}}: ", "dim")
    for token, part in tokenize(row.text):
        text.append(part, _STYLES.get(token.value))
    if row.comment:
        text.append(f" ; {row.comment}", "dim")
    return text


def _print_raw(options: argparse.Namespace) -> None:
    obj = read_object(options.object)
    sections = obj.code_sections
    start, stop = 0, None
    if options.section is not None:
        sections = [section for section in sections if section.name == options.section]
        if not sections:
            names = [section.name for section in obj.code_sections]
            raise UnknownNameError("section of code", options.section, names, where=options.object)
    if options.program is not None:
        functions = [f for s in sections for f in obj.functions[s.number]]
        found = next((f for f in functions if f.name == options.program), None)
        if found is None:
            raise UnknownNameError("function", options.program, [f.name for f in functions], where=options.object)
        sections, start, stop = [found.section], found.start // INSN_SIZE, found.stop // INSN_SIZE
    for section in sections:
        if len(sections) > 1:
            print(f"; section {section.name}")
        label = _labels(obj, section) if options.syntax == "llvm" else None
        code = obj.elf.contents(section)
        rows = listing(code, obj.elf.byte_order, Syntax(options.syntax), start=start, stop=stop, label=label)
        while lines := [f"{slot}: {text}\n" for slot, text in islice(rows, _CHUNK)]:
            sys.stdout.write("".join(lines))


def _labels(obj: ObjectFile, section: Section) -> Callable[[int], str | None]:
    """Return how llvm-objdump names a jump's target: the nearest symbol at or before it, and how far behind."""
    symbols = [
        symbol
        for symbol in obj.symbols
        if symbol.section == section.number and symbol.name and symbol.type != SymbolType.SECTION
    ]
    # Of several at one place it takes the one whose name is last.
    symbols.sort(key=lambda symbol: (symbol.value, symbol.name))
    places = [symbol.value for symbol in symbols]

    def label(slot: int) -> str | None:
        place = slot * INSN_SIZE
        at = bisect.bisect_right(places, place) - 1
        if at < 0:
            return None
        inside = place - places[at]
        return f"{symbols[at].name}+{inside:#x}" if inside else symbols[at].name

    return label
