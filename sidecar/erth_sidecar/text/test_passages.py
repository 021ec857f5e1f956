from pathlib import Path

import pytest

from erth_sidecar.text.passages import LEAST, LONG, Piece, cut

TEXTS = {
    "paragraphs": "\n\n".join(
        f"Paragraph {i}. " + "Some more words. " * (i % 9) for i in range(60)
    ),
    "sentences": "A sentence about something else. " * 300,
    "one word": "x" * 5000,
    "chinese": "这是一个很长的句子，里面有很多字。" * 200,
    "lines": "\n".join(f"row {i}; value {i * 7}" for i in range(500)),
    "gaps": "a\n\n\n\n" * 50 + " " * 3000 + "b",
    "windows line ends": "One.\r\n\r\nTwo.\r\n\r\n" * 90,
    "headings": "# T\n\nIntro.\n\n## A\n\n" + "words " * 150 + "\n\n## B\n\n" + "more " * 150,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_nothing_is_lost_and_nothing_overlaps(text: str) -> None:
    end = 0
    for piece in cut(text):
        assert text[end : piece.start].strip() == ""
        assert text[piece.start : piece.stop] == text[piece.start : piece.stop].strip()
        assert 0 < piece.stop - piece.start <= LONG
        end = piece.stop
    assert text[end:].strip() == ""


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_cutting_goes_on_where_it_was_left(text: str) -> None:
    pieces = list(cut(text))
    for at in (0, len(pieces) // 2, len(pieces) - 1):
        assert list(cut(text, pieces[at].stop)) == pieces[at + 1 :]


def test_passages_are_long_enough_to_say_something() -> None:
    lengths = [piece.stop - piece.start for piece in cut(TEXTS["paragraphs"])]
    assert min(lengths[:-1]) >= LEAST
    assert list(cut("Short.")) == [Piece(0, 6)]
    assert list(cut(" \n\n ")) == []


def test_a_sentence_stays_whole() -> None:
    text = TEXTS["sentences"].strip()
    for piece in cut(text):
        part = text[piece.start : piece.stop]
        assert part.startswith("A sentence") and part.endswith("else.")


def test_a_passage_knows_the_heading_that_it_stands_under() -> None:
    text = TEXTS["headings"]
    found = [(text[p.start : p.stop].split()[0], p.heading) for p in cut(text)]
    assert ("words", "A") in found
    assert ("more", "B") in found
    assert all(heading == "" for first, heading in found if first == "##")


def test_the_question_set_is_cut_within_the_limits() -> None:
    for path in (Path(__file__).parents[3] / "bench" / "questions").glob("*/*"):
        assert all(piece.stop - piece.start <= LONG for piece in cut(path.read_text("utf-8")))
