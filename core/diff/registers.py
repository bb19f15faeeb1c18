"""Whether instructions that differ in their registers alone compute the same of the same values.

A compiler that finds one more value to keep puts others elsewhere, and half a function reads differently though it does
the same. A forward data flow over both functions at once tells: which register of the new one holds what a register of
the old one holds. Where both come together, only that counts in which all ways agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ..asm.opcodes import CALL, CALLX, EXIT, GOTOX
from ..asm.registers import clobbered, register_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .forms import Form

__all__ = ["Step", "renamed"]

_REGISTERS: Final = 16
_FRAME: Final = 10
_PASSES: Final = 8
"""How often a function is gone through at most, until nothing is new: loops in loops take one pass more each."""
_NOTHING: Final = -1
"""Of a register of the old function that holds no value: it was never set, or a call has left nothing in it."""
_UNKNOWN: Final = -2
"""Of one whose value no register of the new function is known to hold."""

_State = tuple[int, ...]
"""For each register of the old function that of the new one which holds the same value."""
_LOST: Final[_State] = tuple([_FRAME if number == _FRAME else _UNKNOWN for number in range(_REGISTERS)])


class Step(NamedTuple):
    """A place in both functions at once: an instruction of one or of both, or a label."""

    old: Form | None = None
    new: Form | None = None
    targets: tuple[int, ...] = ()
    """Of an instruction the labels that it jumps to, as far as both functions have them."""
    label: int | None = None
    """Of a label its number; None where only one of the functions can be jumped to there."""

    @property
    def is_label(self) -> bool:
        """Whether it is a label and no instruction."""
        return self.old is None and self.new is None


def renamed(steps: Sequence[Step]) -> set[int]:
    """Return the steps at which two instructions of one shape do the same with the same values, as numbers of *steps*.

    Where a function jumps through a table nothing is known.
    """
    if any(form is not None and form.insn.opcode == GOTOX for step in steps for form in (step.old, step.new)):
        return set()
    labels: dict[int, _State] = {}
    for _ in range(_PASSES):
        before = dict(labels)
        found = _pass(steps, labels)
        if labels == before:
            return found
    return set()


def _pass(steps: Sequence[Step], labels: dict[int, _State]) -> set[int]:
    """Go through both functions once; return the steps that do the same, and lower what holds at labels."""
    found: set[int] = set()
    state: _State | None = _entry()
    for number, (old, new, targets, label) in enumerate(steps):
        if old is None and new is None:
            state = _LOST if label is None else _met(state, labels.get(label))
            if label is not None and state is not None:
                labels[label] = state
            continue
        both = old is not None and new is not None and old.shape == new.shape
        if state is None:  # no way leads here, as far as is known by now
            found |= {number} if both else set()
            continue
        if both and old is not None and new is not None:
            is_same = _same(state, old, new)
            if is_same:
                found.add(number)
            state = _after_both(state, old, new, is_same=is_same)
        else:
            state = _after_one(state, old, new)
        for target in targets:
            labels[target] = _met(state, labels.get(target)) or state
        if (old is not None and old.ends) or (new is not None and new.ends):
            # Where only one of them goes on behind this, nothing is known there.
            state = None if old is not None and new is not None and old.ends and new.ends else _LOST
    return found


def _entry() -> _State:
    """Return what holds at the start: the arguments and the frame are in the same registers."""
    return tuple([number if number in (*range(1, 6), _FRAME) else _NOTHING for number in range(_REGISTERS)])


def _met(one: _State | None, other: _State | None) -> _State | None:
    """Return what holds where two ways come together; None for a way is one that does not come there."""
    if one is None or other is None:
        return other if one is None else one
    return tuple([a if a == b else _UNKNOWN for a, b in zip(one, other, strict=True)])


def _same(state: _State, old: Form, new: Form) -> bool:
    """Whether both read the same values."""
    if any(one.is_read and state[one.number] != other.number for one, other in zip(old.named, new.named, strict=True)):
        return False
    # What is read without being named is in registers that are the same in all functions. One that no way has set is
    # not read, whatever the kind of call says.
    is_lenient = old.insn.opcode in (CALL, CALLX, EXIT)
    return all(
        state[number] == number or (is_lenient and state[number] == _NOTHING)
        for number in register_numbers(old.used | new.used)
    )


def _after_both(state: _State, old: Form, new: Form, *, is_same: bool) -> _State:
    """Return what holds behind two of one shape: what they write is one value only if what they read was the same."""
    after = _without(state, new)
    nothing = clobbered(old.insn.opcode)
    for number in register_numbers(old.changed):
        after[number] = _NOTHING if nothing >> number & 1 else number if is_same else _UNKNOWN
    for one, other in zip(old.named, new.named, strict=True):
        if one.is_written:
            after[one.number] = other.number if is_same else _UNKNOWN
    return tuple(after)


def _without(state: _State, new: Form) -> list[int]:
    """Return what holds once an instruction of the new function has written over registers."""
    written = new.written
    return [_UNKNOWN if to in written else to for to in state]


def _after_one(state: _State, old: Form | None, new: Form | None) -> _State:
    after = list(state) if new is None else _without(state, new)
    if old is not None:
        for number in old.written:
            after[number] = _UNKNOWN
    return tuple(after)
