"""Members that CO-RE moved out of a copy: it has the size of the object's own struct, and the kernel's is larger.

`BPF_CORE_READ(task, nsproxy, ns).inum` copies a whole struct to the stack, as many bytes as the object declares it
with, and then reads the member at the offset that it has in the kernel.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Final

from ..btf import CType
from ..btf.core import CoreKind, CoreResolver
from ..btf.kernel import vmlinux
from ..errors import BpftuiError, FeatureError
from .failure import Told
from .lineage import history

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..btf.core import CoreResolution
    from ..spec import ProgramSpec
    from ..spec.program import CoreRelocation
    from .failure import Failure

__all__ = ["BOUNDS", "moved_member"]

BOUNDS: Final = {
    "stack-bounds": "on the stack",
    "stack-unset": "on the stack",
    "map-value-bounds": "in the map's value",
    "map-value-fixed": "in the map's value",
    "memory-bounds": "in memory",
}
"""Explanations of accesses beyond something, and where a copy then lies."""
_BASE: Final = re.compile(r"\(r(?P<base>\d+) [+-]\d+\)")
_ADDED: Final = re.compile(r"[rw]\d+ [+-]= [rw](?P<by>\d+)$")


def moved_member(failure: Failure, key: str, told: Told) -> Told | None:
    """Return an explanation of an access beyond a copy that CO-RE is the cause of; None where it is not."""
    program = failure.log.program
    if program is None or program.btf is None or key not in BOUNDS or failure.step is None:
        return None
    target = failure.log.target
    if target is None:
        with contextlib.suppress(FeatureError):
            target = vmlinux()
    relocations = {item.slot: item for item in program.linked.core_relocations}
    resolver: CoreResolver | None = None
    for slot in _slots(failure):
        item = relocations.get(slot)
        if item is None or item.kind != CoreKind.FIELD_BYTE_OFFSET:
            continue
        resolver = resolver or CoreResolver(program.btf, target)
        found = resolver.resolve(item.type_id, item.access, item.kind)
        if found.value is not None and found.value > found.original:
            return _told(program, item, found, BOUNDS[key], told)
    return None


def _told(program: ProgramSpec, item: CoreRelocation, found: CoreResolution, where: str, told: Told) -> Told:
    size = ""
    with contextlib.suppress(BpftuiError):
        if program.btf is not None and (bytes_ := CType(program.btf, item.type_id).size):
            size = f" of {bytes_:,} bytes"
    struct, _, member = found.local.partition(".")
    summary = (
        f"CO-RE moved {found.local} from offset {found.original:,} to {found.value:,}, out of the copy{size} {where}"
    )
    return Told(
        summary,
        (
            f"the copy is of the {struct} that the object declares; this kernel's has {member} further behind",
            told.summary,
            *told.details,
        ),
        (
            "read the member itself, and not a copy of what it is in: BPF_CORE_READ(pointer, …, inner.member) instead "
            "of BPF_CORE_READ(pointer, …, inner).member",
            "declare the struct whole, as the kernel has it (vmlinux.h), or copy bpf_core_type_size() bytes into a "
            "buffer that is large enough",
        ),
        told.register,
        told.slot,
    )


def _slots(failure: Failure) -> Iterator[int]:
    """Yield the failing instruction, and those that its address was computed with, the nearest first."""
    assert failure.step is not None
    assert failure.line is not None
    yield failure.step.slot
    base = _BASE.search(failure.step.text)
    if base is None:
        return
    for change in history(failure.log, failure.line, f"R{base['base']}"):
        yield change.slot
        added = _ADDED.match(change.text)
        if added is not None:
            yield from (each.slot for each in history(failure.log, change.line, f"R{added['by']}"))
