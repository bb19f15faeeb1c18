"""What `bpftui debug` tells: where the session stands, what was answered, and each step of a run."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ....core.context.fields import returned
from ....core.debug import Reason
from ....core.visible import visible
from ...terminal.output import write_line
from ..common import json_value, print_json

if TYPE_CHECKING:
    from ....core.debug import Location, Session
    from ....core.debug.commands import Answer

__all__ = ["Teller"]


class Teller:
    """Tells of a session as it goes.

    Args:
        session: Which one.
        schema: What the JSON objects say that they are; None for text.
    """

    def __init__(self, session: Session, schema: str | None) -> None:
        self._session = session
        self._schema = schema
        self._answers: list[dict[str, object]] = []
        self._pending: dict[str, Any] | None = None
        self._printed: tuple[int, int] = (0, 0)
        """The run, and how many of its printed lines have been told."""
        self._logged = 0
        self._left: tuple[int, int] = (0, 0)
        """The run, and how many programs of its have been told to have returned."""

    def stand(self) -> None:
        """Tell where the session stands."""
        for line in self._session.logged[self._logged :]:
            if self._schema is None:
                write_line(visible(line))
        self._logged = len(self._session.logged)
        if self._schema is not None:
            self.end()
            self._pending = self._stop()
            return
        for line in self._new_lines():
            write_line(f"printed: {visible(line)}")
        for line in self._new_verdicts():
            write_line(visible(line))
        write_line(self._text())

    def answer(self, answer: Answer) -> None:
        """Tell what came of a command."""
        if answer.moved:
            self.stand()
        elif self._schema is not None:
            value = json_value(answer.value)  # pyright: ignore[reportArgumentType]
            self._answers.append({"command": answer.command, "value": value, "text": answer.text})
        elif answer.text:
            for line in answer.text.split("\n"):
                write_line(visible(line))

    def end(self) -> None:
        """Tell what has not been told yet: a stop's object has the answers that were given there."""
        if self._pending is not None:
            print_json({**self._pending, "answers": self._answers}, indent=None)
        self._pending, self._answers = None, []

    def trace(self) -> None:
        """Tell each step of the run, to its end."""
        session = self._session
        shown = ""
        while (location := session.location) is not None and session.stop.reason is not Reason.ERROR:
            before, depth = session.registers, len(session.activations)
            if self._schema is not None:
                print_json({**self._stop(), "answers": []}, indent=None)
                session.step_instruction()
                continue
            text = "" if location.line is None else location.line.text
            if text not in ("", shown):
                write_line(visible(f"{'':15}{text}"))
                shown = text
            position = session.position
            session.step_instruction()
            is_same = len(session.activations) == depth
            changes = _changes(before, session.registers) if is_same else ""
            write_line(visible(f"{position:6}  {location.slot:5}: {location.text}{changes}"))
            for line in self._new_lines():
                write_line(f"{'':15}printed: {visible(line)}")
            for line in self._new_verdicts():
                write_line(f"{'':15}{visible(line)}")
        if self._schema is not None:
            print_json({**self._stop(), "answers": []}, indent=None)
        if self._schema is None:
            write_line(self._text())

    def _new_lines(self) -> list[str]:
        """Return what was printed that has not been told."""
        session = self._session
        texts = [line.text for line in session.printed]
        run, told = self._printed
        start = told if run == session.run else 0
        self._printed = session.run, max(len(texts), start)
        return texts[start:]

    def _new_verdicts(self) -> list[str]:
        """Return what programs have returned behind which the packet comes to others, as far as it was not told."""
        session = self._session
        turns = [each for each in session.turns if each.begin is not None]
        behind = dict(pairwise(turns))
        over = [each for each in turns if each.is_over(session.position) and each in behind]
        run, told = self._left
        start = told if run == session.run else 0
        self._left = session.run, max(len(over), start)
        return [f"{each.program} returned {each.verdict}: on to {behind[each].program}" for each in over[start:]]

    def _text(self) -> str:
        """Return where the session stands, as a line."""
        session, stop = self._session, self._session.stop
        run = f"run {session.run + 1} of {session.runs} · " if session.runs > 1 else ""
        head = f"{run}step {session.position} of {session.length}"
        if stop.reason is Reason.END:
            by = f"{session.world.program.name} " if len(session.world.path) > 1 else ""
            return f"{head} · {by}returned {self._retval()}" if session.retval is not None else f"{head} · stopped"
        place = _place(session.location)
        why = f" · {stop.reason} {stop.by.number}" if stop.by is not None else ""
        if stop.reason is Reason.ERROR:
            why = f" · stopped: {session.error}"
        return visible(f"{head}{why} · {place}")

    def _retval(self) -> str:
        retval = self._session.retval
        assert retval is not None
        return returned(self._session.world.program.spec, retval)

    def _stop(self) -> dict[str, Any]:
        """Return where the session stands, as the schema has it."""
        session, stop = self._session, self._session.stop
        location, registers = session.location, session.registers
        line = None if location is None else location.line
        return {
            "schema": self._schema,
            "run": session.run + 1,
            "step": session.position,
            "reason": str(stop.reason),
            "program": session.world.program.name if location is None else location.program,
            "function": None if location is None else location.function,
            "slot": None if location is None else location.slot,
            "file": None if line is None else line.file,
            "line": None if line is None else line.line,
            "registers": {f"r{number}": value for number, value in enumerate(registers)},
            "retval": session.retval,
            "error": session.error,
            "returned": {each.program: each.verdict for each in session.turns if each.is_over(session.position)},
            "printed": self._new_lines(),
        }


def _place(location: Location | None) -> str:
    if location is None:
        return "the end"
    line = "" if location.line is None else f" · {location.line.text}"
    return f"{location.function}() {location.slot}: {location.text}{line}"


def _changes(before: tuple[int, ...], after: tuple[int, ...]) -> str:
    """Return the registers that the step before changed."""
    changed = [
        f"r{number} = {value:#x}" for number, (old, value) in enumerate(zip(before, after, strict=True)) if old != value
    ]
    return f"   ; {', '.join(changed)}" if changed else ""
