"""What was run, as a test for pytest: docs/testing.md, *Saved, not typed*."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from ..errors import UsageError
from ..files import unwritable, write_whole
from ..foreign import is_source
from .given import Given

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..debug import Recording
    from ..spec import CollectionSpec
    from ..spec.edits import Edits

__all__ = ["TestedRecording", "recorded", "runs_test", "set_values", "unsaid", "write_test"]

_NO_MATTER: Final = ("clock", "wall", "asks_memory")
"""Settings that a test has of its own, or that change nothing by themselves: the answers to questions are `memory`."""
_SAID: Final = ("cpus", "seed", "kconfig", "limit")
"""Settings of a machine that `Bpf.load` takes."""
_UNSAID: Final = {"returns": "results of helpers", "memory": "memory of the kernel's or of processes"}
"""Those that it does not, beside the current task."""


class TestedRecording:
    """What a test says of a recording.

    Args:
        recording: The recording.
        btf: The file with the types that its programs were adapted to, where that is known.

    Raises:
        UsageError: It has what a test cannot say, or its object is in no file.
    """

    __test__ = False  # pytest collects classes by their names

    def __init__(self, recording: Recording, btf: str | None = None) -> None:
        from ..spec.container import read_source

        changed = {
            **unsaid(recording.edits),
            "changes while it stood still": recording.changes,
            "programs that the packet comes to behind it": recording.behind,
            "another kernel's types": recording.target is not None and btf is None,
        }
        self.world: dict[str, Any] = {}
        """Arguments of `Bpf.load`."""
        settings = recording.settings
        for name, value, usual in zip(settings._fields, settings, type(settings)(), strict=True):
            if value == usual or not (value or usual) or name in _NO_MATTER:
                continue
            if name in _SAID:
                self.world[name] = value
            else:
                changed[_UNSAID.get(name, f"the {name} of the task")] = True
        if found := [what for what, is_so in changed.items() if is_so]:
            raise UsageError(f"the recording has what a test does not say: {', '.join(found)}")
        self.spec = recording.spec()
        if is_source(self.spec.file):
            raise UsageError(
                f"a test names an object, and {self.spec.file} is a C file", hint="compile it to one, and debug that"
            )
        if not os.path.isfile(self.spec.file) or read_source(self.spec.file) != recording.object:
            raise UsageError(f"the object of the recording is not in {self.spec.file} any more")
        self.program = recording.program
        self.runs = [Given(each.data, each.context, each.cpu, each.origin) for each in recording.calls]
        self.contents = recording.contents
        self.remark = ""
        """What is to be known of the test; mostly nothing."""
        if times := recording.times:
            self.world["time"] = times[0]
            if len(set(times)) > 1:
                self.remark = (
                    f"the test's clock begins with the first of the {len(times):,} times that the recording has told"
                )


def unsaid(edits: Edits) -> dict[str, object]:
    """Return what was changed in an object and a test does not say, by what it is called."""
    return {"types of programs": edits.types, "sizes of maps": edits.sizes}


def set_values(spec: CollectionSpec) -> dict[str, Any]:
    """Return the variables that were set in an object, by name."""
    return {name: each.get() for name, each in spec.variables.items() if each.changed}


def runs_test(
    spec: CollectionSpec,
    program: str,
    runs: Sequence[Given],
    path: str,
    values: Mapping[str, Any],
    contents: Mapping[str, Sequence[tuple[bytes, bytes]]],
    world: Mapping[str, Any] | None = None,
) -> str:
    """Return a test of runs, with what the machine does in each.

    Args:
        spec: The object, whose file the test loads.
        program: The program that runs.
        runs: What each run is given.
        path: Where the test will be.
        values: What variables are set to.
        contents: What maps hold before the first run.
        world: Other arguments of `Bpf.load`.

    Raises:
        UsageError: They are too many, or the object is in no file.
        BpftuiError: The machine cannot load it.
    """
    from .written import World, written

    if not os.path.isfile(spec.file):
        raise UsageError(f"a test loads its object from a file, and {spec.file} is none")
    return written(spec.file, program, runs, path, World(values, contents, world or {}))


def recorded(recording: Recording, path: str) -> tuple[str, str]:
    """Return a test of a recording, and what is to be known of it; errors are those of both above."""
    found = TestedRecording(recording)
    text = runs_test(found.spec, found.program, found.runs, path, set_values(found.spec), found.contents, found.world)
    return text, found.remark


def write_test(path: str, text: str) -> None:
    """Write a test to a file that is not there yet.

    Raises:
        ObjectError: It cannot be written.
    """
    try:
        write_whole(path, [text], replace=False)
    except OSError as error:
        raise unwritable(path, error, "the test") from error
