"""What programs write to their own streams, and the kernel for them: BPF_STREAM_STDOUT and _STDERR (Linux 6.17).

Each program has both. It writes to them by `bpf_stream_printk` of libbpf's bpf_helpers.h; the kernel tells there what
went wrong while the program ran: a fault in an arena, a loop without end, a lock that is held for good. Reading takes
out what is read: there is one reader, and what nobody reads the kernel keeps, up to 100,000 bytes.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final, Literal

from ..errors import BpftuiError
from ..runtime import PrintedLine
from .sys.layouts import ProgStreamRead
from .sys.syscall import BpfError, Command, buffer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .program import Program

__all__ = ["StreamReader", "has_streams"]

_STREAMS: Final[dict[Literal["stdout", "stderr"], int]] = {"stdout": 1, "stderr": 2}
_ROOM: Final = 1 << 16
_MOST_READS: Final = 16
"""Of one stream at one look: what a program writes meanwhile is for the next."""


def has_streams(program: Program) -> bool:
    """Return whether programs of this kernel have streams (Linux 6.17); asked with a number that none has."""
    try:
        with program.descriptor as fd:
            ProgStreamRead(prog_fd=fd).call(Command.PROG_STREAM_READ_BY_FD)
    except BpfError as error:
        return error.errno == errno.ENOENT
    except BpftuiError:  # it was closed meanwhile
        return False
    return True


class StreamReader:
    """Reads what *programs* wrote to their streams since the last look.

    Args:
        programs: Those whose streams are read.
        anew: Whether what they wrote before is let go of.
    """

    def __init__(self, programs: Sequence[Program], *, anew: bool = True) -> None:
        self._programs = tuple(programs)
        self._buffer = buffer(_ROOM)
        if anew:
            list(self.read())

    def read(self) -> Iterator[PrintedLine]:
        """Iterate over the lines, program by program; there are none where the kernel has no streams."""
        for program in self._programs:
            for name, number in _STREAMS.items():
                try:
                    text = self._text(program, number)
                except BpfError:  # EINVAL before Linux 6.17
                    self._programs = ()
                    return
                except BpftuiError:  # it was closed meanwhile
                    continue
                for line in text.decode("utf-8", "replace").splitlines():
                    yield PrintedLine(line, program.name, name)

    def _text(self, program: Program, stream: int) -> bytes:
        """Take out what is in a stream."""
        found = bytearray()
        for _ in range(_MOST_READS):
            with program.descriptor as fd:
                attr = ProgStreamRead(stream_buf=self._buffer, stream_buf_len=_ROOM, stream_id=stream, prog_fd=fd)
                size = attr.call(Command.PROG_STREAM_READ_BY_FD)
            found += self._buffer.raw[:size]
            if size < _ROOM:
                break
        return bytes(found)
