"""Recording: all that comes to a program from outside, so that its runs are the same each time.

What a program does follows from its object, the values of its variables, what its maps held, what each run was given,
and what the machine told it: clocks, random numbers (by their seed), CPUs, the results that were asked for with
`Settings.returns`. All of that is here; what happened in between is found by running it again.

In a file it is JSON, schema `bpftui/recording/1`: the object and the bytes of packets in it, so that nothing else is
needed to go back to what somebody else saw.
"""

from __future__ import annotations

import binascii
import hashlib
import json
import re
import sys
import time
import zlib
from base64 import b64decode, b64encode
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field, replace
from operator import attrgetter
from os import PathLike
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, cast

from ..documents import parse_json
from ..elf import read_object_file
from ..errors import ObjectError, UsageError, ValueRangeError, quoted
from ..files import unwritable, write_whole
from ..limits import Budget
from ..spec import CollectionSpec
from ..spec.edits import Edits
from ..vm.engine.image import MemoryImage
from ..vm.world.settings import Settings, parse_returns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..btf import Btf
    from ..context.values import ContextValues
    from ..vm.engine.errors import Lack

__all__ = ["SCHEMA", "Call", "Change", "Entries", "Recording", "Times", "digest", "is_recording"]

SCHEMA: Final = "bpftui/recording/1"
_LARGEST: Final = 1 << 30
"""Bytes that all parts of a file together may unpack to: a megabyte of a file can say a gigabyte of zeros."""
_LARGEST_ANSWER: Final = 1 << 20
"""Bytes of a file that a pointer leads to which a function returns."""
_WORD: Final = 8
"""Bytes of the largest number."""
_LONE: Final = re.compile("[\ud800-\udfff]")
"""Half of a character, which JSON can say and a program cannot be told."""
_REGISTER: Final = re.compile("r[0-9]")
_ID: Final = range(1 << 32)
_NUMBERS: Final = {
    "cpus": range(1, 8192 + 1),  # as many as the kernel is built for at most (NR_CPUS)
    "seed": range(-(1 << 63), 1 << 64),
    "pid": _ID,
    "tgid": _ID,
    "uid": _ID,
    "gid": _ID,
    "cgroup_id": range(1 << 64),
    "limit": range(1, (1 << 28) + 1),  # a timeline has four bytes for each step
}
"""The settings that are numbers, and what they may be in a file."""
_RESULT: Final = range(-(1 << 63), 1 << 64)
"""What a function may return."""

Entries: TypeAlias = "Sequence[tuple[bytes, bytes]]"
"""Keys and values of a map; of a per-CPU map a value has those of all CPUs, each with a multiple of 8 bytes."""


class Call(NamedTuple):
    """What one run is given."""

    data: bytes | None = None
    """The packet, or the data that a context leads to; None for as few zeros as may be."""
    context: bytes | ContextValues | None = None
    """The context, or values of its fields; None for zeros."""
    cpu: int = 0
    origin: str = ""
    """Where it is from, for people: `packet 3 of http.pcap`."""


class Change(NamedTuple):
    """Bytes of memory, or a register, that somebody changed while a run stood still."""

    run: int
    """Which run, from 0 on."""
    position: int
    """Before which of its steps."""
    address: int
    """Of memory; 0 for a register."""
    raw: bytes
    """The bytes; of a register its value, eight bytes of which the first is the lowest."""
    register: int | None = None
    """Which register of the innermost function, from 0 to 9; None for memory."""

    @property
    def place(self) -> int | str:
        """What was changed, as a file has it: an address, or `r3`."""
        return self.address if self.register is None else f"r{self.register}"


class Times:
    """What clocks told, in the order in which programs asked: again what is known, and then what it is now.

    Args:
        known: What was told already, in nanoseconds. What is new is added.
        clock: What tells the time that is not known yet; None for the machine's own.
    """

    def __init__(self, known: list[int], clock: Callable[[], int] | None = None) -> None:
        self.known = known
        self.at = 0
        """How many of them have been told."""
        self._clock = clock or time.monotonic_ns
        self._date = clock or time.time_ns

    def now(self) -> int:
        """Return the time on the clock that programs read."""
        return self._told(self._clock)

    def date(self) -> int:
        """Return the time since 1970."""
        return self._told(self._date)

    def _told(self, clock: Callable[[], int]) -> int:
        if self.at == len(self.known):
            self.known.append(clock())
        self.at += 1
        return self.known[self.at - 1]


@dataclass
class Recording:
    """What comes from outside to a program of an object, and to the runs of it."""

    object: bytes = field(repr=False)
    """The object file."""
    file: str
    """What it is called."""
    program: str
    """The program that runs."""
    behind: tuple[str, ...] = ()
    """The programs that a packet comes to behind it in the same run, one after the other, as far as it is let pass (see
    `bpftui.core.context.passage`)."""
    calls: list[Call] = field(default_factory=list[Call])
    """What its runs are given, one after the other; each finds the maps as the one before left them."""
    edits: Edits = field(default_factory=Edits, repr=False)
    """What was changed in the object before the load."""
    contents: dict[str, Entries] = field(default_factory=dict[str, "Entries"], repr=False)
    """What is put into maps before the first run."""
    settings: Settings = field(default_factory=Settings)
    """What programs are told of the world; the clock of it tells what is not in `times` yet."""
    target: Btf | None = field(default=None, repr=False)
    """The types that programs are adapted to (CO-RE), None for their own."""
    changes: list[Change] = field(default_factory=list[Change])
    """What was changed while a run stood still, in the order of runs and positions."""
    times: list[int] = field(default_factory=list[int], repr=False)
    """What clocks told so far, in nanoseconds, in the order in which they were asked."""

    @classmethod
    def of(
        cls,
        spec: CollectionSpec,
        program: str,
        calls: Sequence[Call] = (Call(),),
        *,
        object_: bytes | None = None,
        behind: Sequence[str] = (),
        contents: Mapping[str, Entries] | None = None,
        settings: Settings | None = None,
        target: Btf | None = None,
        asks_memory: bool = False,
    ) -> Recording:
        """Begin a recording of a program as it stands in *spec*, with the variables that were set there.

        Args:
            spec: The object as it is to be loaded.
            program: The program that runs.
            calls: What its runs are given.
            object_: The object's bytes, where the spec is of none.
            behind: The programs that a packet comes to behind it.
            contents: What maps hold.
            settings: What programs are told of the world.
            target: The types that they are adapted to.
            asks_memory: Whether a run stops where it reads memory that nobody gave, as `Settings.asks_memory` says.

        Raises:
            UsageError: Nobody has the object's bytes: it was loaded by others.
            UnknownNameError: There is no such program.
        """
        for name in (program, *behind):
            spec.program(name)
        raw = spec.raw if object_ is None else object_
        if raw is None:
            raise UsageError(f"{spec.file} was loaded by others, and its object is not here")
        fresh = CollectionSpec.from_bytes(raw, file=spec.file)
        return cls(
            raw,
            spec.file,
            program,
            tuple(behind),
            list(calls),
            Edits.of(spec, fresh),
            dict(contents or {}),
            (settings or Settings())._replace(asks_memory=asks_memory),
            target,
        )

    def begin_with(self, contents: Mapping[str, Entries], cpus: int | None) -> None:
        """Let maps hold something when the first run begins.

        Args:
            contents: Keys and values by map.
            cpus: How many CPUs the values of per-CPU maps have, which programs are told then; None for no such value.
        """
        self.contents = dict(contents)
        if cpus is not None:
            self.settings = self.settings._replace(cpus=cpus)

    def limit_steps(self, steps: int | None) -> None:
        """Have runs stopped after so many steps, from 1 to 1 << 28; None leaves it as it is."""
        if steps is not None:
            self.settings = self.settings._replace(limit=steps)

    def copy(self) -> Recording:
        """Return one that goes on by itself: what its runs are told and what is changed in them is not shared."""
        return replace(self, calls=list(self.calls), changes=list(self.changes), times=list(self.times))

    def answered(self, lacks: Lack, text: str) -> Recording:
        """Return one that goes on by itself, in which there is what the machine lacks; see `answering`."""
        found = self.copy()
        found.settings = self.answering(lacks)(text)
        return found

    def answering(self, lacks: Lack) -> Callable[[str], Settings]:
        """Return what tells the settings with which there is what the machine lacks, as often as it is asked.

        It takes the value. Of a function, as `--return` takes it: a number, an errno, `-ENOENT`; what a pointer leads
        to, `{…}`. Of memory a number of so many bytes as are wanted, a text, `"eth0"`, which ends with a zero, or
        `none`: it is not mapped, nor is any other that nobody gave. Of both, bytes, `hex:…`, and the contents of a
        file, `@FILE`, which the recording has from then on. It raises UsageError or ValueRangeError for what is none,
        ObjectError or NoPermissionError for a file that cannot be read.

        Args:
            lacks: What that is: a function, which returns the value and does nothing; or memory.

        Raises:
            ObjectError: A file of memory that was given before is gone.
        """
        settings = self.settings
        image = MemoryImage({} if lacks.function else settings.memory or {})  # once: its files are opened

        def told(text: str) -> Settings:
            value = text.strip()
            if value.startswith("@"):
                raw = read_object_file(value[1:])
                if len(raw) > _LARGEST_ANSWER:
                    raise UsageError(f"{value[1:]} has {len(raw):,} bytes: an answer has {_LARGEST_ANSWER:,} at most")
                value = f"hex:{raw.hex()}"
            if lacks.function:
                returns = {**(settings.returns or {}), **parse_returns([f"{lacks.function}={value}"])}
                return settings._replace(returns=returns)
            if value == "none":
                return settings._replace(asks_memory=False)
            there = _bytes_there(lacks, value)
            image.check(lacks.address, len(there))
            return settings._replace(memory={**(settings.memory or {}), lacks.address: there})

        return told

    def spec(self) -> CollectionSpec:
        """Return the object as it is to be loaded, read anew.

        Raises:
            ObjectError: It is not a BPF object, or lacks what was changed in it.
            UnknownNameError: It has no program of that name.
        """
        spec = CollectionSpec.from_bytes(self.object, file=self.file)
        self.edits.apply(spec)
        for name in self.programs:
            spec.program(name)
        return spec

    @property
    def programs(self) -> tuple[str, ...]:
        """The programs that a run can come to, in order."""
        return (self.program, *self.behind)

    def changes_in(self, run: int) -> Sequence[Change]:
        """Return what was changed in a run, in the order of positions."""
        start = bisect_left(self.changes, run, key=_run_of)
        return self.changes[start : bisect_right(self.changes, run, lo=start, key=_run_of)]

    # In a file

    def save(self, path: str | PathLike[str]) -> None:
        """Write it to a file, with what clocks told so far: `Session.save` lets them tell the rest before.

        Raises:
            ObjectError: It cannot be written.
            UsageError: Something in it cannot be kept in a file.
        """
        body = self._as_json()
        document = {"schema": SCHEMA, "sha256": digest(body), **body}
        try:
            write_whole(path, [json.dumps(document, indent=1), "\n"])
        except OSError as error:
            raise unwritable(path, error, "the recording") from error

    def _as_json(self) -> dict[str, Any]:
        settings = self.settings
        told: dict[str, Any] = {name: getattr(settings, name) for name in ("comm", *_NUMBERS)}
        told["asks_memory"] = settings.asks_memory
        told["kconfig"] = None if settings.kconfig is None else dict(settings.kconfig)
        told["returns"] = None if settings.returns is None else dict(settings.returns)
        for name, given in (settings.returns or {}).items():
            if callable(given):
                raise UsageError(
                    f"a recording cannot keep the function that tells what {name} returns",
                    hint="give a number, or what the pointer leads to",
                )
        memory = {
            address: read_object_file(part) if isinstance(part, PathLike) else bytes(part)
            for address, part in (settings.memory or {}).items()
        }
        target = b"" if self.target is None else bytes(self.target.raw)
        # What would not be taken from a file is not put into one.
        try:
            _check_settings(told)
        except ValueError as error:
            raise UsageError(f"a recording cannot keep the settings: {error}") from None
        if len(self.object) + len(target) + sum(map(len, memory.values())) > _LARGEST:
            raise UsageError(f"a recording cannot keep more than {_LARGEST >> 20:,} MiB of memory and types")
        told["memory"] = {f"{address:#x}": _packed(part) for address, part in memory.items()}
        return {
            "file": self.file,
            "program": self.program,
            "behind": list(self.behind),
            "object": _packed(self.object),
            "target": None if self.target is None else _packed(target),
            **self.edits.to_json(),
            "contents": {
                name: [[key.hex(), value.hex()] for key, value in entries] for name, entries in self.contents.items()
            },
            "settings": told,
            "calls": [
                {
                    "data": None if call.data is None else call.data.hex(),
                    "context": _context_text(call.context),
                    "cpu": call.cpu,
                    "origin": call.origin,
                }
                for call in self.calls
            ],
            "changes": [[each.run, each.position, each.place, each.raw.hex()] for each in self.changes],
            "times": self.times,
        }

    @classmethod
    def read(cls, path: str | PathLike[str]) -> Recording:
        """Read one from a file.

        Raises:
            ObjectError: It is no recording, is damaged, or is of a version that is not known.
            NoPermissionError: It cannot be read.
        """
        return cls.from_bytes(read_object_file(path), file=str(path))

    @classmethod
    def from_bytes(cls, raw: bytes, *, file: str = "<bytes>") -> Recording:
        """Read one from memory; *file* is what errors call it.

        Raises:
            ObjectError: It is no recording, is damaged, or is of a version that is not known.
        """
        try:
            document = parse_json(raw)
        except ValueError as error:
            raise ObjectError(f"this is no recording: it is no JSON ({error})", file=file) from None
        if not isinstance(document, dict):
            raise ObjectError("this is no recording: it is no object of JSON", file=file)
        document = cast("dict[str, Any]", document)
        schema = document.pop("schema", None)
        if schema != SCHEMA:
            what = f"its schema is {schema!r}" if isinstance(schema, str) else "it has no schema"
            raise ObjectError(f"this is no recording that is known here: {what}, not {SCHEMA!r}", file=file)
        if document.pop("sha256", None) != digest(document):
            raise ObjectError("the recording is damaged: its bytes do not have the checksum that it tells", file=file)
        try:
            return cls._from_json(document)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, zlib.error, binascii.Error) as error:
            what = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
            raise ObjectError(f"the recording is damaged: {what}", file=file) from None

    @classmethod
    def _from_json(cls, document: dict[str, Any]) -> Recording:
        from ..btf import Btf

        told = document["settings"]
        _check_settings(told)
        budget = Budget(0, "the parts of a recording", least=_LARGEST, each=0)
        memory = {int(address, 0): _unpacked(part, budget) for address, part in told["memory"].items()}
        target = document["target"]
        calls: list[Call] = []
        for call in document["calls"]:
            data = None if call["data"] is None else bytes.fromhex(call["data"])
            calls.append(
                Call(data, _context_of(call["context"]), _check(call["cpu"], int, "cpu"), _check(call["origin"], str))
            )
        return cls(
            object=_unpacked(document["object"], budget),
            file=_check(document["file"], str, "file"),
            program=_check(document["program"], str, "program"),
            behind=tuple(_check(name, str, "a program") for name in document.get("behind", ())),
            calls=calls,
            edits=Edits.from_json(document),
            contents={
                name: [(bytes.fromhex(key), bytes.fromhex(value)) for key, value in entries]
                for name, entries in document["contents"].items()
            },
            settings=Settings(
                kconfig=told["kconfig"],
                returns=told["returns"],
                memory=memory or None,
                asks_memory=told.get("asks_memory", False),
                comm=told["comm"],
                **{name: told[name] for name in _NUMBERS},
            ),
            target=None if target is None else Btf(_unpacked(target, budget)),
            changes=sorted(
                (_change(run, position, place, raw) for run, position, place, raw in document["changes"]),
                key=_where,
            ),
            times=[_time(each) for each in document["times"]],
        )


_run_of: Final = attrgetter("run")
_where: Final = attrgetter("run", "position")


def is_recording(raw: bytes) -> bool:
    """Whether the bytes of a file are a recording, or were one, as far as their beginning tells."""
    head = raw[:200]
    return head.lstrip().startswith(b"{") and b"bpftui/recording/" in head


def digest(body: Mapping[str, Any]) -> str:
    """Return the checksum that a recording has in its file: of all but this and the schema."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _packed(raw: bytes) -> str:
    return b64encode(zlib.compress(raw)).decode()


def _unpacked(text: str, budget: Budget) -> bytes:
    """Return what `_packed` made a text of; zlib.error or ValueError where it is none, or all are too large."""
    unpacking = zlib.decompressobj()
    raw = unpacking.decompress(b64decode(text, validate=True), budget.left + 1)
    if not budget.take(len(raw)):
        raise ValueError(f"its parts are larger than {_LARGEST >> 20:,} MiB together")
    if not unpacking.eof:
        raise ValueError("a part of it is cut off")
    return raw


def _check_settings(told: dict[str, Any]) -> None:
    """Check that settings, but for the memory, are what a machine can have; ValueError says which one is not."""
    for name, possible in _NUMBERS.items():
        value = _check(told[name], int, name, optional=name == "limit")
        if value is not None and value not in possible:
            raise ValueError(f"{name} is {quoted(value)}, not a number from {possible[0]} to {possible[-1]}")
    if not isinstance(told.get("asks_memory", False), bool):  # what is older has it not
        raise ValueError("asks_memory is neither true nor false")
    texts = {"comm": _check(told["comm"], str, "comm")}
    options: dict[str, Any] = _check(told["kconfig"], dict, "kconfig", optional=True) or {}
    for name, value in options.items():
        texts[f"kconfig of {name}"] = _check(value, str, f"kconfig of {name}")
    returns: dict[str, Any] = _check(told["returns"], dict, "returns", optional=True) or {}
    for name, value in returns.items():
        if isinstance(value, str):
            texts[f"what {name} returns"] = value
        elif _check(value, int, f"what {name} returns") not in _RESULT:
            raise ValueError(f"what {name} returns has more than 64 bits")
    for name, value in texts.items():
        if _LONE.search(value) is not None:
            raise ValueError(f"{name} is no text")


def _bytes_there(lacks: Lack, text: str) -> bytes:
    """Return what memory is said to hold that is lacking."""
    hint = 'hex:0102, "eth0", @FILE, a number; none, where nothing is mapped'
    if text.startswith("hex:"):
        try:
            raw = bytes.fromhex(text.removeprefix("hex:"))
        except ValueError:
            raise UsageError(f"{quoted(text)} is no memory: these are no bytes", hint=hint) from None
    elif len(text) > 1 and text[0] == text[-1] == '"':
        raw = text[1:-1].encode(errors="surrogateescape") + b"\0"
    else:
        try:
            number = int(text, 0)
        except ValueError:
            raise UsageError(f"{quoted(text)} is neither bytes nor a text nor a number", hint=hint) from None
        if lacks.size > _WORD:
            raise UsageError(f"{lacks.text} are more than a number has", hint=hint)
        bits = 8 * lacks.size
        if not -(1 << bits - 1) <= number < 1 << bits:
            raise ValueRangeError(f"{text} does not fit {lacks.size} byte{'' if lacks.size == 1 else 's'}")
        raw = (number & (1 << bits) - 1).to_bytes(lacks.size, lacks.byte_order)
    if not raw:
        raise UsageError("that is no byte of memory", hint=hint)
    return raw


def _time(value: Any) -> int:
    if 0 <= _check(value, int, "a time") < 1 << 64:
        return value
    raise ValueError("a time has 64 bits")


def _change(run: Any, position: Any, place: Any, text: Any) -> Change:
    raw = bytes.fromhex(text)
    if isinstance(place, str):
        if _REGISTER.fullmatch(place) is None or len(raw) != 8:
            raise ValueError("a register is r0 to r9, of eight bytes")
        return Change(_time(run), _position(position), 0, raw, int(place[1:]))
    return Change(_time(run), _position(position), _time(place), raw)


def _position(value: Any) -> int:
    if 0 <= _check(value, int, "a position") <= sys.maxsize:
        return value
    raise ValueError("no run has so many steps")


def _check(value: Any, kind: type, name: str = "a value", *, optional: bool = False) -> Any:
    """Return a value that is of a type; ValueError for another one."""
    if (optional and value is None) or (isinstance(value, kind) and not isinstance(value, bool)):
        return value
    raise ValueError(f"{name} is no {'number' if kind is int else 'text' if kind is str else 'object'}")


def _context_text(context: bytes | ContextValues | None) -> Any:
    if context is None or isinstance(context, bytes):
        return None if context is None else f"hex:{context.hex()}"
    return {name: _value_text(name, value) for name, value in context.items()}


def _value_text(name: str, value: object) -> Any:
    """Return a value of a field as JSON has it: bytes, wherever they are in it, as the text that means the same."""
    if isinstance(value, bytes):
        return f"hex:{value.hex()}"
    if isinstance(value, list):
        return [_value_text(name, each) for each in cast("list[object]", value)]
    if isinstance(value, int | str):
        return value
    raise UsageError(f"a recording cannot keep the field {name} of a context: it is {type(value).__name__}")


def _context_of(value: Any) -> bytes | ContextValues | None:
    if value is None or isinstance(value, dict):
        return cast("ContextValues | None", value)
    if not isinstance(value, str) or not value.startswith("hex:"):
        raise ValueError("a context is neither bytes nor fields")
    return bytes.fromhex(value.removeprefix("hex:"))
