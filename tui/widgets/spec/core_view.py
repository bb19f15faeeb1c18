"""CoreView: CO-RE relocations, and what each becomes on this kernel or in another one's BTF."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.binding import Binding, BindingType
from textual.message import Message

from ....core.btf.core import CoreResolver, Outcome
from ....core.errors import BpftuiError
from ....core.spec.relocate_core import resolve_core
from ...text.fit import end_of, fitted, width_of
from ...text.format import counted
from ...text.shown import Text
from ..lists.row_view import RowView

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ....core.btf import Btf
    from ....core.btf.core import CoreResolution
    from ....core.spec import CollectionSpec

__all__ = ["CoreRow", "CoreView", "running_types"]


_NARROW = 70
"""Cells below which the kind is left out: what it resolves to says most of it."""


class CoreRow(NamedTuple):
    """One relocation."""

    program: str
    slot: int
    resolution: CoreResolution

    @property
    def result(self) -> str:
        """What it resolves to; the access as the target has it first, where that differs."""
        found = self.resolution
        renamed = f"{found.target}  " if found.target not in (None, found.local) else ""
        return renamed + found.result


class CoreView(RowView):
    """Program, instruction, kind, local access and answer of each relocation; enter asks for the instruction."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "choose_target", "BTF", id="core.target", tooltip="Resolve against a BTF file, or this kernel"),
    ]

    is_pane: ClassVar[bool] = True

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "core-view--resolved",
        "core-view--absent",
        "core-view--missing",
        "core-view--access",
        "core-view--kind",
    }
    """
    | Class | Description |
    | :- | :- |
    | `core-view--resolved` | An answer. |
    | `core-view--absent` | That there is no such thing, which is an answer as well. |
    | `core-view--missing` | Why there is no answer. |
    | `core-view--access` | The access as C. |
    | `core-view--kind` | The kind of the relocation. |
    """

    DEFAULT_CSS = """
    CoreView {
        & > .core-view--resolved { color: $text-success; }
        & > .core-view--absent { color: $text-warning; }
        & > .core-view--missing { color: $text-error; }
        & > .core-view--access { color: $foreground; text-style: bold; }
        & > .core-view--kind { color: $text-muted; }
    }
    """

    class Opened(Message):
        """The user wants to see the instruction of a relocation.

        Args:
            view: The sender.
            row: The relocation.
        """

        def __init__(self, view: CoreView, row: CoreRow) -> None:
            super().__init__()
            self.view = view
            self.row = row

    class TargetRequested(Message):
        """The user wants to choose the BTF that relocations are resolved against."""

    def __init__(self, spec: CollectionSpec, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        """Initialise the list of the relocations of *spec*; nothing is resolved before `show`."""
        super().__init__(id=id)
        self.spec = spec
        self.target: Btf | None = None
        """What they are resolved against; None for the running kernel."""
        self._where = ""
        self._rows: dict[str, list[CoreRow]] = {}
        self._program = ""
        self._shown: list[CoreRow] = []
        self._columns: list[tuple[str, int]] = []
        self.empty_text = "no CO-RE relocations"

    # What a screen calls

    def show(self, program: str = "") -> None:
        """Show the relocations of one program, without a name those of all; they are resolved in a thread."""
        if program != self._program:
            self._program = program
            self.restart()
        if self._rows:
            self._filter()
        else:
            self.resolve_against(self.target)

    def resolve_against(self, target: Btf | None) -> None:
        """Resolve them against *target*, None for the running kernel."""
        self.target = target
        self.empty_text = "resolving …"
        self._rows = {}
        self._filter()
        self.run_worker(self._resolve, thread=True, exclusive=True, exit_on_error=False, group="core")

    def _resolve(self) -> None:
        rows: dict[str, list[CoreRow]] = {}
        where = "this object has no BTF"
        if self.spec.btf is not None:
            resolver = CoreResolver(self.spec.btf, self.target or running_types())
            where = "no kernel BTF here" if resolver.target is None else resolver.where
            for name, program in self.spec.programs.items():
                try:
                    rows[name] = [CoreRow(name, item.slot, found) for item, found in resolve_core(program, resolver)]
                except BpftuiError:
                    rows[name] = []  # the code itself is damaged, which its own node says
        self.typed_app.call_from_thread(self._resolved, rows, where)

    def _resolved(self, rows: dict[str, list[CoreRow]], where: str) -> None:
        self._rows, self._where = rows, where
        self.empty_text = "no CO-RE relocations"
        self._filter()

    def _filter(self) -> None:
        rows = self._rows
        self._shown = rows.get(self._program, []) if self._program else [row for each in rows.values() for row in each]
        self._columns = list(self._measure())
        self.refresh_rows()

    def on_resize(self) -> None:
        """Give the access its part of the width."""
        self._columns = list(self._measure())
        self.refresh_rows()

    # Rows

    def row_count(self) -> int:
        """Return how many relocations are shown."""
        return len(self._shown)

    def row_text(self, index: int) -> str:
        """Return a relocation as one line."""
        row = self._shown[index]
        return f"{row.program}:{row.slot} {row.resolution.label} {row.resolution.local}: {row.result}"

    def row_hint(self, index: int) -> str:
        """Say where the instruction is."""
        row = self._shown[index]
        return f"instruction {row.slot} of {row.program}"

    @property
    def header_height(self) -> int:
        """What it is resolved against, and the titles."""
        return 2

    def draw_header(self, line: int, width: int) -> Text:
        """Say what it is resolved against, or name the columns."""
        if line == 0:
            bad = sum(row.resolution.outcome not in (Outcome.RESOLVED, Outcome.UNKNOWN) for row in self._shown)
            count = f"{counted(len(self._shown), 'relocation')} against " if self._where else ""
            failed = f", {bad} without an answer" if bad else ""
            where = end_of(self._where, max(1, width - len(count) - len(failed)))  # a path, as a rule
            return Text(f"{count}{where}{failed}", no_wrap=True)
        return Text("".join(f"{title:<{size}} " for title, size in self._columns) + "resolves to", no_wrap=True)

    def _measure(self) -> Iterator[tuple[str, int]]:
        """Yield the titles and widths of the columns before the last."""
        rows = self._shown
        if not self._program and len(self._rows) > 1:
            yield "program", min(16, max((width_of(row.program) for row in rows), default=7))
        yield "insn", max(4, max((len(str(row.slot)) for row in rows), default=4))
        if self.size.width >= _NARROW:
            yield "kind", max((len(row.resolution.label) for row in rows), default=4)
        room = max(20, self.size.width * 2 // 5)
        yield "access", min(room, max((width_of(row.resolution.local) for row in rows), default=6))

    def draw_row(self, index: int, width: int) -> Text:
        """Draw a relocation."""
        row = self._shown[index]
        found = row.resolution
        cells = {"program": row.program, "insn": str(row.slot), "kind": found.label, "access": found.local}
        inks = {"kind": "core-view--kind", "access": "core-view--access"}
        text = Text(no_wrap=True)
        for title, size in self._columns:
            text.append(f"{fitted(cells[title], size)} ", self.ink(inks.get(title, "row-view--muted")))
        mark, ink = _mark(found)
        text.append(f"{mark} {row.result}", self.ink(ink))
        return text

    # Actions

    def action_select(self) -> None:
        """Ask for the instruction."""
        if self._shown:
            self.post_message(self.Opened(self, self._shown[self.cursor]))

    def action_choose_target(self) -> None:
        """Ask for another BTF."""
        self.post_message(self.TargetRequested())


def _mark(found: CoreResolution) -> tuple[str, str]:
    """Return what stands before an answer, and its component class."""
    match found.outcome:
        case Outcome.RESOLVED:
            return ("–", "core-view--absent") if found.exists is False else ("✓", "core-view--resolved")
        case Outcome.UNKNOWN:
            return "?", "row-view--muted"
        case _:
            return "✗", "core-view--missing"


def running_types() -> Btf | None:
    """Return the types of the running kernel; None where it publishes none."""
    from ....core.btf.kernel import vmlinux

    try:
        return vmlinux()
    except BpftuiError:
        return None
