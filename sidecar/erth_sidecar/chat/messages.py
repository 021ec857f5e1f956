"""What was said in a conversation: a page of it at a time, and changes that can be taken back."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from erth_sidecar.chat import answers, threads
from erth_sidecar.errors import Failure
from erth_sidecar.ids import uuid7
from erth_sidecar.store.database import Reader, Row, Transaction
from erth_sidecar.text.one_line import one_line

MAX_QUESTION = 100_000
"""Characters of a question."""
PAGE = 40
"""Messages shown at once."""
FURTHER = 12
"""Messages that scrolling brings: as many as a browser lays out within a frame or two."""
RUNNING = "running"

_NAME = re.compile(r"[\w-]{1,64}", re.ASCII)
"""What an id may be: it becomes a part of addresses, and other programs may have stored it."""
_COLUMNS = "id, role, body, citations, state, created_at, engine, actions, stats"
_ANSWER = (
    "SELECT id, 'assistant', body, citations, 'running', started_at, engine, actions, stats"
    " FROM answers"
)


@dataclass(frozen=True, slots=True)
class Message:
    """A question or an answer; `state` of an answer under way is `running`."""

    id: str
    role: str
    body: str
    citations: list[dict[str, Any]]
    state: str
    created_at: str
    engine: str | None
    actions: list[dict[str, Any]] = field(default_factory=list)
    stats: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The fields that scripts see."""
        shown: dict[str, Any] = {
            "id": self.id,
            "role": self.role,
            "body": self.body,
            "citations": self.citations,
            "state": self.state,
            "created_at": self.created_at,
        }
        if self.role == "assistant":
            shown["actions"] = answers.shown(self.actions)
            shown["stats"] = self.stats
        return shown


@dataclass(frozen=True, slots=True)
class Page:
    """Messages next to each other, in order. `older` and `newer`: whether there are more."""

    messages: list[Message]
    older: bool = False
    newer: bool = False


def every(reader: Reader, thread_id: str) -> list[Message]:
    """All messages of a thread in order, the answer under way last."""
    rows = reader.rows(
        f"SELECT {_COLUMNS} FROM messages WHERE thread_id = ?1 AND deleted_at IS NULL"
        f" UNION ALL {_ANSWER} WHERE thread_id = ?1 ORDER BY id",
        (thread_id,),
    )
    return [_message(row) for row in rows]


def latest(reader: Reader, thread_id: str, *, since: str = "", most: int = PAGE) -> Page:
    """The last messages, the answer under way among them; with `since` all from that id on."""
    if since:
        stored = _some(reader, thread_id, "id >= ? ORDER BY id", (since,))
        older = bool(_some(reader, thread_id, "id < ? ORDER BY id DESC LIMIT 1", (since,)))
    else:
        stored = _some(reader, thread_id, "id > '' ORDER BY id DESC LIMIT ?", (most + 1,))[::-1]
        older = len(stored) > most
        stored = stored[-most:]
    growing = [_message(row) for row in reader.rows(f"{_ANSWER} WHERE thread_id = ?", (thread_id,))]
    return Page([*stored, *growing], older=older)


def before(reader: Reader, thread_id: str, id_: str, most: int = PAGE) -> Page:
    """The messages before one."""
    found = _some(reader, thread_id, "id < ? ORDER BY id DESC LIMIT ?", (id_, most + 1))[::-1]
    return Page(found[-most:], older=len(found) > most, newer=True)


def after(reader: Reader, thread_id: str, id_: str, most: int = PAGE) -> Page:
    """The messages after one; those under way only if they are next."""
    found = _some(reader, thread_id, "id > ? ORDER BY id LIMIT ?", (id_, most + 1))
    if len(found) > most:
        return Page(found[:most], older=True, newer=True)
    growing = [_message(row) for row in reader.rows(f"{_ANSWER} WHERE thread_id = ?", (thread_id,))]
    return Page([*found, *growing], older=True)


def around(reader: Reader, thread_id: str, id_: str, most: int = PAGE) -> Page:
    """The page that holds a message, which stands in its midst; the last one if it is near."""
    upper = before(reader, thread_id, id_, most // 2)
    lower = _some(reader, thread_id, "id >= ? ORDER BY id LIMIT ?", (id_, most + 1))
    if len(lower) <= most:
        start = upper.messages[0].id if upper.messages else id_
        return latest(reader, thread_id, since=start)
    return Page([*upper.messages, *lower[: most // 2]], older=upper.older, newer=True)


def get(reader: Reader, thread_id: str, id_: str) -> Message:
    """One message, or the answer under way. Raises Failure `MESSAGE_NOT_FOUND`."""
    found = _some(reader, thread_id, "id = ?", (id_,)) or [
        _message(row)
        for row in reader.rows(f"{_ANSWER} WHERE id = ? AND thread_id = ?", (id_, thread_id))
    ]
    if not found:
        raise Failure("MESSAGE_NOT_FOUND")
    return found[0]


def is_last(reader: Reader, thread_id: str, id_: str) -> bool:
    """Whether no message follows this one."""
    return not _some(reader, thread_id, "id > ? LIMIT 1", (id_,))


def running(reader: Reader, thread_id: str) -> str:
    """The id of the answer under way; empty if there is none."""
    rows = reader.rows("SELECT id FROM answers WHERE thread_id = ?", (thread_id,))
    return str(rows[0][0]) if rows else ""


def ask(transaction: Transaction, thread_id: str, question: str) -> str:
    """Adds a question to a thread and names an unnamed thread after it; the message's id.

    Raises Failure `THREAD_NOT_FOUND`, `BAD_REQUEST` or `BODY_TOO_LARGE`.
    """
    thread = threads.get(transaction, thread_id)
    question = question.strip()
    if not question:
        raise Failure("BAD_REQUEST", "There is nothing to answer: 'question' is empty.")
    if len(question) > MAX_QUESTION:
        raise Failure("BODY_TOO_LARGE", f"A question takes up to {MAX_QUESTION} characters.")
    message_id = uuid7()
    transaction.rows(
        "INSERT INTO messages (id, thread_id, role, body, created_at) VALUES (?, ?, 'user', ?, ?)",
        (message_id, thread_id, question, transaction.now),
    )
    transaction.rows(
        "UPDATE threads SET updated_at = ?, title = ? WHERE id = ?",
        (transaction.now, thread.title or one_line(question, 60), thread_id),
    )
    transaction.changed("threads", thread_id)
    return message_id


def drop_from(transaction: Transaction, thread_id: str, id_: str) -> str:
    """Deletes a message and all that follow, at one moment, which is returned.

    Raises Failure `MESSAGE_NOT_FOUND`. An answer under way is the caller's to stop first.
    """
    get(transaction, thread_id, id_)
    # Another moment than any before it: it names this change.
    transaction.rows(
        "UPDATE messages SET deleted_at = ? WHERE thread_id = ? AND id >= ? AND deleted_at IS NULL",
        (transaction.now, thread_id, id_),
    )
    transaction.changed("threads", thread_id)
    return transaction.now


def bring_back(transaction: Transaction, thread_id: str, moment: str) -> None:
    """Undoes `drop_from`: what was deleted at that moment comes back, what took its place goes.

    Raises Failure `MESSAGE_NOT_FOUND` if nothing was.
    """
    first = transaction.rows(
        "SELECT min(id) FROM messages WHERE thread_id = ? AND deleted_at = ?", (thread_id, moment)
    )[0][0]
    if first is None:
        raise Failure("MESSAGE_NOT_FOUND")
    transaction.rows(
        "UPDATE messages SET deleted_at = ? WHERE thread_id = ? AND id >= ? AND deleted_at IS NULL",
        (transaction.now, thread_id, first),
    )
    transaction.rows(
        "UPDATE messages SET deleted_at = NULL WHERE thread_id = ? AND deleted_at = ?",
        (thread_id, moment),
    )
    transaction.changed("threads", thread_id)


def mark(transaction: Transaction, thread_id: str, id_: str, *, deleted: bool) -> None:
    """Deletes one message, or brings it back.

    Raises Failure `MESSAGE_NOT_FOUND`, or `ANSWER_RUNNING` of the question that is being answered.
    """
    if deleted and transaction.rows(
        "SELECT 1 FROM answers WHERE thread_id = ? AND ? IN (id, question_id)", (thread_id, id_)
    ):
        raise Failure("ANSWER_RUNNING")
    if not transaction.rows(
        "UPDATE messages SET deleted_at = ? WHERE id = ? AND thread_id = ?"
        " AND (deleted_at IS NULL) = ? RETURNING id",
        (transaction.now if deleted else None, id_, thread_id, int(deleted)),
    ):
        raise Failure("MESSAGE_NOT_FOUND")
    transaction.changed("threads", thread_id)


def _some(reader: Reader, thread_id: str, which: str, values: Iterable[Any]) -> list[Message]:
    rows = reader.rows(
        f"SELECT {_COLUMNS} FROM messages WHERE thread_id = ? AND deleted_at IS NULL AND {which}",
        (thread_id, *values),
    )
    return [_message(row) for row in rows]


def _message(row: Row) -> Message:
    id_, role, body, citations, state, created_at, engine, actions, stats = row
    return Message(
        id_,
        role,
        body,
        _citations(citations),
        state,
        created_at,
        engine,
        [action for action in _list(actions) if _NAME.fullmatch(str(action.get("id") or ""))],
        _object(stats),
    )


def _citations(stored: str) -> list[dict[str, Any]]:
    """What was quoted; other programs may have stored anything."""
    return [
        cited
        for cited in _list(stored)
        if "title" in cited and {"note_id", "file_id"} & cited.keys()
    ]


def _list(stored: str) -> list[dict[str, Any]]:
    try:
        given = json.loads(stored)
    except ValueError:
        return []
    return [it for it in given if isinstance(it, dict)] if isinstance(given, list) else []


def _object(stored: str) -> dict[str, Any]:
    try:
        given = json.loads(stored)
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}
