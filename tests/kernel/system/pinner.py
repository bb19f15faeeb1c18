"""A process one thread of which has a bpffs in a mount namespace of its own, with maps pinned there: others.

Arguments: the directory of the bpffs, and the names, in hexadecimal. Prints the ids of the maps; ends with its input.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bpftui.core.kernel import Map
from bpftui.core.spec import MapSpec, MapType
from tests.kernel.private_bpffs import in_private_bpffs


def main() -> None:
    """Pin, and wait."""
    folder, *names = sys.argv[1:]

    def work() -> None:
        for name in names:
            with Map.create(MapSpec("far_away", "", MapType.HASH, 4, 8, 16)) as made:
                made.pin(os.path.join(folder, os.fsdecode(bytes.fromhex(name))))
                print(made.id, flush=True)
        sys.stdin.read()

    in_private_bpffs(Path(folder), work)


if __name__ == "__main__":
    main()
