"""What a run is stopped for that the machine has not, and a user may know: memory of the kernel's and of processes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from bpftui.core.debug import Call, Reason, Recording, Session
from bpftui.core.debug.commands import Interpreter
from bpftui.core.debug.recording import SCHEMA, digest
from bpftui.core.errors import BpftuiError, ObjectError, UsageError
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.engine.errors import Lack, RunError
from bpftui.core.vm.engine.image import MemoryImage
from tests.bench.bench_vm import insn
from tests.fuzz.sessions import object_of

if TYPE_CHECKING:
    from pathlib import Path

READS_MEMORY = (
    insn(0xBF, 1, 10)  # r1 = r10
    + insn(0x07, 1, 0, 0, -8)  # r1 += -8
    + insn(0xB7, 2, 0, 0, 8)  # r2 = 8
    + insn(0x18, 3, 0, 0, 0x1000)
    + insn(0, 0, 0, 0, -30_584)  # r3 = 0xffff888800001000 ll
    + insn(0x85, 0, 0, 0, 113)  # call bpf_probe_read_kernel
    + insn(0x79, 0, 10, -8)  # r0 = *(u64 *)(r10 -8)
    + insn(0x95)
)
ADDRESS = 0xFFFF_8888_0000_1000
LACKS = Lack(address=ADDRESS, size=8)


def recording(*, asks: bool = True) -> Recording:
    raw = object_of(READS_MEMORY)
    spec = CollectionSpec.from_bytes(raw)
    return Recording.of(spec, "prog", [Call(bytes(60))], object_=raw, asks_memory=asks)


def test_memory_is_asked_for_and_the_answer_is_kept(tmp_path: Path) -> None:
    with Session(recording()) as session:
        assert (session.resume().reason, session.lacks) == (Reason.ERROR, LACKS)
        assert session.error is not None
        assert session.error.endswith("nothing is known of the 8 bytes at 0xffff888800001000")
        interpreter = Interpreter(session)
        interpreter.execute("answer hex:2a00")
        # What is still missing of it is asked for, and nothing else.
        assert (session.resume().reason, session.lacks) == (Reason.ERROR, LACKS._replace(address=ADDRESS + 2, size=6))
        interpreter.execute("answer 0")
        assert (session.resume().reason, session.retval) == (Reason.END, 42)
        session.save(tmp_path / "run.json")
    with Session(Recording.read(tmp_path / "run.json")) as again:
        assert (again.resume().reason, again.retval) == (Reason.END, 42)


@pytest.mark.parametrize(
    ("answer", "returned"), [("-2", 0xFFFF_FFFE), ("0x1ff", 0x1FF), ("none", 0), ('"longer"', 0x676E_6F6C)]
)
def test_memory_is_a_number_a_text_or_nothing(answer: str, returned: int) -> None:
    found = recording().answered(LACKS, answer)
    if answer == '"longer"':
        assert found.settings.memory == {ADDRESS: b"longer\0"}
        found = found.answered(Lack(address=ADDRESS + 7, size=1), "0")
    with Session(found) as session:
        assert (session.resume().reason, session.retval) == (Reason.END, returned)


def test_a_file_is_kept_and_numbers_have_the_programs_byte_order(tmp_path: Path) -> None:
    (tmp_path / "there.bin").write_bytes(b"12345678")
    assert recording().answered(LACKS, f"@{tmp_path / 'there.bin'}").settings.memory == {ADDRESS: b"12345678"}
    big = LACKS._replace(size=4, byte_order="big")
    assert recording().answered(big, "258").settings.memory == {ADDRESS: b"\0\0\1\2"}


@pytest.mark.parametrize(
    ("answer", "why_not"),
    [
        ("hex:", "no byte of memory"),
        ("hex:0", "these are no bytes"),
        ("1z", "'1z' is neither bytes nor a text nor a number"),
        (str(1 << 64), "does not fit 8 bytes"),
        ("@/nonexistent", "there is no such file"),
        ("", "neither bytes nor a text"),
    ],
)
def test_what_is_no_memory_is_refused(answer: str, why_not: str) -> None:
    with pytest.raises(BpftuiError, match=why_not):
        recording().answered(LACKS, answer)


def test_a_number_is_no_answer_for_more_than_eight_bytes_and_nothing_overlaps() -> None:
    with pytest.raises(BpftuiError, match="the 16 bytes at 0xffff888800001000 are more than a number has"):
        recording().answered(LACKS._replace(size=16), "5")
    with pytest.raises(BpftuiError, match="overlaps what lies before it"):
        recording().answered(LACKS._replace(address=ADDRESS + 8), "5").answered(LACKS, "hex:" + "00" * 9)


def test_a_recording_without_the_question_is_as_in_a_kernel_and_an_older_file_has_none(tmp_path: Path) -> None:
    with Session(recording(asks=False)) as session:
        assert (session.resume().reason, session.retval) == (Reason.END, 0)
    path = tmp_path / "run.json"
    recording().save(path)
    assert Recording.read(path).settings.asks_memory is True
    document = json.loads(path.read_text())
    del document["sha256"], document["schema"]

    def write() -> None:
        path.write_text(json.dumps({"schema": SCHEMA, "sha256": digest(document), **document}))

    document["settings"]["asks_memory"] = 1
    write()
    with pytest.raises(ObjectError, match="asks_memory is neither true nor false"):
        Recording.read(path)
    del document["settings"]["asks_memory"]
    write()
    assert Recording.read(path).settings.asks_memory is False


def test_it_is_asked_for_what_could_be_a_pointer() -> None:
    image = MemoryImage({0x7F00_0000_0000: b"12"}, asks=True, byte_order="big")
    for address in (0, 8, 0xFFFF_FFF0, (1 << 64) - 8, 1 << 60):
        assert image.read(address, 4) is None
    assert image.read(0x7F00_0000_0000, 2) == b"12"
    # No more is asked for than lies before what is known.
    with pytest.raises(RunError, match="nothing is known of the 1 byte at 0x7effffffffff") as caught:
        image.text(0x7EFF_FFFF_FFFF, 16)
    assert caught.value.lacks == Lack(address=0x7EFF_FFFF_FFFF, size=1, byte_order="big")
    assert caught.value.hint == "--memory 0x7effffffffff=FILE or hex:BYTES says what is there"


def test_a_text_that_came_as_bytes_is_those_bytes() -> None:
    assert recording().answered(LACKS, '"\udc80x" ').settings.memory == {ADDRESS: b"\x80x\0"}


def test_answers_are_tried_without_opening_what_was_given_before(tmp_path: Path) -> None:
    given = tmp_path / "given.bin"
    given.write_bytes(bytes(16))
    known = recording()
    known.settings = known.settings._replace(memory={ADDRESS + 8: given})
    answering = known.answering(LACKS)
    given.unlink()
    for text in ("1", "12", "123"):
        assert answering(text).memory == {ADDRESS + 8: given, ADDRESS: int(text).to_bytes(8, "little")}
    with pytest.raises(UsageError, match=f"the memory at {ADDRESS + 8:#x} overlaps what lies before it"):
        answering('"123456789"')
    with pytest.raises(UsageError, match="lies where no address is"):
        recording().answering(LACKS._replace(address=(1 << 56) - 4))("1")
    with pytest.raises(ObjectError, match=r"given\.bin"):
        known.answered(LACKS, "1")
