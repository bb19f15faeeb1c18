"""The helper functions of the kernel: their names, their prototypes, and what each does with its arguments."""

from __future__ import annotations

__all__: list[str] = []
