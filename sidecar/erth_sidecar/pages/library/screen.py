"""The Library screen: files that answers may cite.

Templates, and what each is given. File: see `library/files.py`.

- `library/screen.html`: list column and main column; all of the below.
- `library/list.html`: what `#list` holds. `files`: list of File, `total`, `page` (from 0), `last`,
  `pages`, `q`, `state`, `file_id`: the open file's or "".
- `library/file.html`: what `#main` holds. `file`: File, or None if none is open; `total`; `shown`:
  a sign of what is shown.
- `library/pane.html`: within it, an open file; `library/gone.html`: a deleted one. `error`: what
  went wrong with it or None, and of a file that is ready `part`: Part, see `library/texts.py`,
  `blocks`: list of Block, `at`, `leaf`: the page asked for or 0.
- `library/text.html`: a part of its text, and what fetches the next one.
- `library/attached.html`: what `#attached-THREAD` holds: `files`, `thread_id`.
- `library/deleted.html`: after a deletion; includes `library/toast_deleted.html`: `deleted`: the
  File, `target`: where taking it back shows.
"""

from pathlib import PurePosixPath
from typing import Any

from erth_sidecar.errors import Failure
from erth_sidecar.library import files
from erth_sidecar.library.originals import Originals
from erth_sidecar.library.reading import Reading
from erth_sidecar.pages.library import text
from erth_sidecar.serve.app import App
from erth_sidecar.serve.idempotency import Change
from erth_sidecar.serve.web import Answer, Request, json_answer
from erth_sidecar.store.database import Reader, Transaction
from erth_sidecar.text.one_line import one_line

SHOWN = 60
"""Files that a list shows before one scrolls on."""
MOST_PAGES = 100
MAX_NAME = 200


def register(app: App) -> None:
    """Registers the routes of the Library, and has its files read."""
    originals = Originals(app.greeting.data_dir)
    reading = Reading(app.store, originals)
    screen = _Screen(app, originals, reading)
    app.get("/library", screen.index)
    app.get("/library/list", screen.index)
    app.get("/library/:id", screen.one)
    app.post_prepared("/library", screen.add)
    app.post("/library/:id/delete", screen.delete)
    app.post("/library/:id/restore", screen.restore)
    app.post("/library/:id/retry", screen.retry)
    text.register(app, originals)
    app.when_ready.append(reading.start)


class _Screen:
    def __init__(self, app: App, originals: Originals, reading: Reading) -> None:
        self._store = app.store
        self._render = app.views.render
        self._errors = app.errors
        self._originals = originals
        self._reading = reading

    def index(self, request: Request) -> Answer:
        """`GET library?q=&state=&page=`: the screen; `GET library/list?…`: the list alone;
        `GET library?thread=`: the files of a conversation."""
        thread = request.query("thread")
        if thread:
            return self._attached(request, self._store, thread)
        if request.wants_json:
            query, state, page = _wanted(request)
            found = files.find(self._store, query, state, page)
            listed = [self._with_progress(file).to_json() for file in found.files]
            return json_answer({"files": listed, "total": found.total})
        if request.path == "/library/list" or request.target == "list":
            listed_only = self._list(request, self._store, request.query("file"))
            return Answer(self._render("library/list.html", **listed_only))
        return self._page(request, self._store, None)

    def one(self, request: Request) -> Answer:
        """`GET library/ID?at=START-END&page=&part=`: a file's text, where that is; `&more=1`: that
        part alone; `?shown=`: 204 if that is what is shown already."""
        file = self._with_progress(files.get(self._store, request.params["id"], deleted=True))
        if request.wants_json:
            if file.deleted:
                raise Failure("FILE_NOT_FOUND")
            part = text.part(request, self._store, file)
            return json_answer(file.to_json() | {"part": part.number, "text": part.text})
        if request.query("more"):
            context = text.shown(request, self._store, file)
            return Answer(self._render("library/text.html", **context))
        if request.target != f"file-{file.id}":
            return self._page(request, self._store, file)
        if request.query("shown") == _shown(file):
            return Answer(status=204)
        return Answer(self._render("library/pane.html", **self._pane(request, self._store, file)))

    def add(self, request: Request) -> Change:
        """`POST library` `upload` or, from scripts, `path`; `name?`, `thread?`."""
        fields = request.fields()
        upload, path = request.text("upload", fields), request.text("path", fields)
        thread = request.text("thread", fields) or None
        name = _name(request.text("name", fields) or path)
        if path and not upload:
            # A page that was talked into it mustn't take in what lies on this computer.
            if request.headers.get("x-erth-caller") != "script":
                raise Failure("BAD_REQUEST", "Only scripts may name a file by its path.")
            taken = self._originals.take_path(path, name)
        elif upload:
            taken = self._originals.take_upload(upload, name)
        else:
            raise Failure("BAD_REQUEST", "'upload' or 'path' must say which file.")

        def change(request: Request, transaction: Transaction) -> Answer:
            id_ = files.add(transaction, taken, name, thread)
            if id_ != taken.id:
                transaction.after_commit.append(lambda: self._originals.remove(taken.id))
            transaction.after_commit.append(lambda: self._reading.add(id_))
            if request.wants_json:
                return json_answer({"id": id_}, 201)
            if thread:
                answer = self._attached(request, transaction, thread)
            else:
                answer = Answer(
                    self._render("library/list.html", **self._list(request, transaction, ""))
                )
            answer.status = 201
            return answer

        return change

    def delete(self, request: Request, transaction: Transaction) -> Answer:
        """`POST library/ID/delete`: answers with the toast that takes it back."""
        id_ = request.params["id"]
        file = files.get(transaction, id_)
        files.mark(transaction, id_, True)
        if request.wants_json:
            return json_answer({"id": id_})
        if request.target.startswith("attached-"):
            answer = self._attached(request, transaction, file.thread_id or "")
            toast = {"deleted": file, "target": request.target}
            answer.body += self._render("library/toast_deleted.html", **toast)
            return answer
        context = self._list(request, transaction, "") | {"file": None, "deleted": file}
        page = self._render("library/deleted.html", **context, target="screen")
        return Answer(page, headers={"HX-Push-Url": "library"})

    def restore(self, request: Request, transaction: Transaction) -> Answer:
        """`POST library/ID/restore`."""
        id_ = request.params["id"]
        files.mark(transaction, id_, False)
        transaction.after_commit.append(lambda: self._reading.add(id_))
        file = files.get(transaction, id_)
        if request.wants_json:
            return json_answer(file.to_json())
        if request.target.startswith("attached-"):
            answer = self._attached(request, transaction, file.thread_id or "")
        else:
            answer = self._page(request, transaction, file)
            answer.headers["HX-Push-Url"] = f"library/{id_}"
        answer.body += self._render("toast_gone.html", id=id_)
        return answer

    def retry(self, request: Request, transaction: Transaction) -> Answer:
        """`POST library/ID/retry`: reads it once more."""
        id_ = request.params["id"]
        files.retry(transaction, id_)
        transaction.after_commit.append(lambda: self._reading.add(id_))
        file = files.get(transaction, id_)
        return (
            json_answer(file.to_json())
            if request.wants_json
            else self._page(request, transaction, file)
        )

    def _attached(self, request: Request, reader: Reader, thread_id: str) -> Answer:
        listed = [self._with_progress(file) for file in files.of_thread(reader, thread_id)]
        if request.wants_json:
            return json_answer({"files": [file.to_json() for file in listed]})
        page = self._render("library/attached.html", files=listed, thread_id=thread_id)
        return Answer(page)

    def _with_progress(self, file: files.File) -> files.File:
        file.progress = self._reading.progress(file.id)
        return file

    def _list(self, request: Request, reader: Reader, file_id: str) -> dict[str, Any]:
        query, state, page = _wanted(request)
        # A refresh brings all that had been scrolled to, so that nothing jumps.
        last = 0 if page else request.number("last", 0, MOST_PAGES)
        found = files.find(reader, query, state, page, SHOWN * (last + 1))
        return {
            "files": [self._with_progress(file) for file in found.files],
            "total": found.total,
            "page": page,
            "last": max(page, last),
            "pages": -(-found.total // SHOWN),
            "q": query,
            "state": state,
            "file_id": file_id,
        }

    def _page(self, request: Request, reader: Reader, file: files.File | None) -> Answer:
        context = self._pane(request, reader, file)
        if request.target == "main" and file is not None:
            return Answer(self._render("library/file.html", **context, total=1))
        context |= self._list(request, reader, file.id if file else "")
        template = "library/file.html" if request.target == "main" else "library/screen.html"
        return Answer(self._render(template, **context))

    def _pane(self, request: Request, reader: Reader, file: files.File | None) -> dict[str, Any]:
        if file is None:
            return {"file": None}
        self._with_progress(file)
        error = self._errors.describe(Failure(file.code)) if file.code else None
        context = {"file": file, "error": error, "shown": _shown(file)}
        return context | (text.shown(request, reader, file) if file.state == "ready" else {})


def _shown(file: files.File) -> str:
    """A sign of what a page shows of a file: all of it but its text, which stays."""
    return f"{file.state} {file.progress} {file.code} {file.deleted}"


def _wanted(request: Request) -> tuple[str, str, int]:
    state = request.query("state")
    page = request.number("page", 0, MOST_PAGES * SHOWN)
    return request.query("q").strip(), state if state in files.STATES else "", page


def _name(given: str) -> str:
    """The last part of a path as any system writes it, on one line."""
    return one_line(PurePosixPath(given.replace("\\", "/")).name, MAX_NAME) or "File"
