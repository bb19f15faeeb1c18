"""The guardian: a process that ends this one where it was told to end and does not get to it, and mends the terminal.

Handlers of signals run in Python's main thread, between two bytecodes: while C code holds the interpreter's lock, or
while a worker is waited for, none of them helps, and neither does any thread. So the guardian is forked off before
there are threads. It learns of signals through the file descriptor that Python's own handler, which is C, writes their
numbers to (`signal.set_wakeup_fd`), of a terminal that has gone by polling it, and that the process has ended by the
end of their connection. It is given no rights, runs nothing that was read, and ends with the process.

What a process holds in the kernel (links, sockets, threads with namespaces) goes away with the process: killing it is
all that takes.
"""

from __future__ import annotations

import contextlib
import enum
import errno
import fcntl
import math
import os
import re
import select
import signal
import socket
import termios
import time
from typing import TYPE_CHECKING, Final

from ...core.closing import name_heir
from ...core.errors import BpftuiError
from ...core.privileges import be_apart, drop_all
from .hush import is_hushed, is_watched, modes_before
from .own_time import OwnTime
from .process import process

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ["GRACE", "Guardian", "Told", "guardian", "hire", "until_told"]

GRACE: Final = 1.5
"""Seconds that the process has to end by itself when it was told to; here and below of its own time (`OwnTime`)."""
PATIENCE: Final = 15.0
"""Seconds that it has where nobody told it to: its time is over, or nobody reads what it prints. A machine that has
much else to do takes seconds to undo a sandbox, and the exit code says how it went."""
_SOFT: Final = 0.1
"""Seconds from the signal that it was told to end with, which it may have left to its default action, to SIGKILL."""
_UNREAD: Final = 1.2
"""Seconds of keys that nobody reads, after which they are read here."""
_MOST_LEFT: Final = 64
"""Folders of the process that are kept in mind."""
_LOOK: Final = 0.2
"""Seconds between two looks at keys that nobody reads, and at the time that the process has had."""
_LEAST: Final = 20
"""Milliseconds between two looks at whether its time is over: it may stand."""
_TOLD: Final = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})

QUIT_KEYS: Final = re.compile(rb"q|\x03|\x11|\x1b\[(?:113|99;5|113;5)[;:0-9]*u")
"""What terminals send for q, ctrl+c and ctrl+q; the latter form is that of kitty's keyboard protocol."""

RESTORE: Final = (
    "\x1b[?2026l"  # what was held back is drawn
    "\x1b[?2004l\x1b[?7h\x1b[?2048l"  # no bracketed paste, lines wrap, no reports of sizes
    "\x1b[?1016l\x1b[?1006l\x1b[?1015l\x1b[?1003l\x1b[?1000l"  # no mouse
    "\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l\x1b[0m"  # keys as usual, the other screen, a cursor, no focus, no colour
)
"""What undoes all that Textual's driver (8.2) switches on."""


class _Word(enum.IntEnum):
    """What the guardian is told, beside numbers of signals (1 to 64): one byte each."""

    ENDING = 128
    """The process has been told to end, or to leave what it is in."""
    GOING_ON = 133
    """It has left that, and goes on; unless a signal told it to end."""
    SCREEN = 129
    """The terminal is drawn on from now on."""
    NO_SCREEN = 130
    """It is as it was."""
    FINISHING = 134
    """It has come to its end by itself."""
    ASKED = 131
    """A key was pressed that may mean the end; the event loop will say when it has come to it."""
    HEARD = 132
    BEQUEATHED = 135
    """With it comes the descriptor of a folder that the process made, and may not get to remove."""


class Guardian:
    """The process's end of it; without a connection (no process could be forked) nothing happens."""

    def __init__(self, channel: socket.socket | None = None) -> None:
        self._channel = channel

    def ending(self) -> None:
        """Say that the process was told to end: it has `GRACE` seconds."""
        self._say(_Word.ENDING)

    def finishing(self) -> None:
        """Say that the process has come to its end by itself: it has `PATIENCE` seconds, unless it is told to end."""
        self._say(_Word.FINISHING)

    def going_on(self) -> None:
        """Say that what was to be left is left, and that there is more to do; a signal that came meanwhile stands.

        Not between the steps of one end: from the key or the signal until the process is gone it is the same time.
        """
        self._say(_Word.GOING_ON)

    def screen(self, on: bool) -> None:
        """Say that the terminal is drawn on from now on, or that it is as it was."""
        self._say(_Word.SCREEN if on else _Word.NO_SCREEN)

    def asked(self) -> None:
        """Say that a key was pressed that may mean the end; without `heard`, it does."""
        self._say(_Word.ASKED)

    def heard(self) -> None:
        """Say that the event loop has come to what was `asked`."""
        self._say(_Word.HEARD)

    def inherit(self, folder: int) -> None:
        """Hand over a folder that is to be removed where the process does not get to it (`core.closing.bequeath`)."""
        if self._channel is not None:
            with contextlib.suppress(OSError):
                socket.send_fds(self._channel, [bytes([_Word.BEQUEATHED])], [folder])

    def _say(self, word: _Word) -> None:
        if self._channel is not None:
            with contextlib.suppress(OSError):
                self._channel.send(bytes([word]))


_hired: list[Guardian] = []


def guardian() -> Guardian:
    """Return this process's guardian; where none was hired, one that does nothing."""
    return _hired[0] if _hired else Guardian()


def hire() -> None:
    """Fork the guardian off, before there are threads; where no process can be had, there is none."""
    if _hired:
        return
    main = os.getpid()
    try:
        ours, theirs = socket.socketpair()
    except OSError:
        return
    try:
        child = os.fork()
    except OSError:
        ours.close()
        theirs.close()
        return
    if child == 0:
        try:
            _live(theirs, main)
        finally:
            os._exit(0)
    theirs.close()
    ours.setblocking(False)
    signal.set_wakeup_fd(ours.fileno(), warn_on_full_buffer=False)
    _hired.append(Guardian(ours))
    process.finishing = _hired[0].finishing
    name_heir(_hired[0].inherit)
    is_watched()


class Told:
    """Whether a process was told to end, and by which signal; true where it was."""

    number: signal.Signals | None = None

    def __bool__(self) -> bool:
        return self.number is not None


@contextlib.contextmanager
def until_told(leave: Callable[[], object]) -> Generator[Told]:
    """Call *leave* at the first SIGINT, SIGTERM or SIGHUP; the next one ends the process.

    It is called between two bytecodes of the main thread, and must not raise anything. A signal that was ignored when
    the process started (`nohup`) stays so.
    """
    told = Told()
    before = {number: signal.getsignal(number) for number in _TOLD}
    before = {number: handler for number, handler in before.items() if handler is not signal.SIG_IGN}

    def handle(number: int, _frame: object) -> None:
        told.number = signal.Signals(number)
        for each in before:
            # A terminal that goes sends SIGHUP twice: by the shell, and by the kernel when the shell has ended.
            signal.signal(each, signal.SIG_IGN if each == signal.SIGHUP == number else signal.SIG_DFL)
        leave()

    for number in before:
        signal.signal(number, handle)
    try:
        yield told
    finally:
        if not told:
            for number, handler in before.items():
                signal.signal(number, handler)


def _live(channel: socket.socket, main: int) -> None:
    """Be the guardian."""
    terminal = 0 if os.isatty(0) else None
    # `nohup` has it ignored; an explorer without a terminal is of no use to anybody all the same.
    hangup = signal.SIGTERM if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN else signal.SIGHUP
    for number in _TOLD:
        signal.signal(number, signal.SIG_IGN)
    kept = be_apart(channel.detach(), streams=[2] if terminal is None else [0, 2])
    with contextlib.suppress(BpftuiError):  # who may end the process is who has started it: that takes no right
        drop_all()
    with contextlib.suppress(OSError), open("/proc/self/comm", "w", encoding="ascii") as name:
        name.write("bpftui-guardian")
    with socket.socket(fileno=kept) as own:
        _Watch(own, main, terminal, hangup).run()


class _Watch:
    """What the guardian does all the time.

    Args:
        channel: What the process says.
        main: The process.
        terminal: The terminal that it may draw on.
        hangup: What tells the process that this has gone.
    """

    def __init__(self, channel: socket.socket, main: int, terminal: int | None, hangup: signal.Signals) -> None:
        self._channel = channel
        self._main = main
        self._now = OwnTime(main)
        self._terminal = terminal
        self._hangup = hangup
        self._modes = None if terminal is None else modes_before()
        self._screen = False
        self._number = signal.SIGTERM
        self._signalled = False
        self._deadline: float | None = None
        self._asked: float | None = None
        self._unread: float | None = None
        self._left: list[int] = []
        """Descriptors of folders that the process made."""

    def run(self) -> None:
        """Watch until the process has ended."""
        poll = select.poll()
        poll.register(self._channel, select.POLLIN)
        while True:
            watched = self._terminal if self._screen else None
            if watched is not None:
                # That it has gone is always told; keys are told once, and then looked for at times.
                poll.register(watched, select.POLLIN if self._unread is None else 0)
            ready = dict(poll.poll(self._timeout()))
            if watched is not None:
                poll.unregister(watched)
            if self._channel.fileno() in ready and not self._listen():
                break
            if watched in ready:
                self._look(ready[watched])
            if self._is_due():
                self._end()
                return
        self._restore()  # where it was killed, or crashed
        self._remove()

    def _timeout(self) -> int | None:
        """Return milliseconds until there is something to be done."""
        now = self._now()
        times = [at - now for at in (self._deadline, self._asked) if at is not None]
        times += [_LOOK] if times or self._unread is not None else []
        return max(_LEAST, round(min(times) * 1000) + 1) if times else None

    def _listen(self) -> bool:
        """Take in what was said; False where there is nobody any more."""
        try:
            said, folders, _, _ = socket.recv_fds(self._channel, 4096, _MOST_LEFT)
        except ConnectionResetError:
            return False
        for folder in folders:
            # Of many the last ones: those before have most likely been removed.
            if len(self._left) == _MOST_LEFT:
                os.close(self._left.pop(0))
            self._left.append(folder)
        for word in said:
            match word:
                case _Word.SCREEN | _Word.NO_SCREEN:
                    self._screen, self._unread = word == _Word.SCREEN, None
                case _Word.ASKED:
                    self._asked = self._asked or self._now() + GRACE
                case _Word.HEARD:
                    self._asked = None
                case _Word.ENDING:
                    self._begin_to_end()
                case _Word.FINISHING:
                    self._begin_to_end(PATIENCE)
                case _Word.GOING_ON if not self._signalled:
                    self._deadline = None
                case _ if word in _TOLD:
                    self._number, self._signalled = signal.Signals(word), True
                    self._begin_to_end()
                case _:  # other signals
                    pass
        return bool(said)

    def _begin_to_end(self, patience: float = GRACE) -> None:
        """Let the time begin that is left; what has begun is not made longer."""
        self._deadline = min(self._deadline or math.inf, self._now() + patience)

    def _look(self, events: int) -> None:
        """See that the terminal has gone, or that there are keys; the process reads them at once, as a rule."""
        if events & (select.POLLHUP | select.POLLERR | select.POLLNVAL):
            self._terminal = None
            self._begin_to_end()
            self._kill(self._hangup)
        else:
            self._unread = self._now()

    def _is_due(self) -> bool:
        """Whether the time is over that the process had."""
        now = self._now()
        if self._unread is not None and not self._waiting():
            self._unread = None
        if self._unread is not None and now >= self._unread + _UNREAD:
            self._unread = None
            if self._reads_quit():
                return True
        return any(at is not None and at <= now for at in (self._deadline, self._asked))

    def _waiting(self) -> bool:
        """Whether there are keys that nobody has read."""
        if self._terminal is None:
            return False
        try:
            return any(fcntl.ioctl(self._terminal, termios.FIONREAD, bytes(4)))
        except OSError:
            return False

    def _reads_quit(self) -> bool:
        """Read the keys that nobody reads, and tell whether one of them means the end."""
        if self._terminal is None or _is_stopped(self._main):
            return False
        return QUIT_KEYS.search(os.read(self._terminal, 4096)) is not None

    def _restore(self) -> None:
        """Give the terminal back as it was, unless the shell has done so: while it edits a line, ctrl+c is a signal."""
        if self._terminal is None:
            return
        with contextlib.suppress(termios.error):
            drawn_on = self._screen and not termios.tcgetattr(self._terminal)[3] & termios.ISIG
            if self._modes is not None and (drawn_on or is_hushed(self._modes)):
                termios.tcsetattr(self._terminal, termios.TCSANOW, self._modes)
        if self._screen:
            _write(RESTORE)

    def _end(self) -> None:
        """End the process: as it was told to, where it has left that to the signal by now, and otherwise for sure."""
        if os.getppid() != self._main:
            return
        # SIGHUP is ignored after the first one.
        number = signal.SIGTERM if self._number == signal.SIGHUP else self._number
        softly = _is_left_to_default(self._main, number)
        self._kill(number)
        if self._has_ended(_SOFT):
            softly = True
        else:  # what was left to the default action has come to it, but may take its time
            self._kill(signal.SIGKILL)
            self._has_ended(GRACE)
        self._remove()
        # Its files are closed before anybody learns that it has ended: the shell draws its prompt after this.
        self._restore()
        if not softly:
            _write("bpftui: error: it was told to end, did not get to it, and was killed\n")

    def _remove(self) -> None:
        """Remove the folders that the process has left: it has ended."""
        mine = re.compile(rf"bpftui-{self._main}-\d+")  # and no others, whatever was handed over
        for folder in self._left:
            with contextlib.suppress(OSError):
                name = os.path.basename(os.readlink(f"/proc/self/fd/{folder}"))
                above = os.open("..", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
                os.close(folder)
                if mine.fullmatch(name) is not None:
                    _remove_folder(name, above)
        self._left = []

    def _kill(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._main, number)

    def _has_ended(self, patience: float) -> bool:
        """Wait for the end."""
        stop = time.monotonic() + patience
        while (left := stop - time.monotonic()) > 0:
            if select.select([self._channel], [], [], left)[0] and not self._listen():
                return True
        return False


def _remove_folder(name: str, above: int) -> None:
    """Remove a folder that may be in use for a moment: a process that ends closes its files one after the other."""
    stop = time.monotonic() + GRACE
    while True:
        try:
            os.rmdir(name, dir_fd=above)
        except OSError as error:
            if error.errno != errno.EBUSY or time.monotonic() > stop:
                raise
            time.sleep(_SOFT / 5)
        else:
            return


def _is_stopped(process: int) -> bool:
    """Whether a process was stopped: its keys are for others meanwhile, or for later."""
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] in (b"T", b"t")
    except (OSError, IndexError):
        return False


def _is_left_to_default(process: int, number: signal.Signals) -> bool:
    """Whether a process neither catches nor ignores a signal: the kernel then ends it for sure."""
    try:
        with open(f"/proc/{process}/status", encoding="utf-8", errors="replace") as file:
            fields = dict(line.split(":", 1) for line in file)
        return not (int(fields["SigCgt"], 16) | int(fields["SigIgn"], 16)) >> (number - 1) & 1
    except (OSError, KeyError, ValueError):
        return False


def _write(text: str) -> None:
    """Write to standard error, as far as it takes it: nothing here waits for a reader."""
    with contextlib.suppress(OSError):
        blocking = os.get_blocking(2)
        os.set_blocking(2, False)
        try:
            os.write(2, text.encode("ascii"))
        finally:
            os.set_blocking(2, blocking)
