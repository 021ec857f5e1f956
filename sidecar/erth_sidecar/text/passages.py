"""Texts cut into passages, each with its place."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

LEAST, SHORT, LONG = 160, 320, 600
"""Characters: a passage has the first at least if the text does; paragraphs shorter than the
second are joined, longer than the third are cut."""

_PARAGRAPH = re.compile(r"\S[^\n]*(?:\n(?!\s*\n)[^\n]*)*")
_STOP = re.compile(r"[.!?]\s|[。！？]|\n")
_HEADING = re.compile(r"#{1,6}[ \t]+(\S.{0,100})")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text: `text[start:stop]`, without space at its ends; the Markdown heading that
    it stands under, if that isn't in it."""

    start: int
    stop: int
    heading: str = ""


def cut(text: str, start: int = 0) -> Iterator[Piece]:
    """The passages from character `start` on, in order and without gaps but for space.

    They end where a paragraph or a sentence does. `start` is where another one has ended, or 0.
    """
    held: Piece | None = None
    for piece in _joined(text, start):
        if held is None:
            held = piece
        elif piece.stop - piece.start < LEAST and piece.stop - held.start <= LONG:
            held = Piece(held.start, piece.stop, held.heading)
        else:
            yield held
            held = piece
    if held:
        yield held


def _joined(text: str, start: int) -> Iterator[Piece]:
    heading = ""
    if start:
        earlier = [m for m in _HEADING.finditer(text, max(0, start - 20_000), start) if _opens(m)]
        heading = earlier[-1][1].strip() if earlier else ""
    began = end = start
    above = heading
    for piece_start, piece_end in _pieces(text, start):
        opening = _HEADING.match(text, piece_start)
        full = end - began >= SHORT or piece_end - began > LONG
        if end > began and (full or (opening and end - began >= LEAST)):
            yield Piece(began, end, above)
            began = end = piece_start
        if end == began:
            began = piece_start
            above = "" if opening else heading
        if opening:
            heading = opening[1].strip()
        end = piece_end
    if end > began:
        yield Piece(began, end, above)


def _opens(heading: re.Match[str]) -> bool:
    return heading.start() == 0 or heading.string[heading.start() - 1] == "\n"


def _pieces(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Paragraphs, and sentences of those that are too long."""
    for paragraph in _PARAGRAPH.finditer(text, start):
        begin, end = paragraph.span()
        while end - begin > LONG:
            window = text[begin : begin + LONG]
            stops = [m.end() for m in _STOP.finditer(window) if m.end() >= LEAST]
            space = window.rfind(" ", LEAST)
            at = begin + (stops[-1] if stops else space if space > 0 else LONG)
            yield _bare(text, begin, at)
            begin = at
        if text[begin:end].strip():
            yield _bare(text, begin, end)


def _bare(text: str, start: int, end: int) -> tuple[int, int]:
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), end - len(part) + len(part.rstrip())
