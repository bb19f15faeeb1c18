"""What rustc makes of an enum with data: a union of its variants, beside an integer without a name that tells which.

`rust_enums.o` has DWARF besides, which says what BTF does not.
"""

from __future__ import annotations

import pickle
import shutil
import subprocess
from pathlib import Path

import pytest

from bpftui.core.btf import Btf, CType
from bpftui.core.btf.header import c_header
from bpftui.core.errors import BpftuiError
from bpftui.core.spec import CollectionSpec
from tests.core.btf.blob import Blob

OBJECT = Path(__file__).parents[2] / "objects" / "rust_enums.o"
CLANG = shutil.which("clang-19")
OBJCOPY = shutil.which("llvm-objcopy-19")


def choice() -> tuple[Btf, CType]:
    """Return `enum Choice { A, B(u32), C { x: u64 } }` as rustc 1.97 describes it."""
    blob = Blob()
    tag, word, long = (blob.integer(name, size, signed=False) for name, size in (("u8", 1), ("u32", 4), ("u64", 8)))
    variants = [
        blob.struct("A", 16, []),
        blob.struct("B", 16, [("__0", word, 32)]),
        blob.struct("C", 16, [("x", long, 64)]),
    ]
    parts = [("", tag, 0), *((name, variant, 0) for name, variant in zip("ABC", variants, strict=True))]
    union = blob.union("", 16, parts)
    root = blob.struct("Choice", 16, [("", union, 0)])
    btf = Btf(blob.bytes())
    return btf, CType(btf, root)


def test_the_discriminant_is_shown_and_set() -> None:
    _, ctype = choice()
    raw = bytes([2, *bytes(7), 5, *bytes(7)])
    assert ctype.decode(raw) == {"__discr": 2, "A": {}, "B": {"__0": 0}, "C": {"x": 5}}
    member, offset = ctype.member(".__discr")
    assert (member.c_text, offset) == ("u8", 0)
    assert ctype.encode({"__discr": 1}, "choice", raw) == bytes([1, *raw[1:]])


def test_the_header_names_it() -> None:
    btf, _ = choice()
    assert "\tunion {\n\t\tu8 __discr;\n\t\tstruct A A;\n" in c_header(btf)


def shown(name: str, *changes: str, path: Path = OBJECT) -> str:
    """Return a variable as it is shown, after some changes of it."""
    spec = CollectionSpec.from_file(path)
    for change in changes:
        place, _, text = change.partition("=")
        spec.set_text(place, text)
    ctype = spec.variables[name].type
    assert ctype is not None
    return ctype.format(spec.variables[name].raw)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("CHOICE", "Choice::C {x=5, y=6}"),
        ("LETTER", "Opt<char>::Some('é')"),
        ("RULE", "{letter='→', nothing={}, choice=Choice::B(9), pair={__0=1, __1=2}}"),
        ("SIGNED", "Signed::Below(7)"),
        ("POINTER", "Opt<&u32>::None"),
    ],
)
def test_a_variant_is_shown_as_rust_writes_it(name: str, text: str) -> None:
    assert shown(name) == text


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("CHOICE=A", "Choice::A"),
        ("CHOICE=Choice::B", "Choice::B(0)"),
        ("CHOICE.__discr=A", "Choice::A"),
        ("CHOICE.B.__0=3", "Choice::B(3)"),
        ('CHOICE={"C": {"y": 9}}', "Choice::C {x=5, y=9}"),
        ('CHOICE={"B": {"__0": 9}}', "Choice::B(9)"),
        ('CHOICE={"__discr": 1}', "Choice::B(0)"),
        ("CHOICE=hex:07000000000000000000000000000000", "{__discr=7, A={}, B={__0=0}, C={x=0, y=0}}"),
        ("SIGNED=Above", "Signed::Above(7)"),
        ("LETTER=None", "Opt<char>::None"),
        ("LETTER.Some.__0=x", "Opt<char>::Some('x')"),
        ('LETTER={"Some": {"__0": "\'"}}', "Opt<char>::Some('\\'')"),
        ("POINTER.Some.__0=16", "Opt<&u32>::Some(16)"),
        ('POINTER={"Some": {"__0": 16}}', "Opt<&u32>::Some(16)"),
        ("RULE.choice=A", "{letter='→', nothing={}, choice=Choice::A, pair={__0=1, __1=2}}"),
        ("RULE.letter='7'", "{letter='7', nothing={}, choice=Choice::B(9), pair={__0=1, __1=2}}"),
        ("RULE.letter=7", "{letter='\\u0007', nothing={}, choice=Choice::B(9), pair={__0=1, __1=2}}"),
        ("RULE.letter=65", "{letter='A', nothing={}, choice=Choice::B(9), pair={__0=1, __1=2}}"),
    ],
)
def test_a_variant_is_set_by_its_name_or_by_its_members(change: str, text: str) -> None:
    assert shown(change.partition("=")[0].partition(".")[0], change) == text


CHOICE_FORM = (
    'as A or {"B": {"__0": …}} or {"C": {"x": …, "y": …}}; a name alone leaves what the variant holds as it is; or as '
    "hex:… of 16 bytes"
)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ("CHOICE=B(7)", "CHOICE: struct Choice takes one of its variants (A, B, C), not 'B(7)'"),
        ("CHOICE=Q", "there is no variant 'Q' in struct Choice"),
        ("CHOICE={}", "CHOICE: struct Choice takes one of its variants (A, B, C), not {}"),
        ("POINTER=Some", "POINTER: with these members it is Opt<&u32>::None, not Opt<&u32>::Some"),
        ("RULE.letter=0xd800", "RULE.letter: 0xd800 is no character: 0 to 0x10ffff are, without 0xd800 to 0xdfff"),
        ("RULE.letter=xy", "RULE.letter: char takes a character or its number, not 'xy'"),
    ],
)
def test_what_is_no_variant_is_refused(change: str, error: str) -> None:
    with pytest.raises(BpftuiError) as caught:
        shown("CHOICE", change)
    assert caught.value.message == error


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ("CHOICE=B(7)", CHOICE_FORM),
        ("CHOICE=Choice::C{x: 1, y: 2}", CHOICE_FORM),
        ("CHOICE=7", CHOICE_FORM),
        ("CHOICE=", CHOICE_FORM),
        ('RULE={"choice": "B(7)"}', CHOICE_FORM),
        ('CHOICE={"B": 7}', 'as {"__0": …}; what is left out stays as it is; or as hex:… of 16 bytes'),
        (
            "POINTER=Some",
            'Some is told by its own members: set them, as None or {"Some": {"__0": …}}; a name alone leaves what the '
            "variant holds as it is; or as hex:… of 8 bytes",
        ),
        ("RULE.nothing=()", "as {}"),
    ],
)
def test_a_refusal_says_how_it_is_written(change: str, hint: str) -> None:
    with pytest.raises(BpftuiError) as caught:
        shown("CHOICE", change)
    assert caught.value.hint == hint


def test_the_path_through_a_variant_makes_it_the_one() -> None:
    assert shown("CHOICE", "CHOICE=A", "CHOICE.C.x=8") == "Choice::C {x=8, y=6}"
    assert shown("RULE", "RULE.choice.C.y=3").startswith("{letter='→', nothing={}, choice=Choice::C {")


def test_a_change_of_the_variant_is_one_difference() -> None:
    spec = CollectionSpec.from_file(OBJECT)
    spec.set_text("CHOICE", "A")
    assert spec.variables["CHOICE"].diff() == [("CHOICE", {"C": {"x": 5, "y": 6}}, {"A": {}})]


def test_values_can_be_encoded_again_and_pickled() -> None:
    for variable in CollectionSpec.from_file(OBJECT).variables.values():
        value = variable.get()
        assert variable.encode(value) == variable.raw
        assert pickle.loads(pickle.dumps(value)) == value


def stripped(tmp_path: Path, *options: str) -> Path:
    if OBJCOPY is None:
        pytest.skip("llvm-objcopy-19 is not installed")
    made = tmp_path / "rust.o"
    subprocess.run([OBJCOPY, *options, OBJECT, made], check=True)
    return made


def test_without_btf_dwarf_says_it_all(tmp_path: Path) -> None:
    made = stripped(tmp_path, "--remove-section=.BTF", "--remove-section=.BTF.ext")
    assert shown("CHOICE", path=made) == "Choice::C {x=5, y=6}"
    assert shown("SIGNED", "SIGNED=Above", path=made) == "Signed::Above(7)"


def test_without_dwarf_the_union_is_shown_and_nothing_is_guessed(tmp_path: Path) -> None:
    made = stripped(tmp_path, "--strip-debug")
    assert shown("CHOICE", path=made) == "{__discr=2, A={}, B={__0=0}, C={x=5, y=6}}"
    assert shown("SIGNED", path=made) == "{__discr=-2, Below={__0=7}, Above={__0=7}}"
    assert CollectionSpec.from_file(made).hidden == []


@pytest.mark.parametrize("options", [(), ("--remove-section=.BTF", "--remove-section=.BTF.ext")])
def test_the_header_compiles_to_the_same_layout(options: tuple[str, ...], tmp_path: Path) -> None:
    if CLANG is None:
        pytest.skip("clang-19 is not installed")
    types = CollectionSpec.from_file(stripped(tmp_path, *options) if options else OBJECT).types
    assert types is not None
    (tmp_path / "rust.h").write_text(c_header(types))
    (tmp_path / "rust.c").write_text(
        '#include "rust.h"\n_Static_assert(sizeof(struct Choice) == 16 && sizeof(struct Rule) == 32, "");\n'
        '_Static_assert(__builtin_offsetof(struct C, x) == 8 && __builtin_offsetof(struct C, y) == 1, "");\n'
        '_Static_assert(__builtin_offsetof(struct Rule, letter) == 24, "");\n'
    )
    command = [CLANG, "-target", "bpf", "-Wall", "-Werror", "-c", "rust.c", "-o", "rust.o"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr == ""
