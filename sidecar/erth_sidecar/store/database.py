"""The database: reads at any time, short changes one after the other."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar

import libsql

from erth_sidecar import disk
from erth_sidecar.errors import Failure
from erth_sidecar.ids import now_text
from erth_sidecar.store.durability import WalSync

log = logging.getLogger(__name__)

SCHEMA = 5
"""The `PRAGMA user_version` these pages were written for."""

BUSY_TIMEOUT = 0.1
"""Seconds inside one call: libsql stops every Python thread while it waits for a lock."""

CHECKPOINT_PAGES = 2000
"""Pages (8 MB) in the `-wal` file before a commit moves them into the database, which takes some
milliseconds: SQLite's 1000 would make every hundredth new note wait for that."""

PATIENCE = 5.0
"""Seconds that a change is tried anew before `STORE_BUSY`, other threads running meanwhile."""

READ_PATIENCE = 1.0
"""The same for reads, which run on the server's thread; in WAL mode they hardly ever wait."""

PASSING = ("STORE_BUSY", "STORE_FULL")
"""Failures that may be over in a while."""

T = TypeVar("T")
Row = tuple[Any, ...]


class Reader(Protocol):
    """Something that answers a query: the store, or a transaction under way."""

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of the answer. Raises Failure `STORE_…`."""


class Transaction:
    """A change under way. What it reads includes what it wrote."""

    def __init__(self, connection: Any, now: str) -> None:
        self._connection = connection
        self.now = now
        self.after_commit: list[Callable[[], None]] = []
        self.changes: list[tuple[str, str]] = []

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Runs one statement and returns its rows. Integers over 32 bits must come as text."""
        return _rows(self._connection, sql, values)

    def changed(self, topic: str, id_: str) -> None:
        """Announces a change to the pages once it is committed."""
        if (topic, id_) not in self.changes:
            self.changes.append((topic, id_))


class Store:
    """One connection that writes and one that reads."""

    def __init__(
        self,
        path: str,
        announce: Callable[[str, str], None],
        *,
        synchronous: str = "NORMAL",
        schema: int = SCHEMA,
    ) -> None:
        """Opens a migrated database. Raises Failure `SCHEMA_UNKNOWN` or `STORE_…`."""
        self._path = path
        self._announce = announce
        self._lock = threading.Lock()
        if not Path(path).is_file():
            raise Failure("SCHEMA_UNKNOWN", "The shell hasn't made the database yet.")
        try:
            self._writer = self._connect(synchronous)
            self._reader = self._connect(synchronous)
        except ValueError as error:
            raise self._failure(error) from error
        version = self.rows("PRAGMA user_version")[0][0]
        if version != schema:
            known = f"It has version {version}, this Erth knows {schema}."
            raise Failure("SCHEMA_UNKNOWN", f"The database isn't this Erth's. {known}")
        self._wal_sync = WalSync(path) if synchronous == "NORMAL" else None

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query, as last committed."""

        def read() -> list[Row]:
            return _rows(self._reader, sql, values)

        return self._patiently(read, READ_PATIENCE)

    def version(self) -> int:
        """A number that differs after any commit, whoever made it."""
        return int(self.rows("PRAGMA data_version")[0][0])

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Runs `work` in a transaction and commits it; if it raises, nothing was changed.

        `work` may run more than once, so it must not act outside the transaction; what has to
        follow the commit goes into `after_commit`.
        """
        return self._patiently(lambda: self._once(work), PATIENCE)

    def announce(self, topic: str, id_: str) -> None:
        """Tells the pages of something new that isn't stored yet, as an answer that grows."""
        self._announce(topic, id_)

    def sync(self) -> None:
        """Brings all commits to the disk."""
        if self._wal_sync is not None:
            self._wal_sync.sync()

    def _once(self, work: Callable[[Transaction], T]) -> T:
        with self._lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                transaction = Transaction(self._writer, now_text())
                result = work(transaction)
                self._writer.execute("COMMIT")
            except BaseException:
                # A full disk has already rolled back by itself.
                with suppress(ValueError):
                    self._writer.execute("ROLLBACK")
                raise
        if self._wal_sync is not None:
            self._wal_sync.committed()
        for topic, id_ in transaction.changes:
            self._announce(topic, id_)
        for follow in transaction.after_commit:
            follow()
        return result

    def _patiently(self, attempt: Callable[[], T], patience: float) -> T:
        deadline = time.monotonic() + patience
        pause = 0.005
        while True:
            try:
                return attempt()
            except ValueError as error:
                failure = self._failure(error)
                if failure.code != "STORE_BUSY" or time.monotonic() > deadline:
                    raise failure from error
            time.sleep(pause)
            pause = min(pause * 2, 0.1)

    def _connect(self, synchronous: str) -> Any:
        connection = libsql.connect(self._path, timeout=BUSY_TIMEOUT, isolation_level=None)
        connection.execute(f"PRAGMA synchronous={synchronous}").fetchall()
        connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}").fetchall()
        connection.execute("PRAGMA temp_store=MEMORY").fetchall()
        return connection

    def _failure(self, error: ValueError) -> Failure:
        """The failure behind an error of libsql, which tells kinds apart by their text only."""
        if disk.is_full(error, Path(self._path).parent):
            return Failure("STORE_FULL")
        text = str(error).lower()
        for part, code in _KINDS:
            if part in text:
                return Failure(code)
        log.error("The store failed: %s", error)
        return Failure("INTERNAL")


_KINDS = (
    ("is locked", "STORE_BUSY"),
    ("is busy", "STORE_BUSY"),
    ("readonly database", "STORE_READ_ONLY"),
    ("unable to open database", "STORE_READ_ONLY"),
    ("disk image is malformed", "STORE_DAMAGED"),
    ("file is not a database", "STORE_DAMAGED"),
)


def _rows(connection: Any, sql: str, values: Sequence[Any]) -> list[Row]:
    # Read to its end, or an open cursor would hold its snapshot; None without a result.
    return connection.execute(sql, tuple(values)).fetchall() or []
