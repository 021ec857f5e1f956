"""Tools that change notes, and how each change is taken back."""

from collections.abc import Callable
from typing import Any

from erth_sidecar.errors import Failure
from erth_sidecar.notes import notes
from erth_sidecar.notes.notes import Draft, Note
from erth_sidecar.store.database import Transaction

Action = dict[str, Any]


def perform(transaction: Transaction, action: Action) -> None:
    """Does what an action asks for, and puts into it the result and what undoing needs.

    Raises Failure with the reason it can't be done.
    """
    _PERFORM[action["tool"]](transaction, action, action["arguments"])


def take_back(transaction: Transaction, action: Action) -> None:
    """Undoes a change, and nothing that was written since.

    Raises Failure `NOTE_CHANGED` if what was written since stands in the way, `NOTE_NOT_FOUND` if
    the note is gone.
    """
    try:
        _UNDO[action["tool"]](transaction, action["undo"])
    except (KeyError, TypeError, AttributeError):
        # Finished answers come over the mirror, too, and may hold anything.
        raise Failure("ACTION_SETTLED") from None


def _create(transaction: Transaction, action: Action, given: dict[str, Any]) -> None:
    draft = Draft.of(given["title"], given["text"], given.get("tags", []))
    id_ = notes.create(transaction, draft)
    action |= {
        "note_id": id_,
        "result": f"Created, its note_id is {id_}.",
        "summary": f"Created the note “{_short(draft.title or draft.body)}”",
        "undo": {"note_id": id_, "version": draft.version},
    }


def _uncreate(transaction: Transaction, undo: dict[str, Any]) -> None:
    note = notes.get(transaction, undo["note_id"])
    if note.version != undo["version"]:
        raise Failure(
            "NOTE_CHANGED", "The note was changed since it was created. Delete it in Notes."
        )
    notes.mark(transaction, note.id, deleted=True)


def _append(transaction: Transaction, action: Action, given: dict[str, Any]) -> None:
    note = notes.get(transaction, given["note_id"].strip())
    added = _parting(note.body) + given["text"]
    draft = Draft.of(note.title, note.body + added, list(note.tags))
    notes.save(transaction, note.id, draft)
    action |= {
        "note_id": note.id,
        "result": "Added.",
        "summary": f"Added to the note “{_short(note.name)}”",
        "undo": {"note_id": note.id, "text": added, "at": len(note.body)},
    }


def _unappend(transaction: Transaction, undo: dict[str, Any]) -> None:
    note = notes.get(transaction, undo["note_id"])
    added, at = undo["text"], undo["at"]
    if note.body[at : at + len(added)] != added:
        # Something was written before it: it is known again if it stands there once.
        if note.body.count(added) != 1:
            raise Failure(
                "NOTE_CHANGED", "What was added was changed since. Take it out in the note itself."
            )
        at = note.body.index(added)
    _save(transaction, note, body=note.body[:at] + note.body[at + len(added) :])


def _tag(transaction: Transaction, action: Action, given: dict[str, Any]) -> None:
    note = notes.get(transaction, given["note_id"].strip())
    draft = Draft.of(note.title, note.body, given["tags"])
    notes.save(transaction, note.id, draft)
    action |= {
        "note_id": note.id,
        "result": f"The tags are now: {', '.join(draft.tags) or 'none'}.",
        "summary": f"Gave “{_short(note.name)}” the tags {', '.join(draft.tags) or '(none)'}",
        "undo": {"note_id": note.id, "before": list(note.tags), "after": list(draft.tags)},
    }


def _untag(transaction: Transaction, undo: dict[str, Any]) -> None:
    note = notes.get(transaction, undo["note_id"])
    before, after = set(undo["before"]), set(undo["after"])
    # Tags that somebody set since stay.
    tags = (set(note.tags) - (after - before)) | (before - after)
    _save(transaction, note, tags=sorted(tags))


def _save(
    transaction: Transaction, note: Note, body: str | None = None, tags: list[str] | None = None
) -> None:
    text = note.body if body is None else body
    draft = Draft.of(note.title, text, list(note.tags) if tags is None else tags)
    notes.save(transaction, note.id, draft)


def _parting(body: str) -> str:
    """What has to stand between a text and a paragraph that follows it."""
    if not body.strip() or body.endswith("\n\n"):
        return ""
    return "\n" if body.endswith("\n") else "\n\n"


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 60 else words[:59] + "…"  # noqa: PLR2004 - a line


_PERFORM: dict[str, Callable[[Transaction, Action, dict[str, Any]], None]] = {
    "create_note": _create,
    "append_to_note": _append,
    "set_tags": _tag,
}
_UNDO: dict[str, Callable[[Transaction, dict[str, Any]], None]] = {
    "create_note": _uncreate,
    "append_to_note": _unappend,
    "set_tags": _untag,
}
