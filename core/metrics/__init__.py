"""What is told to whoever collects metrics: named by an object's types, without a configuration."""

from __future__ import annotations

from .collection import DEFAULT_SERIES, CollectionMetrics
from .exposition import OPEN_METRICS, TEXT, exposition
from .families import Family, FamilyKind
from .machine import machine_families
from .names import label_names, metric_name
from .teller import Teller

__all__ = [
    "DEFAULT_SERIES",
    "OPEN_METRICS",
    "TEXT",
    "CollectionMetrics",
    "Family",
    "FamilyKind",
    "Teller",
    "exposition",
    "label_names",
    "machine_families",
    "metric_name",
]
