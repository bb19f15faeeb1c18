"""The helpers of the built-in machine, by number: a module for each area, one function for each helper.

A helper is a Python function of r1 to r5, unsigned, that returns r0. Names are those of `core.asm.HELPERS` without
`bpf_`; the errors that they return are those of the kernel (Linux 6.18).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...asm import HELPERS
from . import maps, memory, packet, records, tasks, texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..host import Host

__all__ = ["helpers", "numbers"]

_AREAS: Final = (maps, memory, packet, records, tasks, texts)
_NUMBERS: Final = {name: number for number, name in enumerate(HELPERS)}
TAIL_CALL: Final = _NUMBERS["bpf_tail_call"]


def helpers(host: Host) -> dict[int, Callable[..., int]]:
    """Return all helpers by number, bound to *host*. Tail calls are the machine's own."""
    return {_NUMBERS[f"bpf_{name}"]: function for area in _AREAS for name, function in area.helpers(host).items()}


def numbers() -> frozenset[int]:
    """Return the numbers of the helpers that there are."""
    from ..host import Host
    from ..processor import Processor
    from ..settings import Settings

    return frozenset(helpers(Host(Processor(), Settings(), "little"))) | {TAIL_CALL}
