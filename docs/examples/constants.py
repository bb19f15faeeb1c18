"""Set constants before the load, run the program on a packet of one's own, and read what it has counted."""

from __future__ import annotations

from bpftui.bpf import path
from bpftui.core.spec import CollectionSpec

spec = CollectionSpec.from_file(path("constants"))
spec.set("enabled", True)
spec.set("mode", "MODE_DROP")
spec.set("cfg", {"strict": True})
with spec.load() as loaded:
    for length in (60, 600):
        result = loaded.programs["constants"].run(bytes(length), repeat=1000)
        print(f"{length} bytes: returned {result.retval} after {result.duration_ns} ns")
