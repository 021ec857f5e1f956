"""Commits reach the disk within a second, without a commit ever waiting for it."""

import logging
import os
import threading
import time

log = logging.getLogger(__name__)

WITHIN = 0.8
"""Seconds from the oldest commit not yet on disk to its sync; the promise is one second."""

_sync = getattr(os, "fdatasync", os.fsync)


class WalSync:
    """Syncs the `-wal` file behind commits made with `synchronous=NORMAL`.

    The database file itself is never opened here: closing it would drop SQLite's POSIX locks.
    """

    def __init__(self, database: str) -> None:
        self._wal = f"{database}-wal"
        self._pending = threading.Event()
        self.syncs = 0
        threading.Thread(target=self._run, name="wal-sync", daemon=True).start()

    def committed(self) -> None:
        """Says that a commit was made; costs nothing while one is pending."""
        self._pending.set()

    def sync(self) -> None:
        """Syncs now, if a commit isn't on disk yet."""
        if not self._pending.is_set():
            return
        # Cleared first: a commit made while the sync runs counts for the next one.
        self._pending.clear()
        try:
            handle = os.open(self._wal, os.O_RDWR)
        except FileNotFoundError:
            return
        try:
            _sync(handle)
            self.syncs += 1
        finally:
            os.close(handle)

    def _run(self) -> None:
        while True:
            self._pending.wait()
            time.sleep(WITHIN)
            try:
                self.sync()
            except OSError as error:
                self._pending.set()
                log.error("The write-ahead log can't be synced: %s", error)
