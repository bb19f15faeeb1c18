"""What others have loaded, as a session has it open that loads nothing of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Consequences", "Theirs"]


class Consequences(NamedTuple):
    """What comes of a change."""

    what: str
    """What is done: `detach link 31: count_traffic from eth1`."""
    lines: tuple[str, ...]
    """What depends on it, and how it ends, a sentence each."""
    last: str = ""
    """The name of what goes for good, for nobody else holds it; empty where nothing does."""


class Theirs(Protocol):
    """Where it is attached, who has it, and whether it may be changed."""

    @property
    def title(self) -> str:
        """What it is called: `42 count_traffic`, `map 7 traffic`."""
        ...

    @property
    def attachments(self) -> Sequence[str]:
        """Where its programs run, and who has seen to it: `eth1 by systemd`. As `look` found it."""
        ...

    def places(self, program: str) -> Sequence[str]:
        """Return where one of its programs runs: `tcx_ingress eth1, number 1 there by systemd`. As `look` found it."""
        ...

    @property
    def links(self) -> Sequence[tuple[int, str]]:
        """The links that its programs run by: id, and where each is attached. As `look` found it."""
        ...

    @property
    def writable(self) -> bool:
        """Whether it may be changed: not before `allow_changes`."""
        ...

    def look(self) -> None:
        """Find out where it is attached and who has it now; takes some tens of milliseconds.

        Raises:
            NoPermissionError: It takes CAP_SYS_ADMIN.
        """
        ...

    def users(self, map_name: str) -> Sequence[str]:
        """Return who has a map, as clauses: `program 42 count_traffic uses it`. As `look` found it."""
        ...

    def detaching(self, link: int) -> Consequences:
        """Return what comes of detaching a link; UsageError where there is none."""
        ...

    def detach(self, link: int) -> None:
        """Detach a link: it stays, attached to nothing.

        Raises:
            UsageError: There is none, or links of its kind end only with the last that holds them.
            NoPermissionError: This process may not.
        """
        ...

    def allow_changes(self) -> None:
        """Let the entries of maps and the values of variables be changed from now on."""
        ...
