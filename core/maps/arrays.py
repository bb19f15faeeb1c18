"""Maps as numpy arrays: the dtype of a C type, and Python's or numpy's values as rows of bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..btf import types as t
from ..errors import FeatureError, TypeMismatchError, ValueRangeError
from ..numerical import find_numpy

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from ..btf import Btf, CType
    from .shape import Shape
else:
    np = find_numpy()
    if np is None:
        hint = "pip install numpy: it is the extra arrays"
        raise FeatureError("maps as arrays take numpy, which is not installed", hint=hint)

__all__ = ["MapArrays", "dtype_of", "pack", "unpack"]


class MapArrays(NamedTuple):
    """The entries of a map as two arrays of the same length."""

    keys: npt.NDArray[Any]
    """Of shape (entries,)."""
    values: npt.NDArray[Any]
    """Of shape (entries,); of a per-CPU map (entries, possible CPUs)."""
    partial: bool
    """Whether the map has others: beyond the limit asked for, or because it kept changing."""


def dtype_of(ctype: CType | None, size: int) -> np.dtype[Any]:
    """Return the dtype whose items are values of a C type, `size` bytes each.

    Integers, enumerations, pointers and floats are numbers in the byte order of the object; structs and unions have
    their members as fields, anonymous ones' included; an array is a subarray, of `char` it is text (`S16`). Bitfields
    are left out, and what has no type, or one that numpy lacks, is `V` bytes.
    """
    if ctype is None:
        return np.dtype(f"V{size}")
    found = _dtype(ctype.btf, ctype)
    return found if found.itemsize == size else np.dtype(f"V{size}")


def _dtype(btf: Btf, ctype: CType) -> np.dtype[Any]:
    order = "<" if btf.byte_order == "little" else ">"
    found, size = ctype.stripped, ctype.size
    match found:
        case t.Int(is_bool=True) if size == 1:
            return np.dtype("?")
        case t.Int() | t.Enum() if size in (1, 2, 4, 8):
            return np.dtype(f"{order}{'i' if found.signed else 'u'}{size}")
        case t.Pointer():
            return np.dtype(f"{order}u8")
        case t.Float() if size in (2, 4, 8):
            return np.dtype(f"{order}f{size}")
        case t.Array() if size:
            element = type(ctype)(btf, found.element)
            inner = btf.strip(found.element)
            if isinstance(inner, t.Int) and size == found.count and (inner.name == "char" or inner.is_char):
                return np.dtype(f"S{size}")
            return np.dtype((_dtype(btf, element), (found.count,)))
        case t.Composite() if size:
            members = [m for m in ctype.members() if not m[1].bit_size and m[1].size]
            fields = {
                "names": [name for name, _, _ in members],
                "formats": [_dtype(btf, inner) for _, inner, _ in members],
                "offsets": [offset for _, _, offset in members],
                "itemsize": size,
            }
            return np.dtype(fields)  # pyright: ignore[reportArgumentType, reportCallIssue]
        case _:
            return np.dtype(f"V{size}")


def unpack(raw: bytes, dtype: np.dtype[Any], shape: Shape | None = None) -> npt.NDArray[Any]:
    """Return an array over a row of items; over the values of a per-CPU map, with its *shape*, of two dimensions."""
    if shape is None or not shape.per_cpu:
        return np.frombuffer(raw, dtype)
    rows = np.frombuffer(raw, np.uint8).reshape(-1, shape.cpus, shape.stride)[:, :, : shape.value_size]
    return np.ascontiguousarray(rows).view(dtype).reshape(rows.shape[:2] + dtype.shape)


def pack(given: object, dtype: np.dtype[Any], name: str, shape: Shape | None = None) -> tuple[bytes, int]:
    """Return items as a row of bytes, and how many they are; the reverse of `unpack`.

    Args:
        given: An array, or what numpy makes one of.
        dtype: That of the items. Numbers of another width are taken as long as they fit.
        name: What they are, for the error.
        shape: Of a per-CPU map whose values they are.

    Raises:
        ValueRangeError: A number does not fit.
        TypeMismatchError: They are no such items, or there is not one for each possible CPU.
    """
    per_cpu = shape is not None and shape.per_cpu
    found = np.asarray(given)
    if dtype.kind == "V" and dtype.names is None and found.dtype.itemsize == dtype.itemsize:
        found = np.ascontiguousarray(found).view(dtype)
    if found.dtype != dtype.base and found.dtype.kind in "iu" and dtype.base.kind in "iu" and found.size:
        limits = np.iinfo(dtype.base)
        low, high = int(found.min()), int(found.max())
        if low < limits.min or high > limits.max:
            raise ValueRangeError(f"{name}: {low if low < limits.min else high} does not fit {dtype.base}")
        found = found.astype(dtype.base)
    wanted = (shape.cpus, *dtype.shape) if per_cpu and shape is not None else dtype.shape
    if not np.can_cast(found.dtype, dtype.base, "equiv") or found.shape[1:] != wanted or found.ndim == 0:
        per = f", {shape.cpus} in each row" if per_cpu and shape is not None else ""
        raise TypeMismatchError(f"{name}: an array of {dtype}{per} is needed, not one of {found.dtype}, {found.shape}")
    raw = np.ascontiguousarray(found)
    if not per_cpu or shape is None or shape.stride == shape.value_size:
        return raw.tobytes(), len(found)
    rows = np.zeros((len(found), shape.cpus, shape.stride), np.uint8)
    rows[:, :, : shape.value_size] = raw.view(np.uint8).reshape(len(found), shape.cpus, -1)
    return rows.tobytes(), len(found)
