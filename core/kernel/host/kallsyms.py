"""The kernel's symbols, as /proc/kallsyms lists them: functions and variables, those of modules included."""

from __future__ import annotations

import os
import re
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = [
    "KALLSYMS",
    "KernelSymbol",
    "KernelText",
    "SymbolTable",
    "find_symbols",
    "function_names",
    "names_at",
    "read_text",
]

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


class KernelText(NamedTuple):
    """The kernel's functions, in the order of their addresses."""

    addresses: tuple[int, ...]
    """Where each begins; empty where they are hidden from this user."""
    names: tuple[bytes, ...]
    """What each is called."""
    modules: tuple[bytes, ...]
    """The module that each is in: empty for the kernel itself, `bpf` for a BPF program."""
    fixed: tuple[range, ...]
    """Where the kernel's own code lies, which stays."""
    places: dict[str, range]
    """Where the modules lie."""

    def is_fixed(self, address: int) -> bool:
        """Whether an address is in the kernel's own code."""
        return any(address in each for each in self.fixed)

    def holds(self, address: int, module: str) -> bool:
        """Whether a module is at an address, as far as that is known; without one, the kernel itself."""
        if not module:
            return self.is_fixed(address)
        return module not in self.places or address in self.places[module]


_MODULES: Final = "/proc/modules"
_FUNCTION: Final = re.compile(rb"^([0-9a-f]+) [tTwW] (\S+)(?:\t\[(\S+)\])?$", re.MULTILINE)
"""An address, a name, and the module; other letters are those of data."""
_BOUND: Final = re.compile(rb"^([0-9a-f]+) \S (_s(?:init)?text|_e(?:init)?text)$", re.MULTILINE)
_BOUNDS: Final = ((b"_stext", b"_etext"), (b"_sinittext", b"_einittext"))
"""Between which symbols the kernel's code lies: for good, and until it has started."""


def read_text() -> KernelText:
    """Read the functions of the kernel, its modules, and of BPF programs as far as it lists these; it takes 0.2 s.

    Of several names of one address the kernel's own choice comes first, as it lists them.
    """
    try:
        with open(KALLSYMS, "rb") as file:
            raw = file.read()
    except OSError:
        raw = b""
    # Here and there another thread may run, which a list of all matches would not let.
    functions = ((int(each[1], 16), each[2], each[3] or b"") for each in _FUNCTION.finditer(raw))
    found = [each for each in functions if each[0]]
    found.sort(key=itemgetter(0))
    bounds = {each[2]: int(each[1], 16) for each in _BOUND.finditer(raw)}
    fixed = tuple(range(bounds.get(start, 0), bounds.get(end, 0)) for start, end in _BOUNDS)
    addresses, names, modules = zip(*found, strict=True) if found else ((), (), ())
    return KernelText(addresses, names, modules, fixed, _module_places())


def _module_places() -> dict[str, range]:
    """Return where modules lie: none where addresses are hidden, or where the kernel has no modules at all."""
    found: dict[str, range] = {}
    try:
        with open(_MODULES, encoding="utf-8", errors="replace") as file:
            for line in file:
                name, size, *_, start = line.partition(" (")[0].split()  # a taint may stand behind the address
                if int(start, 16):
                    found[name] = range(int(start, 16), int(start, 16) + int(size))
    except (OSError, ValueError):
        pass
    return found
