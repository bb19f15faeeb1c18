"""A spec as a document: of what is loaded there is no object file, and a recording of it is to be run elsewhere.

It is JSON, schema `bpftui/loaded/1`, which `CollectionSpec.from_bytes` reads as it reads an object. It holds what a run
takes: code, maps, variables and types.
"""

from __future__ import annotations

import binascii
import json
import zlib
from base64 import b64decode, b64encode
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from ..btf import Btf, CType
from ..documents import parse_json
from ..errors import BpftuiError, ObjectError
from ..limits import Budget
from ..uapi import AttachType, MapType, ProgramType
from .map import MapSpec
from .program import INSN_SIZE, Function, LineInfo, LinkedCode, ProgramSpec, Reference, ReferenceKind
from .variable import VariableSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .collection import CollectionSpec

__all__ = ["document_of", "is_document", "read_document"]

_SCHEMA: Final = "bpftui/loaded/1"
_BEGINNING: Final = f'{{"schema": "{_SCHEMA}"'.encode()
_LARGEST: Final = 1 << 28
"""Bytes that all parts together may unpack to."""
_MAP: Final = ("section", "key_size", "value_size", "max_entries", "flags", "map_extra", "numa_node")
_PROGRAM: Final = ("section", "license", "flags", "kernel_version", "attach_to")


def is_document(raw: bytes) -> bool:
    """Whether the bytes of a file are such a document, as far as their beginning tells."""
    return raw.startswith(_BEGINNING)


def document_of(spec: CollectionSpec) -> bytes:
    """Return a spec as a document; of maps of maps the inner ones are left out."""
    blobs = _Blobs([], [])
    document = {
        "schema": _SCHEMA,
        "byte_order": spec.byte_order,
        "license": spec.license,
        "btf": None if spec.btf is None else blobs.add(spec.btf),
        "maps": {name: _map_as_json(each, blobs) for name, each in spec.maps.items()},
        "variables": {
            name: [each.map.name, each.offset, each.size, each.name, blobs.type(each.type)]
            for name, each in spec.variables.items()
        },
        "programs": {name: _program_as_json(each, blobs) for name, each in spec.programs.items()},
        "types": [_packed(bytes(raw)) for raw in blobs.raw],
    }
    return json.dumps(document).encode()


class _Blobs(NamedTuple):
    """The types that parts of a spec are of: programs and maps may come with the same ones, read twice."""

    raw: list[bytes]
    found: list[Btf]
    """When it is read: what `raw` holds, as types."""

    def add(self, btf: Btf) -> int:
        """Return the number of types that are added where they are not among them."""
        raw = bytes(btf.raw)
        if raw not in self.raw:
            self.raw.append(raw)
        return self.raw.index(raw)

    def type(self, ctype: CType | None) -> list[int] | None:
        """Return a type as JSON has it."""
        return None if ctype is None else [self.add(ctype.btf), ctype.id]

    def read(self, value: Any) -> CType | None:
        """Return a type that JSON tells."""
        return None if value is None else CType(self.found[_number(value[0])], _number(value[1]))


def _map_as_json(map_: MapSpec, blobs: _Blobs) -> dict[str, Any]:
    return {
        **{name: getattr(map_, name) for name in _MAP},
        "type": int(map_.type),
        "key": blobs.type(map_.key),
        "value": blobs.type(map_.value),
        "data": None if map_.data is None else _packed(bytes(map_.data)),
    }


def _program_as_json(program: ProgramSpec, blobs: _Blobs) -> dict[str, Any]:
    linked = program.linked
    return {
        **{name: getattr(program, name) for name in _PROGRAM},
        "type": int(program.type),
        "attach_type": None if program.attach_type is None else int(program.attach_type),
        "translated": program.translated,
        "btf": None if program.btf is None else blobs.add(program.btf),
        "code": _packed(linked.code),
        "functions": [list(each) for each in linked.functions],
        "references": {str(slot): [str(each.kind), *each[1:]] for slot, each in linked.references.items()},
        "lines": [list(each) for each in linked.line_infos],
    }


def read_document(spec: CollectionSpec, raw: bytes) -> CollectionSpec:
    """Read a document into a spec that has a file's name and nothing else.

    Raises:
        ObjectError: It is damaged.
    """
    try:
        document = parse_json(raw)
        _read(spec, cast("dict[str, Any]", document), Budget(0, "the parts of a document", least=_LARGEST, each=0))
    except BpftuiError as error:
        raise ObjectError(f"what is loaded is told in a way that is damaged: {error.message}", file=spec.file) from None
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, zlib.error, binascii.Error) as error:
        what = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
        raise ObjectError(f"what is loaded is told in a way that is damaged: {what}", file=spec.file) from None
    spec.raw = raw
    return spec


def _read(spec: CollectionSpec, document: Mapping[str, Any], budget: Budget) -> None:
    if document["byte_order"] not in ("little", "big"):
        raise ValueError("its byte order is none")
    spec.byte_order, spec.license = document["byte_order"], _text(document["license"])
    blobs = _Blobs([], [Btf(_unpacked(each, budget), spec.byte_order) for each in document["types"]])
    spec.btf = None if document["btf"] is None else blobs.found[_number(document["btf"])]
    for name, each in document["maps"].items():
        spec.maps[name] = MapSpec(
            name,
            _text(each["section"]),
            MapType(each["type"]),
            _number(each["key_size"]),
            _number(each["value_size"]),
            _number(each["max_entries"]),
            _number(each["flags"]),
            _number(each["map_extra"]),
            _number(each["numa_node"]),
            key=blobs.read(each["key"]),
            value=blobs.read(each["value"]),
            data=None if each["data"] is None else bytearray(_unpacked(each["data"], budget)),
        )
    for key, (map_name, offset, size, name, type_) in document["variables"].items():
        data = spec.maps[map_name].data
        if data is None or not 0 <= _number(offset) <= len(data) - _number(size):
            raise ValueError(f"variable {name} lies outside of {map_name}")
        original = bytes(data[offset : offset + size])
        spec.variables[key] = VariableSpec(_text(name), spec.maps[map_name], offset, size, original, blobs.read(type_))
    for name, each in document["programs"].items():
        spec.programs[name] = _program(spec, name, each, blobs, budget)


def _program(spec: CollectionSpec, name: str, told: Mapping[str, Any], blobs: _Blobs, budget: Budget) -> ProgramSpec:
    code = _unpacked(told["code"], budget)
    functions = tuple(
        Function(
            _text(function),
            _number(start),
            _number(size),
            _text(section),
            _number(offset),
            _number(type_id),
            bool(is_global),
        )
        for function, start, size, section, offset, type_id, is_global in told["functions"]
    )
    slots, ends = len(code) // INSN_SIZE, [0, *(each.stop for each in functions)]
    if len(code) % INSN_SIZE or ends[-1] != slots or [each.start for each in functions] != ends[:-1]:
        raise ValueError(f"the functions of {name} are not its code")
    references: dict[int, Reference] = {}
    for slot, (kind, target, map_, offset, inside, weak) in told["references"].items():
        if not 0 <= int(slot) < slots or (map_ is not None and map_ not in spec.maps):
            raise ValueError(f"what {name} refers to is not there")
        references[int(slot)] = Reference(
            ReferenceKind(kind), _text(target), map_, _number(offset), _number(inside), bool(weak)
        )
    lines = [
        LineInfo(_number(slot), _text(file), _number(line), _number(column), _text(source), *map(_number, offsets))
        for slot, file, line, column, source, *offsets in told["lines"]
    ]
    linked = LinkedCode(code, functions, references, line_infos=lines)
    return replace(
        ProgramSpec(name, _text(told["section"]), ProgramType(told["type"])),
        attach_type=None if told["attach_type"] is None else AttachType(told["attach_type"]),
        license=_text(told["license"]),
        attach_to=_text(told["attach_to"]),
        flags=_number(told["flags"]),
        kernel_version=_number(told["kernel_version"]),
        byte_order=spec.byte_order,
        translated=bool(told.get("translated", False)),  # what is older has it not
        btf=None if told["btf"] is None else blobs.found[_number(told["btf"])],
        link=lambda: linked,
    )


def _packed(raw: bytes) -> str:
    return b64encode(zlib.compress(raw)).decode()


def _unpacked(text: Any, budget: Budget) -> bytes:
    unpacking = zlib.decompressobj()
    raw = unpacking.decompress(b64decode(_text(text), validate=True), budget.left + 1)
    if not budget.take(len(raw)) or not unpacking.eof:
        raise ValueError("a part of it is too large, or cut off")
    return raw


def _number(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 64:
        return value
    raise ValueError(f"{value!r} is no number of 64 bits")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise ValueError(f"{value!r} is no text")
