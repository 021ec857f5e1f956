import pytest

from erth_sidecar.text import stems


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The hotel is in the middle of the town.", "en"),
        ("Das Hotel ist nicht in der Mitte, sondern auf dem Berg.", "de"),
        ("我们去北京", ""),
        ("Milk 1.50", ""),
        ("", ""),
    ],
)
def test_the_language_of_a_text(text: str, language: str) -> None:
    assert stems.language(text) == language


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("trains", "train", "en"),
        ("rising", "rises", "en"),
        ("Häuser", "haus", "de"),
        ("Äpfel", "Apfel", "de"),
        ("Aepfel", "Äpfel", "de"),
        ("Straße", "strassen", "de"),
        ("A\u0308pfel", "Äpfel", "de"),
        ("Café", "cafe", "en"),
    ],
)
def test_words_that_are_the_same(one: str, other: str, language: str) -> None:
    assert stems.stemmed(one, language) == stems.stemmed(other, language)


def test_a_question_finds_either_language() -> None:
    assert set(stems.stemmed("Kuchen", "")) == set(stems.forms("kuchen"))
    for word in ("kuchen", "services", "planning", "möglichkeiten"):
        assert stems.stemmed(word, "en")[0] in stems.forms(word)
        assert stems.stemmed(word, "de")[0] in stems.forms(word)


def test_chinese_and_japanese_become_pairs() -> None:
    assert stems.tokens("去北京 by 飞机") == ["去北", "北京", "by", "飞机"]
    assert stems.tokens("茶") == ["茶"]
    assert stems.tokens("東京タワー")[:2] == ["東京", "京タ"]


def test_names_of_code_and_numbers_are_taken_apart() -> None:
    assert stems.tokens("pg_stat_activity = 192.168") == ["pg", "stat", "activity", "192", "168"]
    assert stems.tokens("x" * 50) == ["x" * 40, "x" * 10]
    assert stems.tokens("é" + "x" * 50) == ["é" + "x" * 39, "x" * 11]
