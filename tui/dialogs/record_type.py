"""RecordTypeDialog: say what the events of a stream are."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ...core.analysis.records import RecordType, record_candidates, record_type
from .dialog import field
from .narrowing import NarrowingDialog

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from ...core.spec import CollectionSpec

__all__ = ["RecordTypeDialog"]

_BYTES = RecordType(None)


class RecordTypeDialog(NarrowingDialog[RecordType]):
    """Choose one of the object's structures for the events of a stream, those that its programs were seen to write, or
    bytes; dismisses with it, or None.
    """

    title_text: ClassVar[str] = "Events"

    def __init__(self, spec: CollectionSpec, stream: str, now: RecordType) -> None:
        own = record_type(spec, spec.maps[stream])
        several = [own] if own.kinds else []
        super().__init__([*several, *map(RecordType, record_candidates(spec)), _BYTES])
        self._stream = stream
        self._now = now

    def heading(self) -> str:
        """Return the title."""
        return f"Events of {self._stream}"

    def body(self) -> ComposeResult:
        """Compose what they are now, the field and the list."""
        yield field("now", self._now.text)
        yield from self.choice("narrow the list")

    def line_of(self, item: RecordType) -> str:
        """Return a structure with its size."""
        if item.kinds:
            return item.text
        size = "" if item.type is None else f"{item.type.size:,} bytes"
        return f"{item.text:<40} {size}".rstrip()
