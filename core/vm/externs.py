"""What an object's externs are in the built-in machine: options that it answers, functions that it has, no symbols."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..constants import version_text
from ..runtime import ExternAnswer
from ..spec.kconfig import KERNEL_VERSION, option_misfit
from .helpers.declaration import declared
from .world.kconfig import options_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..spec import CollectionSpec, Extern
    from .world.settings import Settings

__all__ = ["look_up_externs"]


def look_up_externs(spec: CollectionSpec, settings: Settings) -> Mapping[str, ExternAnswer]:
    """Return what each of a spec's externs is, by name, as a load fills it in (`MachineRuntime.load`)."""
    externs = spec.externs
    options = options_of(settings.kconfig or {})
    found = [ExternAnswer(e.name, *_option(spec, e, options), "kconfig", e.weak, e.type) for e in externs.kconfig]
    found += [
        ExternAnswer(e.name, False, "0: the built-in machine has no kernel's memory", "ksym", e.weak, e.type)
        for e in externs.ksyms
    ]
    for extern in externs.kfuncs:
        has = extern.name in declared() or extern.name in (settings.returns or {})
        text = "a function of the built-in machine" if has else "the built-in machine has no such function"
        found.append(ExternAnswer(extern.name, has, text, "kfunc", extern.weak, extern.type))
    return {answer.name: answer for answer in found}


def _option(spec: CollectionSpec, extern: Extern, options: Mapping[str, str]) -> tuple[bool, str]:
    value = options.get(extern.name)
    if value is None:
        return False, "0: the built-in machine has no such option"
    if misfit := option_misfit(spec, extern.name, value):
        return False, misfit
    return True, f"{value}: {version_text(int(value))}" if extern.name == KERNEL_VERSION else value
