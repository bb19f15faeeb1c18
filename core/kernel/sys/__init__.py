"""The system calls themselves: bpf(2) and perf_event_open(2), descriptors, namespaces, rights, what errors mean."""

from __future__ import annotations

__all__: list[str] = []
