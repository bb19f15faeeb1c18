"""Reading the BTF of a kernel from a file: a blob, or a BPF object that has one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..elf import Elf, read_object_file
from ..errors import ObjectError
from .btf import Btf

if TYPE_CHECKING:
    from os import PathLike

__all__ = ["read_btf"]

_ELF: Final = b"\x7fELF"
_LITTLE: Final = b"\x9f\xeb"
_SECTION: Final = ".BTF"


def read_btf(path: str | PathLike[str]) -> Btf:
    """Return the types in a file: `/sys/kernel/btf/vmlinux`, one of BTFHub's, or an object with `.BTF`.

    Raises:
        ObjectError: It holds no BTF, or is damaged.
        NoPermissionError: It cannot be read.
    """
    raw = read_object_file(path)
    if not raw.startswith(_ELF):
        return Btf(raw, "little" if raw.startswith(_LITTLE) else "big", file=str(path))
    elf = Elf(raw, file=str(path))
    for section in elf.sections:
        if section.name == _SECTION:
            return Btf(elf.contents(section), elf.byte_order, file=str(path))
    raise ObjectError("it has no section .BTF", file=str(path))
