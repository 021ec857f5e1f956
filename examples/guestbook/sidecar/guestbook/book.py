"""The guest book: who was here, and what they said."""

from pathlib import Path

from erth_sidecar.errors import Failure
from erth_sidecar.ids import uuid7
from erth_sidecar.serve.app import App
from erth_sidecar.serve.web import Answer, Request, json_answer
from erth_sidecar.store.database import Reader, Transaction
from erth_sidecar.text.one_line import one_line

TEMPLATES = Path(__file__).parent / "templates"
COLUMNS = ("id", "name", "words", "signed_at")


def register(app: App) -> None:
    """Says what there is at which address."""

    def show(request: Request, reader: Reader) -> Answer:
        rows = reader.rows(f"SELECT {', '.join(COLUMNS)} FROM entries ORDER BY id DESC LIMIT 100")
        entries = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
        if request.wants_json:
            return json_answer({"entries": entries})
        return Answer(app.views.render("book.html", entries=entries))

    def sign(request: Request, transaction: Transaction) -> Answer:
        fields = request.fields()
        name = one_line(request.text("name", fields), 80)
        words = one_line(request.text("words", fields), 1000)
        if not name:
            raise Failure("BAD_REQUEST", "A guest has a name.")
        entry = (uuid7(), name, words, transaction.now)
        transaction.rows("INSERT INTO entries VALUES (?, ?, ?, ?)", entry)
        transaction.changed("entries", entry[0])
        return show(request, transaction)

    app.get("/book", lambda request: show(request, app.store))
    app.post("/book", sign)
