"""What happens over time: sessions, samples, series, rates and streams of events, for any runtime."""

from __future__ import annotations

from .arrange import EntryTable, Ordering, Reading, arrange, survey
from .counters import Counter, by_cpu, counters, decoded, entry_value, key_text, variable_counters
from .events import EventReader, Events, EventSource, record_text, record_value
from .field import Field, Form
from .fields import Fields, fields_of
from .handover import Handover, handover
from .keys import ambiguous_keys
from .perf import PerfBuffer
from .quantity import Arrivals, Entries, Look, OfEntry, OfRecords, Quantity, Runs, RunTime, Total, Track
from .rows import Rows
from .sampler import Sample, Sampler, readable_maps
from .series import Point, RateTracker, Series, rate
from .session import Session, State, check_target
from .stream import HasDescriptor, Records, RingBuffer, open_records
from .swap import Obstacle, Swap, Swapped
from .table import MapRow, MapTable, map_table
from .user_ring import UserRingBuffer

__all__ = [
    "Arrivals",
    "Counter",
    "Entries",
    "EntryTable",
    "EventReader",
    "EventSource",
    "Events",
    "Field",
    "Fields",
    "Form",
    "Handover",
    "HasDescriptor",
    "Look",
    "MapRow",
    "MapTable",
    "Obstacle",
    "OfEntry",
    "OfRecords",
    "Ordering",
    "PerfBuffer",
    "Point",
    "Quantity",
    "RateTracker",
    "Reading",
    "Records",
    "RingBuffer",
    "Rows",
    "RunTime",
    "Runs",
    "Sample",
    "Sampler",
    "Series",
    "Session",
    "State",
    "Swap",
    "Swapped",
    "Total",
    "Track",
    "UserRingBuffer",
    "ambiguous_keys",
    "arrange",
    "by_cpu",
    "check_target",
    "counters",
    "decoded",
    "entry_value",
    "fields_of",
    "handover",
    "key_text",
    "map_table",
    "open_records",
    "rate",
    "readable_maps",
    "record_text",
    "record_value",
    "survey",
    "variable_counters",
]
