"""What a page shows of one message: text, what was done for it, what it cost, what went wrong."""

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from erth_sidecar.chat.messages import RUNNING, Message
from erth_sidecar.errors import Catalogue, Failure
from erth_sidecar.ids import is_uuid
from erth_sidecar.text import markdown

LOADABLE = ("MODEL_CRASHED", "MODEL_TOO_LARGE", "MODEL_STUCK", "MODEL_SLOW_START", "MODEL_UNLOADED")
"""Codes of which loading the model anew may be the end."""
FULL = "CONTEXT_FULL"
_LINKS = ("notes/", "library/", "chat/")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why an answer is shorter than it was to be, and what to do about it."""

    code: str
    message: str
    hint: str
    detail: str
    again: bool
    """Whether the same may end better."""
    model: str
    """The reference of the model to load; empty if that's no help."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as templates get it. `last`: nothing follows; `found`: what was looked for."""

    message: Message
    body_html: Markup | str
    trouble: Trouble | None
    cost: str
    phase: str
    last: bool
    found: bool

    @property
    def id(self) -> str:
        """The message's."""
        return self.message.id

    @property
    def running(self) -> bool:
        """Whether it is an answer under way."""
        return self.message.state == RUNNING

    @property
    def silent(self) -> bool:
        """Whether it is a whole answer without a word."""
        done = self.message.state == "done" and self.message.role == "assistant"
        told = self.trouble is not None or bool(self.message.actions)
        return done and not told and not self.message.body.strip()

    @property
    def citations(self) -> list[dict[str, Any]]:
        """What was quoted; `link` leads to the passage, `icon` says what it is of."""
        return [_citation(cited) for cited in self.message.citations]

    @property
    def actions(self) -> list[dict[str, Any]]:
        """What tools did; each has `summary`, `state`, `arguments`, `note_id`, `undoable`."""
        return [_action(action) for action in self.message.actions]


def show(message: Message, errors: Catalogue, *, last: bool = False, found: bool = False) -> Shown:
    """What templates need of a message."""
    asked = message.role == "user"
    return Shown(
        message,
        message.body if asked else markdown.render(message.body, growing=message.state == RUNNING),
        None if asked else _trouble(message, errors),
        "" if asked else _cost(message.stats),
        str(message.stats.get("phase") or "") if message.state == RUNNING else "",
        last,
        found,
    )


def number(value: float) -> str:
    """1 240: groups of three, a space between them that doesn't break."""
    return f"{value:,.0f}".replace(",", "\u202f")


def _citation(cited: dict[str, Any]) -> dict[str, Any]:
    note = "note_id" in cited
    link = cited.get("link")
    if not isinstance(link, str) or not link.startswith(_LINKS):
        link = f"notes/{cited['note_id']}?view=read" if note else f"library/{cited['file_id']}"
    return {
        "title": str(cited["title"]),
        "passage": str(cited.get("passage") or ""),
        "link": link,
        "icon": "note" if note else "file",
        "cited": cited.get("cited") is not False,
    }


def _action(action: dict[str, Any]) -> dict[str, Any]:
    given = action.get("arguments")
    state = str(action.get("state") or "done")
    note_id = action.get("note_id")
    return {
        "id": action["id"],
        "tool": str(action.get("tool") or ""),
        "state": state,
        "summary": str(action.get("summary") or action.get("tool") or "Something was done"),
        "arguments": given if isinstance(given, dict) else {},
        "result": str(action.get("result") or ""),
        "note_id": note_id if isinstance(note_id, str) and is_uuid(note_id) else "",
        "undoable": state == "done" and bool(action.get("undo")),
    }


def _trouble(message: Message, errors: Catalogue) -> Trouble | None:
    code, model = str(message.stats.get("code") or ""), str(message.stats.get("model") or "")
    if message.state == RUNNING or (message.state == "done" and not code):
        return None
    detail = str(message.stats.get("detail") or "")
    if not code:
        said = (
            "You stopped this answer." if message.state == "stopped" else "This answer broke off."
        )
        return Trouble("", said, "", detail, False, "")
    described = errors.describe(Failure(code))
    load = model if model.startswith("local/") and code in LOADABLE else ""
    again = message.state != "done" and code != FULL
    return Trouble(described.code, described.message, described.hint, detail, again, load)


def _cost(stats: dict[str, Any]) -> str:
    name = str(stats.get("title") or stats.get("model") or "")
    tokens, seconds = stats.get("tokens"), stats.get("seconds")
    parts = [name] if name and stats.get("model") != "quote" else []
    if isinstance(tokens, int | float) and parts:
        parts.append(f"{number(tokens)} {'token' if tokens == 1 else 'tokens'}")
        rate = stats.get("rate")
        if not isinstance(rate, int | float) and isinstance(seconds, int | float) and seconds > 0:
            rate = tokens / seconds
        if isinstance(rate, int | float) and rate > 0:
            parts.append(f"{rate:.1f} tokens/s" if rate < 10 else f"{rate:.0f} tokens/s")  # noqa: PLR2004 - two digits
    return " · ".join(parts)
