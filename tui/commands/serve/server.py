"""What a browser is given: a page, its files, and a socket with the screen of an explorer; and to whom.

Whoever gets in has the rights of this process. There stand against:

- others on this machine, who may connect to any port: the token of the address, 256 bits, compared in constant time;
- pages of others in the same browser: a cookie that their requests do not bring (`SameSite=Strict`) and no script reads
  (`HttpOnly`), and the origin of whoever opens the socket;
- servers of others on this machine, for cookies know no ports: the cookie's path, of which they do not learn;
- names of others that lead to 127.0.0.1 (DNS rebinding): the host that is asked for;
- who connects and says nothing, again and again: `Strangers`.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, Final, cast

import textual_serve
from aiohttp import WSMsgType, web
from textual_serve.download_manager import DownloadManager

from ....core.errors import reason_of
from ....core.page import html_text
from ...roles import DARK
from ...state.journal import crash_report
from ...terminal.output import complain
from .strangers import Strangers
from .viewer import Viewer

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable, Sequence

    from ..scraping import Address

__all__ = ["Server"]

_STATIC: Final = Path(textual_serve.__file__).parent / "static"
_OWN: Final = Path(__file__).parent
_FILES: Final = {
    "textual.js": _STATIC / "js/textual.js",
    "xterm.css": _STATIC / "css/xterm.css",
    "mono.ttf": _STATIC / "fonts/RobotoMono-VariableFont_wght.ttf",
    "italic.ttf": _STATIC / "fonts/RobotoMono-Italic-VariableFont_wght.ttf",
    "page.js": _OWN / "page.js",
}
"""What the page needs: all but the script that is ours textual-serve has."""
_COLORS: Final = ("ground", "text", "bars", "faint", "link")
"""The roles of colours that the page has."""
_MOST: Final = 16
"""Explorers at a time."""
_WIDEST: Final = 1000
_HIGHEST: Final = 500
"""Cells of a screen, at most."""
_LONGEST: Final = 1 << 20
"""Bytes of what is typed, or pasted, at once."""
_HEARTBEAT: Final = 15.0
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}
"""Whatever got into the page would fetch nothing from elsewhere, and tell nobody the address."""


@dataclass(frozen=True, slots=True)
class Size:
    """A screen, in cells."""

    columns: int
    rows: int

    @classmethod
    def of(cls, columns: object, rows: object) -> Size:
        """Return what a browser asks for, within reason."""
        return cls(_within(columns, 80, _WIDEST), _within(rows, 24, _HIGHEST))


def _within(value: object, usual: int, most: int) -> int:
    """Return a number from 1 to *most*; *usual* for what is none."""
    try:
        number = int(value) if isinstance(value, int | str) else usual
    except ValueError:
        return usual
    return min(max(number, 1), most)


class Server:
    """Lets those in who have the address, and starts an explorer for each.

    Args:
        words: The arguments of the explorer.
        title: What is explored, for the title of the page.
    """

    def __init__(self, words: Sequence[str], title: str) -> None:
        self._words = words
        self._title = title
        self._token = secrets.token_urlsafe(32)
        self._cookie = secrets.token_urlsafe(32)
        self._place = secrets.token_urlsafe(16)
        """The path of all that the cookie is for."""
        self._downloads = DownloadManager()
        self._viewers: set[Viewer] = set()
        self._ended = asyncio.Event()
        self._told: set[str] = set()
        """What went wrong with the loop, and was said."""
        app = web.Application(middlewares=[self._admit])
        app.on_response_prepare.append(_add_headers)
        app.add_routes(
            [
                web.get("/", self._enter),
                web.get(f"/{self._place}/", self._page),
                web.get(f"/{self._place}/socket", self._socket),
                web.get(f"/{self._place}/{{file}}", self._file),
                web.get("/download/{key}", self._download),  # textual.js has no other place for it
            ]
        )
        self._runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=0)

    def url(self, address: Address) -> str:
        """Return the address of who may look."""
        host = f"[{address.host}]" if ":" in address.host else address.host
        return f"http://{host}:{address.port}/?token={self._token}"

    async def begin(self, listener: socket.socket) -> None:
        """Begin to answer whoever connects."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._tell)
        await self._runner.setup()
        assert self._runner.server is not None
        self._strangers = Strangers(self._runner.server)
        self._listening = await loop.create_server(self._strangers.protocol, sock=listener)

    async def run(self) -> None:
        """Answer until the end; then end the explorers."""
        await self._ended.wait()
        self._listening.close()
        await asyncio.gather(*(each.stop() for each in self._viewers))
        await self._runner.cleanup()

    def end(self) -> None:
        """Let `run` come to its end; called in the thread of the loop."""
        self._ended.set()

    def _tell(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Say once, in a sentence, what went wrong beside all requests, as where there is no descriptor left."""
        error = context.get("exception")
        what = str(context["message"])
        if what in self._told:
            return
        self._told.add(what)
        if isinstance(error, OSError):
            complain(f"who connects may have to wait: {reason_of(error)}")
        elif isinstance(error, Exception):
            complain(crash_report(error, "bpftui serve"))
        else:
            complain(what)

    @web.middleware
    async def _admit(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Answer those only who ask this machine, and have the token or the cookie that was given for it."""
        name, port = _name_and_port(request.host)
        if not _is_loopback(name):
            return _refusal("this is asked for by a name that is not this machine's: 127.0.0.1 or localhost")
        if request.path == "/":
            is_known = _same(request.query.get("token", ""), self._token)
        else:
            is_known = _same(request.cookies.get(_cookie_name(port), ""), self._cookie)
        if is_known:
            self._strangers.admit(request.protocol)
        elif not request.path.startswith("/download/"):
            # One that was used, or guessed, for what there is and for what there is not.
            return _refusal("the address that bpftui serve has printed is needed, with its token")
        try:
            return await handler(request)
        except web.HTTPException as said:
            return _refusal(said.reason, said.status)
        except Exception as error:
            return _refusal(crash_report(error, "bpftui serve"), 500)

    async def _enter(self, request: web.Request) -> web.StreamResponse:
        """Take the token for a cookie: it stands in the address bar no longer than that."""
        answer = web.Response(status=303, headers={"Location": f"/{self._place}/"})
        answer.set_cookie(
            _cookie_name(_name_and_port(request.host)[1]),
            self._cookie,
            path=f"/{self._place}/",
            httponly=True,
            samesite="Strict",
        )
        return answer

    async def _page(self, request: web.Request) -> web.StreamResponse:
        title = f"bpftui {self._title}".strip()
        page = Template((_OWN / "page.html").read_text(encoding="utf-8"))
        socket = f"ws://{request.host}/{self._place}/socket"
        colors = {role: DARK.roles[role].rgb for role in _COLORS}
        text = page.substitute(colors, title=html_text(title), socket=html_text(socket))
        return web.Response(text=text, content_type="text/html")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        path = _FILES.get(request.match_info["file"])
        return web.FileResponse(path) if path is not None else _refusal("there is no such file", 404)

    async def _download(self, request: web.Request) -> web.StreamResponse:
        """Give a file that an explorer has for its browser: who knows of its key, which is good for once."""
        key = request.match_info["key"]
        try:
            told = await self._downloads.get_download_metadata(key)
        except KeyError:
            return _refusal("there is no such file, or it has been fetched", 404)
        self._strangers.admit(request.protocol)
        name = "".join(each for each in told.file_name if each.isalnum() or each in "-_. ")
        answer = web.StreamResponse(headers={"Content-Disposition": f'attachment; filename="{name}"'})
        answer.content_type = "application/octet-stream"
        await answer.prepare(request)
        async for chunk in self._downloads.download(key):
            await answer.write(chunk)
        return answer

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        """Start an explorer, and be between it and its browser until one of them ends."""
        if request.headers.get("Origin") != f"http://{request.host}":
            return _refusal("the page that asks is not one of this server's")
        socket = web.WebSocketResponse(heartbeat=_HEARTBEAT, max_msg_size=_LONGEST)
        await socket.prepare(request)
        if len(self._viewers) >= _MOST or self._ended.is_set():
            await socket.send_bytes(b"\r\n%d explorers are open: none is begun until one of them ends" % _MOST)
            await socket.close()
            return socket
        viewer = Viewer(self._words, socket, self._downloads)
        self._viewers.add(viewer)
        size = Size.of(request.query.get("width"), request.query.get("height"))
        try:
            await viewer.start(size.columns, size.rows)
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    await _hand_on(cast("str", message.data), viewer, socket)
        finally:
            await viewer.stop()
            self._viewers.discard(viewer)
        return socket


async def _hand_on(text: str, viewer: Viewer, socket: web.WebSocketResponse) -> None:
    """Hand on what a browser says; what is of another form is for nobody."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return
    match message:
        case ["stdin", str(typed)]:
            await viewer.send_bytes(typed.encode(errors="replace"))
        case ["resize", {"width": columns, "height": rows}]:
            size = Size.of(columns, rows)
            await viewer.set_terminal_size(size.columns, size.rows)
        case ["ping", str(mark)]:
            await socket.send_json(["pong", mark])
        case ["blur", *_]:
            await viewer.blur()
        case ["focus", *_]:
            await viewer.focus()
        case _:
            pass


def _same(given: str, own: str) -> bool:
    """Whether they are the same, in a time that does not tell how much of it is."""
    return hmac.compare_digest(given.encode(errors="surrogateescape"), own.encode())


def _name_and_port(host: str) -> tuple[str, str]:
    """Return the name in what a request has as its host, and the port, which need not stand there (RFC 9110, 7.2)."""
    name, colon, port = host.rpartition(":")
    return (name, port) if colon and port.isascii() and port.isdecimal() else (host, "80")


def _is_loopback(name: str) -> bool:
    """Whether a request is to this machine by a name that nobody gives away; the port a tunnel may change."""
    try:
        if name.startswith("[") and name.endswith("]"):
            return ipaddress.IPv6Address(name[1:-1]).is_loopback and "%" not in name
        return name == "localhost" or ipaddress.IPv4Address(name).is_loopback
    except ValueError:
        return False


def _cookie_name(port: str) -> str:
    """Return the name of the cookie: two servers of one machine have different ones."""
    return f"bpftui-{port}"


def _refusal(sentence: str, status: int = 403) -> web.Response:
    return web.Response(status=status, text=f"bpftui: {sentence}\n")


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)
