"""A process that loads traffic.o, attaches it to a sandbox with traffic, and ends with its input: somebody else.

Prints the ids of its program, of its map `traffic` and of its link, and where it has pinned the map.
"""

from __future__ import annotations

import sys

from bpftui import bpf
from bpftui.core.kernel import KernelRuntime
from bpftui.core.live import Session
from bpftui.core.spec import CollectionSpec
from bpftui.core.traffic import Traffic


def main() -> None:
    """Load, attach, and wait."""
    spec = CollectionSpec.from_file(bpf.path("traffic"))
    with Session(spec, KernelRuntime(), traffic=Traffic(rate=200)) as session:
        loaded = session.load()
        session.attach("count_traffic", "sandbox")
        program, counted = loaded.programs["count_traffic"], loaded.maps["traffic"]
        print(program.id, counted.id, session.links[0].id, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
