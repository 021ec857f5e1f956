"""What the Chat screen's templates are given; see `pages/chat/screen.py`."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from erth_sidecar.agent import context
from erth_sidecar.agent.runner import Runner
from erth_sidecar.chat import messages, threads
from erth_sidecar.chat.messages import Message, Page
from erth_sidecar.chat.threads import Thread
from erth_sidecar.errors import Catalogue, Failure
from erth_sidecar.models.known import Assistant, Model
from erth_sidecar.notes import conflicts
from erth_sidecar.pages.chat.message import FULL, number, show
from erth_sidecar.serve.web import Answer, Request
from erth_sidecar.store.database import Reader, Store

NEARLY = 0.9
"""Share of the context from which on a choice is offered."""


@dataclass(frozen=True, slots=True)
class Meter:
    """How much of the model's context the conversation takes; `full`: a choice is due."""

    words: str
    share: int
    full: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where conversations live: `chat`, kept, or `temporary`, in memory only."""

    at: str
    store: Store
    """Where threads and messages are."""
    home: Store
    """The one with everything else: the list beside them is always of what is kept."""
    runner: Runner
    assistant: Assistant
    errors: Catalogue
    render: Callable[..., str]

    @property
    def temporary(self) -> bool:
        """Whether nothing here is kept."""
        return self.store is not self.home

    def forgotten(self, id_: str) -> bool:
        """Whether a conversation in memory is gone, as one is that was closed."""
        return self.temporary and not self.store.rows("SELECT 1 FROM threads WHERE id = ?", (id_,))

    def page(self, request: Request, reader: Reader, thread: Thread | None, at: str = "") -> Answer:
        """A thread, or the place to ask, alone or within the screen; `at`: a message to show."""
        alone = request.target == "main"
        given = self.of_thread(reader, thread, at=at)
        if not alone:
            given |= self.of_list(reader, query(request), thread)
        template = "chat/thread/thread.html" if alone else "chat/screen.html"
        return Answer(self.render(template, **given))

    def opened(self, request: Request, reader: Reader, id_: str, at: str = "") -> Answer:
        """The same for a page that wasn't there yet."""
        answer = self.page(request, reader, threads.get(reader, id_), at)
        answer.headers["HX-Push-Url"] = f"{self.at}/{id_}" + (f"?at={at}" if at else "")
        return answer

    def of_list(self, reader: Reader, words: str, thread: Thread | None) -> dict[str, Any]:
        """What `chat/threads.html` is given, without hits in what was said."""
        kept = self.home if self.temporary else reader
        return {
            "threads": threads.listed(kept, words),
            "hits": [],
            "unsearched": 0,
            "q": words,
            "thread_id": thread.id if thread else "",
        }

    def of_thread(
        self, reader: Reader, thread: Thread | None, *, at: str = "", since: str = ""
    ) -> dict[str, Any]:
        """What `chat/thread/thread.html` is given; `since`: from which message on, instead of the
        last."""
        model, missing = self._model_of(thread)
        given: dict[str, Any] = {
            "at": self.at,
            "temporary": self.temporary,
            "thread": thread,
            "thread_id": thread.id if thread else "",
            "models": self.assistant.models(),
            "model": model,
            "missing": missing,
            "default": self.assistant.default,
        }
        if thread is None:
            return given | {"messages": [], "running": "", "conflicts": []}
        page = self._page_of(reader, thread, at, since)
        names = self._names(reader, thread)
        final = page.messages[-1] if page.messages and not page.newer else None
        shown = [
            show(message, self.errors, last=message is final, found=message.id == at)
            for message in page.messages
        ]
        return given | {
            "messages": shown,
            "older": page.older,
            "newer": page.newer,
            "first": page.messages[0].id if page.messages else "",
            "final": page.messages[-1].id if page.messages else "",
            "asked": _last_asked(reader, thread.id),
            "conflicts": names,
            "shown": sign(thread, page.messages, names, model),
            "running": messages.running(reader, thread.id),
            "found": at,
            **_again(page.messages),
            "meter": self._meter(reader, thread, model, page.messages),
        }

    def _model_of(self, thread: Thread | None) -> tuple[Model | None, str]:
        """The model that answers, None without one; and the reference of one that is gone."""
        try:
            return self.assistant.choose(thread.model if thread else None), ""
        except Failure:
            return None, (thread.model if thread else None) or self.assistant.default

    def _page_of(self, reader: Reader, thread: Thread, at: str, since: str) -> Page:
        return (
            messages.around(reader, thread.id, at)
            if at
            else messages.latest(reader, thread.id, since=since)
        )

    def _names(self, reader: Reader, thread: Thread) -> list[conflicts.Conflict]:
        """Other names that wait for a choice."""
        if self.temporary:
            return []
        return [
            name for name in conflicts.of(reader, "threads", thread.id) if name.cells.get("title")
        ]

    def _meter(
        self, reader: Reader, thread: Thread, model: Model | None, shown: Sequence[Message]
    ) -> Meter | None:
        failed = bool(shown) and shown[-1].stats.get("code") == FULL
        if model is None:
            return None
        measure = context.measure(reader, model, thread.id)
        if not measure.limit:
            return Meter("", 100, True) if failed else None
        share = measure.tokens / measure.limit
        about = "" if measure.exact else "about "
        words = f"{about}{number(measure.tokens)} of {number(measure.limit)} tokens"
        full = failed or (share >= NEARLY and thread.overflow != "trim")
        return Meter(words, min(100, round(share * 100)), full)


def query(request: Request) -> str:
    """What is searched in the list beside a thread."""
    fields = request.fields() if request.method == "POST" else {}
    return (request.query("q") or request.text("q", fields)).strip()


def sign(
    thread: Thread,
    shown: Sequence[Message],
    names: Sequence[conflicts.Conflict],
    model: Model | None,
) -> str:
    """A sign of what a page shows of a thread; an answer under way tells of itself."""
    parts = [thread.title, str(thread.starred), thread.system, thread.overflow]
    parts += [f"{model.ref} {model.state}" if model else "", *(name.id for name in names)]
    for message in shown:
        parts += (message.id, message.state)
        if message.state != messages.RUNNING:
            parts += (str(action.get("state")) for action in message.actions)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _again(shown: Sequence[Message]) -> dict[str, str]:
    """For a choice: the answer to write anew with it, if it failed; the question it was to."""
    failed = bool(shown) and shown[-1].stats.get("code") == FULL
    asked = [message.body for message in shown if message.role == "user"]
    # Alone it wouldn't fit any better in a new conversation.
    question = asked[-1] if len(asked) > 1 else ""
    return {"retry": shown[-1].id if failed else "", "question": question}


def _last_asked(reader: Reader, thread_id: str) -> str:
    """The id of the latest question, even a deleted one; another one empties the field."""
    rows = reader.rows(
        "SELECT id FROM messages WHERE thread_id = ? AND role = 'user' ORDER BY id DESC LIMIT 1",
        (thread_id,),
    )
    return str(rows[0][0]) if rows else ""
