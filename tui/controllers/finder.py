"""What can be found from the explorer: what the keys do, and every program, map and variable by name."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from textual.binding import Binding

from ..dialogs.command import Command
from ..nodes import Node, NodeKind
from ..text.keys import key_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..screens.explorer import ExplorerScreen

__all__ = ["commands", "destinations"]

_LINE: Final = re.compile(r"(?:(?P<file>\S+):|c ?)(?P<line>\d{1,9})")
_LEFT_OUT: Final = frozenset({"palette", "search", "back", "place.back", "place.forward"})


def commands(screen: ExplorerScreen) -> list[Command]:
    """Return what can be done now, and where one can go."""
    found: list[Command] = []
    for binding in screen.BINDINGS:
        if isinstance(binding, Binding) and binding.tooltip and binding.id not in _LEFT_OUT:
            name = binding.action.partition("(")[0]
            if "." in name or screen.check_action(name, ()):
                call = partial(screen.run_action, binding.action)
                keys = key_names(screen.keymap.get(binding.id or "", binding.key))
                found.append(Command(binding.tooltip, f"key {keys}", call))
    return [*found, *_places(screen)]


def destinations(screen: ExplorerScreen, query: str) -> Iterator[Command]:
    """Yield where in the code a query leads: a number is an instruction, `c12` and `prog.c:12` a line of C."""
    if query.isascii() and query.isdecimal() and (program := screen.program_name()):
        call = partial(screen.code.go_to_slot, int(query[:9]))
        yield Command(f"Go to instruction {query} of {program}", "in the code", call)
    line = _LINE.fullmatch(query)
    if line is not None:
        file = line["file"] or ""
        where = f"{file}:{line['line']}" if file else line["line"]
        yield Command(f"Go to C line {where}", "in the code", partial(screen.code.go_to_line, file, int(line["line"])))


def _places(screen: ExplorerScreen) -> Iterator[Command]:
    spec = screen.spec

    def place(what: str, name: str, detail: str, node: Node) -> Command:
        return Command(f"Go to {what} {name}", detail, partial(screen.navigation.go_to, node))

    for program in spec.programs.values():
        yield place("program", program.name, program.type.label, Node(NodeKind.PROGRAM, program.name))
    for found in spec.maps.values():
        kind = NodeKind.SECTION if found.is_data else NodeKind.MAP
        yield place("map", found.name, found.type.label, Node(kind, found.name))
    for program in spec.programs.values():
        # What is not linked yet is not linked for a list of commands.
        for function in program.functions[1:] if "linked" in program.__dict__ else ():
            node = Node(NodeKind.FUNCTION, function.name, program=program.name)
            yield place("function", function.name, f"in {program.name}", node)
    for variable in spec.variables.values():
        yield place("variable", variable.name, variable.section, Node(NodeKind.VARIABLE, variable.name))
