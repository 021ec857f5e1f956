"""Words that nobody wrote like that: what in the index may be meant."""

from collections.abc import Iterator

from erth_sidecar.store.database import Reader
from erth_sidecar.text import stems

_LONGER, _MISSPELT, _PART = 0.7, 0.8, 0.6
"""What a longer word counts, one with a slip, and a part of a compound, against the word itself."""
_STEM, _SLIP, _HALF = 4, 5, 4
"""Letters that a word needs for each of them."""
_ENDING = 3
_MOST = 8
_LINKS = ("", "s", "n", "en", "es", "er")
"""What German puts between the parts of a compound."""


def near(reader: Reader, word: str) -> dict[str, float]:
    """Words of the index that may be meant, and what they count; empty for CJK and figures."""
    if not word.isalpha() or stems.CJK.match(word):
        return {}
    found: dict[str, float] = {}
    for stem in stems.forms(word):
        if len(stem) < _STEM:
            continue
        for term in _beginning(reader, stem[: max(3, len(stem) // 2)]):
            if term.startswith(stem):
                found.setdefault(term, _LONGER)
            elif len(stem) >= _SLIP and (_one_slip(stem, term) or _other_ending(stem, term)):
                found[term] = _MISSPELT
        for part in _parts(reader, stem):
            found.setdefault(part, _PART)
    best = sorted(found, key=lambda term: (-found[term], len(term)))[:_MOST]
    return {term: found[term] for term in best}


def _beginning(reader: Reader, start: str) -> list[str]:
    rows = reader.rows(
        "SELECT term FROM passages_words WHERE term >= ? AND term < ? LIMIT 3000",
        (start, start + "\U0010ffff"),
    )
    return [term for (term,) in rows]


def _parts(reader: Reader, stem: str) -> Iterator[str]:
    """Both halves of a German compound, if the index has both."""
    halves = []
    for at in range(_HALF, len(stem) - _HALF + 1):
        for link in _LINKS:
            head = stem[:at].removesuffix(link)
            if len(head) >= _HALF and (not link or stem[:at].endswith(link)):
                halves += [(first, stem[at:]) for first in stems.forms(head)]
    if not halves:
        return
    asked = sorted({half for pair in halves for half in pair})
    marks = ",".join("?" * len(asked))
    rows = reader.rows(f"SELECT term FROM passages_words WHERE term IN ({marks})", asked)
    known = {term for (term,) in rows}
    for first, second in halves:
        if first in known and second in known:
            yield from (first, second)


def _other_ending(word: str, stem: str) -> bool:
    """Whether it is the stem with an ending that has a slip: "exhibiton" of "exhibit"."""
    return len(stem) >= _SLIP and word.startswith(stem) and len(word) - len(stem) <= _ENDING


def _one_slip(word: str, other: str) -> bool:
    """Whether one letter more, less, or other, or two exchanged, make one the other."""
    if abs(len(word) - len(other)) > 1:
        return False
    same = 0
    while same < min(len(word), len(other)) and word[same] == other[same]:
        same += 1
    rest, remains = word[same:], other[same:]
    return (
        rest[1:] == remains
        or rest == remains[1:]
        or rest[1:] == remains[1:]
        or (len(rest) > 1 and rest[:2] == remains[1::-1] and rest[2:] == remains[2:])
    )
