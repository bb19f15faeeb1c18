"""Adapter: answers the requests of one client, one after the other."""

from __future__ import annotations

import threading
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final

from ..errors import BpftuiError, GivenUpError, UsageError, nearest
from ..threads import start_thread
from .arguments import Arguments
from .connection import MessageError, StreamError
from .debugging import COMMANDS, FAULT, Debugging

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .connection import Connection
    from .debugging import Answer, Handler
    from .launch import Launch


__all__ = ["Adapter"]

_CAPABILITIES: Final = {
    "supportsConfigurationDoneRequest": True,
    "supportsFunctionBreakpoints": True,
    "supportsConditionalBreakpoints": True,
    "supportsHitConditionalBreakpoints": True,
    "supportsLogPoints": True,
    "supportsDataBreakpoints": True,
    "supportsInstructionBreakpoints": True,
    "supportsBreakpointLocationsRequest": True,
    "supportsStepBack": True,
    "supportsSteppingGranularity": True,
    "supportsEvaluateForHovers": True,
    "supportsSetVariable": True,
    "supportsSetExpression": True,
    "supportsCompletionsRequest": True,
    "supportsExceptionInfoRequest": True,
    "supportsLoadedSourcesRequest": True,
    "supportsDisassembleRequest": True,
    "supportsReadMemoryRequest": True,
    "supportsWriteMemoryRequest": True,
    "supportsRestartRequest": True,
    "supportsTerminateRequest": True,
    "exceptionBreakpointFilters": [
        {
            "filter": FAULT,
            "label": "Instructions that cannot be executed",
            "description": "Stands before what stops a run: a bad access, what the machine lacks, too many steps",
            "default": True,
        }
    ],
}
_ENDS: Final = ("disconnect", "terminate")
"""Requests for which the run that is under way is given up."""
_GRACE: Final = 5.0
"""Seconds in which it may come to its end by itself: a client may send at once all that it wants."""


class Adapter:
    """Debugs for a client what it has launched.

    Args:
        connection: The client.
        launch: Makes of the arguments of its `launch` what is to be debugged; it may raise any BpftuiError.
    """

    def __init__(self, connection: Connection, launch: Callable[[Mapping[str, Any]], Launch]) -> None:
        self._connection = connection
        self._open = launch
        self._handlers: dict[str, Handler] = {
            "initialize": self._initialize,
            "launch": self._launch,
            "configurationDone": self._configured,
            "disconnect": self._disconnect,
            "terminate": self._terminate,
        }
        self._is_initialized = False
        self._is_from_one = self._columns_from_one = True
        self._launch_arguments: Mapping[str, Any] = {}
        self._debugging: Debugging | None = None
        self._then: list[Callable[[], object]] = []
        """What is done once the request is answered."""
        self._is_over = False
        self._left = threading.Event()
        """Set once nothing is debugged any more."""

    def run(self) -> bool:
        """Answer requests until the client leaves; return whether it left as it should, and not in a broken stream.

        Raises:
            NoThreadError: There can be no thread that listens while something is under way.
        """
        messages: SimpleQueue[dict[str, Any] | BpftuiError | None] = SimpleQueue()
        listener = threading.Thread(target=self._listen, args=(messages,), daemon=True)
        start_thread(listener)
        is_well = True
        try:
            with suppress(BrokenPipeError, ConnectionError):
                while not self._is_over and (message := messages.get()) is not None:
                    if isinstance(message, BpftuiError):
                        self._say(message.message, "stderr")
                        is_well = not isinstance(message, StreamError)
                        if not is_well:
                            break
                        continue
                    self._take(message)
        finally:
            self._close()
            if self._connection.hang_up is not None:
                with suppress(OSError):  # the client has gone already
                    self._connection.hang_up()
                listener.join()
        return is_well

    def _listen(self, messages: SimpleQueue[dict[str, Any] | BpftuiError | None]) -> None:
        """Read messages as they come; whatever ends that, who waits for them is told."""
        try:
            self._read(messages)
        finally:
            self._pass_on(messages, None, "disconnect")

    def _read(self, messages: SimpleQueue[dict[str, Any] | BpftuiError | None]) -> None:
        """Read messages until there are no more."""
        while True:
            try:
                message = self._connection.read()
            except MessageError as error:
                messages.put(error)
                continue
            except StreamError as error:
                messages.put(error)
                return
            except (OSError, ValueError):  # the stream was closed
                return
            if message is None:
                return
            self._pass_on(messages, message, message.get("command"))

    def _pass_on(
        self,
        messages: SimpleQueue[dict[str, Any] | BpftuiError | None],
        message: dict[str, Any] | None,
        command: object,
    ) -> None:
        """Pass a message on, and have what is under way stand still for it.

        That is within a run for a pause or a new beginning; for an end it is between two, and then it is given up.
        """
        if self._debugging is not None and command in ("pause", "restart", *_ENDS):
            self._debugging.session.pausing.set()
            if command not in _ENDS:
                self._debugging.session.halting.set()
        messages.put(message)
        if command in _ENDS and not self._left.wait(_GRACE) and self._debugging is not None:
            self._debugging.giving_up.set()

    def _take(self, message: dict[str, Any]) -> None:
        """Do what a message asks for."""
        command, seq = message.get("command"), message.get("seq")
        if message.get("type") != "request" or not isinstance(command, str):
            self._say("a message is no request with a command", "stderr")
            return
        if not isinstance(seq, int):
            self._say(f"a request is without a number: its seq is no integer ({command[:60]})", "stderr")
            return
        try:
            body = self._handler(command)(Arguments(command, message.get("arguments")))
        except ConnectionError:
            raise
        except Exception as error:  # what nobody expected is an answer as well, and does not end the client's session
            self._then.clear()
            self._connection.respond(message, error=_known(error))
            return
        self._connection.respond(message, body)
        then = list(self._then)
        self._then.clear()
        for each in then:
            try:
                each()
            except (ConnectionError, GivenUpError) as error:
                if not isinstance(error, GivenUpError):
                    raise
            except Exception as error:
                self._say(_known(error).message, "stderr")

    def _handler(self, command: str) -> Handler:
        """Return what answers a request.

        Raises:
            UsageError: Nothing does, or nothing does yet.
        """
        if command in self._handlers:
            if command not in ("initialize", "disconnect") and not self._is_initialized:
                raise UsageError(f"{command} comes before initialize")
            return self._handlers[command]
        known = self._debugging.handlers if self._debugging is not None else {}
        if command in known:
            return known[command]
        if command in COMMANDS:
            raise UsageError(f"{command}: nothing has been launched yet")
        close = nearest(command, [*self._handlers, *COMMANDS])
        raise UsageError(f"there is no request {command[:60]!r}", hint=f"did you mean {close}?" if close else None)

    def _say(self, text: str, category: str = "console") -> None:
        if text:
            self._connection.event("output", {"category": category, "output": f"{text}\n"})

    # Its life

    def _initialize(self, arguments: Arguments) -> Answer:
        if self._is_initialized:
            raise UsageError("initialize comes once")
        if arguments.text("pathFormat", "path") != "path":
            raise UsageError("files are named by their paths here, not by URIs")
        self._is_from_one = arguments.flag("linesStartAt1", default=True)
        self._columns_from_one = arguments.flag("columnsStartAt1", default=True)
        self._is_initialized = True
        return _CAPABILITIES

    def _launch(self, arguments: Arguments) -> Answer:
        if self._debugging is not None:
            raise UsageError("launch comes once; restart begins anew")
        self._launch_arguments = arguments.given
        self._begin(self._open(arguments.given))
        # From here on breakpoints can be set: it is known what they are set in.
        self._then.append(lambda: self._connection.event("initialized"))
        return None

    def _begin(self, launch: Launch) -> Debugging:
        for remark in launch.remarks:
            self._say(remark, "important")
        debugging = Debugging(
            self._connection,
            launch,
            self._then,
            is_from_one=self._is_from_one,
            columns_from_one=self._columns_from_one,
        )
        self._debugging = debugging
        self._left.clear()
        self._handlers["restart"] = self._restart
        return debugging

    def _configured(self, _: Arguments) -> Answer:
        debugging = self._debugging
        if debugging is None:
            raise UsageError("configurationDone: nothing has been launched yet")
        if debugging.is_going:
            raise UsageError("configurationDone comes once")
        self._then.append(debugging.start)
        return None

    def _restart(self, arguments: Arguments) -> Answer:
        before = self._debugging
        assert before is not None
        given = arguments.part("arguments").given if "arguments" in arguments.given else self._launch_arguments
        try:
            debugging = self._begin(self._open(given))
        finally:
            # Where it fails what there was goes on, and nothing is to stand still any more.
            before.session.pausing.clear()
            before.session.halting.clear()
        before.session.close()
        self._launch_arguments = given
        debugging.take_over(before)
        self._then.append(debugging.start)
        return None

    def _terminate(self, _: Arguments) -> Answer:
        self._close()
        self._then.append(lambda: self._connection.event("terminated"))
        return None

    def _disconnect(self, _: Arguments) -> Answer:
        self._is_over = True
        return None

    def _close(self) -> None:
        self._left.set()
        if self._debugging is not None:
            self._debugging.session.close()


def _known(error: Exception) -> BpftuiError:
    """Return an error as one that says itself what is wrong."""
    if isinstance(error, BpftuiError):
        return error
    return BpftuiError(f"a fault of bpftui itself: {type(error).__name__}: {error}")
