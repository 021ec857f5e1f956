import pytest

from erth_sidecar.errors import Failure
from erth_sidecar.ids import uuid7
from erth_sidecar.notes import conflicts, edits, notes
from erth_sidecar.notes.edits import Edited, Writers, covers
from erth_sidecar.notes.notes import Draft
from erth_sidecar.store.database import Store


def make(store: Store, title: str = "A", body: str = "text", tags: object = "") -> str:
    return store.write(lambda tx: notes.create(tx, Draft.of(title, body, tags)))


def version(store: Store, id_: str) -> str:
    return notes.get(store, id_).version


def elsewhere(store: Store, id_: str, title: str, body: str, tags: object = "") -> None:
    store.write(lambda tx: notes.save(tx, id_, Draft.of(title, body, tags)))


def save(store: Store, id_: str, base: str, body: str, tags: str = "") -> Edited:
    return store.write(lambda tx: edits.save(tx, id_, Draft.of("A", body, tags), base=base))


def lost(store: Store, id_: str) -> list[dict[str, str]]:
    return [conflict.cells for conflict in conflicts.of(store, "notes", id_)]


def test_what_was_typed_wins_and_the_other_text_is_kept(
    store: Store, said: list[tuple[str, str]]
) -> None:
    id_ = make(store)
    base = version(store, id_)
    elsewhere(store, id_, "A", "theirs")
    edited = save(store, id_, base, "mine")
    assert notes.get(store, id_).body == edited.note.body == "mine"
    assert lost(store, id_) == [{"body": "theirs"}]
    assert conflicts.of(store, "notes", id_)[0].device == conflicts.ELSEWHERE
    assert said[-1] == ("notes", id_)


def test_only_fields_that_both_changed_are_in_conflict(store: Store) -> None:
    id_ = make(store, tags="old")
    base = version(store, id_)
    elsewhere(store, id_, "Renamed", "text", "old, new")
    save(store, id_, base, "mine", tags="old")
    note = notes.get(store, id_)
    assert (note.title, note.body, note.tags) == ("Renamed", "mine", ("new", "old"))
    assert lost(store, id_) == []


def test_fields_taken_over_stay_so_until_the_page_shows_them(store: Store) -> None:
    id_ = make(store)
    base = version(store, id_)
    elsewhere(store, id_, "Renamed", "text")
    save(store, id_, base, "mine")
    # The page still holds the old title, and says so.
    save(store, id_, Draft.of("A", "mine", "").version, "mine, more")
    note = notes.get(store, id_)
    assert (note.title, note.body) == ("Renamed", "mine, more")
    assert lost(store, id_) == []


def test_tags_that_were_taken_away_are_a_conflict(store: Store) -> None:
    id_ = make(store, tags="a, b")
    base = version(store, id_)
    elsewhere(store, id_, "A", "text", "b, c")
    save(store, id_, base, "text", tags="a")
    (conflict,) = conflicts.of(store, "notes", id_)
    assert conflict.tags == ("b", "c")


@pytest.mark.parametrize("theirs", ["mine", "mine, mo", " mine, more ", ", more", "mi, more"])
def test_what_is_part_of_the_typed_text_is_no_conflict(store: Store, theirs: str) -> None:
    id_ = make(store)
    base = version(store, id_)
    elsewhere(store, id_, "A", theirs)
    save(store, id_, base, "mine, more")
    assert lost(store, id_) == []


def test_two_windows_that_write_in_turns_leave_one_conflict(store: Store) -> None:
    id_ = make(store, body="")
    bases = [version(store, id_)] * 2
    texts = ["mine", "theirs"]
    for turn in range(20):
        who = turn % 2
        texts[who] += f" {turn}"
        save(store, id_, bases[who], texts[who])
        bases[who] = Draft.of("A", texts[who], "").version
    assert notes.get(store, id_).body == texts[1]
    assert lost(store, id_) == [{"body": texts[0]}]


def test_corrections_in_two_windows_leave_one_conflict(store: Store) -> None:
    id_ = make(store, body="")
    writers = Writers()
    texts, bases = ["", ""], [version(store, id_)] * 2

    def turn(who: int, body: str, writer: str = "") -> None:
        texts[who] = body
        draft, name = Draft.of("A", body, ""), writer or f"window {who}"
        saved = {"base": bases[who], "writer": name, "writers": writers}
        store.write(lambda tx: edits.save(tx, id_, draft, **saved))  # type: ignore[arg-type]
        bases[who] = draft.version

    for at in range(10):
        turn(0, f"{at} mine, and {at}")
        turn(1, f"{at} theirs, and {at}")
    assert lost(store, id_) == [{"body": texts[0]}]
    # Now the first window shows the other's text, and goes on from there: its own old text stays.
    bases[0] = bases[1]
    turn(0, f"{texts[1]}, on", "window 0 anew")
    bases[1] = "a.b.c"
    turn(1, "quite different")
    turn(0, "again", "window 0 anew")
    kept = [cells["body"] for cells in lost(store, id_)]
    assert kept == ["9 mine, and 9", "quite different"]


def test_conflicts_of_other_devices_are_left_alone(store: Store) -> None:
    id_ = make(store)
    base = version(store, id_)
    store.write(lambda tx: conflicts.add(tx, "notes", id_, {"body": "mi"}, device="LAPTOP"))
    elsewhere(store, id_, "A", "theirs")
    save(store, id_, base, "mine")
    assert lost(store, id_) == [{"body": "mi"}, {"body": "theirs"}]


def test_without_a_base_the_last_wins(store: Store) -> None:
    id_ = make(store)
    save(store, id_, "", "mine")
    assert (notes.get(store, id_).body, lost(store, id_)) == ("mine", [])


def test_an_odd_base_counts_as_stale(store: Store) -> None:
    id_ = make(store, body="theirs")
    save(store, id_, "2020-01-01T00:00:00.000Z", "mine")
    assert lost(store, id_) == [{"body": "theirs"}]


def test_typing_brings_a_deleted_note_back(store: Store) -> None:
    id_ = make(store)
    base = version(store, id_)
    store.write(lambda tx: notes.mark(tx, id_, deleted=True))
    assert not save(store, id_, base, "text").back, "nothing was typed"
    with pytest.raises(Failure):
        notes.get(store, id_)
    assert save(store, id_, base, "text, and more").back
    assert notes.get(store, id_).body == "text, and more"
    assert lost(store, id_) == []


def test_a_note_that_is_wholly_gone_is_made_anew(store: Store) -> None:
    id_ = uuid7()
    assert save(store, id_, "a.b.c", "typed").back
    assert notes.get(store, id_).body == "typed"
    with pytest.raises(Failure):
        save(store, "no-id", "", "typed")


def test_a_part_is_covered_where_something_was_added() -> None:
    assert covers("one two three", "one three")
    assert covers("abc", "")
    assert not covers("one two", "two one")
    assert not covers("aa", "aaa")
