"""Breakpoints: where to stop, as people say it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from ..errors import UsageError
from .stops import Access, Breakpoint, Waiting, Watchpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .evaluation import Evaluator
    from .session import Session
    from .symbols import Symbols

__all__ = ["Breakpoints", "Place"]

_LINE: Final = re.compile(r"(?:(?P<file>.*):)?(?P<line>\d+)")
_MOST_DIGITS: Final = 9


class Place(NamedTuple):
    """Where to stop, made out."""

    places: frozenset[int]
    """The instructions (`Location.place`)."""
    at_line: bool = False
    """Whether they are a C line's, which is stopped at where it is begun."""
    check: Callable[[Session], bool] | None = None
    """Tells whether a session that stands at one of them is where it was meant; None where it always is."""

    def is_met(self, session: Session) -> bool:
        """Whether a session that stands at one of them is there."""
        return (not self.at_line or session.timeline.begins_line(session.position)) and (
            self.check is None or self.check(session)
        )


class Breakpoints:
    """The breakpoints and watchpoints of a session.

    Args:
        symbols: What is known of places.
        evaluator: Returns what tells what expressions mean.
    """

    def __init__(self, symbols: Symbols, evaluator: Callable[[], Evaluator]) -> None:
        self._symbols = symbols
        self._evaluator = evaluator
        self.breakpoints: list[Breakpoint] = []
        """In the order in which they were added."""
        self.watchpoints: list[Watchpoint] = []
        self.waiting: list[Waiting] = []
        """What could not be set yet."""
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
        return self.add_place(where, self.find(where), condition=condition, holds=holds, log=log, ignore=ignore)

    def add_place(
        self,
        what: str,
        place: Place,
        *,
        condition: str = "",
        holds: Callable[[Session], bool] | None = None,
        log: str = "",
        ignore: int = 0,
    ) -> Breakpoint:
        """Stop at a place that was found already; *what* is what people call it."""
        self._number += 1
        found = Breakpoint(
            self._number,
            what,
            place.places,
            at_line=place.at_line,
            check=place.check,
            condition=condition,
            holds=holds,
            log=log,
            ignore=ignore,
        )
        self.breakpoints.append(found)
        return found

    def watch(self, what: str, address: int, size: int, access: Access = Access.CHANGE) -> Watchpoint:
        """Stop where *size* bytes at *address* are accessed; *what* is what people call them."""
        self._number += 1
        found = Watchpoint(self._number, what, address, size, access)
        self.watchpoints.append(found)
        return found

    def wait(self, what: str, condition: str, access: Access | None, *, enabled: bool, problem: str) -> Waiting:
        """Keep what cannot be set yet; see `Waiting`."""
        self._number += 1
        found = Waiting(self._number, what, condition, access, enabled, problem)
        self.waiting.append(found)
        return found

    def get(self, number: int) -> Breakpoint | Watchpoint | Waiting:
        """Return the one with a number.

        Raises:
            UsageError: There is none.
        """
        for each in (*self.breakpoints, *self.watchpoints, *self.waiting):
            if each.number == number:
                return each
        raise UsageError(f"there is no breakpoint {number}")

    def remove(self, number: int) -> None:
        """Take one away; UsageError as for `get`."""
        found = self.get(number)
        self.breakpoints = [each for each in self.breakpoints if each is not found]
        self.watchpoints = [each for each in self.watchpoints if each is not found]
        self.waiting = [each for each in self.waiting if each is not found]

    def same(self, found: Breakpoint | Watchpoint) -> Breakpoint | Watchpoint | None:
        """Return one before that stops at the same, on or off; None where there is none."""
        before: list[Breakpoint | Watchpoint] = [*self.breakpoints, *self.watchpoints]
        return next((each for each in before if each is not found and found.stops_like(each)), None)

    def take_back(self, found: Breakpoint | Watchpoint) -> None:
        """Take the newest away as if it had never been: its number is the next one's."""
        self.remove(found.number)
        self._number = found.number - 1

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

    def find(self, where: str) -> Place:
        """Return the places that a text means.

        `17` is an instruction of the program, `second:17` of another one that runs come to,
        `prog.c:40` and `:40` a C line (or the next one that has code),
        `count()` or `count` a function's first instruction, `bpf_map_update_elem` all calls of a helper or of a kernel
        function, `map traffic` and `map traffic[{IPV4, TCP}]` the calls of helpers on a map, or on one entry of it,
        `return` and `return XDP_DROP` the end of the program, with any value or with one.

        Raises:
            UnknownNameError, UsageError: It means nothing.
        """
        where = where.strip()
        word, _, rest = where.partition(" ")
        if word == "map" and rest.strip():
            return self._at_map(rest.strip())
        if word == "return":
            return self._at_return(rest.strip())
        match = _LINE.fullmatch(where)
        if match is not None and len(match["line"]) > _MOST_DIGITS:
            raise UsageError(f"no line and no instruction has a number of {len(match['line']):,} digits")
        if match is not None and match["file"] is None:
            return Place(self._symbols.places_of_slot(int(match["line"])))
        if match is not None and self._symbols.has_program(match["file"]):
            return Place(self._symbols.places_of_slot(int(match["line"]), match["file"]))
        if match is not None:
            return Place(self._symbols.places_of_line(match["file"], int(match["line"]))[1], at_line=True)
        name = where.removesuffix("()")
        calls = self._symbols.places_of_calls(name)
        if calls and not self._symbols.is_function(name):
            return Place(calls)
        return Place(self._symbols.places_of_function(name))

    def _at_map(self, text: str) -> Place:
        """Return the calls of helpers on a map, or on one of its entries."""
        found, key = self._evaluator().map_and_key(text)
        calls = self._symbols.map_calls(found.name, with_key=key is not None)
        if not calls:
            taking = "calls a helper on" if key is None else "calls a helper with a key of"
            raise UsageError(f"nothing in the program {taking} map {found.name}")

        order = self._symbols.byte_order

        def check(session: Session) -> bool:
            here, registers = session.activations[-1], session.registers
            call = calls[here.machine.place(here.slot)]
            if registers[call.register] != found.address or key is None:
                return registers[call.register] == found.address
            given = registers[call.register + 1]
            if call.is_index:
                return given & 0xFFFF_FFFF == int.from_bytes(key, order)
            return session.memory.own(given, len(key)) == key

        return Place(frozenset(calls), check=check)

    def _at_return(self, text: str) -> Place:
        """Return the ends of the program, with any value or with one."""
        value = self._evaluator().evaluate(text).number & 0xFFFF_FFFF if text else None

        def check(session: Session) -> bool:
            found = session.activations
            return len(found) == 1 and value in (None, found[0].registers[0] & 0xFFFF_FFFF)

        places = self._symbols.places_of_exits()
        if not places:
            raise UsageError("the program has no exit to stop at")
        return Place(places, check=check)
