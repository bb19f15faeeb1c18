"""One program by itself, without the object that it may be from."""

from __future__ import annotations

import contextlib
import sys
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
from .prog_load import load_program
from .relocate import relocate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...spec import ProgramSpec
    from ..sys.object import KernelObject
    from .prog_load import Loaded

__all__ = ["load_single"]


def load_single(spec: ProgramSpec, maps: Mapping[str, KernelObject], log_level: int) -> Loaded:
    """Load one program; see `Program.create`."""
    if reason := _needs_more(spec, maps):
        raise LoadError(f"cannot load program {spec.name}: {reason}")
    adapted = None
    if spec.btf is not None and spec.linked.core_relocations:
        adapted, _ = apply_core(spec, spec.btf, vmlinux())
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
        code = relocate(spec, fds, spec.btf, modules, symbols, adapted)
        array = modules.fd_array()
        return load_program(spec, code, types, log_level=log_level, core=False, hook=hook, fd_array=array)


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
