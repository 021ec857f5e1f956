from erth_sidecar.agent.quote import PIECES, Quote
from erth_sidecar.chat.engines import Passage, Turn
from erth_sidecar.text.markdown import render

ASKED = [Turn("user", "?")]


def passage(text: str, title: str = "T") -> Passage:
    return Passage("note", "id-1", title, text, 0, len(text))


def test_it_says_that_it_only_quotes() -> None:
    text = "".join(Quote(lambda _: None).chat(ASKED, [passage("first\n\nsecond")]))
    assert text.startswith("No model is mounted")
    assert "> first\n>\n> second\n>\n> — [T](notes/id-1?at=0-" in text


def test_it_says_where_to_mount_a_model() -> None:
    for passages in ([], [passage("first")]):
        html = render("".join(Quote(lambda _: None).chat(ASKED, passages)))
        assert '<a href="models">Models</a>' in html


def test_code_is_quoted_as_code() -> None:
    code = "# Not a heading\ndef f():\n    return '```'"
    of_file = Passage("file", "id-2", "f.py", code, 0, len(code))
    html = render("".join(Quote(lambda _: None).chat(ASKED, [of_file])))
    assert "<h1>" not in html
    assert "    return" in html
    assert 'href="library/id-2?at=' in html


def test_a_code_block_cut_in_the_middle_ends_with_its_quote() -> None:
    html = render("".join(Quote(lambda _: None).chat(ASKED, [passage("Do:\n\n```sh\nls")])))
    before, _, after = html.partition('<a href="notes/id-1?at=')
    assert "</pre>" in before
    assert "</blockquote>" in after


def test_it_says_that_nothing_was_found() -> None:
    text = "".join(Quote(lambda _: None).chat(ASKED, []))
    assert "nothing" in text
    assert "No model is mounted" in text


def test_a_title_cannot_break_its_link() -> None:
    text = "".join(Quote(lambda _: None).chat(ASKED, [passage("x", "a](https://e.org) <b> *c*")]))
    html = render(text)
    assert html.count("<a ") == 2
    assert 'href="notes/id-1?at=0-1"' in html
    assert "*c*" in html


def test_a_long_answer_has_no_more_pieces_than_a_short_one() -> None:
    pauses: list[float] = []
    long = passage("一" * 2000 + " word" * 2000)
    pieces = list(Quote(pauses.append).chat(ASKED, [long, long]))
    assert 10 < len(pieces) <= PIECES
    assert sum(pauses) < 1
