"""From a question to the passages of notes and files that may answer it.

Candidates come from the index of passages, rare words first: what all passages have is looked up
for the few candidates only. Those are then read and weighed (`ranking.py`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from erth_sidecar.chat.engines import Passage
from erth_sidecar.retrieval import cutting, indexing, ranking, spelling
from erth_sidecar.retrieval.ranking import Candidate, Scored, Word
from erth_sidecar.store.database import Reader, Row, Store
from erth_sidecar.text import passages, search, stems
from erth_sidecar.text.words import WEAK, words_of

PASSAGES = 5
"""Passages at most."""
PER_SOURCE = 3
"""Of these, from one note or file."""
_WORTH = 0.3
"""Share of the best passage's score that another needs."""
_WEIGHED = 80
"""Candidates that are read."""
_POSTINGS = 6000
"""Rows of the index that are ranked for one question."""
_FREQUENT = 3000
"""Passages that have a word so often that it is no help to find any."""
_TOGETHER = 5
"""Of so many of them, those that have fewer and fewer together are looked for."""
_STALE = 150
"""Notes that are read although they aren't indexed yet."""
_GAP = 4
"""Characters between neighbours, at most."""
_LETTERS, _LOOKED_FOR = 5, 3
"""Letters of a word that is looked for inside of others, and how many such words are."""
_READ = 200_000
"""Characters of notes that are read although they aren't in the index."""
_MERGED, _WIDENED = 1200, 900
"""Characters of neighbours that become one passage, at most: of those that were both found, and
with those around what was found."""
_NAME = 60

_RANK = "bm25(passages_fts, 1.5, 1.0)"
_TEXTS = (
    "SELECT p.id, p.source, p.source_id, p.start, p.stop, p.heading,"
    " coalesce(p.body, substr(n.body, p.start + 1, p.stop - p.start)),"
    " coalesce(f.name, n.title), n.tags, substr(n.body, 1, 200) FROM passages p"
    " LEFT JOIN notes n ON p.source = 'note' AND n.id = p.source_id"
    " LEFT JOIN files f ON p.source = 'file' AND f.id = p.source_id"
    " LEFT JOIN passages_stale s ON s.source = p.source AND s.source_id = p.source_id"
    " WHERE (s.done IS NULL OR s.done > p.start)"
)
_MATCHES = _TEXTS.replace(
    "FROM passages p", "FROM passages_fts CROSS JOIN passages p ON p.id = passages_fts.rowid"
)
# With the plus signs SQLite doesn't read all notes' and files' passages by the index of sources.
_OPEN = (
    "(+p.source = 'note' AND n.deleted_at IS NULL OR +p.source = 'file' AND f.deleted_at IS NULL"
    " AND (f.thread_id IS NULL OR f.thread_id = ?))"
)


def find(
    store: Reader, question: str, thread_id: str | None = None, most: int = PASSAGES
) -> list[Passage]:
    """The best passages, best first; none if no word of the question occurs anywhere.

    Of notes, of files in the Library, and of those attached to the thread. With the Store itself
    what was just written is indexed first; who is inside a transaction passes that.
    """
    behind = not (isinstance(store, Store) and indexing.catch_up(store))
    words = [
        Word(text, dict.fromkeys(stems.forms(text), 1.0), text in WEAK)
        for text in words_of(question)
    ]
    if not words:
        return []
    total = max(1, store.rows("SELECT coalesce(max(id), 1) FROM passages")[0][0])
    for word in words:
        word.passages = _count(store, word.match(), total)
        if not word.passages and (meant := spelling.near(store, word.text)):
            word.forms |= meant
            word.passages = _count(store, word.match(), total)
    candidates = _from_index(store, words, thread_id)
    if behind:
        candidates += _cut(cutting.stale_notes(store, _STALE))
    candidates += _from_letters(store, [w.text for w in words if not w.passages])
    candidates = list({(c.source_id, c.start): c for c in candidates}.values())
    scored = ranking.rank(candidates, words, question, total)
    best = _best(scored, most)
    if best and len(best) < most:
        best = _with_neighbours(store, best, most)
    return [_passage(store, one) for one in best]


def _count(reader: Reader, match: str, total: int) -> int:
    """Passages that have it; from _FREQUENT on by how often the newest have it."""
    ((count, oldest),) = reader.rows(
        "SELECT count(*), min(id) FROM (SELECT rowid AS id FROM passages_fts"
        f" WHERE passages_fts MATCH ? ORDER BY rowid DESC LIMIT {_FREQUENT})",
        (match,),
    )
    if count < _FREQUENT:
        return int(count)
    return int(min(total, max(_FREQUENT, _FREQUENT * total // (total - oldest + 1))))


def _from_index(reader: Reader, words: Sequence[Word], thread_id: str | None) -> list[Candidate]:
    known = sorted((w for w in words if w.passages), key=lambda w: w.passages)
    rare, postings = [], 0
    for word in known:
        postings += word.passages
        if postings > _POSTINGS or word.passages >= _FREQUENT:
            break
        rare.append(word)
    frequent = known[len(rare) :]
    found: dict[int, Candidate] = {}
    if rare:
        match = " OR ".join(word.match() for word in rare)
        found |= _read(reader, match, _RANK, _WEIGHED, thread_id)
    if frequent:
        # Together frequent words are rare again; of those that aren't, the newest come first.
        counts = range(min(len(frequent), _TOGETHER), 0, -1)
        for some in [known, *(frequent[:count] for count in counts)]:
            match = " AND ".join(word.match() for word in some)
            found |= _read(reader, match, "passages_fts.rowid DESC", _WEIGHED // 4, thread_id)
            if len(found) >= _WEIGHED:
                break
    return list(found.values())


def _read(
    reader: Reader, match: str, order: str, most: int, thread_id: str | None
) -> dict[int, Candidate]:
    """The first passages that match and that may be read from this thread."""
    found = reader.rows(
        f"SELECT rowid FROM passages_fts WHERE passages_fts MATCH ? ORDER BY {order} LIMIT {most}",
        (match,),
    )
    if not found:
        return {}
    ids = [id_ for (id_,) in found]
    readable = f"{_TEXTS} AND p.id IN ({','.join('?' * len(ids))}) AND {_OPEN}"
    rows = reader.rows(readable, (*ids, thread_id))
    if len(found) == most and len(rows) < most // 2:
        # Other threads' files take the places: this looks at each match, so it isn't done first.
        rows = reader.rows(
            f"{_MATCHES} AND passages_fts MATCH ? AND {_OPEN} ORDER BY {order} LIMIT {most}",
            (match, thread_id),
        )
    return {row[0]: _candidate(row) for row in rows}


def _candidate(row: Row) -> Candidate:
    _, source, id_, start, stop, heading, text, title, tags, opening = row
    return Candidate(
        source, id_, title, start, stop, text, f"{heading} {tags or ''}", opening or ""
    )


def _from_letters(reader: Reader, unknown: Sequence[str]) -> Iterator[Candidate]:
    """Passages of notes that have words only inside of others: "Apfelkuchen" has "Kuchen"."""
    for text in sorted((t for t in unknown if len(t) >= _LETTERS), key=len)[-_LOOKED_FOR:]:
        yield from _cut(
            reader.rows(
                f"SELECT n.id, n.title, n.tags, substr(n.body, 1, {_READ})"
                " FROM notes_fts f JOIN notes n ON n.rowid = f.rowid"
                " WHERE n.deleted_at IS NULL AND notes_fts MATCH ? ORDER BY f.rowid DESC LIMIT 20",
                (search.parse(text).match,),
            )
        )


def _cut(rows: Sequence[Row]) -> Iterator[Candidate]:
    """The passages of notes as they stand, as far as there is time for that."""
    room = _READ
    for id_, title, tags, text in rows:
        for p in list(passages.cut(text[:room])) or [passages.Piece(0, 0)]:
            part = text[p.start : p.stop]
            yield Candidate("note", id_, title, p.start, p.stop, part, f"{p.heading} {tags}", text)
        room -= len(text)
        if room <= 0:
            break


def _best(scored: Sequence[Scored], most: int) -> list[Candidate]:
    """The best ones that are worth it; neighbours become one."""
    taken: list[Candidate] = []
    for one in scored:
        if one.score < scored[0].score * _WORTH:
            break
        if sum(t.source_id == one.candidate.source_id for t in taken) >= PER_SOURCE:
            continue
        taken.append(one.candidate)
        taken = _merged(taken)
        if len(taken) == most:
            break
    return taken


def _with_neighbours(reader: Reader, best: Sequence[Candidate], most: int) -> list[Candidate]:
    """Where little was found, what stands around it may answer, in words of its own."""
    widened = []
    for one in best[: most - len(best)]:
        for row in reader.rows(
            f"{_TEXTS} AND p.source = ? AND p.source_id = ?"
            " AND (p.stop BETWEEN ? AND ? OR p.start BETWEEN ? AND ?) ORDER BY p.start",
            (one.source, one.source_id, one.start - _GAP, one.start, one.stop, one.stop + _GAP),
        ):
            one = _joined(one, _candidate(row), _WIDENED) or one  # noqa: PLW2901 - it grows
        widened.append(one)
    return _merged([*widened, *best[len(widened) :]])


def _merged(taken: Sequence[Candidate]) -> list[Candidate]:
    kept: list[Candidate] = []
    for one in taken:
        for i, other in enumerate(kept):
            if joined := _joined(other, one, _MERGED):
                kept[i] = joined
                break
        else:
            kept.append(one)
    return kept


def _joined(one: Candidate, other: Candidate, longest: int) -> Candidate | None:
    """Both as one passage, its text still to be read; None if they aren't neighbours."""
    first, second = sorted((one, other), key=lambda c: (c.start, c.stop))
    stop = max(first.stop, second.stop)
    if (first.source, first.source_id) != (second.source, second.source_id):
        return None
    if second.start - first.stop > _GAP or stop - first.start > longest:
        return None
    return replace(first, stop=stop, text="")


def _passage(reader: Reader, one: Candidate) -> Passage:
    text = one.text
    if not text and one.stop > one.start:
        table, key = ("notes", "id") if one.source == "note" else ("file_texts", "file_id")
        rows = reader.rows(
            f"SELECT substr(body, ?, ?) FROM {table} WHERE {key} = ?",
            (one.start + 1, one.stop - one.start, one.source_id),
        )
        text = rows[0][0] if rows else ""
    name = one.title or search.snippet(one.opening[:200], search.parse(""))[:_NAME] or "Untitled"
    return Passage(one.source, one.source_id, name, text or name, one.start, one.stop)
