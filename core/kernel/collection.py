"""From a CollectionSpec to what lives in the kernel: ownership, and nothing left behind on failure."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self

from ..btf.compatible import essential_name
from ..btf.kernel import loaded_modules, vmlinux
from ..errors import BpftuiError, LoadError, UsageError
from ..loader import CollectionLoader, LoadedCollection
from ..runtime import LoadOutcome
from ..spec import MapType, Pinning, ProgramType
from ..spec.jump_tables import table_map, table_value
from ..spec.kconfig import KCONFIG
from .host.kallsyms import SymbolTable
from .host.kconfig import kconfig_values
from .host.modules import ModuleTypes
from .link import Link
from .loading.btf import load_btf, out_of_order, prepare
from .loading.hook import hook_in, hook_of
from .loading.prog_load import LARGEST_LOG, LOG_NONE
from .loading.single import load_code
from .loading.struct_ops import adapt
from .map import Map
from .program import Program
from .reuse import handed, open_pinned, reused
from .stacks.symbols import kernel_symbols
from .struct_ops import StructOpsMap

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping
    from threading import Event
    from types import TracebackType

    from ..btf import Btf
    from ..runtime import Collection, Progress, Runtime
    from ..runtime import Link as RuntimeLink
    from ..spec import CollectionSpec, MapSpec, ProgramSpec
    from .loading.hook import Hook
    from .loading.struct_ops import StructOps
    from .printk import PrintReader
    from .stacks.symbols import KernelSymbols
    from .sys.syscall import Descriptor

__all__ = ["KernelCollection", "Loader"]


class KernelCollection(LoadedCollection[Map, Program, Link]):
    """What was loaded into the kernel: maps, programs and variables by name. It owns all of it, and their links."""

    def __init__(self, runtime: Runtime, loader: Loader) -> None:
        super().__init__(runtime, loader)
        self._told = loader.told

    @property
    def symbols(self) -> KernelSymbols:
        """What knows the functions in stack traces, of the kernel and of processes."""
        return kernel_symbols()

    def keeps(self, name: str) -> str:
        """Return why a map of its cannot be handed over to another version, as a clause; empty where it can."""
        return "its memory is at one address of this process" if self.maps[name].type is MapType.ARENA else ""

    def successor(
        self,
        spec: CollectionSpec,
        handed: Iterable[str],
        *,
        programs: set[str] | None = None,
        progress: Progress | None = None,
        stop: Event | None = None,
    ) -> KernelCollection:
        """Load another version beside this one; see `bpftui.core.runtime.Replaceable`. Maps are handed over at once."""
        maps = {name: self.maps[name] for name in handed}
        with Loader.told_as(self._told, spec, maps) as loader:
            return loader.load(self.runtime, programs, progress=progress, stop=stop)

    @contextlib.contextmanager
    def handing_over(self, successor: Collection) -> Generator[None]:
        """Put programs of another version into the program arrays that both have, once it has taken over.

        All else is done: both have the maps already, and the kernel takes one program for another in one step.
        """
        yield
        names = {program.id: name for name, program in self.programs.items()}
        for name, array in successor.maps.items():
            if array.type is not MapType.PROG_ARRAY or name not in self.maps or self.maps[name].id != array.id:
                continue
            for key, number in list(self.maps[name].items()):
                program = successor.programs.get(names.get(number, "")) if isinstance(number, int) else None
                if program is not None:
                    with contextlib.suppress(BpftuiError):  # it stays as it is, and is told as such
                        self.maps[name].update(key, program)

    def take_over(self, link: RuntimeLink) -> None:
        """Put the program of the link's name in the place of the link's, which is this collection's from then on.

        Errors as for `Link.update`.
        """
        if not isinstance(link, Link):
            raise UsageError(f"{link.program} is not attached in the kernel")
        link.update(self.loaded_program(link.program))
        link.move(self._links)

    def register(self, name: str) -> Link:
        """Register a struct_ops map with its subsystem, for as long as the link that is returned lives.

        Raises:
            UnknownNameError: There is no such map.
            UsageError: It is none of struct_ops, or declared without a link; or a program of its did not load.
            AttachError, FeatureError, NoPermissionError: The kernel said no.
        """
        self.spec.map(name)
        found = self.maps.get(name)
        if not isinstance(found, StructOpsMap):
            reason = "it was not created" if found is None else f"it is of type {found.type.label}"
            raise UsageError(f"cannot register {name}: {reason}", hint="tables of functions (struct_ops) are")
        return found.register(self.programs, self._links)

    def printed(self) -> PrintReader:
        """Return what reads the lines that its programs print from now on; it is the caller's to close."""
        from .printk import PrintReader

        return PrintReader(self.programs.values())

    def close(self) -> None:
        """Detach and close everything; a second call does nothing."""
        super().close()
        for program in self.programs.values():
            program.close()
        for map_ in self.maps.values():
            map_.close()


class Told(NamedTuple):
    """What a loader is told of all versions of an object: see `Loader`."""

    target: Btf | None
    replacements: Mapping[str, Map]
    extends: Mapping[str, Program]
    pin_path: str | os.PathLike[str] | None


def _unpin(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)


class Loader(CollectionLoader[Map, Program, Link]):
    """Creates the parts of a collection one by one, and closes what it has created unless `release` is called.

    Args:
        spec: What to load. It is not changed.
        target: The types to adapt the programs to, instead of those that the kernel publishes.
        replacements: Maps to use instead of those that the object declares, by name. They stay their owners'.
        extends: Loaded programs whose functions a program replaces or traces (freplace, fentry, fexit), by its name.
        pin_path: The directory of a bpffs where maps with `pinning` by name are found or put; None leaves them private.

    Raises:
        LoadError: The object was compiled for the other byte order.
        UnknownNameError: There is no map to be replaced.
    """

    collection_type: ClassVar[type[KernelCollection]] = KernelCollection
    """What it hands everything over to."""

    def __init__(
        self,
        spec: CollectionSpec,
        target: Btf | None = None,
        *,
        replacements: Mapping[str, Map] | None = None,
        extends: Mapping[str, Program] | None = None,
        pin_path: str | os.PathLike[str] | None = None,
    ) -> None:
        if spec.byte_order != sys.byteorder:
            raise LoadError(
                f"cannot load {spec.file}: it is {spec.byte_order}-endian, and this machine is {sys.byteorder}-endian",
                hint=f"compile it with -target bpf{'el' if sys.byteorder == 'little' else 'eb'}, or use --runtime vm",
            )
        super().__init__(spec)
        self.target = target
        self.replacements = replacements or {}
        for name in self.replacements:
            spec.map(name)
        self.extends = extends or {}
        for name in self.extends:
            spec.program(name)
        self.pin_path = pin_path
        self._handed: Mapping[str, Map] = {}
        """Maps of another version that are this one's too, by name."""
        self.btf_problem: str | None = None
        """Why the kernel did not take the object's types, where it did not: they are a help, no need."""
        self.most_log = LARGEST_LOG
        """Bytes of the verifier's log that are kept of each program."""
        self._stack = contextlib.ExitStack()
        self.modules = ModuleTypes()
        """Descriptors of the types of modules whose functions its programs use."""
        self._stack.callback(self.modules.close)
        self._symbols = SymbolTable([essential_name(extern.name) for extern in spec.externs.ksyms])
        self._btf_fd: Descriptor | None = None
        self._hooks: dict[str, Hook] = {}

    @property
    def told(self) -> Told:
        """What it was made with, beside the spec."""
        return Told(self.target, self.replacements, self.extends, self.pin_path)

    @classmethod
    def told_as(cls, told: Told, spec: CollectionSpec, handed: Mapping[str, Map]) -> Self:
        """Return one that loads another version of what one was told to load that had *told*, and is handed maps."""
        loader = cls(
            spec,
            told.target,
            replacements={name: each for name, each in told.replacements.items() if name in spec.maps},
            extends={name: each for name, each in told.extends.items() if name in spec.programs},
            pin_path=told.pin_path,
        )
        loader._handed = handed
        return loader

    def is_handed(self, spec: MapSpec) -> bool:
        """Whether it is one that was handed over."""
        return spec.name in self._handed

    def begin(self) -> None:
        """Load the object's BTF. A refusal is noted in `btf_problem` and `remarks`, and everything goes on without."""
        if self.spec.btf is None:
            return
        try:
            self._btf_fd = load_btf(prepare(self.spec.btf, self.spec.layouts, self.static_functions()))
        except BpftuiError as error:
            self.btf_problem = error.message
            told = f" ({error.hint})" if error.hint else ""
            lost = "everything is loaded without: no lines of C in logs, no types of maps, no functions verified alone"
            self.remarks.append(f"{self.spec.file}: {error.message}{told}; {lost}")
        else:
            self._stack.callback(self._btf_fd.close)

    @cached_property
    def _reordered(self) -> bool:
        """Whether the kernel's copy of the types counts members otherwise than the CO-RE relocations do."""
        return self.spec.btf is not None and bool(out_of_order(self.spec.btf))

    def static_functions(self) -> set[int]:
        """Return the BTF ids of the functions that other objects do not see: static and hidden ones."""
        functions = (function for program in self.spec.programs.values() for function in program.functions)
        return {function.type_id for function in functions if function.type_id and not function.is_global}

    def new_map(self, spec: MapSpec) -> Map:
        """Create one map, or find the one to use instead, with its contents if it is a data section."""
        if spec.name in self._handed:
            created = handed(self._handed[spec.name], spec)
        elif spec.name in self.replacements:
            created = reused(self.replacements[spec.name], spec)
        elif spec.pinning == Pinning.BY_NAME and self.pin_path is not None:
            created = self._pinned(spec, os.path.join(self.pin_path, spec.name))
        elif spec.type == MapType.STRUCT_OPS:
            created = StructOpsMap.of_struct(spec, self.struct_ops(spec), self._btf_fd)
        else:
            if spec.name == KCONFIG:
                spec = replace(spec, data=bytearray(kconfig_values(self.spec)))
            created = Map.of_object(spec, self.spec.btf, self._btf_fd)
        self._stack.callback(created.close)
        return created

    def struct_ops(self, spec: MapSpec) -> StructOps:
        """Return a struct_ops map in the kernel's layout; from then on its programs have a hook."""
        modules = loaded_modules() if self.target is None else ()
        ops = adapt(spec, self.target or vmlinux(), modules, self.modules.fd)
        self._hooks |= ops.hooks
        return ops

    def _pinned(self, spec: MapSpec, path: str) -> Map:
        """Return the map that is pinned at *path*; where there is none, create it and pin it there."""
        found = open_pinned(path, spec)
        if found is None:
            found = Map.of_object(spec, self.spec.btf, self._btf_fd)
            self._stack.callback(found.close)
            found.pin(path)
            found.shared = f"it is pinned at {path}, where others find it"
            # Unless all goes well: then the pin is what the object asked for, and stays.
            self._stack.callback(_unpin, path)
        return found

    def new_program(self, spec: ProgramSpec, *, log_level: int = LOG_NONE) -> Program:
        """Load one program; its maps are there."""
        with contextlib.ExitStack() as borrowed:
            # Only what it refers to, and only for as long as the kernel reads the code.
            homes = {name: home for name in spec.maps if (home := self.home(name)) is not None}
            fds = {name: borrowed.enter_context(home.descriptor) for name, home in homes.items()}
            fds |= {name: borrowed.enter_context(found.descriptor) for name, found in self._tables(spec, borrowed)}
            loaded = load_code(
                spec,
                fds,
                self._btf_fd,
                self.modules,
                self._symbols,
                self.hook(spec, borrowed),
                btf=self.spec.btf,
                target=self.target,
                by_kernel=self.target is None and not (spec.linked.counts[1] and self._reordered),
                log_level=log_level,
                most_log=self.most_log,
            )
        program = Program(spec, loaded.descriptor, loaded.log, self.links, maps=self.maps)
        self._stack.callback(program.close)
        return program

    def _tables(self, spec: ProgramSpec, borrowed: contextlib.ExitStack) -> Iterator[tuple[str, Map]]:
        """Make the maps of a program's jump tables: the kernel holds them as long as the program."""
        for name, slots in spec.linked.tables.items():
            try:
                created = borrowed.enter_context(Map.of_object(table_map(slots)))
                for number, slot in enumerate(slots):
                    created.update(number.to_bytes(4, sys.byteorder), table_value(slot, spec.byte_order))
                created.freeze()
            except BpftuiError as error:
                message = f"cannot load program {spec.name}: its jump table {name}: {error.message}"
                raise type(error)(message, hint=error.hint) from error
            yield name, created

    def outcome_of(self, program: Program) -> LoadOutcome:
        """Return what the verifier says of a program that it took, and close it."""
        info = program.info()
        program.close()
        return LoadOutcome(
            program.name,
            program.type.label,
            ok=True,
            verified_insns=info.verified_insns,
            log=program.log,
            jited_size=info.jited_size or None,
        )

    def hook(self, spec: ProgramSpec, borrowed: contextlib.ExitStack) -> Hook:
        """Return what a program is tied to; a descriptor that it needs is *borrowed*.

        Raises:
            LoadError: The kernel has no such thing, or its object does not say what it is.
        """
        if spec.name in self.extends:
            other = self.extends[spec.name]
            return hook_in(spec, other.spec, borrowed.enter_context(other.descriptor))
        if spec.type != ProgramType.STRUCT_OPS:
            return hook_of(spec, self.modules)
        if spec.name not in self._hooks:
            reason = "no struct_ops map that was created has a function that it could be"
            raise LoadError(f"cannot load program {spec.name}: {reason}", hint='name it in a SEC(".struct_ops")')
        return self._hooks[spec.name]

    def load(
        self,
        runtime: Runtime,
        programs: set[str] | None,
        *,
        strict: bool = False,
        progress: Progress | None = None,
        stop: Event | None = None,
    ) -> KernelCollection:
        """Create all maps, load the programs named (or those with `autoload`), and hand everything over."""
        self.load_all(programs, strict=strict, progress=progress, stop=stop)
        collection = self.collection_type(runtime, self)
        self._release()
        return collection

    def is_unused(self, program: ProgramSpec) -> bool:
        """Whether only members that this kernel lacks, or maps that are not created by default, have a program."""
        named = any(program.name in spec.functions.values() for spec in self.spec.maps.values())
        return named and program.name not in self._hooks

    def _release(self) -> None:
        """Give up ownership: programs hold the maps and the BTF that they use."""
        self._stack.pop_all()
        if self._btf_fd is not None:
            self._btf_fd.close()
        self.modules.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
