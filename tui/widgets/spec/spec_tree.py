"""SpecTree: a CollectionSpec as a tree."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.strip import Strip
from textual.widgets import Tree

from ....core.diff import Change
from ....core.errors import BpftuiError
from ....core.spec.architectures import foreign_registers
from ....core.visible import visible
from ...line_cache import LineCache
from ...nodes import Node, NodeKind, first_node
from ...text.facts import extern_groups, map_brief, program_brief, type_text
from ...text.fit import width_of
from ...text.shown import Text
from ...text.signs import change_sign
from ..lists.steady_scroll import SteadyScroll
from ..selecting import selected_text, with_selection

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    from textual.geometry import Region
    from textual.selection import Selection
    from textual.widgets.tree import TreeNode

    from ....core.spec import CollectionSpec, ProgramSpec, VariableSpec

__all__ = ["SpecTree"]

_LINK_SLICE = 0.008
"""Seconds of linking between two frames: half a frame at 60 Hz."""


_CACHED_LINES = 1024
_GUIDE_BESIDE = ("│ ", "  ")
"""Below a node that others of its parent follow, and below the last one."""
_GUIDE_TO = ("├ ", "└ ")


class _Looks(NamedTuple):
    """How a line's parts look."""

    plain: Style
    hovered: Style
    """Of a line below the mouse, and of what is below its node."""
    guides: Style
    guides_below: Style
    """Of what lies below the cursor."""
    label: Style
    pointed: Style
    """Of the label below the mouse."""
    cursor: Style

    @property
    def of_all(self) -> tuple[Style, ...]:
        """What any line may be drawn with, wherever the cursor and the keyboard are."""
        return self.plain, self.hovered, self.guides, self.label, self.pointed


class SpecTree(SteadyScroll, Tree[Node]):
    """Programs with their functions, maps, variables by section, and what cannot be used, with the reason.

    Functions need a program's linked code, so they come after the first frame, a slice at a time.
    """

    ALLOW_SELECT: ClassVar[bool] = True

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select_cursor", "Open", id="tree.open", tooltip="Open what is chosen"),
        Binding("j", "cursor_down", "Down", show=False, id="tree.down", tooltip="One line down (or the arrow)"),
        Binding("k", "cursor_up", "Up", show=False, id="tree.up", tooltip="One line up (or the arrow)"),
        Binding("h,left", "fold", "Fold", show=False, id="tree.fold", tooltip="Fold, or go to the parent"),
        Binding(
            "l,right",
            "unfold",
            "Unfold",
            show=False,
            id="tree.unfold",
            tooltip="Unfold, or go to the first child",
        ),
        Binding("g,home", "scroll_home", "Top", show=False, id="tree.top", tooltip="Go to the top"),
        Binding("G,end", "scroll_end", "Bottom", show=False, id="tree.bottom", tooltip="Go to the bottom"),
        Binding("ctrl+d", "page_down", "Page down", show=False, id="tree.page-down", tooltip="One page down"),
        Binding("ctrl+u", "page_up", "Page up", show=False, id="tree.page-up", tooltip="One page up"),
        Binding("space", "toggle_node", "Fold", show=False, id="tree.toggle", tooltip="Fold or unfold"),
        Binding("plus", "unfold_all", "Unfold all", show=False, id="tree.unfold-all", tooltip="Unfold everything"),
        Binding("minus", "fold_all", "Fold all", show=False, id="tree.fold-all", tooltip="Fold all but the headings"),
        Binding("n", "search_again(1)", "Next", show=False, id="tree.next", tooltip="Next match"),
        Binding("N", "search_again(-1)", "Previous", show=False, id="tree.previous", tooltip="Previous match"),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "spec-tree--detail",
        "spec-tree--group",
        "spec-tree--changed",
        "spec-tree--written",
        "spec-tree--new",
        "spec-tree--differs",
        "spec-tree--unusable",
        "spec-tree--focus",
        "spec-tree--blurred",
    }
    """
    | Class | Description |
    | :- | :- |
    | `spec-tree--detail` | Types and sizes behind a name. |
    | `spec-tree--group` | The headings. |
    | `spec-tree--changed` | The mark of a variable that the user has set. |
    | `spec-tree--written` | The mark of one that the program wrote since the last sample. |
    | `spec-tree--new`, `--differs` | The marks of what another version of the file brought, and of what it changed. |
    | `spec-tree--unusable` | What is in the file but cannot be used. |
    | `spec-tree--focus`, `--blurred` | The mark of the title and of the cursor, with the focus and without. |
    """

    DEFAULT_CSS = """
    SpecTree {
        background: $panel;
        padding: 0;
        scrollbar-size: 0 1;
        & > .spec-tree--detail { color: $text-muted; }
        & > .spec-tree--group { text-style: bold; color: $link; }
        & > .spec-tree--changed { color: $set; }
        & > .spec-tree--written { color: $changed; }
        & > .spec-tree--new { color: $text-success; text-style: bold; }
        & > .spec-tree--differs { color: $changed; text-style: bold; }
        & > .spec-tree--unusable { color: $text-error; text-style: italic; }
        & > .spec-tree--focus { color: $primary; }
        & > .spec-tree--blurred { color: $text-disabled; }
        & > .tree--guides { color: $text-disabled; }
        & > .tree--guides-selected { color: $text-disabled; text-style: none; }
        & > .tree--guides-hover { color: $text-disabled; text-style: none; }
        &:light > .tree--guides { color: $text-disabled; }  /* Textual's own is another one there */
        & > .tree--cursor { background: $cursor-row-blurred; color: $foreground; text-style: none; }
        &:focus > .tree--cursor { background: $cursor-row; color: $foreground; text-style: bold; }
        &:focus { background-tint: transparent; }
    }
    """

    def __init__(self, spec: CollectionSpec, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        """Initialise the tree of *spec*."""
        super().__init__(Text(spec.title), Node(NodeKind.COLLECTION, spec.file), id=id)
        self._styles_cache = LineCache()
        self.spec = spec
        self.guide_depth = 2
        self.auto_expand = False
        self._places: dict[Node, TreeNode[Node]] = {self.root.data: self.root} if self.root.data else {}
        self._externs = [extern for group in extern_groups(spec) for extern in group.externs]
        self._unlinked: list[str] = list(spec.programs)
        self._damaged: set[str] = set()
        self._refused: frozenset[Node] = frozenset()
        self._kept_folded: frozenset[Node] = frozenset()
        """What was folded in the tree of the version before."""
        self._changes: Mapping[Node, Change] = {}
        """What is not as it was in the version before."""
        self._written: frozenset[str] | None = None
        """The variables that the program wrote since the last look; None while nobody looks."""
        self._widths: dict[TreeNode[Node], int] = {}
        """Of labels, in cells."""
        self._inks: dict[str, Style] = {}
        self._known_looks: _Looks | None = None
        self._drawn_width: int | None = None
        """The cells of a line, while lines are drawn."""
        self._strips: LRUCache[Hashable, Strip] = LRUCache(_CACHED_LINES)
        self._before: dict[str, Style] | None = None
        """The inks before the styles were told to have changed; None where nothing was told."""
        self._foreign = f"for {spec.registers.architecture}" if foreign_registers(spec.types) and spec.registers else ""
        self._populate()

    # What is in it

    def _populate(self) -> None:
        spec = self.spec
        self.root.expand()
        if spec.programs:
            group = self._group(self.root, NodeKind.PROGRAMS, "Programs", len(spec.programs))
            for program in spec.programs.values():
                self._leaf(group, Node(NodeKind.PROGRAM, program.name))
        if declared := [found for found in spec.maps.values() if not found.is_data]:
            group = self._group(self.root, NodeKind.MAPS, "Maps", len(declared))
            for found in declared:
                self._leaf(group, Node(NodeKind.MAP, found.name))
        self._add_variables()
        self._add_externs()
        if spec.hidden:
            group = self._group(self.root, NodeKind.HIDDEN_ALL, "Not usable", len(spec.hidden), folded=True)
            for hidden in spec.hidden:
                self._leaf(group, Node(NodeKind.HIDDEN, hidden.name))
        if spec.types is not None:
            self._leaf(self.root, Node(NodeKind.TYPES))

    def _add_variables(self) -> None:
        """Show data sections with their variables, also sections that have none with a name."""
        sections = [found for found in self.spec.maps.values() if found.is_data]
        if not sections:
            return
        group = self._group(self.root, NodeKind.VARIABLES, "Variables", len(self.spec.variables))
        by_section: dict[str, list[VariableSpec]] = {found.name: [] for found in sections}
        for variable in self.spec.variables.values():
            by_section.setdefault(variable.map.name, []).append(variable)
        for name, variables in by_section.items():
            section = self._leaf(group, Node(NodeKind.SECTION, name))
            section.allow_expand = bool(variables)
            section.expand()
            for variable in variables:
                self._leaf(section, Node(NodeKind.VARIABLE, variable.name))

    def _add_externs(self) -> None:
        externs = self._externs
        if externs:
            group = self._group(self.root, NodeKind.EXTERNS, "Expected from the kernel", len(externs), folded=True)
            for extern in externs:
                self._leaf(group, Node(NodeKind.EXTERN, extern.name))

    def _group(
        self, parent: TreeNode[Node], kind: NodeKind, title: str, count: int, *, folded: bool = False
    ) -> TreeNode[Node]:
        node = Node(kind)
        place = parent.add(Text(f"{title} {count}"), node, expand=not folded)
        self._places[node] = place
        return place

    def _leaf(self, parent: TreeNode[Node], node: Node) -> TreeNode[Node]:
        place = parent.add_leaf(Text(node.name or "Types"), node)
        self._places[node] = place
        return place

    # Functions

    def on_mount(self) -> None:
        """Put the cursor on what comes first, and begin to link after the first frame."""
        self.call_after_refresh(self._link_some)
        self.choose(first_node(self.spec))

    def _link_some(self) -> None:
        """Add the functions of some programs, then give the screen its turn."""
        stop = time.perf_counter() + _LINK_SLICE
        while self._unlinked and time.perf_counter() < stop:
            self._add_functions(self._unlinked.pop(0))
        if self._unlinked:
            self.set_timer(0.01, self._link_some)
        elif any(place.kind is NodeKind.CORE for place in self._places):
            self._leaf(self.root, Node(NodeKind.CORE))

    def _add_functions(self, name: str) -> None:
        place = self._places[Node(NodeKind.PROGRAM, name)]
        program = self.spec.programs[name]
        try:
            functions = program.functions
        except BpftuiError:
            self._damaged.add(name)
            return
        if program.problem and not (program.translated and functions):
            self._damaged.add(name)
        for function in functions[1:]:
            self._leaf(place, Node(NodeKind.FUNCTION, function.name, program=name))
        if program.linked.counts[1]:
            self._leaf(place, Node(NodeKind.CORE, program=name))
        self._widths.pop(place, None)
        place.allow_expand = bool(place.children)
        if len(functions) > 1 and place.data not in self._kept_folded:
            place.expand()

    # Drawing

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw lines of the screen, all of one width, which takes as long to find as a line that was drawn before."""
        self._drawn_width = self.scrollable_content_region.width
        try:
            return super().render_lines(crop)
        finally:
            self._drawn_width = None

    def render_line(self, y: int) -> Strip:
        """Draw a line of the screen; a label that is longer than the line has an ellipsis at its end.

        Textual's own finds the styles of all that a tree can have for each line anew, and then a tree takes as long as
        all else on the screen together.
        """
        left, top = self.scroll_offset
        number, width, lines = y + top, self._drawn_width, self._tree_lines
        if width is None:
            width = self.scrollable_content_region.width
        self._compare_inks()
        looks = self._looks
        if number >= len(lines):
            return Strip.blank(width, looks.plain)
        path = lines[number].path
        below_mouse = self.get_node_at_line(self.hover_line) if self.hover_line >= 0 else None
        hovered = below_mouse is not None and below_mouse in path
        chosen, below = self.cursor_line == number, self.has_focus and self.cursor_node in path
        focused = self.has_focus and (below or not number)  # by which no other line looks different
        states = (hovered, self.hover_line == number, chosen, focused)
        drawn_with = (looks.of_all, looks.cursor if chosen else None, looks.guides_below if below else None)
        key = (number, left, width, states, drawn_with, self._updates, path[-1]._updates)  # pyright: ignore[reportPrivateUsage]
        strip = self._strips.get(key)
        if strip is None:
            strip = self._strips[key] = self._draw(number, left, width, states).apply_offsets(left, number)
        return with_selection(self, strip, left, number)

    def get_selection(self, selection: Selection) -> tuple[str, str]:
        """Return what is selected of the lines, as they are drawn, without the cursor's mark."""
        width = self.scrollable_content_region.width

        def line(number: int) -> Strip:
            return Strip.join([Strip.blank(1), self._draw(number, 0, width, (False, False, False, False)).crop(1)])

        return selected_text(selection, len(self._tree_lines), line), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Draw what is selected now."""
        self.refresh()

    def _draw(self, number: int, left: int, width: int, states: tuple[bool, bool, bool, bool]) -> Strip:
        hovered, pointed, chosen, focused = states
        looks, line = self._looks, self._tree_lines[number]
        whole = (looks.hovered if hovered else looks.plain) + Style.from_meta({"line": number})
        label = looks.label
        if pointed:
            label += looks.pointed
        if chosen:
            label += looks.cursor
        above = line.path[:-1]
        guides = [_GUIDE_BESIDE[node.is_last] for node in above[1:]]
        if above:
            guides.append(_GUIDE_TO[line.last])
        apart = above.index(self.cursor_node) if focused and self.cursor_node in above else len(guides)
        plain, below = whole + looks.guides, whole + looks.guides + looks.guides_below
        row = [Segment(guide, plain if place < apart else below) for place, guide in enumerate(guides)]
        row += [
            Segment(visible(part), whole if ink is None else whole + label + self._ink(ink) if ink else whole + label)
            for part, ink in self._parts(line.node)
        ]
        room, cells = width - 1, self._line_width(line.node)  # what the mark leaves
        row.append(Segment(" " * max(0, left + room - cells), whole))
        strip = Strip(row).crop(left, left + room)
        if cells - left > room:
            kept = list(strip.crop(0, max(0, room - 1)))
            strip = Strip([*kept, Segment("…", kept[-1].style if kept else None)])
        row = list(strip)
        row.insert(0, self._mark(number, row[0].style if row else None, focused=focused))
        if chosen:
            behind = Style(bgcolor=looks.cursor.bgcolor)
            row = [Segment(text, behind if style is None else style + behind) for text, style, _ in row]
        return Strip(row, width)

    def _mark(self, line: int, style: Style | None, *, focused: bool) -> Segment:
        """Return what stands before a line: the cursor's mark, and in the first one the title's."""
        if line != self.cursor_line and (line or not focused):
            return Segment(" ", style)
        ink = self._ink("focus" if focused else "blurred")
        return Segment("▌", ink if style is None else style + ink)

    @property
    def _looks(self) -> _Looks:
        """The styles of what a line is made of, which cost as much as ten lines to find."""
        if self._known_looks is None:
            of = self.get_component_rich_style
            self._known_looks = _Looks(
                plain=self.rich_style,
                hovered=of("tree--highlight-line"),
                guides=of("tree--guides", partial=True),
                guides_below=of("tree--guides-selected", partial=True),
                label=of("tree--label", partial=True),
                pointed=of("tree--highlight", partial=True),
                cursor=of("tree--cursor"),
            )
        return self._known_looks

    def _line_width(self, node: TreeNode[Node]) -> int:
        """Return the cells of a node's guides and label."""
        depth, parent = 0, node.parent
        while parent is not None:
            depth, parent = depth + 1, parent.parent
        return depth * self.guide_depth + self.get_label_width(node)

    def render_label(self, node: TreeNode[Node], base_style: Style, style: Style) -> Text:
        """Draw a node: fold mark, name, and in a muted colour what it is."""
        text = Text(no_wrap=True)
        for part, ink in self._parts(node):
            text.append(part, base_style if ink is None else style + self._ink(ink) if ink else style)
        return text

    def get_label_width(self, node: TreeNode[Node]) -> int:
        """Return the cells of a label, without drawing it: Textual asks that of all lines whenever some fold."""
        width = self._widths.get(node)
        if width is None:
            width = sum(_cells(part) for part, _ in self._parts(node))
            if node.data is not None and node.data.kind is not NodeKind.CORE:  # which counts what is linked
                self._widths[node] = width
        return width

    def _parts(self, node: TreeNode[Node]) -> Iterator[tuple[str, str | None]]:
        """Yield the parts of a label with the component class of each: "" for none, None for the fold mark."""
        data = node.data
        if node.allow_expand and node is not self.root:
            yield "▾ " if node.is_expanded else "▸ ", None
        if data is None:
            return
        if data.kind in _HELD:
            yield str(node.label), "group"
            count = sum(child.data in self._refused for child in node.children) if self._refused else 0
            if count:
                yield f" ✗ {count}", "unusable"
            if self._changes and (count := _count(node, _HELD[data.kind], self._changes)):
                yield f" {change_sign(Change.CHANGED)} {count}", "differs"
            return
        name, name_ink, detail = self._describe(data, str(node.label))
        if node is self.root and self._foreign:
            name_ink, detail = "unusable", self._foreign
        if (change := self._changes.get(data)) is not None:
            yield f"{change_sign(change)} ", "new" if change is Change.ADDED else "differs"
        if data in self._refused:
            yield "✗ ", "unusable"
            name_ink = "unusable"
        yield name, name_ink
        if name_ink == "changed":
            yield " *", "changed"
        if data.kind is NodeKind.VARIABLE and self._written is not None:
            # There is room for the sign where none is: what stands behind it stays in its place.
            yield from ((" •", "written"),) if data.name in self._written else (("  ", ""),)
        if detail:
            yield f" {detail}", "detail"

    def _describe(self, node: Node, label: str) -> tuple[str, str, str]:
        """Return a node's name, the component class of the name, and what stands behind it."""
        spec = self.spec
        match node.kind:
            case NodeKind.PROGRAM:
                program = spec.programs[node.name]
                bad = program.unusable or node.name in self._damaged
                return label, "unusable" if bad else "", program_brief(program)
            case NodeKind.FUNCTION:
                return f"{node.name}()", "", ""
            case NodeKind.MAP:
                found = spec.maps[node.name]
                return label, "unusable" if found.problem else "", map_brief(found)
            case NodeKind.SECTION:
                return label, "", "read-only" if spec.maps[node.name].read_only else ""
            case NodeKind.VARIABLE:
                variable = spec.variables[node.name]
                return label, "changed" if variable.changed else "", type_text(variable.type, variable.size)
            case NodeKind.HIDDEN:
                hidden = next(found for found in spec.hidden if found.name == node.name)
                return label, "unusable", hidden.kind
            case NodeKind.EXTERN:
                extern = next(found for found in self._externs if found.name == node.name)
                return label, "", "optional" if extern.weak else ""
            case NodeKind.CORE:
                programs = [spec.programs[node.program]] if node.program else spec.programs.values()
                return "CO-RE", "" if node.program else "group", f"{_core_count(programs):,}"
            case NodeKind.TYPES:
                return "Types", "group", f"{max(0, len(spec.types) - 1) if spec.types is not None else 0:,}"
            case _:
                return label, "group", ""

    def _ink(self, name: str) -> Style:
        """Return a component's foreground only: the cursor's line keeps its background."""
        from ..lists.virtual_list import foreground

        found = self._inks.get(name)
        if found is None:
            found = self._inks[name] = foreground(self.get_component_rich_style(f"spec-tree--{name}"))
        return found

    def notify_style_update(self) -> None:
        """Forget what was drawn in other colours.

        Styles are told to have changed whenever the focus comes or goes, and then Textual's tree (8.2) numbers and
        measures all lines anew, which stay the same: thousands, where a program has as many functions.
        """
        super(Tree, self).notify_style_update()
        self.refresh()
        if self._before is None:
            self._before = self._inks
        self._inks, self._known_looks = {}, None

    def _compare_inks(self) -> None:
        """Forget the lines where they have other inks: only now all of a new style is known."""
        if self._before is not None:
            inks, self._before = self._before, None
            if any(self._ink(name) != inks[name] for name in inks):
                self._strips.clear()

    # What a screen calls

    def choose(self, node: Node) -> bool:
        """Put the cursor on *node*; return whether it is in the tree."""
        place = self._places.get(node)
        if place is None:
            return False
        parent = place.parent
        while parent is not None:
            if not parent.is_expanded:  # else Textual would number all lines anew, and draw them
                parent.expand()
            parent = parent.parent
        assert self.last_line >= 0  # asking for it numbers the lines that have just been unfolded
        self.move_cursor(place)
        return True

    def scroll_to_line(self, line: int, animate: bool = True) -> None:
        """Scroll to a line; a tree that has no room yet, as it is not shown, when it gets some: it would be the first.

        Args:
            line: Its number.
            animate: As Textual's.
        """
        if self.scrollable_content_region.height:
            super().scroll_to_line(line, animate)

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self.scroll_to_line(self.cursor_line, animate=False)

    def spot(self) -> int:
        """Return the first line in sight: the cursor is on what is chosen."""
        return self.scroll_offset.y

    def return_to(self, spot: int) -> None:
        """Bring back the scroll."""
        self.scroll_to(y=spot, animate=False, force=True)

    # Searching

    _sought = ""
    """What is searched for."""
    _began: tuple[Node | None, int] = (None, 0)
    """The node and the scroll where the search began."""

    def seek_from_here(self) -> None:
        """Begin to search: the first match is the one from here on."""
        self._began = self.cursor_node.data if self.cursor_node is not None else None, self.scroll_offset.y

    def seek(self, text: str) -> None:
        """Put the cursor on the first node whose name holds *text*, from where the search began; back without one."""
        self._sought = text.lower()
        nodes = list(self._places)
        start = nodes.index(self._began[0]) if self._began[0] in self._places else 0
        found = next((node for node in [*nodes[start:], *nodes[:start]] if text and self._holds(node)), None)
        if found is None:
            self._to_beginning()
        else:
            self.choose(found)

    def _holds(self, node: Node) -> bool:
        return self._sought in node.name.lower()

    def _to_beginning(self) -> None:
        node, top = self._began
        if node is not None:
            self.choose(node)
        self.return_to(top)

    def seek_end(self, *, stay: bool) -> None:
        """Stay at what was found, and say so where there is nothing; or go back to where the search began."""
        if not stay:
            self._sought = ""
            self._to_beginning()
        elif not self._sought or not any(map(self._holds, self._places)):
            self.notify(f"no match for {self._sought!r}", severity="warning", timeout=3)

    def seek_count(self) -> str:
        """Return which match the cursor is on, of how many."""
        found = [node for node in self._places if self._holds(node)]
        here = self.cursor_node.data if self.cursor_node is not None else None
        return f"{found.index(here) + 1 if here in found else '–'} of {len(found):,}" if found else "0"

    def action_search_again(self, step: int) -> None:
        """Go to the next or the previous match."""
        if self._sought:
            self.search(self._sought, step=step)

    def why_not(self, action: str) -> str:
        """Return why an action does not apply."""
        return "nothing is searched for: /" if action.startswith("search_again(") else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the next match only while there is a search."""
        return bool(self._sought) if action == "search_again" else True

    def search(self, text: str, *, step: int = 1) -> bool:
        """Put the cursor on the next node whose name holds *text*, wrapping around; say so where there is none."""
        nodes = list(self._places)
        here = self.cursor_node.data if self.cursor_node is not None else None
        start = nodes.index(here) if here in self._places else 0
        turned = [nodes[(start + step * turn) % len(nodes)] for turn in range(1, len(nodes) + 1)]
        found = next((node for node in turned if text.lower() in node.name.lower()), None)
        if found is None:
            self.notify(f"no match for {text!r}", severity="warning", timeout=3)
            return False
        return self.choose(found)

    def mark_refused(self, nodes: Iterable[Node]) -> None:
        """Mark the programs and maps that cannot be loaded here, and no others."""
        self._refused = frozenset(nodes)
        self.refresh_labels()

    def take_over(self, other: SpecTree) -> None:
        """Fold what is folded in the tree of another version, also what is linked only later."""
        places = other._places.items()
        self._kept_folded = frozenset(node for node, place in places if place.children and not place.is_expanded)
        self._sought = other._sought
        for node, place in self._places.items():
            if place.children and place.is_expanded is (node in self._kept_folded):
                place.toggle()

    def mark_changes(self, changes: Mapping[Node, Change]) -> None:
        """Mark what is not as it was in the version before, and nothing else."""
        if changes != self._changes:
            self._changes = changes
            self.refresh_labels()

    @property
    def nodes(self) -> Sequence[Node]:
        """All nodes, from top to bottom, those that are folded away too."""
        found: list[Node] = []
        waiting = [self.root]
        while waiting:
            place = waiting.pop()
            if place.data is not None:
                found.append(place.data)
            waiting.extend(reversed(place.children))
        return found

    def mark_written(self, names: Iterable[str]) -> None:
        """Mark the variables that the program wrote, and no others."""
        written = frozenset(names)
        if written != self._written:
            self._written = written
            self.refresh_labels()

    def refresh_labels(self) -> None:
        """Draw anew what is in sight, after variables have changed: the lines are the same."""
        self._widths.clear()
        self._strips.clear()
        self.refresh()

    # Actions

    def action_fold(self) -> None:
        """Fold the node, or go to its parent when there is nothing to fold."""
        node = self.cursor_node
        if node is None:
            return
        if node.allow_expand and node.is_expanded and node is not self.root:
            node.collapse()
        elif node.parent is not None:
            self.move_cursor(node.parent)

    def action_unfold_all(self) -> None:
        """Unfold everything."""
        self._fold_all(False)

    def action_fold_all(self) -> None:
        """Fold all that can be below the root; the cursor goes to what holds it."""
        heading = self.cursor_node
        while heading is not None and heading.parent is not None and heading.parent is not self.root:
            heading = heading.parent
        self._fold_all(True)
        if heading is not None:
            self.move_cursor(heading)

    def _fold_all(self, fold: bool) -> None:
        with self.prevent(Tree.NodeExpanded, Tree.NodeCollapsed):  # nobody asks for them, and there can be thousands
            for group in self.root.children:
                _fold(group, fold)
        assert self.last_line >= 0  # asking for it numbers the lines anew, for the cursor

    def action_unfold(self) -> None:
        """Unfold the node, or go to its first child when it is open."""
        node = self.cursor_node
        if node is None or not node.allow_expand:
            return
        if not node.is_expanded:
            node.expand()
        elif node.children:
            self.move_cursor(node.children[0])


_HELD = {
    NodeKind.PROGRAMS: NodeKind.PROGRAM,
    NodeKind.MAPS: NodeKind.MAP,
    NodeKind.VARIABLES: NodeKind.VARIABLE,
    NodeKind.EXTERNS: NodeKind.EXTERN,
    NodeKind.HIDDEN_ALL: NodeKind.HIDDEN,
}
"""What a group holds, by its kind."""


def _cells(text: str) -> int:
    """Return the cells that a part of a label takes; of most their characters."""
    return len(text) if text.isascii() and text.isprintable() else width_of(text)


def _core_count(programs: Iterable[ProgramSpec]) -> int:
    """Return how many CO-RE relocations programs have that are linked; damaged ones have none."""
    return sum(each.__dict__["linked"].counts[1] for each in programs if "linked" in each.__dict__)


def _count(node: TreeNode[Node], kind: NodeKind, changes: Mapping[Node, Change]) -> int:
    """Return how many of a kind changed below a node."""
    data = node.data
    here = data is not None and data.kind is kind and data in changes
    return here + sum(_count(child, kind, changes) for child in node.children)


def _fold(node: TreeNode[Node], fold: bool) -> None:
    """Fold a node and all below it, or unfold them; what holds nothing stays as it is, which are most."""
    if node.children:
        if node.is_expanded is fold:
            node.toggle()
        for child in node.children:
            _fold(child, fold)
