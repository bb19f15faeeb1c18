"""CollectionSpec: everything that one BPF object holds."""

from __future__ import annotations

import copy
import os
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar, Unpack

from ..errors import UnknownNameError
from ..visible import visible
from .derived import Derived
from .parts import Externs, Hidden, SectionLayout
from .sparse import copied

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence, Sized
    from os import PathLike

    from ..btf import Btf, ByteOrder, CType, Kind, Value
    from ..dwarf import Dwarf
    from ..kernel import KernelCollection, LoadOptions, RuntimeOptions
    from .architectures import Registers
    from .map import MapSpec
    from .program import ProgramSpec
    from .variable import Difference, VariableSpec

__all__ = ["CollectionSpec"]

_T = TypeVar("_T")


@dataclass(repr=False)
class CollectionSpec(Derived):
    """The maps, programs, variables and types of one object, in file order. Inert until it is loaded."""

    file: str
    """The file's name as it was given."""
    byte_order: ByteOrder = "little"
    license: str = ""
    kernel_version: int = 0
    maps: dict[str, MapSpec] = field(default_factory=dict[str, "MapSpec"])
    """Data sections among them."""
    programs: dict[str, ProgramSpec] = field(default_factory=dict[str, "ProgramSpec"])
    variables: dict[str, VariableSpec] = field(default_factory=dict[str, "VariableSpec"])
    hidden: list[Hidden] = field(default_factory=list[Hidden])
    """What is in the file but not usable, with reasons."""
    externs: Externs = field(default_factory=Externs)
    btf: Btf | None = None
    """The object's types; None where it has none."""
    producer: str = ""
    """The compiler, as far as the object tells: `clang version 19.1.7`, `rustc version 1.80.0`, `Rust`."""
    read_types: Callable[[], Btf | None] = field(default=lambda: None, repr=False, compare=False)
    """Reads the types from elsewhere when they are first looked at, where there is no BTF."""
    read_debug: Callable[[], Dwarf | None] = field(default=lambda: None, repr=False, compare=False)
    """Returns the object's DWARF, also where it has BTF; None where it has none."""
    read_folded: Callable[[], list[Hidden]] = field(default=list, repr=False, compare=False)
    """Reads what the compiler optimised away when it is first looked at."""
    raw: bytes | None = field(default=None, repr=False, compare=False)
    """The object's bytes, as they were read: by now its file may hold another one. None where it is of no object."""
    headers: tuple[str, ...] = field(default=(), repr=False, compare=False)
    """Of what was compiled here: the files that its C file includes, but for the machine's headers."""
    layouts: dict[str, SectionLayout] = field(default_factory=dict[str, SectionLayout], repr=False)
    """By section name: what the kernel wants filled in before it takes the BTF."""
    _placed: dict[str, tuple[list[int], list[tuple[str, int]]]] = field(
        default_factory=dict[str, tuple[list[int], list[tuple[str, int]]]], init=False, repr=False, compare=False
    )

    @classmethod
    def from_file(cls, path: str | PathLike[str], *, source_directories: Sequence[str] = ()) -> CollectionSpec:
        """Read an object file.

        Args:
            path: The file, or what holds one; `FILE#2` is the second object in a file.
            source_directories: Where the source files are that its DWARF names, besides the file's own folder; no
                other is read.

        Raises:
            ObjectError: It is not a BPF object, or is damaged in a way that leaves nothing to show.
            NoPermissionError: It cannot be read.
        """
        from .container import read_source
        from .reader import read_into

        return read_into(cls(os.fspath(path)), read_source(path), source_directories)

    @classmethod
    def from_bytes(
        cls, data: bytes, *, file: str = "<bytes>", source_directories: Sequence[str] = ()
    ) -> CollectionSpec:
        """Read an object from memory; *file* is what errors call it, the rest as for `from_file`.

        Raises:
            ObjectError: It is not a BPF object, or is damaged in a way that leaves nothing to show.
        """
        from .reader import read_into

        return read_into(cls(file), data, source_directories)

    def __repr__(self) -> str:
        return f"<CollectionSpec {visible(self.file)}: {holdings(self.programs, self.maps, self.variables)}>"

    @property
    def title(self) -> str:
        """What it is called for people: the file's name without its folder."""
        return self.file.rsplit("/", 1)[-1]

    @property
    def origin(self) -> str:
        """Where the values of variables come from that nobody has changed: a `file`."""
        return "file"

    @property
    def types(self) -> Btf | None:
        """The object's types, to be looked at: its BTF, else its DWARF in the form of BTF; None where it has neither.

        What is loaded into the kernel is `btf` alone.
        """
        return self.btf if self.btf is not None else self.read_types()

    @cached_property
    def registers(self) -> Registers | None:
        """The registers that its programs know, and so the machine that it is built for; None where nothing tells."""
        from .architectures import registers_of

        return registers_of(self.types)

    def placed_variables(self, section: str) -> tuple[list[int], list[tuple[str, int]]]:
        """Return where the variables of a data section begin, ascending, and their names and types (0: not known)."""
        if section not in self._placed:
            types, layout = self._datasec_types(section), self.layouts.get(section)
            offsets = dict(layout.offsets) if layout is not None else dict[str, int]()
            found = sorted((offset, name) for name, offset in offsets.items())
            self._placed[section] = (
                [offset for offset, _ in found],
                [(name, types.get(name, 0)) for _, name in found],
            )
        return self._placed[section]

    def _datasec_types(self, section: str) -> dict[str, int]:
        from ..btf import types as t
        from ..btf.types import Kind

        btf = self.types
        datasec_id = btf.find(section, Kind.DATASEC) if btf is not None else None
        datasec = btf.type(datasec_id) if btf is not None and datasec_id is not None else None
        if btf is None or not isinstance(datasec, t.DataSec):
            return {}
        variables = (btf.type(item.type_id) for item in datasec.variables)
        return {item.name: item.type_id for item in variables if isinstance(item, t.Var)}

    @cached_property
    def optimised_away(self) -> list[Hidden]:
        """The variables of the source that are not in the object, with reasons; only DWARF knows of them."""
        return [found for found in self.read_folded() if found.name not in self.variables]

    def set(self, name: str, value: Value) -> None:
        """Set the variable *name* to a Python value.

        Raises:
            UnknownNameError: There is no such variable, or it cannot be set from outside.
            ValueRangeError, TypeMismatchError: The value does not fit; nothing is changed.
        """
        self.variable(name).set(value)

    def set_text(self, path: str, text: str) -> None:
        """Set a variable, or a member of one (`cfg.limits[2].rate`), from text as a user types it.

        Raises:
            UnknownNameError: There is no such variable or member.
            ValueRangeError, TypeMismatchError, UsageError: The text does not stand for a value that fits; nothing is
                changed.
        """
        end = min((i for i in (path.find("."), path.find("[")) if i > 0), default=len(path))
        name = path if path in self.variables else path[:end]
        self.variable(name).set_text(text, path[len(name) :])

    def diff(self) -> list[Difference]:
        """Return what was set to other values than the file has, variable by variable and member by member."""
        return [found for variable in self.variables.values() for found in variable.diff()]

    def reset(self) -> None:
        """Give every variable the value that the file has; `variables[name].reset()` does it for one."""
        for variable in self.variables.values():
            variable.reset()

    def set_type(self, name: str, text: str) -> None:
        """Say what the program *name* is, as `ProgramSpec.set_type` does.

        Programs that iproute2 reaches by tail calls (sections `ID/KEY`) have the type of the object's entry: where that
        is the one that changes, theirs do as well.

        Raises:
            UnknownNameError: There is no such program, or no such type.
        """
        from .legacy import entry_type, retype_tail_calls

        before = entry_type(self.programs)
        self.program(name).set_type(text)
        retype_tail_calls(self.programs, before)

    def variable(self, name: str) -> VariableSpec:
        """Return the variable *name*.

        Raises:
            UnknownNameError: There is none; the hint names the nearest, or says why it cannot be set.
        """
        if name in self.variables:
            return self.variables[name]
        for hidden in (*self.hidden, *self.optimised_away):
            if hidden.name == name and hidden.kind == "variable":
                error = UnknownNameError("variable", name, self.variables, where=self.file)
                error.hint = f"{name} is in the file but cannot be set: {hidden.reason}"
                raise error
        raise UnknownNameError("variable", name, self.variables, where=self.file)

    def program(self, name: str) -> ProgramSpec:
        """Return the program *name*; UnknownNameError, which names the nearest, where there is none."""
        return _lookup("program", name, self.programs, self.file)

    def map(self, name: str) -> MapSpec:
        """Return the map *name*; UnknownNameError, which names the nearest, where there is none."""
        return _lookup("map", name, self.maps, self.file)

    def ctype(self, name: str, kind: Kind | None = None) -> CType:
        """Return the object's type *name*, the first of that *kind*.

        Raises:
            UnknownNameError: There is no such type, or the object has no types; the error names the nearest.
        """
        from ..btf import CType, Kind

        types = self.types
        found = None if types is None else types.find(name, kind)
        if types is None or found is None:
            kinds = (
                (Kind.STRUCT, Kind.UNION, Kind.ENUM, Kind.ENUM64, Kind.TYPEDEF, Kind.INT) if kind is None else (kind,)
            )
            ids = [] if types is None else [number for each in kinds for number in types.ids(each)]
            known = [] if types is None else [text for number in ids if (text := types.type_name(number))]
            raise UnknownNameError("type" if kind is None else kind.name.lower(), name, known, where=self.file)
        return CType(types, found)

    def why_no_map(self, name: str) -> str:
        """Return why the object has no map *name* that can be used, although its programs refer to it."""
        return next((item.reason for item in self.hidden if item.name == name), "the object does not define it")

    def copy(self) -> CollectionSpec:
        """Return a spec that can be changed without touching this one; the BTF and the code are shared."""
        maps = {name: _copy_map(spec) for name, spec in self.maps.items()}
        variables = {
            name: type(variable)(
                name=variable.name,
                map=maps[variable.map.name],
                offset=variable.offset,
                size=variable.size,
                original=variable.original,
                type=variable.type,
            )
            for name, variable in self.variables.items()
        }
        twin = copy.copy(self)
        twin._derive_apart()
        twin.maps, twin.variables = maps, variables
        twin.programs = {name: copy.copy(program) for name, program in self.programs.items()}
        return twin

    def closure(self, *, maps: set[str], programs: set[str]) -> tuple[set[str], set[str]]:
        """Return the names of the maps and of the programs that those named need, themselves among them.

        A program needs the maps that it uses, and the struct_ops map that it is a function of, which says what it is.
        A map needs what it holds from the start: inner maps, the programs of a program array, and the functions of a
        struct_ops map, unless that is there only for one of its functions.

        Raises:
            UnknownNameError: There is no such map or program.
        """
        wanted, needed = set(programs), {self.map(name).name for name in maps}
        while True:
            used = {used for name in wanted for used in self.program(name).maps}
            held = {name for found in needed | used if found in self.maps for name in self.maps[found].holds}
            more = (used | {name for name in held if name in self.maps}) - needed
            tails = {name for name in held if name in self.programs} - wanted
            if not more and not tails:
                break
            needed |= more
            wanted |= tails
        for name in wanted:
            tables = [spec for spec in self.maps.values() if name in spec.functions.values()]
            needed.update(spec.name for spec in [spec for spec in tables if spec.autocreate] or tables)
        return needed, wanted

    def as_in_file(self) -> CollectionSpec:
        """Return the object without what was set in it; itself, where nobody has its bytes."""
        return self if self.raw is None else CollectionSpec.from_bytes(self.raw, file=self.file)

    def subset(self, *, maps: set[str], programs: set[str], variables: set[str]) -> CollectionSpec:
        """Return a copy that holds only what is named, and what that needs (see `closure`)."""
        twin = self.copy()
        needed, wanted = self.closure(
            maps=maps | {self.variable(name).map.name for name in variables}, programs=programs
        )
        twin.programs = {name: program for name, program in twin.programs.items() if name in wanted}
        twin.maps = {name: spec for name, spec in twin.maps.items() if name in needed}
        twin.variables = {name: var for name, var in twin.variables.items() if var.map.name in needed}
        return twin

    def load(self, **options: Unpack[LoadOptions]) -> KernelCollection:
        """Load into the running kernel: short for `bpftui.core.kernel.load(spec)`.

        Use it as a context manager: `with spec.load() as collection: …`.

        Args:
            options: See `bpftui.core.kernel.LoadOptions`: `programs`, `strict`, `progress`, `stop`, `target`,
                `replacements`, `extends`, `pin_path`.

        Raises:
            LoadError: The kernel, or the object itself, said no; VerifierError if it was the verifier.
            FeatureError: The kernel lacks something.
            NoPermissionError: This process may not.
            UnknownNameError: The object has no such program or map.
        """
        from importlib import import_module

        return import_module("..kernel", __package__).load(self, **options)

    def load_and_assign(self, wanted: type[_T], *, strict: bool = False, **options: Unpack[RuntimeOptions]) -> _T:
        """Load only what the annotations of the class *wanted* name, and return an instance that holds it.

            class Objects:
                pkt_count: Map
                count_packets: Program

            with spec.load_and_assign(Objects) as objects: …

        Args:
            wanted: The class; see `LoadedObjects`, which it may inherit from.
            strict: Whether a program that its program arrays hold must load, too.
            options: See `bpftui.core.kernel.RuntimeOptions`.

        Raises:
            UnknownNameError: The object has no such map, program or variable; nothing was loaded.
            UsageError: The class asks for something that is neither; nothing was loaded.
            BpftuiError: As for `load`.
        """
        from .assign import load_and_assign

        return load_and_assign(self, wanted, strict=strict, **options)


def holdings(programs: Sized, maps: Sized, variables: Sized) -> str:
    """Return how much there is of each, for a repr."""
    counts = (("program", len(programs)), ("map", len(maps)), ("variable", len(variables)))
    return ", ".join(f"{count} {name}{'' if count == 1 else 's'}" for name, count in counts)


def _lookup(kind: str, name: str, known: Mapping[str, _T], file: str) -> _T:
    try:
        return known[name]
    except KeyError:
        raise UnknownNameError(kind, name, known, where=file) from None


def _copy_map(spec: MapSpec) -> MapSpec:
    twin = copy.copy(spec)
    if spec.data is not None:
        twin.data = copied(spec.data)
    twin.contents = list(spec.contents)
    if spec.inner is not None:
        twin.inner = _copy_map(spec.inner)
    return twin
