"""Answers whose model or process died."""

from erth_sidecar.agent.conftest import Chat
from erth_sidecar.chat import answers, messages
from erth_sidecar.models.conftest import Scripted, Talk
from erth_sidecar.models.known import Assistant
from erth_sidecar.store.database import Store


def test_a_crash_of_the_model_is_told(store: Store, server: Scripted) -> None:
    fields = server.fields(ref="local/tiny.gguf")
    assistant = Assistant(lambda **_: None)
    assistant.update({"default": "local/tiny.gguf", "models": [fields]})

    def script(talk: Talk) -> None:
        talk.head().say("In ")
        broken = fields | {"state": "failed", "code": "MODEL_CRASHED", "detail": "Signal 11."}
        assistant.update({"default": "local/tiny.gguf", "models": [broken]})

    server.scripts = [script]
    done = Chat(store, assistant).answer()
    assert (done.state, done.body) == ("failed", "In ")
    assert (done.stats["code"], done.stats["detail"]) == ("MODEL_CRASHED", "Signal 11.")


def test_a_local_model_goes_on_in_the_next_process(store: Store, server: Scripted) -> None:
    fields = server.fields(ref="local/tiny.gguf")
    assistant = Assistant(lambda **_: None)
    assistant.update({"default": "local/tiny.gguf", "models": [fields]})
    chat = Chat(store, assistant)
    server.scripts = [lambda talk: talk.head().say("Mitte.").end()]
    _cut_off(chat, "In ")
    done = chat.ended()
    assert (done.state, done.body) == ("done", "In Mitte.")
    assert server.asked[0]["messages"][-1] == {"role": "assistant", "content": "In "}


def test_an_endpoint_cant_go_on_so_the_answer_ends_marked(chat: Chat, server: Scripted) -> None:
    _cut_off(chat, "In ")
    done = chat.ended()
    assert (done.state, done.body) == ("failed", "In ")
    assert done.stats["code"] == "ANSWER_INTERRUPTED" and not server.asked


def test_an_endpoint_begins_anew_if_nothing_was_shown(chat: Chat, server: Scripted) -> None:
    server.scripts = [lambda talk: talk.head().say("In Mitte.").end()]
    _cut_off(chat, "")
    assert chat.ended().body == "In Mitte."


def _cut_off(chat: Chat, text: str) -> None:
    """An answer as a dead process leaves it, and a new process's runner."""
    asked = chat.store.write(lambda tx: messages.ask(tx, chat.thread_id, "Where?"))
    ref = chat.runner._assistant.default
    chat.id = chat.store.write(
        lambda tx: answers.begin(tx, chat.thread_id, asked, ref, {"model": ref})
    )
    chat.store.write(lambda tx: answers.grow(tx, chat.id, text, [], {"model": ref}))
    chat.runner.resume()
