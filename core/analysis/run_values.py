"""What a run works with whose inputs are ours to choose: numbers, pointers, what is computed of unknowns, stacks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Address", "Held", "Memory", "Term", "Unknown", "apply", "known"]


class Address(NamedTuple):
    """Where a pointer leads that is not NULL."""

    space: str
    """`stack`, `data`, `function`, or `other`."""
    key: int | str = 0
    """A frame, a map's name, or a slot."""
    offset: int = 0


class Unknown:
    """What a program is given. Its value is chosen when it is first looked at.

    Args:
        width: Its bytes.
        allowed: The values that it can have; all where it is empty.
        may_be_zero: Whether the verifier takes 0 for possible: not of a pointer that it trusts.
    """

    def __init__(self, width: int, allowed: tuple[int, ...] = (), *, may_be_zero: bool = True) -> None:
        self.mask = (1 << 8 * width) - 1
        self.allowed = allowed
        self.may_be_zero = may_be_zero
        self.value: int | None = None

    def possible(self, number: int) -> int | None:
        """Return a number as this can have it, None where it cannot."""
        number &= self.mask
        return number if number or self.may_be_zero else None


class Term(NamedTuple):
    """What was computed of something unknown."""

    of: Unknown
    steps: tuple[Callable[[int], int], ...] = ()
    added: int = 0
    """What was added to it, to guess what a comparison needs."""

    def at(self, number: int) -> int:
        """Return the result where the unknown has a value."""
        for step in self.steps:
            number = step(number)
        return number

    def then(self, step: Callable[[int], int], added: int = 0) -> Term:
        """Return the term with one step more."""
        return Term(self.of, (*self.steps, step), self.added + added)


Held: TypeAlias = int | Address | Term | None
"""What a register holds; None is what we know less of than the verifier may."""


@dataclass
class Memory:
    """A stack frame."""

    numbers: dict[int, int] = field(default_factory=dict[int, int])
    """Bytes, by offset."""
    objects: dict[int, tuple[int, Held]] = field(default_factory=dict[int, "tuple[int, Held]"])
    """What is no number, with its size."""
    lost: set[int] = field(default_factory=set[int])
    """Bytes that something may have changed."""
    is_lost: bool = False

    def store(self, at: int, size: int, value: Held, order: str) -> None:
        """Write a value."""
        self.forget(at, size)
        if isinstance(value, int):
            raw = (value & (1 << 8 * size) - 1).to_bytes(size, "little" if order == "little" else "big")
            self.numbers.update(zip(range(at, at + size), raw, strict=True))
        elif value is None or (isinstance(value, Address) and size != 8):
            self.lost.update(range(at, at + size))
        else:
            self.objects[at] = (size, value)

    def forget(self, at: int, size: int) -> None:
        """Drop what is there: what is then read can be anything."""
        for byte in range(at, at + size):
            self.numbers.pop(byte, None)
            self.lost.discard(byte)
        for start, (length, _) in list(self.objects.items()):
            if start < at + size and at < start + length:
                del self.objects[start]
                self.lost.update(each for each in range(start, start + length) if not at <= each < at + size)

    def lose(self, at: int, size: int = 512) -> None:
        """Note that something may be there, or still what was."""
        self.forget(at, size)
        self.lost.update(range(at, at + size))

    def load(self, at: int, size: int, order: str) -> Held:
        """Read a value."""
        span = range(at, at + size)
        if self.is_lost or not self.lost.isdisjoint(span):
            return None
        found = self.objects.get(at)
        if found is not None and found[0] == size:
            return found[1]
        if any(start < at + size and at < start + length for start, (length, _) in self.objects.items()):
            return None
        raw = [self.numbers.get(byte) for byte in span]
        known = [byte for byte in raw if byte is not None]
        if len(known) == size:
            return int.from_bytes(bytes(known), "little" if order == "little" else "big")
        return Term(Unknown(size)) if not known else None


def apply(value: Held, step: Callable[[int], int]) -> Held:
    """Return what a step makes of a value: of a number, or of what is unknown; of a pointer nothing is known."""
    if isinstance(value, Term):
        return value.then(step)
    return step(value) if isinstance(value, int) else None


def known(value: Held) -> Held:
    """Return the number of a term whose unknown was chosen by now; else the value."""
    return value.at(value.of.value) if isinstance(value, Term) and value.of.value is not None else value
