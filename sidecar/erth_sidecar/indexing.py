"""Notes that came in bulk enter the full-text index behind it, a few at a time."""

import logging
import threading

from erth_sidecar.errors import Failure
from erth_sidecar.store import Reader, Store, Transaction

log = logging.getLogger(__name__)

AT_ONCE = 20
"""Notes of one transaction: a person's own change waits for no more than these."""

LOOK = 2.0
"""Seconds between two looks. While a load is going on, it is left to go on."""

BREATH = 0.005
"""Seconds between two transactions, in which others write."""


def waiting(reader: Reader) -> int:
    """How many notes a search doesn't find yet."""
    return int(reader.rows("SELECT count(*) FROM notes_unindexed")[0][0])


def index_some(transaction: Transaction) -> int:
    """Enters some of them; how many."""
    some = transaction.rows(
        "SELECT note FROM notes_unindexed ORDER BY note DESC LIMIT ?", (AT_ONCE,)
    )
    for (note,) in some:
        transaction.rows(
            "INSERT INTO notes_fts (rowid, title, body, tags)"
            " SELECT rowid, title, body, tags FROM notes WHERE rowid = ?",
            (note,),
        )
        transaction.rows("DELETE FROM notes_unindexed WHERE note = ?", (note,))
    return len(some)


class Indexer:
    """Looks for such notes in a thread of its own, for as long as the process lives."""

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
        before = 0
        while not self._stop.wait(LOOK):
            try:
                now = waiting(self._store)
                # Still growing: the load goes first.
                if now and now <= before:
                    self._index_all()
                before = now
            except Failure as failure:
                log.warning("Notes can't be indexed now: %s", failure.code)

    def _index_all(self) -> None:
        while self._store.write(index_some) == AT_ONCE:
            if self._stop.wait(BREATH):
                return
        log.info("The full-text index is complete")
