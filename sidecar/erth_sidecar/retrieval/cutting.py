"""Notes and files become passages, and their words enter the index, a few at a time."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from weakref import WeakKeyDictionary

from erth_sidecar.notes.conflicts import read_tags
from erth_sidecar.store.database import Reader, Row, Store, Transaction
from erth_sidecar.text import passages, stems
from erth_sidecar.text.passages import Piece

AT_ONCE = 24
"""Passages that one transaction enters."""
_CLEARED = 96
"""Passages that it takes out."""
_NOTES = 12
"""Notes that it looks at."""
_WINDOW, _BACK = 40_000, 4000
"""Characters of a text that are looked at together, and of what stands before them."""
_TITLED = 24_000
"""Characters of a text that its title finds as well: of a long file not all."""

_NOTES_SQL = (
    "SELECT s.source_id, s.done, s.changes, n.title, n.tags,"
    f" substr(n.body, max(s.done - {_BACK}, 0) + 1, {_WINDOW}) FROM passages_stale s"
    " LEFT JOIN notes n ON n.id = s.source_id AND n.deleted_at IS NULL WHERE s.source = 'note'"
    f" ORDER BY s.source_id DESC LIMIT {_NOTES}"
)
_FILE_SQL = (
    "SELECT f.name, t.body FROM files f JOIN file_texts t ON t.file_id = f.id"
    " WHERE f.id = ? AND f.deleted_at IS NULL AND f.state = 'ready'"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A passage, ready for the index: its place, its words, and the text of a file's."""

    piece: Piece
    title: str
    body: str
    text: str | None


@dataclass(frozen=True, slots=True)
class _Source:
    """A note or file that waits, as it was read; `window` is None if it is gone or deleted."""

    kind: str
    id: str
    done: int
    changes: int
    title: str
    window: str | None

    def entries(self, most: int) -> tuple[list[Entry], int | None]:
        """The next passages, and where the one after them begins; None: there is none."""
        text = self.window or ""
        base = max(0, self.done - _BACK)
        pieces = list(islice(passages.cut(text, max(0, self.done) - base), most + 1))
        last = len(text) < _WINDOW
        if len(pieces) > most or (pieces and not last):
            # What touches the end of the window may go on beyond it.
            pieces.pop()
        elif last:
            return self._worded(pieces, base), None
        end = pieces[-1].stop if pieces else len(text)
        return self._worded(pieces, base), base + end

    def _worded(self, pieces: Sequence[Piece], base: int) -> list[Entry]:
        text = self.window or ""
        language = stems.language(f"{self.title} {text}")
        found = []
        for piece in pieces:
            place = Piece(base + piece.start, base + piece.stop, piece.heading)
            above = f"{self.title} {piece.heading}" if place.start < _TITLED else piece.heading
            part = text[piece.start : piece.stop]
            title, body = (" ".join(stems.stemmed(t, language)) for t in (above, part))
            found.append(Entry(place, title, body, part if self.kind == "file" else None))
        if not found and self.window is not None and self.done <= 0 and self.title.strip():
            title = " ".join(stems.stemmed(self.title, language))
            found.append(Entry(Piece(0, 0), title, "", "" if self.kind == "file" else None))
        return found


_Work = tuple[_Source, list[Entry], int | None]


class Cutter:
    """Cuts one store's notes and files. Several threads may ask it to; one at a time does."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._held: tuple[tuple[str, int], str, str | None] | None = None

    @classmethod
    def of(cls, store: Store) -> "Cutter":
        """The one of this store."""
        with _making:
            if store not in _known:
                _known[store] = cls(store)
            return _known[store]

    def cut_some(self) -> bool:
        """A short transaction's worth of work; whether there was any. Raises Failure `STORE_…`."""
        with self._lock:
            # Read and cut before the transaction, as that holds up everybody who writes.
            sources = [_note(row) for row in self._store.rows(_NOTES_SQL)]
            work: list[_Work] = []
            room = AT_ONCE
            for source in sources:
                entries, done = source.entries(max(room, 1))
                work.append((source, entries, done))
                room -= len(entries)
                if room <= 0:
                    break
            # A long file goes on beside the notes, not after all of them.
            if file := self._file():
                work.append((file, *file.entries(AT_ONCE // 2 if sources else AT_ONCE)))
            if work:
                self._store.write(lambda tx: _keep_all(tx, work))
            return bool(work)

    def _file(self) -> _Source | None:
        """The newest file that waits. Its text is read once, however many steps it takes."""
        newest = self._store.rows(
            "SELECT source_id, done, changes FROM passages_stale WHERE source = 'file'"
            " ORDER BY source_id DESC LIMIT 1"
        )
        if not newest:
            self._held = None
            return None
        id_, done, changes = newest[0]
        if self._held is None or self._held[0] != (id_, changes):
            ((name, text),) = self._store.rows(_FILE_SQL, (id_,)) or [("", None)]
            self._held = ((id_, changes), name, text)
        _, name, text = self._held
        base = max(0, done - _BACK)
        window = None if text is None else text[base : base + _WINDOW]
        return _Source("file", id_, done, changes, name, window)


_known: WeakKeyDictionary[Store, Cutter] = WeakKeyDictionary()
_making = threading.Lock()


def _note(row: Row) -> _Source:
    id_, done, changes, title, tags, window = row
    above = f"{title or ''} {' '.join(read_tags(tags or '[]'))}"
    return _Source("note", id_, done, changes, above, window)


def _keep_all(tx: Transaction, work: Sequence[_Work]) -> None:
    for source, entries, done in work:
        _keep(tx, source, entries, done)


def _keep(tx: Transaction, source: _Source, entries: Sequence[Entry], done: int | None) -> None:
    """Writes a part of the work down, unless the source has changed since it was read."""
    key = (source.kind, source.id)
    if not tx.rows(
        "SELECT 1 FROM passages_stale WHERE source = ? AND source_id = ? AND done = ?"
        " AND changes = ?",
        (*key, source.done, source.changes),
    ):
        return
    if source.done < 0 and _clear(tx, key):
        return
    if source.window is not None:
        for entry in entries:
            _enter(tx, key, entry)
        if done is not None:
            tx.rows(
                "UPDATE passages_stale SET done = ? WHERE source = ? AND source_id = ?",
                (done, *key),
            )
            return
    tx.rows("DELETE FROM passages_stale WHERE source = ? AND source_id = ?", key)


def _clear(tx: Transaction, key: tuple[str, str]) -> bool:
    """Takes some of the old passages out; whether there are more."""
    old = tx.rows(
        f"SELECT id FROM passages WHERE source = ? AND source_id = ? LIMIT {_CLEARED}", key
    )
    for (id_,) in old:
        tx.rows("DELETE FROM passages_fts WHERE rowid = ?", (id_,))
        tx.rows("DELETE FROM passages WHERE id = ?", (id_,))
    return len(old) == _CLEARED


def _enter(tx: Transaction, key: tuple[str, str], entry: Entry) -> None:
    piece = entry.piece
    tx.rows(
        "INSERT INTO passages (source, source_id, start, stop, heading, body)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (*key, piece.start, piece.stop, piece.heading, entry.text),
    )
    tx.rows(
        "INSERT INTO passages_fts (rowid, title, body) VALUES (last_insert_rowid(), ?, ?)",
        (entry.title, entry.body),
    )


def stale_notes(reader: Reader, most: int) -> list[Row]:
    """Id, title, tags and text of the newest notes whose passages are out of date."""
    return reader.rows(
        f"SELECT n.id, n.title, n.tags, substr(n.body, 1, {_WINDOW}) FROM passages_stale s"
        " JOIN notes n ON n.id = s.source_id WHERE s.source = 'note' AND n.deleted_at IS NULL"
        " ORDER BY s.source_id DESC LIMIT ?",
        (most,),
    )
