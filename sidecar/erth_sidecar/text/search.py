"""From what a person types to SQL that finds it and a pattern that highlights it.

Case and diacritics don't count; "strasse" finds "Straße", "Mueller" finds "Müller". Terms of
three characters and more go through the trigram index. Shorter ones, as most Chinese words are,
it can't find: they are looked for in the text itself.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup, escape

MAX_TERMS = 16
TRIGRAM = 3
"""Characters that the index needs to find a term."""
SNIPPET = 160
"""Characters of a snippet."""
_HIT = Markup("<mark>{}</mark>")

_MARKS = re.compile(
    r"^[ \t]*(?:#{1,6}[ \t]+|[-*+][ \t]+(?:\[[ x]\][ \t]+)?|>[ \t]?|```.*|~~~.*)"
    r"|\*\*|~~|`|!?\[(?P<text>[^\]\n]*)\]\([^)\n]*\)",
    re.MULTILINE,
)
"""What Markdown is written with, and a reader of one line can do without."""

_DIGRAPHS = (("ae", "ä"), ("oe", "ö"), ("ue", "ü"))
_UMLAUTS = {"a": "ä", "o": "ö", "u": "ü"}


@dataclass(frozen=True, slots=True)
class Query:
    """A search, ready to be put into a statement over `notes` joined with `notes_fts`.

    `match` is an FTS5 expression, empty if no term is long enough; `short` holds, for each short
    term, the spellings of which one must occur; `pattern` finds every term in text, or is None.
    """

    match: str
    short: tuple[tuple[str, ...], ...]
    pattern: re.Pattern[str] | None

    def __bool__(self) -> bool:
        return self.pattern is not None


@lru_cache(maxsize=32)
def parse(text: str, any_term: bool = False) -> Query:
    """Reads a query: words separated by space; every word must occur, or one of them."""
    terms = list(dict.fromkeys(_fold(term) for term in text.split()))[:MAX_TERMS]
    spelled = [_spellings(term[:100]) for term in terms if term]
    long = [_any(spellings.values()) for spellings in spelled if _is_long(spellings)]
    short = tuple(_needles(spellings) for spellings in spelled if not _is_long(spellings))
    everything = sorted({s for spellings in spelled for s in spellings}, key=len, reverse=True)
    pattern = re.compile("|".join(_expression(s) for s in everything)) if everything else None
    return Query((" OR " if any_term else " AND ").join(long), short, pattern)


def contains(needles: Sequence[str]) -> tuple[str, list[str]]:
    """A condition on a note `n` that one of a short term's spellings occurs, and its values.

    A single letter is looked for in titles and tags only: every text has it.
    """
    letter = len(needles[0]) == 1 and _variants().get(needles[0]) is not None
    columns = ("n.title", "n.tags") if letter else ("n.title", "n.tags", "n.body")
    # SQLite's lower() knows ASCII only, and instr() is ten times as fast as LIKE or GLOB.
    parts = [
        f"instr({column if needle.upper() == needle.lower() else f'lower({column})'}, ?)"
        for needle in needles
        for column in columns
    ]
    return f"({' OR '.join(parts)})", [needle for needle in needles for _ in columns]


def highlight(text: str, query: Query) -> Markup:
    """The text as HTML, its hits in `<mark>`."""
    if query.pattern is None:
        return escape(text)
    parts: list[Markup] = []
    end = 0
    for hit in query.pattern.finditer(text):
        parts += (escape(text[end : hit.start()]), _HIT.format(hit.group()))
        end = hit.end()
    parts.append(escape(text[end:]))
    return Markup("").join(parts)


def snippet(text: str, query: Query) -> str:
    """A line of about SNIPPET characters around the first hit, or from the start."""
    start = 0
    if query.pattern is not None and (hit := query.pattern.search(text)):
        start = max(0, hit.start() - SNIPPET // 4)
        if start:
            space = text.find(" ", start, hit.start())
            start = space + 1 if space >= 0 else start
    part = _MARKS.sub(lambda mark: mark["text"] or "", text[start : start + SNIPPET])
    line = " ".join(part.split())
    return f"{'…' if start else ''}{line}{'…' if len(text) > start + SNIPPET else ''}"


def _fold(term: str) -> str:
    return unicodedata.normalize("NFC", term).lower().replace("\0", "")


@lru_cache(maxsize=4096)
def _base(character: str) -> str:
    decomposed = unicodedata.normalize("NFD", character)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).lower()


def _spellings(term: str) -> dict[str, str]:
    """A term in all the ways German writes it, by what is left without diacritics.

    The index strips diacritics by its own table, so it is asked with them; our patterns are
    made of bare letters.
    """
    found = {term}
    for digraph, umlaut in _DIGRAPHS:
        found |= {s.replace(umlaut, digraph) for s in found} | {
            s.replace(digraph, umlaut) for s in found
        }
    found |= {s.replace("ß", "ss") for s in found} | {s.replace("ss", "ß") for s in found}
    spellings: dict[str, str] = {}
    for spelling in (term, *sorted(found)):
        spellings.setdefault("".join(_base(c) for c in spelling), spelling)
    return spellings


def _is_long(spellings: Iterable[str]) -> bool:
    return min(len(spelling) for spelling in spellings) >= TRIGRAM


def _any(spellings: Iterable[str]) -> str:
    quoted = ['"' + spelling.replace('"', '""') + '"' for spelling in spellings]
    return quoted[0] if len(quoted) == 1 else f"({' OR '.join(quoted)})"


@lru_cache(maxsize=1)
def _variants() -> dict[str, str]:
    """Every letter up to U+024F and in U+1E00–1EFF under its base letter."""
    variants: dict[str, str] = {}
    for code in (*range(0x41, 0x250), *range(0x1E00, 0x1F00)):
        character = chr(code)
        base = _base(character)
        if len(base) == 1 and base.isalpha():
            variants[base] = variants.get(base, "") + character
    return variants


def _class(character: str) -> str:
    return _variants().get(character) or "".join(
        dict.fromkeys((character, character.upper()[:1], character.lower()[:1]))
    )


def _needles(spellings: Mapping[str, str]) -> tuple[str, ...]:
    """All that a short term may look like in text whose ASCII letters are lower case."""
    choices: list[str] = []
    for spelling in (*spellings, *spellings.values()):
        letters = [dict.fromkeys((c, _UMLAUTS.get(c, c))) for c in spelling]
        for plain in map("".join, itertools.product(*letters)):
            upper = "".join(c if c.isascii() else c.upper()[:1] for c in plain)
            choices += [plain, upper]
    return tuple(dict.fromkeys(choices))


def _expression(spelling: str) -> str:
    # Combining marks follow their letter where text isn't composed.
    return "".join(
        f"[{re.escape(_class(c))}][\u0300-\u036f]*" if c.isalpha() else re.escape(c)
        for c in spelling
    )
