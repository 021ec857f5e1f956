import pytest

from erth_sidecar.conftest import next_millisecond
from erth_sidecar.errors import Failure
from erth_sidecar.notes import notes
from erth_sidecar.notes.notes import MAX_NOTE, PAGE, Draft
from erth_sidecar.store.database import Store, Transaction


def make(store: Store, title: str = "A", body: str = "text", tags: object = "") -> str:
    return store.write(lambda tx: notes.create(tx, Draft.of(title, body, tags)))


def save(store: Store, id_: str, title: str, base: str = "") -> str:
    return store.write(lambda tx: notes.save(tx, id_, Draft.of(title, "text", ""), base))


def code_of(caught: pytest.ExceptionInfo[Failure]) -> str:
    return caught.value.code


def test_a_note_comes_back_as_it_was_written(store: Store, said: list[tuple[str, str]]) -> None:
    id_ = make(store, "Ünïcode 会议", "a\n\nb 🚲", ["B", "#a", " x  y ", "b", ""])
    note = notes.get(store, id_)
    assert (note.title, note.body, note.tags) == ("Ünïcode 会议", "a\n\nb 🚲", ("a", "b", "x y"))
    assert note.created_at == note.updated_at
    assert said == [("notes", id_)]


def test_pinned_notes_come_first_then_the_latest(store: Store) -> None:
    first, second, third = (make(store, title) for title in "ABC")
    store.write(lambda tx: notes.mark(tx, first, pinned=True))
    next_millisecond()
    save(store, second, "B2")
    assert [note.id for note in notes.find(store).notes] == [first, second, third]


def test_an_empty_note_is_found_again_unless_it_is_open(store: Store) -> None:
    make(store, "", "text")
    empty = make(store, "", "")
    assert notes.unwritten(store, but="") == empty
    assert notes.unwritten(store, but=empty) == ""


def test_a_stale_editor_overwrites_nothing(store: Store) -> None:
    id_ = make(store)
    base = notes.get(store, id_).updated_at
    newer = save(store, id_, "by another window", base)
    assert newer > base
    with pytest.raises(Failure) as caught:
        save(store, id_, "mine", base)
    assert code_of(caught) == "NOTE_CHANGED"
    assert notes.get(store, id_).title == "by another window"
    save(store, id_, "mine", newer)


def test_saving_the_same_text_twice_is_no_conflict(store: Store) -> None:
    id_ = make(store)
    base = notes.get(store, id_).updated_at
    newer = save(store, id_, "mine", base)
    assert save(store, id_, "mine", base) == newer


def test_two_saves_in_one_millisecond_differ(store: Store) -> None:
    id_ = make(store)

    def twice(tx: Transaction) -> tuple[str, str]:
        return (
            notes.save(tx, id_, Draft.of("1", "", "")),
            notes.save(tx, id_, Draft.of("2", "", "")),
        )

    one, two = store.write(twice)
    assert one < two


def test_a_deleted_note_is_gone_until_restored(store: Store) -> None:
    id_ = make(store, "needle")
    store.write(lambda tx: notes.mark(tx, id_, deleted=True))
    assert notes.find(store).total == notes.find(store, "needle").total == 0
    for work in (
        lambda: notes.get(store, id_),
        lambda: save(store, id_, "x"),
        lambda: store.write(lambda tx: notes.mark(tx, id_, pinned=True)),
    ):
        with pytest.raises(Failure) as caught:
            work()
        assert code_of(caught) == "NOTE_NOT_FOUND"
    store.write(lambda tx: notes.mark(tx, id_, deleted=False))
    assert notes.get(store, id_).title == "needle"


def test_tags_filter_and_are_counted(store: Store) -> None:
    make(store, "1", tags="work, home")
    make(store, "2", tags="work")
    gone = make(store, "3", tags="work")
    store.write(lambda tx: notes.mark(tx, gone, deleted=True))
    assert [note.title for note in notes.find(store, tag="home").notes] == ["1"]
    assert [note.title for note in notes.find(store, "2", tag="work").notes] == ["2"]
    assert notes.find(store, tag="wor").total == 0
    assert notes.tags_in_use(store) == [("work", 2), ("home", 1)]


def test_a_list_shows_the_beginning_of_a_long_title(store: Store) -> None:
    make(store, "x" * 1_000_000)
    [found] = notes.find(store).notes
    assert len(found.title_html) == notes.MAX_SHOWN and len(found.title) == 1_000_000


def test_a_long_list_has_pages(store: Store) -> None:
    def many(tx: Transaction) -> None:
        for i in range(PAGE + 5):
            notes.create(tx, Draft.of(f"note {i}", "", ""))

    store.write(many)
    first, second = notes.find(store), notes.find(store, page=1)
    assert (len(first.notes), len(second.notes), first.total) == (PAGE, 5, PAGE + 5)
    assert notes.find(store, "note", page=1).total == PAGE + 5
    assert len({note.id for note in first.notes + second.notes}) == PAGE + 5


def test_a_note_has_a_size(store: Store) -> None:
    make(store, "", "ü" * (MAX_NOTE // 2))
    with pytest.raises(Failure) as caught:
        Draft.of("a", "ü" * (MAX_NOTE // 2), "")
    assert code_of(caught) == "BODY_TOO_LARGE"


@pytest.mark.parametrize("tags", [3, {"a": 1}, [1], "x" * 61, ",".join(str(i) for i in range(51))])
def test_odd_tags_are_refused(tags: object) -> None:
    with pytest.raises(Failure) as caught:
        Draft.of("a", "", tags)
    assert code_of(caught) == "BAD_REQUEST"


def test_a_note_without_title_is_called_by_its_words(store: Store) -> None:
    note = notes.get(store, make(store, "", "First line\nsecond"))
    assert note.name == "First line second"
    assert notes.get(store, make(store, "", "")).name == ""


def test_rows_of_other_programs_are_listed_opened_and_saved(store: Store) -> None:
    """As somebody may write them into the remote with plain SQL."""
    odd = ("some day", "2026-11-22 10:00:00", "9999-12-31T23:59:59.999Z", "")
    sql = "INSERT INTO notes (id, created_at, updated_at, tags) VALUES (?, ?, ?, ?)"
    for at, moment in enumerate(odd):
        values = (f"odd-{at}", moment, moment, '{"a": 1}' if at % 2 else "[3]")
        store.write(lambda tx, values=values: tx.rows(sql, values))  # type: ignore[misc]
    listed = notes.find(store).notes
    assert len(listed) == len(odd)
    assert notes.tags_in_use(store)
    for note in listed:
        base = notes.get(store, note.id).version
        save(store, note.id, "now ours", base)
        assert notes.get(store, note.id).title == "now ours"
