"""Commands: what one types to a debugger, in gdb's words.

`Interpreter.execute` takes one line and says what came of it; what is shown of a stop is for others to say.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from ..errors import UsageError, nearest
from .locals import OPTIMIZED_OUT
from .stops import Access, Breakpoint
from .why import why

if TYPE_CHECKING:
    from collections.abc import Callable

    from .session import Session
    from .stops import Watchpoint
    from .values import Value

__all__ = ["Answer", "Interpreter"]

_SHORT: Final = {
    "b": "break",
    "c": "continue",
    "s": "step",
    "n": "next",
    "u": "until",
    "fin": "finish",
    "si": "stepi",
    "rs": "reverse-step",
    "rn": "reverse-next",
    "rc": "reverse-continue",
    "rsi": "reverse-stepi",
    "p": "print",
    "bt": "backtrace",
    "d": "delete",
    "i": "info",
}
"""As gdb abbreviates them."""
_BASES: Final = ("x", "d", "t", "o", "u")
_PRINT: Final = re.compile(rf"/(?P<base>[{''.join(_BASES)}])\s+(?P<expression>.+)", re.DOTALL)


class Answer(NamedTuple):
    """What came of a command."""

    command: str
    """As it was typed."""
    text: str = ""
    """The answer for people; of several lines where there are several things."""
    value: object = None
    """The answer for programs, as `CType.decode` has values; None where there is none."""
    moved: bool = False
    """Whether the session stands somewhere else now, or again."""


class Interpreter:
    """Does what is typed to a session.

    Args:
        session: Which one.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        back = session.back
        self._steps: dict[str, Callable[[int], object]] = {
            "step": session.step,
            "next": session.next,
            "stepi": session.step_instruction,
            "reverse-step": back.step,
            "reverse-next": back.next,
            "reverse-stepi": back.step_instruction,
        }
        self._moves: dict[str, Callable[[], object]] = {
            "continue": session.resume,
            "finish": session.finish,
            "reverse-continue": back.resume,
            "reverse-finish": back.finish,
        }
        self._others: dict[str, Callable[[str, str], Answer]] = {
            "break": self._break,
            **{each.value: partial(self._watch, each) for each in (Access.CHANGE, Access.READ, Access.ANY)},
            "delete": self._delete,
            "enable": partial(self._enable, "enable"),
            "disable": partial(self._enable, "disable"),
            "print": self._print,
            "until": partial(self._until, session.until),
            "reverse-until": partial(self._until, back.until),
            "goto": self._goto,
            "run": self._run,
            "backtrace": self._backtrace,
            "info": self._info,
            "why": self._why,
            "set": self._set,
            "answer": self._answer,
            **{each: partial(self._frame, each) for each in ("frame", "up", "down")},
        }

    @property
    def words(self) -> list[str]:
        """The commands that there are."""
        return sorted([*self._steps, *self._moves, *self._others])

    def is_command(self, line: str) -> bool:
        """Whether a line begins with a command, as it is or abbreviated."""
        word = line.strip().partition(" ")[0].partition("/")[0]
        return _SHORT.get(word, word) in self.words

    def execute(self, line: str) -> Answer:
        """Do what a line says.

        Raises:
            UsageError: There is no such command, or what follows it makes no sense; an expression's says where.
            UnknownNameError: There is no such line, function, …
        """
        line = line.strip()
        word, _, rest = line.partition(" ")
        word, slash, letter = word.partition("/")
        word, rest = _SHORT.get(word, word), rest.strip()
        if slash and word == "print" and letter not in _BASES:
            raise UsageError(f"print takes no format /{letter}", hint="print/x, print/d, print/t, print/o, print/u")
        if slash and word == "print":
            rest = f"/{letter} {rest}" if rest else ""
        elif slash and word in self.words:
            raise UsageError(f"{word} takes no format, and not /{letter}", hint="print/x r0: print alone takes one")
        if word in self._steps:
            self._steps[word](_count(rest))
            return Answer(line, moved=True)
        if word in self._moves:
            if rest:
                raise UsageError(f"{word} takes nothing behind it, and not {rest!r}")
            self._moves[word]()
            return Answer(line, moved=True)
        if word in self._others:
            return self._others[word](line, rest)
        close = nearest(word, self.words)
        hint = f"did you mean {close}?" if close else f"there is: {', '.join(self.words)}"
        raise UsageError(f"there is no command {word!r}", hint=hint)

    def _break(self, line: str, rest: str) -> Answer:
        found = self._session.break_as_said(rest)
        if (before := self._session.breakpoints.same(found)) is not None:
            return self._there_is(line, found, before)
        places = sorted(found.places)
        place = self._session.symbols.location(places[0])
        at = f"{place.line.text}" if place.line is not None else f"{place.function} {place.slot}"
        several = f", and {len(places) - 1} more" if len(places) > 1 else ""
        return Answer(line, f"breakpoint {found.number} at {at}{several}", found.number)

    def _there_is(self, line: str, found: Breakpoint | Watchpoint, before: Breakpoint | Watchpoint) -> Answer:
        """Take away what does the same as one before, and say which: each would count and be told of twice."""
        self._session.breakpoints.take_back(found)
        kind = "breakpoint" if isinstance(before, Breakpoint) else "watchpoint"
        off = "" if before.enabled else f", and off: enable {before.number}"
        return Answer(line, f"{kind} {before.number} is there already: {before.what}{off}", before.number)

    def _watch(self, access: Access, line: str, rest: str) -> Answer:
        if not rest:
            raise UsageError(
                "watch takes an expression", hint="watch total_packets, watch traffic[{IPV4, TCP}].packets"
            )
        if access is Access.CHANGE and rest.startswith("-w "):
            found = self._session.watch(rest.removeprefix("-w "), Access.WRITE)
        else:
            found = self._session.watch(rest, access)
        if (before := self._session.breakpoints.same(found)) is not None:
            return self._there_is(line, found, before)
        size = f"{found.size} byte{'' if found.size == 1 else 's'}"
        return Answer(line, f"watchpoint {found.number}: {found.what}, {size}", found.number)

    def _delete(self, line: str, rest: str) -> Answer:
        self._session.breakpoints.remove(_number(rest, "delete"))
        return Answer(line)

    def _enable(self, word: str, line: str, rest: str) -> Answer:
        self._session.breakpoints.get(_number(rest, word)).enabled = word == "enable"
        return Answer(line)

    def _print(self, line: str, rest: str) -> Answer:
        match = _PRINT.fullmatch(rest)
        text = match["expression"] if match else rest
        if not text:
            raise UsageError("print takes an expression", hint="print r0, print/x ctx->len, print *(u16 *)(pkt + 12)")
        value: Value = self._session.evaluate(text)
        return Answer(line, f"{text} = {value.in_base(match['base']) if match else value.text}", value.decoded)

    def _until(self, go: Callable[[str], object], line: str, rest: str) -> Answer:
        if not rest:
            raise UsageError("until takes a place", hint="until prog.c:40, until 17")
        go(rest)
        return Answer(line, moved=True)

    def _goto(self, line: str, rest: str) -> Answer:
        self._session.goto(_number(rest, "goto"))
        return Answer(line, moved=True)

    def _run(self, line: str, rest: str) -> Answer:
        number, runs = _number(rest, "run"), self._session.runs
        if not 1 <= number <= runs:
            raise UsageError(f"there is no run {number}: there {'is' if runs == 1 else 'are'} {runs:,}, from 1 on")
        self._session.enter(number - 1)
        return Answer(line, moved=True)

    def _backtrace(self, line: str, _: str) -> Answer:
        calls = self._session.calls[::-1]
        texts = [
            f"#{number} {each.function}() {'' if each.line is None else each.line.text}".rstrip()
            for number, each in enumerate(calls)
        ]
        return Answer(line, "\n".join(texts), [each.function for each in calls])

    def _answer(self, line: str, rest: str) -> Answer:
        """Say what a function returns, or what memory holds, that the machine lacks."""
        if not rest:
            raise UsageError(
                "answer takes what the function returns, or what is there in memory",
                hint="answer 0, answer -ENOENT, answer hex:0102, answer none",
            )
        self._session.answer(rest)
        return Answer(line, moved=True)

    def _frame(self, word: str, line: str, rest: str) -> Answer:
        """Say which function expressions are about."""
        session = self._session
        number = _number(rest, word) if rest else int(word != "frame")
        level = number if word == "frame" else session.level + (number if word == "up" else -number)
        calls = session.calls[::-1]
        if not 0 <= level < len(calls):
            raise UsageError(f"there is no frame {level}: there are {len(calls)}, from 0 on")
        session.level = level
        here = calls[level]
        text = f"#{level} {here.function}() {'' if here.line is None else here.line.text}".rstrip()
        return Answer(line, text, here.function)

    def _set(self, line: str, rest: str) -> Answer:
        expression, equals, text = rest.removeprefix("var ").partition("=")
        if not equals or not expression.strip() or not text.strip():
            raise UsageError("set takes what is changed and its value", hint="set total_packets = 5, set pkt[23] = 6")
        self._session.change(expression.strip(), text.strip())
        return Answer(line, moved=True)

    def _why(self, line: str, rest: str) -> Answer:
        if not rest:
            raise UsageError("why takes a register or what is in memory", hint="why r0, why total_packets")
        found = why(self._session, rest)
        value = [
            {
                "step": cause.step,
                "slot": cause.location.slot,
                "value": cause.value,
                "jumped": cause.jumped,
                "because": cause.because,
                "decided": cause.decided,
                "origins": [origin.text for origin in cause.origins],
            }
            for cause in found.causes.values()
        ]
        return Answer(line, "\n".join(found.lines()), value)

    def _info(self, line: str, rest: str) -> Answer:
        match rest:
            case "registers" | "r":
                frame = self._session.frame
                registers = self._session.registers if frame is None else frame.registers
                texts = [f"r{number:<2} {value:#x}  {value}" for number, value in enumerate(registers)]
                return Answer(line, "\n".join(texts), {f"r{n}": value for n, value in enumerate(registers)})
            case "locals":
                found = _locals(self._session)
                return Answer(line, "\n".join(f"{name} = {text}" for name, text in found.items()), found)
            case "breakpoints" | "b":
                breakpoints = self._session.breakpoints
                texts = [
                    f"{each.number} {each.what}{f' if {each.condition}' if each.condition else ''}"
                    f"{'' if each.enabled else ' (off)'}  hit {each.hits}"
                    for each in breakpoints.breakpoints
                ]
                texts += [
                    f"{each.number} {each.access.command} {each.what}"
                    f"{'' if each.enabled else ' (off)'}  hit {each.hits}"
                    for each in breakpoints.watchpoints
                ]
                texts += [
                    f"{each.number} {f'{each.access.command} ' if each.access else ''}{each.what}  not here yet"
                    for each in breakpoints.waiting
                ]
                return Answer(line, "\n".join(texts))
            case "programs":
                return _programs(self._session, line)
            case "ranges":
                return _ranges(self._session, line)
            case _:
                raise UsageError(
                    "info tells of registers, locals, breakpoints, programs or ranges",
                    hint="info registers, info locals, info breakpoints, info programs, info ranges",
                )


def _programs(session: Session, line: str) -> Answer:
    """Return what becomes of the packet in each program that it may come to."""
    position, turns = session.position, session.turns
    if not turns:
        return Answer(line, f"{session.world.program.name} is the only one", {})
    texts = [f"{each.program} {each.said(position)}" for each in turns]
    return Answer(line, "\n".join(texts), {each.program: each.verdict or None for each in turns})


def _ranges(session: Session, line: str) -> Answer:
    """Return what the kernel's verifier knew of registers and stack slots, beside what they are."""
    verified = session.verified
    if verified is None:
        raise UsageError(
            "what the verifier knew is in its log, which is not at hand",
            hint="--ranges kernel asks this kernel, --ranges FILE reads a log at level 2",
        )
    known = verified.here()
    if not known and verified.problem:
        raise UsageError(verified.problem)
    registers, fp, order = session.registers, session.registers[10], session.symbols.byte_order
    value: dict[str, dict[str, object]] = {}
    texts: list[str] = []
    for place, each in known.items():
        raw = None if place[0] == "r" else session.memory.own(fp + int(place[2:]), 8)
        number = registers[int(place[1:])] if raw is None else int.from_bytes(raw, order)
        value[place] = {"value": number, "known": each.text, "admits": each.admits, "doubt": each.doubt}
        texts.append(f"{place:<6} {number:#x}  {each.shown}".rstrip())
    return Answer(line, "\n".join(texts), value)


def _locals(session: Session) -> dict[str, str]:
    """Return the C variables of the function that expressions are about, with their values."""
    frame = session.frame
    if frame is None:
        return {}
    values = {each.name: session.locals.value(frame, each) for each in session.locals.at(frame)}
    return {name: OPTIMIZED_OUT if value is None else value.text for name, value in values.items()}


def _number(text: str, word: str) -> int:
    try:
        found = int(text, 0)
    except ValueError:
        raise UsageError(f"{word} takes a number, and not {text!r}") from None
    if abs(found) >> 64:
        raise UsageError(f"{word} takes a number of at most 64 bits")
    return found


def _count(text: str) -> int:
    """Return how often a step is to be taken: once where nothing is said."""
    found = _number(text, "a step") if text else 1
    if found < 1:
        raise UsageError(f"a step is taken at least once, not {found} times")
    return found
