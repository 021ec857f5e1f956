import pytest

from erth_sidecar.errors import Failure
from erth_sidecar.ids import later_than, now_text
from erth_sidecar.serve.idempotency import KEPT, once, sweep
from erth_sidecar.serve.web import Answer, Request
from erth_sidecar.store.database import Store, Transaction


def request(key: str | None = "k1", body: str = "title=a", path: str = "/notes") -> Request:
    return Request("POST", path, {"idempotency-key": key} if key else {}, body=body)


def change(request: Request, transaction: Transaction) -> Answer:
    transaction.rows("INSERT INTO settings VALUES (hex(randomblob(8)), '')")
    return Answer("made ä", 201, "text/plain", {"HX-Push-Url": "notes/1"})


def ask(store: Store, asked: Request) -> Answer:
    return store.write(lambda tx: once(asked, tx, change))


def made(store: Store) -> int:
    return int(store.rows("SELECT count(*) FROM settings")[0][0])


def test_a_key_makes_one_change_and_one_answer(store: Store) -> None:
    first = ask(store, request())
    again = ask(store, request())
    assert made(store) == 1
    assert again.headers.pop("Idempotency-Replayed") == "true"
    assert again == first


def test_another_request_with_the_key_is_refused(store: Store) -> None:
    ask(store, request())
    for other in (request(body="title=b"), request(path="/notes/1")):
        with pytest.raises(Failure) as caught:
            ask(store, other)
        assert caught.value.code == "IDEMPOTENCY_MISMATCH"
    assert made(store) == 1


def test_without_a_key_each_is_a_change(store: Store) -> None:
    ask(store, request(None))
    ask(store, request(None))
    assert made(store) == 2
    assert store.rows("SELECT count(*) FROM idempotency") == [(0,)]


def test_a_failed_change_leaves_its_key_free(store: Store) -> None:
    def fails(request: Request, transaction: Transaction) -> Answer:
        change(request, transaction)
        raise Failure("NOTE_CHANGED")

    with pytest.raises(Failure):
        store.write(lambda tx: once(request(), tx, fails))
    assert made(store) == 0
    ask(store, request())
    assert made(store) == 1


def test_a_body_that_is_not_text_has_a_hash_too(store: Store) -> None:
    asked = request()
    asked.body = b"\xff\xfe"
    ask(store, asked)
    assert "Idempotency-Replayed" in ask(store, asked).headers


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_an_odd_key_is_refused(store: Store, key: str) -> None:
    asked = Request("POST", "/notes", {"idempotency-key": key})
    with pytest.raises(Failure) as caught:
        ask(store, asked)
    assert caught.value.code == "BAD_REQUEST"


def test_old_keys_are_swept(store: Store) -> None:
    ask(store, request("old"))
    ask(store, request("new"))
    aged = later_than(now_text(), -KEPT - 1)
    store.write(
        lambda tx: tx.rows("UPDATE idempotency SET created_at = ? WHERE key = 'old'", (aged,))
    )
    store.write(sweep)
    assert store.rows("SELECT key FROM idempotency") == [("new",)]
