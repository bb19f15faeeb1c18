"""Inspection: what is to be seen where a session stands, as the protocol has it."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any, Final

from ..context import fields
from ..debug.variables import scopes, unfolded
from ..errors import BpftuiError, UsageError
from .places import address_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..debug import Location, Session
    from ..debug.variables import Scope, Unfold, Variable
    from .arguments import Arguments
    from .places import Places
    from .sources import Sources

__all__ = ["Inspection", "returned"]

_MOST: Final = 1000
"""Variables that are sent at once where a client does not say how many it wants."""
_FEW: Final = 100
"""Numbered ones that a client need not ask for in portions."""
_MOST_BYTES: Final = 1 << 20
_NAME: Final = re.compile(r"\$?[A-Za-z_]\w*")
_REGISTER: Final = re.compile(r"\$?r(10|\d)")


def returned(session: Session) -> str:
    """Return what the program has returned, by its name where it has one."""
    retval = session.retval
    if retval is None:
        return "nothing"
    return fields.returned(session.world.program.spec, retval)


class Inspection:
    """Tells what is to be seen. Numbers of frames and of variables hold until the session moves.

    Args:
        session: Which one.
        sources: What files are called.
        places: What instructions are called.
        is_from_one: Whether the client counts lines from 1 on.
        columns_from_one: Whether it does columns.
    """

    def __init__(
        self, session: Session, sources: Sources, places: Places, *, is_from_one: bool, columns_from_one: bool
    ) -> None:
        self._session = session
        self._sources = sources
        self._places = places
        self._first_line = 1 if is_from_one else 0
        self._first_column = 1 if columns_from_one else 0
        self._unfolding: list[tuple[Unfold, int, int]] = []
        """By the number of a variable that can be unfolded, from 1 on: its parts, how many are numbered, and of which
        function it is."""
        self._starts: dict[tuple[int, str], int] = {}
        """By such a number and the name of one of its parts, which of them it is, of those that were sent."""

    def forget(self) -> None:
        """Forget what was numbered: the session stands elsewhere."""
        self._unfolding.clear()
        self._starts.clear()

    # Frames

    def stack_trace(self, arguments: Arguments) -> dict[str, Any]:
        """Return the functions that have begun, the innermost first."""
        session = self._session
        locations = session.calls[::-1]
        frames = [self._frame(number, each) for number, each in enumerate(locations)]
        if not frames:
            frames = [self._frame_at_end()]
        start, levels = arguments.number("startFrame", 0), arguments.number("levels", 0)
        stop = start + levels if levels > 0 else len(frames)
        return {"stackFrames": frames[max(start, 0) : stop], "totalFrames": len(frames)}

    def _frame(self, number: int, location: Location) -> dict[str, Any]:
        at = self._sources.at(location)
        return {
            "id": number + 1,
            "name": f"{location.function}()",
            **at,
            "line": max(at["line"] - 1 + self._first_line, 0),
            "column": max(at["column"] - 1 + self._first_column, 0),
            "instructionPointerReference": self._places.reference(location.place),
        }

    def _frame_at_end(self) -> dict[str, Any]:
        """Return what stands for the functions of a run that is over: where it ended."""
        session = self._session
        places = session.timeline.places
        name = f"{session.world.program.name}() returned {returned(session)}"
        if not places:
            return {"id": 1, "name": name, "line": 0, "column": 0}
        location = session.symbols.location(places[-1])
        return {**self._frame(0, location), "name": name}

    def _depth(self, arguments: Arguments) -> int:
        """Return which function a frame is, the innermost being 0."""
        number = arguments.number("frameId", 1) - 1
        if not 0 <= number < max(len(self._session.activations), 1):
            raise UsageError(f"there is no frame {number + 1}")
        return number

    # Variables

    def scopes(self, arguments: Arguments) -> dict[str, Any]:
        """Return the groups of variables of a frame."""
        self._session.level = self._depth(arguments)
        return {"scopes": [self._scope(each) for each in scopes(self._session)]}

    def _scope(self, scope: Scope) -> dict[str, Any]:
        found: dict[str, Any] = {
            "name": scope.name,
            "variablesReference": self._number(scope.unfold, 0),
            "namedVariables": scope.variables,
            "expensive": scope.expensive,
        }
        hint = {"Registers": "registers", "Locals": "locals"}.get(scope.name)
        return found if hint is None else {**found, "presentationHint": hint}

    def _number(self, unfold: Unfold | None, numbered: int) -> int:
        if unfold is None:
            return 0
        self._unfolding.append((unfold, numbered, self._session.level))
        return len(self._unfolding)

    def _parts(self, number: int, start: int = 0, count: int = 0) -> Sequence[Variable]:
        if not 0 < number <= len(self._unfolding):
            raise UsageError(f"there is no variable {number} where it stands now")
        unfold, _, self._session.level = self._unfolding[number - 1]
        return unfold(max(start, 0), min(count, _MOST) if count > 0 else _MOST)

    def _part(self, number: int, name: str) -> Variable | None:
        """Return the part of that name: where it was when it was sent, or else among the first ones."""
        at = self._starts.get((number, name))
        there = () if at is None else self._parts(number, at, 1)
        return next((each for each in (*there, *self._parts(number)) if each.name == name), None)

    def variables(self, arguments: Arguments) -> dict[str, Any]:
        """Return what a variable or a scope consists of."""
        number, start = arguments.number("variablesReference"), max(arguments.number("start", 0), 0)
        parts = self._parts(number, start, arguments.number("count", 0))
        self._starts |= {(number, each.name): at for at, each in enumerate(parts, start)}
        numbered = self._unfolding[number - 1][1]
        wanted = arguments.text("filter", "")
        if (wanted == "indexed" and not numbered) or (wanted == "named" and numbered):
            parts = ()
        return {"variables": [self._variable(each) for each in parts]}

    def _variable(self, variable: Variable) -> dict[str, Any]:
        is_fixed = not variable.expression and variable.encode is None
        found: dict[str, Any] = {
            "name": variable.name,
            "value": variable.text,
            "variablesReference": self._number(variable.unfold, variable.numbered),
        }
        if variable.type:
            found["type"] = variable.type
        if variable.expression:
            found["evaluateName"] = variable.expression
        if variable.numbered > _FEW:
            found["indexedVariables"] = variable.numbered
        if variable.address is not None:
            found["memoryReference"] = f"{variable.address:#x}"
        if is_fixed:
            found["presentationHint"] = {"attributes": ["readOnly"]}
        return found

    def set_variable(self, arguments: Arguments) -> dict[str, Any]:
        """Change a variable; what comes after is another run."""
        name, text = arguments.text("name"), arguments.text("value")
        number = arguments.number("variablesReference")
        variable = self._part(number, name)
        if variable is None:
            raise UsageError(f"there is no variable {name} there")
        if variable.encode is not None:
            self._session.change_bytes(*variable.encode(text))
            changed = self._part(number, name)
            return {"value": text if changed is None else changed.text}
        if not variable.expression:
            raise UsageError(f"{name} cannot be changed")
        return self._change(variable.expression, text)

    def set_expression(self, arguments: Arguments) -> dict[str, Any]:
        """Change what an expression is, in a frame."""
        self._session.level = self._depth(arguments)
        return self._change(arguments.text("expression"), arguments.text("value"))

    def _change(self, expression: str, text: str) -> dict[str, Any]:
        level = self._session.level
        self._session.change(expression, text)
        self._session.level = level
        found = self._variable(unfolded(self._session, expression, expression, self._session.evaluate(expression)))
        return {name: found[name] for name in ("value", "type", "variablesReference") if name in found}

    def evaluated(self, expression: str, arguments: Arguments) -> dict[str, Any]:
        """Return what an expression is, in a frame."""
        self._session.level = self._depth(arguments)
        value = self._session.evaluate(expression)
        found = self._variable(unfolded(self._session, expression, expression, value))
        found["result"] = found.pop("value")
        kept = ("result", "type", "variablesReference", "indexedVariables", "memoryReference")
        return {name: found[name] for name in kept if name in found}

    def data_breakpoint_info(self, arguments: Arguments) -> dict[str, Any]:
        """Return what a data breakpoint on a variable would be."""
        name, number = arguments.text("name"), arguments.number("variablesReference", 0)
        expression = name
        if number:
            variable = self._part(number, name)
            expression = "" if variable is None else variable.expression
        else:
            self._session.level = self._depth(arguments)
        try:
            if not expression:
                raise UsageError(f"{name} is nothing that an expression names")
            value = self._session.evaluate(expression)
            if value.address is None:
                raise UsageError(f"{name} lies nowhere in memory, and cannot be watched")
        except BpftuiError as error:
            return {"dataId": None, "description": error.message}
        # What else it means depends on where it is asked: that is said by what it was found to be.
        is_global = self._is_global(expression)
        return {
            "dataId": expression if is_global else f"{expression} @ {value.address:#x}+{value.kind.size}",
            "description": f"{expression}, {value.kind.size} byte{'' if value.kind.size == 1 else 's'}",
            "accessTypes": ["write", "read", "readWrite"],
            "canPersist": is_global,
        }

    def _is_global(self, expression: str) -> bool:
        """Whether an expression names no C variable of the function that it is about, and no register."""
        frame = self._session.frame
        names = [] if frame is None else [each.name for each in self._session.locals.at(frame)]
        return not any(each in names or _REGISTER.fullmatch(each) for each in _NAME.findall(expression))

    # Memory

    def read_memory(self, arguments: Arguments) -> dict[str, Any]:
        """Return bytes of memory, as many as there are of those that are asked for."""
        address = address_of(arguments.text("memoryReference")) + arguments.number("offset", 0)
        count = arguments.number("count")
        if not 0 <= count <= _MOST_BYTES:
            raise UsageError(f"readMemory: not {count:,} bytes, but at most {_MOST_BYTES:,}")
        region = self._session.memory.find(address) if address >= 0 else None
        there = 0 if region is None else max(min(count, region.end - address), 0)
        raw = self._session.memory.own(address, there) if there else None
        found: dict[str, Any] = {"address": f"{max(address, 0):#x}"}
        if raw is None:
            return {**found, "unreadableBytes": count}
        if len(raw) < count:
            found["unreadableBytes"] = count - len(raw)
        return {**found, "data": b64encode(raw).decode()}

    def write_memory(self, arguments: Arguments) -> dict[str, Any]:
        """Change bytes of memory; what comes after is another run."""
        address = address_of(arguments.text("memoryReference")) + arguments.number("offset", 0)
        try:
            raw = b64decode(arguments.text("data"), validate=True)
        except (binascii.Error, ValueError):
            raise UsageError("writeMemory: data is no base64") from None
        if raw:
            self._session.change_bytes(address, raw)
        return {"bytesWritten": len(raw)}

    def disassemble(self, arguments: Arguments) -> dict[str, Any]:
        """Return instructions."""
        rows = self._places.disassembled(
            arguments.text("memoryReference"),
            arguments.number("offset", 0),
            arguments.number("instructionOffset", 0),
            arguments.number("instructionCount"),
        )
        for row in rows:
            if "line" in row:
                row["line"] += self._first_line - 1
        return {"instructions": rows}
