"""`bpftui serve`: who gets in, and the explorer in a browser."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import re
import select
import signal
import socket
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import pytest

from bpftui.core.errors import FeatureError, UsageError
from bpftui.tui.commands.serve.command import explorer_words, run
from tests.browser import browser
from tests.tui.commands.command_line import COMMAND, ROOT, bpftui, user_environment
from tests.waiting import PATIENCE, wait_for

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

TRAFFIC = ROOT / "bpf" / "traffic.o"
needs_extra = pytest.mark.skipif(find_spec("textual_serve") is None, reason="textual-serve (an extra) is not installed")


@dataclass(frozen=True)
class Served:
    """A server, and the address that it has printed."""

    process: subprocess.Popen[str]
    url: str

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def entrance(self) -> str:
        """The path with the token."""
        return self.url.removeprefix(f"http://{self.host}")

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
        """Ask for a path; return the status, the headers and the text."""
        connection = http.client.HTTPConnection("127.0.0.1", int(self.host.rpartition(":")[2]), timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode(errors="replace")

    def enter(self) -> tuple[str, str]:
        """Return the place behind the token, and the cookie for it."""
        _, headers, _ = self.get(self.entrance)
        return headers["Location"], headers["Set-Cookie"].partition(";")[0]


@contextlib.contextmanager
def served(*arguments: str) -> Generator[Served]:
    """Run a server to the end of the context."""
    process = subprocess.Popen(
        [*COMMAND, "serve", "--runtime", "vm", *arguments, str(TRAFFIC)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=user_environment(),
    )
    try:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], PATIENCE)[0]
        yield Served(process, process.stdout.readline().strip())
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


@pytest.fixture(scope="module")
def server() -> Generator[Served]:
    with served() as found:
        yield found


def explorers(server: Served) -> list[int]:
    """Return the processes that a server has started."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    return [int(each) for each in children.read_text().split()]


@needs_extra
@pytest.mark.parametrize("path", ["/", "/?token=", "/?token=%ff%00", "/page/", "/page/socket", "/static/js/textual.js"])
def test_without_the_token_nothing_is_to_be_had(server: Served, path: str) -> None:
    status, _, text = server.get(path)
    assert (status, text) == (403, "bpftui: the address that bpftui serve has printed is needed, with its token\n")


@needs_extra
def test_the_token_is_taken_for_a_cookie_that_no_script_reads_and_no_other_page_brings(server: Served) -> None:
    status, headers, _ = server.get(server.entrance)
    place = headers["Location"]
    assert status == 303
    assert re.fullmatch(r"/[\w-]{22}/", place)
    cookie = re.fullmatch(r"(bpftui-\d+=[\w-]{43}); HttpOnly; Path=(/[\w-]+/); SameSite=Strict", headers["Set-Cookie"])
    assert cookie is not None
    assert cookie[2] == place
    assert server.url.partition("token=")[2] not in headers["Set-Cookie"]
    assert server.get(place, Cookie=cookie[1])[0] == 200
    assert server.get(place)[0] == 403
    assert server.get(place, Cookie=f"{cookie[1][:-1]}~")[0] == 403
    assert server.get(f"{place}nothing", Cookie=cookie[1])[0] == 404


@needs_extra
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:80",
        "127.0.0.1.evil.example",
        "[::2]:1",
        "[::1%x]",
        "::1",
        "127.1",
        "localhost:\xd9\xa1",
        "",
        ":80",
    ],
)
def test_another_name_for_this_machine_is_refused(server: Served, host: str) -> None:
    status, headers, text = server.get(server.entrance, Host=host)
    assert status in (400, 403)
    assert "Set-Cookie" not in headers
    assert "not this machine's" in text or status == 400


@needs_extra
@pytest.mark.parametrize(
    ("host", "cookie"),
    [
        ("127.0.0.1", "bpftui-80"),
        ("localhost:8000", "bpftui-8000"),
        ("[::1]", "bpftui-80"),
        ("[::1]:8000", "bpftui-8000"),
        ("127.0.0.5:8000", "bpftui-8000"),
    ],
)
def test_this_machine_has_a_name_with_a_port_or_without(server: Served, host: str, cookie: str) -> None:
    status, headers, _ = server.get(server.entrance, Host=host)
    assert status == 303
    place, given = headers["Location"], headers["Set-Cookie"].partition(";")[0]
    assert given.startswith(f"{cookie}=")
    assert server.get(place, Host=host, Cookie=given)[0] == 200


@needs_extra
def test_whatever_address_is_listened_at_answers() -> None:
    with served("--listen", "127.0.0.5:0") as found:
        assert found.url.startswith("http://127.0.0.5:")
        with contextlib.closing(http.client.HTTPConnection(found.host, timeout=PATIENCE)) as connection:
            connection.request("GET", found.entrance)
            assert connection.getresponse().status == 303


@needs_extra
@pytest.mark.parametrize("origin", ["http://127.0.0.1:1", "http://evil.example", "null", None])
def test_the_socket_is_for_the_page_of_this_server(server: Served, origin: str | None) -> None:
    place, cookie = server.enter()
    before = explorers(server)
    key = {"Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec_WebSocket_Version": "13"}
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", **key}
    given = {} if origin is None else {"Origin": origin}
    status, _, text = server.get(f"{place}socket", Cookie=cookie, **upgrade, **given)
    assert (status, text) == (403, "bpftui: the page that asks is not one of this server's\n")
    assert explorers(server) == before


@needs_extra
def test_the_page_and_its_files_are_all_that_is_fetched(server: Served) -> None:
    place, cookie = server.enter()
    status, headers, text = server.get(place, Cookie=cookie)
    assert status == 200
    assert f"<title>bpftui {TRAFFIC}</title>" in text
    assert "default-src 'none'; script-src 'self';" in headers["Content-Security-Policy"]
    assert (headers["Referrer-Policy"], headers["Cache-Control"]) == ("no-referrer", "no-store")
    named = re.findall(r'(?:src|href)="([\w.]+)"|url\("([\w.]+)"\)', text)
    files = {one or other for one, other in named}
    assert files == {"xterm.css", "textual.js", "page.js", "mono.ttf", "italic.ttf"}
    assert {server.get(f"{place}{name}", Cookie=cookie)[0] for name in files} == {200}
    assert re.findall(r"\w*://.*", text) == [f'ws://{server.host}{place}socket" data-font-size="15"></div>']


@needs_extra
async def test_an_explorer_for_each_socket_which_ends_with_it_and_nonsense_is_for_nobody(server: Served) -> None:
    import aiohttp

    place, cookie = server.enter()
    headers = {"Cookie": cookie, "Origin": f"http://{server.host}"}
    before = len(explorers(server))
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(f"http://{server.host}{place}socket?width=x&height=999999", headers=headers) as one,
    ):
        first = await one.receive_bytes(timeout=PATIENCE)
        assert first.startswith(b"\x1b[?1049h")
        assert len(explorers(server)) == before + 1
        for nonsense in ("", "[", "[" * 100_000, "{}", "[]", '["stdin"]', '["stdin", 5]', '["resize", {"width": 1}]'):
            await one.send_str(nonsense)
        await one.send_str(json.dumps(["resize", {"width": 1e9, "height": -5}]))
        await one.send_bytes(b"\xff\x00")
        await one.send_str(json.dumps(["ping", "5"]))
        while (message := await one.receive(timeout=PATIENCE)).type == aiohttp.WSMsgType.BINARY:
            pass
        assert message.data == '["pong", "5"]'
    assert wait_for(lambda: len(explorers(server)) == before)


@needs_extra
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_the_explorers_end_with_the_server(number: signal.Signals) -> None:
    with served() as server:
        place, cookie = server.enter()
        port = int(server.host.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
            lines = [
                f"GET {place}socket HTTP/1.1",
                *(f"Host: {server.host}", f"Origin: http://{server.host}", f"Cookie: {cookie}"),
                *("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"),
                *("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", ""),
            ]
            connection.sendall("\r\n".join(lines).encode())
            shown = b""
            while b"1049h" not in shown:
                more = connection.recv(65536)
                assert more, shown  # it has ended
                shown += more
            (explorer,) = explorers(server)
            server.process.send_signal(number)
            assert server.process.wait(PATIENCE) == (-9 if number == signal.SIGKILL else 130)
        assert wait_for(lambda: not os.path.exists(f"/proc/{explorer}"))


@needs_extra
async def test_no_more_explorers_than_there_is_room_for_and_a_title_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    import aiohttp

    from bpftui.tui.commands.scraping import Address
    from bpftui.tui.commands.serve import server as module

    monkeypatch.setattr(module, "_MOST", 0)
    hostile = module.Server(["--read-only"], "<script>\x1b$x")
    listener = socket.create_server(("127.0.0.1", 0))
    await hostile.begin(listener)
    running = asyncio.create_task(hostile.run())
    address = Address("127.0.0.1", listener.getsockname()[1])
    jar = aiohttp.CookieJar(unsafe=True)  # of an address, as browsers keep it
    async with aiohttp.ClientSession(cookie_jar=jar) as client:
        async with client.get(hostile.url(address)) as answer:
            page = str(answer.url)
            assert r"<title>bpftui &lt;script&gt;\x1b$x</title>" in await answer.text()
        origin = {"Origin": f"http://127.0.0.1:{address.port}"}
        async with client.ws_connect(f"{page}socket", headers=origin) as full:
            assert await full.receive_bytes() == b"\r\n0 explorers are open: none is begun until one of them ends"
            assert (await full.receive()).type == aiohttp.WSMsgType.CLOSE
    hostile.end()
    await running


@contextlib.asynccontextmanager
async def served_here(words: tuple[str, ...] = ("--read-only",), title: str = "") -> AsyncGenerator[tuple[str, int]]:
    """Run a server in this process to the end of the context; yield the path with its token, and its port."""
    from bpftui.tui.commands.scraping import Address
    from bpftui.tui.commands.serve.server import Server

    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = Server(words, title)
        await found.begin(listener)
        running = asyncio.create_task(found.run())
        address = Address("127.0.0.1", listener.getsockname()[1])
        try:
            yield found.url(address).removeprefix(f"http://127.0.0.1:{address.port}"), address.port
        finally:
            found.end()
            await running


async def asked(stream: tuple[asyncio.StreamReader, asyncio.StreamWriter], path: str) -> bytes:
    """Ask for a path on a connection that stays open; return the first line of the answer."""
    reader, writer = stream
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
    length = re.search(rb"(?i)content-length: (\d+)", head)
    await reader.readexactly(int(length[1]) if length else 0)
    return head.partition(b"\r\n")[0]


async def ended(reader: asyncio.StreamReader) -> bool:
    """Wait until a connection is ended by the other side."""
    try:
        return await asyncio.wait_for(reader.read(), PATIENCE) == b""
    except ConnectionResetError:
        return True


@needs_extra
async def test_of_many_who_say_nothing_the_oldest_goes_and_nobody_is_kept_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from bpftui.tui.commands.serve import strangers

    monkeypatch.setattr(strangers, "_MOST", 3)
    monkeypatch.setattr(strangers, "_PATIENCE", 3600.0)
    async with served_here() as (entrance, port):
        silent: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        admitted = await asyncio.open_connection("127.0.0.1", port)
        assert await asked(admitted, entrance) == b"HTTP/1.1 303 See Other"
        for _ in range(5):
            stream = await asyncio.open_connection("127.0.0.1", port)
            stream[1].write(b"GET / HTTP/1.1\r\n")
            silent.append(stream)
        assert [await ended(reader) for reader, _ in silent[:2]] == [True, True]
        assert not any(reader.at_eof() for reader, _ in silent[2:])
        newest = await asyncio.open_connection("127.0.0.1", port)
        assert await asked(newest, entrance) == b"HTTP/1.1 303 See Other"
        assert await ended(silent[2][0])
        assert await asked(admitted, entrance) == b"HTTP/1.1 303 See Other"  # the oldest of all, and no stranger
        silent[3][1].close()
        for _, writer in (*silent, admitted, newest):
            writer.close()


@needs_extra
async def test_who_does_not_show_the_token_in_time_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    from bpftui.tui.commands.serve import strangers

    monkeypatch.setattr(strangers, "_PATIENCE", 3600.0)
    async with served_here() as (entrance, port):
        admitted = await asyncio.open_connection("127.0.0.1", port)
        assert await asked(admitted, entrance) == b"HTTP/1.1 303 See Other"
        refused = await asyncio.open_connection("127.0.0.1", port)
        monkeypatch.setattr(strangers, "_PATIENCE", 0.05)
        silent = await asyncio.open_connection("127.0.0.1", port)
        assert await ended(silent[0])
        assert await asked(refused, "/?token=x") == b"HTTP/1.1 403 Forbidden"
        assert await asked(admitted, entrance) == b"HTTP/1.1 303 See Other"
        for _, writer in (admitted, refused, silent):
            writer.close()


@needs_extra
async def test_that_there_is_no_descriptor_left_is_one_sentence(capfd: pytest.CaptureFixture[str]) -> None:
    async with served_here():
        told = {"message": "socket.accept() out of system resource", "exception": OSError(24, "Too many open files")}
        for _ in range(2):  # as asyncio does each second
            asyncio.get_running_loop().call_exception_handler(told)
    assert capfd.readouterr() == ("", "bpftui: who connects may have to wait: too many open files\n")
    asyncio.get_running_loop().set_exception_handler(None)


@needs_extra
async def test_an_end_that_is_begun_is_waited_for_though_who_began_it_is_cancelled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from bpftui.tui.commands.serve import viewer as module

    class Socket:
        async def send(self, _: object) -> None:
            pass

        send_bytes = send_str = send

        async def close(self) -> None:
            pass

    class Stubborn(module.Viewer):
        async def _open_app_process(self, width: int = 80, height: int = 24) -> asyncio.subprocess.Process:
            pipe = subprocess.PIPE
            self._process = await asyncio.create_subprocess_exec("sleep", "1000", stdin=pipe, stdout=pipe, stderr=pipe)
            self._stdin = self._process.stdin
            return self._process

    monkeypatch.setattr(module, "_GRACE", 0.05)
    from textual_serve.download_manager import DownloadManager

    viewer: Any = Stubborn([], cast("Any", Socket()), DownloadManager())
    await viewer.stop()  # before it has begun there is nothing to end
    await viewer.start(80, 24)
    first = asyncio.create_task(viewer.stop())
    await asyncio.sleep(0)
    first.cancel()
    await viewer.stop()
    assert viewer._process.returncode == -signal.SIGKILL
    assert first.cancelled()


@needs_extra
async def test_in_a_browser(tmp_path: Path) -> None:
    with served() as server:
        async with browser(tmp_path / "profile") as found:
            page = await found.open()
            await page.go(f"http://{server.host}/")
            await page.until_said("the address that bpftui serve has printed is needed, with its token")
            await page.go(server.url)
            await page.until(lambda text: "count_traffic xdp" in text and "? Help" in text)
            assert await page.evaluate("location.search") == ""  # the token does not stand there
            await page.press("2")
            await page.until(lambda text: "w1 = 0" in text and "traffic.c:182" in text)
            await page.press("?")
            await page.until(lambda text: "Help: Code › count_traffic" in text)
            await page.press("escape")
            await page.until(lambda text: "Help:" not in text)  # an escape and a letter at once are alt and that letter
            await page.press("3")
            await page.until(lambda text: ".rodata" in text and "w1 = 0" not in text)
            other = await found.open()
            await other.go(server.url)
            await other.until(lambda text: "1 Overview" in text and "instructions" in text)  # at its own place
            assert "w1 = 0" not in await page.text()  # where the first one is nothing has changed
            assert len(explorers(server)) == 2
            asked = [urlsplit(url) for url in page.requests + other.requests]
            assert {(each.scheme, each.netloc) for each in asked} == {("http", server.host), ("ws", server.host)}
            server.process.terminate()
            assert server.process.wait(PATIENCE) == 130
            await page.until_said("The explorer has ended. Begin again")


@pytest.mark.parametrize(
    ("given", "started"),
    [
        (["a.o"], ["--read-only", "a.o"]),
        (["--listen", "8000", "a.o"], ["--read-only", "a.o"]),
        (["a.o", "--listen=8000", "--read-only"], ["--read-only", "a.o"]),
        (["--allow-changes", "a.o", "--set", "x=1"], ["a.o", "--set", "x=1"]),
        (["--", "--listen"], ["--read-only", "--", "--listen"]),
        ([], ["--read-only"]),
    ],
)
def test_the_explorer_changes_nothing_of_others_unless_it_is_said(given: list[str], started: list[str]) -> None:
    assert explorer_words(given) == started


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--listen", "0.0.0.0:80"], "other machines reach this address"),
        (["--listen", "[::]:80"], "other machines reach this address"),
        (["--listen", "192.0.2.1:80"], "other machines reach this address"),
        (["--listen", "abc"], "--listen 'abc' is not of the form [ADDRESS:]PORT"),
        (["--listen", "99999"], "--listen '99999': the last port is 65535"),
        (["-"], "standard input can be read once"),
        (["--read-only", "--allow-changes"], "say the opposite of each other"),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
    ],
)
def test_what_is_wrong_is_said_at_once(words: list[str], sentence: str) -> None:
    assert sentence in bpftui("serve", *words).refused(2)


@pytest.mark.parametrize("name", ["/nope.o", "/nope.o#2"])
def test_a_file_that_is_not_there_is_not_served(name: str) -> None:
    assert bpftui("serve", TRAFFIC, "id:1", name).refused(1) == "/nope.o: there is no such file"


@needs_extra
def test_a_port_that_is_taken_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = bpftui("serve", "--listen", str(port)).refused(2)
    assert said.startswith(f"nobody can listen at 127.0.0.1:{port}: ")
    assert "address already in use" in said


def test_it_is_an_extra_and_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bpftui.tui.commands.serve.command.find_spec", lambda _name: None)
    with pytest.raises(FeatureError, match="serve takes textual-serve, which is not installed") as raised:
        run([])
    assert raised.value.hint == "pip install textual-serve: it is the extra serve"
    with pytest.raises(UsageError):  # what is wrong with the words comes first
        run(["--nonsense"])
