"""SamplingController: what moves once the object is loaded: samples, drawn counters, events and their types."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from ...core.analysis.counting import Counting
from ...core.live.counters import counters, record_counters, variable_counters
from ...core.live.fields import record_fields
from ...core.live.histogram import declared
from ...core.live.quantity import Arrivals, Entries, OfEntry, OfRecords, Runs, RunTime, Total
from ..nodes import Node, NodeKind
from ..operations import program_and_target
from ..state.units import keep_units, kept_units
from .controller import Controller

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...core.analysis.records import RecordType
    from ...core.btf import CType
    from ...core.btf.units import Unit
    from ...core.live.counters import Counter
    from ...core.live.drawn import EventLine
    from ...core.live.monitor import Observation
    from ...core.live.quantity import Quantity
    from ...core.runtime import Entry
    from ...core.spec import CollectionSpec
    from ..operations import Operations
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
        Binding("w", "watch", "Watch", show=False, id="graph.watch", tooltip="Draw a number of what is chosen"),
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
        self._monitor.graph.units = kept_units(spec.title)

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

    def draw(self, quantity: Quantity) -> None:
        """Draw a quantity; one that is drawn already is drawn no more."""
        graph = self._monitor.graph
        label = graph.label(quantity)
        if quantity in graph.chosen:
            graph.leave_out(quantity)
            self.stage.notify(f"{label} is drawn no more", timeout=3)
            self.show()
            return
        if out := graph.choose(quantity):
            self.stage.notify(f"a chart has six lines: {graph.label(out[0])} made room for {label}", timeout=5)
        last = self._monitor.last
        if last is not None and isinstance(quantity, Total) and last.maps[quantity.counter.name].partial:
            self.stage.notify(f"nobody knows {label}: it has so many entries that not all are read", timeout=5)
        self.read_past()
        if self._panes.draws(quantity):
            self.show()
        else:
            self._navigation.action_show_tab("graph")

    def read_past(self) -> None:
        """Read the past of what is drawn by now, of a recording that stands; one that is played has it from now on."""
        playhead = self._monitor.playhead
        if playhead is not None and self._monitor.paused:
            playhead.go_to(playhead.tick)

    def action_watch(self) -> None:
        """Draw a number of the chosen program, map or variable; ask which, where it has several.

        In the pane of a map it is that map, also where the tree is still at a program.
        """
        maps = self._panes.maps
        if maps.has_focus_within and maps.map_name:
            self.ask_quantity_of(maps.map_name)
            return
        self._ask_quantity(self._here(), self._navigation.node.name)

    def ask_quantity_of(self, name: str, entry: Entry | None = None) -> None:
        """Ask what of a map is drawn, or of the CPUs of one of its entries."""
        self._ask_quantity(self._of_map(name, entry), name)

    def next_scale(self, name: str, counter: Counter) -> None:
        """Take what counts in a map for the slots of a histogram, of the next scale; behind the last for none."""
        graph = self._monitor.graph
        now = graph.histogram(name)
        if now is None:
            found = declared(self._spec.maps[name], counter)
            if found is None:
                self.stage.notify("slots are an array of at least four numbers", severity="warning", timeout=4)
                return
            found = found.scaled(found.scales[0])
        else:
            later = now.scales[now.scales.index(now.scale) + 1 :]
            found = now.scaled(later[0]) if later else None
        graph.declare(name, found)
        self.stage.notify("no slots" if found is None else f"slots: {found.scale}", timeout=3)
        self.show()

    def _ask_quantity(self, found: Sequence[Quantity], of: str) -> None:
        from ..dialogs.quantity import QuantityDialog

        if len(found) == 1:
            self.draw(found[0])
        elif found:
            graph = self._monitor.graph
            dialog = QuantityDialog(of, found, graph.label, drawn=graph.chosen)
            self.stage.ask(dialog, lambda chosen: None if chosen is None else self.draw(chosen))

    def _here(self) -> Sequence[Quantity]:
        """Return what can be drawn of what is chosen: where variables are listed of the one under the cursor."""
        view = self._panes.variables
        place = view.place if view.has_focus else None
        if place is None:
            return self._quantities(self._navigation.node)
        found = self._quantities(Node(NodeKind.VARIABLE, place.variable.name))
        within = range(place.offset, place.offset + max(1, place.size))
        return [each for each in found if isinstance(each, OfEntry) and each.counter.offset in within]

    def _quantities(self, node: Node) -> Sequence[Quantity]:
        """Return what of a node can be drawn, the most useful first."""
        match node.kind:
            case NodeKind.PROGRAM | NodeKind.FUNCTION:
                name = node.program or node.name
                return (Runs(name), RunTime(name)) if name in self._spec.programs else ()
            case NodeKind.MAP:
                return self._of_map(node.name)
            case NodeKind.VARIABLE:
                found = variable_counters(self._spec.variables[node.name])
                return [OfEntry(each, grows=self._counts(each)) for each in found]
            case _:
                return ()

    def _of_map(self, name: str, entry: Entry | None = None) -> Sequence[Quantity]:
        source = self._spec.maps[name]
        if source.type.is_stream:
            record = self._monitor.record_type(name)
            if record is not None and record.type is not None:
                return [Arrivals(name), *map(OfRecords, _numbers(name, record.type))]
            return [
                Arrivals(name),
                *(
                    OfRecords(number, kind, record)
                    for kind in (() if record is None else record.kinds)
                    for number in _numbers(name, kind)
                ),
            ]
        numbers = counters(source, self._spec.derived(Counting))
        found: list[Quantity] = [Total(each, grows=self._counts(each)) for each in numbers]
        if not source.type.is_indexed:
            found.insert(0, Entries(name))
        if entry is not None and len(entry.values) > 1:
            found += [
                OfEntry(each, entry.key, cpu, grows=self._counts(each))
                for each in numbers
                for cpu in range(len(entry.values))
            ]
        return found

    def _counts(self, counter: Counter) -> bool:
        """Return whether how much it grows says something."""
        counts = self._spec.derived(Counting).counts
        return counter.source == "variable" or counts(counter.name, counter.path, None, counter.offset, counter.size)

    def ask_unit(self, quantity: Quantity) -> None:
        """Ask what a number that is drawn counts; that is kept for the object."""
        from ..dialogs.unit import UnitDialog

        graph = self._monitor.graph
        dialog = UnitDialog(graph.label(quantity), now=graph.unit(quantity), own=quantity.unit)
        self.stage.ask(dialog, partial(self._set_unit, quantity))

    def _set_unit(self, quantity: Quantity, unit: Unit | None) -> None:
        if unit is None:
            return
        graph = self._monitor.graph
        graph.choose_unit(quantity, unit)
        keep_units(self._spec.title, graph.units)
        self.show()

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
        from ...core.runtime import Entry
        from ..dialogs.map_entry import EntryPage

        name = self._panes.maps.map_name
        record = self._monitor.record_type(name) or record_type(self._spec, self._spec.maps[name])
        ctype = record.of(event.raw)
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
        """Return why there is no window, or nothing to be drawn."""
        if action != "watch":
            return "the graph is in tab 5"
        if not self._monitor.running:
            return "nothing moves yet: L loads it"
        return "choose a program, a map or a variable: nothing of this is a number that could be drawn"

    def check_action(self, action: str) -> bool:
        """Offer the window where there is a graph, and numbers where there are such."""
        if action == "watch":
            return self._monitor.running and bool(self._here())
        return self._navigation.tab == "graph" or self._panes.has_chart


def _numbers(stream: str, ctype: CType) -> list[Counter]:
    """Return the numbers in records that say something over time: not the bytes of an address."""
    fields = record_fields(ctype, ctype.size, stream).values
    found = record_counters(stream, ctype)
    numbers = {field.path for field in fields if field.is_number}
    return [each for each in found if each.path in numbers] if len(fields) > 1 else found
