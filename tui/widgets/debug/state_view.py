"""StateView: registers, stack, calls, what is watched and what stops the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from textual.binding import Binding, BindingType

from ...text.fit import fitted, width_of, wrapped
from .lines_view import Line, LinesView, heading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ....core.debug.sight import Register, Sight
    from ....core.debug.verified import Known

__all__ = ["About", "DebugStateView", "TurnRow"]

_NAME: Final = 5
"""Cells of a register's name, with the mark of a change."""
_KNOWN: Final = 46
"""Cells from which on there is room for what the verifier knew."""
_LEAST: Final = 14
"""Cells of a value at least."""
_FORMS: Final = ("typed", "hex")


class About(NamedTuple):
    """What a line is of."""

    kind: str
    """`register`, `slot`, `watch`, `call`, `break`, `local`."""
    what: str
    """Its name or expression; of a breakpoint its number."""
    expression: str = ""
    """What it is to an expression; empty where it is none."""


class TurnRow(NamedTuple):
    """A line of a program that the packet comes to."""

    program: str
    begin: int | None
    """The step with which it begins; None where it does not."""


class DebugStateView(LinesView):
    """What the program has in its hands where the run stands. `•` is what the step before has changed."""

    TITLE: ClassVar[str] = "State"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "form", "Hex", show=False, id="debug.form", tooltip="How values are written: typed, hexadecimal"),
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name
        """Initialise it with values as they mean something."""
        super().__init__(id=id)
        self._form = _FORMS[0]

    def action_form(self) -> None:
        """Write values in another form."""
        self._form = _FORMS[(_FORMS.index(self._form) + 1) % len(_FORMS)]
        self.rebuild()

    def title(self, sight: Sight) -> str:
        """Say where this is."""
        if sight.location is None:
            return "the run is over" if sight.error is None else "the run was stopped"
        return f"{sight.location.function}()"

    def lines(self, sight: Sight, width: int) -> Iterator[Line]:
        """Return registers first: they are what one looks at most; above them why the run was stopped, if it was."""
        for number, text in enumerate(wrapped(f"✗ {sight.error}", width) if sight.error is not None else []):
            yield Line(((text if not number else f"  {text}", "bad"),), About("error", str(number)))
        for text in wrapped(f"no ranges of the verifier: {sight.unknown}", width) if sight.unknown else []:
            yield Line(((text, "muted"),), About("ranges", ""))
        yield from self._registers(sight, width)
        if sight.turns:
            yield heading("Programs")
            yield from _programs(sight)
        if sight.watched:
            yield heading("Watched")
            for each in sight.watched:
                mark = "• " if each.changed else "  "
                name = "bad" if each.is_error else "changed" if each.changed else ""
                yield Line(
                    ((f"{mark}{each.expression} = ", ""), (each.text, name)),
                    About("watch", each.expression, each.expression),
                )
        if sight.calls:
            yield heading("Calls")
            for number, call in enumerate(reversed(sight.calls)):
                where = "" if call.line is None else f"  {call.line.file.rpartition('/')[2]}:{call.line.line}"
                parts = ((f"  {call.function}()", "" if number else "link"), (f"{where}  {call.slot}", "muted"))
                yield Line(parts, About("call", f"{len(sight.calls) - number}"))
        if sight.held:
            yield heading("Stops")
            for held in sight.held:
                sign = "●" if held.enabled else "○"
                hits = "  off" if not held.enabled else f"  hit {held.hits}" if held.hits else ""
                problem = f"  ✗ {held.problem}" if held.problem else ""
                if held.is_waiting:
                    sign, hits, problem = "○", f"  not here yet: {held.problem}", ""
                yield Line(
                    ((f"{sign} ", "changed"), (held.text, ""), (hits, "muted"), (problem, "bad")),
                    About("break", str(held.number)),
                )
        if sight.stack:
            yield heading("Stack")
            for slot in sight.stack:
                mark = "• " if slot.changed else "  "
                parts = [(f"{mark}fp{slot.offset:<5}", ""), (slot.text, "changed" if slot.changed else "")]
                known = sight.known.get(f"fp{slot.offset}")
                if known is not None and width >= _KNOWN:
                    aside = max(2, width * 3 // 5 - sum(width_of(text) for text, _ in parts))
                    parts += [(" " * aside, ""), *_known(known)]
                yield Line(tuple(parts), About("slot", str(slot.offset), f"*(u64 *)(fp - {-slot.offset})"))

    def _registers(self, sight: Sight, width: int) -> Iterator[Line]:
        values = [self._value(each) for each in sight.registers]
        # Beside them stands what the verifier knew, where there is room; then what lies there has less.
        is_known = bool(sight.known) and width >= _KNOWN
        aside = width * 3 // 5 if is_known else width
        room = max(_LEAST, min(max(map(width_of, values), default=0), (aside - _NAME) * 3 // 5))
        if is_known:
            yield Line(((" " * aside + "the verifier knew", "muted"),), About("ranges", ""))
        for register, value in zip(sight.registers, values, strict=True):
            changed = "changed" if register.changed else ""
            name = f"{register.name:<3}{'• ' if register.changed else '  '}"
            left = max(0, aside - _NAME - room - 2 - is_known)
            # A number is never cut: what stands behind it is, and before one the room that is left free.
            missing = width_of(register.there) - left if register.there[:1].isdigit() else 0
            spare = max(0, min(missing, room - width_of(value)))
            there = fitted(register.there, left + spare).rstrip() if register.there else ""
            shown = value if not register.pointer and width_of(value) > room else fitted(value, room - spare)
            parts = [(name, ""), (shown, changed), (f"  {there}" if there else "", "muted")]
            if known := sight.known.get(register.name) if is_known else None:
                parts += [(" " * max(2, aside - sum(width_of(text) for text, _ in parts)), ""), *_known(known)]
            yield Line(tuple(parts), About("register", register.name, register.expression))

    def _value(self, register: Register) -> str:
        return f"{register.value:#x}" if self._form == "hex" else register.text


def _programs(sight: Sight) -> Iterator[Line]:
    """Return the programs that the packet may come to, and what each makes of it; ▶ is where it is."""
    here = [each for each in sight.turns if each.has_begun(sight.position)][-1:]
    names = max(width_of(each.program) for each in sight.turns)
    for each in sight.turns:
        is_here = each in here and not sight.at_end
        step = "" if each.begin is None else f"  from step {each.begin:,}"
        ink = "" if each.has_begun(sight.position) else "muted"
        name = ink if is_here or each.begin is None else "link"
        gap = " " * (names - width_of(each.program) + 2)
        parts = (("▶ " if is_here else "  ", ""), (each.program, name), (f"{gap}{each.said(sight.position)}", ink))
        yield Line((*parts, (step, "muted")), TurnRow(each.program, each.begin))


def _known(known: Known) -> list[tuple[str, str]]:
    """Return what the verifier knew, the sign first: what is cut at the edge is the less important."""
    ink = {"✓": "good", "✗": "bad"}.get(known.sign, "muted")
    doubt = f"{known.doubt}: " if known.sign == "≠" else ""
    return [(f"{known.sign or ' '} ", ink), (f"{doubt}{known.text}", "muted")]
