"""A process that loads an object, attaches its program to a sandbox with traffic, and ends with its input: others.

Arguments: the object, its program, a map, and how many packets a second there are. Prints the ids of the program, of
the map and of the link; the object's file is not needed any more then.
"""

from __future__ import annotations

import sys

from bpftui.core.kernel import KernelRuntime
from bpftui.core.live import Session
from bpftui.core.spec import CollectionSpec
from bpftui.core.traffic import Traffic


def main() -> None:
    """Load, attach, and wait."""
    file, name, map_name, rate = sys.argv[1:]
    spec = CollectionSpec.from_file(file)
    with Session(spec, KernelRuntime(), traffic=Traffic(rate=float(rate))) as session:
        loaded = session.load()
        session.attach(name, "sandbox")
        program, counted = loaded.programs[name], loaded.maps[map_name]
        print(program.id, counted.id, session.links[0].id, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
