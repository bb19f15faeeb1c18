"""A test, written: what a program was given and what it did, as code that a person would write and pytest runs.

What it did is found out by running it here, on the built-in machine, as the test will: so the test is green when it is
written, and red when the program does something else.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from ..errors import BpftuiError, UsageError
from ..packet import dissect
from ..pytest_source import literal, module, remark
from .bpf import Bpf
from .given import MOST_RUNS, Given

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .loaded import BpfObject
    from .run import Run

__all__ = ["Given", "World", "written"]

_WIDTH: Final = 110
"""Columns of a line, as far as it can be broken."""
_DIGITS: Final = 64
"""Hexadecimal digits of a packet in a line."""
_MOST_ENTRIES: Final = 20
"""Entries of one map that a run changed and that are written out."""


class World(NamedTuple):
    """What holds for all runs."""

    set: Mapping[str, Any] = {}
    """Values of variables."""
    contents: Mapping[str, Sequence[tuple[bytes, bytes]]] = {}
    """What maps hold before the first run."""
    options: Mapping[str, Any] = {}
    """Other arguments of `Bpf.load`: `time`, `seed`, `helpers`, ….."""


def written(file: str, program: str, runs: Sequence[Given], test: str, world: World | None = None) -> str:
    """Return a module with one test: the runs one after the other, each with what it did.

    Args:
        file: The object.
        program: The program in it.
        runs: What each is given; maps carry over from one to the next.
        test: The file in which the module will be: it looks for the object from there.
        world: What holds for all of them.

    Raises:
        UsageError: They are too many for a test that somebody reads.
        BpftuiError: The object or its program cannot be loaded.
    """
    if len(runs) > MOST_RUNS:
        raise UsageError(f"{len(runs):,} runs are too many for a test: {MOST_RUNS} at most", hint="a shorter capture")
    world = world or World()
    with Bpf("vm") as bpf:
        obj = bpf.load(file, set=world.set, programs=[program], **world.options)
        origin = f", from {runs[0].origin}" if runs and runs[0].origin else ""
        says = f"What {program} of {obj.spec.title} does{origin}"
        return "\n".join(module(says, obj.spec.file, program, _test(obj, program, runs, world), test=test)) + "\n"


def _test(obj: BpfObject, program: str, runs: Sequence[Given], world: World) -> Iterator[str]:
    options = {"set": dict(world.set)} if world.set else {}
    given = {"programs": [program], **options, **world.options}
    yield f"obj = bpf.load(OBJECT, {', '.join(f'{name}={literal(value)}' for name, value in given.items())})"
    collection = obj.sides[0].collection
    for name, entries in world.contents.items():
        for key, value in entries:
            there = collection.maps[name]
            there[key] = value
            shown = key if there.key is None else there.key.decode(key)
            yield from _assigned(f"obj.maps[{literal(name)}][{literal(shown)}]", there[key])
    yield f"program = obj.program({literal(program)})"
    for number, each in enumerate(runs):
        yield ""
        if each.origin and len(runs) > 1:
            yield f"# {remark(each.origin)}"
        again = number > 0 and each.packet == runs[number - 1].packet
        if each.packet is not None and not again:
            yield from _bytes("packet = ", each.packet)
        arguments = ["packet"] if each.packet is not None else []
        if each.ctx is not None:
            yield from _assigned("ctx", each.ctx)
            arguments.append("ctx=ctx")
        if each.cpu:
            arguments.append(f"cpu={each.cpu}")
        call = f"program.run({', '.join(arguments)})"
        try:
            run = obj.program(program).run(each.packet, ctx=each.ctx, cpu=each.cpu)
        except BpftuiError as error:
            yield "with pytest.raises(BpftuiError) as stopped:"
            yield f"    {call}"
            yield from _compared("stopped.value.message", error.message)
            return
        yield f"run = {call}"
        yield from _outcome(obj, run, each)


def _outcome(obj: BpfObject, run: Run, given: Given) -> Iterator[str]:
    """Yield what a run did, as assertions."""
    yield f"assert run.retval == {literal(run.retval.name or int(run.retval))}"
    if given.packet is not None:
        if run.packet == given.packet:
            yield "assert run.packet == packet"
        elif run.packet:
            yield from _bytes("assert run.packet == ", bytes(run.packet))
    elif run.ctx or given.ctx is not None:
        yield from _compared("run.ctx", run.ctx)
    for name, change in run.maps.items():
        if not change.is_touched or obj.spec.maps[name].is_data:
            continue
        before, after = change.before, change.after
        changed = [(key, value) for key, value in after.items() if key not in before or before[key] != value]
        for key, value in changed[:_MOST_ENTRIES]:
            there = f"run.maps[{literal(name)}]"
            if len(literal(key)) + len(literal(value)) > _WIDTH // 2 and isinstance(key, dict):
                yield from _assigned("key", key)
                yield from _compared(f"{there}[key]", value)
            else:
                yield from _compared(f"{there}[{literal(key)}]", value)
        gone = [key for key, _ in before.items() if key not in after]
        yield from (f"assert {_broken(key)} not in run.maps[{literal(name)}]" for key in gone[:_MOST_ENTRIES])
        yield f"assert len(run.maps[{literal(name)}]) == {len(after)}"
    if run.variables:
        yield from _compared("run.variables", dict(run.variables))
    if run.events:
        yield from _compared(
            "[(event.map, event.value) for event in run.events]", [(e.map, e.value) for e in run.events]
        )
    if run.printk:
        yield from _compared("run.printk", run.printk)


class _AnyNan:
    """What a number that is none is compared with: it is not equal to itself."""

    def __repr__(self) -> str:
        return 'pytest.approx(float("nan"), nan_ok=True)'


def _comparable(value: object) -> object:
    """Return a value as it is compared with."""
    match value:
        case float() if math.isnan(value):
            return _AnyNan()
        case dict():
            return {key: _comparable(each) for key, each in cast("dict[object, object]", value).items()}
        case list():
            return [_comparable(each) for each in cast("list[object]", value)]
        case tuple():
            return tuple(_comparable(each) for each in cast("tuple[object, ...]", value))
        case _:
            return value


def _compared(what: str, value: object) -> list[str]:
    return f"assert {what} == {_broken(_comparable(value), len(what) + 11)}".split("\n")


def _assigned(name: str, value: object) -> list[str]:
    return f"{name} = {_broken(value, len(name) + 3)}".split("\n")


def _bytes(head: str, data: bytes) -> Iterator[str]:
    """Yield bytes as hexadecimal digits, layer by layer."""
    if not data:
        yield f'{head}b""'
        return
    yield f"{head}bytes.fromhex("
    for layer in dissect(data):
        digits, name = layer.raw.hex(), f"  # {layer.protocol.name}"
        for at in range(0, len(digits), _DIGITS):
            yield f'    "{digits[at : at + _DIGITS]}"{name}'
            name = ""
    yield ")"


def _broken(value: object, used: int = 0, depth: int = 0) -> str:
    """Return a value as Python has it, in several lines where one would be too long, of which some is *used*."""
    short = literal(value)
    if used + len(short) + 4 * depth <= _WIDTH or not isinstance(value, dict | list | tuple):
        return short
    inside, outside = "    " * (depth + 1), "    " * depth
    if isinstance(value, dict):
        items = cast("dict[object, object]", value).items()
        parts = [f"{literal(key)}: {_broken(item, len(literal(key)) + 2, depth + 1)}" for key, item in items]
        opening, closing = "{", "}"
    else:
        parts = [_broken(item, 0, depth + 1) for item in cast("Sequence[object]", value)]
        opening, closing = "[]" if isinstance(value, list) else "()"
    return f"{opening}\n" + "".join(f"{inside}{part},\n" for part in parts) + f"{outside}{closing}"
