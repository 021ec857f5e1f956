"""Notes that came in bulk are found once they were indexed, and not damaged before."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from erth_sidecar.notes import notes
from erth_sidecar.retrieval.indexing import AT_ONCE, LOAD, LOOK, Indexer, index_some, waiting
from erth_sidecar.store.database import Store

Other = Callable[..., Any]


def load(other: Other, count: int) -> None:
    """What the mirror does at a first load."""
    other(
        "INSERT INTO mirror_clock (one, tick, version, ahead, device, muted)"
        " VALUES (1, 0, 0, 0, 'abcdefgh', 2)"
    )
    for number in range(count):
        other(
            "INSERT INTO notes (id, title, body, created_at, updated_at)"
            f" VALUES ('n{number}', 'Loaded {number}', 'A heron', '2026', '2026')"
        )
    other("UPDATE mirror_clock SET muted = 0")


def found(store: Store, words: str = "heron") -> int:
    return notes.find(store, words).total


def check(other: Other) -> None:
    other("INSERT INTO notes_fts (notes_fts, rank) VALUES ('integrity-check', 1)")


def test_notes_of_a_load_are_indexed_later_a_few_at_a_time(store: Store, other: Other) -> None:
    load(other, AT_ONCE + 5)
    assert (found(store), waiting(store).search) == (0, AT_ONCE + 5)
    assert store.write(index_some) == AT_ONCE
    assert found(store) == AT_ONCE
    assert store.write(index_some) == 5
    assert (found(store), waiting(store).search) == (AT_ONCE + 5, 0)
    check(other)


def test_a_note_that_changes_or_goes_before_it_is_indexed_does_no_harm(
    store: Store, other: Other
) -> None:
    load(other, 3)
    other("UPDATE notes SET body = 'A stork' WHERE id = 'n0'")
    other("DELETE FROM notes WHERE id = 'n1'")
    assert waiting(store).search == 2
    store.write(index_some)
    assert (found(store, "stork"), found(store)) == (1, 1)
    other("DELETE FROM notes")
    assert (found(store, "stork"), found(store)) == (0, 0)
    check(other)


def test_a_note_written_outside_of_a_load_is_found_at_once(store: Store, other: Other) -> None:
    load(other, 1)
    other("INSERT INTO notes (id, body, created_at, updated_at) VALUES ('x', 'A heron', '1', '1')")
    assert (found(store), waiting(store).search) == (1, 1)
    store.write(index_some)
    check(other)


def test_the_thread_indexes_by_itself_once_the_load_is_over(
    store: Store, other: Other, monkeypatch: Any
) -> None:
    monkeypatch.setattr("erth_sidecar.retrieval.indexing.LOOK", 0.01)
    load(other, 2 * AT_ONCE + 1)
    indexer = Indexer(store)
    indexer.start()
    deadline = time.monotonic() + 10
    while waiting(store) and time.monotonic() < deadline:
        time.sleep(0.01)
    indexer.stop()
    assert found(store) == 2 * AT_ONCE + 1


class Looks:
    """Stands for the order to stop: it comes after so many looks, and nobody waits for one."""

    def __init__(self, count: int) -> None:
        self.left = count

    def wait(self, seconds: float) -> bool:
        self.left -= seconds == LOOK
        return self.left < 0


@pytest.mark.parametrize(("count", "lines"), [(1, 0), (AT_ONCE, 0), (LOAD + 1, 1)])
def test_the_log_tells_of_a_load_once_and_of_single_notes_never(
    store: Store, other: Other, monkeypatch: Any, caplog: Any, *, count: int, lines: int
) -> None:
    caplog.set_level("INFO", "erth_sidecar.retrieval.indexing")
    load(other, count)
    indexer = Indexer(store)
    monkeypatch.setattr(indexer, "_stop", Looks(6))
    indexer._run()
    assert not waiting(store)
    assert caplog.messages == ["The indexes are complete"] * lines
