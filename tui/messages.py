"""What the workers tell the screen: one immutable message for each thing that happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from ..core.live.monitor import Observation
    from ..core.maps.journal import Edit
    from ..core.runtime import Entry, Link
    from .nodes import Node

__all__ = ["Attached", "Detached", "Failed", "GivenUp", "Loaded", "Loading", "Looked", "MapEdited", "Sampled"]


class Loading(Message):
    """A program is about to be loaded.

    Args:
        number: Which of them, from 1.
        total: How many there are.
        program: Its name.
    """

    def __init__(self, number: int, total: int, program: str) -> None:
        super().__init__()
        self.number = number
        self.total = total
        self.program = program


class GivenUp(Message):
    """A load or an attachment was given up by its user: it is as it was before.

    Args:
        text: One sentence: what, and how far it was.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class Loaded(Message):
    """The collection is loaded.

    Args:
        seconds: How long it took.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


class Looked(Message):
    """It is known where what others have loaded is attached now, and who has it.

    Args:
        error: Why it is not; None where it is.
    """

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.error = error


class Attached(Message):
    """A program is attached.

    Args:
        link: The attachment.
        text: `program → target`.
        detach_after: Seconds until it is to be detached by itself; None for never.
    """

    def __init__(self, link: Link, text: str, detach_after: int | None = None) -> None:
        super().__init__()
        self.link = link
        self.text = text
        self.detach_after = detach_after


class Detached(Message):
    """Attachments have ended.

    Args:
        links: The attachments.
        texts: `program → target` of each.
    """

    def __init__(self, links: tuple[Link, ...], texts: tuple[str, ...]) -> None:
        super().__init__()
        self.links = links
        self.texts = texts


class MapEdited(Message):
    """An entry of a map was changed.

    Args:
        action: `set`, `add`, `delete`, `undo` or `redo`.
        edit: What was done, or taken back.
        now: The entry as it is now; None where it is gone.
    """

    def __init__(self, action: str, edit: Edit, now: Entry | None) -> None:
        super().__init__()
        self.action = action
        self.edit = edit
        self.now = now


class Failed(Message):
    """Something that was asked for did not work.

    Args:
        action: What was tried: `load`, `attach`, …
        error: Why not.
        node: Where it can be seen or mended, if anywhere.
        tab: The tab that shows it there; empty for the one in which the node is at home.
    """

    def __init__(self, action: str, error: Exception, node: Node | None = None, tab: str = "") -> None:
        super().__init__()
        self.action = action
        self.error = error
        self.node = node
        self.tab = tab


class Sampled(Message):
    """A sample was taken.

    Args:
        observation: What it brought.
    """

    def __init__(self, observation: Observation) -> None:
        super().__init__()
        self.observation = observation
