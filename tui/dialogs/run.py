"""RunDialog: run a loaded program on a packet and a context, and see what it returns."""

from __future__ import annotations

import contextlib
from threading import Event
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message

from ...core.context.fields import return_codes
from ...core.context.packet_sizes import packet_remark
from ...core.context.values import form_of, layout_of
from ...core.errors import BpftuiError, UsageError
from ...core.packet.hex_text import read_hex
from ..text.format import duration
from ..text.shown import assembled, plain, styled
from ..widgets.plain import Button, Input, Label, Select
from .dialog import Dialog, line

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult
    from textual.widget import Widget

    from ...core.context.packet_sizes import PacketSizes
    from ...core.runtime import Program, RunResult

__all__ = ["RunDialog", "packet_diff"]

_ROW = 16
_MAX_ROWS = 32


class PacketInput(Input):
    """A field for a packet, into which dumps of many lines can be pasted: they become the digits of its bytes."""

    class Refused(Message):
        """What was pasted is no packet.

        Args:
            error: Why not.
        """

        def __init__(self, error: UsageError) -> None:
            super().__init__()
            self.error = error

    def __init__(self, *, placeholder: str, id: str) -> None:  # noqa: A002 - Textual's own name
        """Initialise the field."""
        super().__init__(placeholder=placeholder, id=id, compact=True)

    def pasted(self, text: str) -> str:
        """Return the digits of what is pasted; lines lose their sense when they are put behind each other."""
        if len(text.splitlines()) < 2:
            return super().pasted(text)
        try:
            return read_hex(text).hex()
        except UsageError as error:
            self.post_message(self.Refused(error))
            return ""


class RunDialog(Dialog[None]):
    """Data and repeat count in; return value, duration and the changed packet out. Stays open for the next run.

    Args:
        programs: What is loaded.
        chosen: The program that is preselected.
    """

    title_text: ClassVar[str] = "Run a program"

    def __init__(self, programs: list[Program], chosen: str) -> None:
        super().__init__()
        self._programs = {program.name: program for program in programs}
        self._stop: Event | None = None
        """Gives up what runs now; None while nothing does."""
        self._chosen = chosen if chosen in self._programs else next(iter(self._programs))

    def body(self) -> ComposeResult:
        """Compose the fields and room for the result."""
        yield line("Program")
        yield Select(self._programs, value=self._chosen, id="program")
        with VerticalScroll(id="context"):
            yield line("")
        with Vertical(id="packet"):
            yield line("", id="sizes")
            yield PacketInput(placeholder="e.g. ffffffffffff 020000000001 0800 45…, or paste a dump", id="data")
        with Horizontal(classes="context-field"):
            yield line("Repeat")
            yield Input("1", type="integer", id="repeat", compact=True)
        yield Label("", id="result")

    def buttons(self) -> list[Widget]:
        """Return Close and Run."""
        return [Button("Close", id="cancel"), Button("Run", id="run", variant="primary")]

    def on_mount(self) -> None:
        """Focus the button that does it: every field has a sensible value."""
        self.set_focus(self.query_one("#run"))

    @property
    def program(self) -> Program:
        """The chosen program."""
        return self._programs[str(self.query_one("#program", Select).value)]

    @on(Select.Changed, "#program")
    async def show_context(self) -> None:
        """Show the fields of the chosen program's context, and room for a packet where it takes one."""
        box = self.query_one("#context", VerticalScroll)
        fields = form_of(self.program.spec)
        async with box.batch():
            await box.remove_children()
            if fields:
                await box.mount(line("Context (5, [1, 2], hex:0102, 192.0.2.1, htons(443); empty for 0)"))
            await box.mount_all(_field(name, kind) for name, kind in fields.items())
        box.display = bool(fields)
        self.query_one("#packet").display = self.program.takes_packet
        self.query_one("#sizes", Label).update(_sizes_text(self.program.packet_sizes))
        self._show(plain(""))  # that of another program
        if self.focused is not None:  # which has moved
            self.call_after_refresh(self.focused.scroll_visible, animate=False)

    @property
    def context(self) -> dict[str, str] | None:
        """What was typed into the fields of the context; None for nothing."""
        typed = {field.name or "": field.value.strip() for field in self.query("#context Input").results(Input)}
        return {name: value for name, value in typed.items() if value} or None

    @on(Button.Pressed, "#run")
    @on(Input.Submitted)
    def run_it(self) -> None:
        """Check the fields and run."""
        if self._stop is not None:
            return
        program = self.program
        data = b""
        if program.takes_packet:
            try:
                data = read_hex(self.query_one(PacketInput).value)
            except UsageError as error:
                self.refuse(error)
                return
        repeat = self.query_one("#repeat", Input).value
        if not repeat.isdigit() or not 1 <= int(repeat) <= 100_000_000:
            self._show(styled("repeat takes a number from 1 to 100,000,000", "$text-error"))
            return
        self._stop = Event()
        self._show(plain("running … esc gives up"))
        self._run(program, data, int(repeat), self.context, self._stop)

    def action_cancel(self) -> None:
        """Give up what runs; where nothing does, close."""
        if self._stop is None:
            super().action_cancel()
        else:
            self._stop.set()

    def on_unmount(self) -> None:
        """Give up what runs: nobody waits for it any more."""
        if self._stop is not None:
            self._stop.set()

    def on_paste(self, event: events.Paste) -> None:
        """Take what is pasted while no field has the focus, as at first, for the packet."""
        if self.program.takes_packet:
            event.stop()
            field = self.query_one(PacketInput)
            self.set_focus(field)
            field.value = field.pasted(event.text)

    def on_packet_input_refused(self, event: PacketInput.Refused) -> None:
        """Say why what was pasted is no packet."""
        self.refuse(event.error)

    def refuse(self, error: UsageError) -> None:
        """Say why there is no packet in the field."""
        text = f"✗ no packet: {error.message}" + (f"\n{error.hint}" if error.hint else "")
        self._show(styled(text, "$text-error"))

    @work(thread=True, exit_on_error=False, exclusive=True)
    def _run(self, program: Program, data: bytes, repeat: int, context: dict[str, str] | None, stop: Event) -> None:
        try:
            shown = _describe(program, data, program.run(data or None, context=context, repeat=repeat, stop=stop))
        except BpftuiError as error:
            text = f"✗ {error.message}" + (f"\n{error.hint}" if error.hint else "")
            shown = styled(text, "$text-error")
        with contextlib.suppress(RuntimeError):  # Textual's, where the app has ended: there is nobody left to be told
            self.app.call_from_thread(self._ended, shown)

    def _ended(self, shown: Content) -> None:
        self._stop = None
        self._show(shown)

    def _show(self, content: Content) -> None:
        if self.is_mounted:
            label = self.query_one("#result", Label)
            label.update(content)
            label.scroll_visible(animate=False)


def _sizes_text(sizes: PacketSizes | None) -> str:
    """Return what can be given as a packet."""
    if sizes is None:
        return "Data as hex digits; may be empty"
    return f"Packet as hex digits, {sizes.smallest} to {sizes.largest:,} bytes; empty for zeros"


def _field(name: str, kind: str) -> Horizontal:
    """Return a line of the form: a field's name and room for its value."""
    return Horizontal(line(name), Input(placeholder=kind, name=name, compact=True), classes="context-field")


def _describe(program: Program, data: bytes, result: RunResult) -> Content:
    signed = (result.retval ^ 1 << 31) - (1 << 31)
    name = return_codes(program.spec).get(signed)
    meaning = "" if name is None else f" ({name})"
    parts = [
        assembled("returned  ", (f"{result.retval}{meaning}", "bold $text-success"), f"  {result.retval:#x}"),
        plain(f"duration  {duration(result.duration_ns / 1e9)} a run"),
    ]
    if data and program.packet_sizes is not None and (odd := packet_remark(data, program.packet_sizes)):
        parts.append(styled(f"⚠ {odd}", "$text-warning"))
    if result.data:
        same = not data or data == result.data
        parts.append(plain(f"packet    {len(result.data)} bytes{', unchanged' if same and data else ''}"))
        parts.append(packet_diff(data or result.data, result.data))
    if result.context and (layout := layout_of(program.spec)) is not None:
        fields = layout.decode(result.context)
        parts.append(plain(f"context   {', '.join(f'{name}={value}' for name, value in fields.items()) or 'zeros'}"))
    return Content("\n").join(parts)


def packet_diff(before: bytes, after: bytes) -> Content:
    """Return a hex dump of *after*; bytes that differ from *before* are bold and underlined, 16 a row."""
    rows: list[Content] = []
    for start in range(0, min(len(after), _ROW * _MAX_ROWS), _ROW):
        parts: list[str | tuple[str, str]] = [(f"{start:04x}  ", "$foreground 60%")]
        for index in range(start, min(start + _ROW, len(after))):
            changed = index >= len(before) or before[index] != after[index]
            text = f"{after[index]:02x}"
            parts.extend([(text, "bold underline $text-warning") if changed else text, " "])
        rows.append(assembled(*parts))
    if len(after) > _ROW * _MAX_ROWS:
        rows.append(styled(f"… {len(after) - _ROW * _MAX_ROWS} more bytes", "$foreground 60%"))
    return Content("\n").join(rows)
