import pytest

from erth_sidecar.chat import choices, threads
from erth_sidecar.chat.choices import Choice
from erth_sidecar.errors import Failure
from erth_sidecar.notes import conflicts, notes
from erth_sidecar.notes.notes import Draft
from erth_sidecar.store.database import Store


def make(store: Store, cells: dict[str, str]) -> tuple[str, str]:
    """A note with another version: both ids."""
    id_ = store.write(lambda tx: notes.create(tx, Draft.of("Mine", "my text", "a")))
    store.write(lambda tx: conflicts.add(tx, "notes", id_, cells, device="LAPTOP"))
    return id_, conflicts.of(store, "notes", id_)[0].id


def settle(store: Store, id_: str, conflict: str, choice: Choice) -> tuple[str, str, list[str]]:
    store.write(lambda tx: choices.settle_note(tx, id_, conflict, choice))
    note = notes.get(store, id_)
    return note.title, note.body, list(note.tags)


THEIRS = {"title": "Theirs", "body": "their text", "tags": '["b","c"]'}


@pytest.mark.parametrize(
    ("cells", "choice", "want"),
    [
        (THEIRS, "keep", ("Mine", "my text", ["a"])),
        (THEIRS, "use", ("Theirs", "their text", ["b", "c"])),
        (THEIRS, "both", ("Mine", "my text\n\n---\n\n## Theirs\n\ntheir text", ["a", "b", "c"])),
        ({"tags": '["b"]'}, "both", ("Mine", "my text", ["a", "b"])),
        ({"tags": "[]"}, "use", ("Mine", "my text", [])),
        ({"title": "Theirs"}, "both", ("Mine", "my text\n\n---\n\n## Theirs", ["a"])),
        ({"body": ""}, "use", ("Mine", "", ["a"])),
    ],
)
def test_a_choice_is_made_once_and_can_be_taken_back(
    store: Store, cells: dict[str, str], choice: Choice, want: tuple[str, str, list[str]]
) -> None:
    id_, conflict = make(store, cells)
    assert settle(store, id_, conflict, choice) == want
    assert conflicts.of(store, "notes", id_) == []
    with pytest.raises(Failure) as caught:
        settle(store, id_, conflict, choice)
    assert caught.value.code == "NOT_FOUND"
    store.write(lambda tx: choices.unsettle_note(tx, id_, conflict))
    note = notes.get(store, id_)
    assert (note.title, note.body, note.tags) == ("Mine", "my text", ("a",))
    (again,) = conflicts.of(store, "notes", id_)
    assert (again.cells, again.device) == (cells, "LAPTOP")
    with pytest.raises(Failure):
        store.write(lambda tx: choices.unsettle_note(tx, id_, conflict))


def test_taking_back_loses_nothing_that_was_typed_since(store: Store) -> None:
    id_, conflict = make(store, {"body": "their text"})
    settle(store, id_, conflict, "use")
    store.write(lambda tx: notes.save(tx, id_, Draft.of("Mine", "their text, and on", "a")))
    store.write(lambda tx: choices.unsettle_note(tx, id_, conflict))
    assert notes.get(store, id_).body == "their text, and on"
    waiting = [version.cells["body"] for version in conflicts.of(store, "notes", id_)]
    assert sorted(waiting) == ["my text", "their text"]


def test_the_same_version_may_come_again_and_be_chosen_again(store: Store) -> None:
    id_ = store.write(lambda tx: notes.create(tx, Draft.of("Mine", "my text", "")))
    for choice in ("keep", "use"):
        store.write(
            lambda tx: tx.rows(
                "INSERT INTO conflicts VALUES ('its-name', 'notes', ?, ?, 'LAPTOP', '2026')",
                (id_, '{"body":"their text"}'),
            )
        )
        settle(store, id_, "its-name", choice)
    assert notes.get(store, id_).body == "their text"
    store.write(lambda tx: choices.unsettle_note(tx, id_, "its-name"))
    assert notes.get(store, id_).body == "my text"


def test_choices_remembered_are_few_and_stay_here(store: Store) -> None:
    for _ in range(25):
        id_, conflict = make(store, {"body": "their text"})
        settle(store, id_, conflict, "keep")
    assert store.rows("SELECT count(*) FROM settings") == [(20,)]
    store.write(lambda tx: choices.unsettle_note(tx, id_, conflict))


def test_a_deleted_note_keeps_its_versions(store: Store) -> None:
    id_, conflict = make(store, {"body": "their text"})
    store.write(lambda tx: notes.mark(tx, id_, deleted=True))
    with pytest.raises(Failure) as caught:
        settle(store, id_, conflict, "use")
    assert caught.value.code == "NOTE_NOT_FOUND"
    store.write(lambda tx: notes.mark(tx, id_, deleted=False))
    assert settle(store, id_, conflict, "use")[1] == "their text"


def test_the_list_says_which_notes_wait(store: Store) -> None:
    id_, conflict = make(store, {"body": "their text"})
    other = store.write(lambda tx: notes.create(tx, Draft.of("Other", "", "")))
    assert {n.id: n.conflicted for n in notes.find(store).notes} == {id_: True, other: False}
    settle(store, id_, conflict, "keep")
    assert not any(note.conflicted for note in notes.find(store).notes)


@pytest.mark.parametrize("cells", ["[]", '"x"', "3", '{"body": 3, "colour": "red", "title": "T"}'])
def test_odd_versions_of_other_programs_do_no_harm(store: Store, cells: str) -> None:
    id_, _ = make(store, {})
    store.write(lambda tx: tx.rows("UPDATE conflicts SET cells = ?", (cells,)))
    (version,) = conflicts.of(store, "notes", id_)
    assert version.cells in ({}, {"title": "T"})
    assert settle(store, id_, version.id, "use")[1] == "my text"


def test_a_thread_has_one_of_two_names(store: Store) -> None:
    id_ = store.write(lambda tx: threads.create(tx, "Mine"))

    def conflict() -> str:
        store.write(
            lambda tx: conflicts.add(tx, "threads", id_, {"title": "Theirs"}, device="LAPTOP")
        )
        return conflicts.of(store, "threads", id_)[0].id

    first = conflict()
    store.write(lambda tx: choices.settle_thread(tx, id_, first, "keep"))
    assert threads.get(store, id_).title == "Mine"
    second = conflict()
    store.write(lambda tx: choices.settle_thread(tx, id_, second, "use"))
    assert threads.get(store, id_).title == "Theirs"
    store.write(lambda tx: choices.unsettle_thread(tx, id_, second))
    assert threads.get(store, id_).title == "Mine"
    assert len(conflicts.of(store, "threads", id_)) == 1
