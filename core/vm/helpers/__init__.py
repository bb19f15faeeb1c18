"""The helpers and the kernel functions of the built-in machine: a module for each family.

Each is declared (see `declaration`) under the kernel's name; the errors that they return are those of Linux 6.18.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...helpers.names import HELPERS, TAIL_CALL
from ..world.returned import returned

# Each declares what it has when it is imported.
# pyright: reportUnusedImport=false
from . import (  # noqa: F401
    arenas,
    checksums,
    clock,
    control,
    cpumasks,
    dynptrs,
    elements,
    events,
    graphs,
    iterators,
    locks,
    memory,
    objects,
    printing,
    records,
    redirection,
    skb,
    socket_maps,
    sockets,
    storage,
    strings,
    sysctls,
    tasks,
    text_functions,
    timers,
    traced,
    user_rings,
    vlan,
    xdp,
)
from .declaration import declared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..world.host import Host
    from .declaration import Bound

__all__ = ["HelperTable", "kernel_function", "numbers"]


class HelperTable(Mapping[int, "Bound"]):
    """The helpers by number, for one host; each is made ready when it is first asked for.

    Args:
        host: Whom they work for. What its settings say that a helper returns, it returns.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._bound: dict[int, Bound] = {}

    def __getitem__(self, number: int) -> Bound:
        if number not in self._bound:
            name = HELPERS[number] if 0 <= number < len(HELPERS) else ""
            found = kernel_function(self._host, name)
            if found is None:
                raise KeyError(number)
            self._bound[number] = found
        return self._bound[number]

    def __iter__(self) -> Iterator[int]:
        return (number for number, name in enumerate(HELPERS) if name in declared() or name in self._host.returns)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def kernel_function(host: Host, name: str) -> Bound | None:
    """Return the helper or the kernel function called *name*, for *host*; None where there is none."""
    given = host.returns.get(name)
    if callable(given):
        return _calling(given)
    if given is not None:
        value = returned(host, name, given)
        return lambda *_: value
    declaration = declared().get(name)
    return None if declaration is None else declaration.bind(host)


def _calling(function: Callable[..., int]) -> Bound:
    """Return what calls a function of the user's with as many arguments as it takes, of five."""
    taken = list(inspect.signature(function).parameters.values())
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in taken):
        return function
    count = sum(parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD) for parameter in taken)
    return lambda *registers: function(*registers[:count])


def numbers() -> frozenset[int]:
    """Return the numbers of the helpers that there are; the tail call is the machine's own."""
    return frozenset(number for number, name in enumerate(HELPERS) if name in declared() or number == TAIL_CALL)
