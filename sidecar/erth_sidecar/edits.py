"""Saves what a person typed while somebody else may have written into the same note."""

from dataclasses import dataclass, replace

from erth_sidecar import conflicts, notes
from erth_sidecar.conflicts import ELSEWHERE
from erth_sidecar.differences import shared_end, shared_start
from erth_sidecar.errors import Failure
from erth_sidecar.ids import is_uuid
from erth_sidecar.notes import Draft, Note
from erth_sidecar.store import Transaction


@dataclass(frozen=True, slots=True)
class Edited:
    """A note as it was saved, and whether saving brought it back from deletion."""

    note: Note
    back: bool


def save(transaction: Transaction, id_: str, draft: Draft, base: str) -> Edited:
    """Stores what an editor holds; what was typed wins, and nothing that others wrote is lost.

    `base` is the version that the editor started from, empty if that doesn't matter. A field that
    only somebody else changed keeps their text; of one that both changed, theirs is kept as a
    conflict unless it is part of what was typed. A note deleted meanwhile comes back if something
    else was typed than it held.
    """
    note, back = _standing(transaction, id_, draft)
    typed, lost = (draft, {}) if base in ("", note.version) else _merge(note.draft, draft, base)
    if back or typed != note.draft:
        notes.save(transaction, id_, typed)
    if lost:
        _keep(transaction, id_, typed, lost)
        transaction.changed("notes", id_)
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


def _keep(transaction: Transaction, id_: str, typed: Draft, lost: dict[str, str]) -> None:
    """Adds a conflict; an earlier one of this computer that says nothing more is dropped, so that
    two windows written in at once don't leave one for each save."""
    texts = typed.cells
    for earlier in conflicts.of(transaction, "notes", id_):
        if earlier.device == ELSEWHERE and all(
            covers(texts[name], text) or (name in lost and covers(lost[name], text))
            for name, text in earlier.cells.items()
        ):
            conflicts.take(transaction, "notes", id_, earlier.id)
    conflicts.add(transaction, "notes", id_, lost, ELSEWHERE)
