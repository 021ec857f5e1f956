"""Writes answers in the background, one after the other, and streams them while they grow."""

import logging
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

from erth_sidecar.agent import answers, retrieval
from erth_sidecar.agent.answers import RUNNING, Progress
from erth_sidecar.agent.engines import Engine, Passage
from erth_sidecar.errors import Failure
from erth_sidecar.store import Store, Transaction
from erth_sidecar.web import event

log = logging.getLogger(__name__)

SAVE_EVERY = 0.1
"""Seconds between two writes of a growing answer."""
STREAM_FOR = 300.0
"""Seconds that one stream lasts: nobody tells it that its client has gone."""
_BEAT = 10.0


@dataclass(slots=True)
class _Live:
    """The answer being written now."""

    id: str
    thread_id: str
    body: str = ""
    citations: list[Passage] = field(default_factory=list)
    stopped: bool = False


class Runner:
    """Owns the thread that writes answers."""

    def __init__(self, store: Store, engine: Engine, stopping: threading.Event) -> None:
        self._store = store
        self._engine = engine
        self._stopping = stopping
        self._waiting: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        self._grown = threading.Condition()
        self._version = 0
        self._live: _Live | None = None
        threading.Thread(target=self._run, name="answers", daemon=True).start()

    def resume(self) -> None:
        """Goes on with the answers that the end of the last process cut off."""
        for unfinished in answers.unfinished(self._store):
            self._waiting.put(unfinished)

    def ask(self, transaction: Transaction, thread_id: str, question_id: str) -> str:
        """Begins an answer, which is written once the transaction is committed; its id."""
        id_ = answers.begin(transaction, thread_id, question_id, self._engine.name)
        transaction.after_commit.append(lambda: self._waiting.put((thread_id, id_)))
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
        answers.finish(transaction, id_, "stopped", self._with_live(stored).body)
        transaction.after_commit.append(lambda: self._cancel(id_))
        return answers.get(transaction, thread_id, id_)

    def stream(self, thread_id: str, id_: str, seen: int) -> Iterator[str]:
        """Server-sent events from character `seen` on, until the answer ends.

        Raises Failure `ANSWER_NOT_FOUND` at once, not with the first event.
        """
        return self._events(self.progress(thread_id, id_), seen)

    def _events(self, now: Progress, seen: int) -> Iterator[str]:
        deadline = time.monotonic() + STREAM_FOR
        while not self._stopping.is_set() and time.monotonic() < deadline:
            # Taken before the look, so that what changes after it is waited for in vain by none.
            version = self._version
            try:
                now = self.progress(now.thread_id, now.id)
            except Failure:
                return
            if len(now.body) > seen:
                yield event("delta", now.body[seen:], len(now.body))
                seen = len(now.body)
            if now.state != RUNNING:
                yield event("end", now.to_json())
                return
            if not self._wait_beyond(version):
                yield ": still writing\n\n"

    def _wait_beyond(self, version: int) -> bool:
        with self._grown:
            return self._grown.wait_for(lambda: self._version != version, _BEAT)

    def _notify(self) -> None:
        self._version += 1
        self._grown.notify_all()

    def _with_live(self, stored: Progress) -> Progress:
        live = self._live
        if live is None or live.id != stored.id or len(live.body) < len(stored.body):
            return stored
        citations = [passage.to_json() for passage in live.citations]
        return Progress(
            stored.id, stored.thread_id, stored.question_id, RUNNING, live.body, citations
        )

    def _cancel(self, id_: str) -> None:
        with self._grown:
            if self._live is not None and self._live.id == id_:
                self._live.stopped = True
            self._notify()

    def _run(self) -> None:
        while True:
            thread_id, id_ = self._waiting.get()
            try:
                self._write(thread_id, id_)
            except Failure as failure:
                if failure.code != "ANSWER_NOT_FOUND":
                    log.error("An answer couldn't be kept: %s", failure)
            finally:
                with self._grown:
                    self._live = None
                    self._notify()

    def _write(self, thread_id: str, id_: str) -> None:
        stored = answers.get(self._store, thread_id, id_)
        live = _Live(id_, thread_id, stored.body)
        self._live = live
        state = "done"
        try:
            turns = answers.conversation(self._store, thread_id, stored.question_id)
            live.citations = self._passages(stored, turns[-1].body if turns else "")
            saved_at = 0.0
            text = ""
            with closing(self._engine.chat(turns, live.citations)) as pieces:
                for piece in pieces:
                    text += piece
                    if live.stopped or self._stopping.is_set():
                        return
                    self._publish(live, text)
                    if time.monotonic() - saved_at >= SAVE_EVERY:
                        saved_at = time.monotonic()
                        if not self._save(live):
                            return
            self._publish(live, text, whole=True)
        except Failure:
            raise
        except Exception:
            log.exception("The engine '%s' failed", self._engine.name)
            state = "failed"
        if self._save(live):
            self._store.write(lambda tx: answers.finish(tx, id_, state, live.body))

    def _passages(self, stored: Progress, question: str) -> list[Passage]:
        """What was found before a restart, so that the answer goes on as it began."""
        if stored.citations:
            return [Passage.of(citation) for citation in stored.citations]
        return retrieval.find(self._store, question)

    def _publish(self, live: _Live, text: str, whole: bool = False) -> None:
        """Shows the text, but never less than what was shown before a restart."""
        with self._grown:
            if whole or len(text) > len(live.body):
                live.body = text
            self._notify()

    def _save(self, live: _Live) -> bool:
        return self._store.write(lambda tx: answers.grow(tx, live.id, live.body, live.citations))
