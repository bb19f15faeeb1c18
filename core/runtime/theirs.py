"""What others have loaded, as a session has it open that loads nothing of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

__all__ = ["Consequences", "Related", "Theirs"]


class Consequences(NamedTuple):
    """What comes of a change."""

    what: str
    """What is done: `detach link 31: count_traffic from eth1`."""
    lines: tuple[str, ...]
    """What depends on it, and how it ends, a sentence each."""
    last: str = ""
    """The name of what goes for good, for nobody else holds it; empty where nothing does."""


class Related(NamedTuple):
    """Something on this machine that has to do with what is open."""

    text: str
    """What it is to it, as a clause: `program 42 count_traffic uses it`."""
    noun: str = ""
    """The list of what the machine runs that it is in: `prog`, `map`, `link`, `proc`, `pin`; empty for none."""
    key: Hashable = None
    """What it is there: an id, a pid, the mount namespace and the path of a pin."""


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

    def places(self, program: str) -> Sequence[Related]:
        """Return where one of its programs runs: `tcx_ingress eth1, number 1 there by systemd`. As `look` found it."""
        ...

    def holders(self, program: str) -> Sequence[Related]:
        """Return who has one of its programs: processes, pins, program arrays, sockets. As `look` found it."""
        ...

    @property
    def links(self) -> Sequence[tuple[int, str]]:
        """The links that its programs run by and that can be detached: id, and where each is. As `look` found it."""
        ...

    @property
    def why_not_detachable(self) -> str:
        """Why none of its links can be detached, as a sentence; empty where one can. As `look` found it."""
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

    def document(self) -> bytes:
        """Return it as what `CollectionSpec.from_bytes` reads, as it is now; takes some tenths of a second a program.

        Code is as its object had it; where that cannot be told, as the verifier made it.
        """
        ...

    def users(self, map_name: str) -> Sequence[Related]:
        """Return who has a map: programs, maps that it is in, processes, pins. As `look` found it."""
        ...

    def name_of(self, noun: Literal["prog", "map"], number: int) -> str:
        """Return the name of any program or map of this machine; empty where there is none. As `look` found it."""
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

    @property
    def streams(self) -> Literal["", "unread", "read"]:
        """What becomes of what its programs write to their streams; empty where the kernel has none (Linux 6.17)."""
        ...

    def read_streams(self) -> None:
        """Have the streams of its programs read from now on, which takes what is in them from whoever else reads."""
        ...

    def allow_changes(self) -> None:
        """Let the entries of maps and the values of variables be changed from now on."""
        ...
