"""The configuration that the running kernel was built with, for an object's `__kconfig` variables."""

from __future__ import annotations

import functools
import gzip
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ... import since
from ...errors import LoadError
from ...spec.kconfig import KERNEL_VERSION, encode_options
from ..sys.probes import kernel_names
from ..sys.version import kernel_version

if TYPE_CHECKING:
    from ...spec import CollectionSpec

__all__ = ["kconfig_values", "option"]

_WRAPPED: Final = frozenset({"x86_64", "aarch64", "s390x", "riscv64"})
"""Machines whose system calls take their arguments in a pt_regs (ARCH_HAS_SYSCALL_WRAPPER)."""


def kconfig_values(spec: CollectionSpec) -> bytes:
    """Return the contents of the object's `.kconfig` section for this kernel.

    Raises:
        LoadError: A value is not to be had, and the object does not declare it weak.
    """
    contents, unanswered = encode_options(spec, option)
    weak = {extern.name for extern in spec.externs.kconfig if extern.weak}
    for name in unanswered:
        if name not in weak:
            if name.startswith("CONFIG_") and _config():
                hint = "declare it __weak: then it is 0 where a kernel is built without it"
                raise LoadError(f"the object needs {name}, which this kernel is built without", hint=hint)
            hint = "it takes /proc/config.gz (CONFIG_IKCONFIG_PROC) or /boot/config-*; declared __weak, it is 0 without"
            raise LoadError(f"the object needs {name}, which this kernel does not tell", hint=hint)
    return contents


def option(name: str) -> str | None:
    """Return what this kernel has for a configuration option, as its configuration writes it; None for no answer."""
    if platform.system() != "Linux":
        return None
    if name == KERNEL_VERSION:
        return str(kernel_version())
    if name == "LINUX_HAS_SYSCALL_WRAPPER":
        return "y" if platform.machine() in _WRAPPED and _has(name) else "n"
    if name == "LINUX_HAS_BPF_COOKIE":
        names = kernel_names()
        known = b"\0BPF_FUNC_get_attach_cookie\0" in names if names else _has(name)
        return "y" if known else "n"
    return _config().get(name)


def _has(option: str) -> bool:
    """Whether this kernel is as new as what an option tells of."""
    first = since.option(option)
    return first is not None and kernel_version() >= first.version.code


@functools.cache
def _config() -> dict[str, str]:
    for path in (Path("/proc/config.gz"), Path(f"/boot/config-{platform.release()}")):
        try:
            raw = path.read_bytes()
        except OSError:
            continue
        text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8", "replace")
        return dict(line.split("=", 1) for line in text.splitlines() if line.startswith("CONFIG_") and "=" in line)
    return {}
