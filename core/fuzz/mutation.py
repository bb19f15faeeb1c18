"""How inputs are changed: by chance, and by the operands of comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .inputs import LONGEST, SHORTEST, Kind

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

    from .inputs import Input, Target

__all__ = ["hinted", "mutated"]

_INTERESTING: Final = (0, 1, 0x7F, 0x80, 0xFF, 16, 32, 64, 100, 127)
_MOST_PLACES: Final = 24
"""Places of one operand in a part that are tried."""
_SMALL: Final = 64
"""Bytes of a section in which the place of a zero is worth guessing."""
_NEAR: Final = 400
"""Bytes by which a packet is made longer or shorter because two pointers into it were compared."""
_OTHERS: Final = 0.1
"""How often variables or entries are changed rather than the packet or the context."""


def mutated(rng: random.Random, given: Input, corpus: Sequence[Input], target: Target) -> Input:
    """Return an input in which one part is changed by chance, some of it perhaps to what another input has."""
    parts = target.parts
    main = [number for number, raw in enumerate(given) if raw is not None]
    others = [number for number, part in enumerate(parts) if part.kind in (Kind.SECTION, Kind.ENTRY)]
    number = rng.choice(others) if others and (not main or rng.random() < _OTHERS) else rng.choice(main or [0])
    if not parts:
        return given
    part = parts[number]
    raw = bytearray(given[number] if given[number] is not None else target.now(part))  # pyright: ignore[reportArgumentType]
    pool = [other[number] or b"" for other in (rng.choice(corpus), given)]
    _change(rng, raw, pool, is_fixed=part.kind is not Kind.PACKET)
    if part.kind is Kind.PACKET:
        if len(raw) < SHORTEST:
            raw += bytes(SHORTEST - len(raw))
        del raw[LONGEST:]
    return (*given[:number], bytes(raw), *given[number + 1 :])


def _change(rng: random.Random, raw: bytearray, pool: Sequence[bytes], *, is_fixed: bool) -> None:
    """Change some bytes, and where the length is not fixed, how many there are."""
    draw = rng.randrange
    for _ in range(1 << draw(4)):
        size = len(raw)
        if not size:
            return
        kind = draw(8)
        at = draw(size)
        if kind < 2:
            raw[at] = draw(256)
        elif kind == 2:
            raw[at] ^= 1 << draw(8)
        elif kind == 3:
            raw[at] = rng.choice(_INTERESTING)
        elif kind == 4:
            raw[at] = raw[at] + draw(-8, 9) & 255
        elif kind == 5 and not is_fixed:
            raw[at:at] = rng.randbytes(1 + draw(8))
        elif kind == 6 and not is_fixed and size > 24:
            del raw[at : at + 1 + draw(8)]
        else:
            other = rng.choice(pool)
            if other:
                start, width = draw(len(other)), 1 + draw(16)
                piece = other[start : start + min(width, size - at)]
                raw[at : at + len(piece)] = piece


def hinted(
    rng: random.Random, given: Input, compared: Sequence[tuple[int, int, int]], target: Target, packet: range
) -> Iterator[Input]:
    """Yield inputs in which an operand of a comparison is replaced by the other one, wherever its bytes are found.

    Args:
        rng: What is put behind a packet.
        given: The input of the run.
        compared: What its conditional jumps compared: slots, and two registers each.
        target: What it is for.
        packet: The addresses of the packet: two pointers into it tell how long it has to be.
    """
    for _, left, right in dict.fromkeys(compared):
        if left in packet and right in packet:
            yield from _resized(rng, given, abs(left - right), target)
            continue
        for have, want in ((left, right), (right, left)):
            for number, raw in enumerate(given):
                part = target.parts[number]
                if part.kind is Kind.SECTION and not have and part.size > _SMALL:
                    continue  # zeros are everywhere in it
                if raw is None and part.kind is Kind.SECTION:
                    raw = target.now(part)
                if raw:
                    for found in _replaced(raw, have, want):
                        yield (*given[:number], found, *given[number + 1 :])


def _resized(rng: random.Random, given: Input, distance: int, target: Target) -> Iterator[Input]:
    number = next((number for number, part in enumerate(target.parts) if part.kind is Kind.PACKET), None)
    raw = None if number is None else given[number]
    if number is None or raw is None or not 0 < distance < _NEAR:
        return
    sizes = [raw + bytes(distance), raw + rng.randbytes(distance)]
    if distance < len(raw) - SHORTEST:
        sizes += [raw[:-distance], raw[: -distance - 1]]
    for found in sizes:
        if SHORTEST <= len(found) <= LONGEST:
            yield (*given[:number], found, *given[number + 1 :])


def _replaced(raw: bytes, have: int, want: int) -> Iterator[bytes]:
    """Yield bytes in which a number, in 1 to 8 bytes of either order, is another one, or one next to it."""
    for width in (1, 2, 4, 8):
        if have >> 8 * width or (width > 2 and have < 256):
            continue
        for value in (want, want + 1, want - 1):
            value &= (1 << 8 * width) - 1
            for order in ("little",) if width == 1 else ("little", "big"):
                needle, put = have.to_bytes(width, order), value.to_bytes(width, order)  # pyright: ignore[reportArgumentType]
                at, count = raw.find(needle), 0
                while at >= 0 and count < _MOST_PLACES:
                    yield raw[:at] + put + raw[at + width :]
                    count += 1
                    at = raw.find(needle, at + 1)
