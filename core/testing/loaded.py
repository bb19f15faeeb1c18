"""What is loaded for a test: an object, its programs, maps and variables, in one runtime or the same in both."""

from __future__ import annotations

import json
import os
import shlex
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ..closing import Closing
from ..errors import BpftuiError, UsageError
from ..spec.targets import SANDBOX
from .arguments import context, nanoseconds, number, packet_bytes
from .errors import DisagreementError, NotHereError
from .named import Named, NoEntryError
from .run import Changes, differences
from .verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
    from collections.abc import Collection as Several

    from ..btf import Btf
    from ..spec import CollectionSpec, ProgramSpec
    from ..traffic import Traffic
    from ..vm.collection import MachineCollection
    from .attached import Attached
    from .run import Run
    from .side import Side

__all__ = ["BpfObject", "Clock", "TestedMap", "TestedProgram", "TestedVariable", "as_text"]

_Changes = TypeVar("_Changes", bound=Changes)
_MOST_TIMERS: Final = 100_000
_LONGEST: Final = 2_048
"""Hexadecimal digits of a packet in a command that runs it again."""


class Clock:
    """The time that programs of the built-in machine read, in nanoseconds. It passes by `advance` alone."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


class BpfObject(Closing):
    """An object that is loaded for a test: in one runtime, or the same in both."""

    def __init__(
        self,
        spec: CollectionSpec,
        sides: Sequence[Side],
        clock: Clock,
        words: Sequence[str],
        may_differ: Several[str],
        target: Btf | None,
    ) -> None:
        self.spec = spec
        self.clock = clock
        collection, where = sides[0].collection, spec.title
        self.maps = Named("map", {name: TestedMap(self, name) for name in collection.maps}, where)
        self.variables = Named("variable", {name: TestedVariable(self, name) for name in collection.variables}, where)
        self.history: list[tuple[str, Changes | None]] = []
        """What ran, oldest first: the command that runs it again, and what it did (of both runtimes, what the machine
        did); None for what was stopped."""
        self.sides = sides
        self._words = words
        """The options of a command that loads it as the test did."""
        self._may_differ = may_differ
        self._target = target

    maps: Mapping[str, TestedMap]
    variables: Mapping[str, TestedVariable]

    def __repr__(self) -> str:
        return f"<BpfObject {self.spec.title}>"

    @property
    def size(self) -> int:
        """Instructions of 8 bytes in all its programs, each with its subprograms."""
        return sum(program.insns for program in self.spec.programs.values())

    def program(self, name: str) -> TestedProgram:
        """Return a program.

        Raises:
            UnknownNameError: There is none of that name.
            BpftuiError: It was not loaded, for that reason.
        """
        spec = self.spec.program(name)
        for side in self.sides:
            side.program(name)
        return TestedProgram(self, spec)

    def attach(self, *programs: str, traffic: Traffic | str | None = None) -> Attached:
        """Attach programs to a sandbox of the test's own, on both runtimes the same.

        Args:
            programs: Their names; what is sent goes to all of them.
            traffic: What `send(count=…)` sends: as users write it (`sandbox,tcp=3,udp=1`, `http.pcap`), or `Traffic`;
                without, generated packets, the same each time.

        Raises:
            NotHereError: A runtime has no such place: a kernel attaches to it what is attached to interfaces.
            UsageError: No program is named, or the traffic is none.
            UnknownNameError, BpftuiError: There is no such program, or it cannot be attached.
        """
        from ..traffic import parse_traffic
        from .attached import Attached

        if not programs:
            raise UsageError("attach() names no program")
        for name in programs:
            self.program(name)
        if isinstance(traffic, str):
            text = traffic
            name, traffic = parse_traffic(text)
            if traffic is None or name != SANDBOX:
                raise UsageError(f"{text!r} is no traffic", hint="sandbox,tcp=3,udp=1, or FILE.pcap")
        return Attached(self, programs, traffic)

    def advance(self, seconds: float = 0, *, ns: int = 0) -> None:
        """Let time pass on the test's clock, and call each timer when its time has come.

        Raises:
            NotHereError: The object is in the kernel, whose time passes by itself.
            UsageError: Less than nothing is to pass.
            RunError: A timer was stopped.
        """
        machine = self._machine()
        end = self.clock.now + nanoseconds(seconds) + (number("ns", ns) or 0)
        for _ in range(_MOST_TIMERS):
            due = machine.next_due
            if due is None or due > end:
                self.clock.now = end
                return
            self.clock.now = max(due, self.clock.now)
            machine.catch_up()
        raise UsageError(
            f"{_MOST_TIMERS:,} timers were called, and the next one is due by {self.clock.now:,} ns already"
        )

    def be_at(self, time: int) -> None:
        """Set the test's clock to a time in nanoseconds; until a later one what is due is called, as by `advance`.

        Raises:
            NotHereError: The object is in the kernel.
            RunError: A timer was stopped.
        """
        self._machine()
        if time < self.clock.now:
            self.clock.now = time
        else:
            self.advance(ns=time - self.clock.now)

    def _machine(self) -> MachineCollection:
        from ..vm.collection import MachineCollection

        machine = self.sides[0].collection
        if len(self.sides) > 1 or not isinstance(machine, MachineCollection):
            raise NotHereError("time passes by itself in the kernel: only the built-in machine's can be advanced")
        return machine

    def verifies(self, *, max_insns: int | None = None) -> Verdict:
        """Return whether the running kernel's verifier takes every program, and how that is with its cost.

        Args:
            max_insns: How many instructions it may have to look at, for each of them.

        Raises:
            NotHereError: There is no kernel to ask.
        """
        from .. import kernel

        if (why := kernel.available()) is not None:
            raise NotHereError(f"kernel: {why}")
        problems: list[str] = []
        for outcome in kernel.KernelRuntime(target=self._target).check(self.spec.copy()).programs:
            if outcome.failed:
                problems.append(f"{outcome.name}: {outcome.error}")
            elif max_insns is not None:
                walked = outcome.verified_insns
                if walked is None:
                    problems.append(f"{outcome.name}: this kernel does not tell what the verifier looked at")
                elif walked > max_insns:
                    problems.append(f"{outcome.name}: the verifier looked at {walked:,} instructions")
        return Verdict(tuple(problems))

    def resolves(self, *files: str | os.PathLike[str]) -> Verdict:
        """Return whether every CO-RE relocation can be resolved against the types in each of *files*.

        What a program asks for before it uses it (`bpf_core_field_exists`) may be missing: only what the verifier
        certainly walks over counts, with the constants that were set.

        Raises:
            ObjectError, NoPermissionError: A file holds no BTF, or cannot be read.
        """
        from ..analysis.reachability import constants_of
        from ..btf.target import read_btf

        problems: list[str] = []
        constants = constants_of(self.spec)
        for file in files:
            target = read_btf(file)
            for program in self.spec.programs.values():
                if program.btf is not None:
                    problems += [f"{os.fspath(file)}: {each}" for each in _unresolved(program, target, constants)]
        return Verdict(tuple(problems))

    def command(self, program: str, packet: bytes | None, ctx: Mapping[str, Any] | bytes | None) -> str:
        """Return the command that runs a program again as a test did, as far as a shell can say it.

        A run of the machine opens in the debugger, which can step it in both directions.
        """
        is_machine = self.sides[0].name == "vm"
        words = ["bpftui", "debug" if is_machine else "run", self.spec.file, program, *self._words]
        if packet is not None:
            digits = packet.hex()
            words += ["--data", digits if len(digits) <= _LONGEST else f"{digits[:_LONGEST]}…"]
        if ctx is not None:
            words += ["--ctx", f"hex:{ctx.hex()}" if isinstance(ctx, bytes) else json.dumps(dict(ctx), default=str)]
        return shlex.join(words if is_machine else [*words, "--runtime", "kernel"])

    def watch_command(self, programs: Sequence[str]) -> str:
        """Return the command that shows attached programs at work, as far as a shell can say it."""
        words = ["bpftui", "watch", self.spec.file, *self._words]
        for name in programs:
            words += ["--attach", f"{name}=sandbox"]
        return shlex.join([*words, "--runtime", self.sides[0].name])

    def compared(self, command: str, happening: Callable[[Side], _Changes]) -> _Changes:
        """Have the same happen in each runtime, and return what happened in the first one.

        Args:
            command: What does it again, for the history.
            happening: What does it in each.

        Raises:
            DisagreementError: Not the same happened.
        """
        __tracebackhide__ = True  # pytest leaves it out: what failed is the program
        self.history.append((command, None))
        try:
            found = [happening(side) for side in self.sides]
        except BpftuiError as error:
            raise error.with_traceback(None) from error.__cause__
        self.history[-1] = command, found[0]
        for other in found[1:]:
            if unlike := differences(found[0], other, self._may_differ):
                what = "\n".join(f"  {each.text}" for each in unlike)
                places = json.dumps(list(dict.fromkeys(each.where for each in unlike)))
                raise DisagreementError(
                    f"{other.subject}: the runtimes differ\n{what}\n"
                    f"what differs by nature, as a time does, is named: bpf.load(…, may_differ={places})"
                )
        return found[0]

    def close(self) -> None:
        """Close it; a second call does nothing."""
        with ExitStack() as stack:
            for side in self.sides:
                stack.callback(side.close)


class TestedProgram:
    """A program that can be run, in as many runtimes as it is loaded into."""

    __test__ = False  # pytest collects classes by their names

    def __init__(self, object_: BpfObject, spec: ProgramSpec) -> None:
        self._object = object_
        self.spec = spec

    @property
    def size(self) -> int:
        """Its instructions of 8 bytes, subprograms included."""
        return self.spec.insns

    def run(
        self,
        packet: Any = None,
        *,
        ctx: Mapping[str, Any] | bytes | None = None,
        cpu: int = 0,
        time: int | None = None,
    ) -> Run:
        """Run it once.

        Args:
            packet: Bytes, or what has them (`bytes(packet)`): scapy's packets, `bpftui.core.packet.Packet`.
            ctx: The context: values by the names of its fields, or bytes.
            cpu: On which of the machine's CPUs.
            time: When, in nanoseconds of the test's clock: it is set to that, and timers that are due until then are
                called before.

        Raises:
            DisagreementError: It ran in two runtimes, which did not do the same.
            NotHereError: A runtime cannot run it like that.
            UsageError: Something of it is of the wrong kind: a packet that is a text.
            BpftuiError: The run was stopped, or makes no sense.
        """
        __tracebackhide__ = True
        object_, data, name = self._object, None if packet is None else packet_bytes(packet), self.spec.name
        ctx, at, now = context(ctx), number("cpu", cpu) or 0, number("time", time)
        if now is not None:
            object_.be_at(now)
        return object_.compared(object_.command(name, data, ctx), lambda side: side.run(name, data, ctx, at))


class TestedMap:
    """A map of an object under test: what is written goes to all runtimes, what is read is what the first one has."""

    __test__ = False

    def __init__(self, object_: BpfObject, name: str) -> None:
        self._object = object_
        self.name = name

    def __getitem__(self, key: Any) -> Any:
        with self._found(key):
            return self._object.sides[0].collection.maps[self.name][key]

    def __setitem__(self, key: Any, value: Any) -> None:
        for side in self._object.sides:
            side.collection.maps[self.name][key] = value

    def __delitem__(self, key: Any) -> None:
        with self._found(key):
            for side in self._object.sides:
                del side.collection.maps[self.name][key]

    @contextmanager
    def _found(self, key: Any) -> Generator[None]:
        """Say in a sentence that there is no entry with a key."""
        try:
            yield
        except KeyError:
            raise NoEntryError(key, self, self.name) from None

    def __iter__(self) -> Iterator[Any]:
        return iter(self._object.sides[0].collection.maps[self.name])

    def __contains__(self, key: object) -> bool:
        return key in self._object.sides[0].collection.maps[self.name]

    def __len__(self) -> int:
        return len(self._object.sides[0].collection.maps[self.name])

    def __repr__(self) -> str:
        return f"<TestedMap {self.name}>"


class TestedVariable:
    """A global variable of an object under test."""

    __test__ = False

    def __init__(self, object_: BpfObject, name: str) -> None:
        self._object = object_
        self.name = name

    @property
    def value(self) -> Any:
        """What it is now; set it, in all runtimes, to what it is to be."""
        return self._object.sides[0].collection.variables[self.name].get()

    @value.setter
    def value(self, value: Any) -> None:
        for side in self._object.sides:
            side.collection.variables[self.name].set(value)


def _unresolved(program: ProgramSpec, target: Btf, constants: Mapping[str, bytes]) -> Iterator[str]:
    """Yield what of a program cannot be resolved, in code that the verifier walks over."""
    from ..analysis.reachability import reached
    from ..btf.core import CoreResolver
    from ..spec.relocate_core import patch_core, resolve_core, unresolved

    assert program.btf is not None
    resolved = resolve_core(program, CoreResolver(program.btf, target))
    try:
        code = patch_core(program, resolved)
    except BpftuiError as error:
        yield error.message
        return
    found = unresolved(program, code, resolved)
    walked = reached(program, code, constants, (), {slot for slot, _ in found}) if found else set[int]()
    for slot, reason in found:
        if slot in walked:
            yield f"program {program.name}, instruction {slot}: {reason}"


def as_text(value: Any) -> str:
    """Return a value of Python as `--set` reads it.

    Raises:
        UsageError: It is none that a variable takes.
    """
    if isinstance(value, bytes):
        return f"hex:{value.hex()}"
    try:
        return value if isinstance(value, str) else json.dumps(value)
    except (TypeError, ValueError):
        raise UsageError(f"no variable takes {value!r}") from None
