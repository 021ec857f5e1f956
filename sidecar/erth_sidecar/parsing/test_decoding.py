"""Encodings, marked or not, whole or broken."""

import pytest

from erth_sidecar.errors import Failure
from erth_sidecar.parsing.decoding import decode

GERMAN = "Grüße aus Köln, schöne Straßen über alle Maßen, Bücher für Mädchen. " * 5
JAPANESE = "これは日本語の文章です。東京は大きい都市で、多くの人が住んでいます。" * 20
CHINESE = "这是一个中文句子。北京是中国的首都，有很多人住在那里。" * 20
RUSSIAN = "Это русский текст о погоде и о городе, где живут люди. " * 20


@pytest.mark.parametrize(
    "name", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"]
)
def test_unicode_is_read_with_and_without_its_mark(name: str) -> None:
    text = "Plain words, and Grüße" if name.endswith("e") else GERMAN
    assert decode(text.encode(name)) == (text, True)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (GERMAN, "latin-1"),
        (GERMAN, "cp1252"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc-jp"),
        (CHINESE, "gbk"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
    ],
)
def test_an_old_encoding_is_guessed(text: str, name: str) -> None:
    assert decode(text.encode(name))[0] == text


def test_html_is_read_in_the_encoding_it_names() -> None:
    page = '<meta charset="iso-8859-2"><p>Łódź żółw'
    assert decode(page.encode("iso-8859-2"), html=True)[0] == page


def test_html_that_names_no_encoding_of_documents_is_read_all_the_same() -> None:
    page = b'<meta charset="unicode_escape"><p>caf\xe9 \\x41'
    assert decode(page, html=True)[0].endswith("café \\x41")


def test_broken_utf8_keeps_what_is_whole_and_says_so() -> None:
    data = GERMAN.encode() + b"\xff\xc3" + GERMAN.encode()
    text, whole = decode(data)
    assert not whole and text.startswith(GERMAN) and text.endswith(GERMAN)


def test_line_ends_become_one_kind_and_controls_none() -> None:
    assert decode(b"a\r\nb\rc\fd\x00e\x1bf" + b" " * 200)[0].rstrip() == "a\nb\nc\nd\ufffde\ufffdf"


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(Failure):
        decode(bytes(range(256)) * 4)
