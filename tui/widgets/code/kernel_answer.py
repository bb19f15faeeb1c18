"""What the kernel says of a program when it is asked: how its verifier walks through it, and what it makes of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from ....core.errors import BpftuiError
from ....core.interrupt import Interrupt
from .columns_view import column_table

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Mapping

    from ....core.live import Session
    from ....core.runtime.inspected import Inspector
    from ....core.spec import CollectionSpec, ProgramSpec
    from ....core.verifier import Heat
    from .columns_view import ColumnTable

__all__ = ["Answer", "KernelAnswers", "Made", "Question", "ask", "made", "reasons", "state_of", "told_heat"]

Question: TypeAlias = Literal["walk", "image"]
"""How the verifier walks through a program, or what the kernel makes of it."""


class Made(NamedTuple):
    """What the kernel made of a program, ready to be drawn."""

    table: ColumnTable
    removed: Mapping[int, str]
    """The slots of the instructions that the verifier removed, with what to say of each."""
    total: int
    """Instructions before."""

    @property
    def summary(self) -> str:
        """Before and after, as a title says it."""
        gone = len(self.removed)
        if not gone:
            return f"none of {self.total} instructions removed"
        return f"{gone} of {self.total} instructions removed, {self.total - gone} left"


class Answer(NamedTuple):
    """What the kernel has said of a program."""

    program: str
    state: Hashable
    """What it depends on: the constants, and the program's type."""
    walk: Heat | None = None
    image: Made | None = None

    def lacks(self, questions: Collection[Question]) -> tuple[Question, ...]:
        """Return which questions it does not answer."""
        known = {"walk": self.walk, "image": self.image}
        return tuple(each for each in questions if known[each] is None)


class KernelAnswers:
    """What the kernel has said of a session's programs, one at a time, and what it is being asked.

    Args:
        session: What has the programs, and the runtime that is asked.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._asking: Interrupt | None = None
        self._asked_at = 0.0
        self._refused: tuple[str, Hashable] | None = None
        self.last = None

    last: Answer | None
    """What it said last, be it of another program, or of other constants than there are now."""

    @property
    def seconds(self) -> float | None:
        """For how long it has been asked; None where it is not."""
        return None if self._asking is None else time.monotonic() - self._asked_at

    def known(self, program: str) -> Answer | None:
        """Return what it has said of a program since the constants were set."""
        last = self.last
        return last if last is not None and last[:2] == (program, self._state(program)) else None

    def lacking(self, program: str, questions: tuple[Question, ...]) -> tuple[Question, ...]:
        """Return those of some questions that it is still to be asked."""
        known = self.known(program)
        return questions if known is None else known.lacks(questions)

    def refuses(self, program: str) -> bool:
        """Whether it did not say what it makes of a program as it is."""
        return self._refused == (program, self._state(program))

    def begin(self, program: str, questions: tuple[Question, ...]) -> tuple[Answer, Callable[[], Answer | str | None]]:
        """Begin to ask, and what is asked now no more; return what is known, and what asks.

        That is called in a thread, and returns the answer, or why there is none, as text; None where it was given up.
        """
        self.give_up()
        asking = self._asking = Interrupt()
        self._asked_at = time.monotonic()
        known = self.known(program) or Answer(program, self._state(program))
        spec, inspector = self._session.spec, self._session.runtime.inspect()

        def work() -> Answer | str | None:
            with asking:
                answer = ask(known, questions, spec, inspector)
            return None if asking.is_set() else answer

        return known, work

    def take(self, asked: Answer, answer: Answer | str) -> None:
        """Keep what it has said."""
        self._asking = None
        if isinstance(answer, str):
            self._refused = asked[:2]
        else:
            self.last = answer

    def give_up(self) -> None:
        """Have it stop where it is being asked: it may be at it for half a minute."""
        if self._asking is not None:
            self._asking.set()
            self._asking = None

    def _state(self, program: str) -> Hashable:
        return state_of(self._session.spec, program)


def state_of(spec: CollectionSpec, program: str) -> Hashable:
    """Return what the kernel makes of a program depends on: its type, and the constants."""
    return spec.programs[program].type, tuple(bytes(each.data or b"") for each in spec.maps.values() if each.read_only)


def ask(answer: Answer, questions: Collection[Question], spec: CollectionSpec, inspector: Inspector) -> Answer | str:
    """Ask the kernel, and return what is known then; or why it does not say, as text. Takes its time."""
    try:
        for each in questions:
            if each == "walk":
                answer = answer._replace(walk=inspector.walk(spec, answer.program))
            else:
                answer = answer._replace(image=made(spec, answer.program, inspector))
    except BpftuiError as error:
        return f"{error.message}\n{error.hint}" if error.hint else error.message
    except Exception as error:
        return f"cannot ask the kernel for {answer.program}: {type(error).__name__}: {error}"
    return answer


def told_heat(heat: Heat) -> str:
    """Return how long the verifier's walk was, and where most of it."""
    text, hottest = f"{heat.walked} walked", heat.hottest
    if hottest is None:
        return text
    place = hottest.source.place if hottest.source is not None and hottest.source.place else f"insn {hottest.slots[0]}"
    return f"{text}, {hottest.share:.0%} at {place}".replace("%", " %")


def made(spec: CollectionSpec, name: str, inspector: Inspector) -> Made:
    """Ask the kernel what it makes of a program with the variables as they are set now.

    Raises:
        BpftuiError: It does not load it, or does not say; see `Inspector.image`.
    """
    from ....core.listing.listing import Listing, RowKind

    program = spec.program(name)
    image = inspector.image(spec, name)
    listing = Listing(program, spec)
    rows = inspector.columns(listing, image, translated=not program.translated)
    removed = reasons(program, spec, image.removed, image.decided)
    total = sum(1 for item in rows if item.row is not None and item.row.kind is RowKind.INSN)
    return Made(column_table(rows, image, is_loaded=program.translated), removed, total)


def reasons(
    program: ProgramSpec, spec: CollectionSpec, removed: Collection[int], decided: Collection[int]
) -> Mapping[int, str]:
    """Return why each instruction is dead (`dead: verbose = false`); arguments as for `decisions`."""
    from ....core.analysis.dead_code import decisions

    found = dict.fromkeys(removed, "dead")
    for each in decisions(program, spec, removed, decided):
        reason = " and ".join(each.constants)
        found |= dict.fromkeys(each.removed, f"dead: {reason}" if reason else f"dead: by the jump at {each.slot}")
    return found
