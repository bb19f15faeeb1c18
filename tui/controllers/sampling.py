"""SamplingController: what moves once the object is loaded: samples, drawn counters, events and their types."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from ...core.live.graph import Chosen
from ..operations import program_and_target
from .controller import Controller

if TYPE_CHECKING:
    from ...core.analysis.records import RecordType
    from ...core.live.drawn import EventLine
    from ...core.live.monitor import Observation
    from ...core.spec import CollectionSpec
    from ..operations import Operations
    from ..widgets.live.map_table import MapTableView
    from ..widgets.panes import Panes
    from .controller import Stage
    from .log import Log
    from .navigation import Navigation

__all__ = ["SamplingController"]


class SamplingController(Controller):
    """Takes samples, and draws the last one where it can be seen.

    Args:
        spec: What is explored.
        operations: Whose monitor takes the samples.
        panes: What draws them.
        navigation: Which of them is seen.
        log: Where it is noted what cannot be sampled any more.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "left_square_bracket",
            "window(-1)",
            "Shorter",
            show=False,
            id="window.shorter",
            tooltip="Graph: a shorter window",
        ),
        Binding(
            "right_square_bracket",
            "window(1)",
            "Longer",
            show=False,
            id="window.longer",
            tooltip="Graph: a longer window",
        ),
    ]

    def __init__(
        self,
        stage: Stage,
        *,
        spec: CollectionSpec,
        operations: Operations,
        panes: Panes,
        navigation: Navigation,
        log: Log,
    ) -> None:
        super().__init__(stage)
        self._spec = spec
        self._operations = operations
        self._monitor = operations.monitor
        self._panes = panes
        self._navigation = navigation
        self._log = log
        self._unprinted = ""

    async def take(self, observation: Observation) -> None:
        """Let the visible pane follow a new sample."""
        if self._monitor.last is None and observation.sample.uncounted:
            self._log.line(f"runs are not counted: {observation.sample.uncounted}")
        moment = observation.moment
        if moment is not None:
            self._panes.forget()
            for when, printed in moment.printed:
                await self._panes.show_printed(when, printed)
        self._monitor.observe(observation)
        for name, events in observation.events.items():
            self._panes.maps.add_events(name, events)
        self._panes.maps.show_streams(observation.streams, observation.sample.time)
        if observation.printed.lines or observation.printed.lost:
            await self._panes.show_printed(observation.sample.time, observation.printed)
        if observation.unprinted != self._unprinted:
            self._unprinted = observation.unprinted
            if self._unprinted:
                self._log.line(self._unprinted)
        for text in self._operations.note_gone(observation.gone):
            self._log.line(f"{text}: what it was attached to is gone")
            self._monitor.mark("gone", *program_and_target(text))
        self.show()

    def show(self) -> None:
        """Draw the last sample where it can be seen."""
        self._panes.show_sample(self._navigation.tab, self._monitor)

    def draw(self, event: MapTableView.CounterChosen) -> None:
        """Draw a counter; one that is drawn already is drawn no more."""
        graph, chosen = self._monitor.graph, Chosen(event.counter, event.key)
        label = graph.label(chosen)
        if chosen in graph.chosen:
            graph.leave_out(chosen)
            self.stage.notify(f"{label} is drawn no more", timeout=3)
            self.show()
            return
        if not graph.chosen:
            # A number that does not count says nothing by how much it grows.
            graph.shows_values = not event.counts
        out = graph.choose(chosen)
        if out:
            why = (
                "one chart has one unit" if out[0].counter.unit is not chosen.counter.unit else "a chart has six lines"
            )
            self.stage.notify(f"{why}: {', '.join(map(graph.label, out))} made room for {label}", timeout=5)
        playhead = self._monitor.playhead
        if playhead is not None and self._monitor.paused:
            playhead.go_to(playhead.tick)  # for its past is not read yet
        if self._panes.draws(chosen):
            self.show()
        else:
            self._navigation.action_show_tab("graph")

    def ask_record_type(self) -> None:
        """Ask what the events of the stream that is shown are."""
        from ..dialogs.record_type import RecordTypeDialog

        name = self._panes.maps.map_name
        now = self._monitor.record_type(name)
        if now is None:
            self.stage.notify("load it first: L", severity="warning", timeout=3)
            return
        self.stage.ask(RecordTypeDialog(self._spec, name, now), partial(self._set_record_type, name))

    def _set_record_type(self, name: str, record: RecordType | None) -> None:
        if record is not None:
            self._monitor.set_record_type(name, record)
            self._panes.maps.put_anew(name, record)

    def open_record(self, event: EventLine) -> None:
        """Show an event of the stream that is shown as a whole."""
        from ...core.analysis.records import record_type
        from ...core.live.fields import record_fields
        from ...core.runtime import Entry
        from ..dialogs.map_entry import EntryPage

        name = self._panes.maps.map_name
        record = self._monitor.record_type(name) or record_type(self._spec, self._spec.maps[name])
        ctype = record.type
        if ctype is not None and ctype.size > len(event.raw):
            ctype = None  # the record ends before its type does
        fields = record_fields(ctype, len(event.raw), name)
        title = f"{name} · {event.time:.3f} s{'' if ctype is None else f' · {ctype.c_text}'}"
        self.stage.ask(EntryPage(title, fields, Entry(b"", (event.raw,))), lambda _: None)

    def action_window(self, step: int) -> None:
        """Draw a shorter or a longer time."""
        self._panes.change_window(step)
        monitor = self._monitor
        monitor.reach = self._panes.graph.window
        if monitor.playhead is not None and monitor.paused:
            monitor.playhead.go_to(monitor.playhead.tick)  # more of the past is read
        self.show()

    def why_not(self, action: str) -> str:
        """Return why there is no window."""
        return "the graph is in tab 5"

    def check_action(self, action: str) -> bool:
        """Offer the window where there is a graph."""
        return self._navigation.tab == "graph" or self._panes.has_chart
