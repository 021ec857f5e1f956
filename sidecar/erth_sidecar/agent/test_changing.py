"""Taking back what tools changed."""

import json
from typing import Any

import pytest

from erth_sidecar.agent.conftest import Chat, titles
from erth_sidecar.errors import Failure
from erth_sidecar.models.conftest import Scripted, says
from erth_sidecar.notes import notes
from erth_sidecar.store.database import Store

CREATE = {"title": "Owned", "text": "By a note."}


def test_creating_is_undone_unless_the_note_was_changed(
    chat: Chat, server: Scripted, store: Store
) -> None:
    chat.act(server, "create_note", CREATE)
    assert chat.undo().actions[0]["state"] == "undone" and titles(store) == ["Hotel"]
    with pytest.raises(Failure) as caught:
        chat.undo()
    assert caught.value.code == "ACTION_SETTLED"
    note_id = chat.act(server, "create_note", CREATE).actions[0]["note_id"]
    store.write(lambda tx: notes.save(tx, note_id, notes.Draft.of("Owned", "Mine now.", "")))
    with pytest.raises(Failure) as caught:
        chat.undo()
    assert caught.value.code == "NOTE_CHANGED" and "Owned" in titles(store)
    assert chat.now().actions[0]["state"] == "done"


def test_what_was_added_is_taken_out_and_nothing_else(
    chat: Chat, server: Scripted, store: Store, hotel: str
) -> None:
    chat.act(server, "append_to_note", {"note_id": hotel, "text": "Breakfast at 7."})
    note = notes.get(store, hotel)
    assert (note.body, note.tags) == ("It is in Mitte.\n\nBreakfast at 7.", ("trip",))
    later = notes.Draft.of("Hotel", f"Booked.\n\n{note.body}\n\nCall them.", "")
    store.write(lambda tx: notes.save(tx, hotel, later))
    chat.undo()
    assert notes.get(store, hotel).body == "Booked.\n\nIt is in Mitte.\n\nCall them."


def test_what_was_added_and_then_changed_is_left(
    chat: Chat, server: Scripted, store: Store, hotel: str
) -> None:
    chat.act(server, "append_to_note", {"note_id": hotel, "text": "Breakfast at 7."})
    changed = notes.Draft.of("Hotel", "It is in Mitte.\n\nBreakfast at 8.", "")
    store.write(lambda tx: notes.save(tx, hotel, changed))
    with pytest.raises(Failure) as caught:
        chat.undo()
    assert caught.value.code == "NOTE_CHANGED"
    assert notes.get(store, hotel).body.endswith("at 8.")


@pytest.mark.parametrize(
    "action",
    [
        {"id": "a0", "tool": "rm", "state": "done", "undo": {}},
        {"id": "a0", "tool": "set_tags", "state": "done", "undo": [1]},
        {"id": "a0", "tool": "create_note", "state": "done", "undo": {"note_id": None}},
        {"id": "a0"},
    ],
)
def test_what_another_device_stored_may_be_anything(
    chat: Chat, server: Scripted, store: Store, action: dict[str, Any]
) -> None:
    server.scripts = [says("Yes.")]
    done = chat.answer()
    stored = json.dumps([action])
    store.write(
        lambda tx: tx.rows("UPDATE messages SET actions = ? WHERE id = ?", (stored, done.id))
    )
    with pytest.raises(Failure) as caught:
        chat.undo()
    assert caught.value.code in ("ACTION_SETTLED", "NOTE_NOT_FOUND")
    assert titles(store) == ["Hotel"]


def test_tags_become_what_they_were(chat: Chat, server: Scripted, store: Store, hotel: str) -> None:
    chat.act(server, "set_tags", {"note_id": hotel, "tags": ["berlin", "#Sleep"]})
    assert notes.get(store, hotel).tags == ("berlin", "sleep")
    mine = notes.Draft.of("Hotel", "It is in Mitte.", ["berlin", "mine", "sleep"])
    store.write(lambda tx: notes.save(tx, hotel, mine))
    chat.undo()
    assert notes.get(store, hotel).tags == ("mine", "trip")
