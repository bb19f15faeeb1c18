"""What made an object: the compiler as DWARF or `.comment` names it, and the dialect where nothing else tells.

Dialects differ in conventions, not in the format: Rust's (aya) objects have mangled names and Rust's types, gcc's
their own order of sections, ebpf-for-windows' other numbers for map types and hooks that Linux does not have.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..errors import ObjectError
from .windows import is_for_windows

if TYPE_CHECKING:
    from ..elf import Elf

__all__ = ["find_producer"]

_RUST: Final = re.compile(rb"rustc version \d+\.\d+\.\d+")
_GCC: Final = re.compile(rb"GNU (?:C|GIMPLE)\w* \d+[\d.]*|GCC: \([^)\0]{0,64}\) \d+[\d.]*")
_CLANG: Final = re.compile(rb"clang version \d+[\d.]*")
_WINDOWS_PATH: Final = re.compile(rb"\0[A-Za-z]:\\[^\0]{1,256}\.[ch]\0")
_LOOKED_AT: Final = 1 << 20
"""Bytes of each section: a compiler names itself among the first strings."""


def find_producer(elf: Elf) -> str:
    """Return what made the object (`clang version 19.1.7`, `rustc version 1.80.0`); empty where nothing tells."""
    strings = b"".join(_head(elf, name) for name in (".comment", ".debug_str", ".debug_info"))
    types = _head(elf, ".BTF")
    dialect = "for Windows" if is_for_windows(elf) else "on Windows" if _WINDOWS_PATH.search(types) else ""
    for pattern in (_RUST, _GCC, _CLANG):
        match = pattern.search(strings)
        if match is not None:
            return " ".join(filter(None, (match[0].decode("ascii", "replace"), dialect)))
    if b".rs\0" in types:
        return "Rust"
    return f"made {dialect}" if dialect else ""


def _head(elf: Elf, name: str) -> bytes:
    section = elf.by_name.get(name)
    if section is None:
        return b""
    try:
        return bytes(elf.view(section)[:_LOOKED_AT])
    except ObjectError:
        return b""
