"""Texts that lost against another device's or another window's; kept until a person chooses."""

import json
from dataclasses import dataclass
from typing import Any

from erth_sidecar.errors import Failure
from erth_sidecar.ids import uuid7
from erth_sidecar.store.database import Reader, Row, Transaction

ELSEWHERE = "elsewhere"
"""The device of a text that another window or a script wrote here."""
COLUMNS = {"notes": ("title", "body", "tags"), "threads": ("title",)}
"""Of each table, the columns whose losing texts are kept."""
_WAITING = "SELECT row_id FROM conflicts WHERE of_table = ? AND json_type(cells) = 'object'"


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
        # What was written elsewhere as seen from here is this device's own on another.
        return "Another version" + (f" from {self.device}" if self.device != ELSEWHERE else "")

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


def waiting(reader: Reader, table: str) -> set[str]:
    """The ids of all rows with versions that wait for a choice; mostly none."""
    return {row[0] for row in reader.rows(_WAITING, (table,))}


def add(
    transaction: Transaction,
    table: str,
    row_id: str,
    cells: dict[str, str],
    *,
    device: str,
    created_at: str = "",
) -> str:
    """Keeps a version that lost, just now unless another time is given; its id."""
    id_ = uuid7()
    transaction.rows(
        "INSERT INTO conflicts (id, of_table, row_id, cells, device, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            id_,
            table,
            row_id,
            json.dumps(cells, ensure_ascii=False),
            device,
            created_at or transaction.now,
        ),
    )
    return id_


def take(transaction: Transaction, table: str, row_id: str, id_: str) -> Conflict:
    """Ends the waiting of a version; what it was. Raises Failure `NOT_FOUND`."""
    for conflict in of(transaction, table, row_id):
        if conflict.id == id_:
            transaction.rows("DELETE FROM conflicts WHERE id = ?", (id_,))
            return conflict
    raise Failure("NOT_FOUND", "This version isn't waiting any more: it was chosen or dropped.")


def read_tags(stored: str) -> tuple[str, ...]:
    """The tags in a stored list; what isn't one has none."""
    try:
        value = json.loads(stored)
    except ValueError:
        return ()
    return tuple(str(tag) for tag in value) if isinstance(value, list) else ()


def _conflict(table: str, row: Row) -> Conflict:
    id_, device, created_at, stored = row
    given = json.loads(stored)
    # Other programs may write here as well.
    cells = given if isinstance(given, dict) else {}
    texts = {name: cells[name] for name in COLUMNS[table] if isinstance(cells.get(name), str)}
    return Conflict(id_, device, created_at, texts)
