"""A program that is loaded, as a spec: what the kernel still knows of it, read and never changed.

The code is what the verifier made of the program (`xlated`): CO-RE is applied, and what cannot be reached is gone.
Names of functions, C lines and types come from the BTF that it was loaded with, names of maps from the kernel.
"""

from __future__ import annotations

import re
import struct
import sys
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from ..asm import CallSource, ImmSource, instructions
from ..asm.opcodes import CALL, LD_IMM64
from ..btf import types as t
from ..errors import BpftuiError, LoadError, UnknownNameError
from ..helpers.names import HELPERS
from ..kernel.host.existing import read_btf
from ..kernel.host.kallsyms import find_symbols, names_at
from ..kernel.map import Map
from ..kernel.sys.explain import explain
from ..kernel.sys.layouts import BpfProgInfo
from ..kernel.sys.object import fill, link_info, object_info, open_id
from ..kernel.sys.pins import pinned_object
from ..kernel.sys.syscall import BpfError, buffer
from ..references import no_object
from ..spec import INSN_SIZE, CollectionSpec, ProgramSpec, ProgramType
from ..spec.program import Function, LineInfo, LinkedCode, Reference, ReferenceKind
from ..uapi import LinkType
from .names import whole_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..asm import Instruction
    from ..btf import Btf
    from ..kernel.sys.syscall import Buffer, Descriptor
    from ..references import LoadedName
    from ..spec import MapSpec

__all__ = ["Loaded", "LoadedSpec", "find_loaded", "helper_of", "loaded_spec"]

_OF_MAPS: Final = (ImmSource.MAP_FD, ImmSource.MAP_VALUE)
"""Sources of a load of 64 bits: in translated code these have a map's id."""
_INSN: Final = struct.Struct("=BBhi")
_ARRAYS: Final = {
    "xlated_prog_insns": ("xlated_prog_len", 1),
    "func_info": ("nr_func_info", 8),
    "line_info": ("nr_line_info", 16),
}
"""The arrays of `struct bpf_prog_info` that are read: the field with the count, bytes of an element."""
_OWN_OF_MAPS: Final = re.compile("(?!__)[a-z_]*map_((?:lookup|update|delete|push|pop|peek|lookup_percpu))_elem")
_REDIRECT: Final = re.compile("(?:dev|dev_hash|cpu|xsk)_map_redirect")
"""What the functions of maps are called; one that begins with `__` gives something else than the helper."""
_FAMILY: Final = re.compile("^(?:bpf_)?(?:xdp|skb|tc|sk_skb|sk_msg|sock_addr|sock_ops|unlocked|locked|sk)_")
"""What stands in names of helpers that are other functions in programs of some types."""
_OTHERS: Final = tuple(
    (re.compile(pattern), general)
    for pattern, general in (
        ("^(?=sk_)", "bpf_"),
        ("^bpf_(?:sk_skb|sk_reuseport|flow_dissector)_", "bpf_skb_"),
        ("^bpf_sk_lookup_assign$", "bpf_sk_assign"),
        ("^bpf_lwt_(?:in|xmit)_", "bpf_lwt_"),
        ("^bpf_user_rnd_u32$", "bpf_get_prandom_u32"),
        ("event_output$", "perf_event_output"),
    )
)
"""What they are called otherwise (`BPF_CALL_*` in net/core/filter.c, net/core/lwt_bpf.c, kernel/bpf/core.c)."""
_NOTE: Final = "it is loaded already: this is what the verifier made of it"


class Loaded:
    """What was named, by ids.

    Args:
        programs, maps, links, btfs: Ids.
    """

    def __init__(
        self,
        programs: Iterable[int] = (),
        maps: Iterable[int] = (),
        links: Iterable[int] = (),
        btfs: Iterable[int] = (),
    ) -> None:
        self.programs, self.maps, self.links, self.btfs = list(programs), list(maps), list(links), list(btfs)


@dataclass(repr=False)
class LoadedSpec(CollectionSpec):
    """What is loaded, as a spec that knows what it is of."""

    program_ids: dict[str, int] = field(default_factory=dict[str, int])
    """By the names that programs have in it."""
    map_ids: dict[str, int] = field(default_factory=dict[str, int])
    """By the names that maps have in it, data sections among them."""
    link_ids: tuple[int, ...] = ()
    """The links that were named."""
    btf_ids: tuple[int, ...] = ()
    """The types that were named."""

    @property
    def origin(self) -> str:
        """What variables had when it was `opened`."""
        return "opened"

    @property
    def title(self) -> str:
        """What it is called for people: `42 count_traffic`, `map 7 traffic`, `link 3 count_traffic`, `BTF 1 vmlinux`.

        Else it is the name.
        """
        if self.btf_ids:
            path = (self.btf.file or "") if self.btf is not None else ""
            return f"BTF {self.btf_ids[0]} {path.rpartition('/')[2] if '/' in path else ''}".rstrip()
        if self.link_ids:
            return " ".join(["link", str(self.link_ids[0]), *self.program_ids])
        if len(self.program_ids) == 1:
            ((name, number),) = self.program_ids.items()
            return f"{number} {name}"
        if len(self.map_ids) == 1 and not self.program_ids:
            ((name, number),) = self.map_ids.items()
            return f"map {number} {name}"
        return super().title


def find_loaded(name: LoadedName) -> Loaded:
    """Return what is named; what a link is attached with is among it.

    Raises:
        UnknownNameError: There is none such.
        NoPermissionError: It takes CAP_SYS_ADMIN; a pin, CAP_BPF.
    """
    try:
        return _find(name)
    except UnknownNameError as error:
        if name.kind != "name":
            error.hint = "bpftui list shows what there is"
        raise


def _find(name: LoadedName) -> Loaded:
    match name.kind:
        case "program":
            open_id("program", name.id).close()
            return Loaded([name.id])
        case "map":
            open_id("map", name.id).close()
            return Loaded(maps=[name.id])
        case "link":
            return _of_link(name.id)
        case "BTF":
            open_id("BTF", name.id).close()
            return Loaded(btfs=[name.id])
        case "place":
            raise no_object(name)
        case "pin":
            found = pinned_object(name.text)
            if found is None:
                raise LoadError(f"{name.text}: nothing is pinned there that could be opened")
            kind, number = found
            return _of_link(number) if kind == "link" else Loaded(**{f"{kind}s": [number]})
        case _:
            return _by_name(name.text)


def _of_link(number: int) -> Loaded:
    info = link_info(number)
    is_table = info.type == LinkType.STRUCT_OPS and info.struct_ops_map_id
    maps = [info.struct_ops_map_id] if is_table else []
    return Loaded([info.prog_id] if info.prog_id else [], maps, [number])


def _by_name(pattern: str) -> Loaded:
    """Return the programs with a name that matches, or where there are none the maps."""
    from ..kernel.program import Program

    known: list[str] = []
    for kind, ids in (("programs", Program.ids()), ("maps", Map.ids())):
        found: list[int] = []
        for number in ids:
            try:
                names = _names_of(kind, number)
            except BpftuiError:
                continue  # it was unloaded meanwhile
            known.append(names[0])
            if any(fnmatchcase(each, pattern) for each in names):
                found.append(number)
        if found:
            return Loaded(**{kind: found})
    raise UnknownNameError("loaded program or map", pattern, dict.fromkeys(known))


def _names_of(kind: str, number: int) -> tuple[str, ...]:
    """Return the names that something is known by: whole, and as the kernel has it."""
    if kind == "maps":
        with Map.from_id(number, read_only=True) as map_:
            return (map_.info().name,)
    descriptor = open_id("program", number)
    try:
        info = object_info(descriptor, BpfProgInfo())
        with descriptor as fd:
            return whole_name(fd, info.nr_func_info, info.btf_id, info.name), info.name
    finally:
        descriptor.close()


def loaded_spec(loaded: Loaded, file: str) -> LoadedSpec:
    """Return a spec of programs that are loaded, with their maps and variables as they are now.

    Args:
        loaded: What was named.
        file: What the spec's file is called.

    Raises:
        UnknownNameError: One is gone.
        NoPermissionError, LoadError: The kernel said no.
    """
    return _read(loaded, file)


def _read(loaded: Loaded, file: str) -> LoadedSpec:
    found = LoadedSpec(file, sys.byteorder, link_ids=tuple(loaded.links), btf_ids=tuple(loaded.btfs))
    for number in loaded.btfs:
        found.btf = read_btf(number)
    names: dict[int, str] = {}
    programs: list[tuple[_Info, Btf | None]] = []
    ids = dict.fromkeys(loaded.maps)
    for number in loaded.programs:
        info = _Info(number)
        programs.append((info, read_btf(info.btf_id) if info.btf_id else None))
        ids |= dict.fromkeys(info.map_ids)
    for number in ids:
        _add_map(found, names, number)
    calls = _Calls(info.code for info, _ in programs)
    for info, btf in programs:
        spec = info.spec(btf, names, found, calls)
        key = spec.name if spec.name not in found.programs else f"{spec.name}@{info.number}"
        found.programs[key] = replace(spec, name=key)
        found.program_ids[key] = info.number
        found.btf = found.btf or btf
        found.license = found.license or spec.license
    found.map_ids = {name: number for number, name in names.items()}
    return found


def _add_map(spec: CollectionSpec, names: dict[int, str], number: int) -> None:
    """Add a map to *spec*: a data section under its own name, with its variables and their values."""
    with Map.from_id(number, read_only=True) as map_:
        info = map_.info()
        found = map_.spec
        variables = map_.variables()
        btf = read_btf(info.btf_id) if info.btf_id else None
        section = btf.type(info.value_id) if btf is not None and info.value_id else None
        if found.type.holds_maps:
            found.inner = _inner(map_)
        if isinstance(section, t.DataSec):
            found.section = section.name
            found.data = bytearray(map_.elements.lookup(bytes(info.key_size)) or b"")
        name = section.name if isinstance(section, t.DataSec) else info.name
        if name in spec.maps or not name:
            name = f"{name}@{number}"
        found.name = name
        spec.maps[name], names[number] = found, name
        spec.btf = spec.btf or btf
        for each in variables.values():
            own = replace(each.spec, map=found, original=each.spec.raw)
            key = own.name if own.name not in spec.variables else f"{own.name}@{number}"
            spec.variables[key] = own


def _inner(outer: Map) -> MapSpec | None:
    """Return what one of the maps in a map of maps is, as all are; None where it is empty, or has just lost it."""
    try:
        first = next((entry for entries in outer.scan() for entry in entries), None)
        if first is None:
            return None
        with Map.from_id(int.from_bytes(first.values[0], sys.byteorder), read_only=True) as inner:
            return inner.spec
    except BpftuiError:
        return None


class _Info:
    """`struct bpf_prog_info` of a program, with its code, functions and lines."""

    def __init__(self, number: int) -> None:
        self.number = number
        descriptor = open_id("program", number)
        try:
            known = object_info(descriptor, BpfProgInfo())
            if known.type not in ProgramType._value2member_map_:
                raise LoadError(f"cannot use program {number}: its type, {known.type}, is not known")
            self.type = ProgramType(known.type)
            self.btf_id, self.gpl_compatible, self.jited = known.btf_id, known.gpl_compatible & 1, known.jited_prog_len
            with descriptor as fd:
                self.name = whole_name(fd, known.nr_func_info, known.btf_id, known.name)
            arrays = self._read(descriptor, known)
        finally:
            descriptor.close()
        self.code = arrays["xlated_prog_insns"]
        self.functions = [*struct.iter_unpack("=II", arrays["func_info"])]
        self.lines = [*struct.iter_unpack("=4I", arrays["line_info"])]
        self.map_ids: tuple[int, ...] = struct.unpack(f"={len(arrays['map_ids']) // 4}I", arrays["map_ids"])

    @staticmethod
    def _read(descriptor: Descriptor, known: BpfProgInfo) -> dict[str, bytes]:
        asked = BpfProgInfo(func_info_rec_size=8, line_info_rec_size=16)
        rooms: dict[str, tuple[Buffer, int]] = {}
        for pointer, (counter, size) in {**_ARRAYS, "map_ids": ("nr_map_ids", 4)}.items():
            count: int = getattr(known, counter)
            rooms[pointer] = buffer(count * size), count * size
            setattr(asked, counter, count)
            setattr(asked, pointer, rooms[pointer][0])
        try:
            with descriptor as fd:
                fill(fd, asked)
        except BpfError as error:
            raise explain(error, f"ask the kernel for the code of {descriptor.name}") from error
        return {name: room.raw[:size] for name, (room, size) in rooms.items()}

    def spec(self, btf: Btf | None, maps: dict[int, str], collection: CollectionSpec, calls: _Calls) -> ProgramSpec:
        """Return it as a spec."""
        code, functions, references, lines = self._code(btf, maps, collection, calls)
        note = _NOTE if code else "the kernel hides the code of programs from this user: that takes CAP_BPF"
        linked = LinkedCode(code, functions, references, note, line_infos=lines)
        return ProgramSpec(
            self.name,
            "",
            self.type,
            license="GPL compatible" if self.gpl_compatible else "not GPL compatible",
            byte_order=sys.byteorder,
            translated=True,
            btf=btf,
            link=lambda: linked,
        )

    def _code(
        self, btf: Btf | None, maps: dict[int, str], collection: CollectionSpec, calls: _Calls
    ) -> tuple[bytes, tuple[Function, ...], dict[int, Reference], list[LineInfo]]:
        slots = len(self.code) // INSN_SIZE
        starts = [(start, type_id) for start, type_id in self.functions if start < slots] or [(0, 0)]
        stops = [start for start, _ in starts[1:]] + [slots]
        functions = tuple(
            Function(_type_name(btf, type_id) or self.name, start, stop - start, "", 0, type_id)
            for (start, type_id), stop in zip(starts, stops, strict=True)
        )
        at = {function.start: function.name for function in functions}
        code, references = bytearray(self.code), dict[int, Reference]()
        for slot, insn in instructions(self.code, sys.byteorder):
            target = self._target(slot, insn)
            if target is not None:
                kind = ReferenceKind.CALL if insn.opcode == CALL else ReferenceKind.FUNCTION
                references[slot] = Reference(kind, at.get(target, f"sub_{target}"), offset=target)
                if insn.opcode == CALL:  # as objects have it: how far it is, where the kernel has a function's number
                    _INSN.pack_into(code, slot * INSN_SIZE, CALL, insn.dst | insn.src << 4, 0, target - slot - 1)
            elif insn.opcode == LD_IMM64 and insn.src in _OF_MAPS and insn.imm in maps:
                references[slot] = _to_map(collection.maps[maps[insn.imm]], insn, collection)
            elif insn.opcode == CALL:
                number, name = calls.of(insn)
                if number is not None:
                    _INSN.pack_into(code, slot * INSN_SIZE, CALL, insn.dst, 0, number)
                elif name:
                    references[slot] = Reference(ReferenceKind.KFUNC, name)
                    _INSN.pack_into(code, slot * INSN_SIZE, CALL, insn.dst | CallSource.KFUNC << 4, 0, 0)
        return bytes(code), functions, references, self._lines(btf)

    def _target(self, slot: int, insn: Instruction) -> int | None:
        """Return the slot of the subprogram that an instruction calls, or takes the address of; None for others."""
        if insn.opcode == CALL and insn.src == CallSource.SUBPROGRAM:
            # Where there is native code the kernel keeps how far it is beside the number (bpf_insn_prepare_dump).
            return slot + 1 + (insn.offset if self.jited else insn.imm)
        if insn.opcode == LD_IMM64 and insn.src == ImmSource.FUNC:
            return slot + 1 + insn.imm
        return None

    def _lines(self, btf: Btf | None) -> list[LineInfo]:
        if btf is None:
            return []
        return [
            LineInfo(slot, btf.name(file), mark >> 10, mark & 0x3FF, btf.name(text))
            for slot, file, text, mark in self.lines
        ]


def _type_name(btf: Btf | None, type_id: int) -> str:
    try:
        return btf.type_name(type_id) if btf is not None and type_id else ""
    except BpftuiError:
        return ""


def _to_map(map_: MapSpec, insn: Instruction, collection: CollectionSpec) -> Reference:
    if insn.src == ImmSource.MAP_FD:
        return Reference(ReferenceKind.MAP, map_.name, map_.name)
    offset = insn.imm64 >> 32
    for each in collection.variables.values():
        if each.map is map_ and each.offset <= offset < each.offset + each.size:
            return Reference(ReferenceKind.DATA, each.name, map_.name, offset, offset - each.offset)
    return Reference(ReferenceKind.DATA, map_.name, map_.name, offset, offset)


class _Calls:
    """What calls in translated code call: the kernel has how far a function is from one of its own.

    The symbols are looked through once for all programs.
    """

    def __init__(self, codes: Iterable[bytes]) -> None:
        base = next((place.address for place in find_symbols(["__bpf_call_base"])["__bpf_call_base"]), 0)
        self._base = base
        wanted = {
            base + insn.imm
            for code in codes
            for _, insn in instructions(code, sys.byteorder)
            if base and insn.opcode == CALL and insn.src != CallSource.SUBPROGRAM
        }
        self._names = names_at(wanted) if wanted else {}

    def of(self, insn: Instruction) -> tuple[int | None, str]:
        """Return the number of the helper that is called, where it is one, and the function's name; empty: hidden.

        Calls of bpf_map_update_elem and the like lead straight to the map's own function (`do_misc_fixups`).
        """
        name = self._names.get(self._base + insn.imm, "") if self._base else ""
        return (helper_of(name) if insn.src == CallSource.HELPER else None), name


def helper_of(name: str) -> int | None:
    """Return the number of the helper that a function of the kernel is; None where it is none."""
    called = name
    if (own := _OWN_OF_MAPS.fullmatch(name)) is not None:
        called = f"bpf_map_{own[1]}_elem"
    elif _REDIRECT.fullmatch(name):
        called = "bpf_redirect_map"
    elif name.startswith("bpf_for_each_"):
        called = "bpf_for_each_map_elem"  # the function of a map's type
    if called not in HELPERS:
        # What helpers are in programs of some types: bpf_xdp_fib_lookup, bpf_get_stackid_raw_tp, sk_skb_pull_data
        called = next((each for each in _general(called) if each in HELPERS), "")
    return HELPERS.index(called) if called else None


def _general(name: str) -> Iterator[str]:
    """Iterate over what the helper may be called that *name* is in programs of some types; the likeliest first."""
    names = [name]
    for pattern, general in _OTHERS:
        names.append(pattern.sub(general, names[-1], count=1))
    while (shorter := _FAMILY.sub("bpf_", names[-1])) != names[-1]:
        names.append(shorter)  # bpf_unlocked_sk_setsockopt
    yield from names
    for each in names:
        parts = each.split("_")
        yield from ("_".join(parts[:count]) for count in range(len(parts) - 1, 2, -1))
