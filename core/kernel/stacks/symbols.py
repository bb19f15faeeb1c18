"""KernelSymbols: the names of the frames of stacks on this machine."""

from __future__ import annotations

import functools
import os
import threading
from typing import TYPE_CHECKING, Final

from ...runtime.stacks import Frame, Stack
from .functions import FileFunctions
from .kernel_code import KernelCode
from .processes import FilesById, Processes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...runtime.stacks import Call

__all__ = ["KernelSymbols", "kernel_symbols"]

_FIRST_NAMESPACE: Final = 0xEFFFFFFC
"""The inode of the machine's own pid namespace (PROC_PID_INIT_INO), whose pids are those that BPF programs see."""
_NOBODYS: Final = "nobody tells whose addresses of a process are: no map has a pid beside the id of this stack"
_ELSEWHERE: Final = "pids are those of the whole machine, which this process does not see: it is in a pid namespace"


class KernelSymbols:
    """Knows the functions of this machine: implements `bpftui.core.runtime.stacks.Symbols`. Any thread may ask."""

    def __init__(self) -> None:
        files = FileFunctions()
        self._kernel = KernelCode()
        self._processes = Processes(files)
        self._by_id = FilesById(files)
        self._lock = threading.Lock()

    def stack(self, calls: Sequence[Call], process: int = 0) -> Stack:
        """Return a stack with its names.

        Args:
            calls: The frames, the most recent first.
            process: The pid of whose stack it is; 0 where nobody knows.
        """
        with self._lock:
            kernel = self._kernel.frames([each for each in calls if each.is_kernel])
            return Stack(tuple(kernel.get(each) or self._of_process(each, process) for each in calls))

    def _of_process(self, call: Call, process: int) -> Frame:
        if call.build_id:
            return self._by_id.frame(call)
        if not process:
            return Frame(call, problem=_NOBODYS)
        return self._processes.frame(call, process) if _sees_all_pids() else Frame(call, problem=_ELSEWHERE)


@functools.cache
def _sees_all_pids() -> bool:
    try:
        return os.stat("/proc/self/ns/pid").st_ino == _FIRST_NAMESPACE
    except OSError:
        return False


@functools.cache
def kernel_symbols() -> KernelSymbols:
    """Return the one of this process: what it has read, it has read for all collections."""
    return KernelSymbols()
