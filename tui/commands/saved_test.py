"""`--save-test FILE`: what a command ran becomes a test that pytest runs."""

from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from ...core.errors import ObjectError, UsageError
from ...core.files import write_whole
from ...core.foreign import is_recording
from ...core.testing.given import MOST_RUNS, Given
from ..terminal.output import write_line
from .common import warn

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from ...core.debug import Recording
    from ...core.spec import CollectionSpec
    from .common import Parser

__all__ = ["add_save_test", "captured_runs", "check_save_test", "save_recording_as_test", "save_test"]

_CLOCKS: Final = ("clock", "wall")
_SAID: Final = ("cpus", "seed", "kconfig", "limit")
"""Settings of a machine that `Bpf.load` takes."""
_UNSAID: Final = {"returns": "results of helpers", "memory": "memory of the kernel's or of processes"}
"""Those that it does not, beside the current task."""


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
        raise UsageError(f"{option}: {path} is there already", hint="pytest finds test_*.py")


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
    from ...core.testing.written import World, written

    if not os.path.isfile(spec.file):
        raise UsageError(f"--save-test: a test loads its object from a file, and {spec.file} is none")
    if len(runs) > MOST_RUNS:
        raise UsageError(f"--save-test: more than {MOST_RUNS} packets are too many for a test", hint="cut the capture")
    if options.btf is not None:
        world["btf"] = os.path.abspath(options.btf)
    values = {name: each.get() for name, each in spec.variables.items() if each.changed}
    text = written(spec.file, options.program, runs, path, World(values, contents or {}, world))
    try:
        write_whole(path, [text], replace=False)
    except OSError as error:
        raise ObjectError(os.strerror(error.errno or 0).lower(), file=path) from error
    if not options.json:
        write_line(f"saved as a test: {path}")


def save_recording_as_test(options: argparse.Namespace, recording: Recording) -> None:
    """Write a test of the runs of a recording.

    Raises:
        UsageError: It has what a test cannot say, or its object is in no file.
        ObjectError: It cannot be written.
    """
    from ...core.spec.container import read_source

    check_save_test(options)
    changed = {
        "types of programs": recording.edits.types,
        "sizes of maps": recording.edits.sizes,
        "changes while it stood still": recording.changes,
        "another kernel's types": recording.target is not None and options.btf is None,
    }
    world: dict[str, Any] = {}
    settings = recording.settings
    for name, value, usual in zip(settings._fields, settings, type(settings)(), strict=True):
        if value == usual or not (value or usual) or name in _CLOCKS:
            continue
        if name in _SAID:
            world[name] = value
        else:
            changed[_UNSAID.get(name, f"the {name} of the task")] = True
    if found := [what for what, is_so in changed.items() if is_so]:
        raise UsageError(f"--save-test: the recording has what a test does not say: {', '.join(found)}")
    spec = recording.spec()
    if not os.path.isfile(spec.file) or read_source(spec.file) != recording.object:
        raise UsageError(f"--save-test: the object of the recording is not in {spec.file} any more")
    runs = [Given(each.data, each.context, each.cpu, each.origin) for each in recording.calls]
    options.program = recording.program
    if times := recording.times:
        world["time"] = times[0]
        if len(set(times)) > 1:
            warn(f"the test's clock begins with the first of the {len(times):,} times that the recording has told")
    save_test(options, spec, runs, recording.contents, **world)
