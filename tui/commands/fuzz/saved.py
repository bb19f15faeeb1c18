"""What a search found, written to files: the packets as a capture, the inputs as a test."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ....core.errors import BpftuiError
from ....core.files import unwritable, write_whole
from ....core.testing.compared import Question

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....core.fuzz.inputs import Input, Part
    from ....core.fuzz.search import Found
    from ....core.spec import CollectionSpec

__all__ = ["question", "write_capture", "write_test"]


def question(parts: Sequence[Part], given: Input) -> Question:
    """Return an input as what tests give a program."""
    from ....core.fuzz.inputs import Kind

    packet = context = None
    held: list[tuple[str, bytes, bytes]] = []
    for part, raw in zip(parts, given, strict=True):
        if part.kind is Kind.PACKET:
            packet = raw
        elif part.kind is Kind.CONTEXT:
            context = raw
        elif raw is not None:
            size = part.key_size
            held.append(
                (part.name, bytes(4), raw) if part.kind is Kind.SECTION else (part.name, raw[:size], raw[size:])
            )
    return Question(packet, context, held)


def write_capture(path: str, parts: Sequence[Part], inputs: Sequence[Input]) -> None:
    from ....core.fuzz.inputs import Kind
    from ....core.traffic import CaptureWriter

    with CaptureWriter(path) as writer:
        for number, given in enumerate(inputs):
            for part, raw in zip(parts, given, strict=True):
                if part.kind is Kind.PACKET and raw is not None:
                    writer.write(number * 1_000_000, raw)


def write_test(
    options: Any, spec: CollectionSpec, parts: Sequence[Part], inputs: Sequence[Input], found: Found
) -> None:
    """Write the inputs as a test, with what the fixture `bpf` sees the program return."""
    from ....core.fuzz.written import written
    from ....core.testing.bpf import Bpf

    loaded: dict[str, Any] = {}
    if values := {name: each.get() for name, each in spec.variables.items() if each.changed}:
        loaded["set"] = values
    if options.btf is not None:
        loaded["btf"] = os.path.abspath(options.btf)
    if options.may_differ:
        loaded["may_differ"] = options.may_differ
    told: list[tuple[Input, int | None]] = []
    with Bpf() as bpf:
        obj = bpf.load(spec.file, programs=[options.program], **loaded)
        for given in inputs:
            for name, key, value in question(parts, given).held:
                try:
                    obj.maps[name][key] = value
                except (BpftuiError, KeyError):  # it was not there in the search either
                    given = tuple(None if part.name == name else held for part, held in zip(parts, given, strict=True))
            packet, context, _ = question(parts, given)
            try:
                told.append((given, int(obj.program(options.program).run(packet, ctx=context).retval)))
            except BpftuiError:
                told.append((given, None))
    says = (
        f"Inputs of {options.program} that reach {found.outcomes} of {found.all_outcomes} outcomes of its jumps, "
        f"found by bpftui fuzz --seed {options.seed}"
    )
    lines = written(spec.file, options.program, parts, told, test=options.test, says=says, options=loaded)
    try:
        write_whole(options.test, (f"{line}\n" for line in lines), replace=False)
    except OSError as error:
        raise unwritable(options.test, error, "the test") from error
