"""Kernels that are not the running one: a virtual machine in which an object is loaded, and then it is gone.

The machine has no disk and no network: a kernel, an initial file system in memory with this Python and bpftui's engine,
and a serial line on which it says what it found. Nothing is installed, and no right is needed.
"""

from __future__ import annotations

__all__: list[str] = []
