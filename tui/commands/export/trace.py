"""A recording as a trace: the JSON of Trace Event Format, which Perfetto and Chrome read.

Each program, each stream and what programs print is a track; what was done meanwhile is seen on all of them. Times are
those of the samples: what came between two of them has the time of the second.
https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
"""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Any

from ....core.live import record_value
from ....core.visible import visible_json
from ..common import json_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ....core.live import Sample
    from ..recording import Played

__all__ = ["trace"]

_PROCESS = 1
_PRINTED = "printed"


def trace(found: Played) -> Iterator[str]:
    """Iterate over the lines of the document: an event each."""
    names = [*found.collection.programs, *found.events.types, _PRINTED]
    tracks = {name: number for number, name in enumerate(dict.fromkeys(names), 1)}
    yield '{"displayTimeUnit":"ns","traceEvents":['
    first = True
    for event in chain(_named(found, tracks), _done(found, tracks), _seen(found, tracks)):
        text = visible_json(json.dumps(event, ensure_ascii=False, separators=(",", ":")))
        yield text if first else f",{text}"
        first = False
    yield "]}"


def _event(phase: str, name: str, time: float, track: int = 0, **more: object) -> dict[str, Any]:
    """Return an event; *time* in seconds, as microseconds."""
    return {"ph": phase, "name": name, "pid": _PROCESS, "tid": track, "ts": round(time * 1e6, 3), **more}


def _named(found: Played, tracks: dict[str, int]) -> Iterator[dict[str, Any]]:
    yield _event("M", "process_name", 0.0, args={"name": found.session.spec.title})
    for name, track in tracks.items():
        yield _event("M", "thread_name", 0.0, track, args={"name": name})


def _done(found: Played, tracks: dict[str, int]) -> Iterator[dict[str, Any]]:
    """Iterate over what was done, and over test runs."""
    for mark in found.tape.marks:
        if mark.kind != "ran":
            yield _event("i", f"{mark.kind} {mark.what}", mark.time, s="g", args={"detail": mark.detail})
    for time, ran in found.tape.runs():
        arguments = {"retval": ran.retval, "packet": ran.packet.hex(), "data_out": ran.data.hex()}
        track, name = tracks.get(ran.program, 0), f"run: {found.verdict(ran)}"
        yield _event("X", name, time, track, cat="run", dur=ran.duration_ns / 1000, args=arguments)


def _seen(found: Played, tracks: dict[str, int]) -> Iterator[dict[str, Any]]:
    """Iterate over what came with each sample: records, printed lines, how often programs ran."""
    before: Sample | None = None
    with found.collection.printed() as printed:
        for sample in found.playback().samples():
            for batch in found.events.batches():
                for name, brought in batch.items():
                    for raw in brought.records:
                        value = json_value(record_value(raw, found.events.types[name]))
                        yield _event("i", name, sample.time, tracks[name], s="t", cat="event", args={"record": value})
            for line in printed.read().lines:
                arguments = {"program": line.program}
                yield _event("i", line.text, sample.time, tracks[_PRINTED], s="t", cat="printed", args=arguments)
            for name, info in sample.programs.items():
                if before is not None and name in before.programs and not sample.uncounted:
                    runs, spent = info.run_cnt - before.programs[name].run_cnt, sample.time - before.time
                    if runs >= 0 and spent > 0:
                        yield _event("C", f"{name} runs/s", sample.time, args={"runs/s": round(runs / spent, 3)})
            before = sample
