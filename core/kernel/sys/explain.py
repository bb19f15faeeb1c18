"""From an errno to one sentence: what was refused, why, and what to do about it on this machine."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Final

from ...errors import BpftuiError, FeatureError, LoadError, NoPermissionError
from . import probes, rights
from .syscall import ENOTSUPP, BpfError, Command, errno_name

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["explain"]

_REASONS: Final[dict[int, str]] = {
    errno.EACCES: "access denied: the map's flags or a security module forbid it",
    errno.E2BIG: "something of it is too large, or this kernel does not know a field that it needs",
    errno.EBUSY: "it is in use",
    errno.EEXIST: "it is there already",
    errno.EINVAL: "the kernel finds it invalid",
    errno.EMFILE: "this process has too many open files",
    errno.ENFILE: "the system has too many open files",
    errno.ENOENT: "it is not there",
    errno.ENOMEM: "there is not enough memory, or its control group allows no more",
    errno.ENOSPC: "there is no room for more",
    errno.EFAULT: "bad address",
}


def explain(
    error: BpfError,
    doing: str,
    *,
    needs: Iterable[rights.Capability] = rights.LOADING,
    raises: type[BpftuiError] = LoadError,
    feature: str = "",
) -> BpftuiError:
    """Return the error to raise for what the kernel refused.

    Args:
        error: What it said.
        doing: What was tried, as it follows "cannot": `create map pkt_count`.
        needs: The capabilities that the kernel asks for this.
        raises: What to return where it is neither a matter of rights nor of a missing feature.
        feature: What the kernel lacks if it answers that it does not support this: `XDP links (Linux 5.9)`.
    """
    number = error.errno
    name = errno_name(number)
    if number == errno.EPERM:
        return _permission(error, doing, needs)
    if number == errno.ENOSYS:
        return FeatureError(f"cannot {doing}: this kernel is built without bpf(2) (ENOSYS)")
    if number == errno.E2BIG and error.command == Command.MAP_UPDATE_ELEM:
        return raises(f"cannot {doing}: the map is full ({name})")
    lacking = f"this kernel lacks {feature}" if feature else "this kernel does not support it"
    if number in (ENOTSUPP, errno.EOPNOTSUPP):
        return FeatureError(f"cannot {doing}: {lacking} ({name})")
    if number == errno.E2BIG and feature:
        return FeatureError(f"cannot {doing}: {lacking} ({name})")
    return raises(f"cannot {doing}: {_REASONS.get(number, os.strerror(number).lower())} ({name})")


def _permission(error: BpfError, doing: str, needs: Iterable[rights.Capability]) -> NoPermissionError:
    lacking = rights.missing(needs)
    reason, hint = rights.refusal(needs)
    if not lacking and error.command in (Command.MAP_CREATE, Command.PROG_LOAD, Command.BTF_LOAD):
        limit = None if probes.memcg_accounting() else rights.memlock_remedy()
        reason, hint = limit or (reason, hint)
    return NoPermissionError(f"cannot {doing}: {reason} (EPERM)", hint=hint)
