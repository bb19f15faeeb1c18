"""What is known before a load to keep programs and maps of an object from being loaded into this kernel.

Nothing of the object is loaded. What it needs is tried one by one in tiny programs and maps that are closed at once
(`probes`, and `trials` for each hook, helper, kernel function and member of the context that a program uses), and
looked up in the kernel's types; answers are kept for the life of the process. Only what stands in code that the
verifier certainly walks through counts: `core.analysis.reachability` follows the questions that an object asks about
its kernel. What only the verifier can tell is not foreseen.
"""

from __future__ import annotations

import contextlib
import errno
import re
import sys
from functools import cached_property
from typing import TYPE_CHECKING, Final

from ..analysis.reachability import constants_of, reached
from ..asm.opcodes import CALL, INSN_SIZE, CallSource
from ..btf import Kind
from ..btf.core import CoreResolver
from ..btf.kernel import vmlinux
from ..errors import BpftuiError, FeatureError, GivenUpError
from ..runtime import Forecast, Obstacle
from ..runtime.facts import forecast_given_up
from ..spec import MapType, ProgramType, ReferenceKind
from ..spec.architectures import foreign_registers
from ..spec.jump_tables import table_map
from ..spec.kconfig import KCONFIG
from ..spec.program import TRAP
from ..spec.relocate_core import BAD_RELOCATION, patch_core, resolve_core, unresolved
from .collection import Loader
from .host.externs import OTHER_TYPE, look_up_externs
from .host.kconfig import kconfig_values
from .host.symbols import find_symbol
from .loading.create import map_obstacle
from .loading.prog_load import most_insns, refusal
from .loading.relocate import undeclared_hint
from .probe.instructions import instructions_used, try_instructions
from .probe.trials import Tied, complaint, context_complaints, helper_complaint, registers
from .sys import probes
from .sys.available import require
from .sys.syscall import BpfError, Command

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from threading import Event

    from ..btf import Btf
    from ..runtime import ExternAnswer, Map, Progress
    from ..spec import CollectionSpec, MapSpec, ProgramSpec
    from .program import Program

__all__ = ["forecast"]

_PREFIX: Final = re.compile(r"cannot (?:load program|create map) \S+(?: \(\w+\))?: |program \S+, instruction \d+: ")
"""What an error says first: here it is known already."""


def forecast(
    spec: CollectionSpec,
    *,
    target: Btf | None = None,
    extends: Mapping[str, Program] | None = None,
    replacements: Mapping[str, Map] | None = None,
    progress: Progress | None = None,
    stop: Event | None = None,
) -> Forecast:
    """Return what is known to keep parts of *spec* from being loaded.

    Args:
        spec: The object.
        target: As for `KernelRuntime`, like all but the last two.
        extends: The same.
        replacements: The same.
        progress: Is told of each program before it is looked at.
        stop: Set by another thread, gives it up before the next program.

    Raises:
        GivenUpError: It was.
    """
    try:
        require()
        with Loader(spec, target, extends=extends) as loader:
            survey = _Survey(loader, replacements or {})
            maps = {name: found for name in spec.maps if (found := survey.map(name))}
            programs: dict[str, tuple[Obstacle, ...]] = {}
            for done, (name, each) in enumerate(spec.programs.items()):
                if stop is not None and stop.is_set():
                    raise forecast_given_up(spec.file, done, len(spec.programs))
                if progress is not None:
                    progress(done + 1, len(spec.programs), name)
                if found := survey.program(each):
                    programs[name] = found
            optional = {name for name in maps if not spec.maps[name].autocreate}
            optional |= {
                name for name in programs if spec.programs[name].optional or loader.is_unused(spec.programs[name])
            }
    except GivenUpError:
        raise
    except BpftuiError as error:
        everything = (_obstacle(error),)
        return Forecast(dict.fromkeys(spec.maps, everything), dict.fromkeys(spec.programs, everything))
    return Forecast(maps, programs, frozenset(optional))


def _obstacle(error: BpftuiError) -> Obstacle:
    return Obstacle(_PREFIX.sub("", error.message, count=1), error.hint or "")


def _merged(found: Iterable[Obstacle]) -> Iterator[Obstacle]:
    """Yield those that say the same as one, in the order of their instructions."""
    slots: dict[tuple[str, str], list[int]] = {}
    for each in sorted(found, key=lambda each: each.slots):
        slots.setdefault(each[:2], []).extend(each.slots)
    return (Obstacle(reason, hint, tuple(at)) for (reason, hint), at in slots.items())


class _Survey:
    """One object; answers that hold for several of its programs are found once."""

    def __init__(self, loader: Loader, replacements: Mapping[str, Map]) -> None:
        self.loader = loader
        self.spec = loader.spec
        self._replaced = frozenset(replacements)
        self._maps: dict[str, tuple[Obstacle, ...]] = {}

    @cached_property
    def externs(self) -> Mapping[str, ExternAnswer]:
        """What the object expects from the kernel."""
        return look_up_externs(self.spec)

    @cached_property
    def resolver(self) -> CoreResolver | None:
        """What resolves its CO-RE relocations; None without types."""
        if self.spec.btf is None:
            return None
        try:
            return CoreResolver(self.spec.btf, self.loader.target or vmlinux())
        except FeatureError:
            return CoreResolver(self.spec.btf, None)

    @cached_property
    def constants(self) -> Mapping[str, bytes]:
        """The contents of read-only sections."""
        found = constants_of(self.spec)
        if KCONFIG in self.spec.maps:
            with contextlib.suppress(BpftuiError):
                found[KCONFIG] = kconfig_values(self.spec)
        return found

    # Maps

    def map(self, name: str) -> tuple[Obstacle, ...]:
        """Return what keeps a map from being created."""
        if name not in self._maps:
            spec = self.spec.maps.get(name)
            why_not = self._map(spec) if spec is not None else (Obstacle(self.spec.why_no_map(name)),)
            self._maps[name] = tuple(why_not)
        return self._maps[name]

    def _map(self, spec: MapSpec) -> Iterator[Obstacle]:
        if spec.name in self._replaced or spec.in_arena:
            return
        try:
            if spec.type == MapType.STRUCT_OPS:
                self.loader.struct_ops(spec)
            elif spec.name == KCONFIG:
                kconfig_values(self.spec)
            error = map_obstacle(spec)
        except BpftuiError as raised:
            error = raised
        if error is not None:
            yield _obstacle(error)

    # Programs

    def program(self, spec: ProgramSpec) -> tuple[Obstacle, ...]:
        """Return what keeps a program from being loaded."""
        try:
            return tuple(self._program(spec))
        except BpftuiError as error:
            return (_obstacle(error),)

    def _program(self, spec: ProgramSpec) -> Iterator[Obstacle]:
        if spec.problem is not None:
            yield Obstacle(spec.problem)
            return
        for name in spec.maps:
            yield from (each._replace(reason=f"map {name}: {each.reason}") for each in self.map(name))
        for name, slots in spec.linked.tables.items():
            error = map_obstacle(table_map(slots))
            if error is not None:
                yield _obstacle(error)._replace(reason=f"jump table {name}: {_obstacle(error).reason}")
        with contextlib.ExitStack() as borrowed:
            tied = Tied.of(spec, self.loader.hook(spec, borrowed))
            if spec.type != ProgramType.EXT:
                number, log = tied.load(probes.instructions(*probes.RETURN_ZERO))
                # The verifier prints an instruction before it looks at it: the program's type and hook are fine then.
                if number and "(b7) r0 = 0" not in log:
                    yield _refused(spec, number, log)
                    return
            yield from self._code(spec, tied)

    def _code(self, spec: ProgramSpec, tied: Tied) -> Iterator[Obstacle]:
        if not 0 < spec.insns <= most_insns():
            yield _obstacle(refusal(spec, BpfError(Command.PROG_LOAD, errno.E2BIG)))
        code = spec.code
        resolved = resolve_core(spec, self.resolver) if self.resolver is not None else []
        if resolved:
            code = patch_core(spec, resolved)
        for used in instructions_used(code):
            if try_instructions(used):
                yield Obstacle(
                    f"this kernel does not run {used.name} instructions", f"{used.needed_for}: Linux {used.version}"
                )
        missing = {extern.name for extern in self.externs.values() if not extern.found and extern.kind != "kconfig"}
        found = [*self._references(spec, tied, missing), *self._calls(spec, tied, code)]
        if spec.type != ProgramType.EXT:
            found += context_complaints(spec, tied, code, self.spec.maps)
        foreign = foreign_registers(self.spec.btf)
        found += [
            Obstacle(reason, "" if reason == foreign else _GUARD, (slot,))
            for slot, reason in unresolved(spec, code, resolved)
        ]
        if any(each.slots for each in found):
            wanted = {slot for each in found for slot in each.slots}
            walked = reached(spec, code, self.constants, missing, wanted)
            found = [each for each in found if walked.issuperset(each.slots)]
        yield from _merged(found)

    def _references(self, spec: ProgramSpec, tied: Tied, missing: set[str]) -> Iterator[Obstacle]:
        """Yield the kernel's functions and symbols that are not there, and the functions that it may not call."""
        seen: set[str] = set()
        for slot, reference in spec.linked.references.items():
            if reference.kind not in (ReferenceKind.KFUNC, ReferenceKind.KSYM) or reference.name in seen:
                continue
            is_call = spec.code[slot * INSN_SIZE] == CALL
            if reference.name == TRAP and is_call:
                from ..verifier.messages.control import TRAP_MENDS, TRAP_SUMMARY

                yield Obstacle(TRAP_SUMMARY, TRAP_MENDS[0], (slot,))
            elif reference.name in missing:
                what = "function" if reference.kind == ReferenceKind.KFUNC else "symbol"
                reason = f"the kernel {what} {reference.name} is {self.externs[reference.name].text}"
                if not reference.weak:
                    seen.add(reference.name)
                    mend = "declare it __weak, and test it with bpf_ksym_exists() before it is used"
                    if OTHER_TYPE in reason:
                        mend = "declare it as the kernel has it: bpftool btf dump file /sys/kernel/btf/vmlinux format c"
                    yield Obstacle(reason, undeclared_hint(reference, spec.btf) or mend)
                elif is_call:
                    yield Obstacle(reason, "test it with bpf_ksym_exists() before the call", (slot,))
            elif is_call and reference.kind == ReferenceKind.KFUNC:
                refused = self._kernel_function(reference.name, tied)
                if refused is not None:
                    yield refused._replace(slots=(slot,))

    def _kernel_function(self, name: str, tied: Tied) -> Obstacle | None:
        """Return why a program may not call a function that the kernel has."""
        found = find_symbol(name, Kind.FUNC)
        if found is None:
            return None
        place, modules = self.loader.modules.place(found[0]), self.loader.modules.fd_array()
        call = probes.instructions((CALL, registers(src=CallSource.KFUNC), found[1]), *probes.RETURN_ZERO)
        call = call[:2] + place.to_bytes(2, sys.byteorder) + call[4:]
        return complaint(tied, tied.load(call, modules)[1])

    def _calls(self, spec: ProgramSpec, tied: Tied, code: bytes) -> Iterator[Obstacle]:
        """Yield the calls of helpers that the kernel does not have for such programs."""
        if spec.type == ProgramType.EXT:
            return  # it may call what the program that it replaces may call
        slot = -1
        opcodes = code[::INSN_SIZE]
        while (slot := opcodes.find(CALL, slot + 1)) >= 0:
            number = None if slot in spec.linked.references else _calls_helper(code, slot)
            if number is not None and number != BAD_RELOCATION:
                refused = helper_complaint(tied, number)
                if refused is not None:
                    yield refused._replace(slots=(slot,))


_GUARD: Final = (
    "guard the access: bpf_core_field_exists(), bpf_core_type_exists(), bpf_core_enum_value_exists(); show --core "
    "lists all relocations"
)


def _refused(spec: ProgramSpec, number: int, log: str) -> Obstacle:
    """Return why the kernel takes no program like this at all."""
    lines = log.strip().splitlines()
    if not lines or lines[0].startswith("processed "):
        return _obstacle(refusal(spec, BpfError(Command.PROG_LOAD, number)))
    from ..verifier import explain

    found = explain(log)
    if found is None or found.key == "unknown":
        return Obstacle(f"the kernel says: {lines[0]}")
    return Obstacle(found.summary, next(iter(found.mends), ""))


def _calls_helper(code: bytes, slot: int) -> int | None:
    """Return the number of the helper that an instruction calls; None where it calls none."""
    at = slot * INSN_SIZE
    if code[at] != CALL or code[at + 1] != CallSource.HELPER:
        return None
    return int.from_bytes(code[at + 4 : at + 8], sys.byteorder, signed=True)
