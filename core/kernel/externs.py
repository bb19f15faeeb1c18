"""What an object's externs are on this machine: options, symbols and functions of the running kernel.

Nothing is loaded for it. The rules are those by which a load fills them in (`kconfig`, `relocate`).
"""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, NamedTuple

from ..btf import CType, Kind
from ..btf.kernel import module, modules, vmlinux
from ..errors import BpftuiError
from .kconfig import KERNEL_VERSION, option
from .relocate import is_typed, kernel_address

if TYPE_CHECKING:
    from ..btf import Btf
    from ..spec import CollectionSpec

__all__ = ["ExternAnswer", "look_up_externs"]


class ExternAnswer(NamedTuple):
    """What one extern is here."""

    name: str
    found: bool
    text: str
    """The option's value, the symbol's address, the BTF id and prototype of a function; else why there is none."""


def look_up_externs(spec: CollectionSpec) -> dict[str, ExternAnswer]:
    """Return what each of a spec's externs is on the running kernel, by name."""
    externs = spec.externs
    answers = [_option(extern.name) for extern in externs.kconfig]
    answers += [_symbol(extern.name, spec.btf) for extern in externs.ksyms]
    answers += [_typed(extern.name, Kind.FUNC) for extern in externs.kfuncs]
    return {answer.name: answer for answer in answers}


def _option(name: str) -> ExternAnswer:
    value = option(name)
    if value is None:
        return ExternAnswer(name, found=False, text="not set, or not told: see /proc/config.gz and /boot/config-*")
    if name == KERNEL_VERSION:
        value = f"{value}: {platform.release()}"
    return ExternAnswer(name, found=True, text=value)


def _symbol(name: str, btf: Btf | None) -> ExternAnswer:
    if is_typed(name, btf):
        return _typed(name, Kind.VAR)
    address = kernel_address(name)
    if address is None:
        return ExternAnswer(name, found=False, text="not in /proc/kallsyms, or hidden there (kernel.kptr_restrict)")
    return ExternAnswer(name, found=True, text=f"at {address:#x}")


def _typed(name: str, kind: Kind) -> ExternAnswer:
    """Look in the kernel's own BTF, then in that of each module, as libbpf does."""
    try:
        kernel = vmlinux()
    except BpftuiError as error:
        return ExternAnswer(name, found=False, text=error.message)
    type_id = kernel.find(name, kind)
    if type_id is not None:
        return ExternAnswer(name, found=True, text=f"BTF id {type_id}: {CType(kernel, type_id).c_text}")
    for owner in modules():
        try:
            btf = module(owner)
        except BpftuiError:
            continue
        type_id = btf.find(name, kind)
        if type_id is not None:
            return ExternAnswer(name, found=True, text=f"in module {owner}: {CType(btf, type_id).c_text}")
    return ExternAnswer(name, found=False, text="not in this kernel's BTF, nor in that of a module")
