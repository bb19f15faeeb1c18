"""A headless Chromium that is told what to do by the Chrome DevTools Protocol, over the websocket of aiohttp."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any, Final

import pytest

from bpftui.core.privileges import end_with_parent
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    import aiohttp

__all__ = ["Browser", "Page", "browser"]

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
_FLAGS: Final = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader", "--remote-debugging-port=0"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-extensions", "--disable-default-apps", "--no-default-browser-check", "--mute-audio"),
)
_KEEP_TERMINAL: Final = """
Object.defineProperty(Object.prototype, "fitAddon", {configurable: true, set(addon) {
  Object.defineProperty(this, "fitAddon", {value: addon, writable: true});
  window.shown = this.terminal;
}});
"""
"""Keeps xterm.js's terminal, which draws on a canvas, where its text can be read: textual.js tells nobody of it."""
_TEXT: Final = """
[...Array(window.shown?.rows ?? 0).keys()].map(
  row => window.shown.buffer.active.getLine(row + window.shown.buffer.active.viewportY).translateToString(true)
).join("\\n")
"""
KEYS: Final = {
    "enter": ("Enter", 13, "\r"),
    "tab": ("Tab", 9, ""),
    "escape": ("Escape", 27, ""),
    "down": ("ArrowDown", 40, ""),
}


class Page:
    """A tab.

    Args:
        socket: Its target's.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self.requests: list[str] = []
        """The addresses of all that it asked for."""
        self.errors: list[str] = []
        """What its console says."""

    async def begin(self) -> None:
        """Listen to what it asks for."""
        for method in ("Network.enable", "Page.enable", "Runtime.enable", "Log.enable"):
            await self.call(method)
        await self.call("Page.addScriptToEvaluateOnNewDocument", source=_KEEP_TERMINAL)

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method and return its result."""
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while True:
            message = await asyncio.wait_for(self._socket.receive_json(), PATIENCE)
            if message.get("id") == self._number:
                assert "error" not in message, message
                return message["result"]
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        match message:
            case {"method": "Network.requestWillBeSent", "params": {"request": {"url": url}}}:
                self.requests.append(url)
            case {"method": "Network.webSocketCreated", "params": {"url": url}}:
                self.requests.append(url)
            case {"method": "Log.entryAdded", "params": {"entry": {"text": text}}}:
                self.errors.append(text)
            case {"method": "Runtime.exceptionThrown", "params": {"exceptionDetails": details}}:
                self.errors.append(json.dumps(details))
            case _:
                pass

    async def go(self, url: str) -> None:
        """Open an address, as one that was typed."""
        await self.call("Page.navigate", url=url)

    async def evaluate(self, expression: str) -> Any:
        """Return what an expression of JavaScript comes to."""
        result = await self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def text(self) -> str:
        """Return what the terminal in it shows."""
        return await self.evaluate(_TEXT)

    async def until(self, holds: Callable[[str], bool], expression: str = _TEXT) -> str:
        """Wait until what the terminal shows, or what else an expression comes to, is as it should be; return it."""
        text = ""
        for _ in range(int(PATIENCE / 0.05)):
            if holds(text := await self.evaluate(expression) or ""):
                return text
            await asyncio.sleep(0.05)
        raise AssertionError(f"it never came:\n{text}\n{self.errors}")

    async def until_said(self, words: str) -> None:
        """Wait until the page itself says something."""
        await self.until(lambda text: words in text, "document.body?.innerText")

    async def press(self, *keys: str) -> None:
        """Press keys, each a character or one of `KEYS`."""
        for key in keys:
            name, code, text = KEYS.get(key, (key, 0, key))
            pressed = {"key": name, "code": name if key in KEYS else "", "windowsVirtualKeyCode": code, "text": text}
            await self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **pressed)
            await self.call("Input.dispatchKeyEvent", type="keyUp", **pressed)

    async def picture(self, path: Path) -> None:
        """Save what is to be seen."""
        path.write_bytes(base64.b64decode((await self.call("Page.captureScreenshot"))["data"]))


class Browser:
    """A browser, with nothing of anybody's in it."""

    def __init__(self, client: aiohttp.ClientSession, address: str) -> None:
        self._client = client
        self._address = address

    async def open(self) -> Page:
        """Open a tab with nothing in it."""
        async with self._client.put(f"http://{self._address}/json/new?about:blank") as answer:
            target = await answer.json()
        page = Page(await self._client.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0))
        await page.begin()
        return page


@contextlib.asynccontextmanager
async def browser(folder: Path, size: tuple[int, int] = (1200, 760)) -> AsyncGenerator[Browser]:
    """Start a browser that keeps all it has in *folder*; the test is skipped where there is none."""
    aiohttp = pytest.importorskip("aiohttp", reason="textual-serve, which brings aiohttp, is not installed")
    name = next((each for each in NAMES if shutil.which(each)), None)
    if name is None:
        pytest.skip("there is no Chromium")
    command = [name, *_FLAGS, f"--user-data-dir={folder}", f"--window-size={size[0]},{size[1]}", "about:blank"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=end_with_parent,  # noqa: PLW1509  # one system call
    )
    try:
        port = folder / "DevToolsActivePort"
        for _ in range(int(PATIENCE / 0.05)):
            if process.poll() is not None or (port.exists() and port.read_text().count("\n")):
                break
            await asyncio.sleep(0.05)
        assert process.poll() is None, "the browser has ended"
        async with aiohttp.ClientSession() as client:
            yield Browser(client, f"127.0.0.1:{port.read_text().splitlines()[0]}")
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
