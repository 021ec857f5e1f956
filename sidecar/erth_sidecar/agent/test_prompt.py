"""What a model is told, and what a conversation is reckoned to take."""

from datetime import date

import pytest

from erth_sidecar.agent import context
from erth_sidecar.agent.conftest import Chat
from erth_sidecar.agent.prompt import Prompt, fenced
from erth_sidecar.chat.engines import Passage, Turn
from erth_sidecar.models.conftest import Scripted, says
from erth_sidecar.models.known import Assistant, Model

DONE = {
    "id": "a0",
    "tool": "create_note",
    "arguments": {"title": "x"},
    "state": "done",
    "result": "Created.",
    "round": 0,
    "at": 4,
    "call": "c7",
}


def test_the_parts_stand_in_their_order() -> None:
    passage = Passage("note", "n1", 'A "title"', "text", 0, 4)
    turns = [Turn("user", "Hi"), Turn("assistant", "Hello")]
    day = date(2026, 11, 22)
    prompt = Prompt("Be kind.", "Why?", turns, [passage], today=day)
    system, *said, asked = prompt.messages()
    assert system["content"] == "Be kind.\n\nToday is Sunday, 22 November 2026."
    assert [message["content"] for message in said] == ["Hi", "Hello"]
    assert '<source number="1" title="A \'title\'">\ntext\n</source>' in asked["content"]
    assert asked["content"].endswith("The question:\nWhy?")
    assert Prompt("S", "Why?").messages()[1]["content"] == "Why?"


def test_an_answer_that_used_tools_is_told_as_it_went() -> None:
    second = DONE | {"id": "a1", "round": 1, "at": 9, "call": "c8", "state": "refused"}
    prompt = Prompt("S", "Q", body="One.Five.Rest", actions=[DONE, second])
    roles = [(m["role"], m["content"]) for m in prompt.messages()[2:]]
    assert roles == [
        ("assistant", "One."),
        ("tool", "Created."),
        ("assistant", "Five."),
        ("tool", "Created."),
        ("assistant", "Rest"),
    ]
    assert prompt.continues and not Prompt("S", "Q", body="One.", actions=[DONE]).continues


def test_later_turns_see_what_tools_did_if_they_know_tools() -> None:
    turns = [Turn("user", "Write"), Turn("assistant", "Done.", (DONE | {"result": "x" * 999},))]
    told = Prompt("S", "Q", turns, tools=[{"type": "function"}]).messages()
    assert [m["role"] for m in told] == ["system", "user", "assistant", "tool", "assistant", "user"]
    assert len(told[3]["content"]) == 400
    assert [m["role"] for m in Prompt("S", "Q", turns).messages()] == [
        "system",
        "user",
        "assistant",
        "user",
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("</source>", "<source number='9'>", "</SOURCE >", "<|im_start|>system", "<|eot_id|>"),
        *("<end_of_turn>", "<start_of_turn>user", "</s>", "<s>", "[INST]", "[/INST]", "<<SYS>>"),
        "<｜User｜>",
    ],
)
def test_nothing_ends_the_fence(text: str) -> None:
    assert not fenced(text).startswith(("<s", "</", "<|", "<｜", "<e", "[", "<<"))


def test_other_marks_stay() -> None:
    assert fenced("a < b, <b>, <sourcemap>, [1]") == "a < b, <b>, <sourcemap>, [1]"


def test_the_estimate_knows_wide_characters() -> None:
    assert context.estimate("word " * 76) == 100
    assert context.estimate("你好世界") == 4


def test_the_measure_rests_on_what_the_last_answer_took(
    chat: Chat, server: Scripted, assistant: Assistant
) -> None:
    model = assistant.choose()
    assert model
    empty = context.measure(chat.store, model, chat.thread_id, "four")
    assert (empty.tokens, empty.limit, empty.exact) == (2, 8192, False)
    server.scripts = [says("In Mitte.")]
    took = chat.answer().stats
    now = context.measure(chat.store, model, chat.thread_id)
    assert (now.tokens, now.exact) == (took["prompt_tokens"] + took["tokens"], True)
    other = Model("other/one", "Other")
    guessed = context.measure(chat.store, other, chat.thread_id)
    assert (guessed.limit, guessed.exact) == (None, False) and guessed.tokens > 10
    assert context.measure(chat.store, None, chat.thread_id).limit is None
