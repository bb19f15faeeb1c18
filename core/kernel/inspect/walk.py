"""How the verifier walks through a program: the whole of it, also where it takes the program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...errors import LoadError, VerifierError
from ...verifier import Heat, VerifierLog
from ..collection import Loader
from ..loading.prog_load import MOST_WHOLE_LOG
from ..sys.available import require

if TYPE_CHECKING:
    from ...btf import Btf
    from ...spec import CollectionSpec

__all__ = ["read_walk", "read_walk_log"]

_WHOLE: Final = 2 | 4
"""BPF_LOG_LEVEL2 keeps what was walked over and found to be safe; BPF_LOG_STATS adds the numbers."""


def read_walk(spec: CollectionSpec, name: str, *, target: Btf | None = None) -> Heat:
    """Return where the verifier's work went; see `read_walk_log`."""
    return Heat(read_walk_log(spec, name, target=target))


def read_walk_log(spec: CollectionSpec, name: str, *, target: Btf | None = None) -> VerifierLog:
    """Load a program with the variables as they are set now, and return the verifier's log of all that it walked over.

    It is closed again. Of a longer log than 64 MB only the end is looked at, since Linux 6.4, and before that the
    beginning: the log of a program that takes a million steps has some 600 MB, which the kernel takes 20 s to write.

    Args:
        spec: The object.
        name: The program; the verifier may refuse it.
        target: The types to adapt it to, instead of those that the kernel publishes.

    Raises:
        LoadError: It was refused before the verifier walked through it.
        NoPermissionError, FeatureError: bpf(2) as a whole cannot be used.
        UnknownNameError: There is no such program.
    """
    require()
    spec.program(name)
    part = spec.subset(maps=set(), programs={name}, variables=set())
    with Loader(part, target) as loader:
        loader.most_log = MOST_WHOLE_LOG
        loader.begin()
        for found in part.maps.values():
            loader.create_map(found)
        try:
            log = loader.load_program(part.programs[name], log_level=_WHOLE).log
        except VerifierError as error:
            log = error.log
    found = VerifierLog(log, part.programs[name], target=target)
    if not found.steps:
        raise LoadError(f"the verifier says nothing of program {name}")
    return found
