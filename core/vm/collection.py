"""From a CollectionSpec to programs and maps on the built-in machine."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from ..asm import ImmSource
from ..asm.opcodes import CALL
from ..errors import LoadError, UsageError
from ..loader import CollectionLoader, LoadedCollection
from ..maps.shape import why_unreadable
from ..runtime import LoadOutcome
from ..spec import INSN_SIZE, ReferenceKind
from ..spec.program import TRAP
from ..spec.relocate_core import apply_core
from .engine.code import function_address
from .engine.errors import InvalidCodeError, Lack, MemoryLimitError, RunError
from .engine.machine import Machine
from .engine.processor import DEFAULT_LIMIT, Processor
from .helpers import HelperTable, kernel_function
from .lint.findings import findings
from .map import Map
from .maps import ArenaStore, ArrayStore, ReferenceStore, Store, create_store
from .parts import Parts
from .program import Program
from .sandbox import Link
from .world.host import Host
from .world.kconfig import KCONFIG, kconfig_values
from .world.printed import PrintReader
from .world.probes import probes
from .world.returned import unknown_function
from .world.timers import Timers
from .world.traps import trap_bad_accesses

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from threading import Event

    from ..btf import Btf
    from ..runtime import Collection, Progress
    from ..runtime import Link as RuntimeLink
    from ..spec import CollectionSpec, MapSpec, ProgramSpec, Reference
    from .runtime import MachineRuntime
    from .world.settings import Settings

__all__ = ["Loader", "MachineCollection"]

_IN_MAPS = (ReferenceKind.MAP, ReferenceKind.DATA, ReferenceKind.TABLE)


class MachineCollection(LoadedCollection[Map, Program, Link]):
    """What was loaded into the built-in machine: maps, programs and variables by name, and their links."""

    def __init__(self, runtime: MachineRuntime, loader: Loader) -> None:
        super().__init__(runtime, loader)
        self.host = loader.host
        self._machine = runtime
        self._parts = loader.parts
        self._handed: tuple[str, ...] = ()
        """The maps whose contents come from the version before."""

    def keeps(self, name: str) -> str:
        """Return why a map of its cannot be handed over to another version, as a clause; empty where it can."""
        kind = self.maps[name].type
        reason = why_unreadable(kind)
        if reason is None and kind.gives_ids:
            reason = "it holds what belongs to one version"
        return "" if reason is None else f"in the built-in machine entries are copied, and {reason}"

    def successor(
        self,
        spec: CollectionSpec,
        handed: Iterable[str],
        *,
        programs: set[str] | None = None,
        progress: Progress | None = None,
        stop: Event | None = None,
    ) -> MachineCollection:
        """Load another version beside this one; see `bpftui.core.runtime.Replaceable`.

        It has memory of its own, so that what is handed over is copied, in `handing_over`.

        Raises:
            UsageError: It is of the other byte order.
        """
        if spec.byte_order != self.spec.byte_order:
            raise UsageError(f"{spec.file} is {spec.byte_order}-endian, and what is loaded is not")
        found = self._machine.load(spec, programs=programs, progress=progress, stop=stop)
        found._handed = tuple(handed)
        return found

    @contextmanager
    def handing_over(self, successor: Collection) -> Generator[None]:
        """Let no program run while it is open, and give another version what the maps hold that are handed over."""
        if not isinstance(successor, MachineCollection):
            raise UsageError(f"{successor.spec.file} is not loaded in the built-in machine")
        with ExitStack() as stack:
            for sandbox in {id(link.sandbox): link.sandbox for link in self.links}.values():
                stack.enter_context(sandbox.still())
            stack.enter_context(self._parts.between_runs())
            for name in successor._handed:
                old, new = self.maps[name].store, successor.maps[name].store
                for entry in old.entries():
                    new.update(entry.key, old.shape.join(entry.values))
            yield

    def take_over(self, link: RuntimeLink) -> None:
        """Put the program of the link's name in the place of the link's, which is this collection's from then on."""
        if not isinstance(link, Link):
            raise UsageError(f"{link.program} is not attached in the built-in machine")
        link.update(self.loaded_program(link.program))

    @property
    def trace(self) -> tuple[str, ...]:
        """What programs printed (bpf_trace_printk), oldest first; the last 10,000 lines."""
        return tuple(line.text for line in self.host.trace)

    def printed(self) -> PrintReader:
        """Return what reads the lines that its programs print from now on."""
        return PrintReader(self._parts)

    @property
    def next_due(self) -> int | None:
        """When the next timer is to be called, in nanoseconds by `Settings.clock`; None where none is armed."""
        with self._parts.lock:
            return self.host.part(Timers).next_due

    def catch_up(self) -> None:
        """Call the timers whose time has come; it happens by itself before a map is read, and behind each run.

        Raises:
            RunError: One was stopped.
        """
        with self._parts.between_runs():
            pass


class Loader(CollectionLoader[Map, Program, Link]):
    """Creates the parts of a collection one by one.

    Args:
        spec: What to load. It is not changed.
        settings: What programs are told of the world.
        target: The types to adapt the programs to; without them the object's own, which leaves them as they are.
        numbers: Where maps and programs get their numbers from.
        timed: Tells whether runs are counted and timed now.
        trial: Whether programs are made to learn whether they can be, and never run: nothing is looked for in their
            code of what only a run needs, which takes most of a load.
    """

    def __init__(
        self,
        spec: CollectionSpec,
        settings: Settings,
        target: Btf | None,
        numbers: Iterator[int],
        timed: Callable[[], bool],
        *,
        trial: bool = False,
    ) -> None:
        super().__init__(spec)
        self._trial = trial
        self.settings = settings
        self.host = Host(Processor(), settings, spec.byte_order, spec.btf, target or spec.btf)
        self.parts = Parts(self.host, timed)
        self._target = target
        self._numbers = numbers
        self._helpers = HelperTable(self.host)
        self._machines: dict[int, Machine] = {}
        """By the number of the program."""
        self._symbols: dict[str, int] = {}
        """By the name of a kernel function, its address."""

    def new_map(self, spec: MapSpec) -> Map:
        """Create one map, with its contents if it is a data section."""
        if spec.problem is not None:
            raise LoadError(f"cannot create map {spec.name}: {spec.problem}")
        if spec.name == KCONFIG:
            spec = replace(spec, data=bytearray(kconfig_values(self.spec, self.settings.kconfig or {})))
        try:
            store = create_store(spec, self.host)
        except MemoryLimitError as error:
            raise LoadError(f"cannot create map {spec.name} ({spec.type.label}): {error.reason}") from error
        address = self.host.memory.map(f"map {spec.name}", 8, readable=False, writable=False).base
        created = Map(spec, store, next(self._numbers), address, self.parts)
        self.host.maps[address] = store
        self.host.addresses[created.id] = address
        if type(store).settle is not Store.settle:
            self.parts.unsettled.append(store)
        return created

    def new_program(self, spec: ProgramSpec, *, log_level: int = 0) -> Program:
        """Make one program ready to run; its maps are there. It leaves no log."""
        code = spec.code
        # Without a target the code stays as it was compiled: the object's own types are those of the "kernel".
        if self._target is not None and self.spec.btf is not None and spec.linked.core_relocations:
            code, _ = apply_core(spec, self.spec.btf, self._target)
        addresses: dict[int, int] = {}
        tables = {
            name: self.host.memory.map(f"jump table {name}", INSN_SIZE * len(slots), writable=False)
            for name, slots in spec.linked.tables.items()
        }
        code, kfuncs = (code, {}) if self._trial else trap_bad_accesses(spec, code, self.spec.maps)
        for slot, reference in spec.linked.references.items():
            match reference.kind:
                case ReferenceKind.MAP:
                    addresses[slot] = self._map(spec, reference).address
                case ReferenceKind.DATA:
                    addresses[slot] = self._data(spec, reference)
                case ReferenceKind.TABLE:
                    addresses[slot] = tables[reference.name].base
                case ReferenceKind.KFUNC if code[slot * INSN_SIZE] == CALL:
                    kfuncs[slot] = kernel_function(self.host, reference.name) or _unknown(self.host, reference.name)
                case ReferenceKind.KFUNC:
                    addresses[slot] = self._function_symbol(reference.name)
                case ReferenceKind.KSYM:
                    # What a kernel without it gives a weak one. There is no kernel whose address it could be.
                    addresses[slot] = 0
                case ReferenceKind.CALL | ReferenceKind.FUNCTION | ReferenceKind.HELPER:
                    pass
        arena = self._arena.store if self._arena is not None else None
        number = next(self._numbers)
        try:
            machine = Machine(
                code,
                self._helpers,
                name=spec.name,
                byte_order=self.spec.byte_order,
                processor=self.host.processor,
                addresses=addresses,
                kfuncs=kfuncs,
                tail_call=self._tail_call,
                load_packet=self._load_packet,
                probes=frozenset[int]() if self._trial else probes(spec, self.spec, self._target),
                arena=arena.region if isinstance(arena, ArenaStore) else None,
                line_of=spec.linked.line_text,
                limit=self.settings.limit or DEFAULT_LIMIT,
            )
        except InvalidCodeError as error:
            place = "" if error.slot is None else f"instruction {error.slot}: "
            raise LoadError(f"cannot load program {spec.name}: {place}{error.reason}") from error
        for name, slots in spec.linked.tables.items():
            entries = (function_address(machine.base, slot).to_bytes(8, self.spec.byte_order) for slot in slots)
            tables[name].data[:] = b"".join(entries)
        program = Program(spec, machine, self.parts, number, _tag(code, addresses, spec))
        program.links = self.links
        self._machines[number] = machine
        return program

    def outcome_of(self, program: Program) -> LoadOutcome:
        """Return what is found in a program's code. One that only has findings is ok: they are no more than hints."""
        log = None if self._trial else findings(program.spec)
        return LoadOutcome(program.name, program.type.label, ok=True, log=log)

    def _map(self, program: ProgramSpec, reference: Reference) -> Map:
        found = self.home(reference.map or "")
        if found is None:
            raise LoadError(f"cannot load program {program.name}: its map {reference.map} was not created")
        return found

    def _data(self, program: ProgramSpec, reference: Reference) -> int:
        store = self._map(program, reference).store
        if isinstance(store, ArenaStore):
            return store.region.base + reference.offset
        if not isinstance(store, ArrayStore):
            raise LoadError(f"cannot load program {program.name}: {reference.map} is no data section")
        return store.regions[0].base + reference.offset

    def _function_symbol(self, name: str) -> int:
        """Return the address of a kernel function, by which a program only finds out whether there is one; 0 for no."""
        if kernel_function(self.host, name) is None:
            return 0
        if name not in self._symbols:
            region = self.host.memory.map(f"kernel function {name}", 8, readable=False, writable=False)
            self._symbols[name] = region.base
        return self._symbols[name]

    def _tail_call(self, table: int, index: int) -> Machine | None:
        store = self.host.maps[table]
        if not isinstance(store, ReferenceStore):
            raise RunError(f"map {store.name} ({store.shape.type.label}) holds no programs")
        number = store.values.get(index.to_bytes(4, self.spec.byte_order))
        return None if number is None else self._machines.get(number)

    def _load_packet(self, offset: int, size: int) -> int | None:
        packet = self.host.packet
        return None if packet is None else packet.load(offset, size)

    def load(
        self,
        runtime: MachineRuntime,
        programs: set[str] | None,
        *,
        strict: bool = False,
        progress: Progress | None = None,
        stop: Event | None = None,
    ) -> MachineCollection:
        """Create all maps, load the programs named (or those with `autoload`), and hand everything over."""
        self.load_all(programs, strict=strict, progress=progress, stop=stop)
        return MachineCollection(runtime, self)


def _unknown(host: Host, name: str) -> Callable[..., int]:
    def call(*_: int) -> int:
        if name == TRAP:
            raise RunError("the program came to __bpf_trap(): what it does here is undefined in C")
        raise RunError(unknown_function(host, name), lacks=Lack(name))

    return call


def _tag(code: bytes, addresses: dict[int, int], spec: ProgramSpec) -> str:
    """Return the tag that Linux 6.18 gives: a SHA-256 over the code, in which maps have no numbers."""
    raw = bytearray(code)
    for slot, reference in spec.linked.references.items():
        at = slot * INSN_SIZE
        if reference.kind not in _IN_MAPS or slot not in addresses:
            continue
        source = ImmSource.MAP_FD if reference.kind == ReferenceKind.MAP else ImmSource.MAP_VALUE
        shift = 4 if spec.byte_order == "little" else 0
        raw[at + 1] = raw[at + 1] & ~(0xF << shift) & 0xFF | source << shift
        raw[at + 4 : at + 8] = raw[at + 12 : at + 16] = bytes(4)
    return hashlib.sha256(raw).hexdigest()[:16]
