"""ProgramTypeDialog: say what a program is, where its section does not or says it wrong."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, ClassVar

from ...core.spec.sections import SECTIONS, split_section
from ...core.uapi import ProgramType
from .dialog import field, line
from .narrowing import NarrowingDialog

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from ...core.spec import ProgramSpec

__all__ = ["ProgramTypeDialog", "ranked_names"]

_NAME_WIDTH = 24


class ProgramTypeDialog(NarrowingDialog[str]):
    """Choose a program's type and attach type; dismisses with a name that `ProgramSpec.set_type` takes, or None.

    The list has the `SEC()` names and the program types, what is nearest to the program's section first. What is typed
    narrows it, and may itself be a name with something to attach to: `fentry/do_unlinkat`.
    """

    title_text: ClassVar[str] = "Program type"

    def __init__(self, program: ProgramSpec) -> None:
        super().__init__(ranked_names(program.section))
        self._program = program

    def heading(self) -> str:
        """Return the title."""
        return f"Type of {self._program.name}"

    def body(self) -> ComposeResult:
        """Compose what it is now, the field and the list."""
        program = self._program
        attach = f" · {program.attach_type.label}" if program.attach_type is not None else ""
        hooks = f" → {program.attach_to}" if program.attach_to else ""
        yield field("section", f'SEC("{program.section}")')
        yield field("now", f"{program.type.label}{attach}{hooks}")
        yield from self.choice("narrow the list, or a name with a target: fentry/do_unlinkat")
        yield line("As --type PROGRAM=TYPE on the command line; it counts until you quit.", classes="dialog-note")

    def line_of(self, item: str) -> str:
        """Return a name with the program type and the attach type that it stands for."""
        found = split_section(item)
        if found is None:
            return f"{item:<{_NAME_WIDTH}} {item}, attach type open"
        kind, _ = found
        attach = f" · {kind.attach_type.label}" if kind.attach_type is not None else ""
        return f"{item:<{_NAME_WIDTH}} {kind.type.label}{attach}"

    def matching(self, text: str) -> list[str]:
        """Return the names that match, in front of them what is typed where it is one with a target."""
        found = super().matching(text)
        return [text, *found] if split_section(text) is not None and text not in found else found


def ranked_names(section: str) -> list[str]:
    """Return every name that `ProgramSpec.set_type` takes, those most like *section* first."""
    wanted = section.removeprefix("?").lower()
    known = [*SECTIONS, *(each.label for each in ProgramType if each and each.label not in SECTIONS)]
    order = {name: at for at, name in enumerate(known)}

    def rank(name: str) -> tuple[int, float, int]:
        rest = wanted.removeprefix(name)
        begins = len(name) if wanted.startswith(name) and not rest[:1].isalpha() else 0
        return -begins, -SequenceMatcher(None, wanted, name).ratio(), order[name]

    return sorted(known, key=rank)
