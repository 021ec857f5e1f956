"""Tools: what reads is done, what changes asks."""

import threading
from typing import Any

import pytest

from erth_sidecar.agent.conftest import Chat, titles
from erth_sidecar.agent.runner import Runner
from erth_sidecar.agent.writer import ROUNDS
from erth_sidecar.chat import answers
from erth_sidecar.errors import Failure
from erth_sidecar.models.conftest import Scripted, calls, results, says
from erth_sidecar.models.known import Assistant
from erth_sidecar.notes import notes
from erth_sidecar.store.database import Store

CREATE = {"title": "Owned", "text": "By a note."}


def test_reading_tools_run_at_once_and_are_cited(
    chat: Chat, server: Scripted, store: Store, hotel: str
) -> None:
    other = store.write(lambda tx: notes.create(tx, notes.Draft.of("Bar", "Golden beer.", "")))
    server.scripts = [
        calls(
            ("search_notes", {"query": "beer"}),
            ("read_note", {"note_id": hotel}),
            ("list_tags", {}),
            ("date_time", {}),
            ("calculate", {"expression": "6*7"}),
        ),
        says("Beer [2]."),
    ]
    done = chat.answer()
    assert done.state == "done" and [a["state"] for a in done.actions] == ["done"] * 5
    beer, note, tags, _, sum_ = results(server)
    assert "Golden beer." in beer and '"number": 2' in beer and other in beer
    assert "It is in Mitte." in note and "trip" in tags and sum_ == "42"
    assert done.citations[0]["passage"] == "Golden beer." and "](notes/" in done.body
    assert done.actions[0]["summary"] == "Searched for “beer”: 1 passage"
    # What the question came with stays as it was; the rest stands among the results.
    assert server.asked[1]["messages"][1] == server.asked[0]["messages"][1]
    first = server.asked[1]["messages"][-6]
    assert [c["function"]["name"] for c in first["tool_calls"]][:2] == ["search_notes", "read_note"]
    shown = done.to_json()["actions"][0]
    assert not {"undo", "call", "round", "at"} & shown.keys()


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("delete_everything", {}, "There is no such tool"),
        ("create_note", {"title": "x"}, "Missing: text"),
        ("create_note", {"title": 1, "text": "x"}, "must be a text"),
        ("create_note", {"title": "x" * 301, "text": "x"}, "takes 300 characters"),
        ("create_note", {"title": "x", "text": "x", "path": "/etc"}, "doesn't take: path"),
        ("create_note", "{broken", "aren't JSON"),
        ("create_note", "[]", "aren't a JSON object"),
        ("set_tags", {"note_id": "x", "tags": [1]}, "must be a text"),
        ("set_tags", {"note_id": "x", "tags": ["x"] * 51}, "list of up to 50"),
        ("read_note", {"note_id": "none"}, "note not found"),
        ("calculate", {"expression": "9**9**9"}, "too large"),
    ],
)
def test_what_a_tool_cant_do_is_told_to_the_model(
    chat: Chat, server: Scripted, name: str, arguments: Any, reason: str
) -> None:
    server.scripts = [calls((name, arguments)), says("Sorry.")]
    done = chat.answer()
    assert (done.state, done.body, done.actions[0]["state"]) == ("done", "Sorry.", "failed")
    assert reason in results(server)[0]
    assert titles(chat.store) == ["Hotel"]


def test_a_change_asks_and_is_done_once_allowed(chat: Chat, server: Scripted, store: Store) -> None:
    server.scripts = [calls(("create_note", CREATE | {"tags": "a, b"})), says("Done.")]
    chat.ask()
    now = chat.asking()
    assert now.actions[0]["summary"] == "Create the note “Owned”"
    assert titles(store) == ["Hotel"] and len(server.asked) == 1
    chat.decide("once")
    done = chat.ended()
    assert (done.state, done.body, done.actions[0]["state"]) == ("done", "Done.", "done")
    note = notes.get(store, done.actions[0]["note_id"])
    assert (note.title, note.body, note.tags) == ("Owned", "By a note.", ("a", "b"))
    assert done.actions[0]["note_id"] in results(server)[0]
    # Once is once.
    server.scripts = [calls(("create_note", CREATE)), says("Done.")]
    chat.ask("Again?")
    chat.asking()
    assert chat.decide("no").actions[0]["state"] == "refused"
    assert chat.ended().body == "Done." and "doesn't allow" in results(server)[-1]
    assert titles(store) == ["Hotel", "Owned"]


def test_always_is_for_this_thread_and_tool(
    chat: Chat, server: Scripted, store: Store, assistant: Assistant, hotel: str
) -> None:
    two = calls(("create_note", CREATE), ("create_note", CREATE | {"title": "Two"}))
    server.scripts = [two, says("Both.")]
    chat.ask()
    chat.asking()
    chat.decide("always")
    assert [a["state"] for a in chat.ended().actions] == ["done", "done"]
    server.scripts = [calls(("create_note", CREATE | {"title": "Three"})), says("It.")]
    assert chat.answer("More").body == "It."
    assert titles(store) == ["Hotel", "Owned", "Three", "Two"]
    server.scripts = [calls(("append_to_note", {"note_id": hotel, "text": "x"})), says("It.")]
    chat.ask("Another tool")
    chat.asking()
    chat.decide("no")
    chat.ended()
    other = Chat(store, assistant)
    server.scripts = [calls(("create_note", CREATE)), says("It.")]
    other.ask("Another thread")
    other.asking()


def test_several_changes_are_decided_one_by_one(
    chat: Chat, server: Scripted, store: Store, hotel: str
) -> None:
    tag = ("set_tags", {"note_id": hotel, "tags": ["new"]})
    server.scripts = [calls(("create_note", CREATE), tag), says("Done.")]
    chat.ask()
    chat.asking()
    chat.decide("once", "a1")
    chat.until(lambda now: now.actions[1]["state"] == "done")
    assert notes.get(store, hotel).tags == ("new",) and chat.now().state == "running"
    chat.decide("no", "a0")
    assert [a["state"] for a in chat.ended().actions] == ["refused", "done"]


def test_deciding_has_its_limits(chat: Chat, server: Scripted) -> None:
    server.scripts = [calls(("create_note", CREATE)), says("Done.")]
    chat.ask()
    chat.asking()
    for choice, action_id, code in (
        ("perhaps", "a0", "BAD_REQUEST"),
        ("once", "a9", "ACTION_NOT_FOUND"),
    ):
        with pytest.raises(Failure) as caught:
            chat.decide(choice, action_id)
        assert caught.value.code == code
    chat.decide("no")
    with pytest.raises(Failure) as caught:
        chat.decide("once")
    assert caught.value.code == "ACTION_SETTLED"
    chat.ended()
    with pytest.raises(Failure) as caught:
        chat.decide("once")
    assert caught.value.code == "ACTION_SETTLED"


def test_stopping_while_it_asks_refuses(chat: Chat, server: Scripted, store: Store) -> None:
    server.scripts = [calls(("create_note", CREATE)), says("Done.")]
    chat.ask()
    chat.asking()
    stopped = chat.stop()
    assert (stopped.state, stopped.actions[0]["state"]) == ("stopped", "refused")
    assert titles(store) == ["Hotel"]


def test_asking_survives_the_process(
    chat: Chat, server: Scripted, store: Store, assistant: Assistant
) -> None:
    server.scripts = [
        lambda talk: talk.head().say("Let me write. ").call("create_note", CREATE).end(),
        says("Done."),
    ]
    chat.ask()
    chat.asking()
    # Another process: nothing of the first one's memory.
    chat.runner = Runner(store, store, assistant, threading.Event())
    chat.runner.resume()
    assert chat.asking().actions[0]["state"] == "asking"
    chat.decide("once")
    done = chat.ended()
    assert (done.state, done.body) == ("done", "Let me write. Done.")
    told = server.asked[-1]["messages"]
    assert told[-2]["content"] == "Let me write. " and told[-1]["role"] == "tool"
    assert titles(store) == ["Hotel", "Owned"]


def test_what_was_allowed_is_done_once_though_the_process_died(
    chat: Chat, server: Scripted, store: Store, assistant: Assistant
) -> None:
    server.scripts = [calls(("create_note", CREATE)), says("Done.")]
    chat.ask()
    chat.asking()
    # It died between the permission and the change.
    store.write(
        lambda tx: answers.act(
            tx, chat.thread_id, chat.id, lambda had: had[0].update(state="running")
        )
    )
    chat.runner = Runner(store, store, assistant, threading.Event())
    chat.runner.resume()
    assert chat.ended().actions[0]["state"] == "done"
    assert titles(store) == ["Hotel", "Owned"]


def test_a_failed_change_is_told(chat: Chat, server: Scripted, store: Store, hotel: str) -> None:
    server.scripts = [calls(("append_to_note", {"note_id": hotel, "text": "x"})), says("Oh.")]
    chat.ask()
    chat.asking()
    store.write(lambda tx: notes.mark(tx, hotel, deleted=True))
    chat.decide("once")
    done = chat.ended()
    assert (done.body, done.actions[0]["state"]) == ("Oh.", "failed")


def test_rounds_have_an_end(chat: Chat, server: Scripted) -> None:
    server.scripts = [
        lambda talk: (
            calls(("date_time", {}))(talk)
            if "tools" in talk.body
            else talk.head().say("Enough.").end()
        )
    ]
    done = chat.answer()
    assert (done.body, len(done.actions)) == ("Enough.", ROUNDS)
