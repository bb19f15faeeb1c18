"""Navigation: where one is, in the tree and its tabs, and how one gets somewhere else."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple, cast

from textual.binding import Binding, BindingType
from textual.widgets import TabPane

from ..jumps import JumpList, Spotted
from ..nodes import TABS, Node, NodeKind, first_node
from ..status import Crumb
from .controller import Controller

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.widget import Widget

    from ...core.spec import CollectionSpec
    from ..widgets.place_tabs import PlaceTabs
    from ..widgets.spec.spec_tree import SpecTree
    from .controller import Stage

__all__ = ["Navigation"]

_STEP: Final = 4
"""Cells that a step moves the divider."""

_TAB_OF: Final = {
    NodeKind.PROGRAM: "code",
    NodeKind.FUNCTION: "code",
    NodeKind.MAP: "maps",
    NodeKind.SECTION: "variables",
    NodeKind.VARIABLE: "variables",
    NodeKind.VARIABLES: "variables",
    NodeKind.TYPES: "overview",
    NodeKind.CORE: "overview",
}
"""The tab in which a node is at home and enter leads to; the others have only an overview."""

_PLACES_OF_NODES: Final = ("code", "variables", "maps")
"""The tabs that show one node: with the node, they change."""


class _Place(NamedTuple):
    """Where the user was."""

    node: Node
    tab: str
    focused: Widget | None
    """What had the keyboard."""
    pane: Spotted | None
    """The pane that it was in."""
    spot: object
    """Where in that."""
    over: Callable[[], object] | None = None
    """Lays over it again what lay there; None where nothing did."""


class Navigation(Controller):
    """The node that is chosen and the tab that is shown.

    Args:
        spec: What is explored.
        tree: Where nodes are chosen.
        tabs: What shows them, under the ids of `TABS`.
        follow: Lets all that is shown follow the chosen node.
        title: What the object is called in the way to it.
        place: The screen below which the object lives; empty for home.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("z", "zoom", "Zoom", show=False, id="zoom", tooltip="This pane alone, or all again"),
        Binding("ctrl+left", "divide(-1)", show=False, id="divider.left", tooltip="Move the divider to the left"),
        Binding("ctrl+right", "divide(1)", show=False, id="divider.right", tooltip="Move the divider to the right"),
        *(
            Binding(
                str(number),
                f"show_tab('{tab}')",
                tab.capitalize(),
                show=False,
                id=f"tab.{tab}",
                tooltip=f"Show the tab {tab.capitalize()}",
            )
            for number, tab in enumerate(TABS, 1)
        ),
        Binding(
            "backspace,alt+left,ctrl+o",
            "go_back",
            "Back",
            id="place.back",
            tooltip="Back to where you were, row and all",
        ),
        Binding(
            "alt+right,ctrl+f",
            "go_forward",
            "Forward",
            show=False,
            id="place.forward",
            tooltip="Where you came back from",
        ),
        Binding("y", "copy", "Copy", show=False, id="copy", tooltip="Copy the name, or the row"),
        Binding("escape", "back", "Up", show=False, id="back", tooltip="One level up: the tree, what holds this, home"),
    ]

    def __init__(
        self,
        stage: Stage,
        *,
        spec: CollectionSpec,
        tree: SpecTree,
        tabs: PlaceTabs,
        follow: Callable[[], None],
        title: str,
        place: str = "",
    ) -> None:
        super().__init__(stage)
        self._spec = spec
        self._title = title
        self._tree = tree
        self._tabs = tabs
        self._follow = follow
        self._place = place
        self.node = first_node(spec)
        """What is chosen."""
        self._places: JumpList[_Place] = JumpList()

    @property
    def tab(self) -> str:
        """The id of the active tab."""
        return self._tabs.active

    def has(self, tab: str) -> bool:
        """Return whether a tab is there by now."""
        return any(pane.id == tab for pane in self._tabs.query(TabPane))

    def go_to(self, node: Node, tab: str | None = None) -> None:
        """Choose *node* in the tree, and show it in *tab*, without one where it is at home."""
        self.remember()
        self._tree.choose(node)
        self.choose(node)
        self._show(tab or _TAB_OF.get(node.kind, "overview"))

    def reveal(self, node: Node, tab: str) -> None:
        """Let the tree's cursor stand on *node*, which *tab* shows already."""
        self._tree.choose(node)
        self._show_tab(tab)

    def go_along(self, program: str) -> None:
        """Let the tree's cursor stand on the program that the code shows now, where it was on another one or in it."""
        here = {NodeKind.PROGRAM: self.node.name, NodeKind.FUNCTION: self.node.program}.get(self.node.kind, program)
        if here != program:
            self._tree.choose(Node(NodeKind.PROGRAM, program))

    def step_to(self, node: Node) -> None:
        """Let the tree's cursor stand on *node*, as if one had walked there: a tab that shows one node shows this."""
        self._tree.choose(node)
        self.choose(node)
        tab = _TAB_OF.get(node.kind, "overview")
        if self.tab in _PLACES_OF_NODES and not self._is_in_column(tab):
            self._tabs.active = tab

    def choose(self, node: Node) -> None:
        """Choose *node*, and let all follow."""
        self.node = node
        self._follow()

    def cursor_moved(self, node: Node | None) -> None:
        """Choose what the tree's cursor is on."""
        if node is None or node == self.node:
            return
        self.choose(node)
        # Only the user's own steps change the tab: a cursor that is moved for them comes with its tab (`go_to`).
        tab = _TAB_OF.get(node.kind, "overview")
        if self._tree.has_focus and self.tab in _PLACES_OF_NODES and not self._is_in_column(tab):
            self._tabs.active = tab

    def has_tab(self, node: Node) -> bool:
        """Return whether a node is at home in a tab besides the overview."""
        return _TAB_OF.get(node.kind, "overview") != "overview"

    def open(self, node: Node) -> bool:
        """Choose *node* and show it where it is at home; return whether it is at home in a tab."""
        if node.kind not in _TAB_OF:
            self.choose(node)
            return False
        self.remember()
        self.choose(node)
        self._show(_TAB_OF[node.kind])
        return True

    # Where one was

    def here(self) -> _Place:
        """Return where the user is."""
        focused = self._tree.screen.focused
        panes = [] if focused is None else [each for each in focused.ancestors_with_self if isinstance(each, Spotted)]
        pane = panes[-1] if panes else None
        return _Place(self.node, self.tab, focused, pane, None if pane is None else pane.spot())

    def remember(self, place: _Place | None = None) -> None:
        """Let the way back lead to where the user is now, or to a *place* where the user was."""
        self._places.push(place or self.here())
        self.stage.refresh_bindings()

    def lead_back_to(self, over: Callable[[], object]) -> None:
        """Let the last step back lead to what lay over the place, and was left by choosing something in it."""
        self._places.change_last(lambda place: place._replace(over=over))

    def action_go_back(self) -> None:
        """Return to where the user was, with the row and the scroll that was there."""
        place = self._places.back(self.here())
        if place is None and self.stage.way_back is not None:
            self.stage.way_back()
        self.return_to(place)

    def action_go_forward(self) -> None:
        """Go again where the last step back came from."""
        self.return_to(self._places.forward(self.here()))

    def return_to(self, place: _Place | None) -> None:
        """Show a place again; None for nowhere."""
        if place is None:
            return
        self._tabs.active = place.tab  # first: what is out of sight is not drawn
        if place.node != self.node:
            self._tree.choose(place.node)
            self.choose(place.node)
        if place.focused is not None and place.focused.is_attached:
            if not _is_shown(place.focused, self._tabs):
                self._tabs.unzoom()
            self._tree.screen.set_focus(place.focused)
        if place.pane is not None:
            place.pane.return_to(place.spot)
        self.stage.refresh_bindings()
        if place.over is not None:
            place.over()

    def come_from(self, other: Navigation, moved: Callable[[object], object]) -> None:
        """Stand where one stood in another version of the object, with the way back, as far as that is still there.

        Args:
            other: Where one was.
            moved: Returns where in a pane a spot is now.
        """
        self._places.follow(other._places, lambda place: self._moved(place, moved))
        place = self._moved(other.here(), moved)
        if self._tree.choose(place.node):
            self.choose(place.node)
        if self.has(place.tab):
            self._tabs.active = place.tab
        if place.pane is not None:
            place.pane.return_to(place.spot)
        if place.focused is not None:
            self._tree.screen.set_focus(place.focused)
        self.stage.refresh_bindings()

    def _moved(self, place: _Place, moved: Callable[[object], object]) -> _Place:
        """Return a place of another version as it is here."""
        focused = None if place.focused is None else self._twin(place.focused)
        pane = None if place.pane is None else self._twin(cast("Widget", place.pane))
        return place._replace(
            focused=focused, pane=pane if isinstance(pane, Spotted) else None, spot=moved(place.spot), over=None
        )

    def _twin(self, widget: Widget) -> Widget | None:
        """Return what is here what a widget is in another version."""
        return next((each for each in self._tree.screen.query(type(widget)) if each.id == widget.id), None)

    def why_not(self, action: str) -> str:
        """Return why an action does not apply."""
        return {"go_back": "you have been nowhere else yet", "go_forward": "no step back was taken"}.get(action, "")

    def check_action(self, action: str) -> bool:
        """Offer the way back only where there is one."""
        match action:
            case "go_back":
                return self._places.can_go_back or self.stage.way_back is not None
            case "go_forward":
                return self._places.can_go_forward
            case _:
                return True

    # Actions

    def action_show_tab(self, tab: str) -> None:
        """Show a tab and give it the focus."""
        if not self.has(tab):
            self.stage.notify("no program has printed anything yet", timeout=3)
            return
        if tab != self.tab:
            self.remember()
        self._show_tab(tab)

    def _is_in_column(self, tab: str) -> bool:
        """Whether what a tab shows stands beside the one that is shown."""
        return self._tabs.has_column and self._tabs.content(tab) is not self._tabs.get_pane(tab)

    def _show(self, tab: str) -> None:
        """Go to what a tab shows, where it is: beside the tab that is shown, or in its own."""
        if not self._is_in_column(tab):
            self._show_tab(tab)
            return
        if self._tabs.is_zoomed:
            self._tabs.unzoom()
        self._focus_in(self._tabs.content(tab))

    def _show_tab(self, tab: str) -> None:
        self._tabs.active = tab
        self._focus_in(self._tabs.content(tab))

    def _focus_in(self, pane: Widget) -> None:
        target = next((widget for widget in pane.query("*") if widget.focusable and _is_shown(widget, pane)), None)
        if target is not None:
            target.screen.set_focus(target)  # now, not with the next message: the next key is meant for it

    def action_back(self) -> None:
        """Go one level up: answer what went wrong, leave the zoom, go to the tree, to what holds the node, home."""
        if self.stage.answer():
            return
        if self._tabs.is_zoomed:
            self._tabs.unzoom()
        elif not self._tree.has_focus:
            self._tree.focus()
        elif len(above := self.crumbs) > 1 and (parent := above[-2].node) is not None:
            self.climb(parent)
        else:
            self.stage.go_home(self._place)

    def climb(self, node: Node) -> None:
        """Choose in the tree what lies above."""
        self.remember()
        self._tree.focus()
        self._tree.choose(node)
        self.choose(node)
        self._tabs.active = _TAB_OF.get(node.kind, "overview") if self.tab in _PLACES_OF_NODES else self.tab

    @property
    def crumbs(self) -> tuple[Crumb, ...]:
        """The way to the chosen node."""
        return self.way_to(self.node)

    def way_to(self, node: Node) -> tuple[Crumb, ...]:
        """Return the way to a node: home, the object, what holds the node, the node."""
        spec = self._spec
        way: list[Node] = [Node(NodeKind.COLLECTION, spec.file)]
        match node.kind:
            case NodeKind.COLLECTION:
                pass
            case NodeKind.FUNCTION:
                way += [Node(NodeKind.PROGRAM, node.program), node]
            case NodeKind.VARIABLE:
                way += [Node(NodeKind.SECTION, spec.variables[node.name].map.name), node]
            case NodeKind.EXTERN | NodeKind.HIDDEN:
                way += [Node(NodeKind.EXTERNS if node.kind is NodeKind.EXTERN else NodeKind.HIDDEN_ALL), node]
            case _:
                way += [node]
        if self._place and len(spec.programs) == 1:  # what it is called names the program
            way = [each for each in way if each.kind is not NodeKind.PROGRAM]
        above = [Crumb("home"), *([Crumb(self._place, place=self._place)] if self._place else [])]
        return (
            *above,
            *(Crumb(self._title if each.kind is NodeKind.COLLECTION else _name(each), each) for each in way),
        )

    def action_zoom(self) -> None:
        """Let the pane alone have all the room, for the tree what is right of it; or show all again."""
        if self._tabs.is_zoomed:
            self._tabs.unzoom()
            return
        had_focus = self._tree.has_focus or self._tree.screen.focused is None
        self._tabs.zoom()
        if had_focus:
            self._show_tab(self.tab)

    def action_divide(self, direction: int) -> None:
        """Move the divider between the tree and what is right of it, or in the third column that left of it."""
        self._tabs.move_divider(direction * _STEP)

    def action_copy(self) -> None:
        """Copy the chosen node's name."""
        self.stage.copy(self.node.name or self._spec.file)


def _name(node: Node) -> str:
    """Return what a node is called on the way to it."""
    match node.kind:
        case NodeKind.FUNCTION:
            return f"{node.name}()"
        case NodeKind.CORE:
            return "CO-RE"
        case NodeKind.HIDDEN_ALL:
            return "Hidden"
        case _:
            return node.name or node.kind.value.capitalize()


def _is_shown(widget: Widget, pane: Widget) -> bool:
    """Whether a widget is seen where its pane is: one in a box that is not shown could have the focus nevertheless."""
    return all(node.display for node in takewhile(lambda node: node is not pane, widget.ancestors_with_self))
