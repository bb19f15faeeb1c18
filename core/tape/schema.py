"""The file of a tape: what an SQLite database must be to be one, and how it is opened.

Names and values in it are whatever a stranger wrote there. So nothing is taken from a file whose tables, indexes,
triggers and views are not exactly those that are made here, and no text of SQL is ever made of what it holds.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import struct
import urllib.parse
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from ..errors import ObjectError
from ..files import unreadable, unwritable
from ..foreign import RECORDING, is_recording

if TYPE_CHECKING:
    from ..runtime.stacks import Call

__all__ = ["FRAMES_SINCE", "Claim", "create", "damaged", "frame_key", "is_written", "open_to_read", "raw", "text"]

VERSION: Final = 4
"""PRAGMA user_version: what a newer bpftui writes is refused by an older one."""

_TABLES: Final = (
    # What does not change: the object, when it began, on which machine.
    "CREATE TABLE fact(name TEXT PRIMARY KEY, value) WITHOUT ROWID",
    # What has values: each map, the variables together, the programs together.
    "CREATE TABLE source(id INTEGER PRIMARY KEY, kind TEXT, name BLOB, details TEXT)",
    # What a value belongs to: a key of a map, the name of a variable or a program.
    "CREATE TABLE entry(id INTEGER PRIMARY KEY, source INTEGER, key BLOB, UNIQUE(source, key))",
    # Each sample: seconds since the beginning; state where it is not that of the tick before.
    "CREATE TABLE tick(id INTEGER PRIMARY KEY, time REAL, interval REAL, times BLOB, state TEXT)",
    # What changed lately, a row each; a value that is NULL is of an entry that was gone.
    "CREATE TABLE change(tick INTEGER, entry INTEGER, value BLOB)",
    # And before, a row for each entry and minute in which it changed.
    "CREATE TABLE minute(id INTEGER PRIMARY KEY, first INTEGER, last INTEGER)",
    "CREATE TABLE pack(entry INTEGER, minute INTEGER, data BLOB, PRIMARY KEY(entry, minute)) WITHOUT ROWID",
    "CREATE INDEX pack_minute ON pack(minute)",
    # The records of a stream at a tick, all together.
    "CREATE TABLE event(tick INTEGER, source INTEGER, count INTEGER, lost INTEGER, records INTEGER, data BLOB, "
    "PRIMARY KEY(tick, source)) WITHOUT ROWID",
    "CREATE TABLE printed(id INTEGER PRIMARY KEY, tick INTEGER, program BLOB, stream TEXT, text BLOB)",
    # What was done: loaded, set, attached, detached.
    "CREATE TABLE mark(id INTEGER PRIMARY KEY, time REAL, kind TEXT, what BLOB, detail BLOB)",
    # Test runs: the packet that went in, as the program left it, what it returned, nanoseconds.
    "CREATE TABLE run(id INTEGER PRIMARY KEY, time REAL, program BLOB, packet BLOB, data BLOB, retval INTEGER, "
    "duration INTEGER)",
    # Frames of stack traces, as they were named when they were read: of a process (0 for the kernel's and for files
    # that are known by their build ids), an address; the tick from which on it was so, and why it has no name.
    "CREATE TABLE frame(process INTEGER, address BLOB, tick INTEGER, name BLOB, offset INTEGER, place BLOB, "
    "program INTEGER, problem BLOB, PRIMARY KEY(process, address, tick)) WITHOUT ROWID",
)
FRAMES_SINCE: Final = 4
"""The version that has names of frames."""
_BEFORE: Final = {3: _TABLES[:-1]}
"""By version, the tables of recordings that were written before and are read still."""
_LONGEST: Final = 1 << 30
"""Bytes of a value of a database: SQLite's own limit."""
_PATIENCE: Final = 5.0
"""Seconds to wait for whoever is writing."""
_SHARED: Final = 0x4000_0002, 510
"""First byte and length of what SQLite locks while it has a database open (SHARED_FIRST, SHARED_SIZE in its os.h)."""
_FLOCK: Final = struct.Struct("hhqqi0q")
"""struct flock of fcntl(2): kind, whence, start, length, process."""


def create(path: str) -> sqlite3.Connection:
    """Make a new tape, which only its owner may read.

    Raises:
        ObjectError: There is something of that name, or it cannot be made there.
        NoPermissionError: It may not be made there.
    """
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except (OSError, ValueError) as error:
        raise unwritable(path, error, "the recording") from None
    os.close(descriptor)
    try:
        # Whoever asks for a sample's rows and whoever writes them may be two threads; they take turns.
        connection = sqlite3.connect(os.path.abspath(path), check_same_thread=False, isolation_level=None)
        try:
            connection.execute(f"PRAGMA application_id = {int.from_bytes(RECORDING)}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("BEGIN")
            for each in _TABLES:
                connection.execute(each)
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        with suppress(OSError):
            os.unlink(path)
        raise ObjectError(f"the recording cannot be written: {error}", file=path) from None
    return connection


class Claim:
    """Lets others see that a tape is being written, and keeps it from whoever would take it for nobody's.

    Whatever ends this process ends that too: it is two locks of one descriptor, which is opened after the database and
    closed after it. By flock(2) bpftui asks (`is_written`). The other one is SQLite's own shared lock, held once more
    by the descriptor: SQLite holds it by fcntl(2) for the process, which loses it with any descriptor of the file that
    it closes, as when the tape is read while it is written; whoever else closes the database then believes to be the
    last one, and takes away the log into which rows still go. Neither is there where the file system has none.
    """

    def __init__(self, path: str) -> None:
        self._descriptor: int | None = None
        with suppress(OSError):
            self._descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            self._lock(fcntl.F_RDLCK)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _lock(self, kind: int) -> None:
        assert self._descriptor is not None
        with suppress(OSError):
            fcntl.fcntl(self._descriptor, fcntl.F_OFD_SETLK, _FLOCK.pack(kind, os.SEEK_SET, *_SHARED, 0))

    def yield_to_database(self) -> None:
        """Let the database have the file for itself, which it needs in order to close it."""
        if self._descriptor is not None:
            self._lock(fcntl.F_UNLCK)

    def close(self) -> None:
        """Let others see that the tape is written no more; a second call does nothing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def is_written(path: str) -> bool:
    """Return whether somebody writes a tape now; to be asked before it is opened (see `Claim`)."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


def open_to_read(path: str) -> sqlite3.Connection:
    """Open a tape, also while it is being written, or after its writer was killed.

    Raises:
        ObjectError: It is none, is damaged, or is of a version that is not known here.
        NoPermissionError: It may not be read.
    """
    if not os.path.exists(path):
        raise unreadable(path, FileNotFoundError())
    if not os.access(path, os.R_OK):
        raise unreadable(path, PermissionError())
    if not is_recording(path):
        raise ObjectError("it is no recording", file=path)
    try:
        where = urllib.parse.quote(os.path.abspath(path).encode("utf-8", "surrogateescape"))
        connection = sqlite3.connect(
            f"file:{where}?mode=ro", uri=True, check_same_thread=False, isolation_level=None, timeout=_PATIENCE
        )
    except sqlite3.Error as error:
        raise damaged(path, error) from None
    try:
        connection.text_factory = text
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
        for each in ("trusted_schema = 0", "cell_size_check = 1", "query_only = 1", "mmap_size = 0"):
            connection.execute(f"PRAGMA {each}")
        _check(connection, path)
    except (sqlite3.Error, UnicodeError) as error:  # what SQLite says of damage quotes it
        connection.close()
        raise damaged(path, error) from None
    except BaseException:
        connection.close()
        raise
    return connection


def raw(value: str) -> bytes:
    """Return a text of foreign origin as it is written: names need not be UTF-8, and SQLite's texts have to."""
    return value.encode("utf-8", "surrogateescape")


def text(value: bytes) -> str:
    """Return the text that `raw` wrote."""
    return value.decode("utf-8", "surrogateescape")


def frame_key(call: Call) -> bytes:
    """Return the place of a frame as it is written: SQLite's integers have a sign."""
    return call.address.to_bytes(8, "big") + call.build_id


def damaged(path: str, error: Exception) -> ObjectError:
    """Return what is said of a tape that cannot be read to its end."""
    return ObjectError(f"the recording is damaged: {error}", file=path)


def _check(connection: sqlite3.Connection, path: str) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    tables = {**_BEFORE, VERSION: _TABLES}.get(version)
    if tables is None:
        age = "a newer" if version > VERSION else "another"
        raise ObjectError(
            f"the recording was written by {age} bpftui: its format is {version}, not {VERSION}", file=path
        )
    found = [sql for (sql,) in connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")]
    if sorted(map(str, found)) != sorted(tables):
        raise ObjectError("the recording is damaged: its tables are not those of a recording", file=path)
