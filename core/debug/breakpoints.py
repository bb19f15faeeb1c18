"""Breakpoints: where to stop, as people say it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..errors import UsageError
from .stops import Breakpoint, Watchpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .session import Session
    from .symbols import Symbols

__all__ = ["Breakpoints"]

_LINE: Final = re.compile(r"(?:(?P<file>.*):)?(?P<line>\d+)")


class Breakpoints:
    """The breakpoints and watchpoints of a session.

    Args:
        symbols: What is known of places.
    """

    def __init__(self, symbols: Symbols) -> None:
        self._symbols = symbols
        self.breakpoints: list[Breakpoint] = []
        """In the order in which they were added."""
        self.watchpoints: list[Watchpoint] = []
        self._number = 0

    def add(
        self,
        where: str,
        *,
        condition: str = "",
        holds: Callable[[Session], bool] | None = None,
        log: str = "",
        ignore: int = 0,
    ) -> Breakpoint:
        """Stop at a place; see `find` for what can be said.

        Args:
            where: The place.
            condition: What has to be true, for people.
            holds: Tells whether it is.
            log: What is to be printed in place of stopping.
            ignore: How many hits pass before it stops.

        Raises:
            UnknownNameError, UsageError: There is no such place.
        """
        places, at_line = self.find(where)
        self._number += 1
        found = Breakpoint(self._number, where, places, at_line, condition, holds, log, ignore=ignore)
        self.breakpoints.append(found)
        return found

    def watch(self, what: str, address: int, size: int) -> Watchpoint:
        """Stop where *size* bytes at *address* change; *what* is what people call them."""
        self._number += 1
        found = Watchpoint(self._number, what, address, size)
        self.watchpoints.append(found)
        return found

    def get(self, number: int) -> Breakpoint | Watchpoint:
        """Return the one with a number.

        Raises:
            UsageError: There is none.
        """
        for each in (*self.breakpoints, *self.watchpoints):
            if each.number == number:
                return each
        raise UsageError(f"there is no breakpoint {number}")

    def remove(self, number: int) -> None:
        """Take one away; UsageError as for `get`."""
        found = self.get(number)
        self.breakpoints = [each for each in self.breakpoints if each is not found]
        self.watchpoints = [each for each in self.watchpoints if each is not found]

    @property
    def active(self) -> bool:
        """Whether there is one that stops or logs."""
        return any(each.enabled for each in (*self.breakpoints, *self.watchpoints))

    @property
    def places(self) -> frozenset[int]:
        """Where those are that are enabled."""
        return frozenset(place for each in self.breakpoints if each.enabled for place in each.places)

    @property
    def stops(self) -> Mapping[int, frozenset[int]]:
        """The same by the number of the machine, as slots."""
        return self._symbols.by_machine(self.places)

    def at(self, place: int) -> list[Breakpoint]:
        """Return those that are enabled and stop at a place."""
        return [each for each in self.breakpoints if each.enabled and place in each.places]

    def find(self, where: str) -> tuple[frozenset[int], bool]:
        """Return the places that a text means, and whether they are those of a C line.

        `17` is an instruction of the program, `prog.c:40` and `:40` a C line (or the next one that has code),
        `count()` or `count` a function's first instruction, `bpf_map_update_elem` all calls of a helper or of a kernel
        function.

        Raises:
            UnknownNameError, UsageError: It means nothing.
        """
        where = where.strip()
        match = _LINE.fullmatch(where)
        if match is not None and match["file"] is None:
            return self._symbols.places_of_slot(int(match["line"])), False
        if match is not None:
            return self._symbols.places_of_line(match["file"], int(match["line"]))[1], True
        name = where.removesuffix("()")
        calls = self._symbols.places_of_calls(name)
        if calls and not self._symbols.is_function(name):
            return calls, False
        return self._symbols.places_of_function(name), False
