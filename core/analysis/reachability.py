"""Which instructions the verifier certainly walks over, once constants and a kernel's types are known.

Objects that run on many kernels ask before they use what is not everywhere: `bpf_core_field_exists()`, a `__kconfig`
variable, a constant, the address of a weak symbol. What is behind the wrong answer is dead: the verifier never walks
there, so it may call helpers that the kernel does not have.

How much a verifier knows is not to be copied: it follows ranges and single bits, more in each version. But it is sound,
and so it walks wherever a run can come to. So the program is run, with values of our choice for what it is given: what
a run (`run`) comes to is certain, and of the rest nothing is said. It is run again and again, as its `ways` are.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from .run import Code, Run
from .ways import Ways

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ..spec.collection import CollectionSpec
    from ..spec.program import ProgramSpec

__all__ = ["constants_of", "reached"]

_ALL_STEPS: Final = 150_000
"""Instructions of all runs together: about half a second."""
_RUNS: Final = 400
_IDLE: Final = 24
"""Runs that come to nothing new, after which there are no more."""


def constants_of(spec: CollectionSpec) -> dict[str, bytes]:
    """Return what an object's read-only data sections hold, by the names of their maps."""
    return {name: bytes(each.data) for name, each in spec.maps.items() if each.data and each.read_only}


def reached(
    program: ProgramSpec,
    code: bytes,
    constants: Mapping[str, bytes],
    missing: Collection[str] = (),
    wanted: Collection[int] | None = None,
) -> set[int]:
    """Return slots of instructions that the verifier walks over, functions that are called among them.

    Args:
        program: The program.
        code: Its linked code, with CO-RE relocations applied.
        constants: The contents of its read-only data sections and of `.kconfig`, by the names of their maps.
        missing: Weak symbols and functions that the kernel does not have; all others are there.
        wanted: The slots that are asked for: when all are reached, no others are looked for. None asks for all.
    """
    what, ways = Code(program, code, constants, missing), Ways(program, wanted)
    steps = 0
    for entry in ways.entries:  # which grows
        idle = 0
        for number in range(_RUNS):
            if ways.is_done or steps > _ALL_STEPS or idle > _IDLE:
                break
            before = len(ways.found), len(ways.entries)
            steps += Run(what, ways, entry, random.Random(number)).go()
            ways.update()
            idle = 0 if (len(ways.found), len(ways.entries)) != before else idle + 1
    return ways.found
