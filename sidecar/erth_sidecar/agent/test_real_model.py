"""Answers by llama.cpp itself, in a process of its own, with a tiny model written here."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from erth_sidecar.agent import context
from erth_sidecar.agent.conftest import Chat
from erth_sidecar.chat import answers, messages, threads
from erth_sidecar.models.cancel import Cancel
from erth_sidecar.models.known import Assistant, Model
from erth_sidecar.store.database import Store

ROOT = Path(__file__).parents[3]
REF = "local/tiny.gguf"


class Process:
    """The model process, as the shell runs it."""

    def __init__(self, file: Path) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "erth_sidecar", "model"],
            cwd=ROOT / "sidecar",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        order = {"path": str(file), "key": "k" * 20, "context": 2048, "slots": 2, "threads": 1}
        assert self.popen.stdin and self.popen.stdout
        self.popen.stdin.write(json.dumps(order).encode() + b"\n")
        self.popen.stdin.flush()
        said: dict[str, Any] = {}
        for line in self.popen.stdout:
            said = json.loads(line)
            if "ready" in said or "event" in said:
                break
        assert said.get("ready"), said
        self.fields = {
            "ref": REF,
            "title": "Tiny",
            "state": "ready",
            "url": f"http://127.0.0.1:{said['port']}/model/v1",
            "key": order["key"],
            "name": "model",
            "context": 2048,
            # The letters alone: a random model's bytes are seldom text.
            "sampling": {"temperature": 0, "seed": 1, "max_tokens": 40, "logit_bias": _LETTERS},
        }

    def end(self) -> None:
        self.popen.kill()
        self.popen.wait()
        for stream in (self.popen.stdin, self.popen.stdout):
            assert stream
            stream.close()


_LETTERS = [[token, False] for token in range(260) if not 100 <= token <= 125]


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    pytest.importorskip("xllamacpp")
    file = tmp_path_factory.mktemp("model") / "tiny.gguf"
    writer = ROOT / "tests" / "fixtures" / "tiny_gguf.py"
    subprocess.run([sys.executable, str(writer), str(file), "--context", "2048"], check=True)
    made = Process(file)
    yield made
    made.end()


@pytest.fixture
def local(process: Process) -> Assistant:
    made = Assistant(lambda **_: None)
    made.update({"default": REF, "models": [process.fields]})
    return made


def unbound(process: Process, assistant: Assistant) -> None:
    """Lets the model write until its context is full."""
    fields = process.fields | {"sampling": {"logit_bias": _LETTERS, "temperature": 0}}
    assistant.update({"default": REF, "models": [fields]})


def test_it_answers_and_tells_what_it_took(store: Store, local: Assistant) -> None:
    done = Chat(store, local).answer("Hello?")
    assert (done.state, len(done.body)) == ("done", 40)
    assert done.stats["tokens"] == 40 and done.stats["rate"] > 0
    assert done.stats["prompt_tokens"] > 100 and done.stats["code"] == "ANSWER_CUT"


def test_it_goes_on_where_a_dead_process_left_it(store: Store, local: Assistant) -> None:
    whole = Chat(store, local).answer("Hello?").body
    # The same conversation once more, with half of its answer.
    chat = Chat(store, local)
    asked = store.write(lambda tx: messages.ask(tx, chat.thread_id, "Hello?"))
    chat.id = store.write(lambda tx: answers.begin(tx, chat.thread_id, asked, REF))
    store.write(lambda tx: answers.grow(tx, chat.id, whole[:20], [], {}))
    chat.runner.resume()
    assert chat.ended().body[:40] == whole


def test_two_conversations_at_once(store: Store, local: Assistant, process: Process) -> None:
    unbound(process, local)
    chats = [Chat(store, local), Chat(store, local)]
    for chat in chats:
        chat.ask("Hello?")
    for chat in chats:
        chat.until(lambda now: len(now.body) > 20)
    for chat in chats:
        store.write(lambda tx, c=chat: c.runner.stop(tx, c.thread_id, c.id))  # type: ignore[misc]
        assert chat.now().state == "stopped"


def test_an_endless_answer_ends_with_the_context(
    store: Store, local: Assistant, process: Process
) -> None:
    unbound(process, local)
    # Most of the context is taken by the question: a byte is a word here.
    done = Chat(store, local).answer("why " * 270)
    assert (done.state, done.stats["code"]) == ("done", "ANSWER_CUT")
    assert done.stats["prompt_tokens"] + done.stats["tokens"] <= 2048


def test_a_question_longer_than_the_context(store: Store, local: Assistant) -> None:
    done = Chat(store, local).answer("why " * 1000)
    assert (done.state, done.stats["code"]) == ("failed", "CONTEXT_FULL")
    assert done.stats["prompt_tokens"] > 4000 and done.stats["context"] == 2048


def test_a_long_conversation_is_trimmed_by_the_models_own_count(
    store: Store, local: Assistant
) -> None:
    chat = Chat(store, local)
    settings = threads.Settings(overflow="trim")
    store.write(lambda tx: threads.settle(tx, chat.thread_id, settings))
    for _ in range(6):
        assert chat.answer("why " * 80).state == "done"
    assert chat.now().stats["prompt_tokens"] <= 2048 - context.reserve(2048)


def test_the_models_own_count(process: Process) -> None:
    model = Model.of(process.fields)
    assert model
    # Bytes are its words, and one stands at the beginning.
    assert context.counted(model, "hello", Cancel()) in (5, 6)


def test_a_killed_model_leaves_the_answer_marked(
    store: Store, process: Process, tmp_path: Path
) -> None:
    file = tmp_path / "tiny.gguf"
    writer = ROOT / "tests" / "fixtures" / "tiny_gguf.py"
    subprocess.run([sys.executable, str(writer), str(file), "--context", "2048"], check=True)
    own = Process(file)
    assistant = Assistant(lambda **_: None)
    unbound(own, assistant)
    chat = Chat(store, assistant)

    def kill() -> None:
        chat.until(lambda now: len(now.body) > 5)
        own.end()
        failed = own.fields | {"state": "failed", "code": "MODEL_CRASHED"}
        assistant.update({"default": REF, "models": [failed]})

    killer = threading.Thread(target=kill)
    chat.ask("Hello?")
    killer.start()
    done = chat.ended()
    killer.join(10)
    assert (done.state, done.stats["code"]) == ("failed", "MODEL_CRASHED")
    assert len(done.body) > 5
