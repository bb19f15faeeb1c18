"""The command palette's own commands: what the keys do, and every program, map and variable by name."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from textual.binding import Binding
from textual.command import DiscoveryHit, Hit, Provider

from .nodes import Node, NodeKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from textual.command import Hits

    from .screens.explorer import ExplorerScreen

__all__ = ["ExplorerCommands"]

_FIRST: Final = 100.0
"""A score above that of anything that merely resembles the query."""
_LINE: Final = re.compile(r"(?:(?P<file>\S+):|c ?)(?P<line>\d{1,9})")
_LEFT_OUT = frozenset({"palette", "search", "back", "code.back"})


class ExplorerCommands(Provider):
    """Commands of the explorer's screen."""

    def _commands(self) -> Iterator[tuple[str, str, Callable[[], Any]]]:
        """Yield title, help and what to call, for each thing that can be done now."""
        from .screens.code_screen import CodeScreen
        from .screens.explorer import ExplorerScreen
        from .screens.session_screen import SessionScreen
        from .screens.spec_screen import SpecScreen
        from .screens.variable_screen import VariableScreen

        screen = self.screen
        if not isinstance(screen, ExplorerScreen):
            return
        classes = (SessionScreen, SpecScreen, CodeScreen, VariableScreen, ExplorerScreen)
        for binding in (binding for each in classes for binding in each.BINDINGS):
            if isinstance(binding, Binding) and binding.tooltip and binding.id not in _LEFT_OUT:
                name = binding.action.partition("(")[0]
                if "." in name or screen.check_action(name, ()):
                    yield binding.tooltip, f"key {binding.key}", partial(screen.run_action, binding.action)
        yield from _places(screen)

    async def discover(self) -> Hits:
        """Show everything before anything is typed."""
        for title, text, call in self._commands():
            yield DiscoveryHit(title, call, help=text)

    async def search(self, query: str) -> Hits:
        """Show what matches; a number is an instruction, `c12` and `prog.c:12` a line of C."""
        from .screens.explorer import ExplorerScreen

        if isinstance(self.screen, ExplorerScreen):
            for title, call in _destinations(self.screen, query.strip()):
                yield Hit(_FIRST, title, call, help="in the code")
        matcher = self.matcher(query)
        for title, text, call in self._commands():
            if (score := matcher.match(title)) > 0:
                yield Hit(score, matcher.highlight(title), call, help=text)


def _destinations(screen: ExplorerScreen, query: str) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield where in the code a query leads."""
    if query.isdecimal():
        program = screen.program_name()
        yield f"Go to instruction {query} of {program}", partial(screen.go_to_slot, int(query))
    line = _LINE.fullmatch(query)
    if line is not None:
        file = line["file"] or ""
        where = f"{file}:{line['line']}" if file else line["line"]
        yield f"Go to C line {where}", partial(screen.go_to_line, file, int(line["line"]))


def _places(screen: ExplorerScreen) -> Iterator[tuple[str, str, Callable[[], Any]]]:
    spec = screen.spec
    for program in spec.programs.values():
        yield (
            f"Go to program {program.name}",
            program.type.label,
            partial(screen.go_to, Node(NodeKind.PROGRAM, program.name)),
        )
    for found in spec.maps.values():
        kind = NodeKind.SECTION if found.is_data else NodeKind.MAP
        yield f"Go to map {found.name}", found.type.label, partial(screen.go_to, Node(kind, found.name))
    for program in spec.programs.values():
        # What is not linked yet is not linked for a list of commands.
        for function in program.functions[1:] if "linked" in program.__dict__ else ():
            node = Node(NodeKind.FUNCTION, function.name, program=program.name)
            yield f"Go to function {function.name}", f"in {program.name}", partial(screen.go_to, node)
    for variable in spec.variables.values():
        yield (
            f"Go to variable {variable.name}",
            variable.section,
            partial(screen.go_to, Node(NodeKind.VARIABLE, variable.name)),
        )
