"""The text of files, a part at a time: it may have millions of characters."""

import json
from dataclasses import dataclass

from erth_sidecar.store.database import Reader

PART = 20_000
"""Characters of a part, about; it begins and ends with a line where there is one."""
_SEARCHED = 2_000
"""Characters in which the line's end is looked for."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a text: `text` is `body[start:stop]`; `number` from 0 to `parts` - 1; `pages`:
    (number, start) of those that begin in it, or go on from the part before."""

    text: str
    start: int
    stop: int
    number: int
    parts: int
    pages: list[tuple[int, int]]


def part_at(reader: Reader, id_: str, characters: int, at: int) -> Part:
    """The part that the character `at` is in."""
    parts = max(1, -(-characters // PART))
    number = min(at // PART, parts - 1)
    found = _part(reader, id_, number, parts)
    if at < found.start:
        return _part(reader, id_, number - 1, parts)
    return found


def part(reader: Reader, id_: str, characters: int, number: int) -> Part:
    """One part; beyond the last one, the last."""
    parts = max(1, -(-characters // PART))
    return _part(reader, id_, min(number, parts - 1), parts)


def page_start(reader: Reader, id_: str, page: int) -> int:
    """Where a page (from 1) begins, in characters; the last one's for what is beyond."""
    starts = _pages(reader, id_)
    return starts[min(max(page, 1), len(starts)) - 1] if starts else 0


def _part(reader: Reader, id_: str, number: int, parts: int) -> Part:
    first = number * PART
    rows = reader.rows(
        f"SELECT substr(body, ?, {PART + _SEARCHED}) FROM file_texts WHERE file_id = ?",
        (first + 1, id_),
    )
    text = rows[0][0] if rows else ""
    begin = _line_end(text, 0) if number else 0
    end = len(text) if number == parts - 1 else _line_end(text, PART)
    start, stop = first + begin, first + end
    return Part(text[begin:end], start, stop, number, parts, _within(reader, id_, start, stop))


def _line_end(text: str, at: int) -> int:
    """Just beyond the first line's end from `at` on, not far from it; else `at`."""
    return text.find("\n", at, at + _SEARCHED) + 1 or at


def _within(reader: Reader, id_: str, start: int, stop: int) -> list[tuple[int, int]]:
    """Pages with text in a part; of several that begin at one place, the last has it."""
    found: dict[int, int] = {}
    before: tuple[int, int] | None = None
    for number, page in enumerate(_pages(reader, id_), 1):
        if page >= stop:
            break
        if page < start:
            before = (number, page)
        else:
            found[page] = number
    if before is not None and start not in found:
        found = {start: before[0]} | found
    return [(number, page) for page, number in found.items()]


def _pages(reader: Reader, id_: str) -> list[int]:
    rows = reader.rows("SELECT pages FROM files WHERE id = ?", (id_,))
    return list(json.loads(rows[0][0])) if rows else []
