"""The debugger as editors see it: what is answered and told, on the shipped counter and on what is wrong."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.dap.client import TRAFFIC, Client

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
        instruction = {"instructionReference": rows[2]["address"], "offset": 0}
        assert client.ask("setInstructionBreakpoints", breakpoints=[instruction])["breakpoints"][0]["verified"]
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
            {"label": "total_packets", "start": 0, "length": 7}
        ]
        assert client.ask("evaluate", expression="info registers", context="repl")["result"].startswith("r0 ")
        assert client.ask("evaluate", expression="1 + 2", context="repl")["result"] == "3"
        assert client.ask("loadedSources")["sources"][0]["name"] == "traffic.c"
        assert client.ask("restart") == {}
        assert client.event("stopped")["reason"] == "breakpoint"
        assert client.ask("evaluate", expression="total_packets", context="watch")["result"] == "0"


def test_a_fault_is_an_exception() -> None:
    with Client() as client:
        stop = client.begin(object="tests/objects/bad_null.o", program="bad_null")
        assert stop["reason"] == "exception"
        info = client.ask("exceptionInfo", threadId=1)
        assert (info["exceptionId"], info["breakMode"]) == ("fault", "always")
        assert stop["text"] == info["description"]
        assert "read of 8 bytes at 0x0" in stop["text"]
        assert client.move("stepBack", granularity="instruction")["reason"] == "step"
        assert "nothing has stopped" in client.refused("exceptionInfo", threadId=1)


def test_what_the_machine_lacks_is_answered() -> None:
    with Client() as client:
        stop = client.begin(object="tests/objects/not_here.o", program="other_kernel")
        assert stop["reason"] == "exception"
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
        client._out.close()  # pyright: ignore[reportPrivateUsage]
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
