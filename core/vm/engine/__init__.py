"""The machine itself: code, memory, and the two engines that run one on the other."""

from __future__ import annotations

__all__: list[str] = []
