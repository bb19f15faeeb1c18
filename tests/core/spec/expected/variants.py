"""The same sources by other compilers, for other instruction sets, in big-endian and without BTF: what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import code, maps_and_data, others, sections, shipped

if TYPE_CHECKING:
    from .parts import Facts

__all__ = ["SPECS"]

_BASES = shipped.SPECS | maps_and_data.SPECS | sections.SPECS | code.SPECS | others.SPECS


def variant(
    base: str,
    *,
    byte_order: str = "little",
    types: int | None = None,
    programs: dict[str, dict[str, Any]] | None = None,
    variables: dict[str, dict[str, Any]] | None = None,
) -> Facts:
    """Return the spec of *base* with other values for fields of programs and variables, each by its name."""
    found = _BASES[base]
    for key, changed in (("programs", programs or {}), ("variables", variables or {})):
        assert changed.keys() <= {item["name"] for item in found[key]}
        found = found | {key: [item | changed.get(item["name"], {}) for item in found[key]]}
    if types is not None:
        found = found | {"types": {"count": types}}
    return found | {"byte_order": byte_order}


SPECS: dict[str, Facts] = {
    "tests/objects/core.eb.o": variant("tests/objects/core.o", byte_order="big"),
    "tests/objects/core_shapes.eb.o": variant("tests/objects/core_shapes.o", byte_order="big"),
    "tests/objects/core_target.eb.o": variant("tests/objects/core_target.o", byte_order="big"),
    "tests/objects/gcc_calls.dwarf.o": variant("tests/objects/gcc_calls.o", types=0),
    "tests/objects/isa.eb.o": variant(
        "tests/objects/isa.o",
        byte_order="big",
        variables={
            "dividend": {"bytes": "fffffffffffffff9"},
            "divisor": {"bytes": "0000000000000002"},
            "bytes": {"bytes": "11223344"},
            "counter": {"bytes": "0000000000000005"},
        },
    ),
    "tests/objects/isa.v1.o": variant(
        "tests/objects/isa.o", programs={"atomics": {"insns": 6, "line_infos": 3}, "packet_loads": {"insns": 7}}
    ),
    "tests/objects/isa.v2.o": variant(
        "tests/objects/isa.o", programs={"atomics": {"insns": 6, "line_infos": 3}, "packet_loads": {"insns": 7}}
    ),
    "tests/objects/isa.v4.o": variant("tests/objects/isa.o", programs={"arithmetic": {"insns": 13, "line_infos": 8}}),
    "tests/objects/nested_maps.clang14.o": variant(
        "tests/objects/nested_maps.o", programs={"through_outer": {"insns": 25, "line_infos": 11}}
    ),
    "tests/objects/nested_maps.clang22.o": variant(
        "tests/objects/nested_maps.o", programs={"through_outer": {"insns": 21, "line_infos": 10}}
    ),
    "tests/objects/nested_maps.dwarf.o": variant(
        "tests/objects/nested_maps.o",
        types=0,
        programs={"target": {"line_infos": 0}, "entry": {"line_infos": 0}, "through_outer": {"line_infos": 0}},
    ),
    "tests/objects/nested_maps.eb.o": variant("tests/objects/nested_maps.o", byte_order="big"),
    "tests/objects/sections.clang22.o": variant("tests/objects/sections.o"),
    "tests/objects/subprograms.clang14.o": variant(
        "tests/objects/subprograms.o",
        programs={
            "first": {"insns": 43, "line_infos": 14},
            "second": {"insns": 17},
            "other_section": {"insns": 26, "line_infos": 10},
        },
    ),
    "tests/objects/subprograms.clang22.o": variant(
        "tests/objects/subprograms.o",
        programs={
            "first": {"insns": 37, "line_infos": 22},
            "second": {"line_infos": 9},
            "other_section": {"line_infos": 15},
        },
    ),
    "tests/objects/subprograms.dwarf.o": variant(
        "tests/objects/subprograms.o",
        types=0,
        programs={
            "first": {"line_infos": 0},
            "second": {"line_infos": 0},
            "third": {"line_infos": 0},
            "other_section": {"line_infos": 0},
        },
    ),
    "tests/objects/subprograms.eb.o": variant("tests/objects/subprograms.o", byte_order="big"),
    "tests/objects/symbols.clang14.o": variant("tests/objects/symbols.o", programs={"symbols": {"line_infos": 23}}),
    "tests/objects/symbols.dwarf4.o": variant(
        "tests/objects/symbols.o", types=0, programs={"symbols": {"line_infos": 0}}
    ),
    "tests/objects/symbols.dwarfz.o": variant(
        "tests/objects/symbols.o", types=0, programs={"symbols": {"line_infos": 0}}
    ),
    "tests/objects/symbols.eb.o": variant(
        "tests/objects/symbols.o",
        byte_order="big",
        variables={
            "global_var": {"bytes": "00000001"},
            "weak_var": {"bytes": "00000002"},
            "global_const": {"bytes": "00000006"},
        },
    ),
    "tests/objects/values.clang14.o": variant(
        "tests/objects/values.o",
        variables={"large": {"value": 1311768467463790320}, "large_signed": {"value": 10376293541461622784}},
    ),
    "tests/objects/values.clang22.o": variant("tests/objects/values.o"),
    "tests/objects/values.dwarf.o": variant("tests/objects/values.o", types=0, programs={"values": {"line_infos": 0}}),
    "tests/objects/values.dwarf2.o": variant("tests/objects/values.o", types=0, programs={"values": {"line_infos": 0}}),
    "tests/objects/values.dwarf2eb.o": variant(
        "tests/objects/values.o",
        byte_order="big",
        types=0,
        programs={"values": {"line_infos": 0}},
        variables={
            "s16": {"bytes": "8000"},
            "s32": {"bytes": "80000000"},
            "s64": {"bytes": "8000000000000000"},
            "s128": {"bytes": "fffffffffffffffffffffffffffffffb"},
            "u128": {"bytes": "00000010000000000000000000000007"},
            "f32": {"bytes": "3fc00000"},
            "f64": {"bytes": "bfb999999999999a"},
            "alias": {"bytes": "0000000c"},
            "colour": {"bytes": "00000007"},
            "large": {"bytes": "123456789abcdef0"},
            "large_signed": {"bytes": "9000000000000000"},
            "matrix": {"bytes": "000100020003000400050006"},
            "points": {"bytes": "00000001ffffffff00000002fffffffe00000003fffffffd"},
            "flags": {"bytes": "dd00fffffffff000"},
            "word": {
                "value": {
                    "whole": 287454020,
                    "halves": [4386, 13124],
                    "bytes": [17, 34, 51, 68],
                    "low": 17,
                    "rest": [34, 51, 68],
                },
                "bytes": "11223344",
            },
            "nested": {
                "bytes": (
                    "6e0000000000000100000002000000030000000400000000000000000000006300050000000000010708090000000000"
                )
            },
            "packed": {"bytes": "01010203040506"},
            "node": {"bytes": "000000000000000000000000000000000000004d00000000"},
            "origin": {"bytes": "0000000a00000014"},
        },
    ),
    "tests/objects/values.eb.o": variant(
        "tests/objects/values.o",
        byte_order="big",
        variables={
            "s16": {"bytes": "8000"},
            "s32": {"bytes": "80000000"},
            "s64": {"bytes": "8000000000000000"},
            "s128": {"bytes": "fffffffffffffffffffffffffffffffb"},
            "u128": {"bytes": "00000010000000000000000000000007"},
            "f32": {"bytes": "3fc00000"},
            "f64": {"bytes": "bfb999999999999a"},
            "alias": {"bytes": "0000000c"},
            "colour": {"bytes": "00000007"},
            "large": {"bytes": "123456789abcdef0"},
            "large_signed": {"bytes": "9000000000000000"},
            "matrix": {"bytes": "000100020003000400050006"},
            "points": {"bytes": "00000001ffffffff00000002fffffffe00000003fffffffd"},
            "flags": {"bytes": "dd00fffffffff000"},
            "word": {
                "value": {
                    "whole": 287454020,
                    "halves": [4386, 13124],
                    "bytes": [17, 34, 51, 68],
                    "low": 17,
                    "rest": [34, 51, 68],
                },
                "bytes": "11223344",
            },
            "nested": {
                "bytes": (
                    "6e0000000000000100000002000000030000000400000000000000000000006300050000000000010708090000000000"
                )
            },
            "packed": {"bytes": "01010203040506"},
            "node": {"bytes": "000000000000000000000000000000000000004d00000000"},
            "origin": {"bytes": "0000000a00000014"},
        },
    ),
    "bpf/constants.eb.o": variant(
        "bpf/constants.o",
        byte_order="big",
        variables={
            "mode": {"bytes": "00000001"},
            "cfg": {
                "bytes": (
                    "000000003b9aca00000003e800000064000001f400000032000000fa000000190000007d0000000c0000000000000000"
                )
            },
            "weights": {"bytes": "00000001000000020000000400000008"},
        },
    ),
    "bpf/count_packets.eb.o": variant("bpf/count_packets.o", byte_order="big"),
}
