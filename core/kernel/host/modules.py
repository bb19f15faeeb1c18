"""The BTF of modules in the kernel: what is theirs is named by an id and a descriptor."""

from __future__ import annotations

import errno
import os
import struct
from typing import TYPE_CHECKING

from ...btf.kernel import module_name
from ...errors import LoadError
from ...privileges import Capability
from ..sys.errands import brought
from ..sys.explain import explain
from ..sys.layouts import BpfBtfInfo, ObjId
from ..sys.object import fill
from ..sys.syscall import BpfError, Command, Descriptor, buffer

if TYPE_CHECKING:
    from ...btf import Btf

__all__ = ["ModuleTypes", "open_module_btf"]

_NAME_SIZE = 64
"""MODULE_NAME_LEN is 64 less the size of a pointer."""


class ModuleTypes:
    """Descriptors of modules' BTF, opened when something of theirs is used. Functions in modules need Linux 5.16.

    Calls of their functions name a place in `fd_array`, everything else the descriptor itself.
    """

    def __init__(self) -> None:
        self._opened: dict[str, Descriptor] = {}

    def fd(self, btf: Btf) -> int:
        """Return the descriptor of a module's BTF; 0 for the kernel's own.

        Raises:
            LoadError: The module is gone.
            NoPermissionError: Going through the kernel's BTF objects takes CAP_SYS_ADMIN.
        """
        name = module_name(btf)
        if not name:
            return 0
        if name not in self._opened:
            self._opened[name] = _open(name)
        with self._opened[name] as fd:
            return fd

    def place(self, btf: Btf) -> int:
        """Return where in `fd_array` a module's BTF is; 0, which is never looked at, for the kernel's own."""
        return 1 + list(self._opened).index(module_name(btf)) if self.fd(btf) else 0

    def fd_array(self) -> bytes:
        """Return the array for BPF_PROG_LOAD; empty where no module is used."""
        fds = [0]
        for descriptor in self._opened.values():
            with descriptor as fd:
                fds.append(fd)
        return struct.pack(f"={len(fds)}i", *fds) if self._opened else b""

    def close(self) -> None:
        """Close them; a second call does nothing."""
        for descriptor in self._opened.values():
            descriptor.close()
        self._opened.clear()


def _open(name: str) -> Descriptor:
    try:
        return Descriptor(open_module_btf(name), f"BTF of module {name}")
    except BpfError as error:
        if error.errno == errno.ENOENT:
            raise LoadError(f"the types of module {name} are not in the kernel any more") from None
        doing = f"find the types of module {name} in the kernel"
        raise explain(error, doing, needs=(Capability.CAP_SYS_ADMIN,)) from error


def open_module_btf(name: str) -> int:
    """Return the descriptor of a module's BTF; where this process may not look for it, from its steward.

    Raises:
        BpfError: The kernel said no; ENOENT where there is no such module.
    """
    number = 0
    while True:
        attr = ObjId(start_id=number)
        try:
            attr.call(Command.BTF_GET_NEXT_ID)
        except BpfError as error:
            return brought(error, "module", name)
        number = attr.next_id
        try:
            fd = ObjId(start_id=number).call(Command.BTF_GET_FD_BY_ID)
        except BpfError as error:
            if error.errno == errno.ENOENT:  # it has gone meanwhile
                continue
            raise
        try:
            if _name(fd) == name:
                return fd
        except BpfError:
            os.close(fd)
            raise
        os.close(fd)


def _name(fd: int) -> str:
    """Return the name of a BTF object of the kernel's; '' for one that a process loaded."""
    text = buffer(_NAME_SIZE)
    info = BpfBtfInfo(name=text, name_len=_NAME_SIZE)
    fill(fd, info)
    return text.value.decode() if info.kernel_btf else ""
