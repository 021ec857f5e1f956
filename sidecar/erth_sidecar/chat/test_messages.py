import json

import pytest

from erth_sidecar.chat import messages, threads
from erth_sidecar.conftest import next_millisecond
from erth_sidecar.errors import Failure
from erth_sidecar.ids import uuid7
from erth_sidecar.store.database import Store, Transaction


def fill(store: Store, count: int) -> tuple[str, list[str]]:
    """A thread with so many messages, questions and answers in turn."""
    thread_id = store.write(lambda tx: threads.create(tx, "Long"))
    ids = [uuid7() for _ in range(count)]
    rows = [{"id": id_, "role": ("user", "assistant")[n % 2]} for n, id_ in enumerate(ids)]

    def insert(tx: Transaction) -> None:
        tx.rows(
            "INSERT INTO messages (id, thread_id, role, body, created_at)"
            " SELECT value->>'id', ?, value->>'role', 'message ' || key, ?"
            " FROM json_each(?)",
            (thread_id, tx.now, json.dumps(rows)),
        )

    store.write(insert)
    return thread_id, ids


def ids_of(page: messages.Page) -> list[str]:
    return [message.id for message in page.messages]


def bodies(store: Store, thread_id: str) -> list[str]:
    return [message.body for message in messages.every(store, thread_id)]


def test_a_thread_is_read_page_by_page_from_its_end(store: Store) -> None:
    thread_id, ids = fill(store, 100)
    page = messages.latest(store, thread_id)
    assert (ids_of(page), page.older, page.newer) == (ids[60:], True, False)
    page = messages.before(store, thread_id, ids[60])
    assert (ids_of(page), page.older) == (ids[20:60], True)
    page = messages.before(store, thread_id, ids[20])
    assert (ids_of(page), page.older) == (ids[:20], False)
    page = messages.after(store, thread_id, ids[19])
    assert (ids_of(page), page.newer) == (ids[20:60], True)
    assert ids_of(messages.latest(store, thread_id, since=ids[95])) == ids[95:]


def test_a_message_is_shown_with_what_stands_around_it(store: Store) -> None:
    thread_id, ids = fill(store, 100)
    page = messages.around(store, thread_id, ids[50])
    assert (ids_of(page), page.older, page.newer) == (ids[30:70], True, True)
    page = messages.around(store, thread_id, ids[90])
    assert (ids_of(page), page.older, page.newer) == (ids[70:], True, False)
    page = messages.around(store, thread_id, ids[3])
    assert (ids_of(page), page.older) == (ids[:23], False)


def test_pages_are_found_by_index(store: Store) -> None:
    for sql in (
        "SELECT id FROM messages WHERE thread_id = 'a' AND deleted_at IS NULL"
        " AND id < 'b' ORDER BY id DESC LIMIT 40",
        "SELECT id FROM messages WHERE thread_id = 'a' AND role = 'user' ORDER BY id DESC LIMIT 1",
    ):
        plan = " ".join(str(row[3]) for row in store.rows(f"EXPLAIN QUERY PLAN {sql}"))
        assert "messages_by_thread" in plan
        assert "TEMP B-TREE" not in plan


def test_what_follows_a_message_goes_and_comes_back(store: Store) -> None:
    thread_id, ids = fill(store, 4)
    before = bodies(store, thread_id)
    moment = store.write(lambda tx: messages.drop_from(tx, thread_id, ids[2]))
    store.write(lambda tx: messages.ask(tx, thread_id, "Another"))
    assert bodies(store, thread_id) == [*before[:2], "Another"]
    next_millisecond()
    store.write(lambda tx: messages.bring_back(tx, thread_id, moment))
    assert bodies(store, thread_id) == before
    with pytest.raises(Failure, match="MESSAGE_NOT_FOUND"):
        store.write(lambda tx: messages.bring_back(tx, thread_id, moment))


def test_an_edit_of_an_edit_is_taken_back_step_by_step(store: Store) -> None:
    thread_id, ids = fill(store, 2)
    first = store.write(lambda tx: messages.drop_from(tx, thread_id, ids[0]))
    second_id = store.write(lambda tx: messages.ask(tx, thread_id, "Second"))
    next_millisecond()
    second = store.write(lambda tx: messages.drop_from(tx, thread_id, second_id))
    store.write(lambda tx: messages.ask(tx, thread_id, "Third"))
    next_millisecond()
    store.write(lambda tx: messages.bring_back(tx, thread_id, second))
    assert bodies(store, thread_id) == ["Second"]
    next_millisecond()
    store.write(lambda tx: messages.bring_back(tx, thread_id, first))
    assert bodies(store, thread_id) == ["message 0", "message 1"]


def test_one_message_is_deleted_and_comes_back(store: Store) -> None:
    thread_id, ids = fill(store, 3)
    store.write(lambda tx: messages.mark(tx, thread_id, ids[1], deleted=True))
    assert bodies(store, thread_id) == ["message 0", "message 2"]
    for deleted, id_ in ((True, ids[1]), (False, ids[0]), (True, "none")):
        with pytest.raises(Failure, match="MESSAGE_NOT_FOUND"):
            store.write(lambda tx, i=id_, d=deleted: messages.mark(tx, thread_id, i, deleted=d))  # type: ignore[misc]
    store.write(lambda tx: messages.mark(tx, thread_id, ids[1], deleted=False))
    assert len(bodies(store, thread_id)) == len(ids)


def test_what_other_programs_stored_is_no_trouble(store: Store) -> None:
    thread_id, ids = fill(store, 1)
    store.write(
        lambda tx: tx.rows(
            "UPDATE messages SET citations = '[1, {}]', actions = 'no', stats = '[]' WHERE id = ?",
            (ids[0],),
        )
    )
    read = messages.get(store, thread_id, ids[0])
    assert (read.citations, read.actions, read.stats) == ([], [], {})
