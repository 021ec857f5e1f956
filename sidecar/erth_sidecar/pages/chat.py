"""The Chat screen.

Templates and what they are given (Thread and Message: `erth_sidecar/threads.py`; an answer under
way is a Message with state `running`):

- `chat/screen.html`: list column and main column; all of the below.
- `chat/threads.html`: what `#threads` holds. `threads`: list of Thread (`id`, `name`, `title`,
  `updated_at`), `q`, `thread_id`: the open one's or "".
- `chat/thread.html`: what `#main` holds. `thread`: Thread, or None for the place to ask the first
  question; `messages`: list of (Message, `body_html`); `conflicts`: list of Conflict, other names;
  `shown`: a sign of what is shown; `running`: the id of the answer under way or "".
- `chat/log.html`: `messages.html` and `head.html` of it, fetched anew when something changed.
- `chat/answer.html`: one answer. `thread_id`, `message`: Message, `body_html`, `last`: whether it
  may be regenerated. While `message.state` is `running` it fetches itself anew on
  `erth:answer-ID from:body`.
- `chat/deleted.html`: after a deletion, as the screen without a thread; includes
  `chat/toast_deleted.html`: `thread_id`, `title`: the deleted one's.

`HX-Target` decides: id `main` gets `thread.html` (after a deletion `deleted.html`), `log-ID`
`log.html`, `threads` `threads.html`, anything else the screen; `GET chat/ID/answers/AID` always
the answer. `POST chat` and `POST chat/new` (`question`: makes a thread and asks) also set
`HX-Push-Url: chat/ID`.
"""

import hashlib
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from erth_sidecar import conflicts, markdown, threads
from erth_sidecar.agent import answers
from erth_sidecar.agent.answers import RUNNING
from erth_sidecar.agent.quote import Quote
from erth_sidecar.agent.runner import Runner
from erth_sidecar.app import App
from erth_sidecar.errors import Failure
from erth_sidecar.pages.conflicts import register_threads
from erth_sidecar.store import Reader, Transaction
from erth_sidecar.web import Answer, Request, Stream, json_answer


def register(app: App) -> None:
    """Registers the routes of the Chat screen, and goes on with answers that were cut off."""
    screen = _Screen(app)
    answer = "/chat/:id/answers/:answer"
    app.get("/chat", screen.index)
    app.get("/chat/list", screen.index)
    app.get("/chat/:id", screen.one)
    app.post("/chat", screen.create)
    app.post("/chat/new", screen.begin)
    app.post("/chat/:id/messages", screen.ask)
    app.get(answer, screen.answer)
    app.get(f"{answer}/stream", screen.stream)
    app.post(f"{answer}/stop", screen.stop)
    app.post(f"{answer}/regenerate", screen.regenerate)
    app.post("/chat/:id/rename", screen.rename)
    app.post("/chat/:id/delete", screen.delete)
    app.post("/chat/:id/restore", screen.restore)
    register_threads(app, _with_messages, screen.show)


class _Screen:
    def __init__(self, app: App) -> None:
        self._store = app.store
        self._render = app.views.render
        self._runner = Runner(app.store, Quote(), app.stopping)
        app.when_ready.append(self._runner.resume)

    def index(self, request: Request) -> Answer:
        """`GET chat`: the screen without an open thread; `GET chat/list`: the list alone."""
        query = _query(request)
        if request.wants_json:
            listed = threads.listed(self._store, query)
            return json_answer({"threads": [thread.to_json() for thread in listed]})
        if request.path == "/chat/list" or request.target == "threads":
            context = {"threads": threads.listed(self._store, query), "q": query}
            return Answer(self._render("chat/threads.html", **context, thread_id=""))
        return self._page(request, self._store, None)

    def one(self, request: Request) -> Answer:
        """`GET chat/ID`: a thread, alone or within the screen."""
        id_ = request.params["id"]
        if request.wants_json:
            return json_answer(_with_messages(self._store, id_))
        refresh = request.target == f"log-{id_}"
        if refresh and threads.is_deleted(self._store, id_):
            # What is shown stays: a question asked there brings the thread back.
            return Answer(status=204)
        thread = threads.get(self._store, id_)
        if not refresh:
            return self._page(request, self._store, thread)
        context = self._context(request, self._store, thread)
        if request.query("shown") == context["shown"]:
            return Answer(status=204)
        return Answer(self._render("chat/log.html", **context))

    def create(self, request: Request, transaction: Transaction) -> Answer:
        """`POST chat` `title?`."""
        id_ = threads.create(transaction, request.text("title", request.fields()))
        if request.wants_json:
            return json_answer({"id": id_}, 201)
        return self._opened(request, transaction, id_)

    def begin(self, request: Request, transaction: Transaction) -> Answer:
        """`POST chat/new` `question`: a thread with its first question."""
        id_ = threads.create(transaction, "")
        asked = self._ask(request, transaction, id_)
        if request.wants_json:
            return json_answer({"id": id_} | asked, 201)
        return self._opened(request, transaction, id_)

    def ask(self, request: Request, transaction: Transaction) -> Answer:
        """`POST chat/ID/messages` `question`. From a page it brings a deleted thread back."""
        id_ = request.params["id"]
        if request.from_page and threads.is_deleted(transaction, id_):
            threads.change(transaction, id_, deleted=False)
        asked = self._ask(request, transaction, id_)
        return (
            json_answer(asked, 201)
            if request.wants_json
            else self._thread(request, transaction, id_)
        )

    def answer(self, request: Request) -> Answer:
        """`GET chat/ID/answers/AID`: the answer as far as it has grown."""
        id_, answer_id = request.params["id"], request.params["answer"]
        progress = self._runner.progress(id_, answer_id)
        if request.wants_json:
            return json_answer(progress.to_json())
        listed = threads.messages(self._store, id_)
        last = bool(listed) and listed[-1].id == answer_id
        for stored in listed:
            if stored.id == answer_id:
                grown = replace(stored, body=progress.body, state=progress.state)
                return self._answer(id_, grown, last)
        raise Failure("ANSWER_NOT_FOUND")

    def stream(self, request: Request) -> Stream:
        """`GET chat/ID/answers/AID/stream`: `delta`s, then `end`."""
        seen = request.headers.get("last-event-id") or "0"
        return Stream(
            self._runner.stream(
                request.params["id"],
                request.params["answer"],
                int(seen) if seen.isascii() and seen.isdigit() else 0,
            )
        )

    def stop(self, request: Request, transaction: Transaction) -> Answer:
        """`POST …/stop`: keeps what there is."""
        id_ = request.params["id"]
        progress = self._runner.stop(transaction, id_, request.params["answer"])
        if request.wants_json:
            return json_answer(progress.to_json())
        return self._thread(request, transaction, id_)

    def regenerate(self, request: Request, transaction: Transaction) -> Answer:
        """`POST …/regenerate`: replaces the last answer."""
        id_ = request.params["id"]
        threads.get(transaction, id_)
        question_id = answers.replace(transaction, id_, request.params["answer"])
        answer_id = self._runner.ask(transaction, id_, question_id)
        if request.wants_json:
            return json_answer({"answer_id": answer_id}, 201)
        return self._thread(request, transaction, id_)

    def rename(self, request: Request, transaction: Transaction) -> Answer:
        """`POST chat/ID/rename` `title`."""
        id_ = request.params["id"]
        threads.change(transaction, id_, title=request.text("title", request.fields()))
        if request.wants_json:
            return json_answer(threads.get(transaction, id_).to_json())
        return self._thread(request, transaction, id_)

    def delete(self, request: Request, transaction: Transaction) -> Answer:
        """`POST chat/ID/delete`: answers with the toast that takes it back."""
        thread = threads.get(transaction, request.params["id"])
        threads.change(transaction, thread.id, deleted=True)
        if request.wants_json:
            return json_answer({"id": thread.id})
        context = self._context(request, transaction, None)
        deleted = {"thread_id": thread.id, "title": thread.name}
        page = self._render("chat/deleted.html", **(context | deleted))
        return Answer(page, headers={"HX-Push-Url": "chat"})

    def restore(self, request: Request, transaction: Transaction) -> Answer:
        """`POST chat/ID/restore`."""
        id_ = request.params["id"]
        threads.change(transaction, id_, deleted=False)
        if request.wants_json:
            return json_answer(threads.get(transaction, id_).to_json())
        answer = self._opened(request, transaction, id_)
        answer.body += self._render("toast_gone.html", id=id_)
        return answer

    def _answer(self, thread_id: str, message: threads.Message, last: bool) -> Answer:
        return Answer(
            self._render(
                "chat/answer.html",
                thread_id=thread_id,
                message=message,
                body_html=markdown.render(message.body),
                last=last,
            )
        )

    def _ask(self, request: Request, transaction: Transaction, id_: str) -> dict[str, str]:
        question = request.text("question", request.fields())
        message_id = threads.ask(transaction, id_, question)
        answer_id = self._runner.ask(transaction, id_, message_id)
        return {"message_id": message_id, "answer_id": answer_id}

    def _opened(self, request: Request, reader: Reader, id_: str) -> Answer:
        answer = self._thread(request, reader, id_)
        answer.headers["HX-Push-Url"] = f"chat/{id_}"
        return answer

    def show(self, request: Request, reader: Reader, id_: str, opens: bool) -> Answer:
        """A thread as the page has it, or is to have it."""
        return (self._opened if opens else self._thread)(request, reader, id_)

    def _thread(self, request: Request, reader: Reader, id_: str) -> Answer:
        return self._page(request, reader, threads.get(reader, id_))

    def _page(self, request: Request, reader: Reader, thread: threads.Thread | None) -> Answer:
        template = "chat/thread.html" if request.target == "main" else "chat/screen.html"
        return Answer(self._render(template, **self._context(request, reader, thread)))

    def _context(
        self, request: Request, reader: Reader, thread: threads.Thread | None
    ) -> dict[str, Any]:
        query = _query(request)
        messages = threads.messages(reader, thread.id) if thread else []
        running = [message.id for message in messages if message.state == RUNNING]
        names = _names(reader, thread)
        return {
            "threads": threads.listed(reader, query),
            "q": query,
            "thread": thread,
            "thread_id": thread.id if thread else "",
            "messages": [(message, _html(message)) for message in messages],
            "conflicts": names,
            "shown": _shown(thread, messages, names),
            "running": running[0] if running else "",
        }


def _with_messages(reader: Reader, id_: str) -> dict[str, Any]:
    listed = [message.to_json() for message in threads.messages(reader, id_)]
    waiting = [name.to_json() for name in conflicts.of(reader, "threads", id_)]
    thread = threads.get(reader, id_)
    return thread.to_json() | {"messages": listed, "conflicts": waiting}


def _names(reader: Reader, thread: threads.Thread | None) -> list[conflicts.Conflict]:
    """Other names that wait for a choice."""
    waiting = conflicts.of(reader, "threads", thread.id) if thread else []
    return [name for name in waiting if name.cells.get("title")]


def _shown(
    thread: threads.Thread | None,
    messages: list[threads.Message],
    names: list[conflicts.Conflict],
) -> str:
    """A sign of what a page shows of a thread; an answer under way tells of itself."""
    parts = [thread.title if thread else "", *(name.id for name in names)]
    for message in messages:
        parts += (message.id, message.state)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _query(request: Request) -> str:
    fields = request.fields() if request.method == "POST" else {}
    return (request.query("q") or request.text("q", fields)).strip()


def _html(message: threads.Message) -> Markup | str:
    return message.body if message.role == "user" else markdown.render(message.body)
