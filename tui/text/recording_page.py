"""What there is to say of a recording before it is opened."""

from __future__ import annotations

import os
import time
from typing import Final

from ...core.errors import BpftuiError, reason_of
from ...core.live.drawn import mark_text
from .format import byte_size, clock, counted, duration
from .page import Page

__all__ = ["recording_page"]

_MOST: Final = 12
"""Marks, maps and programs that are listed."""


def recording_page(path: str, state: str) -> Page:
    """Return what is known of a recording; it opens it, and reads none of its samples.

    Args:
        path: The file.
        state: How far it has come, where it is open.
    """
    from ...core.tape import Tape

    try:
        size = os.stat(path).st_size
        with Tape(path) as tape:
            page = Page(os.path.basename(path), f"recording · {byte_size(size)}")
            if tape.is_written:
                page.note("It is still being written.")
            if state:
                page.field("open", state)
            page.field("object", tape.file)
            if tape.ticks:
                first, last = tape.time(1), tape.time(tape.ticks)
                page.field("began", time.strftime("%d %b %Y %H:%M:%S", time.localtime(tape.began + first)))
                page.field(
                    "length", clock(last - first), f"{counted(tape.ticks, 'sample')}, {duration(tape.interval)} apart"
                )
            elif not tape.is_written:
                page.problem("it has no sample: what wrote it was ended before the first one")
            where = " ".join(filter(None, (tape.machine.get("system"), tape.machine.get("release"))))
            page.field("runtime", tape.runtime, where)
            _listed(page, "programs", list(tape.programs))
            _listed(page, "maps", list(tape.maps))
            marks = tape.marks
            if marks:
                page.heading("What was done")
                for mark in marks[:_MOST]:
                    page.item(clock(mark.time), mark_text(mark.kind, mark.what, mark.detail))
                if len(marks) > _MOST:
                    page.note(f"and {len(marks) - _MOST:,} more")
            return page
    except OSError as error:
        page = Page(os.path.basename(path), "")
        page.problem(f"it cannot be read: {reason_of(error)}")
    except BpftuiError as error:
        page = Page(os.path.basename(path), "")
        page.problem(error.message)
    return page


def _listed(page: Page, what: str, names: list[str]) -> None:
    if names:
        more = f", and {len(names) - _MOST:,} more" if len(names) > _MOST else ""
        page.field(what, ", ".join(names[:_MOST]) + more)
