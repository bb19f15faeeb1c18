"""Network interfaces, and a sandbox of one's own with traffic in it."""

from __future__ import annotations

__all__: list[str] = []
