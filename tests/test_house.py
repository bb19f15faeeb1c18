"""What the house promises that import-linter cannot say: no dead modules, no hidden imports, specs that are inert."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]

BY_NAME = {
    "core/spec/collection.py": "`spec.load()` is in the public API, and specs know no runtime",
    "core/verifier/__init__.py": "names that are imported when they are asked for, from its own modules",
    "core/zstd.py": "one library or another, whichever there is",
    "core/traffic/capture.py": "a library that some machines lack",
    "core/privileges/steward.py": "what an errand names, which is run in a process of its own",
}
"""Imports by a name that import-linter does not see, with their reasons."""

FOR_OTHERS = {
    "bpftui.core.asm.assembler": "from text to code: for users of the library",
    "bpftui.core.testing.codes": "what tests compare return codes with",
    "bpftui.core.testing.plugin": "pytest loads it (entry point pytest11)",
}
"""Modules that nothing in the house imports, with their reasons."""


def test_no_module_of_core_is_there_for_tests_only() -> None:
    graph = grimp.build_graph("bpftui.core", "bpftui.tui")
    verifier = (ROOT / "core/verifier/__init__.py").read_text()
    unused = {
        module
        for module in graph.modules
        if module.startswith("bpftui.core.")
        and not graph.find_children(module)
        and not graph.find_modules_that_directly_import(module)
        # the names that the verifier's package has are imported from its modules when they are asked for
        and not (module.startswith("bpftui.core.verifier.") and f'"{module.rpartition(".")[2]}"' in verifier)
    }
    assert unused == set(FOR_OTHERS)


def test_imports_by_name_are_few_and_have_reasons() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "core").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Name) and node.id in ("import_module", "__import__")
    }
    assert found == set(BY_NAME)


def test_no_handler_calls_that_of_its_base_class() -> None:
    """Textual calls the handlers of all base classes by itself: called by hand, too, they run twice."""
    found = {
        f"{path.relative_to(ROOT)}: {function.name}"
        for path in sorted((ROOT / "tui").rglob("*.py"))
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and function.name.startswith("on_")
        and function.name != "on_event"  # no handler: what hands events to them
        and f"super().{function.name}(" in (text := ast.unparse(function))
        and "prevent_default()" not in text
    }
    assert found == set()


INERT = """
import ctypes, glob, io, os, platform, struct, sys
from contextlib import redirect_stdout

NUMBERS = {"x86_64": 321, "aarch64": 280, "riscv64": 280, "loongarch64": 280, "ppc64le": 361, "s390x": 351}
number = NUMBERS[platform.machine()]  # of bpf(2)
# load the system call's number; if it is bpf(2), kill the process with SIGSYS; else allow it
words = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x80000000), (0x06, 0, 0, 0x7FFF0000)]
code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *word) for word in words))
program = ctypes.create_string_buffer(struct.pack("@HP", len(words), ctypes.addressof(code)))
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong]
assert libc.prctl(38, 1, None, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
assert libc.prctl(22, 2, program, 0, 0) == 0, os.strerror(ctypes.get_errno())  # PR_SET_SECCOMP, a filter
if sys.argv[1:] == ["control"]:
    libc.syscall(number, -1, 0, 0)

from bpftui.core.listing.listing import Listing
from bpftui.core.spec import CollectionSpec
from bpftui.tui.__main__ import main

for path in sorted(glob.glob("bpf/*.o")):
    with redirect_stdout(io.StringIO()):
        assert main(["show", path, "--json"]) == 0, path
    spec = CollectionSpec.from_file(path)
    twin = spec.copy()
    for name, program in twin.programs.items():
        rows = Listing(program, twin)
        rows.rows(0, len(rows))
    for variable in twin.variables.values():
        variable.set(variable.get())
print("inert")
"""
"""Runs where bpf(2) ends the process: the filter is inherited by threads and children, and cannot be taken off."""


@pytest.mark.skipif(sys.platform != "linux", reason="seccomp is Linux's")
def test_a_spec_makes_no_call_of_bpf() -> None:
    """Reading objects, showing them, listing their code and setting their variables."""
    killed = _run("control")
    assert killed.returncode == -31, killed.stderr  # SIGSYS: the filter is in force
    done = _run()
    assert (done.returncode, done.stdout) == (0, "inert\n"), done.stderr


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", INERT, *arguments]
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
