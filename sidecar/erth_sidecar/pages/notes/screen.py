"""The Notes screen.

Templates, and what each is given. Note: see `notes/notes.py`, Conflict:
`notes/conflicts.py`; everything is escaped but what ends in `_html`.

- `notes/screen.html`: list column and main column; all of the below.
- `notes/list.html`: what `#list` holds. `notes`: list of Note (`id`, `title`, `name`: title or
  first words, `title_html` and `snippet_html` with hits marked, `tags`, `pinned`, `conflicted`,
  `updated_at`), `total`, `page` (from 0), `last` (the last page in it), `pages`, `q`, `tag`,
  `tags`: list of (tag, count), `note_id`: the open note's or "", `focus`: the item to focus after a
  deletion or "".
- `notes/editor.html`: what `#main` holds. `note`: Note with `body`, or None if none is open;
  `body_html`: the body rendered; `reading`: whether to read rather than write (`?view=read` or
  `?at=START-END`, which marks that passage); `view`: those again;
  `saved`: whether this answers a save; `fresh`: whether it takes the place of itself; `conflicts`:
  list of Conflict; `shown`: a sign of what is shown beside the text; `oob`: False; `total`; `q`.
- `notes/pane.html`: within it, an open note; `notes/gone.html`: a deleted one.
- `notes/tools.html`: what stands above a note: `note`, `reading`.
- `notes/saved.html`: after a save in the background: `note`; `base`: the version that the editor
  holds; `back`: whether the note had been deleted; `conflicts` and `shown` if `oob`.
- `notes/versions.html`: see `pages/conflicts.py`.
- `notes/deleted.html`: after a deletion: as `screen.html`, and `deleted`: the note deleted;
  includes `notes/toast_deleted.html`: `note_id`, `title`: the deleted one's.
- `toast_gone.html`: takes that toast away after a restore: `id`.

`HX-Target` decides: id `main` gets `editor.html` (after a deletion `deleted.html`), `note-ID`
`pane.html`, `list` `list.html`, `tools` `tools.html`, `saved` `saved.html`, anything else the
screen. What makes, opens or ends a note by POST sets `HX-Push-Url`.
"""

from typing import Any

from erth_sidecar.errors import Failure
from erth_sidecar.notes import conflicts, edits, notes
from erth_sidecar.pages.conflicts import register_notes
from erth_sidecar.retrieval import indexing
from erth_sidecar.serve.app import App
from erth_sidecar.serve.web import Answer, Request, json_answer, passage
from erth_sidecar.store.database import Reader, Transaction
from erth_sidecar.text import markdown, marked

SHOWN = 60
"""Notes that a list shows before one scrolls on."""
MOST_PAGES = 100


def register(app: App) -> None:
    """Registers the routes of the Notes screen."""
    screen = _Screen(app)
    app.get("/notes", screen.index)
    app.get("/notes/list", screen.index)
    app.get("/notes/:id", screen.one)
    app.post("/notes", screen.create)
    app.post("/notes/:id", screen.save)
    app.post("/notes/:id/pin", screen.pin)
    app.post("/notes/:id/delete", screen.delete)
    app.post("/notes/:id/restore", screen.restore)
    register_notes(app, _with_body, screen.show)


class _Screen:
    def __init__(self, app: App) -> None:
        self._store = app.store
        self._render = app.views.render
        self._writers = edits.Writers()
        self._tags: tuple[int, list[tuple[str, int]]] = (-1, [])

    def index(self, request: Request) -> Answer:
        """`GET notes?q=&tag=&page=`: the screen; `GET notes/list?…`: the list alone."""
        if request.wants_json:
            found = notes.find(self._store, *_wanted(request))
            listed = [note.to_json() for note in found.notes]
            return json_answer({"notes": listed, "total": found.total})
        if request.path == "/notes/list" or request.target == "list":
            listed_only = self._list(request, self._store, request.query("note"))
            return Answer(self._render("notes/list.html", **listed_only))
        return self._page(request, self._store, None)

    def one(self, request: Request) -> Answer:
        """`GET notes/ID?view=&at=`: a note, alone or within the screen.

        `?base=&shown=`: 204 if that is what is shown already.
        """
        id_ = request.params["id"]
        if request.wants_json:
            return json_answer(_with_body(self._store, id_))
        note = notes.get(self._store, id_, deleted=True)
        if request.target != f"note-{id_}":
            return self._page(request, self._store, note)
        same = not note.deleted and request.query("base") == note.version
        if same and request.query("shown") == _shown(self._store, note):
            return Answer(status=204)
        return self._page(request, self._store, note, fresh=True)

    def create(self, request: Request, transaction: Transaction) -> Answer:
        """`POST notes` `title, body, tags`. A page gets its last empty note before a new one."""
        draft = _draft(request)
        empty = ""
        if draft == notes.EMPTY and not request.wants_json:
            # Not the one that is open: what was typed into it may still be on its way.
            empty = notes.unwritten(transaction, but=_open(request))
        id_ = empty or notes.create(transaction, draft)
        if request.wants_json:
            return json_answer({"id": id_}, 201)
        answer = self._page(request, transaction, notes.get(transaction, id_))
        answer.status = 201
        answer.headers["HX-Push-Url"] = f"notes/{id_}"
        return answer

    def save(self, request: Request, transaction: Transaction) -> Answer:
        """`POST notes/ID` `title?, body?, tags?, base?`: what isn't sent stays."""
        id_ = request.params["id"]
        fields = request.fields()
        base = request.text("base", fields)
        if not request.from_page:
            draft = _draft(request, notes.get(transaction, id_))
            updated_at = notes.save(transaction, id_, draft, base)
            if request.wants_json:
                saved = {"id": id_, "updated_at": updated_at, "version": draft.version}
                return json_answer(saved)
            return self._page(request, transaction, notes.get(transaction, id_), saved=True)
        draft = _draft(request, _known(transaction, id_))
        writer = request.text("writer", fields)
        edited = edits.save(
            transaction, id_, draft, base=base, writer=writer, writers=self._writers
        )
        if request.target != "saved":
            return self._page(request, transaction, edited.note, saved=True)
        shown = _shown(transaction, edited.note)
        context: dict[str, Any] = {"note": edited.note, "base": draft.version, "back": edited.back}
        if request.text("shown", fields) in ("", shown):
            return Answer(self._render("notes/saved.html", **context, oob=False))
        waiting = conflicts.of(transaction, "notes", id_)
        context |= {"conflicts": waiting, "shown": shown, "reading": False}
        return Answer(self._render("notes/saved.html", **context, oob=True))

    def pin(self, request: Request, transaction: Transaction) -> Answer:
        """`POST notes/ID/pin` `pinned=0|1`."""
        id_ = request.params["id"]
        pinned = str(request.fields().get("pinned", "")).lower()
        if pinned not in ("0", "1", "true", "false"):
            raise Failure("BAD_REQUEST", f"'pinned' must be 0 or 1: value is '{pinned[:20]}'")
        notes.mark(transaction, id_, pinned=pinned in ("1", "true"))
        note = notes.get(transaction, id_)
        if request.wants_json:
            return json_answer(note.to_json())
        if request.target == "tools":
            return Answer(self._render("notes/tools.html", note=note, reading=_reading(request)))
        return self._page(request, transaction, note)

    def delete(self, request: Request, transaction: Transaction) -> Answer:
        """`POST notes/ID/delete` `q?, tag?`: answers with the toast that takes it back."""
        id_ = request.params["id"]
        note = notes.get(transaction, id_)
        before = [] if request.wants_json else notes.find(transaction, *_wanted(request)).notes
        notes.mark(transaction, id_, deleted=True)
        if request.wants_json:
            return json_answer({"id": id_})
        context = self._list(request, transaction, "") | {"focus": _next(before, id_)}
        editor = {"note": None}
        deleted = {"deleted": note, "note_id": id_, "title": note.name}
        page = self._render("notes/deleted.html", **(context | editor | deleted))
        return Answer(page, headers={"HX-Push-Url": "notes"})

    def restore(self, request: Request, transaction: Transaction) -> Answer:
        """`POST notes/ID/restore`."""
        id_ = request.params["id"]
        notes.mark(transaction, id_, deleted=False)
        note = notes.get(transaction, id_)
        if request.wants_json:
            return json_answer(note.to_json())
        answer = self.show(request, transaction, id_, True)
        answer.body += self._render("toast_gone.html", id=id_)
        return answer

    def show(self, request: Request, reader: Reader, id_: str, opens: bool) -> Answer:
        """A note as the page has it, or is to have it."""
        answer = self._page(request, reader, notes.get(reader, id_))
        if opens:
            answer.headers["HX-Push-Url"] = f"notes/{id_}"
        return answer

    def _list(self, request: Request, reader: Reader, note_id: str) -> dict[str, Any]:
        query, tag, page = _wanted(request)
        # A refresh brings all that had been scrolled to, so that nothing jumps.
        last = 0 if page else request.number("last", 0, MOST_PAGES)
        found = notes.find(reader, query, tag, page, SHOWN * (last + 1))
        return {
            "notes": found.notes,
            "total": found.total,
            "page": page,
            "last": max(page, last),
            "pages": -(-found.total // SHOWN),
            "q": query,
            "tag": tag,
            # Only the top of an unfiltered list offers tags to choose from.
            "tags": [] if query or tag or page else self._tags_in_use(),
            "unindexed": indexing.waiting(reader).search if query else 0,
            "note_id": note_id,
            "focus": "",
        }

    def _tags_in_use(self) -> list[tuple[str, int]]:
        """The tags as last committed: counting them takes 10 ms with 10 000 notes."""
        version = self._store.version()
        if self._tags[0] != version:
            self._tags = (version, notes.tags_in_use(self._store))
        return self._tags[1]

    def _page(
        self,
        request: Request,
        reader: Reader,
        note: notes.Note | None,
        *,
        saved: bool = False,
        fresh: bool = False,
    ) -> Answer:
        reading = _reading(request)
        alone = request.target == "main"
        context: dict[str, Any] = {"note": note, "reading": reading, "saved": saved, "fresh": fresh}
        at = request.query("at")
        context["view"] = (f"?view=read&at={at}" if passage(request) else "?view=read") * reading
        if note is not None:
            context |= {
                "body_html": _rendered(request, note) if reading else "",
                "conflicts": conflicts.of(reader, "notes", note.id),
                "shown": _shown(reader, note),
                "oob": False,
            }
        if fresh:
            return Answer(self._render("notes/pane.html", **context))
        if alone and note is not None:
            context |= {"total": 1, "q": request.query("q")}
        else:
            context |= self._list(request, reader, note.id if note else "")
        template = "notes/editor.html" if alone else "notes/screen.html"
        return Answer(self._render(template, **context))


def _with_body(reader: Reader, id_: str) -> dict[str, Any]:
    note = notes.get(reader, id_)
    waiting = [conflict.to_json() for conflict in conflicts.of(reader, "notes", id_)]
    more = {"body": note.body, "version": note.version, "conflicts": waiting}
    return note.to_json() | more


def _known(reader: Reader, id_: str) -> notes.Note | None:
    try:
        return notes.get(reader, id_, deleted=True)
    except Failure:
        return None


def _shown(reader: Reader, note: notes.Note) -> str:
    """A sign of what a page shows beside the text."""
    waiting = conflicts.of(reader, "notes", note.id)
    return " ".join([str(int(note.pinned)), *(conflict.id for conflict in waiting)])


def _wanted(request: Request) -> tuple[str, str, int]:
    fields = request.fields() if request.method == "POST" else {}
    query = request.query("q") or request.text("q", fields)
    tag = request.query("tag") or request.text("tag", fields)
    return query.strip(), tag, request.number("page", 0, 100_000)


def _open(request: Request) -> str:
    """The id of the note that the page shows, if it shows one."""
    path = (request.headers.get("hx-current-url") or "").partition("?")[0]
    return path.rpartition("/")[2]


def _reading(request: Request) -> bool:
    return request.query("view") == "read" or passage(request) is not None


def _rendered(request: Request, note: notes.Note) -> str:
    at = passage(request)
    return marked.render(note.body, *at) if at else markdown.render(note.body)


def _next(listed: list[notes.Note], id_: str) -> str:
    """The item that comes to stand where a deleted one stood."""
    ids = [note.id for note in listed]
    if id_ not in ids or len(ids) == 1:
        return ""
    at = ids.index(id_)
    return ids[at + 1] if at + 1 < len(ids) else ids[at - 1]


def _draft(request: Request, note: notes.Note | None = None) -> notes.Draft:
    """What was sent; a field that wasn't keeps what the note has."""
    fields = request.fields()
    if note is not None:
        fields = {"title": note.title, "body": note.body, "tags": list(note.tags)} | fields
    return notes.Draft.of(
        request.text("title", fields), request.text("body", fields), fields.get("tags", "")
    )
