"""Words as the index of passages has them: lower case, English or German stems, and pairs of
Chinese, Japanese and Korean characters.

Stems after Snowball (https://snowballstem.org/algorithms/): "Häuser" and "Haus" are `haus`,
"rising" and "rises" are `rise`. Its German reads "ae" as "ä".
"""

import re
import threading
import unicodedata
from functools import lru_cache
from typing import Any

CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af]+")

_LONGEST = 40
"""Letters of a word; what is longer, is several."""
_PLAIN = re.compile(f"[a-z0-9]{{1,{_LONGEST}}}")
_TOKEN = re.compile(
    rf"{CJK.pattern}|[^\W_\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af]{{1,{_LONGEST}}}"
)
_SAMPLE = 3000
"""Characters of a text that tell its language."""
_ENGLISH = frozenset(
    """
    the and of to is was are that for with it on as at be this have from or not you they
    """.split()  # noqa: SIM905 - easier to read than quoted words
)
_GERMAN = frozenset(
    """
    der die und das ist nicht ein eine mit für auf den von zu im dem sich auch bei wird oder
    """.split()  # noqa: SIM905 - as above
)
_lock = threading.Lock()


def language(text: str) -> str:
    """`en`, `de`, or, if it can't be told, an empty text."""
    words = re.findall(r"[^\W\d_]+", text[:_SAMPLE].lower())
    english = sum(word in _ENGLISH for word in words)
    german = sum(word in _GERMAN for word in words)
    return "" if english == german else "en" if english > german else "de"


def tokens(text: str) -> list[str]:
    """Words and pairs of characters in lower case, in order, composed (NFC)."""
    if text.isascii():
        return _PLAIN.findall(text.lower())
    text = unicodedata.normalize("NFC", text).lower()
    found: list[str] = []
    for token in _TOKEN.findall(text):
        if token[0] >= "\u3040" and CJK.match(token):
            found += [token[i : i + 2] for i in range(max(1, len(token) - 1))]
        else:
            found.append(token)
    return found


def stemmed(text: str, language: str) -> list[str]:
    """A text's words as the index has them, in order; of an unknown language both stems of each."""
    if language:
        return [_stem(token, language) for token in tokens(text)]
    return [form for token in tokens(text) for form in forms(token)]


def bare(text: str) -> str:
    """Without diacritics."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c))


@lru_cache(maxsize=4096)
def forms(token: str) -> tuple[str, ...]:
    """What the index may have for a word, whichever language its text was taken for."""
    return tuple(dict.fromkeys((_stem(token, "en"), _stem(token, "de"))))


@lru_cache(maxsize=30_000)
def _stem(token: str, language: str) -> str:
    if len(token) < 3 or token[0].isdigit():  # noqa: PLR2004 - such words have no endings
        return token
    with _lock:
        stem = str(_stemmers()[language].stemWord(token))
    # The index drops nothing, so what German writes in two ways is made one here.
    return bare(stem.replace("ß", "ss"))


@lru_cache(maxsize=1)
def _stemmers() -> dict[str, Any]:
    # Only now: a start without anything to index does without it.
    import snowballstemmer

    return {"en": snowballstemmer.stemmer("english"), "de": snowballstemmer.stemmer("german")}
