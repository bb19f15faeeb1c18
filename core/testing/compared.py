"""What machine and kernel answer differently to the same inputs, each kind of difference once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ..errors import BpftuiError, NoPermissionError
from ..visible import visible
from .bpf import Bpf
from .errors import NotHereError
from .run import Difference, differences

if TYPE_CHECKING:
    from collections.abc import Collection as Several
    from collections.abc import Sequence
    from typing import Any

    from ..spec import CollectionSpec
    from .loaded import BpfObject
    from .run import Run
    from .side import Side

__all__ = ["Answer", "Comparison", "Differing", "Question", "compared"]

_STOPPED = "stopped"


class Question(NamedTuple):
    """What a program is given."""

    packet: bytes | None
    ctx: bytes | None
    held: Sequence[tuple[str, bytes, bytes]]
    """What maps are to hold before: a map's name, a key and a value."""


class Answer(NamedTuple):
    """What came of a question."""

    unlike: Sequence[Difference]
    """In what the answers of both differ."""
    untaken: str = ""
    """Why the kernel does not take it, as a sentence; empty where both have answered."""


@dataclass
class Differing:
    """A kind of difference."""

    where: str
    """As it is named where it may differ; `stopped` where the machine stopped the program, and the kernel did not."""
    text: str
    """What each runtime did, where it was first seen."""
    number: int
    """The question at which that was, from 0."""
    count: int = 1
    """At how many it was seen."""


@dataclass
class Comparison:
    """What came of all questions."""

    asked: int = 0
    """How many both runtimes have answered."""
    untaken: int = 0
    """How many the kernel does not take: its test runs are stricter than its hooks."""
    reason: str = ""
    """Why not, of the first one."""
    found: dict[str, Differing] = field(default_factory=dict[str, Differing])
    """By where it is."""

    def note(self, number: int, answer: Answer) -> None:
        """Add what came of a question, and what was different at it."""
        if answer.untaken:
            self.untaken += 1
            self.reason = self.reason or answer.untaken
            return
        self.asked += 1
        for where, text in {each.where: each.text for each in reversed(answer.unlike)}.items():
            if where in self.found:
                self.found[where].count += 1
            else:
                self.found[where] = Differing(where, visible(text), number)


def compared(
    spec: CollectionSpec,
    program: str,
    questions: Sequence[Question],
    *,
    may_differ: Several[str] = (),
    **options: Any,
) -> Comparison:
    """Ask machine and kernel the same, one question after the other.

    Where they differed as they had not before both begin anew, for what they hold may be another from there on. What
    is seen first where they had differed already is asked once more of both as they begin: it may come of that.

    Args:
        spec: The object, with its variables as they are set.
        program: The program in it.
        questions: What it is given.
        may_differ: What is not compared, as for `Bpf.load`.
        options: Other arguments of `Bpf.load`.

    Raises:
        NoPermissionError: The kernel is not asked by this process.
        NotHereError: It has no test runs of such a program.
        BpftuiError: The object cannot be loaded into one of them.
    """
    from .. import kernel

    if (why := kernel.available()) is not None:
        raise NoPermissionError(f"the kernel cannot be asked: {why}")
    result = Comparison()
    at = 0
    while True:  # without questions, too, it is found out whether there is somebody to ask
        with Bpf("both") as bpf:
            obj = bpf.load(spec, programs=[program], **options)
            have_differed = False
            while at < len(questions):
                answer = _asked(obj, program, questions[at], may_differ)
                is_new = not answer.untaken and any(each.where not in result.found for each in answer.unlike)
                if is_new and have_differed:
                    break
                result.note(at, answer)
                at += 1
                if is_new:
                    break
                have_differed = have_differed or bool(answer.unlike)
            else:
                return result


def _asked(obj: BpfObject, program: str, question: Question, may_differ: Several[str]) -> Answer:
    """Return what came of a question."""
    machine, kernel = obj.sides
    for name, key, value in question.held:
        for side in obj.sides:
            with suppress(BpftuiError, KeyError):  # a full map, a key outside of an array
                side.collection.maps[name].update(key, value)
    try:
        theirs = _run(kernel, program, question)
    except NotHereError:
        raise
    except BpftuiError as error:
        return Answer((), error.message)
    try:
        ours = _run(machine, program, question)
    except NotHereError:
        raise
    except BpftuiError as error:
        text = f"{error.message} (vm), returned {theirs.retval!r} (kernel)"
        return Answer(() if _STOPPED in may_differ else (Difference(_STOPPED, text),))
    return Answer(differences(ours, theirs, may_differ))


def _run(side: Side, program: str, question: Question) -> Run:
    return side.run(program, question.packet, question.ctx, 0)
