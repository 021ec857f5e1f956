"""Conversations as the store keeps them; what was said in them: `messages.py`."""

from dataclasses import dataclass
from typing import Any

from erth_sidecar.errors import Failure
from erth_sidecar.ids import uuid7
from erth_sidecar.store.database import Reader, Row, Transaction
from erth_sidecar.text.one_line import one_line

MAX_TITLE = 120
MAX_SYSTEM = 20_000
"""Characters of a system prompt."""
LISTED = 500
"""Threads in the list."""
OVERFLOWS = ("ask", "trim")

UNTITLED = "New conversation"
_COLUMNS = "id, title, created_at, updated_at, starred, model, system, overflow"


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation without its messages. `model`: a reference, None for the default one;
    `overflow`: `ask` or `trim`, what happens once the context is full."""

    id: str
    title: str
    created_at: str
    updated_at: str
    starred: bool = False
    model: str | None = None
    system: str = ""
    overflow: str = "ask"

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
            "starred": self.starred,
            "model": self.model,
            "system": self.system,
            "overflow": self.overflow,
        }


@dataclass(frozen=True, slots=True)
class Settings:
    """How a thread's answers are written; None leaves a field as it is, `model` "" means the
    default one."""

    model: str | None = None
    system: str | None = None
    overflow: str | None = None


def listed(reader: Reader, words: str = "", most: int = LISTED) -> list[Thread]:
    """Threads, starred ones first, then latest first; with `words` those whose title has them."""
    rows = reader.rows(
        f"SELECT {_COLUMNS} FROM threads WHERE deleted_at IS NULL"
        " AND instr(lower(title), lower(?))"
        " ORDER BY starred DESC, updated_at DESC, id DESC LIMIT ?",
        (words, most),
    )
    return [_thread(row) for row in rows]


def get(reader: Reader, id_: str) -> Thread:
    """One thread. Raises Failure `THREAD_NOT_FOUND`."""
    rows = reader.rows(
        f"SELECT {_COLUMNS} FROM threads WHERE id = ? AND deleted_at IS NULL", (id_,)
    )
    if not rows:
        raise Failure("THREAD_NOT_FOUND")
    return _thread(rows[0])


def is_deleted(reader: Reader, id_: str) -> bool:
    """Whether the thread is there, but deleted."""
    sql = "SELECT 1 FROM threads WHERE id = ? AND deleted_at IS NOT NULL"
    return bool(reader.rows(sql, (id_,)))


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
    transaction: Transaction,
    id_: str,
    *,
    title: str | None = None,
    deleted: bool | None = None,
    starred: bool | None = None,
) -> None:
    """Renames, stars or deletes a thread, or brings it back. An answer under way goes with it.

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
    if starred is not None:
        get(transaction, id_)
        transaction.rows("UPDATE threads SET starred = ? WHERE id = ?", (int(starred), id_))
    if deleted is not None:
        moment = transaction.now if deleted else None
        transaction.rows("UPDATE threads SET deleted_at = ? WHERE id = ?", (moment, id_))
        transaction.rows("DELETE FROM answers WHERE thread_id = ?", (id_,))
    transaction.changed("threads", id_)


def settle(transaction: Transaction, id_: str, settings: Settings) -> None:
    """Stores settings. Whether there is such a model is the caller's to know.

    Raises Failure `THREAD_NOT_FOUND`, `BODY_TOO_LARGE` or `BAD_REQUEST`.
    """
    thread = get(transaction, id_)
    system = thread.system if settings.system is None else settings.system.strip()
    if len(system) > MAX_SYSTEM:
        raise Failure("BODY_TOO_LARGE", f"A system prompt takes up to {MAX_SYSTEM} characters.")
    overflow = thread.overflow if settings.overflow is None else settings.overflow
    if overflow not in OVERFLOWS:
        raise Failure("BAD_REQUEST", f"'overflow' must be ask or trim: value is '{overflow[:20]}'")
    model = thread.model if settings.model is None else settings.model or None
    transaction.rows(
        "UPDATE threads SET model = ?, system = ?, overflow = ? WHERE id = ?",
        (model, system, overflow, id_),
    )
    transaction.changed("threads", id_)


def _thread(row: Row) -> Thread:
    id_, title, created_at, updated_at, starred, model, system, overflow = row
    return Thread(id_, title, created_at, updated_at, bool(starred), model, system, overflow)
