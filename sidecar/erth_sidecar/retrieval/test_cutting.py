"""Notes and files are in the index of passages as they stand, whoever changes them when."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from erth_sidecar.notes import notes
from erth_sidecar.retrieval import indexing
from erth_sidecar.retrieval.cutting import AT_ONCE, Cutter
from erth_sidecar.retrieval.quality import add_file
from erth_sidecar.store.database import Store
from erth_sidecar.text import passages

Other = Callable[..., Any]
LONG = "\n\n".join(f"Paragraph {i} about herons. " + "More words here. " * 20 for i in range(120))


def add(store: Store, title: str, body: str, tags: object = "") -> str:
    return store.write(partial(notes.create, draft=notes.Draft.of(title, body, tags)))


def cut_all(store: Store) -> int:
    steps = 0
    while Cutter.of(store).cut_some():
        steps += 1
    return steps


def found(store: Store, word: str) -> int:
    sql = "SELECT count(*) FROM passages_fts WHERE passages_fts MATCH ?"
    return int(store.rows(sql, (word,))[0][0])


def places(store: Store) -> list[tuple[Any, ...]]:
    return store.rows("SELECT source_id, start, stop FROM passages ORDER BY source_id, start")


def check(other: Other) -> None:
    other("INSERT INTO passages_fts (passages_fts) VALUES ('integrity-check')")
    assert other("SELECT count(*) FROM passages") == other("SELECT count(*) FROM passages_fts")


def test_a_note_is_cut_by_title_tags_heading_and_text(store: Store, other: Other) -> None:
    id_ = add(store, "Birds of the lake", "# Waders\n\nHerons stand still.", "nature")
    assert indexing.waiting(store).notes == 1
    assert indexing.catch_up(store)
    assert not indexing.waiting(store)
    assert places(store) == [(id_, 0, 29)]
    assert [found(store, w) for w in ("bird", "natur", "wader", "heron")] == [1, 1, 1, 1]
    check(other)


def test_a_note_without_text_is_found_by_its_title(store: Store) -> None:
    id_ = add(store, "Call the plumber", "")
    add(store, "", "")
    cut_all(store)
    assert places(store) == [(id_, 0, 0)]
    assert found(store, "plumber") == 1


def test_a_changed_note_leaves_nothing_of_the_old_one(store: Store, other: Other) -> None:
    id_ = add(store, "Birds", LONG)
    cut_all(store)
    other(f"UPDATE notes SET body = 'Storks.' WHERE id = '{id_}'")
    cut_all(store)
    assert places(store) == [(id_, 0, 7)]
    assert (found(store, "heron"), found(store, "stork")) == (0, 1)
    store.write(lambda tx: notes.mark(tx, id_, deleted=True))
    cut_all(store)
    assert (places(store), found(store, "stork")) == ([], 0)
    store.write(lambda tx: notes.mark(tx, id_, deleted=False))
    cut_all(store)
    assert found(store, "stork") == 1
    other("DELETE FROM notes")
    cut_all(store)
    assert (places(store), indexing.waiting(store).total) == ([], 0)
    check(other)


def test_a_change_between_reading_and_writing_isnt_lost(
    store: Store, other: Other, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = add(store, "Birds", "Herons.")
    write = store.write
    changes = iter(["Storks.", "Cranes."])

    def late(work: Any) -> Any:
        if body := next(changes, None):
            other(f"UPDATE notes SET body = '{body}' WHERE id = '{id_}'")
        return write(work)

    monkeypatch.setattr(store, "write", late)
    cut_all(store)
    assert [found(store, w) for w in ("heron", "stork", "crane")] == [0, 0, 1]
    check(other)


def test_a_long_note_takes_several_short_transactions(store: Store, other: Other) -> None:
    id_ = add(store, "Birds", LONG)
    before = 0
    while Cutter.of(store).cut_some():
        now = len(places(store))
        assert now - before <= AT_ONCE
        before = now
    assert places(store) == [(id_, p.start, p.stop) for p in passages.cut(LONG)]
    assert before > 3 * AT_ONCE
    check(other)


def test_the_next_process_goes_on_where_the_last_one_was_cut_off(store: Store) -> None:
    store.write(partial(add_file, id_="f1", name="birds.txt", text=LONG))
    for _ in range(100):
        # Each time one that knows nothing of the others.
        if not Cutter(store).cut_some():
            break
    assert places(store) == [("f1", p.start, p.stop) for p in passages.cut(LONG)]
    (texts,) = store.rows(
        "SELECT min(body = substr(?, start + 1, stop - start)) FROM passages", (LONG,)
    )
    assert texts == (1,)


def test_notes_dont_wait_for_a_long_file(store: Store) -> None:
    store.write(partial(add_file, id_="f1", name="birds.txt", text=LONG * 3))
    Cutter.of(store).cut_some()
    add(store, "Plumber", "Comes on Friday.")
    Cutter.of(store).cut_some()
    assert found(store, "plumber") == 1
    waiting = indexing.waiting(store)
    assert (waiting.notes, waiting.files) == (0, 1)


def test_a_file_that_is_deleted_or_read_anew_is_taken_out(store: Store, other: Other) -> None:
    store.write(partial(add_file, id_="f1", name="birds.txt", text=LONG))
    Cutter.of(store).cut_some()
    again = (
        "INSERT INTO passages_stale (source, source_id) VALUES ('file', 'f1')"
        " ON CONFLICT DO UPDATE SET done = -1, changes = changes + 1"
    )
    other("UPDATE file_texts SET body = 'Storks.'")
    other(again)
    cut_all(store)
    assert (found(store, "heron"), found(store, "stork")) == (0, 1)
    other("UPDATE files SET deleted_at = '2026'")
    other(again)
    cut_all(store)
    assert places(store) == []
    check(other)


def test_what_others_wrote_in_their_own_way_blocks_nothing(store: Store, other: Other) -> None:
    for number, tags in enumerate(["{}", "[1, null]", '"x"', "7"]):
        other(
            "INSERT INTO notes (id, title, body, tags, created_at, updated_at)"
            f" VALUES ('n{number}', 'Herons', char(0, 55296, 769, 10, 65279), '{tags}', '1', '1')"
        )
    cut_all(store)
    assert indexing.waiting(store).notes == 0
    assert found(store, "heron") == 4
