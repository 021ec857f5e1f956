"""From a question to the passages of notes that may answer it."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from erth_sidecar import search
from erth_sidecar.agent.engines import Passage
from erth_sidecar.agent.words import CJK_STOP, STOP
from erth_sidecar.store import Reader

PASSAGES = 4
"""Passages at most, of which two at most from one note."""
_CANDIDATES = 12
_READ = 200_000
"""Characters of a note that are looked at."""
_SHORT, _LONG = 160, 600
"""Paragraphs shorter than the first are joined, longer than the second are cut."""
_WORTH = 0.4
"""Share of the best passage's score that another needs."""
_TERMS = search.MAX_TERMS
_STEM = 6
_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af]+")
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_ENDINGS = re.compile("(?<=.{4})(?:ing|en|er|es|ed|e|n|s)$")


@dataclass(frozen=True, slots=True)
class _Scored:
    score: float
    passage: Passage


def find(reader: Reader, question: str) -> list[Passage]:
    """The best passages, best first; none if no word of the question occurs in a note."""
    wanted = terms(question)
    if not wanted:
        return []
    patterns = [pattern for term in wanted if (pattern := search.parse(term).pattern)]
    found = [
        (passage, [bool(p.search(passage.text)) for p in patterns], title_hits)
        for note_id, title, body in _candidates(reader, wanted)
        for title_hits in [[bool(p.search(title)) for p in patterns]]
        for passage in _passages(note_id, title, body)
    ]
    weights = [
        math.log(1 + len(found) / (1 + sum(hits[i] for _, hits, _ in found)))
        for i in range(len(patterns))
    ]
    scored = [
        _Scored(
            sum(
                weight * (hit + 0.5 * in_title)
                for weight, hit, in_title in zip(weights, hits, title_hits, strict=True)
            ),
            passage,
        )
        for passage, hits, title_hits in found
    ]
    return list(_best(scored))


def terms(question: str) -> list[str]:
    """What to look for: words without the ones every sentence has, pairs of CJK characters."""
    found: list[str] = []
    for run in _CJK.findall(question):
        pairs = [run[i : i + 2] for i in range(max(1, len(run) - 1))]
        found += [pair for pair in pairs if not any(stop in pair for stop in CJK_STOP)]
    for word in _WORD.findall(_CJK.sub(" ", question)):
        lower = word.lower()
        if lower not in STOP and (len(lower) > 1 or lower.isdigit()):
            found.append(_ENDINGS.sub("", lower) if len(lower) >= _STEM else lower)
    return list(dict.fromkeys(found))[:_TERMS]


def _candidates(reader: Reader, wanted: Sequence[str]) -> list[tuple[str, str, str]]:
    query = search.parse(" ".join(wanted), any_term=True)
    rows: dict[str, tuple[str, str, str]] = {}
    columns = f"n.id, n.title, substr(n.body, 1, {_READ})"
    if query.match:
        for row in reader.rows(
            f"SELECT {columns} FROM notes_fts f JOIN notes n ON n.rowid = f.rowid"
            " WHERE n.deleted_at IS NULL AND notes_fts MATCH ?"
            f" ORDER BY bm25(notes_fts, 4.0, 1.0, 3.0) LIMIT {_CANDIDATES}",
            (query.match,),
        ):
            rows[row[0]] = (row[0], row[1], row[2])
    if query.short:
        parts = [search.contains(needles) for needles in query.short]
        score = " + ".join(condition for condition, _ in parts)
        for row in reader.rows(
            f"SELECT {columns}, {score} AS score FROM notes n"
            f" WHERE n.deleted_at IS NULL AND score > 0 ORDER BY score DESC, n.updated_at DESC"
            f" LIMIT {_CANDIDATES}",
            [value for _, values in parts for value in values],
        ):
            rows.setdefault(row[0], (row[0], row[1], row[2]))
    return list(rows.values())


def _passages(note_id: str, title: str, body: str) -> Iterator[Passage]:
    start = end = 0
    for paragraph in re.finditer(r"\S(?:.|\n(?!\s*\n))*", body):
        for piece_start, piece_end in _cut(body, paragraph.start(), paragraph.end()):
            if end - start >= _SHORT or (end > start and piece_end - start > _LONG):
                yield _passage(note_id, title, body, start, end)
                start = end = piece_start
            if end == start:
                start = piece_start
            end = piece_end
    if end > start or title:
        yield _passage(note_id, title, body, start, end)


def _cut(body: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Parts of a paragraph of `_LONG` characters at most, ending where a sentence does."""
    while end - start > _LONG:
        piece = body[start : start + _LONG]
        stops = [m.end() for m in re.finditer(r"[.!?]\s|[。！？]|\n", piece)]
        at = start + (stops[-1] if stops else max(piece.rfind(" "), _SHORT))
        yield start, at
        start = at
    if body[start:end].strip():
        yield start, end


def _passage(note_id: str, title: str, body: str, start: int, end: int) -> Passage:
    text = body[start:end]
    start += len(text) - len(text.lstrip())
    text = text.strip()
    name = title or search.snippet(body[:200], search.parse(""))[:60] or "Untitled"
    return Passage("note", note_id, name, text or name, start, start + len(text))


def _best(scored: Sequence[_Scored]) -> Iterator[Passage]:
    ranked = sorted((s for s in scored if s.score > 0), key=lambda s: -s.score)
    taken: dict[str, int] = {}
    for one in ranked:
        note = one.passage.source_id
        if one.score < ranked[0].score * _WORTH or taken.get(note, 0) == PASSAGES // 2:
            continue
        taken[note] = taken.get(note, 0) + 1
        yield one.passage
        if sum(taken.values()) == PASSAGES:
            return
