"""Changes: what somebody alters where a session stands, said in C, as bytes and where they belong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..asm.opcodes import FRAME_POINTER
from ..errors import UsageError, ValueRangeError
from .recording import Change
from .syntax import ExpressionError

if TYPE_CHECKING:
    from .standing import Standing

__all__ = ["change_of", "change_of_bytes"]

_MASK64: Final = (1 << 64) - 1
_MASK32: Final = (1 << 32) - 1


def change_of(session: Standing, expression: str, text: str) -> Change:
    """Return what `Standing.change` is asked for; arguments and errors are its."""
    _check_going_on(session)
    number = session.scope.register(expression)
    if number is None:
        raw, address = _encoded(session, expression, text)
        return Change(session.run, session.position, address, raw)
    if session.level:
        raise UsageError("only the innermost function's registers can be changed", hint="frame 0 first")
    if number == FRAME_POINTER:
        raise UsageError("r10 is where the stack frame ends, which nothing changes")
    is_whole = expression.strip().removeprefix("$").startswith("r")
    value = session.evaluator.number(text) & (_MASK64 if is_whole else _MASK32)
    return Change(session.run, session.position, 0, value.to_bytes(8, "little"), number)


def change_of_bytes(session: Standing, address: int, raw: bytes) -> Change:
    """Return what `Standing.change_bytes` is asked for; arguments and errors are its."""
    _check_going_on(session)
    if session.world.changeable(address, len(raw)) is None:
        raise UsageError(f"no {len(raw)} bytes at {address:#x} can be changed")
    return Change(session.run, session.position, address, raw)


def _check_going_on(session: Standing) -> None:
    if session.at_end:
        raise UsageError("the run is over, and nothing comes that a change could reach", hint="go back in it first")


def _encoded(session: Standing, expression: str, text: str) -> tuple[bytes, int]:
    """Return the bytes that a new value of something in memory has, and where they belong."""
    value = session.evaluate(expression)
    kind, address = value.kind, value.address
    if address is None:
        raise ExpressionError(expression, 0, "it lies nowhere in memory, and cannot be changed there")
    if kind.ctype is not None and (kind.is_aggregate or kind.ctype.bit_size):
        current = session.memory.own(address, kind.size) or b""
        return kind.ctype.encode(kind.ctype.parse(text, expression), expression, current), address
    number, bits = session.evaluate(text).number, 8 * kind.size
    if not -1 << bits - 1 <= number < 1 << bits:
        raise ValueRangeError(f"{expression}: {number} does not fit {kind.size} bytes")
    return (number & (1 << bits) - 1).to_bytes(kind.size, session.symbols.byte_order), address
