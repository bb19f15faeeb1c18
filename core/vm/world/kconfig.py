"""What the built-in machine answers when an object asks for the kernel's configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...spec.kconfig import KCONFIG, KERNEL_VERSION, encode_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...spec import CollectionSpec

__all__ = ["KCONFIG", "kconfig_values", "options_of"]

_DEFAULTS: Final = {
    KERNEL_VERSION: str(6 << 16 | 18 << 8),
    "CONFIG_HZ": "1000",
    "LINUX_HAS_SYSCALL_WRAPPER": "y",
    "LINUX_HAS_BPF_COOKIE": "y",
}


def kconfig_values(spec: CollectionSpec, settings: Mapping[str, str]) -> bytes:
    """Return the contents of the object's `.kconfig` section; what neither *settings* nor the defaults name is 0.

    Raises:
        TypeMismatchError, ValueRangeError: A setting does not fit.
    """
    contents, _ = encode_options(spec, options_of(settings).get)
    return contents


def options_of(settings: Mapping[str, str]) -> Mapping[str, str]:
    """Return what options are, by name, where *settings* name some."""
    return {**_DEFAULTS, **settings}
