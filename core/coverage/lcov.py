"""Coverage in the form of lcov's tracefiles, which genhtml and most services read (geninfo(1))."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .lines import in_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .lines import FileCoverage

__all__ = ["lcov"]


def lcov(files: Sequence[FileCoverage]) -> Iterator[str]:
    """Yield the lines of a tracefile. Lines that constants exclude are not in it; outcomes are branches."""
    for file in files:
        name = _plain(file.name)
        if not name:
            continue  # instructions of no known line
        yield "TN:"
        yield f"SF:{name}"
        functions = sorted(file.functions.values(), key=lambda each: each.line)
        for function in functions:
            yield f"FN:{function.line},{_plain(function.name)}"
        for function in functions:
            yield f"FNDA:{function.runs},{_plain(function.name)}"
        yield f"FNF:{len(functions)}"
        yield f"FNH:{sum(function.runs > 0 for function in functions)}"
        lines = [line for line in in_order(file) if line.runs or not line.is_removed]
        found = hit = 0
        for line in lines:
            for block, jump in enumerate(line.jumps):
                for jumps, count in jump.outcomes:
                    taken = str(count) if jump.on + jump.jumped else "-"
                    found, hit = found + 1, hit + (count > 0)
                    yield f"BRDA:{line.number},{block},{int(jumps)},{taken}"
        yield f"BRF:{found}"
        yield f"BRH:{hit}"
        yield from (f"DA:{line.number},{line.runs}" for line in lines)
        yield f"LF:{len(lines)}"
        yield f"LH:{sum(line.runs > 0 for line in lines)}"
        yield "end_of_record"


def _plain(name: str) -> str:
    """Return a name without what would end its line."""
    return "".join(char if char.isprintable() else "?" for char in name)
