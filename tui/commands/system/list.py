"""`bpftui list`: what this machine runs, whoever loaded it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....core.errors import ExitCode, UsageError
from ..common import print_json, uncollected, wants_color, warn
from ..parser import Parser

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....core.system import Snapshot

__all__ = ["make_parser", "run"]

_TITLES = {
    "prog": "Programs",
    "map": "Maps",
    "link": "Links",
    "btf": "Types",
    "pin": "Pinned",
    "proc": "Processes",
    "net": "Networks",
    "cgroup": "Control groups",
}


def make_parser() -> Parser:
    """Return what reads its arguments."""
    parser = Parser(
        "list",
        "List what this machine runs, whoever loaded it: programs, maps, links, types, pinned names, the processes "
        "that hold them, and what is attached to interfaces and control groups, in the order in which it runs. "
        "It takes CAP_SYS_ADMIN, and changes nothing.",
        examples=(
            ("list", "all that this machine runs"),
            ("list net", "what is attached to interfaces"),
            ("list prog --json", "the programs, for programs"),
        ),
    )
    parser.add_argument(
        "noun",
        metavar="NOUN",
        nargs="?",
        choices=tuple(_TITLES),
        help="prog, map, link, btf, pin, proc, net or cgroup (default: all)",
    )
    parser.add_argument("--json", action="store_true", help="a JSON document: schema bpftui/list/1")
    return parser


@uncollected(for_good=True)
def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = make_parser().parse(arguments)
    if options.runtime == "vm":
        raise UsageError("the built-in machine has nothing to list: whatever runs there is of one command")
    from ....core.system.errands import open_inventory

    with open_inventory() as inventory:
        snapshot = inventory.snapshot()
    nouns = [options.noun] if options.noun else list(_TITLES)
    if options.json:
        from ....core.system.document import document

        print_json(document(snapshot, nouns))
    else:
        _print(snapshot, nouns, color=wants_color(options.color))
    for sentence in snapshot.missing:
        warn(sentence)
    if snapshot.gone:
        warn(f"it changed while it was read: {', '.join(snapshot.gone[:4])}{' …' * (len(snapshot.gone) > 4)} vanished")
    return ExitCode.OK


def _print(snapshot: Snapshot, nouns: Sequence[str], *, color: bool) -> None:
    """Print a table for each noun; with several, each that has rows under its title."""
    from ...terminal.output import write_line
    from ...text.colors import paint
    from ..columns import print_columns
    from .rows import COLUMNS, rows

    first = True
    for noun in nouns:
        found = list(rows(snapshot, noun))
        if len(nouns) > 1:
            if not found:
                continue
            if not first:
                write_line()
            first = False
            title = f"{_TITLES[noun]} {len(found):,}"
            write_line(paint(title, "bold") if color else title)
        print_columns(COLUMNS[noun], found, color=color)
