"""`bpftui disasm`: a program's code as assembly beside its C source, or instructions as stored."""

from __future__ import annotations

import argparse
import sys
from itertools import chain
from typing import TYPE_CHECKING, Final

from ....core.asm import Syntax
from ....core.errors import ExitCode, ObjectError, UsageError
from ....core.listing.listing import Listing
from ....core.references import parse_loaded, refuse_loaded
from ....core.spread import spread
from ...terminal.output import write_lines, write_lines_of
from ...text.colors import Painted, joined, paint
from ...text.export import FORMATS, document, format_of, write_document
from ...text.listing import Printed, listing_texts, parted
from ..common import (
    add_object,
    add_settings,
    add_source,
    applied,
    open_loaded,
    resolver_of,
    uncollected,
    wants_color,
    warn,
)
from ..parser import Parser
from .image import print_image
from .raw import print_code, print_sections

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ....core.spec import CollectionSpec, ProgramSpec

__all__ = ["make_parser", "run"]

_WALKED: Final = "what the verifier walked over and removed was told to whoever loaded it"
_OF_FILES: Final = {
    "raw": "the kernel keeps none of the instructions that the object had",
    "xlated": "without options disasm shows what the verifier made of it",
    "dead": _WALKED,
    "heat": _WALKED,
}
"""Why what is loaded cannot be shown with an option."""


def make_parser() -> Parser:
    """Return what reads its arguments."""
    parser = Parser(
        "disasm",
        "Print a program's code as assembly, with the C lines that it comes from.",
        examples=(
            ("disasm prog.o PROGRAM", "its code, beside the C lines"),
            ("disasm prog.o --output prog.html", "all of it as a page with colours"),
            ("disasm id:42", "what is loaded, with its names"),
        ),
    )
    add_object(parser, loaded=True)
    parser.add_argument("program", metavar="PROGRAM", nargs="?", help="only this program (default: all)")
    parser.add_argument(
        "--syntax",
        choices=[s.value for s in Syntax],
        default="kernel",
        help="how an instruction is written (default: kernel)",
    )
    parser.add_argument("--no-source", action="store_true", help="without the C lines")
    parser.add_argument(
        "--arrows",
        action=argparse.BooleanOptionalAction,
        help="draw jumps as arrows at the left (default: on a terminal and in files)",
    )
    parser.add_argument("--output", metavar="FILE", help="write the listing to a file, with arrows")
    parser.add_argument(
        "--format", choices=FORMATS, help="of the listing: text, or HTML and SVG with colours (default: by FILE's name)"
    )
    parser.add_argument("--xlated", action="store_true", help="load PROGRAM: beside it what the verifier made of it")
    parser.add_argument(
        "--jited", action="store_true", help="load PROGRAM, if it is not: beside it the native code of the JIT"
    )
    parser.add_argument(
        "--dead", action="store_true", help="load PROGRAM with --set: what the verifier removed, and by which constant"
    )
    parser.add_argument(
        "--heat", action="store_true", help="load PROGRAM: how often the verifier walked over each instruction"
    )
    parser.add_argument("--raw", action="store_true", help="the instructions as stored, before any relocation")
    parser.add_argument("--section", metavar="SECTION", help="with --raw: only this section (default: all code)")
    parser.add_argument(
        "--endian",
        choices=("little", "big"),
        help="OBJECT (- for standard input) is no object but bare instructions in this byte order: binary, hexadecimal "
        "digits with anything or nothing between the bytes, a dump of xxd's or hexdump's, or an array of C",
    )
    parser.add_argument(
        "--btf",
        metavar="FILE",
        help="say what CO-RE relocations become with the types in FILE, and name what they tell of traced functions "
        "(/sys/kernel/btf/vmlinux: this kernel's)",
    )
    add_source(parser)
    add_settings(parser)
    return parser


@uncollected(for_good=True)
def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = make_parser().parse(arguments)
    if options.endian is not None:
        if options.program or options.section or options.settings or options.program_types:
            raise UsageError("--endian is for bare instructions, which have no programs, sections or variables")
        print_code(options)
        return ExitCode.OK
    for option, why in _OF_FILES.items():
        if getattr(options, option):
            refuse_loaded([options.object], f"disasm --{option}", why)
    if options.xlated or options.jited or options.dead or options.heat:
        if options.raw or options.section or options.output is not None or options.format is not None:
            raise UsageError("--xlated, --jited, --dead and --heat go without --raw, --output and --format")
        print_image(options)
        return ExitCode.OK
    if options.raw and options.btf is not None:
        raise UsageError("--btf is for listings of programs, not for --raw")
    if options.raw and (options.output is not None or options.format is not None):
        raise UsageError("--output and --format are for listings of programs, not for --raw")
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
    spec = open_loaded(options)
    programs = [spec.program(options.program)] if options.program is not None else list(spec.programs.values())
    if not programs:
        # What is loaded may be a map, or types: which programs have it is the better answer.
        is_loaded = parse_loaded(options.object) is not None
        other = "bpftui list says which have it" if is_loaded else "--raw prints the instructions that it has"
        warn(f"{spec.file} holds no programs; {other}")
    numbers = range(len(programs))
    if options.output is None and options.format in (None, "text"):
        arrows = sys.stdout.isatty() if options.arrows is None else options.arrows
        lines = _lister(spec, programs, options, color=wants_color(options.color), arrows=arrows)
        if applied(programs) is spread:
            write_lines_of(numbers, lines)
        else:
            write_lines(chain.from_iterable(map(lines, numbers)))
        return
    kind = format_of(options.output or "", options.format)
    arrows = options.arrows is not False
    lines = _lister(spec, programs, options, color=kind != "text", arrows=arrows, ascii_only=False)
    title = f"{spec.file} {options.program or ''}".strip()
    written = document(parted(chain.from_iterable(map(lines, numbers))), kind, title)
    if options.output is None:
        write_lines(written)
    else:
        write_document(options.output, written, replace=True)


def _lister(
    spec: CollectionSpec,
    programs: list[ProgramSpec],
    options: argparse.Namespace,
    *,
    color: bool,
    arrows: bool,
    ascii_only: bool | None = None,
) -> Callable[[int], Iterator[Painted]]:
    """Return what yields the listing of a program, by its number, some lines together; an empty one is between two."""
    syntax, resolver = Syntax(options.syntax), resolver_of(spec, options)
    printed = Printed()

    def lines(number: int) -> Iterator[Painted]:
        program = programs[number]
        rows = Listing(program, spec, syntax=syntax, source=not options.no_source, resolver=resolver)
        if number:
            yield joined()
        if program.problem:
            yield paint(f"; {program.problem}", "dim") if color else joined(f"; {program.problem}")
        yield from listing_texts(rows, color=color, arrows=arrows, ascii_only=ascii_only, printed=printed)

    return lines
