"""Files of the Library, or of one conversation, as the store keeps them.

What they hold is in `originals.py` (bytes) and `texts.py` (text).
"""

from dataclasses import dataclass
from typing import Any

from erth_sidecar.chat import threads
from erth_sidecar.errors import Failure
from erth_sidecar.ids import later_than
from erth_sidecar.library.originals import Taken
from erth_sidecar.store.database import Reader, Row, Transaction

STATES = ("waiting", "reading", "ready", "failed")
KEPT = 24 * 3600 * 1000
"""Milliseconds that a deleted file can be brought back."""
_ABANDONED = 30 * KEPT
"""The same for files of a deleted conversation."""
_COLUMNS = (
    "id, thread_id, name, kind, bytes, state, code, detail, json_array_length(pages), characters,"
    " created_at, deleted_at"
)


@dataclass(slots=True)
class File:
    """A file as a list shows it.

    `thread_id`: None in the Library; `kind`: see `parsing/kinds.py`; `code`: an error of the
    catalogue, on a file that is `ready` what is missing of it; `pages`: how many it has, 0 without.
    """

    id: str
    thread_id: str | None
    name: str
    kind: str
    bytes: int
    state: str
    code: str | None
    detail: str | None
    pages: int
    characters: int
    created_at: str
    deleted: bool = False
    progress: float | None = None

    @property
    def size(self) -> str:
        """Its bytes as people say it."""
        return bytes_in_words(self.bytes)

    def to_json(self) -> dict[str, Any]:
        """The fields that scripts see."""
        names = (
            "id thread_id name kind bytes state code detail pages characters created_at progress"
        )
        return {name: getattr(self, name) for name in names.split()}


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a list, and how many files the whole list has."""

    files: list[File]
    total: int


def find(reader: Reader, words: str = "", state: str = "", page: int = 0, size: int = 60) -> Found:
    """Files of the Library, latest first; with `words` those whose name has them all."""
    where, values = ["thread_id IS NULL", "deleted_at IS NULL"], list[Any]()
    for word in words.split():
        where.append("instr(lower(name), lower(?))")
        values.append(word)
    if state:
        # What waits is being read, to a person.
        where.append("state IN (?, ?)")
        values += [state, "waiting" if state == "reading" else state]
    condition = " AND ".join(where)
    rows = reader.rows(
        f"SELECT {_COLUMNS} FROM files WHERE {condition} ORDER BY created_at DESC, id DESC"
        f" LIMIT {int(size)} OFFSET {int(page) * int(size)}",
        values,
    )
    total = reader.rows(f"SELECT count(*) FROM files WHERE {condition}", values)[0][0]
    return Found([_file(row) for row in rows], total)


def of_thread(reader: Reader, thread_id: str) -> list[File]:
    """The files attached to a conversation, in the order they came."""
    rows = reader.rows(
        f"SELECT {_COLUMNS} FROM files WHERE thread_id = ? AND deleted_at IS NULL"
        " ORDER BY created_at, id",
        (thread_id,),
    )
    return [_file(row) for row in rows]


def get(reader: Reader, id_: str, deleted: bool = False) -> File:
    """One file; one that is deleted only if that is asked for. Raises Failure `FILE_NOT_FOUND`."""
    rows = reader.rows(f"SELECT {_COLUMNS} FROM files WHERE id = ?", (id_,))
    if not rows or (rows[0][-1] is not None and not deleted):
        raise Failure("FILE_NOT_FOUND")
    return _file(rows[0])


def add(transaction: Transaction, taken: Taken, name: str, thread_id: str | None) -> str:
    """Keeps a file that was taken in; its id, or that of the same file at the same place.

    Raises Failure `THREAD_NOT_FOUND`.
    """
    if thread_id is not None:
        threads.get(transaction, thread_id)
    known = transaction.rows(
        "SELECT id, state FROM files WHERE id = ?1"
        " OR (sha256 = ?2 AND thread_id IS ?3 AND deleted_at IS NULL) ORDER BY id = ?1 DESC",
        (taken.id, taken.sha256, thread_id),
    )
    if known:
        id_, state = known[0]
        if state == "failed":
            retry(transaction, id_)
        return str(id_)
    transaction.rows(
        "INSERT INTO files (id, thread_id, name, kind, bytes, sha256, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (taken.id, thread_id, name, taken.kind, taken.bytes, taken.sha256, transaction.now),
    )
    transaction.changed("library", taken.id)
    return taken.id


def retry(transaction: Transaction, id_: str) -> None:
    """Lets a file be read once more. Raises Failure `FILE_NOT_FOUND`."""
    file = get(transaction, id_)
    if file.state not in ("failed", "ready"):
        return
    transaction.rows(
        "UPDATE files SET state = 'waiting', code = NULL, detail = NULL WHERE id = ?", (id_,)
    )
    stale(transaction, id_)
    transaction.changed("library", id_)


def mark(transaction: Transaction, id_: str, deleted: bool) -> None:
    """Deletes a file, or takes that back. Raises Failure `FILE_NOT_FOUND`."""
    get(transaction, id_, deleted=True)
    moment = transaction.now if deleted else None
    transaction.rows("UPDATE files SET deleted_at = ? WHERE id = ?", (moment, id_))
    stale(transaction, id_)
    transaction.changed("library", id_)


def sweep(transaction: Transaction) -> list[str]:
    """Forgets what was deleted long ago; the ids, whose originals are still there."""
    transaction.rows(
        "UPDATE files SET deleted_at = ?1 WHERE deleted_at IS NULL AND thread_id IN"
        " (SELECT id FROM threads WHERE deleted_at < ?2)",
        (transaction.now, later_than(transaction.now, -_ABANDONED)),
    )
    oldest = later_than(transaction.now, -KEPT)
    gone = [
        str(id_)
        for (id_,) in transaction.rows(
            "SELECT id FROM files WHERE deleted_at < ? LIMIT 100", (oldest,)
        )
    ]
    for id_ in gone:
        transaction.rows("DELETE FROM file_texts WHERE file_id = ?", (id_,))
        transaction.rows("DELETE FROM files WHERE id = ?", (id_,))
        stale(transaction, id_)
    return gone


def stale(transaction: Transaction, id_: str) -> None:
    """Has the passages of a file cut anew, or dropped."""
    transaction.rows(
        "INSERT INTO passages_stale (source, source_id) VALUES ('file', ?)"
        " ON CONFLICT DO UPDATE SET done = -1, changes = changes + 1",
        (id_,),
    )


def bytes_in_words(count: int) -> str:
    """A number of bytes as people say it: 12 kB, 3.4 MB."""
    if count < 1000:  # noqa: PLR2004 - the unit itself
        return f"{count} bytes"
    kilo = count / 1000
    return f"{kilo:.0f} kB" if kilo < 1000 else f"{kilo / 1000:.1f} MB"  # noqa: PLR2004


def _file(row: Row) -> File:
    *fields, deleted_at = row
    file = File(*fields)
    file.deleted = deleted_at is not None
    return file
