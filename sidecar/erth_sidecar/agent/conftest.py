"""A conversation with a model server that does what a test's script says."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from erth_sidecar.agent.runner import Runner
from erth_sidecar.agent.writer import WAITING
from erth_sidecar.chat import messages, threads
from erth_sidecar.chat.answers import Progress
from erth_sidecar.models.conftest import Scripted, calls, says, server
from erth_sidecar.models.known import Assistant
from erth_sidecar.notes import notes
from erth_sidecar.store.database import Store

__all__ = ["server"]


def titles(store: Store) -> list[str]:
    return sorted(note.title for note in notes.find(store).notes)


class Chat:
    """A runner with one conversation."""

    def __init__(self, store: Store, assistant: Assistant) -> None:
        self.store = store
        self.runner = Runner(store, store, assistant, threading.Event())
        self.thread_id = store.write(lambda tx: threads.create(tx, ""))
        self.id = ""

    def ask(self, question: str = "Where is the hotel?") -> str:
        asked = self.store.write(lambda tx: messages.ask(tx, self.thread_id, question))
        self.id = self.store.write(lambda tx: self.runner.ask(tx, self.thread_id, asked))
        return self.id

    def now(self) -> Progress:
        return self.runner.progress(self.thread_id, self.id)

    def until(self, met: Callable[[Progress], bool]) -> Progress:
        deadline = time.monotonic() + 30
        while not met(now := self.now()):
            assert time.monotonic() < deadline, now
            time.sleep(0.002)
        return now

    def ended(self) -> Progress:
        return self.until(lambda now: now.state != "running")

    def answer(self, question: str = "Where is the hotel?") -> Progress:
        self.ask(question)
        return self.ended()

    def asking(self) -> Progress:
        return self.until(lambda now: now.stats.get("phase") == WAITING)

    def decide(self, choice: str, action_id: str = "a0") -> Progress:
        return self.store.write(
            lambda tx: self.runner.decide(tx, self.thread_id, self.id, action_id, choice)
        )

    def undo(self, action_id: str = "a0") -> Progress:
        return self.store.write(lambda tx: self.runner.undo(tx, self.thread_id, self.id, action_id))

    def stop(self) -> Progress:
        return self.store.write(lambda tx: self.runner.stop(tx, self.thread_id, self.id))

    def act(self, server: Scripted, name: str, arguments: dict[str, Any]) -> Progress:
        """Has the model use a tool, and allows it once."""
        server.scripts = [calls((name, arguments)), says("Done.")]
        self.ask()
        self.asking()
        self.decide("once")
        return self.ended()


@pytest.fixture
def said_to_shell() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def assistant(server: Scripted, said_to_shell: list[dict[str, Any]]) -> Assistant:
    """The scripted server as the default model."""
    made = Assistant(lambda **fields: said_to_shell.append(fields))
    made.update({"default": "scripted/model", "models": [server.fields()]})
    return made


@pytest.fixture
def hotel(store: Store) -> str:
    draft = notes.Draft.of("Hotel", "It is in Mitte.", ["trip"])
    return store.write(lambda tx: notes.create(tx, draft))


@pytest.fixture
def chat(store: Store, assistant: Assistant, hotel: str) -> Chat:
    """A conversation with the scripted server, and one note."""
    del hotel
    return Chat(store, assistant)
