import pytest

from erth_sidecar.notes import notes
from erth_sidecar.store.database import Store
from erth_sidecar.text.search import highlight, parse, snippet


@pytest.fixture
def shelf(store: Store) -> Store:
    texts = [
        ("Straßenbahn", "Die Linie 8 fährt über die Kreuzung."),
        ("Einkauf bei Müller", "Öl, Käse und Brötchen"),
        ("Meeting", "Café résumé with Søren and Zoë; 100% sure_thing [x] a*b"),
        ("会议", "明天下午三点在北京开会，请带上笔记本电脑。"),
        ("買い物", "牛乳とパンを買う"),
        ("Decomposed", "Mu\u0308nchen"),
        ("Quotes", 'he said "never" OR NOT AND NEAR(x) {set}: -minus'),
        ("Tiếng Việt", "Tôi thích phở và tiếng Việt"),
    ]
    for title, body in texts:
        draft = notes.Draft.of(title, body, "groß, alltag" if title == "Meeting" else "")
        store.write(lambda tx, draft=draft: notes.create(tx, draft))  # type: ignore[misc]
    return store


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("strassenbahn", ["Straßenbahn"]),
        ("STRAßE", ["Straßenbahn"]),
        ("bahn", ["Straßenbahn"]),
        ("muller", ["Einkauf bei Müller"]),
        ("mueller", ["Einkauf bei Müller"]),
        ("MÜLLER", ["Einkauf bei Müller"]),
        ("broetchen kase", ["Einkauf bei Müller"]),
        ("öl", ["Einkauf bei Müller"]),
        ("ol", ["Einkauf bei Müller"]),
        ("oel", ["Einkauf bei Müller"]),
        ("q", ["Quotes"]),
        ("ÖL", ["Einkauf bei Müller"]),
        ("uber", ["Straßenbahn"]),
        ("cafe resume", ["Meeting"]),
        ("zoe", ["Meeting"]),
        ("münchen", ["Decomposed"]),
        ("muenchen", ["Decomposed"]),
        ("北京", ["会议"]),
        ("笔记本", ["会议"]),
        ("会议", ["会议"]),
        ("牛乳", ["買い物"]),
        ("会", ["会议"]),
        ("phở", ["Tiếng Việt"]),
        ("tiếng việt", ["Tiếng Việt"]),
        ("%", ["Meeting"]),
        ("100%", ["Meeting"]),
        ("sure_thing", ["Meeting"]),
        ("[x", ["Meeting"]),
        ("a*b", ["Meeting"]),
        ("a*", ["Meeting"]),
        ('"never"', ["Quotes"]),
        ("NEAR(x)", ["Quotes"]),
        ("{set}:", ["Quotes"]),
        ("-minus", ["Quotes"]),
        ("alltag", ["Meeting"]),
        ("gross", ["Meeting"]),
        ("meeting nothing", []),
        ("'; DROP TABLE notes; --", []),
    ],
)
def test_what_is_typed_is_found(shelf: Store, query: str, titles: list[str]) -> None:
    found = notes.find(shelf, query)
    assert [note.title for note in found.notes] == titles
    assert found.total == len(titles)


@pytest.mark.parametrize(
    "query", ['"', '""', "*", "^", "(", "a AND", "NOT", "\0", "]", "[^a-z]", "?"]
)
def test_odd_queries_are_harmless(shelf: Store, query: str) -> None:
    notes.find(shelf, query)


def test_titles_weigh_more(shelf: Store) -> None:
    draft = notes.Draft.of("Other", "Meeting " + "and words " * 50, "")
    shelf.write(lambda tx: notes.create(tx, draft))
    assert [note.title for note in notes.find(shelf, "meeting").notes] == ["Meeting", "Other"]


@pytest.mark.parametrize(
    ("query", "text", "html"),
    [
        ("strasse", "Die Straße.", "Die <mark>Straße</mark>."),
        ("MULLER", "bei Müller", "bei <mark>Müller</mark>"),
        ("munchen", "Mu\u0308nchen", "<mark>Mu\u0308nchen</mark>"),
        ("北京", "在北京开会", "在<mark>北京</mark>开会"),
        ("b", "a<b>&amp;", "a&lt;<mark>b</mark>&gt;&amp;amp;"),
        ("<b", "a<b>", "a<mark>&lt;b</mark>&gt;"),
        ("", "a<b", "a&lt;b"),
    ],
)
def test_hits_are_marked_in_safe_html(query: str, text: str, html: str) -> None:
    assert highlight(text, parse(query)) == html


def test_a_snippet_shows_the_first_hit() -> None:
    text = "word " * 200 + "needle here " + "word " * 200
    line = snippet(text, parse("needle"))
    assert line.startswith("…word")
    assert line.endswith("…")
    assert "needle here" in line
    assert snippet("short\n\ntext", parse("")) == "short text"


def test_a_long_query_has_an_end() -> None:
    assert len(parse("wort " + " ".join(f"w{i}" for i in range(1000))).short) <= 16


def test_a_snippet_leaves_out_the_marks_of_markdown() -> None:
    text = "# Head\n- one **two** [three](https://example.org/)\n> four\n```py\nfive = `6`\n```"
    assert snippet(text, parse("")) == "Head one two three four five = 6"
    assert snippet("2 * 3 = 6, not __init__ #5", parse("")) == "2 * 3 = 6, not __init__ #5"
