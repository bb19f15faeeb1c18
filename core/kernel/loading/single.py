"""One program: by itself, without the object that it may be from, and with what is adapted in it adapted here."""

from __future__ import annotations

import contextlib
import sys
from functools import partial
from typing import TYPE_CHECKING

from ...btf.compatible import essential_name
from ...btf.kernel import vmlinux
from ...errors import BpftuiError, LoadError
from ...spec import ProgramType, ReferenceKind
from ...spec.relocate_core import apply_core
from ..host.kallsyms import SymbolTable
from ..host.modules import ModuleTypes
from .btf import load_btf, prepare
from .hook import hook_of
from .prog_load import LARGEST_LOG, CoreRefusedError, load_program
from .relocate import relocate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...btf import Btf
    from ...spec import ProgramSpec
    from ..sys.object import KernelObject
    from ..sys.syscall import Descriptor
    from .hook import Hook
    from .prog_load import Loaded

__all__ = ["load_code", "load_single"]


def load_single(spec: ProgramSpec, maps: Mapping[str, KernelObject], log_level: int) -> Loaded:
    """Load one program; see `Program.create`."""
    if reason := _needs_more(spec, maps):
        raise LoadError(f"cannot load program {spec.name}: {reason}")
    with contextlib.ExitStack() as stack, contextlib.closing(ModuleTypes()) as modules:
        types = None
        if spec.btf is not None:
            static = {function.type_id for function in spec.functions if function.type_id and not function.is_global}
            # Types are a help, no need: lines of C in logs, functions that are verified alone.
            with contextlib.suppress(BpftuiError):
                types = load_btf(prepare(spec.btf, {}, static))
                stack.callback(types.close)
        fds = {name: stack.enter_context(maps[name].descriptor) for name in spec.maps}
        references = spec.linked.references.values()
        symbols = SymbolTable([essential_name(each.name) for each in references if each.kind is ReferenceKind.KSYM])
        hook = hook_of(spec, modules)
        return load_code(spec, fds, types, modules, symbols, hook, btf=spec.btf, log_level=log_level)


def load_code(
    spec: ProgramSpec,
    fds: Mapping[str, int],
    types: Descriptor | None,
    modules: ModuleTypes,
    symbols: SymbolTable,
    hook: Hook,
    *,
    btf: Btf | None,
    target: Btf | None = None,
    by_kernel: bool = False,
    log_level: int,
    most_log: int = LARGEST_LOG,
) -> Loaded:
    """Let the kernel adapt a program's code to its types (CO-RE), and do so here where it cannot or is not to.

    Args:
        spec: The program.
        fds: The maps that it uses, by name.
        types: Its object's types in the kernel; None where that took none.
        modules: Gives descriptors to kernel functions.
        symbols: The addresses of kernel symbols.
        hook: What it is tied to.
        btf: Its object's types.
        target: The kernel's types that it is adapted to; None for those that the running kernel publishes.
        by_kernel: Whether the kernel may adapt it.
        log_level: What the verifier logs.
        most_log: Bytes of log that are kept.
    """
    load = partial(load_program, log_level=log_level, most_log=most_log, hook=hook)
    if by_kernel and types is not None:
        try:
            code = relocate(spec, fds, btf, modules, symbols)
            return load(spec, code, types, fd_array=modules.fd_array())  # as it is once all functions are known
        except CoreRefusedError:
            pass
    adapted = None
    if btf is not None and spec.linked.core_relocations:
        adapted, _ = apply_core(spec, btf, target or vmlinux())
    code = relocate(spec, fds, btf, modules, symbols, adapted)
    return load(spec, code, types, core=False, fd_array=modules.fd_array(), target=target)


def _needs_more(spec: ProgramSpec, maps: Mapping[str, KernelObject]) -> str:
    """Return why a program cannot be loaded by itself; empty where it can."""
    if spec.problem is not None:
        return spec.problem
    if spec.byte_order != sys.byteorder:
        return f"it is {spec.byte_order}-endian, and this machine is {sys.byteorder}-endian"
    if spec.type == ProgramType.STRUCT_OPS:
        return "a function of struct_ops is loaded with its table: load the collection"
    if spec.linked.tables:
        return "it has jump tables, which are maps of its object's: load the collection"
    missing = [name for name in spec.maps if name not in maps]
    return f"it uses the map {missing[0]}, which is not among those that were given" if missing else ""
