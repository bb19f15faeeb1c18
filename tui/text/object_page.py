"""What there is to say of an object before it is opened."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

from ...core.btf import format_value
from ...core.errors import BpftuiError, reason_of
from ...core.foreign import is_source
from ...core.references import parse_loaded
from ...core.spec import CollectionSpec
from ...core.spec.container import SeveralObjectsError
from ..state.presets import Presets
from ..state.recent import outcomes
from .facts import map_brief, program_brief
from .fit import width_of
from .format import age, byte_size, counted
from .page import Page, Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .page import Line

__all__ = ["ObjectPage", "object_page"]

_VALUE: Final = 40
"""Cells of a value."""
_MOST: Final = 12
"""Lines of each kind."""
_LARGEST: Final = 64 << 20
"""Bytes of a file that is looked into without being asked."""


class ObjectPage(Page):
    """What is known of a file: above what changes with time, below what is in it.

    Args:
        title: Its name.
        kind: How large it is, and how old.
        version: What the file has others of when it was changed; None where there is none.
    """

    def __init__(self, title: str, kind: str, version: tuple[int, int] | None = None) -> None:
        super().__init__(title, kind)
        self.version = version
        self.body: Sequence[Line] = ()
        """The lines of what is in it, which are the last ones."""


def object_page(path: str, note: str, state: str, before: Page | None = None) -> ObjectPage:
    """Return what is known of a file: what it holds, what became of it last, its presets. It reads it, and no more.

    Args:
        path: The file, or `FILE#2`.
        note: What is said of it besides.
        state: How far it has come, where it is open.
        before: What was known of it: where it was not changed since, it is not read again.
    """
    if parse_loaded(path) is not None:
        page = ObjectPage(path, "loaded on this machine")
        page.field("open", state)
        return page
    try:
        status = os.stat(path if os.path.exists(path) else path.rpartition("#")[0])
    except OSError as error:
        page = ObjectPage(os.path.basename(path), "")
        page.problem(f"it cannot be read: {reason_of(error)}")
        return page
    changed = f"changed {age(time.time() - status.st_mtime)} ago"
    version = status.st_mtime_ns, status.st_size
    page = ObjectPage(os.path.basename(path), f"{byte_size(status.st_size)} · {changed}", version)
    if note:
        page.note(note)
    if state:
        page.field("open", state)
    if (last := outcomes().get(os.path.abspath(path))) is not None:
        page.answer(f"{last.text} ({age(time.time() - last.when)} ago)", good=last.good)
    if isinstance(before, ObjectPage) and before.version == version:
        page.body = before.body
    else:
        inside = Page("", "")
        _inside(inside, path, status.st_size)
        page.body = inside.lines
    page.lines += page.body
    return page


def _inside(page: Page, path: str, size: int) -> None:
    """Say what is in a file of *size* bytes."""
    if is_source(path):
        _compiles(page, path)
        return
    if size > _LARGEST:
        page.note("it is large: ⏎ opens it")
        return
    try:
        spec = CollectionSpec.from_file(path)
    except SeveralObjectsError as several:
        page.note(f"{counted(len(several.objects), 'BPF object')} in it: ⏎ lets you choose")
        return
    except BpftuiError as error:
        page.problem(error.message)
        if error.hint:
            page.note(f"  → {error.hint}")
        return
    page.note("")
    _hold(page, spec)


def _compiles(page: Page, path: str) -> None:
    """Say with what a C file is compiled; it is not, before somebody opens it."""
    from ...core.compiler import find_clang, flags_of

    try:
        flags = flags_of(path)
        page.field("compiler", os.path.basename(find_clang(flags.compiler)))
    except BpftuiError as error:
        page.problem(error.message)
        if error.hint:
            page.note(f"  → {error.hint}")
        return
    page.field("flags", f"-O2 -g {' '.join(flags.words)}".rstrip(), f"from {flags.origin}" if flags.origin else "")
    if flags.left_out:
        page.field("not taken", " ".join(flags.left_out), "--cflags takes it")


def _hold(page: Page, spec: CollectionSpec) -> None:
    """Say what an object holds."""
    _listed(page, "programs", [(each.name, program_brief(each)) for each in spec.programs.values()])
    _listed(page, "maps", [(each.name, map_brief(each)) for each in spec.maps.values() if not each.is_data])
    _listed(
        page, "variables", [(each.name, format_value(each.told(), limit=_VALUE)) for each in spec.variables.values()]
    )
    try:
        presets = ", ".join(preset.name for preset in Presets(spec).all())
    except BpftuiError as error:
        presets = f"✗ {error.message}"
    if presets:
        page.field("presets", presets)


def _listed(page: Page, label: str, rows: Sequence[tuple[str, str]]) -> None:
    width = min(24, max((width_of(name) for name, _ in rows[:_MOST]), default=0))
    for index, (name, detail) in enumerate(rows[:_MOST]):
        gap = " " * (max(0, width - width_of(name)) + 2)
        page.labelled("" if index else label, [Part(name), Part(f"{gap}{detail}", "muted")])
    if len(rows) > _MOST:
        page.field("", f"and {len(rows) - _MOST:,} more")
