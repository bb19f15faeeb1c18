"""The types of the running kernel and of its modules: mapped, not read, and indexed once per kernel."""

from __future__ import annotations

import functools
import mmap
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..errors import BpftuiError, FeatureError, UnknownNameError, reason_of
from . import cache
from .btf import Btf

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .types import Kind

__all__ = ["DIRECTORY", "VMLINUX", "find_type", "loaded_modules", "module", "module_name", "modules", "vmlinux"]

DIRECTORY: Final = Path("/sys/kernel/btf")
"""Where the kernel publishes its types: since Linux 5.4, those of modules since 5.11."""
VMLINUX: Final = DIRECTORY / "vmlinux"


@functools.cache
def vmlinux() -> Btf:
    """Return the running kernel's own types.

    The index is kept in the user's cache directory: found there, 126,585 types are ready in 8 ms instead of 60, and a
    name among them is found in 0.03 ms instead of 3. Making it takes 0.2 s.

    Raises:
        FeatureError: It was built without CONFIG_DEBUG_INFO_BTF.
    """
    try:
        raw = _mapped(VMLINUX)
    except OSError as error:
        reason = f"this kernel does not publish its types: {VMLINUX}: {reason_of(error)}"
        raise FeatureError(reason, hint="use a kernel with CONFIG_DEBUG_INFO_BTF=y") from None
    belongs = cache.key(raw)
    index = cache.fetch(VMLINUX.name, belongs)
    found = Btf(raw, sys.byteorder, file=str(VMLINUX), index=index)
    if index is None:
        cache.store(VMLINUX.name, belongs, found.index)
    return found


@functools.cache
def module(name: str) -> Btf:
    """Return the types of a loaded module, which continue the kernel's own; the index is kept as for those.

    Raises:
        UnknownNameError: No module of that name has types: it is not loaded, built in, or built without them.
        FeatureError: Neither has the kernel.
    """
    base = vmlinux()
    known = modules()
    if name not in known:
        raise UnknownNameError("kernel module", name, known, where=str(DIRECTORY))
    path = DIRECTORY / name
    try:
        raw = _mapped(path)
    except OSError as error:
        raise FeatureError(f"cannot read the types of module {name}: {path}: {reason_of(error)}") from None
    belongs = cache.key(raw)
    index = cache.fetch(name, belongs)
    found = Btf(raw, sys.byteorder, base=base, file=str(path), index=index)
    if index is None:
        cache.store(name, belongs, found.index)
    return found


def loaded_modules() -> Iterator[Btf]:
    """Yield the types of all loaded modules; one whose types cannot be read, or are damaged, is left out."""
    for name in modules():
        try:
            yield module(name)
        except BpftuiError:
            continue


def find_type(name: str, kind: Kind) -> tuple[Btf, int] | None:
    """Return the type of that name and kind in the kernel's own types, else in those of a module; None without one.

    Raises:
        FeatureError: The kernel does not publish its types.
    """
    kernel = vmlinux()
    type_id = kernel.find(name, kind)
    if type_id is not None:
        return kernel, type_id
    for btf in loaded_modules():
        for type_id in btf.find_all(name):
            if type_id >= btf.first_id and btf.kind(type_id) == kind:
                return btf, type_id
    return None


def module_name(btf: Btf) -> str:
    """Return the module whose types these are; empty for those of a kernel."""
    return (btf.file or "").rpartition("/")[2] if btf.base is not None else ""


def modules() -> list[str]:
    """Return the names of the loaded modules that have types, in alphabetical order."""
    try:
        return sorted(path.name for path in DIRECTORY.iterdir() if path.name != VMLINUX.name)
    except OSError:
        return []


def _mapped(path: Path) -> bytes | memoryview:
    """Return the bytes of a file, mapped where the kernel maps it: vmlinux since Linux 6.16, modules not yet."""
    with path.open("rb") as file:
        try:
            # The kernel refuses MAP_SHARED, which is what access=ACCESS_READ would ask for.
            return memoryview(mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ))
        except (OSError, ValueError):
            return file.read()
