"""What the kernel made of a program: translated instructions, native code, and what the verifier removed.

The kernel carries line infos through all of its rewriting (`bpf_adj_linfo`, Linux 5.0), and gives them back with the
translated code and, by address, with the native code. So a program is loaded once more with a line info for each
instruction that has its slot where the line belongs: which instruction became what is then the kernel's own answer, and
no guess. What has no line info any more was removed. What the verifier or the JIT puts in between (inlined helpers,
prologues) belongs to the instruction before it, or to the function's start.
"""

from __future__ import annotations

import itertools
import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ...asm import instructions
from ...asm.opcodes import JA
from ...errors import FeatureError
from ...runtime.inspected import Image, NativeFunction, NativeRun
from ...spec import INSN_SIZE, MapType
from ...spec.program import LineInfo, LinkedCode
from ..collection import Loader
from ..sys.explain import explain
from ..sys.layouts import BpfProgInfo
from ..sys.object import fill
from ..sys.syscall import BpfError, buffer

if TYPE_CHECKING:
    from ...btf import Btf
    from ...spec import CollectionSpec, ProgramSpec
    from ..program import Program
    from ..sys.syscall import Buffer

__all__ = ["read_existing", "read_image"]

_LINE_SHIFT: Final = 10
"""A line info has the line in its upper 22 bits and the column below."""
_MOST_SLOTS: Final = 1 << 22


def read_image(spec: CollectionSpec, name: str, *, target: Btf | None = None) -> Image:
    """Load a program with the variables as they are set now, and return what the kernel made of it.

    It is closed again; nothing is attached.

    Args:
        spec: The object.
        name: The program.
        target: The types to adapt it to, instead of those that the kernel publishes.

    Raises:
        FeatureError: The object has no BTF of its functions, without which the kernel takes no line infos.
        LoadError, NoPermissionError: As for `load`.
    """
    program = spec.program(name)
    if spec.btf is None or not program.functions or not all(function.type_id for function in program.functions):
        raise FeatureError(
            f"program {name} cannot be followed through the kernel: that takes BTF of its functions",
            hint="compile the object with -g",
        )
    part = spec.subset(maps=set(), programs={name}, variables=set())
    part.programs[name] = _marked(part.programs[name])
    for held in part.maps.values():
        if held.type == MapType.PROG_ARRAY:
            held.contents.clear()  # what it calls need not be there to be looked at
    with Loader(part, target) as loader:
        loader.load_all({name}, strict=False)
        return _read(loader.programs[name])


def read_existing(program: Program) -> Image:
    """Return the code of a program that is loaded already, as it is: from where each instruction came is not known.

    Its native code goes with the translated code by the lines of C, as far as it was loaded with such; the rest of a
    function with its start.

    Raises:
        LoadError: The kernel said no.
    """
    info = _Info(program)
    translated = info.raw("translated")
    slots = [at for at, _, _, _ in struct.iter_unpack("=4I", info.raw("lines"))]
    places = [*zip(info.numbers("places"), slots, strict=False)]
    native = _native(program.spec, info.raw("native"), info.numbers("symbols"), info.numbers("lengths"), places)
    return Image(translated, tuple(range(len(translated) // INSN_SIZE)), (), (), native)


def _marked(program: ProgramSpec) -> ProgramSpec:
    """Return the program with a line info for each instruction: its line is its slot."""
    starts = [slot for slot, _ in instructions(program.code, program.byte_order)]
    marks = [LineInfo(slot, "", slot, 0, "") for slot in starts if slot < _MOST_SLOTS]
    old = program.linked
    linked = LinkedCode(
        old.code,
        old.functions,
        old.references,
        old.problem,
        line_infos=marks,
        core_relocations=old.core_relocations,
    )
    return replace(program, link=lambda: linked)


class _Info:
    """`struct bpf_prog_info` of a program, with room for what its counts say there is."""

    def __init__(self, program: Program) -> None:
        doing = f"ask the kernel for the code of {program.name}"
        try:
            with program.descriptor as fd:
                known = BpfProgInfo()
                fill(fd, known)
                # The sizes are those of a line info, and of a native one.
                self._told = BpfProgInfo(line_info_rec_size=16, jited_line_info_rec_size=8)
                for count, pointer, size in _ARRAYS.values():
                    number: int = getattr(known, count)
                    setattr(self._told, count, number)
                    setattr(self._told, pointer, buffer(number * size))
                fill(fd, self._told)
        except BpfError as error:
            raise explain(error, doing) from error

    def raw(self, name: str) -> bytes:
        """Return an array; empty where the kernel gave none."""
        count, pointer, size = _ARRAYS[name]
        given: Buffer | None = getattr(self._told, pointer)
        return given.raw[: getattr(self._told, count) * size] if given is not None else b""

    def numbers(self, name: str) -> list[int]:
        size = _ARRAYS[name][2]
        return [number for (number,) in struct.iter_unpack("=Q" if size == 8 else "=I", self.raw(name))]


_ARRAYS: Final = {
    "native": ("jited_prog_len", "jited_prog_insns", 1),
    "translated": ("xlated_prog_len", "xlated_prog_insns", 1),
    "symbols": ("nr_jited_ksyms", "jited_ksyms", 8),
    "lengths": ("nr_jited_func_lens", "jited_func_lens", 4),
    "lines": ("nr_line_info", "line_info", 16),
    "places": ("nr_jited_line_info", "jited_line_info", 8),
}
"""Where the count is, where the pointer is, bytes of an element."""


def _read(program: Program) -> Image:
    """Ask for the translated and the native code with their line infos."""
    info = _Info(program)
    marks = [(at, mark >> _LINE_SHIFT) for at, _, _, mark in struct.iter_unpack("=4I", info.raw("lines"))]
    translated = info.raw("translated")
    if translated and not marks:
        raise FeatureError(
            f"program {program.name} cannot be followed through the kernel: it keeps no line infos",
            hint="that takes Linux 5.0 or newer, and the object's BTF in the kernel",
        )
    kept = {slot for _, slot in marks}
    spec = program.spec
    before = list(instructions(spec.code, spec.byte_order))
    removed = tuple(slot for slot, _ in before if slot not in kept)
    gotos = {slot for at, slot in marks if translated[at * INSN_SIZE] == JA}
    decided = tuple(slot for slot, insn in before if insn.is_conditional and slot in gotos)
    places = [(place, slot) for place, (_, slot) in zip(info.numbers("places"), marks, strict=False)]
    functions = _native(spec, info.raw("native"), info.numbers("symbols"), info.numbers("lengths"), places)
    return Image(translated, _origins(marks, len(translated) // INSN_SIZE), removed, decided, functions)


def _origins(marks: list[tuple[int, int]], slots: int) -> tuple[int, ...]:
    """Return where each translated slot came from: from what the last line info at or before it says."""
    found: list[int] = []
    following = iter([*marks, (slots, 0)])
    slot, (stop, coming) = 0, next(following)
    for at in range(slots):
        while at >= stop:
            slot = coming
            stop, coming = next(following)
        found.append(slot)
    return tuple(found)


def _native(
    spec: ProgramSpec, code: bytes, bases: list[int], lengths: list[int], places: list[tuple[int, int]]
) -> tuple[NativeFunction, ...]:
    """Return the native code by functions and instructions; *places* are addresses with the slots that begin there."""
    found: list[NativeFunction] = []
    at = 0
    for base, length in zip(bases, lengths, strict=False):
        if not base:
            return ()  # the kernel hides addresses from this user
        inside = [(place, slot) for place, slot in places if base <= place < base + length]
        cuts: list[tuple[int, int | None]] = [(base, None), *inside, (base + length, None)]
        runs = [
            NativeRun(slot, place, code[at + place - base : at + stop - base])
            for (place, slot), (stop, _) in itertools.pairwise(cuts)
            if stop > place
        ]
        first = inside[0][1] if inside else 0
        start = max((f.start for f in spec.functions if f.start <= first), default=0)
        found.append(NativeFunction(start, base, tuple(runs)))
        at += length
    return tuple(found)
