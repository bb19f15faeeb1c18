"""Functions and variables of the kernel and its modules, as their BTF describes them."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Final

from ...btf import Kind
from ...btf import types as t
from ...btf.compatible import essential_name, types_compatible
from ...btf.kernel import find_type, vmlinux
from ...errors import BpftuiError

if TYPE_CHECKING:
    from ...btf import Btf

__all__ = ["compatible", "find_symbol", "is_typed", "nearest_symbol"]

_NEAR: Final = 3
"""Letters that a name has to share with one that is not there to be thought of as what was meant."""
_SIMILAR: Final = 0.75
"""How similar they have to be (`difflib`): the kernel has 60,000 functions, of which some is always a little alike."""


def find_symbol(name: str, kind: Kind, target: Btf | None = None) -> tuple[Btf, int] | None:
    """Return the type of a function or variable: in *target*, or in the running kernel and its modules; None without.

    A flavour (`bpf_foo___new`) stands for what is called like it without the suffix.

    Raises:
        FeatureError: The running kernel does not publish its types.
    """
    wanted = essential_name(name)
    if target is None:
        return find_type(wanted, kind)
    type_id = target.find(wanted, kind)
    return None if type_id is None else (target, type_id)


def nearest_symbol(name: str, kind: Kind, prefix: str = "") -> str | None:
    """Return what in the running kernel a name that is not there is most likely a slip of, or was called elsewhere.

    Args:
        name: The name, without the *prefix* that all of its sort have.
        kind: What it is the name of.
        prefix: `bpf_lsm_`, `btf_trace_`; it is not returned.
    """
    kernel = vmlinux()
    start = re.escape((prefix + name[:_NEAR]).encode())
    names = {found.decode().removeprefix(prefix) for found in re.findall(rb"(?<=\0)" + start + rb"\w*", kernel.strings)}
    close = difflib.get_close_matches(name, names, cutoff=_SIMILAR)
    return next((each for each in close if kernel.find(prefix + each, kind) is not None), None)


def is_typed(name: str, btf: Btf | None) -> bool:
    """Whether the object declares a kernel symbol with a type: `extern const void x __ksym` has none."""
    type_id = None if btf is None else btf.find(name, Kind.VAR)
    if btf is None or type_id is None:
        return False
    found = btf.type(type_id)
    return isinstance(found, t.Var) and not isinstance(btf.strip(found.type_id), t.Void)


def compatible(local: Btf, name: str, kind: Kind, target: Btf, target_id: int) -> bool:
    """Whether a function or variable of the kernel has a type that fits the declaration."""
    local_id = local.find(name, kind)
    if local_id is None:
        return True
    ours, theirs = local.type(local_id), target.type(target_id)
    try:
        match ours, theirs:
            case t.Function(), t.Function():
                return types_compatible(local, ours.proto, target, theirs.proto)
            case t.Var(), t.Var():
                ids = local.strip(ours.type_id).id, target.strip(theirs.type_id).id
                return types_compatible(local, ids[0], target, ids[1])
            case _:
                return False
    except BpftuiError:
        return False
