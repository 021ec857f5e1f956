"""The Notes screen.

Templates and what they are given (Note: `erth_sidecar/notes.py`; all text is escaped by Jinja but
the fields ending in `_html`):

- `notes/screen.html`: list column and main column. `notes`, `total`, `page`, `pages`, `q`, `tag`
  as for the list; `tags`: list of (tag, count); `note`: the open Note, or None for none;
  `body_html`; `new`: True for the empty editor.
- `notes/list.html`: the list alone. `notes`: list of Note (`id`, `title`, `name`: title or first
  words, `title_html` and `snippet_html` with hits marked, `tags`, `pinned`, `updated_at`),
  `total`, `page` (from 0), `pages`, `q`, `tag`, `tags`: list of (tag, count), `note_id`: the open
  note's or "".
- `notes/editor.html`: the main column. `note`: Note with `body`, or None for a new one;
  `body_html`: the body rendered; `saved`: whether this answers a save; `q`.
- `notes/toast_deleted.html`: `note_id`, `title`; offers `POST notes/ID/restore`.

Which of them: `HX-Target` with id `note` gets the editor alone, `list` the list alone, anything
else the screen. `POST notes` answers with the editor of the new note and
`HX-Push-Url: notes/ID`; `POST notes/ID` with the editor (`saved=True`) or, if `HX-Target` is
`saved`, with `notes/saved.html` (`note`: Note), so that a save in the background never replaces
the text being typed: it must swap `base` (= `note.updated_at`) out of band.
"""

from typing import Any

from erth_sidecar import markdown, notes
from erth_sidecar.app import App
from erth_sidecar.errors import Failure
from erth_sidecar.store import Transaction
from erth_sidecar.web import Answer, Request, json_answer


def register(app: App) -> None:
    """Registers the routes of the Notes screen."""
    screen = _Screen(app)
    app.get("/notes", screen.index)
    app.get("/notes/list", screen.list)
    app.get("/notes/new", screen.new)
    app.get("/notes/:id", screen.one)
    app.post("/notes", screen.create)
    app.post("/notes/:id", screen.save)
    app.post("/notes/:id/pin", screen.pin)
    app.post("/notes/:id/delete", screen.delete)
    app.post("/notes/:id/restore", screen.restore)


class _Screen:
    def __init__(self, app: App) -> None:
        self._store = app.store
        self._render = app.views.render

    def index(self, request: Request) -> Answer:
        """`GET notes?q=&tag=&page=`: the screen without an open note."""
        if request.wants_json:
            found = self._found(request)
            listed = [note.to_json() for note in found.notes]
            return json_answer({"notes": listed, "total": found.total})
        if request.target == "list":
            return self.list(request)
        return self._screen(request, None)

    def list(self, request: Request) -> Answer:
        """`GET notes/list?q=&tag=&page=`: the list alone."""
        if request.wants_json:
            return self.index(request)
        note_id = request.query("note")
        return Answer(self._render("notes/list.html", **self._list(request), note_id=note_id))

    def new(self, request: Request) -> Answer:
        """`GET notes/new`: an empty editor."""
        if request.target == "note":
            return self._editor(None)
        return self._screen(request, None, new=True)

    def one(self, request: Request) -> Answer:
        """`GET notes/ID`: a note, alone or within the screen."""
        note = notes.get(self._store, request.params["id"])
        if request.wants_json:
            return json_answer(note.to_json() | {"body": note.body})
        if request.target == "note":
            return self._editor(note, q=request.query("q"))
        return self._screen(request, note)

    def create(self, request: Request, transaction: Transaction) -> Answer:
        """`POST notes` `title, body, tags`."""
        id_ = notes.create(transaction, _draft(request))
        if request.wants_json:
            return json_answer({"id": id_}, 201)
        answer = self._editor(notes.get(transaction, id_), saved=True)
        answer.status = 201
        answer.headers["HX-Push-Url"] = f"notes/{id_}"
        return answer

    def save(self, request: Request, transaction: Transaction) -> Answer:
        """`POST notes/ID` `title?, body?, tags?, base?`: what isn't sent stays."""
        id_ = request.params["id"]
        base = request.text("base", request.fields())
        draft = _draft(request, notes.get(transaction, id_))
        updated_at = notes.save(transaction, id_, draft, base)
        if request.wants_json:
            return json_answer({"id": id_, "updated_at": updated_at})
        note = notes.get(transaction, id_)
        if request.target == "saved":
            return Answer(self._render("notes/saved.html", note=note))
        return self._editor(note, saved=True)

    def pin(self, request: Request, transaction: Transaction) -> Answer:
        """`POST notes/ID/pin` `pinned=0|1`."""
        id_ = request.params["id"]
        pinned = str(request.fields().get("pinned", "")).lower()
        if pinned not in ("0", "1", "true", "false"):
            raise Failure("BAD_REQUEST", f"'pinned' must be 0 or 1: value is '{pinned[:20]}'")
        notes.mark(transaction, id_, pinned=pinned in ("1", "true"))
        note = notes.get(transaction, id_)
        return json_answer(note.to_json()) if request.wants_json else self._editor(note)

    def delete(self, request: Request, transaction: Transaction) -> Answer:
        """`POST notes/ID/delete`: answers with the toast that takes it back."""
        id_ = request.params["id"]
        note = notes.get(transaction, id_)
        notes.mark(transaction, id_, deleted=True)
        if request.wants_json:
            return json_answer({"id": id_})
        toast = self._render("notes/toast_deleted.html", note_id=id_, title=note.name)
        return Answer(toast, headers={"HX-Push-Url": "notes"})

    def restore(self, request: Request, transaction: Transaction) -> Answer:
        """`POST notes/ID/restore`."""
        id_ = request.params["id"]
        notes.mark(transaction, id_, deleted=False)
        note = notes.get(transaction, id_)
        if request.wants_json:
            return json_answer(note.to_json())
        answer = self._editor(note)
        answer.headers["HX-Push-Url"] = f"notes/{id_}"
        return answer

    def _found(self, request: Request) -> notes.Found:
        page = request.number("page", 0, 100_000)
        return notes.find(self._store, request.query("q"), request.query("tag"), page)

    def _list(self, request: Request) -> dict[str, Any]:
        found = self._found(request)
        return {
            "notes": found.notes,
            "total": found.total,
            "page": request.number("page", 0, 100_000),
            "pages": -(-found.total // notes.PAGE),
            "q": request.query("q"),
            "tag": request.query("tag"),
            "tags": notes.tags_in_use(self._store),
        }

    def _screen(self, request: Request, note: notes.Note | None, new: bool = False) -> Answer:
        return Answer(
            self._render(
                "notes/screen.html",
                **self._list(request),
                note=note,
                note_id=note.id if note else "",
                body_html=markdown.render(note.body) if note else "",
                saved=False,
                new=new,
            )
        )

    def _editor(self, note: notes.Note | None, saved: bool = False, q: str = "") -> Answer:
        body_html = markdown.render(note.body) if note else ""
        return Answer(
            self._render(
                "notes/editor.html", note=note, body_html=body_html, saved=saved, q=q, new=not note
            )
        )


def _draft(request: Request, note: notes.Note | None = None) -> notes.Draft:
    """What was sent; a field that wasn't keeps what the note has."""
    fields = request.fields()
    if note is not None:
        fields = {"title": note.title, "body": note.body, "tags": list(note.tags)} | fields
    return notes.Draft.of(
        request.text("title", fields), request.text("body", fields), fields.get("tags", "")
    )
