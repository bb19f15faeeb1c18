"""The driver of an explorer in a terminal: Textual's, which hears of the key Escape when it is told from a sequence."""

from __future__ import annotations

import os
import selectors
import time
from codecs import getincrementaldecoder
from typing import TYPE_CHECKING, Final

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from .terminal.output import is_hangup

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["TerminalDriver"]

_LOOK: Final = 0.1
"""Seconds after which it is seen that nothing is to be read any more."""
_MOST: Final = 4096
"""Bytes that are read at once."""


class TerminalDriver(LinuxDriver):
    """Textual's driver for terminals.

    Textual's own (8.2) looks each tenth of a second whether nothing has followed an escape character: the key Escape
    took as long, however short `ESCAPE_DELAY` is; what is no UTF-8, of a paste in another encoding, ended the app; and
    of a terminal that has gone it read nothing for ever, where no signal told of that.
    """

    def run_input_thread(self) -> None:
        """Read keys, the mouse and what the terminal answers, until there is no more need to."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")(errors="replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                due = parser._timeout_time  # pyright: ignore[reportPrivateUsage] - as `tick` has it
                patience = _LOOK if due is None else min(_LOOK, max(0.0, due - time.monotonic()))
                if not self._read(selector, parser, decode, patience):
                    self._app.call_later(self._app.exit)
                    return
            self._read(selector, parser, decode, _LOOK)  # what the terminal still answers is not for the shell

    def _read(
        self, selector: selectors.SelectSelector, parser: XTermParser, decode: Callable[[bytes], str], patience: float
    ) -> bool:
        """Hand on what has come, after at most *patience* seconds, and what nothing has followed.

        Returns:
            False where nothing comes any more: the terminal has gone.
        """
        if selector.select(patience):
            try:
                raw = os.read(self.fileno, _MOST)
            except OSError as error:
                if not is_hangup(error):
                    raise
                return False
            if not raw:
                return False
            if text := decode(raw):
                for message in parser.feed(text):
                    self.process_message(message)
        for message in parser.tick():
            self.process_message(message)
        return True
