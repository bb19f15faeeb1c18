"""ComparingController: the object beside another one, the version before, or what is loaded."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType

from ...core.references import parse_loaded
from ..jumps import CodePlace
from ..status import Work
from ..text.format import clock_time
from .controller import Controller
from .writing import ask_where_to_write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ...core.diff import ObjectDiff
    from ...core.live import Session
    from ...core.spec import CollectionSpec
    from ..dialogs.compare import Offer, Other
    from ..nodes import Node
    from ..text.comparison import Comparison
    from .change_marks import ChangeMarksController
    from .code import CodeController
    from .controller import Stage
    from .navigation import Navigation

__all__ = ["ComparingController"]

_OFFERED: Final = 8
"""Objects that were explored last which are offered."""


class ComparingController(Controller):
    """Asks with what, compares in a thread, and leads to where what differs lives, and back.

    Args:
        spec: What is explored.
        title: What it is called.
        read: Reads another object, in a thread; it tells what there is to know of it.
        change_marks: Knows the version before.
        navigation: Where one is.
        code: Leads to instructions.
        session: What tells which runtime can be asked what programs cost.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "equals_sign",
            "compare",
            "Compare",
            show=False,
            key_display="=",
            id="compare",
            tooltip="What differs from another file, version, id:42",
        ),
    ]

    def __init__(
        self,
        stage: Stage,
        *,
        spec: CollectionSpec,
        title: str,
        read: Callable[[str, Callable[[str], None]], CollectionSpec],
        change_marks: ChangeMarksController,
        navigation: Navigation,
        code: CodeController,
        session: Session,
    ) -> None:
        super().__init__(stage)
        self._spec = spec
        self._title = title
        self._read = read
        self._change_marks = change_marks
        self._navigation = navigation
        self._code = code
        self._session = session

    def action_compare(self) -> None:
        """Ask with what."""
        from ..dialogs.compare import CompareDialog

        self.stage.ask(CompareDialog(self._title, list(self._offers()), self._read_other), self._chosen)

    def _offers(self) -> Iterator[Offer]:
        from ..dialogs.compare import Offer
        from ..state.recent import recent

        if (changes := self._change_marks.changes) is not None:
            yield Offer("the version before", f"until {clock_time(changes.when)}", changes.before)
        here = self._spec.file if parse_loaded(self._spec.file) is not None else os.path.abspath(self._spec.file)
        for path in [each for each in recent() if each != here][:_OFFERED]:
            yield Offer(os.path.basename(path), os.path.dirname(path), path)

    def _read_other(self, name: str) -> Other:
        """Read what has a name, in a thread; it raises what is wrong with it."""
        from ..dialogs.compare import Other

        remarks: list[str] = []
        path = name if parse_loaded(name) is not None else os.path.expanduser(name)
        return Other(name, self._read(path, remarks.append), remarks)

    def _chosen(self, other: Other | None) -> None:
        if other is None:
            return
        self.stage.settle("compare")
        self.stage.show_work(Work(f"comparing with {os.path.basename(other.name)}"))
        self.stage.find_out(partial(self._compare, other), self._show, self._failed, holds_keys=True)

    def _compare(self, other: Other) -> Comparison:
        """Compare both, in a thread."""
        from ...core.system.compared import compared
        from ..text.comparison import Comparison

        notes = list(other.remarks)
        old, new = other.spec, self._spec.as_in_file()  # what the user set is no difference
        short = os.path.basename(other.name)
        name = other.name if short in ("", self._title) else short
        return Comparison(compared(old, new, notes.append), name, notes)

    def _failed(self, error: Exception) -> None:
        from ...core.errors import BpftuiError
        from ..status import Failure, told

        self.stage.show_work(None)
        hint = error.hint if isinstance(error, BpftuiError) else None
        self.stage.fail(Failure("compare", told(error), hint or ""))

    def _show(self, comparison: Comparison) -> None:
        self.stage.show_work(None)
        self._open(comparison)

    def _open(self, comparison: Comparison) -> None:
        from ..dialogs.comparison_page import ComparisonPage

        page = ComparisonPage(
            comparison,
            self._title,
            save=partial(self._save, comparison),
            ask_costs=partial(self._ask_costs, comparison),
            no_costs=self._no_costs(comparison.found),
        )
        self.stage.ask(page, partial(self._go, comparison))

    def _no_costs(self, found: ObjectDiff) -> str:
        """Return why it cannot be asked what the programs cost, as a clause; empty where it can."""
        from ...core.runtime.costs import NOT_ASKED

        for each in (found.old, found.new):
            if parse_loaded(each.file) is not None:
                return f"{each.file} is what is loaded: the verifier has taken it"
        return "" if self._session.verifies else NOT_ASKED

    def _ask_costs(self, comparison: Comparison, over: Callable[[], None]) -> None:
        """Ask the verifier what the programs of both cost, in a thread; *over* is called when it has answered."""
        from ...core.runtime.costs import with_costs

        remarks: list[str] = []

        def then(found: ObjectDiff) -> None:
            comparison.tell_costs(found, remarks)
            self._asked(comparison, over)

        def failed(error: Exception) -> None:
            self._asked(comparison, over)
            self._failed(error)

        comparison.is_asking = True
        self.stage.settle("compare")
        self.stage.show_work(Work("asking the verifier what both cost"))
        self.stage.find_out(lambda: with_costs(comparison.found, self._session.runtime, remarks.append), then, failed)

    def _asked(self, comparison: Comparison, over: Callable[[], None]) -> None:
        comparison.is_asking = False
        self.stage.show_work(None)
        over()

    def _go(self, comparison: Comparison, target: Node | CodePlace | None) -> None:
        """Show what was chosen; the way back leads to the comparison."""
        if target is None:
            return
        if isinstance(target, CodePlace):
            self._code.show_place(target)
        else:
            self._navigation.go_to(target)
        self._navigation.lead_back_to(partial(self._open, comparison))

    def _save(self, comparison: Comparison) -> None:
        from ..text.difference import diff_lines

        def lines(kind: str) -> Iterable[str]:
            return diff_lines(comparison.found, color=kind != "text", context=3, ascii_only=False)  # a file is UTF-8

        title = f"{comparison.name} → {self._title}"
        notes = ("What it ends with says what it becomes: .html and .svg have colours, all else is text.",)
        ask_where_to_write(self.stage, f"{self._title}.diff.html", title, lines, notes)
