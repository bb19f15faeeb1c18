"""Outcomes: what is shown of what operations have done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...core.errors import BpftuiError, VerifierError
from ...core.live.monitor import useful_map
from ..nodes import Node, NodeKind
from ..operations import program_and_target
from ..state.recent import remember_outcome
from ..status import Failure, told
from ..text.format import counted, duration

if TYPE_CHECKING:
    from ...core.live import Swapped
    from ...core.spec import CollectionSpec
    from ..messages import Attached, Detached, Failed, GivenUp, Loaded
    from ..operations import Operations
    from ..widgets.panes import Panes
    from .log import Log
    from .navigation import Navigation
    from .outlook import Outlook

__all__ = ["Outcomes"]

_MARKS: Final = 500
"""Of what was done while a recording ran, how much is among the messages, which are 1,000 lines at most."""


class Outcomes:
    """Takes what operations report, and leads to where it can be seen.

    Args:
        operations: What reports.
        panes: What shows it.
        navigation: What leads there.
        outlook: What remembers why something did not load.
        log: Where it is noted.
    """

    def __init__(
        self, operations: Operations, *, panes: Panes, navigation: Navigation, outlook: Outlook, log: Log
    ) -> None:
        self._operations = operations
        self._panes = panes
        self._navigation = navigation
        self._outlook = outlook
        self._log = log
        self._asked_at = self._place

    @property
    def _place(self) -> tuple[Node, str]:
        """What is chosen, and the tab in front."""
        return self._navigation.node, self._navigation.tab

    def attaching(self) -> None:
        """Keep in mind where the user is: who goes elsewhere before it is attached is left there."""
        self._asked_at = self._place

    def loaded(self, message: Loaded) -> None:
        """Show the collection as it is in memory."""
        collection = self._operations.collection
        assert collection is not None
        self._panes.variables.live = collection.variables
        self._panes.maps.entries.live = collection.maps
        self._outlook.not_loaded(collection.problems)
        self._log.line(
            f"loaded {counted(len(collection.programs), 'program')} and {counted(len(collection.maps), 'map')} "
            f"in {duration(message.seconds)}"
        )
        for remark in collection.remarks:
            self._log.line(remark)
        for error in collection.problems.values():
            self._log.line(error.message)
        self._panes.log.say("The verifier refused no program of those that were loaded; below is what was done.")
        self._show_refusals()
        refused = ", ".join(collection.problems)
        self._keep(f"loaded, but for {refused}" if refused else "loaded", good=not refused)
        self._operations.after_load()

    def played(self) -> None:
        """Show what was recorded."""
        collection = self._operations.collection
        assert collection is not None
        self._panes.variables.live = collection.variables
        self._panes.maps.entries.live = collection.maps
        self._panes.log.say("A recording keeps no log of the verifier's; below is what was done.")
        playhead = self._operations.monitor.playhead
        if playhead is not None:
            for mark in playhead.marks[-_MARKS:]:
                self._log.show(f"recorded: {mark.text}", playhead.began + mark.time)
        self._log.line(self._operations.session.runtime.remark)
        for remark in collection.remarks:
            self._log.line(remark)
        self._operations.monitor.start()

    def opened(self) -> None:
        """Show what others have loaded as it is in memory."""
        collection = self._operations.collection
        assert collection is not None
        self._panes.variables.live = collection.variables
        self._panes.maps.entries.live = collection.maps
        self._log.line(
            f"opened {counted(len(collection.programs), 'program')} and {counted(len(collection.maps), 'map')} "
            "that others have loaded, to read only"
        )
        self._log.show("no verifier's log: whoever loaded this had it, the kernel keeps none")
        self._operations.monitor.start()

    def attached(self, message: Attached) -> None:
        """Go where something moves, unless the user has gone somewhere meanwhile."""
        self._log.line(f"attached {message.text}")
        self._keep(f"attached to {message.text.rpartition(' → ')[2]}", good=True)
        stayed = self._place == self._asked_at
        self._operations.after_attach(message)
        first = useful_map(self._operations.session)
        if first is not None and stayed and self._navigation.tab in ("overview", "code", "variables", "maps"):
            self._navigation.go_to(Node(NodeKind.MAP, first))

    def detached(self, message: Detached) -> None:
        """Say so."""
        for text in message.texts:
            self._log.line(f"detached {text}")
        # Home tells of what is so now: that it was attached to what it has just left is no longer worth a line.
        left = [target for _, target in self._operations.attached_pairs()]
        gone = [program_and_target(text)[1] for text in message.texts]
        word, targets = ("attached to", left) if left else ("detached from", gone)
        self._keep(f"{word} {', '.join(dict.fromkeys(targets))}", good=True)
        self._operations.after_detach(message)

    def given_up(self, message: GivenUp) -> None:
        """Say so; everything is as it was before the load."""
        self._log.line(message.text)
        self._operations.after_give_up(message)

    def failed(self, message: Failed) -> None:
        """Show why; what the verifier says is shown whole."""
        text = self._operations.after_failure(message)
        error = message.error
        self._log.line(text, None if isinstance(error, BpftuiError) else error)
        if isinstance(error, VerifierError) or (isinstance(error, BpftuiError) and message.action == "load"):
            self._outlook.load_failed(error)
            self._keep(error.message, good=False)
            self._show_refusals()

    def swapped(self, report: Swapped) -> None:
        """Show what has been put in the place of the version before."""
        collection = self._operations.collection
        assert collection is not None
        self._panes.variables.live = collection.variables
        self._panes.maps.entries.live = collection.maps
        self._outlook.not_loaded(collection.problems)
        self._log.line(f"{self._operations.session.title} was swapped for its new version")
        for line in (*report.lines(), *collection.remarks):
            self._log.line(line)
        for error in collection.problems.values():
            self._log.line(error.message)
        self._panes.log.say("The verifier took the version that runs now; below is what was done.")
        self._keep("swapped", good=True)
        self._operations.after_swap()

    def not_swapped(self, error: Exception, when: str, spec: CollectionSpec | None = None) -> None:
        """Show why another version was not put in the place of what runs, which goes on.

        Args:
            error: Why not.
            when: When that version was written; empty where nobody knows.
            spec: The version, where it could be read.
        """
        version = f"the version of {when}" if when else "the new version"
        by_verifier = isinstance(error, VerifierError)
        why = f"{version} is {'refused' if by_verifier else 'not taken'}, nothing was changed: {told(error)}"
        hint = error.hint if isinstance(error, BpftuiError) else None
        if by_verifier:
            self._log.line(why)
        else:
            self._log.failed(why, error)
        # The Log is in front where the verifier explains itself.
        self._operations.host.fail(Failure("swap", why, hint or "", tab="" if by_verifier else "log"))
        if isinstance(error, VerifierError) and spec is not None:
            self._panes.log.show_refusals(error.problems or {error.program: error}, spec, version)
            self.show_running()
            self._navigation.action_show_tab("log")
        self._operations.changed()

    def show_running(self) -> None:
        """Say beside a refusal of another version what goes on meanwhile."""
        operations = self._operations
        status, last = operations.status(), operations.monitor.last
        if not operations.older:
            self._panes.log.show_running("")
            return
        runs = "" if last is None or last.uncounted else f" · {sum(p.run_cnt for p in last.programs.values()):,} runs"
        what = ", ".join(status.attached) or "loaded"
        rate = f" · {status.rate.strip()}" if status.rate else ""
        self._panes.log.show_running(f"▲ of {operations.older}, still running: {what}{rate}{runs}")

    def _keep(self, text: str, *, good: bool) -> None:
        """Keep what became of the object, for the list in which it is chosen again."""
        remember_outcome(self._operations.session.spec.file, text, good=good)

    def _show_refusals(self) -> None:
        """Show why programs did not load, where the verifier refused one of them."""
        problems = self._outlook.problems
        by_verifier = any(isinstance(error, VerifierError) for error in problems.values())
        self._panes.log.show_refusals(problems if by_verifier else {})
        if by_verifier:
            self._navigation.action_show_tab("log")
