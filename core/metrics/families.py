"""What is told of something loaded to whoever collects metrics: families of numbers, each with its labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, Self, TypeAlias

__all__ = ["Family", "FamilyKind", "known_names", "stem_of"]

FamilyKind: TypeAlias = Literal["counter", "gauge", "info"]
"""What only grows, what is as it is, and what says something in its labels and is always 1."""
_UNITS: Final = frozenset({"bytes", "seconds"})
_KNOWN: Final[dict[str, tuple[FamilyKind, str]]] = {
    "bpf_map_entries": ("gauge", "How many entries a map has."),
    "bpf_map_max_entries": ("gauge", "How many entries a map has room for."),
    "bpf_map_memory_bytes": ("gauge", "The kernel's memory that a map takes."),
    "bpf_map_partial_reads_total": ("counter", "Reads of a map that ended early: it kept changing."),
    "bpf_map_unexported_entries": ("gauge", "Entries of a map of which nothing is told: those beyond the limit."),
    "bpf_map_unexported_numbers": ("gauge", "Numbers in each value of a map that are not told: those of long arrays."),
    "bpf_program_runs_total": ("counter", "How often a program ran."),
    "bpf_program_run_seconds_total": ("counter", "How long a program ran."),
    "bpf_program_missed_runs_total": ("counter", "Runs left out: the program was running on that CPU."),
    "bpf_program_info": ("info", "What a program is."),
    "bpf_program_memory_bytes": ("gauge", "The kernel's memory that a program takes."),
    "bpf_stream_records_total": ("counter", "Records that a stream brought."),
    "bpf_stream_lost_records_total": ("counter", "Records that found no room."),
    "bpf_stream_full_total": (
        "counter",
        "How often a stream was found full: records were lost then, in all likelihood.",
    ),
    "bpf_unexported_maps": ("gauge", "Maps of which nothing is told: those beyond the limit."),
    "bpf_unexported_programs": ("gauge", "Programs of which nothing is told: those beyond the limit."),
    "bpf_variable_unexported_numbers": (
        "gauge",
        "Numbers in a variable that are not told: those beyond 256, or the limit.",
    ),
}
"""Families that are the same whoever's program or map it is: what they are, in a sentence."""


@dataclass(slots=True)
class Family:
    """All numbers of one meaning. The name has its unit and, of a counter, `_total` at its end; of an info `_info`."""

    name: str
    kind: FamilyKind
    help: str
    """What it is, as a sentence."""
    labels: tuple[str, ...] = ()
    """The names of the labels that each number has."""
    numbers: list[tuple[tuple[str, ...], float]] = field(default_factory=list[tuple[tuple[str, ...], float]])
    """The texts of the labels, and the number."""

    @classmethod
    def known(cls, name: str, *labels: str) -> Self:
        """Return one of those that are the same for all programs and maps, without numbers."""
        kind, sentence = _KNOWN[name]
        return cls(name, kind, sentence, labels)

    @property
    def unit(self) -> str:
        """The base unit of its numbers, `bytes` or `seconds`, as its name has it at its end; empty for others."""
        last = stem_of(self.name).rpartition("_")[2]
        return last if last in _UNITS and self.kind != "info" else ""

    def add(self, value: float, *labels: str) -> None:
        """Add a number."""
        self.numbers.append((labels, value))


def known_names() -> frozenset[str]:
    """Return the names of all families that are the same whoever's program or map it is."""
    return frozenset(_KNOWN)


def stem_of(name: str) -> str:
    """Return a family's name without what only tells its kind: in OpenMetrics that is no part of it."""
    return name.removesuffix("_total").removesuffix("_info")
