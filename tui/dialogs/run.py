"""RunScreen: a program run on a packet that is edited by its layers, and what came of it. Nothing is sent anywhere."""

from __future__ import annotations

import contextlib
import os
from threading import Event
from typing import TYPE_CHECKING, ClassVar, Final, cast

from textual import work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical

from ...core.context.packet_sizes import packet_begin
from ...core.context.values import context_bytes
from ...core.errors import BpftuiError, UsageError
from ...core.live.trial import Outcome, Trial
from ...core.packet import PAYLOAD, TEMPLATES, Packet, template
from ...core.packet.hex_text import read_hex
from ...core.testing.kept_runs import KeptRuns
from ..nodes import Node, NodeKind
from ..operations import DebugRequest
from ..state.packets import SavedPackets
from ..status import Crumb
from ..widgets.lists.edit_line import EditLine
from ..widgets.lists.row_view import RowView
from ..widgets.lists.search_bar import SearchBar
from ..widgets.run.bench import Bench
from ..widgets.run.bytes_pane import BytesPane
from ..widgets.run.context_pane import ContextPane
from ..widgets.run.outcome_pane import OutcomePane
from ..widgets.run.packet_pane import PacketPane
from ..widgets.status_line import StatusLine
from ..widgets.unanswered import is_bound, why_not
from .ask import AskDialog
from .choose import Choice, ChooseDialog
from .explained import ExplainedModal
from .help import SIGNS

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping, Sequence

    from textual import events
    from textual.app import ComposeResult

    from ...core.debug.cloned import Cloned
    from ...core.live import EventReader
    from ...core.packet import Field, Protocol
    from ...core.runtime import Collection, Program
    from ..base_app import BaseApp
    from ..status import Status
    from ..widgets.run.bench import EditedPacket

__all__ = ["RunScreen"]

_MOST_REPEATS: Final = 100_000_000
_DIGITS: Final = 10
"""Of a number that somebody means."""
_HELP: Final = "hexadecimal digits, or a dump"
_PANES: Final[dict[str, tuple[type[RowView], str]]] = {
    "Packet": (
        PacketPane,
        "The packet by its layers. Lengths and checksums follow what you change, unless you set them yourself.",
    ),
    "Bytes": (BytesPane, "The same packet as bytes; the cursor is where that of the layers is."),
    "Context": (ContextPane, "What the program is given besides the packet, and how often it runs."),
    "Result": (
        OutcomePane,
        "What the program returned and how long it took; below it what it changed: packet, context, maps, variables; "
        "what it sent and printed. Nothing was sent anywhere.",
    ),
}
"""The panes: what they are, and what is said of them."""


_COUNTED: Final = 0.1
"""Seconds in which the entries of a map are counted."""
_MOST_CLONED: Final = 10_000
"""Entries of all maps up to which what they hold before a run is kept, so that it can be gone through again."""


class RunScreen(ExplainedModal[Bench]):
    """Packet by layers, the same as bytes, the context, and below what came of the run. Stays for the next one.

    It is dismissed with what it has then, for the next one.

    Args:
        collection: What is loaded.
        chosen: The program that is meant.
        bench: What the one before had when it was left.
        status: Returns what the line at the top says.
        events: Returns what reads the collection's streams.
        debug: Debugs a run.
        ran: Is told of each run.
    """

    DEFAULT_CSS = """
    RunScreen {
        background: $background;
        & > KeyBar { layer: default; }  /* its lines are its own: nothing is centred here */
        & > MessageLine { layer: default; dock: none; margin-bottom: 0; }
        & > #run-body { height: 3fr; }
        & > #run-outcome { height: 2fr; border-top: hkey $rule; &:focus { border-top: hkey $primary; } }
        & #run-packet { width: 1fr; }
        & #run-side { width: 1fr; max-width: 58; border-left: vkey $rule; &.-alone { max-width: 100%; } }
        &.-narrow #run-side { max-width: 32; &.-alone { max-width: 100%; } }
        & #run-context { border-top: hkey $rule; &:focus { border-top: hkey $primary; } }
        & #run-bytes { height: 1fr; }
        & #run-context { height: 1fr; }
    }
    """

    AUTO_FOCUS: ClassVar[str | None] = ""
    """Nothing by itself: what a program takes says where to begin."""

    PAGE: ClassVar[str] = "test-runs"
    first_keys: ClassVar[tuple[str, ...]] = ("run", "why")

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("R", "run", "Run", id="run.run", tooltip="Run the program on this packet"),
        Binding("P", "presets", "Packets", id="run.packets", tooltip="Templates, packets of a capture, your own"),
        Binding("d", "debug", "Debug", id="run.debug", tooltip="Step through the program on this packet, and back"),
        Binding("W", "why", "Why", id="run.why", tooltip="Why this run returned what it did: the debugger, at its end"),
        Binding("ctrl+s", "save", "Save as test", id="run.save", tooltip="As a test, or the packet"),
        Binding("comma", "step(-1)", "Earlier", show=False, id="run.earlier", tooltip="The run before"),
        Binding("full_stop", "step(1)", "Later", show=False, id="run.later", tooltip="The run after it"),
        Binding("Y", "copy_packet", "Copy", show=False, id="run.copy", tooltip="Copy the packet as hexadecimal digits"),
        Binding("tab", "app.focus_next", show=False, id="run.next", tooltip="Next pane"),
        Binding("shift+tab", "app.focus_previous", show=False, id="run.previous", tooltip="Pane before"),
        Binding("escape,q", "leave", "Back", id="run.back", tooltip="Give up the run; without one, go back"),
    ]  # fmt: skip

    def __init__(
        self,
        collection: Collection,
        chosen: str,
        bench: Bench,
        status: Callable[[], Status],
        events: Callable[[], EventReader | None] = lambda: None,
        *,
        debug: Callable[[DebugRequest], None],
        ran: Callable[[Outcome], None] = lambda _: None,
    ) -> None:
        super().__init__()
        self._collection = collection
        self._ran = ran
        self._programs = dict(collection.programs)
        program = bench.program if chosen == bench.asked else chosen
        self._asked = chosen
        self._program_name = program if program in self._programs else next(iter(self._programs))
        self._bench = bench
        self._status = status
        self._events = events
        self._debug = debug
        self._trial: Trial | None = None
        self._kept = bench.kept
        self._stop: Event | None = None
        """Gives up what runs now; None while nothing does."""
        self._ran_once: asyncio.Event | None = None
        """What keys wait for: the end of the run."""

    # What there is

    def compose(self) -> ComposeResult:
        """Compose the panes."""
        yield StatusLine()
        with Horizontal(id="run-body"):
            yield PacketPane(self._packet_before or self._first_packet(), id="run-packet")
            with Vertical(id="run-side"):
                yield BytesPane(id="run-bytes")
                bench = self._bench
                given: Mapping[str, str] = bench.given if self._program_name == bench.program else {}
                yield ContextPane(self.program.spec, given, bench.repeat, id="run-context")
        yield OutcomePane(self._bench.runs, id="run-outcome")
        yield SearchBar()
        yield EditLine()
        yield from super().compose()

    def on_mount(self) -> None:
        """Say where we are, and begin at the packet."""
        self._show_status()
        self.set_interval(1.0, self._show_status)
        self._show_program()
        self.query_one("#run-packet" if self.program.takes_packet else "#run-context").focus()

    def _show_status(self) -> None:
        line = self.query_one(StatusLine)
        status = self._status()
        line.status = status
        line.crumbs = (
            Crumb("home"),
            Crumb(status.file, Node(NodeKind.COLLECTION, self._collection.spec.file)),
            Crumb(self._program_name, Node(NodeKind.PROGRAM, self._program_name)),
            Crumb("test run"),
        )

    @property
    def program(self) -> Program:
        """The program that runs."""
        return self._programs[self._program_name]

    @property
    def _packet_pane(self) -> PacketPane:
        return self.query_one(PacketPane)

    @property
    def packet(self) -> Packet:
        """The packet that is edited."""
        return self._packet_pane.packet

    def _begin(self, data: bytes) -> Protocol:
        sizes = self.program.packet_sizes
        return PAYLOAD if sizes is None else packet_begin(data, sizes)

    def _first_packet(self) -> Packet:
        """Return the packet to begin with: none where any data will do."""
        begin = self._begin(b"")
        if begin is PAYLOAD:
            return Packet.of(b"", begin)
        return template("IPv4 UDP", ethernet=begin.name == "Ethernet")

    @property
    def _packet_before(self) -> EditedPacket | None:
        """What was edited before, where the program takes a packet that begins so."""
        edited = self._bench.packet
        is_fit = edited is not None and edited.packet.first is self._first_packet().first
        return edited if is_fit else None

    def _show_program(self) -> None:
        """Show what the program takes."""
        takes = self.program.takes_packet
        for name in ("#run-packet", "#run-bytes"):
            self.query_one(name).display = takes
        self.query_one("#run-side").set_class(not takes, "-alone")
        self._show_bytes()

    def _show_bytes(self) -> None:
        self.query_one(BytesPane).show(bytes(self.packet), self._packet_pane.bytes_here)

    # The packet

    def on_packet_pane_changed(self) -> None:
        """Show the bytes."""
        self._show_bytes()

    def on_row_view_highlighted(self, event: PacketPane.Highlighted) -> None:
        """Keep both lists at the same place."""
        if event.view is self._packet_pane:
            self._show_bytes()
        elif isinstance(event.view, BytesPane) and event.view.has_focus and len(self.packet):
            here = self._packet_pane.bytes_here
            row = event.view.row_bytes(event.index)
            if row.stop <= here.start or row.start >= here.stop:
                self._packet_pane.show_byte(row.start)

    def on_row_view_search_requested(self, event: RowView.SearchRequested) -> None:
        """Search in a list."""
        self.query_one(SearchBar).open(event.view)

    def on_packet_pane_edit_requested(self, event: PacketPane.EditRequested) -> None:
        """Edit a field."""
        at, field = event.layer, event.field
        layer = self.packet.layers[at]
        self.query_one(EditLine).open(
            f"{layer.protocol.name} {field.name}",
            layer.text(field),
            _takes(field),
            lambda text: self.packet.with_text(at, field.name, text),
            lambda text: self._packet_pane.change(self.packet.with_text(at, field.name, text)),
        )

    def on_bytes_pane_edit_requested(self, event: BytesPane.EditRequested) -> None:
        """Edit the bytes of a row."""
        where = event.where
        data = bytes(self.packet)

        def changed(text: str) -> bytes:
            return data[: where.start] + read_hex(text) + data[where.stop :]

        self.query_one(EditLine).open(
            f"bytes {where.start:#06x}",
            data[where.start : where.stop].hex(" "),
            _HELP,
            changed,
            lambda text: self._take_bytes(changed(text)),
            replace=False,
        )

    def _take_bytes(self, data: bytes) -> None:
        self._packet_pane.change(Packet.of(data, self._begin(data)))

    @work(exit_on_error=False)
    async def on_packet_pane_add_requested(self, event: PacketPane.AddRequested) -> None:
        """Ask what to add behind a layer."""
        choices = [Choice(each, each.name) for each in event.choices]
        chosen = await self.app.push_screen_wait(
            ChooseDialog("Add a header", choices, note="what cannot follow it is taken away; the payload stays")
        )
        if chosen is not None:
            self._packet_pane.change(self.packet.with_layer(event.layer, chosen[1]))

    def on_edit_line_pasted(self, event: EditLine.Pasted) -> None:
        """Take several lines for the packet, whatever is being edited: no field has some."""
        self.query_one(EditLine).close()
        self._take_dump(event.text)

    def on_paste(self, event: events.Paste) -> None:
        """Take what is pasted while no field has the focus for the packet."""
        if not self.program.takes_packet or self.query_one(EditLine).is_open:
            return
        event.stop()
        self._take_dump(event.text)

    def _take_dump(self, text: str) -> None:
        if not self.program.takes_packet:
            self.notify("this program runs on its context alone", severity="warning", timeout=3)
            return
        try:
            self._take_bytes(read_hex(text))
        except UsageError as error:
            self.query_one(OutcomePane).add(
                UsageError(f"what was pasted is no packet: {error.message}", hint=error.hint)
            )

    def action_copy_packet(self) -> None:
        """Copy the packet."""
        self.app.copy_to_clipboard(bytes(self.packet).hex())
        self.notify("packet copied as hexadecimal digits", timeout=2)

    @work(exit_on_error=False)
    async def action_presets(self) -> None:
        """Choose a packet: a template, one that was saved, one of a capture."""
        if not self.program.takes_packet:
            self.notify("this program runs on its context alone", severity="warning", timeout=3)
            return
        saved = self._saved()
        ethernet = self._begin(b"").name == "Ethernet"
        templates = [name for name in TEMPLATES if ethernet or name.startswith("IP")]
        choices: list[Choice[tuple[str, str]]] = []
        for name, data in saved.items():
            choices.append(Choice(("saved", name), name, f"saved, {len(data):,} bytes", deletable=True))
        for name in templates:
            choices.append(Choice(("template", name), name, f"{len(template(name, ethernet=ethernet))} bytes"))
        choices.append(Choice(("runs", ""), "all of a capture …", "a run on each, in the debugger"))
        choices.append(Choice(("taken", ""), "the next ones …", "that reach the program, in the debugger"))
        choices.append(Choice(("capture", ""), "from a capture …", "one packet of pcap or pcapng"))
        chosen = await self.app.push_screen_wait(
            ChooseDialog("Packets", choices, note="ctrl+s saves the packet that is edited; a dump can be pasted")
        )
        match chosen:
            case ("choose", ("saved", name)):
                self._take_bytes(saved[name])
            case ("choose", ("template", name)):
                self._packet_pane.change(template(name, ethernet=ethernet))
            case ("choose", ("capture", _)):
                await self._ask_for_capture()
            case ("choose", (kind, _)):
                await self._ask_for_runs(is_file=kind == "runs")
            case ("delete", (_, name)):
                SavedPackets().delete(name)
                self.notify(f"packet {name} deleted", timeout=3)
            case _:
                pass

    def _saved(self) -> Mapping[str, bytes]:
        saved = SavedPackets()
        try:
            if mended := saved.mend():
                self.notify(mended, severity="warning", timeout=8)
            return saved.all()
        except BpftuiError as error:
            self.notify(error.message, severity="warning")
            return {}

    async def _ask_for_capture(self) -> None:
        answer = await self.app.push_screen_wait(
            AskDialog("Packet of a capture", notes=("FILE, or FILE 12 for its 12th packet",), confirm="Take")
        )
        if answer:
            self._read_capture(answer)

    async def _ask_for_runs(self, *, is_file: bool) -> None:
        """Ask for the packets of a capture, or for the next ones, and debug a run on each."""
        example = "cap.pcap" if is_file else "1000"
        until = f"{example} until return XDP_DROP: begins where a run first comes there (prog.c:120, map counts, …)"
        if is_file:
            notes = ("FILE: pcap or pcapng, a run on each packet; maps carry over", until)
        else:
            notes = ("N: the next packets that reach the program; that changes nothing", until)
        title = "Debug a capture" if is_file else "Debug the next packets"
        answer = await self.app.push_screen_wait(
            AskDialog(
                title,
                "" if is_file else "20",
                notes=notes,
                confirm="Debug",
                check=_look_at_capture if is_file else _count_of,
            )
        )
        if not answer:
            return
        what, place = _runs_and_place(answer)
        if is_file:
            self._debug(DebugRequest(self._program_name, b"", None, file=what, until=place))
        else:
            self._debug(DebugRequest(self._program_name, b"", None, taken=_count_of(answer), until=place))

    @work(thread=True, exit_on_error=False, exclusive=True, group="capture")
    def _read_capture(self, answer: str) -> None:
        """Read a packet of a capture; the file may be large, or on a network."""
        from ...core.traffic import Capture

        path, _, number = answer.rpartition(" ")
        if not path or not number.isdigit():
            path, number = answer, "1"
        try:
            frame = next((each.frame for each in Capture(path) if each.number == int(number)), None)
            if frame is None:
                raise UsageError(f"{path} has fewer than {int(number):,} packets")
        except BpftuiError as error:
            self._tell(self.query_one(OutcomePane).add, error)
        else:
            self._tell(self._take_bytes, frame if self._begin(b"").name == "Ethernet" else frame[14:])

    @work(exit_on_error=False)
    async def action_save(self) -> None:
        """Save what ran here as a test, or the packet under a name."""
        notes = (
            "FILE.py: a test for pytest of what ran here, with maps and variables as they were before.",
            "Any other name: the packet, to be found again under P.",
        )
        name = await self.app.push_screen_wait(
            AskDialog("Save", f"test_{self._program_name}.py", notes=notes, confirm="Save")
        )
        if not name:
            return
        if name.endswith(".py"):
            self._save_test(self._program_name, name)
        else:
            self._save_packet(name)

    @work(thread=True, exit_on_error=False, exclusive=True, group="save")
    def _save_test(self, program: str, path: str) -> None:
        """Write a test of what ran, in a thread: it runs once more for that."""
        from ...core.testing.saved import write_test

        try:
            if self._kept is None:
                raise UsageError("nothing has run here yet: R runs it, and a test has what that came to")
            write_test(path, self._kept.test(program, path))
        except BpftuiError as error:
            text = str(error)
            self._tell(lambda: self.notify(text, title="Save as test", severity="error"))
        else:
            said = f"saved as a test: {path}" + (f"; {remark}" if (remark := self._kept.remark) else "")
            self._tell(lambda: self.notify(said, timeout=8))

    def _save_packet(self, name: str) -> None:
        if not len(self.packet):
            self.notify("there is no packet to save", severity="warning", timeout=3)
            return
        saved = SavedPackets()
        try:
            if mended := saved.mend():
                self.notify(mended, severity="warning", timeout=8)
            saved.save(name, bytes(self.packet))
        except BpftuiError as error:
            self.query_one(OutcomePane).add(error)
        else:
            self.notify(f"packet saved as {name}", timeout=3)

    # What else a run is given

    def on_context_pane_edit_requested(self, event: ContextPane.EditRequested) -> None:
        """Edit the program, the repetitions, or a field."""
        if event.is_field:
            self._edit_field(event.name)
        elif event.name == ContextPane.REPEAT:
            repeat, takes = str(self.query_one(ContextPane).repeat), f"1 to {_MOST_REPEATS:,}"
            self.query_one(EditLine).open("repeat", repeat, takes, _repeats, self._repeat)
        else:
            self._choose_program()

    def _edit_field(self, name: str) -> None:
        pane = self.query_one(ContextPane)

        def attempt(text: str) -> None:
            if text.strip():
                context_bytes(self.program.spec, {name: text.strip()})

        self.query_one(EditLine).open(
            name,
            pane.given.get(name, ""),
            "5, [1, 2], hex:0102, 192.0.2.1, htons(443); empty for 0",
            attempt,
            lambda text: pane.give(name, text),
        )

    def _repeat(self, text: str) -> None:
        pane = self.query_one(ContextPane)
        pane.repeat = _repeats(text)
        pane.refresh_rows()

    @work(exit_on_error=False)
    async def _choose_program(self) -> None:
        choices = [Choice(name, name, program.spec.type.label) for name, program in self._programs.items()]
        chosen = await self.app.push_screen_wait(ChooseDialog("Run a program", choices))
        if chosen is None or chosen[1] == self._program_name:
            return
        begin = self._begin(b"")
        self._program_name = chosen[1]
        self.query_one(ContextPane).choose(self.program.spec)
        if self._begin(b"") is not begin:
            self._packet_pane.change(self._first_packet())
        self._show_program()

    # Running

    def action_run(self) -> None:
        """Run."""
        if self._stop is not None:
            self.notify("still running: esc gives it up", severity="warning", timeout=3)
            return
        pane = self.query_one(ContextPane)
        packet = bytes(self.packet) if self.program.takes_packet else b""
        self._stop = Event()
        self._ran_once = cast("BaseApp[object]", self.app).type_ahead.hold()
        self.query_one(OutcomePane).start()
        self._run(self.program, packet, dict(pane.given) or None, pane.repeat, self._stop)

    def action_debug(self) -> None:
        """Debug the program on this packet."""
        packet = bytes(self.packet) if self.program.takes_packet else b""
        self._debug(DebugRequest(self._program_name, packet, dict(self.query_one(ContextPane).given) or None))

    def action_why(self) -> None:
        """Debug the run that is shown, from its end: where what it returned comes from."""
        pane = self.query_one(OutcomePane)
        if isinstance(run := pane.run, Outcome):
            asked = DebugRequest(run.program.name, run.packet, pane.context, "r0", run.result.retval, pane.before)
            self._debug(asked)

    @work(thread=True, exit_on_error=False, exclusive=True, group="run")
    def _run(
        self, program: Program, packet: bytes, context: Mapping[str, str] | None, repeat: int, stop: Event
    ) -> None:
        try:
            if self._kept is None:
                self._kept = KeptRuns(self._collection)
            if self._trial is None:
                self._trial = Trial(self._collection, self._events)
            before = self._cloned() if repeat == 1 else None
            found = self._trial.run(program, packet, context=context, repeat=repeat, stop=stop)
            self._kept.add(program.name, packet, context, repeat)
        except BpftuiError as error:
            self._tell(self._ended, error, context, None)
        else:
            self._tell(self._ended, found, context, before)

    def _cloned(self) -> Cloned | None:
        """Return what maps hold; None where that is too much to be kept with each run."""
        from ...core.debug.cloned import cloned

        readable = [each for each in self._collection.maps.values() if not each.spec.is_data]
        if sum(each.count(within=_COUNTED)[0] for each in readable) > _MOST_CLONED:
            return None
        return cloned(self._collection, self._collection.maps)

    def _tell(self, call: Callable[..., None], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # Textual's, where the app has ended: nobody is left to be told
            self.app.call_from_thread(call, *arguments)

    def _ended(self, run: Outcome | BpftuiError, context: Mapping[str, str] | None, before: Cloned | None) -> None:
        self._stop = None
        if isinstance(run, Outcome):
            self._ran(run)
        if self.is_mounted:
            self.query_one(OutcomePane).add(run, context, before, is_alone=not self._status().attached)
            self.refresh_bindings()
        if self._ran_once is not None:
            self._ran_once.set()

    def action_step(self, by: int) -> None:
        """Show an earlier or a later run, with its packet."""
        pane = self.query_one(OutcomePane)
        if not pane.step(by):
            self.notify("there is no run before" if by < 0 else "there is no later run", severity="warning", timeout=3)
        elif (run := pane.run) is not None and not isinstance(run, BpftuiError) and run.program is self.program.spec:
            self._take_bytes(run.packet)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what is about a run where there is one."""
        if action not in ("run", "debug", "copy_packet", "presets", "save", "why", "step"):
            return super().check_action(action, parameters)
        if not all(self.query(kind) for kind in (PacketPane, ContextPane, OutcomePane)):  # a key came before them
            return False
        if action not in ("why", "step"):
            return super().check_action(action, parameters)
        pane = self.query_one(OutcomePane)
        return isinstance(pane.run, Outcome) if action == "why" else pane.has_several

    def why_not(self, action: str) -> str:
        """Return why an action does not apply."""
        if action == "why":
            return "nothing was run yet: R runs the program"
        return "there is no other run yet" if action.startswith("step(") else ""

    def on_key(self, event: events.Key) -> None:
        """Say why a key that has a meaning does nothing now, or nothing here."""
        if event.key in self.active_bindings:
            return
        app = cast("BaseApp[object]", self.app)
        if reason := why_not(self, event.key) if is_bound(self, event.key) else app.meaning_elsewhere(event.key, {}):
            event.stop()
            self.notify(reason, severity="warning", timeout=3)

    # Help

    @property
    def _pane(self) -> str:
        """The title of the pane that has the keyboard."""
        return next((title for title, (kind, _) in _PANES.items() if isinstance(self.focused, kind)), "")

    def place(self) -> str:
        """Return where one is."""
        return f"Test run › {self._pane}" if self._pane else "Test run"

    def about(self) -> str:
        """Return what the pane is that one is in."""
        return _PANES[self._pane][1] if self._pane else ""

    def key_groups(self) -> Mapping[str, Sequence[BindingType | str]]:
        """Return all keys, by where they have a meaning, first those of the pane."""
        groups: dict[str, Sequence[BindingType | str]] = {
            "Test run": [*self.BINDINGS, *ExplainedModal.BINDINGS],
            **{title: vars(kind).get("BINDINGS", ()) for title, (kind, _) in _PANES.items()},
            "In lists": RowView.BINDINGS,
            "Colours and signs": SIGNS,
        }
        return {"": groups.pop(self._pane), **groups} if self._pane else groups

    def on_status_line_chosen(self, event: StatusLine.Chosen) -> None:
        """Leave for a step of the way, which the screen below knows how to go to; once, however often it is chosen."""
        if not self.is_current:
            return
        if self._stop is None and event.crumb != self.query_one(StatusLine).crumbs[-1]:
            self.app.screen_stack[-2].post_message(StatusLine.Chosen(event.crumb))
        self.action_leave()

    def action_leave(self) -> None:
        """Give up what runs, or the debugger that is being prepared; where nothing is done, go back."""
        if self._stop is None:
            if not self.message_line.give_up():
                self.dismiss(self._left())
        else:
            self._stop.set()

    def _left(self) -> Bench:
        context = self.query_one(ContextPane)
        packet, runs = self._packet_pane.edited, self.query_one(OutcomePane).runs
        return Bench(self._asked, self._program_name, packet, context.given, context.repeat, runs, self._kept)

    def on_unmount(self) -> None:
        """Give up what runs: nobody waits for it any more."""
        if self._stop is not None:
            self._stop.set()
        elif self._trial is not None:
            self._trial.close()


def _takes(field: Field) -> str:
    """Return what a field takes."""
    names = list(dict.fromkeys(field.names.values()))
    if field.is_bytes:
        return f'{_HELP}, or "text"'
    if names:
        return ", ".join(names[:8]) + (" …" if len(names) > 8 else "")
    return {"MAC": "02:00:00:00:00:01", "IPV4": "192.0.2.1", "IPV6": "2001:db8::1"}.get(
        field.form.name, f"0 to {field.largest:,}"
    )


def _repeats(text: str) -> int:
    digits = text.strip().replace(",", "").replace("_", "")
    if not digits.isdecimal() or not 1 <= int(digits) <= _MOST_REPEATS:
        raise UsageError(f"{text.strip()!r} is no number of repetitions", hint=f"1 to {_MOST_REPEATS:,}")
    return int(digits)


def _runs_and_place(answer: str) -> tuple[str, str]:
    """Return what is asked for and where the debugger begins, of `cap.pcap until return XDP_DROP`."""
    what, _, place = answer.partition(" until ")
    return what.strip(), place.strip()


def _count_of(answer: str) -> int:
    """Return how many packets are asked for; UsageError for what is no number of them."""
    from ...core.debug.calls import check_count

    what, _ = _runs_and_place(answer)
    if not what.isdecimal() or len(what) >= _DIGITS:
        raise UsageError(f"{what} is no number of packets")
    check_count("a capture", int(what))
    return int(what)


def _look_at_capture(answer: str) -> None:
    """Check that what is named is a capture, and a file: who reads a pipe waits for whoever writes into it.

    Raises:
        UsageError: It is there, and no file.
        BpftuiError: As for `Capture`.
    """
    from ...core.traffic import Capture

    path = _runs_and_place(answer)[0]
    if os.path.lexists(path) and not os.path.isfile(path):
        raise UsageError(f"{path} is no file: a capture that is debugged is one")
    Capture(path)
