"""How helpers and kernel functions are declared: what each of their registers holds, and what they do.

    @function(MAP, KEY, VALUE, U64)
    def bpf_map_update_elem(host: Host, store: Store, key: bytes, value: bytes, flags: int) -> int:

A declaration is what `struct bpf_func_proto` is in the kernel. What is called in the end takes r1 to r5 and returns r0;
it is written by `Declaration.bind` for one `Host`, so that looking a map up, reading a key or cutting a register to 32
bits is written down once, for all. Whether it is a helper, which has a number, or a kernel function, which has not, is
no difference but for who finds it.

A function returns r0, which may be negative: an errno. ElementError is an errno as well.
"""

from __future__ import annotations

from functools import lru_cache
from inspect import isgeneratorfunction
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, TypeVar

from ...maps import ElementError
from ..engine.calls import CALLING, answered
from ..world.dynptr import Dynptr
from ..world.host import signed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ..engine.calls import Calls
    from ..world.host import Host

__all__ = [
    "ADDRESS",
    "BUFFER",
    "BYTES",
    "CALLBACK",
    "CONTEXT",
    "DYNPTR",
    "ENOTSUPP",
    "KEY",
    "LONGEST_TEXT",
    "MAP",
    "ROOM",
    "S32",
    "S64",
    "SKB",
    "TEXT",
    "U32",
    "U64",
    "VALUE",
    "XDP",
    "Argument",
    "Bound",
    "Declaration",
    "bound",
    "declared",
    "function",
]

Bound: TypeAlias = "Callable[..., int]"
"""What is called with r1 to r5 and returns r0."""

ENOTSUPP: Final = 524
"""The kernel's own (linux/errno.h), which is no ENOTSUP."""

_R = TypeVar("_R", "int", "Calls[int]")

LONGEST_TEXT: Final = 1024
"""Bytes of a text that ends with a zero somewhere (MAX_BPRINTF_BUF)."""


class Argument(NamedTuple):
    """What one register holds, or two in a row: an expression of Python that makes an argument of it."""

    expression: str
    """With `{0}` for the register and `{1}` for the next one; `m` is the map that came before."""
    registers: int = 1


U64: Final = Argument("{0}")
U32: Final = Argument("{0} & 0xFFFFFFFF")
S32: Final = Argument("signed({0})")
S64: Final = Argument("signed({0}, 64)")
ADDRESS: Final = U64
"""An address that the function itself reads from, writes to, or knows something by."""
CALLBACK: Final = U64
"""The address of a function of the program."""
CONTEXT: Final = U64
"""The context of a program of any type."""
MAP: Final = Argument("(m := maps[{0}])")
"""A map: its Store."""
KEY: Final = Argument("read({0}, m.shape.key_size)")
"""A key of the map before it: bytes."""
VALUE: Final = Argument("read({0}, m.shape.value_size)")
"""A value of the map before it: bytes."""
ROOM: Final = Argument("view({0}, m.shape.value_size, write=True)")
"""Room for a value of the map before it: a memoryview."""
BYTES: Final = Argument("read({0}, {1} & 0xFFFFFFFF) if {1} & 0xFFFFFFFF else b''", 2)
"""An address and a size: the bytes there; of no bytes the address does not matter."""
BUFFER: Final = Argument("view({0}, {1} & 0xFFFFFFFF, write=True)", 2)
"""An address and a size: what may be written to, a memoryview."""
TEXT: Final = Argument(f"text({{0}}, {LONGEST_TEXT})")
"""A text that ends with a zero: the bytes before it."""
SKB: Final = Argument("host.skb()")
"""The context of a program that runs on socket buffers: the packet that it was started with."""
XDP: Final = Argument("host.xdp()")
"""The same of a program that runs on xdp_md."""

DYNPTR: Final = Argument("Dynptr.load(host, {0})")
"""The address of a dynptr: what it holds."""


class Declaration(NamedTuple):
    """A helper or a kernel function that the machine has."""

    name: str
    """With `bpf_`, as in the kernel."""
    arguments: tuple[Argument, ...]
    make: Callable[..., Any]
    """What it does, of the host and the arguments; or, where `bound` declared it, what returns that for a host. One
    that calls functions of the program is a generator (see `bpftui.core.vm.engine.calls`)."""
    is_bound: bool = False

    def bind(self, host: Host) -> Bound:
        """Return what programs of *host* call."""
        if self.is_bound:
            return self.make(host)
        if not isgeneratorfunction(self.make):
            return _adapter(self.arguments)(self.make, host)
        calling = _adapter(self.arguments, calls="yield from ")(self.make, host)

        def call(*registers: int) -> int:
            return answered(calling(*registers), host.call)

        setattr(call, CALLING, calling)
        return call


_DECLARED: Final[dict[str, Declaration]] = {}


def declared() -> Mapping[str, Declaration]:
    """Return all declarations by name."""
    return _DECLARED


def function(*arguments: Argument, also: Iterable[str] = ()) -> Callable[[Callable[..., _R]], Callable[..., _R]]:
    """Declare a function under its own name, and under others that are the same here.

    Args:
        *arguments: What r1, r2, … hold, at most five registers; others are not looked at.
        also: The other names.
    """

    def declare(what: Callable[..., _R]) -> Callable[..., _R]:
        for name in (what.__name__, *also):
            _DECLARED[name] = Declaration(name, arguments, what)
        return what

    return declare


def bound(what: Callable[[Host], Bound]) -> Callable[[Host], Bound]:
    """Declare a function by what makes it for a host, out of registers as they are: for those that have to be fast."""
    _DECLARED[what.__name__] = Declaration(what.__name__, (), what, is_bound=True)
    return what


@lru_cache
def _adapter(
    arguments: tuple[Argument, ...], calls: str = ""
) -> Callable[[Callable[..., Any], Host], Callable[..., Any]]:
    """Return what makes a function of registers out of one of arguments."""
    passed = ["host"]
    register = 1
    for argument in arguments:
        passed.append(argument.expression.format(f"r{register}", f"r{register + 1}"))
        register += argument.registers
    source = f"""
def adapt(what, host):
    maps, read, view, text = host.maps, host.memory.read, host.memory.view, host.text
    def call(r1=0, r2=0, r3=0, r4=0, r5=0):
        try:
            return ({calls}what({", ".join(passed)}))
        except ElementError as error:
            return -error.errno
    return call
"""
    names: dict[str, Any] = {"ElementError": ElementError, "Dynptr": Dynptr, "signed": signed}
    exec(compile(source, "<helper>", "exec", dont_inherit=True), names)
    return names["adapt"]
