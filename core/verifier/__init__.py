"""The verifier's log: read, indexed, and explained. It needs no kernel."""

from .explanation import Explanation, explain
from .heat import HotLine, hot_lines
from .lines import LineKind, cause, classify, is_verifier_log, parse_step
from .log import Function, SourceLine, VerifierLog
from .origin import Change, Origin, history, origin
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
