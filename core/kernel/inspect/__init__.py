"""What the kernel made of a program, and what its verifier did with it."""

from __future__ import annotations

__all__: list[str] = []
