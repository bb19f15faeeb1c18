"""Debugging: what a client has launched, and where it stands."""

from __future__ import annotations

from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ..debug import Breakpoint, Reason, Session
from ..debug.commands import Interpreter
from ..errors import UsageError
from .inspection import Inspection, returned
from .places import Places
from .sources import Sources
from .stops import Stops

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .arguments import Arguments
    from .connection import Connection
    from .launch import Launch

    Answer: TypeAlias = Mapping[str, Any] | None
    Handler: TypeAlias = Callable[[Arguments], Answer]

__all__ = ["COMMANDS", "FAULT", "Debugging"]

_THREAD: Final = 1
"""The number of the one thread that there is."""
FAULT: Final = "fault"
"""The filter for what stops a run."""
COMMANDS: Final = frozenset(
    (
        "threads",
        "stackTrace",
        "scopes",
        "variables",
        "setVariable",
        "setExpression",
        "evaluate",
        "completions",
        "dataBreakpointInfo",
        "setBreakpoints",
        "setFunctionBreakpoints",
        "setInstructionBreakpoints",
        "setDataBreakpoints",
        "setExceptionBreakpoints",
        "breakpointLocations",
        "continue",
        "next",
        "stepIn",
        "stepOut",
        "pause",
        "stepBack",
        "reverseContinue",
        "exceptionInfo",
        "loadedSources",
        "source",
        "disassemble",
        "readMemory",
        "writeMemory",
        "restart",
    )
)
"""The requests that are answered once something has been launched."""


class Debugging:
    """What is debugged, and where it stands."""

    def __init__(
        self,
        connection: Connection,
        launch: Launch,
        then: list[Callable[[], object]],
        *,
        is_from_one: bool,
        columns_from_one: bool,
    ) -> None:
        self._connection = connection
        self._launch = launch
        self._then = then
        self.session = session = Session(launch.recording)
        self.giving_up = Event()
        """Set by another thread: the run that is under way is given up, and nothing is debugged after it."""
        session.world.processor.meter.stop = self.giving_up
        self.sources = Sources(session, launch.folders, launch.source_map)
        places = Places(session, self.sources)
        self.stops = Stops(session, self.sources, places, is_from_one=is_from_one)
        self.inspection = inspection = Inspection(
            session, self.sources, places, is_from_one=is_from_one, columns_from_one=columns_from_one
        )
        self._interpreter = Interpreter(session)
        self._first_line = 1 if is_from_one else 0
        self._first_column = 1 if columns_from_one else 0
        self.is_going = False
        """Whether it has begun: all that was to be set before is set."""
        self._stops_at_faults = True
        self._told: tuple[int, int] = (0, 0)
        """The run, and how many of its printed lines were told."""
        self._logged = 0
        self.asked: dict[tuple[str, str], tuple[Arguments, list[dict[str, Any]]]] = {}
        """What breakpoints the client asked for, and which it was told of, by the request and the file."""
        back = session.back
        self.handlers: dict[str, Handler] = {
            "threads": lambda _: {"threads": [{"id": _THREAD, "name": self._name}]},
            "stackTrace": inspection.stack_trace,
            "scopes": inspection.scopes,
            "variables": inspection.variables,
            "setVariable": self._changing(inspection.set_variable),
            "setExpression": self._changing(inspection.set_expression),
            "writeMemory": self._changing(inspection.write_memory),
            "evaluate": self._evaluate,
            "completions": self._completions,
            "dataBreakpointInfo": inspection.data_breakpoint_info,
            "setBreakpoints": self._setting("setBreakpoints", self.stops.set_breakpoints),
            "setFunctionBreakpoints": self._setting("setFunctionBreakpoints", self.stops.set_functions),
            "setInstructionBreakpoints": self._setting("setInstructionBreakpoints", self.stops.set_instructions),
            "setDataBreakpoints": self._setting("setDataBreakpoints", self.stops.set_data),
            "setExceptionBreakpoints": self._set_exceptions,
            "breakpointLocations": self._breakpoint_locations,
            "continue": self._moving(self._resume),
            "reverseContinue": self._moving(back.resume),
            "next": self._stepping(session.next, session.step_instruction),
            "stepIn": self._stepping(session.step, session.step_instruction),
            "stepOut": self._moving(session.finish),
            "stepBack": self._stepping(back.next, back.step_instruction),
            "pause": self._pause,
            "exceptionInfo": self._exception_info,
            "loadedSources": lambda _: {"sources": [self.sources.source(each) for each in self.sources.files]},
            "source": self._source,
            "disassemble": inspection.disassemble,
            "readMemory": inspection.read_memory,
        }

    @property
    def _name(self) -> str:
        session = self.session
        origin = session.recording.calls[session.run].origin
        run = f", run {session.run + 1} of {session.runs}" if session.runs > 1 else ""
        return f"{session.world.program.name}{run}{f': {origin}' if origin else ''}"

    def _say(self, text: str, category: str = "console") -> None:
        self._connection.event("output", {"category": category, "output": f"{text}\n"})

    # Going

    def start(self) -> None:
        """Go to the first stop, or stand at the beginning where that was asked for."""
        self.is_going = True
        if self._launch.no_debug:
            for each in (*self.session.breakpoints.breakpoints, *self.session.breakpoints.watchpoints):
                each.enabled = False
            self._run_all()
            return
        if not self._launch.stop_on_entry:
            self.session.interruptible(self._resume)
        self._stopped()

    def take_over(self, before: Debugging) -> None:
        """Set the breakpoints that there were in what was debugged before; tell of those that are otherwise now."""
        self._stops_at_faults = before._stops_at_faults
        self.stops.take_over(before.stops)
        for key, (arguments, was) in before.asked.items():
            self.handlers[key[0]](arguments)
            for each in self.stops.keep(was, self.asked[key][1]):
                body = {"reason": "changed", "breakpoint": each}
                self._then.append(partial(self._connection.event, "breakpoint", body))

    def _resume(self) -> None:
        """Go on to the next stop; over what stops runs, where the client does not want to stand there."""
        session = self.session
        while True:
            session.resume()
            if session.stop.reason is not Reason.ERROR or self._stops_at_faults or session.run + 1 >= session.runs:
                return

    def _run_all(self) -> None:
        """Run what there is, without stopping."""
        session = self.session
        for run in range(session.runs):
            if run:
                session.enter(run)
            session.resume()
            self._tell()
        self._end()

    def _end(self) -> None:
        retval = self.session.retval
        self._say(f"{self.session.world.program.name} returned {returned(self.session)}")
        self._connection.event("exited", {"exitCode": retval if retval is not None else 1})
        self._connection.event("terminated")

    def _moving(self, move: Callable[[], object]) -> Handler:
        """Return what answers a request to go somewhere, and goes there."""

        def handler(_: Arguments) -> Answer:
            self._check_going()
            self.inspection.forget()
            if move == self._resume and self._is_at_last_end:
                self._then.append(self._end)
                return {"allThreadsContinued": True}
            self._then += [partial(self.session.interruptible, move), self._stopped]
            return {"allThreadsContinued": True}

        return handler

    def _stepping(self, by_line: Callable[[], object], by_instruction: Callable[[], object]) -> Handler:
        lines, instructions = self._moving(by_line), self._moving(by_instruction)

        def handler(arguments: Arguments) -> Answer:
            is_fine = arguments.text("granularity", "statement") == "instruction"
            (instructions if is_fine else lines)(arguments)
            return None

        return handler

    def _check_going(self) -> None:
        if not self.is_going:
            raise UsageError("it has not begun yet: configurationDone comes first")

    @property
    def _is_at_last_end(self) -> bool:
        session = self.session
        is_over = session.at_end or session.stop.reason is Reason.ERROR
        return is_over and session.run + 1 == session.runs

    def _pause(self, _: Arguments) -> Answer:
        self._check_going()
        self._go_on()
        return None

    def _go_on(self) -> None:
        """Stand still for nothing that was asked before."""
        self.session.pausing.clear()
        self.session.halting.clear()

    def _stopped(self) -> None:
        """Tell where it stands, and what was printed on the way; nothing of a run that was given up."""
        if self.giving_up.is_set():
            return
        session = self.session
        self._tell()
        stop = session.stop
        body: dict[str, Any] = {"threadId": _THREAD, "allThreadsStopped": True}
        match stop.reason:
            case Reason.BREAKPOINT | Reason.WATCHPOINT if stop.by is not None:
                reason = self.stops.reason(stop.by)
                body["hitBreakpointIds"] = self.stops.known_as(stop.by)
                if isinstance(stop.by, Breakpoint) and stop.by.problem:
                    body["text"] = stop.by.problem
            case Reason.ERROR:
                reason = "exception"
                body |= {"description": "The run was stopped", "text": session.error or ""}
                if lacks := session.lacks:
                    says = f"what {lacks.function} returns" if lacks.function else f"what {lacks.text} are"
                    self._say(f"answer VALUE, typed here, says {says}; then the run goes on")
            case Reason.END:
                reason = "end"
                body["description"] = f"The end: returned {returned(session)}"
                if session.retval is None:
                    body["description"] = "The run was stopped"
            case Reason.START:
                reason = "pause" if session.pausing.is_set() else "entry"
            case Reason.PAUSE:
                reason = "pause"
            case _:
                reason = "step"
        self._go_on()
        self._connection.event("stopped", {"reason": reason, **body})

    def _tell(self) -> None:
        """Tell what was printed and logged since the last time."""
        session = self.session
        run, told = self._told
        for number in range(run, session.run + 1):
            outcome = session.outcomes.get(number)
            lines = session.printed if number == session.run else () if outcome is None else outcome.printed
            for line in lines[told if number == run else 0 :]:
                category = "stderr" if line.stream == "stderr" else "stdout"
                self._connection.event("output", {"category": category, "output": f"{line.text}\n"})
        if (session.run, len(session.printed)) > self._told:
            self._told = session.run, len(session.printed)
        for line in session.logged[self._logged :]:
            self._say(line)
        self._logged = len(session.logged)

    # What is set and changed

    def _setting(self, command: str, set_: Callable[[Arguments], dict[str, Any]]) -> Handler:
        def handler(arguments: Arguments) -> Answer:
            file = str(arguments.part("source").given) if "source" in arguments.given else ""
            answer = set_(arguments)
            self.asked[command, file] = arguments, answer["breakpoints"]
            return answer

        return handler

    def _set_exceptions(self, arguments: Arguments) -> Answer:
        filters = arguments.given.get("filters")
        if not isinstance(filters, list):
            raise UsageError("setExceptionBreakpoints: filters is no list")
        options = [each.text("filterId") for each in arguments.parts("filterOptions", missing=True)]
        self._stops_at_faults = FAULT in filters or FAULT in options
        return None

    def _changing(self, change: Handler) -> Handler:
        """Return what changes something, and tells that all may be different then."""

        def handler(arguments: Arguments) -> Answer:
            self._check_going()
            answer = change(arguments)
            self._then.append(lambda: self._connection.event("invalidated", {"areas": ["all"]}))
            return answer

        return handler

    def _breakpoint_locations(self, arguments: Arguments) -> Answer:
        file = self.sources.file(arguments.part("source"))
        first = arguments.number("line") + 1 - self._first_line
        last = arguments.number("endLine", arguments.number("line")) + 1 - self._first_line
        lines = self.sources.lines(file, first, last)
        return {"breakpoints": [{"line": line - 1 + self._first_line} for line in lines]}

    # What is asked

    def _evaluate(self, arguments: Arguments) -> Answer:
        expression = arguments.text("expression").strip()
        if arguments.text("context", "repl") != "repl" or not self._is_command(expression):
            return self.inspection.evaluated(expression, arguments)
        self._check_going()
        self.session.level = 0
        answer = self._interpreter.execute(expression)
        if answer.moved:
            self.inspection.forget()
            self._then.append(self._stopped)
        return {"result": answer.text, "variablesReference": 0}

    def _is_command(self, text: str) -> bool:
        """Whether what is typed is a command of gdb's, and no expression."""
        return self._interpreter.is_command(text)

    def _completions(self, arguments: Arguments) -> Answer:
        column = arguments.number("column") - self._first_column
        before = arguments.text("text")[: max(column, 0)]
        word = before[len(before.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")) :]
        session = self.session
        names = [*session.world.collection.spec.variables, *session.world.collection.maps, "ctx", "pkt", "pkt_len"]
        known = [*self._interpreter.words, *names] if word == before.lstrip() else names
        found = sorted(each for each in set(known) if each.startswith(word)) if word else []
        start = column - len(word) + self._first_column
        return {"targets": [{"label": each, "start": start, "length": len(word)} for each in found]}

    def _exception_info(self, _: Arguments) -> Answer:
        error = self.session.timeline.error if self.session.error is not None else None
        if error is None:
            raise UsageError("nothing has stopped the run here")
        hint = {} if error.hint is None else {"formattedDescription": f"{error.message} ({error.hint})"}
        return {
            "exceptionId": FAULT,
            "description": error.message,
            "breakMode": "always" if self._stops_at_faults else "never",
            "details": {"message": error.message, "typeName": type(error).__name__, **hint},
        }

    def _source(self, arguments: Arguments) -> Answer:
        number = arguments.number("sourceReference", 0)
        if not number and "source" in arguments.given:
            number = arguments.part("source").number("sourceReference", 0)
        return {"content": self.sources.content(number), "mimeType": "text/x-c"}
