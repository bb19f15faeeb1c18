"""Which helpers programs of a type may call on this kernel: each is called in a program of two instructions."""

from __future__ import annotations

import errno
import os
from typing import Final, NamedTuple

from ...asm.opcodes import CALL, EXIT
from ...btf import Kind
from ...btf.kernel import vmlinux
from ...errors import FeatureError
from ...helpers.names import HELPERS
from ...spec import AttachType, ProgramFlag, ProgramType
from ..sys import probes, rights
from ..sys.syscall import errno_name

__all__ = ["NOTED", "HelperReport", "probe_helpers", "try_helper"]


_NOTED: Final = frozenset({"bpf_trace_printk", "bpf_trace_vprintk", "bpf_probe_write_user"})
NOTED: Final = frozenset(number for number, name in enumerate(HELPERS) if name in _NOTED)
"""Helpers whose mere verification the kernel writes to its log, or that switch a tracepoint on. They are not tried."""

_REFUSALS: Final = ("unknown func ", "invalid func ", "program of this type cannot use helper ")
"""What the verifier says of a helper that is not for the program; the last replaced the first in newer kernels, and
the second is for numbers that no helper has.
"""

_SAMPLES: Final = {
    ProgramType.TRACING: ("bpf_fentry_test1", Kind.FUNC),
    ProgramType.LSM: ("bpf_lsm_file_open", Kind.FUNC),
    ProgramType.STRUCT_OPS: ("tcp_congestion_ops", Kind.STRUCT),
}
"""What in the kernel a program of a type that is tied to something there is tied to for the trial."""


class HelperReport(NamedTuple):
    """What programs of one type may call."""

    program_type: ProgramType
    attach_type: AttachType | None
    usable: list[str]
    missing: list[str]
    """Those that the kernel does not have, or not for this type."""
    untold: list[str]
    """Those that were not tried, or where the kernel's answer tells neither."""
    problem: str
    """Why nothing can be told of this type; empty where it can."""


def probe_helpers(type_: ProgramType, attach_type: AttachType | None = None) -> HelperReport:
    """Try all helpers in programs of a type, which takes about 15 ms; nothing stays loaded.

    Args:
        type_: The program type.
        attach_type: The hook, where the type has several and they differ in what is allowed; None for a usual one.
    """
    names = list(HELPERS[1:])
    attach, target, problem = _tied(type_, attach_type)
    if problem:
        return HelperReport(type_, attach, [], [], names, problem)
    verdicts: dict[str, bool | None] = {}
    numbers: set[int] = set()
    for number, name in enumerate(names, 1):
        verdicts[name], refusal = (None, 0) if name in _NOTED else _try(type_, number, attach, target)
        numbers.add(refusal)
    usable, missing, untold = ([name for name in names if verdicts[name] is kind] for kind in (True, False, None))
    problem = "" if usable or missing else _problem(type_, numbers - {0})
    return HelperReport(type_, attach, usable, missing, untold, problem)


def try_helper(type_: ProgramType, number: int, attach_type: AttachType | None = None) -> tuple[bool | None, int, str]:
    """Return whether programs of a type may call one helper, errno, and why it cannot be told where that is None."""
    attach, target, problem = _tied(type_, attach_type)
    if problem:
        return None, 0, problem
    verdict, refusal = _try(type_, number, attach, target)
    return verdict, refusal, "" if verdict is not None else _problem(type_, {refusal})


def _tied(type_: ProgramType, attach_type: AttachType | None) -> tuple[AttachType | None, int, str]:
    """Return what a trial of that type is tied to, a hook and a type of the kernel's; or why there is none."""
    if type_ == ProgramType.EXT:
        return attach_type, 0, "it may call what the program that it replaces may call"
    attach = probes.usual_attach_type(type_) if attach_type is None else attach_type
    if type_ not in _SAMPLES:
        return attach, 0, ""
    try:
        target = vmlinux().find(*_SAMPLES[type_]) or 0
    except FeatureError as error:
        return attach, 0, error.message
    return attach, target, "" if target else f"this kernel has no {_SAMPLES[type_][0]} to try it on"


def _try(type_: ProgramType, number: int, attach: AttachType | None, target: int) -> tuple[bool | None, int]:
    """Return whether a program may call the helper, and errno; None when the verifier did not come to the call."""
    fd, refusal, log = probes.load_program(
        type_,
        probes.instructions((CALL, 0, number), (EXIT, 0, 0)),
        attach_type=attach,
        attach_btf_id=target,
        flags=ProgramFlag.SLEEPABLE if type_ == ProgramType.SYSCALL else 0,
        log_size=4096,
    )
    if fd >= 0:
        os.close(fd)
        return True, 0
    if any(words in log for words in _REFUSALS):
        return False, refusal
    # The verifier prints an instruction before it looks at it: it complains of the arguments, so the helper is allowed.
    return (True if "(85) call " in log else None), refusal


def _problem(type_: ProgramType, numbers: set[int]) -> str:
    """Return why no program of the type came as far as its call, from the errnos."""
    if errno.EPERM in numbers:
        return f"refused: {rights.refusal(rights.needed(type_))[0]} (EPERM)"
    if errno.EINVAL in numbers:
        return "not in this kernel (EINVAL)"
    return f"cannot be told ({', '.join(map(errno_name, sorted(numbers)))})"
