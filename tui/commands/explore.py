"""`bpftui OBJECT`: the explorer."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Any

from ...core.errors import BpftuiError, ExitCode, UsageError
from ...core.spec.container import SeveralObjectsError
from ...core.visible import is_visible
from ..terminal.guardian import guardian
from .common import (
    Parser,
    add_machine,
    add_object,
    add_settings,
    add_source,
    hire_guardian,
    machine_options,
    open_loaded,
    open_spec,
    uncollected,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from ...core.live import RuntimeName
    from ...core.spec import CollectionSpec
    from ...core.traffic import Traffic

__all__ = ["explore", "make_parser", "require_terminal", "run"]


def make_parser() -> Parser:
    """Return what reads its arguments."""
    parser = Parser("", "Explore a BPF object: read its code, set variables, load, attach, watch.")
    add_object(parser, optional=True, loaded=True)
    add_source(parser)
    add_settings(parser)
    parser.add_argument(
        "--attach",
        metavar="PROGRAM[=TARGET]",
        action="append",
        default=[],
        help="load and attach at once, as with `bpftui watch`: to an interface, to `sandbox`, to what its section says",
    )
    add_machine(parser)
    return parser


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = make_parser().parse(arguments, drops=True)
    hire_guardian()
    machine_options(options)  # what is wrong with it is said before anything is opened
    try:
        return _explore_chosen(options) if options.object is None else _explore_named(options)
    finally:
        guardian().ending()  # who explored has quit, and waits for the prompt


def _explore_named(options: argparse.Namespace) -> int:
    """Explore the object that was named."""
    # What is wrong with the object is worth more than that there is no terminal to show it in.
    notes: list[str] = []
    try:
        with uncollected():
            spec = open_loaded(options, notes.append)
    except SeveralObjectsError as several:
        require_terminal(_show(options.object))
        return _explore_several(several, options)
    require_terminal(_show(options.object))
    return _explore(spec, options, notes)


def _show(file: str) -> str:
    """Return the command that shows a file, as a shell takes it."""
    return f"bpftui show {shlex.quote(file)}" if is_visible(file) else "bpftui show OBJECT"


def _explore(spec: CollectionSpec, options: argparse.Namespace, notes: Sequence[str]) -> int:
    return explore(
        spec,
        runtime=options.runtime,
        attach=options.attach,
        notes=notes,
        options=machine_options(options),
        gave_up=options.gave_up,
    )


def _explore_chosen(options: argparse.Namespace) -> int:
    """Let the user choose an object, explore it, and come back to the list until the user quits there."""
    if not _in_terminal():
        raise UsageError(
            "no object was named", hint="bpftui OBJECT explores one, bpftui demo shows one at work, bpftui --help all"
        )
    from ..pickers.start_picker import pick_start

    problem = ""
    while (chosen := pick_start(problem)) is not None:
        options.object, problem = chosen, ""
        try:
            code = _explore_named(options)
        except BpftuiError as error:
            problem = error.message
        else:
            if code != ExitCode.OK:
                return code
    return ExitCode.OK


def _explore_several(several: SeveralObjectsError, options: argparse.Namespace) -> int:
    """Let the user choose an object, explore it, and come back to the list until the user quits there."""
    from ..pickers.object_picker import pick

    chosen: int | None = 1
    while (chosen := pick(several, chosen)) is not None:
        options.object = f"{several.file}#{chosen}"
        notes: list[str] = []
        spec = open_spec(options, notes.append)
        code = _explore(spec, options, notes)
        if code != ExitCode.OK:
            return code
    return ExitCode.OK


def _in_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def require_terminal(instead: str) -> None:
    """Raise UsageError unless there is a terminal to draw on and to type into; Textual would hang."""
    if not _in_terminal():
        raise UsageError("the explorer needs a terminal, and there is none", hint=f"try: {instead}")


def explore(
    spec: CollectionSpec,
    *,
    runtime: RuntimeName,
    attach: Sequence[str],
    traffic: Traffic | None = None,
    notes: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
    gave_up: str = "",
) -> int:
    """Open the explorer on *spec*.

    Args:
        runtime: What it is loaded into.
        attach: As on the command line.
        traffic: What flows in a sandbox for which nothing else is asked.
        notes: What the user is to know at the start.
        options: What the runtime is made with.
        gave_up: Which rights were given up, as a sentence.
    """
    with uncollected():
        from ...core.spec.targets import parse_attachment
        from ..app import run as run_app

        attachments = [parse_attachment(text) for text in attach]
        return run_app(
            spec,
            runtime=runtime,
            attach=attachments,
            traffic=traffic,
            notes=notes,
            options=options or {},
            gave_up=gave_up,
        )
