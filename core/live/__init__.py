"""What happens over time: sessions, samples, series, rates and streams of events, for any runtime."""

from __future__ import annotations

from .counters import Counter, Track, counters, entry_value, key_text, variable_counters
from .sampler import Sample, Sampler, readable_maps
from .series import Point, RateTracker, Series, rate
from .session import RuntimeName, Session, State, check_target, choose_runtime, runtime_name
from .stream import HasDescriptor, Records, RingBuffer, open_records
from .table import MapRow, MapTable, Order, map_table

__all__ = [
    "Counter",
    "HasDescriptor",
    "MapRow",
    "MapTable",
    "Order",
    "Point",
    "RateTracker",
    "Records",
    "RingBuffer",
    "RuntimeName",
    "Sample",
    "Sampler",
    "Series",
    "Session",
    "State",
    "Track",
    "check_target",
    "choose_runtime",
    "counters",
    "entry_value",
    "key_text",
    "map_table",
    "open_records",
    "rate",
    "readable_maps",
    "runtime_name",
    "variable_counters",
]
