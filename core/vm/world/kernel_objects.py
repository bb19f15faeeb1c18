"""Objects of the kernel that programs are led to: the current task and its control group, as the settings say.

They are laid out as the types say that the programs were adapted to. What no setting tells is 0, so that a pointer that
leads further is NULL; programs can read them, and not write to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...btf import CType, Kind
from ...errors import BpftuiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .host import Host

__all__ = ["KernelObjects"]

_REGISTERS_SIZE: Final = 336
"""Bytes of a `struct pt_regs` that nobody described: arm64's, the largest; x86-64's has 168."""
_UNKNOWN_SIZE: Final = 8
"""Bytes of a struct that the types do not have: only its address counts then."""


class KernelObjects:
    """The objects, made when they are first asked for."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._cgroup = 0
        self._task = 0
        self._registers = 0

    @property
    def cgroup(self) -> int:
        """The address of the current task's `struct cgroup`."""
        if not self._cgroup:
            identity = self._host.settings.cgroup_id
            node = self._make("kernfs_node", {"id": identity})
            self._cgroup = self._make("cgroup", {"kn": node, "level": 1, "self.id": identity})
        return self._cgroup

    @property
    def task(self) -> int:
        """The address of the current `struct task_struct`: its own parent and the leader of its group."""
        if not self._task:
            settings = self._host.settings
            owner = {"uid": settings.uid, "gid": settings.gid, "euid": settings.uid, "egid": settings.gid}
            credentials = self._make("cred", owner)
            values = {
                "pid": settings.pid,
                "tgid": settings.tgid,
                "comm": int.from_bytes(settings.comm.encode()[:15], "little"),
                "cred": credentials,
                "real_cred": credentials,
                "cgroups": self._make("css_set", {"dfl_cgrp": self.cgroup}),
            }
            self._task = self._make("task_struct", values, itself=("group_leader", "real_parent", "parent"))
        return self._task

    @property
    def registers(self) -> int:
        """The address of the `struct pt_regs` of the current task, all zeros: it made no system call."""
        if not self._registers:
            self._registers = self._make("pt_regs", {}, unknown=_REGISTERS_SIZE)
        return self._registers

    def _make(
        self, name: str, values: Mapping[str, int], *, itself: tuple[str, ...] = (), unknown: int = _UNKNOWN_SIZE
    ) -> int:
        """Return the address of a new struct; members that the types do not have are left out.

        Where they do not have the struct, it has *unknown* bytes.
        """
        btf, memory = self._host.kernel_btf, self._host.memory
        identity = None if btf is None else btf.find(name, Kind.STRUCT)
        if btf is None or identity is None:
            return memory.map(f"struct {name}", unknown, writable=False).base
        type_ = CType(btf, identity)
        region = memory.map(f"struct {name}", type_.size, writable=False)
        for path, value in (*values.items(), *((path, region.base) for path in itself)):
            try:
                member, offset = type_.member(path)
                size = member.size
            except BpftuiError:
                continue
            order = "little" if path == "comm" else self._host.byte_order
            region.data[offset : offset + size] = (value & (1 << 8 * size) - 1).to_bytes(size, order)
        return region.base
