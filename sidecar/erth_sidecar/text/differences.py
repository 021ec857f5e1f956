"""What differs between two texts, word by word, as HTML."""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from difflib import SequenceMatcher

SAME, HERE, OTHER = "same", "here", "other"
CONTEXT = 160
"""Characters shown of what is the same, on each side of a difference."""
MOST = 20_000
"""Characters shown of one difference; longer ones are cut."""
_MOST_LINES = 4000
_MOST_WORDS = 1500
"""Above these, comparing would hold up other pages: the whole stretch counts as different."""
_ALIKE = 0.35
"""Share of equal characters below which marking single words would confuse."""

# Chinese and Japanese have no spaces: each character counts as a word.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|\w+|\s+|[^\w\s]")

Piece = tuple[str, str]


def compare(here: str, other: str) -> Markup:
    """Both texts in one: what only `here` has in `<del>`, what only `other` has in `<ins>`, long
    stretches that are the same cut short. Empty if they are equal."""
    if here == other:
        return Markup("")
    pieces = list(_joined(_by_line(here, other)))
    parts = [
        _shown(kind, text, at == 0, at == len(pieces) - 1) for at, (kind, text) in enumerate(pieces)
    ]
    return Markup("").join(parts)


def shared_start(one: str, two: str) -> int:
    """How many characters two texts have in common from their start."""
    low, high = 0, min(len(one), len(two))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == two[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def shared_end(one: str, two: str) -> int:
    """How many characters two texts have in common at their end."""
    low, high = 0, min(len(one), len(two))
    while low < high:
        middle = (low + high + 1) // 2
        if one[len(one) - middle :] == two[len(two) - middle :]:
            low = middle
        else:
            high = middle - 1
    return low


def _by_line(here: str, other: str) -> Iterator[Piece]:
    start = here.rfind("\n", 0, shared_start(here, other)) + 1
    yield SAME, here[:start]
    rest, others = here[start:], other[start:]
    end = shared_end(rest, others)
    # Back to the start of a line.
    end = len(rest) - (rest.find("\n", len(rest) - end) + 1 or len(rest))
    tail = rest[len(rest) - end :]
    a = rest[: len(rest) - end].splitlines(keepends=True)
    b = others[: len(others) - end].splitlines(keepends=True)
    if len(a) + len(b) > _MOST_LINES:
        yield from ((OTHER, "".join(b)), (HERE, "".join(a)))
    else:
        for _, i1, i2, j1, j2 in _matcher(a, b).get_opcodes():
            yield from _by_word("".join(a[i1:i2]), "".join(b[j1:j2]))
    yield SAME, tail


def _by_word(here: str, other: str) -> Iterator[Piece]:
    if here == other:
        yield SAME, here
        return
    # The words around the difference don't count against the limit.
    start = here.rfind(" ", 0, shared_start(here, other)) + 1
    end = shared_end(here[start:], other[start:])
    end = len(here) - (here.find(" ", len(here) - end) + 1 or len(here)) if end else 0
    yield SAME, here[:start]
    left, right = here[start : len(here) - end], other[start : len(other) - end]
    a, b = _WORD.findall(left[:MOST]), _WORD.findall(right[:MOST])
    matcher = _matcher(a, b)
    many = max(len(a), len(b)) > _MOST_WORDS or max(len(left), len(right)) > MOST
    if many or _alike(matcher, a, here, other, start + end) < _ALIKE:
        # The other first: what stands here can be read in the note.
        yield from ((OTHER, right), (HERE, left))
    else:
        for kind, i1, i2, j1, j2 in matcher.get_opcodes():
            if kind == "equal":
                yield SAME, "".join(a[i1:i2])
            else:
                yield from ((HERE, "".join(a[i1:i2])), (OTHER, "".join(b[j1:j2])))
    yield SAME, here[len(here) - end :]


def _matcher(one: list[str], two: list[str]) -> "SequenceMatcher[str]":
    # Imported at first use: no start needs it.
    from difflib import SequenceMatcher

    return SequenceMatcher(None, one, two)


def _alike(
    matcher: "SequenceMatcher[str]", words: list[str], here: str, other: str, around: int
) -> float:
    """The share of both texts that is the same; `around` characters are on each side."""
    blocks = matcher.get_matching_blocks()
    equal = sum(len(word) for block in blocks for word in words[block.a : block.a + block.size])
    return 2 * (around + equal) / (len(here) + len(other)) if here and other else 1.0


def _joined(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """The pieces without empty ones, neighbours of one kind in one."""
    given = (piece for piece in pieces if piece[1])
    for kind, group in groupby(given, key=lambda piece: piece[0]):
        yield kind, "".join(text for _, text in group)


def _shown(kind: str, text: str, first: bool, last: bool) -> Markup:
    if kind == SAME:
        return _cut(text, 0 if first else CONTEXT, 0 if last else CONTEXT)
    if len(text) > MOST:
        text = f"{text[:MOST]}… ({len(text) - MOST} more characters)"
    if text.isspace():
        text = text.replace("\n", "↵\n")
    marked = Markup("<del>{}</del>") if kind == HERE else Markup("<ins>{}</ins>")
    return marked.format(text)


def _cut(text: str, head: int, tail: int) -> Markup:
    """A stretch that is the same: its first `head` and last `tail` characters."""
    if len(text) <= head + tail + CONTEXT:
        return escape(text)
    gap = Markup('<span class="gap">…</span>')
    return escape(text[:head]) + gap + escape(text[len(text) - tail :])
