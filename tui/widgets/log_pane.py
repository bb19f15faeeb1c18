"""LogPane: the session's messages, and above them the verifier's log when it said no."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from .log_view import LogView
from .message_view import MessageView

if TYPE_CHECKING:
    from textual.app import ComposeResult

__all__ = ["LogPane"]


class LogPane(Vertical):
    """The log of the last load that failed takes most of the room; without one the messages have all of it."""

    DEFAULT_CSS = """
    LogPane {
        & .log-title { height: auto; max-height: 3; background: $panel; padding: 0 1; }
        & LogView { height: 1fr; }
        & MessageView { height: 1fr; }
        & .verifier { display: none; }
        &.-refused .verifier { display: block; }
        &.-refused MessageView { height: 5; }
    }
    """

    def compose(self) -> ComposeResult:
        """Compose both logs with their titles."""
        yield Static(id="verifier-title", classes="log-title verifier")
        yield LogView(classes="verifier")
        yield Static(Content.styled("Messages of this session", "bold"), classes="log-title")
        yield MessageView()

    def add(self, text: str) -> None:
        """Add a message."""
        self.query_one(MessageView).add(text)

    def show_verifier(self, program: str, sentence: str, log: str) -> None:
        """Show the verifier's log, with the cursor on the cause."""
        self.query_one("#verifier-title", Static).update(
            Content.assemble((f"✗ {program}  ", "bold $text-error"), sentence)
        )
        self.add_class("-refused")
        self.query_one(LogView).log_text = log

    def forget_verifier(self) -> None:
        """Leave the room to the messages."""
        self.remove_class("-refused")
