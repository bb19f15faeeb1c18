"""What this process may do, how it gives rights up, and how it gets them. Nothing of BPF is loaded for it."""

from __future__ import annotations

from .apart import be_apart
from .capability import Capability, Privileges, in_user_namespace, privileges
from .drop import Dropped, drop, drop_all, drop_to_run, end_with_parent, given_up
from .grant import how_to_get
from .steward import errand, hire

__all__ = [
    "Capability",
    "Dropped",
    "Privileges",
    "be_apart",
    "drop",
    "drop_all",
    "drop_to_run",
    "end_with_parent",
    "errand",
    "given_up",
    "hire",
    "how_to_get",
    "in_user_namespace",
    "privileges",
]
