"""A histogram of how long a system call takes, from the events of a ring buffer."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from bpftui.core.live import RingBuffer
from bpftui.core.spec import CollectionSpec

spec = CollectionSpec.from_file(Path(__file__).with_name("latency.o"))
spec.set("pid", os.getpid())
call = spec.ctype("call")
with spec.load() as loaded, loaded.programs["on_enter"].attach(), loaded.programs["on_exit"].attach():
    for _ in range(500):
        os.getpgid(0)
    with RingBuffer.of(loaded.maps["calls"]) as events:
        durations = [call.decode(event)["duration"] for event in events.read()]
for power, count in sorted(Counter(duration.bit_length() for duration in durations).items()):
    print(f"{1 << power - 1:>8} ns and more {count:>6} {'#' * (count * 40 // len(durations))}")
