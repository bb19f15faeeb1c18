"""ProgramSpec: what an object asks the kernel to load as a program."""

from __future__ import annotations

import bisect
import enum
import struct
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from ..errors import UnknownNameError
from ..visible import visible
from .derived import Derived

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..asm.flow import CodeFlow
    from ..btf import Btf, ByteOrder
    from ..uapi import AttachType, ProgramType
    from .pointers import DataPointer

__all__ = [
    "INSN_SIZE",
    "TRAP",
    "CoreRelocation",
    "Function",
    "LineInfo",
    "LinkedCode",
    "ProgramSpec",
    "Reference",
    "ReferenceKind",
]

INSN_SIZE = 8
"""Bytes of one `struct bpf_insn` slot; a 64-bit immediate load takes two slots (RFC 9669, section 3)."""
TRAP: Final = "__bpf_trap"
"""The kernel function (Linux 6.17) of which clang 21 and later put a call where what C says is undefined, and for
`__builtin_trap()`. The verifier refuses a program that can come to one."""


class ReferenceKind(enum.StrEnum):
    """What an instruction refers to by name."""

    MAP = "map"
    """The address of a map (ld_imm64, source 1)."""
    DATA = "data"
    """An address inside a data section's map (ld_imm64, source 2)."""
    CALL = "call"
    """A call of a subprogram; already resolved in the linked code (call, source 1)."""
    FUNCTION = "function"
    """The address of a subprogram, as a callback (ld_imm64, source 4)."""
    KFUNC = "kfunc"
    """A call of a kernel function (call, source 2)."""
    KSYM = "ksym"
    """The address of a kernel symbol (ld_imm64, source 3 when typed, else a plain address)."""
    TABLE = "table"
    """The address of a jump table, a map of its own at load (ld_imm64, source 2)."""
    HELPER = "helper"
    """A call of a helper by a number that is not Linux's; already Linux's in the linked code (call, source 0)."""


class Reference(NamedTuple):
    """What one instruction of the linked code refers to."""

    kind: ReferenceKind
    name: str
    """The map, variable, function or kernel symbol. For DATA the variable that covers the address, if any."""
    map: str | None = None
    """For MAP and DATA: the name of the map."""
    offset: int = 0
    """For DATA: bytes from the start of the map's value. For FUNCTION and CALL: the target's slot. For HELPER: the
    number in the linked code. For TABLE: bytes from the start of `.jumptables`."""
    inside: int = 0
    """For DATA: bytes from the start of what `name` names. For TABLE: how many entries it has."""
    weak: bool = False
    """For KFUNC and KSYM: whether it may be missing."""


class Function(NamedTuple):
    """A function within a program's linked code: the entry first, then its subprograms."""

    name: str
    start: int
    """The first slot."""
    size: int
    """In slots."""
    section: str
    """The ELF section that it comes from."""
    section_offset: int
    """Bytes from the start of that section."""
    type_id: int = 0
    """BTF id of its FUNC, 0 when there is none."""
    is_global: bool = True
    """Whether the verifier checks it by itself: a global function, as against a static one."""

    @property
    def stop(self) -> int:
        """One past the last slot."""
        return self.start + self.size


class LineInfo(NamedTuple):
    """Where a run of instructions comes from, until the next LineInfo."""

    slot: int
    """The first slot, in the linked code."""
    file: str
    line: int
    column: int
    source: str
    """The text of the line, from .BTF.ext; with DWARF from the file, empty where that is not on this machine."""
    file_offset: int = 0
    """Offset of `file` in the BTF's string table, as the kernel wants it; 0 for a line from DWARF."""
    source_offset: int = 0
    """Offset of `source` in the BTF's string table, as the kernel wants it."""

    @property
    def text(self) -> str:
        """`prog.c:20: return x;`, without the text where there is none."""
        place = f"{self.file.rpartition('/')[2]}:{self.line}"
        source = self.source.strip()
        return f"{place}: {source}" if source else place


class CoreRelocation(NamedTuple):
    """One `struct bpf_core_relo`: an access that is to be adapted to the running kernel's types."""

    slot: int
    """The instruction, in the linked code."""
    type_id: int
    """The local type that the access starts from."""
    access: str
    """The access, as indices: `0:1:2`."""
    kind: int
    """`enum bpf_core_relo_kind`, 0 to 12."""
    access_offset: int = 0
    """Offset of `access` in the BTF's string table."""


class LinkedCode:
    """A program's instructions with its subprograms appended, as they will be loaded.

    Calls and addresses of subprograms are resolved. Maps, data, kernel functions and symbols are not: they need file
    descriptors, which `references` lists by slot. The linker's own kind makes each part when it is first looked at.

    Args:
        code: In the object's byte order, 8 bytes a slot.
        functions: In the order in which they lie in *code*, the entry first.
        references: What instructions refer to, by slot.
        problem: The first thing that could not be resolved, with its place; the code is as it stands in the file.
        line_infos: The C lines, sorted by slot.
        core_relocations: The accesses to be adapted to the running kernel, sorted by slot.
    """

    def __init__(
        self,
        code: bytes = b"",
        functions: tuple[Function, ...] = (),
        references: Mapping[int, Reference] = MappingProxyType({}),
        problem: str | None = None,
        *,
        line_infos: Sequence[LineInfo] = (),
        core_relocations: Sequence[CoreRelocation] = (),
    ) -> None:
        self.functions = functions
        """The entry and its subprograms, in the order in which they lie in `code`."""
        self.problem = problem
        """The first thing that could not be resolved, with its place; the code is kept as it stands in the file."""
        self._given = code, references, line_infos, core_relocations

    def __repr__(self) -> str:
        return f"<LinkedCode {self.insns} slots>"

    @cached_property
    def code(self) -> bytes:
        """The instructions in the object's byte order, 8 bytes a slot."""
        return self._given[0]

    @cached_property
    def references(self) -> Mapping[int, Reference]:
        """What instructions refer to, by slot."""
        return self._given[1]

    @cached_property
    def line_infos(self) -> Sequence[LineInfo]:
        """The C lines, sorted by slot: from .BTF.ext, else from DWARF."""
        return self._given[2]

    @cached_property
    def core_relocations(self) -> Sequence[CoreRelocation]:
        """The accesses to be adapted to the running kernel, sorted by slot."""
        return self._given[3]

    @cached_property
    def never_returning(self) -> frozenset[int]:
        """The slots of the calls that do not return: compilers emit nothing behind them that has to make sense."""
        return frozenset(
            slot
            for slot, reference in self.references.items()
            if reference.kind is ReferenceKind.KFUNC and reference.name in ("bpf_throw", TRAP)
        )

    @cached_property
    def tables(self) -> Mapping[str, tuple[int, ...]]:
        """Its jump tables by name: the slots that their entries lead to."""
        return {}

    def adapted(self, code: bytes) -> LinkedCode:
        """Return the same with CO-RE relocations applied: they are part of *code* then, which has as many slots."""
        return _Adapted(self, code)

    def lines_within(self, start: int, stop: int) -> Sequence[LineInfo]:
        """Return the C lines of the function whose slots are *start* to *stop*."""
        infos = self.line_infos
        first = bisect.bisect_left(infos, start, key=lambda info: info.slot)
        return infos[first : bisect.bisect_left(infos, stop, first, key=lambda info: info.slot)]

    def line_at(self, slot: int) -> LineInfo | None:
        """Return the C line that the instruction at *slot* comes from."""
        at = bisect.bisect_right(self.line_infos, slot, key=lambda info: info.slot) - 1
        return self.line_infos[at] if at >= 0 else None

    def line_text(self, slot: int) -> str | None:
        """Return that line as text, `prog.c:20: return x;`."""
        line = self.line_at(slot)
        return None if line is None else line.text

    def origin(self, start: int) -> tuple[int, int] | None:
        """Return what tells the function at a slot from the object's others, in whichever program it is linked.

        None where that is not known.
        """
        return None

    @property
    def insns(self) -> int:
        """Slots of 8 bytes."""
        return self.functions[-1].stop if self.functions else len(self.code) // INSN_SIZE

    @property
    def maps(self) -> list[str]:
        """Names of the maps and data sections that the code uses, in the order of first use."""
        return list(dict.fromkeys(ref.map for ref in self.references.values() if ref.map is not None))

    @property
    def counts(self) -> tuple[int, int]:
        """The numbers of lines and of CO-RE relocations in .BTF.ext."""
        return len(self.line_infos), len(self.core_relocations)

    @property
    def line_records(self) -> bytes:
        """Its C lines as the kernel wants them, in this machine's byte order: `struct bpf_line_info`."""
        return b"".join(
            struct.pack("=4I", line.slot, line.file_offset, line.source_offset, line.line << 10 | line.column)
            for line in self.line_infos
        )

    @property
    def core_records(self) -> bytes:
        """Its CO-RE relocations as the kernel wants them, in this machine's byte order: `struct bpf_core_relo`."""
        return b"".join(
            struct.pack("=4I", item.slot * INSN_SIZE, item.type_id, item.access_offset, item.kind)
            for item in self.core_relocations
        )


class _Adapted(LinkedCode):
    """Linked code with other instructions, which lead where those that they replace do."""

    def __init__(self, linked: LinkedCode, code: bytes) -> None:
        super().__init__(code, linked.functions, linked.references, linked.problem, line_infos=linked.line_infos)
        self._linked = linked

    @cached_property
    def tables(self) -> Mapping[str, tuple[int, ...]]:
        """Its jump tables by name: the slots that their entries lead to."""
        return self._linked.tables


@dataclass(repr=False)
class ProgramSpec(Derived):
    """A program as its object defines it: an entry function and what it calls."""

    name: str
    section: str
    """The section as it is named in the file, e.g. `xdp` or `?tracepoint/sched/sched_switch`."""
    type: ProgramType
    attach_type: AttachType | None = None
    """What BPF_PROG_LOAD gets as `expected_attach_type`; None where the program type has none."""
    attach_to: str = ""
    """What the section name says it hooks: a function, a tracepoint, a path; empty where it says nothing."""
    pattern: str = ""
    """The row of the SEC() table that its section matches, e.g. `kretprobe`; empty where none does."""
    flags: int = 0
    """`ProgramFlag` bits."""
    typed_as: str = field(default="", compare=False)
    """What `set_type` was told last; empty where its section says what it is."""
    autoload: bool = True
    """False where the section begins with `?`."""
    license: str = ""
    kernel_version: int = 0
    byte_order: ByteOrder = "little"
    translated: bool = False
    """Whether the code is what a verifier made of it: what it reads of its context is then in the kernel's own form."""
    unusable: str | None = None
    """Why it cannot be used, where its section or its symbol says so already."""
    btf: Btf | None = field(default=None, repr=False, compare=False)
    """The object's types, to which its CO-RE relocations refer; None where it has none."""
    pointers: Mapping[str, Mapping[int, DataPointer]] = field(
        default_factory=dict[str, "Mapping[int, DataPointer]"], repr=False, compare=False
    )
    """What the pointers in the object's data point to, by section and offset: to the program they are none."""
    link: Callable[[], LinkedCode] = field(default=LinkedCode, repr=False, compare=False)
    """Produces the linked code when it is first looked at; the reader binds it to the object's bytes."""

    def __repr__(self) -> str:
        return f"<ProgramSpec {visible(self.name)} {self.type.label}>"

    @cached_property
    def linked(self) -> LinkedCode:
        """The instructions with subprograms appended, linked when they are first looked at."""
        return self.link()

    def set_type(self, text: str) -> None:
        """Say what this program is, whatever its section says.

        Args:
            text: A name as `SEC()` has it (`cgroup/connect4`, `fentry/do_unlinkat`), or that of a program type
                (`sched_cls`), which leaves the attach type open.

        Raises:
            UnknownNameError: It is neither.
        """
        from ..uapi import ProgramType
        from .sections import SECTIONS, split_section

        found = split_section(text)
        if found is not None:
            kind, target = found
            self.type, self.attach_type, self.flags = kind.type, kind.attach_type, int(kind.flags)
            self.pattern = kind.pattern
            self.attach_to = target or (self.attach_to if kind.has_target else "")
        elif text.upper() in ProgramType.__members__:
            self.type, self.attach_type, self.flags, self.pattern = ProgramType[text.upper()], None, 0, ""
        else:
            raise UnknownNameError("program type", text, [*(t.label for t in ProgramType), *SECTIONS])
        self.unusable = None
        self.typed_as = text

    @property
    def optional(self) -> bool:
        """Whether a kernel may lack what it is for: a function of struct_ops in a section that begins with `?`."""
        return self.type.label == "struct_ops" and not self.autoload

    @property
    def problem(self) -> str | None:
        """Why it cannot be used, as far as the object itself tells; None when nothing speaks against it."""
        return self.unusable or self.linked.problem

    @cached_property
    def flow(self) -> CodeFlow:
        """The control flow of its functions, each found when it is asked for."""
        from ..asm.flow import CodeFlow

        starts = [function.start for function in self.functions]
        return CodeFlow(
            self.code, self.byte_order, starts, tables=self._loaded_tables, no_return=self.linked.never_returning
        )

    def _loaded_tables(self) -> dict[int, tuple[int, ...]]:
        """Return the slots that jump tables lead to, by the slot that the address of each is loaded at."""
        linked = self.linked
        return {
            slot: linked.tables[reference.name]
            for slot, reference in linked.references.items()
            if reference.kind is ReferenceKind.TABLE and reference.name in linked.tables
        }

    @property
    def code(self) -> bytes:
        """The linked instructions in the object's byte order, `insns` × 8 bytes."""
        return self.linked.code

    @property
    def insns(self) -> int:
        """Instruction slots of 8 bytes, subprograms included."""
        return self.linked.insns

    @property
    def functions(self) -> tuple[Function, ...]:
        """The entry and its subprograms, in the order in which they lie in `code`."""
        return self.linked.functions

    @property
    def maps(self) -> list[str]:
        """Names of the maps and data sections that it uses, in the order of first use."""
        return self.linked.maps
