"""Packets that a user keeps for test runs, by name, in `$XDG_STATE_HOME/bpftui/packets.json` (bpftui/packets/1)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from ...core.documents import parse_json
from ...core.errors import UsageError, reason_of
from ...core.files import unreadable
from .places import DamagedError, read, set_aside, state_directory, write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["SavedPackets"]

SCHEMA: Final = "bpftui/packets/1"
_MAX_NAME: Final = 64


class SavedPackets:
    """The packets of a user.

    Args:
        path: The file; without it the user's.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or state_directory() / "packets.json"

    def all(self) -> dict[str, bytes]:
        """Return them by name, the newest first.

        Raises:
            UsageError: The file is damaged, no file, or too large.
            NoPermissionError: It may not be read.
        """
        try:
            document: Any = parse_json(read(self._path))
            return {str(name): bytes.fromhex(digits) for name, digits in document["packets"].items()}
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except PermissionError as error:
            raise unreadable(self._path, error) from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DamagedError(self._path, "packets", error) from None

    def mend(self) -> str:
        """Put the file beside where it is damaged, so that packets can be kept again; return what is to be said of it.

        Raises:
            UsageError: It is no file, too large, or cannot be moved.
            NoPermissionError: It may not be read.
        """
        try:
            self.all()
        except DamagedError:
            try:
                beside = set_aside(self._path)
            except OSError as error:
                raise UsageError(f"{self._path}: it is damaged and cannot be moved: {reason_of(error)}") from None
            return f"{self._path} was damaged: it is {beside.name} now, and saved packets begin anew"
        return ""

    def save(self, name: str, packet: bytes) -> None:
        """Keep a packet under a name; what had that name is replaced.

        Raises:
            UsageError: It is no name, or the file cannot be written.
        """
        name = name.strip()
        if not name or not name.isprintable() or len(name) > _MAX_NAME:
            raise UsageError(f"{name!r} is no name for a packet", hint=f"1 to {_MAX_NAME} printable characters")
        self._write({name: packet, **{other: each for other, each in self.all().items() if other != name}})

    def delete(self, name: str) -> None:
        """Forget a packet; errors as for `save`."""
        self._write({other: each for other, each in self.all().items() if other != name})

    def _write(self, packets: Mapping[str, bytes]) -> None:
        document = {"schema": SCHEMA, "packets": {name: packet.hex() for name, packet in packets.items()}}
        try:
            write(self._path, json.dumps(document, indent=2) + "\n")
        except OSError as error:
            raise UsageError(f"{self._path}: the packet cannot be kept: {reason_of(error)}") from None
