"""What an object's externs are on this machine: options, symbols and functions of the running kernel.

Nothing is loaded for it. The rules are those by which a load fills them in (`kconfig`, `relocate`), which are libbpf's
(`bpf_object__resolve_externs` of Linux 6.18): a typed symbol or a function is looked for in the kernel's own BTF, then
in that of each module, and its type has to be compatible with the declared one.
"""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING, Final

from ...btf import CType, Kind
from ...btf.compatible import essential_name
from ...btf.kernel import module_name
from ...errors import FeatureError
from ...runtime import ExternAnswer
from ...spec.kconfig import KERNEL_VERSION, option_misfit
from .kallsyms import KALLSYMS, find_symbols
from .kconfig import option
from .symbols import compatible, find_symbol, is_typed

if TYPE_CHECKING:
    from ...btf import Btf
    from ...spec import CollectionSpec, Extern
    from .kallsyms import KernelSymbol

__all__ = ["OTHER_TYPE", "look_up_externs"]

OTHER_TYPE: Final = "of another type"
"""What an answer begins with where the kernel has the name, and means something else by it."""
_RUNNING_ONLY = "only a running kernel tells: its types do not"


def look_up_externs(spec: CollectionSpec, target: Btf | None = None) -> dict[str, ExternAnswer]:
    """Return what each of a spec's externs is, by name; nothing is raised for what is missing.

    Args:
        spec: The object.
        target: The types of another kernel; None for the running one and its modules. Configuration, and symbols
            without a type, are known of the running kernel only.
    """
    externs = spec.externs
    untyped = [extern.name for extern in externs.ksyms if not is_typed(extern.name, spec.btf)]
    # The kernel looks the addresses of typed ones up there, too.
    wanted = [essential_name(extern.name) for extern in externs.ksyms] if target is None else []
    places = find_symbols(wanted) if wanted else {}
    answers: list[ExternAnswer] = []
    for extern in externs.kconfig:
        found, text = _option(spec, extern) if target is None else (False, _RUNNING_ONLY)
        answers.append(ExternAnswer(extern.name, found, text, "kconfig", extern.weak, extern.type))
    for extern in externs.ksyms:
        if extern.name not in untyped:
            found, text = _typed(spec.btf, extern.name, Kind.VAR, target)
            if found and target is None and not places[essential_name(extern.name)] and os.access(KALLSYMS, os.R_OK):
                found, text = False, "in the kernel's types, but without an address: not in /proc/kallsyms"
        elif target is not None:
            found, text = False, _RUNNING_ONLY
        else:
            found, text = _symbol(places[essential_name(extern.name)])
        answers.append(ExternAnswer(extern.name, found, text, "ksym", extern.weak, extern.type))
    for extern in externs.kfuncs:
        found, text = _typed(spec.btf, extern.name, Kind.FUNC, target)
        answers.append(ExternAnswer(extern.name, found, text, "kfunc", extern.weak, extern.type))
    return {answer.name: answer for answer in answers}


def _option(spec: CollectionSpec, extern: Extern) -> tuple[bool, str]:
    name = extern.name
    value = option(name)
    if value is None:
        if name.startswith("LINUX_"):
            return False, "not known: libbpf has no such value"
        return False, "not set, or not told: see /proc/config.gz and /boot/config-*"
    if misfit := option_misfit(spec, name, value):
        return False, misfit
    return True, f"{value}: {platform.release()}" if name == KERNEL_VERSION else value


def _symbol(places: list[KernelSymbol]) -> tuple[bool, str]:
    if not places:
        return False, "not in /proc/kallsyms"
    told = [f"at {p.address:#x}" + (f" in module {p.module}" if p.module else "") for p in places if p.address]
    if not told:
        return False, "there, but its address is hidden from this user (kernel.kptr_restrict)"
    if len(told) > 1:
        return False, f"ambiguous: {', '.join(told)}"
    return True, told[0]


def _typed(local: Btf | None, name: str, kind: Kind, target: Btf | None) -> tuple[bool, str]:
    """Look up something by its BTF type."""
    try:
        place = find_symbol(name, kind, target)
    except FeatureError as error:
        return False, error.message
    if place is None:
        where = "this kernel's BTF, nor in that of a module" if target is None else f"the BTF of {target.file}"
        return False, f"not in {where}"
    btf, type_id = place
    declared = CType(btf, type_id).c_text
    module = module_name(btf)
    text = f"in module {module}: {declared}" if module else f"BTF id {type_id}: {declared}"
    if local is not None and not compatible(local, name, kind, btf, type_id):
        return False, f"{OTHER_TYPE} there: {text}"
    return True, text
