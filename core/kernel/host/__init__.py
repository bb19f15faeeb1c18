"""What this machine's kernel is: symbols, configuration, modules, and the maps and programs that it has already."""

from __future__ import annotations

__all__: list[str] = []
