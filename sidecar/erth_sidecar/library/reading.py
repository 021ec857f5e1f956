"""Reads files in the background, one after the other, each in a process of its own."""

import json
import logging
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from erth_sidecar.errors import Failure
from erth_sidecar.library import files
from erth_sidecar.library.originals import Originals
from erth_sidecar.parsing.child import Parsed, parse
from erth_sidecar.store.database import PASSING, Reader, Store, Transaction

log = logging.getLogger(__name__)

TRIES = 3
"""Times that a reading is begun anew after the sidecar ended under it."""
SWEEP = 3600.0
"""Seconds between two looks for what was deleted long ago."""
FIRST_SWEEP = 60.0
"""Seconds to the first one: not while Erth starts."""
TELL_EVERY = 0.5
"""Seconds between two words of how far a reading has come."""
WAIT, WAIT_FOR = 2.0, 900.0
"""Seconds between two tries to store what was read, and in all."""

_GROWTH = 3
"""Times the bytes of a text that the store grows by: the text, its passages, their index."""

T = TypeVar("T")

Parse = Callable[[Path, str, Callable[[float], None]], Parsed]


class Reading:
    """Owns the thread that has files read."""

    def __init__(self, store: Store, originals: Originals, parser: Parse = parse) -> None:
        self._store = store
        self._originals = originals
        self._parse = parser
        self._waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._now: tuple[str, float] = ("", 0.0)

    def start(self) -> None:
        """Goes on with what the end of the last process left; returns at once."""
        threading.Thread(target=self._run, name="reading", daemon=True).start()

    def add(self, id_: str) -> None:
        """Has a file read that waits in the store."""
        self._waiting.put(id_)

    def progress(self, id_: str) -> float | None:
        """How far the reading of a file has come, from 0 to 1; None if it isn't being read."""
        id_now, done = self._now
        return done if id_now == id_ else None

    def _run(self) -> None:
        for id_ in _unfinished(self._store):
            self._waiting.put(id_)
        swept = time.monotonic() - SWEEP + FIRST_SWEEP
        while True:
            try:
                self._read(self._waiting.get(timeout=max(0.0, swept + SWEEP - time.monotonic())))
            except queue.Empty:
                self._sweep()
                swept = time.monotonic()
            except Failure as failure:
                log.warning("A file can't be read now: %s", failure)
            except Exception:
                log.exception("A file couldn't be read")

    def _read(self, id_: str) -> None:
        begun = self._written(lambda tx: _begin(tx, id_))
        if begun is None:
            return
        self._now, told = (id_, 0.0), time.monotonic()

        def on_progress(done: float) -> None:
            nonlocal told
            self._now = (id_, done)
            if time.monotonic() - told >= TELL_EVERY:
                told = time.monotonic()
                self._store.announce("library", id_)

        path = self._originals.path(id_)
        try:
            parsed = self._parse(path, begun, on_progress)
            if parsed.killed:
                # Perhaps from elsewhere: once more, and what was read most of is kept.
                again = self._parse(path, begun, on_progress)
                parsed = max(again, parsed, key=lambda it: (not it.killed, len(it.text)))
        except Exception:
            log.exception("A file couldn't be read")
            parsed = Parsed(code="INTERNAL")
        finally:
            self._now = ("", 0.0)
        if not self._originals.has_room(_GROWTH * len(parsed.text.encode("utf-8", "replace"))):
            parsed = Parsed(code="MODEL_DISK")
        self._written(lambda tx: _finish(tx, id_, parsed))

    def _written(self, work: Callable[[Transaction], T]) -> T:
        """A change that waits for a store that is full or busy: nobody else would make it again."""
        deadline = time.monotonic() + WAIT_FOR
        while True:
            try:
                return self._store.write(work)
            except Failure as failure:
                if failure.code not in PASSING or time.monotonic() > deadline:
                    raise
                log.warning("What was read can't be kept now: %s", failure.code)
            time.sleep(WAIT)

    def _sweep(self) -> None:
        try:
            for id_ in self._store.write(files.sweep):
                self._originals.remove(id_)
            self._originals.sweep({id_ for (id_,) in self._store.rows("SELECT id FROM files")})
        except Failure as failure:
            log.warning("Deleted files weren't swept: %s", failure)


def _unfinished(reader: Reader) -> list[str]:
    rows = reader.rows(
        "SELECT id FROM files WHERE state IN ('waiting', 'reading') AND deleted_at IS NULL"
        " ORDER BY created_at, id"
    )
    return [id_ for (id_,) in rows]


def _begin(transaction: Transaction, id_: str) -> str | None:
    """Marks a file as being read; its name, or None if there is nothing to read.

    While it is read, its detail counts how often that was begun.
    """
    rows = transaction.rows(
        "SELECT name, state, detail FROM files WHERE id = ? AND deleted_at IS NULL"
        " AND state IN ('waiting', 'reading')",
        (id_,),
    )
    if not rows:
        return None
    name, state, detail = rows[0]
    tries = int(detail or 0) + 1 if state == "reading" else 1
    transaction.changed("library", id_)
    if tries > TRIES:
        _fail(transaction, id_, "FILE_DAMAGED", f"Erth ended {TRIES} times while it was read.")
        return None
    transaction.rows(
        "UPDATE files SET state = 'reading', code = NULL, detail = ? WHERE id = ?",
        (str(tries), id_),
    )
    return str(name)


def _finish(transaction: Transaction, id_: str, parsed: Parsed) -> None:
    transaction.changed("library", id_)
    if not parsed.text.strip():
        _fail(transaction, id_, parsed.code or "FILE_EMPTY", parsed.detail)
        return
    changed = transaction.rows(
        "UPDATE files SET state = 'ready', code = ?, detail = ?, pages = ?, characters = ?"
        " WHERE id = ? AND state = 'reading' RETURNING id",
        (parsed.code, parsed.detail, json.dumps(parsed.pages), len(parsed.text), id_),
    )
    if not changed:
        return
    transaction.rows(
        "INSERT INTO file_texts (file_id, body) VALUES (?1, ?2)"
        " ON CONFLICT (file_id) DO UPDATE SET body = ?2",
        (id_, parsed.text),
    )
    files.stale(transaction, id_)


def _fail(transaction: Transaction, id_: str, code: str, detail: str | None) -> None:
    transaction.rows(
        "UPDATE files SET state = 'failed', code = ?, detail = ?, pages = '[]', characters = 0"
        " WHERE id = ?",
        (code, detail, id_),
    )
    transaction.rows("DELETE FROM file_texts WHERE file_id = ?", (id_,))
