"""What runs came to: counts of programs of all types, gathered over runs, tests and processes, and told by C lines.

The counts are those of the runtime (`bpftui.core.runtime.Program.counts`); nothing is put into the object for them.
`gathered` holds them and reads and writes them, `lines` says what they mean for the source, and there is a module for
each form of report: `text`, `html`, `lcov`, `cobertura`.
"""

from __future__ import annotations

__all__: list[str] = []
