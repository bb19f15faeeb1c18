"""Tests of BPF programs with pytest: the fixture `bpf`, and what it gives. docs/testing.md shows it at work.

pytest imports this package in every run of every project where bpftui is installed: nothing is imported here.
"""

from __future__ import annotations

__all__: list[str] = []
