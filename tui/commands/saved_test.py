"""`--save-test FILE`: what a command ran becomes a test that pytest runs."""

from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING, Any

from ...core.errors import UsageError
from ...core.files import unwritable
from ...core.foreign import is_recording
from ...core.testing.given import MOST_RUNS, Given
from ...core.testing.saved import TestedRecording, runs_test, set_values, write_test
from ..terminal.output import write_line
from .common import warn

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from ...core.debug import Recording
    from ...core.spec import CollectionSpec
    from .common import Parser

__all__ = ["add_save_test", "captured_runs", "check_save_test", "save_recording_as_test", "save_test"]


def add_save_test(parser: Parser) -> None:
    """Add `--save-test`."""
    parser.add_argument(
        "--save-test",
        metavar="FILE.py",
        help="write a test for pytest: packets, context, maps and variables, and what the program does with them on "
        "the built-in machine (docs/testing.md)",
    )


def check_save_test(options: argparse.Namespace, option: str = "--save-test") -> None:
    """Raise what a test cannot say of what was asked for.

    Args:
        options: What was asked for.
        option: The one that names the test.

    Raises:
        UsageError: It cannot.
    """
    if options.runtime == "kernel":
        raise UsageError(f"{option} is of the built-in machine: leave --runtime kernel out")
    for name in ("program_types", "memory", "returns"):
        if getattr(options, name):
            given = {"program_types": "--type", "memory": "--memory", "returns": "--return"}[name]
            raise UsageError(f"{option}: a test has no {given}")
    if is_recording(options.object):
        hint = "the object that was recorded, if it is still what it was"
        raise UsageError(
            f"{option}: a test loads its object from a file, and {options.object} is a recording", hint=hint
        )
    path = getattr(options, option.strip("-").replace("-", "_"))
    if os.path.lexists(path):
        raise unwritable(path, FileExistsError())


def captured_runs(path: str) -> list[Given]:
    """Return a run for each packet of a capture, and one more than a test may have where there are more."""
    from ...core.traffic import Capture

    found = islice(Capture(path), MOST_RUNS + 1)
    return [Given(each.frame, origin=f"packet {each.number} of {os.path.basename(path)}") for each in found]


def save_test(
    options: argparse.Namespace,
    spec: CollectionSpec,
    runs: Sequence[Given],
    contents: Mapping[str, Sequence[tuple[bytes, bytes]]] | None = None,
    **world: Any,
) -> None:
    """Write a test of runs of a program, with the variables that were set in *spec*, if one was asked for.

    Args:
        options: Where, and which program.
        spec: The object, whose file the test loads.
        runs: What each run is given.
        contents: What maps hold before the first one.
        world: Other arguments of `Bpf.load`.

    Raises:
        UsageError: There are too many runs for a test, or the object is in no file.
        ObjectError: It cannot be written.
    """
    path: str | None = options.save_test
    if path is None:
        return
    if len(runs) > MOST_RUNS:
        raise UsageError(f"--save-test: more than {MOST_RUNS} packets are too many for a test", hint="cut the capture")
    if options.btf is not None:
        world["btf"] = os.path.abspath(options.btf)
    try:
        text = runs_test(spec, options.program, runs, path, set_values(spec), contents or {}, world)
    except UsageError as error:
        raise UsageError(f"--save-test: {error.message}", hint=error.hint) from error
    write_test(path, text)
    if not options.json:
        write_line(f"saved as a test: {path}")


def save_recording_as_test(options: argparse.Namespace, recording: Recording) -> None:
    """Write a test of the runs of a recording.

    Raises:
        UsageError: It has what a test cannot say, or its object is in no file.
        ObjectError: It cannot be written.
    """
    check_save_test(options)
    try:
        found = TestedRecording(recording, options.btf)
    except UsageError as error:
        raise UsageError(f"--save-test: {error.message}", hint=error.hint) from error
    options.program = found.program
    if found.remark:
        warn(found.remark)
    save_test(options, found.spec, found.runs, found.contents, **found.world)
