"""A store in memory, gone with the process."""

import re
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import libsql

from erth_sidecar.ids import now_text
from erth_sidecar.store.database import Reader, Row, Store, Transaction

T = TypeVar("T")

TABLES = ("threads", "messages", "answers", "permissions", "conflicts", "idempotency")
"""What conversations, and the requests that change them, are kept in."""
REPLAYED = 100
"""Answers kept in case their requests come again."""
_SWEEP = "DELETE FROM idempotency WHERE rowid <= (SELECT max(rowid) FROM idempotency) - ?"
_BESIDE = re.compile(r"_fts_|_unindexed|mirror_", re.IGNORECASE)


class MemoryStore(Store):
    """The tables of conversations, made like those of `home`; nothing of it is ever on a disk."""

    def __init__(self, home: Reader, announce: Callable[[str, str], None]) -> None:
        self._home = home
        self._tell = announce
        # One connection, as each has a memory of its own: readers wait for a change under way.
        self._turn = threading.RLock()
        self._connection: Any = None

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        with self._turn:
            return self._opened().execute(sql, tuple(values)).fetchall() or []

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Runs `work` in a transaction and commits it; if it raises, nothing was changed."""
        with self._turn:
            connection = self._opened()
            connection.execute("BEGIN")
            try:
                transaction = Transaction(connection, now_text())
                result = work(transaction)
                connection.execute(_SWEEP, (REPLAYED,))
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise
        for topic, id_ in transaction.changes:
            self._tell(topic, id_)
        for follow in transaction.after_commit:
            follow()
        return result

    def announce(self, topic: str, id_: str) -> None:
        """Tells the pages of something that is no change of the database."""
        self._tell(topic, id_)

    def version(self) -> int:
        """There is nobody else who changes it."""
        return 0

    def sync(self) -> None:
        """There is nothing to bring to a disk."""

    def _opened(self) -> Any:
        """Made at first use: most people never ask for it."""
        if self._connection is None:
            connection = libsql.connect(":memory:", isolation_level=None)
            connection.execute("PRAGMA temp_store=MEMORY").fetchall()
            for name, sql in self._home.rows(
                "SELECT name, sql FROM sqlite_schema WHERE tbl_name IN"
                f" ({', '.join('?' * len(TABLES))}) AND sql IS NOT NULL"
                " AND type IN ('table', 'index') ORDER BY type DESC",
                TABLES,
            ):
                if not _BESIDE.search(name):
                    connection.execute(sql)
            self._connection = connection
        return self._connection
