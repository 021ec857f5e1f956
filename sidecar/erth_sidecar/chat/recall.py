"""What was said, found again: over all conversations, or within one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from erth_sidecar.chat.threads import UNTITLED
from erth_sidecar.store.database import Reader, Row
from erth_sidecar.text import search

MOST = 60
"""Hits shown."""
NEWEST = 2000
"""Messages that aren't in the index yet, of which so many are looked through."""
_COLUMNS = "m.id, m.thread_id, t.title, m.role, m.created_at, m.body"
_LIVE = "m.deleted_at IS NULL AND t.deleted_at IS NULL"


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that has the words; `snippet_html` with them marked."""

    id: str
    thread_id: str
    title: str
    role: str
    created_at: str
    snippet: str
    snippet_html: Markup

    def to_json(self) -> dict[str, Any]:
        """The fields that scripts see."""
        return {
            "id": self.id,
            "thread_id": self.thread_id,
            "title": self.title,
            "role": self.role,
            "created_at": self.created_at,
            "snippet": self.snippet,
        }


def find(reader: Reader, words: str, thread_id: str = "", most: int = MOST) -> list[Hit]:
    """The messages that have all the words, latest first; with `thread_id` those of one thread."""
    query = search.parse(words)
    if not query:
        return []
    found = {row[0]: row for row in _indexed(reader, query, thread_id, most)}
    found |= {row[0]: row for row in _unindexed(reader, words, thread_id)}
    latest = sorted(found.values(), key=lambda row: (str(row[4]), str(row[0])), reverse=True)
    return [_hit(row, query) for row in latest[:most]]


def unsearched(reader: Reader) -> int:
    """How many messages a search doesn't look at yet."""
    count = int(reader.rows("SELECT count(*) FROM messages_unindexed")[0][0])
    return max(0, count - NEWEST)


def find_all(reader: Reader, words: str, thread_id: str, most: int = MOST) -> list[Hit]:
    """The same without an index, for what is in memory only."""
    query = search.parse(words)
    if not query:
        return []
    rows = reader.rows(
        f"SELECT {_COLUMNS} FROM messages m JOIN threads t ON t.id = m.thread_id"
        f" WHERE m.thread_id = ? AND {_LIVE} ORDER BY m.id DESC",
        (thread_id,),
    )
    return [_hit(row, query) for row in _having(rows, words)][:most]


def _indexed(reader: Reader, query: search.Query, thread_id: str, most: int) -> list[Row]:
    conditions, values = [_LIVE], list[Any]()
    source = "messages m"
    if query.match:
        source = "messages_fts f JOIN messages m ON m.rowid = f.rowid"
        conditions.append("messages_fts MATCH ?")
        values.append(query.match)
    for needles in query.short:
        # Every text has a single letter.
        if len(needles[0]) == 1 and needles[0].isascii():
            continue
        parts = [
            f"instr({'m.body' if needle.upper() == needle.lower() else 'lower(m.body)'}, ?)"
            for needle in needles
        ]
        conditions.append(f"({' OR '.join(parts)})")
        values += needles
    if not values:
        return []
    if thread_id:
        conditions.append("m.thread_id = ?")
        values.append(thread_id)
    order = "f.rowid" if query.match else "m.rowid"
    return reader.rows(
        f"SELECT {_COLUMNS} FROM {source} JOIN threads t ON t.id = m.thread_id"
        f" WHERE {' AND '.join(conditions)} ORDER BY {order} DESC LIMIT ?",
        (*values, most),
    )


def _unindexed(reader: Reader, words: str, thread_id: str) -> list[Row]:
    within = " AND m.thread_id = ?2" if thread_id else ""
    values = (NEWEST, thread_id) if thread_id else (NEWEST,)
    rows = reader.rows(
        f"SELECT {_COLUMNS} FROM"
        " (SELECT message FROM messages_unindexed ORDER BY message DESC LIMIT ?1) u"
        " JOIN messages m ON m.rowid = u.message JOIN threads t ON t.id = m.thread_id"
        f" WHERE {_LIVE}{within}",
        values,
    )
    return _having(rows, words)


def _having(rows: Sequence[Row], words: str) -> list[Row]:
    """Those whose text, the last column, has every word."""
    patterns = [p for word in words.split() if (p := search.parse(word).pattern)]
    return [row for row in rows if all(p.search(row[-1]) for p in patterns)]


def _hit(row: Row, query: search.Query) -> Hit:
    id_, thread_id, title, role, created_at, body = row
    line = search.snippet(body, query)
    marked = search.highlight(line, query)
    return Hit(id_, thread_id, title or UNTITLED, role, created_at, line, marked)
