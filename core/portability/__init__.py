"""On which kernels an object loads: what it needs, and since when Linux has that. No kernel is asked."""

from __future__ import annotations

from .needs import Need, map_needs
from .report import Portability, portability

__all__ = ["Need", "Portability", "map_needs", "portability"]
