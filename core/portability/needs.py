"""What programs and maps need of a kernel, each with the version of Linux that brought it.

What a program asks its kernel for before it uses it is not needed: `bpf_core_enum_value_exists()` of a helper's number,
`LINUX_KERNEL_VERSION`, the address of a weak function, CO-RE against the types of a kernel where those are given. So a
program's needs are those on one kernel: what stands in code that the verifier of that version certainly walks through.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from .. import since
from ..analysis.outline import CallKind, Outline
from ..analysis.reachability import constants_of, reached
from ..analysis.xrefs import Uses
from ..asm.opcodes import CALL
from ..btf import Kind
from ..btf.access import CoreKind
from ..btf.core import CoreResolver, Outcome
from ..context.fields import context_struct
from ..errors import BpftuiError
from ..kernel.probe.instructions import instructions_used
from ..since import Since, Version
from ..spec import INSN_SIZE, MapType, ProgramType, ReferenceKind
from ..spec.kconfig import KCONFIG, KERNEL_VERSION, encode_options
from ..spec.relocate_core import patch_core, resolve_core, unresolved
from ..spec.sections import SECTIONS, SectionFlag
from ..uapi import MapFlag, ProgramFlag

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..btf import Btf
    from ..btf.core import CoreResolution
    from ..kernel.probe.instructions import Instructions
    from ..spec import CollectionSpec, MapSpec, ProgramSpec
    from ..spec.program import CoreRelocation

__all__ = ["Need", "ProgramNeeds", "map_needs", "type_needs"]

_LOOPS: Final = "bounded loops"
"""What jumps back is one only where the way leads there again."""
_OLDEST: Final = Version(4, 0)
_ATTACHED_LATER: Final = (ProgramType.KPROBE, ProgramType.SCHED_CLS)
"""Types of programs whose attach type no kernel looks at before they are attached (bpf_prog_load_check_attach_type)."""


class Need(NamedTuple):
    """Something that a kernel has from some version on."""

    what: str
    """`helper bpf_loop`, `map type ringbuf`, `v4: movsx`."""
    since: Since | None
    """None where no version brings it: types that do not match."""
    slots: tuple[int, ...] = ()
    """The instructions that need it; none where the whole does."""
    why: str = ""
    """What makes a program need it, where that is not plain: `clang -mcpu=v4`."""
    to_attach: bool = False
    """Whether a program loads without it, and cannot be attached as its section says."""

    def lacks(self, version: Version) -> bool:
        """Whether a kernel of that version does not have it."""
        return self.since is None or version < self.since.version


def map_needs(spec: MapSpec) -> Iterator[Need]:
    """Yield what creating a map needs, its inner maps among it."""
    if spec.in_arena:
        yield Need("its variables lie in an arena: map type arena", since.map_type(MapType.ARENA))
        return
    if (found := since.map_type(spec.type)) is not None:
        yield Need(f"map type {spec.type.label}", found)
    for flag in MapFlag:
        if spec.flags & flag and flag.name and (found := since.flag(flag.name)) is not None:
            yield Need(f"map flag {flag.name.lower()}", found)
    if spec.inner is not None:
        yield from (need._replace(what=f"inner map: {need.what}") for need in map_needs(spec.inner))


def type_needs(spec: CollectionSpec) -> Iterator[Need]:
    """Yield what kinds of BTF an object has that are younger than BTF, the newest first.

    Nothing fails to load for want of them: loaders replace what a kernel does not know.
    """
    btf = spec.btf
    for kind in reversed(Kind):
        if btf is not None and (found := since.btf_kind(kind.name)) is not None and any(btf.ids(kind)):
            yield Need(f"BTF kind {kind.name.lower()}", found)


class ProgramNeeds:
    """What one program needs.

    Args:
        spec: The object.
        program: One of its programs.
    """

    def __init__(self, spec: CollectionSpec, program: ProgramSpec) -> None:
        self._spec = spec
        self._program = program

    def lacking(self, version: Version, target: Btf | None = None) -> list[Need]:
        """Return what a kernel of that version does not have of it, the newest first.

        Args:
            version: Of the kernel.
            target: Its types, where they are known: then CO-RE is resolved against them.
        """
        found = [need for need in self._whole if need.lacks(version)]
        found += [need for need in self._instructions if need.lacks(version)]
        needs = [need for need in self._parts if need.lacks(version)]
        resolved = self._resolved(version, target)
        try:
            code = patch_core(self._program, resolved) if resolved else self._program.code
        except BpftuiError as error:  # nothing is to be said of code that comes to nothing
            return [Need(error.message, None), *found, *needs]
        needs += [Need(reason, None, (slot,)) for slot, reason in unresolved(self._program, code, resolved)]
        if needs:
            wanted = {slot for need in needs for slot in need.slots}
            walked = reached(self._program, code, self._constants(version), self._missing(version), wanted)
            merged: dict[str, Need] = {}
            for need in needs:
                if slots := tuple(slot for slot in need.slots if slot in walked):
                    before = merged.get(need.what)
                    merged[need.what] = need._replace(slots=((*before.slots, *slots) if before else slots))
            found += merged.values()
        return sorted(found, key=lambda need: need.since.version if need.since else (99, 0), reverse=True)

    @cached_property
    def _whole(self) -> list[Need]:
        """What it needs whatever way it goes."""
        program, found = self._program, list[Need]()

        def need(what: str, known: Since | None, why: str = "", *, to_attach: bool = False) -> None:
            if known is not None:
                found.append(Need(what, known, (), why, to_attach))

        need(f"program type {program.type.label}", since.program_type(program.type))
        if program.insns > (most := since.limits(_OLDEST).program):
            need(f"more than {most:,} instructions", since.code("large"), f"it has {program.insns:,}")
        kind = SECTIONS.get(program.pattern)
        # What loaders leave out for old kernels, these do not look at either (SEC_EXP_ATTACH_OPT of libbpf).
        is_told = kind is None or SectionFlag.EXPECTED_ATTACH_OPTIONAL not in kind.rules
        if program.attach_type is not None and is_told:
            label, later = program.attach_type.label, program.type in _ATTACHED_LATER
            need(f"attach type {label}", since.attach_type(program.attach_type), to_attach=later)
        for flag in ProgramFlag:
            if program.flags & flag and flag.name:
                need(f"program flag {flag.name.lower()}", since.flag(flag.name))
        for name in program.maps:
            if (spec := self._spec.maps.get(name)) is not None:
                found += [each._replace(what=f"map {name}: {each.what}") for each in map_needs(spec)]
        kinds = {reference.kind for reference in program.linked.references.values()}
        if kinds & {ReferenceKind.DATA, ReferenceKind.TABLE}:
            need("direct access to data sections", since.code("data"), "global variables")
        if program.linked.tables:
            need("jump tables: map type insn_array", since.map_type(MapType.INSN_ARRAY))
        if len(program.linked.functions) > 1:
            need("calls between BPF functions", since.code("calls"))
            if any(
                self._spec.maps[name].type is MapType.PROG_ARRAY for name in program.maps if name in self._spec.maps
            ):
                need("tail calls in programs with functions", since.code("tail_calls"))
        return found

    @cached_property
    def _parts(self) -> list[Need]:
        """What single instructions need."""
        outline = Outline(self._spec.derived(Uses), self._program.name)
        found: list[Need] = []
        weak = {extern.name for extern in self._spec.externs.kfuncs if extern.weak}
        for called in outline.calls:
            known, what = {
                CallKind.HELPER: (since.helper(called.name), f"helper {called.name}"),
                CallKind.KFUNC: (since.kfunc(called.name), f"kernel function {called.name}"),
                CallKind.CALLBACK: (since.code("callbacks"), "callbacks"),
                CallKind.FUNCTION: (None, ""),
            }[called.kind]
            if known is None and called.kind is CallKind.KFUNC:
                known, what = since.code("kfuncs"), "calls of kernel functions"
            slots = called.slots
            if called.kind is CallKind.KFUNC and called.name in weak:  # its address is 0 where it is not there
                slots = tuple(slot for slot in slots if self._program.code[slot * INSN_SIZE] == CALL)
            if known is not None and slots:
                found.append(Need(what, known, slots))
        if back := tuple(self._jumps_back()):
            found += [_need(each, back) for each in self._used if each.name == _LOOPS]
        struct = context_struct(self._program)
        for used in outline.inputs.context:
            name = used.name.removeprefix("ctx->").partition("[")[0]
            if (known := since.field(struct, name)) is not None:
                found.append(Need(f"{struct}.{name}", known, (*used.reads, *used.writes)))
        return found

    def _jumps_back(self) -> Iterator[int]:
        """Yield the slots from which loops begin anew."""
        for function in self._program.functions:
            graph = self._program.flow.graph_at(function.start)
            for loop in graph.loops:
                yield from (graph.block(number).stop - 1 for number in loop.back)

    @cached_property
    def _instructions(self) -> list[Need]:
        """The instructions that not every kernel runs: they are refused wherever they stand."""
        return [_need(each) for each in self._used if each.name != _LOOPS]

    @cached_property
    def _used(self) -> list[Instructions]:
        return [*instructions_used(self._program.code, self._program.byte_order)]

    def _resolved(self, version: Version, target: Btf | None) -> list[tuple[CoreRelocation, CoreResolution]]:
        """Return what CO-RE becomes; of a kernel whose types are not known, only where it lacks a helper."""
        btf = self._spec.btf
        if btf is None or not self._program.linked.core_relocations:
            return []
        if target is not None:
            return resolve_core(self._program, CoreResolver(btf, target))
        return [(item, _without(each)) for item, each in self._as_built if _asks_in_vain(each, version)]

    @cached_property
    def _as_built(self) -> list[tuple[CoreRelocation, CoreResolution]]:
        """What CO-RE becomes against the object's own types, which is the same whatever the version."""
        btf = self._spec.btf
        return [] if btf is None else resolve_core(self._program, CoreResolver(btf, btf))

    def _constants(self, version: Version) -> Mapping[str, bytes]:
        """Return the contents of read-only sections on such a kernel: an option that nobody knows is not set."""
        found = constants_of(self._spec)
        if KCONFIG in self._spec.maps:

            def answer(name: str) -> str | None:
                if name == KERNEL_VERSION:
                    return str(version.code)
                known = since.option(name)
                return None if known is None else "y" if version >= known.version else "n"

            with contextlib.suppress(BpftuiError):  # declared as something else: nothing is said of what it guards
                found[KCONFIG] = encode_options(self._spec, answer)[0]
        return found

    def _missing(self, version: Version) -> set[str]:
        """Return the weak functions that such a kernel does not have."""
        return {
            extern.name
            for extern in self._spec.externs.kfuncs
            if extern.weak and (known := since.kfunc(extern.name)) is not None and known.version > version
        }


def _need(used: Instructions, slots: tuple[int, ...] = ()) -> Need:
    return Need(used.name, Since(Version.of(used.version), used.source), slots, used.needed_for)


def _asks_in_vain(found: CoreResolution, version: Version) -> bool:
    """Whether it asks for a helper's number (`enum bpf_func_id`) that kernels of a version do not have."""
    if found.kind != CoreKind.ENUMVAL_EXISTS or "::BPF_FUNC_" not in found.local:
        return False
    known = since.helper(found.local.rpartition("::BPF_FUNC_")[2])
    return known is not None and known.version > version


def _without(found: CoreResolution) -> CoreResolution:
    return replace(found, outcome=Outcome.RESOLVED, exists=False, value=0)
