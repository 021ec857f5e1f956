"""Versions that wait for a choice, of notes and of names of conversations.

- `notes/versions.html`: what a note's other version has. `it`: Conflict; `note_id`; `parts`: list
  of (heading, differences as Markup); `choices`: list of (name, words); `reading`.
- `toast_settled.html`: after a choice: `settled`: Conflict, `words`, `undo`: where that is undone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from erth_sidecar.chat import choices
from erth_sidecar.chat.choices import CHOICES, Choice
from erth_sidecar.errors import Failure
from erth_sidecar.notes import conflicts, notes
from erth_sidecar.notes.conflicts import Conflict
from erth_sidecar.serve.app import App
from erth_sidecar.serve.web import Answer, Request, json_answer
from erth_sidecar.store.database import Reader, Transaction
from erth_sidecar.text.differences import compare

SAID = {
    "keep": "The other version is dropped.",
    "use": "The other version is in its place.",
    "both": "The note has both now.",
}
SAID_OF_NAMES = {"keep": "The name stays.", "use": "The other name is in its place."}


@dataclass(frozen=True, slots=True)
class Kind:
    """What may have two versions. `show` answers with it as its screen would; the last argument is
    whether it may have to be opened first."""

    path: str
    settle: Callable[[Transaction, str, str, Choice], Conflict]
    unsettle: Callable[[Transaction, str, str], None]
    said: dict[str, str]
    to_json: Callable[[Reader, str], dict[str, Any]]
    show: Callable[[Request, Transaction, str, bool], Answer]


def register_notes(
    app: App,
    to_json: Callable[[Reader, str], dict[str, Any]],
    show: Callable[[Request, Transaction, str, bool], Answer],
) -> None:
    """Registers `GET notes/ID/conflicts/CID`, and by POST `…/keep|use|both|undo`."""

    def versions(request: Request) -> Answer:
        note = notes.get(app.store, request.params["id"])
        wanted = request.params["conflict"]
        waiting = conflicts.of(app.store, "notes", note.id)
        for conflict in waiting:
            if conflict.id == wanted:
                return _versions(app, request, note, conflict)
        raise Failure("NOT_FOUND")

    app.get("/notes/:id/conflicts/:conflict", versions)
    kind = Kind("notes", choices.settle_note, choices.unsettle_note, SAID, to_json, show)
    _register(app, kind)


def register_threads(
    app: App,
    to_json: Callable[[Reader, str], dict[str, Any]],
    show: Callable[[Request, Transaction, str, bool], Answer],
) -> None:
    """Registers `POST chat/ID/conflicts/CID/keep|use|undo`."""
    settle, unsettle = choices.settle_thread, choices.unsettle_thread
    _register(app, Kind("chat", settle, unsettle, SAID_OF_NAMES, to_json, show))


def _register(app: App, kind: Kind) -> None:
    def settled(choice: Choice) -> Callable[[Request, Transaction], Answer]:
        def settle(request: Request, transaction: Transaction) -> Answer:
            id_, conflict_id = request.params["id"], request.params["conflict"]
            try:
                conflict = kind.settle(transaction, id_, conflict_id, choice)
            except Failure as failure:
                if request.wants_json or failure.code != "NOT_FOUND":
                    raise
                # Settled in another window the moment before: the page shows what is.
                return kind.show(request, transaction, id_, False)
            if request.wants_json:
                return json_answer(kind.to_json(transaction, id_))
            answer = kind.show(request, transaction, id_, False)
            undo = f"{kind.path}/{id_}/conflicts/{conflict_id}/undo"
            said = {"settled": conflict, "words": kind.said[choice], "undo": undo}
            answer.body += app.views.render("toast_settled.html", **said)
            return answer

        return settle

    def unsettle(request: Request, transaction: Transaction) -> Answer:
        id_, conflict_id = request.params["id"], request.params["conflict"]
        kind.unsettle(transaction, id_, conflict_id)
        if request.wants_json:
            return json_answer(kind.to_json(transaction, id_))
        answer = kind.show(request, transaction, id_, True)
        answer.body += app.views.render("toast_gone.html", id=conflict_id)
        return answer

    path = f"/{kind.path}/:id/conflicts/:conflict"
    for choice in CHOICES:
        if choice in kind.said:
            app.post(f"{path}/{choice}", settled(choice))
    app.post(f"{path}/undo", unsettle)


def _versions(app: App, request: Request, note: notes.Note, conflict: Conflict) -> Answer:
    if request.wants_json:
        return json_answer(conflict.to_json())
    parts = list[tuple[str, Markup]]()
    for name, heading in (("title", "Title"), ("body", "Text"), ("tags", "Tags")):
        if name not in conflict.cells:
            continue
        here, other = getattr(note, name), conflict.cells[name]
        if name == "tags":
            here, other = ", ".join(note.tags), ", ".join(conflict.tags)
        if differences := compare(here, other):
            parts.append((heading, differences))
    offered = [("keep", "Keep this one"), ("use", "Use the other"), ("both", "Keep both")]
    return Answer(
        app.views.render(
            "notes/versions.html",
            it=conflict,
            note_id=note.id,
            parts=parts,
            choices=offered if parts else offered[:1],
            reading=request.query("view") == "read",
        )
    )
