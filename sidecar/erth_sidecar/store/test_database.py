import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from erth_sidecar.conftest import MIGRATIONS
from erth_sidecar.errors import Failure
from erth_sidecar.store import database as store_module
from erth_sidecar.store.database import SCHEMA, Store, Transaction

SETTING = "INSERT INTO settings VALUES (?, ?)"


def code_of(work: Callable[[], Any]) -> str:
    with pytest.raises(Failure) as caught:
        work()
    return caught.value.code


def test_the_schema_is_the_migrations_own() -> None:
    assert len(list(MIGRATIONS.glob("*.sql"))) == SCHEMA


def test_a_change_is_committed_and_then_announced(
    store: Store, said: list[tuple[str, str]], other: Callable[..., Any]
) -> None:
    order: list[str] = []

    def work(tx: Transaction) -> str:
        tx.rows(SETTING, ("a", "1"))
        tx.changed("notes", "1")
        tx.changed("notes", "1")
        tx.after_commit.append(lambda: order.append(other("SELECT value FROM settings")[0][0]))
        assert said == []
        return "done"

    assert store.write(work) == "done"
    assert said == [("notes", "1")]
    assert order == ["1"]
    assert store.rows("SELECT * FROM settings") == [("a", "1")]


def test_the_version_tells_of_any_commit(store: Store, other: Callable[..., Any]) -> None:
    first = store.version()
    assert store.version() == first
    store.write(lambda tx: tx.rows(SETTING, ("a", "1")))
    second = store.version()
    other("INSERT INTO settings VALUES ('b', '2')")
    assert len({first, second, store.version()}) == 3


def test_a_change_that_raises_changes_nothing(store: Store, said: list[tuple[str, str]]) -> None:
    def work(tx: Transaction) -> None:
        tx.rows(SETTING, ("a", "1"))
        tx.changed("notes", "1")
        raise Failure("NOTE_CHANGED")

    assert code_of(lambda: store.write(work)) == "NOTE_CHANGED"
    assert store.rows("SELECT * FROM settings") == []
    assert said == []
    store.write(lambda tx: tx.rows(SETTING, ("b", "2")))


def test_a_held_lock_is_waited_for(store: Store, other: Callable[..., Any]) -> None:
    other("BEGIN IMMEDIATE")
    release = threading.Timer(0.3, lambda: other("COMMIT"))
    release.start()
    store.write(lambda tx: tx.rows(SETTING, ("a", "1")))
    release.join()
    assert store.rows("SELECT key FROM settings") == [("a",)]


def test_a_lock_held_too_long_is_busy(
    store: Store, other: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "PATIENCE", 0.2)
    other("BEGIN IMMEDIATE")
    assert code_of(lambda: store.write(lambda tx: None)) == "STORE_BUSY"
    assert store.rows("SELECT count(*) FROM notes") == [(0,)]
    other("ROLLBACK")
    store.write(lambda tx: None)


def test_threads_write_one_after_the_other(store: Store) -> None:
    def add(name: int) -> None:
        for i in range(50):
            store.write(lambda tx, key=f"{name}-{i}": tx.rows(SETTING, (key, "")))  # type: ignore[misc]

    threads = [threading.Thread(target=add, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.rows("SELECT count(*) FROM settings") == [(200,)]


def test_an_unknown_schema_is_refused(database: Path, other: Callable[..., Any]) -> None:
    other("PRAGMA user_version = 99")
    assert code_of(lambda: Store(str(database), print)) == "SCHEMA_UNKNOWN"


def test_a_missing_database_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    assert code_of(lambda: Store(str(path), print)) == "SCHEMA_UNKNOWN"
    assert not path.exists()


def test_a_damaged_file_is_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "bad.db"
    path.write_bytes(b"this is no database, but long enough to be looked at" * 100)
    assert code_of(lambda: Store(str(path), print)) == "STORE_DAMAGED"


def test_a_full_database_is_said_to_be(store: Store) -> None:
    # max_page_count fails just as a full disk does, and can be tried as any user.
    pages = store.rows("PRAGMA page_count")[0][0]
    store._writer.execute(f"PRAGMA max_page_count = {pages}").fetchall()
    huge = "x" * 1_000_000
    assert code_of(lambda: store.write(lambda tx: tx.rows(SETTING, ("a", huge)))) == "STORE_FULL"
    store._writer.execute("PRAGMA max_page_count = 1000000").fetchall()
    store.write(lambda tx: tx.rows(SETTING, ("a", huge)))


def test_a_database_that_may_not_be_written_is_said_to_be(store: Store) -> None:
    store._writer.execute("PRAGMA query_only = 1").fetchall()
    work = lambda tx: tx.rows(SETTING, ("a", "1"))  # noqa: E731
    assert code_of(lambda: store.write(work)) == "STORE_READ_ONLY"
