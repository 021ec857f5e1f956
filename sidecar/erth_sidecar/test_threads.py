import pytest

from erth_sidecar import threads
from erth_sidecar.conftest import next_millisecond
from erth_sidecar.errors import Failure
from erth_sidecar.store import Store


def test_a_thread_is_named_after_its_first_question(store: Store) -> None:
    id_ = store.write(lambda tx: threads.create(tx, ""))
    assert threads.get(store, id_).name == threads.UNTITLED
    store.write(lambda tx: threads.ask(tx, id_, "  Where is\n the hotel? "))
    store.write(lambda tx: threads.ask(tx, id_, "And the train?"))
    assert threads.get(store, id_).title == "Where is the hotel?"
    assert [m.body for m in threads.messages(store, id_)] == [
        "Where is\n the hotel?",
        "And the train?",
    ]


def test_threads_are_listed_latest_first_and_found(store: Store) -> None:
    one, two = (store.write(lambda tx, t=t: threads.create(tx, t)) for t in ("Alpha", "Beta"))  # type: ignore[misc]
    assert [t.id for t in threads.listed(store)] == [two, one]
    next_millisecond()
    store.write(lambda tx: threads.ask(tx, one, "?"))
    assert next(t.id for t in threads.listed(store)) == one
    assert [t.id for t in threads.listed(store, "BET")] == [two]


def test_a_thread_is_renamed_deleted_and_restored(store: Store) -> None:
    id_ = store.write(lambda tx: threads.create(tx, "Old"))
    store.write(lambda tx: threads.change(tx, id_, title=" New  name "))
    assert threads.get(store, id_).title == "New name"
    store.write(lambda tx: threads.change(tx, id_, deleted=True))
    with pytest.raises(Failure):
        threads.get(store, id_)
    assert threads.listed(store) == []
    store.write(lambda tx: threads.change(tx, id_, deleted=False))
    assert threads.get(store, id_).title == "New name"


def test_what_cannot_be_is_refused(store: Store) -> None:
    id_ = store.write(lambda tx: threads.create(tx, "A"))
    for work, code in (
        (lambda tx: threads.ask(tx, id_, "  "), "BAD_REQUEST"),
        (lambda tx: threads.ask(tx, id_, "x" * (threads.MAX_QUESTION + 1)), "BODY_TOO_LARGE"),
        (lambda tx: threads.ask(tx, "none", "x"), "THREAD_NOT_FOUND"),
        (lambda tx: threads.change(tx, "none", deleted=True), "THREAD_NOT_FOUND"),
        (lambda tx: threads.change(tx, id_, title=" "), "BAD_REQUEST"),
    ):
        with pytest.raises(Failure) as caught:
            store.write(work)
        assert caught.value.code == code
