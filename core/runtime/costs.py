"""What the programs of two objects cost: each is tried by itself, and closed again."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from ..diff.costs import Cost, costs_between
from ..errors import FeatureError
from ..verifier import parse_summary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..diff import ObjectDiff
    from ..spec import CollectionSpec
    from .protocols import Runtime

__all__ = ["NOT_ASKED", "with_costs"]

NOT_ASKED: Final = "what programs cost is what the kernel's verifier says, and it cannot be asked here"
"""Why there are none where nothing verifies, as a clause."""


def with_costs(found: ObjectDiff, runtime: Runtime, say: Callable[[str], None]) -> ObjectDiff:
    """Return a comparison of two files with what their programs cost; that takes the time of loading both.

    Args:
        found: The comparison.
        runtime: What the programs are tried in.
        say: Is told what was done without.

    Raises:
        FeatureError: Nothing verifies there, or bpf(2) cannot be used.
        NoPermissionError: This process may not load programs.
        LoadError: An object was compiled for the other byte order.
    """
    if not runtime.verifies:
        raise FeatureError(NOT_ASKED, hint="bpftui doctor tells why; as root with --runtime kernel")
    old, new = (_costs(spec, runtime, say) for spec in (found.old, found.new))
    return dataclasses.replace(found, costs=tuple(costs_between(old, new)))


def _costs(spec: CollectionSpec, runtime: Runtime, say: Callable[[str], None]) -> Mapping[str, Cost]:
    report = runtime.check(spec)
    for remark in report.remarks:
        say(f"{spec.file}: {remark}")
    found: dict[str, Cost] = {}
    for each in report.programs:
        summary = parse_summary(each.log or "")
        verified = each.verified_insns if each.verified_insns is not None else summary.insns
        found[each.name] = Cost(each.ok, verified, summary.states, each.jited_size, "" if each.ok else each.error or "")
    return found
