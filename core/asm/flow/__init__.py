"""Control flow: basic blocks, edges, loops and reachability of functions, their call graph, arrows for a margin.

Works on code as it is, decoding nothing but jumps: the control flow of 500,000 instructions takes some 0.3 s. Code
that makes no sense (a jump outside of its function, a last instruction that is no exit) is reported as a `Problem`.
"""

from __future__ import annotations

from .calls import Call, CodeFlow, find_calls
from .graph import Block, Edge, EdgeKind, FlowGraph, Problem
from .loops import Loop
from .margin import Cell, Jump, Margin

__all__ = [
    "Block",
    "Call",
    "Cell",
    "CodeFlow",
    "Edge",
    "EdgeKind",
    "FlowGraph",
    "Jump",
    "Loop",
    "Margin",
    "Problem",
    "find_calls",
]
