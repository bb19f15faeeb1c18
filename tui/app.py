"""BpftuiApp: home and the objects that are open, each with its screen. Everything else lives in the screens."""

from __future__ import annotations

import asyncio
import importlib
import os
import pkgutil
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, TypeAlias

from textual.binding import Binding, BindingType

from ..core.errors import BpftuiError, ExitCode, NoPermissionError
from ..core.foreign import is_recording
from ..core.live import Session
from ..core.references import parse_loaded
from ..core.spec import CollectionSpec
from ..core.spec.container import SeveralObjectsError
from .base_app import BaseApp
from .dialogs.confirm import ConfirmDialog
from .hot_swap import HotSwap
from .live_reload import INTERVAL, LiveReload
from .operations import Operations
from .permission import Permission
from .screens.explorer import ExplorerScreen
from .state.config import config_file
from .status import Failure, Work
from .stylesheet import every_widget
from .text.format import byte_size
from .watched_file import WatchedFile
from .widgets.message_line import MessageLine
from .widgets.place_tabs import BROAD, WIDE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from textual.screen import Screen

    from ..core.choice import RuntimeName
    from ..core.debug import Recording
    from ..core.debug.verified import VerifierLogs
    from ..core.live import Swapped
    from ..core.system.load import Looker
    from .changes import Changes
    from .controllers.controller import ControlledScreen
    from .dialogs.command import Command
    from .screens.home import HomeScreen
    from .screens.system import Beginning, SystemScreen
    from .state.config import Config
    from .targets import Thing
    from .text.fuzzy import Names


__all__ = ["BpftuiApp", "Debugged", "Reader"]

_NAMED: Final = 8
"""Variables that a question names."""


Reader: TypeAlias = "Callable[[str, Callable[[str], None]], CollectionSpec]"
"""Reads an object of a name, and tells the second argument what there is to know of it besides."""


class Debugged(NamedTuple):
    """A run to begin in."""

    recording: Recording
    breaks: Sequence[str] = ()
    """Where it is to stop: `prog.c:40`, `17 if r1 > 5`."""
    logs: VerifierLogs | None = None
    """Those of the kernel's verifier, for what it knew."""
    until: str = ""
    """Where it begins: where a run first comes to this, as a breakpoint is said; empty for the beginning."""


@dataclass(frozen=True, slots=True, eq=False)
class OpenObject:
    """An object that is open."""

    session: Session
    operations: Operations
    screen: ExplorerScreen
    mode: str
    watched: WatchedFile | None
    """The file that it is from, where that can change."""

    @property
    def state(self) -> str:
        """How far it has come, as home says it."""
        status = self.operations.status()
        places = ", ".join(text.rpartition(" → ")[2] for text in status.attached)
        if status.moment:
            return status.moment
        if (theirs := self.operations.session.theirs) is not None:
            return " ▲ ".join((f"{status.stage}  {theirs.title}", *theirs.attachments[:1]))
        return f"▲ ATTACHED {places}" if places else status.stage


class BpftuiApp(BaseApp[ExitCode]):
    """Home, and the objects that are open: each stays as it is, loaded and attached, while another one is looked at.

    Args:
        sessions: The sessions of the objects that are open at the start, the first of them in front; without one, home
            is. Whoever made them closes them.
        runtime: The runtime's name, for the status line.
        attach: Attachments to make at the start: (program, target) of the first object. With any, it is loaded at once.
        config: What the user prefers.
        notes: What the user is to know at the start.
        gave_up: Which rights were given up, as a sentence, for the log.
        read: Reads an object that is opened later.
        begin: Makes its session, in a thread; it is closed at the end.
        play: Makes the session of a recording of a name, in a thread; it is closed at the end.
        observe: Returns what looks at what the machine runs; None where nothing does.
        no_changes: Why nothing of others is ever changed, as a sentence; empty where it may be.
        begin_at: How to begin where that is shown, in the place of home; without a session only.
        debug: A run of a program of the first object to begin in.
        reload: Whether what is loaded is swapped for the new version whenever its file changes, without being asked.
    """

    DEFAULT_MODE: ClassVar[str] = "first"
    """A mode is what Textual calls a stack of screens: home has one, and each object. This is that at the start."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide"), (BROAD, "-broad")]  # noqa: RUF012 - Textual declares it so
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True, id="app.quit", tooltip="Quit from anywhere"),
        Binding("ctrl+z", "suspend_process", "Suspend", show=False, priority=True, id="app.suspend"),
        Binding("0", "home", "Home", show=False, id="app.home", tooltip="Home: objects to open, and those that are"),
        Binding(
            "left_parenthesis",
            "walk(-1)",
            "Object before",
            show=False,
            key_display="(",
            id="app.object-before",
            tooltip="The open object before",
        ),
        Binding(
            "right_parenthesis",
            "walk(1)",
            "Next object",
            show=False,
            key_display=")",
            id="app.object-next",
            tooltip="The next open object",
        ),
    ]

    def __init__(
        self,
        *sessions: Session,
        runtime: RuntimeName = "kernel",
        attach: Sequence[tuple[str, str]] = (),
        config: Config | None = None,
        notes: Sequence[str] = (),
        gave_up: str = "",
        read: Reader | None = None,
        begin: Callable[[CollectionSpec], Session] = Session,
        play: Callable[[str], Session] | None = None,
        observe: Callable[[], Looker] | None = None,
        no_changes: str = "",
        begin_at: Beginning | None = None,
        debug: Debugged | None = None,
        reload: bool = False,
    ) -> None:
        super().__init__(config)
        self._debug = debug
        self.permission = Permission(refusal=no_changes)
        """Whether what others have loaded may be changed, on all screens."""
        self._runtime: RuntimeName = runtime
        self._begin_at = None if sessions else begin_at
        self._home_mode = "home" if sessions or self._begin_at else self.DEFAULT_MODE
        self._system_mode = self.DEFAULT_MODE if self._begin_at else "system"
        self.read = read or _read
        """Reads an object, in a thread."""
        self._numbers = 0
        self.objects: list[OpenObject] = []
        """What is open, in the order in which it was opened."""
        for index, session in enumerate(sessions):
            self._add(session, () if index else attach)
        self._last = self.objects[0] if self.objects else None
        self._load_at_once = bool(attach)
        self._notes = notes
        self._gave_up = gave_up
        self._hot_swap = HotSwap(self, at_once=reload)
        self.live_reload = None if read is None else LiveReload(self, self._hot_swap)
        self.begin_session = begin
        """Makes the session of a spec, in a thread."""
        self._play = play or _play
        self._observe = observe or _cannot_observe
        self._home: HomeScreen | None = None
        self._system: SystemScreen | None = None
        self._all_open = asyncio.Event()
        """Clear while an object is being opened."""
        self._all_open.set()
        self.add_mode(self._home_mode, self._make_home)  # pyright: ignore[reportUnknownMemberType] - Screen, of whatever result
        self.add_mode(self._system_mode, self._make_system)  # pyright: ignore[reportUnknownMemberType]

    def _add(
        self, session: Session, attach: Sequence[tuple[str, str]] = (), watched: WatchedFile | None = None
    ) -> OpenObject:
        """Take an object among those that are open; *watched* is its file, where that is watched already."""
        runtime = self._runtime if session.collection is None else session.runtime.name
        operations = Operations(session, runtime=runtime, attach=attach, permission=self.permission)
        self._numbers += 1
        first = self._numbers == 1 and self.DEFAULT_MODE not in (self._home_mode, self._system_mode)
        mode = self.DEFAULT_MODE if first else f"object-{self._numbers}"
        if watched is None and _can_change(session):
            read = partial(self.read, session.name)
            watched = WatchedFile(_path(session.name), read, session.spec.headers)
        added = OpenObject(session, operations, ExplorerScreen(session.spec, operations), mode, watched)
        self.objects.append(added)
        self.add_mode(added.mode, lambda: added.screen)  # pyright: ignore[reportUnknownMemberType]
        return added

    def _make_home(self) -> Screen[Any]:
        from .screens.home import HomeScreen

        self._home = HomeScreen(
            opened=lambda: [(_path(each.session.name), each.state) for each in self.objects],
            attached=lambda: sum(len(each.session.links) for each in self.objects),
            open_object=self.open_object,
            close_object=self.close_object,
            commands=self.commands,
            destinations=self.destinations,
            inside=self.names_inside,
        )
        return self._home

    def _make_system(self) -> Screen[Any]:
        from .screens.system import SystemScreen

        self._system = SystemScreen(
            observe=self._observe,
            open_object=self.open_object,
            commands=self.commands,
            destinations=self.destinations,
            permission=self.permission,
            begin_at=self._begin_at,
        )
        return self._system

    # The object that is meant: the one in front, or the last that was

    @property
    def _meant(self) -> OpenObject | None:
        return next((each for each in self.objects if each.mode == self.current_mode), self._last)

    @property
    def _object(self) -> OpenObject:
        meant = self._meant
        assert meant is not None, "no object is open"
        return meant

    def _named(self, path: str) -> OpenObject | None:
        """Return the open object of that absolute name."""
        return next((each for each in self.objects if _path(each.session.name) == path), None)

    @property
    def session(self) -> Session:
        """The session of the object that is in front, or was last."""
        return self._object.session

    @property
    def operations(self) -> Operations:
        """Its operations."""
        return self._object.operations

    @property
    def explorer(self) -> ExplorerScreen:
        """Its screen."""
        return self._object.screen

    # Going from one to another

    async def _show(self, mode: str) -> None:
        if mode != self.current_mode:
            self._last = self._meant
            await self.switch_mode(mode)

    async def action_home(self) -> None:
        """Go home; what is open stays as it is."""
        await self._show(self._home_mode)

    async def action_system(self, noun: str = "", name: str = "") -> None:
        """Go to what this machine runs; in the tab of a noun, where one is named, and to a thing there."""
        await self._show(self._system_mode)
        if noun and self._system is not None:
            if name:
                self._system.go_to_named(noun, name)
            else:
                self._system.action_show_tab(noun)

    async def go_to_thing(self, thing: Thing) -> None:
        """Go to a thing among what this machine runs; the way back leads to where one is."""
        before = self.current_mode
        await self._show(self._system_mode)
        if self._system is not None:
            self._system.go_to(thing)
            self._lead_back(self._system, before)

    def _lead_back(self, screen: ControlledScreen, mode: str) -> None:
        """Let the way back from a screen lead to the one that a name was followed from."""

        async def go_back() -> None:
            screen.way_back = None
            screen.refresh_bindings()
            if mode == self._system_mode or any(each.mode == mode for each in self.objects):
                await self._show(mode)

        screen.way_back = partial(self.call_later, go_back)
        screen.refresh_bindings()

    async def action_walk(self, by: int) -> None:
        """Go to the open object before or after this one."""
        modes = [each.mode for each in self.objects]
        if not modes:
            self.notify("no object is open: enter opens the chosen one", timeout=3)
        elif modes == [self.current_mode]:
            self.notify("no other object is open: 0 leads home, where there are some", timeout=3)
        elif self.current_mode in modes:
            await self._show(modes[(modes.index(self.current_mode) + by) % len(modes)])
        else:
            await self._show(modes[0 if by > 0 else -1])

    def open_object(self, file: str) -> None:
        """Open an object, or go to it where it is open already; what is wrong with it is said where one is."""
        try:
            path, name = _path(file), parse_loaded(file)
        except BpftuiError as error:
            self._cannot_open(file, error)
            return
        if name is not None and name.kind == "place":
            self.run_worker(self.action_system(name.noun, name.text))
            return
        if (found := self._named(path)) is not None:
            self.run_worker(self._show(found.mode))
            if self.current_mode == self._system_mode:
                self._lead_back(found.screen, self.current_mode)
            return
        line = self._message_line
        line.settle("open")
        line.show_work(Work(f"opening {os.path.basename(path)}"))
        self._all_open.clear()
        self.run_worker(partial(self._open, path), thread=True, exit_on_error=False, description="open")

    @property
    def _message_line(self) -> MessageLine:
        return self.screen_stack[0].query_one(MessageLine)

    def _open(self, path: str) -> None:
        notes: list[str] = []
        try:
            # What others have loaded is opened here, each program and map: whoever opens them may be busy.
            found: Session | Exception = (
                self._play(path) if is_recording(path) else self.begin_session(self.read(path, notes.append))
            )
        except Exception as error:
            found = error
        self.call_from_thread(self._opened, path, found, notes)

    async def _opened(self, path: str, found: Session | Exception, notes: Sequence[str]) -> None:
        """Show what was opened, or say why it was not: what was typed for it meanwhile is then for nobody."""
        line = self._message_line
        line.show_work(None)
        try:
            if isinstance(found, SeveralObjectsError):
                self._ask_which(found)
            elif isinstance(found, Exception):
                self._cannot_open(path, found)
            else:
                added, before = self._add(found), self.current_mode
                await self._show(added.mode)
                if before == self._system_mode:
                    self._lead_back(added.screen, before)
                for note in notes:
                    added.screen.notify(note, severity="warning", timeout=8)
        except Exception as error:
            self._cannot_open(path, error)
        finally:
            self._all_open.set()  # whatever came of it, keys wait no longer

    def _cannot_open(self, path: str, error: Exception) -> None:
        self.type_ahead.forget()
        known = isinstance(error, BpftuiError)
        why = error.message if known else f"cannot open {path}: {type(error).__name__}: {error}"
        hint = (error.hint if known else None) or ""
        if known and error.problems and not hint:
            hint = f"bpftui check {os.path.basename(path)} tells them all"
        self._message_line.fail(Failure("open", why, hint))

    def _ask_which(self, several: SeveralObjectsError) -> None:
        from .dialogs.choose import Choice, ChooseDialog

        choices = [
            Choice(f"{several.file}#{number}", f"#{number} {each.name}".rstrip(), byte_size(each.size))
            for number, each in enumerate(several.objects, 1)
        ]

        def chosen(answer: tuple[str, str] | None) -> None:
            if answer is not None:
                self.open_object(answer[1])

        title = f"{os.path.basename(several.file)} holds {len(choices)} BPF objects"
        self.push_screen(ChooseDialog(title, choices), chosen)

    # Files that change while they are explored

    async def replace(
        self, old: OpenObject, session: Session, changes: Changes, swapped: Swapped | None = None
    ) -> ExplorerScreen:
        """Show another version of an object in its place, where one was in it, and what changed.

        Until the new screen is the one that keys are for nothing is waited for.

        Args:
            old: The object.
            session: Of the other version.
            changes: What is not as it was.
            swapped: What became of what was loaded, where the other version was put in its place.
        """
        added = self._add(session, old.operations.attach_first, old.watched)
        if swapped is None:
            added.operations.unsaved |= old.operations.unsaved & session.spec.variables.keys()
        else:
            added.operations.take_over(old.operations, swapped)
        self.objects.remove(added)
        self.objects[self.objects.index(old)] = added
        before = self._last
        await self._show(added.mode)
        self._last = added if before is old else before
        await added.screen.furnished.wait()
        added.screen.take_over(old.screen, changes)
        await asyncio.to_thread(old.operations.close)
        await self.remove_mode(old.mode)
        self._list_at_home()
        return added.screen

    def swap(self, screen: ExplorerScreen) -> None:
        """Put the version that its file has become in the place of what a screen has loaded."""
        found = next((each for each in self.objects if each.screen is screen), None)
        if found is not None:
            self._hot_swap.asked(found)

    def close_object(self, path: str) -> None:
        """Close an open object; what of it is attached is asked about."""
        found = self._named(path)
        if found is None:
            return

        def close(sure: bool | None) -> None:
            if sure:
                self.run_worker(self._close_object(found))

        self._ask_first("Close", [found], close)

    async def _close_object(self, found: OpenObject) -> None:
        self.objects.remove(found)
        if self._last is found:
            self._last = None
        self._list_at_home()
        await asyncio.to_thread(found.operations.close_noted)
        await self.remove_mode(found.mode)
        self._list_at_home()  # what became of it is known now

    def _list_at_home(self) -> None:
        if self._home is not None:
            self._home.on_screen_resume()

    def _ask_first(self, what: str, objects: Sequence[OpenObject], then: Callable[[bool | None], None]) -> None:
        """Ask once what of *objects* would end, with No first: what is attached, recorded, set and in no preset.

        Where nothing would be, go on at once.
        """
        attached = [(each, text) for each in objects for text in each.operations.attachments()]
        kept = [(each, each.operations.keeping.path) for each in objects if each.operations.keeping.seconds is not None]
        unsaved = [(each, text) for each in objects if (text := _some(each.operations.unsaved))]
        if not (attached or kept or unsaved):
            then(True)
            return
        several = len({each.mode for each, _ in (*attached, *kept, *unsaved)}) > 1
        parts: list[str] = []
        for heading, found in (
            ("These are attached, and will be detached:", attached),
            ("These recordings end, and are kept:", kept),
            ("These are set, and in no preset (P saves one):", unsaved),
        ):
            if found:
                lines = [f"  {_name(each)}: {text}" if several else f"  {text}" for each, text in found]
                parts.append("\n".join([heading, *lines]))
        confirm = f"Detach and {what.lower()}" if attached else f"{what} all the same"
        self.push_screen(ConfirmDialog(what, "\n\n".join(parts), confirm=confirm), then)

    def commands(self) -> list[Command]:
        """Return what can be done on every screen."""
        from .dialogs.ask import AskDialog
        from .dialogs.command import Command

        def opened(file: str | None) -> None:
            if file:
                self.open_object(file)

        def ask() -> None:
            notes = ("a BPF object, or what holds one; FILE#2 is the second object in a file",)
            self.push_screen(AskDialog("Open a file", notes=notes, confirm="Open"), opened)

        others = [each for each in self.objects if each.mode != self.current_mode]
        return [
            Command("Home", "key 0", self.action_home),
            Command("System", "what this machine runs", self.action_system),
            Command("Open a file", "open FILE", ask),
            *(Command(f"Go to {_name(each)}", each.state, partial(self._show, each.mode)) for each in others),
            *super().commands(),
        ]

    def names_inside(self) -> list[Names[Any]]:
        """Return the names of what is in the open objects that were looked at, but for the one in front."""
        return [
            names.seen_from_elsewhere(_name(each), partial(self._show, each.mode))
            for each in self.objects
            if each.mode != self.current_mode and each.screen.furnished.is_set()
            for names in each.screen.finder.names()
        ]

    def destinations(self, query: str) -> list[Command]:
        """Return what `open FILE` opens, and the list of the System place that `prog`, `map`, … is."""
        from .dialogs.command import Command
        from .screens.system import noun_named

        word, _, file = query.partition(" ")
        if noun := noun_named(word):
            what = f"{noun} {file.strip()}".strip()
            go = partial(self.action_system, noun, file.strip())
            return [Command(f"{what}: what this machine runs", "a place" if file else "a list", go, "place")]
        if word != "open" or not (file := file.strip()):
            return []
        return [Command(f"Open {file}", "a file", partial(self.open_object, file), "place")]

    # The app

    def warm_up(self) -> None:
        """Have what a first key would wait for some tenths of a second for."""
        self.run_worker(self._warm_up(), exit_on_error=False, group="warm-up", description="warm-up")

    async def _warm_up(self) -> None:
        await asyncio.to_thread(_import_places)
        for widget in every_widget():
            self.stylesheet.prepare(widget)
            await asyncio.sleep(0)  # keys come first

    def on_mount(self) -> None:
        """Do what is to be done at once after the first frame."""
        self.set_keymap(dict(self.config.keys))
        self.run_worker(self._begin())
        if self.live_reload is not None:
            self.set_interval(INTERVAL, self.live_reload.look_again)

    async def action_quit(self) -> None:
        """Quit from whatever screen is in front; what would be lost, of any object, is asked about once."""
        if isinstance(self.screen, ConfirmDialog):
            return

        def leave(sure: bool | None) -> None:
            if sure:
                self.exit()

        self._ask_first("Quit", self.objects, leave)

    def _fatal_error(self) -> None:
        """Only end: `run` raises what nobody expected, and the command line says it in one line."""
        self._close_messages_no_wait()

    @property
    def failure(self) -> Exception | None:
        """What nobody expected and ended the app."""
        return self._exception

    async def _begin(self) -> None:
        await self.ready().wait()
        if self.objects and self._gave_up:
            self.explorer.journal.line(self._gave_up)
        for note in self._notes:
            if self.objects:
                self.explorer.journal.line(note)
            self.notify(note, severity="warning", timeout=8)
        if self._load_at_once:
            self.operations.load()
        if self._debug is not None:
            debug = self._debug
            self.explorer.debug(debug.recording, debug.breaks, debug.logs, until=debug.until)
        if self.config.keys:
            from .key_table import unknown

            if wrong := await asyncio.to_thread(unknown, self.config.keys, str(config_file())):
                self.notify(wrong, severity="warning", timeout=15)

    def ready(self) -> asyncio.Event:
        """Let keys wait for the panes, and for the object, that they are meant for."""
        if not self._all_open.is_set():
            return self._all_open
        if self._home is not None and self.current_mode == self._home_mode:
            return self._home.furnished
        if self._system is not None and self.current_mode == self._system_mode:
            return self._system.furnished
        return self.explorer.furnished if self.objects else super().ready()


def _cannot_observe() -> Looker:
    raise NoPermissionError(
        "the built-in machine has nothing to list: whatever runs there is of one object",
        hint="bpftui --runtime kernel shows what this machine runs, as root",
    )


def _read(file: str, _: Callable[[str], None]) -> CollectionSpec:
    return CollectionSpec.from_file(file)


def _can_change(session: Session) -> bool:
    """Whether what is explored is a file that may be written anew: neither a recording, nor loaded, nor a pipe."""
    name = session.name
    return session.theirs is None and parse_loaded(name) is None and os.path.isfile(name) and not is_recording(name)


def _play(file: str) -> Session:
    from ..core.tape import PlayedSession

    return PlayedSession(file)


def _path(file: str) -> str:
    """Return the absolute name of a file; the name of what is loaded is that already."""
    return file if parse_loaded(file) is not None else os.path.abspath(os.path.expanduser(file))


def _name(found: OpenObject) -> str:
    return found.session.title


def _some(names: Iterable[str]) -> str:
    """Return names in one line, and how many more there are."""
    found = sorted(names)
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return ", ".join(found[:_NAMED]) + more


def _import_places() -> None:
    """Import the places and the dialogs that no key has asked for yet, and compile what colours C."""
    from ..core import listing
    from . import dialogs, screens
    from .widgets.code.code_colors import warm_up

    for package in (screens, dialogs, listing):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    warm_up()
