"""Conversations as files: `GET chat/ID.md`, `GET chat/ID.json`, `POST chat/import`."""

from urllib.parse import quote

from erth_sidecar.chat import messages, threads, transfer
from erth_sidecar.errors import Failure
from erth_sidecar.pages.chat.view import Place
from erth_sidecar.serve.app import App
from erth_sidecar.serve.web import JSON, MAX_BODY, Answer, Request, json_answer
from erth_sidecar.store.database import Reader, Transaction

_KINDS = {"md": "text/markdown; charset=utf-8", "json": JSON}


def register(app: App, place: Place) -> None:
    """Registers the import; an export is a `GET chat/ID`, whose name has an ending."""

    def take(request: Request, transaction: Transaction) -> Answer:
        id_ = transfer.store(transaction, transfer.read(_sent(request)))
        if request.wants_json:
            return json_answer({"id": id_}, 201)
        return place.opened(request, transaction, id_)

    app.post("/chat/import", take)


def export(reader: Reader, name: str) -> Answer:
    """A thread as a file to save; `name` is its id with an ending."""
    id_, _, ending = name.rpartition(".")
    thread = threads.get(reader, id_)
    write = transfer.to_markdown if ending == "md" else transfer.to_json
    text = write(thread, messages.every(reader, id_))
    file_name = transfer.file_name(thread, ending)
    plain = file_name.encode("ascii", "replace").decode().replace('"', "'").replace("?", "_")
    # RFC 6266: the plain name for those who don't read the other.
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name)}"
    return Answer(text, 200, _KINDS[ending], {"Content-Disposition": disposition})


def _sent(request: Request) -> str:
    """The file: a script sends it as it is, a page as the field `file`."""
    if len(request.body) > MAX_BODY:
        raise Failure("BODY_TOO_LARGE")
    if isinstance(request.body, bytes):
        raise Failure("BAD_REQUEST", "Cannot read the body as it isn't UTF-8.")
    return request.text("file", request.fields()) if request.from_page else request.body
