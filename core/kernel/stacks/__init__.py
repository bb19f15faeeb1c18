"""The names in stack traces: of the kernel's code and BPF programs, and of what processes have in memory."""

from __future__ import annotations

__all__: list[str] = []
