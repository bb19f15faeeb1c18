"""Samples as JSON: schema bpftui/sample/2."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from .common import json_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ...core.analysis.counting import Counting
    from ...core.live import Events, EventSource, Sample
    from ...core.live.stacks import Stacks
    from ...core.runtime import Collection, Entry, Map, MapSnapshot
    from ...core.runtime.stacks import Stack

__all__ = ["SCHEMA", "entries_json", "events_json", "map_json", "sample_json", "stack_json"]

SCHEMA: Final = "bpftui/sample/2"


def sample_json(
    collection: Collection,
    sample: Sample,
    events: EventSource | None = None,
    *,
    per_cpu: bool = False,
    texts: bool = False,
    until: float | None = None,
) -> dict[str, Any]:
    """Return a sample as what the schema says, but for what programs printed.

    Args:
        collection: What was sampled.
        sample: The sample.
        events: What reads its streams; what they brought since the last time is taken from it.
        per_cpu: Whether values of per-CPU maps are lists of all CPUs', instead of sums of what counts.
        texts: Whether char arrays are objects with their `text` and their `bytes`.
        until: When the events have to be done, by `time.monotonic`: those that are not are for the next sample.
    """
    from ...core.analysis.counting import Counting
    from ...core.live.stacks import Stacks

    counting = collection.spec.derived(Counting)
    stacks = Stacks(collection)
    stacks.note(sample)
    return {
        "schema": SCHEMA,
        "time": round(sample.time, 6),
        "maps": {
            name: map_json(collection.maps[name], snapshot, counting, stacks, per_cpu=per_cpu, texts=texts)
            for name, snapshot in sample.maps.items()
        },
        "variables": {
            name: json_value(variable.spec.type.decode(raw) if variable.spec.type is not None else raw, texts=texts)
            for name, raw in sample.variables.items()
            for variable in (collection.variables[name],)
        },
        "programs": {
            name: {
                "run_cnt": None if sample.uncounted else info.run_cnt,
                "run_time_ns": None if sample.uncounted else info.run_time_ns,
            }
            for name, info in sample.programs.items()
        },
        **events_json(events, texts=texts, until=until),
        "printed": [],
    }


def events_json(events: EventSource | None, *, texts: bool = False, until: float | None = None) -> dict[str, Any]:
    """Return what streams brought since the last time, as much of it as there is time for.

    `behind` says of which about how many still wait, and `full` which were found full so often, after which some were
    lost that nobody counts; both are there only where there is something to say.
    """
    from ...core.live import record_value

    if events is None:
        return {"events": {}, "lost": {}}
    records: dict[str, list[object]] = {name: [] for name in events.types}
    brought: Mapping[str, Events] = {}
    for brought in events.batches():
        for name, each in brought.items():
            declared = events.types[name]
            records[name] += [json_value(record_value(raw, declared), texts=texts) for raw in each.records]
        if until is not None and time.monotonic() >= until:
            break
    behind = {name: each.behind for name, each in brought.items() if each.behind}
    full = {name: each.full for name, each in brought.items() if each.full}
    return {
        "events": records,
        "lost": {name: each.lost for name, each in brought.items()},
        **({"behind": behind} if behind else {}),
        **({"full": full} if full else {}),
    }


def map_json(
    source: Map,
    snapshot: MapSnapshot,
    counting: Counting,
    stacks: Stacks,
    *,
    per_cpu: bool = False,
    texts: bool = False,
) -> dict[str, Any]:
    """Return what a map holds: its entries and how many there are.

    `count` is null where it is not known; with `at_least` there may be more. A queue or stack has what it would give
    next (`peek`) and its `size`, and what cannot be listed has a `note`, which says why.
    """
    from ...core.live import decoded

    found: dict[str, Any] = {
        "entries": entries_json(source, snapshot.entries, counting, stacks, per_cpu=per_cpu, texts=texts),
        "count": snapshot.count if snapshot.is_counted or snapshot.count else None,
        "partial": snapshot.partial,
    }
    if snapshot.partial and not snapshot.is_counted:
        found["at_least"] = True
    if snapshot.note:
        found["note"] = snapshot.note
    if source.type.is_queue:
        raw = snapshot.upcoming
        found["peek"] = None if raw is None else json_value(decoded(source.value, raw), texts=texts)
        found["size"] = source.max_entries
    return found


def entries_json(
    source: Map,
    entries: Iterable[Entry],
    counting: Counting,
    stacks: Stacks,
    *,
    per_cpu: bool = False,
    texts: bool = False,
) -> list[dict[str, Any]]:
    """Return entries: each its `key` and `value`, and `key_bytes` where the typed key does not tell them apart.

    A stack trace has its id as the key; the value is a list of its frames.
    """
    from ...core.live import ambiguous_keys, decoded, entry_value

    if source.name in stacks.maps:
        return [
            {"key": stacks.own_place(source.name, each).id, "value": stack_json(stacks.of_entry(source.name, each))}
            for each in entries
        ]

    entries = tuple(entries)
    ambiguous = ambiguous_keys(source, (entry.key for entry in entries))
    return [
        {"key": json_value(decoded(source.key, entry.key), texts=texts)}
        | ({"key_bytes": entry.key.hex()} if entry.key in ambiguous else {})
        | {"value": json_value(entry_value(source, entry, per_cpu=per_cpu, counting=counting), texts=texts)}
        for entry in entries
    ]


def stack_json(stack: Stack) -> list[dict[str, Any]]:
    """Return the frames of a stack, the most recent first.

    Each has the `address`, as text since it has 64 bits, or the `build_id` of a file and the `file_offset`; and as far
    as they are known the `function`, the `offset` in it, and `in` which module or file it is.
    """
    return [
        (
            {"build_id": frame.call.build_id.hex(), "file_offset": frame.call.address}
            if frame.call.build_id
            else {"address": str(frame.call)}
        )
        | ({"function": frame.name, "offset": frame.offset} if frame.name else {})
        | ({"in": frame.where} if frame.where else {})
        for frame in stack.frames
    ]
