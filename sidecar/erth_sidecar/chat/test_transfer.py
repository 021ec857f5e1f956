import json
from typing import Any

import pytest

from erth_sidecar.chat import messages, threads, transfer
from erth_sidecar.errors import Failure
from erth_sidecar.store.database import Store, Transaction

CITED = {"note_id": "n1", "title": "Käse", "passage": "Gouda", "start": 3, "end": 8}
DONE = {"id": "x", "tool": "create_note", "arguments": {}, "state": "done", "summary": "Made “A”"}


def made(store: Store) -> str:
    id_ = store.write(lambda tx: threads.create(tx, "Käse / Brot"))
    store.write(lambda tx: messages.ask(tx, id_, "Which?\n\nReally?"))

    def answer(tx: Transaction) -> None:
        tx.rows(
            "INSERT INTO messages (id, thread_id, role, body, citations, engine, state, created_at,"
            " actions, stats) VALUES ('zz', ?, 'assistant', '**Gouda**', ?, 'openai', 'stopped',"
            " ?, ?, ?)",
            (
                id_,
                json.dumps([CITED]),
                tx.now,
                json.dumps([{**DONE, "undo": {"note_id": "n1"}}]),
                json.dumps({"model": "local/a", "title": "A", "tokens": 3}),
            ),
        )

    store.write(answer)
    store.write(lambda tx: threads.settle(tx, id_, threads.Settings(None, "Be brief", "trim")))
    return id_


def exported(store: Store) -> dict[str, Any]:
    id_ = made(store)
    text = transfer.to_json(threads.get(store, id_), messages.every(store, id_))
    whole: dict[str, Any] = json.loads(text)
    return whole


def test_what_is_exported_comes_back_with_new_ids(store: Store) -> None:
    whole = exported(store)
    old = threads.listed(store)[0]
    id_ = store.write(lambda tx: transfer.store(tx, transfer.read(json.dumps(whole))))
    new = threads.get(store, id_)
    assert id_ != old.id
    assert (new.title, new.system, new.overflow) == (old.title, old.system, old.overflow)
    asked, answer = messages.every(store, id_)
    assert (asked.body, answer.body) == ("Which?\n\nReally?", "**Gouda**")
    assert (answer.state, answer.engine, answer.stats["tokens"]) == ("stopped", "openai", 3)
    assert answer.citations == [{**CITED, "link": "notes/n1?at=3-8"}]
    assert answer.id not in ("zz", old.id)
    again = transfer.to_json(new, messages.every(store, id_))
    assert {**json.loads(again), "messages": 0} == {**whole, "messages": 0}


def test_nothing_imported_can_act_or_be_undone(store: Store) -> None:
    whole = exported(store)
    whole["messages"][1]["actions"] = [{**DONE, "state": "asking", "undo": {"note": "n"}}]
    id_ = store.write(lambda tx: transfer.store(tx, transfer.read(json.dumps(whole))))
    action = messages.every(store, id_)[1].actions[0]
    assert (action["state"], action.get("undo"), action.get("arguments")) == ("refused", None, None)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda it: it.update(version=2), "version is 2"),
        (lambda it: it.update(version=True), "version is True"),
        (lambda it: it.update(kind="chatgpt"), "'kind'"),
        (lambda it: it.pop("thread"), "no 'thread'"),
        (lambda it: it["thread"].update(title=7), "'title' of thread"),
        (lambda it: it["thread"].update(overflow="x"), "'overflow' of thread"),
        (lambda it: it["messages"].append("x"), "message 3 isn't an object"),
        (lambda it: it["messages"][0].update(body=" "), "message 1 is empty"),
        (lambda it: it["messages"][0].update(role="system"), "'role' of message 1"),
        (lambda it: it["messages"][1].update(state="running"), "'state' of message 2"),
        (lambda it: it["messages"][1].update(created_at="soon"), "isn't a time"),
        (lambda it: it["messages"][1].update(citations={}), "'citations' of message 2"),
        (lambda it: it["messages"][1]["citations"][0].update(note_id="../x"), "a citation"),
        (lambda it: it["messages"][1]["citations"][0].update(end=-1), "a citation"),
        (lambda it: it["messages"][1].update(stats={"a": [1]}), "'stats' of message 2"),
        (lambda it: it["messages"][1].update(stats={"tokens": 10**400}), "'stats' of message 2"),
        (lambda it: it["messages"][1].update(stats={"rate": float("inf")}), "'stats' of message 2"),
        (lambda it: it["messages"][1].update(body="x" * 1_000_001), "'body' of message 2"),
    ],
)
def test_what_is_not_understood_is_refused_whole(store: Store, change: Any, why: str) -> None:
    whole = exported(store)
    change(whole)
    with pytest.raises(Failure, match="IMPORT_UNREADABLE") as caught:
        transfer.read(json.dumps(whole))
    assert why in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "[" * 100_000, '{"kind": "erth.thread"}', "\ud800"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Failure, match="IMPORT_UNREADABLE"):
        transfer.read(text)


def test_markdown_has_what_was_said_and_its_sources(store: Store) -> None:
    id_ = made(store)
    thread = threads.get(store, id_)
    text = transfer.to_markdown(thread, messages.every(store, id_))
    for part in ("# Käse / Brot", "Which?\n\nReally?", "## Answer (A)", "- Made “A”", "Käse"):
        assert part in text
    assert transfer.file_name(thread, "md") == "Käse Brot.md"
