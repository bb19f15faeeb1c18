"""KeyBar: the footer, with what matters most now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, runtime_checkable

from textual.style import Style
from textual.widget import Widget

from ..text.shown import assembled, plain
from .key_choice import MOST_KEYS, keys_of_bar

if TYPE_CHECKING:
    from textual import events
    from textual.app import App
    from textual.content import Content
    from textual.screen import Screen

__all__ = ["Key", "KeyBar", "NamesEnter", "NamesKeys"]


class Key(NamedTuple):
    """A key of the bar."""

    key: str
    """What is pressed, as Textual names it."""
    display: str
    description: str
    action: str
    enabled: bool
    tooltip: str


@runtime_checkable
class NamesEnter(Protocol):
    """A screen on which enter does what the button or the field says that has the keyboard."""

    def enter_key(self) -> tuple[str, bool] | None:
        """Return what enter does where the keyboard is, and whether it does so now; None for nothing."""
        ...


@runtime_checkable
class NamesKeys(Protocol):
    """A screen on which a key does the reverse of what it did before."""

    def key_name(self, binding: str) -> str | None:
        """Return what the key of a binding does now, by the binding's id; None where that is what it always does."""
        ...


class KeyBar(Widget):
    """At most eight keys, in the order in which a session needs them; all the others are in the help.

    It is one line of text, drawn anew when it has something else to say: Textual's Footer mounts a widget for each key,
    all of them anew whenever one has changed, and lays the screen out for each. A key is pressed by clicking on it.
    """

    ALLOW_SELECT: ClassVar[bool] = False

    DEFAULT_CSS = """
    KeyBar {
        dock: bottom;
        height: 1;
        background: $footer-background;
        color: $foreground;
        pointer: default;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[Key, ...] | None = None
        self._hovered: Key | None = None
        self._asked = False

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys that stand there."""
        if self._shown is None:
            self._shown = self._keys()
        return self._shown

    def render(self) -> Content:
        """Draw the line."""
        parts: list[Content] = []
        for index, key in enumerate(self.keys):
            key_style, description_style = "bold $primary", "$text-muted"
            if key is self._hovered:
                key_style = description_style = "bold $footer-key-foreground on $block-hover-background"
            part = assembled((key.display, key_style), (f" {key.description}", description_style))
            part = part.stylize(Style.from_meta({"key": index}))
            parts.append(part if key.enabled else part.stylize("dim"))
        return plain(" ").join(parts)

    def _keys(self) -> tuple[Key, ...]:
        """Return the keys that can do something now."""
        screen = self.screen
        typing = screen.focused is not None and screen.focused.check_consume_key("a", "a")
        enter = screen.enter_key() if isinstance(screen, NamesEnter) else None
        names = screen if isinstance(screen, NamesKeys) else None
        active = screen.active_bindings.values()
        shown = [
            Key(
                binding.key,
                self.app.get_key_display(binding),
                (names is not None and names.key_name(binding.id or "")) or binding.description,
                binding.action,
                enabled,
                tooltip,
            )
            for _, binding, enabled, tooltip in keys_of_bar(active, screen, typing=typing, most=MOST_KEYS - bool(enter))
        ]
        if enter is not None:
            does, works = enter
            shown.insert(0, Key("enter", "⏎", does, "", works, ""))
        return tuple(shown)

    def on_mount(self) -> None:
        """Be told when the keys change."""
        changed = self.screen.bindings_updated_signal  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        changed.subscribe(self, self._bindings_changed)  # pyright: ignore[reportUnknownMemberType]

    @property
    def app(self) -> App[Any]:
        """The app, which leaves the type of its result open."""
        return super().app  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]

    def _bindings_changed(self, _: Screen[Any]) -> None:
        """Look at the keys after the next frame, once for however many changes there were by then."""
        if self.is_attached and self.app.app_focus and not self._asked:
            self._asked = True
            self.call_after_refresh(self._follow)

    def _follow(self) -> None:
        self._asked = False
        if self.is_attached and (keys := self._keys()) != self._shown:  # a dialog may have closed before its next frame
            self._shown, self._hovered = keys, None
            self.refresh()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Press the key."""
        key = self._below(event)
        if key is not None and key.enabled:
            self.app.simulate_key(key.key)
        elif key is not None:
            self.app.bell()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Let the key below the mouse be seen as one that can be clicked, and say what it does."""
        self._hover(self._below(event))

    def on_leave(self) -> None:
        """Let none be seen so."""
        self._hover(None)

    def _hover(self, key: Key | None) -> None:
        if key is not self._hovered:
            self._hovered = key
            self.styles.pointer = "default" if key is None else "pointer"
            self.tooltip = key.tooltip if key is not None and key.tooltip else None
            self.refresh()

    def _below(self, event: events.MouseEvent) -> Key | None:
        index = event.style.meta.get("key")
        return self.keys[index] if isinstance(index, int) and index < len(self.keys) else None
