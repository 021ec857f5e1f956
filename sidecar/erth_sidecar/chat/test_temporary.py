"""Conversations that leave no trace."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from erth_sidecar.chat import messages, threads
from erth_sidecar.chat.forgetting import LEFT_OPEN, forget, forget_old
from erth_sidecar.conftest import Sidecar
from erth_sidecar.errors import Failure
from erth_sidecar.ids import later_than, now_text
from erth_sidecar.models.conftest import Scripted, calls, says
from erth_sidecar.store.database import Store, Transaction
from erth_sidecar.store.memory import REPLAYED, MemoryStore

SECRET = "quaggaqux"
PAGE = {"accept": "text/html", "hx_request": "true", "hx_target": "section#main"}


@pytest.fixture
def memory(store: Store, said: list[tuple[str, str]]) -> MemoryStore:
    return MemoryStore(store, lambda topic, id_: said.append((topic, id_)))


def test_it_has_the_tables_of_conversations_and_nothing_else(
    store: Store, memory: MemoryStore
) -> None:
    id_ = memory.write(lambda tx: threads.create(tx, ""))
    memory.write(lambda tx: messages.ask(tx, id_, "What?"))
    assert [it.body for it in messages.every(memory, id_)] == ["What?"]
    assert threads.listed(store) == []
    names = {row[0] for row in memory.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    assert "notes" not in names
    assert {"messages", "idempotency"} <= names
    triggers = memory.rows("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
    assert triggers == [], "none that would fill an index or a mirror's books"


def test_a_change_that_fails_leaves_nothing(memory: MemoryStore, said: list[Any]) -> None:
    id_ = memory.write(lambda tx: threads.create(tx, ""))
    said.clear()

    def fail(tx: Transaction) -> None:
        messages.ask(tx, id_, "What?")
        raise Failure("BAD_REQUEST")

    with pytest.raises(Failure):
        memory.write(fail)
    assert (messages.every(memory, id_), said) == ([], [])
    memory.write(lambda tx: messages.ask(tx, id_, "Again?"))
    assert said == [("threads", id_)]


def test_one_left_open_for_a_day_is_gone(memory: MemoryStore) -> None:
    old, new = (memory.write(lambda tx: threads.create(tx, "")) for _ in range(2))
    yesterday = later_than(now_text(), -LEFT_OPEN - 1)
    memory.write(
        lambda tx: tx.rows("UPDATE threads SET updated_at = ? WHERE id = ?", (yesterday, old))
    )
    memory.write(forget_old)
    assert memory.rows("SELECT id FROM threads") == [(new,)]


def test_few_answers_are_kept_for_replay(memory: MemoryStore) -> None:
    def change(tx: Transaction, key: int) -> None:
        tx.rows(
            "INSERT INTO idempotency VALUES (?, 'POST', '/', '', 200, '{}', '', ?)",
            (str(key), tx.now),
        )

    for key in range(REPLAYED + 5):
        memory.write(lambda tx, key=key: change(tx, key))  # type: ignore[misc]
    kept = memory.rows("SELECT count(*), max(CAST(key AS INTEGER)) FROM idempotency")
    assert kept == [(REPLAYED, REPLAYED + 4)]


def test_a_closed_one_is_gone(memory: MemoryStore) -> None:
    id_ = memory.write(lambda tx: threads.create(tx, ""))
    memory.write(lambda tx: messages.ask(tx, id_, "What?"))
    memory.write(lambda tx: forget(tx, id_))
    for table in ("threads", "messages"):
        assert memory.rows(f"SELECT count(*) FROM {table}") == [(0,)]


def holding(folder: Path, text: str) -> list[str]:
    """The files of a folder that have the text."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert [path.name for path in files if path.name.endswith("-wal")], "the log is looked at too"
    return [path.name for path in files if text.encode() in path.read_bytes()]


def asked(sidecar: Sidecar, question: str, at: str) -> tuple[str, Any]:
    made = json.loads(sidecar.ask("POST", f"/{at}/new", {"question": question})[1])
    path = f"/{at}/{made['id']}"
    deadline = time.monotonic() + 10
    while (now := json.loads(sidecar.ask("GET", path)[1]))["messages"][-1]["state"] == "running":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return path, now


def test_it_leaves_no_trace(database: Path) -> None:
    with Sidecar(database) as sidecar:
        note = {"title": "Zoo", "body": "The zebra eats at noon."}
        sidecar.ask("POST", "/notes", note)
        path, now = asked(sidecar, f"zebra {SECRET}?", "temporary")
        assert "zebra eats" in now["messages"][1]["body"]
        question = now["messages"][0]["id"]
        edit = {"message": question, "question": f"noon {SECRET}?"}
        key = {"idempotency_key": "temporary-edit"}
        first = sidecar.ask("POST", f"{path}/edit", edit, **key)
        assert sidecar.ask("POST", f"{path}/edit", edit, **key)[1] == first[1], "answered once more"
        text = sidecar.ask("GET", path, **PAGE)[1]
        assert f"noon {SECRET}?" in text
        assert "<title>Temporary conversation" in text, "no title tells of it either"
        assert SECRET in sidecar.ask("GET", f"{path}/search?q={SECRET}")[1]
        for elsewhere in ("/chat", "/temporary", f"/chat/search?q={SECRET}", f"/find?q={SECRET}"):
            shown = json.loads(sidecar.ask("GET", elsewhere)[1])
            assert not shown.get("threads"), elsewhere
            assert not shown.get("messages"), elsewhere
        assert sidecar.ask("GET", path.replace("temporary", "chat"))[0] == 404
        asked(sidecar, "zebra kept?", "chat")
        assert holding(database.parent, "zebra kept?"), "what is kept is found there"
        assert holding(database.parent, SECRET) == []
        sidecar.process.stdin.close()  # type: ignore[union-attr]
        sidecar.process.wait(timeout=5)
        assert holding(database.parent, SECRET) == []
        assert SECRET.encode() not in sidecar.logged()
        assert sidecar.process.stdout
        assert SECRET.encode() not in sidecar.process.stdout.read()


@pytest.fixture
def server() -> Iterator[Scripted]:
    scripted = Scripted()
    yield scripted
    scripted.close()


def until(sidecar: Sidecar, path: str, met: Callable[[Any], Any]) -> Any:
    deadline = time.monotonic() + 10
    while not met(now := json.loads(sidecar.ask("GET", path)[1])):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return now


def test_with_a_model_it_leaves_none_either(database: Path, server: Scripted) -> None:
    note = {"title": "Allowed", "text": "Plain."}
    server.scripts = [calls(("create_note", note)), says(f"The {SECRET} is written.")]
    report = {"default": "scripted/model", "models": [server.fields()]}
    with Sidecar(database, assistant=report) as sidecar:
        question = {"question": f"Write of the {SECRET}."}
        made = json.loads(sidecar.ask("POST", "/temporary/new", question)[1])
        path = f"/temporary/{made['id']}/answers/{made['answer_id']}"
        action = until(sidecar, path, lambda now: now["actions"])["actions"][0]
        chosen = f"{path}/actions/{action['id']}"
        assert sidecar.ask("POST", chosen, {"choice": "always"})[0] == 200
        now = until(sidecar, path, lambda now: now["state"] == "done")
        assert now["body"] == f"The {SECRET} is written."

        def notes() -> list[str]:
            listed = json.loads(sidecar.ask("GET", "/notes")[1])["notes"]
            return [it["title"] for it in listed]

        assert notes() == ["Allowed"]
        assert sidecar.ask("POST", f"{chosen}/undo", {})[0] == 200
        assert notes() == []
        text = sidecar.ask("GET", f"/temporary/{made['id']}", **PAGE)[1]
        assert "Taken back." in text
        assert holding(database.parent, "Allowed"), "what it was allowed to change was kept"
        assert holding(database.parent, SECRET) == []
        assert SECRET.encode() not in sidecar.logged()


def test_it_is_gone_when_closed_and_when_the_sidecar_ends(database: Path) -> None:
    with Sidecar(database) as sidecar:
        path, _ = asked(sidecar, "zebra?", "temporary")
        assert sidecar.ask("POST", f"{path}/delete", {}, **PAGE)[0] == 200
        assert sidecar.ask("GET", path)[0] == 404
        path, _ = asked(sidecar, "zebra?", "temporary")
        sidecar.process.kill()
    with Sidecar(database) as sidecar:
        assert sidecar.ask("GET", path)[0] == 404
