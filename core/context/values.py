"""A context as a user gives it: values by field, as text, JSON or bytes, for programs of every type."""

from __future__ import annotations

import platform
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias, cast

from ..btf import CType, Kind
from ..btf import types as t
from ..btf.ctype import parse_bytes
from ..btf.members import is_text
from ..documents import parse_json
from ..errors import BpftuiError, TypeMismatchError, UnknownNameError, UsageError, ValueRangeError, quoted
from ..uapi import AttachType, ProgramType
from .fields import CONTEXTS, ContextField, context_fields, context_size

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..btf import Btf, ByteOrder
    from ..spec.program import ProgramSpec

__all__ = [
    "BESIDE",
    "TAKEN_BESIDE_A_PACKET",
    "Argument",
    "ContextLayout",
    "ContextValues",
    "arguments_of",
    "context_bytes",
    "form_of",
    "layout_of",
    "parse_context",
    "whole_context",
]

ContextValues: TypeAlias = "Mapping[str, object]"
"""Values by field (`cb`, `cb[2]`): integers, lists of them, bytes, or text as on the command line."""

_ARGUMENTS: Final = 12
"""Arguments of a traced function at most (MAX_BPF_FUNC_ARGS)."""
_LARGEST_RECORD: Final = 8192
"""Bytes of a tracepoint's record at most (PERF_MAX_TRACE_SIZE)."""
_IPV4, _IPV6 = 2, 10
"""AF_INET, AF_INET6."""
_LARGEST_CONTEXT: Final = 0xFFFF
_LARGEST: Final = {ProgramType.SYSCALL: _LARGEST_CONTEXT}
"""Bytes of a context at most, where it is something else."""
_ARRAYS: Final = {
    ProgramType.RAW_TRACEPOINT,
    ProgramType.RAW_TRACEPOINT_WRITABLE,
    ProgramType.TRACING,
    ProgramType.LSM,
    ProgramType.STRUCT_OPS,
    ProgramType.EXT,
}
_REGISTERS: Final = {
    "x86_64": "r15 r14 r13 r12 bp bx r11 r10 r9 r8 ax cx dx si di orig_ax ip cs flags sp ss",
    "aarch64": "regs:8×31 sp pc pstate",
    "riscv64": "epc ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6",
}
"""`struct pt_regs` by machine, 8 bytes each."""
_SWAP: Final = re.compile(r"(htons|htonl|bpf_htons|bpf_htonl)\((\w+)\)")
_PART: Final = re.compile(r"([A-Za-z_]\w*)(?:\[(\d+)\])?")


@dataclass(frozen=True)
class ContextLayout:
    """How the context of a program is laid out."""

    struct: str
    """What it is called: `__sk_buff`, `pt_regs`, `arguments`."""
    size: int
    """In bytes; 0 where any size will do."""
    fields: tuple[ContextField, ...]
    byte_order: ByteOrder
    types: Mapping[str, CType]
    """The C types of fields, as far as they are known from BTF."""
    flexible: str = ""
    """The field that is an array without a length, at the end: it has as many elements as are given."""
    text: CType | None = None
    """Its type where its elements are characters: a text is given as C has it, with a NUL behind it."""

    def encode(self, values: ContextValues) -> bytes:
        """Return the context that has these values, and zeros elsewhere.

        Raises:
            UnknownNameError: There is no such field.
            TypeMismatchError, ValueRangeError: A value does not fit its field.
        """
        fixed = (field.offset + field.size for field in self.fields if field.name != self.flexible)
        raw = bytearray(self.size or max(fixed, default=0))
        for path, value in values.items():
            field, offset, width, count = self._find(path)
            if field.name == self.flexible and self.text is not None and isinstance(value, str) and "[" not in path:
                text = self.text.parse(value, path)
                value = text.encode("utf-8", "surrogateescape") + b"\0" if isinstance(text, str) else text
            ctype = self.types.get(field.name)
            if ctype is not None and "[" not in path:
                value = ctype.parse(value, path) if isinstance(value, str) else value
                raw[field.offset : field.offset + field.size] = ctype.encode(value, path)  # pyright: ignore[reportArgumentType]
                continue
            part = self._bytes(path, value, width, count)
            if field.name == self.flexible:
                part = part[: len(part) if "[" in path else self._given(value, width)]
                raw = raw.ljust(offset + len(part), b"\0")
            raw[offset : offset + len(part)] = part
        return bytes(raw)

    def _given(self, value: object, width: int) -> int:
        """Return how many bytes of elements a value has, which is one, a list of some, or bytes."""
        if isinstance(value, str):
            value = self._parse(self.flexible, value)
        if isinstance(value, list):
            return len(value) * width  # pyright: ignore[reportUnknownArgumentType]
        return -(-len(value) // width) * width if isinstance(value, bytes) else width

    def decode(self, raw: bytes) -> dict[str, int | list[int]]:
        """Return the fields of a context that have another value than 0; elements of arrays as a list."""
        found: dict[str, int | list[int]] = {}
        for field in self.fields:
            part = raw[field.offset : field.offset + field.size]
            if not any(part):
                continue
            numbers = [
                int.from_bytes(part[at : at + field.width], self.byte_order) for at in range(0, len(part), field.width)
            ]
            found[field.name] = numbers if field.length else numbers[0]
        return found

    def _find(self, path: str) -> tuple[ContextField, int, int, int]:
        """Return a field, and the offset, width and number of the elements that *path* means."""
        part = _PART.fullmatch(path.strip())
        names = {field.name: field for field in self.fields}
        if part is None or part[1] not in names:
            raise UnknownNameError("field", path.strip(), names, where=f"struct {self.struct}")
        field = names[part[1]]
        if part[2] is None:
            return field, field.offset, field.width, field.length or 1
        if int(part[2]) >= field.length:
            raise ValueRangeError(f"{path}: {field.name} has {field.length or 'no'} elements")
        return field, field.offset + int(part[2]) * field.width, field.width, 1

    def _bytes(self, path: str, value: object, width: int, count: int) -> bytes:
        if isinstance(value, str):
            value = self._parse(path, value)
        if isinstance(value, list) and count > 1:
            items = value  # pyright: ignore[reportUnknownVariableType]
            if len(items) > count:  # pyright: ignore[reportUnknownArgumentType]
                raise ValueRangeError(f"{path}: {len(items)} values do not fit {count} elements")  # pyright: ignore[reportUnknownArgumentType]
            parts = [self._bytes(path, item, width, 1) for item in items]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            return b"".join(parts).ljust(width * count, b"\0")
        if isinstance(value, bytes):
            if len(value) > width * count:
                raise ValueRangeError(f"{path}: {len(value)} bytes do not fit {width * count}")
            return value.ljust(width * count, b"\0")
        if not isinstance(value, int):
            raise TypeMismatchError(
                f"{path}: {quoted(cast('object', value))} is no integer", hint="a number, [1, 2], hex:0102, 192.0.2.1"
            )
        if not -(1 << 8 * width - 1) <= value < 1 << 8 * width:
            raise ValueRangeError(f"{path}: {quoted(value)} does not fit {width} bytes")
        return (value & (1 << 8 * width) - 1).to_bytes(width, self.byte_order).ljust(width * count, b"\0")

    def _parse(self, path: str, text: str) -> object:
        """Return what text means: a number in any base, a list, bytes, an address, htons(N)."""
        text = text.strip()
        if text.startswith("hex:"):
            return parse_bytes(text, path)
        if swap := _SWAP.fullmatch(text):
            width = 2 if swap[1].endswith("s") else 4
            try:
                number = int(swap[2], 0)
                return int.from_bytes(number.to_bytes(width, "big"), self.byte_order)
            except (ValueError, OverflowError):
                raise ValueRangeError(f"{path}: {quoted(text)} is no number of {8 * width} bits") from None
        if text.startswith("["):
            try:
                return parse_json(text)
            except ValueError as error:
                raise TypeMismatchError(f"{path}: {quoted(text)} is no list: {error}") from None
        for kind in (IPv4Address, IPv6Address):
            try:
                return kind(text).packed
            except ValueError:
                continue
        try:
            return int(text, 0)
        except ValueError:
            raise TypeMismatchError(
                f"{path}: {quoted(text)} is no integer", hint="a number, [1, 2], hex:0102, 192.0.2.1, htons(443)"
            ) from None


TAKEN_BESIDE_A_PACKET: Final = {
    "__sk_buff": "mark priority ingress_ifindex ifindex cb tstamp wire_len gso_segs gso_size hwtstamp",
    "xdp_md": "data data_end data_meta ingress_ifindex rx_queue_index",
}
"""What of a context that leads to a packet a test run takes (net/bpf/test_run.c); the rest comes from the packet."""


def context_bytes(
    program: ProgramSpec, context: bytes | ContextValues | None, packet: int = 0, target: Btf | None = None
) -> bytes | None:
    """Return a context as a test run takes it.

    Args:
        program: What runs on it.
        context: The context, or values of its fields.
        packet: Bytes of the packet, which the context of an XDP program has to agree with.
        target: See `layout_of`.

    Raises:
        UsageError: There is no such field, a value does not fit, or cannot be chosen.
    """
    if context is None:
        return None
    layout = layout_of(program, target)
    if isinstance(context, bytes):
        if (
            layout is not None
            and layout.struct in TAKEN_BESIDE_A_PACKET
            and program.type is not ProgramType.FLOW_DISSECTOR
        ):
            _refuse_what_comes_from_the_packet(layout, layout.decode(context.ljust(layout.size, b"\0")))
        return context
    if program.type is ProgramType.FLOW_DISSECTOR:
        raise UsageError("the fields of a flow dissector's context come from the packet, and cannot be given")
    if layout is None:
        raise UsageError(
            f"nothing tells the fields of the context of {program.name} ({program.type.label})",
            hint="give it as bytes (hex:…, or a file)",
        )
    _refuse_what_comes_from_the_packet(layout, context)
    if layout.struct == "xdp_md" and "data_end" not in context:
        context = {**context, "data_end": packet}
    return layout.encode(context)


def whole_context(program: ProgramSpec, context: bytes | bytearray | None, extent: int) -> bytes:
    """Return a context of what is no packet as a test run takes it.

    It has zeros up to the last byte that the program reads or writes: the kernel refuses a shorter one
    (`max_ctx_offset`). Of a look-up of a socket the family is IPv4 unless it is given.

    Args:
        program: What runs on it.
        context: What is given of it.
        extent: Where that last byte ends: `bpftui.core.analysis.facts.context_extent`.

    Raises:
        UsageError: The kernel takes no look-up with such values.
    """
    raw = bytes(context or b"").ljust(extent, b"\0")
    return _lookup(program, raw) if program.type is ProgramType.SK_LOOKUP else raw


def _lookup(program: ProgramSpec, raw: bytes) -> bytes:
    """Check a `struct bpf_sk_lookup` as bpf_prog_test_run_sk_lookup() does it (Linux 6.18)."""
    layout = layout_of(program)
    assert layout is not None
    raw = raw.ljust(layout.size, b"\0")
    at = {field.name: slice(field.offset, field.offset + field.size) for field in layout.fields}
    family, port = (int.from_bytes(raw[at[name]], program.byte_order) for name in ("family", "local_port"))
    if family not in (0, _IPV4, _IPV6):
        raise UsageError(f"family is {family}: a look-up is one of IPv4 ({_IPV4}) or IPv6 ({_IPV6})")
    if port > 0xFFFF:
        raise UsageError(f"local_port is {port}: a port has 16 bits")
    if any(raw[at["sk"]]) or any(raw[at["ingress_ifindex"]]):
        raise UsageError("sk and ingress_ifindex of a look-up are 0 in a test run")
    found = bytearray(raw)
    found[at["family"]] = (family or _IPV4).to_bytes(4, program.byte_order)
    return bytes(found)


BESIDE: Final = {ProgramType.CGROUP_SOCKOPT: ("optval",), ProgramType.CGROUP_SYSCTL: ("name", "current", "new")}
"""What a context leads to and is given beside its fields, as bytes: by program type."""


def form_of(program: ProgramSpec) -> dict[str, str]:
    """Return what of a program's context can be given by name, each with what it is: `u32`, `u32[5]`, `bytes`.

    Addresses that lead somewhere by themselves are not among it; empty where nothing can be given, or nothing is known.
    """
    layout = layout_of(program)
    if layout is None or program.type is ProgramType.FLOW_DISSECTOR:
        return {}
    from_packet = TAKEN_BESIDE_A_PACKET.get(layout.struct)
    found: dict[str, str] = {}
    for field in layout.fields:
        leads = field.width == 8 and field.name in _ADDRESSES
        if leads or (from_packet is not None and field.name not in from_packet.split()):
            continue
        ctype = layout.types.get(field.name)
        count = "" if field.name == layout.flexible else field.length
        plain = f"u{8 * field.width}" + (f"[{count}]" if field.length else "")
        found[field.name] = plain if ctype is None else ctype.c_text
    return found | dict.fromkeys(BESIDE.get(program.type, ()), "bytes")


_ADDRESSES: Final = ("sk", "data", "data_end", "skb_data", "skb_data_end", "optval", "optval_end", "migrating_sk")


def _refuse_what_comes_from_the_packet(layout: ContextLayout, values: ContextValues) -> None:
    given = TAKEN_BESIDE_A_PACKET.get(layout.struct, "").split()
    fields = {field.name for field in layout.fields}
    for path in values if given else ():
        name = path.partition("[")[0].strip()
        if name not in given and name in fields:
            hint = f"what can be given is {', '.join(given)}"
            raise UsageError(f"{name} of struct {layout.struct} comes from the packet and cannot be given", hint=hint)


_CONTEXT_FORMS: Final = "a context is FIELD=VALUE,…, a JSON object, hex:0102…, or @FILE with one of them"


def parse_context(text: str) -> bytes | dict[str, object]:
    """Return what a user gives as a context: `mark=5,cb[2]=1`, a JSON object, `hex:0102`, or any of them in `@FILE`.

    Raises:
        UsageError: It is none of these.
        ObjectError, NoPermissionError: The file cannot be read.
    """
    text = text.strip()
    if text.startswith("@"):
        from ..elf import read_object_file

        raw = read_object_file(text[1:])
        try:
            inner = raw.decode().strip()
        except ValueError:
            return raw
        return parse_context(inner) if not inner.startswith("@") else raw
    if text.startswith("hex:"):
        return parse_bytes(text, "the context")
    if text.startswith("{"):
        try:
            found = cast("dict[str, object]", parse_json(text))
        except ValueError as error:
            raise UsageError(f"the context is no JSON: {error}", hint=_CONTEXT_FORMS) from None
        return dict(found)
    values: dict[str, object] = {}
    for part in _parts(text):
        name, equals, value = part.partition("=")
        if not equals or not name.strip():
            raise UsageError(
                f"{quoted(part.strip())} is not of the form FIELD=VALUE",
                hint=_CONTEXT_FORMS,
            )
        values[name.strip()] = value.strip()
    return values


def _parts(text: str) -> list[str]:
    """Split at commas that are not inside of brackets or quotes."""
    parts, depth, quoted = [""], 0, False
    for letter in text:
        quoted ^= letter == '"'
        depth += (letter in "[{(") - (letter in "]})") if not quoted else 0
        if letter == "," and depth <= 0 and not quoted:
            parts.append("")
        else:
            parts[-1] += letter
    return [part for part in parts if part.strip()]


def layout_of(program: ProgramSpec, target: Btf | None = None) -> ContextLayout | None:
    """Return how a program's context is laid out; None where that cannot be known.

    Args:
        program: The program. What is not the same for all of its type, the type of its entry's parameter tells.
        target: The types of the kernel that it is for, which tell what a traced function is given; without them,
            those of the running kernel.
    """
    order = program.byte_order
    if program.type in CONTEXTS:
        fields = context_fields(program.type)
        return ContextLayout(CONTEXTS[program.type], context_size(program.type), fields, order, {})
    if program.type in _ARRAYS and program.attach_type is not AttachType.TRACE_ITER:
        return _arguments(program, target)
    given = _parameter(program)
    if given is not None:
        room = _LARGEST.get(program.type, _LARGEST_RECORD)
        fields, types, flexible, text = _members(given, room)
        return ContextLayout(given.c_text.removeprefix("struct "), given.size, fields, order, types, flexible, text)
    if program.type in (ProgramType.KPROBE, ProgramType.PERF_EVENT):
        return _registers(order, event=program.type is ProgramType.PERF_EVENT)
    return None


def _parameter(program: ProgramSpec) -> CType | None:
    """Return the struct that the entry's first parameter points to."""
    btf = program.btf
    if btf is None or not program.functions or not (function := program.functions[0].type_id):
        return None
    try:
        declared = btf.type(function)
        proto = btf.type(declared.proto) if isinstance(declared, t.Function) else None
        if not isinstance(proto, t.FunctionProto) or not proto.parameters:
            return None
        pointer = btf.strip(proto.parameters[0].type_id)
        found = CType(btf, pointer.target) if isinstance(pointer, t.Pointer) and pointer.target else None
        return found if found is not None and isinstance(found.stripped, t.Composite) and found.size else None
    except BpftuiError:
        return None


def _members(struct_: CType, room: int) -> tuple[tuple[ContextField, ...], dict[str, CType], str, CType | None]:
    """Return the fields of a struct, the types of those that are no pointers, which of them is a flexible array, which
    has as many elements as fit into a context of *room* bytes, and its type where it is one of characters."""
    fields: list[ContextField] = []
    types: dict[str, CType] = {}
    flexible, text = "", None
    for name, ctype, offset in struct_.members():
        found = ctype.stripped
        if isinstance(found, t.Array) and not found.count and (width := CType(ctype.btf, found.element).size):
            fields.append(ContextField(name, offset, width, max(room - offset, 0) // width))
            flexible, text = name, ctype if is_text(ctype.btf, found) else None
            continue
        if not ctype.size:
            continue
        if isinstance(found, t.Array):
            fields.append(ContextField(name, offset, ctype.size // found.count, found.count))
        else:
            fields.append(ContextField(name, offset, ctype.size))
        if not isinstance(found, t.Pointer):
            types[name] = ctype
    return tuple(fields), types, flexible, text


def _arguments(program: ProgramSpec, target: Btf | None) -> ContextLayout:
    """Return the layout of an array of arguments, with their names where the kernel's types tell them."""
    named = [argument.name for argument in arguments_of(program, target)]
    named += [f"arg{number}" for number in range(len(named), _ARGUMENTS)]
    fields = tuple(ContextField(name, 8 * number, 8) for number, name in enumerate(named[:_ARGUMENTS]))
    return ContextLayout("arguments", 8 * _ARGUMENTS, fields, program.byte_order, {})


class Argument(NamedTuple):
    """What a traced function is given."""

    name: str
    type: CType | None
    """Of the kernel's types; None for what a function returned that returns nothing."""


def arguments_of(program: ProgramSpec, target: Btf | None = None) -> list[Argument]:
    """Return the arguments of what a program traces, and what it returned where it is told; empty where unknown.

    Args:
        program: The program.
        target: The kernel's types; without them, those of the running one.
    """
    if not program.attach_to:
        return []
    try:
        if target is None:
            from ..btf.kernel import vmlinux

            target = vmlinux()
        return _arguments_in(program, target)
    except BpftuiError:
        return []


def _arguments_in(program: ProgramSpec, target: Btf) -> list[Argument]:
    hook, name = program.attach_type, program.attach_to
    if (
        program.type in (ProgramType.RAW_TRACEPOINT, ProgramType.RAW_TRACEPOINT_WRITABLE)
        or hook is AttachType.TRACE_RAW_TP
    ):
        # The function has the names of the arguments, the typedef is there also where that was inlined.
        type_id = target.find(f"__bpf_trace_{name}", Kind.FUNC)
        type_id, skipped = type_id or target.find(f"btf_trace_{name}", Kind.TYPEDEF), 1
    else:
        prefix = "bpf_lsm_" if program.type is ProgramType.LSM else ""
        type_id, skipped = target.find(prefix + name, Kind.FUNC), 0
    if type_id is None:
        return []
    found = target.strip(type_id)
    while isinstance(found, t.Pointer | t.Function):
        found = target.strip(found.target if isinstance(found, t.Pointer) else found.proto)
    if not isinstance(found, t.FunctionProto):
        return []
    given = [
        Argument(each.name or f"arg{number}", CType(target, each.type_id))
        for number, each in enumerate(found.parameters[skipped:])
    ]
    if hook is not None and hook.sees_result:
        given.append(Argument("ret", CType(target, found.result) if found.result else None))
    return given


def _registers(order: ByteOrder, *, event: bool) -> ContextLayout:
    """Return the layout of the registers of this machine; of a performance event, with what it adds."""
    names = _REGISTERS.get(platform.machine(), _REGISTERS["x86_64"])
    fields: list[ContextField] = []
    at = 0
    for word in (names + " sample_period addr" if event else names).split():
        name, _, form = word.partition(":")
        fields.append(ContextField(name, at, 8, int(form.partition("×")[2] or 0)))
        at += fields[-1].size
    return ContextLayout("bpf_perf_event_data" if event else "pt_regs", at, tuple(fields), order, {})
