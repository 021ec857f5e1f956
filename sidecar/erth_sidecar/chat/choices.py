"""What a person does with a version that lost: drop it, take it, or keep both."""

import json
from typing import Literal

from erth_sidecar.chat import threads
from erth_sidecar.errors import Failure
from erth_sidecar.notes import conflicts, notes
from erth_sidecar.notes.conflicts import Conflict
from erth_sidecar.notes.notes import Draft
from erth_sidecar.store.database import Transaction

Choice = Literal["keep", "use", "both"]
CHOICES: tuple[Choice, ...] = ("keep", "use", "both")
LINE = "\n\n---\n\n"
"""What Markdown shows as a line, between two versions."""
_UNDO = "undo."
_MOST_UNDO = 20
"""Choices that can be taken back."""


def settle_note(transaction: Transaction, id_: str, conflict_id: str, choice: Choice) -> Conflict:
    """Makes a choice; the version that it was about.

    `keep` leaves the note as it is, `use` puts the other version in its place, `both` sets the
    other text below a line. Raises Failure `NOTE_NOT_FOUND`, `NOT_FOUND` or `BODY_TOO_LARGE`.
    """
    note = notes.get(transaction, id_)
    other = conflicts.take(transaction, "notes", id_, conflict_id)
    if choice == "use":
        chosen = _laid_over(note.draft, other)
    elif choice == "both":
        chosen = _united(note.draft, other)
    else:
        chosen = note.draft
    notes.save(transaction, id_, chosen)
    before = {name: note.draft.cells[name] for name in other.cells} if choice != "keep" else {}
    if "body" in chosen.cells and chosen.body != note.body:
        before["body"] = note.body
    _remember(transaction, "notes", id_, other, before=before, after=chosen.version)
    transaction.changed("notes", id_)
    return other


def unsettle_note(transaction: Transaction, id_: str, conflict_id: str) -> None:
    """Takes a choice back. If the note was written in since, that stays, and what stood there
    before the choice waits beside the other version. Raises Failure `NOT_FOUND`."""
    note = notes.get(transaction, id_)
    before, after = _recall(transaction, "notes", id_, conflict_id)
    if before and note.version == after:
        was = Conflict("", "", "", before)
        notes.save(transaction, id_, _laid_over(note.draft, was))
    elif before:
        conflicts.add(transaction, "notes", id_, before, device=conflicts.ELSEWHERE)
    transaction.changed("notes", id_)


def settle_thread(transaction: Transaction, id_: str, conflict_id: str, choice: Choice) -> Conflict:
    """Makes a choice between two names. Raises Failure `THREAD_NOT_FOUND` or `NOT_FOUND`."""
    thread = threads.get(transaction, id_)
    other = conflicts.take(transaction, "threads", id_, conflict_id)
    title = thread.title if choice == "keep" else other.cells.get("title") or thread.title
    if title != thread.title:
        threads.change(transaction, id_, title=title)
    before = {} if title == thread.title else {"title": thread.title}
    _remember(transaction, "threads", id_, other, before=before, after=title)
    transaction.changed("threads", id_)
    return other


def unsettle_thread(transaction: Transaction, id_: str, conflict_id: str) -> None:
    """Takes a choice back, unless the thread was renamed since. Raises Failure `NOT_FOUND`."""
    thread = threads.get(transaction, id_)
    before, after = _recall(transaction, "threads", id_, conflict_id)
    if before.get("title") and thread.title == after:
        threads.change(transaction, id_, title=before["title"])
    transaction.changed("threads", id_)


def _laid_over(draft: Draft, other: Conflict) -> Draft:
    """The draft with the fields that the other version has."""
    cells = other.cells
    return Draft.of(
        cells.get("title", draft.title),
        cells.get("body", draft.body),
        list(other.tags if "tags" in cells else draft.tags),
    )


def _united(draft: Draft, other: Conflict) -> Draft:
    """The draft with what only the other version has below a line, and the tags of both."""
    title = other.cells.get("title", draft.title)
    parts = [
        f"## {title}" if title != draft.title and title else "",
        other.cells.get("body", ""),
    ]
    below = "\n\n".join(part for part in parts if part)
    body = LINE.join(part for part in (draft.body.rstrip("\n"), below) if part)
    return Draft.of(draft.title, body if below else draft.body, [*draft.tags, *other.tags])


def _remember(
    transaction: Transaction,
    table: str,
    row_id: str,
    conflict: Conflict,
    *,
    before: dict[str, str],
    after: str,
) -> None:
    """Makes a choice one that can be taken back. `before` holds the texts that stood there, `after`
    is the version that the choice made. This stays on this computer: settings aren't mirrored."""
    lost = {"cells": conflict.cells, "device": conflict.device, "created_at": conflict.created_at}
    kept = {"at": transaction.now, "before": before, "after": after, "lost": lost}
    transaction.rows(
        # The mirror names a version after its text: the same one may come again.
        "INSERT INTO settings (key, value) VALUES (?, ?)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (_key(table, row_id, conflict.id), json.dumps(kept, ensure_ascii=False)),
    )
    transaction.rows(
        "DELETE FROM settings WHERE key LIKE ? AND key NOT IN (SELECT key FROM settings"
        " WHERE key LIKE ? ORDER BY json_extract(value, '$.at') DESC, key DESC LIMIT ?)",
        (f"{_UNDO}%", f"{_UNDO}%", _MOST_UNDO),
    )


def _recall(
    transaction: Transaction, table: str, row_id: str, id_: str
) -> tuple[dict[str, str], str]:
    """Lets a version wait again; `before` and `after` as they were remembered.

    Raises Failure `NOT_FOUND`.
    """
    key = _key(table, row_id, id_)
    rows = transaction.rows("SELECT value FROM settings WHERE key = ?", (key,))
    if not rows:
        raise Failure("NOT_FOUND", "This choice can't be taken back any more.")
    kept = json.loads(rows[0][0])
    transaction.rows("DELETE FROM settings WHERE key = ?", (key,))
    conflicts.add(transaction, table, row_id, **kept["lost"])
    return kept["before"], kept["after"]


def _key(table: str, row_id: str, id_: str) -> str:
    return f"{_UNDO}{table}.{row_id}.{id_}"
