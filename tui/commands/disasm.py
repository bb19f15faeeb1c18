"""`bpftui disasm`: a program's code as assembly beside its C source, or instructions as stored."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from ...core.asm import Syntax
from ...core.errors import ExitCode, ObjectError, UsageError
from ...core.spec.listing import Listing
from .colors import paint
from .common import Parser, add_object, add_settings, open_spec, wants_color
from .disasm_raw import print_code, print_sections
from .disasm_text import listing_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["run"]


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser("disasm", "Print a program's code as assembly, with the C lines that it comes from.")
    add_object(parser)
    parser.add_argument("program", metavar="PROGRAM", nargs="?", help="only this program (default: all)")
    parser.add_argument("--syntax", choices=[s.value for s in Syntax], default="kernel", help="default: kernel")
    parser.add_argument("--no-source", action="store_true", help="without the C lines")
    parser.add_argument(
        "--arrows",
        action=argparse.BooleanOptionalAction,
        default=sys.stdout.isatty(),
        help="draw jumps as arrows at the left (default: on a terminal)",
    )
    parser.add_argument("--raw", action="store_true", help="the instructions as stored, before any relocation")
    parser.add_argument("--section", metavar="SECTION", help="with --raw: only this section (default: all code)")
    parser.add_argument(
        "--endian",
        choices=("little", "big"),
        help="OBJECT (- for standard input) is no object but bare instructions in this byte order: binary, hexadecimal "
        "digits with anything or nothing between the bytes, or an array of C",
    )
    add_settings(parser)
    options = parser.parse_args(arguments)
    if options.endian is not None:
        if options.program or options.section or options.settings or options.program_types:
            raise UsageError("--endian is for bare instructions, which have no programs, sections or variables")
        print_code(options)
        return ExitCode.OK
    if options.section is not None and not options.raw:
        raise UsageError("--section goes with --raw", hint="see bpftui disasm --help")
    try:
        (print_sections if options.raw else _print_programs)(options)
    except ObjectError as error:
        if options.object == "-" and error.hint is None:
            error.hint = "for bare instructions, say --endian little or --endian big"
        raise
    return ExitCode.OK


def _print_programs(options: argparse.Namespace) -> None:
    spec = open_spec(options)
    programs = [spec.program(options.program)] if options.program is not None else list(spec.programs.values())
    color = wants_color(options.color)
    for number, program in enumerate(programs):
        rows = Listing(program, spec, syntax=Syntax(options.syntax), source=not options.no_source)
        if number:
            print()
        if program.problem:
            print(paint(f"; {program.problem}", "dim") if color else f"; {program.problem}")
        lines = listing_lines(rows, color=color, arrows=options.arrows)
        sys.stdout.writelines(f"{line}\n" for line in lines)
