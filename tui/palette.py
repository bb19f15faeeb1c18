"""The command palette's own commands: what the keys do, and every program, map and variable by name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.binding import Binding
from textual.command import DiscoveryHit, Hit, Provider

from .nodes import Node, NodeKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from textual.command import Hits

    from .screens.explorer import ExplorerScreen

__all__ = ["ExplorerCommands"]

_LEFT_OUT = frozenset({"palette", "search", "back"})


class ExplorerCommands(Provider):
    """Commands of the explorer's screen."""

    def _commands(self) -> Iterator[tuple[str, str, Callable[[], Any]]]:
        """Yield title, help and what to call, for each thing that can be done now."""
        from .screens.explorer import ExplorerScreen
        from .screens.session_screen import SessionScreen

        screen = self.screen
        if not isinstance(screen, ExplorerScreen):
            return
        for binding in (*SessionScreen.BINDINGS, *ExplorerScreen.BINDINGS):
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
        """Show what matches."""
        matcher = self.matcher(query)
        for title, text, call in self._commands():
            if (score := matcher.match(title)) > 0:
                yield Hit(score, matcher.highlight(title), call, help=text)


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
    for variable in spec.variables.values():
        yield (
            f"Go to variable {variable.name}",
            variable.section,
            partial(screen.go_to, Node(NodeKind.VARIABLE, variable.name)),
        )
