"""A program's code as rows of text: functions, lines of C, instructions with notes beside them, and searching them."""

from __future__ import annotations

__all__: list[str] = []
