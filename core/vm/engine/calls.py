"""Functions of the machine that call functions of the program: helpers with callbacks, timers.

They are generators: each yields the calls that it wants to be made, the address of a function with its arguments, and
is sent what that returned. Who makes the calls decides how: at once, or stopping between any two of their instructions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ["CALLING", "Calls", "Walker", "answered", "walked"]

CALLING: Final = "calling"
"""The attribute of a helper that calls back: the generator behind it, of the same arguments."""

_T = TypeVar("_T")

Calls: TypeAlias = "Generator[tuple[int, ...], int, _T]"
"""What yields calls to be made, is sent their results, and returns something."""
Walker: TypeAlias = "Callable[..., Generator[int, None, int]]"
"""A function of the program as a generator: it yields the places where it stops, and returns r0."""


def answered(asked: Calls[_T], call: Callable[..., int]) -> _T:
    """Make the calls that *asked* wants, each at once with *call*, and return what it returns in the end."""
    try:
        request = next(asked)
        while True:
            try:
                answer = call(*request)
            except BaseException as error:
                request = asked.throw(error)
            else:
                request = asked.send(answer)
    except StopIteration as stop:
        return stop.value


def walked(asked: Calls[_T], call: Walker) -> Generator[int, None, _T]:
    """Make the calls that *asked* wants as generators, which *call* returns: `answered` for who stops in between."""
    try:
        request = next(asked)
        while True:
            try:
                answer = yield from call(*request)
            except BaseException as error:
                request = asked.throw(error)
            else:
                request = asked.send(answer)
    except StopIteration as stop:
        return stop.value
