"""List all programs that are loaded, as `bpftool prog` does."""

from __future__ import annotations

from bpftui.core.errors import UnknownNameError
from bpftui.core.kernel import Program

for number in Program.ids():
    try:
        with Program.from_id(number) as program:
            info = program.info()
            print(
                f"{number}: {program.type.label} {info.name}, tag {info.tag}, {info.xlated_size} bytes, "
                f"maps {', '.join(map(str, info.map_ids)) or 'none'}"
            )
    except UnknownNameError:
        continue  # it was unloaded meanwhile
