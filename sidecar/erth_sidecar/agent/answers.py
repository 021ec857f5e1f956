"""Answers as the store keeps them: under way in `answers`, finished among the messages."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from erth_sidecar.agent.engines import Passage, Turn
from erth_sidecar.errors import Failure
from erth_sidecar.ids import uuid7
from erth_sidecar.store import Reader, Transaction

RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Progress:
    """An answer as far as it has grown; `state` is `running|done|stopped|failed`."""

    id: str
    thread_id: str
    question_id: str
    state: str
    body: str
    citations: list[dict[str, Any]]

    def to_json(self) -> dict[str, Any]:
        """The fields that scripts see."""
        return {
            "id": self.id,
            "state": self.state,
            "body": self.body,
            "citations": self.citations,
        }


def begin(transaction: Transaction, thread_id: str, question_id: str, engine: str) -> str:
    """Stores an empty answer; its id. Raises Failure `ANSWER_RUNNING`: one thread, one answer."""
    if transaction.rows("SELECT 1 FROM answers WHERE thread_id = ?", (thread_id,)):
        raise Failure("ANSWER_RUNNING")
    id_ = uuid7()
    transaction.rows(
        "INSERT INTO answers (id, thread_id, question_id, engine, started_at)"
        " VALUES (?, ?, ?, ?, ?)",
        (id_, thread_id, question_id, engine, transaction.now),
    )
    transaction.changed("threads", thread_id)
    return id_


def grow(transaction: Transaction, id_: str, body: str, passages: Sequence[Passage]) -> bool:
    """Stores what an answer has grown to; False if it was stopped or deleted meanwhile."""
    citations = json.dumps([passage.to_json() for passage in passages], ensure_ascii=False)
    transaction.changed("answer", id_)
    return bool(
        transaction.rows(
            "UPDATE answers SET body = ?, citations = ? WHERE id = ? RETURNING id",
            (body, citations, id_),
        )
    )


def finish(transaction: Transaction, id_: str, state: str, body: str | None = None) -> bool:
    """Makes an answer under way a message of the same id; False if there is none any more.

    `body` takes the place of what was stored last.
    """
    rows = transaction.rows(
        "DELETE FROM answers WHERE id = ? RETURNING thread_id, body, citations, engine", (id_,)
    )
    if not rows:
        return False
    thread_id, grown, citations, engine = rows[0]
    transaction.rows(
        "INSERT INTO messages (id, thread_id, role, body, citations, engine, state, created_at)"
        " VALUES (?, ?, 'assistant', ?, ?, ?, ?, ?)",
        (
            id_,
            thread_id,
            grown if body is None else body,
            citations,
            engine,
            state,
            transaction.now,
        ),
    )
    transaction.rows("UPDATE threads SET updated_at = ? WHERE id = ?", (transaction.now, thread_id))
    transaction.changed("answer", id_)
    transaction.changed("threads", thread_id)
    return True


def replace(transaction: Transaction, thread_id: str, id_: str) -> str:
    """Takes a thread's last answer back; the id of the question to answer anew.

    Raises Failure `ANSWER_NOT_FOUND` if it isn't the last, or `ANSWER_RUNNING`.
    """
    answer = get(transaction, thread_id, id_)
    if answer.state == RUNNING:
        raise Failure("ANSWER_RUNNING")
    last = transaction.rows(
        "SELECT id, role FROM messages WHERE thread_id = ? AND deleted_at IS NULL"
        " ORDER BY id DESC LIMIT 2",
        (thread_id,),
    )
    if len(last) < 2 or last[0][0] != id_ or last[1][1] != "user":  # noqa: PLR2004 - a pair
        raise Failure("ANSWER_NOT_FOUND", "Only the last answer can be written anew.")
    transaction.rows("UPDATE messages SET deleted_at = ? WHERE id = ?", (transaction.now, id_))
    return str(last[1][0])


def get(reader: Reader, thread_id: str, id_: str) -> Progress:
    """An answer as stored. Raises Failure `ANSWER_NOT_FOUND`."""
    rows = reader.rows(
        "SELECT id, thread_id, question_id, 'running', body, citations FROM answers"
        " WHERE id = ?1 AND thread_id = ?2 UNION ALL"
        " SELECT id, thread_id, '', state, body, citations FROM messages"
        " WHERE id = ?1 AND thread_id = ?2 AND role = 'assistant' AND deleted_at IS NULL",
        (id_, thread_id),
    )
    if not rows:
        raise Failure("ANSWER_NOT_FOUND")
    answer_id, thread, question_id, state, body, citations = rows[0]
    return Progress(answer_id, thread, question_id, state, body, json.loads(citations))


def unfinished(reader: Reader) -> list[tuple[str, str]]:
    """Thread and answer ids of the answers under way, oldest first."""
    rows = reader.rows("SELECT thread_id, id FROM answers ORDER BY id")
    return [(thread_id, id_) for thread_id, id_ in rows]


def conversation(reader: Reader, thread_id: str, question_id: str) -> list[Turn]:
    """The turns up to and with a question."""
    rows = reader.rows(
        "SELECT role, body FROM messages WHERE thread_id = ? AND id <= ?"
        " AND deleted_at IS NULL ORDER BY id",
        (thread_id, question_id),
    )
    return [Turn(role, body) for role, body in rows]
