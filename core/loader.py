"""What loading a collection means in every runtime: the order of things, what is wanted, and what one failure sinks."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Generic, TypeVar

from .closing import Closing
from .errors import BpftuiError, LoadError, UsageError, VerifierError
from .interrupt import Interrupt
from .maps import TypedMap, Variable
from .runtime import CheckReport, Link, LoadOutcome, Program, load_given_up
from .runtime.stacks import NoSymbols
from .spec import MapType
from .spec.collection import holdings
from .visible import visible

if TYPE_CHECKING:
    from threading import Event

    from .runtime import Progress, Runtime
    from .runtime.stacks import Symbols
    from .spec import CollectionSpec, MapSpec, ProgramSpec

__all__ = ["CollectionLoader", "LoadedCollection"]

_MapT = TypeVar("_MapT", bound=TypedMap)
_ProgramT = TypeVar("_ProgramT", bound=Program)
_LinkT = TypeVar("_LinkT", bound=Link)


class LoadedCollection(Generic[_MapT, _ProgramT, _LinkT], Closing):
    """What was loaded: maps, programs and variables by name. It owns all of it, and the links made from it.

    A map or program that is popped from `maps` or `programs` is its taker's, who closes it.

    Args:
        runtime: What it was loaded into.
        loader: What has created its parts.
    """

    def __init__(self, runtime: Runtime, loader: CollectionLoader[_MapT, _ProgramT, _LinkT]) -> None:
        self.spec = loader.spec
        self.runtime = runtime
        self.maps = loader.maps
        """By name; what lies in an arena (`.addr_space.1`) is no map of its own."""
        self.programs = loader.programs
        self.variables = {
            name: Variable(variable, home)
            for name, variable in loader.spec.variables.items()
            if (home := loader.home(variable.map.name)) is not None
        }
        self.problems = loader.problems
        """Why programs that were wanted did not load, by their names."""
        self.remarks = loader.remarks
        """What was done without, though the object has it: sentences."""
        self._links = loader.links

    @property
    def symbols(self) -> Symbols:
        """What knows the functions in stack traces: none of what runs in no kernel."""
        return NoSymbols()

    def __repr__(self) -> str:
        held = holdings(self.programs, self.maps, self.variables)
        return f"<{type(self).__name__} {visible(self.spec.file)}: {held}>"

    @property
    def links(self) -> frozenset[_LinkT]:
        """The links of its programs that are attached now."""
        return frozenset(self._links)

    def loaded_program(self, name: str) -> _ProgramT:
        """Return one of its programs.

        Raises:
            UnknownNameError: The object has no program of that name.
            UsageError: It was not loaded.
        """
        self.spec.program(name)
        if name not in self.programs:
            raise UsageError(f"{name} was not loaded")
        return self.programs[name]

    def close(self) -> None:
        """Detach and close everything; a second call does nothing."""
        for link in self.links:
            link.detach()


class CollectionLoader(ABC, Generic[_MapT, _ProgramT, _LinkT]):
    """Creates the parts of a collection one by one.

    Args:
        spec: What to load. It is not changed.
    """

    def __init__(self, spec: CollectionSpec) -> None:
        self.spec = spec
        self.maps: dict[str, _MapT] = {}
        self.programs: dict[str, _ProgramT] = {}
        self.problems: dict[str, BpftuiError] = {}
        self.remarks: list[str] = []
        self.links: set[_LinkT] = set()
        self._arena: _MapT | None = None

    @abstractmethod
    def new_map(self, spec: MapSpec) -> _MapT:
        """Create one map, with its contents if it is a data section.

        Raises:
            LoadError, FeatureError, NoPermissionError: It cannot be.
        """

    @abstractmethod
    def new_program(self, spec: ProgramSpec, *, log_level: int = 0) -> _ProgramT:
        """Load one program; its maps are there.

        Args:
            spec: The program.
            log_level: What the verifier logs of one that it takes, where there is a verifier.

        Raises:
            LoadError, FeatureError, NoPermissionError: It cannot be; VerifierError if it was the verifier.
        """

    @abstractmethod
    def outcome_of(self, program: _ProgramT) -> LoadOutcome:
        """Return what is known of a program that was loaded to be tried; it is not needed any more."""

    def begin(self) -> None:
        """Prepare what maps and programs need: called once, before the first of them."""

    def is_unused(self, program: ProgramSpec) -> bool:
        """Whether a program that is to be loaded by default has no use here, now that the maps are there."""
        return False

    def is_handed(self, spec: MapSpec) -> bool:
        """Whether a map is another version's too, and holds already what it is to hold."""
        return False

    def create_map(self, spec: MapSpec) -> None:
        """Create one map, or place a section that lies in the arena; errors as for `new_map`."""
        if spec.in_arena:
            self._place(spec)
            return
        self.maps[spec.name] = created = self.new_map(spec)
        if spec.type == MapType.ARENA:
            self._arena = created

    def _place(self, spec: MapSpec) -> None:
        """Copy a section that lies in the arena to its start, as libbpf does."""
        if self._arena is None:
            declared = any(found.type == MapType.ARENA for found in self.spec.maps.values())
            reason = "which was not created" if declared else "and the object declares none"
            raise LoadError(f"cannot place {spec.name}: its variables lie in an arena, {reason}")
        contents, room = bytes(spec.data or b""), self._arena.elements.shape.memory_size
        if len(contents) > room:
            reason = f"{len(contents)} bytes do not fit into map {self._arena.name}, of which {room} bytes are mapped"
            raise LoadError(f"cannot place {spec.name}: {reason}", hint="raise the arena's max_entries (pages)")
        self._arena.write_at(0, contents)

    def home(self, name: str) -> _MapT | None:
        """Return the map that holds a map or a data section of the object; None where it was not created."""
        spec = self.spec.maps.get(name)
        return self._arena if spec is not None and spec.in_arena else self.maps.get(name)

    def fill_map_of_maps(self, spec: MapSpec) -> None:
        """Put the maps into a map of maps that its object names."""
        if spec.type == MapType.PROG_ARRAY or not spec.contents or self.is_handed(spec):
            return
        outer = self.maps[spec.name]
        for entry in spec.contents:
            if entry.target not in self.maps:
                raise LoadError(f"cannot fill map {spec.name}: there is no map {entry.target} to put at {entry.key}")
        # At once: after each call the kernel waits until no program uses what was there before, some 10 ms.
        outer.update_batch([(self._key_of(outer, entry.key), self.maps[entry.target]) for entry in spec.contents])

    def load_program(self, spec: ProgramSpec, *, log_level: int = 0) -> _ProgramT:
        """Load one program; its maps have to be there. Errors as for `new_program`."""
        if spec.problem is not None:
            raise LoadError(f"cannot load program {spec.name}: {spec.problem}")
        for name in spec.maps:
            if name not in self.spec.maps and name not in self.maps:
                raise LoadError(f"cannot load program {spec.name}: map {name}: {self.spec.why_no_map(name)}")
        self.programs[spec.name] = program = self.new_program(spec, log_level=log_level)
        return program

    def fill_program_array(self, spec: MapSpec) -> None:
        """Put the programs into a program array that its object names, as far as they were loaded."""
        if spec.type != MapType.PROG_ARRAY:
            return
        for entry in spec.contents:
            if entry.target in self.programs:
                array = self.maps[spec.name]
                array.update(self._key_of(array, entry.key), self.programs[entry.target])

    def _key_of(self, holder: _MapT, key: int) -> bytes:
        """Return the bytes of the key of an initial entry."""
        if key >= 1 << 8 * holder.key_size:
            raise LoadError(f"cannot fill map {holder.name}: its keys have {holder.key_size} bytes, so none is {key}")
        return key.to_bytes(holder.key_size, self.spec.byte_order)

    def load_all(
        self,
        programs: set[str] | None,
        *,
        strict: bool,
        progress: Progress | None = None,
        stop: Event | None = None,
    ) -> None:
        """Create all maps and load the programs named, of which all must load, or those with `autoload`.

        With those named come the programs that their program arrays hold: of these one that does not load is among the
        `problems`, and its slot stays empty, unless it is to be *strict*. *progress* and *stop* are as for
        `bpftui.core.runtime.Runtime.load`.

        Raises:
            GivenUpError: *stop* was set before all of them were loaded.
            UnknownNameError: There is no program of that name.
            BpftuiError: A map cannot be created, or a program that must load does not.
        """
        needed: set[str] = set()
        if programs is None:
            wanted = [program for program in self.spec.programs.values() if program.autoload]
        else:
            needed, reached = self.spec.closure(maps=set(), programs=programs)
            wanted = [self.spec.programs[name] for name in (*sorted(programs), *sorted(reached - programs))]
        created = [spec for spec in self.spec.maps.values() if spec.autocreate or spec.name in needed]
        with stop if isinstance(stop, Interrupt) else nullcontext():
            self.begin()
            for spec in created:
                if stop is not None and stop.is_set():
                    raise load_given_up(self.spec.file, 0, len(wanted))
                self.create_map(spec)
            for spec in created:
                self.fill_map_of_maps(spec)
            if programs is None:
                wanted = [program for program in wanted if not self.is_unused(program)]
            for done, program in enumerate(wanted):
                if stop is not None and stop.is_set():
                    raise load_given_up(self.spec.file, done, len(wanted))
                if progress is not None:
                    progress(done + 1, len(wanted), program.name)
                try:
                    self.load_program(program)
                except BpftuiError as error:
                    if stop is not None and stop.is_set():
                        raise load_given_up(self.spec.file, done, len(wanted)) from error
                    if strict or program.name in (programs or ()):
                        raise
                    self.problems[program.name] = error
        if self.problems and not self.programs:
            first = next(iter(self.problems.values()))
            first.problems = dict(self.problems)
            raise first
        for spec in created:
            self.fill_program_array(spec)

    def check_all(self, log_level: int) -> CheckReport:
        """Try every map once and every program by itself, and report; what was created is not closed."""
        start = time.perf_counter()
        self.begin()
        created = [self._try_map(spec) for spec in self.spec.maps.values()]
        maps = tuple(self._try_contents(outcome) for outcome in created)
        programs = tuple(self._try_program(spec, log_level) for spec in self.spec.programs.values())
        return CheckReport(maps, programs, (time.perf_counter() - start) * 1e3, tuple(self.remarks))

    def _try_map(self, spec: MapSpec) -> LoadOutcome:
        try:
            self.create_map(spec)
        except BpftuiError as error:
            optional = not spec.autocreate
            return LoadOutcome(spec.name, spec.type.label, ok=False, error=error.message, optional=optional)
        return LoadOutcome(spec.name, spec.type.label, ok=True)

    def _try_contents(self, outcome: LoadOutcome) -> LoadOutcome:
        """Fill a map of maps, once all maps are there."""
        try:
            if outcome.ok:
                self.fill_map_of_maps(self.spec.maps[outcome.name])
        except BpftuiError as error:
            return replace(outcome, ok=False, error=error.message)
        return outcome

    def _try_program(self, spec: ProgramSpec, log_level: int) -> LoadOutcome:
        """Load one program and say what became of it."""
        try:
            return self.outcome_of(self.load_program(spec, log_level=log_level))
        except BpftuiError as error:
            log = error.log if isinstance(error, VerifierError) else None
            optional = spec.optional or self.is_unused(spec)
            return LoadOutcome(spec.name, spec.type.label, ok=False, error=error.message, log=log, optional=optional)
