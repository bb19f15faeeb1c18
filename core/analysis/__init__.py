"""What code does: values of registers, liveness, reachability, cross references, names and types."""

from __future__ import annotations

__all__: list[str] = []
