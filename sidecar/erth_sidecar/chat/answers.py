"""Answers as the store keeps them: under way in `answers`, finished among the messages."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from erth_sidecar.chat.engines import Turn
from erth_sidecar.errors import Failure
from erth_sidecar.ids import uuid7
from erth_sidecar.store.database import Reader, Transaction

RUNNING = "running"
Actions = list[dict[str, Any]]
_OPEN = ("asking", "running")


@dataclass(frozen=True, slots=True)
class Progress:
    """An answer as far as it has grown; `state` is `running|done|stopped|failed`."""

    id: str
    thread_id: str
    question_id: str
    state: str
    body: str
    citations: list[dict[str, Any]]
    actions: Actions = field(default_factory=list)
    stats: dict[str, Any] = field(default_factory=dict)
    engine: str = ""

    def to_json(self) -> dict[str, Any]:
        """The fields that scripts see."""
        return {
            "id": self.id,
            "state": self.state,
            "body": self.body,
            "citations": self.citations,
            "actions": shown(self.actions),
            "stats": self.stats,
        }


def shown(actions: Actions) -> Actions:
    """Actions without what only the sidecar needs to know of them."""
    hidden = ("undo", "round", "at", "call", "given")
    return [{k: v for k, v in action.items() if k not in hidden} for action in actions]


def begin(
    transaction: Transaction,
    thread_id: str,
    question_id: str,
    engine: str,
    stats: dict[str, Any] | None = None,
) -> str:
    """Stores an empty answer; its id. Raises Failure `ANSWER_RUNNING`: one thread, one answer."""
    if transaction.rows("SELECT 1 FROM answers WHERE thread_id = ?", (thread_id,)):
        raise Failure("ANSWER_RUNNING")
    id_ = uuid7()
    transaction.rows(
        "INSERT INTO answers (id, thread_id, question_id, engine, started_at, stats)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (id_, thread_id, question_id, engine, transaction.now, _text(stats or {})),
    )
    transaction.changed("threads", thread_id)
    return id_


def grow(
    transaction: Transaction,
    id_: str,
    body: str,
    citations: Sequence[dict[str, Any]],
    stats: dict[str, Any],
) -> bool:
    """Stores what an answer has grown to; False if it was stopped or deleted meanwhile."""
    return bool(
        transaction.rows(
            "UPDATE answers SET body = ?, citations = ?, stats = ? WHERE id = ? RETURNING id",
            (body, _text(citations), _text(stats), id_),
        )
    )


def act(
    transaction: Transaction, thread_id: str, id_: str, change: Callable[[Actions], None]
) -> Actions:
    """Changes the actions of an answer, under way or finished; all of them as they are then.

    Raises Failure `ANSWER_NOT_FOUND`.
    """
    stored = get(transaction, thread_id, id_)
    change(stored.actions)
    table = "answers" if stored.state == RUNNING else "messages"
    transaction.rows(f"UPDATE {table} SET actions = ? WHERE id = ?", (_text(stored.actions), id_))
    transaction.changed("answer", id_)
    if stored.state != RUNNING:
        transaction.changed("threads", thread_id)
    return stored.actions


def finish(
    transaction: Transaction,
    id_: str,
    state: str,
    body: str | None = None,
    *,
    citations: Sequence[dict[str, Any]] | None = None,
    stats: dict[str, Any] | None = None,
) -> bool:
    """Makes an answer under way a message of the same id; False if there is none any more.

    What is given takes the place of what was stored last. Actions that nobody allowed are refused.
    """
    rows = transaction.rows(
        "DELETE FROM answers WHERE id = ?"
        " RETURNING thread_id, body, citations, engine, actions, stats",
        (id_,),
    )
    if not rows:
        return False
    thread_id, grown, cited, engine, actions, stored_stats = rows[0]
    transaction.rows(
        "INSERT INTO messages"
        " (id, thread_id, role, body, citations, engine, state, created_at, actions, stats)"
        " VALUES (?, ?, 'assistant', ?, ?, ?, ?, ?, ?, ?)",
        (
            id_,
            thread_id,
            grown if body is None else body,
            cited if citations is None else _text(citations),
            engine,
            state,
            transaction.now,
            _text(_settled(_list(actions))),
            _text(_ended(_object(stored_stats) if stats is None else stats)),
        ),
    )
    transaction.rows("UPDATE threads SET updated_at = ? WHERE id = ?", (transaction.now, thread_id))
    transaction.changed("answer", id_)
    transaction.changed("threads", thread_id)
    return True


def get(reader: Reader, thread_id: str, id_: str) -> Progress:
    """An answer as stored. Raises Failure `ANSWER_NOT_FOUND`."""
    rows = reader.rows(
        "SELECT id, thread_id, question_id, 'running', body, citations, actions, stats, engine"
        " FROM answers WHERE id = ?1 AND thread_id = ?2 UNION ALL"
        " SELECT id, thread_id, '', state, body, citations, actions, stats, coalesce(engine, '')"
        " FROM messages"
        " WHERE id = ?1 AND thread_id = ?2 AND role = 'assistant' AND deleted_at IS NULL",
        (id_, thread_id),
    )
    if not rows:
        raise Failure("ANSWER_NOT_FOUND")
    answer_id, thread, question_id, state, body, citations, actions, stats, engine = rows[0]
    return Progress(
        answer_id,
        thread,
        question_id,
        state,
        body,
        _list(citations),
        _list(actions),
        _object(stats),
        engine,
    )


def unfinished(reader: Reader) -> list[tuple[str, str]]:
    """Thread and answer ids of the answers under way, oldest first."""
    rows = reader.rows("SELECT thread_id, id FROM answers ORDER BY id")
    return [(thread_id, id_) for thread_id, id_ in rows]


def conversation(reader: Reader, thread_id: str, question_id: str) -> list[Turn]:
    """The turns up to and with a question."""
    rows = reader.rows(
        "SELECT role, body, actions FROM messages WHERE thread_id = ? AND id <= ?"
        " AND deleted_at IS NULL ORDER BY id",
        (thread_id, question_id),
    )
    return [Turn(role, body, tuple(_list(actions))) for role, body, actions in rows]


def _settled(actions: Actions) -> Actions:
    return [a | {"state": "refused"} if a.get("state") in _OPEN else a for a in actions]


def _ended(stats: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in stats.items() if name != "phase"}


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _list(stored: str) -> list[dict[str, Any]]:
    """What was stored; another device's program may have stored anything."""
    given = _parsed(stored)
    return [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []


def _object(stored: str) -> dict[str, Any]:
    given = _parsed(stored)
    return given if isinstance(given, dict) else {}


def _parsed(stored: str) -> Any:
    try:
        return json.loads(stored)
    except (ValueError, RecursionError):
        return None
