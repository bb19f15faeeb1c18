"""The kernel's symbols, as /proc/kallsyms lists them: functions and variables, those of modules included."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["KALLSYMS", "KernelSymbol", "SymbolTable", "find_symbols", "function_names", "names_at"]

KALLSYMS: Final = "/proc/kallsyms"


class KernelSymbol(NamedTuple):
    """A place that a name stands for."""

    address: int
    """0 where the kernel hides it from this user (kernel.kptr_restrict)."""
    module: str
    """The module that it lies in; empty for the kernel itself."""


def find_symbols(names: Collection[str]) -> dict[str, list[KernelSymbol]]:
    """Return all places of each name; none for a name that is not there.

    Static symbols may share a name. What clang renamed when it linked the kernel (`name.llvm.123`) is found under
    its own name, as libbpf finds it. Where the file cannot be read, nothing is found. The kernel takes 150 ms to write
    the 120,000 lines, so ask for many at once.
    """
    try:
        with open(KALLSYMS, "rb") as file:
            raw = file.read()
    except OSError:
        raw = b""
    return {name: _places(raw, name.encode()) for name in names}


def _places(raw: bytes, name: bytes) -> list[KernelSymbol]:
    found: list[KernelSymbol] = []
    wanted = b" " + name
    at = raw.find(wanted)
    while at >= 0:
        # ADDRESS TYPE NAME, and for a module's symbol a tab and [MODULE]
        start, end = raw.rfind(b"\n", 0, at) + 1, raw.find(b"\n", at)
        fields = raw[start : end if end >= 0 else len(raw)].split()
        if len(fields) >= 3 and fields[2].partition(b".llvm.")[0] == name:
            place = KernelSymbol(int(fields[0], 16), fields[3].strip(b"[]").decode() if len(fields) > 3 else "")
            if place not in found:
                found.append(place)
        at = raw.find(wanted, at + 1)
    return found


class SymbolTable:
    """Where symbols of the kernel are, asked for together when the first one is needed.

    Args:
        names: Those that will be asked for; others may be, too.
    """

    def __init__(self, names: Collection[str]) -> None:
        self._names = set(names)
        self._found: dict[str, list[KernelSymbol]] = {}

    def _places(self, name: str) -> list[KernelSymbol]:
        if name not in self._found:
            self._found |= find_symbols(self._names - self._found.keys() | {name})
        return self._found[name]

    def addresses(self, name: str) -> list[int]:
        """Return the addresses of a symbol, in ascending order, without those that are hidden from this user."""
        return sorted({place.address for place in self._places(name)} - {0})

    def known(self, name: str) -> bool:
        """Whether the kernel can find a symbol's address: without CONFIG_KALLSYMS_ALL, that of few variables.

        Where the file cannot be read it is taken to be so.
        """
        return bool(self._places(name)) or not os.access(KALLSYMS, os.R_OK)


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


def function_names() -> list[str]:
    """Return the names of all functions, in the order of the file; none where it cannot be read."""
    try:
        with open(KALLSYMS, encoding="ascii", errors="replace") as symbols:
            rows = (line.split(None, 3) for line in symbols)
            return [row[2] for row in rows if len(row) > 2 and row[1] in "tTwW"]
    except OSError:
        return []
