"""What is told to whoever collects metrics: named by an object's types, without a configuration."""

from __future__ import annotations

from .collection import DEFAULT_SERIES, CollectionMetrics
from .families import Family, FamilyKind
from .names import label_names, metric_name

__all__ = ["DEFAULT_SERIES", "CollectionMetrics", "Family", "FamilyKind", "label_names", "metric_name"]
