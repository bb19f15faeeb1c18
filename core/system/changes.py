"""What is changed of what others have: links that are detached, names in a bpffs that are removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kernel.sys.changes import have_link_detached, have_unpinned

if TYPE_CHECKING:
    from .model import Pin

__all__ = ["detach_link", "unpin"]


def detach_link(number: int) -> None:
    """Detach a link that somebody else holds: it stays, attached to nothing.

    Raises:
        UsageError: There is none, or links of its kind end only with the last that holds them.
        NoPermissionError: It takes CAP_SYS_ADMIN, and there is no steward that changes anything (`--read-only`).
    """
    have_link_detached(number)


def unpin(pin: Pin) -> None:
    """Remove a name in a bpffs, also in that of another mount namespace.

    Raises:
        UsageError: It is gone, in no bpffs, or names another object by now.
        BpftuiError: The kernel said no.
    """
    have_unpinned(pin.path, pin.kind, pin.id, pin.mounts)
