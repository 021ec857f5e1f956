"""Answers by a model that does what a script says, from question to message."""

import threading
import time
from typing import Any

import pytest

from erth_sidecar.agent.conftest import Chat
from erth_sidecar.agent.runner import AT_ONCE
from erth_sidecar.chat import answers, threads
from erth_sidecar.errors import Failure
from erth_sidecar.models.conftest import Scripted, Talk
from erth_sidecar.models.known import Assistant
from erth_sidecar.pages.chat.stream import server_sent
from erth_sidecar.store.database import Store


def test_an_answer_with_a_source(chat: Chat, server: Scripted, said_to_shell: list[Any]) -> None:
    server.scripts = [lambda talk: talk.head().say("In ", "Mitte [1].").end()]
    done = chat.answer()
    assert done.state == "done"
    assert done.body == f"In Mitte [\\[1\\]]({done.citations[0]['link']})."
    assert [one["passage"] for one in done.citations] == ["It is in Mitte."]
    stats = done.stats
    assert (stats["model"], stats["title"], stats["tokens"]) == ("scripted/model", "Scripted", 7)
    assert stats["prompt_tokens"] > 100
    assert stats["context"] == 8192 and "phase" not in stats and "code" not in stats
    system, question = server.asked[0]["messages"]
    assert system["role"] == "system" and "Today is" in system["content"]
    assert '<source number="1" title="Hotel">\nIt is in Mitte.\n</source>' in question["content"]
    assert question["content"].endswith("Where is the hotel?")
    assert said_to_shell[0] == {"event": "model", "wanted": "scripted/model"}
    assert said_to_shell[-1]["released"] == "scripted/model"


def test_later_turns_hear_the_earlier_ones(chat: Chat, server: Scripted) -> None:
    server.scripts = [lambda talk: talk.head().say("In Mitte [1].").end()]
    chat.answer()
    chat.answer("And the bar?")
    told = [(m["role"], m["content"]) for m in server.asked[1]["messages"][1:3]]
    assert told == [("user", "Where is the hotel?"), ("assistant", "In Mitte .")]


def test_a_thread_has_its_own_system_prompt(chat: Chat, server: Scripted, store: Store) -> None:
    server.scripts = [lambda talk: talk.head().say("Arr.").end()]
    settings = threads.Settings(system="Be a pirate.")
    store.write(lambda tx: threads.settle(tx, chat.thread_id, settings))
    chat.answer()
    assert server.asked[0]["messages"][0]["content"].startswith("Be a pirate.")


def test_a_model_that_is_gone_is_told(chat: Chat, store: Store) -> None:
    settings = threads.Settings(model="scripted/other")
    store.write(lambda tx: threads.settle(tx, chat.thread_id, settings))
    done = chat.answer()
    assert (done.state, done.stats["code"]) == ("failed", "MODEL_NOT_FOUND")


def test_a_failure_keeps_what_came_and_says_why(chat: Chat, server: Scripted) -> None:
    server.scripts = [lambda talk: talk.head().say("In ")]
    done = chat.answer()
    assert (done.state, done.body, done.stats["code"]) == ("failed", "In ", "ENDPOINT_CUT")
    server.scripts = [lambda talk: talk.refuse(401, {"message": "Incorrect key"})]
    done = chat.answer("Again?")
    assert (done.stats["code"], done.stats["detail"]) == ("ENDPOINT_AUTH", "Incorrect key")


def test_an_answer_that_was_too_long_for_the_model_is_marked(chat: Chat, server: Scripted) -> None:
    server.scripts = [lambda talk: talk.head().say("And so").end("length")]
    done = chat.answer()
    assert (done.state, done.stats["code"]) == ("done", "ANSWER_CUT")


def test_an_answer_without_a_word_says_so(chat: Chat, server: Scripted) -> None:
    server.scripts = [lambda talk: talk.head().end()]
    done = chat.answer()
    assert (done.state, done.citations) == ("done", [])
    assert done.stats["code"] == "ANSWER_EMPTY"


def test_stopping_ends_the_request_at_once(chat: Chat, server: Scripted, store: Store) -> None:
    gone = threading.Event()

    def script(talk: Talk) -> None:
        talk.head().say("In [1] ")
        talk.wait_for_the_end()
        gone.set()

    server.scripts = [script]
    chat.ask()
    chat.until(lambda now: now.body != "")
    stopped = chat.stop()
    assert gone.wait(5)
    assert (stopped.state, len(stopped.citations)) == ("stopped", 1)
    assert "](notes/" in stopped.body
    assert chat.now() == stopped and not answers.unfinished(store)


def test_a_stream_tells_of_text_as_it_comes(chat: Chat, server: Scripted) -> None:
    go_on = threading.Event()

    def script(talk: Talk) -> None:
        talk.head().say("In ")
        assert go_on.wait(10)
        talk.say("Mitte.").end()

    server.scripts = [script]
    chat.ask()
    heard = []
    for piece in server_sent(chat.runner.stream(chat.thread_id, chat.id, 0)):
        heard.append(piece)
        if "In " in piece:
            go_on.set()
    text = "".join(heard)
    assert 'event: delta\nid: 3\ndata: "In "' in text
    assert 'event: delta\nid: 9\ndata: "Mitte."' in text
    assert heard[-1].startswith("event: end") and '"state": "done"' in heard[-1]
    assert "event: phase" in text


def test_two_conversations_at_once_and_the_fifth_waits(
    store: Store, assistant: Assistant, server: Scripted
) -> None:
    go_on = threading.Event()

    def script(talk: Talk) -> None:
        talk.head().say("So ")
        assert go_on.wait(10)
        talk.say("it is.").end()

    server.scripts = [script]
    chats = [Chat(store, assistant) for _ in range(AT_ONCE + 1)]
    for chat in chats:
        chat.runner = chats[0].runner
        chat.ask()
    for chat in chats[:AT_ONCE]:
        chat.until(lambda now: now.body == "So ")
    assert chats[-1].now().body == "" and len(server.asked) == AT_ONCE
    go_on.set()
    assert [chat.ended().body for chat in chats] == ["So it is."] * len(chats)


def test_loading_is_waited_for_and_shown(
    chat: Chat, server: Scripted, assistant: Assistant, said_to_shell: list[Any]
) -> None:
    server.scripts = [lambda talk: talk.head().say("Here.").end()]
    loading = server.fields(state="idle", url=None)
    assistant.update({"default": "scripted/model", "models": [loading]})
    chat.ask()
    chat.until(lambda now: now.stats.get("phase") == "Loading Scripted …")
    assert said_to_shell == [{"event": "model", "wanted": "scripted/model"}]
    loading |= {"state": "loading", "progress": 0.4}
    assistant.update({"default": "scripted/model", "models": [loading]})
    chat.until(lambda now: now.stats.get("phase") == "Loading Scripted … 40 %")
    assistant.update({"default": "scripted/model", "models": [server.fields()]})
    done = chat.ended()
    assert done.body == "Here." and "phase" not in done.stats


@pytest.mark.parametrize("then", ["failed", "idle", "gone"])
def test_loading_that_fails_ends_the_answer(
    chat: Chat, server: Scripted, assistant: Assistant, said_to_shell: list[Any], then: str
) -> None:
    loading = server.fields(state="loading", url=None)
    assistant.update({"default": "scripted/model", "models": [loading]})
    chat.ask()
    chat.until(lambda now: "phase" in now.stats)
    loading |= {"state": then, "code": "MODEL_FILE", "detail": "It ends at byte 7."}
    listed = [] if then == "gone" else [loading]
    assistant.update({"default": None, "models": listed})
    done = chat.ended()
    codes = {"failed": "MODEL_FILE", "idle": "MODEL_UNLOADED", "gone": "MODEL_NOT_FOUND"}
    assert (done.state, done.stats["code"]) == ("failed", codes[then])
    assert said_to_shell[-1] == {"event": "model", "released": "scripted/model"}


def test_stopping_while_it_loads(
    chat: Chat, server: Scripted, assistant: Assistant, store: Store, said_to_shell: list[Any]
) -> None:
    loading = server.fields(state="loading", url=None)
    assistant.update({"default": "scripted/model", "models": [loading]})
    chat.ask()
    chat.until(lambda now: "phase" in now.stats)
    stopped = chat.stop()
    assert stopped.state == "stopped" and "phase" not in stopped.stats
    deadline = time.monotonic() + 5
    while said_to_shell[-1].get("released") is None:
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_without_a_model_it_quotes(chat: Chat, assistant: Assistant) -> None:
    assistant.update({"default": None, "models": []})
    done = chat.answer()
    assert "No model is mounted" in done.body and done.stats["model"] == "quote"


def test_an_unknown_answer_has_no_actions(chat: Chat, store: Store) -> None:
    with pytest.raises(Failure):
        store.write(lambda tx: chat.runner.decide(tx, chat.thread_id, "none", "a0", "once"))
