"""What programs are tied to when they are loaded: the kernel's functions, tracepoints and tables of functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ... import since
from ...btf import Kind
from ...btf.kernel import vmlinux
from ...btf.types import Enum
from ...errors import FeatureError, LoadError
from ...spec import AttachType, ProgramType
from ...spec.sections import SECTIONS, SectionFlag
from ..host.symbols import find_symbol, nearest_symbol
from ..probe.link_types import has_links

if TYPE_CHECKING:
    from ...spec import ProgramSpec
    from ..host.modules import ModuleTypes

__all__ = ["Hook", "hook_in", "hook_of"]

_HOOKS: Final[dict[AttachType, tuple[str, Kind]]] = {
    AttachType.TRACE_RAW_TP: ("btf_trace_", Kind.TYPEDEF),
    AttachType.TRACE_FENTRY: ("", Kind.FUNC),
    AttachType.TRACE_FEXIT: ("", Kind.FUNC),
    AttachType.TRACE_FSESSION: ("", Kind.FUNC),
    AttachType.MODIFY_RETURN: ("", Kind.FUNC),
    AttachType.TRACE_ITER: ("bpf_iter_", Kind.FUNC),
    AttachType.LSM_MAC: ("bpf_lsm_", Kind.FUNC),
    AttachType.LSM_CGROUP: ("bpf_lsm_", Kind.FUNC),
}
"""What `attach_to` becomes in the kernel's BTF, for programs that are tied to their hook when they are loaded."""
_TIED: Final = (ProgramType.TRACING, ProgramType.LSM)


class Hook(NamedTuple):
    """Three fields of BPF_PROG_LOAD's attribute."""

    type_id: int
    """`attach_btf_id`: BTF id of the function, of the tracepoint's typedef or of the struct; 0 for none."""
    attach_type: int
    """`expected_attach_type`; for struct_ops the number of the struct's member."""
    fd: int = 0
    """`attach_prog_fd` or `attach_btf_obj_fd`: the program or the module that the type is in; 0 for the kernel."""


def hook_of(program: ProgramSpec, modules: ModuleTypes) -> Hook:
    """Return what a program is tied to when it is loaded, as its section says it.

    Raises:
        LoadError: The section does not say it, or the kernel has no such thing.
        FeatureError: The kernel is older than this way of tracing.
    """
    attach_type = program.attach_type or 0
    if program.type == ProgramType.EXT:
        raise LoadError(
            f"cannot load program {program.name}: an ext program replaces a function of another program",
            hint="load that program first, and name it: extends={" + f"{program.name!r}: program" + "}",
        )
    kind = SECTIONS.get(program.pattern)
    if kind is not None and SectionFlag.USDT in kind.rules and has_links("uprobe_multi"):
        return Hook(0, AttachType.TRACE_UPROBE_MULTI)  # a kernel that has such links takes no others for it then
    if program.attach_type is None or program.type not in _TIED:
        return Hook(0, attach_type)
    if not _is_known(program.attach_type):
        label = program.pattern or program.attach_type.label
        raise FeatureError(
            f"cannot load program {program.name}: this kernel has no {label} programs (attach type "
            f"{int(program.attach_type)})",
            hint=f"Linux {found.version} has them" if (found := since.attach_type(program.attach_type)) else None,
        )
    hook = _HOOKS.get(program.attach_type)
    if hook is None:
        return Hook(0, attach_type)  # of many functions at once it is told when it is attached
    prefix, kind = hook
    if not program.attach_to:
        hint = f'name it in the section: SEC("{program.section.strip("?")}/NAME")'
        raise LoadError(f"cannot load program {program.name}: its section does not say what it hooks", hint=hint)
    found = find_symbol(prefix + program.attach_to, kind)
    if found is None:
        what = "tracepoint" if kind == Kind.TYPEDEF else "function"
        near = nearest_symbol(program.attach_to, kind, prefix)
        reason = f"{prefix}{program.attach_to} is not in the kernel's BTF, nor in that of a module"
        reason += f" (nearest: {near})" if near is not None else ""
        hint = f"this kernel may not have that {what}, or may have inlined it"
        raise LoadError(f"cannot load program {program.name}: {reason}", hint=hint)
    return Hook(found[1], attach_type, modules.fd(found[0]))


def _is_known(attach_type: AttachType) -> bool:
    """Whether the kernel's `enum bpf_attach_type` has a number; so it is taken to be where that cannot be told."""
    kernel = vmlinux()
    type_id = kernel.find("bpf_attach_type", Kind.ENUM)
    found = kernel.type(type_id) if type_id is not None else None
    return not isinstance(found, Enum) or any(
        each.value == attach_type and not each.name.startswith("__MAX") for each in found.enumerators
    )


def hook_in(program: ProgramSpec, target: ProgramSpec, fd: int) -> Hook:
    """Return the hook of a program that replaces or traces a function of another, loaded one (Linux 5.6).

    Args:
        program: What is to be loaded; its section names the function: `freplace/NAME`, `fentry/NAME`. Without a name
            it is the other's entry.
        target: The other program.
        fd: Its descriptor.

    Raises:
        LoadError: It has no such function, or no types.
    """
    functions = {function.name: function for function in target.functions}
    name = program.attach_to or next(iter(functions), "")
    if name not in functions:
        known = ", ".join(functions)
        reason = f"program {target.name} has no function {name}"
        raise LoadError(f"cannot load program {program.name}: {reason}", hint=f"its functions are {known}")
    if not functions[name].type_id:
        raise LoadError(f"cannot load program {program.name}: the object of {target.name} has no type for {name}")
    return Hook(functions[name].type_id, program.attach_type or 0, fd)
