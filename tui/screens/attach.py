"""AttachDialog: which program, where, in which mode; Cancel has the focus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on, work
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Checkbox, Input, Label, OptionList, Select

from ...core.errors import BpftuiError
from ...core.spec.targets import SANDBOX
from .dialog import Dialog, line

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widget import Widget

    from ...core.kernel.interfaces import Interface
    from ...core.spec import ProgramSpec

__all__ = ["AttachDialog", "AttachRequest"]

_DETACH_AFTER = 60
"""Seconds until an automatic detach."""


@dataclass(frozen=True, slots=True)
class AttachRequest:
    """What the user decided."""

    program: str
    target: str
    """As a user types it: an interface's name, or `sandbox`, with a mode."""
    detach_after: int | None = None
    """Seconds until it is detached again by itself; None for never."""


class AttachDialog(Dialog[AttachRequest]):
    """Programs on the left, targets on the right: the sandbox first, then the interfaces of this machine.

    An interface that the machine may be reached through wants its name typed.

    Args:
        programs: The programs that can be attached.
        chosen: The program that is preselected.
    """

    title_text: ClassVar[str] = "Attach"

    def __init__(self, programs: list[ProgramSpec], chosen: str) -> None:
        super().__init__()
        self._programs = programs
        self._chosen = chosen
        self._interfaces: list[Interface] = []

    def body(self) -> ComposeResult:
        """Compose the two lists, the mode, and what a dangerous interface asks for."""
        with Horizontal(id="attach-lists"):
            with Vertical():
                yield line("Program")
                yield OptionList(*(_program_line(program) for program in self._programs), id="programs", compact=True)
            with Vertical():
                yield line("Target")
                yield OptionList(_sandbox_line(), id="targets", compact=True)
        yield Label("", id="target-detail", markup=False)
        with Horizontal(id="attach-mode"):
            yield line("Mode ")
            yield Select[str](
                [
                    ("auto: the kernel chooses", "auto"),
                    ("native: in the driver", "native"),
                    ("generic: works everywhere, slower", "generic"),
                ],
                value="auto",
                allow_blank=False,
                id="mode",
                compact=True,
            )
        with Vertical(id="danger"):
            yield Label("", id="danger-text", markup=False)
            yield Input(id="typed-name", compact=True)
            yield Checkbox(f"detach by itself after {_DETACH_AFTER} s", True, id="detach-after", compact=True)

    def buttons(self) -> list[Widget]:
        """Return Cancel and Attach."""
        return [Button("Cancel", id="cancel"), Button("Attach", id="attach", variant="error")]

    def on_mount(self) -> None:
        """Preselect, focus Cancel, and ask for the interfaces without making anybody wait."""
        programs = self.query_one("#programs", OptionList)
        names = [program.name for program in self._programs]
        programs.highlighted = names.index(self._chosen) if self._chosen in names else 0
        self.query_one("#targets", OptionList).highlighted = 0
        self.set_focus(self.query_one("#cancel"))
        self._ask_interfaces()

    @work(thread=True, exit_on_error=False)
    def _ask_interfaces(self) -> None:
        from ...core.kernel.interfaces import interfaces

        try:
            found = interfaces()
        except BpftuiError as error:
            self.app.call_from_thread(self.notify, error.message, severity="warning")
        else:
            self.app.call_from_thread(self._show_interfaces, found)

    def _show_interfaces(self, found: list[Interface]) -> None:
        if self.is_mounted:
            self._interfaces = found
            self.query_one("#targets", OptionList).add_options([_interface_line(each) for each in found])

    @property
    def interface(self) -> Interface | None:
        """The chosen interface; None for the sandbox."""
        index = self.query_one("#targets", OptionList).highlighted or 0
        return self._interfaces[index - 1] if 0 < index <= len(self._interfaces) else None

    @on(OptionList.OptionHighlighted, "#targets")
    @on(Input.Changed, "#typed-name")
    def weigh(self) -> None:
        """Say what the chosen target is, and what it asks for."""
        chosen = self.interface
        danger = _danger(chosen) if chosen is not None else ""
        self.query_one("#target-detail", Label).update(_detail(chosen))
        self.query_one("#danger").display = bool(danger)
        typed = self.query_one("#typed-name", Input)
        if chosen is not None and danger:
            self.query_one("#danger-text", Label).update(f"⚠ {danger} Type its name to attach all the same:")
            typed.placeholder = chosen.name
        blocked = bool(danger) and chosen is not None and typed.value != chosen.name
        self.query_one("#attach", Button).disabled = blocked

    @on(OptionList.OptionSelected)
    def go_on(self) -> None:
        """Bring enter in a list to the next field."""
        self.focus_next()

    @on(Button.Pressed, "#attach")
    def attach(self) -> None:
        """Decide."""
        chosen = self.interface
        index = self.query_one("#programs", OptionList).highlighted or 0
        mode = cast("Select[str]", self.query_one("#mode")).value
        dangerous = chosen is not None and bool(_danger(chosen))
        detach = dangerous and self.query_one("#detach-after", Checkbox).value
        self.dismiss(
            AttachRequest(
                program=self._programs[index].name,
                target=(SANDBOX if chosen is None else chosen.name) + ("" if mode == "auto" else f",{mode}"),
                detach_after=_DETACH_AFTER if detach else None,
            )
        )


def _program_line(program: ProgramSpec) -> Content:
    return Content.assemble((program.name, "bold"), f"  {program.type.label}")


def _sandbox_line() -> Content:
    return Content.assemble((SANDBOX, "bold $text-success"), "  a network of its own")


def _interface_line(found: Interface) -> Content:
    state = "up" if found.up and found.carrier else "no link" if found.up else "down"
    address = f"  {found.addresses[0]}" if found.addresses else ""
    parts: list[str | tuple[str, str]] = [(found.name, "bold"), f"  {found.kind}  {state}{address}"]
    if found.default_route or found.ssh_peer:
        parts.insert(0, ("⚠ ", "$text-error"))
    if found.xdp is not None:
        parts.append(("  has XDP", "$text-warning"))
    return Content.assemble(*parts)


def _detail(found: Interface | None) -> str:
    if found is None:
        return "Harmless: a network namespace with a veth pair and packets in it, gone after the detach."
    taken = f"; has XDP program {found.xdp.program_id} already" if found.xdp is not None else ""
    return f"{found.name}: MTU {found.mtu}, {found.rx_packets:,} packets received{taken}"


def _danger(found: Interface) -> str:
    """Return why attaching here can cut the machine off; empty when it cannot."""
    if found.ssh_peer:
        return f"Your SSH session runs through {found.name}: a program that drops packets cuts it off."
    if found.default_route:
        return f"The default route leads through {found.name}: a program that drops packets cuts this machine off."
    return ""
