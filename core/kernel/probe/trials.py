"""Parts of a program that are tried alone: whether the verifier takes them at all, whatever they are given."""

from __future__ import annotations

import functools
import os
import re
import struct
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

from ...analysis.facts import ProgramFacts
from ...analysis.lattice import Place
from ...asm.opcodes import CALL, INSN_SIZE, Class
from ...helpers.names import HELPERS
from ...runtime import Obstacle
from ...spec import ProgramFlag, ProgramType
from ..sys import probes
from .leniency import withheld

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...spec import MapSpec, ProgramSpec
    from ..loading.hook import Hook

__all__ = ["Tied", "complaint", "context_complaints", "helper_complaint", "registers"]

_LOG: Final = 8192
_REFUSED: Final = frozenset(
    {
        "device-bound",
        "unknown-function",
        "helper-not-allowed",
        "helper-in-probe",
        "kfunc-not-allowed",
        "kfunc-unknown",
        "kfunc-jit",
        "license",
        "sleepable-helper",
    }
)
"""Explanations by which the verifier refuses a call as such, and not what it is given (`core.verifier.messages`)."""
_OFFSETS: Final = range(-(1 << 15), 1 << 15)
"""Those that an instruction can have."""


class Tied(NamedTuple):
    """What a program says of itself beside its code: it is what trials of its parts are made with."""

    type: ProgramType
    hook: Hook
    flags: int
    license: str

    @classmethod
    def of(cls, spec: ProgramSpec, hook: Hook) -> Tied:
        """Return that of a program. What only tests of the verifier ask for is left out of its flags."""
        kept = ProgramFlag.SLEEPABLE | ProgramFlag.XDP_HAS_FRAGS | ProgramFlag.XDP_DEV_BOUND_ONLY
        return cls(spec.type, hook, spec.flags & kept, spec.license)

    def load(self, code: bytes, fd_array: bytes = b"") -> tuple[int, str]:
        """Load some code, close it again, and return errno, 0 where it was taken, and the log."""
        fd, number, log = probes.load_program(
            self.type,
            code,
            attach_type=self.hook.attach_type,
            attach_btf_id=self.hook.type_id,
            attach_fd=self.hook.fd,
            flags=self.flags,
            license_=self.license,
            fd_array=fd_array,
            log_size=_LOG,
        )
        if fd >= 0:
            os.close(fd)
        return number, log


def complaint(tied: Tied, log: str) -> Obstacle | None:
    """Return why the verifier refuses a call as such."""
    from ...verifier import explain

    found = explain(log) if log else None
    if found is None or found.key not in _REFUSED:
        return None
    called = _CALLED.search(log)
    if found.key == "license" and called is not None:
        from ...verifier.messages.calls import license_summary

        return Obstacle(license_summary(f"{called[1]}()", tied.license), found.mends[0])
    held = withheld(called[1], tied.type) if called is not None and found.key == "helper-not-allowed" else None
    return Obstacle(found.summary, next(iter(found.mends), "")) if held is None else Obstacle(*held)


_CALLED: Final = re.compile(r"call (\w+)#")


def helper_complaint(tied: Tied, number: int) -> Obstacle | None:
    """Return why a program of this kind may not call a helper here; None where it may, or where that is not known."""
    # A descriptor's number means something else later: what is tied to a module is not kept.
    return _try_helper.__wrapped__(tied, number) if tied.hook.fd else _try_helper(tied, number)


@functools.cache
def _try_helper(tied: Tied, number: int) -> Obstacle | None:
    from .helpers import NOTED

    if number in NOTED:
        return _noted_complaint(tied, number)
    return complaint(tied, tied.load(probes.instructions((CALL, 0, number), *probes.RETURN_ZERO))[1])


def _noted_complaint(tied: Tied, number: int) -> Obstacle | None:
    """Return why the verifier refuses a helper that is not tried: they are in all kernels, and for the GPL only."""
    name = HELPERS[number]
    found = withheld(name, tied.type, refused=False)
    if found is not None:
        return Obstacle(*found)
    from ...verifier.messages.calls import GPL_COMPATIBLE, LICENSE_MENDS, license_summary

    if tied.license in GPL_COMPATIBLE:
        return None
    return Obstacle(license_summary(f"{name}()", tied.license), LICENSE_MENDS[0])


def context_complaints(spec: ProgramSpec, tied: Tied, code: bytes, maps: Mapping[str, MapSpec]) -> Iterator[Obstacle]:
    """Yield the accesses to its context that a program may not make, each with its slot.

    Args:
        spec: The program.
        tied: What it says of itself.
        code: Its linked code, with CO-RE relocations applied.
        maps: The maps of its object.
    """
    facts, flow = ProgramFacts(spec, maps, losses=False, code=code), spec.flow
    targets = {call.slot: call.target for call in flow.calls}
    left = set(flow.functions[1:])
    waiting = flow.functions[:1]
    for function in waiting:  # which grows by those that are given the context
        found = facts.at(function)
        for slot, access in found.accesses.items():
            address = access.address
            if address.place is Place.CONTEXT and address.exact and address.offset in _OFFSETS:
                refused = _context_complaint(spec, tied, slot, _alone(code, slot, address.offset))
                if refused is not None:
                    yield refused
        for slot, arguments in found.calls.items():
            target = targets.get(slot)
            is_given = any(value is not None and value.place is Place.CONTEXT for value in arguments)
            if target in left and is_given:
                left.remove(target)
                waiting.append(target)


def _alone(code: bytes, slot: int, offset: int) -> bytes:
    """Return a program that makes one access to its context, as an instruction makes it."""
    opcode, _, _, imm = struct.unpack_from("=BBhi", code, slot * INSN_SIZE)
    # The value that is read goes to r0, the one that is written comes from it.
    operands = registers(src=1) if opcode & 7 == Class.LDX else registers(dst=1)
    access = struct.pack("=BBhi", opcode, operands, offset, imm)
    zero, end = probes.RETURN_ZERO
    return probes.instructions(zero) + access + probes.instructions(zero, end)


def _context_complaint(spec: ProgramSpec, tied: Tied, slot: int, code: bytes) -> Obstacle | None:
    from ...verifier import VerifierLog, explain

    log = _log_of.__wrapped__(tied, code) if tied.hook.fd else _log_of(tied, code)
    # What is said of the trial's second instruction is meant of this one of the program.
    log = re.sub(r"(?m)^1: (?=\()", f"{slot}: ", log)
    found = explain(VerifierLog(log, spec)) if log else None
    if found is None or found.key != "context-access":
        return None
    return Obstacle(found.summary, next(iter(found.mends), ""), (slot,))


@functools.cache
def _log_of(tied: Tied, code: bytes) -> str:
    number, log = tied.load(code)
    return log if number else ""


def registers(*, dst: int = 0, src: int = 0) -> int:
    """Return the byte of an instruction that names its registers, in this machine's order."""
    return src << 4 | dst if sys.byteorder == "little" else dst << 4 | src
