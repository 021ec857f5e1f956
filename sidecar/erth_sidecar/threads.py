"""Conversations: threads and their messages, as the store keeps them."""

import json
from dataclasses import dataclass
from typing import Any

from erth_sidecar.errors import Failure
from erth_sidecar.ids import uuid7
from erth_sidecar.store import Reader, Row, Transaction
from erth_sidecar.web import one_line

MAX_TITLE = 120
MAX_QUESTION = 100_000
"""Characters of a question."""
LISTED = 500
"""Threads in the list."""

UNTITLED = "New conversation"


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation without its messages."""

    id: str
    title: str
    created_at: str
    updated_at: str

    @property
    def name(self) -> str:
        """What to call it on screen."""
        return self.title or UNTITLED

    def to_json(self) -> dict[str, Any]:
        """The fields that scripts see."""
        return {
            "id": self.id,
            "title": self.title,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }


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

    def to_json(self) -> dict[str, Any]:
        """The fields that scripts see."""
        return {
            "id": self.id,
            "role": self.role,
            "body": self.body,
            "citations": self.citations,
            "state": self.state,
            "created_at": self.created_at,
        }


def listed(reader: Reader, words: str = "", most: int = LISTED) -> list[Thread]:
    """Threads, latest first; with `words` those whose title has them."""
    rows = reader.rows(
        "SELECT id, title, created_at, updated_at FROM threads WHERE deleted_at IS NULL"
        " AND instr(lower(title), lower(?)) ORDER BY updated_at DESC, id DESC LIMIT ?",
        (words, most),
    )
    return [Thread(*row) for row in rows]


def get(reader: Reader, id_: str) -> Thread:
    """One thread. Raises Failure `THREAD_NOT_FOUND`."""
    rows = reader.rows(
        "SELECT id, title, created_at, updated_at FROM threads WHERE id = ? AND deleted_at IS NULL",
        (id_,),
    )
    if not rows:
        raise Failure("THREAD_NOT_FOUND")
    return Thread(*rows[0])


def is_deleted(reader: Reader, id_: str) -> bool:
    """Whether the thread is there, but deleted."""
    sql = "SELECT 1 FROM threads WHERE id = ? AND deleted_at IS NOT NULL"
    return bool(reader.rows(sql, (id_,)))


def messages(reader: Reader, id_: str) -> list[Message]:
    """The messages of a thread in order, the answer under way last."""
    rows = reader.rows(
        "SELECT id, role, body, citations, state, created_at, engine FROM messages"
        " WHERE thread_id = ?1 AND deleted_at IS NULL"
        " UNION ALL SELECT id, 'assistant', body, citations, 'running', started_at, engine"
        " FROM answers WHERE thread_id = ?1 ORDER BY id",
        (id_,),
    )
    return [_message(row) for row in rows]


def create(transaction: Transaction, title: str) -> str:
    """Stores a new thread; its id."""
    id_ = uuid7()
    now = transaction.now
    transaction.rows(
        "INSERT INTO threads (id, title, created_at, updated_at) VALUES (?, ?, ?, ?)",
        (id_, one_line(title, MAX_TITLE), now, now),
    )
    transaction.changed("threads", id_)
    return id_


def change(
    transaction: Transaction, id_: str, *, title: str | None = None, deleted: bool | None = None
) -> None:
    """Renames or deletes a thread, or brings it back. An answer under way goes with it.

    Raises Failure `THREAD_NOT_FOUND`, or `BAD_REQUEST` on an empty title.
    """
    if not transaction.rows("SELECT 1 FROM threads WHERE id = ?", (id_,)):
        raise Failure("THREAD_NOT_FOUND")
    if title is not None:
        get(transaction, id_)
        title = one_line(title, MAX_TITLE)
        if not title:
            raise Failure("BAD_REQUEST", "A conversation needs a name: 'title' is empty.")
        transaction.rows("UPDATE threads SET title = ? WHERE id = ?", (title, id_))
    if deleted is not None:
        moment = transaction.now if deleted else None
        transaction.rows("UPDATE threads SET deleted_at = ? WHERE id = ?", (moment, id_))
        transaction.rows("DELETE FROM answers WHERE thread_id = ?", (id_,))
    transaction.changed("threads", id_)


def ask(transaction: Transaction, id_: str, question: str) -> str:
    """Adds a question to a thread and names an unnamed thread after it; the message's id.

    Raises Failure `THREAD_NOT_FOUND`, `BAD_REQUEST` or `BODY_TOO_LARGE`.
    """
    thread = get(transaction, id_)
    question = question.strip()
    if not question:
        raise Failure("BAD_REQUEST", "There is nothing to answer: 'question' is empty.")
    if len(question) > MAX_QUESTION:
        raise Failure("BODY_TOO_LARGE", f"A question takes up to {MAX_QUESTION} characters.")
    message_id = uuid7()
    transaction.rows(
        "INSERT INTO messages (id, thread_id, role, body, created_at) VALUES (?, ?, 'user', ?, ?)",
        (message_id, id_, question, transaction.now),
    )
    transaction.rows(
        "UPDATE threads SET updated_at = ?, title = ? WHERE id = ?",
        (transaction.now, thread.title or one_line(question, 60), id_),
    )
    transaction.changed("threads", id_)
    return message_id


def _message(row: Row) -> Message:
    id_, role, body, citations, state, created_at, engine = row
    return Message(id_, role, body, _citations(citations), state, created_at, engine)


def _citations(stored: str) -> list[dict[str, Any]]:
    """What was quoted; other programs may have stored anything."""
    given = json.loads(stored)
    return [
        cited
        for cited in (given if isinstance(given, list) else [])
        if isinstance(cited, dict) and "title" in cited and {"note_id", "file_id"} & cited.keys()
    ]
