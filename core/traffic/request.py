"""What flows in a sandbox, as a user writes it down: `sandbox,rate=5000,tcp=3,udp=1`, `file.pcap,speed=10,loop`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from ..errors import UsageError
from .capture import Capture, CaptureError
from .frames import PROTOCOLS, Mix, make_frames

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["CAPTURE_SUFFIXES", "FASTEST_RATE", "SMALLEST", "Chunk", "Traffic", "parse_traffic"]

CAPTURE_SUFFIXES: Final = (".pcap", ".pcapng", ".cap")
"""What the names of capture files end with; a name that does not takes an `@` in front of it."""
FASTEST_RATE: Final = 1e7
"""Packets per second; what is asked for beyond that is a slip."""
_SANDBOX: Final = "sandbox"
_CHUNK: Final = 1024
SMALLEST: Final = 14
"""Bytes of an Ethernet header: no frame is shorter."""
_SHORTEST_GAP: Final = 1_000_000
_SIZES: Final = range(60, 1515)
_GENERATED: Final = (*PROTOCOLS, "ipv4", "ipv6", "size", "seed")
_CAPTURED: Final = ("speed", "loop")
_OPTIONS: Final = ("rate", *_GENERATED, *_CAPTURED)


class Chunk(NamedTuple):
    """Some frames that follow each other."""

    frames: Sequence[bytes]
    times: Sequence[int] | None
    """When each is due: nanoseconds since the first one, never falling; None where only a rate tells."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """What flows, and how fast."""

    rate: float | None = None
    """Packets per second; None for 1,000 of generated ones, and for the recorded times of captured ones."""
    mix: Mix = field(default_factory=Mix)
    """What is generated, where there is no capture."""
    capture: str | None = None
    """The name of a file whose packets flow instead."""
    speed: float = 1.0
    """How many times as fast as they were captured; infinite for as fast as can be."""
    loop: bool = False
    """Whether the capture begins again at its end."""

    def chunks(self, longest: int) -> Iterator[Chunk]:
        """Return the frames, without end unless it is a capture that is not looped.

        Args:
            longest: Bytes of the longest frame that can be sent: longer ones are cut, and shorter ones than an
                Ethernet header filled up.

        Raises:
            CaptureError, NoPermissionError, FeatureError: The capture cannot be read. What is wrong behind its start
                is raised by the iterator.
        """
        if self.capture is not None:
            return _captured(Capture(self.capture), longest, loop=self.loop)
        return _generated(make_frames(mix=self.mix))


def _generated(frames: list[bytes]) -> Iterator[Chunk]:
    chunk = Chunk(frames, None)
    while True:
        yield chunk


def _captured(capture: Capture, longest: int, *, loop: bool) -> Iterator[Chunk]:
    frames: list[bytes] = []
    times: list[int] = []
    lap = last = 0
    while True:
        first = count = 0
        try:
            for packet in capture:
                count += 1
                if count == 1:
                    first = packet.time
                last = max(last, lap + packet.time - first)
                frames.append(packet.frame[:longest].ljust(SMALLEST, b"\0"))
                times.append(last)
                if len(frames) == _CHUNK:
                    yield Chunk(frames, times)
                    frames, times = [], []
        except CaptureError:
            # What comes before the damage is good.
            yield Chunk(frames, times)
            raise
        if not loop or not count:
            break
        # The first packet follows the last one as the others follow each other.
        lap = last + max(_SHORTEST_GAP, (last - lap) // max(1, count - 1))
    if frames:
        yield Chunk(frames, times)


def parse_traffic(text: str) -> tuple[str, Traffic | None]:
    """Split what a user types as a target into the target proper and the traffic that is wanted there.

    `sandbox,rate=5000,tcp=3,udp=1,generic` is `sandbox,generic` with that traffic, `file.pcap,speed=10,loop` is
    `sandbox` with that file's; `eth0,generic` is itself, without any.

    Raises:
        UsageError: An option has a value that makes no sense, or does not go with the others.
    """
    name, *options = [part.strip() for part in text.split(",")]
    file = _file(name)
    if file is None and name != _SANDBOX:
        return text, None
    given = {key: value for key, _, value in (option.partition("=") for option in options) if key in _OPTIONS}
    rest = [option for option in options if option.partition("=")[0] not in _OPTIONS]
    for key in given:
        if key in (_GENERATED if file is not None else _CAPTURED):
            kind = (
                "generated traffic, not for a capture" if file is not None else "a capture, not for generated traffic"
            )
            raise UsageError(f"{text!r}: {key} is for {kind}")
    traffic = Traffic(capture=file, mix=_mix(given), rate=_rate(given.get("rate")))
    if file is not None:
        if given.get("loop"):
            raise UsageError(f"{text!r}: loop takes no value")
        if "loop" in given and file == "-":
            raise UsageError(f"{text!r}: standard input cannot be read again")
        traffic = replace(traffic, speed=_speed(given.get("speed", "1")), loop="loop" in given)
    return ",".join([_SANDBOX, *rest]), traffic if given or file is not None else None


def _file(name: str) -> str | None:
    if name.startswith("@"):
        return name[1:]
    return name if name.lower().endswith(CAPTURE_SUFFIXES) else None


def _rate(text: str | None) -> float | None:
    return None if text is None else _number("rate", text, 0.001, FASTEST_RATE, "packets per second")


def _speed(text: str) -> float:
    if text == "max":
        return math.inf
    return _number("speed", text, 1e-6, 1e9, "times as fast as captured, or max")


def _mix(given: dict[str, str]) -> Mix:
    mix = Mix()
    weights = {name: _weight(name, given[name]) for name in PROTOCOLS if name in given}
    if weights:
        # Who names some means these.
        mix = replace(mix, protocols=tuple((name, weight) for name, weight in weights.items() if weight))
        if not mix.protocols:
            raise UsageError("no protocol has a weight above 0: there is nothing to send")
    families = {name: _weight(name, given[name]) for name in ("ipv4", "ipv6") if name in given}
    mix = replace(mix, **families)
    if not mix.ipv4 and not mix.ipv6:
        raise UsageError("neither ipv4 nor ipv6 has a weight above 0: there is nothing to send")
    if "size" in given:
        low, _, high = given["size"].partition("-")
        sizes = [int(end) if end.isdecimal() else -1 for end in (low, high or low)]
        if sizes[0] not in _SIZES or sizes[1] not in _SIZES or sizes[0] > sizes[1]:
            raise UsageError(f"size={given['size']}: bytes from {_SIZES[0]} to {_SIZES[-1]}, as 64 or as 64-512")
        mix = replace(mix, sizes=(sizes[0], sizes[1]))
    if "seed" in given:
        if not given["seed"].isdecimal():
            raise UsageError(f"seed={given['seed']} is no number")
        mix = replace(mix, seed=int(given["seed"]))
    return mix


def _weight(name: str, text: str) -> float:
    return _number(name, text, 0, 1e9, "a weight among the others")


def _number(name: str, text: str, low: float, high: float, meaning: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise UsageError(f"{name}={text} makes no sense: {meaning}, from {low:g} to {high:g}")
    return value
