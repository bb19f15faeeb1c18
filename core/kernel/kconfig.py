"""The configuration that the running kernel was built with, for an object's `__kconfig` variables."""

from __future__ import annotations

import functools
import gzip
import platform
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..btf import CType
from ..btf import types as t
from ..errors import LoadError, TypeMismatchError
from ..maps import round_up
from .probes import kernel_names

if TYPE_CHECKING:
    from ..spec import CollectionSpec

__all__ = ["KERNEL_VERSION", "SECTION", "encode_option", "kconfig_values", "option"]

SECTION: Final = ".kconfig"
KERNEL_VERSION: Final = "LINUX_KERNEL_VERSION"
"""The version as an integer, which libbpf offers among the options."""

_WRAPPED: Final = frozenset({"x86_64", "aarch64", "s390x", "riscv64"})
"""Machines whose system calls take their arguments in a pt_regs (ARCH_HAS_SYSCALL_WRAPPER)."""
_FIRST_WRAPPED: Final = 4 << 16 | 17 << 8
_FIRST_COOKIE: Final = 5 << 16 | 15 << 8
"""Linux 4.17 on x86-64, and 5.15, where no types tell whether there is bpf_get_attach_cookie."""
_TRISTATE: Final = {"n": 0, "y": 1, "m": 2}
"""`enum libbpf_tristate`."""


def kconfig_values(spec: CollectionSpec) -> bytes:
    """Return the contents of the object's `.kconfig` section for this kernel.

    Raises:
        LoadError: A value is not to be had, and the object does not declare it weak.
    """
    section = spec.maps[SECTION]
    contents = bytearray(section.value_size)
    if section.value is None:
        return bytes(contents)
    btf = section.value.btf
    layout = btf.type(section.value.id)
    weak = {extern.name for extern in spec.externs.kconfig if extern.weak}
    end = 0
    for item in layout.variables if isinstance(layout, t.DataSec) else ():
        var = btf.type(item.type_id)
        if not isinstance(var, t.Var):
            continue
        ctype = CType(btf, var.type_id)
        # The reader lays the variables out one after the other, each aligned to its size, as libbpf does.
        start = round_up(end, min(ctype.size & -ctype.size, 8) or 1)
        end = start + ctype.size
        value = option(var.name)
        if value is not None:
            contents[start:end] = encode_option(ctype, var.name, value)
        elif var.name not in weak:
            hint = "it takes /proc/config.gz (CONFIG_IKCONFIG_PROC) or /boot/config-*"
            raise LoadError(f"the object needs {var.name}, which this kernel does not tell", hint=hint)
    return bytes(contents)


def option(name: str) -> str | None:
    """Return what this kernel has for a configuration option, as its configuration writes it; None for no answer."""
    if name == KERNEL_VERSION:
        return str(_version())
    if name == "LINUX_HAS_SYSCALL_WRAPPER":
        return "y" if platform.machine() in _WRAPPED and _version() >= _FIRST_WRAPPED else "n"
    if name == "LINUX_HAS_BPF_COOKIE":
        names = kernel_names()
        known = b"\0BPF_FUNC_get_attach_cookie\0" in names if names else _version() >= _FIRST_COOKIE
        return "y" if known else "n"
    return _config().get(name)


def _version() -> int:
    """Return KERNEL_VERSION(major, minor, patch), in which patch levels above 255 count as 255."""
    numbers = [int(number) for number in re.findall(r"\d+", platform.release())[:3]]
    major, minor, patch = (*numbers, 0, 0, 0)[:3]
    return major << 16 | minor << 8 | min(patch, 255)


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


def encode_option(ctype: CType, name: str, value: str) -> bytes:
    """Return the bytes of an option: `y`, `n` and `m` as a boolean, an enum or a letter; a number; or text.

    Args:
        ctype: What the object declares it as.
        name: Its name.
        value: What the configuration has: `y`, `250`, `"text"`.

    Raises:
        TypeMismatchError, ValueRangeError: It does not fit.
    """
    if value in _TRISTATE:
        if ctype.enumerators:
            return ctype.encode(_TRISTATE[value], name)
        if ctype.size == 1 and ctype.is_integer:
            return value.encode()
        if ctype.is_integer:
            raise TypeMismatchError(f"{name} is {value} in this kernel, but the object takes it for {ctype.c_text}")
        return ctype.encode(value != "n", name)
    if value.startswith('"'):
        # A string that is too long is cut off, as libbpf does it; it keeps its terminating zero.
        return value.strip('"').encode()[: ctype.size - 1].ljust(ctype.size, b"\0")
    return ctype.encode(ctype.parse(value, name), name)
