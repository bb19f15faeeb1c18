"""CO-RE: each kind of relocation against a made-up target, with every value written out; both byte orders."""

from __future__ import annotations

import struct
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.btf import Btf, Kind
from bpftui.core.btf.access import CoreKind, parse_access
from bpftui.core.btf.compatible import essential_name
from bpftui.core.btf.core import CoreResolution, CoreResolver, Outcome
from bpftui.core.errors import LoadError, ObjectError
from bpftui.core.spec import CollectionSpec, CoreRelocation, LinkedCode, ProgramSpec, ProgramType
from bpftui.core.spec.relocate_core import apply_core, core_reason, resolve_core

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bpftui.core.btf import ByteOrder

OBJECTS = Path(__file__).parents[2] / "objects"
ORDERS: dict[str, ByteOrder] = {"": "little", ".eb": "big"}

# Program: (instruction, kind, local, target, result). `{}` is what the target is called.
RESULTS = {
    "fields": [
        (0, "byte_off", "struct moved.second", "struct moved.second", "offset 64, 4 bytes"),
        (4, "byte_off", "struct moved.array[2]", "struct moved.array[2]", "offset 40, 4 bytes"),
        (6, "byte_sz", "struct moved.array", "struct moved.array", "32 bytes"),
        (8, "byte_off", "struct moved.points[1].y", "struct moved.points[1].y", "offset 76, 4 bytes"),
        (10, "byte_off", "struct moved.in_anonymous", "struct moved.in_anonymous", "offset 24, 4 bytes"),
        (12, "byte_off", "struct moved.in_union", "struct moved.in_union", "offset 16, 4 bytes"),
        (
            14,
            "field_exists",
            "struct moved.too_far[5]",
            None,
            "moved.too_far[5] does not exist in {}, where it has 4 elements",
        ),
        (16, "field_exists", "struct moved.was_struct", None, "moved.was_struct is struct point in {}, and not int"),
        (18, "byte_off", "struct moved.text[100]", "struct moved.text[100]", "offset 208, 1 byte"),
        (20, "byte_off", "struct moved[2].second", "struct moved[2].second", "offset 288, 4 bytes"),
        (22, "field_exists", "struct moved.array[1]", "struct moved.array[1]", "exists"),
        (24, "byte_sz", "struct moved.array[1]", "struct moved.array[1]", "4 bytes"),
    ],
    "loads": [
        (0, "byte_off", "struct sizes.grows", "struct sizes.grows", "offset 8, 8 bytes"),
        (4, "byte_off", "struct sizes.shrinks", "struct sizes.shrinks", "offset 16, 2 bytes"),
        (6, "byte_off", "struct sizes.grows_signed", "struct sizes.grows_signed", "offset 24, 8 bytes"),
        (10, "byte_off", "struct sizes.pointer", "struct sizes.pointer", "offset 32, 8 bytes"),
        (13, "byte_off", "struct sizes.stays", "struct sizes.stays", "offset 40, 4 bytes"),
    ],
    "bitfields": [
        (0, "byte_off", "struct bits.low", "struct bits.low", "offset 8, bitfield in 4 bytes"),
        (4, "byte_sz", "struct bits.low", "struct bits.low", "4 bytes"),
        (6, "signed", "struct bits.low", "struct bits.low", "signed"),
        (8, "lshift_u64", "struct bits.low", "struct bits.low", "<< 53"),
        (10, "rshift_u64", "struct bits.low", "struct bits.low", ">> 60"),
        (12, "signed", "struct bits.middle", "struct bits.middle", "unsigned"),
        (14, "lshift_u64", "struct bits.middle", "struct bits.middle", "<< 57"),
        (16, "rshift_u64", "struct bits.middle", "struct bits.middle", ">> 57"),
        (18, "byte_off", "struct bits.high", "struct bits.high", "offset 0, bitfield in 8 bytes"),
        (20, "byte_sz", "struct bits.high", "struct bits.high", "8 bytes"),
        (22, "lshift_u64", "struct bits.high", "struct bits.high", "<< 11"),
        (24, "lshift_u64", "struct bits.plain", "struct bits.plain", "<< 48"),
        (26, "rshift_u64", "struct bits.plain", "struct bits.plain", ">> 48"),
    ],
    "names": [
        (0, "byte_off", "struct flavored___here.value", "struct flavored.value", "offset 8, 4 bytes"),
        (4, "byte_off", "struct twins.same", "struct twins.same", "offset 4, 4 bytes"),
        (6, "byte_off", "struct absent.x", None, "struct absent does not exist in {}"),
        (8, "field_exists", "struct absent.x", None, "struct absent does not exist in {}"),
    ],
    "types": [
        (0, "type_exists", "struct point", "struct point", "exists"),
        (4, "type_exists", "struct absent", None, "struct absent does not exist in {}"),
        (6, "type_size", "struct absent", None, "0 bytes: struct absent does not exist in {}"),
        (8, "type_size", "struct moved", "struct moved", "112 bytes"),
        (10, "type_exists", "point_t", "point_t", "exists"),
        (12, "type_size", "number_t", "number_t", "8 bytes"),
        (14, "type_exists", "union either", None, "union either does not exist in {}"),
        (16, "type_matches", "struct matching", "struct matching", "matches"),
        (18, "type_exists", "struct not_matching", "struct not_matching", "exists"),
        (
            20,
            "type_matches",
            "struct not_matching",
            None,
            "struct not_matching does not match the type of that name in {}",
        ),
        (22, "type_exists", "callback_t", "callback_t", "exists"),
        (24, "type_matches", "callback_t", "callback_t", "matches"),
        (
            26,
            "type_exists",
            "other_callback_t",
            None,
            "other_callback_t is not compatible with the type of that name in {}",
        ),
        (28, "type_matches", "enum color", None, "enum color does not match the type of that name in {}"),
        (30, "type_matches", "enum wide", "enum wide", "matches"),
        (32, "local_type_id", "struct point", "struct point", "type 6"),
        (35, "target_type_id", "struct point", "struct point", "type 10"),
        (38, "target_type_id", "struct absent", None, "type 0: struct absent does not exist in {}"),
    ],
    "enumerators": [
        (0, "enumval_value", "enum color::GREEN", "enum color::GREEN", "= 20"),
        (5, "enumval_exists", "enum color::GREEN", "enum color::GREEN", "exists"),
        (8, "enumval_value", "enum color::GONE", None, "color::GONE does not exist in {}"),
        (11, "enumval_exists", "enum color::GONE", None, "color::GONE does not exist in {}"),
        (14, "enumval_value", "enum wide::WIDE_HIGH", "enum wide::WIDE_HIGH", "= 40926266145"),
        (17, "enumval_value", "enum minus::MINUS_ONE", "enum minus::MINUS_ONE", "= -10"),
        (20, "enumval_value", "enum minus::PLUS_ONE", "enum minus::PLUS_ONE", "= -20"),
        (23, "enumval_value", "enum top::TOP", "enum top::TOP", "= 2415919104"),
    ],
}
# On a big-endian machine bits count from the other end.
BIG_SHIFTS = {("bitfields", 8): "<< 39", ("bitfields", 14): "<< 32", ("bitfields", 22): "<< 33"}


@cache
def _objects(variant: str) -> tuple[CollectionSpec, Btf]:
    target = CollectionSpec.from_file(OBJECTS / f"core_target{variant}.o").btf
    assert target is not None
    target.file = "elsewhere"
    return CollectionSpec.from_file(OBJECTS / f"core_shapes{variant}.o"), target


def _resolver(variant: str = "") -> CoreResolver:
    spec, target = _objects(variant)
    assert spec.btf is not None
    return CoreResolver(spec.btf, target)


@pytest.mark.parametrize("variant", ORDERS)
@pytest.mark.parametrize("name", RESULTS)
def test_what_each_relocation_resolves_to(name: str, variant: str) -> None:
    expected = [
        (
            slot,
            kind,
            local,
            target,
            (variant and BIG_SHIFTS.get((name, slot))) or result.format("the BTF of elsewhere"),
        )
        for slot, kind, local, target, result in RESULTS[name]
    ]
    resolved = resolve_core(_objects(variant)[0].programs[name], _resolver(variant))
    assert [(item.slot, r.label, r.local, r.target, r.result) for item, r in resolved] == expected
    for _, resolution in resolved:
        assert resolution.exists is (resolution.target is not None)
        missing = resolution.target is None and resolution.label in ("byte_off", "enumval_value")
        assert resolution.outcome is (Outcome.MISSING if missing else Outcome.RESOLVED)


def test_a_field_that_candidates_disagree_on_refuses_the_program() -> None:
    spec, target = _objects("")
    assert spec.btf is not None
    program = spec.programs["ambiguous"]
    with pytest.raises(
        LoadError,
        match=r"^program ambiguous, instruction 0: struct twins.different is ambiguous: the BTF of elsewhere has "
        r"struct twins.different \(type 30, offset 0\) and struct twins___2.different \(type 32, offset 8\) "
        r"\(core_shapes.c:158: return FIELD\(twins->different, BYTE_OFFSET\);\)$",
    ):
        apply_core(program, spec.btf, target)
    [(_, resolution)] = resolve_core(program, _resolver())
    assert resolution.outcome is Outcome.AMBIGUOUS
    assert resolution.candidates == resolution.matches == (30, 32)
    assert resolution.value is None


def test_candidates_that_agree_are_all_kept() -> None:
    first, second = (resolution for _, resolution in resolve_core(_objects("")[0].programs["names"], _resolver())[:2])
    assert len(first.matches) == 2
    assert second.matches == (30, 32)


def test_without_a_target_only_local_ids_are_known() -> None:
    spec, _ = _objects("")
    assert spec.btf is not None
    resolver = CoreResolver(spec.btf, None)
    resolved = [r for name in RESULTS for _, r in resolve_core(spec.programs[name], resolver)]
    known = [r for r in resolved if r.outcome is Outcome.RESOLVED]
    assert [(r.label, r.value) for r in known] == [("local_type_id", 6)]
    unknown = next(r for r in resolved if r.outcome is Outcome.UNKNOWN)
    assert (unknown.local, unknown.exists, unknown.value) == ("struct moved.second", None, None)
    with pytest.raises(LoadError, match="instruction 0: there is no kernel BTF to resolve it against"):
        apply_core(spec.programs["loads"], spec.btf, None)


def test_the_object_itself_as_target_changes_nothing() -> None:
    spec, _ = _objects("")
    assert spec.btf is not None
    # Of bitfields, how they are loaded is the compiler's choice.
    for name in ("fields", "loads", "names", "enumerators"):
        program = spec.programs[name]
        assert apply_core(program, spec.btf, spec.btf)[0] == program.code


@pytest.mark.parametrize(
    ("name", "essential"),
    [
        ("task_struct", "task_struct"),
        ("task_struct___older", "task_struct"),
        ("a___b___c", "a___b"),
        ("a____b", "a____b"),
        ("___b", "___b"),
        ("a___", "a___"),
        ("", ""),
    ],
)
def test_flavours(name: str, essential: str) -> None:
    assert essential_name(name) == essential


def _btf(types: Sequence[tuple[str, int, int, Sequence[int | str]]], *, kflag: bool = False) -> Btf:
    """Return a BTF of types written as (name, kind << 24 | vlen, size or type, further words; texts are names)."""
    strings = bytearray(b"\0")

    def text(name: str) -> int:
        offset = len(strings) if name else 0
        strings.extend(name.encode() + b"\0" if name else b"")
        return offset

    words: list[int] = []
    for name, info, size, tail in types:
        flag = kflag << 31 if info >> 24 in (Kind.STRUCT, Kind.UNION) else 0
        words += [text(name), info | flag, size, *(text(item) if isinstance(item, str) else item for item in tail)]
    raw = struct.pack(f"<{len(words)}I", *words)
    return Btf(struct.pack("<HBB5I", 0xEB9F, 1, 0, 24, 0, len(raw), len(raw), len(strings)) + raw + bytes(strings))


INT = ("int", Kind.INT << 24, 4, (1 << 24 | 32,))


def _struct(name: str, size: int, *members: tuple[str, int, int]) -> tuple[str, int, int, tuple[int | str, ...]]:
    return name, Kind.STRUCT << 24 | len(members), size, tuple(item for member in members for item in member)


def test_the_nearest_name_is_told() -> None:
    local = _btf([INT, _struct("task_struct", 8, ("loginuid", 1, 0)), _struct("task_strukt", 8, ("x", 1, 0))])
    target = _btf([INT, _struct("task_struct", 8, ("login_uid", 1, 0), ("pid", 1, 32))])
    resolver = CoreResolver(local, target)
    found = resolver.resolve(2, "0:0", CoreKind.FIELD_BYTE_OFFSET)
    assert (found.outcome, found.nearest) == (Outcome.MISSING, "login_uid")
    target.file = "/sys/kernel/btf/vmlinux"
    assert core_reason(CoreResolver(local, target).resolve(2, "0:0", 0)) == (
        "task_struct.loginuid does not exist in this kernel's BTF (nearest: login_uid)"
    )
    assert resolver.resolve(3, "0", CoreKind.TYPE_EXISTS).nearest == "task_struct"


def test_of_several_candidates_the_closest_says_why_not() -> None:
    local = _btf([INT, _struct("b", 4, ("c", 1, 0)), _struct("a", 4, ("b", 2, 0))])
    target = _btf([INT, _struct("a", 4), _struct("b", 4, ("cc", 1, 0)), _struct("a___2", 4, ("b", 3, 0))])
    found = CoreResolver(local, target).resolve(3, "0:0:0", CoreKind.FIELD_BYTE_OFFSET)
    assert found.reason == "a.b.c does not exist in the target's BTF (nearest: cc)"
    assert found.candidates == (2, 4)


def test_a_field_that_became_an_anonymous_struct() -> None:
    local = _btf([INT, _struct("s", 4, ("x", 1, 0))])
    target = _btf([INT, _struct("s", 4, ("x", 3, 0)), _struct("", 4, ("y", 1, 0))])
    found = CoreResolver(local, target).resolve(2, "0:0", CoreKind.FIELD_EXISTS)
    assert found.reason == "s.x is struct { int y; } in the target's BTF, and not int"


@pytest.mark.parametrize(
    ("access", "kind", "message"),
    [
        ("", 0, "'' is no access string"),
        (":0", 0, "':0' is no access string"),
        ("0:-1", 0, "'0:-1' is no access string"),
        ("9" * 5000, 0, f"'{'9' * 37}...{'9' * 38}' is no access string"),
        ("0:" + "1" * 11, 0, "'0:11111111111' is no access string"),
        ("0:\u0663", 0, "'0:\u0663' is no access string"),
        ("0:7", 0, "access 0:7 does not fit struct s"),
        ("0:0:0", 0, "access 0:0:0 does not fit struct s"),
        ("0:" * 64 + "0", 0, "an access of 65 steps is longer than 64"),
        ("1", CoreKind.TYPE_SIZE, "the access to a whole type is 0, not 1"),
        ("0", CoreKind.ENUMVAL_VALUE, "access 0 does not fit struct s"),
    ],
)
def test_accesses_that_make_no_sense(access: str, kind: int, message: str) -> None:
    btf = _btf([INT, _struct("s", 4, ("x", 1, 0))])
    with pytest.raises(ObjectError, match=message):
        parse_access(btf, 2, access, CoreKind(kind))
    resolution = CoreResolver(btf, btf).resolve(2, access, kind)
    assert resolution.outcome is Outcome.INVALID
    assert resolution.reason == message


def test_unknown_kinds_and_types_are_no_exceptions() -> None:
    btf = _btf([INT, _struct("s", 4, ("x", 1, 0)), ("", Kind.STRUCT << 24, 0, ())])
    resolver = CoreResolver(btf, btf)
    assert resolver.resolve(2, "0", 13).reason == "CO-RE relocations of kind 13 are not known"
    assert "there is no type 99" in (resolver.resolve(99, "0", CoreKind.TYPE_EXISTS).reason or "")
    assert "has no name to look for" in (resolver.resolve(3, "0", CoreKind.TYPE_EXISTS).reason or "")


def test_damaged_types_that_contain_themselves_end() -> None:
    twice = _btf([INT, _struct("s", 4, ("a", 2, 0), ("b", 2, 0)), ("", Kind.ARRAY << 24, 0, (3, 1, 2))])
    assert CoreResolver(twice, twice).resolve(2, "0", CoreKind.TYPE_MATCHES).outcome is Outcome.INVALID
    assert CoreResolver(twice, twice).resolve(2, "0:0", CoreKind.FIELD_BYTE_OFFSET).value == 0
    # 2^40 ways through anonymous members that are all the same.
    layers = [_struct("s", 4, ("", 3, 0), ("", 3, 0))]
    layers += [_struct("", 4, ("", number + 1, 0), ("", number + 1, 0)) for number in range(3, 43)]
    deep = _btf([INT, *layers, INT])
    local = _btf([INT, _struct("s", 4, ("x", 1, 0))])
    assert CoreResolver(local, deep).resolve(2, "0:0", CoreKind.FIELD_EXISTS).value == 0


def test_a_bitfield_across_more_than_eight_bytes_is_an_error() -> None:
    types = [("long", Kind.INT << 24, 8, (64,)), _struct("s", 16, ("x", 1, 20 << 24 | 54))]
    btf = _btf(types, kflag=True)
    found = CoreResolver(btf, btf).resolve(2, "0:0", CoreKind.FIELD_BYTE_OFFSET)
    assert (found.outcome, found.reason) == (Outcome.INVALID, "no single load covers the bitfield struct s.x")


def test_pointers_of_a_32_bit_kernel() -> None:
    def pointers(long_size: int, before: int) -> Btf:
        long = ("long unsigned int", Kind.INT << 24, long_size, (long_size * 8,))
        return _btf([long, ("", Kind.PTR << 24, 0, ()), _struct("s", 16, ("x", 2, before * 8))])

    local, target = pointers(8, 0), pointers(4, 4)
    # r0 = *(u64 *)(r1 + 0) becomes r0 = *(u32 *)(r1 + 4)
    code, _ = apply_core(_program(b"\x79\x10\0\0\0\0\0\0", 3, "0:0", 0), local, target)
    assert code == b"\x61\x10\4\0\0\0\0\0"


def test_a_load_does_not_take_the_size_of_an_enum_that_grew_for_its_sign_is_not_known():
    def enums(kind: int, size: int, *words: int) -> Btf:
        return _btf([("e", kind << 24 | 1, size, (0, *words)), _struct("s", size, ("x", 1, 0))])

    local, target = enums(6, 4, 1), enums(19, 8, 1, 0)
    # r0 = *(u32 *)(r1 + 0)
    code, _ = apply_core(_program(b"\x61\x10\0\0\0\0\0\0", 2, "0:0", 0), local, target)
    assert code[:1] == b"\x85"  # where the verifier comes to it, it is refused
    assert apply_core(_program(b"\x61\x10\0\0\0\0\0\0", 2, "0:0", 0), local, local)[0][:1] == b"\x61"


def _program(code: bytes, type_id: int, access: str, kind: int) -> ProgramSpec:
    relocations = (CoreRelocation(0, type_id, access, kind),)
    linked = LinkedCode(code, core_relocations=relocations)
    return ProgramSpec("prog", "test", ProgramType.SOCKET_FILTER, link=lambda: linked)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("b700000005000000", "the immediate is 5, where its byte_off should be 4"),
        ("6110080000000000", "the offset is 8, where its byte_off should be 4"),
        ("bf10000000000000", "opcode 0xbf takes no CO-RE relocation"),
        ("8510000004000000", "opcode 0x85 takes no CO-RE relocation"),
        ("1800000004000000", "its 64-bit immediate is cut off"),
        ("18100000040000000000000000000000", "its 64-bit immediate is the address of something else"),
        ("", "its relocation lies outside of the program"),
        ("6910040000000000", "it loads 2 bytes of a field that has 4"),
    ],
)
def test_instructions_that_a_relocation_does_not_fit(code: str, message: str) -> None:
    unsigned = ("unsigned", Kind.INT << 24, 4, (32,))
    wider = ("unsigned long", Kind.INT << 24, 8, (64,))
    local = _btf([unsigned, _struct("s", 8, ("x", 1, 32))])
    target = _btf([wider, _struct("s", 16, ("x", 1, 64))])
    with pytest.raises(LoadError, match=f"^program prog, instruction 0: struct s.x: {message}$"):
        apply_core(_program(bytes.fromhex(code), 2, "0:0", CoreKind.FIELD_BYTE_OFFSET), local, target)


def test_an_offset_that_no_load_reaches() -> None:
    local = _btf([INT, _struct("s", 4, ("x", 1, 0))])
    target = _btf([INT, _struct("s", 1 << 16, ("x", 1, 8 << 15))])
    with pytest.raises(LoadError, match="offset 32768 is too large for a load or store, which reaches 32767"):
        apply_core(_program(bytes.fromhex("6110000000000000"), 2, "0:0", 0), local, target)
    # An immediate has room for it.
    code, _ = apply_core(_program(bytes.fromhex("b700000000000000"), 2, "0:0", 0), local, target)
    assert code == bytes.fromhex("b700000000800000")


def test_a_resolution_is_remembered() -> None:
    resolver = _resolver()
    first = resolver.resolve(2, "0:0", CoreKind.FIELD_EXISTS)
    assert resolver.resolve(2, "0:0", CoreKind.FIELD_EXISTS) is first
    assert replace(first, outcome=Outcome.UNKNOWN, reason=None).result == "unknown"
    assert isinstance(first, CoreResolution)


def test_kinds_of_relocations_have_the_kernels_numbers() -> None:
    """`enum bpf_core_relo_kind`."""
    assert [kind.name for kind in sorted(CoreKind)] == [
        "FIELD_BYTE_OFFSET",
        "FIELD_BYTE_SIZE",
        "FIELD_EXISTS",
        "FIELD_SIGNED",
        "FIELD_LSHIFT_U64",
        "FIELD_RSHIFT_U64",
        "TYPE_ID_LOCAL",
        "TYPE_ID_TARGET",
        "TYPE_EXISTS",
        "TYPE_SIZE",
        "ENUMVAL_EXISTS",
        "ENUMVAL_VALUE",
        "TYPE_MATCHES",
    ]
    assert sorted(CoreKind) == list(range(13))


def test_types_match_whose_members_are_of_one_kind() -> None:
    """BPF_CORE_TYPE_MATCHES: of our members each has one of theirs, with the size and sign of an integer."""
    unsigned = ("unsigned int", Kind.INT << 24, 4, (32,))
    float_ = ("float", Kind.FLOAT << 24, 4, ())
    local = _btf([INT, _struct("s", 4, ("x", 1, 0))])

    def matches(*types: tuple[str, int, int, Sequence[int | str]]) -> bool:
        return bool(CoreResolver(local, _btf(types)).resolve(2, "0", CoreKind.TYPE_MATCHES).value)

    assert matches(INT, _struct("s", 8, ("y", 1, 0), ("x", 1, 32)))
    assert not matches(INT, _struct("s", 4, ("y", 1, 0)))
    assert not matches(unsigned, _struct("s", 4, ("x", 1, 0)))
    assert not matches(float_, _struct("s", 4, ("x", 1, 0)))
