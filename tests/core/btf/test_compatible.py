"""When types count as the same for CO-RE: each relation, over pairs of types made by hand (libbpf's relo_core.c)."""

from __future__ import annotations

import itertools

import pytest

from bpftui.core.btf import Btf, Kind
from bpftui.core.btf.compatible import (
    essential_name,
    fields_compatible,
    kinds_compatible,
    types_compatible,
    types_match,
)
from bpftui.core.errors import ObjectError
from tests.core.btf.blob import Blob


def enum(blob: Blob, name: str, enumerators: dict[str, int], size: int = 4) -> int:
    words = [word for text, value in enumerators.items() for word in (blob.name(text), value)]
    return blob.add(name, 6, size, *words, vlen=len(enumerators))


def forward(blob: Blob, name: str, *, is_union: bool = False) -> int:
    return blob.add(name, 7, 0, flag=is_union)


def made() -> tuple[Btf, dict[str, int]]:
    """Return types, by what they are called here."""
    blob = Blob()
    ids: dict[str, int] = {"void": 0}
    ids["int"] = number = blob.integer("int", 4)
    ids["u32"] = blob.integer("u32", 4, signed=False)
    ids["u64"] = long = blob.integer("u64", 8, signed=False)
    ids["old bitfield"] = blob.integer("int", 4, bits=3, bit_offset=2)
    ids["float"] = blob.floating("float", 4)
    ids["double"] = blob.floating("double", 8)
    ids["enum a"] = enum(blob, "a", {"A_ONE": 1})
    ids["enum a___new"] = enum(blob, "a___new", {"A_ONE": 2, "A_TWO": 1})
    ids["enum b"] = enum(blob, "b", {"A_ONE": 1})
    ids["enum nameless"] = enum(blob, "", {"A_ONE": 1})
    ids["enum64 a"] = blob.enum64("a", [("A_ONE", 1)])
    ids["struct s"] = s = blob.struct("s", 4, [("x", number, 0)])
    ids["struct s___more"] = blob.struct("s___more", 12, [("x", number, 0), ("y", long, 64)])
    ids["struct s___other"] = blob.struct("s___other", 8, [("x", long, 0)])
    ids["union s"] = blob.union("s", 4, [("x", number, 0)])
    ids["fwd struct s"] = forward(blob, "s")
    ids["fwd union s"] = forward(blob, "s", is_union=True)
    ids["fwd struct t"] = forward(blob, "t")
    ids["int *"] = blob.pointer(number)
    ids["u64 *"] = blob.pointer(long)
    ids["struct s *"] = blob.pointer(s)
    ids["struct s___other *"] = blob.pointer(ids["struct s___other"])
    ids["fwd struct s *"] = blob.pointer(ids["fwd struct s"])
    ids["fwd union s *"] = blob.pointer(ids["fwd union s"])
    ids["int[2]"] = blob.array(number, 2)
    ids["int[3]"] = blob.array(number, 3)
    ids["s[2]"] = blob.array(s, 2)
    ids["f(int)"] = blob.prototype(0, [("a", number)])
    ids["f(u32)"] = blob.prototype(0, [("a", ids["u32"])])
    ids["f(s)"] = blob.prototype(0, [("a", s)])
    ids["f(int, int)"] = blob.prototype(0, [("a", number), ("b", number)])
    ids["int f(int)"] = blob.prototype(number, [("a", number)])
    ids["const int"] = blob.const(number)
    ids["int typedef"] = blob.typedef("number_t", number)
    return Btf(blob.bytes()), ids


BTF, IDS = made()


@pytest.mark.parametrize(
    ("name", "essential"),
    [
        ("task_struct___older", "task_struct"),
        ("task_struct", "task_struct"),
        ("a___b___c", "a___b"),
        ("___a", "___a"),
        ("a___", "a___"),
        ("a__b", "a__b"),
        ("a____b", "a____b"),
        ("", ""),
    ],
)
def test_names_without_their_flavour(name: str, essential: str) -> None:
    """`bpf_core_essential_name_len`: three underscores with something else on both sides."""
    assert essential_name(name) == essential


def test_an_enum_of_any_width_is_an_enum() -> None:
    same = {(one, other) for one, other in itertools.product(Kind, Kind) if kinds_compatible(one, other)}
    assert same == {(kind, kind) for kind in Kind} | {(Kind.ENUM, Kind.ENUM64), (Kind.ENUM64, Kind.ENUM)}


def groups_of(related: set[tuple[str, str]]) -> set[frozenset[str]]:
    """Return the sets of more than one type that are all related to each other."""
    found = {name: frozenset(other for other in IDS if (name, other) in related) for name in IDS}
    return {group for group in found.values() if len(group) > 1}


def test_members_that_may_be_accessed_as_each_other() -> None:
    """`bpf_core_fields_are_compat`."""
    related = {
        (one, other) for one, other in itertools.product(IDS, IDS) if fields_compatible(BTF, IDS[one], BTF, IDS[other])
    }
    assert groups_of(related) == {
        frozenset({"int", "u32", "u64", "const int", "int typedef"}),
        frozenset({"float", "double"}),
        frozenset({"struct s", "struct s___more", "struct s___other", "union s"}),
        frozenset({"int *", "u64 *", "struct s *", "struct s___other *", "fwd struct s *", "fwd union s *"}),
        frozenset({"int[2]", "int[3]"}),
        frozenset({"enum a", "enum a___new", "enum64 a", "enum nameless"}),
        frozenset({"enum b", "enum nameless"}),
        frozenset({"enum a", "enum a___new", "enum64 a", "enum b", "enum nameless"}),
        frozenset({"fwd struct s", "fwd union s"}),
    }
    alone = {name for name in IDS if (name, name) not in related}
    assert alone == {"void", "old bitfield", "f(int)", "f(u32)", "f(s)", "f(int, int)", "int f(int)"}


def test_types_of_one_kind() -> None:
    """`__bpf_core_types_are_compat`: names have been compared before, members are not."""
    related = {
        (one, other) for one, other in itertools.product(IDS, IDS) if types_compatible(BTF, IDS[one], BTF, IDS[other])
    }
    assert groups_of(related) == {
        frozenset({"int", "u32", "u64"}),
        frozenset({"enum a", "enum a___new", "enum64 a", "enum b", "enum nameless"}),
        frozenset({"struct s", "struct s___more", "struct s___other"}),
        frozenset({"fwd struct s", "fwd union s", "fwd struct t"}),
        frozenset({"int *", "u64 *"}),
        frozenset({"struct s *", "struct s___other *"}),
        frozenset({"fwd struct s *", "fwd union s *"}),
        frozenset({"int[2]", "int[3]"}),
        frozenset({"f(int)", "f(u32)"}),
    }
    assert {name for name in IDS if (name, name) not in related} == {"float", "double", "old bitfield"}


def test_types_that_have_all_that_another_has() -> None:
    """`__bpf_core_types_match`: the first one is the program's, the second one the kernel's."""
    related = {
        (one, other)
        for one, other in itertools.product(IDS, IDS)
        if one != other and types_match(BTF, IDS[one], BTF, IDS[other])
    }
    same = [("int", "const int"), ("int", "int typedef"), ("const int", "int typedef")]
    same += [("int", "old bitfield"), ("const int", "old bitfield"), ("int typedef", "old bitfield")]
    same += [("fwd struct s *", "struct s *"), ("fwd struct s *", "struct s___other *")]
    same += [("struct s *", "struct s___other *")]  # behind a pointer, names suffice
    assert related == {
        ("struct s", "struct s___more"),
        ("enum a", "enum a___new"),
        *same,
        *((other, one) for one, other in same),
    }


def test_what_nests_too_deeply_is_no_endless_comparison() -> None:
    blob = Blob()
    last = blob.integer("int", 4)
    chain = [last := blob.pointer(last) for _ in range(40)]
    itself = blob.struct("itself", 4, [("x", blob.next_id, 0)])
    btf = Btf(blob.bytes())
    for relation in (types_compatible, types_match):
        assert relation(btf, chain[5], btf, chain[5])
        with pytest.raises(ObjectError, match="nest too deeply to be compared"):
            relation(btf, chain[-1], btf, chain[-1])
    with pytest.raises(ObjectError, match="contains itself"):
        types_match(btf, itself, btf, itself)
