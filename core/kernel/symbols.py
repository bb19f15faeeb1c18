"""Functions and variables of the kernel and its modules, as their BTF describes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..btf import Kind
from ..btf import types as t
from ..btf.compatible import essential_name, types_compatible
from ..btf.kernel import find_type
from ..errors import BpftuiError

if TYPE_CHECKING:
    from ..btf import Btf

__all__ = ["compatible", "find_symbol", "is_typed"]


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
