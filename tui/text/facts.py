"""What there is to say of a spec, fact by fact: the tree, the overview, `show` and `show --json` are drawn from these.

Each fact has the forms that the four need: what is new about programs, maps and variables is written down here once,
and stands in all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ...core.btf import types
from ...core.constants import version_text
from ...core.spec import MapFlag, Pinning, ProgramFlag
from ...core.uapi import flag_names
from .format import byte_size, unqualified

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...core.btf import CType
    from ...core.spec import CollectionSpec, Extern, MapSpec, ProgramSpec, VariableSpec

__all__ = [
    "ExternGroup",
    "Fact",
    "c_text",
    "collection_facts",
    "extern_groups",
    "map_brief",
    "map_facts",
    "map_shape",
    "program_brief",
    "program_facts",
    "section_facts",
    "type_text",
    "variable_facts",
]


class Fact(NamedTuple):
    """One thing to say of a spec."""

    key: str
    """Its key in JSON; empty where the schema has none."""
    value: Any = None
    """Its value in JSON."""
    label: str = ""
    """What it is called as a field of a page."""
    text: str = ""
    """What stands there; empty where there is nothing to say."""
    note: str = ""
    """What is said beside that."""
    phrase: str = ""
    """What it is on one line with others; empty where it is not said there."""


class ExternGroup(NamedTuple):
    """Externs of one kind."""

    key: str
    """In JSON."""
    kind: str
    """What one of them is."""
    title: str
    externs: Sequence[Extern]


def c_text(ctype: CType | None) -> str | None:
    """Return a type as C; None where there is none. A data section is no C type."""
    if ctype is None or isinstance(ctype.btf.type(ctype.id), types.DataSec):
        return None
    return ctype.c_text


def collection_facts(spec: CollectionSpec) -> Iterator[Fact]:
    """Say what an object is, but for what it holds."""
    yield Fact("file", spec.file, "file", spec.file)
    order = f"{spec.byte_order}-endian"
    yield Fact("byte_order", spec.byte_order, "byte order", order, phrase=order)
    yield Fact(
        "license",
        spec.license,
        "license",
        spec.license or "none",
        "" if spec.license else "many helpers want a GPL-compatible one",
        f"license {spec.license!r}" if spec.license else "no license",
    )
    version = _version(spec.kernel_version) if spec.kernel_version else ""
    yield Fact("kernel_version", spec.kernel_version, "kernel", version, phrase=f"for kernel {version}" * bool(version))
    machine = spec.registers
    name = machine.architecture if machine is not None else None
    described = machine.described if machine is not None else ""
    yield Fact("architecture", name, "machine", name or "", described, f"for {name}" if name else "")
    yield _types(spec)
    yield Fact("", spec.producer, "compiler", spec.producer or "", phrase=spec.producer or "")


def _types(spec: CollectionSpec) -> Fact:
    count = len(spec.types) - 1 if spec.types is not None else 0
    counted = {"count": count if spec.btf is not None else 0}
    if spec.types is None:
        return Fact("types", counted, "types", "no BTF: keys and values are shown as bytes", phrase="no BTF")
    if spec.btf is None:
        note, phrase = "from DWARF: there is no BTF", f"no BTF, {_count(count, 'type')} from DWARF"
        return Fact("types", counted, "types", f"{count:,}", note, phrase)
    return Fact("types", counted, "types", f"{count:,}", phrase=_count(count, "type"))


def extern_groups(spec: CollectionSpec) -> tuple[ExternGroup, ...]:
    """Return what an object expects from the kernel."""
    externs = spec.externs
    return (
        ExternGroup("kconfig", "kconfig", "Configuration", externs.kconfig),
        ExternGroup("ksyms", "ksym", "Symbols", externs.ksyms),
        ExternGroup("kfuncs", "kfunc", "Functions", externs.kfuncs),
    )


def program_facts(spec: ProgramSpec) -> Iterator[Fact]:
    """Say what a program is.

    Raises:
        BpftuiError: Its code is damaged; what the object says of it comes before that.
    """
    yield Fact("name", spec.name)
    yield Fact("type", spec.type.label, "type", spec.type.label)
    attach_type = spec.attach_type.label if spec.attach_type is not None else None
    yield Fact("attach_type", attach_type, "attach type", attach_type or "")
    yield Fact("attach_to", spec.attach_to, "hooks", spec.attach_to or "")
    phrase = f'SEC("{spec.section}")' if spec.section else ""
    yield Fact("section", spec.section, "section", spec.section, phrase=phrase)
    flags = flag_names(spec.flags, ProgramFlag) if spec.flags else ""
    yield Fact("flags", int(spec.flags), "flags", flags, phrase=flags)
    yield Fact(
        "autoload",
        spec.autoload,
        "autoload",
        "" if spec.autoload else "no",
        "its section begins with ?: it is loaded only when named",
        "" if spec.autoload else "optional: not loaded by default",
    )
    yield Fact("", None, "license", spec.license or "none")
    linked = spec.linked
    insns = spec.insns
    yield Fact("insns", insns, "instructions", f"{insns:,}", byte_size(len(linked.code)), _count(insns, "insn"))
    functions = [function.name for function in linked.functions]
    yield Fact("functions", functions, phrase=f"calls {', '.join(functions[1:])}" if functions[1:] else "")
    yield Fact("maps", spec.maps, phrase=f"uses {', '.join(spec.maps)}" if spec.maps else "")
    tables = len(linked.tables)
    yield Fact("", tables, phrase=_count(tables, "jump table") if tables else "")
    lines, relocations = linked.counts
    yield Fact("line_infos", lines, "source lines", f"{lines:,}", "from .BTF.ext" if lines else "no line info")
    yield Fact(
        "core_relocations",
        relocations,
        "CO-RE",
        f"{relocations:,} relocations" if relocations else "",
        phrase=_count(relocations, "CO-RE relocation") if relocations else "",
    )
    yield Fact("problem", spec.problem)


def program_brief(spec: ProgramSpec) -> str:
    """Return what a program is in a few words: its type and where it goes; its code is not looked at."""
    detail = f"{spec.type.label} {spec.attach_to or ''}".rstrip()
    return detail if spec.autoload else f"{detail} (not loaded by itself)"


def map_facts(spec: MapSpec) -> Iterator[Fact]:
    """Say what a map is; of a data section see also `section_facts`."""
    yield Fact("name", spec.name)
    yield Fact("type", spec.type.label, "type", spec.type.label)
    typed = spec.key is not None or spec.value is not None or spec.inner is not None
    sizes = f"{spec.key_size}+{spec.value_size} bytes" if typed and (spec.key_size or spec.value_size) else ""
    key, value = spec.key_size, spec.value_size
    yield Fact("key_size", key, "key", type_text(spec.key, key), byte_size(key) if key else "", sizes)
    yield Fact("value_size", value, "value", type_text(spec.value, value), byte_size(value) if value else "")
    entries = spec.max_entries
    yield Fact("max_entries", entries, "max entries", f"{entries:,}", phrase=f"max {entries}")
    flags = flag_names(spec.flags, MapFlag) if spec.flags else ""
    yield Fact("flags", int(spec.flags), "flags", flags, phrase=flags)
    extra = f"{spec.map_extra:#x}" if spec.map_extra else ""
    yield Fact("map_extra", spec.map_extra, "map extra", extra, phrase=f"map_extra {extra}" if extra else "")
    node = str(spec.numa_node) if spec.flags & MapFlag.NUMA_NODE else ""
    yield Fact("numa_node", spec.numa_node, "NUMA node", node, phrase=f"NUMA node {node}" if node else "")
    pinning = spec.pinning.label
    by_name = "pinned by name" if spec.pinning is Pinning.BY_NAME else ""
    yield Fact("pinning", pinning, "pinning", "" if spec.pinning is Pinning.NONE else pinning, phrase=by_name)
    yield Fact("section", spec.section, "section", spec.section)
    yield Fact("key_type", c_text(spec.key))
    yield Fact("value_type", c_text(spec.value))
    yield Fact("inner", spec.inner)
    initial = f"{spec.entries} initial entr{'y' if spec.entries == 1 else 'ies'}"
    yield Fact("contents", spec.entries, phrase=initial if spec.entries else "")
    tags = ", ".join(spec.tags)
    yield Fact("", spec.tags, "tags", tags, phrase=f"tagged {tags}" if tags else "")
    yield Fact(
        "",
        spec.autocreate,
        "autocreate",
        "" if spec.autocreate else "no",
        "its section begins with ?: it is created only when named",
        "" if spec.autocreate else "optional: not created by default",
    )
    yield Fact("", spec.remark, "remark", spec.remark, phrase=spec.remark)
    yield Fact("problem", spec.problem)


def map_brief(spec: MapSpec) -> str:
    """Return what a map is in a few words: its type, and what it maps to what."""
    if not spec.autocreate:
        return f"{spec.type.label} (not created by itself)"
    if spec.key is None or spec.value is None:
        return spec.type.label
    key, value = (unqualified(each.c_text).removeprefix("struct ") for each in (spec.key, spec.value))
    return f"{spec.type.label} {key}→{value}"


def map_shape(spec: MapSpec) -> str:
    """Return what a map maps to what: `__u32 → struct volume`, `4 bytes → array` for a map of maps."""
    key = (c_text(spec.key) or _count(spec.key_size, "byte")) if spec.key_size else ""
    value = (c_text(spec.value) or _count(spec.value_size, "byte")) if spec.value_size else ""
    if spec.inner is not None:
        value = spec.inner.type.label
    return f"{key} → {value}".lstrip() if value else key


def section_facts(spec: MapSpec) -> Iterator[Fact]:
    """Say what a data section is, beside what it is as a map."""
    yield Fact("", spec.value_size, "size", byte_size(spec.value_size), phrase=_count(spec.value_size, "byte"))
    access = "read-only: frozen at load" if spec.read_only else "read and write"
    yield Fact("", spec.read_only, "access", access, phrase="read-only" if spec.read_only else "read-write")


def variable_facts(spec: VariableSpec) -> Iterator[Fact]:
    """Say what a variable is; its value is what `told` says of its bytes, which can be those of now."""
    yield Fact("name", spec.name)
    yield Fact("section", spec.section)
    yield Fact("map", spec.map.name)
    place = f"{spec.section}+{spec.offset:#x}"
    yield Fact("offset", spec.offset, "place", place, byte_size(spec.size), place)
    yield Fact("size", spec.size, phrase=_count(spec.size, "byte"))
    yield Fact("constant", spec.constant)
    unknown = "type unknown" if spec.type is None else ""
    yield Fact("type", c_text(spec.type), "type", type_text(spec.type, spec.size), phrase=unknown)


def type_text(ctype: CType | None, size: int) -> str:
    """Return a type as it is called on the screen; where there is none, its size."""
    if ctype is not None:
        return unqualified(ctype.c_text)
    return f"{size} bytes" if size else "none"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _version(packed: int) -> str:
    """Return KERNEL_VERSION(a, b, c) as `a.b.c`; another number as what it is."""
    if packed >> 24 in (0, 0xFF) and packed != 0xFFFFFFFE:
        return version_text(packed)
    return f"version {packed:#x}"
