"""Headers: they compile, every struct in them is laid out as the BTF says, and they are what bpftool writes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bpftui.core.btf import Btf, types
from bpftui.core.btf.csyntax import identifier
from bpftui.core.btf.header import c_header
from bpftui.core.btf.kernel import VMLINUX
from bpftui.core.errors import ObjectError
from bpftui.core.spec import CollectionSpec
from tests.core.btf.blob import Blob

ROOT = Path(__file__).parents[3]
OBJECTS = sorted(
    path for path in [*ROOT.glob("tests/objects/*.o"), *ROOT.glob("bpf/*.o")] if b".BTF\0" in path.read_bytes()
)
COMPARED = [path for path in OBJECTS if path.name not in ("rust_enums.o", "nested_unions.o")]
"""bpftool takes names of BTF for C's, which Rust's are not; unions in unions take it a minute of processor time."""
needs_clang = pytest.mark.skipif(shutil.which("clang-19") is None, reason="clang-19 is not installed")
needs_bpftool = pytest.mark.skipif(shutil.which("bpftool") is None, reason="bpftool is not installed")
needs_vmlinux = pytest.mark.skipif(not VMLINUX.exists(), reason=f"no {VMLINUX}")


def btf_of(path: Path) -> Btf:
    if path == VMLINUX:
        return Btf(path.read_bytes(), file=str(path))
    found = CollectionSpec.from_file(str(path)).btf
    assert found is not None
    return found


def compile_header(text: str, target: str = "bpf") -> None:
    command = ["clang-19", "-target", target, "-w", "-ferror-limit=20", "-x", "c", "-c", "-", "-o", "/dev/null"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def assertions(btf: Btf) -> str:
    """C that compiles only where every named struct, union and enum has the BTF's size, its members their places."""
    lines: dict[str, str] = {}
    for type_id in range(1, len(btf)):
        found = btf.type(type_id)
        if isinstance(found, types.Composite) and found.name:
            tag = f"{'union' if found.is_union else 'struct'} {identifier(found.name)}"
            checks = [f"sizeof({tag}) == {found.size}"]
            checks += [
                f"__builtin_offsetof({tag}, {m.name}) == {m.bit_offset // 8}"
                for m in found.members
                if m.name and not m.bit_size and btf.type_name(m.type_id) != "()"
            ]
        elif isinstance(found, types.Enum) and found.name and found.enumerators:
            tag, checks = f"enum {found.name}", [f"sizeof(enum {found.name}) == {found.size}"]
        else:
            continue
        lines.setdefault(found.name, "".join(f'_Static_assert({check}, "{tag}");\n' for check in checks))
    return "".join(lines.values())


@needs_clang
@pytest.mark.parametrize("path", OBJECTS, ids=lambda path: path.name)
def test_it_compiles_and_lays_out_what_the_object_has(path: Path) -> None:
    btf = btf_of(path)
    compile_header(c_header(btf) + assertions(btf), "bpfeb" if btf.byte_order == "big" else "bpf")


@pytest.fixture(scope="module")
def kernels() -> tuple[Btf, str]:
    """The kernel's own types, and their header."""
    btf = btf_of(VMLINUX)
    return btf, c_header(btf)


@needs_clang
@needs_vmlinux
def test_the_kernels_compiles(kernels: tuple[Btf, str]) -> None:
    compile_header(kernels[1])


@needs_clang
@needs_vmlinux
def test_the_kernels_lays_out_what_the_kernel_has(kernels: tuple[Btf, str]) -> None:
    btf, text = kernels
    # va_list is another one on every machine: only on the kernel's own is every struct of the same size.
    compile_header(text + assertions(btf), f"{os.uname().machine}-linux-gnu")


def same(text: str) -> str:
    """Leave out what bpftool releases do differently: `()` before 7.2, the size of small enums before 7.3, blanks."""
    text = re.sub(r" __attribute__\(\(mode\(\w+\)\)\)", "", text.replace("()", "(void)"))
    return re.sub(r"\s+", " ", text).replace("{ }", "{}")


@needs_bpftool
@pytest.mark.parametrize("path", [*COMPARED, pytest.param(VMLINUX, marks=needs_vmlinux)], ids=lambda path: path.name)
def test_it_is_what_bpftool_writes(path: Path) -> None:
    btf = btf_of(path)
    command = ["bpftool", "btf", "dump", "file", str(path), "format", "c"]
    usage = subprocess.run(["bpftool", "btf", "help"], capture_output=True, text=True, check=False).stderr
    if "unsorted" in usage:
        command.append("unsorted")
    theirs = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    ours = c_header(btf)
    if path.name.startswith("rust"):  # bpftool leaves out what Rust builds in, and so its header does not compile
        ours = re.sub(r"typedef [\w ]+ u\d+;\n", "", ours)
    assert same(ours) == same(theirs)


def test_everything_that_is_hard_in_one_piece() -> None:
    blob = Blob()
    integer = blob.integer("int", 4)
    node_pointer = integer + 1
    assert blob.pointer(integer + 2) == node_pointer
    blob.struct("node", 16, [("next", node_pointer, 0), ("value", integer, 64)])
    callback = blob.prototype(integer, [("", node_pointer), ("", 0)])
    callbacks = blob.array(blob.pointer(callback), 3)
    blob.struct("ops", 24, [("calls", callbacks, 0)])
    blob.struct("tight", 5, [("a", blob.integer("char", 1), 0), ("b", integer, 8)])
    blob.struct("far", 12, [("a", integer, 0), ("b", integer, 64)])
    blob.struct("fields", 8, [("a", integer, 0 | 3 << 24), ("b", integer, 10 | 4 << 24)], bitfields=True)
    blob.typedef("node", blob.array(blob.const(node_pointer), 2))
    blob.struct("node", 4, [("", blob.union("", 4, [("x", integer, 0), ("y", integer, 0)]), 0)])
    blob.enum64("wide", [("LOW", 1), ("HIGH", 1 << 40)])
    text = c_header(Btf(blob.bytes()))
    body = text.split("#endif\n\n")[1].split("#ifndef")[0]
    assert body == (
        "struct node {\n\tstruct node *next;\n\tint value;\n};\n\n"
        + "struct ops {\n\tint (*calls[3])(struct node *, ...);\n};\n\n"
        + "struct tight {\n\tchar a;\n\tint b;\n} __attribute__((packed));\n\n"
        + "struct far {\n\tint a;\n\tlong: 0;\n\tint b;\n};\n\n"
        + "struct fields {\n\tint a: 3;\n\tchar: 5;\n\tchar: 2;\n\tint b: 4;\n\tlong: 0;\n};\n\n"
        + "typedef struct node * const node[2];\n\n"
        + "struct node___2 {\n\tunion {\n\t\tint x;\n\t\tint y;\n\t};\n};\n\n"
        + "enum wide {\n\tLOW = 1ULL,\n\tHIGH = 1099511627776ULL,\n};\n\n"
    )


def test_only_what_the_roots_need() -> None:
    btf = btf_of(ROOT / "tests/objects/values.o")
    nested = btf.find("nested")
    assert nested is not None
    text = c_header(btf, [nested])
    assert text.index("struct point {") < text.index("enum sign {") < text.index("struct nested {")
    assert "struct packed" not in text


@pytest.mark.parametrize("depth", [1, 40, 5000])
def test_types_without_end_are_an_error(depth: int) -> None:
    blob = Blob()
    for target in range(2, depth + 1):
        blob.const(target)
    blob.const(1)
    with pytest.raises(ObjectError, match="nested"):
        c_header(Btf(blob.bytes()))


def test_a_struct_in_itself_is_an_error() -> None:
    blob = Blob()
    blob.struct("self", 4, [("self", 1, 0)])
    with pytest.raises(ObjectError, match="type 1 self contains itself"):
        c_header(Btf(blob.bytes()))


def test_anonymous_structs_that_double_at_each_step_are_an_error() -> None:
    blob = Blob()
    for inner in range(2, 60):
        blob.struct("", 0, [("a", inner, 0), ("b", inner, 0)])
    blob.struct("", 0, [])
    blob.struct("outer", 0, [("inner", 1, 0)])
    with pytest.raises(ObjectError, match="without end"):
        c_header(Btf(blob.bytes()))


def test_a_struct_that_claims_gigabytes_of_padding_is_an_error() -> None:
    blob = Blob()
    byte = blob.integer("char", 1)
    blob.struct("endless", 0xFFFF_FFF0, [("first", byte, 0), ("last", byte, 0xFFFF_FF00)])
    with pytest.raises(ObjectError, match="its types, which are nested or padded without end: given up after"):
        c_header(Btf(blob.bytes(), file="x"))


@pytest.mark.parametrize(
    ("tag", "flag", "text"),
    [
        ("user", False, 'int __attribute__((btf_type_tag("user"))) *p;'),
        ("user", True, "int __attribute__((user)) *p;"),
        ("address_space(1)", True, "int __attribute__((address_space(1))) *p;"),
        ("x)) int y; //", True, 'int __attribute__((btf_type_tag("x)) int y; //"))) *p;'),
    ],
)
def test_a_tag_with_the_kind_flag_is_an_attribute_by_itself(tag: str, flag: bool, text: str) -> None:
    blob = Blob()
    integer = blob.integer("int", 4)
    tagged = blob.add(tag, 18, integer, flag=flag)
    pointer = blob.add(0, 2, tagged)
    blob.struct("s", 8, [("p", pointer, 0)])
    header = c_header(Btf(blob.bytes(), "little"))
    assert text in header
    compile_header(header + '\n_Static_assert(sizeof(struct s) == 8, "size");\n')


def test_what_only_the_first_type_uses_is_written_inside_of_it() -> None:
    blob = Blob()
    blob.struct("outer", 8, [("choice", 2, 0)])
    blob.enum64("", [("ONE", 1)])
    text = c_header(Btf(blob.bytes()))
    body = text.split("#endif\n\n")[1].split("#ifndef")[0]
    assert body == "struct outer {\n\tenum {\n\t\tONE = 1ULL,\n\t} __attribute__((mode(word))) choice;\n};\n\n"
