"""How well passages fit a question."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from erth_sidecar.text import stems

_TITLE = 1.2
"""What a word in title, heading or tags counts, against one in the text."""
_NEARBY = 0.2
"""What a word counts that only other passages of the same note or file have."""
_PAIR = 0.35
"""What two words count in addition that stand together in question and text."""
_SATURATION, _LENGTH = 1.2, 0.6
"""k1 and b of BM25 (Robertson and Zaragoza 2009)."""
_TYPICAL = 60
"""Words of a typical passage."""
_APART = 3
"""Places that such words may be apart."""
_WEAK = 0.4
"""What a frequent word counts, against another."""
_STEM, _MORE, _INSIDE = 4, 3, 0.5
"""Letters of a stem that counts inside of a longer word, how many more that has, and how much."""
_FIGURES = 0.12
"""What a figure adds for a question that asks for one, as a share."""

_AMOUNT = re.compile(
    r"\bhow (?:much|many|long|old|high|big|far|often|heavy)\b|\b(?:cost|price)\b"
    r"|\bwie ?(?:viele?|lange?|oft|hoch|alt|groß|weit|schwer)\b|多少|几|多长|多久|多大",
    re.IGNORECASE,
)
_MOMENT = re.compile(r"\b(?:when|what (?:time|day|year)|wann)\b|什么时候|何时|几点", re.IGNORECASE)
_CHANGED = re.compile(r"[aou]e|.y")
"""Beginnings that a stem may write in another way: "Aepfel", "dying"."""
_FIGURE = re.compile(r"\d|[一二三四五六七八九十百千万两半]")


@dataclass(slots=True)
class Word:
    """A word of the question: its forms in the index, each with what it counts, and how many
    passages have one of them."""

    text: str
    forms: dict[str, float]
    weak: bool = False
    passages: int = 0

    def match(self) -> str:
        """As the index is asked for it."""
        quoted = " OR ".join(f'"{form}"' for form in self.forms)
        return f"({quoted})"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that has some of the words: `text` is `body[start:stop]` of its note or file."""

    source: str
    source_id: str
    title: str
    start: int
    stop: int
    text: str
    above: str
    opening: str


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate with its score; only scores for one question can be compared."""

    score: float
    candidate: Candidate


def rank(
    candidates: Sequence[Candidate], words: Sequence[Word], question: str, total: int
) -> list[Scored]:
    """The candidates that have a word of the question, best first; `total`: passages there are."""
    lexicon = _Lexicon(words)
    weights = [
        math.log(1 + max(0, total - word.passages + 0.5) / (word.passages + 0.5))
        * (_WEAK if word.weak else 1)
        for word in words
    ]
    hits = [_Hits.of(one, lexicon) for one in candidates]
    nearby: dict[str, set[int]] = {}
    for one, hit in zip(candidates, hits, strict=True):
        nearby.setdefault(one.source_id, set()).update(hit.places)
    figures = bool(_AMOUNT.search(question) or _MOMENT.search(question))
    scored = []
    for one, hit in zip(candidates, hits, strict=True):
        score = hit.score(weights, nearby[one.source_id])
        if figures and _FIGURE.search(one.text):
            score *= 1 + _FIGURES
        if score > 0:
            scored.append(Scored(score, one))
    return sorted(scored, key=lambda s: -s.score)


class _Lexicon(dict[str, tuple[int, float] | None]):
    """Which word of the question a word of a text is, and what it counts; None: it is none."""

    def __init__(self, words: Sequence[Word]) -> None:
        self._forms = {
            form: (i, share) for i, w in enumerate(words) for form, share in w.forms.items()
        }
        self._starts = {form[:2] for form in self._forms}
        self._stems = {
            stem: i
            for i, w in enumerate(words)
            for stem in stems.forms(w.text)
            if len(stem) >= _STEM and stem.isalpha()
        }
        self._inside = re.compile("|".join(self._stems) or "$^")

    def __missing__(self, token: str) -> tuple[int, float] | None:
        self[token] = found = self._look(token)
        return found

    def _look(self, token: str) -> tuple[int, float] | None:
        # Stemming takes time, and leaves the first letters as they are, nearly always.
        if stems.bare(token[:2]) in self._starts or _CHANGED.match(token):
            found = [self._forms[form] for form in stems.forms(token) if form in self._forms]
            if found:
                return max(found, key=lambda f: f[1])
        if len(token) < _STEM + _MORE:
            return None
        inside = self._inside.search(token)
        if inside is None or len(token) < len(inside[0]) + _MORE:
            return None
        return self._stems[inside[0]], _INSIDE


@dataclass(frozen=True, slots=True)
class _Hits:
    """Where in a passage the words are: place in the text by word; which are in what is above."""

    places: dict[int, list[int]]
    times: dict[int, float]
    above: dict[int, float]
    length: int

    @classmethod
    def of(cls, one: Candidate, lexicon: _Lexicon) -> "_Hits":
        places: dict[int, list[int]] = {}
        times: dict[int, float] = {}
        above: dict[int, float] = {}
        tokens = stems.tokens(one.text)
        for at, token in enumerate(tokens):
            if hit := lexicon[token]:
                places.setdefault(hit[0], []).append(at)
                times[hit[0]] = times.get(hit[0], 0) + hit[1]
        for token in stems.tokens(f"{one.title} {one.above}"):
            if hit := lexicon[token]:
                above[hit[0]] = max(above.get(hit[0], 0), hit[1])
        return cls(places, times, above, len(tokens))

    def score(self, weights: Sequence[float], nearby: set[int]) -> float:
        if not self.places and not self.above:
            return 0
        norm = _SATURATION * (1 - _LENGTH + _LENGTH * self.length / _TYPICAL)
        total = 0.0
        for i, weight in enumerate(weights):
            times = self.times.get(i, 0)
            if times:
                total += weight * times * (_SATURATION + 1) / (times + norm)
            if i in self.above:
                total += weight * self.above[i] * (_TITLE if not times else _TITLE / 3)
            elif not times and i in nearby:
                total += weight * _NEARBY
        return total + self._pairs(weights)

    def _pairs(self, weights: Sequence[float]) -> float:
        total = 0.0
        for i in range(len(weights) - 1):
            firsts, seconds = self.places.get(i, ()), self.places.get(i + 1, ())
            if any(0 < b - a <= _APART for a in firsts for b in seconds):
                total += _PAIR * min(weights[i], weights[i + 1])
        return total
