import pytest

from erth_sidecar import notes
from erth_sidecar.agent import retrieval
from erth_sidecar.store import Store

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
    best = retrieval.find(shelf, question)[0]
    assert best.title == title
    assert words in best.text


def test_a_passage_is_a_part_of_its_note(shelf: Store) -> None:
    passages = retrieval.find(shelf, "hotel train Mitte paragraph")
    assert 1 < len(passages) <= retrieval.PASSAGES
    for passage in passages:
        body = notes.get(shelf, passage.source_id).body
        assert body[passage.start : passage.end] == passage.text
        assert len(passage.text) < 1000


@pytest.mark.parametrize("question", ["", "what is the", "Quantum chromodynamics", "??", '"', "的"])
def test_nothing_is_found_where_nothing_is(shelf: Store, question: str) -> None:
    assert retrieval.find(shelf, question) == []


def test_deleted_notes_are_not_quoted(shelf: Store) -> None:
    id_ = retrieval.find(shelf, "bread")[0].source_id
    shelf.write(lambda tx: notes.mark(tx, id_, deleted=True))
    assert retrieval.find(shelf, "bread") == []


def test_words_that_every_question_has_do_not_count() -> None:
    assert retrieval.terms("What is in my notes about the Meetings?") == ["meeting"]
    assert retrieval.terms("Was steht in meinen Notizen über Termine?") == ["termin"]
    assert retrieval.terms("我什么时候去北京？") == ["候去", "去北", "北京"]


def test_one_huge_paragraph_is_cut(store: Store) -> None:
    body = "A sentence about something else. " * 300 + "The needle lies here. " + "More. " * 500
    store.write(lambda tx: notes.create(tx, notes.Draft.of("Big", body, "")))
    (best,) = retrieval.find(store, "needle")
    assert "The needle lies here." in best.text
    assert len(best.text) <= 800
