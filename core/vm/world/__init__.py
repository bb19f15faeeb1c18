"""What surrounds a program on the built-in machine: packets, contexts, objects of a kernel, time, its output."""

from __future__ import annotations

__all__: list[str] = []
