"""The debugger as editors see it: what is answered and told, on the shipped counter and on what is wrong."""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.dap import Connection, adapter, inspection
from bpftui.core.dap.debugging import COMMANDS, Debugging
from bpftui.core.dap.stops import hit_condition
from bpftui.core.errors import UsageError
from bpftui.tui.commands.dap import launched
from tests.bench.bench_debug import long_loop
from tests.bench.bench_vm import PACKET as LONG_PACKET
from tests.core.dap.client import TRAFFIC, Client
from tests.core.traffic.files import pcap

if TYPE_CHECKING:
    from bpftui.core.dap import Launch

SOURCE = Path("bpf/traffic.c").read_text().split("\n")
COUNTS = next(number for number, text in enumerate(SOURCE, 1) if "&total_packets" in text)
BEGIN = next(number for number, text in enumerate(SOURCE, 1) if text.startswith("int count_traffic("))
PACKET = "struct packet packet = {};"
FIRST = next(number for number, text in enumerate(SOURCE, 1) if PACKET in text)


def test_a_breakpoint_forwards_and_backwards() -> None:
    with Client() as client:
        stop = client.begin(COUNTS)
        assert (stop["reason"], stop["hitBreakpointIds"], client.where) == (
            "breakpoint",
            [1],
            ("count_traffic()", COUNTS),
        )
        assert client.move("next")["reason"] == "step"
        after = client.where
        assert after[1] > COUNTS
        assert client.move("stepBack")["reason"] == "step"
        assert client.where == ("count_traffic()", COUNTS)
        client.move("stepBack", granularity="instruction")
        client.move("stepIn", granularity="instruction")
        assert client.where == ("count_traffic()", COUNTS)
        end = client.move("continue")
        assert (end["reason"], end["description"]) == ("end", "The end: returned XDP_PASS (2)")
        assert client.where[0] == "count_traffic() returned XDP_PASS (2)"
        assert client.move("reverseContinue")["reason"] == "breakpoint"
        assert client.where == ("count_traffic()", COUNTS)
        assert client.move("reverseContinue")["reason"] == "entry"
        assert client.where == ("count_traffic()", BEGIN)
        client.move("continue")
        client.move("continue")
        client.ask("continue", threadId=1)
        assert client.event("exited") == {"exitCode": 2}
        client.event("terminated")
        client.ask("disconnect")
    assert client.is_well
    assert client.output() == ["count_traffic returned XDP_PASS (2)\n"]


def test_breakpoints_of_all_kinds() -> None:
    with Client() as client:
        client.begin(stopOnEntry=True)
        source = {"path": "/elsewhere/src/traffic.c"}
        found = client.ask(
            "setBreakpoints",
            source=source,
            breakpoints=[
                {"line": COUNTS, "hitCondition": "% 2"},
                {"line": COUNTS, "logMessage": "of {total_packets}, {ctx->data_end - ctx->data} bytes"},
                {"line": COUNTS, "condition": "total_packets =="},
                {"line": COUNTS, "hitCondition": "often"},
                {"line": 100_000},
            ],
        )["breakpoints"]
        assert [each["verified"] for each in found] == [True, True, False, False, False]
        assert "is no hit condition" in found[3]["message"]
        assert "no code is from" in found[4]["message"]
        assert found[0]["source"]["path"] == "/elsewhere/src/traffic.c"
        names = [{"name": "bpf_map_lookup_elem"}, {"name": "return XDP_DROP"}, {"name": "nothing"}]
        found = client.ask("setFunctionBreakpoints", breakpoints=names)["breakpoints"]
        assert [each["verified"] for each in found] == [True, True, False]
        assert client.move("continue")["reason"] == "function breakpoint"
        assert "of 0, 64 bytes\n" in client.output()
        client.ask("setFunctionBreakpoints", breakpoints=[])
        frame = client.ask("stackTrace", threadId=1)["stackFrames"][0]
        rows = client.ask(
            "disassemble",
            memoryReference=frame["instructionPointerReference"],
            instructionOffset=-1,
            instructionCount=3,
        )["instructions"]
        assert "call bpf_map_lookup_elem" in rows[1]["instruction"]
        assert len(rows[1]["instructionBytes"].split()) == 8
        instruction = {"instructionReference": rows[2]["address"]}
        within = {"instructionReference": rows[1]["address"], "offset": 9}
        found = client.ask("setInstructionBreakpoints", breakpoints=[instruction, within])["breakpoints"]
        assert [each["verified"] for each in found] == [True, False]
        assert found[1]["message"] == f"no instruction begins at {rows[1]['address']}+9"
        assert client.move("continue")["reason"] == "instruction breakpoint"
        client.ask("setInstructionBreakpoints", breakpoints=[])
        client.ask("evaluate", expression="goto 0", context="repl")
        client.event("stopped")
        client.ask("setBreakpoints", source=source, breakpoints=[])
        info = client.ask("dataBreakpointInfo", name="total_packets")
        assert info["dataId"] == "total_packets"
        assert client.ask("dataBreakpointInfo", name="r1")["dataId"] is None
        client.ask("setDataBreakpoints", breakpoints=[{"dataId": info["dataId"]}])
        assert client.move("continue")["reason"] == "data breakpoint"
        lines = client.ask("breakpointLocations", source=source, line=FIRST, endLine=FIRST + 1)["breakpoints"]
        assert lines == [{"line": FIRST}]


def test_what_lies_around_the_code_is_shown_as_such() -> None:
    with Client() as client:
        client.begin(object="tests/objects/linked.o", program="first", stopOnEntry=True)
        first = client.ask("stackTrace", threadId=1)["stackFrames"][0]["instructionPointerReference"]

        def shown(offset: int, beyond: int, count: int) -> list[tuple[int, str]]:
            found = client.ask(
                "disassemble",
                memoryReference=first,
                offset=offset,
                instructionOffset=beyond,
                instructionCount=count,
            )
            return [
                (int(each["address"], 16) - int(first, 16), each["instruction"].partition(" ")[0])
                for each in found["instructions"]
            ]

        rows = shown(0, 0, 200)
        count = next(number for number, (_, text) in enumerate(rows) if not text)
        last = rows[count - 1][0]
        assert shown(0, -2, 4) == [(-16, ""), (-8, ""), *rows[:2]]
        assert shown(-8, 0, 3) == [(-8, ""), *rows[:2]]
        assert shown(last, -1, 3) == [*rows[count - 2 : count], (last + 8, "")]
        assert shown(last + 16, -2, 3) == [rows[count - 1], (last + 8, ""), (last + 16, "")]


def test_a_breakpoint_is_in_the_file_whose_name_ends_alike() -> None:
    with Client() as client:
        client.begin(object="tests/objects/linked.o", program="first", stopOnEntry=True)
        found = client.ask("loadedSources")["sources"]
        assert sorted(each["name"] for each in found) == ["linked_one.c", "linked_two.c"]
        for name in ("linked_one.c", "linked_two.c"):
            line = min(
                number
                for number in range(1, 100)
                if client.ask("breakpointLocations", source={"path": f"/elsewhere/{name}"}, line=number)["breakpoints"]
            )
            wanted = {"source": {"path": f"/elsewhere/{name}"}, "breakpoints": [{"line": line}]}
            assert client.ask("setBreakpoints", **wanted)["breakpoints"][0]["verified"], name


def test_what_is_seen_and_changed() -> None:
    with Client() as client:
        client.begin(COUNTS)
        frames = client.ask("stackTrace", threadId=1)
        assert frames["totalFrames"] == 1
        scopes = {each["name"]: each["variablesReference"] for each in client.ask("scopes", frameId=1)["scopes"]}
        assert {"Registers", "Packet", "Context", "Maps", "Globals"} <= set(scopes)

        def unfolded(reference: int) -> dict[str, dict[str, object]]:
            found = client.ask("variables", variablesReference=reference)["variables"]
            return {each["name"]: each for each in found}

        layers = unfolded(scopes["Packet"])
        assert list(layers) == ["Ethernet", "IPv4", "UDP", "payload"]
        ip = layers["IPv4"]["variablesReference"]
        assert isinstance(ip, int)
        assert unfolded(ip)["protocol"]["value"] == "UDP"
        assert client.ask("evaluate", expression="pkt[23]", context="watch")["result"] == "17"
        client.ask("setVariable", variablesReference=ip, name="protocol", value="TCP")
        assert client.event("invalidated") == {"areas": ["all"]}
        assert client.ask("evaluate", expression="pkt[23]", context="watch")["result"] == "6"
        assert unfolded(scopes["Globals"])["total_packets"]["value"] == "0"
        changed = client.ask("setExpression", expression="total_packets", value="41")
        assert changed["value"] == "41"
        client.ask("setVariable", variablesReference=scopes["Globals"], name="total_packets", value="42")
        memory = client.ask("evaluate", expression="total_packets", context="hover")["memoryReference"]
        read = client.ask("readMemory", memoryReference=memory, count=9)
        assert base64.b64decode(read["data"])[:8] == (42).to_bytes(8, "little")
        raw = base64.b64encode(bytes((7,))).decode()
        assert client.ask("writeMemory", memoryReference=memory, data=raw) == {"bytesWritten": 1}
        client.move("continue")
        assert client.ask("evaluate", expression="total_packets", context="watch")["result"] == "8"
        assert "no variable 4 where it stands now" in client.refused("variables", variablesReference=4)
        scopes = {each["name"]: each["variablesReference"] for each in client.ask("scopes", frameId=1)["scopes"]}
        maps = unfolded(scopes["Maps"])
        assert maps["sources"]["value"] == "lru_hash, 1 entry"
        assert client.ask("completions", text="total_p", column=8)["targets"] == [
            {"label": "total_packets", "start": 1, "length": 7}
        ]
        assert client.ask("evaluate", expression="info registers", context="repl")["result"].startswith("r0 ")
        assert client.ask("evaluate", expression="1 + 2", context="repl")["result"] == "3"
        assert client.ask("loadedSources")["sources"][0]["name"] == "traffic.c"
        assert client.ask("restart") == {}
        assert client.event("stopped")["reason"] == "breakpoint"
        assert client.ask("evaluate", expression="total_packets", context="watch")["result"] == "0"


@pytest.mark.parametrize(
    ("text", "stops"),
    [
        ("3", [3, 4, 5]),
        (">= 3", [3, 4, 5]),
        ("> 3", [4, 5]),
        ("< 3", [1, 2]),
        ("<= 3", [1, 2, 3]),
        ("== 3", [3]),
        ("= 3", [3]),
        ("% 2", [2, 4]),
    ],
)
def test_hit_conditions(text: str, stops: list[int]) -> None:
    condition = hit_condition(text)
    assert condition is not None
    assert [hits for hits in range(1, 6) if condition(hits)] == stops


def test_there_is_no_hit_condition() -> None:
    assert hit_condition("  ") is None
    for text in ("!= 3", "% 0", "3 3", "three"):
        with pytest.raises(UsageError, match="is no hit condition"):
            hit_condition(text)


def test_files_that_are_not_here_are_what_the_object_has_of_them(tmp_path: Path) -> None:
    there, alone = tmp_path / "there", tmp_path / "alone"
    there.mkdir()
    alone.mkdir()
    obj = shutil.copy("tests/objects/linked.o", alone)
    with Client() as client:
        client.begin(object=obj, program="first", sourceMap={"./linked_o": f"{there}/o"})
        one, two = sorted(client.ask("loadedSources")["sources"], key=lambda each: each["name"])
        assert (one["name"], two["name"]) == ("linked_one.c", "linked_two.c")
        assert one["sourceReference"] + two["sourceReference"] == 3
        lines = client.ask("source", sourceReference=one["sourceReference"])["content"].split("\n")
        assert lines[27] == "\tcounter++;"
        numbered = {number for number, line in enumerate(lines, 1) if line}
        where = client.ask("breakpointLocations", source=one, line=1, endLine=len(lines) + 5)["breakpoints"]
        assert {each["line"] for each in where} == numbered
        assert "there is no source 3" in client.refused("breakpointLocations", source={"sourceReference": 3}, line=1)
    (there / "one.c").write_text("")
    with Client() as client:
        client.begin(object=obj, program="first", sourceMap={"./linked_": f"{there}/"})
        found = {each["name"]: each.get("path") for each in client.ask("loadedSources")["sources"]}
        assert found == {"linked_one.c": f"{there}/one.c", "linked_two.c": None}


def test_a_fault_is_an_exception() -> None:
    with Client() as client:
        stop = client.begin(object="tests/objects/bad_null.o", program="bad_null")
        assert stop["reason"] == "exception"
        info = client.ask("exceptionInfo", threadId=1)
        assert (info["exceptionId"], info["breakMode"]) == ("fault", "always")
        assert info["details"] == {"message": info["description"], "typeName": "AccessError"}
        assert stop["text"] == info["description"]
        assert "read of 8 bytes at 0x0" in stop["text"]
        assert client.move("stepBack", granularity="instruction")["reason"] == "step"
        assert "nothing has stopped" in client.refused("exceptionInfo", threadId=1)


def test_what_the_machine_lacks_is_answered() -> None:
    with Client() as client:
        stop = client.begin(object="tests/objects/not_here.o", program="other_kernel")
        assert stop["reason"] == "exception"
        info = client.ask("exceptionInfo", threadId=1)
        hint = f"{info['description']} (--return not_in_any_kernel=VALUE makes it return a value)"
        assert (info["details"]["formattedDescription"], info["details"]["typeName"]) == (hint, "RunError")
        assert client.output()[-1].startswith("answer VALUE, typed here, says what not_in_any_kernel returns")
        client.ask("evaluate", expression="answer 3", context="repl")
        assert client.event("stopped")["reason"] == "step"
        assert client.move("continue")["description"].startswith("The end: returned XDP_TX (3)")


def test_what_is_wrong_is_answered() -> None:
    with Client() as client:
        assert "comes before initialize" in client.refused("launch", **TRAFFIC)
        assert "nothing has been launched" in client.refused("stackTrace", threadId=1)
        client.ask("initialize", adapterID="x")
        assert client.refused("initialize", adapterID="x") == "initialize comes once"
        assert "nothing has been launched" in client.refused("configurationDone")
        assert "takes an object" in client.refused("launch")
        assert "/nowhere.o" in client.refused("launch", object="/nowhere.o", program="x")
        assert "program is no text" in client.refused("launch", **{**TRAFFIC, "program": 5})
        assert "count_trafic" in client.refused("launch", **{**TRAFFIC, "program": "count_trafic"})
        client.ask("launch", **TRAFFIC)
        assert "launch comes once" in client.refused("launch", **TRAFFIC)
        assert "has not begun" in client.refused("continue", threadId=1)
        assert "did you mean stepBack" in client.refused("stepback", threadId=1)
        client.send([1, 2])
        client.raw(b"Content-Length: 3\r\n\r\n{x}")
        client.send({"seq": 9, "type": "response", "command": "x"})
        client.ask("configurationDone")
        client.event("stopped")
        for command, arguments, reason in (
            ("variables", {"variablesReference": 77}, "there is no variable 77"),
            ("variables", {"variablesReference": "x"}, "variablesReference is no number"),
            ("scopes", {"frameId": 9}, "there is no frame 9"),
            ("evaluate", {"expression": "1 +", "context": "watch"}, "1 +"),
            ("readMemory", {"memoryReference": "here", "count": 1}, "is no address"),
            ("writeMemory", {"memoryReference": "0x0", "data": "!"}, "is no base64"),
            ("disassemble", {"memoryReference": "0x0", "instructionCount": 1}, "there is no code"),
            ("disassemble", {"memoryReference": "0x0", "instructionCount": 1 << 40}, "at most"),
            ("setBreakpoints", {"source": 5}, "source is no object"),
            ("setExceptionBreakpoints", {}, "filters is no list"),
            ("source", {"sourceReference": 9}, "there is no source 9"),
            ("source", {}, "there is no source 0"),
            ("source", {"source": {}}, "there is no source 0"),
            ("setExpression", {"expression": "total_packets", "value": "1"}, "the run is over"),
        ):
            assert reason in client.refused(command, **arguments), command
        said = "".join(client.output())
        assert "a message is no object of JSON" in said
        assert "a message is no JSON" in said
        assert "a message is no request" in said
        client.send({"seq": 99, "type": "request", "command": "threads", "arguments": 5})
        answer = client.receive()
        assert answer is not None
        assert answer["message"] == "threads: its arguments are no object"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"Content-Length: 999999999999999999\r\n\r\n", "is too long"),
        (b"Content-Type: x\r\n\r\n{}", "does not tell its Content-Length"),
        (b"Content-Length: -5\r\n\r\n", "does not tell its Content-Length"),
        (b"x" * 10_000, "without an end"),
        (b"X: y\r\n" * 100, "more than 32 lines"),
    ],
)
def test_a_broken_stream_is_left(raw: bytes, reason: str) -> None:
    with Client() as client:
        client.raw(raw)
        assert client.event("output")["category"] == "stderr"
        assert client.receive() is None
    assert reason in client.output()[0]
    assert client.is_well is False


def test_a_message_that_is_cut_off() -> None:
    with Client() as client:
        client.raw(b"Content-Length: 50\r\n\r\n{}")
        client.end()
        client.event("output")
    assert client.output() == ["a message of 50 bytes ends after 2\n"]


def test_the_command_speaks_on_its_streams() -> None:
    requests: list[dict[str, object]] = [
        {"seq": 0, "type": "request", "command": "initialize", "arguments": {"adapterID": "bpftui"}},
        {"seq": 1, "type": "request", "command": "launch", "arguments": {**TRAFFIC, "noDebug": True}},
        {"seq": 2, "type": "request", "command": "configurationDone"},
        {"seq": 3, "type": "request", "command": "disconnect"},
    ]
    bodies = [json.dumps(each).encode() for each in requests]
    raw = b"".join(b"Content-Length: %d\r\n\r\n%b" % (len(body), body) for body in bodies)
    command = [sys.executable, "-m", "bpftui.tui", "dap"]
    done = subprocess.run(command, input=raw, capture_output=True, check=False, env={**os.environ, "NO_COLOR": "1"})
    assert (done.returncode, done.stderr) == (0, b"")
    messages = [
        json.loads(each.partition("\r\n\r\n")[2]) for each in done.stdout.decode().split("Content-Length: ")[1:]
    ]
    told = [each.get("event") or each["command"] for each in messages]
    assert told == [
        "initialize",
        "launch",
        "initialized",
        "configurationDone",
        "output",
        "exited",
        "terminated",
        "disconnect",
    ]


def test_no_message_leaves_the_adapter_waiting() -> None:
    """Requests that no dictionary or set can look up, and numbers that no JSON has."""
    with Client() as client:
        client.begin(COUNTS)
        for command in (["x"], {}, None, 5):
            client.send({"seq": 1, "type": "request", "command": command})
        client.send({"seq": float("nan"), "type": "request", "command": "threads"})
        client.ask("disconnect")
    said = client.output()
    assert said.count("a message is no request with a command\n") == 4
    assert "a request is without a number: its seq is no integer (threads)\n" in said
    assert client.is_well


def test_a_slip_is_an_answer() -> None:
    def slips(_: object) -> Launch:
        raise ValueError("nobody has thought of this")

    with Client(slips) as client:
        client.ask("initialize", adapterID="x")
        found = client.refused("launch", **TRAFFIC)
        assert found == "a fault of bpftui itself: ValueError: nobody has thought of this"
        client.ask("disconnect")
    assert client.is_well
    with Client() as client:
        client.ask("initialize", adapterID="x")
        for cwd in ("a\0b", "\ud800"):
            assert client.refused("launch", **TRAFFIC, cwd=cwd) == f"launch: cwd is {cwd!r}: that is no path"
        client.ask("disconnect")


def test_requests_are_known_before_something_is_launched() -> None:
    launch = launched({**TRAFFIC})
    streams = Connection(io.FileIO(os.devnull), io.BytesIO())
    debugging = Debugging(streams, launch, [], is_from_one=True, columns_from_one=True)
    assert {*debugging.handlers, "restart"} == COMMANDS


def test_clients_come_and_go() -> None:
    """One that goes away without reading what it is told; and one that reads until the adapter hangs up."""
    command = [sys.executable, "-m", "bpftui.tui", "dap", "--listen", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "NO_COLOR": "1"}) as server:
        try:
            assert server.stderr is not None
            port = int(server.stderr.readline().rpartition(":")[2])
            hello = request("initialize", adapterID="x")
            for _ in range(3):
                with socket.create_connection(("127.0.0.1", port), timeout=60) as rude:
                    rude.sendall(hello * 500)
            with socket.create_connection(("127.0.0.1", port), timeout=60) as polite:
                polite.sendall(hello + request("disconnect"))
                told = b"".join(iter(lambda: polite.recv(1 << 16), b""))
            assert told.count(b'"success": true') == 2
            assert server.poll() is None
        finally:
            server.kill()


def request(command: str, **arguments: object) -> bytes:
    """Return a request as it is sent."""
    body = json.dumps({"seq": 1, "type": "request", "command": command, "arguments": arguments}).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def test_a_client_that_leaves_gives_the_run_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A million turns with a watchpoint, step by step: the end of them is not waited for."""
    monkeypatch.setattr(adapter, "_GRACE", 0.0)
    loop = {"object": "tests/objects/callbacks.o", "program": "loop", "data": "00" * 64, "set": {"rounds": 1_000_000}}
    with Client() as client:
        client.ask("initialize", adapterID="x")
        client.ask("launch", **loop, stopOnEntry=True)
        client.ask("configurationDone")
        client.event("stopped")
        info = client.ask("dataBreakpointInfo", name="sum", frameId=1)
        client.ask("setDataBreakpoints", breakpoints=[{"dataId": info["dataId"]}])
        client.messages.clear()
        client.ask("continue", threadId=1)
        client.ask("disconnect")
    assert [each.get("event") for each in client.messages if each["type"] == "event"] == []
    assert client.is_well


def test_a_restart_that_fails_changes_nothing() -> None:
    launches = [launched({**TRAFFIC}), launched({**TRAFFIC}), launched({**TRAFFIC})]
    for each in launches:
        each.recording.calls.append(each.recording.calls[0])
    launches[1].recording.calls.clear()
    given = iter(launches)
    with Client(lambda _: next(given)) as client:
        client.begin(COUNTS - 1, COUNTS)
        client.ask("setBreakpoints", source={"path": "traffic.c"}, breakpoints=[{"line": COUNTS}])
        client.refused("restart")
        assert client.where[1] == COUNTS - 1 or client.where[1] == COUNTS
        client.move("continue")
        stop = client.move("continue")
        assert (stop["reason"], client.where) == ("breakpoint", ("count_traffic()", COUNTS))
        known = stop["hitBreakpointIds"]
        # Anew: the breakpoint is the one that the client knows, and its next one is another.
        assert client.ask("restart") == {}
        assert client.event("stopped")["hitBreakpointIds"] == known
        new = client.ask("setFunctionBreakpoints", breakpoints=[{"name": "bpf_map_lookup_elem"}])["breakpoints"]
        assert new[0]["id"] not in (*known, 0)


def test_a_file_of_the_same_name_is_another(tmp_path: Path) -> None:
    other = tmp_path / "traffic.c"
    other.write_text("int other;\n" * 300)
    with Client() as client:
        client.begin(COUNTS)
        found = client.ask("setBreakpoints", source={"path": str(other)}, breakpoints=[{"line": BEGIN}])["breakpoints"]
        assert (found[0]["verified"], f"no code of the object is from {other}" in found[0]["message"]) == (False, True)
        client.ask("setBreakpoints", source={"path": str(other)}, breakpoints=[])
        frame = client.ask("stackTrace", threadId=1)["stackFrames"][0]
        assert frame["source"]["path"] == os.path.abspath("bpf/traffic.c")
        client.move("reverseContinue")
        assert client.move("continue")["hitBreakpointIds"] == [1]


def test_expressions_are_about_the_frame_that_is_asked_for() -> None:
    with Client() as client:
        client.begin(object="tests/objects/subprograms.o", program="first", stopOnEntry=True)
        client.ask("evaluate", expression="until twice", context="repl")
        client.event("stopped")
        client.move("stepIn", granularity="instruction")
        here, caller = {"expression": "x", "frameId": 1}, {"expression": "a", "frameId": 2}
        assert client.ask("evaluate", **here, context="hover")["result"] == "41"
        assert "lies nowhere" in client.refused("setExpression", **caller, value="1")
        assert "lies nowhere" in client.refused("setExpression", **here, value="1")
        assert "lies nowhere" in client.ask("dataBreakpointInfo", name="a", frameId=2)["description"]
        assert "lies nowhere" in client.ask("dataBreakpointInfo", name="x", frameId=1)["description"]
    with Client() as client:
        client.begin(stopOnEntry=True)
        client.ask("evaluate", expression="goto 5", context="repl")
        client.event("stopped")
        info = client.ask("dataBreakpointInfo", name="packet", frameId=1)
        address = client.ask("evaluate", expression="packet", context="hover")["memoryReference"]
        assert (info["dataId"], info["canPersist"]) == (f"packet @ {address}+32", False)
        client.ask("setDataBreakpoints", breakpoints=[{"dataId": info["dataId"]}])
        assert client.move("continue")["reason"] == "data breakpoint"


def test_what_was_sent_can_be_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "_MOST", 2)
    with Client() as client:
        client.begin(COUNTS)
        scopes = {each["name"]: each["variablesReference"] for each in client.ask("scopes", frameId=1)["scopes"]}
        registers = scopes["Registers"]
        assert "no variable r7" in client.refused("setVariable", variablesReference=registers, name="r7", value="7")
        sent = client.ask("variables", variablesReference=registers, start=7, count=1)["variables"]
        assert [each["name"] for each in sent] == ["r7"]
        changed = client.ask("setVariable", variablesReference=registers, name="r7", value="0x11")
        assert changed["value"] == "17"
        layers = client.ask("variables", variablesReference=scopes["Packet"], start=1, count=1)["variables"]
        ip = layers[0]["variablesReference"]
        # What is answered is what stands there then; and a second change keeps the first.
        client.ask("variables", variablesReference=ip, start=0, count=2)
        monkeypatch.setattr(inspection, "_MOST", 1000)
        answer = client.ask("setVariable", variablesReference=ip, name="protocol", value="0x6")
        assert answer == {"value": "TCP"}
        client.ask("setVariable", variablesReference=ip, name="TTL", value="9")
        found = client.ask("variables", variablesReference=ip)["variables"]
        values = {each["name"]: each["value"] for each in found}
        assert (values["protocol"], values["TTL"]) == ("TCP", "9")


def test_a_pause_stands_still_within_a_run(tmp_path: Path) -> None:
    # Some 30 million steps, which nothing stops.
    (tmp_path / "long.o").write_bytes(long_loop(66_000))
    with Client() as client:
        client.ask("initialize", adapterID="bpftui")
        client.ask("launch", object=str(tmp_path / "long.o"), program="prog", data=LONG_PACKET.hex(), stopOnEntry=True)
        client.event("initialized")
        client.ask("configurationDone")
        assert client.event("stopped")["reason"] == "entry"
        client.ask("continue", threadId=1)
        client.ask("pause", threadId=1)
        # The pause came while it ran, or before it did: either way it is no end.
        reasons = [each["body"]["reason"] for each in client.messages if each.get("event") == "stopped"]
        assert reasons == ["entry", "pause"]
        assert client.where[0] == "prog()"
        client.ask("disconnect")
    assert client.is_well


def test_what_each_run_prints_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "two.pcap").write_bytes(pcap([(0, bytes(60)), (1000, bytes(60))]))
    with Client() as client:
        client.begin(object="tests/objects/prints.o", program="twice", data=None, pcap=str(tmp_path / "two.pcap"))
        assert client.output() == ["first of two\n", "hello 42\n"]
        client.move("continue")
        assert client.output() == ["first of two\n", "hello 42\n"] * 2
        client.ask("disconnect")


def test_what_listens_keeps_no_process_from_ending() -> None:
    """A client may leave its end of a stream open for good."""
    with Client() as client:
        client.ask("initialize")
        others = [each for each in threading.enumerate() if each is not threading.main_thread()]
        assert [each.name for each in others if not each.daemon] == []
        assert len(others) >= 2
