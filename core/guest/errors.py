"""What keeps a kernel from being booted."""

from __future__ import annotations

from ..errors import FeatureError

__all__ = ["GuestError"]


class GuestError(FeatureError):
    """There is no virtual machine, or no such kernel, or it did not come to its end."""
