"""Notes: what the store keeps of them, whoever asks."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from erth_sidecar.errors import Failure
from erth_sidecar.ids import later_than, uuid7
from erth_sidecar.notes.conflicts import read_tags, waiting
from erth_sidecar.store.database import Reader, Row, Transaction
from erth_sidecar.text import search
from erth_sidecar.text.one_line import one_line

PAGE = 200
"""Notes on one page of a list."""
MAX_NOTE = 4 * 1024 * 1024
"""Bytes of title and body together; the mirror's remote refuses values from 5 000 000."""
MAX_SHOWN = 300
"""Characters of a title in a list: one of a megabyte would be sent with each page."""
MAX_TAGS = 50
MAX_TAG = 60
"""Characters of a tag."""
_EXCERPT = 20_000
"""Characters of a body that are searched for the place of a hit."""
_NOTHING = Markup("")


@dataclass(frozen=True, slots=True)
class Draft:
    """What an editor sends, checked."""

    title: str
    body: str
    tags: tuple[str, ...]

    @classmethod
    def of(cls, title: str, body: str, tags: object) -> "Draft":
        """Raises Failure `BAD_REQUEST` or `BODY_TOO_LARGE`."""
        title = " ".join(title.split("\n")).strip()
        if len(title.encode()) + len(body.encode()) > MAX_NOTE:
            raise Failure("BODY_TOO_LARGE")
        return cls(title, body, _normal(tags))

    @property
    def cells(self) -> dict[str, str]:
        """The texts as their columns hold them."""
        return {"title": self.title, "body": self.body, "tags": _stored(self.tags)}

    @property
    def digests(self) -> list[str]:
        """A short sign of each text, in the order of `cells`."""
        return [hashlib.sha256(text.encode()).hexdigest()[:12] for text in self.cells.values()]

    @property
    def version(self) -> str:
        """A sign of all texts; another one if any differs."""
        return ".".join(self.digests)


EMPTY = Draft("", "", ())


# Not frozen: that would take as long as the query that finds a list of them.
@dataclass(slots=True)
class Note:
    """A note as a list or an editor shows it."""

    id: str
    title: str
    tags: tuple[str, ...]
    pinned: bool
    created_at: str
    updated_at: str
    snippet: str
    body: str = ""
    deleted: bool = False
    conflicted: bool = False
    title_html: Markup = _NOTHING
    snippet_html: Markup = _NOTHING

    def to_json(self) -> dict[str, Any]:
        """The fields that scripts see; without the body."""
        names = ("id", "title", "pinned", "created_at", "updated_at", "snippet")
        return {name: getattr(self, name) for name in names} | {"tags": list(self.tags)}

    @property
    def draft(self) -> Draft:
        """Its texts, if it came with its body."""
        return Draft(self.title, self.body, self.tags)

    @property
    def version(self) -> str:
        """The version of its texts, if it came with its body."""
        return self.draft.version

    @property
    def name(self) -> str:
        """The title, or else the first words of the text."""
        return self.title or search.snippet(self.body or self.snippet, search.parse(""))[:60]


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a list, and how many notes the whole list has."""

    notes: list[Note]
    total: int


def find(reader: Reader, query: str = "", tag: str = "", page: int = 0, size: int = PAGE) -> Found:
    """Notes that have every word of the query and the tag, best first; without a query pinned
    ones first, then the latest."""
    wanted = search.parse(query)
    where, values = ["n.deleted_at IS NULL"], list[Any]()
    source, order = "notes n", "n.pinned DESC, n.updated_at DESC, n.id DESC"
    if wanted.match:
        source = "notes_fts f JOIN notes n ON n.rowid = f.rowid"
        order = f"bm25(notes_fts, 10.0, 1.0, 5.0), {order}"
        where.append("notes_fts MATCH ?")
        values.append(wanted.match)
    for needles in wanted.short:
        contains, spellings = search.contains(needles)
        where.append(contains)
        values += spellings
    if tag:
        where.append("EXISTS (SELECT 1 FROM json_each(n.tags) WHERE value = ?)")
        values.append(tag)
    condition = " AND ".join(where)
    excerpt = _EXCERPT if wanted else search.SNIPPET * 2
    rows = reader.rows(
        f"SELECT n.id, n.title, n.tags, n.pinned, n.created_at, n.updated_at,"
        f" substr(n.body, 1, {excerpt}) FROM {source} WHERE {condition}"
        f" ORDER BY {order} LIMIT {int(size)} OFFSET {int(page) * int(size)}",
        values,
    )
    total = len(rows) if page == 0 and len(rows) < size else None
    if total is None:
        count = f"SELECT count(*) FROM {source} WHERE {condition}"
        total = reader.rows(count, values)[0][0]
    conflicted = waiting(reader, "notes")
    return Found([_listed(row, wanted, conflicted) for row in rows], total)


def get(reader: Reader, id_: str, deleted: bool = False) -> Note:
    """One note with its body; one that is deleted only if that is asked for.

    Raises Failure `NOTE_NOT_FOUND`.
    """
    rows = reader.rows(
        "SELECT id, title, tags, pinned, created_at, updated_at, deleted_at, body"
        " FROM notes WHERE id = ?",
        (id_,),
    )
    if not rows or (rows[0][-2] is not None and not deleted):
        raise Failure("NOTE_NOT_FOUND")
    *_, deleted_at, body = rows[0]
    line = search.snippet(body[: search.SNIPPET * 2], search.parse(""))
    return _note(rows[0], line, body=body, deleted=deleted_at is not None)


def unwritten(reader: Reader, but: str) -> str:
    """The id of the latest other note without a title, text or tag; empty if there is none."""
    rows = reader.rows(
        "SELECT id FROM notes WHERE deleted_at IS NULL AND title = '' AND body = ''"
        " AND tags = '[]' AND id != ? ORDER BY pinned DESC, updated_at DESC LIMIT 1",
        (but,),
    )
    return str(rows[0][0]) if rows else ""


def create(transaction: Transaction, draft: Draft, id_: str = "") -> str:
    """Stores a new note, under the id of one that is gone if that is given; its id."""
    id_ = id_ or uuid7()
    now = transaction.now
    transaction.rows(
        "INSERT INTO notes (id, title, body, tags, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (id_, draft.title, draft.body, _stored(draft.tags), now, now),
    )
    transaction.changed("notes", id_)
    return id_


def save(transaction: Transaction, id_: str, draft: Draft, base: str = "") -> str:
    """Stores what an editor made of a note; its new `updated_at`.

    `base` is the `version` or `updated_at` that the editor started from. Raises Failure
    `NOTE_NOT_FOUND`, or `NOTE_CHANGED` if the note is no longer that one and the texts differ.
    """
    note = get(transaction, id_)
    if note.draft == draft:
        return note.updated_at
    if base and base not in (note.updated_at, note.version):
        raise Failure("NOTE_CHANGED")
    # Two saves within one millisecond must differ, for `base` to tell them apart.
    now = max(transaction.now, later_than(note.updated_at))
    transaction.rows(
        "UPDATE notes SET title = ?, body = ?, tags = ?, updated_at = ? WHERE id = ?",
        (draft.title, draft.body, _stored(draft.tags), now, id_),
    )
    transaction.changed("notes", id_)
    return now


def mark(
    transaction: Transaction, id_: str, *, pinned: bool | None = None, deleted: bool | None = None
) -> None:
    """Pins or deletes a note, or takes that back. Raises Failure `NOTE_NOT_FOUND`."""
    rows = transaction.rows("SELECT pinned, deleted_at FROM notes WHERE id = ?", (id_,))
    if not rows or (deleted is None and rows[0][1] is not None):
        raise Failure("NOTE_NOT_FOUND")
    if pinned is not None and bool(rows[0][0]) != pinned:
        transaction.rows("UPDATE notes SET pinned = ? WHERE id = ?", (int(pinned), id_))
    if deleted is not None and (rows[0][1] is not None) != deleted:
        moment = transaction.now if deleted else None
        transaction.rows("UPDATE notes SET deleted_at = ? WHERE id = ?", (moment, id_))
    transaction.changed("notes", id_)


def tags_in_use(reader: Reader) -> list[tuple[str, int]]:
    """Tags with the number of notes that have them, most used first."""
    rows = reader.rows(
        "SELECT value, count(*) FROM notes, json_each(notes.tags) WHERE deleted_at IS NULL"
        " AND tags != '[]' GROUP BY value ORDER BY count(*) DESC, value LIMIT 100"
    )
    return [(value, count) for value, count in rows]


def _listed(row: Row, wanted: search.Query, conflicted: set[str]) -> Note:
    id_, title, _tags, _pinned, _created, _updated, excerpt = row
    line = search.snippet(excerpt, wanted)
    return _note(
        row,
        line,
        conflicted=id_ in conflicted,
        title_html=search.highlight(title[:MAX_SHOWN], wanted),
        snippet_html=search.highlight(line, wanted),
    )


def _note(row: Row, snippet: str, **rest: Any) -> Note:
    id_, title, tags, pinned, created_at, updated_at, *_ = row
    return Note(
        id_,
        title,
        () if tags == "[]" else read_tags(tags),
        bool(pinned),
        created_at,
        updated_at,
        snippet,
        **rest,
    )


def _stored(tags: Sequence[str]) -> str:
    return json.dumps(tags, ensure_ascii=False, separators=(",", ":"))


def _normal(tags: object) -> tuple[str, ...]:
    given = tags.split(",") if isinstance(tags, str) else tags
    if not isinstance(given, list) or not all(isinstance(tag, str) for tag in given):
        raise Failure("BAD_REQUEST", "'tags' must be a list of texts, or text split by commas.")
    normal = {one_line(tag.strip().lstrip("#"), MAX_TAG + 1).lower() for tag in given} - {""}
    if len(normal) > MAX_TAGS or any(len(tag) > MAX_TAG for tag in normal):
        raise Failure(
            "BAD_REQUEST",
            f"A note takes {MAX_TAGS} tags of {MAX_TAG} characters: {len(normal)} were sent.",
        )
    return tuple(sorted(normal))
