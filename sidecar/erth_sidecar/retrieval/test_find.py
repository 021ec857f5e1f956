from collections.abc import Sequence
from functools import partial

import pytest

from erth_sidecar.chat.engines import Passage
from erth_sidecar.notes import notes
from erth_sidecar.retrieval import find, quality
from erth_sidecar.store.database import Store, Transaction
from erth_sidecar.text.words import words_of

LONG = "\n\n".join(f"Paragraph {i} is about nothing that matters here at all." for i in range(60))


@pytest.fixture
def shelf(store: Store) -> Store:
    for title, body in [
        ("Berlin trip", f"We take the train on 12 May.\n\n{LONG}\n\nThe hotel is in Mitte."),
        ("Groceries", "Milk, bread and cheese."),
        ("Garten", "Die Rosen müssen im März geschnitten werden."),
        ("会议", "明天下午三点在北京开会，请带上笔记本电脑。"),
        ("旅行", "七月去上海看展览。"),
        ("Bike", "The tyre pressure of the bike is 4 bar."),
    ]:
        draft = notes.Draft.of(title, body, "")
        store.write(lambda tx, draft=draft: notes.create(tx, draft))  # type: ignore[misc]
    return store


@pytest.mark.parametrize(
    ("question", "title", "words"),
    [
        ("Where is our hotel in Berlin?", "Berlin trip", "The hotel is in Mitte."),
        ("When do we take the trains?", "Berlin trip", "12 May"),
        ("Wann werden die Rosen geschnitten?", "Garten", "März"),
        ("Wann muss ich die ROSE schneiden?", "Garten", "März"),
        ("我什么时候去北京？", "会议", "明天下午三点"),
        ("上海有什么展览？", "旅行", "七月"),
        ("what pressure do my bike tyres need", "Bike", "4 bar"),
    ],
)
def test_the_best_passage_answers(shelf: Store, question: str, title: str, words: str) -> None:
    best = find.find(shelf, question)[0]
    assert best.title == title
    assert words in best.text


def test_a_passage_is_a_part_of_its_note(shelf: Store) -> None:
    passages = find.find(shelf, "hotel train Mitte paragraph")
    assert 1 < len(passages) <= find.PASSAGES
    for passage in passages:
        body = notes.get(shelf, passage.source_id).body
        assert body[passage.start : passage.end] == passage.text
        assert len(passage.text) <= 1200


@pytest.mark.parametrize("question", ["", "what is the", "Quantum chromodynamics", "??", '"', "的"])
def test_nothing_is_found_where_nothing_is(shelf: Store, question: str) -> None:
    assert find.find(shelf, question) == []


def test_deleted_notes_are_not_quoted(shelf: Store) -> None:
    id_ = find.find(shelf, "bread")[0].source_id
    shelf.write(lambda tx: notes.mark(tx, id_, deleted=True))
    assert find.find(shelf, "bread") == []


def test_words_that_every_question_has_do_not_count() -> None:
    assert words_of("What is in my notes about the Meetings?") == ["meetings"]
    assert words_of("Was steht in meinen Notizen über Termine?") == ["termine"]
    assert words_of("我什么时候去北京？") == ["候去", "去北", "北京"]


def test_one_huge_paragraph_is_cut(store: Store) -> None:
    body = "A sentence about something else. " * 300 + "The needle lies here. " + "More. " * 500
    store.write(lambda tx: notes.create(tx, notes.Draft.of("Big", body, "")))
    (best,) = find.find(store, "needle")
    assert "The needle lies here." in best.text
    assert len(best.text) <= 800


def attach(store: Store, id_: str, text: str, thread_id: str | None = None) -> None:
    store.write(partial(quality.add_file, id_=id_, name=f"{id_}.txt", text=text))
    store.write(lambda tx: tx.rows("UPDATE files SET thread_id = ? WHERE id = ?", (thread_id, id_)))


def ids(passages: Sequence[Passage]) -> set[str]:
    return {passage.source_id for passage in passages}


def test_a_threads_files_are_its_own(store: Store) -> None:
    attach(store, "library", "Herons breed in March.")
    attach(store, "attached", "Herons eat fish.", "t1")
    attach(store, "elsewhere", "Herons sleep standing.", "t2")
    assert ids(find.find(store, "herons", "t1")) == {"library", "attached"}
    assert ids(find.find(store, "herons")) == {"library"}
    store.write(lambda tx: tx.rows("UPDATE files SET deleted_at = '2026' WHERE id = 'library'"))
    assert ids(find.find(store, "herons", "t2")) == {"elsewhere"}


def test_files_of_other_threads_dont_take_the_places(store: Store) -> None:
    attach(
        store,
        "elsewhere",
        "\n\n".join(f"Herons, herons. {'Far. ' * 90}{i}" for i in range(300)),
        "t2",
    )
    attach(store, "library", f"There are herons at the lake. {'Other things. ' * 20}")
    assert ids(find.find(store, "herons", "t1")) == {"library"}


def test_what_isnt_indexed_yet_is_read_as_it_stands(shelf: Store) -> None:
    find.find(shelf, "bread")
    note = notes.Draft.of("Groceries, new", "Bread from the mill.", "")

    def within(tx: Transaction) -> list[Passage]:
        id_ = notes.create(tx, note)
        old = next(p for p in find.find(tx, "cheese") if p.title == "Groceries")
        tx.rows("UPDATE notes SET body = 'Only milk.' WHERE id = ?", (old.source_id,))
        found = find.find(tx, "bread")
        assert ids(found) == {id_}
        return found

    (found,) = shelf.write(within)
    assert found.text == "Bread from the mill."


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("presure", "Bike"),
        ("pressrue", "Bike"),
        ("What about the exhibiton?", "Museum"),
        ("Druck", "Rad"),
        ("Wie ist der Luftdruckmesser?", "Rad"),
        ("Kuchen", "Backen"),
        ("rose", "Garten"),
        ("MUELLER", "Kontakte"),
    ],
)
def test_words_that_are_written_otherwise(shelf: Store, question: str, title: str) -> None:
    for name, body in [
        ("Rad", "Der Luftdruck der Reifen ist 4 bar, der Messer liegt im Keller."),
        ("Museum", "The exhibition closes in June."),
        ("Backen", "Für den Apfelkuchen brauchen wir Mehl und Butter."),
        ("Kontakte", "Herr Müller wohnt nebenan."),
    ]:
        draft = notes.Draft.of(name, body, "")
        shelf.write(partial(notes.create, draft=draft))
    assert find.find(shelf, question)[0].title == title


def test_neighbours_become_one_passage(store: Store) -> None:
    parts = [f"Herons, part {i}: {'they wade. ' * 40}".strip() for i in range(2)]
    body = "\n\n".join(parts)
    store.write(partial(notes.create, draft=notes.Draft.of("Birds", body, "")))
    (passage,) = find.find(store, "herons wade")
    assert (passage.start, passage.end, passage.text) == (0, len(body), body)


def test_a_short_note_is_quoted_whole_where_nothing_else_is_found(store: Store) -> None:
    body = f"The scan showed nothing. {'No news. ' * 40}\n\nThe leg hurts. {'Still. ' * 20}".strip()
    store.write(partial(notes.create, draft=notes.Draft.of("Doctor", body, "")))
    (passage,) = find.find(store, "leg")
    assert passage.text == body


def test_no_more_passages_than_asked_for(store: Store) -> None:
    for i in range(30):
        draft = notes.Draft.of(f"Heron {i}", "Herons wade. " * 60, "")
        store.write(partial(notes.create, draft=draft))
    for most in (1, 3, 20):
        found = find.find(store, "herons", most=most)
        assert len(found) == most


def test_a_question_of_frequent_words_only_finds_those_that_have_them_together(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find, "_FREQUENT", 20)
    for i in range(60):
        words = "lake heron" if i == 7 else "lake stork" if i % 2 else "river heron"
        store.write(partial(notes.create, draft=notes.Draft.of(f"Note {i}", words, "")))
    assert find.find(store, "heron at the lake")[0].title == "Note 7"


@pytest.mark.parametrize(
    "question", ["*", "a* OR b", 'say "x" AND (', "NEAR(a b)", "title:x", "\0", "x" * 100_000, "🦆"]
)
def test_any_question_can_be_asked(shelf: Store, question: str) -> None:
    find.find(shelf, question)
