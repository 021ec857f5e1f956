"""Files in the store: once each, deleted and back, their text a part at a time."""

import json

import pytest

from erth_sidecar.chat import threads
from erth_sidecar.errors import Failure
from erth_sidecar.ids import uuid7
from erth_sidecar.library import files, texts
from erth_sidecar.library.originals import Taken
from erth_sidecar.library.texts import PART
from erth_sidecar.store.database import Store, Transaction


def _taken(digest: str = "d") -> Taken:
    return Taken(uuid7(), "text", 5, digest)


def _added(store: Store, name: str, thread: str | None = None) -> str:
    return store.write(lambda tx: files.add(tx, _taken(name), name, thread))


def _stale(store: Store) -> list[str]:
    rows = store.rows("SELECT source_id FROM passages_stale WHERE source = 'file'")
    return [id_ for (id_,) in rows]


def _ready(store: Store, id_: str, text: str, pages: list[int] | None = None) -> None:
    def write(tx: Transaction) -> None:
        tx.rows(
            "UPDATE files SET state = 'ready', characters = ?, pages = ? WHERE id = ?",
            (len(text), json.dumps(pages or []), id_),
        )
        tx.rows("INSERT INTO file_texts (file_id, body) VALUES (?, ?)", (id_, text))

    store.write(write)


def test_the_same_file_is_kept_once_at_each_place(store: Store) -> None:
    thread = store.write(lambda tx: threads.create(tx, "T"))
    first = store.write(lambda tx: files.add(tx, _taken(), "a.txt", None))
    again = store.write(lambda tx: files.add(tx, _taken(), "b.txt", None))
    attached = store.write(lambda tx: files.add(tx, _taken(), "a.txt", thread))
    assert first == again != attached
    assert [file.name for file in files.find(store).files] == ["a.txt"]
    assert [file.id for file in files.of_thread(store, thread)] == [attached]


def test_a_file_of_a_conversation_that_isnt_there_is_refused(store: Store) -> None:
    with pytest.raises(Failure) as failure:
        store.write(lambda tx: files.add(tx, _taken(), "a.txt", uuid7()))
    assert failure.value.code == "THREAD_NOT_FOUND"


def test_files_are_found_by_words_of_their_names_and_by_how_they_stand(store: Store) -> None:
    for name in ("Lease of 2024.pdf", "lease.txt", "Bread.md"):
        _added(store, name)
    assert {file.name for file in files.find(store, "LEASE").files} == {
        "Lease of 2024.pdf",
        "lease.txt",
    }
    assert files.find(store, "2024 lease").total == 1
    assert files.find(store, "", "reading").total == 3 and files.find(store, "", "ready").total == 0


def test_a_deleted_file_comes_back_and_its_passages_are_looked_at(store: Store) -> None:
    id_ = store.write(lambda tx: files.add(tx, _taken(), "a.txt", None))
    assert _stale(store) == []
    store.write(lambda tx: files.mark(tx, id_, True))
    assert _stale(store) == [id_] and files.find(store).total == 0
    with pytest.raises(Failure):
        files.get(store, id_)
    store.write(lambda tx: files.mark(tx, id_, False))
    assert files.get(store, id_).name == "a.txt"


def test_what_was_deleted_long_ago_is_forgotten_with_its_text(store: Store) -> None:
    thread = store.write(lambda tx: threads.create(tx, "T"))
    ids = [
        _added(store, f"{number}.txt", at) for number, at in enumerate([None, None, None, thread])
    ]
    for id_ in ids:
        _ready(store, id_, "text")
    old = "2020-01-01T00:00:00.000Z"
    store.write(lambda tx: files.mark(tx, ids[1], True))
    store.write(lambda tx: tx.rows("UPDATE files SET deleted_at = ? WHERE id = ?", (old, ids[2])))
    store.write(lambda tx: tx.rows("UPDATE threads SET deleted_at = ?", (old,)))
    assert store.write(files.sweep) == [ids[2]]
    assert [id_ for (id_,) in store.rows("SELECT file_id FROM file_texts ORDER BY 1")] == [
        ids[0],
        ids[1],
        ids[3],
    ]
    assert files.of_thread(store, thread) == [] and ids[2] in _stale(store)


def test_the_parts_of_a_text_are_all_of_it_and_end_with_lines(store: Store) -> None:
    id_ = store.write(lambda tx: files.add(tx, _taken(), "a.txt", None))
    text = "".join(f"Line {number} of ü😀\n" for number in range(8000)) + "x" * 50_000 + "\nend"
    _ready(store, id_, text)
    count = texts.part(store, id_, len(text), 0).parts
    parts = [texts.part(store, id_, len(text), number) for number in range(count)]
    assert "".join(part.text for part in parts) == text
    assert all(text[part.start : part.stop] == part.text for part in parts)
    assert parts[0].text.endswith("\n") and len(parts[0].text) < PART + 100
    for at in (0, PART - 1, PART, PART + 30, len(text) - 1, len(text) + 999):
        part = texts.part_at(store, id_, len(text), at)
        assert part.start <= min(at, len(text) - 1) < part.stop


def test_pages_are_known_in_each_part(store: Store) -> None:
    id_ = store.write(lambda tx: files.add(tx, _taken(), "a.pdf", None))
    pages = [f"Page {number} " + "word " * 3000 + "\n\n" for number in range(1, 5)]
    starts = [sum(map(len, pages[:number])) for number in range(4)]
    _ready(store, id_, "".join(pages), [*starts, starts[3], starts[3]])
    size = sum(map(len, pages))
    first, second = (texts.part(store, id_, size, number) for number in (0, 1))
    assert first.pages == [(1, 0), (2, starts[1])]
    assert second.pages[0] == (2, second.start) and second.pages[-1][1] == starts[2]
    last = texts.part(store, id_, size, 99)
    assert last.pages == [(6, last.start)]
    assert texts.page_start(store, id_, 3) == starts[2]
    assert texts.page_start(store, id_, 99) == starts[3]
