"""How the verifier walks through a program: the whole of it, also where it takes the program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..errors import LoadError
from ..verifier import Heat, VerifierLog
from .runtime import KernelRuntime

if TYPE_CHECKING:
    from ..btf import Btf
    from ..spec import CollectionSpec

__all__ = ["read_walk"]

_WHOLE: Final = 2 | 4
"""BPF_LOG_LEVEL2 keeps what was walked over and found to be safe; BPF_LOG_STATS adds the numbers."""


def read_walk(spec: CollectionSpec, name: str, *, target: Btf | None = None) -> Heat:
    """Load a program with the variables as they are set now, and return where the verifier's work went.

    It is closed again. The log of a program that takes a million steps has some 100 MB, and takes seconds.

    Args:
        spec: The object.
        name: The program; the verifier may refuse it.
        target: The types to adapt it to, instead of those that the kernel publishes.

    Raises:
        LoadError: It was refused before the verifier walked through it.
        NoPermissionError, FeatureError: bpf(2) as a whole cannot be used.
        UnknownNameError: There is no such program.
    """
    spec.program(name)
    part = spec.subset(maps=set(), programs={name}, variables=set())
    report = KernelRuntime(target=target).check(part, log_level=_WHOLE)
    outcome = next(outcome for outcome in report.programs if outcome.name == name)
    heat = Heat(VerifierLog(outcome.log or "", part.programs[name]))
    if not heat.visits:
        raise LoadError(outcome.error or f"the verifier says nothing of program {name}")
    return heat
