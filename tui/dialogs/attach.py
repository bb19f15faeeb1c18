"""AttachDialog: which program, where, and how."""

from __future__ import annotations

from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.containers import Horizontal, Vertical
from textual.widgets.option_list import Option

from ...core.errors import BpftuiError, UsageError
from ...core.live import check_target
from ...core.spec import ProgramType
from ...core.spec.targets import SANDBOX, Place, place_of
from ..operations import AttachRequest
from ..text.shown import assembled, plain
from ..widgets.plain import Button, Checkbox, Input, Label, OptionList, Select
from .dialog import Dialog, line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult
    from textual.content import Content
    from textual.widget import Widget

    from ...core.runtime import Runtime, TargetChoice
    from ...core.spec import CollectionSpec, ProgramSpec

__all__ = ["AttachDialog"]

_DETACH_AFTER: Final = 60
"""Seconds until an automatic detach."""
_MODES: Final[dict[ProgramType, dict[str, str]]] = {
    ProgramType.XDP: {
        "auto: the kernel chooses": "",
        "native: in the driver": ",native",
        "generic: works everywhere, slower": ",generic",
    },
    ProgramType.SCHED_CLS: {
        "as its section says": "",
        "ingress: what comes in": ",ingress",
        "egress: what goes out": ",egress",
    },
}
"""What can be chosen besides in a kernel, and what it adds to the target."""
_MODES_OF_MACHINE: Final[dict[ProgramType, dict[str, str]]] = {
    ProgramType.XDP: {"none: there is no driver here": ""},
    ProgramType.SCHED_CLS: {"ingress: its packets come in": ""},
}
"""The same in the built-in machine, where there is nothing to choose."""


_READING: Final = "reading interfaces …"
_LOOKING: Final = "looking for targets …"
"""What stands in place of the targets until they are known."""

_LAST: Final = {"last: after what is there": ""}
"""Where a program comes among others, and what it adds to the target."""


class AttachDialog(Dialog[AttachRequest]):
    """Programs on the left, the targets of the chosen one on the right, and a line to type another one.

    A target where a program can do harm wants its name typed. Attach has the keyboard where the sandbox is what it
    would attach to, Cancel where it is something of the machine.

    Args:
        spec: The object.
        programs: Those of its programs that are loaded.
        chosen: The program that is preselected.
        runtime: What they are loaded into.
        attached: What is attached already: the names of program and target. Who attaches that once more is told so, and
            Cancel has the keyboard.
    """

    ABOUT: ClassVar[str] = (
        "Attaches a loaded program: choose it on the left, where to on the right, or type a target that is "
        "not listed. The sandbox is harmless: it is a network of its own. A target where a program can do "
        "harm wants its name typed. Enter attaches at once where that is the sandbox; else Cancel has the "
        "keyboard, so that enter by accident does nothing."
    )
    PAGE: ClassVar[str] = "attaching"

    title_text: ClassVar[str] = "Attach"

    def __init__(
        self,
        spec: CollectionSpec,
        programs: list[ProgramSpec],
        chosen: str,
        runtime: Runtime,
        attached: Iterable[tuple[str, str]] = (),
    ) -> None:
        super().__init__()
        self._attached = frozenset(attached)
        self._spec = spec
        self._programs = [program for program in programs if place_of(program) is not Place.NOWHERE]
        self._chosen = chosen
        self._runtime = runtime
        self._targets: list[TargetChoice] = []
        self._orders = _LAST
        self._offered: ProgramSpec | None = None
        """The program that targets were last asked for."""

    def body(self) -> ComposeResult:
        """Compose the two lists, what is typed, the mode, and what a dangerous target asks for."""
        with Horizontal(id="attach-lists"):
            with Vertical():
                yield line("Program")
                yield OptionList(*(_program_line(program) for program in self._programs), id="programs", compact=True)
            with Vertical():
                yield line("Target")
                yield OptionList(_sentence(_READING), id="targets", compact=True)
        yield Label("", id="target-detail")
        with Horizontal(classes="attach-line"):
            yield line("Attach to ")
            yield Input(id="target", compact=True)
        with Horizontal(id="attach-mode", classes="attach-line"):
            yield line("Mode      ")
            yield Select(_MODES[ProgramType.XDP], id="mode")
        with Horizontal(id="attach-order", classes="attach-line"):
            yield line("Order     ")
            yield Select(_LAST, id="order")
        with Vertical(id="danger"):
            yield Label("", id="danger-text")
            yield Input(id="typed-name", compact=True)
            yield Checkbox(f"detach by itself after {_DETACH_AFTER} s", True, id="detach-after")

    def buttons(self) -> list[Widget]:
        """Return Cancel and Attach."""
        return [Button("Cancel", id="cancel"), Button("Attach", id="attach", variant="error")]

    def enter(self, focused: Widget) -> tuple[str, bool]:
        """Return what enter does in a list or a field: it goes on, and attaches nothing."""
        return "Next", True

    def on_mount(self) -> None:
        """Preselect, and focus what is safe to press by accident."""
        programs = self.query_one("#programs", OptionList)
        names = [program.name for program in self._programs]
        programs.highlighted = names.index(self._chosen) if self._chosen in names else 0
        # Before any key: enter right behind the key that asked is meant for what stands here.
        self.turn_to_program()
        is_harmless = self.target == SANDBOX and not self._is_attached
        self.set_focus(self.query_one("#attach" if is_harmless else "#cancel"))
        if not self._programs:
            self._say("None of the loaded programs is attached to anything: run one (R) instead.", wrong=True)
            self.query_one("#attach", Button).disabled = True

    @property
    def program(self) -> ProgramSpec | None:
        """The chosen program; None where there is none."""
        index = self.query_one("#programs", OptionList).highlighted
        return None if index is None else self._programs[index]

    @property
    def target(self) -> str:
        """What is attached to: as it was chosen or typed, with mode and order where none was typed."""
        typed = self.query_one("#target", Input).value.strip()
        if "," in typed:
            return typed
        order = self.query_one("#order", Select).value
        return typed + self._mode + self._orders.get(str(order), "")

    @property
    def _modes(self) -> dict[str, str]:
        modes = _MODES if self._runtime.has_hooks else _MODES_OF_MACHINE
        return {} if self.program is None else modes.get(self.program.type, {})

    @property
    def _mode(self) -> str:
        """What the chosen mode adds to the target."""
        return self._modes.get(str(self.query_one("#mode", Select).value), "")

    @on(Select.Changed, "#mode")
    def offer_order(self) -> None:
        """Offer the places among the programs that are at the chosen hook; nothing where there is none."""
        hook = self._mode.removeprefix(",")
        choice = self.choice
        present = () if choice is None else (each for each in choice.neighbours if hook in each.hooks)
        orders = _LAST | {"first: before what is there": ",first"}
        for each in present:
            orders |= {f"before {each.title}": f",before={each.which}", f"after {each.title}": f",after={each.which}"}
        is_choice = len(orders) > len(_LAST) + 1
        self.query_one("#attach-order").display = is_choice
        orders = orders if is_choice else _LAST
        if orders != self._orders:
            self._orders = orders
            self.query_one("#order", Select).offer(orders)

    @on(OptionList.OptionHighlighted, "#programs")
    def turn_to_program(self) -> None:
        """Ask for the targets of the chosen program, without making anybody wait."""
        program = self.program
        if program is None or program is self._offered:
            return
        self._offered = program
        self.query_one("#attach-mode").display = bool(self._modes)
        if self._modes:
            self.query_one("#mode", Select).offer(self._modes)
        typed = self.query_one("#target", Input)
        typed.placeholder = program.attach_to or place_of(program).value
        # There is a sandbox wherever one makes sense: nobody has to wait for the rest.
        has_sandbox = not self._runtime.has_hooks or place_of(program) in (Place.INTERFACE, Place.NAMESPACE)
        typed.value = SANDBOX if has_sandbox else ""
        self._show_targets(program, [], _READING if place_of(program) is Place.INTERFACE else _LOOKING)
        self._ask_targets(program)

    @work(thread=True, exclusive=True, exit_on_error=False)
    def _ask_targets(self, program: ProgramSpec) -> None:
        try:
            found = self._runtime.targets(self._spec, program)
        except BpftuiError as error:
            self.app.call_from_thread(self._show_targets, program, [], f"✗ {error.message}")
        else:
            self.app.call_from_thread(self._show_targets, program, found, "none found: type one below")

    def _show_targets(self, program: ProgramSpec, found: list[TargetChoice], otherwise: str) -> None:
        """List targets; *otherwise* says why there are none."""
        if not self.is_mounted or program is not self.program:
            return
        self._targets = found
        targets = self.query_one("#targets", OptionList)
        targets.clear_options()
        targets.add_options([_target_line(each) for each in found] or [_sentence(otherwise)])
        if found and self.query_one("#target", Input).value in ("", found[0].text):
            targets.highlighted = 0
        self.weigh()

    @on(OptionList.OptionHighlighted, "#targets")
    def take(self, event: OptionList.OptionHighlighted) -> None:
        """Take over the target that is chosen."""
        if event.option_index < len(self._targets):
            self.query_one("#target", Input).value = self._targets[event.option_index].text
        self.weigh()

    @property
    def _target_name(self) -> str:
        """The target's name, without what was typed behind it."""
        return self.query_one("#target", Input).value.partition(",")[0].strip()

    @property
    def choice(self) -> TargetChoice | None:
        """What is known of the target, also where it was typed; None for one that is not listed."""
        name = self._target_name
        return next((each for each in self._targets if each.text == name), None)

    @property
    def _is_attached(self) -> bool:
        """Whether the program is attached there already."""
        return self.program is not None and (self.program.name, self._target_name) in self._attached

    @on(Input.Changed)
    def weigh(self) -> None:
        """Say what the target is, and what it asks for."""
        if self.program is None:
            return
        self.offer_order()
        choice, danger = self.choice, ""
        if choice is not None:
            danger = choice.danger
        wrong = self._wrong(self.program)
        detail = choice.detail if choice is not None else self._typed()
        if self._is_attached:
            detail = f"⚠ {self.program.name} is attached to {self._target_name} already: this attaches it once more."
        self._say(wrong or detail, wrong=bool(wrong))
        self.query_one("#danger").display = bool(danger)
        typed = self.query_one("#typed-name", Input)
        name = (choice.text or "yes") if choice is not None else ""
        if danger:
            asked = "Type its name" if choice is not None and choice.text else "Type yes"
            self.query_one("#danger-text", Label).update(f"⚠ {danger} {asked} to attach all the same:")
            typed.placeholder = name
        self.query_one("#attach", Button).disabled = bool(wrong) or (bool(danger) and typed.value != name)

    def _typed(self) -> str:
        """Return what a target is that is not listed, as far as that is known: a capture whose packets flow."""
        from ...core.traffic import parse_traffic

        traffic = parse_traffic(self.target)[1]
        if traffic is None or traffic.capture is None:
            return ""
        speed = "as fast as can be" if traffic.speed == inf else f"{traffic.speed:g} times as fast as captured"
        again = "in a loop" if traffic.loop else "once"
        other = "" if "," in self.target else " ,speed=10,loop behind it says otherwise."
        return f"The packets of {traffic.capture} flow in a sandbox, {speed}, {again}.{other}"

    def _wrong(self, program: ProgramSpec) -> str:
        """Return what is wrong with the target, as far as its text tells."""
        from ...core.traffic import parse_traffic

        try:
            check_target(program, self.target)
        except UsageError as error:
            # Nothing typed yet is no mistake, but nothing to attach to either.
            return error.message if self.target else f"Name {place_of(program).value}."
        capture = parse_traffic(self.target)[1]
        if capture is not None and capture.capture is not None and not Path(capture.capture).is_file():
            return f"There is no file {capture.capture}."
        if not self.target and not self._targets and place_of(program) is Place.SECTION:
            return f"Its section {program.section} does not say to what: name it."
        return ""

    def _say(self, text: str, *, wrong: bool) -> None:
        detail = self.query_one("#target-detail", Label)
        detail.update(text)
        detail.set_class(wrong, "wrong")

    @on(OptionList.OptionSelected)
    @on(Input.Submitted)
    def go_on(self) -> None:
        """Bring enter in a field to the next one."""
        self.focus_next()

    @on(Button.Pressed, "#attach")
    def attach(self) -> None:
        """Decide."""
        program, choice = self.program, self.choice
        if program is None:
            return
        dangerous = choice is not None and bool(choice.danger)
        detach = dangerous and self.query_one("#detach-after", Checkbox).value
        self.dismiss(AttachRequest(program.name, self.target, _DETACH_AFTER if detach else None))


def _sentence(text: str) -> Option:
    """Return a line that is no target."""
    return Option(plain(text), disabled=True)


def _program_line(program: ProgramSpec) -> Content:
    return assembled((program.name, "bold"), f"  {program.type.label}")


def _target_line(choice: TargetChoice) -> Content:
    name = (choice.text, "bold $text-success" if choice.text == SANDBOX else "bold")
    parts: list[str | tuple[str, str]] = [name, "  ", choice.title] if choice.text else [(choice.title, "bold")]
    if choice.danger:
        parts.insert(0, ("⚠ ", "$text-warning"))
    return assembled(*parts)
