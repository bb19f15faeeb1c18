"""Connection: messages over a pair of streams."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, cast

from ..documents import parse_json
from ..errors import BpftuiError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from io import RawIOBase
    from typing import BinaryIO

__all__ = ["Connection", "MessageError", "StreamError"]

_LENGTH: Final = re.compile(rb"content-length\s*:\s*(\d{1,19})\s*", re.IGNORECASE)
_LARGEST: Final = 16 << 20
"""Bytes of a message."""
_CHUNK: Final = 1 << 16
_LONGEST_LINE: Final = 4096
_MOST_LINES: Final = 32
"""Of a header."""


class MessageError(BpftuiError):
    """A message means nothing; the next one may."""


class StreamError(BpftuiError):
    """Where the next message begins cannot be told."""


class Connection:
    """Reads and writes messages. One thread may read while another one writes.

    Args:
        reader: Where they come from; without a buffer, so that it can be left while somebody waits for more.
        writer: Where they go to.
        hang_up: Ends both ways, also for who waits for more just now; None where nothing does.
    """

    def __init__(self, reader: RawIOBase, writer: BinaryIO, hang_up: Callable[[], object] | None = None) -> None:
        self.hang_up = hang_up
        self._reader = reader
        self._writer = writer
        self._buffer = bytearray()
        self._seq = 0

    def read(self) -> dict[str, Any] | None:
        """Wait for a message; return None behind the last one.

        Raises:
            MessageError: It is no object of JSON.
            StreamError: There is no header, or a message that is cut off or too long.
        """
        length = self._read_header()
        if length is None:
            return None
        while len(self._buffer) < length and self._fill():
            pass
        raw = self._take(length)
        if len(raw) < length:
            raise StreamError(f"a message of {length:,} bytes ends after {len(raw):,}")
        try:
            message = parse_json(raw)
        except ValueError as error:
            raise MessageError(f"a message is no JSON: {error}") from None
        if not isinstance(message, dict):
            raise MessageError("a message is no object of JSON")
        return cast("dict[str, Any]", message)

    def _read_header(self) -> int | None:
        """Return how many bytes a message has; None where nothing comes any more."""
        length: int | None = None
        for number in range(_MOST_LINES):
            line = self._line()
            if not line and not number:
                return None
            if not line.endswith(b"\n"):
                raise StreamError("a message's header is cut off, or has a line without an end")
            line = line.rstrip(b"\r\n")
            if not line:
                if length is None:
                    raise StreamError("a message's header does not tell its Content-Length")
                return length
            if (match := _LENGTH.fullmatch(line)) is not None:
                length = int(match[1])
                if length > _LARGEST:
                    raise StreamError(f"a message of {length:,} bytes is too long: at most {_LARGEST:,} are read")
        raise StreamError(f"a message's header has more than {_MOST_LINES} lines")

    def _line(self) -> bytes:
        """Return what comes until the end of a line, or of what there is; no more than a line may have."""
        start = 0
        while (at := self._buffer.find(b"\n", start)) < 0 and len(self._buffer) < _LONGEST_LINE:
            start = len(self._buffer)
            if not self._fill():
                break
        return self._take(at + 1 if 0 <= at < _LONGEST_LINE else _LONGEST_LINE)

    def _fill(self) -> bool:
        """Wait for more; return whether there is any."""
        more = self._reader.read(_CHUNK)
        self._buffer += more or b""
        return bool(more)

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def event(self, name: str, body: Mapping[str, Any] | None = None) -> None:
        """Tell that something has happened."""
        self._write({"type": "event", "event": name, **({} if body is None else {"body": body})})

    def respond(
        self, request: Mapping[str, Any], body: Mapping[str, Any] | None = None, *, error: BpftuiError | None = None
    ) -> None:
        """Answer a request, with a body or with what was wrong."""
        message: dict[str, Any] = {
            "type": "response",
            "request_seq": request["seq"],
            "command": request["command"],
            "success": error is None,
        }
        if error is not None:
            text = error.message if error.hint is None else f"{error.message} ({error.hint})"
            # Braces in a format stand for variables.
            shown = {"id": 1, "format": "{text}", "variables": {"text": text}, "showUser": True}
            message |= {"message": text, "body": {"error": shown}}
        elif body is not None:
            message["body"] = body
        self._write(message)

    def _write(self, message: dict[str, Any]) -> None:
        self._seq += 1
        raw = json.dumps({"seq": self._seq, **message}, allow_nan=False).encode()
        self._writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(raw), raw))
        self._writer.flush()
