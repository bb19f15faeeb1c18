"""The text of large code: whole sections, many times faster than instruction by instruction.

Code repeats itself: the 400,000 instructions of the kernel's own test programs are 18,000 different ones. So each is
decoded and formatted once. What is left for the others is a look-up, in loops of the interpreter's own (`map`, `zip`,
`re`). Only 64-bit immediates, which take two slots, and jumps to labels, whose text depends on where they are, are
looked at one by one.
"""

from __future__ import annotations

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

__all__ = ["listing"]

_PLACEHOLDER: Final = "\0"
_BLOCK: Final = 1 << 14
"""Slots whose texts are made at a time: of all of them about 0.5 MB."""
_MAX_KNOWN: Final = 1 << 16
"""Texts that are kept: code without repetition shall not take more memory than other code."""
_NO_DISTANCE: Final = (CALL, CALLX, EXIT, GOTOX)
_JUMPS: Final = b"".join(
    rb"\x%02x" % opcode for opcode in ENCODINGS if opcode & 7 in (Class.JMP, Class.JMP32) and opcode not in _NO_DISTANCE
)
_WIDE: Final = re.compile(rb"\x%02x.?" % LD_IMM64, re.DOTALL)
"""In a string of opcodes, a 64-bit immediate: one match for both halves, whatever the second one's opcode is."""
_WIDE_OR_JUMP: Final = re.compile(rb"\x%02x.?|[%b]" % (LD_IMM64, _JUMPS), re.DOTALL)

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
    and `format_instruction`.
    """
    view = words(code)
    count = len(view) // INSN_SIZE
    texts = _Texts(view, byte_order, syntax, label)
    return chain.from_iterable(texts.blocks(start, count if stop is None else min(stop, count)))


class _Texts(dict[int | None, str]):
    """The texts of words, the eight bytes of a slot as a number; each is made when it is first asked for.

    That words are read in this machine's byte order does not matter: they are keys, and equal bytes make equal ones.
    None is the key of slots whose text is not a word's.
    """

    def __init__(self, view: memoryview, byte_order: ByteOrder, syntax: Syntax, label: Label | None) -> None:
        super().__init__({None: ""})
        self._view = view
        self._words = view.cast("Q")
        self._byte_order: ByteOrder = byte_order
        self._syntax = syntax
        self._label = label
        self._wide: dict[tuple[int, int], str] = {}
        self._jumps: dict[int, tuple[str, str, int | None]] = {}

    def blocks(self, start: int, stop: int) -> Iterator[Iterator[tuple[int, str]]]:
        """Yield slots and texts, a block at a time."""
        while start < stop:
            texts = self._block(start, min(start + _BLOCK, stop))
            # A second half has no text and is left out.
            yield compress(enumerate(texts, start), texts)
            start += len(texts)
            for known in (self, self._wide, self._jumps):
                if len(known) > _MAX_KNOWN:
                    known.clear()
            self[None] = ""

    def __missing__(self, word: int | None) -> str:
        assert word is not None
        insn = decode_at(_bytes(word), 0, self._byte_order)
        text = self[word] = format_instruction(insn, 0, self._syntax)
        return text

    def _block(self, start: int, stop: int) -> list[str]:
        """Return the texts of slots *start* to *stop*, and of one more where *stop* is a second half."""
        pattern = _WIDE if self._label is None else _WIDE_OR_JUMP
        # One slot further, for a second half.
        opcodes = bytes(self._view[start * INSN_SIZE : (stop + 1) * INSN_SIZE : INSN_SIZE])
        found = self._words[start : stop + 1].tolist()
        keys: list[int | None] = [*found]
        apart: list[tuple[int, str]] = []
        length = stop - start
        for match in pattern.finditer(opcodes):
            at, after = match.span()
            if at >= length:
                break
            keys[at] = None
            if after - at == 2:
                keys[at + 1] = None
                apart.append((at, self._pair(found[at], found[at + 1])))
                length = max(length, after)
            elif opcodes[at] == LD_IMM64:
                keys[at] = found[at]
            else:
                apart.append((at, self._jump(found[at], start + at)))
        texts = list(map(self.__getitem__, keys[:length]))
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

    def _jump(self, word: int, slot: int) -> str:
        """Return the text of a jump at *slot*, with its label where there is one."""
        jump = self._jumps.get(word)
        if jump is None:
            insn = decode_at(_bytes(word), 0, self._byte_order)
            text = format_instruction(insn, 0, self._syntax, target=_PLACEHOLDER)
            head, _, tail = text.partition(_PLACEHOLDER)
            # Without a place for a label in the text, as in one of what does not exist, there is no distance either.
            jump = self._jumps[word] = (head, tail, insn.jump_distance if _PLACEHOLDER in text else None)
        head, tail, distance = jump
        assert self._label is not None
        name = None if distance is None else self._label(slot + 1 + distance)
        return self[word] if name is None else f"{head}{name}{tail}"


def _bytes(word: int) -> bytes:
    return word.to_bytes(INSN_SIZE, sys.byteorder)
