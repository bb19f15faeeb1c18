"""Stops: the breakpoints that a client asked for, and those of the session that they are."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from ..debug import Access
from ..errors import BpftuiError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..debug import Breakpoint, Session, Watchpoint
    from .arguments import Arguments
    from .places import Places
    from .sources import Sources

__all__ = ["Stops", "hit_condition"]

_HITS: Final = re.compile(r"\s*(?P<sign>[<>=!]=|[<>=%]|)\s*(?P<number>\d{1,18})\s*")
_FOUND: Final = re.compile(r"(?P<expression>.+) @ 0x(?P<address>[0-9a-f]{1,16})\+(?P<size>\d{1,9})", re.DOTALL)
_LINE, _FUNCTION, _INSTRUCTION, _DATA = "line", "function", "instruction", "data"
_ACCESSES: Final = {"write": Access.CHANGE, "read": Access.READ, "readWrite": Access.ANY}
_REASONS: Final = {
    _LINE: "breakpoint",
    _FUNCTION: "function breakpoint",
    _INSTRUCTION: "instruction breakpoint",
    _DATA: "data breakpoint",
}


class Stops:
    """Sets breakpoints: each request says all that there are to be of its kind, those of lines for one file.

    Args:
        session: Where.
        sources: What files are called.
        places: What instructions are called.
        is_from_one: Whether the client counts lines from 1 on.
    """

    def __init__(self, session: Session, sources: Sources, places: Places, *, is_from_one: bool) -> None:
        self._session = session
        self._sources = sources
        self._places = places
        self._first_line = 1 if is_from_one else 0
        self._set: dict[tuple[str, str], list[int]] = {}
        """By kind, and by file of those that are of lines, the numbers of the session's."""
        self._ids: dict[int, int] = {}
        """By such a number, what the client knows it as: also after a restart, whose session numbers anew."""
        self._last_id = 0

    def take_over(self, before: Stops) -> None:
        """Call no breakpoint as one was called in what was debugged before."""
        self._last_id = before._last_id

    def keep(self, was: list[dict[str, Any]], now: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Call breakpoints that were set anew what the client knows them as; return those that are otherwise now.

        Args:
            was: What was answered when they were set before.
            now: What is answered now, one by one; the ids in it are changed.
        """
        changed: list[dict[str, Any]] = []
        for old, new in zip(was, now, strict=True):
            if "id" not in old:
                continue
            for number in [number for number, known in self._ids.items() if known == new.get("id")]:
                self._ids[number] = old["id"]
            new["id"] = old["id"]
            if new != old:
                changed.append(new)
        return changed

    def known_as(self, by: Breakpoint | Watchpoint) -> list[int]:
        """Return what the client knows one as: nothing where it has set none, but somebody has typed it."""
        return [self._ids[by.number]] if by.number in self._ids else []

    def reason(self, by: Breakpoint | Watchpoint) -> str:
        """Return what the protocol calls a stop by one of them."""
        kinds = (kind for (kind, _), numbers in self._set.items() if by.number in numbers)
        return _REASONS[next(kinds, _LINE)]

    def _replace(
        self, kind: str, file: str, wanted: list[Arguments], make: Callable[[Arguments], dict[str, Any]]
    ) -> dict[str, Any]:
        """Set these in place of those that were; one that cannot be set says why."""
        for number in self._set.pop((kind, file), []):
            del self._ids[number]
            with suppress(UsageError):  # somebody has typed that it is to be deleted
                self._session.breakpoints.remove(number)
        numbers = self._set[kind, file] = []
        found: list[dict[str, Any]] = []
        for each in wanted:
            try:
                made = make(each)
            except BpftuiError as error:
                text = error.message if error.hint is None else f"{error.message} ({error.hint})"
                made = {"verified": False, "message": text}
            else:
                numbers.append(made["id"])
                self._last_id += 1
                self._ids[made["id"]] = made["id"] = self._last_id
            found.append(made)
        return {"breakpoints": found}

    def _break_at(self, where: str, given: Arguments) -> Breakpoint:
        stops = hit_condition(given.text("hitCondition", ""))
        condition, log = given.text("condition", "").strip(), given.text("logMessage", "")
        found = self._session.break_at(where, condition=condition, log=log)
        found.stops_at = stops
        return found

    def set_breakpoints(self, arguments: Arguments) -> dict[str, Any]:
        """Set those of lines of a file."""
        source = arguments.part("source")
        wanted = arguments.parts("breakpoints", missing=True)
        try:
            file = self._sources.file(source)
        except UsageError as error:
            return {"breakpoints": [{"verified": False, "message": error.message} for _ in wanted]}

        def make(each: Arguments) -> dict[str, Any]:
            line = each.number("line") + 1 - self._first_line
            actual = self._session.symbols.places_of_line(file, max(line, 0))[0]
            found = self._break_at(f"{file}:{actual}", each)
            shown = actual - 1 + self._first_line
            return {"id": found.number, "verified": True, "line": shown, "source": self._sources.source(file)}

        return self._replace(_LINE, file, wanted, make)

    def set_functions(self, arguments: Arguments) -> dict[str, Any]:
        """Set those of functions, and of whatever else `break` takes: helpers, maps, return values."""

        def make(each: Arguments) -> dict[str, Any]:
            found = self._break_at(each.text("name"), each)
            return {"id": found.number, "verified": True, **self._shown(min(found.places))}

        return self._replace(_FUNCTION, "", arguments.parts("breakpoints"), make)

    def set_instructions(self, arguments: Arguments) -> dict[str, Any]:
        """Set those of instructions."""

        def make(each: Arguments) -> dict[str, Any]:
            place = self._places.at(each.text("instructionReference"), each.number("offset", 0))
            stops, condition = hit_condition(each.text("hitCondition", "")), each.text("condition", "").strip()
            found = self._session.break_at_place(place, condition=condition)
            found.stops_at = stops
            reference = self._places.reference(place)
            return {"id": found.number, "verified": True, "instructionReference": reference, **self._shown(place)}

        return self._replace(_INSTRUCTION, "", arguments.parts("breakpoints"), make)

    def set_data(self, arguments: Arguments) -> dict[str, Any]:
        """Set those of memory."""

        def make(each: Arguments) -> dict[str, Any]:
            stops = hit_condition(each.text("hitCondition", ""))
            access = _ACCESSES.get(each.text("accessType", "write"))
            if access is None:
                raise UsageError("a data breakpoint is for write, read or readWrite")
            found = self._watch(each.text("dataId"), access)
            found.stops_at = stops
            return {"id": found.number, "verified": True}

        return self._replace(_DATA, "", arguments.parts("breakpoints"), make)

    def _watch(self, data: str, access: Access) -> Watchpoint:
        """Watch what `Inspection.data_breakpoint_info` calls so: an expression, perhaps with where it was found."""
        match = _FOUND.fullmatch(data)
        if match is None:
            return self._session.watch(data, access)
        address, size = int(match["address"], 16), int(match["size"])
        return self._session.watch_bytes(match["expression"], address, size, access)

    def _shown(self, place: int) -> dict[str, Any]:
        shown = self._sources.at(self._session.symbols.location(place))
        if "source" not in shown:
            return {}
        return {"source": shown["source"], "line": shown["line"] - 1 + self._first_line}


def hit_condition(text: str) -> Callable[[int], bool] | None:
    """Return what tells whether a breakpoint stops when it is hit for the so-many-th time; None where it always does.

    `5` and `>= 5` stop from the fifth time on, `== 5` only then, `% 5` each fifth time; `<`, `<=`, `>` as in C.

    Raises:
        UsageError: It is none of these.
    """
    if not text.strip():
        return None
    match = _HITS.fullmatch(text)
    if match is None or match["sign"] == "!=" or (match["sign"] == "%" and not int(match["number"])):
        raise UsageError(f"{text!r} is no hit condition", hint="5, >= 5, == 5, % 5")
    number = int(match["number"])
    match match["sign"]:
        case "" | ">=":
            return lambda hits: hits >= number
        case ">":
            return lambda hits: hits > number
        case "<":
            return lambda hits: hits < number
        case "<=":
            return lambda hits: hits <= number
        case "%":
            return lambda hits: hits % number == 0
        case _:
            return lambda hits: hits == number
