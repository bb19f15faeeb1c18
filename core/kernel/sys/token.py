"""BPF tokens (Linux 6.9): what a bpffs delegates to the user namespace that it is mounted in.

A token goes with the commands that create things. With it the capabilities that the process has in its own user
namespace count for these, as far as the mount's options `delegate_cmds`, `delegate_maps`, `delegate_progs` and
`delegate_attachs` say. As in ebpf-go it is looked for once and then used by the whole process, and it comes from where
libbpf looks: the directory that LIBBPF_BPF_TOKEN_PATH names (an empty one means none), else /sys/fs/bpf.
"""

from __future__ import annotations

import errno
import os
import threading
from typing import Final

from ...errors import BpftuiError, FeatureError, NoPermissionError, UsageError, reason_of
from ...privileges import Capability, in_user_namespace, privileges
from .layouts import TokenCreate
from .syscall import BpfError, Command, errno_name

__all__ = ["DEFAULT", "OPTIONS", "VARIABLE", "active", "current", "delegated", "do_without", "use_token"]

VARIABLE: Final = "LIBBPF_BPF_TOKEN_PATH"
DEFAULT: Final = "/sys/fs/bpf"
OPTIONS: Final = ("delegate_cmds", "delegate_maps", "delegate_progs", "delegate_attachs")
"""Of a bpffs's mount."""

_lock = threading.Lock()
_found: list[tuple[str, int] | None] = []
"""Empty until it was looked for; then where the token is from, and its descriptor, or None."""


def current() -> int | None:
    """Return the descriptor of this process's token; None where it has none. It stays open as long as the process.

    Raises:
        UsageError, NoPermissionError, FeatureError: LIBBPF_BPF_TOKEN_PATH names a directory that gives none.
    """
    with _lock:
        if not _found:
            _found.append(_look())
        found = _found[0]
    return None if found is None else found[1]


def active() -> str:
    """Return the directory that this process's token is from; empty where it has none, or it is not known yet."""
    found = _found[0] if _found else None
    return "" if found is None else found[0]


def use_token(path: str | os.PathLike[str]) -> None:
    """Have this process use a token of the bpffs at *path*, whatever it used before.

    Raises:
        UsageError: That is no bpffs, or this process is in no user namespace.
        NoPermissionError: It is another user namespace's, or delegates nothing; or CAP_BPF is missing in this one.
        FeatureError: The kernel has no tokens.
    """
    name = os.fspath(path)
    created = _create(name)
    with _lock:
        old = _found[0] if _found else None
        _found[:] = [(name, created)]
    if old is not None:
        os.close(old[1])


def do_without() -> None:
    """Have this process use no token: what comes after a named one that is not to be had, and is to be told only."""
    with _lock:
        _found[:] = [None]


def delegated(path: str) -> str:
    """Return what the bpffs at *path* delegates, as its mount options say it; empty where they do not."""
    try:
        with open("/proc/self/mounts", encoding="utf-8", errors="replace") as mounts:
            lines = [line.split(" ") for line in mounts]
    except OSError:
        return ""
    options = next((fields[3] for fields in reversed(lines) if fields[1] == path and fields[2] == "bpf"), "")
    return ",".join(option for option in options.split(",") if option.startswith("delegate_"))


def _look() -> tuple[str, int] | None:
    named = os.environ.get(VARIABLE)
    if named:
        return named, _create(named)
    if named is not None or not in_user_namespace():
        return None
    try:
        return DEFAULT, _create(DEFAULT)
    except BpftuiError:
        return None


def _create(path: str) -> int:
    try:
        directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise UsageError(f"there is no BPF token to be had at {path}: {reason_of(error)}") from error
    try:
        return TokenCreate(bpffs_fd=directory).call(Command.TOKEN_CREATE)
    except BpfError as error:
        raise _refused(path, error.errno) from error
    finally:
        os.close(directory)


def _refused(path: str, number: int) -> BpftuiError:
    doing, name = f"there is no BPF token to be had at {path}", errno_name(number)
    if number == errno.EOPNOTSUPP:
        reason = "tokens are for user namespaces, and this process is in none of its own"
        return UsageError(f"{doing}: {reason} ({name})", hint="here it takes capabilities: see bpftui doctor")
    if number == errno.ENOENT:
        options = ",".join(f"{option}=any" for option in OPTIONS)
        return NoPermissionError(f"{doing}: it delegates nothing ({name})", hint=f"mount it with -o {options}")
    if number == errno.EPERM and not privileges().effective >> Capability.CAP_BPF & 1:
        return NoPermissionError(f"{doing}: this process lacks CAP_BPF in its user namespace ({name})")
    if number == errno.EPERM:
        reason = "the bpffs belongs to another user namespace than this process is in"
        return NoPermissionError(f"{doing}: {reason} ({name})", hint="it has to be mounted for this one")
    if number == errno.EINVAL and os.path.ismount(path):
        return UsageError(f"{doing}: that is no bpffs, or this kernel has no tokens, which need Linux 6.9 ({name})")
    if number == errno.EINVAL:
        return UsageError(f"{doing}: that is not where a bpffs is mounted ({name})", hint="name the mount point itself")
    return FeatureError(f"{doing}: this kernel has no BPF tokens, which need Linux 6.9 ({name})")
