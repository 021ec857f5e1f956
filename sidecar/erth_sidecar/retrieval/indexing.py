"""What was written enters the indexes behind it, a few rows at a time, the newest first.

Three of them: `notes_fts` gets notes that came in bulk, `messages_fts` what was said, and
`passages_fts` the passages of notes and files (`cutting.py`).
"""

import logging
import threading
import time
from dataclasses import dataclass

from erth_sidecar.errors import Failure
from erth_sidecar.store.database import Reader, Store, Transaction

log = logging.getLogger(__name__)

AT_ONCE = 20
"""Rows of one transaction: a person's own change waits for no more than these."""

LOOK = 2.0
"""Seconds between two looks. While a load is going on, it is left to go on."""

LOAD = 200
"""Rows that come between two looks if it is a load."""

BREATH = 0.005
"""Seconds between two transactions, in which others write."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much isn't indexed yet; false if everything is."""

    search: int
    """Notes that the search over notes doesn't find."""
    messages: int
    notes: int
    """Notes that aren't cut into passages."""
    files: int

    def __bool__(self) -> bool:
        return bool(self.total)

    @property
    def total(self) -> int:
        """Rows of all kinds."""
        return self.search + self.messages + self.notes + self.files


def waiting(reader: Reader) -> Waiting:
    """What a search doesn't find yet, by kind."""
    stale = "SELECT count(*) FROM passages_stale WHERE source ="
    (row,) = reader.rows(
        "SELECT (SELECT count(*) FROM notes_unindexed), (SELECT count(*) FROM messages_unindexed),"
        f" ({stale} 'note'), ({stale} 'file')"
    )
    return Waiting(*row)


def index_some(transaction: Transaction) -> int:
    """Enters some notes and messages into the indexes of their texts; how many."""
    return _enter(transaction, "notes", "note", "title, body, tags") + _enter(
        transaction, "messages", "message", "body"
    )


def _enter(transaction: Transaction, table: str, row: str, columns: str) -> int:
    some = transaction.rows(
        f"SELECT {row} FROM {table}_unindexed ORDER BY {row} DESC LIMIT {AT_ONCE}"
    )
    for (rowid,) in some:
        transaction.rows(
            f"INSERT INTO {table}_fts (rowid, {columns})"
            f" SELECT rowid, {columns} FROM {table} WHERE rowid = ?",
            (rowid,),
        )
        transaction.rows(f"DELETE FROM {table}_unindexed WHERE {row} = ?", (rowid,))
    return len(some)


def catch_up(store: Store, seconds: float = 0.3) -> bool:
    """Cuts what waits for it, the newest first, for so long at most; whether all is done.

    For somebody who asks about what they have just written. Not from within a transaction.
    """
    # Only now, as below: a start with nothing to cut does without it.
    from erth_sidecar.retrieval.cutting import Cutter

    deadline = time.monotonic() + seconds
    cutter = Cutter.of(store)
    while cutter.cut_some():
        if time.monotonic() > deadline:
            return False
    return True


class Indexer:
    """Looks for such rows in a thread of its own, for as long as the process lives."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="indexing", daemon=True)

    def start(self) -> None:
        """Begins; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Ends after the transaction under way."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        before, most, seen = 0, 0, -1
        while not self._stop.wait(LOOK):
            try:
                version = self._store.version()
                # A look at nothing new costs a few microseconds.
                if version == seen:
                    continue
                now = waiting(self._store).total
                most = max(most, now)
                if not now:
                    seen = version
                elif now <= before + LOAD and self._index_all():
                    # Of what a person writes, somebody who reads the log wants to hear nothing.
                    if most > LOAD:
                        log.info("The indexes are complete")
                    most = 0
                before = now
            except Failure as failure:
                log.warning("What waits can't be indexed now: %s", failure.code)
            except Exception:
                # The rest of the sidecar goes on, and so does this at its next look.
                log.exception("What waits couldn't be indexed")

    def _index_all(self) -> bool:
        """Enters all that waits; False if it was told to stop before the end."""
        from erth_sidecar.retrieval.cutting import Cutter

        cutter = Cutter.of(self._store)
        more = True
        while more:
            # Searching comes before asking.
            entered = self._store.write(index_some)
            more = bool(entered) or cutter.cut_some()
            if self._stop.wait(BREATH):
                return False
        return True
