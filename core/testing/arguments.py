"""What tests hand over, looked at before anything is made of it: what is of the wrong kind is said in a sentence."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from ..errors import UnknownNameError, UsageError
from ..helpers.names import HELPERS

if TYPE_CHECKING:
    from ..spec import CollectionSpec

__all__ = [
    "by_name",
    "check_functions",
    "check_places",
    "context",
    "names",
    "nanoseconds",
    "number",
    "options",
    "packet_bytes",
    "path",
]

_LONGEST: Final = 9e9
"""Seconds, which fit 64 bits in nanoseconds."""
_LARGEST: Final = (1 << 63) - 1
_REGISTERS: Final = 5
"""That functions are given."""
_PARTS: Final = ("returned", "stopped", "packet", "ctx", "printk")
"""What two runs may differ in beside maps and variables."""


def packet_bytes(packet: Any) -> bytes:
    """Return a packet of any library as bytes.

    Raises:
        UsageError: It has none.
    """
    refused = UsageError(f"a packet is bytes, or what has them, and not {packet!r}", hint="bytes.fromhex(…)")
    if isinstance(packet, str | int):  # the one has no bytes yet, and a number would be so many zeros
        raise refused
    try:
        return bytes(packet)
    except (TypeError, ValueError) as error:
        raise refused from error


def path(file: Any) -> str:
    """Return the path of a file.

    Raises:
        UsageError: It is none.
    """
    if isinstance(file, str | os.PathLike) and isinstance(found := os.fspath(file), str):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        return found
    raise UsageError(f"load() takes the path of an object, or a CollectionSpec, and not {file!r}")


def context(value: Any) -> Mapping[str, Any] | bytes | None:
    """Return a context: fields by their names, or bytes.

    Raises:
        UsageError: It is neither.
    """
    if isinstance(value, bytearray | memoryview):
        return bytes(value)  # pyright: ignore[reportUnknownArgumentType]
    return value if value is None or isinstance(value, bytes) else by_name("ctx", value)


def by_name(what: str, value: Any) -> Mapping[str, Any]:
    """Return what is given by names; nothing for None.

    Raises:
        UsageError: It is not.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise UsageError(f"{what} takes values by name, and not {value!r}", hint=f'{what}={{"name": value}}')
    for name in value:  # pyright: ignore[reportUnknownVariableType]
        if not isinstance(name, str):
            raise UsageError(f"{what} takes values by name, and {name!r} is no name")
    return value  # pyright: ignore[reportUnknownVariableType]


def names(what: str, value: Any) -> list[str]:
    """Return several names.

    Raises:
        UsageError: They are none; one text is not several.
    """
    found: list[Any] = [] if isinstance(value, str | bytes) or not isinstance(value, Iterable) else [*value]  # pyright: ignore[reportUnknownArgumentType]
    if value and (not found or not all(isinstance(each, str) for each in found)):
        raise UsageError(f"{what} takes several names, and not {value!r}", hint=f'{what}=["name"]')
    return found


def number(what: str, value: Any, *, least: int = 0, most: int | None = None) -> int | None:
    """Return an integer, or None for None.

    Raises:
        UsageError: It is none, or too small or too large.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise UsageError(f"{what} takes an integer, and not {value!r}")
    if not least <= value <= (_LARGEST if most is None else most):
        to = "on" if most is None else f"to {most:,}"
        raise UsageError(f"{what} takes integers from {least:,} {to}, and not {value:,}")
    return value


def nanoseconds(seconds: Any) -> int:
    """Return a time in seconds as one in nanoseconds.

    Raises:
        UsageError: It is none, or less than nothing.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not abs(seconds) < _LONGEST:
        raise UsageError(f"time is a number of seconds, below {_LONGEST:,.0f}, and not {seconds!r}")
    if seconds < 0:
        raise UsageError("time only passes: it is advanced by what is not negative")
    return round(seconds * 1e9)


def check_functions(functions: Mapping[str, Any], spec: CollectionSpec) -> None:
    """Look at what a test gives functions to return.

    Raises:
        UnknownNameError: One is no helper, and no kernel function that the object declares.
        UsageError: It is no integer, nothing that a pointer leads to, and nothing that is called.
    """
    known = {*HELPERS[1:], *(extern.name for extern in spec.externs.kfuncs)}
    for name, given in functions.items():
        if name not in known:
            raise UnknownNameError("helper or kernel function", name, known, where=spec.title)
        if callable(given):
            _check_parameters(name, given)
        elif not isinstance(given, int | str):
            hint = f'helpers={{"{name}": 0}}, or a function that is called in its place'
            raise UsageError(f"{name} is to return {given!r}, which is no integer", hint=hint)


def _check_parameters(name: str, given: Callable[..., Any]) -> None:
    """Look whether a function can be called with as many registers as there are, or fewer."""
    try:
        parameters = inspect.signature(given).parameters.values()
    except (TypeError, ValueError):  # of some built-in ones nothing is known
        return
    wanted = [each for each in parameters if each.default is each.empty and each.kind is not each.VAR_KEYWORD]
    by_place = [each for each in wanted if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    if len(by_place) > _REGISTERS or any(each.kind is each.KEYWORD_ONLY for each in wanted):
        raise UsageError(f"what is called in place of {name} takes r1 to r5 at most, in that order")


def options(kconfig: Any) -> Mapping[str, str]:
    """Return options of a kernel's configuration.

    Raises:
        UsageError: A value is no text.
    """
    found = by_name("kconfig", kconfig)
    for name, value in found.items():
        if not isinstance(value, str):
            hint = f'kconfig={{"{name}": "y"}}, as a configuration writes it'
            raise UsageError(f"kconfig takes texts, and {name} is {value!r}", hint=hint)
    return found


def check_places(places: Iterable[str], spec: CollectionSpec) -> None:
    """Look for what two runtimes may differ in, as far as its first part goes: `sources` of `sources.last_seen`.

    Raises:
        UnknownNameError: The object has no such map or variable, and nothing else is called so.
    """
    known = {*spec.maps, *spec.variables, *_PARTS}
    for place in places:
        if place not in known and place.partition(".")[0] not in known:  # `.bss` begins with one
            raise UnknownNameError("map or variable", place.partition(".")[0] or place, known, where=spec.title)
