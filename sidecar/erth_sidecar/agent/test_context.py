"""Conversations that are longer than a model's context."""

import json
from typing import Any

from erth_sidecar.agent.conftest import Chat
from erth_sidecar.chat import threads
from erth_sidecar.chat.answers import Progress
from erth_sidecar.models.conftest import Scripted
from erth_sidecar.models.known import Assistant


def last(asked: dict[str, Any]) -> str:
    return str(asked["messages"][-1]["content"])


def _long(chat: Chat, server: Scripted, assistant: Assistant, overflow: str) -> Progress:
    small = server.fields(context=1000)
    assistant.update({"default": "scripted/model", "models": [small]})
    settings = threads.Settings(overflow=overflow)
    chat.store.write(lambda tx: threads.settle(tx, chat.thread_id, settings))
    server.scripts = [lambda talk: talk.head().say("word " * 100).end()]
    for number in range(12):
        done = chat.answer(f"Question {number}: {'why ' * 40}")
        if done.state != "done":
            return done
    return done


def test_a_full_context_asks(chat: Chat, server: Scripted, assistant: Assistant) -> None:
    done = _long(chat, server, assistant, "ask")
    assert (done.state, done.stats["code"]) == ("failed", "CONTEXT_FULL")
    assert done.stats["prompt_tokens"] > 700 and done.stats["context"] == 1000


def test_a_full_context_drops_the_oldest_if_it_may(
    chat: Chat, server: Scripted, assistant: Assistant
) -> None:
    done = _long(chat, server, assistant, "trim")
    assert done.state == "done", done.stats
    told = server.asked[-1]["messages"]
    assert told[0]["role"] == "system" and told[1]["role"] == "user"
    assert "Question 0" not in json.dumps(told) and "Question 11" in last(server.asked[-1])


def test_a_server_that_counts_otherwise_is_believed(chat: Chat, server: Scripted) -> None:
    server.scripts = [lambda talk: talk.head().say("word " * 100).end()]
    for _ in range(3):
        chat.answer("why " * 40)
    full = {"type": "exceed_context_size_error", "n_prompt_tokens": 6000, "n_ctx": 4000}
    server.scripts = [lambda talk: talk.refuse(400, full)]
    done = chat.answer()
    assert (done.state, done.stats["code"]) == ("failed", "CONTEXT_FULL")
    assert 4000 < done.stats["prompt_tokens"] <= 6000 and done.stats["context"] == 4000
