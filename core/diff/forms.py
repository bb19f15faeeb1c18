"""Functions as they are compared: each instruction by what it says, wherever it stands and whatever it is linked to.

What an instruction refers to is named: maps, variables, functions, strings without a name by what they say, and fields
that CO-RE adapts by their path. So objects differ neither in the offsets that a linker gives nor in those that a loader
replaces anyway.
"""

from __future__ import annotations

import bisect
import functools
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from ..asm import INSN_SIZE, Instruction, Syntax, format_instruction
from ..asm.instruction import decode_at
from ..asm.opcodes import GOTOX, LD_IMM64, MAY_GOTO, AluOp, Class, Mode, Source
from ..asm.registers import def_use, register_numbers
from ..btf import Kind, format_value
from ..btf import types as t
from ..btf.access import CoreKind, parse_access
from ..btf.compatible import essential_name
from ..errors import ObjectError
from ..listing.text import reference_names
from ..spec.program import ReferenceKind

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

    from ..btf import Btf, ByteOrder
    from ..spec import CollectionSpec
    from ..spec.program import CoreRelocation, Function, LineInfo, ProgramSpec, Reference

__all__ = ["LABEL", "Form", "FunctionCode", "Insn", "Register", "Relocation", "functions_of"]

LABEL: Final = "\0"
"""What stands in a text where the label of what is jumped to goes: labels have names once both objects are known."""
_LONGEST_STRING: Final = 256
"""Bytes of a string without a name that it is known by."""
_FORMS: Final = 1 << 16
_DST: Final = 14
_SRC: Final = 13
_REAL: Final = (1 << 12) - 1
"""r0 to r11."""
_MOST_ARGUMENTS: Final = 5
_ARGUMENTS: Final = 0b111110
"""r1 to r5."""
_OFFSETS: Final = (Class.LDX, Class.ST, Class.STX)
"""Classes of instructions of which a relocation fills in the offset; of all others the immediate."""


class Register(NamedTuple):
    """A register that an instruction names."""

    number: int
    is_written: bool
    is_read: bool


class Form(NamedTuple):
    """An instruction as it is compared."""

    text: str
    """As the listing has it, with `LABEL` for the label that it jumps to."""
    meaning: str
    """The same without the numbers that stand for something with a name: what is equal does the same."""
    shape: str
    """Its meaning without registers: what is equal does the same, if perhaps in others."""
    insn: Instruction
    named: tuple[Register, ...]
    """The registers that it names: its destination, its source."""
    changed: int
    used: int
    """Those that it writes to and reads without naming them, as bits (`asm.registers`)."""
    written: frozenset[int]
    """All that it writes to, named or not."""
    ends: bool
    """Whether the next instruction cannot follow it."""


class Insn(NamedTuple):
    """An instruction of a function."""

    slot: int
    """Counted from the function's first."""
    form: Form
    targets: tuple[int, ...]
    """What it jumps to, or where the entries of a jump table lead to whose address it takes: numbers of instructions
    of the function."""
    line: LineInfo | None
    """The C line that it comes from."""
    source: str
    """The text of that; empty where there is none."""
    comment: str
    """What a relocation has to say of it: `struct task_struct.pid (CO-RE)`, `kernel function, may be missing`."""


class FunctionCode:
    """A function of an object, as it is linked into the first program that has it.

    Args:
        function: The function.
        names: Its program, and what that refers to.
    """

    def __init__(self, function: Function, names: _Names) -> None:
        self.function = function
        self._names = names
        self.name = function.name
        self.section = function.section

    @property
    def size(self) -> int:
        """In slots of 8 bytes."""
        return self.function.size

    @cached_property
    def relocations(self) -> Mapping[int, Relocation]:
        """What its CO-RE relocations ask for, by slot."""
        return self._names.relocations(self.function)

    @cached_property
    def digest(self) -> Hashable:
        """What it is, without decoding it: two of one byte order with the same one are the same by meaning."""
        start, stop = self.function.start, self.function.stop
        code = bytearray(self._names.code[start * INSN_SIZE : stop * INSN_SIZE])
        relocations = [(slot, item.text) for slot, item in self.relocations.items()]
        for slot, _ in relocations:
            _blank(code, slot, offset=(code[slot * INSN_SIZE] & 7) in _OFFSETS)
        named: list[tuple[int, Hashable]] = []
        for slot, reference in self._names.references(self.function):
            if slot < self.function.size:
                _blank(code, slot, offset=False)
                table = tuple(to - start for to in self._names.tables.get(reference.name, ()))
                named.append((slot, (*self._names.meant(reference), table)))
        return bytes(code), tuple(named), tuple(relocations)

    @property
    def lines(self) -> list[tuple[int, int, str]]:
        """The lines of C that it comes from: the first slot of each, its number in its file, and its text."""
        start = self.function.start
        return [(each.slot - start, each.line, each.source.strip()) for each in self._names.lines(self.function)]

    def insns(self) -> list[Insn]:
        """Return its instructions.

        Raises:
            ObjectError: It is damaged.
        """
        names, function = self._names, self.function
        code, order = names.code, names.program.byte_order
        references, relocations = dict(names.references(function)), self.relocations
        graph = names.program.flow.graph_at(function.start)
        decoded = list(_slots(code, function.start, function.stop, order))
        index = {slot: number for number, (slot, _) in enumerate(decoded)}
        edges: dict[int, list[int]] = {}
        for edge in graph.jumps:
            edges.setdefault(edge.source, []).append(edge.target)
        lines = names.lines(function)
        found: list[Insn] = []
        at, line, source = 0, None, ""
        for slot, raw in decoded:
            while at < len(lines) and lines[at].slot <= slot:
                line = lines[at]
                source = line.source.strip()
                at += 1
            inside = slot - function.start
            reference, relocation = references.get(inside), relocations.get(inside)
            targets: Sequence[int] = edges.get(slot, ()) if raw[0] != GOTOX else ()
            operand = target = meant = arguments = None
            comment = asked = ""
            if reference is not None:
                operand, target, comment = reference_names(reference)
                meant = names.meant(reference)[0]
                arguments = names.arguments(reference)
                if reference.kind is ReferenceKind.TABLE:
                    targets = names.tables.get(reference.name, ())
                raw = bytes(_blank(bytearray(raw), 0, offset=False))
            elif targets:
                target = LABEL
            if relocation is not None:
                asked = relocation.text
                comment = f"{comment}, {asked} (CO-RE)" if comment else f"{asked} (CO-RE)"
            form = _form(raw, order, operand, target, meant, asked, arguments)
            numbers = tuple([index[to] for to in targets if to in index]) if targets else ()
            found.append(Insn(inside, form, numbers, line, source, comment))
        return found


class Relocation(NamedTuple):
    """What a CO-RE relocation asks for."""

    kind: str
    """`byte_off`, `field_exists`."""
    text: str
    """`struct task_struct.pid`, `field_exists(struct task_struct.state)`."""
    types: tuple[str, ...] = ()
    """The names of the types that it goes through, flavours (`___older`) aside: a kernel may have them otherwise."""


class _Names:
    """What the instructions of one program refer to."""

    def __init__(
        self, program: ProgramSpec, spec: CollectionSpec, asked: dict[tuple[int, str, int], Relocation]
    ) -> None:
        self.program = program
        self.spec = spec
        self.code = program.code
        self.tables = program.linked.tables
        self._references = program.linked.references
        self._slots = sorted(self._references)
        self._asked = asked
        self._arguments = spec.derived(_taken)

    def references(self, function: Function) -> Iterator[tuple[int, Reference]]:
        """Yield what a function's instructions refer to, by their slots within it."""
        first = bisect.bisect_left(self._slots, function.start)
        for slot in self._slots[first : bisect.bisect_left(self._slots, function.stop, first)]:
            yield slot - function.start, self._references[slot]

    def meant(self, reference: Reference) -> tuple[str | None, str | None, str]:
        """Return what `reference_names` returns, but without what another object may call otherwise."""
        operand, target, comment = reference_names(reference)
        if reference.kind is ReferenceKind.TABLE:
            return "table", target, comment
        if reference.kind is ReferenceKind.DATA and reference.name == reference.map:
            text = self._string(reference)
            if text is not None:
                return f"{reference.map}[{text}]", target, comment
        return operand, target, comment

    def _string(self, reference: Reference) -> str | None:
        """Return the text that begins at an address which no variable covers; None where there is none."""
        found = self.spec.maps.get(reference.map or "")
        if found is None or found.data is None or reference.inside < 0:
            return None
        raw, end, _ = bytes(found.data[reference.inside : reference.inside + _LONGEST_STRING]).partition(b"\0")
        try:
            return format_value(raw.decode()) if end and raw else None
        except UnicodeDecodeError:
            return None

    def arguments(self, reference: Reference) -> int | None:
        """Return how many arguments a function has that is called; None where it is none, or has no type.

        A compiler may leave some out of a static function, but adds none.
        """
        btf = self.spec.btf
        if btf is None or reference.kind not in (ReferenceKind.CALL, ReferenceKind.KFUNC):
            return None
        if reference.name not in self._arguments:
            self._arguments[reference.name] = _parameters(btf, reference.name)
        return self._arguments[reference.name]

    def relocations(self, function: Function) -> dict[int, Relocation]:
        """Return what a function's CO-RE relocations ask for, by their slots within it."""
        found = self.program.linked.core_relocations
        first = bisect.bisect_left(found, function.start, key=_slot)
        return {
            item.slot - function.start: self._asks(item)
            for item in found[first : bisect.bisect_left(found, function.stop, first, key=_slot)]
        }

    def _asks(self, item: CoreRelocation) -> Relocation:
        key = item.type_id, item.access, item.kind
        if key not in self._asked:
            self._asked[key] = self._parsed(item)
        return self._asked[key]

    def _parsed(self, item: CoreRelocation) -> Relocation:
        btf, label = self.spec.btf, _label(item.kind)
        if btf is not None and item.kind <= max(CoreKind):
            kind = CoreKind(item.kind)
            try:
                access = parse_access(btf, item.type_id, item.access, kind)
            except ObjectError:
                pass  # damaged: `show --core` has the reason
            else:
                types = (btf.strip(item.type_id).name, *(btf.type_name(step.type_id) for step in access.steps))
                return Relocation(label, access.asked(kind), tuple(dict.fromkeys(map(essential_name, types))))
        return Relocation(label, f"{label}(type {item.type_id}, {item.access})")

    def lines(self, function: Function) -> Sequence[LineInfo]:
        """Return the C lines of a function, by slot."""
        return self.program.linked.lines_within(function.start, function.stop)


def functions_of(spec: CollectionSpec, program: ProgramSpec, known: dict[Hashable, FunctionCode]) -> list[FunctionCode]:
    """Return the functions of a program, its entry first; those that others have as well are the same.

    Args:
        spec: The object that it is in.
        program: The program.
        known: The functions of the programs before it, by what tells them apart; its own are added.

    Raises:
        ObjectError: It is damaged.
    """
    linked, found = program.linked, list[FunctionCode]()
    names: _Names | None = None
    for function in linked.functions:
        origin = linked.origin(function.start)
        key = (program.name, function.start) if origin is None else origin
        if key not in known:
            names = names or _Names(program, spec, spec.derived(_asked))
            known[key] = FunctionCode(function, names)
        found.append(known[key])
    return found


def _asked(_: CollectionSpec) -> dict[tuple[int, str, int], Relocation]:
    """Return what relocations ask for, by type, access and kind: of one object the same are asked for often."""
    return {}


def _taken(_: CollectionSpec) -> dict[str, int | None]:
    """Return how many arguments functions take, by their names."""
    return {}


def _parameters(btf: Btf, name: str) -> int | None:
    """Return how many parameters a function has; None where that is not known."""
    try:
        found = btf.find(name, Kind.FUNC)
        function = btf.type(found) if found is not None else None
        proto = btf.type(function.proto) if isinstance(function, t.Function) else None
    except ObjectError:
        return None
    if not isinstance(proto, t.FunctionProto) or len(proto.parameters) > _MOST_ARGUMENTS:
        return None
    return len(proto.parameters)


def _label(kind: int) -> str:
    return CoreKind(kind).label if kind <= max(CoreKind) else f"kind {kind}"


def _slot(item: CoreRelocation) -> int:
    return item.slot


def _slots(code: bytes, start: int, stop: int, order: ByteOrder) -> Iterator[tuple[int, bytes]]:
    """Yield the instructions between two slots: each one's slot and its 8 or 16 bytes."""
    while start < stop:
        at = start * INSN_SIZE
        size = 2 if code[at] == LD_IMM64 and start + 1 < stop else 1
        yield start, code[at : at + size * INSN_SIZE]
        start += size


def _blank(code: bytearray, slot: int, *, offset: bool) -> bytearray:
    """Set the number to 0 that stands for something with a name: of the instruction at a slot, in place."""
    at = slot * INSN_SIZE
    if offset:
        code[at + 2 : at + 4] = bytes(2)
        return code
    code[at + 4 : at + 8] = bytes(4)
    if code[at] == LD_IMM64 and at + 16 <= len(code):
        code[at + 12 : at + 16] = bytes(4)
    return code


@functools.lru_cache(_FORMS)
def _form(
    code: bytes,
    order: ByteOrder,
    operand: str | None,
    target: str | None,
    meant: str | None,
    asked: str,
    arguments: int | None,
) -> Form:
    """Return an instruction as it is compared.

    Args:
        code: Its bytes.
        order: Their order.
        operand: What `format_instruction` takes for the operand and …
        target: … for the target.
        meant: The operand in its meaning.
        asked: What a CO-RE relocation asks for; empty where there is none.
        arguments: Of a call how many it has at most; None where that is not known.
    """
    insn = decode_at(code, 0, order)
    text = format_instruction(insn, 0, Syntax.KERNEL, operand, target)
    bare, note = insn, ""
    if asked:
        blank = bytes(_blank(bytearray(code), 0, offset=insn.opcode & 7 in _OFFSETS))
        bare, note = decode_at(blank, 0, order), f" ; {asked}"
    meaning = format_instruction(bare, 0, Syntax.KERNEL, meant or operand, target) + note
    has_dst, has_src = _names_registers(insn)
    alike = bare._replace(dst=0 if has_dst else bare.dst, src=0 if has_src else bare.src)
    shape = format_instruction(alike, 0, Syntax.KERNEL, meant or operand, target) + note
    # Registers that there are not tell which of two roles it is that reads or writes one.
    dst, src = _DST if has_dst else insn.dst, _SRC if has_src else insn.src
    changed, used = def_use(insn.opcode, dst, src, insn.imm)
    if arguments is not None:
        used &= ~_ARGUMENTS | (2 << arguments) - 1
    named = tuple(
        Register(number, bool(changed >> role & 1), bool(used >> role & 1))
        for role, number, has in ((_DST, insn.dst, has_dst), (_SRC, insn.src, has_src))
        if has
    )
    changed, used = changed & _REAL, used & _REAL
    written = frozenset((*register_numbers(changed), *(each.number for each in named if each.is_written)))
    return Form(text, meaning, shape, insn, named, changed, used, written, not insn.falls_through)


def _names_registers(insn: Instruction) -> tuple[bool, bool]:
    """Whether an instruction names a destination register, and a source register."""
    opcode, kind = insn.opcode, insn.opcode & 7
    by_register = bool(opcode & Source.X)
    match kind:
        case Class.ALU | Class.ALU64:
            return True, by_register and opcode & 0xF0 not in (AluOp.NEG, AluOp.END)
        case Class.LDX | Class.STX:
            return True, True
        case Class.ST:
            return True, False
        case Class.LD:
            return opcode == LD_IMM64, opcode & 0xE0 == Mode.IND
        case _:
            if opcode == GOTOX:
                return True, False
            compares = insn.is_conditional and opcode != MAY_GOTO
            return compares, compares and by_register
