"""What the verifier says, and what it means: one module for each field, one record for each kind of message.

The wording is that of kernel/bpf/verifier.c from Linux 5.10 to 7.3; of the records that know a line, the first is
taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import build, calls, context, control, fields, memory, packet, pointers, references, stack

if TYPE_CHECKING:
    from ..failure import Message

__all__ = ["MESSAGES"]

MESSAGES: tuple[Message, ...] = (
    *packet.MESSAGES,
    *memory.MESSAGES,
    *stack.MESSAGES,
    *references.MESSAGES,
    *fields.MESSAGES,
    *context.MESSAGES,
    *calls.MESSAGES,
    *pointers.MESSAGES,
    *control.MESSAGES,
    *build.MESSAGES,
)
