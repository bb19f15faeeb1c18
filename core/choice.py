"""Which runtime there is for somebody: the kernel's, or the built-in machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from .errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .runtime import Runtime

__all__ = ["RuntimeName", "choose_runtime", "runtime_name", "runtime_options"]

RuntimeName: TypeAlias = Literal["auto", "kernel", "vm"]
"""What a user can ask for; `auto` takes the best that there is."""


def runtime_name(name: RuntimeName = "auto") -> Literal["kernel", "vm"]:
    """Return which runtime *name* means: `auto` takes the kernel where this process may use it. Loads none of them."""
    if name == "auto":
        return "kernel" if _names_token() or _may_use_kernel() else "vm"
    return name


def choose_runtime(name: RuntimeName = "auto", **options: Any) -> Runtime:
    """Return the runtime that *name* means, made with *options*."""
    # Here, for whoever chooses the one must not bring the other with it.
    if runtime_name(name) == "kernel":
        from . import kernel

        if name == "kernel" or _names_token() or kernel.available() is None:
            return cast("Runtime", kernel.KernelRuntime(**options))
    from .vm.runtime import MachineRuntime

    return MachineRuntime(**options)


def runtime_options(name: RuntimeName, *, returns: Iterable[str] = (), memory: Iterable[str] = ()) -> dict[str, Any]:
    """Return what `choose_runtime` is to be told for that, as a user types it: options of the built-in machine.

    Args:
        name: Which runtime was asked for.
        returns: What functions return, `NAME=VALUE` (`bpftui.core.vm.world.settings.parse_returns`).
        memory: What addresses hold (`bpftui.core.vm.engine.image.parse_memory`).

    Raises:
        UsageError: It is not of its form, or the runtime is the kernel.
        ValueRangeError: A value does not fit.
    """
    returns, memory = list(returns), list(memory)
    if not returns and not memory:
        return {}
    from .vm.engine.image import parse_memory
    from .vm.world.settings import Settings, parse_returns

    settings = Settings(returns=parse_returns(returns), memory=parse_memory(memory))
    if runtime_name(name) == "kernel":
        what = "--return is for the built-in machine: in the kernel, functions do what they do"
        if not returns:
            what = "--memory is for the built-in machine: in the kernel, memory holds what it holds"
        raise UsageError(what, hint="add --runtime vm")
    return {"settings": settings}


def _names_token() -> bool:
    """Whether a BPF token is named, so that the kernel is meant even where it says no (`core.kernel.sys.token`)."""
    return bool(os.environ.get("LIBBPF_BPF_TOKEN_PATH"))


def _may_use_kernel() -> bool:
    """Whether this process has the right to load programs: CAP_BPF (Linux 5.8), or CAP_SYS_ADMIN.

    In a user namespace it has them for nothing: bpf(2) asks for them in the first one.
    """
    from .privileges import Capability, in_user_namespace, privileges

    wanted = 1 << Capability.CAP_BPF | 1 << Capability.CAP_SYS_ADMIN
    return bool(privileges().effective & wanted) and not in_user_namespace()
