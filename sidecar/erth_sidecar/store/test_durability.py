import os
import time
from pathlib import Path

import pytest

from erth_sidecar.store import durability
from erth_sidecar.store.database import Store
from erth_sidecar.store.durability import WalSync


def test_a_commit_is_synced_within_a_second(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[float] = []
    wal = Path(f"{store._path}-wal")

    def record(handle: int) -> None:
        # Stores of other tests may still have something to sync.
        if os.path.samestat(os.fstat(handle), wal.stat()):
            synced.append(time.monotonic())
        os.fdatasync(handle)

    monkeypatch.setattr(durability, "_sync", record)
    began = time.monotonic()
    for i in range(20):
        store.write(lambda tx, i=i: tx.rows("INSERT INTO settings VALUES (?, '')", (str(i),)))  # type: ignore[misc]
    while not synced and time.monotonic() - began < 5:
        time.sleep(0.01)
    assert len(synced) == 1
    assert synced[0] - began <= 1.0 + 0.5  # half a second for a slow machine


def test_nothing_is_synced_without_a_commit(tmp_path: Path) -> None:
    sync = WalSync(str(tmp_path / "x.db"))
    sync.sync()
    assert sync.syncs == 0
    sync.committed()
    sync.sync()
    assert sync.syncs == 0, "no wal file, nothing to sync"


def test_an_orderly_end_syncs_at_once(store: Store) -> None:
    store.write(lambda tx: tx.rows("INSERT INTO settings VALUES ('a', '')"))
    store.sync()
    assert store._wal_sync is not None
    assert store._wal_sync.syncs == 1


def test_full_synchronous_needs_no_help(database: Path) -> None:
    store = Store(str(database), print, synchronous="FULL")
    assert store._wal_sync is None
    assert store._writer.execute("PRAGMA synchronous").fetchall() == [(2,)]
    store.sync()
