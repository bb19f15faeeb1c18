"""What programs of each type are given: contexts, their fields and who may access them, sizes of packets."""

from __future__ import annotations

__all__: list[str] = []
