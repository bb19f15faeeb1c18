"""What can be said against a program before it runs on the built-in machine."""

from __future__ import annotations

__all__: list[str] = []
