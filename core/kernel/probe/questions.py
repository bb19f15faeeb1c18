"""Single questions to the running kernel, each answered by a trial that leaves nothing behind."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from ...errors import NoPermissionError, UnknownNameError, UsageError
from ...helpers.names import HELPERS
from ..sys import probes, rights
from ..sys.available import require
from ..sys.syscall import errno_name
from . import instructions, link_types
from .helpers import NOTED, try_helper

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...privileges import Capability
    from ...spec import AttachType, MapType, ProgramType

__all__ = ["helper", "instruction", "link_type", "map_type", "program_type"]


def map_type(type_: MapType) -> bool:
    """Return whether maps of a type can be created here: the smallest one is, and closed again.

    Raises:
        NoPermissionError: The kernel refuses them to this process, which tells nothing of the kernel.
        FeatureError: There is no bpf(2) at all.
    """
    require()
    return _verdict(probes.try_map(type_), f"create maps of type {type_.label}", rights.needed(type_))


def program_type(type_: ProgramType) -> bool:
    """Return whether programs of a type can be loaded here: one that returns 0 is, and closed again.

    Raises:
        NoPermissionError: The kernel refuses them to this process, which tells nothing of the kernel.
        FeatureError: There is no bpf(2) at all.
    """
    require()
    return _verdict(probes.try_program(type_), f"load programs of type {type_.label}", rights.needed(type_))


def helper(type_: ProgramType, name: str, *, attach_type: AttachType | None = None) -> bool:
    """Return whether programs of a type may call a helper here: the verifier is shown one that does.

    Args:
        type_: The program type.
        name: The helper, as `bpf_redirect_map`.
        attach_type: The hook, where the type has several and they differ in what is allowed; None for a usual one.

    Raises:
        UnknownNameError: No helper is called so.
        NoPermissionError: The kernel refuses programs of this type to this process.
        UsageError: It cannot be told: the type is not there, or depends on another program (freplace); or the helper
            is one whose mere verification the kernel notes in its log (`bpf_trace_printk`, `bpf_trace_vprintk`,
            `bpf_probe_write_user`), and which is therefore not tried.
        FeatureError: There is no bpf(2) at all.
    """
    if name not in HELPERS[1:]:
        raise UnknownNameError("helper", name, HELPERS[1:])
    require()
    doing = f"tell whether programs of type {type_.label} may call {name}()"
    number = HELPERS.index(name)
    if number in NOTED:
        raise UsageError(f"cannot {doing}: the kernel writes each trial to its log, so that none is made")
    verdict, refusal, problem = try_helper(type_, number, attach_type)
    if verdict is None and refusal == errno.EPERM:
        _verdict(refusal, doing, rights.needed(type_))
    if verdict is None:
        raise UsageError(f"cannot {doing}: {problem}")
    return verdict


def instruction(name: str) -> bool:
    """Return whether the verifier and the JIT here know instructions of a kind: `jmp32`, `bounded loops`, ….

    `bpftui.core.kernel.probe.instructions.INSTRUCTIONS` lists them.

    Raises:
        UnknownNameError: There is no such kind.
        NoPermissionError: The kernel refuses them to this process, which tells nothing of the kernel.
        FeatureError: There is no bpf(2) at all.
    """
    known = {each.name: each for each in instructions.INSTRUCTIONS}
    if name not in known:
        raise UnknownNameError("kind of instructions", name, known)
    require()
    tried = known[name]
    number = instructions.try_instructions(tried)
    needs = rights.TRACING if tried.walked else rights.LOADING
    # Without CAP_PERFMON the verifier also walks the paths that a CPU may take by mistake, and gives up.
    number = errno.EPERM if number and rights.missing(needs) else number
    return _verdict(number, f"use {name}", needs)


def link_type(name: str) -> bool:
    """Return whether there are links of a type here: `xdp`, `tcx`, `uprobe_multi`, …. None is made.

    `bpftui.core.kernel.probe.link_types.LINK_TYPES` lists them.

    Raises:
        UnknownNameError: There is no such type.
        NoPermissionError: The kernel refuses them to this process, which tells nothing of the kernel.
        UsageError: It cannot be told: it stands in the kernel's types, which this one does not publish.
        FeatureError: There is no bpf(2) at all.
    """
    known = {each.name: each for each in link_types.LINK_TYPES}
    if name not in known:
        raise UnknownNameError("link type", name, known)
    require()
    number = link_types.try_link(known[name])
    if number is None:
        raise UsageError(f"cannot tell whether there are links of type {name}: the kernel's answer says neither")
    return _verdict(number, f"make links of type {name}", known[name].needed)


def _verdict(number: int, doing: str, needs: Sequence[Capability]) -> bool:
    """Return whether a trial went well; EPERM is no answer."""
    if number != errno.EPERM:
        return number == 0
    reason, remedy = rights.refusal(needs)
    raise NoPermissionError(f"cannot {doing}: {reason} ({errno_name(number)})", hint=remedy)
