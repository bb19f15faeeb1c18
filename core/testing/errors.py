"""What tests of BPF programs raise beside the errors of the library."""

from __future__ import annotations

from ..errors import FeatureError

__all__ = ["DisagreementError", "NotHereError"]


class NotHereError(FeatureError):
    """What a test asks for cannot be had where it runs: the test is skipped, with this reason."""


class DisagreementError(AssertionError):
    """The kernel and the built-in machine did not do the same."""
