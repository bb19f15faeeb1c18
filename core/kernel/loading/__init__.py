"""From specs to what the kernel takes: maps created or used again, code relocated, programs loaded, and why not."""

from __future__ import annotations

__all__: list[str] = []
