import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from erth_sidecar.agent.runner import Runner
from erth_sidecar.chat import answers, messages, threads
from erth_sidecar.chat.engines import Passage, Turn
from erth_sidecar.errors import Failure
from erth_sidecar.models.known import Assistant
from erth_sidecar.notes import notes
from erth_sidecar.pages.chat.stream import server_sent
from erth_sidecar.store.database import Store


class Scripted:
    """An engine that says its pieces one by one, when it is let."""

    name = "scripted"

    def __init__(self, *pieces: str, fails: bool = False) -> None:
        self.pieces = pieces
        self.fails = fails
        self.may = threading.Semaphore(0)
        self.closed = threading.Event()
        self.asked: list[tuple[Sequence[Turn], Sequence[Passage]]] = []

    def chat(self, messages: Sequence[Turn], passages: Sequence[Passage]) -> Iterator[str]:
        self.asked.append((messages, passages))
        try:
            for piece in self.pieces:
                assert self.may.acquire(timeout=10)
                yield piece
            if self.fails:
                raise RuntimeError("broken")
        finally:
            self.closed.set()

    def go_on(self) -> None:
        self.may.release(1000)


def quoting(store: Store, engine: Scripted) -> Runner:
    """A runner without a model."""
    return Runner(
        store,
        store,
        Assistant(lambda **_: None),
        threading.Event(),
        engine=engine,  # type: ignore[arg-type]
    )


Begin = Callable[[Scripted], tuple[Runner, str, str]]


@pytest.fixture
def begin(store: Store) -> Begin:
    """Starts a runner and asks it something; the runner, the thread's and the answer's id."""
    store.write(lambda tx: notes.create(tx, notes.Draft.of("Hotel", "It is in Mitte.", "")))

    def start(engine: Scripted) -> tuple[Runner, str, str]:
        runner = quoting(store, engine)
        thread_id = store.write(lambda tx: threads.create(tx, ""))
        question_id = store.write(lambda tx: messages.ask(tx, thread_id, "Where is the hotel?"))
        id_ = store.write(lambda tx: runner.ask(tx, thread_id, question_id))
        return runner, thread_id, id_

    return start


def until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def deltas(events: str) -> str:
    lines = events.split("\n")
    return "".join(
        json.loads(lines[i + 2][6:]) for i, line in enumerate(lines) if line == "event: delta"
    )


def test_an_answer_grows_and_becomes_a_message(store: Store, begin: Begin) -> None:
    engine = Scripted("In ", "Mitte.")
    runner, thread_id, id_ = begin(engine)
    engine.may.release()
    until(lambda: runner.progress(thread_id, id_).body == "In ")
    assert messages.every(store, thread_id)[-1].state == "running"
    engine.go_on()
    events = "".join(server_sent(runner.stream(thread_id, id_, 0)))
    assert deltas(events) == "In Mitte."
    message = messages.every(store, thread_id)[-1]
    assert (message.id, message.state, message.body) == (id_, "done", "In Mitte.")
    assert message.citations[0]["passage"] == "It is in Mitte."
    assert answers.unfinished(store) == []
    turns, passages = engine.asked[0]
    assert turns == [Turn("user", "Where is the hotel?")]
    assert [p.title for p in passages] == ["Hotel"]


def test_a_stream_goes_on_where_it_was_left(begin: Begin) -> None:
    engine = Scripted("In ", "Mitte.")
    runner, thread_id, id_ = begin(engine)
    engine.go_on()
    "".join(server_sent(runner.stream(thread_id, id_, 0)))
    assert deltas("".join(server_sent(runner.stream(thread_id, id_, 3)))) == "Mitte."
    assert deltas("".join(server_sent(runner.stream(thread_id, id_, 99)))) == ""


def test_a_stopped_answer_keeps_what_there_was(store: Store, begin: Begin) -> None:
    engine = Scripted("In ", "Mitte", ", near the river.")
    runner, thread_id, id_ = begin(engine)
    engine.may.release(2)
    until(lambda: runner.progress(thread_id, id_).body == "In Mitte")
    stopped = store.write(lambda tx: runner.stop(tx, thread_id, id_))
    assert (stopped.state, stopped.body) == ("stopped", "In Mitte")
    engine.go_on()
    assert engine.closed.wait(10)
    assert messages.every(store, thread_id)[-1].body == "In Mitte"
    assert store.write(lambda tx: runner.stop(tx, thread_id, id_)).state == "stopped"


def test_a_failing_engine_leaves_a_failed_answer(store: Store, begin: Begin) -> None:
    engine = Scripted("In ", fails=True)
    runner, thread_id, id_ = begin(engine)
    engine.go_on()
    assert '"state": "failed"' in "".join(server_sent(runner.stream(thread_id, id_, 0)))
    assert messages.every(store, thread_id)[-1].body == "In "


def test_one_thread_has_one_answer_at_a_time(store: Store, begin: Begin) -> None:
    engine = Scripted("In ")
    runner, thread_id, id_ = begin(engine)
    question_id = messages.every(store, thread_id)[0].id
    with pytest.raises(Failure) as caught:
        store.write(lambda tx: runner.ask(tx, thread_id, question_id))
    assert caught.value.code == "ANSWER_RUNNING"
    engine.go_on()
    "".join(server_sent(runner.stream(thread_id, id_, 0)))


def test_a_deleted_thread_takes_its_answer_along(store: Store, begin: Begin) -> None:
    engine = Scripted("In ", "Mitte.")
    runner, thread_id, id_ = begin(engine)
    engine.may.release()
    until(lambda: runner.progress(thread_id, id_).body == "In ")
    store.write(lambda tx: threads.change(tx, thread_id, deleted=True))
    engine.go_on()
    assert engine.closed.wait(10)
    with pytest.raises(Failure):
        runner.progress(thread_id, id_)


def test_a_cut_off_answer_goes_on_in_the_next_process(store: Store, begin: Begin) -> None:
    engine = Scripted("In ", "Mitte", ", near the river.")
    _, thread_id, id_ = begin(engine)
    engine.may.release(2)
    until(lambda: answers.get(store, thread_id, id_).body != "")
    was = answers.get(store, thread_id, id_)
    # The note changes meanwhile; the answer still rests on what was found at first.
    note_id = notes.find(store).notes[0].id
    store.write(lambda tx: notes.mark(tx, note_id, deleted=True))
    again = Scripted(*engine.pieces)
    next_runner = quoting(store, again)
    next_runner.resume()
    until(lambda: bool(again.asked))
    assert next_runner.progress(thread_id, id_).body == was.body
    again.go_on()
    "".join(server_sent(next_runner.stream(thread_id, id_, 0)))
    message = messages.every(store, thread_id)[-1]
    assert (message.state, message.body) == ("done", "In Mitte, near the river.")
    assert [p.title for p in again.asked[0][1]] == ["Hotel"]


def test_an_unknown_answer_is_not_found_at_once(begin: Begin) -> None:
    runner, thread_id, _ = begin(Scripted())
    with pytest.raises(Failure) as caught:
        server_sent(runner.stream(thread_id, "none", 0))
    assert caught.value.code == "ANSWER_NOT_FOUND"


def test_an_answer_that_cant_be_kept_at_once_isnt_lost(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish, full = answers.finish, [Failure("STORE_FULL")] * 2

    def reluctant(*given: Any, **more: Any) -> bool:
        if full:
            raise full.pop()
        return finish(*given, **more)

    monkeypatch.setattr(answers, "finish", reluctant)
    monkeypatch.setattr("erth_sidecar.agent.runner.KEEP_AGAIN", 0.01)
    engine = Scripted("Whole.")
    engine.go_on()
    runner, thread_id, id_ = begin(engine)
    until(lambda: runner.progress(thread_id, id_).state == "done")
    assert runner.progress(thread_id, id_).body == "Whole." and not full
