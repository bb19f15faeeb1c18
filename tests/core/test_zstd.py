"""Objects packed with zstd, by Python 3.14's own module or the package that stands in for it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bpftui.core import zstd
from bpftui.core.errors import ObjectError
from bpftui.core.spec import CollectionSpec

TRAFFIC = Path(__file__).parents[2] / "bpf/traffic.o"


def test_a_packed_object_is_read_and_a_damaged_one_refused(tmp_path: Path) -> None:
    library = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    packer = pytest.importorskip(library, reason=f"needs {library}")
    packed = packer.compress(TRAFFIC.read_bytes())
    assert zstd.unzstd(packed, 4) == b"\x7fELF"
    path = tmp_path / "traffic.o.zst"
    path.write_bytes(packed)
    assert list(CollectionSpec.from_file(path).programs) == list(CollectionSpec.from_file(TRAFFIC).programs)
    path.write_bytes(packed[:20] + b"\xff" * 64 + packed[84:])
    with pytest.raises(ObjectError, match="its zstd data is damaged: "):
        CollectionSpec.from_file(path)


def test_without_a_library_the_error_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(zstd, "import_module", missing)
    path = tmp_path / "traffic.o.zst"
    path.write_bytes(b"\x28\xb5\x2f\xfd" + bytes(16))
    with pytest.raises(ObjectError, match=r"takes the package backports\.zstd, which is not installed") as caught:
        CollectionSpec.from_file(path)
    assert caught.value.hint is not None
    assert "zstd -dc FILE | bpftui show -" in caught.value.hint
