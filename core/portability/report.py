"""On which of several kernels each part of an object loads, as far as versions tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .needs import ProgramNeeds, map_needs, type_needs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..btf import Btf
    from ..since import Version
    from ..spec import CollectionSpec
    from .needs import Need

__all__ = ["Portability", "portability"]


class Portability(NamedTuple):
    """What each kernel lacks of what an object needs; nothing where all is there."""

    versions: tuple[Version, ...]
    """Ascending."""
    maps: Mapping[str, Mapping[Version, tuple[Need, ...]]]
    """By the map's name and the kernel's version, the newest first."""
    programs: Mapping[str, Mapping[Version, tuple[Need, ...]]]
    optional: frozenset[str]
    """Programs and maps that an object leaves to its loader (`?`)."""
    types: Mapping[Version, tuple[Need, ...]] = {}
    """By the kernel's version, the kinds of its types that loaders replace there."""

    @property
    def ok(self) -> bool:
        """Whether everything that is not optional loads on each of them, as far as versions tell."""
        parts = {**self.maps, **self.programs}
        needs = (
            need
            for name, found in parts.items()
            if name not in self.optional
            for each in found.values()
            for need in each
        )
        return all(need.to_attach for need in needs)


def portability(
    spec: CollectionSpec, versions: Iterable[Version], targets: Mapping[Version, Btf] | None = None
) -> Portability:
    """Return what kernels of these versions lack.

    Args:
        spec: The object.
        versions: Those of the kernels.
        targets: Their types, by version, as far as they are known: then CO-RE is resolved against them.
    """
    wanted = tuple(sorted(set(versions)))
    maps = {
        each.name: {version: tuple(need for need in map_needs(each) if need.lacks(version)) for version in wanted}
        for each in spec.maps.values()
    }
    programs: dict[str, dict[Version, tuple[Need, ...]]] = {}
    for program in spec.programs.values():
        needs = ProgramNeeds(spec, program)
        programs[program.name] = {
            version: tuple(needs.lacking(version, (targets or {}).get(version))) for version in wanted
        }
    optional = {name for name, each in spec.maps.items() if not each.autocreate}
    optional |= {name for name, each in spec.programs.items() if each.optional}
    kinds = [*type_needs(spec)]
    types = {version: tuple(need for need in kinds if need.lacks(version)) for version in wanted}
    return Portability(wanted, maps, programs, frozenset(optional), types)
