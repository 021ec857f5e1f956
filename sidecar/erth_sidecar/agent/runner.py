"""Writes answers in the background, some at once, and streams them while they grow."""

import logging
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from erth_sidecar.agent.live import Board, Live, News, Parked, Workspace, ended
from erth_sidecar.agent.quote import Quote
from erth_sidecar.chat import answers
from erth_sidecar.chat.answers import RUNNING, Progress
from erth_sidecar.chat.engines import Engine, Passage
from erth_sidecar.errors import Failure
from erth_sidecar.models.cancel import Cancelled
from erth_sidecar.models.known import QUOTE, Assistant
from erth_sidecar.store.database import PASSING, Store, Transaction

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Answers that are written at the same time; others wait for their turn."""
STREAM_FOR = 300.0
"""Seconds that one stream lasts: nobody tells it that its client has gone."""
PIECE = 0.008
"""Seconds between two pieces of one stream; the first comes at once."""
KEEP_AGAIN, KEPT_FOR = 2.0, 900.0
"""Seconds between two tries to store a whole answer, and in all."""
_BEAT = 10.0


class Runner:
    """Writes the answers of one store's conversations, each on a thread of its own."""

    def __init__(
        self,
        store: Store,
        knowledge: Store,
        assistant: Assistant,
        stopping: threading.Event,
        *,
        engine: Engine | None = None,
        retrieves: bool = True,
    ) -> None:
        """`store` has the conversations, `knowledge` the notes and files: the same one, unless
        the conversations are temporary. `engine` answers where there is no model."""
        self._store = store
        self._knowledge = knowledge
        self._assistant = assistant
        self._stopping = stopping
        self._board = Board(store)
        engine = engine or Quote()
        self._workspace = Workspace(store, knowledge, assistant, self._board, engine, retrieves)
        self._lock = threading.Lock()
        self._waiting: deque[tuple[str, str]] = deque()
        self._busy = 0

    def resume(self) -> None:
        """Goes on with the answers that the end of the last process cut off."""
        for thread_id, id_ in answers.unfinished(self._store):
            self._begin(thread_id, id_)

    def ask(self, transaction: Transaction, thread_id: str, question_id: str) -> str:
        """Begins an answer, which is written once the transaction is committed; its id.

        The thread's model writes it, else the default one. Raises Failure `ANSWER_RUNNING`.
        """
        rows = transaction.rows("SELECT model FROM threads WHERE id = ?", (thread_id,))
        ref = (rows[0][0] if rows else None) or self._assistant.default
        stats = {"model": ref} | ({} if ref == QUOTE else {"title": self._assistant.title(ref)})
        id_ = answers.begin(transaction, thread_id, question_id, ref, stats)
        transaction.after_commit.append(lambda: self._begin(thread_id, id_))
        return id_

    def progress(self, thread_id: str, id_: str) -> Progress:
        """An answer as far as it has grown. Raises Failure `ANSWER_NOT_FOUND`."""
        stored = answers.get(self._store, thread_id, id_)
        return self._with_live(stored) if stored.state == RUNNING else stored

    def stop(self, transaction: Transaction, thread_id: str, id_: str) -> Progress:
        """Ends an answer where it is and keeps it; one that has ended stays as it is.

        Raises Failure `ANSWER_NOT_FOUND`.
        """
        stored = answers.get(transaction, thread_id, id_)
        if stored.state != RUNNING:
            return stored
        now = self._with_live(stored)
        body, citations = ended(now, stored.engine)
        answers.finish(transaction, id_, "stopped", body, citations=citations, stats=now.stats)
        transaction.after_commit.append(lambda: self._cancel(id_))
        return answers.get(transaction, thread_id, id_)

    def decide(
        self, transaction: Transaction, thread_id: str, answer_id: str, action_id: str, choice: str
    ) -> Progress:
        """Takes a person's word (`once`, `always`, `no`) on an action; it is done afterwards.

        Raises Failure `BAD_REQUEST`, `ANSWER_NOT_FOUND`, `ACTION_NOT_FOUND` or `ACTION_SETTLED`.
        """
        from erth_sidecar.agent import actions

        actions.decide(transaction, thread_id, answer_id, action_id, choice)
        transaction.after_commit.append(lambda: self._begin(thread_id, answer_id))
        return answers.get(transaction, thread_id, answer_id)

    def undo(
        self, transaction: Transaction, thread_id: str, answer_id: str, action_id: str
    ) -> Progress:
        """Takes back what an action did.

        Raises Failure `ANSWER_NOT_FOUND`, `ACTION_NOT_FOUND`, `ACTION_SETTLED`, `NOTE_CHANGED`
        or `NOTE_NOT_FOUND`.
        """
        from erth_sidecar.agent import actions, changing

        def back(action: dict[str, Any]) -> None:
            actions.within(
                self._store,
                self._knowledge,
                transaction,
                lambda notebook: changing.take_back(notebook, action),
            )

        actions.undo(transaction, thread_id, answer_id, action_id, back)
        transaction.after_commit.append(lambda: self._refresh(thread_id, answer_id))
        return answers.get(transaction, thread_id, answer_id)

    def stream(self, thread_id: str, id_: str, seen: int) -> Iterator[News | None]:
        """News of an answer from character `seen` on, until the answer ends: `delta` with new
        text, `phase` when something beside the text has changed, `end`. None: it is still written.

        Raises Failure `ANSWER_NOT_FOUND` at once, not with the first event.
        """
        return self._events(self.progress(thread_id, id_), seen)

    def _events(self, now: Progress, seen: int) -> Iterator[News | None]:
        deadline = time.monotonic() + STREAM_FOR
        told: object = None
        while not self._stopping.is_set() and time.monotonic() < deadline:
            # Taken before the look, so that what changes after it is waited for in vain by none.
            version = self._board.version
            live = self._board.get(now.id)
            if live is not None and live.loaded and live.thread_id == now.thread_id:
                # Straight from the board: a model is faster than the database.
                body, stats, sign = live.body, live.stats, f"{id(live)} {live.turn}"
            else:
                try:
                    now = self.progress(now.thread_id, now.id)
                except Failure:
                    return
                body, stats, live = now.body, now.stats, None
                sign = str([action.get("state") for action in now.actions])
            if len(body) > seen:
                yield News("delta", body[seen:], len(body))
                seen = len(body)
                # What a fast model writes meanwhile goes along with the next: a wake-up for each
                # word would take time from the model, here, in the gateway and in the page.
                time.sleep(PIECE)
            if live is None and now.state != RUNNING:
                yield News("end", now.to_json())
                return
            if sign != told:
                told = sign
                yield News("phase", stats.get("phase", ""))
            if not self._board.wait_beyond(version, _BEAT):
                yield None

    def _with_live(self, stored: Progress) -> Progress:
        live = self._board.get(stored.id)
        if live is None or not live.loaded or len(live.body) < len(stored.body):
            return stored
        return replace(stored, body=live.body, citations=live.citations, stats=live.stats)

    def _refresh(self, thread_id: str, id_: str) -> None:
        live = self._board.get(id_)
        if live is not None:
            self._board.note(live, actions=answers.get(self._store, thread_id, id_).actions)

    def _cancel(self, id_: str) -> None:
        live = self._board.get(id_)
        if live is not None:
            live.cancel.set()

    def _begin(self, thread_id: str, id_: str) -> None:
        """Starts an answer's thread now or once another ends."""
        if self._board.again(id_):
            return
        with self._lock:
            self._waiting.append((thread_id, id_))
        self._next()

    def _next(self) -> None:
        with self._lock:
            if self._busy >= AT_ONCE or not self._waiting:
                return
            self._busy += 1
            thread_id, id_ = self._waiting.popleft()
        name = f"answer-{id_[-6:]}"
        threading.Thread(target=self._run, args=(thread_id, id_), name=name, daemon=True).start()

    def _run(self, thread_id: str, id_: str) -> None:
        try:
            live = Live(id_, thread_id)
            if not self._board.enter(live):
                return
            while True:
                try:
                    self._write(live)
                except Exception:
                    log.exception("An answer couldn't be kept")
                if self._board.leave(live):
                    return
        finally:
            with self._lock:
                self._busy -= 1
            self._next()

    def _write(self, live: Live) -> None:
        try:
            stored = answers.get(self._store, live.thread_id, live.id)
        except Failure:
            return
        if stored.state != RUNNING:
            return
        live.body, live.actions, live.stats = stored.body, stored.actions, stored.stats
        live.passages = [Passage.of(citation) for citation in stored.citations]
        live.loaded = True
        try:
            # Imported at first use, as the engines are: the first screen doesn't wait for them.
            from erth_sidecar.agent import writer

            state = writer.write(self._workspace, live, stored)
        except (Cancelled, Parked):
            return
        except Failure as failure:
            state = "failed"
            self._board.note(live, code=failure.code, detail=failure.message)
        except Exception:
            # Never the text: a conversation may be temporary.
            log.exception("Writing with '%s' failed", stored.engine)
            state = "failed"
            self._board.note(live, code="INTERNAL")
        if live.cancel.is_set():
            return
        body, citations = ended(live, stored.engine)

        def finish(transaction: Transaction) -> bool:
            return answers.finish(
                transaction, live.id, state, body, citations=citations, stats=live.stats
            )

        deadline = time.monotonic() + KEPT_FOR
        while True:
            try:
                self._store.write(finish)
                return
            except Failure as failure:
                # A disk that is full may have room again: until then the text is only here.
                if failure.code not in PASSING or time.monotonic() > deadline:
                    raise
                log.warning("An answer can't be kept now: %s", failure.code)
            try:
                live.cancel.wait(KEEP_AGAIN)
            except Cancelled:
                return
