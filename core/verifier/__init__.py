"""The verifier's log: read, indexed, and explained. It needs no kernel.

What is named here is imported when it is first asked for: the explorer shows logs without explaining any.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .explanation import Explanation, explain
    from .heat import Heat, HotLine, hot_lines
    from .lineage import Change, Origin, history, origin
    from .lines import LineKind, cause, classify, is_verifier_log, parse_step
    from .log import Function, SourceLine, VerifierLog
    from .paste import Excerpt, find_logs
    from .state import State
    from .summary import Summary, parse_summary
    from .text import explanation_lines, path_lines, state_lines
    from .value import Value, parse_value

__all__ = [
    "Change",
    "Excerpt",
    "Explanation",
    "Function",
    "Heat",
    "HotLine",
    "LineKind",
    "Origin",
    "SourceLine",
    "State",
    "Summary",
    "Value",
    "VerifierLog",
    "cause",
    "classify",
    "explain",
    "explanation_lines",
    "find_logs",
    "history",
    "hot_lines",
    "is_verifier_log",
    "origin",
    "parse_step",
    "parse_summary",
    "parse_value",
    "path_lines",
    "state_lines",
]

_HOMES: Final = {
    "Change": "lineage",
    "Excerpt": "paste",
    "Explanation": "explanation",
    "Function": "log",
    "Heat": "heat",
    "HotLine": "heat",
    "LineKind": "lines",
    "Origin": "lineage",
    "SourceLine": "log",
    "State": "state",
    "Summary": "summary",
    "Value": "value",
    "VerifierLog": "log",
    "cause": "lines",
    "classify": "lines",
    "explain": "explanation",
    "explanation_lines": "text",
    "find_logs": "paste",
    "history": "lineage",
    "hot_lines": "heat",
    "is_verifier_log": "lines",
    "origin": "lineage",
    "parse_step": "lines",
    "parse_summary": "summary",
    "parse_value": "value",
    "path_lines": "text",
    "state_lines": "text",
}
"""The module of each name."""


def __getattr__(name: str) -> object:
    """Import what is first asked for (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
