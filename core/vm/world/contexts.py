"""Contexts of programs that do not run on packets of an interface: what they are given, and what it points to.

Pointers of a context that nobody gave lead to something: sockets to one that is all zeros but for its family, what the
kernel's types call a struct to one of zeros, texts to the current task's name. `optval` of a socket option, and `name`,
`current` and `new` of a sysctl, are given beside the fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ...analysis.facts import context_extent
from ...btf import CType
from ...btf import types as t
from ...context.fields import ContextField, context_fields
from ...context.values import BESIDE, arguments_of, context_bytes, layout_of, whole_context
from ...errors import TypeMismatchError, UsageError, quoted
from ...spec import ProgramType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...context.values import ContextLayout, ContextValues
    from ...spec import ProgramSpec
    from ..engine.memory import Region
    from .host import Host

__all__ = ["ON_DATA", "Context", "Sysctl", "Traced"]

_T = ProgramType
_ANY: Final = 512
"""Bytes of a context of which nothing is known: more than any has."""
_TEXT: Final = 16
"""Bytes of a text that nobody gave: the current task's name (TASK_COMM_LEN)."""
ON_DATA: Final = frozenset({_T.SK_MSG, _T.SK_REUSEPORT, _T.SOCK_OPS})
"""Types whose context leads to data, which is given as a packet: of sk_msg without any header, of sk_reuseport from the
transport header on."""
_DATA: Final = {_T.SOCK_OPS: ("skb_data", "skb_data_end", "skb_len")}


_WRITABLE: Final = frozenset({_T.CGROUP_SOCK, _T.CGROUP_SOCK_ADDR, _T.CGROUP_SOCKOPT, _T.CGROUP_SYSCTL, _T.SOCK_OPS})
_NUMBERS: Final = ("bytes_received", "bytes_acked", "skb_hwtstamp")
"""Fields of 8 bytes that are no addresses."""


@dataclass
class Sysctl:
    """What helpers tell of a sysctl."""

    name: bytes
    current: bytes
    new: bytes
    """What is to be written, which a program may replace."""


class Traced(NamedTuple):
    """The function that a program traces."""

    words: int
    """Its arguments, in units of 8 bytes."""
    has_result: bool
    """Whether the context has what it returned behind them."""


class Context:
    """The context of one test run, in the machine's memory until it is closed.

    Args:
        host: Whose memory.
        program: What runs on it.
        given: Its bytes, or values of its fields and of what is beside them; zeros without.
        data: What the pointers to data lead to, where it has any.

    Raises:
        UsageError: A value does not fit.
    """

    def __init__(
        self,
        host: Host,
        program: ProgramSpec,
        given: bytes | ContextValues | None,
        data: bytes = b"",
    ) -> None:
        self._memory = host.memory
        self._text = host.settings.comm.encode().ljust(_TEXT, b"\0")
        self._program = program
        # The types that it was adapted to, where it was.
        self._target = None if host.kernel_btf is host.btf else host.kernel_btf
        self._regions: list[Region] = []
        self.sysctl: Sysctl | None = None
        """What the helpers of a sysctl program tell."""
        self.output = bytearray()
        """What an iterator's program wrote to its file."""
        try:
            self.region = self._map("the context", self._make(given, data))
        except BaseException:
            self.close()
            raise

    region: Region
    """The context itself."""

    @property
    def changed(self) -> bytes:
        """The context as the program left it, where programs of this type may write to it; addresses are zeros."""
        raw = bytearray(self.region.data)
        if self._program.type is _T.SYSCALL:
            return bytes(raw)
        if self._program.type not in _WRITABLE:
            return b""
        for field in context_fields(self._program.type):
            if field.width == 8 and field.name not in _NUMBERS:
                raw[field.offset : field.offset + 8] = bytes(8)
        return bytes(raw)

    @cached_property
    def traced(self) -> Traced | None:
        """The function that the program traces; None where nothing tells what that is given."""
        arguments = arguments_of(self._program, self._target)
        if not arguments:
            return None
        hook = self._program.attach_type
        has_result = hook is not None and hook.sees_result
        given = arguments[:-1] if has_result else arguments
        sizes = [8 if argument.type is None else argument.type.size for argument in given]
        return Traced(sum(-(-size // 8) for size in sizes), has_result)

    def close(self) -> None:
        """Give the memory up."""
        for region in self._regions:
            self._memory.unmap(region)

    def _map(self, name: str, data: bytes) -> Region:
        region = self._memory.map(name, data)
        self._regions.append(region)
        return region

    def _make(self, given: bytes | ContextValues | None, data: bytes) -> bytes:
        type_ = self._program.type
        beside: dict[str, bytes] = {}
        if given is not None and not isinstance(given, bytes):
            names = BESIDE.get(type_, ())
            beside = {name: _as_bytes(name, given[name]) for name in names if name in given}
            given = {name: value for name, value in given.items() if name not in beside}
        layout = layout_of(self._program, self._target) if given or type_ is not _T.SYSCALL else None
        if layout is not None and layout.struct == "arguments":
            return self._arguments(layout, given)
        raw = bytearray(context_bytes(self._program, given, target=self._target) or b"")
        extent = self._program.derived(context_extent)
        if type_ is _T.SYSCALL and raw:
            return whole_context(self._program, raw, extent)
        raw = bytearray(whole_context(self._program, raw, extent))
        raw = raw.ljust(layout.size if layout is not None and layout.size else _ANY, b"\0")
        if layout is not None:
            self._point(raw, layout, beside, data)
        return bytes(raw)

    def _point(self, raw: bytearray, layout: ContextLayout, beside: Mapping[str, bytes], data: bytes) -> None:
        """Let the pointers of a context lead somewhere, as far as they are not given."""
        type_ = self._program.type
        fields = {field.name: field for field in layout.fields}
        order = self._program.byte_order

        def put(name: str, value: int) -> None:
            field = fields[name]
            if not any(raw[field.offset : field.offset + field.size]):
                raw[field.offset : field.offset + field.size] = value.to_bytes(field.size, order)

        if "sk" in fields and type_ is not _T.SK_LOOKUP:
            put("sk", self._map("the socket", self._socket(raw, fields)).base)
        if type_ in ON_DATA:
            start, end, length = _DATA.get(type_, ("data", "data_end", "size" if type_ is _T.SK_MSG else "len"))
            region = self._map("the data", data)
            put(start, region.base)
            put(end, region.base + len(data))
            put(length, len(data))
        elif type_ is _T.CGROUP_SOCKOPT:
            length = fields["optlen"]
            size = int.from_bytes(raw[length.offset : length.offset + 4], order, signed=True)
            value = beside.get("optval", b"").ljust(min(max(size, 0), 4096), b"\0")
            region = self._map("the option's value", value)
            put("optval", region.base)
            put("optval_end", region.base + len(value))
            put("optlen", len(value))
        elif type_ is _T.CGROUP_SYSCTL:
            self.sysctl = Sysctl(*(beside.get(name, b"") for name in BESIDE[type_]))

    def _socket(self, raw: bytearray, fields: Mapping[str, ContextField]) -> bytes:
        """Return a `struct bpf_sock` that is of the same family as the context."""
        layout = layout_of_socket(self._program)
        same = {field.name: field for field in layout.fields}
        values = {
            name: int.from_bytes(raw[fields[name].offset : fields[name].offset + 4], self._program.byte_order)
            for name in ("family", "type", "protocol")
            if name in fields and name in same
        }
        return layout.encode(values)

    def _arguments(self, layout: ContextLayout, given: bytes | Mapping[str, Any] | None) -> bytes:
        """Return an array of arguments; structs that they point to are mapped, with the values that were given."""
        if isinstance(given, bytes):
            return given.ljust(layout.size, b"\0")
        values: dict[str, object] = dict(given or {})
        for argument in arguments_of(self._program, self._target):
            value = values.get(argument.name)
            if isinstance(value, int) or (isinstance(value, str) and value[:1] not in "{h"):
                continue
            pointer = None if argument.type is None else argument.type.stripped
            if not isinstance(pointer, t.Pointer):
                continue
            pointed = self._pointed(argument.type, pointer)
            if value is None and argument.type is not None and _leads_to_text(argument.type, pointer):
                value = self._text
            raw = self._value(argument.name, value, pointed)
            if raw is not None:
                values[argument.name] = self._map(f"what {argument.name} points to", raw).base
        return layout.encode(values)

    def _pointed(self, pointer_type: CType | None, pointer: t.Pointer) -> CType | None:
        """Return the struct that a pointer leads to, laid out as the program was compiled for it or adapted to it."""
        assert pointer_type is not None
        if not pointer.target:
            return None
        found = CType(pointer_type.btf, pointer.target)
        if not isinstance(found.stripped, t.Composite):
            return None
        own = self._program.btf
        if self._target is None and own is not None:
            name = found.c_text.removeprefix("const ").split()[-1]
            for type_id in own.find_all(name):
                if isinstance(own.type(type_id), t.Composite):
                    return CType(own, type_id)
        return found

    @staticmethod
    def _value(name: str, value: object, pointed: CType | None) -> bytes | None:
        if value is None:
            return None if pointed is None else bytes(pointed.size)
        if isinstance(value, bytes):
            return value
        if isinstance(value, str) and value.startswith("hex:"):
            return _as_bytes(name, value)
        if pointed is None:
            raise TypeMismatchError(f"{name}: nobody knows what it points to", hint="give the bytes: hex:0102")
        parsed = pointed.parse(value, name) if isinstance(value, str) else value
        return pointed.encode(parsed, name)  # pyright: ignore[reportArgumentType]


def _leads_to_text(pointer_type: CType, pointer: t.Pointer) -> bool:
    """Whether a pointer leads to characters."""
    if not pointer.target:
        return False
    found = CType(pointer_type.btf, pointer.target)
    return isinstance(found.stripped, t.Int) and found.size == 1


def layout_of_socket(program: ProgramSpec) -> ContextLayout:
    """Return the layout of `struct bpf_sock`, in the program's byte order."""
    from dataclasses import replace

    found = layout_of(replace(program, type=_T.CGROUP_SOCK))
    assert found is not None
    return found


def _as_bytes(name: str, value: object) -> bytes:
    """Return a value that is bytes, or text: `hex:0102`, or the characters."""
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise UsageError(f"{name}: {quoted(value)} is neither text nor bytes")
    if value.startswith("hex:"):
        try:
            return bytes.fromhex(value.removeprefix("hex:"))
        except ValueError:
            raise UsageError(f"{name}: {quoted(value)} are no bytes", hint="bytes are written as hex:0102…") from None
    return value.strip('"').encode()
