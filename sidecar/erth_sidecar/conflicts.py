"""Texts that lost against another device's or another window's; kept until a person chooses."""

import json
from dataclasses import dataclass
from typing import Any

from erth_sidecar.errors import Failure
from erth_sidecar.ids import uuid7
from erth_sidecar.store import Reader, Row, Transaction

ELSEWHERE = "elsewhere"
"""The device of a text that another window or a script wrote here."""
COLUMNS = {"notes": ("title", "body", "tags"), "threads": ("title",)}
"""Of each table, the columns whose losing texts are kept."""
_UNDO = "undo."
_MOST_UNDO = 20
"""Choices that can be taken back."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A version that lost. `cells`: column → its text as the column holds it."""

    id: str
    device: str
    created_at: str
    cells: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """The fields that scripts see; tags as a list."""
        cells: dict[str, Any] = dict(self.cells)
        if "tags" in cells:
            cells["tags"] = list(self.tags)
        return {
            "id": self.id,
            "device": self.device,
            "created_at": self.created_at,
            "cells": cells,
        }

    @property
    def origin(self) -> str:
        """Where it was written, in words."""
        if self.device == ELSEWHERE:
            return "Another version was written elsewhere"
        return f"Another version from {self.device}"

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags that lost; none if tags aren't what differed."""
        return read_tags(self.cells.get("tags", "[]"))


def of(reader: Reader, table: str, row_id: str) -> list[Conflict]:
    """The versions that wait for a choice, oldest first."""
    rows = reader.rows(
        "SELECT id, device, created_at, cells FROM conflicts WHERE of_table = ? AND row_id = ?"
        " ORDER BY created_at, id",
        (table, row_id),
    )
    return [_conflict(table, row) for row in rows]


def add(
    transaction: Transaction, table: str, row_id: str, cells: dict[str, str], device: str
) -> None:
    """Keeps a version that lost."""
    _insert(transaction, table, row_id, Conflict(uuid7(), device, transaction.now, cells))


def take(transaction: Transaction, table: str, row_id: str, id_: str) -> Conflict:
    """Ends the waiting of a version; what it was. Raises Failure `NOT_FOUND`."""
    for conflict in of(transaction, table, row_id):
        if conflict.id == id_:
            transaction.rows("DELETE FROM conflicts WHERE id = ?", (id_,))
            return conflict
    raise Failure("NOT_FOUND", "This version isn't waiting any more: it was chosen or dropped.")


def remember(
    transaction: Transaction,
    table: str,
    row_id: str,
    conflict: Conflict,
    *,
    before: dict[str, str],
    after: str,
) -> None:
    """Makes a choice one that can be taken back. `before` holds the texts that stood there, `after`
    is the version the choice made. This stays on this computer."""
    cells = {"cells": conflict.cells, "device": conflict.device, "created_at": conflict.created_at}
    kept = {"at": transaction.now, "before": before, "after": after} | cells
    transaction.rows(
        "INSERT INTO settings (key, value) VALUES (?, ?)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (_key(table, row_id, conflict.id), json.dumps(kept, ensure_ascii=False)),
    )
    transaction.rows(
        "DELETE FROM settings WHERE key LIKE ? AND key NOT IN (SELECT key FROM settings"
        " WHERE key LIKE ? ORDER BY json_extract(value, '$.at') DESC LIMIT ?)",
        (f"{_UNDO}%", f"{_UNDO}%", _MOST_UNDO),
    )


def recall(
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
    again = Conflict(uuid7(), kept["device"], kept["created_at"], kept["cells"])
    _insert(transaction, table, row_id, again)
    return kept["before"], kept["after"]


def read_tags(stored: str) -> tuple[str, ...]:
    """The tags in a stored list; what isn't one has none."""
    try:
        value = json.loads(stored)
    except ValueError:
        return ()
    return tuple(str(tag) for tag in value) if isinstance(value, list) else ()


def _insert(transaction: Transaction, table: str, row_id: str, conflict: Conflict) -> None:
    transaction.rows(
        "INSERT INTO conflicts (id, of_table, row_id, cells, device, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            conflict.id,
            table,
            row_id,
            json.dumps(conflict.cells, ensure_ascii=False),
            conflict.device,
            conflict.created_at,
        ),
    )


def _conflict(table: str, row: Row) -> Conflict:
    id_, device, created_at, stored = row
    given = json.loads(stored)
    # Other programs may write here as well.
    cells = given if isinstance(given, dict) else {}
    texts = {name: cells[name] for name in COLUMNS[table] if isinstance(cells.get(name), str)}
    return Conflict(id_, device, created_at, texts)


def _key(table: str, row_id: str, id_: str) -> str:
    return f"{_UNDO}{table}.{row_id}.{id_}"
