"""FinderController: whatever has a name, found by what is typed of it: things of the object, places, commands."""

from __future__ import annotations

import gc
import re
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from textual.binding import Binding, BindingType

from ...core.asm.search import helpers_called
from ...core.btf import Kind
from ...core.errors import BpftuiError
from ..dialogs.command import Command, names_of
from ..dialogs.find import FindDialog, Found
from ..jumps import CodePlace
from ..nodes import TABS, Node, NodeKind, map_node
from ..text.fuzzy import Names
from ..text.keys import key_names
from .controller import Controller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from textual.binding import ActiveBinding
    from textual.dom import DOMNode

    from ...core.spec import CollectionSpec, LineInfo
    from .code import CodeController
    from .controller import Stage
    from .navigation import Navigation
    from .types import TypesController

__all__ = ["FinderController", "NamesOf"]

_LINE: Final = re.compile(r"(?:(?P<file>\S+):|c ?)(?P<line>\d{1,9})")
_LEFT_OUT: Final = frozenset({"palette", "find", "search", "rows.search", "back", "place.back", "place.forward"})
_MOVES: Final = re.compile(r"tab\..*|.*\.(?:up|down|left|right|top|bottom|(?:half|page)-(?:up|down))")
"""The ids of what moves the cursor, or is found as a place."""
_AT_ONCE: Final = 0.01
"""Seconds of work at reading names before the first key; the rest is read in a thread."""
_PAUSE: Final = 0.002
"""Seconds that the thread leaves to the screen after each block."""
_FELLOWS: Final = frozenset({Kind.VAR, Kind.DATASEC, Kind.FUNC_PROTO, Kind.DECL_TAG, Kind.TYPE_TAG})
"""Types that name what is found as something else, or nothing."""


class _Line(NamedTuple):
    """A line of C, and what it became first."""

    program: str
    slot: int
    place: str
    """`traffic.c:88`"""


class NamesOf:
    """The names of what an object has. They are read once; what is not read at once comes from a thread.

    Args:
        spec: The object.
        go_to: Shows a node where it is at home.
        show_place: Shows an instruction.
        show_type: Shows a type of the object's, by its id.
        show_helper: Says what a helper is, by its number, and who calls it.
    """

    def __init__(
        self,
        spec: CollectionSpec,
        *,
        go_to: Callable[[Node], Any],
        show_place: Callable[[CodePlace], Any],
        show_type: Callable[[int], Any],
        show_helper: Callable[[int], Any],
    ) -> None:
        self._spec = spec

        def nodes(kind: str, signs: str, detail: Callable[[Node], str]) -> Names[Node]:
            return Names(kind, signs, show=lambda name, node: (name, detail(node)), go=go_to)

        def program(node: Node) -> str:
            return spec.programs[node.name].type.label

        def map_(node: Node) -> str:
            return spec.maps[node.name].type.label

        def variable(node: Node) -> str:
            return spec.variables[node.name].section

        self.programs = nodes("program", ":@", program)
        self.maps = nodes("map", ":#", map_)
        self.functions = nodes("function", ":@", lambda node: f"in {node.program}")
        self.variables = nodes("variable", ":$", variable)
        self.externs = nodes("of the kernel", "", lambda _: "expected from the kernel")
        self.helpers = Names[int]("helper", "", show=lambda name, _: (name, "who calls it"), go=show_helper)
        self.other_helpers = Names[int]("helper", "", show=lambda name, _: (name, "not called here"), go=show_helper)
        self.types = Names[int]("type", "", show=self._type, go=show_type)
        self.lines = Names[_Line](
            "C line",
            "",
            show=lambda text, line: (line.place, text.strip()),
            go=lambda line: show_place(CodePlace(line.program, line.slot)),
        )
        self.reading = "names"
        """What is being read; empty as soon as there is nothing more."""
        self._stopped = threading.Event()
        self._steps = self._read()

    def all(self) -> list[Names[Any]]:
        """Return all kinds, what is meant most often first; what the object does not use comes last."""
        return [
            self.programs,
            self.maps,
            self.functions,
            self.variables,
            self.externs,
            self.helpers,
            self.types,
            self.lines,
            self.other_helpers,
        ]

    def read_some(self) -> bool:
        """Read what is quickly read; return whether there is more, which `read_rest` reads in a thread."""
        stop = time.thread_time() + _AT_ONCE
        return any(time.thread_time() > stop for _ in self._steps)

    def read_rest(self) -> None:
        """Read what is left, leaving the screen its time."""
        for _ in self._steps:
            if self._stopped.wait(_PAUSE):
                return
        gc.freeze()  # names stay: looking through them for what is not needed any more would only cost frames

    def stop(self) -> None:
        """Read no more: nobody will ask for it."""
        self._stopped.set()

    def _read(self) -> Iterator[None]:
        from ...core.helpers.names import HELPERS

        spec = self._spec
        yield from self.programs.add((name, Node(NodeKind.PROGRAM, name)) for name in spec.programs)
        yield from self.maps.add((found.name, map_node(found)) for found in spec.maps.values())
        yield from self.variables.add((name, Node(NodeKind.VARIABLE, name)) for name in spec.variables)
        externs = (*spec.externs.ksyms, *spec.externs.kfuncs)
        yield from self.externs.add((each.name, Node(NodeKind.EXTERN, each.name)) for each in externs)
        self.reading = "functions"
        yield from self.functions.add(self._functions())
        self.reading = "helpers"
        called = self._called()
        helpers = [(name, number) for number, name in enumerate(HELPERS) if number]
        yield from self.helpers.add(each for each in helpers if each[1] in called)
        yield from self.other_helpers.add(each for each in helpers if each[1] not in called)
        self.reading = "types"
        yield from self.types.add(self._types())
        self.reading = "C lines"
        yield from self._read_lines()
        self.reading = ""

    def _functions(self) -> Iterator[tuple[str, Node]]:
        """Yield the functions that are no programs, each with the first program that has it."""
        known: set[str] = set()
        for program in self._spec.programs.values():
            try:
                functions = program.functions[1:]
            except BpftuiError:
                continue  # damaged code says so itself
            for function in functions:
                if function.name not in known:
                    known.add(function.name)
                    yield function.name, Node(NodeKind.FUNCTION, function.name, program=program.name)

    def _called(self) -> set[int]:
        """Return the helpers that the object calls."""
        called: set[int] = set()
        for program in self._spec.programs.values():
            try:
                called |= helpers_called(program.code, program.byte_order)
            except BpftuiError:
                continue
        return called

    def _types(self) -> Iterator[tuple[str, int]]:
        btf = self._spec.types
        if btf is None:
            return
        for type_id in range(btf.first_id, len(btf)):
            try:
                if btf.kind(type_id) not in _FELLOWS and (name := btf.type_name(type_id)):
                    yield name, type_id
            except BpftuiError:
                continue

    def _type(self, name: str, type_id: int) -> tuple[str, str]:
        btf = self._spec.types
        kind = "" if btf is None else btf.kind(type_id).name.lower()
        return name, {"func": "function", "fwd": "declaration"}.get(kind, kind)

    def _read_lines(self) -> Iterator[None]:
        """Read the lines of C, those of each program when the last one's can be found already."""
        known: set[tuple[str, int]] = set()
        batch: list[tuple[str, _Line]] = []
        for program in self._spec.programs.values():
            try:
                infos: Iterable[LineInfo] = program.linked.line_infos
            except BpftuiError:
                continue
            for info in infos:
                place = info.file, info.line
                if place not in known and info.source.strip():
                    known.add(place)
                    where = f"{info.file.rpartition('/')[2]}:{info.line}"
                    batch.append((info.source.strip(), _Line(program.name, info.slot, where)))
            if len(batch) >= _BATCH:
                yield from self.lines.add(batch)
                batch = []
            yield
        yield from self.lines.add(batch)


_BATCH: Final = 4096
"""Lines of C that are read before they can be found: together they are sorted by length."""


class FinderController(Controller):
    """Finds what is typed, and goes there.

    Args:
        spec: What is explored.
        navigation: Where one is, and how one gets somewhere else.
        code: The ways to places in the code, and to who calls a helper.
        types: The way to a type.
        program: Returns the program that is meant; empty where there is none.
        keymap: Returns the keys that the user prefers, by the id of a binding.
        active: Returns the keys that work now.
        keyless: Returns what can be done now without a key: its name, the widget that does it, and the action.
        run: Does what a key does, for the widget that it belongs to.
        more: Returns what can be done on every screen.
        elsewhere: Returns where a query leads on every screen.
        inside: Returns the names of what the other open objects have.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+p", "find", "Find", key_display="^p", id="find", tooltip="Find anything by its name"),
        Binding(
            "colon",
            "find(':')",
            "Commands",
            show=False,
            id="palette",
            tooltip="Commands, or a place: 123, c123, a.c:123, a name",
        ),
    ]

    def __init__(
        self,
        stage: Stage,
        *,
        spec: CollectionSpec,
        navigation: Navigation,
        code: CodeController,
        types: TypesController,
        program: Callable[[], str],
        keymap: Callable[[], Mapping[str, str]],
        active: Callable[[], Mapping[str, ActiveBinding]],
        keyless: Callable[[], Iterable[tuple[str, DOMNode, str]]],
        run: Callable[[str, DOMNode], Any],
        more: Callable[[], Iterable[Command]],
        elsewhere: Callable[[str], Iterable[Command]],
        inside: Callable[[], Iterable[Names[Any]]],
    ) -> None:
        super().__init__(stage)
        self._navigation = navigation
        self._code = code
        self._program = program
        self._keymap = keymap
        self._active = active
        self._keyless = keyless
        self._run = run
        self._more = more
        self._elsewhere = elsewhere
        self._names = NamesOf(
            spec,
            go_to=navigation.go_to,
            show_place=code.show_place,
            show_type=types.show,
            show_helper=code.show_helper,
        )
        self._inside = inside
        self._begun = False

    def names(self) -> list[Names[Any]]:
        """Return the names of what the object has, by kind; reading them begins with the first question for them."""
        if not self._begun:
            self._begun = True
            if self._names.read_some():
                self.stage.start(self._names.read_rest)
        return self._names.all()

    @property
    def reading(self) -> str:
        """What is being read; empty for nothing."""
        return self._names.reading

    def action_find(self, typed: str = "") -> None:
        """Ask what is to be found."""
        kinds = [names_of(self._commands()), names_of(self._places(), "place"), *self.names(), *self._inside()]
        found = Found(kinds, self.destinations, lambda: self._names.reading)
        self.stage.ask(FindDialog(found, typed), self._go)

    def stop(self) -> None:
        """Read no more names."""
        self._names.stop()

    def _go(self, call: Callable[[], Any] | None) -> None:
        if call is not None:
            self.stage.call_later(call)

    def _commands(self) -> Iterator[Command]:
        """Yield what the keys do that work now, those of the pane first, and what has no key."""
        keymap = self._keymap()
        seen = {""}
        for active in self._active().values():
            binding = active.binding
            name = binding.id or ""
            if active.enabled and binding.tooltip not in seen and name not in _LEFT_OUT and not _MOVES.fullmatch(name):
                seen.add(binding.tooltip)
                keys = key_names(keymap.get(name, binding.key))
                yield Command(binding.tooltip, f"key {keys}", partial(self._run, binding.action, active.node))
        for title, node, action in self._keyless():
            if title not in seen:
                seen.add(title)
                yield Command(title, "", partial(self._run, action, node))
        yield from self._more()

    def _places(self) -> Iterator[Command]:
        """Yield the tabs that there are."""
        for number, tab in enumerate(TABS, 1):
            if self._navigation.has(tab):
                yield Command(
                    tab.capitalize(), f"tab {number}", partial(self._navigation.action_show_tab, tab), "place"
                )

    def destinations(self, query: str) -> Iterator[Command]:
        """Yield where in the code a query leads: a number is an instruction, `c12`, `prog.c:12` a line of C."""
        if query.isascii() and query.isdecimal() and (program := self._program()):
            go = partial(self._code.go_to_slot, int(query[:9]))
            yield Command(f"Instruction {query} of {program}", "in the code", go, "place")
        line = _LINE.fullmatch(query)
        if line is not None:
            file = line["file"] or ""
            where = f"{file}:{line['line']}" if file else line["line"]
            go = partial(self._code.go_to_line, file, int(line["line"]))
            yield Command(f"C line {where}", "in the code", go, "place")
        yield from self._elsewhere(query)
