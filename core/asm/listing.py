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
from typing import TYPE_CHECKING, Final, TypeAlias

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

Label: TypeAlias = "Callable[[int], str | None]"


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
        self._words = _Words(byte_order, syntax)
        self._wide: dict[tuple[int, int], str] = {}
        self._jumps: dict[int, tuple[str, str, int | None]] = {}

    def listing(
        self, code: Code, *, start: int = 0, stop: int | None = None, label: Label | None = None
    ) -> Iterator[tuple[int, str]]:
        """Iterate over slots and texts; as the function `listing`."""
        view = words(code)
        count = len(view) // INSN_SIZE
        return chain.from_iterable(self._blocks(view, start, count if stop is None else min(stop, count), label))

    def _blocks(
        self, view: memoryview, start: int, stop: int, label: Label | None
    ) -> Iterator[Iterator[tuple[int, str]]]:
        while start < stop:
            texts = self._block(view, start, min(start + _BLOCK, stop), label)
            # A second half has no text and is left out.
            yield compress(enumerate(texts, start), texts)
            start += len(texts)
            for known in (self._words, self._wide, self._jumps):
                if len(known) > _MAX_KNOWN:
                    known.clear()

    def _block(self, view: memoryview, start: int, stop: int, label: Label | None) -> list[str]:
        """Return the texts of slots *start* to *stop*, and of one more where *stop* is a second half."""
        length = stop - start
        # One slot further, for a second half.
        opcodes = bytes(view[start * INSN_SIZE : (stop + 1) * INSN_SIZE : INSN_SIZE])
        found = view.cast("Q")[start : stop + 1].tolist()
        keys: list[int | None] = [*found]
        apart: list[tuple[int, str]] = []
        for match in _apart(label is not None).finditer(opcodes):
            at, after = match.span()
            if at >= length:
                break
            if after - at == 2:
                apart.append((at, self._pair(found[at], found[at + 1])))
                keys[at] = keys[at + 1] = None
                length = max(length, after)
            elif label is not None and opcodes[at] != LD_IMM64:
                jump = self._jumps.get(found[at]) or self._jump(found[at])
                if jump[2] is not None and (name := label(start + at + jump[2])) is not None:
                    apart.append((at, f"{jump[0]}{name}{jump[1]}"))
                    keys[at] = None
        del keys[length:]
        texts = list(map(self._words.__getitem__, keys))
        for at, text in apart:
            texts[at] = text
        return texts

    def _pair(self, first: int, second: int) -> str:
        """Return the text of a 64-bit immediate load, from its halves."""
        text = self._wide.get((first, second))
        if text is None:
            insn = decode_at(_bytes(first) + _bytes(second), 0, self._byte_order)
            text = self._wide[first, second] = format_instruction(insn, 0, self._syntax)
        return text

    def _jump(self, word: int) -> tuple[str, str, int | None]:
        """Return a jump's text before and after the label, and its target from its own slot; None without a label."""
        insn = decode_at(_bytes(word), 0, self._byte_order)
        text = format_instruction(insn, 0, self._syntax, target=_PLACEHOLDER)
        head, label, tail = text.partition(_PLACEHOLDER)
        jump = self._jumps[word] = (head, tail, insn.jump_target(0) if label else None)
        return jump


class _Words(dict["int | None", str]):
    """The texts of words, each made when it is first asked for; None has none."""

    def __init__(self, byte_order: ByteOrder, syntax: Syntax) -> None:
        super().__init__()
        self._byte_order: ByteOrder = byte_order
        self._syntax = syntax

    def __missing__(self, word: int | None) -> str:
        text = ""
        if word is not None:
            text = format_instruction(decode_at(_bytes(word), 0, self._byte_order), 0, self._syntax)
        self[word] = text
        return text


@functools.cache
def _apart(jumps: bool) -> re.Pattern[bytes]:
    """Return what finds, in a string of opcodes, 64-bit immediates and, where asked for, jumps that have a distance.

    Both halves of an immediate are one match, whatever the second one's opcode is.
    """
    wide = rb"\x%02x.?" % LD_IMM64
    if jumps:
        classes, others = (Class.JMP, Class.JMP32), (CALL, CALLX, EXIT, GOTOX)
        opcodes = (opcode for opcode in ENCODINGS if opcode & 7 in classes and opcode not in others)
        wide += b"|[%b]" % b"".join(rb"\x%02x" % opcode for opcode in opcodes)
    return re.compile(wide, re.DOTALL)


def _bytes(word: int) -> bytes:
    return word.to_bytes(INSN_SIZE, sys.byteorder)
