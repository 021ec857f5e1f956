from erth_sidecar.chat import messages, recall, threads
from erth_sidecar.store.database import Store


def talk(store: Store, title: str, *said: str) -> str:
    thread_id = store.write(lambda tx: threads.create(tx, title))
    for text in said:
        store.write(lambda tx, t=text: messages.ask(tx, thread_id, t))  # type: ignore[misc]
    return thread_id


def index(store: Store) -> None:
    store.write(
        lambda tx: tx.rows(
            "INSERT INTO messages_fts (rowid, body) SELECT rowid, body FROM messages"
            " WHERE rowid IN (SELECT message FROM messages_unindexed)"
        )
    )
    store.write(lambda tx: tx.rows("DELETE FROM messages_unindexed"))


def test_what_was_said_is_found_indexed_or_not(store: Store) -> None:
    one = talk(store, "One", "Where is the Käsekuchen recipe?", "And the tram?")
    index(store)
    two = talk(store, "Two", "Another kasekuchen, please")
    hits = recall.find(store, "kaesekuchen")
    assert [hit.thread_id for hit in hits] == [two, one]
    assert "<mark>Käsekuchen</mark>" in hits[1].snippet_html
    assert [hit.thread_id for hit in recall.find(store, "kasekuchen", one)] == [one]
    assert [hit.thread_id for hit in recall.find(store, "kasekuchen recipe")] == [one]
    assert recall.find(store, "kasekuchen tram") == []
    assert recall.find(store, "  ") == []


def test_it_says_how_much_it_does_not_look_at(store: Store) -> None:
    talk(store, "One", "comet one")
    assert recall.unsearched(store) == 0
    store.write(
        lambda tx: tx.rows(
            "WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " INSERT INTO messages_unindexed SELECT i FROM n",
            (100 + recall.NEWEST,),
        )
    )
    assert recall.unsearched(store) == 2


def test_short_words_and_chinese_are_found(store: Store) -> None:
    id_ = talk(store, "Zug", "我们去北京", "Der IC fährt um 9")
    index(store)
    for words in ("北京", "ic", "IC um"):
        assert [hit.thread_id for hit in recall.find(store, words)] == [id_], words


def test_what_is_deleted_is_not_found(store: Store) -> None:
    id_ = talk(store, "One", "comet one", "comet two")
    index(store)
    first = messages.every(store, id_)[0].id
    store.write(lambda tx: messages.mark(tx, id_, first, deleted=True))
    assert [hit.snippet for hit in recall.find(store, "comet")] == ["comet two"]
    store.write(lambda tx: threads.change(tx, id_, deleted=True))
    assert recall.find(store, "comet") == []


def test_without_an_index_the_same_is_found(store: Store) -> None:
    id_ = talk(store, "One", "Where is the Käsekuchen?", "And the tram?")
    assert [hit.snippet for hit in recall.find_all(store, "kasekuchen", id_)] == [
        "Where is the Käsekuchen?"
    ]
