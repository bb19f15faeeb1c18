"""The kernel's symbols, as /proc/kallsyms lists them: functions and variables, those of modules included."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["KALLSYMS", "KernelSymbol", "find_symbols", "has_address", "names_at"]

KALLSYMS: Final = "/proc/kallsyms"


class KernelSymbol(NamedTuple):
    """A place that a name stands for."""

    address: int
    """0 where the kernel hides it from this user (kernel.kptr_restrict)."""
    module: str
    """The module that it lies in; empty for the kernel itself."""


def find_symbols(names: Collection[str]) -> dict[str, list[KernelSymbol]]:
    """Return all places of each name, in one pass over the file (50 ms); none for a name that is not there.

    Static symbols may share a name. What clang renamed when it linked the kernel (`name.llvm.123`) is found under
    its own name, as libbpf finds it. Where the file cannot be read, nothing is found.
    """
    found: dict[str, list[KernelSymbol]] = {name: [] for name in names}
    try:
        with open(KALLSYMS, encoding="ascii", errors="replace") as symbols:
            for line in symbols:
                # ADDRESS TYPE NAME, and for a module's symbol a tab and [MODULE]
                fields = line.split()
                if len(fields) < 3:
                    continue
                places = found.get(fields[2].partition(".llvm.")[0])
                if places is not None:
                    place = KernelSymbol(int(fields[0], 16), fields[3].strip("[]") if len(fields) > 3 else "")
                    if place not in places:
                        places.append(place)
    except (OSError, ValueError):
        pass
    return found


def has_address(name: str) -> bool:
    """Whether the kernel can find a symbol's address by its name: without CONFIG_KALLSYMS_ALL, that of few variables.

    Where the file cannot be read it is taken to be so.
    """
    return bool(find_symbols([name])[name]) or not os.access(KALLSYMS, os.R_OK)


def names_at(addresses: Collection[int]) -> dict[int, str]:
    """Return the names of what lies at these addresses, in one pass over the file; without those that have none."""
    wanted = {f"{address:016x}": address for address in addresses if address}
    found: dict[int, str] = {}
    try:
        with open(KALLSYMS, encoding="ascii", errors="replace") as symbols:
            for line in symbols if wanted else ():
                address = wanted.get(line[:16])
                if address is not None:
                    found.setdefault(address, line.split()[2])
    except OSError:
        pass
    return found
