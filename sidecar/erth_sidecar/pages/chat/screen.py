"""The Chat screen.

Templates and what they are given (Thread: `chat/threads.py`; Shown, a message with
`message`, `body_html`, `running`, `citations`, `actions`, `trouble`, `cost`, `phase`, `last` and
`found`: `pages/chat/message.py`; Model: `models/known.py`). `at` is `chat`, or `temporary` for
conversations in memory only, and begins every address; `temporary` tells the same.

- `chat/screen.html`: list column and main column; all of the below.
- `chat/threads.html`: what `#threads` holds. `threads`: list of Thread, starred ones first, `q`,
  `thread_id`: the open one's or ""; `hits`: list of Hit (`pages/chat/search.py`), what was said
  that has the words of `q`; `unsearched`: how many messages aren't searched yet.
- `chat/thread/thread.html`: what `#main` holds. `thread`: Thread, or None for the place to ask the
  first question; `messages`: list of Shown, in order; `older`, `newer`: whether there are more;
  `first`, `final`: ids of the first and last; `asked`: the latest question's id or ""; `conflicts`:
  list of Conflict, other names; `shown`: a sign of what is shown; `running`: the id of the answer
  under way or ""; `models`: list of Model, `model`: the one that answers, None without one,
  `missing`: the reference of one that is gone or "", `default`: the default's reference; `meter`:
  Meter (`words`, `share` in percent, `full`) or None.
- `chat/thread/head.html`: above a thread; `chat/thread/settings.html`: its sheet;
  `chat/composer/meter.html`: below the field to ask in.
- `chat/log/messages.html`: what `#log-ID` holds; `chat/log/log.html`: the same and the head,
  fetched anew when something changed; `chat/log/older.html`, `chat/log/newer.html`: further
  messages, in the place of what stood for them.
- `chat/message/question.html`, `chat/message/answer.html`: one message. `it`: Shown, `at`,
  `thread_id`. While `it.running` an answer fetches itself anew on `erth:answer-ID from:body`.
- `chat/message/actions.html`: within an answer: what tools did or want to do.
- `chat/search/found.html`: within `#found-in-ID`: `hits`, `q`, `thread_id`, `at`.
- `chat/deleted.html`: after a deletion; includes `chat/toast_deleted.html`: `thread_id`, `title`.
- `toast_undo.html`: `id`, `words`, `undo`: the address, `values`: what is sent there.

`HX-Target` decides: id `main` gets `thread/thread.html` (after a deletion `deleted.html`), `log-ID`
`log/log.html`, `threads` `threads.html`, anything else the screen; `GET chat/ID/answers/AID` always
the answer. What makes a thread sets `HX-Push-Url`.
"""

import threading
from dataclasses import replace
from typing import Any

from erth_sidecar.agent.runner import Runner
from erth_sidecar.chat import messages, recall, threads
from erth_sidecar.chat.forgetting import forget, forget_old
from erth_sidecar.notes import conflicts
from erth_sidecar.pages.chat import changes, files, search
from erth_sidecar.pages.chat.message import show
from erth_sidecar.pages.chat.stream import server_sent
from erth_sidecar.pages.chat.view import Place, query
from erth_sidecar.pages.conflicts import register_threads
from erth_sidecar.serve.app import App
from erth_sidecar.serve.web import Answer, Request, Stream, json_answer
from erth_sidecar.store.database import Reader, Transaction
from erth_sidecar.store.memory import MemoryStore
from erth_sidecar.text import markdown


def register(app: App) -> None:
    """Registers the routes of the Chat screen, and goes on with answers that were cut off."""
    assistant = app.assistant
    runner = Runner(app.store, app.store, assistant, app.stopping)
    app.when_ready.append(runner.resume)
    kept = Place("chat", app.store, app.store, runner, assistant, app.errors, app.views.render)
    screen = _register(app, kept)
    app.post("/chat", screen.create)
    app.post("/chat/:id/rename", screen.rename)
    app.post("/chat/:id/restore", screen.restore)
    register_threads(app, with_messages, screen.show)
    files.register(app, kept)

    memory = MemoryStore(app.store, app.store.announce)
    runner = Runner(memory, app.store, assistant, app.stopping)
    place = replace(kept, at="temporary", store=memory, runner=runner)
    _register(app, place)


def _register(app: App, place: Place) -> "_Screen":
    """What conversations have, whether they are kept or not."""
    screen, at = _Screen(place), f"/{place.at}"
    answer = f"{at}/:id/answers/:answer"
    app.get(at, screen.index)
    app.get(f"{at}/list", screen.index)
    search.register(app, place)
    app.get(f"{at}/:id", screen.one)
    app.post(f"{at}/new", screen.begin, place.store)
    app.post(f"{at}/:id/messages", screen.ask, place.store)
    app.get(answer, screen.answer)
    app.get(f"{answer}/stream", screen.stream)
    app.post(f"{answer}/stop", screen.stop, place.store)
    app.post(f"{at}/:id/delete", screen.delete, place.store)
    changes.register(app, place)
    return screen


class _Screen:
    def __init__(self, place: Place) -> None:
        self._place = place
        self._store = place.store
        self._render = place.render
        self._runner = place.runner
        self._warmed = False

    def index(self, request: Request) -> Answer:
        """`GET chat`: the screen without an open thread; `GET chat/list`: the list alone."""
        words = query(request)
        if request.wants_json:
            listed = [] if self._place.temporary else threads.listed(self._store, words)
            return json_answer({"threads": [thread.to_json() for thread in listed]})
        if request.path.endswith("/list") or request.target == "threads":
            given = self._place.of_list(self._store, words, None)
            if words:
                given["hits"] = recall.find(self._place.home, words)
                given["unsearched"] = recall.unsearched(self._place.home)
            return Answer(self._render("chat/threads.html", **given))
        self._warm()
        return self._place.page(request, self._store, None)

    def _warm(self) -> None:
        """Loads what messages are rendered with, before the first one is opened."""
        if not self._warmed:
            self._warmed = True
            threading.Thread(target=markdown.render, args=("",), daemon=True).start()

    def one(self, request: Request) -> Answer:
        """`GET chat/ID`: a thread, alone or within the screen; `?at=`: where a message stands."""
        id_ = request.params["id"]
        if id_.endswith((".md", ".json")):
            return files.export(self._store, id_)
        if request.wants_json:
            return json_answer(with_messages(self._store, id_))
        if request.query("before") or request.query("after"):
            return self._further(request, id_)
        if request.target == f"log-{id_}":
            return self._refreshed(request, id_)
        thread = threads.get(self._store, id_)
        return self._place.page(request, self._store, thread, request.query("at"))

    def _refreshed(self, request: Request, id_: str) -> Answer:
        """What is shown of a thread, unless it is shown already: `?shown=`, and `since` or `at`."""
        if threads.is_deleted(self._store, id_) or self._place.forgotten(id_):
            # What is shown stays: a question asked there brings the thread back.
            return Answer(status=204)
        thread = threads.get(self._store, id_)
        at, since = request.query("at"), request.query("since")
        given = self._place.of_thread(self._store, thread, at=at, since=since)
        if request.query("shown") == given["shown"]:
            return Answer(status=204)
        return Answer(self._render("chat/log/log.html", **given))

    def create(self, request: Request, transaction: Transaction) -> Answer:
        """`POST chat` `title?`."""
        id_ = threads.create(transaction, request.text("title", request.fields()))
        if request.wants_json:
            return json_answer({"id": id_}, 201)
        return self._place.opened(request, transaction, id_)

    def begin(self, request: Request, transaction: Transaction) -> Answer:
        """`POST chat/new` `question, model?, like?`: a thread with its first question. `like`:
        the thread whose settings it takes over."""
        fields = request.fields()
        if self._place.temporary:
            forget_old(transaction)
        id_ = threads.create(transaction, "")
        settings = threads.Settings(model=request.text("model", fields) or None)
        if like := request.text("like", fields):
            other = threads.get(transaction, like)
            settings = threads.Settings(other.model or "", other.system)
        if settings.model or settings.system:
            changes.check_model(self._place, settings.model)
            threads.settle(transaction, id_, settings)
        asked = self._ask(request, transaction, id_)
        if request.wants_json:
            return json_answer({"id": id_} | asked, 201)
        return self._place.opened(request, transaction, id_)

    def ask(self, request: Request, transaction: Transaction) -> Answer:
        """`POST chat/ID/messages` `question`. From a page it brings a deleted thread back."""
        id_ = request.params["id"]
        if request.from_page and threads.is_deleted(transaction, id_):
            threads.change(transaction, id_, deleted=False)
        asked = self._ask(request, transaction, id_)
        return json_answer(asked, 201) if request.wants_json else self._thread(request, transaction)

    def answer(self, request: Request) -> Answer:
        """`GET chat/ID/answers/AID`: the answer as far as it has grown."""
        id_, answer_id = request.params["id"], request.params["answer"]
        progress = self._runner.progress(id_, answer_id)
        if request.wants_json:
            return json_answer(progress.to_json())
        message = messages.get(self._store, id_, answer_id)
        # One that has ended may come from elsewhere: `messages` has looked at what it holds.
        if progress.state == messages.RUNNING:
            message = replace(
                message,
                body=progress.body,
                state=progress.state,
                citations=progress.citations,
                actions=progress.actions,
                stats=progress.stats,
            )
        last = messages.is_last(self._store, id_, answer_id)
        it = show(message, self._place.errors, last=last)
        given = {"at": self._place.at, "thread_id": id_, "it": it}
        return Answer(self._render("chat/message/answer.html", **given))

    def stream(self, request: Request) -> Stream:
        """`GET chat/ID/answers/AID/stream[?after=CHARACTERS]`: `delta`s, then `end`."""
        seen = request.headers.get("last-event-id") or request.query("after")
        news = self._runner.stream(
            request.params["id"],
            request.params["answer"],
            int(seen) if seen.isascii() and seen.isdigit() else 0,
        )
        return Stream(server_sent(news))

    def stop(self, request: Request, transaction: Transaction) -> Answer:
        """`POST …/stop`: keeps what there is."""
        progress = self._runner.stop(transaction, request.params["id"], request.params["answer"])
        if request.wants_json:
            return json_answer(progress.to_json())
        return self._thread(request, transaction)

    def rename(self, request: Request, transaction: Transaction) -> Answer:
        """`POST chat/ID/rename` `title`."""
        id_ = request.params["id"]
        threads.change(transaction, id_, title=request.text("title", request.fields()))
        if request.wants_json:
            return json_answer(threads.get(transaction, id_).to_json())
        return self._thread(request, transaction)

    def delete(self, request: Request, transaction: Transaction) -> Answer:
        """`POST chat/ID/delete`: answers with the toast that takes it back. What is in memory only
        is gone."""
        thread = threads.get(transaction, request.params["id"])
        threads.change(transaction, thread.id, deleted=True)
        if self._place.temporary:
            forget(transaction, thread.id)
        if request.wants_json:
            return json_answer({"id": thread.id})
        if self._place.temporary:
            answer = self._place.page(request, transaction, None)
            answer.headers["HX-Push-Url"] = "temporary"
            return answer
        given = self._place.of_thread(transaction, None)
        given |= self._place.of_list(transaction, query(request), None)
        deleted = {"thread_id": thread.id, "title": thread.name}
        page = self._render("chat/deleted.html", **(given | deleted))
        return Answer(page, headers={"HX-Push-Url": "chat"})

    def restore(self, request: Request, transaction: Transaction) -> Answer:
        """`POST chat/ID/restore`."""
        id_ = request.params["id"]
        threads.change(transaction, id_, deleted=False)
        if request.wants_json:
            return json_answer(threads.get(transaction, id_).to_json())
        answer = self._place.opened(request, transaction, id_)
        answer.body += self._render("toast_gone.html", id=id_)
        return answer

    def show(self, request: Request, reader: Reader, id_: str, opens: bool) -> Answer:
        """A thread as the page has it, or is to have it."""
        if opens:
            return self._place.opened(request, reader, id_)
        return self._place.page(request, reader, threads.get(reader, id_))

    def _further(self, request: Request, id_: str) -> Answer:
        """Messages before or after those shown: `?before=` or `?after=`."""
        threads.get(self._store, id_)
        if first := request.query("before"):
            page = messages.before(self._store, id_, first, messages.FURTHER)
        else:
            page = messages.after(self._store, id_, request.query("after"), messages.FURTHER)
        final = page.messages[-1] if page.messages and not page.newer else None
        shown = [show(it, self._place.errors, last=it is final) for it in page.messages]
        given: dict[str, Any] = {
            "at": self._place.at,
            "thread_id": id_,
            "messages": shown,
            "older": page.older,
            "newer": page.newer,
            "first": shown[0].id if shown else "",
            "final": shown[-1].id if shown else "",
        }
        return Answer(self._render(f"chat/log/{'older' if first else 'newer'}.html", **given))

    def _ask(self, request: Request, transaction: Transaction, id_: str) -> dict[str, str]:
        question = request.text("question", request.fields())
        message_id = messages.ask(transaction, id_, question)
        answer_id = self._runner.ask(transaction, id_, message_id)
        return {"message_id": message_id, "answer_id": answer_id}

    def _thread(self, request: Request, reader: Reader) -> Answer:
        return self._place.page(request, reader, threads.get(reader, request.params["id"]))


def with_messages(reader: Reader, id_: str) -> dict[str, Any]:
    """A thread for a script: all its messages, and other names that wait for a choice."""
    listed = [message.to_json() for message in messages.every(reader, id_)]
    waiting = [name.to_json() for name in conflicts.of(reader, "threads", id_)]
    thread = threads.get(reader, id_)
    return thread.to_json() | {"messages": listed, "conflicts": waiting}
