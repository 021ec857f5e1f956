import pytest

from erth_sidecar.chat import messages, threads
from erth_sidecar.conftest import next_millisecond
from erth_sidecar.errors import Failure
from erth_sidecar.store.database import Store


def test_a_thread_is_named_after_its_first_question(store: Store) -> None:
    id_ = store.write(lambda tx: threads.create(tx, ""))
    assert threads.get(store, id_).name == threads.UNTITLED
    store.write(lambda tx: messages.ask(tx, id_, "  Where is\n the hotel? "))
    store.write(lambda tx: messages.ask(tx, id_, "And the train?"))
    assert threads.get(store, id_).title == "Where is the hotel?"
    assert [m.body for m in messages.every(store, id_)] == [
        "Where is\n the hotel?",
        "And the train?",
    ]


def test_threads_are_listed_latest_first_and_found(store: Store) -> None:
    one, two = (store.write(lambda tx, t=t: threads.create(tx, t)) for t in ("Alpha", "Beta"))  # type: ignore[misc]
    assert [t.id for t in threads.listed(store)] == [two, one]
    next_millisecond()
    store.write(lambda tx: messages.ask(tx, one, "?"))
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
        (lambda tx: messages.ask(tx, id_, "  "), "BAD_REQUEST"),
        (lambda tx: messages.ask(tx, id_, "x" * (messages.MAX_QUESTION + 1)), "BODY_TOO_LARGE"),
        (lambda tx: messages.ask(tx, "none", "x"), "THREAD_NOT_FOUND"),
        (lambda tx: threads.change(tx, "none", deleted=True), "THREAD_NOT_FOUND"),
        (lambda tx: threads.change(tx, id_, title=" "), "BAD_REQUEST"),
    ):
        with pytest.raises(Failure) as caught:
            store.write(work)
        assert caught.value.code == code


def test_starred_threads_stand_on_top(store: Store) -> None:
    one, two = (store.write(lambda tx, t=t: threads.create(tx, t)) for t in ("Alpha", "Beta"))  # type: ignore[misc]
    store.write(lambda tx: threads.change(tx, one, starred=True))
    assert [(t.id, t.starred) for t in threads.listed(store)] == [(one, True), (two, False)]
    store.write(lambda tx: threads.change(tx, one, starred=False))
    assert not threads.get(store, one).starred


def test_settings_change_what_they_name(store: Store) -> None:
    id_ = store.write(lambda tx: threads.create(tx, "A"))

    def settle(**given: str) -> threads.Thread:
        store.write(lambda tx: threads.settle(tx, id_, threads.Settings(**given)))
        return threads.get(store, id_)

    assert settle(model="local/a.gguf", system=" Be brief. ").system == "Be brief."
    thread = settle(overflow="trim")
    assert (thread.model, thread.system, thread.overflow) == ("local/a.gguf", "Be brief.", "trim")
    assert settle(model="").model is None
    for wrong in ({"overflow": "never"}, {"system": "x" * (threads.MAX_SYSTEM + 1)}):
        with pytest.raises(Failure):
            settle(**wrong)
