"""The inventory by a steward, for a process that gave its rights up: what it asks for is only read."""

from __future__ import annotations

import os
import pickle
import threading
from typing import TYPE_CHECKING, ClassVar, Protocol, cast

from ..closing import Closing
from ..errors import BpftuiError, NoPermissionError, UsageError, reason_of
from ..kernel.sys import rights
from ..kernel.sys.rights import Capability
from ..kernel.sys.survey import packed_runs, unpacked_runs
from ..privileges import errand
from .inventory import Inventory
from .symbols import Symbols

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from ..kernel.sys.survey import Runs
    from .model import Snapshot

__all__ = ["Reader", "open_inventory", "read_for_client"]


class Reader(Protocol):
    """What reads snapshots: the inventory itself, or a steward's."""

    def snapshot(self) -> Snapshot:
        """Return what this machine runs now."""
        ...

    def counters(self) -> dict[int, Runs]:
        """Return the counters of all programs alone."""
        ...

    def entries(self) -> dict[int, int]:
        """Return how many entries maps have, of those of which the kernel knows it."""
        ...

    def close(self) -> None:
        """Let go of what it needs."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def open_inventory() -> Reader:
    """Return what reads snapshots with the rights of this process, or where it lacks them with those of its steward.

    All of a process read by one inventory, which is closed with the last of them: its iterators are loaded once, and
    none of them is among what another finds.
    """
    if rights.missing([Capability.CAP_SYS_ADMIN]):
        answer = errand("inventory", "")
        if answer is not None:
            os.close(answer)
            return _ByErrand()
    return _Share()


class _Share(Closing):
    """The inventory of this process, as one of those that read by it."""

    _lock = threading.Lock()
    """Held by the one that reads."""
    _shares: ClassVar[set[_Share]] = set()
    _inventory: ClassVar[Inventory | None] = None

    def __init__(self) -> None:
        with _Share._lock:
            if _Share._inventory is None:
                _Share._inventory = Inventory()
            _Share._shares.add(self)

    def snapshot(self) -> Snapshot:
        """Return what this machine runs now."""
        with _Share._lock:
            return self._open().snapshot()

    def counters(self) -> dict[int, Runs]:
        """Return the counters of all programs alone."""
        with _Share._lock:
            return self._open().counters()

    def entries(self) -> dict[int, int]:
        """Return how many entries maps have, of those of which the kernel knows it."""
        with _Share._lock:
            return self._open().entries()

    def _open(self) -> Inventory:
        if self not in _Share._shares or _Share._inventory is None:
            raise UsageError("this inventory is closed")
        return _Share._inventory

    def close(self) -> None:
        """Read no more; the last one closes the inventory. A second call does nothing."""
        with _Share._lock:
            _Share._shares.discard(self)
            if not _Share._shares and _Share._inventory is not None:
                inventory, _Share._inventory = _Share._inventory, None
                inventory.close()


class _ByErrand(Closing):
    """The steward's inventory."""

    def __init__(self) -> None:
        self._symbols = Symbols()

    def snapshot(self) -> Snapshot:
        """Return what this machine runs now."""
        return self._symbols.named(cast("Snapshot", _received(_asked("snapshot"))))

    def counters(self) -> dict[int, Runs]:
        """Return the counters of all programs alone."""
        return unpacked_runs(cast("bytes", _received(_asked("counters"))))

    def entries(self) -> dict[int, int]:
        """Return how many entries maps have, of those of which the kernel knows it."""
        return cast("dict[int, int]", _received(_asked("entries")))

    def close(self) -> None:
        """Do nothing: the steward keeps its inventory till its end."""


def _asked(what: str) -> int | None:
    try:
        return errand("inventory", what)
    except OSError as error:
        raise BpftuiError(f"the process that takes the inventory does not answer: {reason_of(error)}") from error


def _received(fd: int | None) -> object:
    if fd is None:
        raise BpftuiError("the process that takes the inventory is gone")
    with open(fd, "rb") as file:
        answer = pickle.load(file)
    if isinstance(answer, BpftuiError):
        raise answer
    return answer


_kept: list[Inventory] = []


def _read(inventory: Inventory, what: str) -> object:
    match what:
        case "snapshot":
            return inventory.snapshot()
        case "counters":
            return packed_runs(inventory.counters())
        case _:
            return inventory.entries()


def read_for_client(argument: str) -> int:
    """Return a file with what a client asked for: `snapshot`, `counters`, `entries`, or nothing at all.

    Called in the steward.

    Raises:
        UsageError: It is none of them.
    """
    if argument not in ("", "snapshot", "counters", "entries"):
        raise UsageError("a steward takes an inventory, or reads counters")
    answer: object = None
    try:
        if argument and not _kept:
            _kept.append(Inventory(symbols=False))
        if argument:
            answer = _read(_kept[0], argument)
    except BpftuiError as error:
        kind = NoPermissionError if isinstance(error, NoPermissionError) else BpftuiError
        answer = kind(error.message, hint=error.hint)
    fd = os.memfd_create("inventory", os.MFD_CLOEXEC)
    with open(fd, "wb", closefd=False) as file:
        pickle.dump(answer, file, protocol=pickle.HIGHEST_PROTOCOL)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
