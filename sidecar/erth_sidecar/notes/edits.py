"""Saves what a person typed while somebody else may have written into the same note."""

from dataclasses import dataclass, replace

from erth_sidecar.errors import Failure
from erth_sidecar.ids import is_uuid
from erth_sidecar.notes import conflicts, notes
from erth_sidecar.notes.conflicts import ELSEWHERE, Conflict
from erth_sidecar.notes.notes import Draft, Note
from erth_sidecar.store.database import Transaction
from erth_sidecar.text.differences import shared_end, shared_start

_MOST_WRITERS = 1000


@dataclass(frozen=True, slots=True)
class Edited:
    """A note as it was saved, and whether saving brought it back from deletion."""

    note: Note
    back: bool


class Writers:
    """Which editor wrote which text, as far as this process saw; forgetting it loses no text."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[str, str]] = {}
        self._lost: dict[str, str] = {}

    def wrote(self, id_: str, version: str) -> str:
        """The editor that wrote this version of a note; empty if that isn't known."""
        last, writer = self._last.get(id_, ("", ""))
        return writer if last == version else ""

    def lost(self, conflict_id: str) -> str:
        """The editor whose text a conflict holds; empty if that isn't known."""
        return self._lost.get(conflict_id, "")

    def note(self, id_: str, version: str, writer: str, conflict: tuple[str, str] | None) -> None:
        """Takes down who saved, and, by its id, whose text became a conflict."""
        for known in (self._last, self._lost):
            if len(known) > _MOST_WRITERS:
                known.clear()
        self._last[id_] = (version, writer)
        if conflict:
            self._lost[conflict[0]] = conflict[1]


def save(
    transaction: Transaction,
    id_: str,
    draft: Draft,
    *,
    base: str,
    writer: str = "",
    writers: Writers | None = None,
) -> Edited:
    """Stores what an editor holds; what was typed wins, and nothing that others wrote is lost.

    `base` is the version that the editor started from, empty if that doesn't matter. A field that
    only somebody else changed keeps their text; of one that both changed, theirs is kept as a
    conflict unless it is part of what was typed. A note deleted meanwhile comes back if something
    else was typed than it held. `writer` names a text that grows in an editor; another one is due
    once somebody else's text has taken its place there.
    """
    writers = writers or Writers()
    note, back = _standing(transaction, id_, draft)
    typed, lost = (draft, {}) if base in ("", note.version) else _merge(note.draft, draft, base)
    if back or typed != note.draft:
        notes.save(transaction, id_, typed)
    conflict = None
    if lost:
        loser = writers.wrote(id_, note.version)
        for earlier in conflicts.of(transaction, "notes", id_):
            mine = writer and writers.lost(earlier.id) == writer
            theirs = (
                loser and writers.lost(earlier.id) == loser and earlier.cells.keys() <= lost.keys()
            )
            if mine or theirs or _says_nothing_new(earlier, typed, lost):
                conflicts.take(transaction, "notes", id_, earlier.id)
        conflict = (conflicts.add(transaction, "notes", id_, lost, device=ELSEWHERE), loser)
        transaction.changed("notes", id_)
    version = typed.version
    transaction.after_commit.append(lambda: writers.note(id_, version, writer, conflict))
    return Edited(replace(note, title=typed.title, body=typed.body, tags=typed.tags), back)


def covers(text: str, part: str) -> bool:
    """Whether the text is the part with something added before, behind, or at one place within."""
    part = part.strip()
    if part in text:
        return True
    if len(part) > len(text):
        return False
    return shared_start(text, part) + shared_end(text, part) >= len(part)


def _standing(transaction: Transaction, id_: str, draft: Draft) -> tuple[Note, bool]:
    """The note as it stands, and whether it has just been brought back."""
    try:
        note = notes.get(transaction, id_, deleted=True)
    except Failure:
        if not is_uuid(id_):
            raise
        notes.create(transaction, draft, id_)
        return notes.get(transaction, id_), True
    back = note.deleted and note.draft != draft
    if back:
        notes.mark(transaction, id_, deleted=False)
    return note, back


def _merge(there: Draft, typed: Draft, base: str) -> tuple[Draft, dict[str, str]]:
    """What to store, and which of the texts that stand there are overwritten, by column."""
    started = base.split(".")
    if len(started) != len(there.digests):
        started = [""] * len(there.digests)
    stored, lost = typed, dict[str, str]()
    for name, was, theirs, ours in zip(
        ("title", "body", "tags"), started, there.digests, typed.digests, strict=True
    ):
        if theirs in (was, ours):
            continue
        if ours == was:
            stored = replace(stored, **{name: getattr(there, name)})
        elif not _includes(typed, there, name):
            lost[name] = there.cells[name]
    return stored, lost


def _includes(typed: Draft, there: Draft, name: str) -> bool:
    if name == "tags":
        return set(there.tags) <= set(typed.tags)
    return covers(getattr(typed, name), getattr(there, name))


def _says_nothing_new(earlier: Conflict, typed: Draft, lost: dict[str, str]) -> bool:
    """Whether a conflict of this computer is part of what is kept now, as when a text grows."""
    texts = typed.cells
    return earlier.device == ELSEWHERE and all(
        covers(texts[name], text) or (name in lost and covers(lost[name], text))
        for name, text in earlier.cells.items()
    )
