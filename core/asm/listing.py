"""The text of large code: whole sections, many times faster than instruction by instruction.

Code repeats itself: the 400,000 instructions of the kernel's own test programs are 18,000 different ones. So each is
decoded and formatted once. What is left for the others is a look-up, in loops of the interpreter's own (`map`, `zip`,
`re`). Only 64-bit immediates, which take two slots, and jumps to labels, whose text depends on where they are, are
looked at one by one.
"""

from __future__ import annotations

import functools
import re
import sys
from itertools import chain, compress
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from .encodings import ENCODINGS
from .instruction import ByteOrder, Code, decode_at, words
from .opcodes import CALL, CALLX, EXIT, GOTOX, INSN_SIZE, LD_IMM64, Class
from .text import Syntax, format_instruction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Texts", "listing"]

_PLACEHOLDER: Final = "\0"
_BLOCK: Final = 1 << 14
"""Slots whose texts are made at a time: of all of them about 0.5 MB."""
_MAX_KNOWN: Final = 1 << 16
"""Texts that are kept: code without repetition shall not take more memory than other code."""
_WIDE: Final = re.compile(rb"\x%02x." % LD_IMM64, re.DOTALL)
"""In a string of opcodes, both halves of a 64-bit immediate, whatever the second one's opcode is."""

Label: TypeAlias = "Callable[[int], str | None]"
_K = TypeVar("_K")
_V = TypeVar("_V")


def listing(
    code: Code,
    byte_order: ByteOrder,
    syntax: Syntax = Syntax.KERNEL,
    *,
    start: int = 0,
    stop: int | None = None,
    label: Label | None = None,
) -> Iterator[tuple[int, str]]:
    """Iterate over the instructions at slots *start* to *stop*, each with its slot, as text.

    *label* names the slots that jumps go to; it returns None for those without a name. Otherwise as `instructions`
    and `format_instruction`. For more than one piece of code, `Texts` remembers what it has seen.
    """
    return Texts(byte_order, syntax).listing(code, start=start, stop=stop, label=label)


class Texts:
    """Makes listings in one byte order and syntax, and remembers the texts of the instructions that it has seen.

    The keys are words, the eight bytes of a slot as a number. That they are read in this machine's byte order does not
    matter: equal bytes make equal keys.
    """

    def __init__(self, byte_order: ByteOrder, syntax: Syntax = Syntax.KERNEL) -> None:
        self._byte_order: ByteOrder = byte_order
        self._syntax = syntax
        self._texts: dict[int, str] = _Made(self._text)
        self._pairs: dict[tuple[int, int], str] = _Made(self._pair)
        self._jumps: dict[int, tuple[str, str, int] | None] = _Made(self._jump)

    def listing(
        self, code: Code, *, start: int = 0, stop: int | None = None, label: Label | None = None
    ) -> Iterator[tuple[int, str]]:
        """Iterate over slots and texts; as the function `listing`."""
        # A second half has no text and is left out.
        return chain.from_iterable(
            compress(enumerate(texts, first), texts) for first, texts in self._blocks(code, start, stop, label)
        )

    def texts(self, code: Code, start: int, stop: int, label: Label | None = None) -> list[str]:
        """Return the texts of slots *start* to *stop*, and of one more where *stop* is a second half: those have ''."""
        return [text for _, texts in self._blocks(code, start, stop, label) for text in texts]

    def _blocks(self, code: Code, start: int, stop: int | None, label: Label | None) -> Iterator[tuple[int, list[str]]]:
        view = words(code)
        count = len(view) // INSN_SIZE
        stop = count if stop is None else min(stop, count)
        while start < stop:
            texts = self._block(view, start, min(start + _BLOCK, stop), label)
            yield start, texts
            start += len(texts)
            for known in (self._texts, self._pairs, self._jumps):
                if len(known) > _MAX_KNOWN:
                    known.clear()

    def _block(self, view: memoryview, start: int, stop: int, label: Label | None) -> list[str]:
        """Return the texts of slots *start* to *stop*, and of one more where *stop* is a second half."""
        # One slot further, for a second half.
        opcodes = bytes(view[start * INSN_SIZE : (stop + 1) * INSN_SIZE : INSN_SIZE])
        keys = view.cast("Q")[start : stop + 1].tolist()
        length = stop - start
        firsts = [match.start() for match in _WIDE.finditer(opcodes)]
        if firsts and firsts[-1] == length - 1:
            length += 1
        del keys[length:]
        pairs = [self._pairs[keys[at], keys[at + 1]] for at in firsts]
        for at in firsts:
            keys[at] = keys[at + 1] = 0  # Immediates are of any number; only few are remembered as single words.
        texts = list(map(self._texts.__getitem__, keys))
        for at, text in zip(firsts, pairs, strict=True):
            texts[at] = text
            texts[at + 1] = ""
        if label is not None:
            # What a second half looks like does not count.
            for match in _jump_pattern().finditer(_WIDE.sub(b"\0\0", opcodes), 0, length):
                at = match.start()
                jump = self._jumps[keys[at]]
                if jump is not None and (name := label(start + at + jump[2])) is not None:
                    texts[at] = f"{jump[0]}{name}{jump[1]}"
        return texts

    def _text(self, word: int) -> str:
        return format_instruction(decode_at(_bytes(word), 0, self._byte_order), 0, self._syntax)

    def _pair(self, halves: tuple[int, int]) -> str:
        """Return the text of a 64-bit immediate load."""
        code = _bytes(halves[0]) + _bytes(halves[1])
        return format_instruction(decode_at(code, 0, self._byte_order), 0, self._syntax)

    def _jump(self, word: int) -> tuple[str, str, int] | None:
        """Return a jump's text before and after the label, and its target from its own slot; None without a target."""
        insn = decode_at(_bytes(word), 0, self._byte_order)
        target = insn.jump_target(0)
        text = format_instruction(insn, 0, self._syntax, target=_PLACEHOLDER)
        head, label, tail = text.partition(_PLACEHOLDER)
        # Text without a place for a label is that of an instruction that does not exist.
        return (head, tail, target) if label and target is not None else None


class _Made(dict[_K, _V]):
    """A dictionary whose values are made when they are first asked for."""

    def __init__(self, make: Callable[[_K], _V]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: _K) -> _V:
        value = self[key] = self._make(key)
        return value


@functools.cache
def _jump_pattern() -> re.Pattern[bytes]:
    """Return what finds, in a string of opcodes, jumps that have a distance."""
    classes, others = (Class.JMP, Class.JMP32), (CALL, CALLX, EXIT, GOTOX)
    opcodes = (opcode for opcode in ENCODINGS if opcode & 7 in classes and opcode not in others)
    return re.compile(b"[%b]" % b"".join(rb"\x%02x" % opcode for opcode in opcodes))


def _bytes(word: int) -> bytes:
    return word.to_bytes(INSN_SIZE, sys.byteorder)
