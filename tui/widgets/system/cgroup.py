"""CgroupTab: control groups that have programs, as a tree: what each has itself, and what comes down to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ...targets import Thing
from ...text.format import counted
from .net import WayPane
from .noun import Fact
from .steps import MODES, group_steps
from .tab import SystemTab

if TYPE_CHECKING:
    from collections.abc import Hashable

    from textual.app import ComposeResult
    from textual.widget import Widget

    from ....core.system.history import Seen
    from .steps import Step

__all__ = ["CgroupTab"]

_ABOUT = (
    ("multi", "BPF_F_ALLOW_MULTI"),
    ("override", "BPF_F_ALLOW_OVERRIDE"),
    ("exclusive", "without a flag"),
)


class _GroupPane(WayPane):
    """What runs in control groups."""

    def between(self, step: Step, seen: Seen) -> list[Fact]:
        """Return what is known of a group: what its hooks mean, and who is in it."""
        group = next((each for each in seen.snapshot.control_groups if Thing("cgroup", each.path) == step.thing), None)
        if group is None:
            flag = next((f"  {flag}" for name, flag in _ABOUT if name == step.way), "")
            meaning = MODES.get(step.way, "")
            return [Fact("mode", f"{step.way}{flag}"), Fact("means", meaning)] if step.way else []
        facts = [Fact("id", str(group.id))]
        facts += [Fact("hook", f"{hook.name}  {hook.mode}, runs {len(hook.attached)}") for hook in group.hooks]
        return facts + [
            Fact("process", f"{each.comm} {each.pid}", Thing("proc", each.pid))
            for each in seen.snapshot.processes.values()
            if each.unit == group.path
        ]


class CgroupTab(SystemTab):
    """The tree, with what is known of the chosen line beside it."""

    NAME: ClassVar[str] = "cgroup"

    def __init__(self) -> None:
        super().__init__(id="cgroup-tab")
        self.pane = _GroupPane("cgroup")

    def compose(self) -> ComposeResult:
        """Compose the tree."""
        yield self.pane

    def show(self, seen: Seen) -> None:
        """Show what was seen."""
        groups = seen.snapshot.control_groups
        self.pane.way.empty_text = "no control group has programs of its own" + "".join(
            f": {each}" for each in seen.snapshot.missing if "control groups" in each
        )
        self.pane.show(f"{counted(len(groups), 'control group')} with programs", group_steps(groups), seen)

    def cannot_look(self, why: str) -> None:
        """Say in the place of the tree why there is none."""
        self.pane.way.empty_text = why
        self.pane.way.refresh()

    @property
    def key(self) -> Hashable | None:
        """The path of the group that the cursor is in."""
        way = self.pane.way
        above = (step.thing.key for step in reversed(way.steps[: way.cursor + 1]) if step.thing is not None)
        return next(above, None)

    def named(self, text: str) -> Hashable | None:
        """Return the path of a group by it, or by its last part."""
        paths = [str(step.thing.key) for step in self.pane.way.steps if step.thing is not None]
        return next((path for path in paths if text in (path, path.rpartition("/")[2])), None)

    def go_to(self, key: Hashable) -> bool:
        """Bring the cursor to a group."""
        way = self.pane.way
        wanted = Thing("cgroup", key)
        at = next((index for index, step in enumerate(way.steps) if step.thing == wanted), None)
        if at is not None:
            way.cursor = at
            way.scroll_to_cursor()
            self.pane.show_facts()
        return at is not None

    @property
    def link(self) -> int | None:
        """The id of the link of the program that the cursor is on; 0 where it has none, None where it is none."""
        return self.pane.link

    @property
    def first(self) -> Widget:
        """The tree."""
        return self.pane.way

    def show_users(self) -> None:
        """Give the keyboard to what is known of the chosen line."""
        self.pane.facts.focus()

    def leave(self) -> bool:
        """Go back to the tree."""
        was = self.pane.facts.has_focus
        if was:
            self.pane.way.focus()
        return was
