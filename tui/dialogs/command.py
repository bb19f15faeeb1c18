"""Command: something to do, by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..text.fuzzy import Names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

__all__ = ["Command", "names_of"]


class Command(NamedTuple):
    """Something to choose."""

    title: str
    detail: str
    """What there is to know of it: a key, a type."""
    call: Callable[[], Any]
    """What does it; it may return something to wait for."""
    kind: str = "command"


def names_of(commands: Iterable[Command], kind: str = "command", signs: str = ":") -> Names[Command]:
    """Return commands to be found by their titles, in the order in which they are given where nothing is typed."""

    def show(title: str, command: Command) -> tuple[str, str]:
        return title, command.detail

    def go(command: Command) -> Any:
        return command.call()

    names = Names[Command](kind, signs, show=show, go=go)
    names.put([(command.title, command) for command in commands])
    return names
