"""`bpftui OBJECT`: the explorer."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Any, Final

from ...core.errors import ExitCode, UsageError
from ...core.foreign import is_recording
from ...core.references import parse_loaded
from ...core.spec.container import SeveralObjectsError
from ...core.visible import is_visible
from ..terminal.guardian import guardian
from ..terminal.served import is_served
from .common import (
    add_machine,
    add_object,
    add_read_only,
    add_reload,
    add_settings,
    add_source,
    hire_guardian,
    machine_options,
    open_loaded,
    open_spec,
    read_file,
    read_loaded,
    uncollected,
)
from .parser import Parser
from .privileges import changes_refused

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ...core.choice import RuntimeName
    from ...core.coverage.gathered import Gathered
    from ...core.references import LoadedName
    from ...core.spec import CollectionSpec
    from ...core.traffic import Traffic
    from ..app import Reader
    from ..screens.system import Beginning

__all__ = ["explore", "make_parser", "reader", "require_terminal", "run"]


_DESCRIPTION: Final = "Explore a BPF object: read its code, set variables, load, attach, watch."
_EXAMPLES: Final = (
    ("prog.o", "open it: code, variables, maps"),
    ("prog.c --attach PROGRAM=sandbox", "compile, load, attach"),
    ("id:42", "what is loaded already, live"),
    ("", "home: what was opened, what runs"),
)


def make_parser(
    command: str = "", description: str = _DESCRIPTION, examples: Iterable[tuple[str, str]] = _EXAMPLES
) -> Parser:
    """Return what reads its arguments, or those of a command that explores somewhere else than in a terminal."""
    parser = Parser(command, description, examples)
    add_object(parser, several=True, loaded=True)
    add_source(parser)
    add_settings(parser)
    parser.add_argument(
        "--attach",
        metavar="PROGRAM[=TARGET]",
        action="append",
        default=[],
        help="load and attach at once, as with `bpftui watch`: to an interface, to `sandbox`, to what its section says",
    )
    add_reload(parser)
    parser.add_argument(
        "--coverage",
        metavar="FILE",
        help="what tests came to (`pytest --bpf-cov` writes .bpf-coverage): m shows it beside the code",
    )
    add_machine(parser)
    add_read_only(parser)
    return parser


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = make_parser().parse(arguments, drops=True)
    hire_guardian()
    machine_options(options)  # what is wrong with it is said before anything is opened
    try:
        coverage = _coverage(options)
        if options.objects and (place := _place(options)) is not None:
            return _begin_there(place, options)
        return _explore_named(options, coverage) if options.objects else _begin_at_home(options, coverage)
    finally:
        guardian().ending()  # who explored has quit, and waits for the prompt


def _place(options: argparse.Namespace) -> LoadedName | None:
    """Return the place of this machine that was named; None where objects were.

    Raises:
        UsageError: There is more beside it: what runs here has a screen of its own.
    """
    names = [parse_loaded(each) for each in options.objects]
    place = next((each for each in names if each is not None and each.kind == "place"), None)
    if place is not None and (len(names) > 1 or options.attach or options.settings or options.preset is not None):
        raise UsageError(f"{place.noun}:{place.text} is named alone: it is where programs run, and no object")
    return place


def _begin_there(place: LoadedName, options: argparse.Namespace) -> int:
    """Begin at a place of this machine, in what runs here."""
    require_terminal(f"bpftui list {place.noun}")
    from ..screens.system import Beginning

    return explore(
        runtime=options.runtime,
        options=machine_options(options),
        gave_up=options.gave_up,
        attach=(),
        read=reader(options.source, options.cflags),
        no_changes=changes_refused(options),
        begin_at=Beginning(place=(place.noun, place.text)),
    )


def _coverage(options: argparse.Namespace) -> Gathered | None:
    """Return what tests came to, if that was asked for."""
    if options.coverage is None:
        return None
    from ...core.coverage.gathered import Gathered

    return Gathered.read(options.coverage)


def _explore_named(options: argparse.Namespace, coverage: Gathered | None) -> int:
    """Explore the objects that were named, the first of them in front."""
    # What is wrong with an object is worth more than that there is no terminal to show it in.
    notes: list[str] = []
    try:
        with uncollected():
            specs = [_opened(options, notes.append, file) for file in options.objects]
    except SeveralObjectsError as several:
        require_terminal(_show(options.objects[0]))
        if len(options.objects) > 1:
            raise
        return _explore_several(several, options, coverage)
    require_terminal(_show(options.objects[0]))
    return _explore(specs, options, notes, coverage)


def _opened(options: argparse.Namespace, say: Callable[[str], None], file: str) -> CollectionSpec | str:
    """Return an object that was named, or the name of a recording."""
    if not is_recording(file):
        return open_loaded(options, say, file=file)
    if options.settings or options.program_types or options.preset is not None or options.attach:
        raise UsageError(
            f"{file} is a recording: it is played, and not changed",
            hint="--attach, --set, --type and --preset are for objects",
        )
    return file


def _show(file: str) -> str:
    """Return the command that shows a file, as a shell takes it."""
    return f"bpftui show {shlex.quote(file)}" if is_visible(file) else "bpftui show OBJECT"


def _explore(
    specs: Sequence[CollectionSpec | str], options: argparse.Namespace, notes: Sequence[str], coverage: Gathered | None
) -> int:
    """Explore objects, and recordings by name; what is opened from there is read as it is in its file, or in memory."""
    return explore(
        *specs,
        runtime=options.runtime,
        attach=options.attach,
        notes=notes,
        options=machine_options(options),
        gave_up=options.gave_up,
        no_changes=changes_refused(options),
        read=reader(options.source, options.cflags),
        coverage=coverage,
        reload=options.reload,
    )


def reader(source: Sequence[str] = (), cflags: str | None = None) -> Reader:
    """Return what reads an object as it is in its file, or in memory.

    Args:
        source: Directories in which its C files are looked for.
        cflags: How a C file is compiled; None for what is found beside it.
    """

    def read(file: str, say: Callable[[str], None]) -> CollectionSpec:
        return read_loaded(file) if parse_loaded(file) is not None else read_file(file, source, cflags, say)

    return read


def _begin_at_home(options: argparse.Namespace, coverage: Gathered | None) -> int:
    """Let the user choose an object; what was asked for is done with whichever is chosen."""
    if not _in_terminal():
        raise UsageError(
            "no object was named", hint="bpftui OBJECT explores one, bpftui demo shows one at work, bpftui --help all"
        )
    if options.attach:
        raise UsageError("--attach is for an object that is named", hint="bpftui OBJECT --attach PROGRAM")

    def read(file: str, say: Callable[[str], None]) -> CollectionSpec:
        return open_loaded(options, say, file=file)

    return explore(
        runtime=options.runtime,
        options=machine_options(options),
        gave_up=options.gave_up,
        attach=(),
        read=read,
        no_changes=changes_refused(options),
        coverage=coverage,
        reload=options.reload,
    )


def _explore_several(several: SeveralObjectsError, options: argparse.Namespace, coverage: Gathered | None) -> int:
    """Let the user choose an object, explore it, and come back to the list until the user quits there."""
    from ..pickers.object_picker import pick

    chosen: int | None = 1
    while (chosen := pick(several, chosen)) is not None:
        notes: list[str] = []
        spec = open_spec(options, notes.append, file=f"{several.file}#{chosen}")
        code = _explore([spec], options, notes, coverage)
        if code != ExitCode.OK:
            return code
    return ExitCode.OK


def _in_terminal() -> bool:
    """Whether there is something to draw on and to type into: a terminal, or a browser."""
    return is_served() or (sys.stdin.isatty() and sys.stdout.isatty())


def require_terminal(instead: str) -> None:
    """Raise UsageError unless there is a terminal to draw on and to type into; Textual would hang."""
    if not _in_terminal():
        raise UsageError("the explorer needs a terminal, and there is none", hint=f"try: {instead}")


def explore(
    *specs: CollectionSpec | str,
    runtime: RuntimeName,
    attach: Sequence[str],
    traffic: Traffic | None = None,
    notes: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
    gave_up: str = "",
    read: Reader | None = None,
    no_changes: str = "",
    begin_at: Beginning | None = None,
    coverage: Gathered | None = None,
    reload: bool = False,
) -> int:
    """Open the explorer on *specs*, or recordings by their names, or at home.

    Args:
        runtime: What it is loaded into.
        attach: As on the command line.
        traffic: What flows in a sandbox for which nothing else is asked.
        notes: What the user is to know at the start.
        options: What the runtime is made with.
        gave_up: Which rights were given up, as a sentence.
        read: Reads an object that is opened later.
        no_changes: Why nothing of others is ever changed, as a sentence; empty where it may be.
        begin_at: How to begin where what the machine runs is shown, in the place of home.
        coverage: What runs of their programs came to, in tests.
        reload: Whether what is loaded is swapped for the new version whenever its file changes.
    """
    with uncollected():
        from ...core.spec.targets import parse_attachment
        from ..running import run as run_app

        attachments = [parse_attachment(text) for text in attach]
        return run_app(
            *specs,
            runtime=runtime,
            attach=attachments,
            traffic=traffic,
            notes=notes,
            options=options or {},
            gave_up=gave_up,
            read=read,
            no_changes=no_changes,
            begin_at=begin_at,
            coverage=coverage,
            reload=reload,
        )
