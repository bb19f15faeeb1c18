"""`bpftui doctor OBJECT --kernels 5.4,6.1`: on which kernels an object loads, as far as their versions tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....core.btf.target import read_btf
from ....core.errors import ExitCode, UsageError
from ....core.portability import portability
from ....core.since import Version, limits
from ...terminal.output import write_line, write_table
from ...text.colors import assembled
from ..common import configured, print_json, read_file, wants_color

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ....core.btf import Btf
    from ....core.portability import Need, Portability
    from ....core.spec import CollectionSpec

__all__ = ["SCHEMA", "run"]

SCHEMA = "bpftui/kernels/1"


def run(options: argparse.Namespace) -> int:
    """Report on `options.objects` for `options.kernels`; exit code 1 where something does not load on one of them."""
    targets = dict(_targets(options.kernel_btf))
    versions = {*(Version.of(text) for text in (options.kernels or "").split(",") if text.strip()), *targets}
    if not versions:
        raise UsageError("--kernels names no version of Linux", hint="--kernels 5.4,5.10,6.1")
    documents: list[dict[str, Any]] = []
    ok = True
    for number, file in enumerate(options.objects):
        spec = configured(read_file(file, cflags=options.cflags), options)
        found = portability(spec, versions, targets)
        ok = ok and found.ok
        if options.json:
            documents.append(_json(spec, found))
        else:
            if number:
                write_line()
            _print(spec, found, color=wants_color(options.color))
    if options.json:
        print_json(documents[0] if len(documents) == 1 else documents)
    return ExitCode.OK if ok else ExitCode.REFUSED


def _targets(texts: Iterable[str]) -> Iterator[tuple[Version, Btf]]:
    """Yield the types that `--kernel-btf` gives to versions."""
    for text in texts:
        version, equals, file = text.partition("=")
        if not equals or not file:
            raise UsageError(f"--kernel-btf {text!r} is not of the form VERSION=FILE", hint="6.1=vmlinux.btf")
        yield Version.of(version), read_btf(file)


def _json(spec: CollectionSpec, found: Portability) -> dict[str, Any]:
    def listed(types: Mapping[str, str], parts: Mapping[str, Mapping[Version, tuple[Need, ...]]]) -> list[Any]:
        return [
            {
                "name": name,
                "type": types[name],
                "optional": name in found.optional,
                "since": None if (least := _least(lacking)) is None else str(least),
                "kernels": {
                    str(version): {
                        "ok": all(need.to_attach for need in needs),
                        "lacks": [_need_json(need) for need in needs],
                    }
                    for version, needs in lacking.items()
                },
            }
            for name, lacking in parts.items()
        ]

    return {
        "schema": SCHEMA,
        "file": spec.file,
        "ok": found.ok,
        "kernels": [str(version) for version in found.versions],
        "limits": {
            str(version): {"program_insns": each.program, "verified_insns": each.walked, "log_bytes": each.log}
            for version, each in ((version, limits(version)) for version in found.versions)
        },
        "types": {str(version): [_need_json(need) for need in needs] for version, needs in found.types.items()},
        "maps": listed({each.name: each.type.label for each in spec.maps.values()}, found.maps),
        "programs": listed({each.name: each.type.label for each in spec.programs.values()}, found.programs),
    }


def _need_json(need: Need) -> dict[str, Any]:
    return {
        "what": need.what,
        "why": need.why or None,
        "since": None if need.since is None else str(need.since.version),
        "source": None if need.since is None else need.since.source,
        "instructions": list(need.slots),
        "to_attach": need.to_attach,
    }


def _least(lacking: Mapping[Version, tuple[Need, ...]]) -> Version | None:
    """Return the version from which on it loads; None where the oldest that was asked for has all, or none has."""
    needs = [need for each in lacking.values() for need in each if not need.to_attach]
    if any(need.since is None for need in needs):
        return None
    return max((need.since.version for need in needs if need.since), default=None)


def _print(spec: CollectionSpec, found: Portability, *, color: bool) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for name in ("kind", "name", "type", *map(str, found.versions)):
        table.add_column(name, no_wrap=True)
    parts = [("map", each.name, each.type.label, found.maps) for each in spec.maps.values()]
    parts += [("program", each.name, each.type.label, found.programs) for each in spec.programs.values()]
    for kind, name, type_, lacking in parts:
        marks = [assembled(_mark(needs, optional=name in found.optional)) for needs in lacking[name].values()]
        table.add_row(kind, assembled(name), type_, *marks)
    write_table(table, color=color)
    for _, name, _, lacking in parts:
        for line in _reasons(name, lacking[name]):
            write_table(line, color=color)
    for line in _kinds(found.types):
        write_table(line, color=color)
    for line in _limits(found.versions):
        write_table(assembled((line, "dim")), color=color)
    told = "loads on all of them" if found.ok else "does not load on all of them"
    write_line(f"{spec.file}: as far as versions tell it {told}; bpftui check asks a kernel")


def _kinds(types: Mapping[Version, tuple[Need, ...]]) -> Iterator[Any]:
    """Yield the kinds of its types that older kernels do not know, each once, with its source."""
    needs = {need.what: need for each in types.values() for need in each}
    if needs:
        yield assembled("its types have kinds that loaders replace where a kernel does not know them")
    for need in needs.values():
        if need.since is not None:
            yield assembled(f"  {need.since.version!s:>5}  {need.what}", (f"  {need.since.source}", "dim"))


def _limits(versions: Sequence[Version]) -> Iterator[str]:
    """Yield how large a program may be on those of the kernels where that is less than on newer ones."""
    newest = limits(Version(99, 0))
    for version in versions:
        if (each := limits(version)) != newest:
            yield (
                f"{version}: programs of at most {each.program:,} instructions, {each.walked:,} looked at by the "
                f"verifier, whose log has {(each.log + 1) >> 20} MiB at most"
            )


def _mark(needs: tuple[Need, ...], *, optional: bool) -> tuple[str, str]:
    """Return what stands in a kernel's column, and its style."""
    if not needs:
        return "ok", "good"
    if all(need.to_attach for need in needs):
        return "no hook", "warning"
    return ("–", "dim") if optional else ("NO", "bold danger")


def _reasons(name: str, lacking: Mapping[Version, tuple[Need, ...]]) -> Iterator[Any]:
    """Yield what a part needs that one of the kernels does not have, the newest first, each with its source."""
    least = _least(lacking)
    if least is not None:
        yield assembled((name, "bold"), f" needs Linux {least} or newer")
    elif any(lacking.values()):
        yield assembled((name, "bold"))
    told: set[tuple[str, Version | None]] = set()
    for version, needs in lacking.items():
        for need in needs:
            since = need.since.version if need.since else None
            if (need.what, since) in told:
                continue
            told.add((need.what, since))
            at = f", instruction {need.slots[0]}" if need.slots else ""
            why = f": {need.why}" if need.why else ""
            source = f"  {need.since.source}" if need.since else ""
            yield assembled(f"  {since or version!s:>5}  {need.what}{at}{why}", (source, "dim"))
