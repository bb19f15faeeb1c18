"""What this kernel can do, found out by trying: one question a module."""

from __future__ import annotations

__all__: list[str] = []
